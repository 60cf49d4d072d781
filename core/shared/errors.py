"""What a use case may refuse. The API turns each class into one kind of problem."""

from __future__ import annotations

from collections.abc import Mapping


class DomainError(Exception):
    """A refusal in our own words."""


class NotFound(DomainError):
    """No such thing in this tenant; another tenant's things are not found either."""


class Conflict(DomainError):
    """It clashes with what already stands."""


class NotAllowed(DomainError):
    """The actor may not do this."""


class ProofNeeded(NotAllowed):
    """The person must prove themselves once more before this; then the same call passes."""


class SignInRefused(DomainError):
    """Not let in. The words are the same whatever was wrong."""


class TooManyTries(DomainError):
    """Not even looked at."""

    def __init__(self, seconds: float) -> None:
        super().__init__("too many tries: wait a while")
        self.seconds = seconds


class NotFromHere(NotAllowed):
    """The seller lets nobody in from this network or country."""


class NotReady(Conflict):
    """The tenant lacks what must stand first, one reason an item."""

    def __init__(self, lacks: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{item}: {why}" for item, why in lacks.items()))
        self.lacks = dict(lacks)


class Unavailable(DomainError):
    """A vendor or a part of the house cannot answer now; the same call may succeed later."""


class Invalid(DomainError):
    """Understood and not acceptable, one problem a field."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{field}: {why}" for field, why in problems.items()))
        self.problems = dict(problems)
