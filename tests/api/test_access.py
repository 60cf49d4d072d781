"""Who may do what: every operation, asked by nobody, beyond a key or role, and across tenants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from core.policies.roles import BUILT_IN
from core.shared.actor import Actor
from core.tenancy.members import Role
from tests.api.asking import OWN, PUBLIC, ROUTED, SCOPED, SETTINGS, asked, is_problem
from tests.api.client import Client
from tests.api.house import House, Tenant
from tests.api.planted import THINGS, plant
from tests.api.staffed import Worker, employ


@pytest.fixture(scope="module")
def victim(house: House) -> Tenant:
    return plant(house)


@pytest.fixture(scope="module")
def stranger(house: House) -> Tenant:
    """Another tenant, with a key for everything."""
    return plant(house)


@pytest.fixture(scope="module")
def ghost(victim: Tenant) -> Tenant:
    """Ids that nobody has."""
    things = {n: uuid4() if isinstance(v, UUID) else v for n, v in victim.things.items()}
    return replace(victim, things=things)


def _anybody() -> Tenant:
    names = {n for n in THINGS if not n.endswith("_number")}
    things = {n: uuid4() if n in names else n for n in THINGS}
    return Tenant(uuid4(), "", Actor(uuid4(), "api_key", ""), lambda *_: "", things)


_ONE, _OTHER = _anybody(), _anybody()
ABOUT = [id for id in SCOPED if asked(id, _ONE) != asked(id, _OTHER)]
"""Operations that name something that belongs to a tenant."""


@pytest.fixture(scope="module")
def operator(house: House) -> str:
    return house.operator()


@pytest.mark.parametrize("id", [id for id in ROUTED if id not in PUBLIC])
def test_nobody_gets_in_without_a_key(ask: Client, victim: Tenant, id: str) -> None:
    answer = asked(id, victim).of(ask, None)
    is_problem(answer, 401)
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("id", PUBLIC)
def test_whoever_wants_to_come_in_needs_no_key(ask: Client, victim: Tenant, id: str) -> None:
    answer = asked(id, victim).of(ask, None)
    assert answer.status_code < 500
    if answer.status_code >= 400:
        assert not is_problem(answer, answer.status_code)["type"].endswith(":unauthorized")


@pytest.mark.parametrize("id", SCOPED)
def test_a_key_without_the_scope_is_not_enough(ask: Client, victim: Tenant, id: str) -> None:
    answer = asked(id, victim).of(ask, victim.key_without(SCOPED[id]))
    assert SCOPED[id] in is_problem(answer, 403)["detail"]


@pytest.mark.parametrize("id", OWN)
def test_a_key_has_nothing_of_its_own(ask: Client, victim: Tenant, id: str) -> None:
    assert "self" in is_problem(asked(id, victim).of(ask, victim.key), 403)["detail"]


PERMITTED = {name: role.permissions for name, role in BUILT_IN.items()} | {
    "night": ("inbox.read",),
    "nothing": (),
}
"""By role: the built-in ones, one of the tenant's own, and one that is gone."""


@pytest.fixture(scope="module")
def staff(house: House) -> dict[str, tuple[Tenant, Worker]]:
    """For each role a tenant and somebody who has it."""
    found = {}
    for role in PERMITTED:
        tenant = plant(house)
        with house.works(tenant.id) as work:
            work.roles.save(Role("night", "Night", PERMITTED["night"], house.clock.now()))
            work.commit()
        found[role] = (tenant, employ(house, tenant, role))
    return found


@pytest.mark.parametrize("id", SCOPED)
@pytest.mark.parametrize("role", PERMITTED)
def test_a_role_opens_what_it_permits_and_nothing_else(
    ask: Client, staff: dict[str, tuple[Tenant, Worker]], role: str, id: str
) -> None:
    """What one operation takes away, a later one does not find; but it is never forbidden."""
    tenant, worker = staff[role]
    request = asked(id, tenant)
    if id == "integrations.connect":  # an account is connected once, and others try this one
        request.json = {"settings": {**SETTINGS, "number": tenant.id.hex}}
    answer = request.of(ask, worker.token)
    if SCOPED[id] in PERMITTED[role]:
        assert answer.status_code < 500, answer.text
        assert answer.status_code not in (401, 403), answer.text
    else:
        assert SCOPED[id] in is_problem(answer, 403)["detail"]


@pytest.mark.parametrize("id", OWN)
def test_whoever_is_signed_in_has_what_is_theirs(
    ask: Client, house: House, victim: Tenant, id: str
) -> None:
    answer = asked(id, victim).of(ask, employ(house, victim).token)
    assert answer.status_code < 500
    if answer.status_code in (401, 403):
        kind = is_problem(answer, answer.status_code)["type"].rpartition(":")[2]
        assert kind in ("proof-needed", "sign-in-refused"), answer.text


@pytest.mark.parametrize("id", ABOUT)
def test_what_is_another_tenants_is_not_there(
    ask: Client, victim: Tenant, stranger: Tenant, ghost: Tenant, id: str
) -> None:
    """Nothing tells another tenant's things from things that do not exist."""
    told = asked(id, victim).of(ask, stranger.key)
    expected = asked(id, ghost).of(ask, stranger.key)
    said, unknown = is_problem(told, 404), is_problem(expected, 404)
    assert {**said, "correlation_id": ""} == {**unknown, "correlation_id": ""}


