"""Operation ids of signing in, and of what is a person's own, to the methods that answer them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from core.shared.actor import Actor
from core.shared.errors import NotAllowed
from entrypoints.http.answers import Handler
from entrypoints.http.auth_account import Account
from entrypoints.http.auth_factors import Factors
from entrypoints.http.auth_sessions import Sessions
from entrypoints.http.auth_sign_in import SigningIn
from entrypoints.http.auth_sso import SingleSignOn
from entrypoints.http.signed_in import SignedIn
from entrypoints.http.sso_connections import SsoConnections
from entrypoints.http.visits import Visits

if TYPE_CHECKING:
    from entrypoints.http.app import HttpHouse


def auth_operations(house: HttpHouse, new_id: Callable[[Actor], UUID]) -> dict[str, Handler]:
    one, works = house.identity, house.works
    visits = Visits(one.places, house.cookies, house.visitors, house.trusted_proxies)
    signed_in = SignedIn(one.tokens, house.cookies, house.clock)
    signing_in = SigningIn(
        works, one.sign_in, one.renew, one.sign_out, one.sso, visits, house.cookies, signed_in
    )
    single = SingleSignOn(
        one.sso, one.sso_answers, visits, house.cookies, signed_in, house.new_token
    )
    account = Account(one.passwords, one.email, one.recovery, one.me, visits)
    factors = Factors(one.enrolment, one.picture, visits, signed_in)
    sessions = Sessions(one.own_sessions, one.reprove, signed_in)
    connections = SsoConnections(works, one.sso_connections, one.means.base_url, new_id)
    return {
        "sign_in.begin": signing_in.begin,
        "sign_in.second_factor": signing_in.second_factor,
        "sign_in.text_code": signing_in.text_code,
        "sign_in.choose": signing_in.choose,
        "sign_in.refresh": signing_in.refresh,
        "sign_in.end": signing_in.end,
        "sign_in.switch": signing_in.switch,
        "sign_in.door": signing_in.door,
        "passkeys.options": signing_in.passkey_options,
        "passkeys.sign_in": signing_in.passkey,
        "sso.begin_oidc": single.begin,
        "sso.begin_saml": single.begin,
        "sso.finish_oidc": single.finish_oidc,
        "sso.finish_saml": single.finish_saml,
        "sso.link": single.link,
        "invitations.look": account.look,
        "invitations.accept": account.accept,
        "password.forgot": account.forgot,
        "password.reset": account.reset,
        "password.change": account.change_password,
        "email.ask": account.ask_email,
        "email.confirm": account.confirm_email,
        "me.get": account.get,
        "me.change": account.change,
        "recovery.ask": account.ask_recovery,
        "recovery.finish": account.finish_recovery,
        "recovery.begin": account.help,
        "factors.list": factors.list,
        "factors.remove": factors.remove,
        "factors.renew_backup_codes": factors.renew_backup_codes,
        "factors.begin_totp": factors.begin_totp,
        "factors.confirm_totp": factors.confirm_totp,
        "factors.begin_passkey": factors.begin_passkey,
        "factors.confirm_passkey": factors.confirm_passkey,
        "factors.begin_phone": factors.begin_phone,
        "factors.confirm_phone": factors.confirm_phone,
        "proof.options": sessions.options,
        "proof.give": sessions.prove,
        "own_sessions.list": sessions.list,
        "own_sessions.revoke": sessions.revoke,
        "sso_connections.list": connections.list,
        "sso_connections.add": connections.add,
        "sso_connections.get": connections.get,
        "sso_connections.replace": connections.replace,
        "sso_connections.remove": connections.remove,
    }


def of_people(handler: Handler) -> Handler:
    """The handler, for people who are signed in: a program has nothing of its own."""

    @functools.wraps(handler)
    def answered(**given: Any) -> Any:
        user: Actor | None = given.get("user")
        if user is not None and user.kind != "person":
            raise NotAllowed("this is for people who are signed in: `self`")
        return handler(**given)

    return answered
