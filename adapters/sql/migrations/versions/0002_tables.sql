-- Tenants of two kinds, keys with a fence and an overlap, and every table of people and sign-in.

alter table public.tenants add kind text not null default 'seller';

alter table public.api_keys
    add networks jsonb not null default '[]',
    add countries jsonb not null default '[]',
    add old_digest bytea,
    add old_until timestamptz;
create index api_keys_old_digest
    on public.api_keys (old_digest)
    where old_digest is not null;

create table directory.emails (
    person_id uuid not null,
    email text not null,
    constraint emails_pkey primary key (person_id)
);
create unique index emails_email
    on directory.emails (email);

create table public.members (
    tenant_id uuid not null,
    id uuid not null,
    email text not null,
    name text not null,
    folded text not null,
    state text not null,
    roles jsonb not null,
    teams jsonb not null,
    managed boolean not null,
    external_id text,
    user_name text,
    given_name text,
    family_name text,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    last_seen_at timestamptz,
    protected_at timestamptz,
    version integer not null,
    constraint members_pkey primary key (tenant_id, id),
    constraint members_tenant_id_fkey
        foreign key (tenant_id)
        references public.tenants (tenant_id)
);
create unique index members_email
    on public.members (tenant_id, email);
create unique index members_external
    on public.members (tenant_id, external_id)
    where external_id is not null;
create unique index members_user_name
    on public.members (tenant_id, user_name)
    where user_name is not null;
create index members_person
    on public.members (id)
    where state = 'active';

create table public.roles (
    tenant_id uuid not null,
    name text not null,
    title text not null,
    permissions jsonb not null,
    updated_at timestamptz,
    version integer not null,
    constraint roles_pkey primary key (tenant_id, name),
    constraint roles_tenant_id_fkey
        foreign key (tenant_id)
        references public.tenants (tenant_id)
);

create table public.teams (
    tenant_id uuid not null,
    id uuid not null,
    name text not null,
    created_at timestamptz not null,
    external_id text,
    constraint teams_pkey primary key (tenant_id, id),
    constraint teams_tenant_id_fkey
        foreign key (tenant_id)
        references public.tenants (tenant_id)
);
create unique index teams_name
    on public.teams (tenant_id, name);

create table public.policies (
    tenant_id uuid not null,
    policy jsonb not null,
    version integer not null,
    constraint policies_pkey primary key (tenant_id),
    constraint policies_tenant_id_fkey
        foreign key (tenant_id)
        references public.tenants (tenant_id)
);

create table public.sso_connections (
    tenant_id uuid not null,
    id uuid not null,
    kind text not null,
    name text not null,
    enabled boolean not null,
    issuer text not null,
    client_id text not null,
    settings jsonb not null,
    sealed bytea not null,
    rules jsonb not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    version integer not null,
    constraint sso_connections_pkey primary key (tenant_id, id),
    constraint sso_connections_tenant_id_fkey
        foreign key (tenant_id)
        references public.tenants (tenant_id)
);

create table public.sso_links (
    tenant_id uuid not null,
    connection uuid not null,
    subject text not null,
    person uuid not null,
    created_at timestamptz not null,
    constraint sso_links_pkey primary key (tenant_id, connection, subject),
    constraint sso_links_tenant_id_connection_fkey
        foreign key (tenant_id, connection)
        references public.sso_connections (tenant_id, id),
    constraint sso_links_tenant_id_person_fkey
        foreign key (tenant_id, person)
        references public.members (tenant_id, id)
);
create index sso_links_person
    on public.sso_links (tenant_id, person);

create table public.sso_tokens (
    tenant_id uuid not null,
    connection uuid not null,
    digest bytea not null,
    used_at timestamptz not null,
    expires_at timestamptz not null,
    constraint sso_tokens_pkey primary key (tenant_id, connection, digest),
    constraint sso_tokens_tenant_id_connection_fkey
        foreign key (tenant_id, connection)
        references public.sso_connections (tenant_id, id)
);
create index sso_tokens_expired
    on public.sso_tokens (expires_at)
    where expires_at is not null;

create table public.sessions (
    tenant_id uuid not null,
    id uuid not null,
    person uuid not null,
    device uuid not null,
    methods jsonb not null,
    created_at timestamptz not null,
    last_seen_at timestamptz not null,
    refresh_digest bytea not null,
    generation integer not null,
    rotated_at timestamptz,
    remembered boolean not null,
    proven_at timestamptz,
    connection uuid,
    sso_subject text,
    sso_session text,
    user_agent text,
    ip text,
    country text,
    ended_at timestamptz,
    ended_why text,
    constraint sessions_pkey primary key (tenant_id, id),
    constraint sessions_tenant_id_fkey
        foreign key (tenant_id)
        references public.tenants (tenant_id)
);
create index sessions_old
    on public.sessions (created_at)
    where created_at is not null;
