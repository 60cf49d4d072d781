"""Orders and what belongs to them, as the shops and carriers tell."""

from __future__ import annotations

from adapters.sql.tables.shape import (
    ID,
    JSON,
    MOMENT,
    TEXT,
    WHOLE,
    has,
    index,
    may,
    position,
    refers,
    rings,
    tenant_table,
)

orders = tenant_table(
    "orders",
    has("installation_id", ID),
    has("number", TEXT),
    has("placed_at", MOMENT),
    has("modified_at", MOMENT),  # the latest of its packages' that we have heard of
    has("buyer", JSON),
    may("buyer_phone", TEXT),
    has("destination", JSON),
    may("contact_id", ID),
    has("seen_at", MOMENT),
    refers("installations", "installation_id"),
    refers("contacts", "contact_id"),
    index("orders_placed", "placed_at", "installation_id", "number"),
    index("orders_number", "number"),
    index("orders_contact", "contact_id", "placed_at", where="contact_id is not null"),
    index("orders_phone", "buyer_phone", "placed_at", where="buyer_phone is not null"),
    key=("installation_id", "number"),
)

packages = tenant_table(
    "packages",
    has("installation_id", ID),
    has("number", TEXT),
    has("id", TEXT),
    has("modified_at", MOMENT),
    has("content", JSON),
    refers("orders", "installation_id", "number", to=("installation_id", "number")),
    key=("installation_id", "number", "id"),
)

claims = tenant_table(
    "claims",
    has("installation_id", ID),
    has("id", TEXT),
    has("number", TEXT),
    has("modified_at", MOMENT),
    has("content", JSON),
    refers("installations", "installation_id"),
    index("claims_order", "installation_id", "number"),
    key=("installation_id", "id"),
)

questions = tenant_table(
    "questions",
    has("installation_id", ID),
    has("id", TEXT),
    has("asked_at", MOMENT),
    has("content", JSON),
    refers("installations", "installation_id"),
    index("questions_asked", "asked_at", "installation_id", "id"),
    key=("installation_id", "id"),
)

parcels = tenant_table(
    "parcels",
    has("carrier_id", ID),
    has("number", TEXT),
    has("order_installation_id", ID),
    has("order_number", TEXT),
    may("due_at", MOMENT),
    may("parcel", JSON),
    may("checked_at", MOMENT),
    has("failures", WHOLE),
    *rings("parcels"),
    refers("installations", "carrier_id"),
    refers("installations", "order_installation_id"),
    index("parcels_order", "order_installation_id", "order_number"),
    key=("carrier_id", "number"),
)

sync = tenant_table(
    "sync",
    has("installation_id", ID),
    has("stream", TEXT),
    has("due_at", MOMENT),
    may("since", MOMENT),
    may("cursor", TEXT),
    may("started_at", MOMENT),
    may("finished_at", MOMENT),
    may("lease_until", MOMENT),
    may("error", TEXT),
    has("failures", WHOLE),
    has("seen", WHOLE),
    *rings("sync"),
    refers("installations", "installation_id"),
    key=("installation_id", "stream"),
)

proofs = tenant_table(
    "proofs",
    has("contact_id", ID),
    has("installation_id", ID),
    has("number", TEXT),
    has("how", TEXT),
    has("at", MOMENT),
    refers("contacts", "contact_id"),
    refers("installations", "installation_id"),
    key=("contact_id", "installation_id", "number"),
)

guesses = tenant_table(
    "guesses",
    position(),
    has("contact_id", ID),
    has("at", MOMENT),
    refers("contacts", "contact_id"),
    index("guesses_contact", "contact_id", "at"),
    index("guesses_at", "at"),
    key=("position",),
)
