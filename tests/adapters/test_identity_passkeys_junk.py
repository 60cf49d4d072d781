"""Whatever a stranger sends for a passkey: it proves nothing, and breaks nothing."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.identity.passkeys import WebAuthnPasskeys
from core.identity.factors import Credential
from core.identity.means import NotProven, Passkeys
from tests.adapters.authenticator import Authenticator, plain, web
from tests.core.fakes.laws import law

HOUSE: Passkeys = WebAuthnPasskeys("https://panel.example/")
ORIGIN, RP = "https://panel.example", "panel.example"
PERSON = UUID("018f0000-0000-7000-8000-000000000001")
CHALLENGE = b"c" * 32
FIELDS = st.sampled_from(["id", "rawId", "type", "response", "authenticatorAttachment"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda some: (
        st.lists(some, max_size=3) | st.dictionaries(st.text(max_size=8), some, max_size=3)
    ),
)


def authenticator(**more: Any) -> Authenticator:
    return Authenticator(**{"origin": ORIGIN, "rp_id": RP, **more})


def created(key: Authenticator, **lies: Any) -> Credential:
    options = HOUSE.creation(PERSON, "ayse@example.com", "Ayşe", [], CHALLENGE)
    return HOUSE.created(key.create(options, **lies), CHALLENGE)


SIGNS = authenticator(count=-1)
KNOWN = created(SIGNS)


@law
@given(JSON, FIELDS, st.sampled_from(["clientDataJSON", "authenticatorData", "signature", None]))
def test_a_strangers_json_is_not_proven_and_nothing_worse(
    junk: Any, name: str, inner: str | None
) -> None:
    key = authenticator(key=SIGNS.key, id=SIGNS.id)
    answer = key.get(HOUSE.request([], CHALLENGE))
    if inner is None:
        answer[name] = junk
    else:
        answer["response"][inner] = junk
    _refused_or_right(answer)


@law
@given(st.binary(max_size=300), st.sampled_from(["clientDataJSON", "attestationObject"]))
def test_strangers_bytes_make_no_passkey_and_nothing_worse(raw: bytes, part: str) -> None:
    answer = authenticator().create(HOUSE.creation(PERSON, "a@b.example", "", [], CHALLENGE))
    answer["response"][part] = web(raw)
    with pytest.raises(NotProven):
        HOUSE.created(answer, CHALLENGE)


@law
@given(st.data())
def test_a_damaged_attestation_breaks_nothing(data: Any) -> None:
    answer = SIGNS.create(HOUSE.creation(PERSON, "a@b.example", "", [], CHALLENGE))
    raw = bytearray(plain(answer["response"]["attestationObject"]))
    for at in data.draw(st.lists(st.integers(0, len(raw) - 1), min_size=1, max_size=4)):
        raw[at] = data.draw(st.integers(0, 255))
    answer["response"]["attestationObject"] = web(bytes(raw))
    with suppress(NotProven):
        assert HOUSE.created(answer, CHALLENGE).public_key, "nobody signs an attestation"


@law
@given(st.data())
def test_a_kept_key_that_is_damaged_opens_nothing_and_breaks_nothing(data: Any) -> None:
    raw = bytearray(KNOWN.public_key)
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    answer = SIGNS.get(HOUSE.request([], CHALLENGE))
    with pytest.raises(NotProven):
        HOUSE.asserted(answer, CHALLENGE, replace(KNOWN, public_key=bytes(raw)))


def _refused_or_right(answer: Any) -> None:
    """Some junk changes nothing that counts; whatever it is, no other error comes out."""
    for ask in (
        lambda: HOUSE.asserted(answer, CHALLENGE, KNOWN),
        lambda: HOUSE.named(answer),
        lambda: HOUSE.created(answer, CHALLENGE),
    ):
        with suppress(NotProven):
            ask()
