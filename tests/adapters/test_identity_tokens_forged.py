"""What we did not say is no access token: every forgery that is known, and some more."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from adapters.identity.tokens import AGAIN_SECONDS, JwtAccessTokens
from adapters.sql.work import SqlWorks
from core.identity.keys import SigningKey
from core.identity.means import AccessTokens
from core.shared.ids import OPERATOR
from tests.adapters.operators import (
    ISSUER,
    NOW,
    Operator,
    Time,
    changed,
    parts,
    plain,
    realm,
    told,
    web,
)
from tests.core.fakes.laws import law


@pytest.fixture
def operator(works: SqlWorks, engine: Engine) -> Operator:
    return realm(works, engine)


@pytest.fixture
def tokens(operator: Operator) -> AccessTokens:
    return operator.process()


Forge = Callable[["Forger"], str]


class Forger:
    """Somebody who holds a good token, the published keys, and, in some tests, our very key."""

    def __init__(self, operator: Operator, tokens: AccessTokens) -> None:
        self.token = tokens.mint(operator.claims(), NOW)
        self.head, self.body, self.signature = parts(self.token)
        (key,) = tokens.jwks()["keys"]
        self.public = plain(key["x"])
        self.jwk = json.dumps(key).encode()
        (row,) = operator.stored()
        private = operator.vault.open(OPERATOR, row.id, row.sealed)
        self.ours = Ed25519PrivateKey.from_private_bytes(plain(private["d"]))
        self.theirs = Ed25519PrivateKey.generate()

    def signed(
        self, key: Ed25519PrivateKey, head: dict[str, Any] | None = None, **body: Any
    ) -> str:
        """With these changes to the good one; None takes a member away."""
        text = f"{told(changed(self.head, head or {}))}.{told(changed(self.body, body))}"
        return f"{text}.{web(key.sign(text.encode()))}"

    def hmac(self, secret: bytes, algorithm: str = "HS256") -> str:
        text = f"{told(self.head | {'alg': algorithm})}.{told(self.body)}"
        hash = {"HS256": hashlib.sha256, "HS512": hashlib.sha512}[algorithm]
        return f"{text}.{web(hmac.new(secret, text.encode(), hash).digest())}"

    def unsigned(self, alg: str) -> str:
        return f"{told(self.head | {'alg': alg})}.{told(self.body)}."


def _their_jwk(forger: Forger) -> dict[str, Any]:
    public = forger.theirs.public_key().public_bytes_raw()
    return {"kty": "OKP", "crv": "Ed25519", "x": web(public)}


HOUR_AGO = int((NOW - timedelta(hours=1)).timestamp())
FORGED: dict[str, Forge] = {
    "alg none": lambda f: f.unsigned("none"),
    "alg None": lambda f: f.unsigned("None"),
    "alg none, signature kept": lambda f: f.unsigned("none") + f.signature,
    "HS256 by the public key": lambda f: f.hmac(f.public),
    "HS256 by the published JWK": lambda f: f.hmac(f.jwk),
    "HS512 by the public key": lambda f: f.hmac(f.public, "HS512"),
    "HS256 by nothing": lambda f: f.hmac(b""),
    "the name before RFC 9864": lambda f: f.signed(f.ours, {"alg": "EdDSA"}),
    "alg of another kind": lambda f: f.signed(f.ours, {"alg": "ES256"}),
    "no alg": lambda f: f.signed(f.ours, {"alg": None}),
    "another key": lambda f: f.signed(f.theirs),
    "another key that it brings": lambda f: f.signed(f.theirs, {"jwk": _their_jwk(f)}),
    "another key, somewhere": lambda f: f.signed(f.theirs, {"jku": "https://evil.example/jwks"}),
    "unknown kid": lambda f: f.signed(f.ours, {"kid": str(uuid4())}),
    "kid of a file": lambda f: f.signed(f.ours, {"kid": "../../dev/null"}),
    "kid that is no text": lambda f: f.signed(f.ours, {"kid": ["a"]}),
    "no kid": lambda f: f.signed(f.ours, {"kid": None}),
    "critical and unknown": lambda f: f.signed(f.ours, {"crit": ["b"], "b": 1}),
    "typ JWT": lambda f: f.signed(f.ours, {"typ": "JWT"}),
    "typ of a logout token": lambda f: f.signed(f.ours, {"typ": "logout+jwt"}),
    "no typ": lambda f: f.signed(f.ours, {"typ": None}),
    "wrong aud": lambda f: f.signed(f.ours, aud="another-api"),
    "several aud, none ours": lambda f: f.signed(f.ours, aud=["a", "b"]),
    "no aud": lambda f: f.signed(f.ours, aud=None),
    "wrong iss": lambda f: f.signed(f.ours, iss="https://evil.example"),
    "iss with a slash": lambda f: f.signed(f.ours, iss=ISSUER + "/"),
    "no iss": lambda f: f.signed(f.ours, iss=None),
    "expired": lambda f: f.signed(f.ours, exp=HOUR_AGO),
    "no exp": lambda f: f.signed(f.ours, exp=None),
    "exp as text": lambda f: f.signed(f.ours, exp="9999999999"),
    "exp true": lambda f: f.signed(f.ours, exp=True),
    "exp beyond all dates": lambda f: f.signed(f.ours, exp=10**18),
    "exp endless": lambda f: f.signed(f.ours, exp=float("inf")),
    "not yet": lambda f: f.signed(f.ours, nbf=int(NOW.timestamp()) + 60),
    "no sub": lambda f: f.signed(f.ours, sub=None),
    "sub that is no id": lambda f: f.signed(f.ours, sub="admin"),
    "no tid": lambda f: f.signed(f.ours, tid=None),
    "tid of a list": lambda f: f.signed(f.ours, tid=[str(uuid4())]),
    "no sid": lambda f: f.signed(f.ours, sid=None),
    "no signature": lambda f: f.token.rpartition(".")[0] + ".",
    "two parts": lambda f: f.token.rpartition(".")[0],
    "five parts": lambda f: f.token + ".a.b",
    "nothing": lambda _: "",
    "letters that are no ASCII": lambda f: f.token + "ş",
    "half a letter": lambda f: f.token + "\ud800",
    "a megabyte": lambda f: f.signed(f.ours, more="a" * 1_000_000),
    "deep": lambda f: f"{told(f.head)}.{web(b'[' * 100_000)}.{f.signature}",
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_forged_token_says_nothing(
    forge: Forge, operator: Operator, tokens: AccessTokens
) -> None:
    forger = Forger(operator, tokens)
    assert tokens.read(forger.signed(forger.ours), NOW), "the forger's way of signing is right"
    assert tokens.read(forge(forger), NOW) is None


def test_every_changed_letter_is_noticed(operator: Operator, tokens: AccessTokens) -> None:
    token = tokens.mint(operator.claims(), NOW)
    for at, letter in enumerate(token[:-1]):  # the last letter has bits that say nothing
        changed = token[:at] + ("A" if letter != "A" else "B") + token[at + 1 :]
        assert tokens.read(changed, NOW) is None, at


def test_unknown_keys_do_not_make_us_ask_the_database_without_end(operator: Operator) -> None:
    asked = 0

    def counted(tenant: UUID) -> Any:
        nonlocal asked
        asked += 1
        return operator.works(tenant)

    time = operator.time
    tokens = JwtAccessTokens(counted, operator.vault, time, uuid4, ISSUER, monotonic=time.monotonic)
    forger = Forger(operator, operator.process())
    assert tokens.read(forger.token, NOW)
    before = asked
    for _ in range(100):
        assert tokens.read(forger.signed(forger.theirs, {"kid": str(uuid4())}), NOW) is None
    assert asked == before
    time.passes(AGAIN_SECONDS)
    for _ in range(100):
        assert tokens.read(forger.signed(forger.theirs, {"kid": str(uuid4())}), NOW) is None
    assert asked == before + 1
    assert tokens.read(forger.token, NOW)
    assert asked == before + 1


def test_a_key_that_was_written_into_the_table_is_nobodys(
    operator: Operator, tokens: AccessTokens
) -> None:
    """Whoever can write there, but not seal, mints nothing: by a new row or a moved one."""
    forger = Forger(operator, tokens)
    (real,) = operator.stored()
    planted = SigningKey(uuid4(), json.dumps(_their_jwk(forger)), b"\x01" * 80, NOW)
    moved = SigningKey(uuid4(), json.dumps(_their_jwk(forger)), real.sealed, NOW)
    with operator.works(OPERATOR) as work:
        work.signing_keys.add(planted)
        work.signing_keys.add(moved)
        work.commit()
    fresh = operator.process()
    for row in (planted, moved):
        assert fresh.read(forger.signed(forger.theirs, {"kid": str(row.id)}), NOW) is None
    assert fresh.read(forger.token, NOW)
    assert [key["kid"] for key in fresh.jwks()["keys"]] == [str(real.id)]


@pytest.fixture(scope="module")
def offline() -> JwtAccessTokens:
    """Of a house without keys: nothing may be read by it, and nothing asked twice a second."""

    class Empty:
        signing_keys = property(lambda self: self)

        def all(self) -> list[SigningKey]:
            return []

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *_: object) -> None: ...

    any_vault: Any = None
    return JwtAccessTokens(lambda _: Empty(), any_vault, Time(), uuid4, ISSUER)  # type: ignore[arg-type, return-value]


@law
@given(
    st.text(st.characters(exclude_categories=()), max_size=300)
    | st.from_regex(r"\A[\w.-]{0,300}\Z")
)
def test_a_strangers_text_is_no_token_and_nothing_worse(offline: AccessTokens, text: str) -> None:
    assert offline.read(text, NOW) is None
