"""Writing to a contact: one message, one debt to the channel, in one transaction."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.conversations.conversation import ConversationState
from core.conversations.message import SendState
from core.conversations.write import LONGEST, Reply
from core.shared.actor import Actor
from core.shared.errors import Conflict, Invalid, NotAllowed, NotFound
from core.tenancy.installations import InstallationState
from ports.families.channel import Body, OutgoingTemplate, OutgoingText
from tests.core.fakes.house import PERSON, House
from tests.core.fakes.vendors import WindowedChannel
from tests.core.fakes.world import NOW, TENANT

TEMPLATE = OutgoingTemplate("hello", "tr", ("Ali",))


@pytest.fixture
def windowed() -> House:
    house = House(WindowedChannel)
    house.says("merhaba")
    return house


def reply(house: House, body: Body | None = None, actor: Actor = PERSON) -> None:
    command = Reply(house.conversation.id, body or OutgoingText("buyurun"))
    house.write.reply(house.ids(), command, actor)


def test_a_reply_is_a_message_a_debt_and_an_answered_conversation(windowed: House) -> None:
    reply(windowed)
    message = windowed.messages[-1]
    assert (message.state, message.author) == (SendState.QUEUED, "ayse")
    assert windowed.owed[0].payload["message_id"] == str(message.id)
    assert windowed.owed[0].mailbox == f"{windowed.talk.id}:{windowed.conversation.id}"
    assert (windowed.conversation.unread, windowed.conversation.preview) == (0, "buyurun")
    assert windowed.audited() == ["message.sent"]


def test_the_same_id_again_answers_the_message_that_stands(windowed: House) -> None:
    id, place = windowed.ids(), windowed.conversation.id
    first = windowed.write.reply(id, Reply(place, OutgoingText("bir")), PERSON)
    again = windowed.write.reply(id, Reply(place, OutgoingText("iki")), PERSON)
    assert again == first
    assert len(windowed.owed) == 1


def test_free_text_passes_until_the_window_closes(windowed: House) -> None:
    opened = windowed.conversation.last_inbound_at
    assert opened is not None
    windowed.clock.forward(opened + timedelta(hours=24) - windowed.clock.now())
    windowed.clock.forward(seconds=-1)
    reply(windowed)
    windowed.clock.forward(seconds=1)
    with pytest.raises(Conflict):
        reply(windowed)
    assert len(windowed.owed) == 1


def test_a_template_passes_a_closed_window(windowed: House) -> None:
    windowed.clock.forward(days=3)
    reply(windowed, TEMPLATE)
    assert windowed.messages[-1].text == "[hello] Ali"


def test_a_channel_without_a_window_never_closes(house: House) -> None:
    house.says("merhaba")
    house.clock.forward(days=300)
    reply(house)
    assert len(house.owed) == 1


def test_a_contact_without_an_address_here_cannot_be_written_to(windowed: House) -> None:
    windowed.tables.identities.clear()
    with pytest.raises(Conflict):
        reply(windowed)
    assert len(windowed.messages) == 1, "nothing of it stays"


@pytest.mark.parametrize(
    "state", [s for s in InstallationState if s is not InstallationState.ACTIVE]
)
def test_nothing_is_owed_to_a_connection_that_is_off(
    windowed: House, state: InstallationState
) -> None:
    windowed.switch(windowed.talk, state)
    with pytest.raises(Conflict):
        reply(windowed)


def test_a_resolved_conversation_takes_no_message_from_anybody(windowed: House) -> None:
    place = windowed.conversation.id
    windowed.manage.move(place, ConversationState.RESOLVED, PERSON, now=NOW)
    with pytest.raises(Conflict):
        reply(windowed)
    command, thread = Reply(place, OutgoingText("x")), windowed.conversation
    with windowed.world(TENANT) as work, pytest.raises(Conflict):
        windowed.write.post(work, thread, windowed.ids(), command, author="agent", actor=PERSON)


@pytest.mark.parametrize("text", ["", "  \n", "x" * (LONGEST + 1)])
def test_a_text_has_something_to_say_and_fits(windowed: House, text: str) -> None:
    with pytest.raises(Invalid):
        reply(windowed, OutgoingText(text))


def test_writing_needs_the_scope_and_a_conversation(windowed: House) -> None:
    with pytest.raises(NotAllowed):
        reply(windowed, actor=Actor(TENANT, "api_key", "k", frozenset({"inbox.read"})))
    nowhere = Reply(windowed.ids(), OutgoingText("x"))
    with pytest.raises(NotFound):
        windowed.write.reply(windowed.ids(), nowhere, PERSON)
