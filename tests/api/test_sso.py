"""Single sign-on as browsers and providers see it. The provider is a stand-in: what its word must
be is for the tests of the adapters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit
from xml.etree import ElementTree as Xml

import httpx
import pytest

from core.identity.sso import SsoKind
from core.identity.tickets import Purpose, parse
from tests.api.asking import is_problem
from tests.api.browsing import FLOW, HOME, PASSWORD, Browser, signed_in
from tests.api.client import Client
from tests.api.house import House, Tenant
from tests.api.planted import DIRECTORY

OF: dict[SsoKind, dict[str, object]] = {
    SsoKind.ENTRA: {"settings": {"directory": DIRECTORY}, "client_secret": "planted"},
    SsoKind.SAML: {
        "issuer": "urn:idp",
        "settings": {"sso_url": "https://idp.example/sso", "certificate": "MII"},
    },
}
PROVIDER = {"Content-Type": "application/x-www-form-urlencoded", "Origin": "https://idp.example"}


@pytest.fixture
def entra(ask: Client, seller: Tenant) -> str:
    """A connection whose people become members."""
    return connected(ask, seller, SsoKind.ENTRA)


@pytest.fixture
def saml(ask: Client, seller: Tenant) -> str:
    return connected(ask, seller, SsoKind.SAML)


def connected(ask: Client, seller: Tenant, kind: SsoKind) -> str:
    body = {
        "kind": kind,
        "name": "Ours",
        "client_id": HOME,
        "rules": {"provision": True, "domains": ["deniz.example"]},
        **OF[kind],
    }
    made = ask("POST", "/api/v1/security/sso", key=seller.key, json=body)
    assert made.status_code == 201, made.text
    assert "planted" not in made.text
    id: str = made.json()["id"]
    return id


def away(browser: Browser, seller: Tenant, connection: str, by: str = "oidc") -> str:
    """The state that the browser was sent away with; to SAML's providers a brief one."""
    body = {"tenant": str(seller.id), "connection": connection}
    answer = browser("POST", f"/auth/{by}/start", body)
    assert answer.status_code == 200, answer.text
    [state] = parse_qs(urlsplit(answer.json()["url"]).query)["state"]
    return state


def back(browser: Browser, connection: str, state: str, code: str) -> httpx.Response:
    body = {"connection": connection, "state": state, "code": code, "session_state": "x"}
    return browser("POST", "/auth/oidc/callback", body)


def post(ask: Client, path: str, form: Mapping[str, str]) -> httpx.Response:
    return ask("POST", f"/api/v1{path}", content=urlencode(form), headers=PROVIDER)


def test_who_comes_from_the_provider_is_in(ask: Client, seller: Tenant, entra: str) -> None:
    browser = Browser(ask)
    state = away(browser, seller, entra)
    browser.in_(back(browser, entra, state, "s-1 can@deniz.example"))
    me = browser("GET", "/auth/me").json()
    assert (me["session"]["methods"], me["roles"], me["managed"]) == (["sso"], ["agent"], True)
    is_problem(browser("PUT", "/auth/me", {"name": "Can"}), 409)
    assert browser("POST", "/auth/logout").json() == {"farewell": "https://idp.example/out"}
    is_problem(browser("GET", "/auth/me"), 401)


def test_a_browser_that_is_away_keeps_what_binds_it(
    ask: Client, seller: Tenant, entra: str
) -> None:
    body = {"tenant": str(seller.id), "connection": entra}
    [line] = Browser(ask)("POST", "/auth/oidc/start", body).headers.get_list("set-cookie")
    assert line.startswith(FLOW)
    parts = {part.strip() for part in line.split(";")}
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Max-Age=600", "Path=/"} <= parts


def test_two_pages_of_a_browser_may_be_away_at_once(
    ask: Client, seller: Tenant, entra: str
) -> None:
    browser = Browser(ask)
    first, second = away(browser, seller, entra), away(browser, seller, entra)
    browser.in_(back(browser, entra, first, "s-2 can2@deniz.example"))
    browser.in_(back(browser, entra, second, "s-2 can2@deniz.example"))


