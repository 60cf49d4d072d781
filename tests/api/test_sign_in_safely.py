"""Coming in safely: cookies, other sites' pages, guesses, networks, and what nobody may make up."""

from __future__ import annotations

from datetime import timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from core.identity.policy import Fence
from entrypoints.observe import REGISTRY
from tests.api.asking import ROUTED, is_problem
from tests.api.browsing import DEVICE, HOME, PASSWORD, REFRESH, Browser, Person, ask_for
from tests.api.client import Client
from tests.api.house import House


def test_of_two_pages_that_refresh_at_once_neither_is_thrown_out(ayse: Person) -> None:
    """The slower one is refused without losing the cookie that the quicker one was given."""
    browser, slow = ayse.browser, Browser(ayse.browser.ask, dict(ayse.browser.cookies))
    browser.in_(browser("POST", "/auth/refresh"))
    refused = slow("POST", "/auth/refresh")
    is_problem(refused, 401)
    assert "set-cookie" not in refused.headers
    slow.cookies = browser.cookies
    slow.in_(slow("POST", "/auth/refresh"))


def test_the_cookies_are_for_nobody_elses_eyes(house: House, ayse: Person) -> None:
    ask_for(house, ayse.tenant, remember_days=30)
    set_ = ayse.log_in().headers.get_list("set-cookie")
    refresh, device = sorted(set_, key=lambda line: line.startswith(DEVICE))
    for line in set_:
        assert line.startswith("__Host-")
        assert {"Secure", "HttpOnly", "Path=/"} <= {part.strip() for part in line.split(";")}
        assert "domain" not in line.lower()
    assert "SameSite=Strict" in refresh
    assert "Max-Age" not in refresh
    assert "SameSite=Lax" in device
    assert "Max-Age=31536000" in device
    remembered = ayse.log_in(remember=True).headers.get_list("set-cookie")
    assert any(line.startswith(REFRESH) and "Max-Age=7776000" in line for line in remembered)


@pytest.mark.parametrize("path", ["/auth/refresh", "/auth/logout"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://house.example.evil.example"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"X_Invekto_Csrf": None}, 400),
        ({"X_Invekto_Csrf": "0"}, 400),
    ],
)
def test_a_page_of_another_site_uses_no_cookie_of_ours(
    ayse: Person, path: str, headers: dict[str, str | None], status: int
) -> None:
    before = dict(ayse.browser.cookies)
    is_problem(ayse.browser("POST", path, **headers), status)
    assert ayse.browser.cookies == before
    assert ayse.browser("GET", "/auth/me").status_code == 200


def test_a_page_of_another_site_signs_nobody_in(ayse: Person) -> None:
    body = {"email": ayse.email, "password": PASSWORD}
    answer = ayse.browser("POST", "/auth/login", body, Origin="https://evil.example")
    is_problem(answer, 403)
    assert "set-cookie" not in answer.headers


def test_a_program_needs_no_origin(ayse: Person) -> None:
    program = Browser(ayse.browser.ask, ayse.browser.cookies, headers={"X-Invekto-Csrf": "1"})
    program.in_(program("POST", "/auth/refresh"))


def test_nothing_of_it_is_kept_on_the_way(ask: Client, ayse: Person) -> None:
    for path, method, operation in ROUTED.values():
        if "Sign-in" in operation["tags"] and "{" not in path:
            answer = ayse.browser(method.upper(), path, {} if method != "get" else None)
            assert answer.headers["cache-control"] == "no-store", path


def test_a_wrong_guess_tells_nothing(ask: Client, ayse: Person) -> None:
    told = []
    for email, password in ((ayse.email, "x"), ("nobody@deniz.example", PASSWORD)):
        body = {"email": email, "password": password}
        said = is_problem(Browser(ask)("POST", "/auth/login", body), 401)
        told.append({**said, "correlation_id": ""})
    assert told[0] == told[1]
    assert told[0]["type"].endswith(":sign-in-refused")


