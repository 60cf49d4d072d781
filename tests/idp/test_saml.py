"""Sign-in by SAML, with a provider that we did not write."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Engine

from core.identity.sso import Connection, Rules, SsoKind
from core.identity.sso_answers import SsoAnswers
from core.identity.sso_connections import ConnectionDetails, address
from core.identity.sso_sign_in import NeedsLink
from core.identity.steps import Step
from core.shared.errors import Invalid, SignInRefused
from core.tenancy.members import MemberState
from entrypoints.http.saml_metadata import metadata
from ports.http import Transport
from tests.adapters.saml_forger import assertion_id
from tests.idp.house import BASE, House, entered
from tests.idp.saml_provider import SamlProvider, installed_saml, running_saml

US = "https://panel.invekto.example/saml"
GROUPS = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"


@pytest.fixture(scope="session")
def saml_idp(from_node: Callable[..., Any]) -> Iterator[SamlProvider]:
    with running_saml(from_node(installed_saml), lambda: datetime.now(UTC)) as provider:
        yield provider


@pytest.fixture
def idp(saml_idp: SamlProvider) -> SamlProvider:
    saml_idp.options()
    return saml_idp


@pytest.fixture
def house(engine: Engine, tenant: UUID) -> House:
    def nowhere(hosts: frozenset[str]) -> Transport:
        raise AssertionError(f"nobody is asked: {hosts}")

    return House(engine, tenant, nowhere)


Connect = Callable[..., Connection]


@pytest.fixture
def connect(house: House, idp: SamlProvider) -> Connect:
    def connected(certificate: str | None = None, **rules: Any) -> Connection:
        given = {"domains": ("seller.example",), **rules}
        settings = {"sso_url": idp.sso_url, "certificate": certificate or idp.signer.pem}
        details = ConnectionDetails(
            SsoKind.SAML, "Giriş", US, idp.issuer, settings=settings, rules=Rules(**given)
        )
        return house.connections.add(uuid4(), details, house.owner())

    return connected


def come(house: House, sso: Connection, idp: SamlProvider, login: str) -> Step | NeedsLink:
    return back(house, idp.sign_in(house.begin(sso), login))


def back(house: House, form: Mapping[str, str], flow: str = "flow") -> Step | NeedsLink:
    """What the assertion consumer takes in, and the page of ours that comes for it."""
    tenant = UUID(form["action"].split("/")[-2])
    ticket = SsoAnswers(house.means).keep(tenant, form["SAMLResponse"], form["RelayState"])
    assert ticket, "nobody is away with this state"
    return house.sso.finish(SsoAnswers(house.means).taken(ticket), flow, house.client)


def test_somebody_signs_in_and_becomes_a_member(
    house: House, idp: SamlProvider, connect: Connect
) -> None:
    sso, who = connect(provision=True), idp.account()
    step = entered(come(house, sso, idp, who))
    member = house.member(step.session.person)
    assert (member.email, member.managed) == (f"{who}@seller.example", True)
    assert (step.session.methods, step.session.proven_at) == (("sso",), None)
    assert (step.session.sso_subject, step.session.sso_session) == (who, f"_session-{who}")
    again = entered(come(house, sso, idp, who))
    assert again.session.person == member.id


def test_the_provider_sends_them_to_the_connections_own_consumer(
    house: House, idp: SamlProvider, connect: Connect
) -> None:
    sso = connect(provision=True)
    away = house.begin(sso)
    [state] = parse_qs(urlsplit(away).query)["RelayState"]
    form = idp.sign_in(away, idp.account())
    assert form["action"] == address(BASE, house.tenant, sso)
    assert form["RelayState"] == state
    assert len(state) <= 80
    told = metadata(house.tenant, sso.id, BASE, works=house.works)
    assert f'Location="{form["action"]}"' in told
    assert f'entityID="{US}"' in told


def test_groups_give_roles_and_take_them(house: House, idp: SamlProvider, connect: Connect) -> None:
    sso = connect(provision=True, role_claim=GROUPS, role_map={"Managers": "supervisor"})
    who = idp.account(**{GROUPS: ["Night", "Managers"]})
    person = entered(come(house, sso, idp, who)).session.person
    assert house.member(person).roles == ("supervisor",)


def test_a_member_is_matched_by_an_address_of_the_named_domains_alone(
    house: House, idp: SamlProvider, connect: Connect
) -> None:
    ada = house.hire("ada@seller.example")
    step = entered(come(house, connect(), idp, idp.account(mail="Ada@Seller.Example")))
    assert step.session.person == ada
    house.hire("can@elsewhere.example")
    with pytest.raises(SignInRefused):
        come(house, connect(provision=True), idp, idp.account(mail="can@elsewhere.example"))
    with pytest.raises(Invalid) as refused:
        connect(domains=())
    assert list(refused.value.problems) == ["rules.domains"]


def test_a_suspended_member_stays_out(house: House, idp: SamlProvider, connect: Connect) -> None:
    ada = house.hire("ada@seller.example", state=MemberState.SUSPENDED)
    with pytest.raises(SignInRefused):
        come(house, connect(provision=True), idp, idp.account(mail="ada@seller.example"))
    assert house.sessions(ada) == []


def test_a_member_with_a_password_proves_it_once(
    house: House, idp: SamlProvider, connect: Connect
) -> None:
    house.hire("ada@seller.example", password=True)
    step = come(house, connect(), idp, idp.account(mail="ada@seller.example"))
    assert isinstance(step, NeedsLink)


def test_a_signed_response_besides_and_a_new_key_beside_the_old(
    house: House, idp: SamlProvider, connect: Connect
) -> None:
    old = idp.signer.pem
    idp.options(signResponse=True)
    who, sso = idp.account(), connect(provision=True)
    person = entered(come(house, sso, idp, who)).session.person
    new = idp.rotate()
    with pytest.raises(SignInRefused):
        come(house, sso, idp, who)
    details = ConnectionDetails(
        SsoKind.SAML,
        "Giriş",
        US,
        idp.issuer,
        settings={"sso_url": idp.sso_url, "certificate": old + new},
        rules=sso.rules,
    )
    house.connections.replace(sso.id, details, sso.version, house.owner())
    assert entered(come(house, sso, idp, who)).session.person == person


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"signAssertion": False}, "not signed"),
        ({"signAssertion": False, "signResponse": True}, "not signed"),
        ({"signatureAlgorithm": "rsa-sha1"}, "InvalidInput"),
        ({"digestAlgorithm": "sha1"}, "InvalidInput"),
        ({"recipient": "https://evil.example/acs"}, "nobody may bring"),
        ({"destination": "https://evil.example/acs"}, "another place"),
        ({"audience": "https://evil.example/saml"}, "another audience"),
        ({"issuer": "urn:example:another-idp"}, "another provider"),
        ({"inResponseTo": "_another"}, "another request"),
        ({"lifetimeInSeconds": -120}, "at this time"),
        ({"samlStatusCode": "urn:oasis:names:tc:SAML:2.0:status:Requester"}, "says Requester"),
    ],
)
def test_a_provider_that_is_set_up_otherwise_lets_nobody_in(
    house: House, idp: SamlProvider, connect: Connect, options: dict[str, Any], why: str
) -> None:
    sso, who = connect(provision=True), idp.account()
    idp.options(**options)
    with pytest.raises(SignInRefused):
        come(house, sso, idp, who)
    assert why in (house.refused()[0].detail or "")
    assert house.sessions() == []
    idp.options()
    entered(come(house, sso, idp, who))


def test_an_encrypted_assertion_is_told_to_the_sellers_log(
    house: House, idp: SamlProvider, connect: Connect
) -> None:
    sso, who = connect(provision=True), idp.account()
    public = idp.signer.key.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    idp.options(encryptionCert=idp.signer.pem, encryptionPublicKey=pem)
    with pytest.raises(SignInRefused):
        come(house, sso, idp, who)
    assert "encrypted" in (house.refused()[0].detail or "")


def test_what_a_provider_begins_by_itself_opens_nothing(
    house: House, idp: SamlProvider, connect: Connect
) -> None:
    sso, who = connect(provision=True), idp.account()
    acs = address(BASE, house.tenant, sso)
    form = idp.unasked(who, acs, US)
    answers = SsoAnswers(house.means)
    assert answers.keep(house.tenant, form["SAMLResponse"], form["RelayState"]) is None
    [state] = parse_qs(urlsplit(house.begin(sso)).query)["RelayState"]
    with pytest.raises(SignInRefused):
        back(house, {**form, "RelayState": state})
    assert "none of ours" in (house.refused()[0].detail or "")


def test_a_response_answers_its_own_request_once(
    house: House, idp: SamlProvider, connect: Connect
) -> None:
    sso, who = connect(provision=True), idp.account()
    form = idp.sign_in(house.begin(sso), who)
    entered(back(house, form))
    answers = SsoAnswers(house.means)
    assert answers.keep(house.tenant, form["SAMLResponse"], form["RelayState"]) is None
    [other] = parse_qs(urlsplit(house.begin(sso)).query)["RelayState"]
    with pytest.raises(SignInRefused):
        back(house, {**form, "RelayState": other})
    assert len(house.sessions()) == 1


def test_the_same_word_counts_once_whatever_request_it_answers(
    house: House, idp: SamlProvider, connect: Connect
) -> None:
    """Also where its request were still open: the id of the assertion is remembered."""
    sso, who = connect(provision=True), idp.account()
    form = idp.sign_in(house.begin(sso), who)
    with house.works(house.tenant) as work:
        now = house.clock.now()
        assert work.sso.used(sso.id, assertion_id(form["SAMLResponse"]), now, now)
        work.commit()
    with pytest.raises(SignInRefused):
        back(house, form)
    assert "heard before" in (house.refused()[0].detail or "")


def test_only_the_browser_that_went_comes_back(
    house: House, idp: SamlProvider, connect: Connect
) -> None:
    sso = connect(provision=True)
    form = idp.sign_in(house.begin(sso), idp.account())
    with pytest.raises(SignInRefused):
        back(house, form, flow="another browser's")
    assert house.sessions() == []


def test_an_answer_to_one_connection_opens_no_other(
    house: House, idp: SamlProvider, connect: Connect
) -> None:
    """Both are at the same provider, which tells them apart by where it sends people."""
    first, second = connect(provision=True), connect(provision=True)
    form = idp.sign_in(house.begin(first), idp.account())
    [other] = parse_qs(urlsplit(house.begin(second)).query)["RelayState"]
    with pytest.raises(SignInRefused):
        back(house, {**form, "RelayState": other})
    assert house.sessions() == []
