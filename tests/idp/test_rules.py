"""Who may come in by a provider's word, and as whom. The provider is the tests' own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from core.identity.attempts import Refusal
from core.identity.sso import Connection
from core.identity.sso_sign_in import NeedsLink
from core.identity.tickets import SECRET, Purpose, Token, ticket
from core.policies.roles import OWNER
from core.shared.errors import SignInRefused
from core.tenancy.members import MemberState
from tests.idp.forger import CLIENT, Forger
from tests.idp.house import House, entered

ALI = "ali@seller.example"


@pytest.fixture
def forger() -> Forger:
    return Forger()


@pytest.fixture
def house(engine: Engine, tenant: UUID, forger: Forger) -> House:
    return House(engine, tenant, forger.transports)


@pytest.fixture
def connect(house: House, forger: Forger) -> Callable[..., Connection]:
    """A connection with these rules."""

    def connected(**rules: Any) -> Connection:
        return house.connect(forger.issuer, CLIENT, **rules)

    return connected


Connect = Callable[..., Connection]


class TestProvisioning:
    def test_who_is_no_member_becomes_one_where_the_rules_say_so(
        self, house: House, forger: Forger, connect: Connect
    ) -> None:
        sso = connect(provision=True, roles=("agent",))
        person = entered(house.come(sso, forger)).session.person
        member = house.member(person)
        assert (member.email, member.name, member.roles) == (ALI, "Ali Yılmaz", ("agent",))
        assert (member.state, member.managed) == (MemberState.ACTIVE, True)
        [event] = house.told("member.provisioned")
        assert event["after"]["email"] == ALI
        assert event["actor_id"] == f"sso:{sso.id}"

    def test_they_have_an_account_that_claims_no_address(
        self, house: House, forger: Forger, connect: Connect
    ) -> None:
        person = entered(house.come(connect(provision=True), forger)).session.person
        account = house.account(person)
        assert account is not None
        assert (account.email, account.email_verified_at, account.password) == (ALI, None, None)
        with house.works(uuid4()) as other:  # somebody else may still prove that it is theirs
            assert other.account.claim_email(ALI)

    def test_they_come_back_as_the_same_person(
        self, house: House, forger: Forger, connect: Connect
    ) -> None:
        sso = connect(provision=True)
        first = entered(house.come(sso, forger)).session.person
        again = entered(house.come(sso, forger, email="ali.yilmaz@seller.example")).session.person
        assert first == again
        assert house.member(first).email == ALI

    def test_an_account_that_was_lost_half_way_is_made_at_the_next_sign_in(
        self, house: House, forger: Forger, connect: Connect
    ) -> None:
        sso = connect()
        id = uuid4()
        member = replace(house.member(house.hire("eve@seller.example")), id=id, email=ALI)
        with house.works(house.tenant) as work:
            work.members.add(member)
            work.commit()
        entered(house.come(sso, forger))
        assert house.account(id) is not None

    def test_without_the_rule_nobody_becomes_a_member(
        self, house: House, forger: Forger, connect: Connect
    ) -> None:
        with pytest.raises(SignInRefused):
            house.come(connect(), forger)
        assert house.found(ALI) is None
        assert house.refused()[0].reason is Refusal.NOT_A_MEMBER

    @pytest.mark.parametrize(
        "says",
        [
            {"email_verified": False},
            {"email_verified": "true"},
            {"email_verified": None},
            {"email": None},
            {"email": None, "preferred_username": ALI},
            {"email": "аli@seller.example"},  # noqa: RUF001
            {"email": "ali@seller.example\u200b"},
        ],
    )
    def test_nobody_becomes_a_member_by_an_address_that_was_not_verified(
        self, house: House, forger: Forger, connect: Connect, says: dict[str, Any]
    ) -> None:
        sso = connect(provision=True)
        with pytest.raises(SignInRefused):
            house.come(sso, forger, **says)
        with house.works(house.tenant) as work:
            assert work.sso.link(sso.id, "u-1") is None
        assert house.sessions() == []

    def test_one_person_in_many_windows_is_one_member(
        self,
        house: House,
        forger: Forger,
        connect: Connect,
        together: Callable[[int, Callable[[int], Any]], list[Any]],
    ) -> None:
        sso = connect(provision=True)
        answers = [house.away(sso, forger) for _ in range(8)]

        def finish(number: int) -> UUID:
            return entered(house.finish(sso, answers[number])).session.person

        assert len(set(together(8, finish))) == 1


class TestMatching:
    def test_a_member_of_the_verified_address_is_the_one(
        self, house: House, forger: Forger, connect: Connect
    ) -> None:
        ada = house.hire(ALI)
        sso = connect()
        assert entered(house.come(sso, forger, email="Ali@Seller.Example")).session.person == ada
        [event] = house.told("sso.linked")
        assert event["after"] == {"connection": str(sso.id), "subject": "u-1"}

    def test_from_then_on_the_subject_counts_and_no_address(
        self, house: House, forger: Forger, connect: Connect
    ) -> None:
        ada, boss = house.hire(ALI), house.hire("boss@seller.example")
        sso = connect()
        entered(house.come(sso, forger))
        back = house.come(sso, forger, email="boss@seller.example")
        assert entered(back).session.person == ada
        assert house.links(boss) == 0

    @pytest.mark.parametrize(
        "says",
        [
            {"email_verified": False},
            {"email": None, "preferred_username": ALI, "upn": ALI, "name": "owner"},
            {"email": "аli@seller.example"},  # noqa: RUF001
            {"email": "ali@\uff53eller.example"},
            {"email": "\u212ali@seller.example"},
            {"email": f" {ALI}"},
        ],
    )
    def test_nobody_takes_a_member_over_by_what_only_looks_like_their_address(
        self, house: House, forger: Forger, connect: Connect, says: dict[str, Any]
    ) -> None:
        ada = house.hire(ALI)
        with pytest.raises(SignInRefused):
            house.come(connect(provision=True), forger, **says)
        assert (house.links(ada), house.sessions()) == (0, [])

    @pytest.mark.parametrize("own", ["password", "factor"])
    def test_a_member_with_credentials_of_their_own_is_asked_for_them_first(
        self, house: House, forger: Forger, connect: Connect, own: str
    ) -> None:
        ada = house.hire(ALI, **{own: True})
        assert isinstance(house.come(connect(), forger), NeedsLink)
        assert (house.links(ada), house.sessions()) == (0, [])

    def test_who_was_invited_has_come(self, house: House, forger: Forger, connect: Connect) -> None:
        ada = house.hire(ALI, state=MemberState.INVITED, roles=("supervisor",), name="")
        token = Token(house.tenant, uuid4(), bytes(SECRET))
        letter = ticket(token, Purpose.INVITATION, {"member": str(ada)}, house.clock.now())
        with house.works(house.tenant) as work:
            work.tickets.add(letter)
            work.commit()
        assert entered(house.come(connect(), forger)).session.person == ada
        member = house.member(ada)
        assert (member.state, member.name) == (MemberState.ACTIVE, "Ali Yılmaz")
        assert (member.roles, member.managed) == (("supervisor",), False)
        assert house.account(ada) is not None
        with house.works(house.tenant) as work:
            purpose, now = Purpose.INVITATION, house.clock.now()
            assert work.tickets.look(token.id, token.digest, purpose, now) is None

    def test_a_suspended_member_stays_out_also_when_linked(
        self, house: House, forger: Forger, connect: Connect
    ) -> None:
        ada, sso = house.hire(ALI), connect(provision=True)
        entered(house.come(sso, forger))
        house.change(ada, state=MemberState.SUSPENDED)
        for says in ({}, {"sub": "u-2"}):
            with pytest.raises(SignInRefused):
                house.come(sso, forger, **says)
        assert house.refused()[0].reason is Refusal.NOT_A_MEMBER
        assert house.links(ada) == 1

    def test_where_nobody_is_matched_a_members_address_is_not_given_to_a_second_one(
        self, house: House, forger: Forger, connect: Connect
    ) -> None:
        ada = house.hire(ALI)
        with pytest.raises(SignInRefused):
            house.come(connect(match=False, provision=True), forger)
        assert house.links(ada) == 0

    def test_a_removed_member_comes_back_only_as_somebody_new(
        self, house: House, forger: Forger, connect: Connect
    ) -> None:
        sso = connect(provision=True)
        first = entered(house.come(sso, forger)).session.person
        with house.works(house.tenant) as work:
            work.members.remove(first)
            work.commit()
        assert entered(house.come(sso, forger)).session.person != first

    def test_two_connections_do_not_share_their_subjects(
        self, house: House, forger: Forger, connect: Connect
    ) -> None:
        one, two = connect(provision=True), connect(match=False, provision=True)
        first = entered(house.come(one, forger)).session.person
        other = entered(house.come(two, forger, email="veli@seller.example")).session.person
        assert first != other


class TestDomains:
    def test_an_address_of_another_domain_stays_out(
        self, house: House, forger: Forger, connect: Connect
    ) -> None:
        sso = connect(provision=True, domains=("Seller.example", "shop.example"))
        assert house.come(sso, forger)
        for email in (
            "eve@evil.example",
            "eve@sub.seller.example",
            "eve@seller.example.evil.example",
        ):
            with pytest.raises(SignInRefused):
                house.come(sso, forger, sub="u-2", email=email)

    def test_one_of_the_domain_that_was_not_verified_stays_out_also_when_linked(
        self, house: House, forger: Forger, connect: Connect
    ) -> None:
        sso = connect(provision=True, domains=("seller.example",))
        assert house.come(sso, forger)
        with pytest.raises(SignInRefused):
            house.come(sso, forger, email_verified=False)


class TestRoles:
    MAP = {"Leads": "supervisor", "Admins": OWNER, "Gone": "nobody-knows"}

    def connected(self, connect: Connect, **more: Any) -> Connection:
        known = {k: v for k, v in self.MAP.items() if v != "nobody-knows"}
        rules = {"provision": True, "role_claim": "groups", "role_map": known, **more}
        return connect(**rules)

    @pytest.mark.parametrize(
        ("groups", "roles"),
        [
            (["Leads"], ("supervisor",)),
            (["Leads", "Admins", "Leads"], ("supervisor", OWNER)),
            ("Leads", ("supervisor",)),
            (["leads", "LEADS"], ("agent",)),
            ([OWNER, "supervisor"], ("agent",)),
            ([], ("agent",)),
            (None, ("agent",)),
        ],
    )
    def test_the_directorys_words_give_the_roles_that_they_are_mapped_to_and_no_other(
        self, house: House, forger: Forger, connect: Connect, groups: Any, roles: tuple[str, ...]
    ) -> None:
        person = entered(house.come(self.connected(connect), forger, groups=groups)).session.person
        assert house.member(person).roles == roles

    def test_they_count_at_every_sign_in_and_the_change_is_told(
        self, house: House, forger: Forger, connect: Connect
    ) -> None:
        sso = self.connected(connect)
        person = entered(house.come(sso, forger, groups=["Leads"])).session.person
        house.come(sso, forger, groups=["Leads"])
        house.come(sso, forger, groups=["Sales"])
        assert house.member(person).roles == ("agent",)
        [event] = house.told("member.changed")
        assert event["before"]["roles"] == ["supervisor"]
        assert event["after"]["roles"] == ["agent"]
        assert event["actor_id"] == f"sso:{sso.id}"

    def test_a_member_whom_people_manage_keeps_what_people_gave(
        self, house: House, forger: Forger, connect: Connect
    ) -> None:
        ada = house.hire(ALI, roles=("developer",))
        house.come(self.connected(connect), forger, groups=["Admins"])
        assert house.member(ada).roles == ("developer",)

    def test_no_directory_takes_the_last_owner_away(
        self, house: House, forger: Forger, connect: Connect
    ) -> None:
        sso = self.connected(connect)
        person = entered(house.come(sso, forger, groups=["Admins"])).session.person
        house.come(sso, forger, groups=["Leads"])
        assert set(house.member(person).roles) == {OWNER, "supervisor"}
        house.hire("boss@seller.example", roles=(OWNER,))
        house.come(sso, forger, groups=["Leads"])
        assert house.member(person).roles == ("supervisor",)

    def test_a_role_that_is_gone_is_given_to_nobody(
        self, house: House, forger: Forger, connect: Connect
    ) -> None:
        sso = self.connected(connect)
        with house.works(house.tenant) as work:
            rules = replace(sso.rules, role_map=self.MAP)
            work.sso.save(replace(sso, rules=rules, version=sso.version + 1))
            work.commit()
        person = entered(house.come(sso, forger, groups=["Gone"])).session.person
        assert house.member(person).roles == ()

    def test_without_a_claim_roles_are_given_once(
        self, house: House, forger: Forger, connect: Connect
    ) -> None:
        sso = connect(provision=True)
        person = entered(house.come(sso, forger)).session.person
        house.change(person, roles=("developer",))
        house.come(sso, forger)
        assert house.member(person).roles == ("developer",)
