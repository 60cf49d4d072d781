"""Operation ids of the specification to the methods that answer them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core.tenancy.inviting import Inviting
from core.tenancy.membering import Membering
from entrypoints.http.agent import Agent
from entrypoints.http.answers import Handler, plain
from entrypoints.http.auth_operations import auth_operations, of_people
from entrypoints.http.contacts import Contacts
from entrypoints.http.conversations import Conversations
from entrypoints.http.idempotency import HEADER, Idempotency
from entrypoints.http.installations import Installations
from entrypoints.http.integrations import Integrations
from entrypoints.http.journal import Journal
from entrypoints.http.members import Members
from entrypoints.http.messages import Messages
from entrypoints.http.operator import Operator
from entrypoints.http.orders import Orders
from entrypoints.http.oversight import Oversight
from entrypoints.http.roles import Roles, Teams
from entrypoints.http.sign_in_policy import Policy
from entrypoints.http.spec import operations as specified
from entrypoints.http.tenant import OwnTenant

if TYPE_CHECKING:
    from entrypoints.http.app import HttpHouse


def operations(house: HttpHouse, spec: Mapping[str, Any]) -> dict[str, Handler]:
    """A bound method for every operation; those that take an Idempotency-Key are wrapped."""
    idempotency = Idempotency(house.idempotency, house.clock, house.ids)
    bound = _bound(house, idempotency) | auth_operations(house, idempotency.new_id)
    repeatable, own = _repeatable(spec), _own(spec)
    return {
        id: idempotency.wrap(id, handler)
        if id in repeatable
        else plain(of_people(handler) if id in own else handler)
        for id, handler in bound.items()
    }


def _repeatable(spec: Mapping[str, Any]) -> set[str]:
    wanted = {"$ref": f"#/components/parameters/{HEADER.replace('-', '')}"}
    found = (operation for _, _, operation in specified(spec))
    return {o["operationId"] for o in found if wanted in o.get("parameters", ())}


def _own(spec: Mapping[str, Any]) -> set[str]:
    return {o["operationId"] for _, _, o in specified(spec) if o.get("x-scope") == "self"}


def _bound(house: HttpHouse, idempotency: Idempotency) -> dict[str, Handler]:
    works, clock, ids, new_token = house.works, house.clock, house.ids, house.new_token
    new_id = idempotency.new_id
    connected = Installations(house.connections, works, house.vendors, clock, new_token)
    catalogue = Integrations(
        house.registry,
        house.capabilities,
        house.connections,
        connected,
        works,
        clock,
        ids,
        new_token,
    )
    conversations = Conversations(works, house.manage, clock)
    messages = Messages(works, house.write, house.manage, house.files, clock, new_id)
    contacts = Contacts(works, clock, new_id)
    orders = Orders(works)
    agent = Agent(works, house.assist, clock)
    journal = Journal(works, clock)
    tenant = OwnTenant(works, clock, ids, new_token)
    inviting = Inviting(house.identity.means)
    operator = Operator(works, inviting, clock, ids, new_token)
    members = Members(works, inviting, Membering(works, clock), new_id)
    roles, teams = Roles(works, clock), Teams(works, clock, new_id)
    policy = Policy(works, house.identity.places, clock)
    oversight = Oversight(works, clock)
    return {
        "integrations.list": catalogue.list,
        "integrations.get": catalogue.get,
        "integrations.settings_schema": catalogue.settings_schema,
        "integrations.connect": catalogue.connect,
        "integrations.connect_app": catalogue.connect_app,
        "installations.list": connected.list,
        "installations.get": connected.get,
        "installations.replace": connected.replace,
        "installations.disconnect": connected.disconnect,
        "installations.enable": connected.enable,
        "installations.disable": connected.disable,
        "installations.check": connected.check,
        "installations.rotate_hook": connected.rotate_hook,
        "installations.sync": connected.sync,
        "installations.health": connected.health,
        "conversations.list": conversations.list,
        "conversations.get": conversations.get,
        "conversations.assign": conversations.assign,
        "conversations.label": conversations.label,
        "conversations.move": conversations.move,
        "conversations.hand_over": conversations.hand_over,
        "conversations.return_to_agent": conversations.return_to_agent,
        "inbox.counts": conversations.counts,
        "messages.list": messages.list,
        "messages.send": messages.send,
        "notes.add": messages.add_note,
        "attachments.download": messages.download,
        "contacts.list": contacts.list,
        "contacts.get": contacts.get,
        "contacts.merge": contacts.merge,
        "contacts.unmerge": contacts.unmerge,
        "orders.list": orders.list,
        "orders.latest": orders.latest,
        "orders.get": orders.get,
        "questions.list": orders.questions,
        "assist.suggest": agent.suggest,
        "assist.resolve": agent.resolve,
        "turns.list": agent.list,
        "turns.get": agent.get,
        "turns.accept": agent.accept,
        "turns.reject": agent.reject,
        "intents.list": agent.intents,
        "intents.set": agent.set_intent,
        "intents.remove": agent.remove_intent,
        "journal.list": journal.list,
        "journal.get": journal.get,
        "journal.replay": journal.replay,
        "journal.replay_window": journal.replay_window,
        "outbox.list": journal.outbox,
        "outbox.get": journal.owed,
        "outbox.settle": journal.settle,
        "tenant.get": tenant.get,
        "tenant.change": tenant.change,
        "flags.list": tenant.flags,
        "flags.set": tenant.set_flag,
        "keys.list": tenant.keys,
        "keys.issue": tenant.issue_key,
        "keys.rotate": tenant.rotate_key,
        "keys.revoke": tenant.revoke_key,
        "members.list": members.list,
        "members.get": members.get,
        "members.change": members.change,
        "members.suspend": members.suspend,
        "members.reactivate": members.reactivate,
        "members.remove": members.remove,
        "invitations.send": members.invite,
        "invitations.repeat": members.invite_again,
        "invitations.withdraw": members.withdraw,
        "permissions.list": roles.permissions,
        "roles.list": roles.list,
        "roles.get": roles.get,
        "roles.set": roles.set,
        "roles.remove": roles.remove,
        "teams.list": teams.list,
        "teams.add": teams.add,
        "teams.rename": teams.rename,
        "teams.remove": teams.remove,
        "policy.get": policy.get,
        "policy.set": policy.set,
        "policy.check": policy.check,
        "sign_ins.refused": oversight.refused,
        "sessions.of_everybody": oversight.sessions,
        "sessions.of_member": oversight.sessions_of,
        "sessions.end": oversight.end,
        "sessions.end_of_member": oversight.end_of,
        "readiness.get": oversight.readiness,
        "tenants.create": operator.create_tenant,
    }
