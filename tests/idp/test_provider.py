"""Single sign-on with a real, certified provider that we did not write."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import Engine

from adapters.http.transport import HttpTransport, pooled_client
from adapters.identity.issuers import AGAIN_SECONDS, LARGEST_ANSWER
from core.identity.sso import Connection
from core.identity.sso_sign_in import NeedsLink
from core.shared.errors import Invalid, SignInRefused
from tests.core.fakes.door import PASSWORD
from tests.idp.house import BASE, House, entered
from tests.idp.provider import Browser, Provider

pytestmark = pytest.mark.xdist_group("idp")


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with pooled_client() as client:
        yield client


@pytest.fixture
def house(engine: Engine, tenant: UUID, client: httpx.Client) -> House:
    def way_out(hosts: frozenset[str]) -> HttpTransport:
        return HttpTransport(
            hosts, client=client, plugin="sso", observe=lambda _: None, largest=LARGEST_ANSWER
        )

    return House(engine, tenant, way_out)


@pytest.fixture
def connect(house: House) -> Callable[..., Connection]:
    """A connection at a client that registered itself there."""

    def connected(at: Provider, asks: dict[str, Any] | None = None, **rules: Any) -> Connection:
        id = uuid4()
        known, secret = at.register(house.callback(id), **(asks or {}))
        return house.connect(at.issuer, known, secret, id=id, **rules)

    return connected


Connect = Callable[..., Connection]


def person(at: Provider, **claims: Any) -> str:
    """Somebody new with a verified address."""
    id = uuid4().hex
    usual = {"email": f"{id}@seller.example", "email_verified": True, "name": "Ayşe Öz"}
    return at.account(id, **{**usual, **claims})


class TestTheWholeWay:
    def test_somebody_signs_in_and_becomes_a_member(
        self, house: House, idp: Provider, browser: Browser, connect: Connect
    ) -> None:
        sso, who = connect(idp, provision=True), person(idp)
        answer = browser.sign_in(house.begin(sso), who)
        step = entered(house.finish(sso, answer))
        member = house.member(step.session.person)
        assert (member.email, member.name) == (f"{who}@seller.example", "Ayşe Öz")
        assert step.session.methods == ("sso",)
        assert (step.session.connection, step.session.sso_subject) == (sso.id, who)
        assert step.session.proven_at is None

    def test_asked_anew_they_have_a_recent_proof_for_this_seller(
        self, house: House, idp: Provider, browser: Browser, connect: Connect
    ) -> None:
        """Also in a browser that the provider knows; without being told so it asks nobody anew."""
        sso, who = connect(idp, provision=True), person(idp)
        entered(house.finish(sso, browser.sign_in(house.begin(sso), who)))
        answer = browser.sign_in(house.begin(sso, fresh=True), who)
        step = entered(house.finish(sso, answer))
        assert step.session.proven_at is not None
        assert step.session.methods == ("sso",)

    def test_the_provider_sent_them_to_the_connections_own_address_and_named_itself(
        self, house: House, idp: Provider, browser: Browser, connect: Connect
    ) -> None:
        sso = connect(idp, provision=True)
        answer = browser.sign_in(house.begin(sso), person(idp))
        assert answer.keys() == {"code", "state", "iss"}
        assert answer["iss"] == idp.issuer

    def test_a_member_is_matched_by_the_verified_address(
        self, house: House, idp: Provider, browser: Browser, connect: Connect
    ) -> None:
        ada = house.hire("ada@seller.example")
        who = person(idp, email="Ada@Seller.Example")
        sso = connect(idp)
        step = entered(house.finish(sso, browser.sign_in(house.begin(sso), who)))
        assert step.session.person == ada

    @pytest.mark.parametrize(
        "claims",
        [
            {"email_verified": False},
            {"email": None, "preferred_username": "ada@seller.example"},
            {"email": "аda@seller.example"},  # noqa: RUF001
        ],
    )
    def test_nobody_takes_her_over_by_an_address_that_was_not_verified(
        self,
        house: House,
        idp: Provider,
        browser: Browser,
        connect: Connect,
        claims: dict[str, Any],
    ) -> None:
        ada = house.hire("ada@seller.example")
        who = person(idp, **{"email": "ada@seller.example", **claims})
        sso = connect(idp, provision=True)
        answer = browser.sign_in(house.begin(sso), who)
        with pytest.raises(SignInRefused):
            house.finish(sso, answer)
        assert (house.links(ada), house.sessions()) == (0, [])

    def test_one_that_tells_of_people_only_at_its_userinfo_endpoint_is_asked_there(
        self, house: House, thrifty_idp: Provider, browser: Browser, connect: Connect
    ) -> None:
        who = person(thrifty_idp, groups=["Leads"])
        rules = {"role_claim": "groups", "role_map": {"Leads": "supervisor"}}
        sso = connect(thrifty_idp, provision=True, domains=("seller.example",), **rules)
        step = entered(house.finish(sso, browser.sign_in(house.begin(sso), who)))
        assert house.member(step.session.person).roles == ("supervisor",)

    def test_roles_follow_the_groups_at_every_sign_in(
        self, house: House, idp: Provider, browser: Browser, connect: Connect
    ) -> None:
        who = person(idp, groups=["Leads", "Others"])
        rules = {"role_claim": "groups", "role_map": {"Leads": "supervisor", "Dev": "developer"}}
        sso = connect(idp, provision=True, **rules)
        step = entered(house.finish(sso, browser.sign_in(house.begin(sso), who)))
        assert house.member(step.session.person).roles == ("supervisor",)
        idp.account(who, email=f"{who}@seller.example", email_verified=True, groups=["Dev"])
        house.finish(sso, browser.sign_in(house.begin(sso), who))
        assert house.member(step.session.person).roles == ("developer",)

    def test_a_member_with_a_password_proves_once_that_the_account_is_theirs(
        self, house: House, idp: Provider, browser: Browser, connect: Connect
    ) -> None:
        ada = house.hire("ada@seller.example", password=True)
        sso, who = connect(idp), person(idp, email="ada@seller.example")
        step = house.finish(sso, browser.sign_in(house.begin(sso), who))
        assert isinstance(step, NeedsLink)
        assert (house.links(ada), house.sessions()) == (0, [])
        with pytest.raises(SignInRefused):
            house.sso.link(step.ticket, "a guess", house.client)
        assert entered(house.sso.link(step.ticket, PASSWORD, house.client)).session.person == ada
        again = house.finish(sso, browser.sign_in(house.begin(sso), who))
        assert entered(again).session.person == ada
        assert house.links(ada) == 1


class TestKeys:
    def test_new_keys_are_believed_at_once_and_old_ones_no_more(
        self, house: House, idp: Provider, browser: Browser, connect: Connect
    ) -> None:
        sso, who = connect(idp, provision=True), person(idp)
        entered(house.finish(sso, browser.sign_in(house.begin(sso), who)))
        idp.rotate()
        house.monotonic += AGAIN_SECONDS
        entered(house.finish(sso, browser.sign_in(house.begin(sso), who)))
        assert len(house.sessions()) == 2


class TestAttacks:
    def test_a_code_is_good_once(
        self, house: House, idp: Provider, browser: Browser, connect: Connect
    ) -> None:
        """Brought back under another state of the same browser's."""
        sso, who = connect(idp, provision=True), person(idp)
        answer = browser.sign_in(house.begin(sso), who)
        entered(house.finish(sso, answer))
        state = parse_qs(urlsplit(house.begin(sso)).query)["state"][0]
        with pytest.raises(SignInRefused):
            house.finish(sso, {**answer, "state": state})
        assert house.refused()[0].detail == "the code was not taken: invalid_grant"
        assert len(house.sessions()) == 1

    def test_a_code_that_was_stolen_before_it_was_used_does_not_fit_another_verifier(
        self, house: House, idp: Provider, browser: Browser, connect: Connect
    ) -> None:
        sso, victim = connect(idp, provision=True), person(idp)
        stolen = browser.sign_in(house.begin(sso, flow="the victim's"), victim)
        state = parse_qs(urlsplit(house.begin(sso, flow="the thief's")).query)["state"][0]
        with pytest.raises(SignInRefused):
            house.finish(sso, {**stolen, "state": state}, flow="the thief's")
        assert house.refused()[0].detail == "the code was not taken: invalid_grant"
        assert house.sessions() == []

    def test_of_two_providers_none_answers_for_the_other(
        self,
        house: House,
        idp: Provider,
        other_idp: Provider,
        browser: Browser,
        connect: Connect,
    ) -> None:
        """The classic mix-up: the state is of one, the answer comes from the other."""
        one, two = connect(idp, provision=True), connect(other_idp, provision=True)
        victim = person(other_idp)
        state = parse_qs(urlsplit(house.begin(one)).query)["state"][0]
        theirs = browser.sign_in(house.begin(two), victim)
        mixed = {**theirs, "state": state}
        with pytest.raises(SignInRefused):
            house.finish(one, mixed)
        assert house.refused()[0].detail == "the answer names another issuer, or none"
        with pytest.raises(SignInRefused):
            house.finish(one, {k: v for k, v in mixed.items() if k != "iss"})
        assert house.sessions() == []

    def test_the_same_account_of_another_provider_is_somebody_else(
        self,
        house: House,
        idp: Provider,
        other_idp: Provider,
        browser: Browser,
        connect: Connect,
    ) -> None:
        who = person(idp)
        other_idp.account(who, email="eve@seller.example", email_verified=True)
        one, two = connect(idp, provision=True), connect(other_idp, provision=True)
        first = entered(house.finish(one, browser.sign_in(house.begin(one), who)))
        second = entered(house.finish(two, browser.sign_in(house.begin(two), who)))
        assert first.session.person != second.session.person

    def test_the_provider_sends_nobody_to_an_address_that_was_not_registered(
        self, house: House, idp: Provider, connect: Connect
    ) -> None:
        """The last lock on our open redirect, if we had one, is theirs."""
        url = house.begin(connect(idp))
        bent = url.replace("panel.invekto.example", "panel.evil.example")
        answer = httpx.get(bent, trust_env=False)
        assert answer.status_code == 400
        assert "location" not in answer.headers

    def test_an_account_that_the_provider_aborts_is_no_sign_in(
        self, house: House, idp: Provider, connect: Connect
    ) -> None:
        sso = connect(idp)
        state = parse_qs(urlsplit(house.begin(sso)).query)["state"][0]
        with pytest.raises(SignInRefused):
            house.finish(sso, {"state": state, "error": "access_denied", "iss": idp.issuer})
        assert house.refused()[0].detail == "the provider says access_denied"


