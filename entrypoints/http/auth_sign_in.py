"""Coming in, going on, and out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import flask

from core.identity.door import door
from core.identity.renew import Renew, SignOut
from core.identity.sign_in import SignIn
from core.identity.sso_sign_in import SsoSignIn
from core.identity.tickets import parse
from core.shared.actor import Actor
from core.shared.errors import SignInRefused
from core.shared.work import Works
from entrypoints.http.answers import recorded, response
from entrypoints.http.cookies import Cookies
from entrypoints.http.signed_in import SignedIn, named
from entrypoints.http.visits import Visits
from entrypoints.http.wire import Answer, to_id, to_id_or_none

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SigningIn:
    works: Works
    sign_in: SignIn
    renew: Renew
    sign_out: SignOut
    sso: SsoSignIn
    visits: Visits
    cookies: Cookies
    signed_in: SignedIn

    def begin(self, body: Body) -> flask.Response:
        step = self.sign_in.by_password(
            body["email"],
            body["password"],
            tenant=to_id_or_none(body.get("tenant")),
            remember=body.get("remember", False),
            client=self.visits.stranger(),
        )
        return self.signed_in.answer(step)

    def second_factor(self, body: Body) -> flask.Response:
        client = self.visits.stranger()
        step = self.sign_in.by_code(body["ticket"], body["method"], body["code"], client)
        return self.signed_in.answer(step)

    def text_code(self, body: Body) -> Answer:
        self.sign_in.text_code(body["ticket"], self.visits.stranger())
        return None, 202

    def choose(self, body: Body) -> flask.Response:
        client = self.visits.stranger()
        step = self.sign_in.choose(body["ticket"], to_id(body["tenant"]), client)
        return self.signed_in.answer(step)

    def passkey_options(self, body: Body | None = None) -> Answer:
        self.visits.stranger()
        ticket, options = self.sign_in.passkey_options((body or {}).get("ticket"))
        return {"ticket": ticket, "options": options}

    def passkey(self, body: Body) -> flask.Response:
        step = self.sign_in.by_passkey(
            body["ticket"],
            body["credential"],
            tenant=to_id_or_none(body.get("tenant")),
            remember=body.get("remember", False),
            client=self.visits.stranger(),
        )
        return self.signed_in.answer(step)

    def refresh(self) -> flask.Response:
        """A refused one keeps the cookie: it may be the next one already, of another page."""
        client = self.visits.stranger()
        refresh = self.cookies.refresh(flask.request.cookies)
        if refresh is None:
            raise SignInRefused("nobody is signed in here")
        return self.signed_in.answer(self.renew(refresh, client))

    def end(self) -> flask.Response:
        self.visits.stranger()
        refresh = self.cookies.refresh(flask.request.cookies) or ""
        session, token = self.sign_out(refresh, None), parse(refresh.rpartition(".")[0])
        farewell = self.sso.farewell(session, token.realm) if session and token else None
        answer = response(recorded({"farewell": farewell}))
        self.cookies.forget_session(answer)
        return answer

    def switch(self, body: Body, user: Actor) -> flask.Response:
        step = self.sign_in.switch(to_id(body["tenant"]), user, self.visits.client())
        return self.signed_in.answer(step)

    def door(self, id: str) -> Answer:
        self.visits.stranger()
        found = door(UUID(id), works=self.works)
        return {
            "tenant": named(found.tenant, found.name),
            "local": found.local,
            "remember": found.remember,
            "sso": [{"id": str(c.id), "kind": c.kind, "name": c.name} for c in found.sso],
        }
