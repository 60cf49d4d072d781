"""What a signed assertion says of somebody, after every check of SAML Profiles, section 4.1.4.3.

SAML does not say whether an address was verified. So the seller does: an address is believed where
its domain is one of those for which the seller lets this provider speak.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lxml import etree

from core.identity.account import fold_email
from core.identity.means import NotProven
from core.identity.sso import Identity, Rules
from core.shared.errors import Invalid

Node = etree._Element
ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
LEEWAY = timedelta(seconds=60)
"""By which the provider's clock and ours may differ."""
FRESH = timedelta(minutes=5)
"""Since the provider asked the person, where it was told to ask anew."""
_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
_LONGEST = 255
_LONGEST_NAME = 200
_MOST = 2000
"""Values of one attribute."""
_CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
_MICROSOFT = "http://schemas.microsoft.com/"
_EMAILS = (f"{_CLAIMS}emailaddress", "urn:oid:0.9.2342.19200300.100.1.3", "mail", "email")
_NAMES = (
    f"{_MICROSOFT}identity/claims/displayname",
    "urn:oid:2.16.840.1.113730.3.1.241",
    "displayname",
)
_GIVEN = (f"{_CLAIMS}givenname", "urn:oid:2.5.4.42", "givenname", "firstname")
_FAMILY = (f"{_CLAIMS}surname", "urn:oid:2.5.4.4", "sn", "surname", "lastname")
"""By the URIs of Microsoft (learn.microsoft.com/entra/identity-platform/reference-saml-tokens), the
OIDs of inetOrgPerson (RFC 2798), and the short names that Okta and others show; in lower case."""
_ELSEWHERE = f"{_MICROSOFT}claims/groups.link"
"""Instead of too many groups (same page): then nothing is known of them."""
_METHODS = f"{_MICROSOFT}claims/authnmethodsreferences"
_STRONG = frozenset(
    {
        f"{_MICROSOFT}claims/multipleauthn",
        "https://refeds.org/profile/mfa",
        "urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorContract",
        "urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI",
        "urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken",
    }
)


@dataclass(frozen=True, slots=True)
class Expected:
    """What an answer to our request must name."""

    issuer: str
    us: str
    """Our entity id."""
    here: str
    """Our assertion consumer service."""
    request: str
    now: datetime
    fresh: bool = False
    """The provider was told to ask the person anew."""


def identity(assertion: Node, expected: Expected, rules: Rules) -> Identity:
    """NotProven for what was said by another, to another, elsewhere, or at another time."""
    if assertion.get("Version") != "2.0":
        raise NotProven("this is no assertion of SAML 2.0")
    if _text(one(assertion, _q("Issuer"))) != expected.issuer:
        raise NotProven("the assertion comes from another provider")
    subject = one(assertion, _q("Subject"))
    _check_confirmed(subject, expected)
    _check_conditions(one(assertion, _q("Conditions")), expected)
    session, strong = _authenticated(assertion, expected)
    name_id = one(subject, _q("NameID"))
    if name_id.get("Format") == _TRANSIENT:
        raise NotProven("the name of the subject lasts for one session: send one that stays")
    said = _attributes(assertion)
    email = _email(said, _text(name_id))
    return Identity(
        subject=_text(name_id),
        email=email,
        email_verified=email is not None and email.rpartition("@")[2] in rules.domains,
        name=_name(said),
        words=_words(said, rules.role_claim),
        session=session,
        strong=strong or not _STRONG.isdisjoint(said.get(_METHODS, ())),
        once=_bounded(assertion.get("ID", "")),
        fresh=expected.fresh,
    )


def qualified(namespace: str, name: str) -> str:
    return f"{{{namespace}}}{name}"


def one(parent: Node, path: str) -> Node:
    """The only one there; NotProven where there is none, or another beside it."""
    found = parent.findall(path)
    if len(found) != 1:
        raise NotProven(f"there is not one {path.rpartition('}')[2]} in its place")
    return found[0]


def _q(name: str) -> str:
    return qualified(ASSERTION, name)


def _text(node: Node) -> str:
    """The whole text of an element that holds nothing else. A comment in it, which would make two
    texts of one, is among what it must not hold."""
    if len(node):
        raise NotProven(f"there is more than text in {node.tag.rpartition('}')[2]}")
    return _bounded((node.text or "").strip())


def _bounded(text: str) -> str:
    if not 0 < len(text) <= _LONGEST:
        raise NotProven(f"a name has 1 to {_LONGEST} characters")
    return text


