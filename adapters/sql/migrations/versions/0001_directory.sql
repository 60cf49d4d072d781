-- The questions that are asked before a tenant is known. They answer with ids and numbers only.

create function directory.tenants() returns table (tenant_id uuid)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select t.tenant_id from public.tenants t order by t.tenant_id
$$;

create function directory.find_hook(p_digest bytea)
returns table (tenant_id uuid, installation_id uuid)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select i.tenant_id, i.id from public.installations i where i.hook_digest = p_digest
$$;

create function directory.find_api_key(p_digest bytea)
returns table (tenant_id uuid, key_id uuid)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select k.tenant_id, k.id from public.api_keys k where k.digest = p_digest
$$;

create function directory.find_route(p_plugin text, p_account text)
returns table (tenant_id uuid, installation_id uuid)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select r.tenant_id, r.installation_id from directory.routes r
    where r.plugin_id = p_plugin and r.account_id = p_account
$$;

-- Whoever claims or releases does so for itself: inside its own tenant's transaction.
create function directory.own(p_tenant uuid) returns void
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp as $$
begin
    if p_tenant is distinct from nullif(current_setting('invekto.tenant_id', true), '')::uuid then
        raise insufficient_privilege using message = 'routes belong to the tenant of the transaction';
    end if;
end $$;

create function directory.claim_route(
    p_plugin text, p_account text, p_tenant uuid, p_installation uuid
) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform directory.own(p_tenant);
    insert into directory.routes (plugin_id, account_id, tenant_id, installation_id)
    values (p_plugin, p_account, p_tenant, p_installation)
    on conflict (plugin_id, account_id) do nothing;
    if not exists (
        select from directory.routes r
        where r.plugin_id = p_plugin and r.account_id = p_account
        and r.tenant_id = p_tenant and r.installation_id = p_installation
    ) then
        raise unique_violation using message = 'this account is connected already';
    end if;
end $$;

create function directory.release_route(p_tenant uuid, p_installation uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform directory.own(p_tenant);
    delete from directory.routes r
    where r.tenant_id = p_tenant and r.installation_id = p_installation;
end $$;

-- For the operator's metrics: what is not finished, by state. `age` is how many seconds ago the
-- oldest was due.
create function directory.inbox_counts(p_now timestamptz)
returns table (state text, rows bigint, age double precision)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select 'received', count(*), greatest(0, extract(epoch from p_now - min(i.due_at)))
    from public.inbox i where i.ring_at is not null having count(*) > 0
    union all
    select i.state, count(*), greatest(0, extract(epoch from p_now - min(i.due_at)))
    from public.inbox i where i.state in ('unreadable', 'unrouted', 'failed') group by i.state
$$;

create function directory.outbox_counts(p_now timestamptz)
returns table (state text, rows bigint, age double precision)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select o.state, count(*), greatest(0, extract(epoch from p_now - min(o.due_at)))
    from public.outbox o where o.state <> 'sent' group by o.state
$$;

create function directory.purge_idempotency_keys(p_now timestamptz, p_n integer) returns bigint
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    with gone as (
        delete from public.idempotency_keys k
        using (
            select e.tenant_id, e.operation, e.key from public.idempotency_keys e
            where e.expires_at <= p_now order by e.expires_at limit p_n
        ) old
        where k.tenant_id = old.tenant_id and k.operation = old.operation and k.key = old.key
        and k.expires_at <= p_now
        returning 1
    )
    select count(*) from gone
$$;
