"""What becomes of somebody whom a provider sends, decided in one work of the seller's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.identity.sso import Connection, Identity, Link, Rules
from core.identity.sso_people import Known, admits, settle
from core.policies.roles import BUILT_IN
from core.shared.actor import system
from core.shared.errors import Conflict
from core.tenancy.members import Member, MemberState, Team
from tests.core.fakes.sso import SAID, SsoDoor
from tests.core.fakes.world import NOW, TENANT

ROLES = st.sampled_from(sorted(BUILT_IN))
WORDS = st.text("abc", min_size=1, max_size=2)
NOBODY = Known(None, linked=False)
ACTOR = system(TENANT, "sso")


def settled(door: SsoDoor, sso: Connection, said: Identity, work: Any) -> Member | None:
    return settle(work, sso, said, NOBODY, ACTOR, door.means.ids, NOW)


def test_who_was_made_a_member_at_this_very_moment_is_looked_at_again() -> None:
    """Another window's sign-in is committed between two looks of this one."""
    door = SsoDoor()
    sso = door.connect(rules=Rules(provision=True))
    member = Member(UUID(int=5), "ayse@deniz.example", "A", MemberState.ACTIVE, (), NOW, NOW)
    with door.world(TENANT) as work:
        look = work.members.by_email

        def looked(email: str) -> Member | None:
            found = look(email)
            if found is None:
                work.members.t.members[member.id] = member
                work.sso.add_link(Link(sso.id, SAID.subject, member.id, NOW))
            return found

        work.members.by_email = looked
        with pytest.raises(Conflict):
            settled(door, sso, SAID, work)


@given(
    st.dictionaries(WORDS, ROLES, max_size=4),
    st.lists(WORDS, max_size=6),
    st.lists(ROLES, max_size=2, unique=True),
)
def test_a_claim_gives_what_it_is_mapped_to_and_else_the_usual_roles(
    role_map: dict[str, str], words: list[str], usual: list[str]
) -> None:
    door = SsoDoor()
    rules = Rules(provision=True, role_claim="g", role_map=role_map, roles=tuple(usual))
    sso = door.connect(rules=rules)
    with door.world(TENANT) as work:
        member = settled(door, sso, replace(SAID, words={"g": tuple(words)}), work)
    assert member is not None
    mapped = {role_map[word] for word in words if word in role_map}
    assert set(member.roles) == (mapped or set(usual))
    assert len(set(member.roles)) == len(member.roles)


@given(st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8}){1,3}", fullmatch=True), st.booleans())
def test_domains_let_their_own_verified_addresses_in_and_no_others(
    domain: str, verified: bool
) -> None:
    rules = Rules(domains=("deniz.example",))
    said = replace(SAID, email=f"ayse@{domain}", email_verified=verified)
    assert admits(rules, said) is (verified and domain == "deniz.example")
    assert admits(Rules(), said)
    assert not admits(rules, replace(said, email=None))
    ours = replace(said, email="ayse@deniz.example")
    assert admits(rules, ours) is verified


def test_a_role_that_the_directory_gave_by_a_group_stays_and_a_team_alone_gives_none() -> None:
    """SCIM's groups and a token's claim may tell of the same people, or each of others."""
    door, team = SsoDoor(), Team(UUID(int=9), "leads", NOW)
    rules = Rules(role_claim="g", role_map={"leads": "supervisor", "books": "auditor"})
    sso = door.connect(rules=rules)
    for roles, words, expected in (
        (("supervisor",), (), {"supervisor"}),
        (("supervisor",), ("books",), {"supervisor", "auditor"}),
        (("auditor",), (), {"agent"}),
        (("agent",), (), {"agent"}),
    ):
        with door.world(TENANT) as work:
            work.teams.add(team)
            kept = Member(
                UUID(int=5), SAID.email or "", "A", MemberState.ACTIVE, roles, NOW, NOW,
                (team.id,), managed=True, user_name="ayse",
            )  # fmt: skip
            work.members.add(kept)
            seen = Known(kept, linked=False)
            said = replace(SAID, words={"g": words})
            member = settle(work, sso, said, seen, ACTOR, door.means.ids, NOW)
        assert member is not None
        assert set(member.roles) == expected
