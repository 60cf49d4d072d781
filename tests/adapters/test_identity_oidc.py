"""What an identity provider says is believed only after every check, and never a bit more.

The provider is a forger of the tests' own; the certified one is in tests/idp.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, RSAKey

from adapters.http.transport import HttpTransport, pooled_client
from adapters.identity.claims import complete
from adapters.identity.issuers import AGAIN_SECONDS, KEPT_SECONDS, LARGEST_ANSWER, Issuers
from adapters.identity.oidc import OpenIdConnect
from adapters.identity.providers import OPEN_ID, Providers
from core.identity.means import Away, NotProven
from core.identity.sso import Connection, Identity, Rules, SsoKind
from core.shared.errors import Unavailable
from ports.errors import Transient
from ports.http import Response
from tests.idp.forger import CLIENT, ISSUER, Forger, half_hash

BACK = "https://panel.example/sign-in/callback/7"
GOOGLE = "https://accounts.google.com"
DIRECTORY = "https://login.microsoftonline.com/11111111-2222-4333-8444-555555555555/v2.0"


ANY = Rules()


class Desk:
    """Our side of the flow, with a clock that stands still."""

    def __init__(self, forger: Forger, kind: SsoKind = SsoKind.OIDC, rules: Rules = ANY) -> None:
        self.forger = forger
        self.monotonic = 1000.0
        self.now = forger.now
        self.secret = "s3cret"
        self.connection = Connection(
            uuid4(), kind, "Giriş", True, forger.issuer, CLIENT, {}, b"", rules, self.now, self.now
        )
        self.oidc = OpenIdConnect(
            forger.transports, lambda n: uuid4().bytes * (n // 16), monotonic=lambda: self.monotonic
        )

    def begin(self, *, fresh: bool = False) -> Away:
        away = self.oidc.begin(self.connection, self.secret, "the-state", BACK, fresh=fresh)
        self.forger.nonce = away.kept["nonce"]
        return away

    def finish(self, away: Away | None = None, **answer: str) -> Identity:
        away = away or self.begin()
        given = {"code": "c-1", **answer}
        return self.oidc.finish(self.connection, self.secret, given, away.kept, BACK, self.now)


@pytest.fixture
def forger() -> Forger:
    return Forger()


@pytest.fixture
def desk(forger: Forger) -> Desk:
    return Desk(forger)


class TestGoingThere:
    def test_the_request_carries_state_nonce_and_an_s256_challenge(self, desk: Desk) -> None:
        away = desk.begin()
        asked = {k: v[0] for k, v in parse_qs(urlsplit(away.url).query).items()}
        assert away.url.startswith(f"{ISSUER}/auth?")
        assert asked["code_challenge_method"] == "S256"
        assert asked["response_type"] == "code"
        assert asked["state"] == "the-state"
        assert asked["nonce"] == away.kept["nonce"]
        assert asked["redirect_uri"] == BACK
        assert away.kept["verifier"] not in away.url
        assert desk.secret not in away.url

    def test_a_provider_is_told_to_ask_anew(self, desk: Desk) -> None:
        plain, anew = (parse_qs(urlsplit(desk.begin(fresh=f).url).query) for f in (False, True))
        assert (anew["prompt"], anew["max_age"]) == (["login"], ["0"])
        assert not {"prompt", "max_age"} & plain.keys()

    @pytest.mark.parametrize("ago", [-61, 301, 86_400, None, "now", True])
    def test_one_that_was_to_ask_anew_and_did_not_is_not_believed(
        self, desk: Desk, forger: Forger, ago: Any
    ) -> None:
        when = desk.now.timestamp()
        forger.says = {"auth_time": int(when - ago) if isinstance(ago, int) else ago}
        if ago is True:
            forger.says = {"auth_time": True}
        with pytest.raises(NotProven, match="ask"):
            desk.finish(desk.begin(fresh=True))
        assert not desk.finish(desk.begin()).fresh

    @pytest.mark.parametrize("ago", [-60, 0, 299])
    def test_one_that_asked_a_moment_ago_is(self, desk: Desk, forger: Forger, ago: int) -> None:
        forger.says = {"auth_time": int(desk.now.timestamp()) - ago}
        assert desk.finish(desk.begin(fresh=True)).fresh

    def test_no_two_sign_ins_share_a_nonce_or_a_verifier(self, desk: Desk) -> None:
        one, two = desk.begin(), desk.begin()
        assert not {*one.kept.values()} & {*two.kept.values()}

    def test_an_issuer_that_names_itself_otherwise_is_refused(
        self, desk: Desk, forger: Forger
    ) -> None:
        forger.configuration["issuer"] = f"{ISSUER}/"
        with pytest.raises(NotProven, match="names another issuer"):
            desk.begin()

    @pytest.mark.parametrize(
        "url",
        [
            "http://id.seller.example/auth",
            "javascript:alert(1)//",
            "https://localhost/auth",
            "https://127.0.0.1/auth",
            "https://[::1]/auth",
            "https://user:pass@id.seller.example/auth",
            "https://id.seller.example/auth#here",
            "https://id.seller.example/a uth",
            "https://id.seller.example:port/auth",
            "//id.seller.example/auth",
            "",
        ],
    )
    @pytest.mark.parametrize(
        "name", ["authorization_endpoint", "token_endpoint", "jwks_uri", "end_session_endpoint"]
    )
    def test_no_address_leads_away_from_the_internet_or_out_of_the_browser(
        self, desk: Desk, forger: Forger, name: str, url: str
    ) -> None:
        forger.configuration[name] = url
        if (name, url) == ("end_session_endpoint", ""):
            assert desk.oidc.farewell(desk.connection, BACK) is None
            return
        with pytest.raises(NotProven):
            desk.begin()

    def test_this_machine_is_reached_where_that_is_allowed(self) -> None:
        forger = Forger("http://127.0.0.1:9")
        asked = Issuers(forger.transports, allow_loopback=True).configuration(forger.issuer)
        assert asked.token == "http://127.0.0.1:9/token"
        with pytest.raises(NotProven):
            Issuers(forger.transports).configuration(forger.issuer)

    def test_one_that_signs_only_by_a_shared_secret_is_refused(
        self, desk: Desk, forger: Forger
    ) -> None:
        forger.configuration["id_token_signing_alg_values_supported"] = ["HS256", "none"]
        with pytest.raises(NotProven, match="algorithm"):
            desk.begin()

    @pytest.mark.parametrize("status", [500, 503, 429])
    def test_one_that_is_broken_is_unavailable(
        self, desk: Desk, forger: Forger, status: int
    ) -> None:
        forger.answers["/.well-known/openid-configuration"] = Response(status)
        with pytest.raises(Unavailable):
            desk.begin()

    @pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b"\xff", b"[" * 100_000])
    def test_nonsense_is_refused(self, desk: Desk, forger: Forger, body: bytes) -> None:
        forger.answers["/.well-known/openid-configuration"] = Response(200, {}, body)
        with pytest.raises(NotProven):
            desk.begin()

    def test_a_silent_one_is_unavailable(self) -> None:
        class Silent:
            def send(self, _: Any) -> Response:
                raise Transient("no answer")

        with pytest.raises(Unavailable):
            Issuers(lambda _: Silent()).configuration(ISSUER)


class TestTheWayOut:
    """Over the real transport: a tenant names the issuer, and may be no friend."""

    @pytest.mark.parametrize(
        "issuer",
        [
            "https://10.0.0.5",
            "https://192.168.1.1:8443",
            "https://169.254.169.254",
            "https://[fd00::1]",
            "https://[::ffff:10.0.0.5]",
            "https://0.0.0.0",
            "https://localhost",
            "https://127.0.0.1:5432",
        ],
    )
    def test_nothing_inside_our_network_is_called(self, issuer: str) -> None:
        with pooled_client() as client, pytest.raises(NotProven):
            Issuers(way_out(client)).configuration(issuer)

    def test_no_redirect_is_followed_and_no_flood_is_swallowed(self) -> None:
        class Provider(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                flood = self.path.startswith("/flood")
                self.send_response(200 if flood else 302)
                self.send_header("location", "http://127.0.0.1:1/")
                self.end_headers()
                with suppress(OSError):
                    self.wfile.write(b" " * (LARGEST_ANSWER + 1 if flood else 1))

            def log_message(self, *_: Any) -> None:
                pass

        with HTTPServer(("127.0.0.1", 0), Provider) as server, pooled_client() as client:
            Thread(target=server.serve_forever, daemon=True).start()
            here = f"http://127.0.0.1:{server.server_port}"
            issuers = Issuers(way_out(client), allow_loopback=True)
            with pytest.raises(NotProven, match="answers 302"):
                issuers.configuration(f"{here}/moved")
            with pytest.raises(Unavailable):
                issuers.configuration(f"{here}/flood")
            server.shutdown()


def way_out(client: httpx.Client) -> Callable[[frozenset[str]], HttpTransport]:
    return lambda hosts: HttpTransport(
        hosts, client=client, plugin="sso", observe=lambda _: None, largest=LARGEST_ANSWER
    )


class TestComingBack:
    def test_a_good_answer_tells_who_it_is(self, desk: Desk, forger: Forger) -> None:
        forger.says = {"sid": "s-9", "amr": ["pwd", "mfa"]}
        assert desk.finish() == Identity(
            "u-1", "ali@seller.example", True, "Ali Yılmaz", {}, "s-9", strong=True
        )
        assert forger.form["grant_type"] == "authorization_code"
        assert forger.form["code"] == "c-1"
        assert forger.form["redirect_uri"] == BACK

    def test_the_verifier_that_was_kept_goes_with_the_code(
        self, desk: Desk, forger: Forger
    ) -> None:
        away = desk.begin()
        desk.finish(away)
        assert forger.form["code_verifier"] == away.kept["verifier"]

    def test_the_secret_travels_as_rfc_6749_encodes_it(self, desk: Desk, forger: Forger) -> None:
        desk.secret = "a+b:c %é"
        desk.finish()
        scheme, _, told = (forger.authorization or "").partition(" ")
        assert scheme == "Basic"
        assert b64decode(told).decode() == f"{CLIENT}:a%2Bb%3Ac+%25%C3%A9"
        assert "client_secret" not in forger.form

    def test_a_provider_that_knows_no_basic_gets_the_secret_in_the_form(
        self, desk: Desk, forger: Forger
    ) -> None:
        forger.configuration["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
        desk.finish()
        assert (forger.form["client_secret"], forger.authorization) == ("s3cret", None)

    def test_a_public_client_has_pkce_alone(self, desk: Desk, forger: Forger) -> None:
        desk.secret = ""
        desk.finish()
        assert forger.form["client_id"] == CLIENT
        assert (forger.authorization, "client_secret" in forger.form) == (None, False)

    def test_an_answer_without_a_code_is_refused(self, desk: Desk) -> None:
        away = desk.begin()
        with pytest.raises(NotProven, match="no code"):
            desk.oidc.finish(desk.connection, "", {}, away.kept, BACK, desk.now)

    def test_an_answer_of_another_issuer_is_refused_before_its_code_is_shown_to_anybody(
        self, desk: Desk, forger: Forger
    ) -> None:
        with pytest.raises(NotProven, match="another issuer"):
            desk.finish(iss="https://evil.example")
        assert forger.asked["/token"] == 0

    def test_one_that_promised_to_name_itself_must(self, desk: Desk, forger: Forger) -> None:
        forger.configuration["authorization_response_iss_parameter_supported"] = True
        with pytest.raises(NotProven, match="another issuer, or none"):
            desk.finish()
        assert desk.finish(iss=ISSUER).subject == "u-1"

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            (Response(400, {}, b'{"error": "invalid_grant"}'), NotProven),
            (Response(401, {}, b'{"error": "invalid_client"}'), NotProven),
            (Response(400, {}, b"<html>"), NotProven),
            (Response(200, {}, b"[1]"), NotProven),
            (Response(200, {}, b"{}"), NotProven),
            (Response(200, {}, b'{"id_token": 7}'), NotProven),
            (Response(200, {}, b'{"id_token": "a.b.c", "expires_in": []}'), NotProven),
            (Response(200, {}, b'{"id_token": "a.b.c", "access_token": 7}'), NotProven),
            (Response(200, {}, b"[" * 100_000), NotProven),
            (Response(502, {}, b"<html>"), Unavailable),
        ],
    )
    def test_what_the_token_endpoint_answers_is_never_a_crash(
        self, desk: Desk, forger: Forger, answer: Response, error: type[Exception]
    ) -> None:
        forger.answers["/token"] = answer
        with pytest.raises(error):
            desk.finish()


class TestIdTokens:
    @pytest.mark.parametrize(
        "says",
        [
            {"iss": "https://evil.example"},
            {"iss": f"{ISSUER}/"},
            {"iss": [ISSUER]},
            {"aud": "somebody-else"},
            {"aud": ["somebody-else"]},
            {"aud": [CLIENT, "somebody-else"]},
            {"aud": [CLIENT, "somebody-else"], "azp": "somebody-else"},
            {"aud": [CLIENT, 7]},
            {"azp": "somebody-else"},
            {"azp": None},
            {"nonce": "another"},
            {"nonce": ["a"]},
            {"exp": "soon"},
            {"exp": float("nan")},
            {"exp": True},
            {"exp": 1e30},
            {"iat": "now"},
            {"sub": ""},
            {"sub": 7},
            {"sub": "s" * 256},
            {"at_hash": "AAAA"},
            {"at_hash": 7},
        ],
    )
    def test_a_claim_that_does_not_fit_is_refused(
        self, desk: Desk, forger: Forger, says: dict[str, Any]
    ) -> None:
        forger.says = says
        with pytest.raises(NotProven):
            desk.finish()

    @pytest.mark.parametrize("claim", ["iss", "aud", "sub", "exp", "iat", "nonce"])
    def test_a_claim_that_is_missing_is_refused(
        self, desk: Desk, forger: Forger, claim: str
    ) -> None:
        forger.drops = {claim}
        with pytest.raises(NotProven):
            desk.finish()

    def test_a_token_for_several_is_good_when_it_was_made_for_us(
        self, desk: Desk, forger: Forger
    ) -> None:
        forger.says = {"aud": [CLIENT, "an-api"], "azp": CLIENT, "at_hash": half_hash("at")}
        assert desk.finish().subject == "u-1"

    @pytest.mark.parametrize(
        ("late", "good"), [(timedelta(minutes=5, seconds=59), True), (timedelta(minutes=6), False)]
    )
    def test_an_expired_one_is_refused_and_clocks_may_differ_by_a_minute(
        self, desk: Desk, late: timedelta, good: bool
    ) -> None:
        away = desk.begin()
        desk.now += late
        if good:
            assert desk.finish(away).subject == "u-1"
        else:
            with pytest.raises(NotProven, match="expired"):
                desk.finish(away)

    @pytest.mark.parametrize("claim", ["iat", "nbf"])
    def test_one_from_the_future_is_refused(self, desk: Desk, forger: Forger, claim: str) -> None:
        forger.says = {claim: int((desk.now + timedelta(minutes=2)).timestamp())}
        with pytest.raises(NotProven):
            desk.finish()

    @pytest.mark.parametrize(
        "header",
        [
            {"alg": "none"},
            {"alg": "HS256"},
            {"typ": "at+jwt"},
            {"typ": "logout+jwt"},
            {"crit": ["exp"]},
            {"crit": ["exp"], "exp": 1},
            {"kid": 7},
            {"alg": ["RS256"]},
            {"kid": "stranger"},
            {"kid": None},
        ],
    )
    def test_a_header_that_does_not_fit_is_refused(
        self, desk: Desk, forger: Forger, header: dict[str, Any]
    ) -> None:
        forger.header = header
        with pytest.raises(NotProven):
            desk.finish()

    def test_a_key_that_travels_in_the_token_opens_nothing(
        self, desk: Desk, forger: Forger
    ) -> None:
        forger.signs = "two"
        forger.header = {"kid": "one", "jwk": forger.public("two"), "jku": "https://evil.example"}
        with pytest.raises(NotProven, match="BadSignature"):
            desk.finish()

    @given(st.text() | st.text(alphabet="eyJhbGciOiJ9._-", max_size=60))
    def test_no_text_is_a_crash(self, token: str) -> None:
        desk = Desk(Forger())
        with pytest.raises(NotProven):
            desk.oidc.ended(desk.connection, token, desk.now)

    def test_a_changed_bit_breaks_the_signature(self, desk: Desk, forger: Forger) -> None:
        away = desk.begin()
        head, body, signature = forger.id_token().split(".")
        swapped = "A" if signature[9] != "A" else "B"
        bent = f"{head}.{body}.{signature[:9]}{swapped}{signature[10:]}"
        forger.answers["/token"] = Response(200, {}, f'{{"id_token": "{bent}"}}'.encode())
        with pytest.raises(NotProven, match="BadSignature"):
            desk.finish(away)


class TestKeys:
    def test_an_unknown_key_makes_us_ask_again_and_a_new_one_is_believed(
        self, desk: Desk, forger: Forger
    ) -> None:
        away = desk.begin()
        forger.signs, forger.published = "two", ["two"]
        desk.monotonic += AGAIN_SECONDS
        assert desk.finish(away).subject == "u-1"
        assert forger.asked["/keys"] == 2

    def test_forged_keys_make_us_ask_once_a_second_at_most(
        self, desk: Desk, forger: Forger
    ) -> None:
        forger.header = {"kid": "stranger"}
        desk.begin()
        desk.monotonic += AGAIN_SECONDS
        for _ in range(20):
            with pytest.raises(NotProven):
                desk.finish()
        assert forger.asked["/keys"] == 2

    def test_a_key_that_was_taken_back_is_believed_for_ten_minutes_at_most(
        self, desk: Desk, forger: Forger
    ) -> None:
        away = desk.begin()
        forger.published = ["two"]
        assert desk.finish(away).subject == "u-1"
        desk.monotonic += KEPT_SECONDS
        with pytest.raises(NotProven, match="does not publish"):
            desk.finish(away)

    def test_strange_keys_beside_a_good_one_do_no_harm(self, desk: Desk, forger: Forger) -> None:
        strange = [7, {}, {"kty": "oct", "k": "AA"}, {"kty": "RSA"}, {"kty": "EC", "crv": "P-0"}]
        elliptic = ECKey.generate_key("P-256").as_dict(private=False)
        keys = [*strange, elliptic, forger.public("one")]
        forger.answers["/keys"] = Response(200, {}, _json({"keys": keys}))
        assert desk.finish().subject == "u-1"

    def test_a_key_for_encryption_signs_nothing(self, desk: Desk, forger: Forger) -> None:
        key = forger.public("one") | {"use": "enc"}
        forger.answers["/keys"] = Response(200, {}, _json({"keys": [key]}))
        with pytest.raises(NotProven, match="does not publish"):
            desk.finish()

    @pytest.mark.filterwarnings("ignore:Key size")
    def test_a_weak_key_is_no_key(self, desk: Desk, forger: Forger) -> None:
        weak = RSAKey.generate_key(1024).as_dict(private=False) | {"kid": "one"}
        forger.answers["/keys"] = Response(200, {}, _json({"keys": [weak]}))
        with pytest.raises(NotProven, match="does not publish"):
            desk.finish()


class TestWhoItIs:
    @pytest.mark.parametrize(
        ("says", "email", "verified"),
        [
            ({"email": "ALI@Seller.Example"}, "ali@seller.example", True),
            ({"email_verified": False}, "ali@seller.example", False),
            ({"email_verified": "true"}, "ali@seller.example", False),
            ({"email_verified": 1}, "ali@seller.example", False),
            ({"email": "аli@seller.example"}, None, False),  # noqa: RUF001
            ({"email": "ali@ｓeller.example"}, None, False),  # noqa: RUF001
            ({"email": "ali@seller.example\u2003"}, None, False),
            ({"email": "ali\u212a@seller.example"}, None, False),
            ({"email": "ali@seller.example,eve@evil.example"}, None, False),
            ({"email": ""}, None, False),
            ({"email": None, "preferred_username": "ali@seller.example"}, None, False),
        ],
    )
    def test_an_address_is_one_only_if_it_is_plainly_that_and_verified_only_if_that_is_said(
        self, desk: Desk, forger: Forger, says: dict[str, Any], email: str | None, verified: bool
    ) -> None:
        forger.says = says
        found = desk.finish()
        assert (found.email, found.email_verified) == (email, verified)

    def test_a_missing_word_about_the_address_is_a_no(self, desk: Desk, forger: Forger) -> None:
        forger.drops = {"email_verified"}
        assert not desk.finish().email_verified

    def test_what_the_token_leaves_out_is_asked_for(self, forger: Forger) -> None:
        desk = Desk(forger, rules=Rules(role_claim="groups"))
        forger.drops = {"email", "email_verified"}
        forger.told = {"email": "ali@seller.example", "email_verified": True, "groups": ["a"]}
        found = desk.finish()
        assert (found.email, found.email_verified) == ("ali@seller.example", True)
        assert found.words == {"groups": ("a",)}

    def test_what_is_told_of_somebody_else_is_refused(self, desk: Desk, forger: Forger) -> None:
        forger.drops = {"email"}
        forger.told = {"sub": "u-2", "email": "owner@seller.example", "email_verified": True}
        with pytest.raises(NotProven, match="somebody else"):
            desk.finish()

    @given(
        *[
            st.dictionaries(
                st.sampled_from(["email", "email_verified", "hd", "sub", "groups"]),
                st.integers(),
            )
        ]
        * 2
    )
    def test_an_address_never_borrows_the_proof_of_another(
        self, signed: dict[str, Any], told: dict[str, Any]
    ) -> None:
        found = complete(signed, told)
        source: Mapping[str, Any] = signed if "email" in signed else told
        for claim in ("email", "email_verified", "hd"):
            assert found.get(claim) == source.get(claim)
        assert found.get("sub") == signed.get("sub", told.get("sub"))

    @pytest.mark.parametrize(
        ("groups", "words"), [(["a", "b"], ("a", "b")), ("a", ("a",)), (None, ()), ([], ())]
    )
    def test_words_come_as_a_list_or_alone(
        self, forger: Forger, groups: Any, words: tuple[str, ...]
    ) -> None:
        forger.says = {"groups": groups}
        assert Desk(forger, rules=Rules(role_claim="groups")).finish().words == {"groups": words}

    @pytest.mark.parametrize("groups", [7, [7], {"a": 1}])
    def test_words_of_no_known_shape_are_refused(self, forger: Forger, groups: Any) -> None:
        forger.says = {"groups": groups}
        with pytest.raises(NotProven):
            Desk(forger, rules=Rules(role_claim="groups")).finish()

    def test_groups_that_were_left_out_for_their_number_let_nobody_in(self, forger: Forger) -> None:
        forger.says = {"_claim_names": {"groups": "src1"}}
        with pytest.raises(NotProven, match="did not fit"):
            Desk(forger, rules=Rules(role_claim="groups")).finish()

    def test_a_name_is_one_line(self, desk: Desk, forger: Forger) -> None:
        forger.says = {"name": "Ali\n\u202eYılmaz  " + "z" * 300}
        name = desk.finish().name
        assert name.startswith("Ali Yılmaz z")
        assert len(name) == 200

    def test_given_and_family_name_make_a_name(self, desk: Desk, forger: Forger) -> None:
        forger.says = {"name": None, "given_name": "Ayşe", "family_name": "Öz"}
        assert desk.finish().name == "Ayşe Öz"


class TestGoogle:
    RULES = Rules(domains=("seller.example",))

    def desk(self, rules: Rules, **says: Any) -> Desk:
        forger = Forger(GOOGLE)
        forger.says = says
        return Desk(forger, SsoKind.GOOGLE, rules)

    def test_an_account_of_the_organisation_comes_in(self) -> None:
        found = self.desk(self.RULES, hd="Seller.example").finish()
        assert (found.email, found.email_verified) == ("ali@seller.example", True)

    @pytest.mark.parametrize("hd", [None, "evil.example"])
    def test_an_account_of_another_organisation_or_of_none_does_not(self, hd: str | None) -> None:
        with pytest.raises(NotProven, match="organisation"):
            self.desk(self.RULES, hd=hd).finish()

    def test_google_does_not_answer_for_an_address_of_another_mail_service(self) -> None:
        found = self.desk(Rules()).finish()
        assert (found.email, found.email_verified) == ("ali@seller.example", False)

    def test_it_answers_for_its_own(self) -> None:
        found = self.desk(Rules(domains=("gmail.com",)), email="ali@gmail.com").finish()
        assert found.email_verified


class TestEntra:
    def desk(self, **says: Any) -> Desk:
        forger = Forger(DIRECTORY)
        forger.says = says
        return Desk(forger, SsoKind.ENTRA, Rules(role_claim="roles"))

    @pytest.mark.parametrize("edov", [None, False, "0", "false", "", 2, []])
    def test_an_address_whose_domain_was_not_verified_is_none(self, edov: Any) -> None:
        assert not self.desk(xms_edov=edov, email_verified=True).finish().email_verified

    @pytest.mark.parametrize("edov", [True, "1", "true"])
    def test_xms_edov_verifies_it(self, edov: Any) -> None:
        found = self.desk(xms_edov=edov, roles=["Support.Lead"]).finish()
        assert found.email_verified
        assert found.words == {"roles": ("Support.Lead",)}

    def test_a_token_of_another_directory_is_refused(self) -> None:
        other = DIRECTORY.replace("1111", "9999", 1)
        with pytest.raises(NotProven):
            self.desk(iss=other, tid="99991111-2222-4333-8444-555555555555").finish()


class TestEnding:
    def test_a_logout_token_tells_whose_sessions_are_over(self, desk: Desk, forger: Forger) -> None:
        word = desk.oidc.ended(desk.connection, forger.logout_token(sid="s-9"), desk.now)
        assert (word.token, word.subject, word.session) == ("out-1", "u-1", "s-9")
        assert word.expires_at > desk.now + timedelta(minutes=2)
        assert word.expires_at.tzinfo is UTC

    @pytest.mark.parametrize(
        "says",
        [
            {"iss": "https://evil.example"},
            {"aud": "somebody-else"},
            {"exp": 1},
            {"events": {}},
            {"events": {"http://schemas.openid.net/event/backchannel-logout": True}},
            {"events": "http://schemas.openid.net/event/backchannel-logout"},
            {"nonce": "n"},
            {"nonce": None},
            {"sub": None},
            {"sid": 7},
            {"jti": ""},
            {"jti": 7},
            {"jti": "j" * 256},
        ],
    )
    def test_any_other_token_ends_nothing(
        self, desk: Desk, forger: Forger, says: dict[str, Any]
    ) -> None:
        with pytest.raises(NotProven):
            desk.oidc.ended(desk.connection, forger.logout_token(**says), desk.now)

    @pytest.mark.parametrize("claim", ["iss", "aud", "exp", "iat", "jti", "events"])
    def test_an_incomplete_one_ends_nothing(self, desk: Desk, forger: Forger, claim: str) -> None:
        forger.drops = {claim}
        with pytest.raises(NotProven):
            desk.oidc.ended(desk.connection, forger.logout_token(), desk.now)

    def test_an_id_token_ends_nothing(self, desk: Desk, forger: Forger) -> None:
        forger.says = {"jti": "t-1", "sid": "s-9"}
        with pytest.raises(NotProven, match="other token"):
            desk.oidc.ended(desk.connection, forger.id_token(), desk.now)

    def test_farewell_names_us_and_the_one_way_back(self, desk: Desk) -> None:
        url = desk.oidc.farewell(desk.connection, "https://panel.example/sign-in") or ""
        told = parse_qs(urlsplit(url).query)
        assert url.startswith(f"{ISSUER}/out?")
        assert told == {
            "client_id": [CLIENT],
            "post_logout_redirect_uri": ["https://panel.example/sign-in"],
        }


class TestProviders:
    def test_each_kind_goes_to_who_speaks_it(self, desk: Desk) -> None:
        providers = Providers(dict.fromkeys(OPEN_ID, desk.oidc))
        away = providers.begin(desk.connection, "", "s", BACK)
        desk.forger.nonce = away.kept["nonce"]
        found = providers.finish(desk.connection, "", {"code": "c"}, away.kept, BACK, desk.now)
        assert found.subject == "u-1"
        assert providers.farewell(desk.connection, BACK)
        token = desk.forger.logout_token()
        assert providers.ended(desk.connection, token, desk.now).token == "out-1"

    def test_what_nobody_speaks_is_refused(self, desk: Desk) -> None:
        with pytest.raises(NotProven, match="oidc"):
            Providers({}).begin(desk.connection, "", "s", BACK)


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()
