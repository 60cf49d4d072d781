"""One tenant with a row in every table, whatever it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Engine, text

from adapters.sql.transaction import begun
from core.agents.intents import IntentRule
from core.agents.turns import Turn
from core.audit.events import AuditEvent
from core.commerce.parcels import Followed
from core.commerce.sync import SyncState
from core.conversations.contacts import Known, Merge
from core.conversations.message import Attachment, Report, SendState
from core.shared.actor import Actor
from core.tenancy.api_keys import ApiKey
from ports.families.marketplace import (
    Buyer,
    Claim,
    Destination,
    Order,
    Package,
    PackageState,
    Question,
    QuestionState,
)
from ports.values import Money
from tests.adapters.realms import people

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
PHONE = Known("*", "phone", "+905321112233")


def fill(seller: Any, engine: Engine) -> dict[str, UUID]:
    """A row of this tenant in every table; answers ids that others may guess."""
    ids = write(seller)
    with seller.works(seller.tenant) as work:
        ids["turn"] = work.turns.owe(Turn(uuid4(), ids["conversation"], NOW, NOW))
        trade(work, seller.channel, ids["contact"])
        manage(work, seller.tenant, ids)
        ids |= people(work, seller.tenant)
        work.commit()
    values = {"t": seller.tenant, "now": NOW}
    with begun(engine, seller.tenant) as transaction:
        for row in (
            "tenant_keys values (:t, 1, 'w', 'kek', :now)",
            "idempotency_keys values (:t, 'o', 'k', 'h', 'running', null, null, null, :now, :now)",
        ):
            transaction.run(text(f"insert into {row}"), values)
        transaction.connection.commit()
    return ids


def write(seller: Any) -> dict[str, UUID]:
    contact, other = seller.contact(PHONE), seller.contact()
    conversation = seller.conversation(contact)
    message = seller.message(conversation, external_id="wamid.1")
    entry, owed = seller.entry(), seller.owed()
    attachment = Attachment(uuid4(), message, "image", "image/png", "ref")
    merge = Merge(uuid4(), contact, other, "", NOW, {})
    seller.keep(entry, owed)
    with seller.works(seller.tenant) as work:
        work.messages.add_attachment(attachment)
        work.messages.keep_report(Report(seller.channel, "wamid.2", SendState.READ, NOW))
        work.contacts.add_merge(merge)
        work.commit()
    made = {"entry": entry, "owed": owed, "attachment": attachment, "merge": merge}
    ids = {name: value.id for name, value in made.items()}
    return ids | {"contact": contact, "conversation": conversation, "message": message}


def trade(work: Any, shop: UUID, contact: UUID) -> None:
    work.orders.upsert(shop, order(), contact, NOW)
    work.orders.upsert_claim(shop, Claim("c", "1", NOW, NOW, ()))
    work.orders.upsert_question(shop, Question("q", "?", NOW, QuestionState.WAITING, "W", "p"))
    work.parcels.follow(Followed(shop, "123", shop, "1", NOW))
    work.sync.begin(SyncState(shop, "orders", NOW))
    work.gate.add_proof(contact, shop, "1", "phone", NOW)
    work.gate.add_guess(contact, NOW)


def manage(work: Any, tenant: UUID, ids: dict[str, UUID]) -> None:
    ids["key"] = uuid4()
    work.api_keys.add(ApiKey(ids["key"], "k", "ivk_", uuid4().bytes, ("inbox.read",), NOW))
    work.flags.set("agent", False, NOW)
    work.intents.save(IntentRule("greeting"), NOW)
    actor = Actor(tenant, "system", "test")
    work.audit.add(AuditEvent("flag.changed", actor, "flag", "agent", NOW))


def order() -> Order:
    total = Money(100, "TRY")
    package = Package("p", PackageState.CREATED, "Created", NOW, (), total)
    return Order("1", NOW, Buyer(None, "A"), Destination(), (package,))
