"""Signing in, put together: the use cases of identity, over what fulfils their means."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from adapters.http.address import is_loopback
from adapters.http.transport import HttpTransport, pooled_client
from adapters.identity.argon2 import Argon2
from adapters.identity.common_passwords import CommonPasswords
from adapters.identity.issuers import LARGEST_ANSWER
from adapters.identity.oidc import OpenIdConnect
from adapters.identity.passkeys import WebAuthnPasskeys
from adapters.identity.places import MmdbPlaces
from adapters.identity.providers import OPEN_ID, Providers
from adapters.identity.qr import qr_svg
from adapters.identity.saml import Saml
from adapters.identity.tokens import JwtAccessTokens
from adapters.identity.totp import PyotpTotp
from core.identity.address import Email
from core.identity.enrolment import Enrolment
from core.identity.me import Me
from core.identity.means import AccessTokens, IdentityProviders, Means, Places
from core.identity.own_sessions import OwnSessions
from core.identity.passwords import Passwords
from core.identity.post import Post
from core.identity.recovery import Recovery
from core.identity.renew import Renew, SignOut
from core.identity.reprove import Reprove
from core.identity.sign_in import SignIn
from core.identity.sso import SsoKind
from core.identity.sso_answers import SsoAnswers
from core.identity.sso_connections import Connections
from core.identity.sso_sign_in import SsoSignIn
from entrypoints import observe
from entrypoints.bootstrap import House
from entrypoints.config import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Everything that signing in consists of."""

    means: Means
    places: Places
    tokens: AccessTokens
    picture: Callable[[str], str]
    """A text as a QR code, in SVG."""
    sign_in: SignIn
    renew: Renew
    sign_out: SignOut
    passwords: Passwords
    email: Email
    enrolment: Enrolment
    reprove: Reprove
    own_sessions: OwnSessions
    recovery: Recovery
    me: Me
    sso: SsoSignIn
    sso_answers: SsoAnswers
    sso_connections: Connections


def identity(house: House) -> Identity:
    config, means = house.config, means_of(house)
    way_out = partial(_way_out, config, pooled_client())
    open_id = OpenIdConnect(way_out, means.random, allow_loopback=config.allow_loopback)
    saml = Saml(means.random, house.clock, allow_loopback=config.allow_loopback)
    return use_cases(
        means,
        MmdbPlaces(config.geo),
        JwtAccessTokens(house.works, house.vault, house.clock, house.new_id, config.base_url),
        Providers({**dict.fromkeys(OPEN_ID, open_id), SsoKind.SAML: saml}),
    )


def post(house: House) -> Post:
    return Post(means_of(house), house.vendors, house.mailer, random.random)


def means_of(house: House) -> Means:
    return Means(
        works=house.works,
        directory=house.lookups,
        hasher=Argon2(),
        common=CommonPasswords(),
        totp=PyotpTotp(),
        passkeys=WebAuthnPasskeys(house.config.base_url),
        vault=house.vault,
        clock=house.clock,
        ids=house.new_id,
        random=secrets.token_bytes,
        base_url=house.config.base_url,
    )


def use_cases(
    means: Means, places: Places, tokens: AccessTokens, providers: IdentityProviders
) -> Identity:
    sign_in = SignIn(means)
    return Identity(
        means=means,
        places=places,
        tokens=tokens,
        picture=qr_svg,
        sign_in=sign_in,
        renew=Renew(means),
        sign_out=SignOut(means),
        passwords=Passwords(means),
        email=Email(means),
        enrolment=Enrolment(means),
        reprove=Reprove(means),
        own_sessions=OwnSessions(means),
        recovery=Recovery(means),
        me=Me(means.works, means.directory, means.clock),
        sso=SsoSignIn(means, providers, sign_in),
        sso_answers=SsoAnswers(means),
        sso_connections=Connections(means, providers),
    )


def _way_out(config: Config, client: Any, hosts: frozenset[str]) -> HttpTransport:
    """To identity providers; never to a sandbox, which would vouch for anybody."""
    allowed = hosts if config.allow_loopback else {h for h in hosts if not is_loopback(h)}
    return HttpTransport(
        frozenset(allowed),
        client=client,
        plugin="sso",
        observe=observe.vendor_called,
        largest=LARGEST_ANSWER,
    )
