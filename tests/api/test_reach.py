"""Whoever does not reach every conversation finds nothing of the others, by any operation."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from core.conversations.conversation import ConversationFilter
from core.tenancy.members import Role
from tests.api.asking import ROUTED, SCOPED, asked, is_problem
from tests.api.client import Client
from tests.api.house import House, Tenant
from tests.api.planted import plant
from tests.api.staffed import Worker, employ
from tests.api.test_access import ABOUT, leaked

NARROW = ("agents.read", "inbox.read", "inbox.write")
WITHIN = [id for id in SCOPED if SCOPED[id] in NARROW]
TALK = {"contact", "other", "conversation", "message", "attachment", "merge", "turn", "sent"}
"""What is planted and belongs to a conversation."""


@pytest.fixture(scope="module")
def seller(house: House) -> Tenant:
    """Every conversation is somebody's."""
    tenant = plant(house)
    with house.works(tenant.id) as work:
        work.roles.save(Role("narrow", "Narrow", NARROW, house.clock.now()))
        found = work.conversations.list(ConversationFilter(), cursor=None, limit=100)
        for one in found.items:
            work.conversations.save(replace(one, assignee=str(uuid4()), version=one.version + 1))
        work.commit()
    return tenant


@pytest.fixture(scope="module")
def worker(house: House, seller: Tenant) -> Worker:
    return employ(house, seller, "narrow")


@pytest.mark.parametrize("id", [id for id in WITHIN if id in ABOUT])
def test_what_is_out_of_reach_is_not_there(
    ask: Client, seller: Tenant, worker: Worker, id: str
) -> None:
    """Nothing tells it from what does not exist."""
    things = {n: uuid4() if isinstance(v, UUID) else v for n, v in seller.things.items()}
    told = asked(id, seller).of(ask, worker.token)
    expected = asked(id, replace(seller, things=things)).of(ask, worker.token)
    said, unknown = is_problem(told, 404), is_problem(expected, 404)
    assert {**said, "correlation_id": ""} == {**unknown, "correlation_id": ""}


@pytest.mark.parametrize("id", [i for i in WITHIN if i not in ABOUT and ROUTED[i][1] == "get"])
def test_no_list_or_count_tells_of_it(ask: Client, seller: Tenant, worker: Worker, id: str) -> None:
    answer = asked(id, seller).of(ask, worker.token)
    assert answer.status_code < 500
    assert not TALK & set(leaked(answer.text, seller))


def test_counts_count_what_is_reached(ask: Client, worker: Worker) -> None:
    counts = ask("GET", "/api/v1/inbox/counts", key=worker.token).json()
    assert set(counts.values()) == {0}


def test_what_is_given_to_them_is_there(
    ask: Client, house: House, seller: Tenant, worker: Worker
) -> None:
    with house.works(seller.id) as work:
        one = work.conversations.get(seller.things["conversation"], lock=True)
        assert one
        mine = replace(one, assignee=str(worker.person), version=one.version + 1)
        work.conversations.save(mine)
        work.commit()
    listed = ask("GET", "/api/v1/inbox/conversations", key=worker.token).json()["items"]
    assert [item["id"] for item in listed] == [str(one.id)]
    messages = f"/api/v1/inbox/conversations/{one.id}/messages"
    assert ask("GET", messages, key=worker.token).json()["items"]
    contact = f"/api/v1/contacts/{one.contact_id}"
    assert ask("GET", contact, key=worker.token).status_code == 200
