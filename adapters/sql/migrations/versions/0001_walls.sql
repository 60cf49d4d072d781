-- Each row is its tenant's alone, also for the owner of the tables.
do $$
declare
    name text;
begin
    for name in select tablename from pg_tables where schemaname = 'public' loop
        execute format('alter table public.%I enable row level security', name);
        execute format('alter table public.%I force row level security', name);
        execute format(
            'create policy tenant on public.%I
             using (tenant_id = (select nullif(current_setting(''invekto.tenant_id'', true), '''')::uuid))
             with check (tenant_id = (select nullif(current_setting(''invekto.tenant_id'', true), '''')::uuid))',
            name
        );
        execute format('grant select, insert, update, delete on public.%I to invekto_app', name);
    end loop;
end $$;

-- What has happened is never changed, by nobody.
revoke update, delete on public.audit_events from invekto_app;

create function public.refuse_change() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise insufficient_privilege using message = 'audit events are never changed';
end $$;
revoke execute on function public.refuse_change() from public;

create trigger audit_events_are_final
before update or delete or truncate on public.audit_events
for each statement execute function public.refuse_change();

-- The look-ups read across tenants, and these columns are all they see.
grant select (tenant_id) on public.tenants to invekto_lookup;
grant select (tenant_id, id, hook_digest) on public.installations to invekto_lookup;
grant select (tenant_id, id, digest) on public.api_keys to invekto_lookup;
grant select (tenant_id, id, state, due_at, ring_at), update (ring_at)
    on public.inbox to invekto_lookup;
grant select (tenant_id, id, mailbox, position, state, due_at, ring_at), update (ring_at)
    on public.outbox to invekto_lookup;
grant select (tenant_id, id, ring_at), update (ring_at) on public.turns to invekto_lookup;
grant select (tenant_id, id, ring_at), update (ring_at) on public.conversations to invekto_lookup;
grant select (tenant_id, installation_id, stream, ring_at), update (ring_at)
    on public.sync to invekto_lookup;
grant select (tenant_id, carrier_id, number, ring_at), update (ring_at)
    on public.parcels to invekto_lookup;
grant select (tenant_id, operation, key, expires_at), delete
    on public.idempotency_keys to invekto_lookup;
grant select, insert, delete on directory.routes to invekto_lookup;

do $$
declare
    name text;
begin
    for name in
        select unnest(array['tenants', 'installations', 'api_keys', 'inbox', 'outbox', 'turns',
                            'conversations', 'sync', 'parcels', 'idempotency_keys'])
    loop
        execute format(
            'create policy lookup on public.%I to invekto_lookup using (true) with check (true)', name
        );
    end loop;
end $$;
