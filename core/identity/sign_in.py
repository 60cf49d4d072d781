"""Signing in, step by step, until a session of one seller is open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from core.identity.account import fold_email
from core.identity.attempts import Refusal
from core.identity.client import Client
from core.identity.known import Known, know
from core.identity.means import Means
from core.identity.opening import Opening
from core.identity.own import AGAIN, present
from core.identity.passkey_sign_in import PasskeySignIn
from core.identity.proof import FIRST, Proof, own, proof_of
from core.identity.refusing import Refusing, Tried
from core.identity.second_step import SecondStep
from core.identity.sso import Connection, Identity
from core.identity.steps import NeedsChoice, Step
from core.identity.tickets import SECRET, Purpose, Token, parse, ticket
from core.identity.tries import Tries, Try, network_key
from core.shared.actor import Actor
from core.shared.errors import ProofNeeded
from core.shared.ids import OPERATOR


@dataclass(frozen=True, slots=True)
class SignIn:
    """Whatever is wrong, the answer is SignInRefused with the same words, after the same work.

    TooManyTries comes alike for addresses that exist and those that do not; NotFromHere only for
    somebody who has proven who they are.
    """

    means: Means

    def by_password(
        self, email: str, password: str, *, tenant: UUID | None, remember: bool, client: Client
    ) -> Step:
        """Invalid for what cannot be an address. `tenant` None: the one seller, or a choice."""
        means, folded = self.means, fold_email(email)
        person = means.directory.find_email(folded) or OPERATOR  # where nobody is
        sellers = means.directory.memberships(person)
        known = self._known(person, client)
        whose = person if known.account else None
        tried = Tried(client, _home(sellers, tenant), whose, folded)
        this = known.guess(client, folded)
        refuse = Refusing(means)
        refuse.count(this, tried)
        hash = known.account.password if known.account else None
        if not means.hasher.verify(hash, password) or hash is None:
            why = Refusal.PASSWORD if known.account else Refusal.UNKNOWN
            refuse(why, tried)
        if means.hasher.stale(hash):
            self._rehash(person, hash, password)
        proof = Proof(("password",), remember, means.clock.now())
        return self._arrive(known, proof, sellers, tenant, client, this)

    def choose(self, ticket: str, tenant: UUID, client: Client) -> Step:
        """The seller, after NeedsChoice. The ticket is used up, whatever comes of it."""
        token, taken = parse(ticket), None
        if token is not None:
            with self.means.works(token.realm) as own:
                now = self.means.clock.now()
                taken = own.tickets.take(token.id, token.digest, Purpose.CHOICE, now)
                own.commit()
        if token is None or taken is None:
            Refusing(self.means)(Refusal.UNKNOWN, Tried(client), "no such choice is open")
        known = self._known(token.realm, client)
        return Opening(self.means)(known, proof_of(taken.data), tenant, client)

    def by_code(self, ticket: str, method: str, code: str, client: Client) -> Step:
        """After NeedsFactor, by `totp`, `backup_code` or `sms`. Five wrong codes use it up."""
        return SecondStep(self.means).by_code(ticket, method, code, client)

    def text_code(self, ticket: str, client: Client) -> None:
        """Send the ticket's code to the person's phone. The answer is the same if none is sent."""
        SecondStep(self.means).text_code(ticket, client)

    def passkey_options(self, ticket: str | None) -> tuple[str, Mapping[str, Any]]:
        """A challenge's ticket and what the browser is told: after NeedsFactor with its ticket,
        or with None for a sign-in by passkey alone."""
        return PasskeySignIn(self.means).options(ticket)

    def by_passkey(
        self,
        ticket: str,
        credential: Mapping[str, Any],
        *,
        tenant: UUID | None,
        remember: bool,
        client: Client,
    ) -> Step:
        """The browser's answer to a challenge. As a second step, `tenant` and `remember` are those
        of the first. No lock of the account stops it, only a ban of the network."""
        means = self.means
        shown = PasskeySignIn(means).shown(ticket, credential, client)
        if shown.then is not None:
            proof = proof_of(shown.then).also("passkey", means.clock.now())
            seller = UUID(shown.then["tenant"])
            return Opening(means)(shown.known, proof, seller, client, shown.this)
        proof = Proof(("passkey",), remember, means.clock.now())
        sellers = means.directory.memberships(shown.known.person)
        return self._arrive(shown.known, proof, sellers, tenant, client, shown.this)

    def vouched(
        self,
        person: UUID,
        tenant: UUID,
        identity: Identity,
        connection: Connection,
        *,
        remember: bool,
        client: Client,
    ) -> Step:
        """After every check of the provider's word: the seller's policy, fence and second factor.

        The word is the seller's provider's, so it opens this seller alone, and proves nothing for
        the person's own affairs. A fresh one is a recent proof for this seller's.
        """
        this = Try(network_key(client.ip))
        Refusing(self.means).count(this, Tried(client, tenant, person))
        proof = Proof(
            ("sso",),
            remember,
            self.means.clock.now() if identity.fresh else None,
            connection=connection.id,
            sso_subject=identity.subject,
            sso_session=identity.session,
        )
        return Opening(self.means)(self._known(person, client), proof, tenant, client, this)

    def switch(self, tenant: UUID, actor: Actor, client: Client) -> Step:
        """To another seller of the person's, by what they have proven of their own in this session.

        ProofNeeded where that is too little, or longer ago than the other seller lets a session
        last. The present session goes on.
        """
        session, now = present(actor, self.means), self.means.clock.now()
        methods = own(session.methods)
        if session.proven_at is None or FIRST.isdisjoint(methods):
            raise ProofNeeded(AGAIN)
        if tenant in self.means.directory.memberships(session.person):
            with self.means.works(tenant) as work:
                lasts = timedelta(minutes=work.policy.get().policy.absolute_minutes)
            if now - session.proven_at >= lasts:
                raise ProofNeeded(AGAIN)
        proof = Proof(methods, session.remembered, session.proven_at)
        return Opening(self.means)(self._known(session.person, client), proof, tenant, client)

    def _arrive(
        self,
        known: Known,
        proof: Proof,
        sellers: Sequence[UUID],
        tenant: UUID | None,
        client: Client,
        this: Try,
    ) -> Step:
        """At the seller that was told, at the only one that lets them in so, or at a choice."""
        if tenant is None:
            doors = [door for seller in sellers if (door := self._door(known.person, seller))]
            if len(doors) > 1:
                step = NeedsChoice(self._choice(known.person, proof), doors)
                Tries(self.means).right(this)
                return step
            tenant = doors[0][0] if doors else _home(sellers, None)
        return Opening(self.means)(known, proof, tenant, client, this)

    def _door(self, person: UUID, seller: UUID) -> tuple[UUID, str] | None:
        """Id and name of the seller; None where the person must come by SSO."""
        with self.means.works(seller) as work:
            if not work.policy.get().policy.opens_locally(person):
                return None
            return seller, work.tenants.get().name

    def _choice(self, person: UUID, proof: Proof) -> str:
        token = Token(person, self.means.ids(), self.means.random(SECRET))
        with self.means.works(person) as own_:
            now = self.means.clock.now()
            own_.tickets.add(ticket(token, Purpose.CHOICE, proof.to_data(), now))
            own_.commit()
        return str(token)

    def _known(self, person: UUID, client: Client) -> Known:
        with self.means.works(person) as own_:
            return know(own_, client)

    def _rehash(self, person: UUID, before: str, password: str) -> None:
        """By today's parameters, unless the password was changed meanwhile."""
        hash = self.means.hasher.hash(password)
        with self.means.works(person) as own_:
            account = own_.account.get(lock=True)
            if account is not None and account.password == before:
                own_.account.save(replace(account, password=hash))
                own_.commit()


def _home(sellers: Sequence[UUID], tenant: UUID | None) -> UUID:
    """In whose log a refusal belongs: exactly one, so that each costs the same."""
    if tenant is None:
        return sellers[0] if sellers else OPERATOR
    return tenant if tenant in sellers else OPERATOR
