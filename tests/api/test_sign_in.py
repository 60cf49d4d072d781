"""Coming in, as a browser does it: from an invitation to a session, and out again."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from core.identity.policy import Fence, KeptPolicy, SecondFactor, SignInPolicy
from core.identity.sessions import Ended
from tests.api.asking import ROUTED, is_problem
from tests.api.browsing import (
    DEVICE,
    HOME,
    PASSWORD,
    REFRESH,
    Browser,
    Person,
    invited,
    link,
    signed_in,
)
from tests.api.client import Client
from tests.api.house import House, Tenant
from tests.api.planted import plant


@pytest.fixture
def seller(house: House) -> Tenant:
    return house.tenant()


@pytest.fixture
def ayse(ask: Client, house: House, seller: Tenant) -> Person:
    """An owner, signed in by a password alone."""
    return signed_in(ask, house, seller, "ayse")


def ask_for(house: House, seller: Tenant, **asked: object) -> None:
    """Set the seller's policy, whatever harm it does."""
    with house.works(seller.id) as work:
        version = work.policy.get().version + 1
        work.policy.save(KeptPolicy(SignInPolicy(**asked), version))  # type: ignore[arg-type]
        work.commit()


def enrol(person: Person, house: House, ticket: str | None = None) -> httpx.Response:
    """Set up an authenticator app: signed in, or on the way in."""
    more = {"enrolment": ticket} if ticket else {}
    begun = person.browser("POST", "/auth/2fa/setup", more).json()
    assert begun["picture"].startswith("data:image/svg+xml;base64,")
    assert begun["secret"] in begun["uri"]
    person.secret = begun["secret"]
    body = {"ticket": begun["ticket"], "code": person.code(house), "name": "telefonum"} | more
    return person.browser("POST", "/auth/2fa/confirm", body)


def test_from_an_invitation_to_the_last_session(ask: Client, house: House, seller: Tenant) -> None:
    ask_for(house, seller, second_factor=SecondFactor.REQUIRED)
    email, token = invited(ask, house, seller, "ayse")
    browser = Browser(ask)
    shown = browser("POST", "/auth/invitations/look", {"token": token}).json()
    assert (shown["email"], shown["known"], shown["password_length"]) == (email, False, 12)
    body = {"token": token, "name": "Ayşe", "password": PASSWORD}
    made = browser("POST", "/auth/invitations/accept", body).json()
    assert made["tenant"] == str(seller.id)
    is_problem(browser("POST", "/auth/invitations/accept", body), 404)
    ayse = Person(UUID(made["person"]), email, seller, browser)

    asked = ayse.log_in().json()
    assert asked["status"] == "enrol"
    first = enrol(ayse, house, asked["ticket"])
    assert len(set(first.json()["backup_codes"])) == 10
    browser.in_(first)
    me = browser("GET", "/auth/me").json()
    assert (me["name"], me["roles"], me["session"]["methods"]) == (
        "Ayşe",
        ["owner"],
        ["password", "totp"],
    )

    other = Person(ayse.id, email, seller, Browser(ask), ayse.secret)
    wants = other.log_in().json()
    assert (wants["status"], set(wants["methods"])) == ("second_factor", {"totp", "backup_code"})
    code = {"ticket": wants["ticket"], "method": "totp", "code": other.code(house)}
    other.browser.in_(other.browser("POST", "/auth/login/second-factor", code))
    is_problem(other.browser("POST", "/auth/login/second-factor", code), 401)

    sessions = browser("GET", "/auth/sessions").json()["items"]
    assert [s["current"] for s in sessions].count(True) == 1
    assert len(sessions) == 2
    assert browser("POST", "/auth/sessions/revoke", {"others": True}).json() == {"count": 1}
    is_problem(other.browser("GET", "/auth/me"), 401)
    assert browser("GET", "/auth/me").status_code == 200
    current = next(s["id"] for s in sessions if s["current"])
    assert browser("POST", "/auth/sessions/revoke", {"id": current}).json() == {"count": 1}
    is_problem(browser("GET", "/auth/me"), 401)


def test_a_refresh_token_is_exchanged_and_a_stolen_one_ends_the_session(
    house: House, ayse: Person
) -> None:
    browser = ayse.browser
    stolen = browser.cookies[REFRESH]
    house.clock.pass_(timedelta(minutes=4))
    browser.in_(browser("POST", "/auth/refresh"))
    assert browser.cookies[REFRESH] != stolen
    assert browser("GET", "/auth/me").status_code == 200
    house.clock.pass_(timedelta(minutes=1))
    thief = Browser(browser.ask, {REFRESH: stolen})
    said = is_problem(thief("POST", "/auth/refresh"), 401)
    assert said["type"].endswith(":sign-in-refused")
    is_problem(browser("GET", "/auth/me"), 401)
    is_problem(browser("POST", "/auth/refresh"), 401)
    with house.works(ayse.tenant.id) as work:
        over = work.sessions.get(UUID(browser.session))
    assert over
    assert over.ended_why is Ended.REUSED


