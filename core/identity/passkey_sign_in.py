"""Passkeys at the door: as the second step, or by themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn
from uuid import UUID

from core.identity.attempts import Refusal
from core.identity.client import Client
from core.identity.factors import Credential
from core.identity.known import Known, know
from core.identity.means import Means, NotProven
from core.identity.refusing import WORDS, Refusing, Tried
from core.identity.tickets import SECRET, Purpose, Token, parse, ticket
from core.identity.tries import Try, network_key
from core.shared.errors import SignInRefused
from core.shared.ids import OPERATOR
from core.shared.work import Work


@dataclass(frozen=True, slots=True)
class Shown:
    """A passkey has signed our challenge."""

    known: Known
    then: Mapping[str, Any] | None
    """What the first step's ticket held, which is used up with this; None where there was none."""
    this: Try


@dataclass(frozen=True, slots=True)
class PasskeySignIn:
    means: Means

    def options(self, text: str | None) -> tuple[str, Mapping[str, Any]]:
        """SignInRefused for a ticket that opens nothing, or that no passkey can follow."""
        if text is None:
            return challenge(OPERATOR, (), {}, self.means)
        token = parse(text)
        if token is None:
            raise SignInRefused(WORDS)
        with self.means.works(token.realm) as own:
            now = self.means.clock.now()
            begun = own.tickets.look(token.id, token.digest, Purpose.SECOND_FACTOR, now)
            known = passkeys_of(own)
        if begun is None or "passkey" not in begun.data["may"]:
            raise SignInRefused(WORDS)
        then = {"id": str(token.id), "digest": token.digest.hex()}
        return challenge(token.realm, known, {"then": then}, self.means)

    def shown(self, text: str, credential: Mapping[str, Any], client: Client) -> Shown:
        """The challenge is used up, whatever comes of it."""
        this, tried = Try(network_key(client.ip)), Tried(client)
        token = parse(text)
        if token is None:
            self._refuse(tried, "no such challenge is open")
        try:
            person = self._person(token, credential)
        except NotProven as error:
            self._refuse(tried, str(error))
        sellers = self.means.directory.memberships(person)
        tried = Tried(client, sellers[0] if sellers else OPERATOR, person if sellers else None)
        Refusing(self.means).count(this, tried)
        asked = self._take(token)
        if asked is None or ("then" in asked) is (token.realm == OPERATOR):
            self._refuse(tried, "no such challenge is open")
        try:
            with self.means.works(person) as own:
                known = know(own, client)
                answered(credential, bytes.fromhex(asked["challenge"]), own, self.means)
                then = self._follow(asked.get("then"), own)
                own.commit()
        except NotProven as error:
            self._refuse(tried, str(error))
        return Shown(known, then, this)

    def _person(self, token: Token, credential: Mapping[str, Any]) -> UUID:
        """Whose passkey it claims to be; as a second step it must be the first step's person's."""
        _, handle = self.means.passkeys.named(credential)
        person = handle if token.realm == OPERATOR else token.realm
        if person is None or handle not in (None, person):
            raise NotProven("the passkey names nobody, or somebody else")
        return person

    def _take(self, token: Token) -> Mapping[str, Any] | None:
        with self.means.works(token.realm) as work:
            now = self.means.clock.now()
            taken = work.tickets.take(token.id, token.digest, Purpose.CHALLENGE, now)
            work.commit()
        return None if taken is None else taken.data

    def _follow(self, then: Mapping[str, str] | None, own: Work) -> Mapping[str, Any] | None:
        if then is None:
            return None
        id, digest = UUID(then["id"]), bytes.fromhex(then["digest"])
        first = own.tickets.take(id, digest, Purpose.SECOND_FACTOR, self.means.clock.now())
        if first is None:
            raise NotProven("the first step is over, or was gone on from already")
        return first.data

    def _refuse(self, tried: Tried, detail: str) -> NoReturn:
        Refusing(self.means)(Refusal.SECOND_FACTOR, tried, f"passkey: {detail}")


def passkeys_of(own: Work) -> Sequence[Credential]:
    return [factor.credential for factor in own.factors.all() if factor.credential]


def challenge(
    realm: UUID, known: Sequence[Credential], data: Mapping[str, Any], means: Means
) -> tuple[str, Mapping[str, Any]]:
    """A fresh challenge, its ticket in the realm, and what the browser is told."""
    token = Token(realm, means.ids(), means.random(SECRET))
    nonce = means.random(SECRET)
    with means.works(realm) as work:
        kept = ticket(
            token, Purpose.CHALLENGE, {"challenge": nonce.hex(), **data}, means.clock.now()
        )
        work.tickets.add(kept)
        work.commit()
    return str(token), means.passkeys.request(known, nonce)


def answered(credential: Mapping[str, Any], challenge: bytes, own: Work, means: Means) -> None:
    """Return if a passkey of the realm's person has signed the challenge, else raise NotProven."""
    id, _ = means.passkeys.named(credential)
    factor = own.factors.by_credential(id)
    if factor is None or factor.credential is None:
        raise NotProven("nobody here has this passkey")
    said = means.passkeys.asserted(credential, challenge, factor.credential)
    now_known = replace(factor.credential, sign_count=said.sign_count, backed_up=said.backed_up)
    own.factors.save(replace(factor, credential=now_known, last_used_at=means.clock.now()))
