"""Guessing is made slow, and never so slow that a victim stays out for ever.

A try counts as failed before it is looked at, and is forgiven when it was right: fifty at once are
no better than one after another. What is counted is a key of the operator's realm: a folded address
(known to us or not), an address together with a known device, and a network address.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Rule:
    tries: int
    """Failures in a row that lock."""
    lock: timedelta
    """The first lock; each further one is twice as long."""
    longest: timedelta
    forgets: timedelta
    """After so long without a failure everything is forgotten."""


ACCOUNT = Rule(5, timedelta(minutes=15), timedelta(hours=4), timedelta(hours=24))
"""An address, from devices that never signed in as it. A known device has a count of its own."""
LETTERS = Rule(5, timedelta(minutes=15), timedelta(hours=4), timedelta(hours=24))
"""Letters and codes that anybody may ask for: nobody's mailbox or phone is flooded by us."""
NETWORK = Rule(50, timedelta(minutes=15), timedelta(hours=24), timedelta(hours=24))
"""A network address (an IPv6 one by its /64): the automatic ban."""


@dataclass(frozen=True, slots=True)
class Lockout:
    key: str
    failures: int = 0
    """Since the last lock or success."""
    locks: int = 0
    last_failed_at: datetime | None = None
    locked_until: datetime | None = None


class LockoutStore(Protocol):
    def get(self, key: str) -> Lockout:
        """What is known of the key, or a fresh one. Others who ask for it wait for this work."""

    def save(self, lockout: Lockout) -> None: ...

    def locked(self, now: datetime) -> list[Lockout]:
        """Those that are locked at this moment, the longest first; at most 200."""


def wait(lockout: Lockout, now: datetime) -> timedelta | None:
    """How long the key is still locked; None where it may try."""
    if lockout.locked_until is None or now >= lockout.locked_until:
        return None
    return lockout.locked_until - now


def failed(lockout: Lockout, rule: Rule, now: datetime) -> Lockout:
    """One failure more. Only a key that may try can fail."""
    if lockout.last_failed_at and now - lockout.last_failed_at >= rule.forgets:
        lockout = Lockout(lockout.key)
    failures = lockout.failures + 1
    if failures < rule.tries:
        return replace(lockout, failures=failures, last_failed_at=now)
    until = now + min(rule.lock * 2 ** min(lockout.locks, 16), rule.longest)
    return Lockout(lockout.key, 0, lockout.locks + 1, now, until)


def forgiven(lockout: Lockout) -> Lockout:
    """After a success: as if nothing had been."""
    return Lockout(lockout.key)


def taken_back(lockout: Lockout, rule: Rule, count: int, now: datetime) -> Lockout:
    """So many failures less, for tries that turned out right: also if one of them has locked.

    What was locked before them stays locked, and is not known to have been less.
    """
    if lockout.failures:
        return replace(lockout, failures=max(lockout.failures - count, 0))
    if wait(lockout, now) is None:
        return lockout
    failures = max(rule.tries - count, 0)
    return replace(lockout, failures=failures, locks=lockout.locks - 1, locked_until=None)
