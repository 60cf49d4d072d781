"""What channels tell us, applied: each event once in effect, whatever comes twice or late."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.conversations.conversation import ConversationState, Handler
from core.conversations.message import Direction, SendState
from ports.events import Event
from ports.families.channel import (
    Choice,
    ConsentChanged,
    ContactCard,
    ContactCards,
    Content,
    FormAnswer,
    Location,
    Media,
    MediaKind,
    MessageEchoed,
    MessageEdited,
    MessageReceived,
    MessageRevoked,
    ProductAsked,
    Reaction,
    Referral,
    Text,
    Unsupported,
)
from tests.core.fakes.house import PERSON, PHONE, House, phone
from tests.core.fakes.world import NOW

LATER, LATEST = NOW + timedelta(seconds=60), NOW + timedelta(seconds=120)
CONTENTS: list[tuple[Content, str, str]] = [
    (Text("kargom nerede"), "text", "kargom nerede"),
    (Text("a\x00b\ud800c"), "text", "abc"),
    (Media(MediaKind.VOICE, "r", "audio/ogg"), "voice", ""),
    (Media(MediaKind.IMAGE, "r", "image/png", "kırık"), "image", "kırık"),
    (Location("38.4", "27.1", "Ev", "Alsancak"), "location", "Ev, Alsancak"),
    (ContactCards((ContactCard("Can", ("+90555",)), ContactCard("Ece"))), "contacts", "Can, Ece"),
    (Choice("intent:order_status", "Siparişim"), "choice", "Siparişim"),
    (FormAnswer('{"a": 1}'), "form", ""),
    (ProductAsked("2 × gömlek"), "product", "2 × gömlek"),
    (Unsupported("poll"), "unsupported", ""),
]


def received(id: str, content: Content, at: Any = NOW, **more: Any) -> MessageReceived:
    return MessageReceived(id, phone(), at, content, **more)


@pytest.mark.parametrize(("content", "kind", "text"), CONTENTS)
def test_whatever_people_write_is_kept_readable(
    house: House, content: Content, kind: str, text: str
) -> None:
    house.heard(received("m1", content))
    [message] = house.messages
    assert (message.kind, message.text) == (kind, text)
    assert message.state is SendState.RECEIVED
    assert house.conversation.preview == (text or f"[{kind}]")
    assert len(house.tables.turns) == 1


def test_an_ad_that_led_here_is_remembered(house: House) -> None:
    house.heard(received("m1", Text("merhaba"), referral=Referral("ad", "1", "c", "İndirim", None)))
    assert house.messages[0].content["referral"]["headline"] == "İndirim"


def test_one_conversation_holds_what_a_contact_writes(house: House) -> None:
    house.says("bir")
    house.says("iki")
    [conversation] = house.tables.conversations.values()
    assert (conversation.unread, conversation.preview) == (2, "iki")
    assert conversation.last_inbound_at == house.clock.now()
    assert len(house.tables.turns) == 1, "a burst is one turn"


def test_a_message_that_comes_late_does_not_set_the_clock_back(house: House) -> None:
    house.heard(received("m2", Text("iki"), LATER), received("m1", Text("bir"), NOW))
    assert house.conversation.last_inbound_at == LATER
    assert house.conversation.preview == "iki"


@pytest.mark.parametrize("state", [ConversationState.SNOOZED, ConversationState.PENDING])
def test_writing_wakes_a_sleeping_conversation(house: House, state: ConversationState) -> None:
    house.says("bir")
    until = NOW + timedelta(days=1) if state is ConversationState.SNOOZED else None
    house.manage.move(house.conversation.id, state, PERSON, now=NOW, until=until)
    house.says("iki")
    assert house.conversation.state is ConversationState.OPEN
    assert house.conversation.snoozed_until is None


def test_after_a_resolved_conversation_a_new_one_begins(house: House) -> None:
    house.says("bir")
    house.manage.move(house.conversation.id, ConversationState.RESOLVED, PERSON, now=NOW)
    house.says("iki")
    assert len(house.tables.conversations) == 2


@pytest.mark.parametrize("why", ["flag", "person"])
def test_no_turn_is_owed_where_the_agent_keeps_quiet(house: House, why: str) -> None:
    if why == "flag":
        house.tables.flags["agent"] = False
    else:
        house.says("bir")
        house.tables.turns.clear()
        house.manage.hand_over(house.conversation.id, "mine", PERSON, now=NOW)
    house.says("iki")
    assert house.tables.turns == {}


# --- the business's own phone, edits, revocations, reactions ---------------------------------


def test_what_the_business_writes_elsewhere_counts_as_an_answer(house: House) -> None:
    house.says("kargom nerede")
    house.heard(MessageEchoed("out-1", phone(), LATER, Text("yolda")))
    message = house.messages[-1]
    assert (message.direction, message.author, message.state) == (
        Direction.OUT,
        "outside",
        SendState.SENT,
    )
    assert house.conversation.unread == 0


def test_an_older_edit_never_overwrites_a_newer_one(house: House) -> None:
    house.heard(
        received("m1", Text("bir")),
        MessageEdited("m1", LATEST, Text("üç")),
        MessageEdited("m1", LATER, Text("iki")),
    )
    [message] = house.messages
    assert (message.text, message.edited_at) == ("üç", LATEST)
    assert message.content["before"] == ["bir"]


def test_a_message_is_revoked_once_and_keeps_its_first_moment(house: House) -> None:
    house.heard(
        received("m1", Text("bir")), MessageRevoked("m1", LATER), MessageRevoked("m1", LATEST)
    )
    assert house.messages[0].revoked_at == LATER


@pytest.mark.parametrize(
    "event",
    [
        MessageEdited("nobody", NOW, Text("x")),
        MessageRevoked("nobody", NOW),
        received("r", Reaction("nobody", "👍")),
    ],
)
def test_news_of_a_message_that_we_do_not_know_is_let_go(house: House, event: Event) -> None:
    house.heard(event)
    assert house.messages == []
    assert house.tables.conversations == {}


def test_a_reaction_stands_on_its_message_until_it_is_taken_back(house: House) -> None:
    house.heard(received("m1", Text("bir")), received("r1", Reaction("m1", "👍"), LATER))
    [contact] = house.tables.contacts
    assert house.messages[0].reactions == {str(contact): "👍"}
    house.heard(received("r2", Reaction("m1", None), LATEST))
    assert house.messages[0].reactions == {}
    assert len(house.messages) == 1
    assert house.conversation.unread == 1


def test_an_older_reaction_never_replaces_a_newer_one(house: House) -> None:
    old, new = (
        received("r1", Reaction("m1", "👍"), LATER),
        received("r2", Reaction("m1", None), LATEST),
    )
    house.heard(received("m1", Text("bir")), old, new, old)
    assert house.messages[0].reactions == {}


# --- consent ---------------------------------------------------------------------------------


def test_consent_is_kept_and_its_change_is_audited(house: House) -> None:
    house.heard(ConsentChanged(phone(), False, NOW))
    [contact] = house.tables.contacts.values()
    assert contact.marketing is False
    house.heard(ConsentChanged(phone(), False, LATER))
    assert house.audited() == ["consent.changed"]


def test_an_older_consent_never_overrules_a_newer_refusal(house: House) -> None:
    yes, no = ConsentChanged(phone(), True, NOW), ConsentChanged(phone(), False, LATER)
    house.heard(yes, no, yes)
    [contact] = house.tables.contacts.values()
    assert contact.marketing is False


# --- everything twice ------------------------------------------------------------------------

STORY: list[Event] = [
    received("m1", Text("bir")),
    received("m2", Media(MediaKind.IMAGE, "r", "image/png"), LATER),
    received("r1", Reaction("m1", "👍"), LATER),
    received("r2", Reaction("m1", "❤️"), LATEST),
    MessageEdited("m1", LATER, Text("bir!")),
    MessageRevoked("m2", LATEST),
    MessageEchoed("out-1", phone(), LATER, Text("yolda")),
    ConsentChanged(phone(), True, NOW),
    ConsentChanged(phone(), False, LATER),
]
SHELVES = (
    "contacts",
    "identities",
    "conversations",
    "messages",
    "attachments",
    "outbox",
    "turns",
    "audit",
)


@pytest.mark.parametrize("resolved", [False, True])
@pytest.mark.parametrize("event", STORY, ids=lambda e: type(e).__name__)
def test_any_event_again_changes_nothing(house: House, event: Event, resolved: bool) -> None:
    house.heard(*STORY)
    if resolved:
        house.manage.move(house.conversation.id, ConversationState.RESOLVED, PERSON, now=NOW)
    before = house.tables
    house.clock.forward(hours=1)
    house.heard(event)
    for shelf in SHELVES:
        assert getattr(house.tables, shelf) == getattr(before, shelf), shelf


def test_a_stranger_to_channels_is_not_heard(house: House) -> None:
    with house.world(house.talk.tenant_id) as work:
        assert house.hear(Event(), house.talk, work, None) is False


def test_the_agents_silence_ends_with_a_new_conversation(house: House) -> None:
    house.says("bir")
    house.manage.hand_over(house.conversation.id, "mine", PERSON, now=NOW)
    house.manage.move(house.conversation.id, ConversationState.RESOLVED, PERSON, now=NOW)
    house.says("iki", phone(PHONE))
    assert house.conversation.handler is Handler.AGENT