def test_of_two_pages_that_refresh_at_once_neither_is_thrown_out(ayse: Person) -> None:
    """The slower one is refused without losing the cookie that the quicker one was given."""
    browser, slow = ayse.browser, Browser(ayse.browser.ask, dict(ayse.browser.cookies))
    browser.in_(browser("POST", "/auth/refresh"))
    refused = slow("POST", "/auth/refresh")
    is_problem(refused, 401)
    assert "set-cookie" not in refused.headers
    slow.cookies = browser.cookies
    slow.in_(slow("POST", "/auth/refresh"))


def test_signing_out_takes_the_session_and_its_cookie_away(ayse: Person) -> None:
    browser = ayse.browser
    assert browser("POST", "/auth/logout").json() == {"farewell": None}
    assert REFRESH not in browser.cookies
    is_problem(browser("GET", "/auth/me"), 401)
    assert browser("POST", "/auth/logout").status_code == 200


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


def test_a_forgotten_password_is_set_anew_by_the_link(
    ask: Client, house: House, ayse: Person
) -> None:
    browser = Browser(ask)
    for email in (ayse.email, "nobody@deniz.example"):
        assert browser("POST", "/auth/password/forgot", {"email": email}).status_code == 202
    token = link(house.letters(ayse.email)[-1])
    assert not house.letters("nobody@deniz.example")
    new = "beş atlı yeşil fayton"
    weak = browser("POST", "/auth/password/reset", {"token": token, "password": "12345678"})
    assert is_problem(weak, 422)["errors"][0]["field"] == "password"
    body = {"token": token, "password": new}
    assert browser("POST", "/auth/password/reset", body).status_code == 204
    is_problem(browser("POST", "/auth/password/reset", body), 404)
    is_problem(ayse.browser("GET", "/auth/me"), 401)
    is_problem(ayse.log_in(), 401)
    ayse.browser.in_(ayse.log_in(password=new))


def test_what_is_dangerous_needs_a_proof_of_late(house: House, ayse: Person) -> None:
    enrol(ayse, house)
    for _ in range(3):
        house.clock.pass_(timedelta(minutes=4))
        ayse.browser.in_(ayse.browser("POST", "/auth/refresh"))
    said = is_problem(ayse.browser("POST", "/auth/2fa/backup-codes"), 403)
    assert said["type"].endswith(":proof-needed")
    is_problem(ayse.browser("POST", "/auth/reauth", {"kind": "password", "password": "x"}), 401)
    before = ayse.browser.cookies[REFRESH]
    body = {"kind": "code", "method": "totp", "code": ayse.code(house)}
    proven = ayse.browser("POST", "/auth/reauth", body)
    until = (house.clock.now() + timedelta(minutes=10)).isoformat().replace("+00:00", "Z")
    assert proven.json() == {"proven_until": until}
    assert ayse.browser.cookies[REFRESH] != before, "a higher session has a fresh token"
    assert len(ayse.browser("POST", "/auth/2fa/backup-codes").json()["codes"]) == 10


def test_a_second_seller_is_chosen_and_switched_to(ask: Client, house: House, ayse: Person) -> None:
    other = house.tenant()
    body = {"email": ayse.email, "roles": ["agent"]}
    assert ask("POST", "/api/v1/members/invitations", key=other.key, json=body).status_code == 201
    token = link(house.letters(ayse.email)[-1])
    shown = ayse.browser("POST", "/auth/invitations/look", {"token": token}).json()
    assert shown["known"] is True
    joined_ = ayse.browser("POST", "/auth/invitations/accept", {"token": token}).json()
    assert joined_ == {"person": str(ayse.id), "tenant": str(other.id)}

    asked = ayse.log_in(tenant=None).json()
    assert asked["status"] == "choose_tenant"
    assert {t["id"] for t in asked["tenants"]} == {str(ayse.tenant.id), str(other.id)}
    choice = {"ticket": asked["ticket"], "tenant": str(ayse.tenant.id)}
    ayse.browser.in_(ayse.browser("POST", "/auth/login/tenant", choice))
    assert ayse.browser("GET", "/auth/me").json()["roles"] == ["owner"]
    ayse.browser.in_(ayse.browser("POST", "/auth/switch", {"tenant": str(other.id)}))
    assert ayse.browser("GET", "/auth/me").json()["roles"] == ["agent"]


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


def test_a_sellers_door_says_what_it_offers(ask: Client, house: House) -> None:
    planted = plant(house)
    door = Browser(ask)("GET", f"/auth/tenants/{planted.id}/sign-in").json()
    assert (door["local"], door["remember"]) == (True, False)
    assert [(b["kind"], b["id"]) for b in door["sso"]] == [("entra", str(planted.things["sso"]))]


def test_no_person_has_a_door(ask: Client, ayse: Person) -> None:
    is_problem(Browser(ask)("GET", f"/auth/tenants/{ayse.id}/sign-in"), 404)
