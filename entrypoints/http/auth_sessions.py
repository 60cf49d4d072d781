"""A person's own sessions, and proving once more that it is they."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import flask

from core.identity.own_sessions import OwnSessions
from core.identity.reprove import Reprove
from core.identity.sessions import Session
from core.shared.actor import RECENT, Actor
from entrypoints.http.answers import recorded, response
from entrypoints.http.signed_in import SignedIn
from entrypoints.http.wire import Answer, Json, moment, moment_or_none, to_id_or_none

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sessions:
    own: OwnSessions
    reprove: Reprove
    signed_in: SignedIn

    def list(self, user: Actor) -> Answer:
        return {"items": [_present(session, user) for session in self.own.all(user)]}

    def revoke(self, body: Body, user: Actor) -> Answer:
        return {"count": self.own.revoke(to_id_or_none(body.get("id")), user)}

    def options(self, user: Actor) -> Answer:
        ticket, options = self.reprove.options(user)
        return {"ticket": ticket, "options": options}

    def prove(self, body: Body, user: Actor) -> flask.Response:
        """The session has the next refresh token from now on."""
        match body["kind"]:
            case "password":
                entered = self.reprove.by_password(body["password"], user)
            case "code":
                entered = self.reprove.by_code(body["method"], body["code"], user)
            case _:
                entered = self.reprove.by_passkey(body["ticket"], body["credential"], user)
        proven_at = entered.session.proven_at
        said = {"proven_until": moment_or_none(proven_at + RECENT if proven_at else None)}
        return self.signed_in.kept(response(recorded(said)), entered)


def _present(session: Session, user: Actor) -> Json:
    return {
        "id": str(session.id),
        "current": session.id == user.session,
        "methods": [*session.methods],
        "created_at": moment(session.created_at),
        "last_seen_at": moment(session.last_seen_at),
        "remembered": session.remembered,
        "user_agent": session.user_agent,
        "ip": session.ip,
        "country": session.country,
    }
