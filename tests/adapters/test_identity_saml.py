"""SAML responses: what one of the provider's keys has signed, for us, for now, and nothing else."""

from __future__ import annotations

import copy
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID
from xml.etree import ElementTree as Xml

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod

from adapters.identity.saml import Saml
from core.identity.means import NotProven
from core.identity.sso import Connection, Identity, Rules, SsoKind
from tests.adapters.saml_forger import (
    HERE,
    ISSUER,
    NOW,
    REQUEST,
    US,
    A,
    P,
    Signer,
    assertion,
    attributes,
    response,
    said,
    signed,
    signer,
)

MINUTE = timedelta(minutes=1)
_DS = "http://www.w3.org/2000/09/xmldsig#"


class Clock:
    def now(self) -> Any:
        return NOW


def connection(**more: Any) -> Connection:
    settings_ = {"sso_url": "https://idp.seller.example/sso", "certificate": signer("ours").pem}
    made = Connection(
        UUID(int=7), SsoKind.SAML, "Giriş", True, ISSUER, US, settings_, b"",
        Rules(("seller.example",), role_claim="groups"), NOW, NOW,
    )  # fmt: skip
    return replace(made, **more)


def trusting(*pems: str) -> Connection:
    made = connection()
    return replace(made, settings={**made.settings, "certificate": "\n".join(pems)})


SAML = Saml(lambda count: b"\xab" * count, Clock())


def finish(text: str, sso: Connection | None = None, at: timedelta = timedelta()) -> Identity:
    answer, kept = {"SAMLResponse": text}, {"request_id": REQUEST}
    return SAML.finish(sso or connection(), "", answer, kept, HERE, NOW + at)


def refused(text: str, why: str = ".", **more: Any) -> None:
    with pytest.raises(NotProven, match=why):
        finish(text, **more)


# --- the request -----------------------------------------------------------------------------


def test_the_request_names_us_and_where_to_come_back_to() -> None:
    away = SAML.begin(connection(), "", "s" * 64, HERE)
    asked = parse_qs(urlsplit(away.url).query)
    assert away.url.startswith("https://idp.seller.example/sso?SAMLRequest=")
    assert asked["RelayState"] == ["s" * 64]
    request = Xml.fromstring(zlib.decompress(b64decode(asked["SAMLRequest"][0]), -15))  # noqa: S314
    assert request.tag == f"{{{P}}}AuthnRequest"
    assert request.get("ID") == away.kept["request_id"] == "_" + "ab" * 20
    assert request.get("AssertionConsumerServiceURL") == HERE
    assert request.get("Destination") == "https://idp.seller.example/sso"
    assert request.findtext(f"{{{A}}}Issuer") == US


def test_an_address_with_a_query_of_its_own_keeps_it() -> None:
    there = "https://idp.seller.example/sso?app=7"
    sso = connection(settings={**connection().settings, "sso_url": there})
    asked = parse_qs(urlsplit(SAML.begin(sso, "", "s", HERE).url).query)
    assert asked.keys() == {"app", "SAMLRequest", "RelayState"}


@pytest.mark.parametrize(
    "there",
    [
        "http://idp.seller.example/sso",
        "http://127.0.0.1:80/sso",
        "https://localhost/sso",
        "https://user@idp.seller.example/sso",
        "https://idp.seller.example/sso#x",
        "https://idp.seller.example/s so",
        "https://idp.seller.example:99999/sso",
        "javascript:alert(1)",
        "idp.seller.example",
        "",
    ],
)
def test_nobody_is_sent_to_a_place_that_is_none(there: str) -> None:
    sso = connection(settings={**connection().settings, "sso_url": there})
    with pytest.raises(NotProven, match="sign-in address"):
        SAML.begin(sso, "", "s", HERE)


def test_this_machine_is_a_place_where_that_is_allowed() -> None:
    here = Saml(lambda count: b"r" * count, Clock(), allow_loopback=True)
    sso = connection(settings={**connection().settings, "sso_url": "http://127.0.0.1:9/sso"})
    assert here.begin(sso, "", "s", HERE).url.startswith("http://127.0.0.1:9/sso?")


