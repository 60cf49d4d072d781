-- The look-up role owns what reads across tenants; only the application may call it.
grant create on schema directory to invekto_lookup;
do $$
declare
    name text;
begin
    for name in
        select p.oid::regprocedure from pg_proc p
        where p.pronamespace = 'directory'::regnamespace
    loop
        execute format('revoke execute on function %s from public', name);
        execute format('grant execute on function %s to invekto_app', name);
        execute format('alter function %s owner to invekto_lookup', name);
    end loop;
end $$;
revoke create on schema directory from invekto_lookup;
