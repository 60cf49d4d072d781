"""A tenant with one of everything, so that every address of the API leads somewhere."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from typing import Any
from uuid import UUID

from core.agents.turns import Outcome, Turn, TurnState
from core.commerce.parcels import Followed
from core.conversations.contacts import EVERYWHERE, Contact, Known
from core.conversations.conversation import Conversation
from core.conversations.message import Attachment, Direction, Message, SendState
from core.conversations.people import MergeContacts, merge
from core.delivery.effects import SendMessage, owe
from core.delivery.outbox import Cause, OwedState
from core.identity.account import Account
from core.identity.attempts import Attempt, Refusal
from core.identity.policy import KeptPolicy, SecondFactor, SignInPolicy
from core.identity.sessions import Session
from core.identity.sso import Connection, Rules, SsoKind
from core.identity.sso_connections import ENTRA
from core.inbox.journal import Entry, EntryState
from core.policies.roles import OWNER
from core.tenancy.members import Member, MemberState, Role, Team
from core.tenancy.tenant import Tenant as TenantOf
from core.tenancy.tenant import TenantKind
from ports.families.carrier import Parcel, ParcelState, Scan
from ports.families.channel import Identity, IdentityKind, Outgoing, OutgoingText
from ports.families.marketplace import (
    Buyer,
    Claim,
    ClaimItem,
    ClaimState,
    Destination,
    Line,
    Order,
    Package,
    PackageState,
    Question,
    QuestionState,
    Tracking,
)
from ports.values import Money
from ports.webhooks import RawWebhook
from tests.api.house import House, Tenant

NUMBER = "9012345678"
DIRECTORY = "8b1f2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
THINGS = (
    "parrot", "parrot_number", "market", "contact", "other", "conversation", "message",
    "attachment", "merge", "turn", "entry", "owed", "sent", "key", "member", "guest", "team",
    "session", "sso",
)  # fmt: skip
"""Names of what a planted tenant has."""


def plant(house: House) -> Tenant:
    """A new tenant; what it has is in `things`."""
    tenant = house.tenant()
    _connect(house, tenant)
    _people(house, tenant)
    _commerce(house, tenant)
    _papers(house, tenant)
    make_ready(house, tenant)
    _staff(house, tenant)
    return tenant


def make_ready(house: House, tenant: Tenant) -> None:
    """Let the tenant's agent act alone: an owner with a second factor, which the policy asks."""
    with house.works(tenant.id) as work:
        owner = _employed(house, "deniz", OWNER, protected_at=house.clock.now())
        work.members.add(owner)
        asked = SignInPolicy(second_factor=SecondFactor.ROLES, second_factor_roles=(OWNER,))
        work.policy.save(KeptPolicy(asked, 1))
        work.commit()


def _staff(house: House, tenant: Tenant) -> None:
    now, team = house.clock.now(), Team(house.ids(), "Night", house.clock.now())
    member = _employed(house, "ali", "agent", teams=(team.id,))
    guest = _employed(house, "guest", "agent", state=MemberState.INVITED)
    session = Session(house.ids(), member.id, house.ids(), ("password",), now, now, b"digest")
    entra = Connection(
        house.ids(), SsoKind.ENTRA, "Entra", True, ENTRA.format(directory=DIRECTORY), "c",
        {"directory": DIRECTORY}, b"", Rules(), now, now,
    )  # fmt: skip
    attempt = Attempt(house.ids(), Refusal.PASSWORD, now, member.id, member.email, "192.0.2.7")
    with house.works(tenant.id) as work:
        work.teams.add(team)
        work.members.add(member)
        work.members.add(guest)
        work.roles.save(Role("packing", "Packing", ("inbox.read",), now))
        work.sessions.add(session)
        work.attempts.add(attempt)
        work.sso.add(entra)
        work.commit()
    _at_home(house, member)
    things = {"member": member, "guest": guest, "team": team, "session": session, "sso": entra}
    tenant.things |= {name: thing.id for name, thing in things.items()}


def _at_home(house: House, member: Member) -> None:
    """The person's own realm, with a mailbox that was proven."""
    now = house.clock.now()
    details = ("Europe/Istanbul", "TRY", "tr", now, TenantKind.PERSON)
    with house.works(member.id) as own:
        own.tenants.add(TenantOf(member.id, member.name, *details))
        own.account.add(Account(member.id, member.email, now, now))
        own.commit()


def _employed(house: House, name: str, role: str, **more: Any) -> Member:
    given = {"state": MemberState.ACTIVE, "roles": (role,), **more}
    at = house.clock.now()
    email = f"{name}-{secrets.token_hex(6)}@deniz.example"
    return Member(house.ids(), email, name.title(), created_at=at, updated_at=at, **given)


def _connect(house: House, tenant: Tenant) -> None:
    for plugin in ("parrot", "market"):
        number = str(secrets.randbelow(10**12))
        settings = {"number": number, "api_key": "k", "signing_secret": f"hook-{number}"}
        token = secrets.token_urlsafe(32)
        id, now = house.ids(), house.clock.now()
        house.connections.connect(id, token, plugin, settings, tenant.actor, now=now)
        tenant.things[plugin] = id
        tenant.things[f"{plugin}_number"] = number
        tenant.things[f"{plugin}_token"] = token
        tenant.things[f"{plugin}_secret"] = settings["signing_secret"]


