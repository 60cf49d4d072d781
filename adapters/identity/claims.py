"""From a provider's claims to what it says of somebody. Providers differ in what an address is
worth: the presets of Google and Entra stand here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.identity.account import fold_email
from core.identity.means import NotProven
from core.identity.sso import Connection, Identity, Rules, SsoKind
from core.shared.errors import Invalid
from ports.errors import ContractBroken
from ports.wild import Wild

ABOUT_THE_ADDRESS = ("email", "email_verified", "xms_edov", "hd")
"""Claims that are worth nothing apart: they are read from one source together."""

_GMAIL = "gmail.com"
_STRONG = ("phr", "phrh")
"""OpenID Connect Extended Authentication Profile ACR Values 1.0: resistant to phishing."""
_LONGEST_NAME = 200


def identity(claims: Mapping[str, Any], connection: Connection) -> Identity:
    """NotProven where the provider's own rules say that the account does not belong here.

    The subject is `sub`, of Entra too: there it is the person's for one application, never changes
    and is never given to another. `oid` with `tid` would name them to other applications as well,
    which is of no use here (learn.microsoft.com/entra/identity-platform/id-token-claims-reference).
    """
    wild = Wild(claims)
    try:
        email = _email(wild)
        if connection.kind is SsoKind.GOOGLE:
            _check_hosted(wild, email, connection.rules)
        return Identity(
            subject=wild["sub"].text(),
            email=email,
            email_verified=email is not None and _verified(wild, email, connection.kind),
            name=_name(wild),
            words=_words(wild, connection.rules.role_claim),
            session=wild["sid"].text_or(None),
            strong=_strong(wild),
        )
    except ContractBroken as error:
        raise NotProven(f"its claims do not fit: {error}") from None


def complete(signed: Mapping[str, Any], told: Mapping[str, Any]) -> Mapping[str, Any]:
    """An ID token's claims and those of the UserInfo answer, the signed ones first.

    The address and its proof are taken from one of them whole, so that a verified address never
    lends its proof to another.
    """
    other = told if "email" in signed else signed
    rest = {name: value for name, value in other.items() if name not in ABOUT_THE_ADDRESS}
    return {**told, **rest} if other is signed else {**rest, **signed}


def _email(wild: Wild) -> str | None:
    """As folded. What is no plain address is none, however much it looks like one."""
    given = wild["email"].text_or(None)
    if given is None or given != given.strip():
        return None
    try:
        return fold_email(given)
    except Invalid:
        return None


def _verified(wild: Wild, email: str, kind: SsoKind) -> bool:
    """Whether the provider vouches for the mailbox.

    Entra: `email` may be set to anything; the optional claim `xms_edov` tells that the owner of its
    domain was verified (learn.microsoft.com/entra/identity-platform/optional-claims-reference and
    …/migrate-off-email-claim-authorization). It is documented as a Boolean and was seen as text.

    Google: an account may carry the address of another mail service, which may since have passed to
    somebody else. Google answers for Gmail, and for a Workspace's addresses, where `hd` is set
    (developers.google.com/identity/gsi/web/guides/verify-google-id-token).
    """
    if kind is SsoKind.ENTRA:
        return wild["xms_edov"].raw in (True, "1", "true")
    verified = wild["email_verified"].raw is True
    if kind is SsoKind.GOOGLE:
        return verified and _hosted(wild, email) is not None
    return verified


def _check_hosted(wild: Wild, email: str | None, rules: Rules) -> None:
    """`hd` must be one of the seller's domains; the hint in the request proves nothing
    (developers.google.com/identity/openid-connect/openid-connect)."""
    if rules.domains and _hosted(wild, email) not in rules.domains:
        raise NotProven("the Google account belongs to another organisation, or to none")


def _hosted(wild: Wild, email: str | None) -> str | None:
    hosted = wild["hd"].text_or(None)
    if hosted is None and email is not None and email.endswith(f"@{_GMAIL}"):
        return _GMAIL
    return hosted.lower() if hosted else None


def _name(wild: Wild) -> str:
    """One line, without what would not print."""
    given = wild["name"].text_or(None) or " ".join(
        part for part in (wild[n].text_or(None) for n in ("given_name", "family_name")) if part
    )
    line = " ".join("".join(c if c.isprintable() else " " for c in given).split())
    return line[:_LONGEST_NAME]


def _words(wild: Wild, claim: str | None) -> dict[str, tuple[str, ...]]:
    """The words of the claim that roles are read from.

    Entra leaves the groups out where they are too many, and points to another service instead
    (…/id-token-claims-reference, "Groups overage claim"). Then nothing is known of them, and
    whoever may have lost a role is not let in with it.
    """
    if claim is None:
        return {}
    found = wild[claim]
    if not found.present:
        elsewhere = wild["_claim_names"]
        if elsewhere.present and elsewhere[claim].present:
            raise NotProven(f"{claim} did not fit into the token: send roles of the application")
        return {claim: ()}
    if isinstance(found.raw, str):
        return {claim: (found.raw,)}
    return {claim: tuple(each.text() for each in found.each())}


def _strong(wild: Wild) -> bool:
    """Whether more than a password was asked for: `amr` (RFC 8176) or `acr` says so."""
    methods = wild["amr"].raw
    return (isinstance(methods, list) and "mfa" in methods) or wild["acr"].raw in _STRONG
