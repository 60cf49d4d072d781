"""What Netgsm's answer codes mean for us. Codes are texts; the code decides, not the HTTP status.

Source: netgsm.com.tr/dokuman, the code tables of sending, one-time codes and queries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ports.errors import (
    AuthRejected,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Transient,
    VendorError,
)
from ports.http import Response

ACCEPTED = frozenset({"00", "01", "02"})
"""01 and 02: taken, with dates that Netgsm has put right."""

_MINUTE = 60.0
"""Seconds: Netgsm counts its limits by the minute and names no other wait."""

Refusal = Callable[[str], VendorError]
"""Makes the error for a code."""


def _auth(why: str, field: str | None = None) -> Refusal:
    return lambda code: AuthRejected(why, field=field, vendor_code=code)


def _rejected(why: str, field: str | None = None) -> Refusal:
    return lambda code: Rejected(why, field=field, vendor_code=code)


def _early(why: str) -> Refusal:
    return lambda code: RateLimited(why, retry_after=_MINUTE, vendor_code=code)


def _transient(why: str) -> Refusal:
    return lambda code: Transient(why, vendor_code=code)


_LOGIN = (
    "Netgsm refused the login: wrong user code or API password, no right to use the API, "
    "or an address outside the portal's IP list"
)

QUERY: Mapping[str, Refusal] = {
    "30": _auth(_LOGIN, "password"),
    "70": _rejected("Netgsm misses a parameter or finds one wrong"),
    "80": _early("Netgsm's limit of calls is reached"),
    "100": _transient("Netgsm has a fault"),
    "101": _transient("Netgsm has a fault"),
}

SEND: Mapping[str, Refusal] = {
    **QUERY,
    "20": _rejected("Netgsm cannot send the text, or it is too long", "text"),
    "40": _auth("the account has no such sender title", "msgheader"),
    "50": _auth("the account may not send with the consent register's filter"),
    "51": _auth("the account has no brand in the consent register"),
    "85": _early("more than 20 jobs to one number within a minute"),
}

CODE: Mapping[str, Refusal] = {
    **QUERY,
    "20": _rejected("Netgsm cannot send the text, or it is too long", "text"),
    "40": _auth("the account has no such sender title", "msgheader"),
    "41": _auth("the account has no such sender title", "msgheader"),
    "50": _rejected("not a number that codes can be sent to", "to"),
    "51": _rejected("not a number that codes can be sent to", "to"),
    "52": _rejected("not a number that codes can be sent to", "to"),
    "60": _auth("the account has no package for one-time codes, or it is used up"),
}
"""One-time codes use some of the numbers for something else."""


def refusal(code: str, table: Mapping[str, Refusal]) -> VendorError:
    """The error for a code that is not a success; what is not in the table is refused for good."""
    known = table.get(code)
    return known(code) if known else Rejected(f"Netgsm refused with {code}", vendor_code=code)


def without_code(response: Response, *, writes: bool) -> VendorError:
    """For an answer that carries no code: it does not tell what Netgsm did behind it."""
    status, said = response.status, f"HTTP {response.status}"
    why = f"Netgsm answered {status} without a code"
    if status in (401, 403):
        return AuthRejected(_LOGIN, field="password", vendor_code=said)
    if status == 429:
        return RateLimited(why, retry_after=_MINUTE, vendor_code=said)
    if 400 <= status < 500:
        return Rejected(why, vendor_code=said)
    return (OutcomeUnknown if writes else Transient)(why, vendor_code=said)
