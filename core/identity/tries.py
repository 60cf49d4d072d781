"""Counting tries: each is a failure before it is looked at, and taken back when it was right.

Everything is counted in the operator's realm, for known and unknown addresses alike.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from uuid import UUID

from core.identity.attempts import Refusal
from core.identity.lockout import ACCOUNT, LETTERS, NETWORK, failed, forgiven, taken_back, wait
from core.identity.means import Means
from core.shared.errors import TooManyTries
from core.shared.ids import OPERATOR
from core.shared.work import Work


class Locked(TooManyTries):
    """With the reason, which only the log is told."""

    def __init__(self, why: Refusal, seconds: float) -> None:
        super().__init__(seconds)
        self.why = why


@dataclass(frozen=True, slots=True)
class Try:
    """What one try counts against."""

    network: str | None
    who: str | None = None
    """The address, or the known device of it; None where an account's lock does not count:
    a passkey and an identity provider cannot be guessed."""


@dataclass(frozen=True, slots=True)
class Tries:
    means: Means

    def begin(self, this: Try) -> None:
        """Count it as failed; Locked, and nothing is counted, where one of its keys is locked."""
        now = self.means.clock.now()
        with self.means.works(OPERATOR) as work:
            network = work.lockouts.get(this.network) if this.network else None
            who = work.lockouts.get(this.who) if this.who else None
            for lockout, why in ((network, Refusal.BANNED), (who, Refusal.LOCKED)):
                if lockout and (left := wait(lockout, now)):
                    raise Locked(why, left.total_seconds())
            for lockout, rule in ((network, NETWORK), (who, ACCOUNT)):
                if lockout:
                    work.lockouts.save(failed(lockout, rule, now))
            work.commit()

    def right(self, this: Try) -> None:
        """It was right, and one thing more is asked for: as if it had not been."""
        with self.means.works(OPERATOR) as work:
            self._ease(this, work, 1)
            if this.who:
                lockout = work.lockouts.get(this.who)
                work.lockouts.save(taken_back(lockout, ACCOUNT, 1, self.means.clock.now()))
            work.commit()

    def entered(self, this: Try) -> None:
        """Signed in: what was counted of the address or device is forgiven.

        A network is eased of this try and one before it: many people share it and some mistype,
        but an account of one's own buys nobody more than one guess at another's.
        """
        with self.means.works(OPERATOR) as work:
            self._ease(this, work, 2)
            if this.who:
                work.lockouts.save(forgiven(work.lockouts.get(this.who)))
            work.commit()

    def may_write(self, to: str) -> bool:
        """Count a letter or code to this address or phone; False where it has had enough."""
        now = self.means.clock.now()
        with self.means.works(OPERATOR) as work:
            lockout = work.lockouts.get(f"letters:{_digest(to)}")
            if wait(lockout, now):
                return False
            work.lockouts.save(failed(lockout, LETTERS, now))
            work.commit()
        return True

    def _ease(self, this: Try, work: Work, count: int) -> None:
        if this.network:
            lockout = work.lockouts.get(this.network)
            work.lockouts.save(taken_back(lockout, NETWORK, count, self.means.clock.now()))


def network_key(ip: str | None) -> str | None:
    """An IPv6 network by its /64, which one subscriber has whole; None where nothing is known."""
    if ip is None:
        return None
    try:
        address = ip_address(ip)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return f"network:{address.ipv4_mapped}"
        return f"network:{ip_network((address, 64), strict=False)}"
    return f"network:{address}"


def account_key(address: str, device: UUID | None) -> str:
    """`device` is one that has signed in as this address: it has a count of its own."""
    digest = _digest(address)
    return f"account:{digest}" if device is None else f"device:{device}:{digest}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
