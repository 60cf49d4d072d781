"""Whoever does not reach every conversation sees theirs, their teams' and nobody's, everywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, select

from adapters.sql import tables
from adapters.sql.transaction import begun
from core.conversations.conversation import ConversationFilter
from core.conversations.manage import Assignment, Manage
from core.shared.actor import Actor, Reach
from core.shared.errors import NotFound
from core.tenancy.members import Team
from tests.adapters.filling import NOW, fill

WHOLE = {"conversations", "contacts", "orders", "messages"}
"""Whatever refers to one of these belongs to a conversation."""
OPEN = {"proofs", "guesses"}
"""What the identity gate remembers; no operation shows it."""
REACHED = [
    table
    for table in tables.metadata.sorted_tables
    if table.name in WHOLE
    or (
        {key.elements[0].column.table.name for key in table.foreign_key_constraints} & WHOLE
        and table.name not in OPEN
    )
]


@pytest.fixture
def theirs(sellers: Callable[[], Any], engine: Engine) -> Any:
    """A seller with a row in every table; the conversation is nobody's."""
    seller = sellers()
    return seller, fill(seller, engine)["conversation"]


def rows(engine: Engine, tenant: UUID, reach: Reach | None, table: Any) -> int:
    with begun(engine, tenant, reach) as transaction:
        return len(transaction.run(select(table.c.tenant_id)).all())


def give(seller: Any, conversation: UUID, member: UUID | None, team: UUID | None) -> None:
    with seller.works(seller.tenant) as work:
        found = work.conversations.get(conversation, lock=True)
        to = replace(found, assignee=str(member) if member else None, team=team)
        work.conversations.save(replace(to, version=found.version + 1))
        work.commit()


@pytest.mark.parametrize("table", REACHED, ids=lambda table: table.name)
def test_what_belongs_to_a_conversation_is_seen_by_whoever_reaches_it(
    engine: Engine, theirs: Any, table: Any
) -> None:
    seller, conversation = theirs
    mine, team = uuid4(), uuid4()
    me, colleague, other = Reach(str(mine)), Reach(str(uuid4()), (team,)), Reach(str(uuid4()))

    def seen() -> list[bool]:
        whole = rows(engine, seller.tenant, None, table)
        assert whole, "the seller's own work sees it in any case"
        reached = [rows(engine, seller.tenant, reach, table) for reach in (me, colleague, other)]
        return [0 < count <= whole for count in reached]

    assert seen() == [True, True, True]
    give(seller, conversation, mine, team)
    assert seen() == [True, True, False]
    give(seller, conversation, mine, None)
    assert seen() == [True, False, False]
    give(seller, conversation, None, team)
    assert seen() == [False, True, False]


def test_a_conversation_may_leave_the_reach_of_whoever_gives_it_away(theirs: Any) -> None:
    seller, conversation = theirs
    team = Team(uuid4(), "Reklamasyon", NOW)
    with seller.works(seller.tenant) as work:
        work.teams.add(team)
        work.commit()
    me = Actor(seller.tenant, "person", str(uuid4()), frozenset({"inbox.write"}))
    manage = Manage(seller.works)
    manage.assign(conversation, Assignment(team=team.id), me, now=NOW)
    with pytest.raises(NotFound):
        manage.assign(conversation, Assignment(), me, now=NOW)
    with seller.works(seller.tenant, me.reach) as work:
        assert work.conversations.get(conversation) is None
        assert not work.conversations.list(ConversationFilter(), cursor=None, limit=10).items
        assert set(work.conversations.counts().values()) == {0}


def test_the_next_work_on_the_same_connection_has_no_reach(engine: Engine, theirs: Any) -> None:
    seller, conversation = theirs
    give(seller, conversation, uuid4(), None)
    for _ in range(30):
        assert rows(engine, seller.tenant, Reach(str(uuid4())), tables.conversations) == 0
        assert rows(engine, seller.tenant, None, tables.conversations) == 1