@pytest.mark.parametrize(
    ("pem", "why"),
    [
        ("", "none"),
        ("MII", "none"),
        ("-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----", "none"),
        (lambda: signer("weak").pem, "weak"),
        (lambda: Signer(ec.generate_private_key(ec.SECP192R1())).pem, "weak"),
        (lambda: Signer(signer("ours").key, NOW - 9 * MINUTE, days=0).pem, "over"),
        (lambda: Signer(signer("ours").key, NOW + MINUTE).pem, "over"),
        (lambda: signer("ours").pem * 5, "at most 4"),
    ],
)
def test_a_certificate_that_proves_nothing_is_told_at_once(pem: Any, why: str) -> None:
    with pytest.raises(NotProven, match=why):
        SAML.begin(trusting(pem() if callable(pem) else pem), "", "s", HERE)


# --- who it is -------------------------------------------------------------------------------


def test_a_signed_assertion_says_who_it_is() -> None:
    told = {
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress": "ALI@seller.example",
        "http://schemas.microsoft.com/identity/claims/displayname": "Ali\u00a0 Yılmaz",
        "groups": ["Managers", "Night"],
    }
    assert finish(signed(attributes=attributes(told))) == Identity(
        subject="u-1",
        email="ali@seller.example",
        email_verified=True,
        name="Ali Yılmaz",
        words={"groups": ("Managers", "Night")},
        session="s-1",
        strong=False,
        once="_said",
    )


@pytest.mark.parametrize(
    ("told", "email", "verified"),
    [
        ({"mail": "ali@seller.example"}, "ali@seller.example", True),
        ({"email": "ali@elsewhere.example"}, "ali@elsewhere.example", False),
        ({"email": "ali@sub.seller.example"}, "ali@sub.seller.example", False),
        ({"email": "ali@seller.example@evil.example"}, None, False),
        ({"email": "nobody"}, None, False),
        ({}, None, False),
    ],
)
def test_an_address_is_believed_where_the_seller_says_so(
    told: dict[str, Any], email: str | None, verified: bool
) -> None:
    who = finish(signed(attributes=attributes(told) if told else ""))
    assert (who.email, who.email_verified) == (email, verified)


def test_a_subject_that_is_an_address_is_one() -> None:
    kind = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
    who = finish(signed(name="Ali@Seller.Example", format=kind))
    assert (who.subject, who.email, who.email_verified) == (
        "Ali@Seller.Example", "ali@seller.example", True,
    )  # fmt: skip


def test_a_name_is_made_of_its_parts() -> None:
    told = {"urn:oid:2.5.4.42": "Ada", "urn:oid:2.5.4.4": "Çelik"}
    assert finish(signed(attributes=attributes(told))).name == "Ada Çelik"


def test_more_than_a_password_is_told() -> None:
    assert finish(signed(context="https://refeds.org/profile/mfa")).strong
    methods = "http://schemas.microsoft.com/claims/authnmethodsreferences"
    both = ["urn:oasis:x", "http://schemas.microsoft.com/claims/multipleauthn"]
    assert finish(signed(attributes=attributes({methods: both}))).strong


def test_groups_that_did_not_fit_are_not_none() -> None:
    link = attributes({"http://schemas.microsoft.com/claims/groups.link": "https://graph.example"})
    refused(signed(attributes=link), "did not fit")