def test_only_the_browser_that_went_comes_back(ask: Client, seller: Tenant, entra: str) -> None:
    victim, thief = Browser(ask), Browser(ask)
    state = away(victim, seller, entra)
    is_problem(back(thief, entra, state, "s-3 can3@deniz.example"), 401)
    away(thief, seller, entra)
    is_problem(back(thief, entra, state, "s-3 can3@deniz.example"), 401)
    is_problem(back(victim, entra, state, "s-3 can3@deniz.example"), 401)


def test_a_provider_whose_word_does_not_hold_lets_nobody_in(
    ask: Client, seller: Tenant, entra: str
) -> None:
    browser = Browser(ask)
    said = is_problem(back(browser, entra, away(browser, seller, entra), "forged"), 401)
    assert "forged" not in str(said)
    assert said["type"].endswith(":sign-in-refused")


def test_a_member_with_a_password_proves_it_once(
    ask: Client, house: House, seller: Tenant, entra: str
) -> None:
    ayse = signed_in(ask, house, seller, "ayse", "agent")
    browser, code = Browser(ask), f"s-4 {ayse.email}"
    asked = back(browser, entra, away(browser, seller, entra), code).json()
    assert asked["status"] == "link"
    wrong = {"ticket": asked["ticket"], "password": "x"}
    is_problem(browser("POST", "/auth/oidc/link", wrong), 401)
    browser.in_(browser("POST", "/auth/oidc/link", {**wrong, "password": PASSWORD}))
    browser.in_(back(browser, entra, away(browser, seller, entra), code))
    assert browser("GET", "/auth/me").json()["id"] == str(ayse.id)


def test_a_provider_ends_the_sessions_of_its_people(
    ask: Client, seller: Tenant, entra: str
) -> None:
    browser = Browser(ask)
    browser.in_(back(browser, entra, away(browser, seller, entra), "s-5 can5@deniz.example"))
    path = f"/auth/oidc/backchannel-logout/{seller.id}/{entra}"
    for forged in ({"logout_token": "forged"}, {}):
        refused = post(ask, path, forged)
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")
        assert refused.headers["cache-control"] == "no-store"
    assert browser("GET", "/auth/me").status_code == 200
    told = post(ask, path, {"logout_token": "s-5"})
    assert (told.status_code, told.content) == (200, b"")
    assert told.headers["cache-control"] == "no-store"
    is_problem(browser("GET", "/auth/me"), 401)
    assert post(ask, path, {"logout_token": "s-5"}).status_code == 400, "a token works once"
    elsewhere = path.replace(entra, str(seller.id))
    assert post(ask, elsewhere, {"logout_token": "s-5"}).status_code == 400
    is_problem(ask("GET", f"/api/v1{path}"), 405)


@pytest.mark.parametrize("body", [b"logout_token=a&logout_token=b", b"\xff", b"a=1&" * 60])
def test_what_is_no_form_is_refused(ask: Client, seller: Tenant, entra: str, body: bytes) -> None:
    path = f"/api/v1/auth/oidc/backchannel-logout/{seller.id}/{entra}"
    is_problem(ask("POST", path, content=body, headers=PROVIDER), 400)


def test_saml_brings_the_browser_to_a_page_of_ours(ask: Client, seller: Tenant, saml: str) -> None:
    """The provider's page posts without a cookie of ours; our own page comes for it with one."""
    browser, form = Browser(ask), {"SAMLResponse": "s-6 can6@deniz.example"}
    state = away(browser, seller, saml, "saml")
    path = f"/auth/saml/acs/{seller.id}/{saml}"
    led = post(ask, path, {**form, "RelayState": state})
    assert (led.status_code, led.headers["cache-control"]) == (303, "no-store")
    page = urlsplit(led.headers["location"])
    assert f"{page.scheme}://{page.netloc}{page.path}" == f"{HOME}/sign-in/callback/{saml}"
    [first] = parse_qs(page.fragment)["saml"]
    again = post(ask, path, {**form, "RelayState": state})
    [ticket] = parse_qs(urlsplit(again.headers["location"]).fragment)["saml"]
    is_problem(browser("POST", "/auth/saml/finish", {"ticket": first}), 401)
    browser.in_(browser("POST", "/auth/saml/finish", {"ticket": ticket}))
    is_problem(browser("POST", "/auth/saml/finish", {"ticket": ticket}), 401)


