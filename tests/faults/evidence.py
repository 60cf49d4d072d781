"""What is known after a storm: the story's book, the database and the vendor, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, LiteralString, TypeVar
from uuid import UUID

import psycopg
from psycopg.rows import class_row

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Written:
    """What a customer wrote at the sandbox."""

    wamid: str
    account: str
    """The phone number id of the shop that they wrote to; each tenant has one."""
    person: str


@dataclass(frozen=True, slots=True)
class Heard:
    """An inbound message that the house holds."""

    id: UUID
    account: str
    external_id: str | None
    conversation: UUID
    contact: UUID


@dataclass(frozen=True, slots=True)
class Said:
    """A message that the agent wrote."""

    id: UUID
    conversation: UUID
    turn: UUID | None
    state: str


@dataclass(frozen=True, slots=True)
class Thread:
    id: UUID
    account: str
    contact: UUID
    state: str
    handler: str


@dataclass(frozen=True, slots=True)
class Turned:
    id: UUID
    conversation: UUID
    state: str
    outcome: str | None
    messages: Sequence[UUID]
    """What its record says that it read."""


@dataclass(frozen=True, slots=True)
class Sending:
    """An outbox row of a message; its id is the key that the vendor is told."""

    id: UUID
    message: UUID
    state: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message that the vendor took."""

    key: str
    times: int
    """How often it took one with this key."""
    failed: bool


@dataclass(frozen=True, slots=True)
class Move:
    """A change of state that the database saw."""

    what: str
    id: UUID
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Evidence:
    written: Sequence[Written] = ()
    heard: Sequence[Heard] = ()
    contacts: int = 0
    """Those that were not merged into another."""
    threads: Sequence[Thread] = ()
    turns: Sequence[Turned] = ()
    said: Sequence[Said] = ()
    sendings: Sequence[Sending] = ()
    accepted: Sequence[Accepted] = ()
    inbox: Mapping[str, int] = field(default_factory=dict)
    """Deliveries by state."""
    answers: Mapping[UUID, int] = field(default_factory=dict)
    """By turn, how many `answer.sent` the audit log holds."""
    moves: Sequence[Move] = ()


_TENANTS = """
    select distinct tenant_id from installations where not app and account_id = any(%s)
"""
_HEARD = """
    select m.id, i.account_id account, m.external_id, m.conversation_id conversation,
           c.contact_id contact
    from messages m join conversations c on (c.tenant_id, c.id) = (m.tenant_id, m.conversation_id)
    join installations i on (i.tenant_id, i.id) = (m.tenant_id, m.installation_id)
    where m.tenant_id = any(%s) and m.direction = 'in'
"""
_SAID = """
    select id, conversation_id conversation, turn_id turn, state from messages
    where tenant_id = any(%s) and direction = 'out' and author = 'agent'
"""
_CONTACTS = """
    select 'all', count(*) from contacts where tenant_id = any(%s) and merged_into is null
"""
_THREADS = """
    select c.id, i.account_id account, c.contact_id contact, c.state, c.handler
    from conversations c
    join installations i on (i.tenant_id, i.id) = (c.tenant_id, c.installation_id)
    where c.tenant_id = any(%s)
"""
_TURNS = """
    select id, conversation_id conversation, state, outcome,
           array(select jsonb_array_elements_text(coalesce(record->'messages', '[]')))::uuid[]
           messages
    from turns where tenant_id = any(%s)
"""
_SENDINGS = """
    select id, message_id message, state from outbox
    where tenant_id = any(%s) and kind = 'send_message'
"""
_INBOX = """
    select state, count(*) from inbox b
    where b.tenant_id = any(%s) or exists (
        select from installations i
        where (i.tenant_id, i.id) = (b.tenant_id, b.installation_id) and i.app)
    group by 1
"""
_ANSWERS = """
    select resource_id::uuid, count(*) from audit_events
    where tenant_id = any(%s) and event_type = 'answer.sent' group by 1
"""
_MOVES = """
    select what, id, before, after from faults.moves where tenant_id = any(%s) order by position
"""


def gather(
    database: str, written: Sequence[Written], sent: Sequence[Mapping[str, Any]]
) -> Evidence:
    """The evidence about the shops of the story; `sent` is the sandbox's answer of that name."""
    shops = {w.account for w in written}
    with psycopg.connect(database) as connection:
        ours = [row[0] for row in connection.execute(_TENANTS, [[*shops]])]
        rows, pairs = partial(_rows, connection, ours), partial(_pairs, connection, ours)
        return Evidence(
            written=written,
            heard=rows(Heard, _HEARD),
            contacts=pairs(_CONTACTS)["all"],
            threads=rows(Thread, _THREADS),
            turns=rows(Turned, _TURNS),
            said=rows(Said, _SAID),
            sendings=rows(Sending, _SENDINGS),
            accepted=[
                Accepted(str(s["key"]), int(s["times"]), s["failed"] is not None)
                for s in sent
                if s["from"] in shops
            ],
            inbox=pairs(_INBOX),
            answers=pairs(_ANSWERS),
            moves=rows(Move, _MOVES),
        )


def _rows(
    connection: psycopg.Connection[Any], tenants: list[UUID], kind: type[Row], query: LiteralString
) -> list[Row]:
    with connection.cursor(row_factory=class_row(kind)) as cursor:
        return cursor.execute(query, [tenants]).fetchall()


def _pairs(
    connection: psycopg.Connection[Any], tenants: list[UUID], query: LiteralString
) -> dict[Any, Any]:
    return dict(connection.execute(query, [tenants]).fetchall())