def _people(house: House, tenant: Tenant) -> None:
    now, things = house.clock.now(), tenant.things
    ids = {n: house.ids() for n in ("contact", "other", "conversation", "message", "attachment")}
    things |= ids
    phone = f"+90532{secrets.randbelow(10**7):07}"
    with house.works(tenant.id) as work:
        for name in ("contact", "other"):
            work.contacts.add(Contact(ids[name], f"Ayşe {name}", now, now, "tr"))
        work.contacts.bind(Known(EVERYWHERE, "phone", phone), ids["contact"], now)
        work.conversations.add(
            Conversation(
                ids["conversation"],
                ids["contact"],
                things["parrot"],
                now,
                now,
                preview="Kargom nerede?",
                unread=1,
                last_inbound_at=now,
            )
        )
        work.messages.add(_said(ids["message"], things, house))
        work.messages.add_attachment(
            Attachment(ids["attachment"], ids["message"], "image", "image/png", "ref", "ç.png")
        )
        work.commit()
    house.files.put(tenant.id, "media/1", b"\x89PNG")
    with house.works(tenant.id) as work:
        kept = work.messages.attachment(ids["attachment"])
        assert kept
        fetched = Attachment(
            kept.id, kept.message_id, kept.kind, kept.mime, kept.ref, kept.filename, "media/1", 4
        )
        work.messages.save_attachment(fetched)
        work.commit()
    third = house.ids()
    with house.works(tenant.id) as work:
        work.contacts.add(Contact(third, "Ayşe again", now, now))
        work.commit()
    command = MergeContacts(ids["contact"], third, "one person")
    done = merge(house.ids(), command, tenant.actor, works=house.works, now=now)
    things["merge"] = done.id


def _said(id: UUID, things: dict[str, UUID], house: House) -> Message:
    now = house.clock.now()
    return Message(
        id,
        things["conversation"],
        things["parrot"],
        Direction.IN,
        "contact",
        "text",
        "Kargom nerede?",
        now,
        now,
        SendState.RECEIVED,
        external_id=f"wamid.{id}",
    )


def _commerce(house: House, tenant: Tenant) -> None:
    now, things = house.clock.now(), tenant.things
    price = Money.parse("249.90", "TRY")
    tracking = Tracking("728001", "https://kargo.example/728001", "aras", "Aras")
    line = Line("1", "Keten gömlek", 1, price)
    package = Package("3301", PackageState.SHIPPED, "Shipped", now, (line,), price, tracking, now)
    buyer = Buyer("77", "Ayşe", None, None)
    order = Order(NUMBER, now, buyer, Destination("İzmir"), (package,))
    item = ClaimItem("c1", "1", "Keten gömlek", ClaimState.OPENED, "Created", "dar geldi")
    scan = Scan(now, "KABUL", ParcelState.ACCEPTED, "Esenyurt")
    parcel = Parcel("728001", ParcelState.IN_TRANSIT, "YOLDA", (scan,))
    with house.works(tenant.id) as work:
        work.orders.upsert(things["market"], order, things["contact"], now)
        work.orders.upsert_claim(things["market"], Claim("cl1", NUMBER, now, now, (item,)))
        question = Question("q1", "Dar mı?", now, QuestionState.WAITING, "WAITING", "Gömlek")
        work.orders.upsert_question(things["market"], question)
        followed = Followed(things["parrot"], "728001", things["market"], NUMBER, now, parcel, now)
        work.parcels.follow(followed)
        work.commit()


def _papers(house: House, tenant: Tenant) -> None:
    now, things = house.clock.now(), tenant.things
    things |= {name: house.ids() for name in ("turn", "entry", "owed", "sent")}
    with house.works(tenant.id) as work:
        work.turns.add(
            Turn(
                things["turn"],
                things["conversation"],
                now,
                now,
                TurnState.DONE,
                finished_at=now,
                outcome=Outcome.SUGGESTED,
                record={"text": "Siparişiniz yolda."},
            )
        )
        body = json.dumps({"said": "kraa"}).encode()
        work.inbox.add(
            Entry(
                things["entry"],
                things["parrot"],
                "parrot",
                "key-1",
                RawWebhook(body, {"content-type": "application/json"}),
                now,
                EntryState.FAILED,
                "it did not work",
            )
        )
        message = _said(things["sent"], things, house)
        work.messages.add(message)
        to = Identity(IdentityKind.PHONE, "+905321112233")
        effect = SendMessage(message.id, Outgoing(to, OutgoingText("Merhaba")))
        work.outbox.add(
            owe(
                things["owed"],
                effect,
                installation=things["parrot"],
                subject=things["other"],
                now=now,
                correlation_id=None,
            )
        )
        work.commit()
    with house.works(tenant.id) as work:
        owed = work.outbox.get(things["owed"])
        assert owed
        work.outbox.save(replace(owed, state=OwedState.PARKED, cause=Cause.DOUBT, error="?"))
        work.commit()
    tenant.key_with("journal.read")  # whoever may write keys at all may do so with this one
    with house.works(tenant.id) as work:
        [small] = [key for key in work.api_keys.all() if key.scopes == ("journal.read",)]
        things["key"] = small.id
