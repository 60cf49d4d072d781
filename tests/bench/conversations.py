"""Many conversations, made in the database itself as fast as it can write."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid4

import psycopg

OF_A_CONTACT = 4
"""Conversations; the last one is not resolved."""
_FAST = "set session_replication_role = replica; set synchronous_commit = off"
"""Foreign keys hold by construction, and are not asked."""
_TENANT = """
    insert into tenants (tenant_id, name, timezone, currency, language, created_at)
    values (%(tenant)s, 'Deneme', 'Europe/Istanbul', 'TRY', 'tr', now())
"""
_INSTALLATION = """
    insert into installations (tenant_id, id, plugin_id, account_id, account_name, state, settings,
        created_at, updated_at, version, app)
    values (%(tenant)s, %(channel)s, 'whatsapp', %(channel)s::text, 'Deneme', 'active', '',
        now(), now(), 1, false)
"""
_FILL = """
    with people as materialized (
        select uuidv7() as id, n from generate_series(0, (%(count)s - 1) / %(each)s) as n
    ), known as (
        insert into contacts (tenant_id, id, name, folded, created_at, updated_at, attributes)
        select %(tenant)s, id, 'Deniz ' || n, 'deniz ' || n, now(), now(), '{}' from people
    )
    insert into conversations (tenant_id, id, contact_id, installation_id, created_at,
        last_activity_at, state, handler, labels, preview, unread, last_inbound_at, failures,
        awaits, version)
    select %(tenant)s, uuidv7(), people.id, %(channel)s, now() - interval '800 days',
        now() - random() * interval '700 days',
        case when m %% %(each)s = 0
            then (array['open', 'pending', 'snoozed'])[1 + (m / %(each)s) %% 3] else 'resolved' end,
        (array['agent', 'person'])[1 + m %% 2], '["kargo", "iade"]',
        'Merhaba, kargom nerede acaba? Dün gelmesi gerekiyordu.', m %% 3, now(), 0, '{}', 1
    from generate_series(0, %(count)s - 1) as m join people on people.n = m / %(each)s
"""


def fill(database: str, tenant: UUID, channel: UUID, count: int) -> None:
    """Give a tenant that many conversations on a channel of its own."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(_FAST.encode())
        _fill(connection, tenant, channel, count)
        connection.execute(b"analyze conversations")


def spread(database: str, count: int, tenants: int) -> Sequence[UUID]:
    """New tenants that share so many conversations by Zipf's law; the largest comes first."""
    shares = [1 / rank for rank in range(1, tenants + 1)]
    whole = sum(shares)
    made = []
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(_FAST.encode())
        for share in shares:
            tenant, channel = uuid4(), uuid4()
            told = {"tenant": tenant, "channel": channel}
            connection.execute(_TENANT.encode(), told)
            connection.execute(_INSTALLATION.encode(), told)
            _fill(connection, tenant, channel, max(1, round(count * share / whole)))
            made.append(tenant)
        connection.execute(b"vacuum analyze conversations")
    return made


def _fill(connection: psycopg.Connection, tenant: UUID, channel: UUID, count: int) -> None:
    told = {"tenant": tenant, "channel": channel, "count": count, "each": OF_A_CONTACT}
    connection.execute(_FILL.encode(), told)
