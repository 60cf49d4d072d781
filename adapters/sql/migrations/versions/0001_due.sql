-- What somebody must look at now, and not again before `p_visibility` is over. Tenants take turns:
-- one with ten thousand rows does not keep the others waiting.
create function directory.due_{name}(p_now timestamptz, p_visibility interval, p_n integer)
returns table (tenant_id uuid, {returns})
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    with recursive waiting (tenant_id) as (
        (
            select t.tenant_id from public.{table} t
            where t.ring_at is not null order by t.tenant_id limit 1
        )
        union all
        select (
            select t.tenant_id from public.{table} t
            where t.ring_at is not null and t.tenant_id > w.tenant_id order by t.tenant_id limit 1
        )
        from waiting w where w.tenant_id is not null
    ),
    owners as (
        select w.tenant_id, greatest(20, 2 * p_n / count(*) over ()) as share from waiting w
        where exists (
            select from public.{table} t where t.tenant_id = w.tenant_id and t.ring_at <= p_now
        )
    ),
    ranked as (
        select d.*, row_number() over (partition by d.tenant_id order by d.ring_at) as turn
        from owners o cross join lateral (
            select t.tenant_id, {key}, t.ring_at from public.{table} t
            where t.tenant_id = o.tenant_id and t.ring_at <= p_now {only}
            order by t.ring_at limit o.share
        ) d
    ),
    chosen as (select * from ranked order by turn, ring_at limit p_n),
    held as (
        select t.tenant_id, {key} from public.{table} t join chosen c using (tenant_id, {names})
        where t.ring_at <= p_now
        for no key update of t skip locked
    )
    update public.{table} t set ring_at = p_now + p_visibility
    from held h where (t.tenant_id, {key}) = (h.tenant_id, {held})
    returning t.tenant_id, {answers}
$$;
