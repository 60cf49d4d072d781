"""What a person has proven so far on the way in, and what a seller's policy makes of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import Enum, auto
from typing import Any
from uuid import UUID

from core.identity.attempts import Refusal
from core.identity.client import Client
from core.identity.factors import FactorKind
from core.identity.policy import Fence, SecondFactor, SignInPolicy
from core.identity.sessions import OWN

FIRST = frozenset({"password", "passkey"})
"""Methods that stand for the person by themselves."""
STRONG = frozenset({"totp", "backup_code", "passkey", "sms"})
"""Second factors. A passkey is both: something one has, and a finger or a PIN to use it."""


@dataclass(frozen=True, slots=True)
class Proof:
    methods: tuple[str, ...]
    """As in Session: `password`, `totp`, `backup_code`, `passkey`, `sms`, `sso`."""
    remember: bool = False
    """Whether the person wishes to be remembered; the seller's policy decides."""
    proven_at: datetime | None = None
    """When the person gave the last proof of their own, or the provider asked them anew."""
    connection: UUID | None = None
    sso_subject: str | None = None
    sso_session: str | None = None
    links: bool = False
    """Whether the provider's subject becomes the person's own once they are in. Then its word is
    worth nothing yet: as much is asked of them as of anybody who comes without it."""

    def also(self, method: str, now: datetime) -> Proof:
        methods = tuple(dict.fromkeys((*self.methods, method)))
        return replace(self, methods=methods, proven_at=now)

    @property
    def strong(self) -> bool:
        return not STRONG.isdisjoint(self.methods)

    @property
    def vouched(self) -> bool:
        """An identity provider has sent them."""
        return self.connection is not None

    def to_data(self) -> dict[str, Any]:
        """As it is kept in a ticket."""
        at = self.proven_at.isoformat() if self.proven_at else None
        connection = str(self.connection) if self.connection else None
        return asdict(self) | {
            "methods": list(self.methods),
            "proven_at": at,
            "connection": connection,
        }


def proof_of(data: Mapping[str, Any]) -> Proof:
    """What to_data() has kept."""
    at, connection = data["proven_at"], data["connection"]
    return Proof(
        tuple(data["methods"]),
        data["remember"],
        datetime.fromisoformat(at) if at else None,
        UUID(connection) if connection else None,
        data["sso_subject"],
        data["sso_session"],
        data["links"],
    )


class Asks(Enum):
    """What a seller asks of somebody who has proven something."""

    NOTHING = auto()
    FACTOR = auto()
    ENROLMENT = auto()


def usable(kinds: Collection[FactorKind], policy: SignInPolicy) -> tuple[FactorKind, ...]:
    """Those of the person's factors that serve at this seller, each kind once."""
    return tuple(
        kind
        for kind in FactorKind
        if kind in kinds and (kind is not FactorKind.SMS or _sms(policy))
    )


def asks(
    proof: Proof, policy: SignInPolicy, roles: Collection[str], kinds: Collection[FactorKind]
) -> Asks:
    """Judge a proof of somebody with these roles and these kinds of factors.

    Who has a factor is never let set up another with less than it: a password alone would then
    be enough everywhere.
    """
    if proof.strong or policy.second_factor is SecondFactor.OFF:
        return Asks.NOTHING
    if proof.vouched and not proof.links and not policy.second_factor_after_sso:
        return Asks.NOTHING
    wanted = policy.wants_second_factor(roles)
    if usable(kinds, policy) or (wanted and kinds):
        return Asks.FACTOR
    return Asks.ENROLMENT if wanted else Asks.NOTHING


def outside(policy: SignInPolicy, client: Client) -> Refusal | None:
    """Why the seller's fence does not let the client pass; None where it does."""
    if not Fence(networks=policy.people.networks).admits(client):
        return Refusal.NETWORK
    return None if policy.people.admits(client) else Refusal.COUNTRY


def own(methods: Collection[str]) -> tuple[str, ...]:
    """Those that prove the person, whatever a provider says."""
    return tuple(method for method in methods if method in OWN)


def _sms(policy: SignInPolicy) -> bool:
    return policy.sms_channel is not None
