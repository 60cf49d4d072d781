"""The walls between tenants, read from the catalogue of a migrated database.

Every check is proven able to fail by planting what it is there to find.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import psycopg
import pytest

from tests.house.walls import (
    Check,
    columns_that_look_ups_see,
    functions_anybody_may_bend,
    functions_that_tell_too_much,
    keys_without_the_tenant_first,
    references_across_tenants,
    rows_that_look_ups_write,
    tables_without_a_wall,
    views_that_see_everything,
    walls_with_a_hole,
    what_the_application_may_not,
)

PLANTED: Sequence[tuple[Check, str]] = [
    (keys_without_the_tenant_first, "create table bad (id uuid primary key)"),
    (keys_without_the_tenant_first, "create table bad (tenant_id uuid not null)"),
    (keys_without_the_tenant_first, "create table bad (tenant_id text primary key)"),
    (keys_without_the_tenant_first, "create unique index bad on contacts (name)"),
    (keys_without_the_tenant_first, "create unique index bad on contacts (lower(name))"),
    (keys_without_the_tenant_first, "create unique index bad on contacts (id, tenant_id)"),
    (tables_without_a_wall, "create table bad (tenant_id uuid primary key)"),
    (tables_without_a_wall, "alter table contacts no force row level security"),
    (tables_without_a_wall, "alter table contacts disable row level security"),
    (walls_with_a_hole, "drop policy tenant on contacts"),
    (walls_with_a_hole, "alter policy tenant on contacts using (true)"),
    (walls_with_a_hole, "alter policy tenant on contacts with check (true)"),
    (walls_with_a_hole, "create policy bad on contacts using (true)"),
    (walls_with_a_hole, "create policy bad on contacts to invekto_app using (true)"),
    (what_the_application_may_not, "alter role invekto_app bypassrls"),
    (what_the_application_may_not, "alter role invekto_lookup login"),
    (what_the_application_may_not, "grant invekto_lookup to invekto_app"),
    (what_the_application_may_not, "alter table contacts owner to invekto_app"),
    (what_the_application_may_not, "grant truncate on contacts to invekto_app"),
    (what_the_application_may_not, "grant references on contacts to public"),
    (what_the_application_may_not, "grant update on audit_events to invekto_app"),
    (what_the_application_may_not, "grant select on directory.routes to public"),
    (what_the_application_may_not, "grant select (tenant_id) on directory.routes to invekto_app"),
    (what_the_application_may_not, "grant select on directory.emails to invekto_app"),
    (what_the_application_may_not, "grant select (email) on directory.emails to invekto_app"),
    (what_the_application_may_not, "grant create on schema directory to invekto_app"),
    (
        references_across_tenants,
        "alter table flags add x uuid unique; alter table intents add x uuid references flags (x)",
    ),
    (views_that_see_everything, "create view bad as select * from contacts"),
    (views_that_see_everything, "create materialized view bad as select * from contacts"),
    (functions_anybody_may_bend, "create function bad() returns int language sql return 1"),
    (functions_anybody_may_bend, "alter function directory.tenants() reset search_path"),
    (functions_anybody_may_bend, "alter function directory.tenants() set search_path = public"),
    (functions_anybody_may_bend, "grant execute on function directory.tenants() to public"),
    (functions_anybody_may_bend, "alter function directory.tenants() owner to current_user"),
    (functions_anybody_may_bend, "alter function refuse_change() security definer"),
    (
        functions_that_tell_too_much,
        "create function directory.bad() returns table (name text) language sql security definer"
        " return (select null::text)",
    ),
    (
        functions_that_tell_too_much,
        "create function directory.bad() returns table (email text) language sql security definer"
        " return (select null::text)",
    ),
    (
        functions_that_tell_too_much,
        "create function directory.bad() returns text language sql security definer"
        " return 'a word'",
    ),
    (columns_that_look_ups_see, "grant select (body) on inbox to invekto_lookup"),
    (columns_that_look_ups_see, "grant update (state) on outbox to invekto_lookup"),
    (columns_that_look_ups_see, "grant select on contacts to invekto_lookup"),
    (columns_that_look_ups_see, "grant select (email) on members to invekto_lookup"),
    (columns_that_look_ups_see, "grant select (refresh_digest) on sessions to invekto_lookup"),
    (rows_that_look_ups_write, "grant delete on accounts to invekto_lookup"),
    (rows_that_look_ups_write, "grant insert on tickets to invekto_lookup"),
    (rows_that_look_ups_write, "grant select on attempts to invekto_lookup"),
]
CHECKS = list(dict.fromkeys(check for check, _ in PLANTED))


@pytest.fixture
def catalogue(database_url: str) -> Iterator[psycopg.Connection]:
    """As the owner; whatever is planted is rolled back."""
    with psycopg.connect(database_url) as connection:
        yield connection
        connection.rollback()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_wall_has_no_hole(catalogue: psycopg.Connection, check: Check) -> None:
    assert check(catalogue) == []


@pytest.mark.parametrize(
    ("check", "hole"), PLANTED, ids=lambda part: getattr(part, "__name__", part)
)
def test_every_check_can_fail(catalogue: psycopg.Connection, check: Check, hole: str) -> None:
    catalogue.execute(hole)
    assert check(catalogue) != []
