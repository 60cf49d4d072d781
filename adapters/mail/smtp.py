"""Mail through an SMTP server (RFC 5321), by the standard library."""

from __future__ import annotations

import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from adapters.mail.address import SmtpServer
from adapters.mail.message import to_message
from ports.clock import Clock
from ports.errors import AuthRejected, Rejected, Transient, VendorError

TIMEOUT_SECONDS = 15.0
"""For each answer of the server."""

_LOGIN_REFUSED = frozenset({530, 534, 535, 538})
_ENHANCED = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}")


@dataclass(frozen=True, slots=True)
class SmtpMailer:
    """Implements core.identity.means.Mailer. One connection a letter; nothing is sent in the clear
    except to this very machine.

    An answer that was lost on the way counts as Transient although the letter may have left: a
    second copy has the same Message-ID, and a letter that never comes locks somebody out.
    """

    server: SmtpServer
    clock: Clock
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    """Checks the server's certificate and name."""
    timeout: float = TIMEOUT_SECONDS

    def send(self, id: UUID, to: str, subject: str, text: str) -> None:
        server = self.server
        message = to_message(id, server.sender, to, subject, text, self.clock.now())
        try:
            smtp = self._connected()
            try:
                self._enter(smtp)
                smtp.send_message(message, server.sender.addr_spec, [to])
                with suppress(smtplib.SMTPException, OSError):
                    smtp.quit()  # the letter is taken: what comes now changes nothing
            finally:
                smtp.close()
        except (smtplib.SMTPException, OSError) as error:
            raise to_error(error) from None

    def _connected(self) -> smtplib.SMTP:
        host, port, here = self.server.host, self.server.port, self.server.sender.domain
        if self.server.tls:
            return smtplib.SMTP_SSL(host, port, here, timeout=self.timeout, context=self.tls)
        return smtplib.SMTP(host, port, here, timeout=self.timeout)

    def _enter(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo_or_helo_if_needed()
        if not self.server.tls and (smtp.has_extn("starttls") or not self.server.plain):
            smtp.starttls(context=self.tls)  # SMTPNotSupportedError where it is not offered
        if self.server.user is not None and self.server.password is not None:
            smtp.login(self.server.user, self.server.password.reveal())


def to_error(error: Exception) -> VendorError:
    """What to do next. The server's text is left out, for it may name people; its codes are not."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            code, told = next(iter(error.recipients.values()))
            return _refusal("the mail server refused the recipient", code, told, "to")
        case smtplib.SMTPResponseException():
            return _refusal("the mail server refused", error.smtp_code, error.smtp_error)
        case smtplib.SMTPNotSupportedError():
            return Transient("the mail server offers no encryption, or no login, at this moment")
        case _:
            return Transient(f"the mail server could not be used: {type(error).__name__}")


def _refusal(what: str, code: int, told: object, field: str | None = None) -> VendorError:
    text = told if isinstance(told, bytes) else str(told).encode()
    enhanced = _ENHANCED.search(text)
    words = f"{code} {enhanced.group().decode()}" if enhanced else str(code)
    if code in _LOGIN_REFUSED:
        return AuthRejected("the mail server refused the login", vendor_code=words)
    if 500 <= code < 600:
        return Rejected(f"{what} ({words})", field=field, vendor_code=words)
    return Transient(f"{what} for now ({words})", vendor_code=words)
