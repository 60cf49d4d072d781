"""What a person may say about a send that nobody could look up; and the other effects."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.conversations.message import SendState
from core.conversations.write import Reply
from core.delivery.drain import LEASE, PATIENCE
from core.delivery.outbox import Cause, OwedState
from core.delivery.settle import Settlement, settle
from core.shared.actor import Actor
from core.shared.errors import Conflict, NotAllowed, NotFound
from ports.errors import OutcomeUnknown, Rejected, Transient
from ports.families.channel import (
    DeliveryReported,
    DeliveryState,
    Media,
    MediaKind,
    MessageReceived,
    OutgoingText,
)
from ports.values import IdempotencyKey
from tests.core.fakes.house import PERSON, House, owing, phone
from tests.core.fakes.vendors import LostAnswer, MediaChannel, external
from tests.core.fakes.world import NOW, TENANT


@pytest.fixture
def doubtful(house: House) -> House:
    """The first of two messages is parked in doubt."""
    house.says("merhaba")
    for text in ("bir", "iki"):
        reply = Reply(house.conversation.id, OutgoingText(text))
        house.write.reply(house.ids(), reply, PERSON)
    house.channel.next.append(LostAnswer("no answer"))
    house.drains()
    house.clock.forward(PATIENCE)
    house.drains()
    assert (house.owed[0].state, house.owed[0].cause) == (OwedState.PARKED, Cause.DOUBT)
    return house


def decide(house: House, settlement: Settlement, actor: Actor = PERSON) -> None:
    now = house.clock.now()
    settle(house.owed[0].id, settlement, actor, works=house.world, now=now)
    house.drains()


def test_what_arrived_is_never_sent_again(doubtful: House) -> None:
    decide(doubtful, Settlement.ARRIVED)
    assert doubtful.states() == [OwedState.SENT] * 2
    assert doubtful.messages[1].state is SendState.ACCEPTED
    assert len(doubtful.channel.calls) == 2
    assert "send.settled" in doubtful.audited()


def test_what_a_person_wants_sent_again_goes_under_the_same_key(doubtful: House) -> None:
    decide(doubtful, Settlement.SEND_AGAIN)
    first = str(doubtful.owed[0].id)
    assert doubtful.channel.calls.count(first) == 2
    assert doubtful.states() == [OwedState.SENT] * 2


def test_what_is_given_up_fails_and_the_next_goes_on(doubtful: House) -> None:
    decide(doubtful, Settlement.GIVE_UP)
    assert doubtful.states() == [OwedState.DEAD, OwedState.SENT]
    assert doubtful.messages[1].state is SendState.FAILED
    assert doubtful.messages[1].error == "given up by a person"


def test_a_delivery_is_believed_even_after_it_was_given_up(doubtful: House) -> None:
    decide(doubtful, Settlement.GIVE_UP)
    id = str(doubtful.owed[0].id)
    key = IdempotencyKey(id)
    now = doubtful.clock.now()
    doubtful.heard(DeliveryReported(external(id), DeliveryState.DELIVERED, now, key))
    assert doubtful.messages[1].state is SendState.DELIVERED
    assert doubtful.messages[1].error is None


def test_a_late_failure_of_the_first_call_does_not_repeat_the_second() -> None:
    """A person said to send it again; what the dead call's worker still says is old news."""
    house = owing()
    house.channel.next.extend([KeyboardInterrupt(), Transient("too late")])  # type: ignore[list-item]

    def meanwhile() -> None:
        house.channel.during = None
        house.clock.forward(LEASE)
        house.drains()
        with pytest.raises(KeyboardInterrupt):
            decide(house, Settlement.SEND_AGAIN)

    house.channel.during = meanwhile
    house.drains()
    assert house.states() == [OwedState.SENDING]
    assert len(house.channel.calls) == 2


@pytest.mark.parametrize("settlement", list(Settlement))
def test_only_a_doubt_can_be_settled_and_only_once(doubtful: House, settlement: Settlement) -> None:
    decide(doubtful, settlement)
    with pytest.raises(Conflict):
        decide(doubtful, settlement)


def test_a_stranger_to_the_journal_settles_nothing(doubtful: House) -> None:
    with pytest.raises(NotAllowed):
        decide(doubtful, Settlement.ARRIVED, Actor(TENANT, "api_key", "k", frozenset()))
    with pytest.raises(NotFound):
        settle(doubtful.ids(), Settlement.ARRIVED, PERSON, works=doubtful.world, now=NOW)


# --- what customers send is fetched ----------------------------------------------------------


def photo(house: House) -> None:
    picture = Media(MediaKind.IMAGE, "ref-1", "image/jpeg", "kırık")
    house.heard(MessageReceived("in-1", phone(), house.clock.now(), picture))


def test_what_a_customer_sends_is_downloaded_and_kept() -> None:
    house = House(MediaChannel)
    photo(house)
    house.drains()
    [attachment] = house.tables.attachments.values()
    assert house.files.kept[attachment.path] == b"bytes of ref-1"
    assert attachment.size == len(b"bytes of ref-1")


@pytest.mark.parametrize("error", [Transient("busy"), OutcomeUnknown("no answer")])
def test_a_download_that_broke_off_is_tried_again(error: Exception) -> None:
    house = House(MediaChannel)
    house.channel.next.append(error)
    photo(house)
    house.drains()
    assert house.states() == [OwedState.READY]
    house.clock.forward(timedelta(seconds=5))
    house.drains()
    assert house.states() == [OwedState.SENT]


def test_what_the_vendor_no_longer_has_says_so_on_the_attachment() -> None:
    house = House(MediaChannel)
    house.channel.next.append(Rejected("the file is gone"))
    photo(house)
    house.drains()
    [attachment] = house.tables.attachments.values()
    assert (attachment.path, attachment.error) == (None, "the file is gone")


def test_a_channel_without_files_says_so_on_the_attachment(house: House) -> None:
    photo(house)
    house.drains()
    [attachment] = house.tables.attachments.values()
    assert attachment.error == "this channel gives no files"


def test_media_may_be_switched_off(house: House) -> None:
    house.tables.flags["media"] = False
    photo(house)
    assert house.owed == []
    assert len(house.tables.attachments) == 1
