"""What to do after a call failed: the error's class is the instruction."""

from __future__ import annotations

from dataclasses import dataclass

from ports.errors import AuthRejected, OutcomeUnknown, RateLimited, Transient

ATTEMPTS = 8
FIRST_WAIT = 2.0
LONGEST_WAIT = 3_600.0


@dataclass(frozen=True, slots=True)
class TryLater:
    seconds: float
    counts: bool = True
    """False where the call came early rather than failed."""


@dataclass(frozen=True, slots=True)
class LookItUp:
    pass


@dataclass(frozen=True, slots=True)
class AskAPerson:
    why: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    why: str


Step = TryLater | LookItUp | AskAPerson | GiveUp


def after(error: Exception, *, attempt: int) -> Step:
    """The step after the attempt of that number (from one). Exact; jitter is the scheduler's."""
    match error:
        case RateLimited():
            return TryLater(max(error.retry_after, 1.0), counts=False)
        case Transient() if attempt < ATTEMPTS:
            return TryLater(min(FIRST_WAIT * 2 ** (attempt - 1), LONGEST_WAIT))
        case OutcomeUnknown():
            return LookItUp()
        case AuthRejected():
            return AskAPerson(str(error))
        case _:
            return GiveUp(str(error))