def test_a_name_that_lasts_for_a_session_is_none() -> None:
    refused(
        signed(format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient"),
        "lasts for one session",
    )


# --- signatures ------------------------------------------------------------------------------


def test_keys_of_both_kinds_and_the_new_one_beside_the_old() -> None:
    curve = Signer(ec.generate_private_key(ec.SECP256R1()))
    by_curve = said(response(curve.sign(assertion())))
    for sso in (trusting(curve.pem), trusting(signer("ours").pem, curve.pem), trusting(curve.bare)):
        assert finish(by_curve, sso).subject == "u-1"
    assert finish(signed(), trusting(curve.pem, signer("ours").pem)).subject == "u-1"


def test_a_response_may_be_signed_besides() -> None:
    inner = signer("ours").sign(assertion())
    whole = signer("ours").sign(response(inner))
    assert finish(said(whole)).subject == "u-1"


def test_nobody_elses_signature_counts_whatever_certificate_it_brings() -> None:
    refused(signed(by="theirs"), "does not hold: InvalidSignature")


def test_a_key_of_another_connection_is_somebody_elses() -> None:
    refused(signed(), "does not hold", sso=trusting(signer("theirs").pem))


def test_an_unsigned_assertion_says_nothing() -> None:
    refused(said(response(assertion())), "not signed")


def test_a_signed_response_is_no_signed_assertion() -> None:
    refused(said(signer("ours").sign(response(assertion()))), "not signed")


@pytest.mark.parametrize(
    "how",
    [
        {"signature_algorithm": SignatureMethod.RSA_SHA1},
        {"digest_algorithm": DigestAlgorithm.SHA1},
    ],
)
def test_sha1_is_nobodys_signature(how: dict[str, Any]) -> None:
    refused(signed(how=how), "does not hold: InvalidInput")


def test_a_secret_that_we_know_signs_nothing() -> None:
    """As when the public certificate is taken for the key of an HMAC."""
    whole = etree.fromstring(b64decode(signed()))
    method = whole.find(f".//{{{_DS}}}SignatureMethod")
    assert method is not None
    method.set("Algorithm", SignatureMethod.HMAC_SHA256.value)
    refused(said(whole), "does not hold")


def test_what_is_signed_with_comments_is_not_as_saml_wants_it() -> None:
    kind = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0_WITH_COMMENTS
    refused(signed(how={"c14n_algorithm": kind}), "made of the assertion")


def test_the_key_of_a_certificate_whose_time_is_over_signs_nothing() -> None:
    refused(signed(), "does not hold: InvalidCertificate", at=timedelta(days=40))


def change(whole: Any, tag: str, text: str) -> Any:
    found = whole.find(f".//{{{A}}}{tag}")
    found.text = text
    return whole


@pytest.mark.parametrize("tag", ["NameID", "Audience", "Issuer", "AuthnContextClassRef"])
def test_what_was_changed_afterwards_was_not_signed(tag: str) -> None:
    whole = etree.fromstring(b64decode(signed()))
    [part] = whole.iter(f"{{{A}}}Assertion")
    change(part, tag, "changed")
    refused(said(whole), "does not hold: InvalidDigest")


def test_a_comment_in_a_name_makes_no_other_name_of_it() -> None:
    """The name of before the comment must not be taken for the whole (VU#475445, 2018)."""
    whole = etree.fromstring(b64decode(signed(name="ali@seller.example.evil.example")))
    name = whole.find(f".//{{{A}}}NameID")
    assert name is not None
    name.text = "ali@seller.example"
    comment = etree.Comment("x")
    comment.tail = ".evil.example"
    name.append(comment)
    who = finish(said(whole))
    assert (who.subject, who.email_verified) == ("ali@seller.example.evil.example", False)


# --- wrapping: the right signature about another assertion -----------------------------------


def _extensions(part: Any) -> Any:
    made = etree.Element(f"{{{P}}}Extensions")
    made.append(part)
    return made


def _object(signature: Any, part: Any) -> Any:
    etree.SubElement(signature, f"{{{_DS}}}Object").append(part)
    return signature


def _signature(of: Any) -> Any:
    return of.find(f"{{{_DS}}}Signature")


def _evil(good: Any, **says: str) -> Any:
    """What the attacker would like to have been said."""
    return assertion(name="owner", **says)


def xsw_before(good: Any) -> Any:
    return response(_evil(good, id="_evil"), good)


def xsw_after(good: Any) -> Any:
    return response(good, _evil(good, id="_evil"))


def xsw_same_id(good: Any) -> Any:
    return response(_evil(good), good)


def xsw_around(good: Any) -> Any:
    evil = _evil(good, id="_evil")
    evil.append(good)
    return response(evil)


def xsw_in_extensions(good: Any) -> Any:
    whole = response(_evil(good, id="_evil"))
    whole.insert(1, _extensions(good))
    return whole


def xsw_in_object(good: Any) -> Any:
    """The evil one carries the signature, and in it what the signature is about."""
    evil, signature = _evil(good, id="_evil"), _signature(good)
    good.remove(signature)
    evil.insert(1, _object(signature, good))
    return response(evil)


def xsw_in_object_same_id(good: Any) -> Any:
    evil, signature = _evil(good), _signature(good)
    good.remove(signature)
    evil.insert(1, _object(signature, good))
    return response(evil)


def xsw_within_the_signature(good: Any) -> Any:
    """Enveloped signatures are cut out before the digest is made."""
    _object(_signature(good), _evil(good, id="_evil"))
    return response(good)


def xsw_signed_twice(good: Any) -> Any:
    good.append(copy.deepcopy(_signature(good)))
    return response(good)


def xsw_response_in_a_response(good: Any) -> Any:
    return response(_evil(good, id="_evil"), _extensions(response(good)))


def xsw_reference_to_the_response(good: Any) -> Any:
    evil = _evil(good, id="_evil")
    evil.insert(1, copy.deepcopy(_signature(good)))
    return response(evil, _extensions(good))


def xsw_hidden_under_another_name(good: Any) -> Any:
    """Only an assertion by name is looked for, so the good one is given another."""
    evil = _evil(good, id="_evil")
    evil.insert(1, copy.deepcopy(_signature(good)))
    good.tag = f"{{{A}}}Advice"
    return response(evil, _extensions(good))


WRAPPED = [each for name, each in list(globals().items()) if name.startswith("xsw_")]


@pytest.mark.parametrize("wrapped", WRAPPED, ids=lambda w: w.__name__)
def test_a_signature_is_about_what_is_read(wrapped: Callable[[Any], Any]) -> None:
    good = signer("ours").sign(assertion())
    assert finish(said(response(copy.deepcopy(good)))).subject == "u-1"
    refused(said(wrapped(good)), "one assertion, in its place|not signed|something else")


@settings(max_examples=150)
@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=3), st.booleans())
def test_whatever_is_changed_it_says_the_same_or_nothing(
    at: int, bytes_: bytes, insert: bool
) -> None:
    whole = b64decode(signed(attributes=attributes({"email": "ali@seller.example"})))
    place = at % len(whole)
    end = place if insert else place + len(bytes_)
    changed = whole[:place] + bytes_ + whole[end:]
    try:
        who = finish(b64encode(changed).decode())
    except NotProven:
        return
    assert who == finish(b64encode(whole).decode())


