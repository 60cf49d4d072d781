"""A passkey proves a person for our origin, with their finger or code, once per challenge."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from adapters.identity.passkeys import WebAuthnPasskeys
from core.identity.factors import Credential
from core.identity.means import Asserted, NotProven, Passkeys
from tests.adapters.authenticator import (
    BACKED_UP,
    MAY_BACK_UP,
    PRESENT,
    VERIFIED,
    Authenticator,
    Private,
    ed,
    es256,
    plain,
    rs256,
    web,
)

HOUSE: Passkeys = WebAuthnPasskeys("https://panel.example/")
ORIGIN, RP = "https://panel.example", "panel.example"
PERSON = UUID("018f0000-0000-7000-8000-000000000001")
CHALLENGE, OTHER = b"c" * 32, b"o" * 32


def authenticator(**more: Any) -> Authenticator:
    return Authenticator(**{"origin": ORIGIN, "rp_id": RP, **more})


def created(key: Authenticator, **lies: Any) -> Credential:
    options = HOUSE.creation(PERSON, "ayse@example.com", "Ayşe", [], CHALLENGE)
    return HOUSE.created(key.create(options, **lies), CHALLENGE)


def asserted(key: Authenticator, known: Credential, **lies: Any) -> Asserted:
    options = HOUSE.request([known], CHALLENGE)
    return HOUSE.asserted(key.get(options, **lies), CHALLENGE, known)


@pytest.mark.parametrize("kind", [es256, ed, rs256])
def test_a_passkey_is_made_and_signs_in(kind: Callable[[], Private]) -> None:
    key = authenticator(key=kind())
    known = created(key)
    assert known.credential_id == key.id
    assert known.sign_count == 1
    assert known.transports == ("internal", "hybrid"), "a transport that nobody knows is left out"
    assert known.aaguid == str(key.aaguid)
    assert asserted(key, known) == Asserted(2, backed_up=False)


def test_it_is_discoverable_and_verified_by_the_person() -> None:
    options = HOUSE.creation(PERSON, "ayse@example.com", "Ayşe", [], CHALLENGE)
    assert options["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    }
    assert options["rp"] == {"id": RP, "name": "Invekto"}
    assert options["attestation"] == "none"
    assert plain(options["user"]["id"]) == PERSON.bytes, "not the address: it is kept for ever"
    assert options["user"]["displayName"] == "Ayşe"
    assert plain(options["challenge"]) == CHALLENGE
    assert json.loads(json.dumps(options)) == options


def test_a_device_is_not_set_up_twice() -> None:
    known = created(authenticator())
    options = HOUSE.creation(PERSON, "ayse@example.com", "", [known], CHALLENGE)
    assert [plain(one["id"]) for one in options["excludeCredentials"]] == [known.credential_id]
    assert options["user"]["displayName"] == "ayse@example.com"


def test_with_nobody_known_any_passkey_may_answer_and_names_its_person() -> None:
    key = authenticator()
    known = created(key)
    options = HOUSE.request([], CHALLENGE)
    assert options["allowCredentials"] == []
    assert options["userVerification"] == "required"
    assert options["rpId"] == RP
    answer = key.get(options)
    assert HOUSE.named(answer) == (key.id, PERSON)
    assert HOUSE.asserted(answer, CHALLENGE, known).sign_count == 2


def test_known_passkeys_are_asked_for_by_name() -> None:
    known = created(authenticator())
    (asked,) = HOUSE.request([known], CHALLENGE)["allowCredentials"]
    assert plain(asked["id"]) == known.credential_id
    assert asked["transports"] == ["internal", "hybrid"]


@pytest.mark.parametrize("handle", [None, b"", b"x" * 64])
def test_a_handle_that_is_not_ours_names_nobody(handle: bytes | None) -> None:
    key = authenticator(person=handle)
    assert HOUSE.named(key.get(HOUSE.request([], CHALLENGE))) == (key.id, None)


LIES = {
    "another origin": {"origin": "https://panel.example.evil.example"},
    "another port": {"origin": "https://panel.example:8443"},
    "no TLS": {"origin": "http://panel.example"},
    "a subdomain": {"origin": "https://shop.panel.example"},
    "another relying party": {"rp_id": "evil.example"},
    "the parent as relying party": {"rp_id": "example"},
    "nobody verified": {"flags": PRESENT},
    "nobody present": {"flags": VERIFIED},
    "inside another site's frame": {"cross_origin": True},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_what_does_not_hold_makes_no_passkey(lie: dict[str, Any]) -> None:
    with pytest.raises(NotProven):
        created(authenticator(**lie))


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_what_does_not_hold_signs_nobody_in(lie: dict[str, Any]) -> None:
    key = authenticator()
    known = created(key)
    for name, value in lie.items():
        setattr(key, name, value)
    with pytest.raises(NotProven):
        asserted(key, known)


def test_another_challenge_is_refused() -> None:
    key = authenticator()
    with pytest.raises(NotProven, match="challenge"):
        created(key, client={"challenge": web(OTHER)})
    known = created(key)
    replayed = key.get(HOUSE.request([known], CHALLENGE))
    with pytest.raises(NotProven, match="challenge"):
        HOUSE.asserted(replayed, OTHER, known)


def test_a_ceremony_does_not_stand_for_the_other() -> None:
    key = authenticator()
    with pytest.raises(NotProven, match="type"):
        created(key, client={"type": "webauthn.get"})
    known = created(key)
    with pytest.raises(NotProven, match="type"):
        asserted(key, known, client={"type": "webauthn.create"})


def test_a_foreign_passkey_is_refused() -> None:
    known, stranger = created(authenticator()), authenticator()
    created(stranger)
    with pytest.raises(NotProven, match="another passkey"):
        asserted(stranger, known)


def test_a_foreign_key_under_a_known_id_is_refused() -> None:
    key = authenticator()
    known = created(key)
    with pytest.raises(NotProven, match="signature"):
        asserted(authenticator(id=key.id, count=5), known)


def test_a_count_that_went_back_is_a_copy() -> None:
    key = authenticator()
    known = created(key)
    asserted(key, known)
    used = Credential(known.credential_id, known.public_key, sign_count=3)
    key.count = 2  # the copy's next is 3, which was seen already
    with pytest.raises(NotProven, match="count"):
        asserted(key, used)
    key.count = -1  # and one that counted does not stop counting
    with pytest.raises(NotProven, match="count"):
        asserted(key, used)


def test_a_synced_passkey_does_not_count_and_is_no_copy() -> None:
    key = authenticator(count=-1, flags=PRESENT | VERIFIED | MAY_BACK_UP | BACKED_UP)
    known = created(key)
    assert known.backed_up
    for _ in range(2):
        assert asserted(key, known) == Asserted(0, backed_up=True)


def test_one_changed_byte_of_what_was_signed_is_refused() -> None:
    key = authenticator()
    known = created(key)
    for part in ("authenticatorData", "signature", "clientDataJSON"):
        answer = key.get(HOUSE.request([known], CHALLENGE))
        raw = bytearray(plain(answer["response"][part]))
        raw[-1] ^= 1
        answer["response"][part] = web(bytes(raw))
        with pytest.raises(NotProven):
            HOUSE.asserted(answer, CHALLENGE, known)


def test_a_maker_that_is_not_told_is_none() -> None:
    assert created(authenticator(aaguid=UUID(int=0))).aaguid is None


def test_an_id_longer_than_the_standard_allows_is_refused() -> None:
    assert created(authenticator(id=b"i" * 1023)).credential_id == b"i" * 1023
    with pytest.raises(NotProven, match="too long"):
        created(authenticator(id=b"i" * 1024))


def test_what_goes_to_the_log_is_short() -> None:
    with pytest.raises(NotProven) as refused:
        created(authenticator(origin="https://" + "a" * 100_000))
    assert len(str(refused.value)) <= 300


@pytest.mark.parametrize(
    ("base_url", "origin", "rp_id"),
    [
        ("https://Panel.Example", "https://panel.example", "panel.example"),
        ("https://panel.example:443/app", "https://panel.example", "panel.example"),
        ("http://localhost:8000", "http://localhost:8000", "localhost"),
        ("https://mağaza.example", "https://xn--maaza-l1a.example", "xn--maaza-l1a.example"),
    ],
)
def test_origin_and_relying_party_are_as_browsers_write_them(
    base_url: str, origin: str, rp_id: str
) -> None:
    house = WebAuthnPasskeys(base_url)
    key = Authenticator(origin, rp_id)
    answer = key.create(house.creation(uuid4(), "a@b.example", "", [], CHALLENGE))
    assert house.created(answer, CHALLENGE).credential_id == key.id


@pytest.mark.parametrize("base_url", ["", "panel.example", "ftp://panel.example", "https://"])
def test_what_is_no_page_has_no_passkeys(base_url: str) -> None:
    with pytest.raises(ValueError, match="no address of a web page"):
        WebAuthnPasskeys(base_url)
