"""Access tokens say what we said, by keys that change by themselves."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Engine

from adapters.identity.tokens import AGAIN_SECONDS, KEPT_SECONDS
from adapters.sql.work import SqlWorks
from core.identity.keys import SIGNS_FOR, VERIFIES_FOR
from core.identity.means import AccessTokens
from core.shared.ids import OPERATOR
from tests.adapters.operators import (
    ISSUER,
    MINUTES,
    NOW,
    Operator,
    kid,
    parts,
    plain,
    realm,
)


@pytest.fixture
def operator(works: SqlWorks, engine: Engine) -> Operator:
    return realm(works, engine)


@pytest.fixture
def tokens(operator: Operator) -> AccessTokens:
    return operator.process()


def test_what_is_minted_is_read(operator: Operator, tokens: AccessTokens) -> None:
    claims = operator.claims()
    assert tokens.read(tokens.mint(claims, NOW), NOW) == claims


def test_it_is_an_access_token_of_rfc_9068(operator: Operator, tokens: AccessTokens) -> None:
    claims = operator.claims()
    head, body, _ = parts(tokens.mint(claims, NOW))
    (key,) = operator.stored()
    assert head == {"alg": "Ed25519", "typ": "at+jwt", "kid": str(key.id)}
    assert UUID(body.pop("jti"))
    assert body == {
        "iss": ISSUER,
        "aud": "invekto-api",
        "client_id": "invekto",
        "sub": str(claims.person),
        "tid": str(claims.tenant),
        "sid": str(claims.session),
        "iat": int(NOW.timestamp()),
        "exp": int((NOW + MINUTES).timestamp()),
    }


def test_others_verify_by_the_published_key(operator: Operator, tokens: AccessTokens) -> None:
    """By cryptography alone, as a stranger's library would."""
    token = tokens.mint(operator.claims(), NOW)
    (key,) = tokens.jwks()["keys"]
    assert key == {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": key["x"],
        "kid": parts(token)[0]["kid"],
        "use": "sig",
        "alg": "Ed25519",
    }
    signed, _, signature = token.rpartition(".")
    public = Ed25519PublicKey.from_public_bytes(plain(key["x"]))
    public.verify(plain(signature), signed.encode())


def test_it_ends_on_the_second(operator: Operator, tokens: AccessTokens) -> None:
    claims = replace(operator.claims(), expires_at=NOW + MINUTES)
    token = tokens.mint(claims, NOW)
    assert tokens.read(token, NOW + MINUTES - timedelta(microseconds=1)) == claims
    assert tokens.read(token, NOW + MINUTES) is None


def test_a_clock_of_ours_that_is_behind_reads_it_all_the_same(
    operator: Operator, tokens: AccessTokens
) -> None:
    assert tokens.read(tokens.mint(operator.claims(), NOW), NOW - timedelta(seconds=20))


def test_another_houses_token_is_not_ours(operator: Operator) -> None:
    """The same keys under another address: a copy of the database for tests, say."""
    ours, copy = operator.process(), operator.process("https://staging.example")
    assert ours.read(copy.mint(operator.claims(), NOW), NOW) is None


def test_one_key_signs_for_its_time_and_then_another(operator: Operator) -> None:
    tokens, time = operator.process(), operator.time
    first = tokens.mint(operator.claims(), time.now())
    time.passes(SIGNS_FOR - timedelta(seconds=1))
    assert kid(tokens.mint(operator.claims(), time.now())) == kid(first)
    time.passes(1.0)
    second = tokens.mint(operator.claims(), time.now())
    assert kid(second) != kid(first)
    assert {key["kid"] for key in tokens.jwks()["keys"]} == {kid(first), kid(second)}


def test_the_last_token_of_an_old_key_is_read_until_it_ends(operator: Operator) -> None:
    tokens, time = operator.process(), operator.time
    tokens.mint(operator.claims(), time.now())
    time.passes(SIGNS_FOR - timedelta(seconds=1))
    last = tokens.mint(operator.claims(), time.now())
    time.passes(2.0)
    tokens.mint(operator.claims(), time.now())  # by a new key
    time.passes(MINUTES - timedelta(seconds=3))
    assert tokens.read(last, time.now())


