"""What a step of a sign-in leads to: in, or one thing more that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from core.identity.factors import Factor
from core.identity.sessions import Session


@dataclass(frozen=True, slots=True)
class Entered:
    """Signed in."""

    session: Session
    tenant: UUID
    """The seller whose session it is."""
    refresh: str
    """Opens the session once more, once: shown now and never again."""
    new_device: bool
    """The person was never seen on it before; they are told by letter."""


@dataclass(frozen=True, slots=True)
class NeedsFactor:
    ticket: str
    methods: tuple[str, ...]
    """What will do: `totp`, `passkey`, `sms`, `backup_code`."""


@dataclass(frozen=True, slots=True)
class NeedsEnrolment:
    """The seller wants a second factor, and the person has none yet."""

    ticket: str


@dataclass(frozen=True, slots=True)
class NeedsChoice:
    """The person works for several sellers."""

    ticket: str
    sellers: Sequence[tuple[UUID, str]]
    """Id and name of each."""


Step = Entered | NeedsFactor | NeedsEnrolment | NeedsChoice


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A second factor that was set up just now."""

    factor: Factor
    backup_codes: tuple[str, ...]
    """Those of the first factor, shown once; empty for any other."""
    step: Step | None
    """How the sign-in goes on that had asked for it; None where somebody signed in added it."""
