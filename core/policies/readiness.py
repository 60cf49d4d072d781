"""What must stand in a tenant before its agent may act alone: people at the door, papers, guards.

Each item is found out anew whenever it is asked for, and says how to mend what it lacks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from core.agents.evidence import Sentence
from core.agents.guard import guards, passes
from core.identity.policy import KeptPolicy, SignInPolicy
from core.policies.roles import OWNER, permissions_of
from core.shared.errors import NotReady
from core.shared.work import Work
from core.tenancy.members import Member, MemberFilter, MemberState

if TYPE_CHECKING:
    from core.agents.intents import IntentRule

IDLE = timedelta(hours=8)
ABSOLUTE = timedelta(days=7)
"""Longer than this no session may last while an agent acts alone; remembered ones neither."""
SURE = 0.5
"""The least threshold of an intent that is acted on alone."""
_PAGE = 100


@dataclass(frozen=True, slots=True)
class Item:
    id: str
    ok: bool
    reason: str
    """What was found."""
    mend: str
    """What to do where it is not ok."""


def readiness(
    work: Work,
    *,
    policy: SignInPolicy | None = None,
    rules: Mapping[str, IntentRule] | None = None,
) -> Sequence[Item]:
    """Every item, also the good ones. `policy` and `rules` are asked about instead of those that
    stand, before they are kept."""
    kept = work.policy.get() if policy is None else KeptPolicy(policy, 1)
    rules = work.intents.all() if rules is None else rules
    return [
        _owner(work),
        _set(kept),
        _second_factor(kept.policy),
        _timeouts(kept.policy),
        _audit(work),
        _evidence(),
        _thresholds(rules),
        _people(work),
    ]


def lacks(items: Sequence[Item]) -> dict[str, str]:
    """Reason and remedy of those that are not ok, by id."""
    return {item.id: f"{item.reason}; {item.mend}" for item in items if not item.ok}


def need_readiness(work: Work, *, rules: Mapping[str, IntentRule]) -> None:
    """NotReady, naming every item that lacks, unless an agent may be let act alone."""
    missing = lacks(readiness(work, rules=rules))
    if missing:
        raise NotReady(missing)


def _owner(work: Work) -> Item:
    found = any(m.protected_at is not None for m in _active(work, OWNER))
    return Item(
        "owner_protected",
        found,
        "an owner signs in by more than a password"
        if found
        else "no active owner has signed in by more than a password",
        "an owner sets up a second factor or a passkey, or signs in by SSO, and signs in once",
    )


def _set(kept: KeptPolicy) -> Item:
    chosen = kept.version >= 1
    return Item(
        "policy_set",
        chosen,
        "the sign-in policy was set by somebody"
        if chosen
        else "the sign-in policy is the one that a new tenant comes with",
        "read it and set it, changed or not: PUT /security/policy",
    )


def _second_factor(policy: SignInPolicy) -> Item:
    asked = policy.wants_second_factor((OWNER,))
    return Item(
        "second_factor",
        asked,
        "owners must have a second factor"
        if asked
        else "an owner may sign in with a password alone",
        "require a second factor of everybody, or of the role owner; who comes by SSO is not asked "
        "unless you want it",
    )


def _timeouts(policy: SignInPolicy) -> Item:
    long = [
        name
        for name, lasts, most in (
            ("idle_minutes", timedelta(minutes=policy.idle_minutes), IDLE),
            ("absolute_minutes", timedelta(minutes=policy.absolute_minutes), ABSOLUTE),
            ("remember_days", timedelta(days=policy.remember_days), ABSOLUTE),
        )
        if lasts > most
    ]
    return Item(
        "timeouts",
        not long,
        f"sessions last too long: {', '.join(long)}" if long else "sessions end in time",
        "at most 8 hours idle, and 7 days in all, remembered or not",
    )


def _audit(work: Work) -> Item:
    sealed = work.audit.sealed()
    return Item(
        "audit_sealed",
        sealed,
        "nobody can change the audit log" if sealed else "the audit log could be changed",
        "whoever runs the house migrates the database and gives the application no more than the "
        "role invekto_app",
    )


def _evidence() -> Item:
    """The guard is asked about an answer that proves nothing of what it says."""
    caught = not passes(guards([Sentence("Kargonuz 14 Mart'ta teslim edildi.")], []))
    return Item(
        "evidence_check",
        caught,
        "an answer without evidence is held back" if caught else "an answer needs no evidence",
        "install the house anew: the check is part of it and has no switch",
    )


def _thresholds(rules: Mapping[str, IntentRule]) -> Item:
    unsure = sorted(r.name for r in rules.values() if r.autonomous and r.threshold < SURE)
    return Item(
        "thresholds",
        not unsure,
        f"acted on alone below {SURE}: {', '.join(unsure)}"
        if unsure
        else f"no intent is acted on alone below {SURE}",
        f"raise their thresholds to {SURE} or more",
    )


def _people(work: Work) -> Item:
    own = work.roles.all()
    found = any("inbox.write" in permissions_of(m.roles, own) for m in _active(work))
    return Item(
        "hand_over",
        found,
        "somebody can take a conversation over" if found else "nobody can take a conversation over",
        "invite a person whose role holds inbox.write",
    )


def _active(work: Work, role: str | None = None) -> Iterator[Member]:
    only = MemberFilter(MemberState.ACTIVE, role)
    page = work.members.list(only, cursor=None, limit=_PAGE)
    yield from page.items
    while page.cursor is not None:
        page = work.members.list(only, cursor=page.cursor, limit=_PAGE)
        yield from page.items