class TestLogout:
    @pytest.fixture
    def heard(self) -> Iterator[tuple[str, list[str]]]:
        """An address that takes logout tokens in, and those it took."""
        tokens: list[str] = []

        class Ear(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
                tokens.extend(form["logout_token"])
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        with HTTPServer(("127.0.0.1", 0), Ear) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{server.server_port}/logout", tokens
            server.shutdown()

    def test_signing_out_at_the_provider_ends_every_session_that_it_vouched_for(
        self,
        house: House,
        idp: Provider,
        browser: Browser,
        connect: Connect,
        heard: tuple[str, list[str]],
    ) -> None:
        """From our sign-out to the provider's page, and from behind back to us."""
        address, tokens = heard
        asks = {
            "backchannel_logout_uri": address,
            "backchannel_logout_session_required": True,
            "post_logout_redirect_uris": [f"{BASE}/sign-in"],
        }
        sso, who = connect(idp, asks, provision=True), person(idp)
        session = entered(house.finish(sso, browser.sign_in(house.begin(sso), who))).session
        entered(house.finish(sso, browser.sign_in(house.begin(sso), who)))
        assert session.sso_session is not None

        assert browser.sign_out(house.sso.farewell(session, house.tenant) or "") == (
            f"{BASE}/sign-in"
        )
        [token] = tokens
        assert house.sso.logged_out(house.tenant, sso.id, token) == 2
        assert house.sessions() == []
        with pytest.raises(Invalid, match="used before"):
            house.sso.logged_out(house.tenant, sso.id, token)

    def test_the_providers_page_leads_nowhere_else(
        self, house: House, idp: Provider, browser: Browser, connect: Connect
    ) -> None:
        sso, who = connect(idp, provision=True), person(idp)
        session = entered(house.finish(sso, browser.sign_in(house.begin(sso), who))).session
        url = house.sso.farewell(session, house.tenant) or ""
        assert httpx.get(url, trust_env=False).status_code == 400  # not registered there
