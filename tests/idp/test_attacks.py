"""Answers that do not hold open no session: the same words for all, and the reason in the log.

Criterion 29 of the security review. The provider is the tests' own, because a real one cannot be
made to lie; what the real one shows besides is in test_provider.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from adapters.identity.issuers import KEPT_SECONDS
from core.identity.attempts import Refusal
from core.identity.lockout import NETWORK
from core.identity.sso import Connection
from core.identity.tickets import SECRET, Token, parse
from core.shared.errors import DomainError, NotFound, SignInRefused, TooManyTries, Unavailable
from core.shared.ids import OPERATOR
from ports.http import Response
from tests.idp.forger import CLIENT, Forger
from tests.idp.house import BASE, House, entered

Together = Callable[[int, Callable[[int], Any]], list[Any]]


@pytest.fixture
def forger() -> Forger:
    return Forger()


@pytest.fixture
def house(engine: Engine, tenant: UUID, forger: Forger) -> House:
    return House(engine, tenant, forger.transports)


@pytest.fixture
def sso(house: House, forger: Forger) -> Connection:
    return house.connect(forger.issuer, CLIENT, provision=True)


def refused(house: House, act: Callable[[], Any], realm: UUID | None = None) -> str:
    """Refused in the usual words, with no session; answers what the log says of it."""
    before = len(house.refused(realm))
    with pytest.raises(SignInRefused) as told:
        act()
    assert str(told.value) == "this sign-in is refused"
    assert house.sessions() == []
    attempts = house.refused(realm)
    assert len(attempts) == before + 1
    assert attempts[0].reason is Refusal.SSO
    assert attempts[0].ip == house.client.ip
    return attempts[0].detail or ""


class TestState:
    def test_a_wrong_state_opens_nothing(
        self, house: House, forger: Forger, sso: Connection
    ) -> None:
        answer = house.away(sso, forger)
        token = parse(answer["state"])
        assert token is not None
        for state in (
            "",
            "nonsense",
            answer["state"][:-4],
            str(replace(token, secret=bytes(SECRET))),
            str(replace(token, id=uuid4())),
            str(replace(token, realm=uuid4())),
            str(Token(OPERATOR, uuid4(), bytes(SECRET))),
        ):
            wrong = {**answer, "state": state}
            why = refused(house, lambda wrong=wrong: house.finish(sso, wrong), OPERATOR)
            assert "state" in why
        assert forger.asked["/token"] == 0
        entered(house.finish(sso, answer))

    def test_a_missing_state_opens_nothing(
        self, house: House, forger: Forger, sso: Connection
    ) -> None:
        code = house.away(sso, forger)["code"]
        assert "state" in refused(house, lambda: house.finish(sso, {"code": code}), OPERATOR)

    def test_a_state_is_good_once_also_after_a_failure(
        self, house: House, forger: Forger, sso: Connection
    ) -> None:
        answer = house.away(sso, forger)
        forger.says = {"aud": "somebody-else"}
        refused(house, lambda: house.finish(sso, answer))
        forger.says = {}
        assert "no more" in refused(house, lambda: house.finish(sso, answer), OPERATOR)
        assert forger.asked["/token"] == 1

    def test_a_replayed_answer_opens_no_second_session(
        self, house: House, forger: Forger, sso: Connection
    ) -> None:
        answer = house.away(sso, forger)
        entered(house.finish(sso, answer))
        with pytest.raises(SignInRefused):
            house.finish(sso, answer)
        assert len(house.sessions()) == 1

    def test_of_fifty_answers_at_once_one_gets_in(
        self, house: House, forger: Forger, sso: Connection, together: Together
    ) -> None:
        answer = house.away(sso, forger)

        def finish(_: int) -> bool:
            try:
                entered(house.finish(sso, answer))
            except SignInRefused:
                return False
            return True

        assert sum(together(50, finish)) == 1
        assert len(house.sessions()) == 1
        assert forger.asked["/token"] == 1

    def test_a_network_that_makes_answers_up_is_stopped_and_the_honest_are_not(
        self, house: House, forger: Forger, sso: Connection
    ) -> None:
        for _ in range(60):
            entered(house.finish(sso, house.away(sso, forger)))
        answer = house.away(sso, forger)
        for _ in range(NETWORK.tries):
            with pytest.raises(SignInRefused):
                house.finish(sso, {**answer, "state": "made up"})
        with pytest.raises(TooManyTries):
            house.finish(sso, answer)
        house.client = replace(house.client, ip="2001:db8:ffff::1")
        entered(house.finish(sso, answer))

    def test_a_provider_that_is_silent_is_held_against_nobody(
        self, house: House, forger: Forger, sso: Connection
    ) -> None:
        forger.answers["/token"] = Response(503)
        for _ in range(NETWORK.tries + 1):
            with pytest.raises(Unavailable):
                house.finish(sso, house.away(sso, forger))
        del forger.answers["/token"]
        entered(house.finish(sso, house.away(sso, forger)))

    def test_it_is_good_for_ten_minutes(
        self, house: House, forger: Forger, sso: Connection
    ) -> None:
        answer = house.away(sso, forger)
        house.clock.ahead += timedelta(minutes=10)
        refused(house, lambda: house.finish(sso, answer), OPERATOR)

    def test_another_browser_cannot_come_back_with_it(
        self, house: House, forger: Forger, sso: Connection
    ) -> None:
        answer = house.away(sso, forger, flow="the victim's")
        why = refused(house, lambda: house.finish(sso, answer, flow="the attacker's"))
        assert "another browser" in why
        assert forger.asked["/token"] == 0

    def test_a_state_of_another_seller_signs_in_there_or_nowhere(
        self, house: House, forger: Forger, sso: Connection, tenants: Callable[[], UUID]
    ) -> None:
        other = House(house.engine, tenants(), forger.transports)
        theirs = other.connect(forger.issuer, CLIENT, provision=True)
        answer = other.away(theirs, forger)
        with pytest.raises(SignInRefused):
            house.finish(sso, answer)
        assert house.sessions() == []
        assert house.found("ali@seller.example") is None


class TestMixUp:
    def test_an_answer_that_came_to_another_connections_address_is_nobodys(
        self, house: House, forger: Forger, sso: Connection
    ) -> None:
        """The attacker's own provider sends the victim on to an honest one, which does not name
        itself: its code would be brought to the attacker (RFC 9700, section 4.4.1)."""
        evil = house.connect(forger.issuer, CLIENT)
        state = house.away(evil, forger)["state"]
        victims = {"state": state, "code": "a code of the honest provider"}
        assert "address" in refused(house, lambda: house.finish(sso, victims))
        assert forger.asked["/token"] == 0

    def test_an_answer_that_names_another_issuer_is_nobodys(
        self, house: House, forger: Forger, sso: Connection
    ) -> None:
        answer = {**house.away(sso, forger), "iss": "https://honest.example"}
        assert "another issuer" in refused(house, lambda: house.finish(sso, answer))
        assert forger.asked["/token"] == 0

    def test_one_that_should_name_its_issuer_and_does_not_is_nobodys(self, house: House) -> None:
        forger = Forger("https://other.example")
        forger.configuration["authorization_response_iss_parameter_supported"] = True
        other = House(house.engine, house.tenant, forger.transports)
        sso = other.connect(forger.issuer, CLIENT, provision=True)
        answer = other.away(sso, forger)
        assert "or none" in refused(other, lambda: other.finish(sso, answer))

    def test_each_connection_has_an_address_of_its_own_and_only_that_is_ever_told(
        self, house: House, forger: Forger, sso: Connection
    ) -> None:
        asked = parse_qs(urlsplit(house.begin(sso)).query)
        assert asked["redirect_uri"] == [f"{BASE}/sign-in/callback/{sso.id}"]
        house.finish(sso, house.away(sso, forger))
        assert forger.form["redirect_uri"] == f"{BASE}/sign-in/callback/{sso.id}"


class TestTokens:
    @pytest.mark.parametrize(
        "says",
        [
            {"nonce": "of another sign-in"},
            {"iss": "https://evil.example"},
            {"aud": "another-application"},
            {"aud": [CLIENT, "another-application"]},
            {"azp": "another-application"},
            {"exp": 1},
            {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
        ],
    )
    def test_a_wrong_claim_opens_nothing(
        self, house: House, forger: Forger, sso: Connection, says: dict[str, Any]
    ) -> None:
        refused(house, lambda: house.come(sso, forger, **says))

    @pytest.mark.parametrize("claim", ["nonce", "iss", "aud", "exp", "iat", "sub"])
    def test_a_missing_claim_opens_nothing(
        self, house: House, forger: Forger, sso: Connection, claim: str
    ) -> None:
        forger.drops = {claim}
        refused(house, lambda: house.come(sso, forger))

    @pytest.mark.parametrize(
        "header",
        [{"alg": "none"}, {"alg": "HS256"}, {"kid": "unknown"}, {"typ": "logout+jwt"}],
    )
    def test_a_forged_token_opens_nothing(
        self, house: House, forger: Forger, sso: Connection, header: dict[str, str]
    ) -> None:
        forger.header = header
        refused(house, lambda: house.come(sso, forger))

    def test_a_token_signed_by_a_strangers_key_opens_nothing(
        self, house: House, forger: Forger, sso: Connection
    ) -> None:
        forger.signs, forger.header = "two", {"kid": "one"}
        assert "BadSignature" in refused(house, lambda: house.come(sso, forger))

    def test_a_token_of_the_sign_in_before_opens_nothing(
        self, house: House, forger: Forger, sso: Connection
    ) -> None:
        answer = house.away(sso, forger)
        old = forger.id_token(forger.codes[answer["code"]])
        forger.answers["/token"] = Response(200, {}, f'{{"id_token": "{old}"}}'.encode())
        again = house.away(sso, forger)
        assert "nonce" in refused(house, lambda: house.finish(sso, again))

    def test_nothing_secret_is_in_the_log(
        self, house: House, forger: Forger, sso: Connection
    ) -> None:
        answer = house.away(sso, forger)
        forger.answers["/token"] = Response(
            400, {}, b'{"error": "invalid_grant", "error_description": "bad code"}'
        )
        why = refused(house, lambda: house.finish(sso, answer))
        assert why == "the code was not taken: invalid_grant"
        told = str(house.told("sign_in.refused"))
        assert answer["code"] not in told
        assert answer["state"] not in told
        assert "s3cret" not in told


class TestOtherAnswers:
    def test_an_error_of_the_providers_is_no_sign_in_and_one_line_of_the_log(
        self, house: House, forger: Forger, sso: Connection
    ) -> None:
        answer = {**house.away(sso, forger), "error": "access_denied\nFAKE LINE " + "x" * 9000}
        why = refused(house, lambda: house.finish(sso, answer))
        assert why.startswith("the provider says access_deniedFAKE LINE x")
        assert len(why) == 200

    def test_a_connection_that_was_switched_off_meanwhile_lets_nobody_in(
        self, house: House, forger: Forger, sso: Connection
    ) -> None:
        answer = house.away(sso, forger)
        with house.works(house.tenant) as work:
            work.sso.save(replace(sso, enabled=False, version=sso.version + 1))
            work.commit()
        assert "off" in refused(house, lambda: house.finish(sso, answer))
        with pytest.raises(NotFound):
            house.begin(sso)

    def test_nobody_sets_out_for_a_provider_that_is_not_well(
        self, house: House, forger: Forger, sso: Connection
    ) -> None:
        forger.configuration["issuer"] = "https://evil.example"
        house.monotonic += KEPT_SECONDS
        with pytest.raises(Unavailable):
            house.begin(sso)
        assert house.refused()[0].detail == "its configuration names another issuer"

    @pytest.mark.parametrize(
        "more",
        [
            {"redirect_uri": "https://evil.example"},
            {"return_to": "https://evil.example", "next": "//evil.example"},
            {"post_logout_redirect_uri": "https://evil.example"},
        ],
    )
    def test_no_answer_names_a_place_to_go_on_to(
        self, house: House, forger: Forger, sso: Connection, more: dict[str, str]
    ) -> None:
        step = entered(house.finish(sso, {**house.away(sso, forger), **more}))
        assert "evil" not in str(step)
        assert "evil" not in (house.sso.farewell(step.session, house.tenant) or "")

    def test_whatever_comes_back_is_refused_and_never_a_crash(
        self, house: House, forger: Forger, sso: Connection
    ) -> None:
        for junk in ("\x00", "é" * 5000, "' or 1=1", "%00", "🦊"):
            answer = house.away(sso, forger)
            forger.answers["/token"] = Response(400, {}, b'{"error": "invalid_grant"}')
            for name in ("code", "iss", "error", "connection", "state"):
                with pytest.raises(DomainError):
                    house.finish(sso, {**answer, name: junk})
                answer = house.away(sso, forger)
