"""Signing in over a real database: it works as it does in memory, and once means once."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pyotp
import pytest
from sqlalchemy import Engine

from adapters.identity.totp import PyotpTotp
from adapters.sql.engine import make_engine
from adapters.sql.lookups import Lookups
from adapters.sql.work import SqlWorks
from core.identity.attempts import AttemptFilter
from core.identity.client import Client
from core.identity.enrolment import Enrolment
from core.identity.means import Means
from core.identity.passwords import Passwords
from core.identity.policy import KeptPolicy, SecondFactor, SignInPolicy
from core.identity.recovery import Recovery
from core.identity.renew import Renew
from core.identity.reprove import Reprove
from core.identity.sessions import SessionFilter
from core.identity.sign_in import SignIn
from core.identity.steps import Entered, NeedsFactor
from core.shared.actor import Actor
from core.shared.errors import Conflict, DomainError, SignInRefused, TooManyTries
from core.shared.ids import OPERATOR
from core.tenancy.inviting import Invite, Inviting
from core.tenancy.tenant import Tenant
from tests.core.fakes.door import FakeHasher, FakePasskeys
from tests.core.fakes.plugins import FakeVault
from tests.core.fakes.world import NOW, FakeClock

CROWD = 50
PASSWORD = "dogru at pil zimba"
Together = Callable[[int, Callable[[int], Any]], list[Any]]


class LockedVault(FakeVault):
    """For many threads."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()

    def seal(self, tenant: UUID, installation: UUID, plain: Mapping[str, Any]) -> bytes:
        with self._lock:
            return super().seal(tenant, installation, plain)


class Street:
    """A seller, and a person who works for it."""

    def __init__(self, works: SqlWorks, engine: Engine, seller: UUID) -> None:
        self.seller, self.clock, self.totp = seller, FakeClock(), PyotpTotp()
        self.vault = LockedVault()
        self.means = Means(
            works=works,
            directory=Lookups(engine),
            hasher=FakeHasher(),
            common=set(),
            totp=self.totp,
            passkeys=FakePasskeys(),
            vault=self.vault,
            clock=self.clock,
            ids=uuid4,
            random=secrets.token_bytes,
            base_url="https://house.example",
        )
        self.email = f"{uuid4().hex}@deniz.example"
        # a network of its own: the operator's realm is everybody's
        self.client = Client(f"2001:db8:{secrets.randbelow(2**16):x}::1", "TR", "Firefox")
        owner = frozenset(
            {"members.write", "inbox.read", "inbox.write", "inbox.all", "agents.read"}
        )
        self.owner = Actor(seller, "person", str(uuid4()), owner, proven_at=NOW)

    def mail(self, realm: UUID) -> str:
        """The token in the last letter of the realm."""
        text: str = [p for r, _, p in self.vault.sealed if r == realm and "text" in p][-1]["text"]
        return text.partition("#")[2].split()[0]

    def invites(self) -> str:
        Inviting(self.means).invite(uuid4(), Invite(self.email, ("agent",)), self.owner)
        return self.mail(self.seller)

    def joins(self) -> UUID:
        person, _ = Passwords(self.means).join(self.invites(), "Ayşe", PASSWORD, self.client)
        return person

    def tries(self, password: str = PASSWORD, **more: Any) -> Any:
        given = {"tenant": None, "remember": False, "client": self.client, **more}
        return SignIn(self.means).by_password(self.email, password, **given)

    def enters(self, **more: Any) -> Entered:
        step = self.tries(**more)
        assert isinstance(step, Entered), step
        return step

    def actor(self, entered: Entered) -> Actor:
        with self.means.works(self.seller) as work:
            session = work.sessions.get(entered.session.id)
        assert session
        person, id = str(session.person), session.id
        return Actor(self.seller, "person", person, session=id, proven_at=session.proven_at)

    def sets_up_an_app(self) -> tuple[str, tuple[str, ...]]:
        enrolment, actor = Enrolment(self.means), self.actor(self.enters())
        ticket, secret, _ = enrolment.begin_totp(actor)
        enrolled = enrolment.confirm_totp(ticket, self.code(secret), "app", actor, self.client)
        return secret, enrolled.backup_codes

    def code(self, secret: str) -> str:
        """The app's code of the next time step."""
        self.clock.forward(seconds=30)
        return self.code_now(secret)

    def code_now(self, secret: str) -> str:
        return pyotp.TOTP(secret).at(self.clock.now())


@pytest.fixture(scope="module")
def wide(engine: Engine) -> Iterator[Engine]:
    """A connection for everybody in the crowd."""
    wide = make_engine(engine.url.render_as_string(hide_password=False), pool_size=CROWD)
    yield wide
    wide.dispose()


@pytest.fixture
def street(wide: Engine, tenant: UUID) -> Street:
    works = SqlWorks(wide, lambda: None)
    with suppress(Conflict), works(OPERATOR) as work:
        work.tenants.add(Tenant(OPERATOR, "Operator", "Europe/Istanbul", "TRY", "tr", NOW))
        work.commit()
    return Street(works, wide, tenant)


def outcomes(together: Together, act: Callable[[int], Any]) -> list[Any]:
    """What became of each: its answer, or the class of its refusal."""

    def tried(number: int) -> Any:
        try:
            return act(number)
        except DomainError as refused:
            return type(refused)

    return together(CROWD, tried)


def test_from_an_invitation_to_a_session_and_on(street: Street) -> None:
    person = street.joins()
    entered = street.enters()
    assert entered.session.person == person
    street.clock.forward(minutes=5)
    again = Renew(street.means)(entered.refresh, street.client)
    assert again.session.id == entered.session.id
    known = replace(street.client, device=entered.session.device)
    assert street.enters(client=known).new_device is False


