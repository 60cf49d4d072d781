"""Second factors: setting them up, and giving them up."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import flask
from connexion.exceptions import Unauthorized

from core.identity.client import Client
from core.identity.enrolment import Enrolment
from core.identity.factors import Factor
from core.identity.steps import Enrolled
from core.shared.actor import Actor
from entrypoints.http.answers import recorded, response
from entrypoints.http.signed_in import SignedIn
from entrypoints.http.visits import Visits
from entrypoints.http.wire import NOTHING, Answer, Json, moment, moment_or_none

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Factors:
    enrolment: Enrolment
    picture: Callable[[str], str]
    """A text as a QR code, in SVG."""
    visits: Visits
    signed_in: SignedIn

    def list(self, user: Actor) -> Answer:
        factors, left = self.enrolment.factors(user)
        return {"items": [present(f) for f in factors], "backup_codes_left": left}

    def remove(self, id: str, user: Actor) -> Answer:
        self.enrolment.remove(UUID(id), user)
        return NOTHING

    def renew_backup_codes(self, user: Actor) -> Answer:
        return {"codes": [*self.enrolment.new_backup_codes(user)]}

    def begin_totp(self, body: Body | None = None, user: Actor | None = None) -> Answer:
        who, _ = self._who(body or {}, user)
        ticket, secret, uri = self.enrolment.begin_totp(who)
        picture = b64encode(self.picture(uri).encode()).decode()
        return {
            "ticket": ticket,
            "secret": secret,
            "uri": uri,
            "picture": f"data:image/svg+xml;base64,{picture}",
        }

    def confirm_totp(self, body: Body, user: Actor | None = None) -> flask.Response:
        who, client = self._who(body, user)
        ticket, code, name = body["ticket"], body["code"], body["name"]
        return self._enrolled(self.enrolment.confirm_totp(ticket, code, name, who, client))

    def begin_passkey(self, body: Body | None = None, user: Actor | None = None) -> Answer:
        who, _ = self._who(body or {}, user)
        ticket, options = self.enrolment.begin_passkey(who)
        return {"ticket": ticket, "options": options}

    def confirm_passkey(self, body: Body, user: Actor | None = None) -> flask.Response:
        who, client = self._who(body, user)
        ticket, credential, name = body["ticket"], body["credential"], body["name"]
        return self._enrolled(self.enrolment.confirm_passkey(ticket, credential, name, who, client))

    def begin_phone(self, body: Body, user: Actor | None = None) -> Answer:
        who, _ = self._who(body, user)
        return {"ticket": self.enrolment.begin_sms(body["phone"], who)}

    def confirm_phone(self, body: Body, user: Actor | None = None) -> flask.Response:
        who, client = self._who(body, user)
        return self._enrolled(self.enrolment.confirm_sms(body["ticket"], body["code"], who, client))

    def _who(self, body: Body, user: Actor | None) -> tuple[Actor | str, Client]:
        """Who is signed in; or the ticket of a sign-in that goes on once a factor is set up."""
        if user is None and "enrolment" not in body:
            raise Unauthorized
        if user is None:
            ticket: str = body["enrolment"]
            return ticket, self.visits.stranger()
        return user, self.visits.client()

    def _enrolled(self, enrolled: Enrolled) -> flask.Response:
        said: Json = {
            "factor": present(enrolled.factor),
            "backup_codes": [*enrolled.backup_codes],
        }
        if enrolled.step is not None:
            said["sign_in"] = self.signed_in.shown(enrolled.step)
        return self.signed_in.kept(response(recorded(said)), enrolled.step)


def present(factor: Factor) -> Json:
    return {
        "id": str(factor.id),
        "kind": factor.kind,
        "name": factor.name,
        "created_at": moment(factor.created_at),
        "last_used_at": moment_or_none(factor.last_used_at),
    }
