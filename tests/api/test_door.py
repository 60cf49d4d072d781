"""The webhook door: what it takes in, what it refuses, and what it says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from core.inbox.journal import Entry
from core.shared.errors import Unavailable
from entrypoints.http import door as module
from entrypoints.http.door import Door
from ports.webhooks import RawWebhook
from tests.api.knocking import BODY, PATH, SECRET, TOKEN, Doors, Inbox, World
from tests.api.plugins import SIGNATURE, Parrot, sign


@pytest.fixture
def world() -> World:
    return World()


def test_a_delivery_is_kept_and_answered_in_the_vendors_words(world: World) -> None:
    answer = world.knock()
    assert (answer.status_code, answer.content) == (200, b"PARROT OK")
    [entry] = world.inbox.kept.values()
    assert entry.webhook.body == BODY
    assert entry.correlation_id == answer.headers["x-request-id"]
    assert world.bell.rung == 1


def test_a_repeated_delivery_gets_the_same_answer_and_rings_no_bell(world: World) -> None:
    first, second = world.knock(), world.knock()
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert len(world.inbox.kept) == 1
    assert world.bell.rung == 1


@pytest.mark.parametrize("body", [BODY, b"", b"\xff\x00", b"a=b&c=d", "ğ".encode("iso-8859-9")])
def test_the_bytes_are_kept_as_they_came(world: World, body: bytes) -> None:
    world.knock(body)
    [entry] = world.inbox.kept.values()
    assert entry.webhook.body == body


def test_a_chunked_delivery_is_taken_in(world: World) -> None:
    async def parts() -> Any:
        yield BODY[:5]
        yield BODY[5:]

    headers = {SIGNATURE: sign(SECRET, BODY)}
    assert world.knock(parts(), headers=headers).status_code == 200
    [entry] = world.inbox.kept.values()
    assert entry.webhook.body == BODY


def test_a_wrong_proof_is_refused_and_nothing_is_kept(world: World) -> None:
    answer = world.knock(secret="another")
    assert answer.status_code == 401
    assert answer.json()["type"] == "urn:invekto:problem:unverified"
    assert not world.inbox.kept


@pytest.mark.parametrize("at", range(len(BODY)))
def test_one_changed_bit_is_refused(world: World, at: int) -> None:
    changed = bytearray(BODY)
    changed[at] ^= 1
    headers = {SIGNATURE: sign(SECRET, BODY)}
    assert world.knock(bytes(changed), headers=headers).status_code == 401


def test_the_same_json_written_anew_is_refused(world: World) -> None:
    anew = json.dumps(json.loads(BODY), separators=(",", ":")).encode()
    assert world.knock(anew, headers={SIGNATURE: sign(SECRET, BODY)}).status_code == 401


def test_an_unknown_address_is_nowhere(world: World) -> None:
    world.doors.door = None
    assert world.knock().status_code == 404


@pytest.mark.parametrize("token", ["short", "a" * 200, "%00" * 20, "ğ" * 20, "a.b" * 10])
def test_what_is_no_token_asks_no_database(world: World, token: str) -> None:
    path = f"/api/v1/integrations/parrot/webhook/{token}"
    assert world.knock(path=path).status_code == 404
    assert world.doors.asked == 0


def test_anothers_plugin_in_the_address_is_nowhere(world: World) -> None:
    assert world.knock(path=f"/api/v1/integrations/parrot/webhook/{TOKEN}").status_code == 200
    assert world.knock(path=f"/api/v1/integrations/aras/webhook/{TOKEN}").status_code == 404


def test_a_body_over_a_megabyte_is_refused(world: World) -> None:
    assert world.knock(b"a" * (1024 * 1024 + 1)).status_code == 413
    assert world.knock(b"a" * 1024 * 1024).status_code == 200


def test_a_megabyte_in_chunks_is_refused_before_its_end(world: World) -> None:
    sent = 0

    async def parts() -> Any:
        nonlocal sent
        for _ in range(100):
            sent += 1
            yield b"a" * 100_000

    assert world.knock(parts()).status_code == 413


def test_a_length_that_is_no_number_is_refused(world: World) -> None:
    answer = world.knock(headers={"content-length": "many"})
    assert answer.status_code == 400


def test_the_reader_is_built_once_for_many_deliveries(world: World) -> None:
    for n in range(5):
        world.knock(b"%d" % n)
    assert world.doors.asked == 1


def test_a_connection_that_changed_is_looked_up_once_more(world: World) -> None:
    world.knock()
    world.doors.change()
    assert world.knock(b"new").status_code == 200
    assert world.doors.asked == 2
    assert len(world.inbox.kept) == 2


def test_a_secret_that_changed_is_believed_at_once(world: World) -> None:
    world.knock()
    world.doors.change(reader=Parrot("fresh"))
    world.clock.pass_(timedelta(seconds=2))
    assert world.knock(b"new", secret="fresh").status_code == 200


def test_forgeries_do_not_reach_the_database_each(world: World) -> None:
    world.knock()
    for _ in range(20):
        assert world.knock(secret="forged").status_code == 401
    assert world.doors.asked <= 2


def test_a_connection_that_is_switched_off_is_nowhere(world: World) -> None:
    world.knock()
    world.doors.door = None
    assert world.knock(b"new").status_code == 404


def test_a_connection_that_changes_all_the_time_is_busy(world: World) -> None:
    class Restless(Inbox):
        async def __call__(self, tenant: UUID, version: int, entry: Entry) -> str:
            return "stale"

    world.inbox.__class__ = Restless
    answer = world.knock()
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("where", ["doors", "inbox"])
def test_a_database_that_is_away_is_told_and_the_vendor_comes_back(
    world: World, where: str
) -> None:
    getattr(world, where).fails = Unavailable("the database cannot answer now")
    answer = world.knock()
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


def test_a_database_that_hangs_counts_as_away(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert module.PATIENCE < 2.0
    monkeypatch.setattr(module, "PATIENCE", 0.02)
    world.inbox.hangs = True
    assert world.knock().status_code == 503


def test_a_plugin_that_stumbles_over_a_proof_proves_nothing(world: World) -> None:
    class Clumsy(Parrot):
        def verify(self, webhook: RawWebhook) -> None:
            raise KeyError("signature")

    world.doors.change(reader=Clumsy(SECRET))
    assert world.knock().status_code == 401
    assert not world.inbox.kept


def test_headers_that_prove_who_calls_are_not_kept(world: World) -> None:
    secret = {
        "authorization": "Basic planted",
        "x-api-key": "planted",
        "cookie": "planted",
        "x-hub-token": "planted",
        "proxy-authorization": "planted",
        "x-webhook-secret": "planted",
    }
    world.knock(headers={**secret, "x-event": "said", "content-type": "text/plain"})
    [entry] = world.inbox.kept.values()
    assert "planted" not in str(entry.webhook.headers)
    assert entry.webhook.headers["x-event"] == "said"
    assert entry.webhook.headers["content-type"] == "text/plain"


def test_a_key_that_is_too_long_is_replaced_by_the_bytes_own(world: World) -> None:
    class Wordy(Parrot):
        def dedupe_key(self, webhook: RawWebhook) -> str:
            return "k" * 201

    world.doors.change(reader=Wordy(SECRET))
    world.knock()
    [key] = world.inbox.kept
    assert len(key) == 64


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_challenge_is_echoed_to_who_knows_the_token(world: World, method: str) -> None:
    answer = world.knock(b"", method=method, path=f"{PATH}?token={SECRET}&challenge=42")
    assert answer.status_code == 200
    assert answer.content == (b"" if method == "HEAD" else b"42")
    assert world.knock(b"", method=method, path=f"{PATH}?challenge=42").status_code == 401


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_who_asks_a_vendor_without_handshakes_is_told_to_post(world: World, method: str) -> None:
    class Silent:
        verify, dedupe_key, read = Parrot.verify, Parrot.dedupe_key, Parrot.read

    world.doors.change(reader=Silent())
    answer = world.knock(b"", method=method)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(world: World, method: str) -> None:
    assert world.knock(method=method).status_code == 405


def test_the_first_of_several_apps_that_proves_it_takes_it(world: World) -> None:
    assert world.doors.door
    other = replace(world.doors.door, reader=Parrot("other"), installation_id=uuid4())
    mine = world.doors.door

    class Two(Doors):
        async def find(self, plugin: str | None, digest: bytes | None) -> Sequence[Door]:
            return [other, mine]

    world.doors.__class__ = Two
    assert world.knock(path="/api/v1/integrations/parrot/webhook").status_code == 200
    [entry] = world.inbox.kept.values()
    assert entry.installation_id == mine.installation_id