# --- hostile XML -----------------------------------------------------------------------------

_LAUGHS = """<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">
<!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;"><!ENTITY f "&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;">]>"""
_FILE = '<!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/hostname">]>'
_REMOTE = '<!DOCTYPE r SYSTEM "http://127.0.0.1:9/evil.dtd">'


@pytest.mark.parametrize("type_", [_LAUGHS, _FILE, _REMOTE, "<!DOCTYPE r>"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_no_document_type_is_taken_in(type_: str, encoding: str) -> None:
    whole = b64decode(signed(name="&amp;f;")).decode().replace("&amp;f;", "&f;")
    if "<!ENTITY f" not in type_:
        whole = whole.replace("&f;", "u")
    refused(b64encode((type_ + whole).encode(encoding)).decode(), "document type|no XML")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "!",
        "bm90IHhtbA==",
        b64encode(b"<a/>").decode(),
        b64encode(b"<a>" * 5000).decode(),
        b64encode(b"\xff\xfe\x00").decode(),
        "çok",
    ],
)
def test_what_is_no_response_is_refused(text: str) -> None:
    refused(text)


def test_an_encrypted_assertion_is_not_read() -> None:
    whole = response(etree.Element(f"{{{A}}}EncryptedAssertion"))
    refused(said(whole), "encrypted")


# --- for us, here, now, in answer to our request ---------------------------------------------

EVIL = "https://evil.example"


@pytest.mark.parametrize(
    ("says", "why"),
    [
        ({"issuer": EVIL}, "another provider"),
        ({"from_": EVIL}, "another provider"),
        ({"audience": EVIL}, "another audience"),
        ({"recipient": EVIL}, "nobody may bring"),
        ({"destination": EVIL}, "another place"),
        ({"request": "_other"}, "nobody may bring"),
        ({"answers": "_other"}, "another request"),
        ({"method": "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"}, "nobody may bring"),
        ({"version": "1.1"}, "SAML 2.0"),
        ({"status": "urn:oasis:names:tc:SAML:2.0:status:Requester"}, "says Requester"),
        ({"status": "<script>".replace("<", "&lt;")}, "says no"),
        ({"name": " "}, "characters"),
        ({"name": "u" * 256}, "characters"),
        ({"name": "<saml:x/>u"}, "more than text"),
        ({"until": "soon"}, "no moment"),
        ({"until": "2026-11-24T09:35:00"}, "no time zone"),
    ],
)
def test_what_was_meant_for_others_is_nothing_to_us(says: dict[str, str], why: str) -> None:
    refused(signed(**says), why)


