"""Where a mail server is and how to log in there: `smtp://user:password@host:587?from=…`."""

from __future__ import annotations

from dataclasses import dataclass
from email.headerregistry import Address
from typing import NoReturn
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from adapters.http.address import is_loopback
from adapters.mail.message import to_sender
from ports.settings import Secret

SHAPE = (
    "smtp://user:password@host:587?from=Name%20<no-reply@example.com>"
    " (smtps:// for TLS from the first byte; marks in user and password as %XX)"
)
_PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class SmtpServer:
    host: str
    port: int
    tls: bool
    """From the first byte on; else by STARTTLS."""
    sender: Address
    user: str | None = None
    password: Secret | None = None

    @property
    def plain(self) -> bool:
        """Whether it may do without TLS: on this very machine alone, where nobody listens in."""
        return not self.tls and is_loopback(self.host)


def parse(url: Secret) -> SmtpServer:
    """ValueError says what is wrong and how it should look. It never repeats what was given: a
    password with a mark that was not escaped may be anywhere in it."""
    try:
        parts = urlsplit(url.reveal())
        port = parts.port
    except ValueError:
        _refuse("its host or port cannot be read")
    if parts.scheme not in _PORTS:
        _refuse("it must begin with smtp:// or smtps://")
    if not parts.hostname or parts.path not in {"", "/"} or parts.fragment:
        _refuse("there must be a host, and nothing but ?from= after it")
    user, password = _login(parts)
    return SmtpServer(
        parts.hostname,
        port or _PORTS[parts.scheme],
        parts.scheme == "smtps",
        _sender(parts.query),
        user,
        password,
    )


def _login(parts: SplitResult) -> tuple[str | None, Secret | None]:
    if parts.username is None and parts.password is None:
        return None, None
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not user or not password:
        _refuse("user and password go together")
    if not (user + password).isascii():
        _refuse("user and password must be ASCII: that is all that Python's smtplib can send")
    return user, Secret(password)


def _sender(query: str) -> Address:
    """A plus stays one: it is common in addresses."""
    given = parse_qsl(query.replace("+", "%2B"), keep_blank_values=True)
    if [name for name, _ in given] != ["from"]:
        _refuse("?from= must say who the letters are from, and nothing else may stand there")
    try:
        return to_sender(given[0][1])
    except ValueError:
        _refuse("?from= is no e-mail address")


def _refuse(why: str) -> NoReturn:
    raise ValueError(
        f"the mail server's address is no good: {why}. It looks like {SHAPE}"
    ) from None
