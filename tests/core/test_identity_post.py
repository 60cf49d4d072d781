"""Letters: what they say, and that each is sent, once where once is the promise."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from core.delivery.after import ATTEMPTS
from core.identity.letters import LetterState
from core.identity.post import LEASE, Post
from core.identity.sealing import ready
from core.identity.write_letter import write_code, write_letter
from core.tenancy.installations import InstallationState
from ports.errors import AuthRejected, OutcomeUnknown, RateLimited, Rejected, Transient
from ports.families.channel import Identity, IdentityKind, MessageRef
from ports.values import IdempotencyKey
from tests.core.fakes.door import Door
from tests.core.fakes.house import House
from tests.core.fakes.world import TENANT

FACTS = {"token": "T0KEN", "at": "24.11.2026 12:30 (Europe/Istanbul)"}


class FakeMailer:
    """Remembers what it was given; fails as it is told, once each."""

    def __init__(self) -> None:
        self.sent: list[tuple[UUID, str, str, str]] = []
        self.fails: list[Exception] = []

    def send(self, id: UUID, to: str, subject: str, text: str) -> None:
        if self.fails:
            raise self.fails.pop(0)
        self.sent.append((id, to, subject, text))


class FakeSms:
    """A channel that sends codes."""

    def __init__(self) -> None:
        self.sent: list[tuple[Identity, str, str]] = []
        self.fails: list[Exception] = []

    def send_code(self, to: Identity, text: str, *, key: IdempotencyKey) -> MessageRef:
        self.sent.append((to, text, str(key)))
        if self.fails:
            raise self.fails.pop(0)
        return MessageRef("m-1")


class Office:
    """A house with a mailer and a channel for codes."""

    def __init__(self) -> None:
        self.door, self.house = Door(), House()
        self.house.world, self.house.vault = self.door.world, self.door.vault
        self.mailer, self.sms = FakeMailer(), FakeSms()
        self.house.vendors.add("sms", channel=self.sms)
        self.channel = self.house.install("sms")
        self.house.vendors.add("talk", channel=self.house.channel)
        means = self.door.means
        self.post = Post(means, self.house.vendors, self.mailer, jitter=lambda: 0.0)

    def writes(self, **more: Any) -> UUID:
        ready(TENANT, self.door.means)
        with self.door.world(TENANT) as work:
            given = {"to": "ayse@deniz.example", "language": "tr", "facts": FACTS, **more}
            write_letter("reset", work=work, means=self.door.means, **given)
            work.commit()
        return self.door.letters(TENANT)[-1].id

    def texts(self, channel: UUID | None = None) -> UUID:
        ready(TENANT, self.door.means)
        with self.door.world(TENANT) as work:
            where = {"channel": channel or self.channel.id, "language": "tr"}
            write_code("123456", to="+905321234567", work=work, means=self.door.means, **where)
            work.commit()
        return self.door.letters(TENANT)[-1].id

    def letter(self, id: UUID) -> Any:
        return self.door.world.tables(TENANT).letters[id]


@pytest.fixture
def office() -> Office:
    return Office()


# --- mail ----------------------------------------------------------------------------------------


def test_a_letter_is_sent_and_what_it_said_is_forgotten(office: Office) -> None:
    id = office.writes()
    assert b"T0KEN" not in office.letter(id).sealed
    assert office.post(TENANT, id) == "sent"
    [(sent, to, subject, text)] = office.mailer.sent
    assert (sent, to, subject) == (id, "ayse@deniz.example", "Yeni parola belirleyin")
    assert "https://house.example/sign-in/reset#T0KEN" in text
    assert office.letter(id).sealed == b""


def test_a_letter_is_sent_once(office: Office) -> None:
    id = office.writes()
    assert [office.post(TENANT, id) for _ in range(3)] == ["sent", "sent", "sent"]
    assert len(office.mailer.sent) == 1


def test_nothing_is_sent_with_a_transaction_open(office: Office) -> None:
    id, seen = office.writes(), []
    send = office.mailer.send

    def watched(*letter: Any) -> None:
        seen.append(office.door.world.open)
        send(*letter)

    office.mailer.send = watched  # type: ignore[method-assign]
    office.post(TENANT, id)
    assert seen == [0]


def test_a_mail_is_tried_by_the_schedule_and_then_given_up(office: Office) -> None:
    id, waits = office.writes(), []
    office.mailer.fails = [Transient("no connection")] * ATTEMPTS
    while office.post(TENANT, id) == "ready":
        wait = office.letter(id).due_at - office.door.clock.now()
        waits.append(wait.total_seconds())
        assert office.post(TENANT, id) == "ready", "not before it is due"
        office.door.clock.forward(wait)
    assert waits == [2, 4, 8, 16, 32, 64, 128]
    assert (office.letter(id).state, office.letter(id).sealed) == (LetterState.DEAD, b"")
    assert office.mailer.fails == []


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (Transient("x"), "ready"),
        (RateLimited("x", retry_after=60), "ready"),
        (OSError("cut off"), "ready"),
        (Rejected("no such mailbox"), "dead"),
        (AuthRejected("bad login"), "dead"),
    ],
)
def test_what_becomes_of_a_mail_that_failed(office: Office, error: Exception, state: str) -> None:
    id = office.writes()
    office.mailer.fails = [error]
    assert office.post(TENANT, id) == state
    assert str(error) in office.letter(id).error
    office.door.clock.forward(minutes=2)
    office.post(TENANT, id)
    assert len(office.mailer.sent) == (state == "ready")


def test_a_mail_that_came_too_early_has_not_failed(office: Office) -> None:
    id = office.writes()
    office.mailer.fails = [RateLimited("x", retry_after=60)]
    office.post(TENANT, id)
    assert office.letter(id).attempts == 0


def test_a_mail_whose_sender_died_is_sent_again_under_the_same_id(office: Office) -> None:
    id = office.writes()
    office.mailer.fails = [KeyboardInterrupt()]  # type: ignore[list-item]
    with pytest.raises(KeyboardInterrupt):
        office.post(TENANT, id)
    assert office.post(TENANT, id) == "sending"
    office.door.clock.forward(LEASE)
    assert office.post(TENANT, id) == "sent"
    assert [letter[0] for letter in office.mailer.sent] == [id]


def test_whoever_was_too_slow_does_not_overwrite_what_another_has_done(office: Office) -> None:
    id, send = office.writes(), office.mailer.send

    def slow(*letter: Any) -> None:
        office.mailer.send = send  # type: ignore[method-assign]
        office.door.clock.forward(LEASE)
        assert office.post(TENANT, id) == "sent"
        raise Transient("too late")

    office.mailer.send = slow  # type: ignore[method-assign]
    assert office.post(TENANT, id) == "sent"
    assert office.letter(id).state is LetterState.SENT


def test_a_letter_that_is_owed_to_nobody_is_never_sent(office: Office) -> None:
    id = office.writes(owed=False)
    assert office.post(TENANT, id) == "dead"
    assert office.mailer.sent == []


def test_a_letter_that_is_not_there(office: Office) -> None:
    assert office.post(TENANT, UUID(int=9)) == "absent"


def test_a_letter_whose_seal_is_broken_is_dead(office: Office) -> None:
    id = office.writes()
    office.door.vault.sealed.clear()
    assert office.post(TENANT, id) == "dead"


# --- codes to phones -----------------------------------------------------------------------------


def test_a_code_goes_out_by_the_sellers_channel(office: Office) -> None:
    id = office.texts()
    assert office.post(TENANT, id) == "sent"
    [(to, text, key)] = office.sms.sent
    assert to == Identity(IdentityKind.PHONE, "+905321234567")
    assert "123456" in text
    assert key == str(id)


@pytest.mark.parametrize(
    "error", [Transient("x"), OutcomeUnknown("x"), Rejected("x"), ValueError("x")]
)
def test_a_code_is_sent_at_most_once(office: Office, error: Exception) -> None:
    id = office.texts()
    office.sms.fails = [error]
    for _ in range(3):
        assert office.post(TENANT, id) == "dead"
        office.door.clock.forward(LEASE)
    assert len(office.sms.sent) == 1


def test_a_code_whose_sender_died_is_not_sent_again(office: Office) -> None:
    id = office.texts()
    office.sms.fails = [KeyboardInterrupt()]  # type: ignore[list-item]
    with pytest.raises(KeyboardInterrupt):
        office.post(TENANT, id)
    office.door.clock.forward(LEASE)
    assert office.post(TENANT, id) == "dead"
    assert len(office.sms.sent) == 1


def test_a_code_that_is_over_is_not_sent(office: Office) -> None:
    id = office.texts()
    office.door.clock.forward(timedelta(minutes=5))
    assert office.post(TENANT, id) == "dead"
    assert office.sms.sent == []


def test_a_channel_that_is_off_or_sends_no_codes_sends_none(office: Office) -> None:
    talk = office.house.install("talk")
    assert office.post(TENANT, office.texts(talk.id)) == "dead"
    assert office.post(TENANT, office.texts(UUID(int=9))) == "dead"
    office.house.switch(office.channel, InstallationState.DISABLED)
    id = office.texts()
    assert office.post(TENANT, id) == "dead"
    assert "is off" in office.letter(id).error
    assert office.sms.sent == []