create index sessions_open
    on public.sessions (tenant_id, person)
    where ended_at is null;
create index sessions_provider
    on public.sessions (tenant_id, connection, sso_session)
    where ended_at is null;
create index sessions_subject
    on public.sessions (tenant_id, connection, sso_subject)
    where ended_at is null;

create table public.attempts (
    tenant_id uuid not null,
    id uuid not null,
    reason text not null,
    at timestamptz not null,
    person uuid,
    email text,
    ip text,
    country text,
    user_agent text,
    device uuid,
    detail text,
    constraint attempts_pkey primary key (tenant_id, id),
    constraint attempts_tenant_id_fkey
        foreign key (tenant_id)
        references public.tenants (tenant_id)
);
create index attempts_at
    on public.attempts (tenant_id, at, id);
create index attempts_old
    on public.attempts (at)
    where at is not null;
create index attempts_person
    on public.attempts (tenant_id, person, at, id)
    where person is not null;

create table public.accounts (
    tenant_id uuid not null,
    email text not null,
    email_verified_at timestamptz,
    created_at timestamptz not null,
    password text,
    password_changed_at timestamptz,
    closed_at timestamptz,
    constraint accounts_pkey primary key (tenant_id),
    constraint accounts_tenant_id_fkey
        foreign key (tenant_id)
        references public.tenants (tenant_id)
);

create table public.devices (
    tenant_id uuid not null,
    id uuid not null,
    user_agent text,
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    constraint devices_pkey primary key (tenant_id, id),
    constraint devices_tenant_id_fkey
        foreign key (tenant_id)
        references public.tenants (tenant_id)
);

create table public.factors (
    tenant_id uuid not null,
    id uuid not null,
    kind text not null,
    name text not null,
    created_at timestamptz not null,
    sealed bytea not null,
    step integer not null,
    credential_id bytea,
    credential jsonb,
    last_used_at timestamptz,
    constraint factors_pkey primary key (tenant_id, id),
    constraint factors_tenant_id_fkey
        foreign key (tenant_id)
        references public.tenants (tenant_id)
);
create unique index factors_credential
    on public.factors (tenant_id, credential_id)
    where credential_id is not null;

create table public.backup_codes (
    tenant_id uuid not null,
    digest bytea not null,
    created_at timestamptz not null,
    used_at timestamptz,
    constraint backup_codes_pkey primary key (tenant_id, digest),
    constraint backup_codes_tenant_id_fkey
        foreign key (tenant_id)
        references public.tenants (tenant_id)
);

create table public.tickets (
    tenant_id uuid not null,
    id uuid not null,
    purpose text not null,
    digest bytea not null,
    data jsonb not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    tries integer not null,
    constraint tickets_pkey primary key (tenant_id, id),
    constraint tickets_tenant_id_fkey
        foreign key (tenant_id)
        references public.tenants (tenant_id)
);
create index tickets_expired
    on public.tickets (expires_at)
    where expires_at is not null;
create index tickets_purpose
    on public.tickets (tenant_id, purpose)
    where used_at is null;

create table public.letters (
    tenant_id uuid not null,
    id uuid not null,
    medium text not null,
    kind text not null,
    sealed bytea not null,
    due_at timestamptz not null,
    created_at timestamptz not null,
    channel uuid,
    state text not null,
    attempts integer not null,
    lease_until timestamptz,
    error text,
    ring_at timestamptz,
    constraint letters_pkey primary key (tenant_id, id),
    constraint letters_tenant_id_fkey
        foreign key (tenant_id)
        references public.tenants (tenant_id)
);
create index letters_done
    on public.letters (due_at)
    where ring_at is null;
create index letters_rings
    on public.letters (tenant_id, ring_at)
    where ring_at is not null;

create table public.lockouts (
    tenant_id uuid not null,
    key text not null,
    failures integer not null,
    locks integer not null,
    last_failed_at timestamptz,
    locked_until timestamptz,
    expires_at timestamptz not null,
    constraint lockouts_pkey primary key (tenant_id, key),
    constraint lockouts_tenant_id_fkey
        foreign key (tenant_id)
        references public.tenants (tenant_id)
);
create index lockouts_expired
    on public.lockouts (expires_at)
    where expires_at is not null;
create index lockouts_locked
    on public.lockouts (tenant_id, locked_until)
    where locked_until is not null;

create table public.signing_keys (
    tenant_id uuid not null,
    id uuid not null,
    public text not null,
    sealed bytea not null,
    created_at timestamptz not null,
    constraint signing_keys_pkey primary key (tenant_id, id),
    constraint signing_keys_tenant_id_fkey
        foreign key (tenant_id)
        references public.tenants (tenant_id)
);