def test_guessing_is_made_slow(ask: Client, ayse: Person) -> None:
    browser, body = Browser(ask), {"email": ayse.email, "password": "x"}
    for _ in range(5):
        is_problem(browser("POST", "/auth/login", body), 401)
    locked = browser("POST", "/auth/login", {**body, "password": PASSWORD})
    said = is_problem(locked, 429)
    assert said["type"].endswith(":too-many-tries")
    assert int(locked.headers["retry-after"]) == 15 * 60
    assert ayse.log_in().json()["status"] == "signed_in", "from the device of before"


def test_a_device_cannot_be_made_up(ask: Client, ayse: Person) -> None:
    """A supervisor sees a session's device, and cannot come as it."""
    genuine = ayse.browser.cookies[DEVICE]
    forged = genuine[:22] + "A" * (len(genuine) - 22)
    assert ayse.log_in().json()["new_device"] is False
    stranger = Person(ayse.id, ayse.email, ayse.tenant, Browser(ask, {DEVICE: forged}))
    assert stranger.log_in().json()["new_device"] is True


def test_a_network_that_asks_too_often_waits(ask: Client, house: House, ayse: Person) -> None:
    house.limits.everybody = 7.0
    try:
        answer = ayse.log_in()
    finally:
        house.limits.everybody = None
    is_problem(answer, 429)
    assert answer.headers["retry-after"] == "7"


def test_the_keys_of_the_tokens_are_published(ask: Client, ayse: Person) -> None:
    answer = ask("GET", "/.well-known/jwks.json")
    keys = KeySet.import_key_set(answer.json())
    assert answer.headers["cache-control"] == "max-age=300"
    assert all("d" not in key for key in answer.json()["keys"])
    read = jwt.decode(ayse.browser.token, keys, algorithms=["Ed25519"])
    assert (read.header["typ"], read.claims["iss"]) == ("at+jwt", HOME)
    assert read.claims["sub"] == str(ayse.id)
    is_problem(ask("POST", "/.well-known/jwks.json"), 405)


def test_an_access_token_is_good_for_five_minutes(house: House, ayse: Person) -> None:
    house.clock.pass_(timedelta(minutes=5))
    is_problem(ayse.browser("GET", "/auth/me"), 401)
    ayse.browser.in_(ayse.browser("POST", "/auth/refresh"))
    assert ayse.browser("GET", "/auth/me").status_code == 200


def test_the_fence_of_people_and_that_of_keys_stand_apart(
    ask: Client, house: House, ayse: Person
) -> None:
    ask_for(house, ayse.tenant, people=Fence(networks=(f"{ayse.browser.ip}/128",)))
    assert ayse.browser("GET", "/auth/me").status_code == 200
    away = Browser(ask, token=ayse.browser.token)
    said = is_problem(away("GET", "/auth/me"), 403)
    assert said["type"].endswith(":not-from-here")
    assert ask("GET", "/api/v1/tenant", key=ayse.tenant.key).status_code == 200
    [line] = ayse.browser("GET", "/security/failed-sign-ins").json()["items"]
    assert (line["reason"], line["ip"]) == ("network_not_allowed", away.ip)
    ask_for(house, ayse.tenant, keys=Fence(countries=("DE",)))
    is_problem(ask("GET", "/api/v1/tenant", key=ayse.tenant.key), 403)
    assert away("GET", "/auth/me").status_code == 200


def test_steps_and_refusals_are_counted(ayse: Person) -> None:
    def counted(outcome: str) -> float:
        return REGISTRY.get_sample_value("invekto_sign_ins_total", {"outcome": outcome}) or 0.0

    names = ("signed_in", "sign-in-refused")
    before = [counted(name) for name in names]
    ayse.log_in()
    guess = {"email": ayse.email, "password": "on iki atlı fayton"}
    is_problem(Browser(ayse.browser.ask)("POST", "/auth/login", guess), 401)
    assert [counted(name) for name in names] == [count + 1 for count in before]