def test_a_key_past_its_time_verifies_nothing_and_is_not_published(operator: Operator) -> None:
    """Even a token that says it lasts for ever."""
    tokens, time = operator.process(), operator.time
    endless = tokens.mint(replace(operator.claims(), expires_at=NOW + 9 * VERIFIES_FOR), NOW)
    time.passes(VERIFIES_FOR - timedelta(seconds=1))
    assert tokens.read(endless, time.now())
    time.passes(1.0)
    assert tokens.read(endless, time.now()) is None
    assert tokens.jwks() == {"keys": []}


def test_the_oldest_keys_are_thrown_away_when_a_new_one_is_made(operator: Operator) -> None:
    tokens, time = operator.process(), operator.time
    kids = []
    for _ in range(3):
        kids.append(kid(tokens.mint(operator.claims(), time.now())))
        time.passes(SIGNS_FOR + timedelta(hours=1))
    assert [str(key.id) for key in operator.stored()] == [kids[2], kids[1]]


def test_another_process_reads_a_new_key_at_once(operator: Operator) -> None:
    one, other = operator.process(), operator.process()
    assert other.read(one.mint(operator.claims(), NOW), NOW)
    operator.time.passes(SIGNS_FOR)
    token = one.mint(operator.claims(), operator.time.now())
    assert other.read(token, operator.time.now()), "an unknown key is looked for"
    assert kid(other.mint(operator.claims(), operator.time.now())) == kid(token)


def test_processes_share_one_key(operator: Operator) -> None:
    one, other = operator.process(), operator.process()
    assert kid(one.mint(operator.claims(), NOW)) == kid(other.mint(operator.claims(), NOW))


def test_a_removed_key_verifies_for_a_minute_at_most(operator: Operator) -> None:
    tokens, time = operator.process(), operator.time
    token = tokens.mint(operator.claims(), NOW)
    operator.forget()
    time.passes(KEPT_SECONDS)
    assert tokens.read(token, time.now()) is None


def test_threads_that_begin_together_make_one_key(
    operator: Operator, together: Callable[[int, Callable[[int], Any]], list[Any]]
) -> None:
    for _ in range(5):
        tokens = operator.process()
        minted = together(8, lambda _, t=tokens: t.mint(operator.claims(), NOW))  # type: ignore[misc]
        assert len({kid(token) for token in minted}) == 1
        assert len(operator.stored()) == 1
        operator.forget()


def test_processes_that_begin_together_read_each_other(
    operator: Operator, together: Callable[[int, Callable[[int], Any]], list[Any]]
) -> None:
    processes = [operator.process() for _ in range(4)]
    minted = together(4, lambda n: processes[n].mint(operator.claims(), NOW))
    operator.time.passes(AGAIN_SECONDS)
    assert all(one.read(token, operator.time.now()) for one in processes for token in minted)


def test_the_private_half_is_sealed(operator: Operator, tokens: AccessTokens) -> None:
    tokens.mint(operator.claims(), NOW)
    (key,) = operator.stored()
    assert "d" not in json.loads(key.public)
    private = operator.vault.open(OPERATOR, key.id, key.sealed)
    assert plain(private["d"]) not in key.sealed
    assert private["d"].encode() not in key.sealed
    assert "d" not in tokens.jwks()["keys"][0]
    assert private["d"] not in repr(vars(tokens))


def test_a_new_house_publishes_an_empty_set(tokens: AccessTokens) -> None:
    assert tokens.jwks() == {"keys": []}
    assert tokens.read("a.b.c", NOW) is None


def test_ids_of_tokens_differ(operator: Operator, tokens: AccessTokens) -> None:
    claims = operator.claims()
    assert len({parts(tokens.mint(claims, NOW))[1]["jti"] for _ in range(3)}) == 3
