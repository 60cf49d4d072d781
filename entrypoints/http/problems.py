"""Refusals on the wire: one table from exception classes to `application/problem+json`.

What is said names the field and the reason. It never repeats a value that was sent, nor a schema.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from connexion.exceptions import Unauthorized, UnsupportedMediaTypeProblem
from starlette.exceptions import HTTPException

from core.identity.means import NotProven
from core.identity.set_policy import NeedsForce
from core.shared.errors import (
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    NotFromHere,
    NotReady,
    ProofNeeded,
    SignInRefused,
    TooManyTries,
    Unavailable,
)
from entrypoints import observe
from ports.errors import Unverified

log = logging.getLogger(__name__)

URN = "urn:invekto:problem:"
MEDIA_TYPE = "application/problem+json"
SHOWN = 20
"""At most so many fields are named."""
_PLAIN_FIELD = re.compile(r"[A-Za-z0-9_.\-]{1,100}")


class Malformed(Exception):
    """The request does not have the right shape: one reason a field."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(_sentence(problems))
        self.problems = dict(problems)


class TooLarge(Exception):
    """The body is longer than we take."""


class NotJson(Exception):
    """A body of another media type."""


class MethodNotAllowed(Exception):
    """The address exists, but not for this method; `allow` names those that it takes."""

    def __init__(self, allow: str) -> None:
        super().__init__(f"use {allow}")
        self.allow = allow


class PreconditionFailed(Exception):
    """If-Match names another version than the one that stands."""


class PreconditionRequired(Exception):
    """A change without If-Match."""


class Waits(Exception):
    """The same call may pass after `retry_after` seconds."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = max(1, round(retry_after))


class TooManyRequests(Waits):
    """The key, the person or the network has used up its share."""


class AnotherSite(Exception):
    """A page of somebody else's has sent it."""


class UnderWay(Waits):
    """An equal request is being answered at this moment."""


class KeyReused(Exception):
    """The idempotency key was sent before with another body."""


@dataclass(frozen=True, slots=True)
class Kind:
    status: int
    name: str
    title: str


INTERNAL = Kind(500, "internal", "Something went wrong on our side")
MALFORMED = Kind(400, "malformed", "The request does not have the right shape")
UNAUTHORIZED = Kind(401, "unauthorized", "No valid key or access token")
NOT_PROVEN = Kind(422, "not-proven", "Not proven")
NOT_FOUND = Kind(404, "not-found", "Not found")
METHOD = Kind(405, "method-not-allowed", "Method not allowed")
TOO_LARGE = Kind(413, "too-large", "Too large")
MEDIA = Kind(415, "unsupported-media-type", "Unsupported media type")

