"""Short words for the steps of a sign-in."""

from __future__ import annotations

from uuid import UUID, uuid4

from core.identity.steps import Enrolled, NeedsFactor, Step
from core.shared.actor import Actor
from tests.core.fakes.door import HOME, Door
from tests.core.fakes.means import Authenticator


def asked(step: Step) -> NeedsFactor:
    assert isinstance(step, NeedsFactor), step
    return step


def by_app(door: Door, ticket: str, secret: str, ahead: int = 0) -> Step:
    code = door.totp.code(secret, door.clock.now(), ahead)
    return door.sign_in.by_code(ticket, "totp", code, HOME)


def with_app(door: Door, who: Actor | str, ahead: int = 0) -> tuple[str, Enrolled]:
    ticket, secret, _ = door.enrolment.begin_totp(who)
    code = door.totp.code(secret, door.clock.now(), ahead)
    return secret, door.enrolment.confirm_totp(ticket, code, "Telefon", who, HOME)


def with_passkey(door: Door, who: Actor | str, person: UUID) -> tuple[Authenticator, Enrolled]:
    ticket, options = door.enrolment.begin_passkey(who)
    holds = Authenticator(person, name=uuid4().bytes)
    return holds, door.enrolment.confirm_passkey(
        ticket, holds.creates(options), "Anahtar", who, HOME
    )
