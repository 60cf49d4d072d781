"""What Meta's error codes mean for us. HTTP statuses of one code differ; the code decides.

Source: developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
"""

from __future__ import annotations

from ports.errors import (
    AuthRejected,
    ContractBroken,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Transient,
    VendorError,
    WindowClosed,
)
from ports.http import Response
from ports.wild import Wild

WINDOW_CLOSED = 131047

_CREDENTIALS = frozenset({0, 3, 10, 190, *range(200, 300), 131005, 131031})
"""Token expired or revoked, permission missing, access denied, account locked."""

_TEMPORARY = frozenset({1, 2, 131000, 131016, 135000})
"""Refused by a fault of theirs: Graph answered, so nothing was sent."""

_WAIT: dict[int, float] = {
    4: 30,  # calls of the app
    80007: 30,  # calls of the business account
    130429: 30,  # messages of the number
    131056: 16,  # messages to one person: 4^n seconds; the attempt is not known here
    131057: 60,  # the number moves to a higher throughput
    132069: 120,  # flow throttled
    133016: 12 * 3600,  # registered too often; counted over 72 hours
    134101: 120,  # template still being synchronised
    134102: 120,  # template not available yet
}
"""Seconds until an early call may come again."""

_FIELDS: dict[int, str] = {
    33: "phone_number_id",
    133010: "phone_number_id",
    130472: "to",
    131021: "to",
    131026: "to",
    131030: "to",
    131049: "to",
    131050: "to",
    131062: "to",
    137000: "to",
    131051: "body",
    131053: "link",
    131063: "name",
    132000: "parameters",
    132001: "name",
    132005: "parameters",
    132007: "parameters",
    132008: "parameters",
    132012: "parameters",
    132015: "name",
    132016: "name",
    132018: "parameters",
    132068: "name",
}
"""The culprit, where the code tells it: words of `Outgoing` and its bodies, or of the settings."""

_LONGEST_REASON = 500


def refusal(response: Response, *, writes: bool) -> VendorError:
    """The error to raise for an answer that is not a success."""
    try:
        error = response.json()["error"]
        code = int(error["code"].digits())
    except (ContractBroken, ValueError):
        return _without_code(response, writes=writes)
    return _by_code(code, explained(error), response.status, transient=_says_transient(error))


def explained(error: Wild) -> str:
    """Meta's words for people: what happened and, where given, the details."""
    raw = error.raw if isinstance(error.raw, dict) else {}
    data = raw.get("error_data")  # an object, or text in answers about templates
    details = data.get("details") if isinstance(data, dict) else data
    words = [raw.get("message") or raw.get("title"), details]
    said = dict.fromkeys(word for word in words if isinstance(word, str) and word)
    return ": ".join(said)[:_LONGEST_REASON] or "WhatsApp gave no reason"


def _by_code(code: int, reason: str, status: int, *, transient: bool) -> VendorError:
    vendor_code = str(code)
    if code == WINDOW_CLOSED:
        return WindowClosed(reason, field="body", vendor_code=vendor_code)
    if code in _CREDENTIALS:
        return AuthRejected(reason, field="access_token", vendor_code=vendor_code)
    if code in _WAIT or status == 429:
        wait = _WAIT.get(code, 30)
        return RateLimited(reason, retry_after=wait, vendor_code=vendor_code)
    known = code in _FIELDS
    if code in _TEMPORARY or transient or (status >= 500 and not known):
        return Transient(reason, vendor_code=vendor_code)
    return Rejected(reason, field=_FIELDS.get(code), vendor_code=vendor_code)


def _says_transient(error: Wild) -> bool:
    return isinstance(error.raw, dict) and error.raw.get("is_transient") is True


def _without_code(response: Response, *, writes: bool) -> VendorError:
    """An answer of the edge in front of Graph, which does not tell what Graph did.

    A gateway may give up on a request that Graph has taken, so after a write a 5xx leaves the
    outcome open; the status webhook that echoes our key settles it, and nobody is written twice.
    """
    status = response.status
    reason = f"WhatsApp answered {status} without saying why"
    vendor_code = f"HTTP {status}"
    if status == 429:
        return RateLimited(reason, retry_after=30, vendor_code=vendor_code)
    if status in (401, 403):
        return AuthRejected(reason, field="access_token", vendor_code=vendor_code)
    if status >= 500:
        kind = OutcomeUnknown if writes else Transient
        return kind(reason, vendor_code=vendor_code)
    if status >= 400:
        return Rejected(reason, vendor_code=vendor_code)
    return ContractBroken(reason, vendor_code=vendor_code)
