"""Operation ids of the specification to the methods that answer them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from entrypoints.http.agent import Agent
from entrypoints.http.answers import Handler, plain
from entrypoints.http.contacts import Contacts
from entrypoints.http.conversations import Conversations
from entrypoints.http.idempotency import HEADER, Idempotency
from entrypoints.http.installations import Installations
from entrypoints.http.integrations import Integrations
from entrypoints.http.journal import Journal
from entrypoints.http.messages import Messages
from entrypoints.http.operator import Operator
from entrypoints.http.orders import Orders
from entrypoints.http.spec import operations as specified
from entrypoints.http.tenant import OwnTenant

if TYPE_CHECKING:
    from entrypoints.http.app import HttpHouse


def operations(house: HttpHouse, spec: Mapping[str, Any]) -> dict[str, Handler]:
    """A bound method for every operation; those that take an Idempotency-Key are wrapped."""
    idempotency = Idempotency(house.idempotency, house.clock, house.ids)
    bound = _bound(house, idempotency)
    repeatable = _repeatable(spec)
    return {
        id: idempotency.wrap(id, handler) if id in repeatable else plain(handler)
        for id, handler in bound.items()
    }


def _repeatable(spec: Mapping[str, Any]) -> set[str]:
    wanted = {"$ref": f"#/components/parameters/{HEADER.replace('-', '')}"}
    found = (operation for _, _, operation in specified(spec))
    return {o["operationId"] for o in found if wanted in o.get("parameters", ())}


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
    operator = Operator(works, clock, ids, new_token)
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
        "keys.revoke": tenant.revoke_key,
        "tenants.create": operator.create_tenant,
    }
