"""Connections to identity providers: tried before they are kept, and no way to more power."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from core.identity.means import NotProven
from core.identity.sessions import Ended
from core.identity.sso import Connection, Rules, SsoKind
from core.identity.sso_connections import CONSUMERS, ConnectionDetails, shown
from core.identity.steps import Entered
from core.policies.roles import BUILT_IN, OWNER, PERMISSIONS
from core.shared.actor import RECENT, Actor
from core.shared.errors import (
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    ProofNeeded,
    Unavailable,
)
from core.tenancy.members import Role
from ports.settings import Secret
from tests.core.fakes.sso import SsoDoor
from tests.core.fakes.world import OTHER, TENANT

ID = UUID(int=77)
DIRECTORY = "11111111-2222-4333-8444-555555555555"
OIDC = ConnectionDetails(
    SsoKind.OIDC, " Giriş ", " us ", "https://id.example", secret=Secret("s3cret")
)


@pytest.fixture
def door() -> SsoDoor:
    return SsoDoor()


@pytest.fixture
def owner(door: SsoDoor) -> Actor:
    return Actor(TENANT, "person", "o", frozenset(PERMISSIONS), proven_at=door.clock.now())


def kept(door: SsoDoor, id: UUID = ID) -> Connection:
    found: Connection = door.world.tables().connections[id]
    return found


class TestAdding:
    def test_it_is_tried_with_its_secret_and_its_own_address_and_kept_sealed(
        self, door: SsoDoor, owner: Actor
    ) -> None:
        made = door.connections.add(ID, OIDC, owner)
        assert door.providers.seen == [("s3cret", f"https://house.example/sign-in/callback/{ID}")]
        assert (made.name, made.client_id, made.version) == ("Giriş", "us", 1)
        assert kept(door) == made
        assert door.vault.open(TENANT, ID, made.sealed) == {"client_secret": "s3cret"}
        [event] = door.world.tables().audit
        assert event.event_type == "sso_connection.added"
        assert "s3cret" not in str(event)
        assert event.after["issuer"] == "https://id.example"

    @pytest.mark.parametrize(
        ("kind", "settings", "issuer"),
        [
            (SsoKind.GOOGLE, {}, "https://accounts.google.com"),
            (
                SsoKind.ENTRA,
                {"directory": DIRECTORY},
                f"https://login.microsoftonline.com/{DIRECTORY}/v2.0",
            ),
        ],
    )
    def test_the_issuer_of_google_and_entra_is_known(
        self, door: SsoDoor, owner: Actor, kind: SsoKind, settings: dict[str, str], issuer: str
    ) -> None:
        details = replace(OIDC, kind=kind, settings=settings, issuer="https://evil.example")
        assert door.connections.add(ID, details, owner).issuer == issuer

    def test_a_saml_provider_posts_to_our_own_consumer(self, door: SsoDoor, owner: Actor) -> None:
        settings = {"sso_url": "https://id.example/sso", "certificate": "…"}
        saml = replace(OIDC, kind=SsoKind.SAML, settings=settings)
        with pytest.raises(Invalid, match=r"rules\.domains"):
            door.connections.add(ID, saml, owner)
        saml = replace(saml, rules=replace(saml.rules, domains=("deniz.example",)))
        door.connections.add(ID, saml, owner)
        where = f"https://house.example/api/v1/auth/saml/acs/{TENANT}/{ID}"
        assert door.providers.seen[0][1] == where

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"name": " "}, "name"),
            ({"client_id": ""}, "client_id"),
            ({"issuer": None}, "issuer"),
            ({"issuer": "x" * 2001}, "issuer"),
            ({"settings": {"directory": DIRECTORY}}, "settings"),
            ({"kind": SsoKind.ENTRA}, "settings"),
            ({"kind": SsoKind.ENTRA, "settings": {"directory": "common"}}, "settings.directory"),
            ({"kind": SsoKind.ENTRA, "settings": {"directory": CONSUMERS}}, "settings.directory"),
            ({"kind": SsoKind.GOOGLE, "rules": Rules(provision=True)}, "rules.domains"),
            ({"rules": Rules(domains=("deniz",))}, "rules.domains"),
            ({"rules": Rules(domains=("*.deniz.example",))}, "rules.domains"),
            ({"rules": Rules(domains=("İz.example",))}, "rules.domains"),
            ({"rules": Rules(roles=("king",))}, "rules.roles"),
            ({"rules": Rules(roles=(OWNER,))}, "rules.roles"),
            ({"rules": Rules(roles=())}, "rules.roles"),
            ({"rules": Rules(role_claim="g", role_map={"a": "king"})}, "rules.role_map"),
            ({"rules": Rules(role_map={"a": "agent"})}, "rules.role_claim"),
        ],
    )
    def test_what_cannot_be_is_named_before_anybody_is_asked(
        self, door: SsoDoor, owner: Actor, change: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(Invalid) as told:
            door.connections.add(ID, replace(OIDC, **change), owner)
        assert told.value.problems.keys() == {field}
        assert door.providers.seen == []
        assert not door.world.tables().connections

    def test_domains_are_folded(self, door: SsoDoor, owner: Actor) -> None:
        rules = Rules(domains=(" Deniz.Example", "deniz.example"))
        assert door.connections.add(ID, replace(OIDC, rules=rules), owner).rules.domains == (
            "deniz.example",
        )

    def test_a_provider_that_contradicts_itself_is_not_kept(
        self, door: SsoDoor, owner: Actor
    ) -> None:
        door.providers.error = NotProven("its configuration names another issuer")
        with pytest.raises(Invalid, match="another issuer"):
            door.connections.add(ID, OIDC, owner)
        assert not door.world.tables().connections

    def test_nor_is_one_that_does_not_answer(self, door: SsoDoor, owner: Actor) -> None:
        door.providers.error = Unavailable("silent")
        with pytest.raises(Unavailable):
            door.connections.add(ID, OIDC, owner)
        assert not door.world.tables().connections


class TestWhoMay:
    def test_it_needs_the_scope_and_a_recent_proof(self, door: SsoDoor, owner: Actor) -> None:
        reads = replace(owner, scopes=frozenset({"security.read"}))
        stale = replace(owner, proven_at=door.clock.now() - RECENT)
        sso = door.connect()
        for actor, error in ((reads, NotAllowed), (stale, ProofNeeded)):
            for act in (
                lambda a: door.connections.add(ID, OIDC, a),
                lambda a: door.connections.replace(sso.id, OIDC, 1, a),
                lambda a: door.connections.remove(sso.id, a),
            ):
                with pytest.raises(error):
                    act(actor)
        with pytest.raises(NotAllowed):
            door.connections.try_(sso.id, reads)
        assert door.connections.list(reads) == [sso]
        assert door.connections.get(sso.id, reads) == sso
        with pytest.raises(NotAllowed):
            door.connections.list(replace(owner, scopes=frozenset()))

    @pytest.mark.parametrize(
        "rules",
        [
            Rules(role_claim="groups", role_map={"Admins": OWNER}),
            Rules(role_claim="groups", role_map={"Boss": "supervisor"}),
            Rules(roles=("developer",)),
            Rules(roles=("strong",)),
        ],
    )
    def test_nobody_lets_a_directory_give_what_they_do_not_hold(
        self, door: SsoDoor, owner: Actor, rules: Rules
    ) -> None:
        door.world.tables().roles["strong"] = Role("strong", "Strong", ("tenant.write",))
        scopes = frozenset({"security.write", *BUILT_IN["agent"].permissions})
        with pytest.raises(NotAllowed, match="do not hold"):
            door.connections.add(ID, replace(OIDC, rules=rules), replace(owner, scopes=scopes))

    def test_an_owner_may_map_a_group_to_owner(self, door: SsoDoor, owner: Actor) -> None:
        rules = Rules(role_claim="groups", role_map={"Admins": OWNER})
        assert door.connections.add(ID, replace(OIDC, rules=rules), owner).rules == rules

    def test_another_sellers_connection_is_not_there(self, door: SsoDoor, owner: Actor) -> None:
        theirs = door.connect(OTHER)
        for act in (
            lambda: door.connections.get(theirs.id, owner),
            lambda: door.connections.replace(theirs.id, OIDC, 1, owner),
            lambda: door.connections.remove(theirs.id, owner),
            lambda: door.connections.try_(theirs.id, owner),
        ):
            with pytest.raises(NotFound):
                act()


class TestReplacing:
    def test_a_secret_that_is_left_out_stays(self, door: SsoDoor, owner: Actor) -> None:
        door.connections.add(ID, OIDC, owner)
        new = door.connections.replace(ID, replace(OIDC, name="Yeni", secret=None), 1, owner)
        assert door.providers.seen[-1][0] == "s3cret"
        assert (new.name, new.version) == ("Yeni", 2)
        new = door.connections.replace(ID, replace(OIDC, secret=Secret("other")), 2, owner)
        assert door.vault.open(TENANT, ID, new.sealed) == {"client_secret": "other"}
        before, after = (e for e in door.world.tables().audit if "changed" in e.event_type)
        assert (before.before["name"], before.after["name"]) == ("Giriş", "Yeni")
        assert "other" not in str(after)

    def test_an_old_version_changes_nothing(self, door: SsoDoor, owner: Actor) -> None:
        door.connections.add(ID, OIDC, owner)
        door.connections.replace(ID, replace(OIDC, name="Yeni"), 1, owner)
        with pytest.raises(Conflict):
            door.connections.replace(ID, OIDC, 1, owner)
        assert kept(door).name == "Yeni"

    @pytest.mark.parametrize(
        "change",
        [
            {"issuer": "https://evil.example"},
            {"kind": SsoKind.GOOGLE},
            {"kind": SsoKind.ENTRA, "settings": {"directory": DIRECTORY}},
        ],
    )
    def test_it_never_becomes_another_providers(
        self, door: SsoDoor, owner: Actor, change: dict[str, Any]
    ) -> None:
        """Whose subjects are linked already would become whoever the new one says."""
        door.connections.add(ID, OIDC, owner)
        with pytest.raises(Conflict, match="another connection"):
            door.connections.replace(ID, replace(OIDC, **change), 1, owner)

    def test_switched_off_it_ends_the_sessions_that_it_vouched_for(
        self, door: SsoDoor, owner: Actor
    ) -> None:
        door.person(password=None)
        boss = door.person("boss")
        by_password = door.enters("boss@deniz.example")
        door.connections.add(ID, OIDC, owner)
        step = door.comes(kept(door))
        assert isinstance(step, Entered)
        door.connections.replace(ID, replace(OIDC, enabled=False), 1, owner)
        assert door.session(step).ended_why is Ended.PROVIDER
        assert door.session(by_password).ended_at is None
        assert door.session(by_password).person == boss

    def test_the_last_way_in_is_not_shut(self, door: SsoDoor, owner: Actor) -> None:
        boss = door.person("boss", roles=(OWNER,))
        door.connections.add(ID, OIDC, owner)
        door.asks(local=False, break_glass=boss)
        for act in (
            lambda: door.connections.replace(ID, replace(OIDC, enabled=False), 1, owner),
            lambda: door.connections.remove(ID, owner),
        ):
            with pytest.raises(Conflict, match="last way in"):
                act()
        door.connect()
        door.connections.remove(ID, owner)

    def test_one_that_is_off_already_may_go(self, door: SsoDoor, owner: Actor) -> None:
        boss = door.person("boss", roles=(OWNER,))
        door.asks(local=False, break_glass=boss)
        off = door.connect(enabled=False)
        door.connections.remove(off.id, owner)


class TestRemoving:
    def test_its_links_and_sessions_go_and_the_members_stay(
        self, door: SsoDoor, owner: Actor
    ) -> None:
        ayse = door.person(password=None)
        door.connections.add(ID, OIDC, owner)
        step = door.comes(kept(door))
        assert isinstance(step, Entered)
        door.connections.remove(ID, owner)
        tables = door.world.tables()
        assert (tables.connections, tables.links) == ({}, {})
        assert ayse in tables.members
        assert door.session(step).ended_why is Ended.PROVIDER
        assert door.audited()[-1] == "sso_connection.removed"


def test_trying_again_tells_what_is_wrong_now(door: SsoDoor, owner: Actor) -> None:
    door.connections.add(ID, OIDC, owner)
    door.connections.try_(ID, owner)
    door.providers.error = NotProven("it signs by no algorithm that we accept")
    with pytest.raises(Invalid, match="algorithm"):
        door.connections.try_(ID, owner)


def test_what_the_log_holds_never_has_the_secret(door: SsoDoor, owner: Actor) -> None:
    assert "sealed" not in shown(door.connections.add(ID, OIDC, owner))
