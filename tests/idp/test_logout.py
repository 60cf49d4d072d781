"""A provider ends sessions from behind, and only those that it vouched for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from core.identity.sessions import Ended, Session
from core.identity.sso import Connection
from core.shared.errors import Invalid, NotFound
from tests.idp.forger import CLIENT, ISSUER, Forger
from tests.idp.house import BASE, House, entered


@pytest.fixture
def forger() -> Forger:
    return Forger()


@pytest.fixture
def house(engine: Engine, tenant: UUID, forger: Forger) -> House:
    return House(engine, tenant, forger.transports)


@pytest.fixture
def sso(house: House, forger: Forger) -> Connection:
    return house.connect(forger.issuer, CLIENT, provision=True)


@pytest.fixture
def come(house: House, forger: Forger, sso: Connection) -> Callable[..., Session]:
    """Somebody signs in; answers the session."""

    def came(subject: str = "u-1", sid: str | None = None) -> Session:
        says = {"sub": subject, "sid": sid, "email": f"{subject}@seller.example"}
        return entered(house.come(sso, forger, **says)).session

    return came


Come = Callable[..., Session]


def open_ids(house: House) -> set[UUID]:
    return {session.id for session in house.sessions()}


def test_a_subjects_sessions_end_and_nobody_elses(
    house: House, forger: Forger, sso: Connection, come: Come
) -> None:
    come(), come()
    other = come("u-2")
    assert house.sso.logged_out(house.tenant, sso.id, forger.logout_token()) == 2
    assert open_ids(house) == {other.id}


def test_it_ends_one_session_where_it_names_one(
    house: House, forger: Forger, sso: Connection, come: Come
) -> None:
    gone, stays = come(sid="s-1"), come(sid="s-2")
    forger.drops = {"sub"}
    token = forger.logout_token(sid="s-1")
    assert house.sso.logged_out(house.tenant, sso.id, token) == 1
    assert open_ids(house) == {stays.id}
    with house.works(house.tenant) as work:
        ended = work.sessions.get(gone.id)
    assert ended is not None
    assert ended.ended_why is Ended.PROVIDER


def test_what_it_did_is_in_the_log(
    house: House, forger: Forger, sso: Connection, come: Come
) -> None:
    come()
    house.sso.logged_out(house.tenant, sso.id, forger.logout_token())
    [event] = house.told("sessions.ended")
    assert (event["resource_id"], event["actor_id"]) == (str(sso.id), f"sso:{sso.id}")
    assert event["after"] == {"count": 1, "why": "identity_provider", "subject": "u-1"}


def test_a_token_works_once_among_many(
    house: House,
    forger: Forger,
    sso: Connection,
    come: Come,
    together: Callable[[int, Callable[[int], Any]], list[Any]],
) -> None:
    come()
    token = forger.logout_token()

    def end(_: int) -> int:
        try:
            return house.sso.logged_out(house.tenant, sso.id, token)
        except Invalid:
            return 0

    assert sorted(together(20, end)) == [0] * 19 + [1]
    again = come()
    with pytest.raises(Invalid, match="was used before"):
        house.sso.logged_out(house.tenant, sso.id, token)
    assert open_ids(house) == {again.id}


@pytest.mark.parametrize(
    "says", [{"aud": "another"}, {"iss": "https://evil.example"}, {"exp": 1}, {"nonce": "n"}]
)
def test_a_token_that_does_not_hold_ends_nothing(
    house: House, forger: Forger, sso: Connection, come: Come, says: dict[str, Any]
) -> None:
    session = come()
    with pytest.raises(Invalid):
        house.sso.logged_out(house.tenant, sso.id, forger.logout_token(**says))
    assert open_ids(house) == {session.id}


def test_a_provider_ends_nothing_of_another_connection_or_seller(
    house: House, forger: Forger, sso: Connection, come: Come, tenants: Callable[[], UUID]
) -> None:
    session = come()
    other = house.connect(forger.issuer, CLIENT)
    assert house.sso.logged_out(house.tenant, other.id, forger.logout_token()) == 0
    for tenant, connection in ((tenants(), sso.id), (house.tenant, uuid4())):
        with pytest.raises(NotFound):
            house.sso.logged_out(tenant, connection, forger.logout_token(jti="out-2"))
    assert open_ids(house) == {session.id}


def test_signing_out_here_leads_to_the_providers_page_and_back_to_ours(
    house: House, come: Come
) -> None:
    url = house.sso.farewell(come(), house.tenant) or ""
    assert url.startswith(f"{ISSUER}/out?client_id={CLIENT}&post_logout_redirect_uri=")
    assert url.endswith("https%3A%2F%2Fpanel.invekto.example%2Fsign-in")
    assert BASE == "https://panel.invekto.example"


def test_signing_out_here_does_not_depend_on_the_provider(
    house: House, forger: Forger, come: Come
) -> None:
    session = come()
    house.monotonic += 3600
    forger.configuration["issuer"] = "https://evil.example"
    assert house.sso.farewell(session, house.tenant) is None
