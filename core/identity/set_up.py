"""How a second factor is set up: begun with a ticket, and there once it has shown that it works."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hmac import compare_digest
from typing import Any
from uuid import UUID

from core.audit.events import AuditEvent
from core.identity.client import Client
from core.identity.codes import WRONG_CODES, fresh_codes
from core.identity.factors import Factor, FactorKind
from core.identity.known import know
from core.identity.lockout import LETTERS
from core.identity.means import Means, NotProven
from core.identity.opening import Opening, phone_code
from core.identity.own import author, by_link, change_credentials, present, prove_own, shown
from core.identity.passkey_sign_in import passkeys_of
from core.identity.proof import proof_of
from core.identity.refusing import WORDS
from core.identity.sealing import ready
from core.identity.steps import Enrolled, Step
from core.identity.tickets import SECRET, Purpose, Ticket, Token, parse, ticket
from core.identity.tries import Tries
from core.identity.write_letter import tell, write_code
from core.shared.actor import Actor
from core.shared.errors import Conflict, Invalid, NotFound, SignInRefused, TooManyTries
from core.shared.work import Work

ISSUER = "Invekto"
OVER = "this set-up is over: begin again"
WRONG: Mapping[FactorKind, Mapping[str, str]] = {
    FactorKind.TOTP: {"code": "is not the one that the app shows at this moment"},
    FactorKind.SMS: {"code": "is not the one that was sent"},
    FactorKind.PASSKEY: {"credential": "is no passkey that was made for this set-up"},
}
_PHONE = re.compile(r"\+[1-9][0-9]{7,14}")
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class _Whose:
    """Whose factor it is to be."""

    person: UUID
    seller: UUID
    by: str
    """The session or sign-in that set-up and confirmation must share."""
    actor: Actor | None
    enrol: tuple[Token, Ticket] | None
    """The sign-in that waits for it."""


Build = Callable[[Mapping[str, Any]], Factor]
"""Makes the factor of what the set-up has kept; raises NotProven where it does not work."""


@dataclass(frozen=True, slots=True)
class SetUp:
    means: Means

    def begin_totp(self, who: Actor | str) -> tuple[str, str, str]:
        whose, secret = self._whose(who), self.means.totp.new_secret()
        with self.means.works(whose.person) as own:
            account = own.account.get()
        id = self.means.ids()
        text = self._keep(whose, FactorKind.TOTP, id, {"secret": secret})
        return text, secret, self.means.totp.uri(secret, account.email if account else "", ISSUER)

    def confirm_totp(
        self, text: str, code: str, name: str, who: Actor | str, client: Client
    ) -> Enrolled:
        def build(data: Mapping[str, Any]) -> Factor:
            made = self._made(data, FactorKind.TOTP, name)
            secret = self._opened(data)["secret"]
            step = self.means.totp.step(secret, code, made.created_at)
            if step is None:
                raise NotProven("no code of this moment")
            return replace(made, sealed=b64decode(data["sealed"]), step=step)

        return self._confirm(text, FactorKind.TOTP, who, client, build)

    def begin_passkey(self, who: Actor | str) -> tuple[str, Mapping[str, Any]]:
        whose, challenge = self._whose(who), self.means.random(SECRET)
        with self.means.works(whose.person) as own:
            account, name = own.account.get(), own.tenants.get().name
            known = passkeys_of(own)
        if account is None:
            raise NotFound("there is no such account")
        id = self.means.ids()
        text = self._keep(whose, FactorKind.PASSKEY, id, {"challenge": challenge.hex()})
        creation = self.means.passkeys.creation
        return text, creation(whose.person, account.email, name, known, challenge)

    def confirm_passkey(
        self,
        text: str,
        credential: Mapping[str, Any],
        name: str,
        who: Actor | str,
        client: Client,
    ) -> Enrolled:
        def build(data: Mapping[str, Any]) -> Factor:
            challenge = bytes.fromhex(self._opened(data)["challenge"])
            made = self.means.passkeys.created(credential, challenge)
            factor = self._made(data, FactorKind.PASSKEY, name)
            return replace(factor, credential_id=made.credential_id, credential=made)

        return self._confirm(text, FactorKind.PASSKEY, who, client, build)

    def begin_sms(self, phone: str, who: Actor | str) -> str:
        if not _PHONE.fullmatch(phone):
            raise Invalid({"phone": "is no number in the form +905xxxxxxxxx"})
        whose = self._whose(who)
        with self.means.works(whose.seller) as work:
            channel = work.policy.get().policy.sms_channel
        if channel is None:
            raise Conflict("this seller sends no codes to phones")
        if not Tries(self.means).may_write(phone):
            raise TooManyTries(LETTERS.lock.total_seconds())
        code, id = phone_code(self.means), self.means.ids()
        text = self._keep(whose, FactorKind.SMS, id, {"phone": phone, "code": code})
        with self.means.works(whose.person) as own:
            language = own.tenants.get().language
        ready(whose.seller, self.means)
        with self.means.works(whose.seller) as work:
            write_code(
                code, to=phone, language=language, channel=channel, work=work, means=self.means
            )
            work.commit()
        return text

    def confirm_sms(self, text: str, code: str, who: Actor | str, client: Client) -> Enrolled:
        def build(data: Mapping[str, Any]) -> Factor:
            opened = self._opened(data)
            if not compare_digest(opened["code"].encode(), code.encode()):
                raise NotProven("not the code that was sent")
            phone = opened["phone"]
            factor = self._made(data, FactorKind.SMS, f"…{phone[-4:]}")
            sealed = self.means.vault.seal(UUID(data["person"]), factor.id, {"phone": phone})
            return replace(factor, sealed=sealed)

        return self._confirm(text, FactorKind.SMS, who, client, build)

    # --- what all three share --------------------------------------------------------------------

    def _whose(self, who: Actor | str) -> _Whose:
        """ProofNeeded, or SignInRefused for a ticket that opens nothing."""
        if isinstance(who, Actor):
            person = prove_own(who, self.means)
            return _Whose(person, who.tenant, f"session {who.session}", who, None)
        return self._enrolling(who)

    def _again(self, who: Actor | str) -> _Whose:
        """The same at the confirmation; what was proven at the beginning need not be again."""
        if isinstance(who, Actor):
            person = present(who, self.means).person
            return _Whose(person, who.tenant, f"session {who.session}", who, None)
        return self._enrolling(who)

    def _enrolling(self, text: str) -> _Whose:
        token = parse(text)
        if token is None:
            raise SignInRefused(WORDS)
        with self.means.works(token.realm) as own:
            now = self.means.clock.now()
            waits = own.tickets.look(token.id, token.digest, Purpose.ENROL, now)
        if waits is None:
            raise SignInRefused(WORDS)
        seller = UUID(waits.data["tenant"])
        return _Whose(token.realm, seller, f"ticket {token.id}", None, (token, waits))

    def _keep(self, whose: _Whose, kind: FactorKind, id: UUID, secret: Mapping[str, Any]) -> str:
        person, means = whose.person, self.means
        token = Token(person, means.ids(), means.random(SECRET))
        data = {
            "person": str(person),
            "by": whose.by,
            "kind": kind.value,
            "factor": str(id),
            "sealed": b64encode(means.vault.seal(person, id, secret)).decode(),
        }
        with means.works(person) as own:
            own.tickets.add(ticket(token, Purpose.SET_UP, data, means.clock.now()))
            own.commit()
        return str(token)

    def _confirm(
        self, text: str, kind: FactorKind, who: Actor | str, client: Client, build: Build
    ) -> Enrolled:
        whose, token = self._again(who), parse(text)
        kept = self._kept(token, kind, whose)
        if token is None or kept is None:
            raise NotFound(OVER)
        try:
            factor = build(kept.data)
        except NotProven:
            with self.means.works(whose.person) as own:
                own.tickets.tried(token.id, WRONG_CODES)
                own.commit()
            raise Invalid(WRONG[kind]) from None
        codes = self._add(whose, token, factor, client)
        return Enrolled(factor, codes, self._go_on(whose, kind, client))

    def _kept(self, token: Token | None, kind: FactorKind, whose: _Whose) -> Ticket | None:
        """The set-up, if it is of this kind and was begun by the same session or sign-in."""
        if token is None or token.realm != whose.person:
            return None
        with self.means.works(whose.person) as own:
            now = self.means.clock.now()
            kept = own.tickets.look(token.id, token.digest, Purpose.SET_UP, now)
        mine = kept is not None and (kept.data["kind"], kept.data["by"]) == (kind.value, whose.by)
        return kept if mine else None

    def _add(self, whose: _Whose, token: Token, factor: Factor, client: Client) -> tuple[str, ...]:
        codes: list[str] = []
        actor = whose.actor or by_link(whose.person, client)

        def change(own: Work) -> None:
            now = self.means.clock.now()
            if own.tickets.take(token.id, token.digest, Purpose.SET_UP, now) is None:
                raise NotFound(OVER)
            if not own.factors.all():
                codes.extend(fresh_codes(own, self.means))  # whoever else does it now waits here
            if whose.enrol:
                self._use(whose.enrol[0], own)
            own.factors.add(factor)
            who, what = author(actor, whose.person), ("person", str(whose.person))
            own.audit.add(AuditEvent("factor.added", who, *what, now, after=shown(factor)))
            tell("factor_added", own, self.means, factor=factor.name)

        change_credentials(whose.person, actor, self.means, change)
        return tuple(codes)

    def _use(self, enrol: Token, own: Work) -> None:
        """A password alone sets up the first factor, and never a second one beside it."""
        now = self.means.clock.now()
        taken = own.tickets.take(enrol.id, enrol.digest, Purpose.ENROL, now)
        if taken is None or own.factors.all():
            raise SignInRefused(WORDS)

    def _go_on(self, whose: _Whose, kind: FactorKind, client: Client) -> Step | None:
        """The sign-in that waited; or the session, which rests on the new factor as well."""
        if whose.enrol:
            proof = proof_of(whose.enrol[1].data).also(kind.value, self.means.clock.now())
            with self.means.works(whose.person) as own:
                known = know(own, client)
            return Opening(self.means)(known, proof, whose.seller, client)
        assert whose.actor is not None
        assert whose.actor.session is not None
        with self.means.works(whose.seller) as work:
            session = work.sessions.get(whose.actor.session, lock=True)
            if session is not None and session.ended_at is None:
                methods = tuple(dict.fromkeys((*session.methods, kind.value)))
                work.sessions.save(replace(session, methods=methods))
                work.commit()
        return None

    def _made(self, data: Mapping[str, Any], kind: FactorKind, name: str) -> Factor:
        shown_ = name.strip()[:_LONGEST_NAME] or kind.value
        return Factor(UUID(data["factor"]), kind, shown_, self.means.clock.now())

    def _opened(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        place = UUID(data["person"]), UUID(data["factor"])
        return self.means.vault.open(*place, b64decode(data["sealed"]))
