"""A person's own realm, tickets and letters."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from adapters.sql.lookups import Lookups
from adapters.sql.work import SqlWorks
from core.identity.account import Account, Device
from core.identity.factors import Factor
from core.identity.keys import SigningKey
from core.identity.letters import Letter, LetterState
from core.identity.tickets import LIFETIMES, Purpose
from core.shared.errors import Conflict
from core.tenancy.tenant import Tenant, TenantKind
from tests.adapters.realms import MINUTE, NOW, address, factor, issued, letter, passkey

SOON = timedelta(seconds=60)


def person(works: SqlWorks, email: str | None = None) -> Account:
    """A new person with a realm and an account."""
    account = Account(uuid4(), email or address(), None, NOW)
    realm = Tenant(account.id, "", "Europe/Istanbul", "TRY", "tr", NOW, TenantKind.PERSON)
    with works(account.id) as work:
        work.tenants.add(realm)
        work.account.add(account)
        work.commit()
    return account


@pytest.fixture
def account(works: SqlWorks) -> Account:
    return person(works)


def claim(works: SqlWorks, who: UUID, email: str) -> bool:
    with works(who) as work:
        claimed = work.account.claim_email(email)
        work.commit()
    return claimed


def test_a_realm_has_one_account(works: SqlWorks, account: Account, tenant: UUID) -> None:
    with works(account.id) as work:
        assert work.tenants.get().kind is TenantKind.PERSON
        assert work.account.get() == account
        changed = replace(account, password="$argon2id$…", email_verified_at=NOW, closed_at=None)
        work.account.save(changed)
        assert work.account.get(lock=True) == changed
        with pytest.raises(Conflict):
            work.account.add(account)
    with works(tenant) as work:
        assert work.account.get() is None


def test_an_address_finds_the_person_who_claimed_it_first(
    engine: Engine, works: SqlWorks, account: Account
) -> None:
    find, rival = Lookups(engine).find_email, person(works)
    assert find(account.email) is None
    assert claim(works, account.id, account.email)
    assert claim(works, account.id, account.email)
    assert not claim(works, rival.id, account.email)
    assert find(account.email) == account.id
    assert find(account.email.upper()) is None


def test_a_refused_claim_leaves_the_work_going_on(works: SqlWorks, account: Account) -> None:
    rival = person(works)
    assert claim(works, account.id, account.email)
    with works(rival.id) as work:
        assert not work.account.claim_email(account.email)
        work.account.save(replace(rival, password="$argon2id$…"))
        work.commit()
    with works(rival.id) as work:
        assert work.account.get() == replace(rival, password="$argon2id$…")


def test_the_former_address_is_given_up(engine: Engine, works: SqlWorks, account: Account) -> None:
    find, other, new = Lookups(engine).find_email, person(works), address()
    assert claim(works, account.id, account.email)
    assert claim(works, account.id, new)
    assert (find(account.email), find(new)) == (None, account.id)
    assert claim(works, other.id, account.email)
    assert not claim(works, account.id, account.email)
    assert (find(account.email), find(new)) == (other.id, account.id)


def test_a_closed_account_gives_its_address_up(
    engine: Engine, works: SqlWorks, account: Account
) -> None:
    assert claim(works, account.id, account.email)
    with works(account.id) as work:
        work.account.save(replace(account, closed_at=NOW))
        work.commit()
    assert Lookups(engine).find_email(account.email) is None


def test_a_claim_that_was_rolled_back_was_none(
    engine: Engine, works: SqlWorks, account: Account
) -> None:
    with works(account.id) as work:
        assert work.account.claim_email(account.email)
    assert Lookups(engine).find_email(account.email) is None


def test_a_device_is_put_over_itself(works: SqlWorks, account: Account) -> None:
    device = Device(uuid4(), "Firefox", NOW, NOW)
    with works(account.id) as work:
        assert work.devices.get(device.id) is None
        work.devices.put(device)
        work.devices.put(replace(device, last_seen_at=NOW + MINUTE))
        assert work.devices.get(device.id) == replace(device, last_seen_at=NOW + MINUTE)


def test_factors_are_kept_with_all_that_is_known_of_them(works: SqlWorks, account: Account) -> None:
    key: Factor = passkey(uuid4().bytes)
    totp = factor(created_at=NOW - MINUTE)
    with works(account.id) as work:
        work.factors.add(key)
        work.factors.add(totp)
        assert work.factors.all() == [totp, key]
        assert work.factors.get(key.id) == key
        assert work.factors.by_credential(key.credential_id or b"") == key
        assert work.factors.by_credential(b"another") is None
        assert key.credential
        used = replace(key, credential=replace(key.credential, sign_count=8), last_used_at=NOW)
        work.factors.save(used)
        assert work.factors.get(key.id) == used
        assert work.factors.remove(totp.id)
        assert not work.factors.remove(totp.id)
        assert work.factors.remove_all() == 1
        assert work.factors.all() == []


def test_a_credential_is_added_once(works: SqlWorks, account: Account) -> None:
    with works(account.id) as work:
        work.factors.add(passkey(b"one"))
        work.factors.add(passkey(b"two"))
        with pytest.raises(Conflict):
            work.factors.add(passkey(b"one"))


def test_a_time_step_is_accepted_if_it_is_later(works: SqlWorks, account: Account) -> None:
    totp = factor(step=10)
    with works(account.id) as work:
        work.factors.add(totp)
        steps = (10, 9, 12, 11, 12, 13)
        accepted = [work.factors.used_step(totp.id, step, NOW) for step in steps]
        assert accepted == [False, False, True, False, False, True]
        assert work.factors.get(totp.id) == replace(totp, step=13, last_used_at=NOW)
        assert not work.factors.used_step(uuid4(), 99, NOW)
        work.factors.save(replace(totp, name="Tablet"))  # as it was read before
        assert work.factors.get(totp.id) == replace(totp, name="Tablet", step=13)


def test_a_backup_code_is_used_once_and_dies_with_its_set(
    works: SqlWorks, account: Account
) -> None:
    with works(account.id) as work:
        assert work.backup_codes.left() == 0
        work.backup_codes.replace([b"1", b"2", b"3"], NOW)
        assert work.backup_codes.use(b"1", NOW)
        assert not work.backup_codes.use(b"1", NOW)
        assert not work.backup_codes.use(b"4", NOW)
        assert work.backup_codes.left() == 2
        work.backup_codes.replace([b"5", b"1"], NOW)
        assert not work.backup_codes.use(b"2", NOW)
        assert work.backup_codes.left() == 2
        work.backup_codes.replace([], NOW)
        assert work.backup_codes.left() == 0


def test_a_ticket_opens_one_thing_once_for_a_while(works: SqlWorks, tenant: UUID) -> None:
    token, kept = issued(tenant, email="a@example.com", codes=[1])
    over = NOW + LIFETIMES[Purpose.RESET]
    with works(tenant) as work:
        work.tickets.add(kept)
        with pytest.raises(Conflict):
            work.tickets.add(kept)
        assert work.tickets.look(token.id, token.digest, Purpose.RESET, NOW) == kept
        for id, digest, purpose, at in (
            (uuid4(), token.digest, Purpose.RESET, NOW),
            (token.id, b"guessed", Purpose.RESET, NOW),
            (token.id, token.digest, Purpose.EMAIL, NOW),
            (token.id, token.digest, Purpose.RESET, over),
        ):
            assert work.tickets.look(id, digest, purpose, at) is None
            assert work.tickets.take(id, digest, purpose, at) is None
        last = over - timedelta(microseconds=1)
        taken = work.tickets.take(token.id, token.digest, Purpose.RESET, last)
        assert taken == replace(kept, used_at=last)
        assert work.tickets.take(token.id, token.digest, Purpose.RESET, NOW) is None
        assert work.tickets.look(token.id, token.digest, Purpose.RESET, NOW) is None


def test_the_last_wrong_code_uses_the_ticket_up(works: SqlWorks, tenant: UUID) -> None:
    token, kept = issued(tenant, Purpose.CHALLENGE)
    with works(tenant) as work:
        work.tickets.add(kept)
        assert [work.tickets.tried(token.id, 3) for _ in range(2)] == [1, 2]
        looked = work.tickets.look(token.id, token.digest, Purpose.CHALLENGE, NOW)
        assert looked == replace(kept, tries=2)
        assert [work.tickets.tried(token.id, 3) for _ in range(2)] == [3, 4]
        assert work.tickets.take(token.id, token.digest, Purpose.CHALLENGE, NOW) is None
        assert work.tickets.tried(uuid4(), 3) == 3


def test_open_tickets_of_a_purpose_are_dropped_by_what_they_hold(
    works: SqlWorks, tenant: UUID
) -> None:
    held = {"member": str(uuid4()), "email": "a@example.com"}
    token, kept = issued(tenant, Purpose.INVITATION, **held)
    with works(tenant) as work:
        for other in (
            kept,
            issued(tenant, Purpose.INVITATION, **held)[1],
            issued(tenant, Purpose.INVITATION, member="another")[1],
            issued(tenant, Purpose.RESET, **held)[1],
            replace(issued(tenant, Purpose.INVITATION, **held)[1], used_at=NOW),
        ):
            work.tickets.add(other)
        assert work.tickets.drop(Purpose.INVITATION, member=held["member"]) == 2
        assert work.tickets.drop(Purpose.INVITATION, member=held["member"]) == 0
        assert work.tickets.look(token.id, token.digest, Purpose.INVITATION, NOW) is None
        assert work.tickets.drop(Purpose.INVITATION) == 1


def owed(engine: Engine, realm: UUID, at: Any) -> list[UUID]:
    return [id for tenant, id in Lookups(engine).due_letters(at, SOON, 1000) if tenant == realm]


def test_a_letter_rings_until_it_is_sent(
    engine: Engine, works: SqlWorks, account: Account, bell: Any
) -> None:
    mail: Letter = letter()
    before = bell.rung
    with works(account.id) as work:
        work.letters.add(mail)
        work.commit()
    assert bell.rung == before + 1
    assert owed(engine, account.id, NOW) == [mail.id]
    assert owed(engine, account.id, NOW) == []
    lease = NOW + 5 * MINUTE
    sending = replace(mail, state=LetterState.SENDING, attempts=1, lease_until=lease)
    for state, due in (
        (sending, lease),
        (replace(mail, due_at=NOW + 9 * MINUTE, error="asleep"), NOW + 9 * MINUTE),
    ):
        with works(account.id) as work:
            work.letters.save(state)
            assert work.letters.get(mail.id) == state
            work.commit()
        assert owed(engine, account.id, due - timedelta(seconds=1)) == []
        assert owed(engine, account.id, due) == [mail.id]
    for end in (LetterState.SENT, LetterState.DEAD):
        with works(account.id) as work:
            work.letters.save(replace(mail, state=end))
            work.commit()
        assert owed(engine, account.id, NOW + timedelta(days=9)) == []


def test_signing_keys_are_listed_newest_first_and_go_by_age(works: SqlWorks, tenant: UUID) -> None:
    old = SigningKey(uuid4(), "{}", b"sealed", NOW)
    new = replace(old, id=uuid4(), created_at=NOW + MINUTE)
    with works(tenant) as work:
        work.signing_keys.add(old)
        work.signing_keys.add(new)
        assert work.signing_keys.all() == [new, old]
        with pytest.raises(Conflict):
            work.signing_keys.add(new)
        assert work.signing_keys.remove_before(NOW + MINUTE) == 1
        assert work.signing_keys.all() == [new]
