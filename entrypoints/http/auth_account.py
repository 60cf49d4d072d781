"""What is a person's own: invitations, password, address, name, and what to do without them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.identity.address import Email
from core.identity.me import Me, Myself
from core.identity.passwords import Passwords
from core.identity.recovery import Recovery
from core.shared.actor import Actor
from entrypoints.http.auth_factors import present as present_factor
from entrypoints.http.signed_in import named
from entrypoints.http.visits import Visits
from entrypoints.http.wire import NOTHING, Answer, Json, moment_or_none

Body = Mapping[str, Any]
SENT: Answer = (None, 202)


@dataclass(frozen=True, slots=True)
class Account:
    passwords: Passwords
    email: Email
    recovery: Recovery
    me: Me
    visits: Visits

    def look(self, body: Body) -> Answer:
        self.visits.stranger()
        found = self.passwords.invitation(body["token"])
        return {
            "tenant": found["seller"],
            "email": found["email"],
            "name": found["member_name"],
            "known": found["known"],
            "password_length": found["password_length"],
        }

    def accept(self, body: Body) -> Answer:
        client = self.visits.stranger()
        name, password = body.get("name"), body.get("password")
        person, tenant = self.passwords.join(body["token"], name, password, client)
        return {"person": str(person), "tenant": str(tenant)}

    def forgot(self, body: Body) -> Answer:
        self.passwords.forgot(body["email"], self.visits.stranger())
        return SENT

    def reset(self, body: Body) -> Answer:
        self.passwords.reset(body["token"], body["password"], self.visits.stranger())
        return NOTHING

    def change_password(self, body: Body, user: Actor) -> Answer:
        self.passwords.change(body.get("current"), body["password"], user)
        return NOTHING

    def ask_email(self, body: Body, user: Actor) -> Answer:
        self.email.ask(body["email"], user)
        return SENT

    def confirm_email(self, body: Body) -> Answer:
        self.visits.stranger()
        self.email.confirm(body["token"])
        return NOTHING

    def get(self, user: Actor) -> Answer:
        return present(self.me.show(user))

    def change(self, body: Body, user: Actor) -> Answer:
        self.me.rename(body["name"], user)
        return present(self.me.show(user))

    def ask_recovery(self, body: Body) -> Answer:
        self.visits.stranger()
        self.recovery.ask(body["email"])
        return SENT

    def finish_recovery(self, body: Body) -> Answer:
        self.recovery.finish(body["token"], body.get("password"), self.visits.stranger())
        return NOTHING

    def help(self, id: str, user: Actor) -> Answer:
        self.recovery.by_administrator(UUID(id), user)
        return SENT


def present(me: Myself) -> Json:
    account, member, policy = me.account, me.member, me.policy
    return {
        "id": str(account.id),
        "email": account.email,
        "email_verified_at": moment_or_none(account.email_verified_at),
        "password": account.password is not None,
        "name": member.name,
        "managed": member.managed,
        "roles": [*member.roles],
        "permissions": sorted(me.permissions),
        "tenant": named(*me.seller),
        "tenants": [named(*seller) for seller in me.sellers],
        "session": {
            "id": str(me.session.id),
            "methods": [*me.session.methods],
            "proven_until": moment_or_none(me.proven_until),
        },
        "factors": [present_factor(factor) for factor in me.factors],
        "backup_codes_left": me.backup_codes_left,
        "policy": {
            "local": policy.opens_locally(account.id),
            "second_factor_required": policy.wants_second_factor(member.roles),
            "sms": policy.sms_channel is not None,
            "password_length": policy.password_length,
            "idle_minutes": policy.idle_minutes,
        },
    }
