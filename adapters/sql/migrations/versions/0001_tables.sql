-- Every table as it was at the beginning. Tables of a tenant begin each key with it.

create table directory.routes (
    plugin_id text not null,
    account_id text not null,
    tenant_id uuid not null,
    installation_id uuid not null,
    constraint routes_pkey primary key (plugin_id, account_id)
);

create table public.tenants (
    tenant_id uuid not null,
    name text not null,
    timezone text not null,
    currency text not null,
    language text not null,
    created_at timestamptz not null,
    constraint tenants_pkey primary key (tenant_id)
);

create table public.api_keys (
    tenant_id uuid not null,
    id uuid not null,
    name text not null,
    hint text not null,
    digest bytea not null,
    scopes jsonb not null,
    created_at timestamptz not null,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    constraint api_keys_pkey primary key (tenant_id, id),
    constraint api_keys_tenant_id_fkey
        foreign key (tenant_id)
        references public.tenants (tenant_id)
);
create index api_keys_digest
    on public.api_keys (digest)
    where digest is not null;

create table public.audit_events (
    tenant_id uuid not null,
    id uuid not null,
    position bigint generated always as identity,
    event_type text not null,
    actor_kind text not null,
    actor_id text not null,
    resource_type text not null,
    resource_id text not null,
    ip text,
    user_agent text,
    correlation_id text,
    before jsonb,
    after jsonb,
    at timestamptz not null,
    constraint audit_events_pkey primary key (tenant_id, id),
    constraint audit_events_tenant_id_fkey
        foreign key (tenant_id)
        references public.tenants (tenant_id)
);
create index audit_events_position
    on public.audit_events (tenant_id, position);
create index audit_events_resource
    on public.audit_events (tenant_id, resource_type, resource_id, position);

create table public.contacts (
    tenant_id uuid not null,
    id uuid not null,
    name text,
    folded text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    language text,
    marketing boolean,
    merged_into uuid,
    attributes jsonb not null,
    constraint contacts_pkey primary key (tenant_id, id),
    constraint contacts_tenant_id_fkey
        foreign key (tenant_id)
        references public.tenants (tenant_id),
    constraint contacts_tenant_id_merged_into_fkey
        foreign key (tenant_id, merged_into)
        references public.contacts (tenant_id, id)
);
create index contacts_updated
    on public.contacts (tenant_id, updated_at, id)
    where merged_into is null;

create table public.flags (
    tenant_id uuid not null,
    name text not null,
    enabled boolean not null,
    updated_at timestamptz not null,
    constraint flags_pkey primary key (tenant_id, name),
    constraint flags_tenant_id_fkey
        foreign key (tenant_id)
        references public.tenants (tenant_id)
);

create table public.idempotency_keys (
    tenant_id uuid not null,
    operation text not null,
    key text not null,
    request_hash bytea not null,
    state text not null,
    status integer,
    body bytea,
    headers jsonb,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    constraint idempotency_keys_pkey primary key (tenant_id, operation, key),
    constraint idempotency_keys_tenant_id_fkey
        foreign key (tenant_id)
        references public.tenants (tenant_id)
);
create index idempotency_keys_expired
    on public.idempotency_keys (tenant_id, expires_at);

create table public.installations (
    tenant_id uuid not null,
    id uuid not null,
    plugin_id text not null,
    account_id text not null,
    account_name text not null,
    state text not null,
    settings bytea not null,
    hook_digest bytea,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    version integer not null,
    health jsonb,
    app boolean not null,
    constraint installations_pkey primary key (tenant_id, id),
    constraint installations_tenant_id_fkey
        foreign key (tenant_id)
        references public.tenants (tenant_id)
);
create unique index installations_account
    on public.installations (tenant_id, plugin_id, account_id, app)
    where state <> 'disconnected';
create index installations_hook
    on public.installations (hook_digest)
    where hook_digest is not null;

create table public.intents (
    tenant_id uuid not null,
    name text not null,
    threshold double precision not null,
    autonomous boolean not null,
    title text,
    examples jsonb not null,
    updated_at timestamptz not null,
    constraint intents_pkey primary key (tenant_id, name),
    constraint intents_tenant_id_fkey
        foreign key (tenant_id)
        references public.tenants (tenant_id)
);

create table public.tenant_keys (
    tenant_id uuid not null,
    version integer not null,
    wrapped bytea not null,
    kek_id text not null,
    created_at timestamptz not null,
    constraint tenant_keys_pkey primary key (tenant_id, version),
    constraint tenant_keys_tenant_id_fkey
        foreign key (tenant_id)
        references public.tenants (tenant_id)
);

