"""The last steps of every sign-in: a seller judges a proof, asks for more, or opens a session."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.audit.events import AuditEvent
from core.identity.account import Device
from core.identity.attempts import Refusal
from core.identity.client import Client
from core.identity.factors import FactorKind
from core.identity.known import Known
from core.identity.means import Means
from core.identity.policy import KeptPolicy, SignInPolicy
from core.identity.proof import Asks, Proof, asks, outside, usable
from core.identity.refusing import Refusing, Tried, fence
from core.identity.renew import refresh_text
from core.identity.sealing import ready
from core.identity.sessions import Session
from core.identity.sso_people import link
from core.identity.steps import Entered, NeedsEnrolment, NeedsFactor, Step
from core.identity.tickets import SECRET, Purpose, Token, ticket
from core.identity.tries import Tries, Try
from core.identity.write_letter import tell
from core.shared.actor import Actor
from core.shared.errors import NotFromHere
from core.shared.ids import OPERATOR
from core.shared.work import Work
from core.tenancy.members import Member, MemberState

NOTHING = Try(None)
"""Nobody guessed anything."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Policy, membership and fence are judged anew at every step, as they stand then."""

    means: Means

    def __call__(
        self, known: Known, proof: Proof, tenant: UUID, client: Client, this: Try = NOTHING
    ) -> Step:
        """Into the seller's house, or one step nearer. `this` is the counted try to take back.

        Raises SignInRefused for whoever is no active member or must come by SSO, NotFromHere where
        the fence stands; both are written down in the seller's log.
        """
        try:
            found = self._judge(known, proof, tenant, client)
        except NotFromHere:
            Tries(self.means).right(this)
            raise
        if isinstance(found, Entered):
            self._greet(known, found, client)
            Tries(self.means).entered(this)
            return found
        step = self._ask(known, proof, tenant, client, *found)
        Tries(self.means).right(this)
        return step

    def _judge(
        self, known: Known, proof: Proof, tenant: UUID, client: Client
    ) -> Entered | tuple[Asks, SignInPolicy]:
        """In one work of the seller's; a session is open at its end, or nothing has changed."""
        with self.means.works(tenant) as work:
            member = work.members.get(known.person)
            kept = work.policy.get()
            tried = _tried(known, tenant if member else OPERATOR, client)
            why = _closed(known, proof, member, kept)
            if member is not None and why is None:
                if (beyond := outside(kept.policy, client)) is not None:
                    fence(beyond, tried, work, self.means)
                asked = asks(proof, kept.policy, member.roles, known.kinds)
                if asked is not Asks.NOTHING:
                    return asked, kept.policy
                # they may have been suspended a moment ago: the row is held from here on
                if work.members.seen(
                    known.person, self.means.clock.now(), protected=proof.strong or proof.vouched
                ):
                    entered = self._enter(known, proof, kept.policy, client, work)
                    work.commit()
                    return entered
        return Refusing(self.means)(why or Refusal.NOT_A_MEMBER, tried)

    def _enter(
        self, known: Known, proof: Proof, policy: SignInPolicy, client: Client, work: Work
    ) -> Entered:
        now, tenant = self.means.clock.now(), work.tenant_id
        token = Token(tenant, self.means.ids(), self.means.random(SECRET))
        session = Session(
            token.id,
            known.person,
            known.device or self.means.ids(),
            proof.methods,
            now,
            now,
            token.digest,
            remembered=proof.remember and policy.remember_days > 0,
            proven_at=proof.proven_at,
            connection=proof.connection,
            sso_subject=proof.sso_subject,
            sso_session=proof.sso_session,
            user_agent=client.user_agent,
            ip=client.ip,
            country=client.country,
        )
        work.sessions.add(session)
        actor = _in(session, tenant, client)
        after = {"methods": list(proof.methods), "country": client.country}
        event = AuditEvent("session.opened", actor, "session", str(session.id), now, after=after)
        work.audit.add(event)
        if proof.links and proof.connection and proof.sso_subject:
            link(work, proof.connection, proof.sso_subject, known.person, actor, now)
        return Entered(session, tenant, refresh_text(token, 0), known.device is None)

    def _greet(self, known: Known, entered: Entered, client: Client) -> None:
        """The person's realm learns of the device; who is new on it is told by letter."""
        session, now = entered.session, self.means.clock.now()
        if entered.new_device:
            ready(known.person, self.means)
        with self.means.works(known.person) as own:
            device = own.devices.get(session.device)
            first = device.first_seen_at if device else now
            own.devices.put(Device(session.device, client.user_agent, first, now))
            if entered.new_device:
                actor = _in(session, known.person, client)
                event = AuditEvent("device.added", actor, "device", str(session.device), now)
                own.audit.add(event)
                if not known.newcomer:
                    agent, where = client.user_agent or "?", client.country or "?"
                    ip = client.ip or "?"
                    tell("new_device", own, self.means, agent=agent, ip=ip, country=where)
            own.commit()

    def _ask(
        self,
        known: Known,
        proof: Proof,
        tenant: UUID,
        client: Client,
        asked: Asks,
        policy: SignInPolicy,
    ) -> NeedsFactor | NeedsEnrolment:
        data = {"tenant": str(tenant), **proof.to_data()}
        if asked is Asks.FACTOR:
            return self._ask_factor(known, data, usable(known.kinds, policy))
        if proof.vouched and not proof.links and not self._alone(known, tenant):
            why = "whoever has a password sets a second factor up by it first"
            Refusing(self.means)(Refusal.SSO, _tried(known, tenant, client), why)
        token = self._ticket(known.person, Purpose.ENROL, data)
        return NeedsEnrolment(str(token))

    def _ask_factor(
        self, known: Known, data: dict[str, Any], kinds: tuple[FactorKind, ...]
    ) -> NeedsFactor:
        methods = tuple(kind.value for kind in kinds) + (("backup_code",) if known.codes else ())
        token = self._ticket(
            known.person,
            Purpose.SECOND_FACTOR,
            data | {"may": list(methods)},
            code="sms" in methods,
        )
        return NeedsFactor(str(token), methods)

    def _ticket(
        self, person: UUID, purpose: Purpose, data: dict[str, Any], code: bool = False
    ) -> Token:
        """With `code` the ticket holds a code for the phone, sealed: it is the same however often
        it is sent, and opens nothing without the ticket."""
        means = self.means
        token = Token(person, means.ids(), means.random(SECRET))
        if code:
            sealed = means.vault.seal(person, token.id, {"code": phone_code(means)})
            data |= {"code": b64encode(sealed).decode()}
        with means.works(person) as own:
            own.tickets.add(ticket(token, purpose, data, means.clock.now()))
            own.commit()
        return token

    def _alone(self, known: Known, tenant: UUID) -> bool:
        """Whether a factor set up on this seller's word could only ever matter at this seller."""
        has_password = known.account is not None and known.account.password is not None
        return not has_password or list(self.means.directory.memberships(known.person)) == [tenant]


def phone_code(means: Means) -> str:
    """Six digits, each as likely: the rest of 64 random bits matters to nobody."""
    return f"{int.from_bytes(means.random(8), 'big') % 1_000_000:06}"


def _closed(known: Known, proof: Proof, member: Member | None, kept: KeptPolicy) -> Refusal | None:
    """Why the door is closed to them, wherever they come from."""
    if known.account is None or member is None or member.state is not MemberState.ACTIVE:
        return Refusal.NOT_A_MEMBER
    if not proof.vouched and not kept.policy.opens_locally(known.person):
        return Refusal.SSO_ONLY
    return None


def _tried(known: Known, realm: UUID, client: Client) -> Tried:
    email = known.account.email if known.account else None
    return Tried(client, realm, known.person, email)


def _in(session: Session, realm: UUID, client: Client) -> Actor:
    """The person who has just come in, as an event's author."""
    return Actor(
        realm,
        "person",
        str(session.person),
        ip=client.ip,
        user_agent=client.user_agent,
        correlation_id=client.correlation_id,
        session=session.id,
    )