def test_a_second_factor_and_what_takes_it_away(street: Street) -> None:
    street.joins()
    secret, codes = street.sets_up_an_app()
    step = street.tries()
    assert isinstance(step, NeedsFactor)
    assert step.methods == ("totp", "backup_code")
    sign_in = SignIn(street.means)
    entered = sign_in.by_code(step.ticket, "totp", street.code(secret), street.client)
    assert isinstance(entered, Entered)
    raised = Reprove(street.means).by_code("backup_code", codes[0], street.actor(entered))
    assert raised.session.methods == ("password", "totp", "backup_code")
    Recovery(street.means).ask(street.email)
    street.clock.forward(hours=0, minutes=1)
    link = street.mail(entered.session.person)
    with pytest.raises(Conflict):  # the password is of today
        Recovery(street.means).finish(link, PASSWORD, street.client)


def test_a_forgotten_password_ends_every_session(street: Street) -> None:
    person = street.joins()
    entered = street.enters()
    passwords = Passwords(street.means)
    passwords.forgot(street.email, street.client)
    passwords.reset(street.mail(person), "yeni bir sabah oldu", street.client)
    with pytest.raises(SignInRefused):
        Renew(street.means)(entered.refresh, street.client)
    assert street.enters(password="yeni bir sabah oldu")


def test_strangers_leave_a_line_in_the_operators_log(street: Street) -> None:
    with pytest.raises(SignInRefused):
        street.tries()
    with street.means.works(OPERATOR) as work:
        found = work.attempts.list(AttemptFilter(ip=street.client.ip), cursor=None, limit=9)
    assert [a.email for a in found.items] == [street.email]


# --- fifty at once -------------------------------------------------------------------------------


def test_a_refresh_token_is_exchanged_by_one(street: Street, together: Together) -> None:
    street.joins()
    entered = street.enters()
    renew = Renew(street.means)
    found = outcomes(together, lambda _: renew(entered.refresh, street.client))
    assert [type(f) for f in found].count(Entered) == 1
    assert found.count(SignInRefused) == CROWD - 1
    [winner] = [f for f in found if isinstance(f, Entered)]
    street.clock.forward(minutes=1)
    assert renew(winner.refresh, street.client), "so many tabs are no theft"


def test_a_code_of_the_app_opens_for_one(street: Street, together: Together) -> None:
    """Each with a first step of their own, as somebody who looked over a shoulder would."""
    street.joins()
    secret, _ = street.sets_up_an_app()
    tickets = [street.tries().ticket for _ in range(CROWD)]
    code, sign_in = street.code(secret), SignIn(street.means)
    found = outcomes(together, lambda n: sign_in.by_code(tickets[n], "totp", code, street.client))
    assert sum(isinstance(f, Entered) for f in found) == 1
    assert {f for f in found if isinstance(f, type)} <= {SignInRefused, TooManyTries}


def test_a_backup_code_opens_for_one(street: Street, together: Together) -> None:
    street.joins()
    _, codes = street.sets_up_an_app()
    tickets = [street.tries().ticket for _ in range(CROWD)]
    sign_in = SignIn(street.means)
    found = outcomes(
        together, lambda n: sign_in.by_code(tickets[n], "backup_code", codes[0], street.client)
    )
    assert sum(isinstance(f, Entered) for f in found) == 1


def test_a_link_sets_one_password(street: Street, together: Together) -> None:
    person = street.joins()
    passwords = Passwords(street.means)
    passwords.forgot(street.email, street.client)
    link = street.mail(person)
    new = [f"yeni bir sabah {n:02}" for n in range(CROWD)]
    found = outcomes(together, lambda n: passwords.reset(link, new[n], street.client))
    assert found.count(None) == 1
    assert street.enters(password=new[found.index(None)])


def test_an_invitation_makes_one_member_and_one_account(street: Street, together: Together) -> None:
    passwords, link = Passwords(street.means), street.invites()
    found = outcomes(together, lambda _: passwords.join(link, "Ayşe", PASSWORD, street.client))
    people = {f[0] for f in found if isinstance(f, tuple)}
    assert len(people) == 1
    assert street.enters().session.person in people


def test_fifty_guesses_at_once_are_five(street: Street, together: Together) -> None:
    street.joins()
    found = outcomes(together, lambda n: street.tries(f"wrong {n}"))
    assert found.count(SignInRefused) == 5
    assert found.count(TooManyTries) == CROWD - 5


def test_one_first_factor_is_set_up(street: Street, together: Together) -> None:
    """By fifty who all know the password, and nothing else."""
    person = street.joins()
    with street.means.works(street.seller) as work:
        work.policy.save(KeptPolicy(SignInPolicy(second_factor=SecondFactor.REQUIRED), 1))
        work.commit()
    enrolment = Enrolment(street.means)
    waits = [street.tries().ticket for _ in range(CROWD)]
    begun = [enrolment.begin_totp(ticket) for ticket in waits]
    codes = [street.code_now(secret) for _, secret, _ in begun]
    found = outcomes(
        together,
        lambda n: enrolment.confirm_totp(begun[n][0], codes[n], "app", waits[n], street.client),
    )
    with street.means.works(person) as own:
        assert len(own.factors.all()) == 1
        assert own.backup_codes.left() == 10
    with street.means.works(street.seller) as work:
        assert len(work.sessions.open(SessionFilter(person=person))) == 1
    assert sum(not isinstance(f, type) for f in found) == 1
