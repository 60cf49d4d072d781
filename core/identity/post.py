"""Sending letters: claim with a lease, send with no transaction open, write down what came of it.

A mail is sent until the server has taken it; a copy of it is known by its Message-ID. A code goes
to a phone at most once: whoever has not got it asks for another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from core.delivery.after import TryLater, after
from core.identity.letters import Letter, LetterState, Medium
from core.identity.means import Mailer, Means
from core.identity.tickets import LIFETIMES, Purpose
from core.shared.errors import NotFound
from core.tenancy.installations import Installation
from core.tenancy.vendors import SealBroken, Vendors
from ports.errors import Rejected, Transient, VendorError
from ports.families.channel import Identity, IdentityKind, SendsCodes
from ports.values import IdempotencyKey

LEASE = timedelta(minutes=2)
"""How long sending may take before its worker counts as dead."""


@dataclass(frozen=True, slots=True)
class Post:
    means: Means
    vendors: Vendors
    mailer: Mailer
    jitter: Callable[[], float]
    """A random number from 0 to 1: repeated letters do not march in step."""

    def __call__(self, tenant: UUID, letter: UUID) -> str:
        """Send the letter of the realm; answers its state, `absent` where there is none.

        One that is not due, or that somebody else is sending, is left as it is.
        """
        claimed, mine = self._claim(tenant, letter)
        if claimed is None:
            return "absent"
        if not mine:
            return claimed.state.value
        error: Exception | None = None
        try:
            self._send(tenant, claimed)
        except Exception as failure:  # whatever a library makes of it, the letter is settled
            error = failure
        return self._settle(tenant, claimed, error).state.value

    def _claim(self, tenant: UUID, id: UUID) -> tuple[Letter | None, bool]:
        """The letter, and whether it is ours to send now."""
        now = self.means.clock.now()
        with self.means.works(tenant) as work:
            letter = work.letters.get(id)
            if letter is None or not _due(letter, now):
                return letter, False
            if letter.medium is Medium.PHONE and (why := _too_late(letter, now)):
                after_ = _dead(letter, why)
            else:
                after_ = replace(
                    letter,
                    state=LetterState.SENDING,
                    attempts=letter.attempts + 1,
                    lease_until=now + LEASE,
                )
            work.letters.save(after_)
            work.commit()
        return after_, after_.state is LetterState.SENDING

    def _send(self, tenant: UUID, letter: Letter) -> None:
        content = self.means.vault.open(tenant, letter.id, letter.sealed)
        if letter.medium is Medium.MAIL:
            self.mailer.send(letter.id, content["to"], content["subject"], content["text"])
            return
        self._text(tenant, letter, content)

    def _text(self, tenant: UUID, letter: Letter, content: Mapping[str, Any]) -> None:
        with self.means.works(tenant) as work:
            channel = work.installations.get(letter.channel) if letter.channel else None
        if channel is None or not channel.works:
            raise Rejected("the channel of the codes is off")
        sender = self._sender(channel)
        to = Identity(IdentityKind.PHONE, content["to"])
        sender.send_code(to, content["text"], key=IdempotencyKey(str(letter.id)))

    def _sender(self, channel: Installation) -> SendsCodes:
        found = self.vendors.channel(channel)
        if not isinstance(found, SendsCodes):
            raise Rejected("this channel sends no codes")
        return found

    def _settle(self, tenant: UUID, mine: Letter, error: Exception | None) -> Letter:
        with self.means.works(tenant) as work:
            letter = work.letters.get(mine.id)
            if letter is None or (letter.state, letter.attempts) != (mine.state, mine.attempts):
                return letter or mine  # the lease ran out and somebody else has it
            settled = _sent(letter) if error is None else self._failed(letter, error)
            work.letters.save(settled)
            work.commit()
        return settled

    def _failed(self, letter: Letter, error: Exception) -> Letter:
        if letter.medium is Medium.PHONE or isinstance(error, (NotFound, SealBroken)):
            return _dead(letter, _told(error))
        known = error if isinstance(error, VendorError) else Transient(_told(error))
        match after(known, attempt=letter.attempts):
            case TryLater(seconds, counts):
                wait = timedelta(seconds=seconds * (1 + self.jitter() / 5))
                return replace(
                    letter,
                    state=LetterState.READY,
                    attempts=letter.attempts if counts else letter.attempts - 1,
                    due_at=self.means.clock.now() + wait,
                    lease_until=None,
                    error=_told(error),
                )
            case _:
                return _dead(letter, _told(error))


def _due(letter: Letter, now: datetime) -> bool:
    if letter.state is LetterState.READY:
        return letter.due_at <= now
    over = letter.lease_until is None or letter.lease_until <= now
    return letter.state is LetterState.SENDING and over


def _too_late(letter: Letter, now: datetime) -> str | None:
    """Why a code is not sent any more."""
    if letter.state is LetterState.SENDING:
        return "its sender died: it may have gone out"
    if now - letter.created_at >= LIFETIMES[Purpose.SECOND_FACTOR]:
        return "the code is over"
    return None


def _sent(letter: Letter) -> Letter:
    """What it said is forgotten: links and codes are nobody's business afterwards."""
    return replace(letter, state=LetterState.SENT, sealed=b"", lease_until=None, error=None)


def _dead(letter: Letter, why: str) -> Letter:
    return replace(letter, state=LetterState.DEAD, sealed=b"", lease_until=None, error=why)


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, VendorError) else f"{type(error).__name__}: {error}"
