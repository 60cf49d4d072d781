"""Access tokens say what we said, and nobody else can say it."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from adapters.identity.tokens import AGAIN_SECONDS, KEPT_SECONDS, JwtAccessTokens
from adapters.sql.work import SqlWorks
from adapters.vault.envelope import EnvelopeVault
from adapters.vault.keys import SqlKeys
from adapters.vault.masters import MasterKeys, generate
from core.identity.keys import SIGNS_FOR, VERIFIES_FOR, SigningKey
from core.identity.means import AccessTokens, Claims
from core.shared.errors import Conflict
from core.shared.ids import OPERATOR
from core.tenancy.tenant import Tenant

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
MINUTES = timedelta(minutes=5)
ISSUER = "https://panel.example"


@dataclass
class Time:
    """The wall clock and the process's own, which go on together."""

    moment: datetime = NOW

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return (self.moment - NOW).total_seconds()

    def passes(self, span: timedelta | float) -> None:
        self.moment += span if isinstance(span, timedelta) else timedelta(seconds=span)


@dataclass
class Operator:
    """The operator's realm and processes that share it."""

    works: SqlWorks
    vault: EnvelopeVault
    time: Time

    def process(self, issuer: str = ISSUER) -> JwtAccessTokens:
        return JwtAccessTokens(
            self.works, self.vault, self.time, uuid4, issuer, monotonic=self.time.monotonic
        )

    def claims(self) -> Claims:
        return Claims(uuid4(), uuid4(), uuid4(), self.time.now() + MINUTES)

    def stored(self) -> list[SigningKey]:
        with self.works(OPERATOR) as work:
            return list(work.signing_keys.all())

    def forget(self) -> None:
        with self.works(OPERATOR) as work:
            work.signing_keys.remove_before(datetime(9000, 1, 1, tzinfo=UTC))
            work.commit()


@pytest.fixture(scope="module")
def masters() -> MasterKeys:
    return MasterKeys.parse(generate())


@pytest.fixture
def operator(works: SqlWorks, engine: Engine, masters: MasterKeys) -> Operator:
    with suppress(Conflict), works(OPERATOR) as work:
        work.tenants.add(Tenant(OPERATOR, "Operator", "Europe/Istanbul", "TRY", "tr", NOW))
        work.commit()
    time = Time()
    realm = Operator(works, EnvelopeVault(SqlKeys(engine), masters), time)
    realm.forget()
    return realm


@pytest.fixture
def tokens(operator: Operator) -> AccessTokens:
    return operator.process()


def test_what_is_minted_is_read(operator: Operator, tokens: AccessTokens) -> None:
    claims = operator.claims()
    assert tokens.read(tokens.mint(claims, NOW), NOW) == claims


def test_it_is_an_access_token_of_rfc_9068(operator: Operator, tokens: AccessTokens) -> None:
    claims = operator.claims()
    head, body, _ = _parts(tokens.mint(claims, NOW))
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
        "kid": _parts(token)[0]["kid"],
        "use": "sig",
        "alg": "Ed25519",
    }
    signed, _, signature = token.rpartition(".")
    public = Ed25519PublicKey.from_public_bytes(_plain(key["x"]))
    public.verify(_plain(signature), signed.encode())


def test_it_ends_on_the_second(operator: Operator, tokens: AccessTokens) -> None:
    claims = replace(operator.claims(), expires_at=NOW + MINUTES)
    token = tokens.mint(claims, NOW)
    assert tokens.read(token, NOW + MINUTES - timedelta(microseconds=1)) == claims
    assert tokens.read(token, NOW + MINUTES) is None


def test_a_clock_of_ours_that_is_behind_reads_it_all_the_same(
    operator: Operator, tokens: AccessTokens
) -> None:
    assert tokens.read(tokens.mint(operator.claims(), NOW), NOW - timedelta(seconds=20))


Forge = Callable[["Forger"], str]


class Forger:
    """Somebody who holds a good token, the published keys, and, in some tests, our very key."""

    def __init__(self, operator: Operator, tokens: AccessTokens) -> None:
        self.token = tokens.mint(operator.claims(), NOW)
        self.head, self.body, self.signature = _parts(self.token)
        (key,) = tokens.jwks()["keys"]
        self.public = _plain(key["x"])
        self.jwk = json.dumps(key).encode()
        (row,) = operator.stored()
        private = operator.vault.open(OPERATOR, row.id, row.sealed)
        self.ours = Ed25519PrivateKey.from_private_bytes(_plain(private["d"]))
        self.theirs = Ed25519PrivateKey.generate()

    def signed(
        self, key: Ed25519PrivateKey, head: dict[str, Any] | None = None, **body: Any
    ) -> str:
        """With these changes to the good one; None takes a member away."""
        text = f"{_json(_changed(self.head, head or {}))}.{_json(_changed(self.body, body))}"
        return f"{text}.{_web(key.sign(text.encode()))}"

    def hmac(self, secret: bytes, algorithm: str = "HS256") -> str:
        text = f"{_json(self.head | {'alg': algorithm})}.{_json(self.body)}"
        hash = {"HS256": hashlib.sha256, "HS512": hashlib.sha512}[algorithm]
        return f"{text}.{_web(hmac.new(secret, text.encode(), hash).digest())}"

    def unsigned(self, alg: str) -> str:
        return f"{_json(self.head | {'alg': alg})}.{_json(self.body)}."


