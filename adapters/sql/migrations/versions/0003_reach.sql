alter table public.conversations add column team uuid;

-- `invekto.reach` names a person and their teams; where it is not set, everything is reached. A row
-- may be changed so that it leaves the reach of whoever changes it.
create policy reach on public.conversations as restrictive to invekto_app
using (
    (select coalesce(current_setting('invekto.reach', true), '')) = ''
    or (assignee is null and team is null)
    or assignee = any ((select string_to_array(current_setting('invekto.reach', true), ','))::text[])
    or team = any ((select string_to_array(current_setting('invekto.reach', true), ','))::uuid[])
)
with check (true);

-- What belongs to a conversation is reached through it: its own policy holds in the question.
do $$
declare
    reached record;
begin
    for reached in
        select * from (values
            ('messages', 'conversations', 'w.id = messages.conversation_id'),
            ('turns', 'conversations', 'w.id = turns.conversation_id'),
            ('contacts', 'conversations', 'w.contact_id = contacts.id'),
            ('attachments', 'messages', 'w.id = attachments.message_id'),
            ('identities', 'contacts', 'w.id = identities.contact_id'),
            ('merges', 'contacts', 'w.id = merges.kept'),
            ('orders', 'contacts', 'w.id = orders.contact_id'),
            ('packages', 'orders',
             'w.installation_id = packages.installation_id and w.number = packages.number'),
            ('claims', 'orders',
             'w.installation_id = claims.installation_id and w.number = claims.number')
        ) as pairs (name, whole, matches)
    loop
        execute format(
            'create policy reach on public.%1$I as restrictive to invekto_app using (
                (select coalesce(current_setting(''invekto.reach'', true), '''')) = ''''
                or exists (
                    select from public.%2$I w where w.tenant_id = %1$I.tenant_id and %3$s
                )
            ) with check (true)',
            reached.name, reached.whole, reached.matches
        );
    end loop;
end $$;
