-- Each row is its tenant's alone: a person's realm is one tenant, a seller's another.
do $$
declare
    name text;
begin
    for name in
        select unnest(array['members', 'roles', 'teams', 'policies', 'sso_connections', 'sso_links',
                            'sso_tokens', 'sessions', 'attempts', 'accounts', 'devices', 'factors',
                            'backup_codes', 'tickets', 'letters', 'lockouts', 'signing_keys'])
    loop
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

-- A refused sign-in that was logged stays as it is until its time is over.
revoke update, delete on public.attempts from invekto_app;

-- What the look-ups see of these tables; nobody but them touches the addresses.
grant select (old_digest) on public.api_keys to invekto_lookup;
grant select (tenant_id, id, state) on public.members to invekto_lookup;
grant select (tenant_id, id, due_at, ring_at), update (ring_at), delete
    on public.letters to invekto_lookup;
grant select (tenant_id, id, expires_at), delete on public.tickets to invekto_lookup;
grant select (tenant_id, id, at), delete on public.attempts to invekto_lookup;
grant select (tenant_id, connection, digest, expires_at), delete
    on public.sso_tokens to invekto_lookup;
grant select (tenant_id, id, created_at, ended_at), delete on public.sessions to invekto_lookup;
grant select (tenant_id, key, expires_at), delete on public.lockouts to invekto_lookup;
grant select, insert, update, delete on directory.emails to invekto_lookup;

do $$
declare
    name text;
begin
    for name in
        select unnest(array['members', 'letters', 'tickets', 'attempts', 'sso_tokens', 'sessions',
                            'lockouts'])
    loop
        execute format(
            'create policy lookup on public.%I to invekto_lookup using (true) with check (true)', name
        );
    end loop;
end $$;
