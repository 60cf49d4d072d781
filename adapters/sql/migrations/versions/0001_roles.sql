-- Roles belong to the whole server, so another database of ours may have made them already.
do $$
begin
    create role invekto_app nologin nosuperuser nobypassrls nocreatedb nocreaterole;
exception when duplicate_object or unique_violation then null;
end $$;

do $$
begin
    create role invekto_lookup nologin nosuperuser nobypassrls nocreatedb nocreaterole;
exception when duplicate_object or unique_violation then null;
end $$;

-- The migrator's login may act as the application (a laptop has one login), and gives functions to
-- the look-up role. Where an administrator has arranged this, there is nothing to grant.
do $$
begin
    grant invekto_app, invekto_lookup to current_user;
exception when insufficient_privilege then null;
end $$;

grant usage on schema public to invekto_app, invekto_lookup;
grant usage on schema directory to invekto_app, invekto_lookup;