def _check_confirmed(subject: Node, expected: Expected) -> None:
    """Whoever brings it may be the subject: here, in answer to our request, and not later."""
    for confirmation in subject.findall(_q("SubjectConfirmation")):
        data = confirmation.find(_q("SubjectConfirmationData"))
        if confirmation.get("Method") != _BEARER or data is None:
            continue
        until = _moment(data, "NotOnOrAfter")
        if (
            data.get("Recipient") == expected.here
            and data.get("InResponseTo") == expected.request
            and data.get("NotBefore") is None
            and until is not None
            and expected.now < until + LEEWAY
        ):
            return
    raise NotProven("nobody may bring this assertion here, for this request, at this time")


def _check_conditions(conditions: Node, expected: Expected) -> None:
    since, until = _moment(conditions, "NotBefore"), _moment(conditions, "NotOnOrAfter")
    if since is not None and expected.now < since - LEEWAY:
        raise NotProven("the assertion does not hold yet")
    if until is not None and expected.now >= until + LEEWAY:
        raise NotProven("the assertion does not hold any more")
    restrictions = conditions.findall(_q("AudienceRestriction"))
    audiences = [[_text(a) for a in each.findall(_q("Audience"))] for each in restrictions]
    if not audiences or any(expected.us not in each for each in audiences):
        raise NotProven("the assertion is for another audience")


def _authenticated(assertion: Node, expected: Expected) -> tuple[str | None, bool]:
    """The provider's session, and whether it asked for more than a password."""
    statements = assertion.findall(_q("AuthnStatement"))
    if not statements:
        raise NotProven("the assertion does not say that anybody signed in")
    ends = [end for s in statements if (end := _moment(s, "SessionNotOnOrAfter")) is not None]
    if any(expected.now >= end + LEEWAY for end in ends):
        raise NotProven("the provider's session is over")
    if expected.fresh:
        _check_fresh(statements, expected.now)
    session = next((s.get("SessionIndex") for s in statements if s.get("SessionIndex")), None)
    contexts = (
        (each.text or "").strip()
        for s in statements
        for each in s.findall(f"{_q('AuthnContext')}/{_q('AuthnContextClassRef')}")
    )
    strong = any(context in _STRONG for context in contexts)
    return (_bounded(session) if session else None), strong


def _check_fresh(statements: Sequence[Node], now: datetime) -> None:
    asked = [at for s in statements if (at := _moment(s, "AuthnInstant")) is not None]
    if not asked or not -LEEWAY <= now - min(asked) <= FRESH:
        raise NotProven("the provider did not ask the person anew")


def _moment(node: Node, name: str) -> datetime | None:
    given = node.get(name)
    if given is None:
        return None
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        raise NotProven(f"{name} is no moment") from None
    if at.tzinfo is None:
        raise NotProven(f"{name} is in no time zone")
    return at.astimezone(UTC)


def _attributes(assertion: Node) -> Mapping[str, Sequence[str]]:
    """Values by name, in lower case. Friendly names are for people (SAML Core, section 2.7.3.1)."""
    said: dict[str, list[str]] = {}
    for attribute in assertion.findall(f"{_q('AttributeStatement')}/{_q('Attribute')}"):
        values = [
            (value.text or "").strip()
            for value in attribute.findall(_q("AttributeValue"))
            if not len(value)
        ]
        if len(values) > _MOST:
            raise NotProven(f"an attribute has at most {_MOST} values")
        name = attribute.get("Name", "").lower()
        said.setdefault(name, []).extend(value for value in values if value)
    return said


def _first(said: Mapping[str, Sequence[str]], names: Sequence[str]) -> str | None:
    return next((said[name][0] for name in names if said.get(name)), None)


def _email(said: Mapping[str, Sequence[str]], name_id: str) -> str | None:
    """As folded. What is no plain address is none, however much it looks like one."""
    given = _first(said, _EMAILS) or name_id
    try:
        return fold_email(given)
    except Invalid:
        return None


def _name(said: Mapping[str, Sequence[str]]) -> str:
    """One line, without what would not print."""
    parts = (_first(said, _GIVEN), _first(said, _FAMILY))
    given = _first(said, _NAMES) or " ".join(part for part in parts if part)
    line = " ".join("".join(c if c.isprintable() else " " for c in given).split())
    return line[:_LONGEST_NAME]


def _words(said: Mapping[str, Sequence[str]], claim: str | None) -> Mapping[str, tuple[str, ...]]:
    if claim is None:
        return {}
    if claim.lower() not in said and _ELSEWHERE in said:
        raise NotProven("the groups did not fit: send roles of the application")
    return {claim: tuple(said.get(claim.lower(), ()))}
