"""If-Match and If-None-Match at SCIM's door, and changes that somebody else was quicker with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from core.identity.provisioning import Taken
from core.shared.errors import Conflict
from entrypoints.http.problems import PreconditionFailed

T = TypeVar("T")
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Seen:
    """What the request says that it has seen; nothing, mostly."""

    if_match: str | None = None
    if_none_match: str | None = None

    def check(self, version: str) -> None:
        """PreconditionFailed where another version was seen."""
        if self.if_match is not None and not _holds(self.if_match, version):
            raise PreconditionFailed("it was changed meanwhile")

    def has(self, version: str) -> bool:
        return self.if_none_match is not None and _holds(self.if_none_match, version)


def again(change: Callable[[], T]) -> T:
    """Read and change once more where somebody else was quicker: the request is about what stands.
    Whoever names a version is told instead, by the check that comes first."""
    for _ in range(_TRIES - 1):
        try:
            return change()
        except Taken:
            raise
        except Conflict:
            continue
    return change()


def _holds(said: str, version: str) -> bool:
    """Compared as weak ones (RFC 9110, section 8.8.3.2)."""
    tags = (tag.strip().removeprefix("W/") for tag in said.split(","))
    return any(tag in ("*", version.removeprefix("W/")) for tag in tags)