create table public.claims (
    tenant_id uuid not null,
    installation_id uuid not null,
    id text not null,
    number text not null,
    modified_at timestamptz not null,
    content jsonb not null,
    constraint claims_pkey primary key (tenant_id, installation_id, id),
    constraint claims_tenant_id_installation_id_fkey
        foreign key (tenant_id, installation_id)
        references public.installations (tenant_id, id)
);
create index claims_order
    on public.claims (tenant_id, installation_id, number);

create table public.conversations (
    tenant_id uuid not null,
    id uuid not null,
    contact_id uuid not null,
    installation_id uuid not null,
    created_at timestamptz not null,
    last_activity_at timestamptz not null,
    state text not null,
    handler text not null,
    assignee text,
    labels jsonb not null,
    preview text not null,
    unread integer not null,
    last_inbound_at timestamptz,
    snoozed_until timestamptz,
    handover jsonb,
    failures integer not null,
    awaits jsonb not null,
    version integer not null,
    joined uuid,
    ring_at timestamptz,
    constraint conversations_pkey primary key (tenant_id, id),
    constraint conversations_tenant_id_contact_id_fkey
        foreign key (tenant_id, contact_id)
        references public.contacts (tenant_id, id),
    constraint conversations_tenant_id_installation_id_fkey
        foreign key (tenant_id, installation_id)
        references public.installations (tenant_id, id),
    constraint conversations_tenant_id_joined_fkey
        foreign key (tenant_id, joined)
        references public.conversations (tenant_id, id)
);
create index conversations_assignee
    on public.conversations (tenant_id, assignee, last_activity_at, id)
    where joined is null and state <> 'resolved';
create index conversations_contact
    on public.conversations (tenant_id, contact_id, last_activity_at, id);
create unique index conversations_current
    on public.conversations (tenant_id, contact_id, installation_id)
    where state <> 'resolved';
create index conversations_latest
    on public.conversations (tenant_id, last_activity_at, id)
    where joined is null;
create index conversations_rings
    on public.conversations (tenant_id, ring_at)
    where ring_at is not null;
create index conversations_state
    on public.conversations (tenant_id, state, last_activity_at, id)
    where joined is null;

create table public.guesses (
    tenant_id uuid not null,
    position bigint generated always as identity,
    contact_id uuid not null,
    at timestamptz not null,
    constraint guesses_pkey primary key (tenant_id, position),
    constraint guesses_tenant_id_contact_id_fkey
        foreign key (tenant_id, contact_id)
        references public.contacts (tenant_id, id)
);
create index guesses_at
    on public.guesses (tenant_id, at);
create index guesses_contact
    on public.guesses (tenant_id, contact_id, at);

create table public.identities (
    tenant_id uuid not null,
    scope text not null,
    kind text not null,
    value text not null,
    contact_id uuid not null,
    bound_at timestamptz not null,
    constraint identities_pkey primary key (tenant_id, scope, kind, value),
    constraint identities_tenant_id_contact_id_fkey
        foreign key (tenant_id, contact_id)
        references public.contacts (tenant_id, id)
);
create index identities_contact
    on public.identities (tenant_id, contact_id);

create table public.inbox (
    tenant_id uuid not null,
    id uuid not null,
    position bigint generated always as identity,
    installation_id uuid not null,
    plugin_id text not null,
    dedupe_key text not null,
    body bytea not null,
    headers jsonb not null,
    received_at timestamptz not null,
    state text not null,
    reason text,
    attempts integer not null,
    due_at timestamptz,
    processed_at timestamptz,
    replays integer not null,
    correlation_id text,
    ring_at timestamptz,
    constraint inbox_pkey primary key (tenant_id, id),
    constraint inbox_tenant_id_installation_id_fkey
        foreign key (tenant_id, installation_id)
        references public.installations (tenant_id, id)
);
create unique index inbox_dedupe
    on public.inbox (tenant_id, installation_id, dedupe_key);
create index inbox_received
    on public.inbox (tenant_id, received_at, position);
create index inbox_rings
    on public.inbox (tenant_id, ring_at)
    where ring_at is not null;
create index inbox_state
    on public.inbox (tenant_id, state, received_at, position);
create index inbox_trouble
    on public.inbox (state)
    where state in ('unreadable', 'unrouted', 'failed');

