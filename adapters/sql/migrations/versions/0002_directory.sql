-- The questions of sign-in that are asked before a realm is known: an id is all they answer.

-- A key opens with what it was issued as and, for a while after a rotation, with what it was before.
create or replace function directory.find_api_key(p_digest bytea)
returns table (tenant_id uuid, key_id uuid)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select k.tenant_id, k.id from public.api_keys k where k.digest = p_digest
    union
    select k.tenant_id, k.id from public.api_keys k where k.old_digest = p_digest
$$;

-- Only for an address that is known whole; there is no way to list them.
create function directory.find_email(p_email text) returns table (id uuid)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select e.person_id from directory.emails e where e.email = p_email
$$;

create function directory.memberships(p_person uuid) returns table (tenant_id uuid)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select m.tenant_id from public.members m
    where m.id = p_person and m.state = 'active' order by m.tenant_id
$$;

create or replace function directory.own(p_tenant uuid) returns void
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp as $$
begin
    if p_tenant is distinct from nullif(current_setting('invekto.tenant_id', true), '')::uuid then
        raise insufficient_privilege using message = 'claims belong to the tenant of the transaction';
    end if;
end $$;

-- 1 when the address is the person's now, and their former one nobody's; 0 when it is another's.
create function directory.claim_email(p_email text, p_person uuid) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform directory.own(p_person);
    insert into directory.emails (person_id, email) values (p_person, p_email)
    on conflict (person_id) do update set email = excluded.email;
    return 1;
exception when unique_violation then
    return 0;
end $$;

create function directory.release_email(p_person uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform directory.own(p_person);
    delete from directory.emails e where e.person_id = p_person;
end $$;

-- What nobody will ask for again, at most p_n rows of each kind; answers how many rows went.
create function directory.purge_identity(p_now timestamptz, p_n integer) returns bigint
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    with gone_tickets as (
        delete from public.tickets t
        using (
            select o.tenant_id, o.id from public.tickets o
            where o.expires_at <= p_now order by o.expires_at limit p_n
        ) old
        where t.tenant_id = old.tenant_id and t.id = old.id
        returning 1
    ),
    gone_tokens as (
        delete from public.sso_tokens t
        using (
            select o.tenant_id, o.connection, o.digest from public.sso_tokens o
            where o.expires_at <= p_now order by o.expires_at limit p_n
        ) old
        where t.tenant_id = old.tenant_id and t.connection = old.connection
        and t.digest = old.digest
        returning 1
    ),
    gone_lockouts as (
        delete from public.lockouts l
        using (
            select o.tenant_id, o.key from public.lockouts o
            where o.expires_at <= p_now order by o.expires_at limit p_n
        ) old
        where l.tenant_id = old.tenant_id and l.key = old.key and l.expires_at <= p_now
        returning 1
    ),
    gone_attempts as (
        delete from public.attempts a
        using (
            select o.tenant_id, o.id from public.attempts o
            where o.at <= p_now - interval '180 days' order by o.at limit p_n
        ) old
        where a.tenant_id = old.tenant_id and a.id = old.id
        returning 1
    ),
    gone_sessions as (
        delete from public.sessions s
        using (
            select o.tenant_id, o.id from public.sessions o
            where o.created_at <= p_now - interval '90 days'
            -- no policy lets a session live longer than 90 days
            and (o.ended_at <= p_now - interval '90 days'
                 or o.created_at <= p_now - interval '180 days')
            order by o.created_at limit p_n
        ) old
        where s.tenant_id = old.tenant_id and s.id = old.id
        returning 1
    ),
    gone_letters as (
        delete from public.letters l
        using (
            select o.tenant_id, o.id from public.letters o
            where o.ring_at is null and o.due_at <= p_now - interval '30 days'
            order by o.due_at limit p_n
        ) old
        where l.tenant_id = old.tenant_id and l.id = old.id and l.ring_at is null
        returning 1
    )
    select (select count(*) from gone_tickets) + (select count(*) from gone_tokens)
        + (select count(*) from gone_lockouts) + (select count(*) from gone_attempts)
        + (select count(*) from gone_sessions) + (select count(*) from gone_letters)
$$;
