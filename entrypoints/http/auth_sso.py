"""Away to an identity provider, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import flask

from core.identity.sso_answers import SsoAnswers
from core.identity.sso_sign_in import SsoSignIn
from core.shared.errors import SignInRefused
from entrypoints.http.answers import recorded, response
from entrypoints.http.cookies import Cookies
from entrypoints.http.signed_in import SignedIn
from entrypoints.http.visits import Visits
from entrypoints.http.wire import to_id

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SingleSignOn:
    sso: SsoSignIn
    answers: SsoAnswers
    visits: Visits
    cookies: Cookies
    signed_in: SignedIn
    new_token: Callable[[], str]

    def begin(self, body: Body) -> flask.Response:
        """A browser that is away already keeps what binds it: it may be away twice."""
        client = self.visits.stranger()
        flow = self.cookies.flow(flask.request.cookies) or self.new_token()
        url = self.sso.begin(
            to_id(body["tenant"]),
            to_id(body["connection"]),
            remember=body.get("remember", False),
            flow=flow,
            client=client,
            fresh=body.get("fresh", False),
        )
        answer = response(recorded({"url": url}))
        self.cookies.keep_flow(answer, flow)
        return answer

    def finish_oidc(self, body: Body) -> flask.Response:
        return self._finish(body)

    def finish_saml(self, body: Body) -> flask.Response:
        return self._finish(self.answers.taken(body["ticket"]))

    def link(self, body: Body) -> flask.Response:
        client = self.visits.stranger()
        return self.signed_in.answer(self.sso.link(body["ticket"], body["password"], client))

    def _finish(self, answer: Mapping[str, str]) -> flask.Response:
        client = self.visits.stranger()
        flow = self.cookies.flow(flask.request.cookies)
        if flow is None:
            raise SignInRefused("it was not begun in this browser, or too long ago")
        return self.signed_in.answer(self.sso.finish(answer, flow, client))
