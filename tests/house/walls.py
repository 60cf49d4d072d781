"""What the catalogue of a migrated database must not show: each check tells every fault."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import psycopg

Check = Callable[[psycopg.Connection], Sequence[str]]

WALL = (
    "(tenant_id = ( SELECT (NULLIF(current_setting('invekto.tenant_id'::text, true), ''::text))"
    '::uuid AS "nullif"))'
)
ANSWERS = {
    *("tenant_id", "installation_id", "carrier_id", "key_id", "id"),
    *("mailbox", "stream", "number", "state", "rows", "age"),
}
"""What a function that reads across tenants may answer: ids, places in a queue, numbers."""
SEEN = {
    *("tenant_id", "installation_id", "carrier_id", "id", "hook_digest", "digest"),
    *("mailbox", "position", "stream", "number", "state", "due_at", "ring_at"),
    *("operation", "key", "expires_at"),
    *("connection", "old_digest", "at", "created_at", "ended_at"),
}
"""What such a function may read: never a name, an address, a secret or what anybody wrote."""
PURGED = {
    *("idempotency_keys", "letters", "tickets", "attempts", "sso_tokens", "sessions", "lockouts"),
}
"""What such a function may delete from: rows whose time is over."""


def found(connection: psycopg.Connection, query: str) -> list[str]:
    return [row[0] for row in connection.execute(query)]


def keys_without_the_tenant_first(connection: psycopg.Connection) -> Sequence[str]:
    """Also a table without a primary key, or whose tenant may be null."""
    return found(
        connection,
        """
        select c.relname || ' has a key without the tenant first: ' || i.indexrelid::regclass
        from pg_class c join pg_index i on i.indrelid = c.oid
        left join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
        where c.relnamespace = 'public'::regnamespace and (i.indisunique or i.indisprimary)
        and a.attname is distinct from 'tenant_id'
        union all
        select c.relname || ' has no tenant, or no primary key'
        from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
        and (
            not exists (
                select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id'
                and a.attnotnull and a.atttypid = 'uuid'::regtype
            )
            or not exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary)
        )
        """,
    )


def tables_without_a_wall(connection: psycopg.Connection) -> Sequence[str]:
    return found(
        connection,
        """
        select c.relname || ' has no row-level security, or its owner passes it'
        from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
        and not (c.relrowsecurity and c.relforcerowsecurity)
        """,
    )


def walls_with_a_hole(connection: psycopg.Connection) -> Sequence[str]:
    """One policy for everybody, one that lets the look-up role alone pass; others only narrow."""
    rows = connection.execute(
        """
        select c.relname, p.policyname, p.permissive, p.roles::text, p.cmd, p.qual, p.with_check
        from pg_class c left join pg_policies p
            on p.schemaname = 'public' and p.tablename = c.relname
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
        """
    ).fetchall()
    walled = {
        table
        for table, *policy in rows
        if policy == ["tenant", "PERMISSIVE", "{public}", "ALL", WALL, WALL]
    }
    holes = [f"{table} has no policy of ours" for table, *_ in rows if table not in walled]
    return holes + [
        f"{table} has a policy {name} for {roles}"
        for table, name, kind, roles, *_ in rows
        if name not in (None, "tenant") and kind != "RESTRICTIVE" and roles != "{invekto_lookup}"
    ]


def what_the_application_may_not(connection: psycopg.Connection) -> Sequence[str]:
    return found(
        connection,
        """
        select 'the role ' || rolname || ' is more than it should be' from pg_roles
        where rolname in ('invekto_app', 'invekto_lookup')
        and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolcanlogin)
        union all
        select 'the application is a member of ' || m.roleid::regrole from pg_auth_members m
        where m.member = 'invekto_app'::regrole
        union all
        select 'the application owns ' || c.relname from pg_class c
        where c.relowner = 'invekto_app'::regrole
        union all
        select 'the application may ' || g.privilege_type || ' ' || g.table_name
        from information_schema.role_table_grants g
        where g.grantee in ('invekto_app', 'PUBLIC') and (
            g.table_schema = 'directory'
            or (g.table_schema = 'public'
                and g.privilege_type not in ('SELECT', 'INSERT', 'UPDATE', 'DELETE'))
            or (g.table_name = 'audit_events' and g.privilege_type in ('UPDATE', 'DELETE'))
        )
        union all
        select 'the application may read a column of ' || c.table_name
        from information_schema.column_privileges c
        where c.table_schema = 'directory' and c.grantee in ('invekto_app', 'PUBLIC')
        union all
        select 'the application may create in ' || nspname from pg_namespace
        where nspname in ('public', 'directory')
        and has_schema_privilege('invekto_app', oid, 'create')
        """,
    )


def references_across_tenants(connection: psycopg.Connection) -> Sequence[str]:
    return found(
        connection,
        """
        select k.conrelid::regclass || ' refers without its tenant: ' || k.conname
        from pg_constraint k
        join pg_attribute mine on mine.attrelid = k.conrelid and mine.attnum = k.conkey[1]
        join pg_attribute theirs on theirs.attrelid = k.confrelid and theirs.attnum = k.confkey[1]
        where k.contype = 'f' and k.connamespace = 'public'::regnamespace
        and (mine.attname, theirs.attname) <> ('tenant_id', 'tenant_id')
        """,
    )


def views_that_see_everything(connection: psycopg.Connection) -> Sequence[str]:
    return found(
        connection,
        """
        select c.relname || ' sees with its owner''s eyes'
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname in ('public', 'directory') and (
            c.relkind = 'm'
            or (c.relkind = 'v'
                and not coalesce(c.reloptions @> array['security_invoker=true'], false))
        )
        """,
    )


def functions_anybody_may_bend(connection: psycopg.Connection) -> Sequence[str]:
    """Nothing of ours is anybody's to call, and what runs as its owner is narrow."""
    return found(
        connection,
        """
        select p.oid::regprocedure || ' ' || fault
        from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        cross join lateral (
            select 'has no fixed search path' as fault
            where not coalesce(p.proconfig @> array['search_path=pg_catalog, pg_temp'], false)
            union all
            select 'may be called by ' || coalesce(g.grantee::regrole::text, 'anybody')
            from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g
            where g.grantee not in (p.proowner, 'invekto_app'::regrole)
            union all
            select 'runs as ' || p.proowner::regrole where p.prosecdef
            and (p.proowner <> 'invekto_lookup'::regrole or n.nspname <> 'directory')
        ) faults
        where n.nspname in ('public', 'directory')
        """,
    )


