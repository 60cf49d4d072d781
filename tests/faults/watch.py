"""The database tells on itself: triggers note every change of state that a row goes through."""

from __future__ import annotations

import psycopg

_WATCH = """
    create schema faults;
    create table faults.moves (
        position bigint generated always as identity primary key,
        tenant_id uuid not null, what text not null, id uuid not null, before text, after text
    );
    create function faults.note() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp as $$
    begin
        insert into faults.moves (tenant_id, what, id, before, after)
        values (new.tenant_id, tg_table_name, new.id, old.state, new.state);
        return null;
    end $$;
    create trigger noted after update on messages for each row
        when (old.state is distinct from new.state) execute function faults.note();
    create trigger noted after update on outbox for each row
        when (old.state is distinct from new.state) execute function faults.note();
    create trigger noted after update on inbox for each row
        when (old.state is distinct from new.state) execute function faults.note();
    create trigger noted after update on turns for each row
        when ((old.state, old.outcome, old.record) is distinct from
              (new.state, new.outcome, new.record)) execute function faults.note();
"""


def watch(database: str) -> None:
    """From now on the database notes changes of state; `database` is its owner's address."""
    with psycopg.connect(database) as connection:
        connection.execute(_WATCH)
