"""A letter as mail: RFC 5322, plain text in UTF-8."""

from __future__ import annotations

import re
from datetime import datetime
from email.charset import QP, Charset
from email.errors import MessageError
from email.header import Header
from email.headerregistry import Address
from email.message import Message
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr
from uuid import UUID

from ports.errors import Rejected

_SENDER = re.compile(r"(?:(?P<name>[^<>]*)<)?(?P<spec>[^<>\s]+@[^<>\s]+)(?(name)>)")

_TEXT = Charset("utf-8")
_TEXT.body_encoding = QP  # readable in a file, and no line too long


def to_message(
    id: UUID, sender: Address, to: str, subject: str, text: str, at: datetime
) -> Message:
    """Rejected for an address that cannot be one. Of a subject only what prints is kept: a line
    break in somebody's name must not begin another header.

    The same id makes the same Message-ID. `Auto-Submitted` (RFC 3834) keeps absence notes away.
    Built by the older half of the email package: the newer one loses spaces where it folds a
    subject of several encoded words (Python 3.11).
    """
    message = MIMEText(text, "plain", _TEXT)  # type: ignore[arg-type]
    message["From"] = formataddr((sender.display_name, sender.addr_spec))
    message["To"] = _plain(to)
    line = " ".join("".join(c if c.isprintable() else " " for c in subject).split())
    message["Subject"] = Header(line, header_name="Subject").encode()
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{id}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    return message


def to_sender(text: str) -> Address:
    """`no-reply@example.com` or `Name <no-reply@example.com>`; ValueError for anything else."""
    found = _SENDER.fullmatch(text.strip())
    if found is None or not found["spec"].isascii():
        raise ValueError("the sender is no e-mail address")
    try:
        return Address((found["name"] or "").strip(), addr_spec=found["spec"])
    except (MessageError, ValueError, IndexError):
        raise ValueError("the sender is no e-mail address") from None


def _plain(to: str) -> str:
    """The address itself; Rejected for none, and for one that not every server takes."""
    try:
        address = Address(addr_spec=to).addr_spec
    except (MessageError, ValueError, IndexError):
        address = ""
    if address != to or not to.isascii() or "@" not in to:
        raise Rejected("this is no e-mail address", field="to")
    return address