create table public.merges (
    tenant_id uuid not null,
    id uuid not null,
    kept uuid not null,
    merged uuid not null,
    why text not null,
    at timestamptz not null,
    moved jsonb not null,
    undone_at timestamptz,
    constraint merges_pkey primary key (tenant_id, id),
    constraint merges_tenant_id_kept_fkey
        foreign key (tenant_id, kept)
        references public.contacts (tenant_id, id),
    constraint merges_tenant_id_merged_fkey
        foreign key (tenant_id, merged)
        references public.contacts (tenant_id, id)
);
create index merges_kept
    on public.merges (tenant_id, kept);
create index merges_merged
    on public.merges (tenant_id, merged);

create table public.orders (
    tenant_id uuid not null,
    installation_id uuid not null,
    number text not null,
    placed_at timestamptz not null,
    modified_at timestamptz not null,
    buyer jsonb not null,
    buyer_phone text,
    destination jsonb not null,
    contact_id uuid,
    seen_at timestamptz not null,
    constraint orders_pkey primary key (tenant_id, installation_id, number),
    constraint orders_tenant_id_installation_id_fkey
        foreign key (tenant_id, installation_id)
        references public.installations (tenant_id, id),
    constraint orders_tenant_id_contact_id_fkey
        foreign key (tenant_id, contact_id)
        references public.contacts (tenant_id, id)
);
create index orders_contact
    on public.orders (tenant_id, contact_id, placed_at)
    where contact_id is not null;
create index orders_number
    on public.orders (tenant_id, number);
create index orders_phone
    on public.orders (tenant_id, buyer_phone, placed_at)
    where buyer_phone is not null;
create index orders_placed
    on public.orders (tenant_id, placed_at, installation_id, number);

create table public.outbox (
    tenant_id uuid not null,
    id uuid not null,
    position bigint generated always as identity,
    mailbox text not null,
    installation_id uuid not null,
    kind text not null,
    payload jsonb not null,
    message_id uuid,
    repeatable boolean not null,
    due_at timestamptz not null,
    created_at timestamptz not null,
    state text not null,
    attempts integer not null,
    lease_until timestamptz,
    cause text,
    error text,
    correlation_id text,
    ring_at timestamptz,
    constraint outbox_pkey primary key (tenant_id, id),
    constraint outbox_tenant_id_installation_id_fkey
        foreign key (tenant_id, installation_id)
        references public.installations (tenant_id, id)
);
create index outbox_mailbox
    on public.outbox (tenant_id, mailbox, position)
    where state in ('ready', 'sending', 'unknown', 'parked');
create index outbox_message
    on public.outbox (tenant_id, message_id)
    where message_id is not null;
create index outbox_newest
    on public.outbox (tenant_id, position);
create index outbox_rings
    on public.outbox (tenant_id, ring_at)
    where ring_at is not null;
create index outbox_state
    on public.outbox (tenant_id, state, position);
create index outbox_unsent
    on public.outbox (state, due_at)
    where state <> 'sent';

create table public.parcels (
    tenant_id uuid not null,
    carrier_id uuid not null,
    number text not null,
    order_installation_id uuid not null,
    order_number text not null,
    due_at timestamptz,
    parcel jsonb,
    checked_at timestamptz,
    failures integer not null,
    ring_at timestamptz,
    constraint parcels_pkey primary key (tenant_id, carrier_id, number),
    constraint parcels_tenant_id_carrier_id_fkey
        foreign key (tenant_id, carrier_id)
        references public.installations (tenant_id, id),
    constraint parcels_tenant_id_order_installation_id_fkey
        foreign key (tenant_id, order_installation_id)
        references public.installations (tenant_id, id)
);
create index parcels_order
    on public.parcels (tenant_id, order_installation_id, order_number);
create index parcels_rings
    on public.parcels (tenant_id, ring_at)
    where ring_at is not null;

create table public.proofs (
    tenant_id uuid not null,
    contact_id uuid not null,
    installation_id uuid not null,
    number text not null,
    how text not null,
    at timestamptz not null,
    constraint proofs_pkey primary key (tenant_id, contact_id, installation_id, number),
    constraint proofs_tenant_id_contact_id_fkey
        foreign key (tenant_id, contact_id)
        references public.contacts (tenant_id, id),
    constraint proofs_tenant_id_installation_id_fkey
        foreign key (tenant_id, installation_id)
        references public.installations (tenant_id, id)
);

create table public.questions (
    tenant_id uuid not null,
    installation_id uuid not null,
    id text not null,
    asked_at timestamptz not null,
    content jsonb not null,
    constraint questions_pkey primary key (tenant_id, installation_id, id),
    constraint questions_tenant_id_installation_id_fkey
        foreign key (tenant_id, installation_id)
        references public.installations (tenant_id, id)
);
create index questions_asked
    on public.questions (tenant_id, asked_at, installation_id, id);

