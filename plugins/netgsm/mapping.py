"""What Netgsm pushes, in our events: visible tables and pure functions.

The fields of the portal's redirection are known from use only, and those of the report and inbox
pushes are not documented at all: they are read under the names that the queries give them, in
whatever case.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from plugins.netgsm.numbers import to_identity
from ports.errors import ContractBroken
from ports.events import Event
from ports.families.channel import (
    ConsentChanged,
    DeliveryReported,
    DeliveryState,
    MessageReceived,
    Sender,
    Text,
)
from ports.values import IdempotencyKey
from ports.wild import Wild

ISTANBUL = ZoneInfo("Europe/Istanbul")

Row = Mapping[str, Wild]
"""One message or report: its fields by their names in lower case."""

TEXT = ("mesaj", "message")
SENDER = ("ceptel", "sender")
RECEIVER = ("aboneno", "receiver")
WRITTEN_AT = ("tarih", "datetime")

STOP = "RED"
"""Whoever answers so is on Netgsm's blacklist: only one-time codes still reach them."""

STATES = {
    "0": (DeliveryState.SENT, None),
    "1": (DeliveryState.DELIVERED, None),
    "2": (DeliveryState.FAILED, "it expired before the phone could be reached"),
    "3": (DeliveryState.FAILED, "the number is wrong or restricted"),
    "4": (DeliveryState.FAILED, "it could not be passed to the operator"),
    "11": (DeliveryState.FAILED, "the operator refused it"),
    "12": (DeliveryState.FAILED, "Netgsm failed to send it"),
    "13": (DeliveryState.FAILED, "the same text went to this number within the hour"),
    "14": (DeliveryState.FAILED, "the Netgsm account has no balance left"),
    "15": (DeliveryState.FAILED, "the person answered RED: they are on Netgsm's blacklist"),
    "16": (DeliveryState.FAILED, "the person has not consented in the consent register (IYS)"),
    "17": (DeliveryState.FAILED, "the consent register (IYS) could not be asked"),
    "103": (DeliveryState.FAILED, "the whole job failed"),
}
"""`status` of a report. Some of the vendor's own libraries read 0, 2 and 3 wrongly."""

FAULTS = {
    "101": "inbox full",
    "102": "phone off or out of reach",
    "103": "line busy",
    "104": "line inactive",
    "105": "wrong number",
    "106": "refused, or on the operator's blacklist",
    "111": "timed out",
    "112": "SMS barred on the phone",
    "113": "not supported",
    "114": "could not be routed",
    "115": "barred",
    "116": "unknown subscriber",
    "117": "illegal subscriber",
    "119": "operator's fault",
}
"""`errorCode` of a report; 0 is none."""

_JOB_WITH_MOMENT = re.compile(r"([12][0-9]{9})[0-9]{16}")
_YEARS = range(2000, 2200)
"""What claims to be of another year is an empty date in disguise."""


@dataclass(frozen=True, slots=True)
class Skipped:
    reason: str


def findings(row: Wild) -> Iterator[Event | Skipped]:
    """What one row says; ContractBroken when it is neither a message nor a report."""
    names = row.keys()
    fields = _Fields({name.lower(): row[name] for name in names})
    if any(fields[name].present for name in TEXT):
        yield from _message(fields)
    elif fields["jobid"].present:
        yield _report(fields)
    else:
        raise ContractBroken(f"{row.path} is neither a message nor a report")


class _Fields(dict[str, Wild]):
    """A field that is not there reads as absent."""

    def __missing__(self, name: str) -> Wild:
        return Wild({})[name]


def _message(fields: Row) -> Iterator[Event]:
    text = _first(fields, TEXT).digits()
    number = _filled(_first(fields, SENDER))
    at = moment(_first(fields, WRITTEN_AT).text())
    sender = Sender((to_identity(number),))
    receiver = _first(fields, RECEIVER).digits_or("") or ""
    yield MessageReceived(_message_id(sender, receiver, at, text), sender, at, Text(text))
    if text.strip().upper() == STOP:
        yield ConsentChanged(sender, allowed=False, at=at)


def _message_id(sender: Sender, receiver: str, at: datetime, text: str) -> str:
    """Netgsm names no message, so the message names itself.

    To the second only: one way of pushing tells fractions and the other does not.
    """
    second = at.astimezone(UTC).isoformat(timespec="seconds")
    parts = (sender.identities[0].value, receiver, second, text)
    return hashlib.sha256("\n".join(parts).encode(errors="surrogatepass")).hexdigest()


def _report(fields: Row) -> Event | Skipped:
    job, status = _filled(fields["jobid"]), fields["status"].digits().strip()
    if status not in STATES:
        return Skipped(f"we do not follow the status {status}")
    state, why = STATES[status]
    fault = FAULTS.get(fields["errorcode"].digits_or("0") or "0") if why else None
    key = fields["referansid"].digits_or(None)
    return DeliveryReported(
        message_id=job,
        state=state,
        at=_reported_at(fields["delivereddate"], job),
        key=IdempotencyKey(key) if key else None,
        reason=f"{why} ({fault})" if fault else why,
        vendor_code=status if why else None,
    )


def _reported_at(said: Wild, job: str) -> datetime:
    """The date of the report; what was not delivered may have none, then that of its job.

    The ids of jobs begin with the Unix second at which the job was made, in what we have seen.
    """
    try:
        return moment(said.text())
    except ContractBroken:
        if match := _JOB_WITH_MOMENT.fullmatch(job):
            return datetime.fromtimestamp(int(match[1]), UTC)
        raise


def moment(said: str) -> datetime:
    """A moment in Istanbul: `2026-10-06 14:40:01.053` or `06.10.2026 14:40:01`."""
    try:
        read = datetime.fromisoformat(_iso(said.strip()))
    except ValueError:
        raise ContractBroken(f"{said!r} is not a moment") from None
    if read.year not in _YEARS:
        raise ContractBroken(f"{said!r} is not a moment")
    return read if read.tzinfo else read.replace(tzinfo=ISTANBUL)


def _iso(said: str) -> str:
    day, month, year = said[:2], said[3:5], said[6:10]
    return f"{year}-{month}-{day}{said[10:]}" if said[2:3] == said[5:6] == "." else said


def _first(fields: Row, names: tuple[str, ...]) -> Wild:
    """The field under the first of its names that is there, else an absent one."""
    return next((fields[n] for n in names if fields[n].present), fields[names[0]])


def _filled(field: Wild) -> str:
    said = field.digits().strip()
    if not said:
        raise ContractBroken(f"{field.path} is empty")
    return said
