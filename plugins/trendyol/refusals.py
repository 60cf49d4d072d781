"""What an unhappy answer of Trendyol means: https://developers.trendyol.com/docs/hata-kodları"""

from __future__ import annotations

from typing import Any

from ports.errors import (
    AuthRejected,
    ContractBroken,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Transient,
    VendorError,
)
from ports.http import Request, Response

WINDOW = 10.0
"""Seconds of the documented 50-requests window; no header says how long to wait."""


def refusal(request: Request, response: Response, *, stage: bool) -> VendorError:
    """The error that an answer other than 2xx is."""
    code, said = words(response)
    what = f"Trendyol answered {response.status}: {said}"
    match response.status:
        case 401:
            return AuthRejected(f"{what} (API key and secret)", field="api_key", vendor_code=code)
        case 403:
            return AuthRejected(_forbidden(request, what), vendor_code=code)
        case 426:
            return ContractBroken(f"{what} (a retired address)", vendor_code=code)
        case 429:
            return RateLimited(what, retry_after=WINDOW, vendor_code=code)
        case 503 if stage:
            return AuthRejected(
                f"{what} (stage answers only IP addresses on the seller's allow-list)",
                vendor_code=code,
            )
        case status if status >= 500:
            kind = OutcomeUnknown if request.changes_the_world else Transient
            return kind(what, vendor_code=code)
        case status if status >= 400:
            return Rejected(what, vendor_code=code)
    return ContractBroken(what, vendor_code=code)


def _forbidden(request: Request, what: str) -> str:
    agent = request.headers.get("User-Agent", "none")
    path = request.url.partition("?")[0]
    return f"{what} (a User-Agent it does not accept, {agent!r}, or a closed path, {path})"


def words(response: Response) -> tuple[str | None, str]:
    """The vendor's code and sentence, from any of its three shapes, from HTML or from nothing.

    The shapes: `errors[] {key, message, errorCode}`, `{exception}` and `{error, message}`.
    """
    body = _object(response)
    listed = body.get("errors")
    first = listed[0] if isinstance(listed, list) and listed else None
    detail: dict[str, Any] = first if isinstance(first, dict) else {}
    code = _first_text(detail.get("key"), body.get("exception"), body.get("error"))
    said = _first_text(detail.get("message"), body.get("message"), code)
    return code, said or "no explanation"


def _object(response: Response) -> dict[str, Any]:
    try:
        body = response.json().raw
    except ContractBroken:
        return {}
    return body if isinstance(body, dict) else {}


def _first_text(*candidates: object) -> str | None:
    return next((c[:300] for c in candidates if isinstance(c, str) and c), None)