def test_a_saml_answer_is_for_the_browser_that_went(ask: Client, seller: Tenant, saml: str) -> None:
    victim, thief = Browser(ask), Browser(ask)
    away(thief, seller, saml, "saml")
    form = {"SAMLResponse": "s-8 x@deniz.example", "RelayState": away(victim, seller, saml, "saml")}
    led = post(ask, f"/auth/saml/acs/{seller.id}/{saml}", form)
    [ticket] = parse_qs(urlsplit(led.headers["location"]).fragment)["saml"]
    is_problem(thief("POST", "/auth/saml/finish", {"ticket": ticket}), 401)


def test_what_nobody_asked_for_is_not_kept(
    ask: Client, house: House, seller: Tenant, saml: str
) -> None:
    state = away(Browser(ask), seller, saml, "saml")
    path, sent = f"/auth/saml/acs/{seller.id}/{saml}", parse(state, seller.id)
    assert sent
    made_up = replace(sent, secret=b"x" * 32).brief
    for form in (
        {"SAMLResponse": "s-7 x@deniz.example"},
        {"SAMLResponse": "s-7 x@deniz.example", "RelayState": "x"},
        {"SAMLResponse": "s-7 x@deniz.example", "RelayState": made_up},
        {"SAMLResponse": "s-7 x@deniz.example", "RelayState": str(sent)},
        {"SAMLResponse": "s" * 300_000, "RelayState": state},
    ):
        led = post(ask, path, form)
        assert led.status_code == 303
        assert led.headers["location"] == f"{HOME}/sign-in/callback/{saml}#error=refused"
    with house.works(seller.id) as work:
        assert work.tickets.drop(Purpose.ANSWER) == 0


def test_our_saml_metadata_is_there_to_be_read(
    ask: Client, seller: Tenant, saml: str, entra: str
) -> None:
    shown = ask("GET", f"/api/v1/security/sso/{saml}", key=seller.key).json()["addresses"]
    answer = ask("GET", urlsplit(shown["metadata"]).path)
    assert answer.headers["content-type"] == "application/samlmetadata+xml"
    [consumer] = Xml.fromstring(answer.content).iter(  # noqa: S314 - our own
        "{urn:oasis:names:tc:SAML:2.0:metadata}AssertionConsumerService"
    )
    assert consumer.get("Location") == shown["callback"]
    is_problem(ask("GET", urlsplit(shown["metadata"]).path.replace(saml, entra)), 404)


def test_a_connection_is_changed_by_who_has_seen_it(
    ask: Client, seller: Tenant, entra: str
) -> None:
    path = f"/api/v1/security/sso/{entra}"
    seen = ask("GET", path, key=seller.key)
    body = {n: seen.json()[n] for n in ("kind", "name", "client_id", "settings", "rules")}
    off = {**body, "enabled": False}
    is_problem(ask("PUT", path, key=seller.key, json=off), 428)
    headers = {"If-Match": seen.headers["etag"]}
    changed = ask("PUT", path, key=seller.key, json=off, headers=headers)
    assert (changed.json()["enabled"], changed.json()["secret_kept"]) == (False, True)
    is_problem(ask("PUT", path, key=seller.key, json=body, headers=headers), 412)
    door = Browser(ask)("GET", f"/auth/tenants/{seller.id}/sign-in").json()
    assert door["sso"] == []
    start = {"tenant": str(seller.id), "connection": entra}
    is_problem(Browser(ask)("POST", "/auth/oidc/start", start), 404)
    assert ask("DELETE", path, key=seller.key).status_code == 204
    is_problem(ask("GET", path, key=seller.key), 404)
