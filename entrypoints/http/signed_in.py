"""How a step of a sign-in looks on the wire, and what a browser keeps of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import flask

from core.identity.means import AccessTokens, Claims
from core.identity.sso_sign_in import NeedsLink
from core.identity.steps import Entered, NeedsChoice, NeedsEnrolment, NeedsFactor, Step
from entrypoints import observe
from entrypoints.http.answers import recorded, response
from entrypoints.http.cookies import Cookies
from entrypoints.http.wire import Json
from ports.clock import Clock

ACCESS = timedelta(minutes=5)
"""How long an access token is good for. Whether its session still lives is asked every time."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    tokens: AccessTokens
    cookies: Cookies
    clock: Clock

    def answer(self, step: Step | NeedsLink) -> flask.Response:
        return self.kept(response(recorded(self.shown(step))), step)

    def kept(self, answer: flask.Response, step: Step | NeedsLink | None) -> flask.Response:
        """The answer, with the cookies of a session that was opened."""
        if isinstance(step, Entered):
            self.cookies.keep_session(answer, step)
        return answer

    def shown(self, step: Step | NeedsLink) -> Json:
        told = self._told(step)
        observe.sign_in(told["status"])
        return told

    def _told(self, step: Step | NeedsLink) -> dict[str, Any]:
        match step:
            case Entered():
                return self._entered(step)
            case NeedsFactor(ticket, methods):
                return {"status": "second_factor", "ticket": ticket, "methods": [*methods]}
            case NeedsEnrolment(ticket):
                return {"status": "enrol", "ticket": ticket}
            case NeedsChoice(ticket, sellers):
                tenants = [named(*seller) for seller in sellers]
                return {"status": "choose_tenant", "ticket": ticket, "tenants": tenants}
            case NeedsLink(ticket):
                return {"status": "link", "ticket": ticket}

    def _entered(self, entered: Entered) -> Json:
        session, now = entered.session, self.clock.now()
        claims = Claims(session.person, entered.tenant, session.id, now + ACCESS)
        return {
            "status": "signed_in",
            "access_token": self.tokens.mint(claims, now),
            "token_type": "Bearer",
            "expires_in": int(ACCESS.total_seconds()),
            "tenant": str(entered.tenant),
            "session": str(session.id),
            "new_device": entered.new_device,
        }


def named(id: UUID, name: str) -> Json:
    """A tenant by its name."""
    return {"id": str(id), "name": name}