def functions_that_tell_too_much(connection: psycopg.Connection) -> Sequence[str]:
    rows = connection.execute(
        """
        select p.oid::regprocedure::text, p.prorettype::regtype::text,
            array(
                select p.proargnames[i] from generate_subscripts(p.proargmodes, 1) i
                where p.proargmodes[i] in ('t', 'o', 'b')
            )
        from pg_proc p where p.prosecdef
        and p.pronamespace in ('public'::regnamespace, 'directory'::regnamespace)
        """
    ).fetchall()
    return [
        f"{name} answers {answer or kind}"
        for name, kind, answers in rows
        for answer in (answers or [""])
        if (answer and answer not in ANSWERS) or (not answer and kind not in ("void", "bigint"))
    ]


def columns_that_look_ups_see(connection: psycopg.Connection) -> Sequence[str]:
    rows = connection.execute(
        """
        select c.table_name, c.column_name, c.privilege_type
        from information_schema.column_privileges c
        where c.grantee = 'invekto_lookup' and c.table_schema = 'public'
        """
    ).fetchall()
    return [
        f"the look-ups may {privilege} {table}.{column}"
        for table, column, privilege in rows
        if (privilege != "SELECT" and column != "ring_at") or column not in SEEN
    ]


def rows_that_look_ups_write(connection: psycopg.Connection) -> Sequence[str]:
    """They add to the directory alone, and delete what is purged."""
    rows = connection.execute(
        """
        select g.table_name, g.privilege_type from information_schema.role_table_grants g
        where g.grantee = 'invekto_lookup' and g.table_schema = 'public'
        """
    ).fetchall()
    return [
        f"the look-ups may {privilege} {table}"
        for table, privilege in rows
        if privilege != "DELETE" or table not in PURGED
    ]