def _their_jwk(forger: Forger) -> dict[str, Any]:
    public = forger.theirs.public_key().public_bytes_raw()
    return {"kty": "OKP", "crv": "Ed25519", "x": _web(public)}


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
    "deep": lambda f: f"{_json(f.head)}.{_web(b'[' * 100_000)}.{f.signature}",
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


def test_another_houses_token_is_not_ours(operator: Operator) -> None:
    """The same keys under another address: a copy of the database for tests, say."""
    ours, copy = operator.process(), operator.process("https://staging.example")
    assert ours.read(copy.mint(operator.claims(), NOW), NOW) is None


def test_one_key_signs_for_its_time_and_then_another(operator: Operator) -> None:
    tokens, time = operator.process(), operator.time
    first = tokens.mint(operator.claims(), time.now())
    time.passes(SIGNS_FOR - timedelta(seconds=1))
    assert _kid(tokens.mint(operator.claims(), time.now())) == _kid(first)
    time.passes(1.0)
    second = tokens.mint(operator.claims(), time.now())
    assert _kid(second) != _kid(first)
    assert {key["kid"] for key in tokens.jwks()["keys"]} == {_kid(first), _kid(second)}


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
        kids.append(_kid(tokens.mint(operator.claims(), time.now())))
        time.passes(SIGNS_FOR + timedelta(hours=1))
    assert [str(key.id) for key in operator.stored()] == [kids[2], kids[1]]


def test_another_process_reads_a_new_key_at_once(operator: Operator) -> None:
    one, other = operator.process(), operator.process()
    assert other.read(one.mint(operator.claims(), NOW), NOW)
    operator.time.passes(SIGNS_FOR)
    token = one.mint(operator.claims(), operator.time.now())
    assert other.read(token, operator.time.now()), "an unknown key is looked for"
    assert _kid(other.mint(operator.claims(), operator.time.now())) == _kid(token)


def test_processes_share_one_key(operator: Operator) -> None:
    one, other = operator.process(), operator.process()
    assert _kid(one.mint(operator.claims(), NOW)) == _kid(other.mint(operator.claims(), NOW))


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


def test_a_removed_key_verifies_for_a_minute_at_most(operator: Operator) -> None:
    tokens, time = operator.process(), operator.time
    token = tokens.mint(operator.claims(), NOW)
    operator.forget()
    time.passes(KEPT_SECONDS)
    assert tokens.read(token, time.now()) is None


def test_threads_that_begin_together_make_one_key(
    operator: Operator, together: Callable[[int, Callable[[int], Any]], list[Any]]
) -> None:
    tokens = operator.process()
    minted = together(8, lambda _: tokens.mint(operator.claims(), NOW))
    assert len({_kid(token) for token in minted}) == 1
    assert len(operator.stored()) == 1


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
    assert _plain(private["d"]) not in key.sealed
    assert private["d"].encode() not in key.sealed
    assert "d" not in tokens.jwks()["keys"][0]
    assert private["d"] not in repr(vars(tokens))


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


def test_a_new_house_publishes_an_empty_set(tokens: AccessTokens) -> None:
    assert tokens.jwks() == {"keys": []}
    assert tokens.read("a.b.c", NOW) is None


def test_ids_of_tokens_differ(operator: Operator, tokens: AccessTokens) -> None:
    claims = operator.claims()
    assert len({_parts(tokens.mint(claims, NOW))[1]["jti"] for _ in range(3)}) == 3


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


@given(
    st.text(st.characters(exclude_categories=()), max_size=300)
    | st.from_regex(r"\A[\w.-]{0,300}\Z")
)
def test_a_strangers_text_is_no_token_and_nothing_worse(offline: AccessTokens, text: str) -> None:
    assert offline.read(text, NOW) is None


def _kid(token: str) -> str:
    return str(_parts(token)[0]["kid"])


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    head, body, signature = token.split(".")
    return json.loads(_plain(head)), json.loads(_plain(body)), signature


def _changed(whole: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (whole | changes).items() if value is not None}


def _json(value: Any) -> str:
    return _web(json.dumps(value).encode())


def _web(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _plain(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