create table public.reports (
    tenant_id uuid not null,
    position bigint generated always as identity,
    installation_id uuid not null,
    external_id text not null,
    state text not null,
    at timestamptz not null,
    reason text,
    constraint reports_pkey primary key (tenant_id, installation_id, external_id, position),
    constraint reports_tenant_id_installation_id_fkey
        foreign key (tenant_id, installation_id)
        references public.installations (tenant_id, id)
);

create table public.sync (
    tenant_id uuid not null,
    installation_id uuid not null,
    stream text not null,
    due_at timestamptz not null,
    since timestamptz,
    cursor text,
    started_at timestamptz,
    finished_at timestamptz,
    lease_until timestamptz,
    error text,
    failures integer not null,
    seen integer not null,
    ring_at timestamptz,
    constraint sync_pkey primary key (tenant_id, installation_id, stream),
    constraint sync_tenant_id_installation_id_fkey
        foreign key (tenant_id, installation_id)
        references public.installations (tenant_id, id)
);
create index sync_rings
    on public.sync (tenant_id, ring_at)
    where ring_at is not null;

create table public.messages (
    tenant_id uuid not null,
    id uuid not null,
    position bigint generated always as identity,
    conversation_id uuid not null,
    installation_id uuid not null,
    direction text not null,
    author text not null,
    kind text not null,
    text text not null,
    sent_at timestamptz not null,
    created_at timestamptz not null,
    state text not null,
    content jsonb not null,
    external_id text,
    reply_to text,
    error text,
    turn_id uuid,
    edited_at timestamptz,
    revoked_at timestamptz,
    reactions jsonb not null,
    answered boolean not null,
    constraint messages_pkey primary key (tenant_id, id),
    constraint messages_tenant_id_conversation_id_fkey
        foreign key (tenant_id, conversation_id)
        references public.conversations (tenant_id, id),
    constraint messages_tenant_id_installation_id_fkey
        foreign key (tenant_id, installation_id)
        references public.installations (tenant_id, id)
);
create unique index messages_external
    on public.messages (tenant_id, installation_id, external_id)
    where external_id is not null;
create index messages_thread
    on public.messages (tenant_id, conversation_id, sent_at, position);
create index messages_unanswered
    on public.messages (tenant_id, conversation_id, sent_at, position)
    where direction = 'in' and not answered;

create table public.packages (
    tenant_id uuid not null,
    installation_id uuid not null,
    number text not null,
    id text not null,
    modified_at timestamptz not null,
    content jsonb not null,
    constraint packages_pkey primary key (tenant_id, installation_id, number, id),
    constraint packages_tenant_id_installation_id_number_fkey
        foreign key (tenant_id, installation_id, number)
        references public.orders (tenant_id, installation_id, number)
);

create table public.turns (
    tenant_id uuid not null,
    id uuid not null,
    position bigint generated always as identity,
    conversation_id uuid not null,
    created_at timestamptz not null,
    due_at timestamptz not null,
    state text not null,
    attempts integer not null,
    lease_until timestamptz,
    finished_at timestamptz,
    outcome text,
    verdict text,
    record jsonb not null,
    correlation_id text,
    ring_at timestamptz,
    constraint turns_pkey primary key (tenant_id, id),
    constraint turns_tenant_id_conversation_id_fkey
        foreign key (tenant_id, conversation_id)
        references public.conversations (tenant_id, id)
);
create index turns_conversation
    on public.turns (tenant_id, conversation_id, created_at, position);
create index turns_done
    on public.turns (tenant_id, created_at, position)
    where state = 'done';
create unique index turns_due
    on public.turns (tenant_id, conversation_id)
    where state = 'due';
create index turns_rings
    on public.turns (tenant_id, ring_at)
    where ring_at is not null;
create unique index turns_running
    on public.turns (tenant_id, conversation_id)
    where state = 'running';

create table public.attachments (
    tenant_id uuid not null,
    id uuid not null,
    message_id uuid not null,
    kind text not null,
    mime text not null,
    ref text not null,
    filename text,
    path text,
    size integer,
    error text,
    constraint attachments_pkey primary key (tenant_id, id),
    constraint attachments_tenant_id_message_id_fkey
        foreign key (tenant_id, message_id)
        references public.messages (tenant_id, id)
);
create index attachments_message
    on public.attachments (tenant_id, message_id);
