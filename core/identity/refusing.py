"""Refusing a sign-in: one line in the log of refused sign-ins, one audit event, the same words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn
from uuid import UUID

from core.audit.events import AuditEvent
from core.identity.attempts import Attempt, Refusal
from core.identity.client import Client
from core.identity.means import Means
from core.identity.tries import Locked, Tries, Try
from core.shared.actor import Actor
from core.shared.errors import NotFromHere, SignInRefused, TooManyTries
from core.shared.ids import OPERATOR
from core.shared.work import Work

WORDS = "this sign-in is refused"
_LONGEST_DETAIL = 200


@dataclass(frozen=True, slots=True)
class Tried:
    """Who tried, as far as it is known, and in whose log it belongs."""

    client: Client
    realm: UUID = OPERATOR
    """The seller's whose member it is; the operator's where nobody's."""
    person: UUID | None = None
    email: str | None = None
    """As folded, where one was given."""


@dataclass(frozen=True, slots=True)
class Refusing:
    means: Means

    def __call__(self, why: Refusal, tried: Tried, detail: str | None = None) -> NoReturn:
        """Write it down, then raise SignInRefused. No work of the realm may be open."""
        self.note(why, tried, detail)
        raise SignInRefused(WORDS)

    def note(self, why: Refusal, tried: Tried, detail: str | None = None) -> None:
        with self.means.works(tried.realm) as work:
            write_down(why, tried, work, self.means, detail)
            work.commit()

    def count(self, this: Try, tried: Tried) -> None:
        """Count a try as failed before it is looked at; TooManyTries, written down, if locked."""
        try:
            Tries(self.means).begin(this)
        except Locked as locked:
            self.note(locked.why, tried)
            raise TooManyTries(locked.seconds) from None


def fence(why: Refusal, tried: Tried, work: Work, means: Means) -> NoReturn:
    """Write a refusal by the fence down in the seller's open work, then raise NotFromHere."""
    write_down(why, tried, work, means, event="sign_in.fenced")
    work.commit()
    raise NotFromHere("nobody is let in from your network or country")


def write_down(
    why: Refusal,
    tried: Tried,
    work: Work,
    means: Means,
    detail: str | None = None,
    event: str = "sign_in.refused",
) -> None:
    """In the open work of the realm."""
    client, now = tried.client, means.clock.now()
    detail = _line(detail) if detail else None
    work.attempts.add(
        Attempt(
            means.ids(),
            why,
            now,
            tried.person,
            tried.email,
            client.ip,
            client.country,
            client.user_agent,
            client.device,
            detail,
        )
    )
    who = str(tried.person) if tried.person else "unknown"
    after = {"why": why.value, "country": client.country, "detail": detail}
    actor = at_the_door(work.tenant_id, client)
    work.audit.add(AuditEvent(event, actor, "person", who, now, after=after))


def _line(said: str) -> str:
    """What a library or a stranger said, as one short line of the log."""
    return "".join(c for c in said if c.isprintable())[:_LONGEST_DETAIL]


def at_the_door(realm: UUID, client: Client) -> Actor:
    """Nobody yet: the house itself, answering a client that wants to come in."""
    return Actor(
        realm,
        "system",
        "sign_in",
        ip=client.ip,
        user_agent=client.user_agent,
        correlation_id=client.correlation_id,
    )