TABLE: Mapping[type[Exception], Kind] = {
    Malformed: MALFORMED,
    Unauthorized: UNAUTHORIZED,
    SignInRefused: Kind(401, "sign-in-refused", "Not signed in"),
    Unverified: Kind(401, "unverified", "Not proven to be the vendor's"),
    NotAllowed: Kind(403, "not-allowed", "Not allowed"),
    NotFromHere: Kind(403, "not-from-here", "Not from here"),
    ProofNeeded: Kind(403, "proof-needed", "Prove that it is you"),
    AnotherSite: Kind(403, "another-site", "Not from a page of ours"),
    NotFound: NOT_FOUND,
    MethodNotAllowed: METHOD,
    Conflict: Kind(409, "conflict", "It clashes with what already stands"),
    NotReady: Kind(409, "not-ready", "Something must stand first"),
    NeedsForce: Kind(409, "needs-force", "It would do harm, and is not done unless forced"),
    UnderWay: Kind(409, "under-way", "An equal request is under way"),
    PreconditionFailed: Kind(412, "precondition-failed", "It was changed meanwhile"),
    TooLarge: TOO_LARGE,
    NotJson: MEDIA,
    UnsupportedMediaTypeProblem: MEDIA,
    Invalid: Kind(422, "invalid", "Understood, but not acceptable"),
    NotProven: NOT_PROVEN,
    KeyReused: Kind(422, "key-reused", "The idempotency key names another request"),
    PreconditionRequired: Kind(428, "precondition-required", "A version is required"),
    TooManyRequests: Kind(429, "too-many-requests", "Too many requests"),
    TooManyTries: Kind(429, "too-many-tries", "Too many tries"),
    Unavailable: Kind(503, "unavailable", "Not available now"),
}
_BY_STATUS = {k.status: k for k in (MALFORMED, UNAUTHORIZED, NOT_FOUND, METHOD, TOO_LARGE, MEDIA)}
_DETAILS = {
    MALFORMED: "it could not be read",
    UNAUTHORIZED: "send a key or an access token as `Authorization: Bearer …`",
    NOT_PROVEN: "what was sent does not prove it",
    NOT_FOUND: "there is nothing at this address",
    METHOD: "this address does not take that method",
    MEDIA: "send application/json in UTF-8",
    INTERNAL: "it was logged under the correlation id",
}
"""For what the framework raises: its own words may repeat what was sent. And for what is not
proven: why it is not is nothing to whoever tried."""
_OTHERS = (Unauthorized, UnsupportedMediaTypeProblem, NotProven)
_OURS = tuple(c for c in TABLE if c not in _OTHERS)
SOON = 5
"""Seconds after which an unavailable part is worth another try."""


@dataclass(frozen=True, slots=True)
class Problem:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def problem(error: Exception) -> Problem:
    """The refusal for an error; one that is not in the table is our fault, and is logged."""
    kind = kind_of(error)
    if kind is INTERNAL:
        log.error("a request failed", exc_info=error)
    if isinstance(error, SignInRefused | TooManyTries | NotFromHere):
        observe.sign_in(kind.name)
    elif kind is NOT_PROVEN:
        log.info("not proven: %s", error)
    detail = str(error) if isinstance(error, _OURS) else _DETAILS.get(kind, kind.title)
    said: dict[str, Any] = {
        "type": URN + kind.name,
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "correlation_id": observe.correlation_id.get(),
    }
    if isinstance(error, Malformed | Invalid | NotReady):
        reasons = error.lacks if isinstance(error, NotReady) else error.problems
        said["detail"] = _sentence(reasons)
        said["errors"] = _fields(reasons)
    return Problem(
        kind.status, json.dumps(said, ensure_ascii=False).encode(), _headers(error, kind)
    )


def kind_of(error: Exception) -> Kind:
    """The kind of the nearest class in the table, or by the status of a framework's error."""
    for cls in type(error).__mro__:
        if cls in TABLE:
            return TABLE[cls]
    if isinstance(error, HTTPException):
        return _BY_STATUS.get(error.status_code, MALFORMED if error.status_code < 500 else INTERNAL)
    return INTERNAL


def _headers(error: Exception, kind: Kind) -> dict[str, str]:
    headers = {"Content-Type": MEDIA_TYPE}
    if kind.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="invekto"'
    if isinstance(error, Waits):
        headers["Retry-After"] = str(error.retry_after)
    elif isinstance(error, TooManyTries):
        headers["Retry-After"] = str(max(1, ceil(error.seconds)))
    elif kind.status == 503:
        headers["Retry-After"] = str(SOON)
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = error.allow
    elif kind is METHOD and isinstance(error, HTTPException) and error.headers:
        headers |= {k: v for k, v in error.headers.items() if k.lower() == "allow"}
    return headers


def _fields(problems: Mapping[str, str]) -> Sequence[Mapping[str, str]]:
    return [{"field": _shown(f), "reason": why} for f, why in list(problems.items())[:SHOWN]]


def _sentence(problems: Mapping[str, str]) -> str:
    return "; ".join(f"{_shown(f)}: {why}" for f, why in list(problems.items())[:SHOWN])


def _shown(name: str) -> str:
    """A field's name; what a stranger made up is not repeated."""
    return name if _PLAIN_FIELD.fullmatch(name) else "(a field of another name)"
