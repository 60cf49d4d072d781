"""Coming in, as a browser does it: from an invitation to a session, and out again."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import httpx

from core.identity.policy import SecondFactor
from core.identity.sessions import Ended
from tests.api.asking import is_problem
from tests.api.browsing import (
    PASSWORD,
    REFRESH,
    Browser,
    Person,
    ask_for,
    invited,
    link,
)
from tests.api.client import Client
from tests.api.house import House, Tenant
from tests.api.planted import plant


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


def test_people_say_how_they_are_called(ayse: Person) -> None:
    changed = ayse.browser("PUT", "/auth/me", {"name": "Ayşe Yılmaz"}).json()
    assert changed["name"] == ayse.browser("GET", "/auth/me").json()["name"] == "Ayşe Yılmaz"


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


def test_signing_out_takes_the_session_and_its_cookie_away(ayse: Person) -> None:
    browser = ayse.browser
    assert browser("POST", "/auth/logout").json() == {"farewell": None}
    assert REFRESH not in browser.cookies
    is_problem(browser("GET", "/auth/me"), 401)
    assert browser("POST", "/auth/logout").status_code == 200


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


def test_a_sellers_door_says_what_it_offers(ask: Client, house: House) -> None:
    planted = plant(house)
    door = Browser(ask)("GET", f"/auth/tenants/{planted.id}/sign-in").json()
    assert (door["local"], door["remember"]) == (True, False)
    assert [(b["kind"], b["id"]) for b in door["sso"]] == [("entra", str(planted.things["sso"]))]


def test_no_person_has_a_door(ask: Client, ayse: Person) -> None:
    is_problem(Browser(ask)("GET", f"/auth/tenants/{ayse.id}/sign-in"), 404)