def test_the_matrix_is_about_many_operations() -> None:
    assert len(ABOUT) >= 30
    assert all("{id}" not in ROUTED[id][0] for id in SCOPED.keys() - set(ABOUT))


@pytest.mark.parametrize("id", [id for id in SCOPED if id.endswith(".list") and id not in ABOUT])
def test_lists_hold_only_what_is_ones_own(
    ask: Client, house: House, victim: Tenant, id: str
) -> None:
    fresh = house.tenant()
    answer = asked(id, victim).of(ask, fresh.key)
    assert answer.status_code == 200
    assert not leaked(answer.text, victim)


@pytest.mark.parametrize(
    "query",
    [
        "inbox/conversations?installation_id={parrot}",
        "inbox/conversations?contact_id={contact}",
        "ai/turns?conversation_id={conversation}",
        "journal/webhooks?installation={parrot}",
        "journal/outbox?installation={parrot}",
        "journal/outbox?message={sent}",
    ],
)
def test_asking_for_anothers_things_finds_nothing(
    ask: Client, victim: Tenant, stranger: Tenant, query: str
) -> None:
    path = "/api/v1/" + query.format(**victim.things)
    assert ask("GET", path, key=victim.key).json()["items"]
    assert ask("GET", path, key=stranger.key).json() == {"items": [], "cursor": None}


def leaked(text: str, of: Tenant) -> list[str]:
    return [name for name, id in of.things.items() if isinstance(id, UUID) and str(id) in text]


@pytest.mark.parametrize("id", [id for id in SCOPED if ROUTED[id][1] == "get"])
def test_the_owner_gets_through(ask: Client, victim: Tenant, id: str) -> None:
    """So that the refusals above are about the asker, and not about the request."""
    assert asked(id, victim).of(ask, victim.key).status_code == 200


def walk(house: House) -> Iterator[tuple[str, Tenant]]:
    """Every operation that changes something, each on a tenant of its own."""
    for id in SCOPED:
        if ROUTED[id][1] != "get":
            yield id, plant(house)


def test_the_owner_may_change_what_is_ones_own(ask: Client, house: House, operator: str) -> None:
    for id, owner in walk(house):
        if id == "intents.remove":
            asked("intents.set", owner).of(ask, owner.key)
        key = operator if SCOPED[id] == "operator" else owner.key
        answer = asked(id, owner).of(ask, key)
        assert answer.status_code in (200, 201, 202, 204), f"{id}: {answer.text}"


def test_a_key_that_was_revoked_opens_nothing(ask: Client, house: House) -> None:
    owner = house.tenant()
    [key] = ask("GET", "/api/v1/auth/api-keys", key=owner.key).json()["items"]
    assert ask("DELETE", f"/api/v1/auth/api-keys/{key['id']}", key=owner.key).status_code == 204
    is_problem(ask("GET", "/api/v1/tenant", key=owner.key), 401)


def test_a_key_that_has_expired_opens_nothing(ask: Client, house: House) -> None:
    owner = house.tenant()
    ends = (house.clock.now() + timedelta(hours=1)).isoformat()
    body = {"name": "short", "scopes": ["tenant.read"], "expires_at": ends}
    short = ask("POST", "/api/v1/auth/api-keys", key=owner.key, json=body).json()["secret"]
    assert ask("GET", "/api/v1/tenant", key=short).status_code == 200
    house.clock.pass_(timedelta(hours=1))
    is_problem(ask("GET", "/api/v1/tenant", key=short), 401)


def test_a_key_hands_out_no_more_than_it_holds(ask: Client, house: House) -> None:
    owner = house.tenant()
    small = owner.key_without("journal.write")
    body = {"name": "more", "scopes": ["journal.write"]}
    said = is_problem(ask("POST", "/api/v1/auth/api-keys", key=small, json=body), 422)
    assert said["errors"][0]["field"] == "scopes"


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Bearer ivk_", "Bearer x", "Basic eA==", "ivk_x", "Bearer ivk_ğ", "\x00"],
)
def test_an_odd_authorization_is_no_key(ask: Client, header: str) -> None:
    headers = {"Authorization": header.encode()}
    is_problem(ask("GET", "/api/v1/tenant", headers=headers), 401)


def test_the_use_of_a_key_is_noted(ask: Client, house: House) -> None:
    owner = house.tenant()
    ask("GET", "/api/v1/tenant", key=owner.key)
    [key] = ask("GET", "/api/v1/auth/api-keys", key=owner.key).json()["items"]
    assert key["last_used_at"] == house.clock.now().isoformat().replace("+00:00", "Z")


def test_a_key_that_has_used_up_its_share_waits(ask: Client, house: House) -> None:
    owner = house.tenant()
    with house.works(owner.id) as work:
        [key] = work.api_keys.all()
    house.limits.waits[key.id] = 3.2
    answer = ask("GET", "/api/v1/tenant", key=owner.key)
    is_problem(answer, 429)
    assert answer.headers["retry-after"] == "3"
