-- The webhook door's one round trip: become the tenant, see that the connection still is as the
-- caller knows it, keep the delivery once.
create function public.ingest(
    p_tenant uuid, p_installation uuid, p_version integer, p_id uuid, p_key text,
    p_headers jsonb, p_body bytea, p_now timestamptz, p_correlation text
) returns text
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp as $$
declare
    v_plugin text;
begin
    perform set_config('invekto.tenant_id', p_tenant::text, true);
    select i.plugin_id into v_plugin from public.installations i
    where i.tenant_id = p_tenant and i.id = p_installation and i.version = p_version
    and i.state in ('active', 'needs_attention');
    if not found then
        return 'stale';
    end if;
    insert into public.inbox (
        tenant_id, id, installation_id, plugin_id, dedupe_key, body, headers, received_at,
        state, attempts, due_at, replays, correlation_id, ring_at
    ) values (
        p_tenant, p_id, p_installation, v_plugin, p_key, p_body, p_headers, p_now,
        'received', 0, p_now, 0, p_correlation, p_now
    ) on conflict (tenant_id, installation_id, dedupe_key) do nothing;
    return case when found then 'new' else 'seen' end;
end $$;
revoke execute on function public.ingest from public;
grant execute on function public.ingest to invekto_app;