@pytest.mark.parametrize(
    "dropped", ["Subject", "Conditions", "AudienceRestriction", "AuthnStatement", "NameID",
                "SubjectConfirmation", "SubjectConfirmationData", "Issuer"]
)  # fmt: skip
def test_what_must_be_said_is_missed(dropped: str) -> None:
    part = assertion()
    [found] = part.iter(f"{{{A}}}{dropped}")
    found.getparent().remove(found)
    refused(said(response(signer("ours").sign(part))))


@pytest.mark.parametrize("name", ["NotOnOrAfter", "Recipient", "InResponseTo"])
def test_a_confirmation_without_limits_is_none(name: str) -> None:
    part = assertion()
    [data] = part.iter(f"{{{A}}}SubjectConfirmationData")
    del data.attrib[name]
    refused(said(response(signer("ours").sign(part))), "nobody may bring")


def test_a_confirmation_that_begins_later_is_none() -> None:
    """SAML Profiles, section 4.1.4.2: a bearer's has no beginning."""
    part = assertion()
    [data] = part.iter(f"{{{A}}}SubjectConfirmationData")
    data.set("NotBefore", "2026-11-24T09:00:00Z")
    refused(said(response(signer("ours").sign(part))), "nobody may bring")


def test_what_nobody_asked_for_is_refused() -> None:
    """A sign-in that the provider begins names no request of ours."""
    part = assertion()
    [data] = part.iter(f"{{{A}}}SubjectConfirmationData")
    del data.attrib["InResponseTo"]
    whole = response(signer("ours").sign(part))
    del whole.attrib["InResponseTo"]
    refused(said(whole), "none of ours")


def test_every_audience_must_hold_us() -> None:
    part = assertion()
    [first] = part.iter(f"{{{A}}}AudienceRestriction")
    other = copy.deepcopy(first)
    other[0].text = EVIL
    first.addnext(other)
    refused(said(response(signer("ours").sign(part))), "another audience")


@pytest.mark.parametrize(
    ("at", "good"),
    [
        (timedelta(minutes=-2) + timedelta(seconds=1), True),
        (timedelta(minutes=-2) - timedelta(seconds=1), False),
        (timedelta(minutes=6) - timedelta(seconds=1), True),
        (timedelta(minutes=6), False),
    ],
)
def test_an_assertion_holds_for_its_time_and_a_minute(at: timedelta, good: bool) -> None:
    if good:
        assert finish(signed(), at=at).subject == "u-1"
    else:
        refused(signed(), at=at)


def test_an_assertion_may_hold_for_less_than_its_confirmation() -> None:
    part = assertion()
    [conditions] = part.iter(f"{{{A}}}Conditions")
    conditions.set("NotOnOrAfter", "2026-11-24T09:29:00Z")
    refused(said(response(signer("ours").sign(part))), "not hold any more")


def test_a_session_that_is_over_signs_nobody_in() -> None:
    part = assertion()
    [statement] = part.iter(f"{{{A}}}AuthnStatement")
    statement.set("SessionNotOnOrAfter", "2026-11-24T09:00:00Z")
    refused(said(response(signer("ours").sign(part))), "session is over")


def test_a_provider_that_was_to_ask_anew_says_that_it_did() -> None:
    away = SAML.begin(connection(), "", "s", HERE, fresh=True)
    assert away.kept["fresh"] == "yes"

    def asked(at: str | None) -> Identity:
        part = assertion()
        [statement] = part.iter(f"{{{A}}}AuthnStatement")
        if at is None:
            del statement.attrib["AuthnInstant"]
        else:
            statement.set("AuthnInstant", at)
        answer = {"SAMLResponse": said(response(signer("ours").sign(part)))}
        kept = {"request_id": REQUEST, "fresh": "yes"}
        return SAML.finish(connection(), "", answer, kept, HERE, NOW)

    assert asked("2026-11-24T09:26:00Z").fresh
    for at in ("2026-11-24T09:24:59Z", "2026-11-24T09:31:01Z", None):
        with pytest.raises(NotProven, match="anew"):
            asked(at)


def test_saml_knows_no_logout_token_and_offers_no_farewell() -> None:
    with pytest.raises(NotProven):
        SAML.ended(connection(), "x", NOW)
    assert SAML.farewell(connection(), US) is None
