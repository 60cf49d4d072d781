"""Aras's words in ours: every table, every shape, every way to write a moment."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.aras.mapping import (
    ISTANBUL,
    REASONS,
    STATES,
    WAITING,
    fold,
    moment,
    movement_state,
    to_parcel,
    to_rows,
)
from plugins.aras.tests.answers import FIXTURES
from ports.errors import ContractBroken, VendorError
from ports.families.carrier import ParcelState
from ports.wild import Wild

RETURNING, RETURNED = ParcelState.RETURNING, ParcelState.RETURNED
FAILED, WAITS = ParcelState.DELIVERY_FAILED, ParcelState.WAITS_FOR_CUSTOMER


def rows(name):
    return to_rows(Wild.parse((FIXTURES / f"{name}__from_docs.json").read_bytes()))


def parcel(**columns):
    [row] = to_rows(Wild({"QueryResult": {"Cargo": columns}}))
    return to_parcel("SIP-1", row, [])


@pytest.mark.parametrize(("name", "count"), [
    ("cargo.delivered", 1),
    ("cargo.several", 2),
    ("cargo.none", 0),
    ("cargo.none__element_missing", 0),
    ("cargo.none__element_empty", 0),
    ("movements.single", 1),
    ("movements.several", 3),
    ("movements.none", 0),
    ("branches", 2),
])  # fmt: skip
def test_one_row_is_an_object_several_are_a_list_none_is_null(name, count):
    assert len(rows(name)) == count


def test_column_names_are_read_however_aras_prints_them():
    [row] = rows("cargo.printed_column_names")
    read = to_parcel("SIP-2041", row, [])
    assert (read.number, read.state) == ("7300000020427", ParcelState.OUT_FOR_DELIVERY)
    assert read.destination == "GAZİEMİR"


@pytest.mark.parametrize(("tip", "durum", "devir", "state"), [
    ("1", "1", None, ParcelState.ACCEPTED),
    ("1", "2", None, ParcelState.IN_TRANSIT),
    ("1", "3", None, ParcelState.IN_TRANSIT),
    ("1", "4", None, ParcelState.OUT_FOR_DELIVERY),
    ("1", "5", None, ParcelState.OUT_FOR_DELIVERY),
    ("1", "6", None, ParcelState.DELIVERED),
    ("2", "7", None, ParcelState.IN_TRANSIT),
    ("3", "2", None, RETURNING),
    ("3", "3", "KE", RETURNING),
    ("3", "6", None, RETURNED),
    ("1", "3", "NT", FAILED),
    ("1", "4", "AY", FAILED),
    ("1", "3", "ÜR", FAILED),
    ("1", "3", "ŞA", WAITS),
    ("1", "3", "şa", WAITS),
    ("1", "3", "SA", WAITS),
    ("1", "4", "PR", WAITS),
    ("1", "3", "TT", WAITS),
    ("1", "3", "XX", FAILED),
    ("1", "2", "NT", ParcelState.IN_TRANSIT),
    ("1", "6", "NT", ParcelState.DELIVERED),
    ("1", "9", None, ParcelState.UNKNOWN),
    (None, None, None, ParcelState.UNKNOWN),
    (1, 6, None, ParcelState.DELIVERED),
    (3, 6, None, RETURNED),
])  # fmt: skip
def test_the_two_codes_are_read_together(tip, durum, devir, state):
    assert parcel(TIP_KODU=tip, DURUM_KODU=durum, DEVIR_KODU=devir).state is state


def test_every_documented_devir_code_has_words_and_every_waiting_one_is_documented():
    documented = ["AY", "NT", "MD", "TL", "ŞA", "AD", "TG", "AA", "HT", "KG", "PR", "ÜR", "KE",
                  "TT", "PS", "TO"]  # fmt: skip
    assert {fold(code) for code in documented} == set(REASONS)
    assert set(REASONS) >= WAITING
    for code in documented:
        assert parcel(DURUM_KODU="3", DEVIR_KODU=code).reason == REASONS[fold(code)]


@pytest.mark.parametrize(("columns", "reason"), [
    ({"DURUM_KODU": "3", "DEVIR_KODU": "QQ"}, "Teslim edilemedi (kod QQ)"),
    ({"DURUM_KODU": "3", "TESLIM_EDILEMEME_NEDENI_KODU": "ŞA"}, REASONS["SA"]),
    ({"DURUM_KODU": "5"}, "Gönderinin yalnızca bir bölümü teslim edildi"),
    ({"DURUM_KODU": "3", "TIP_KODU": "3", "DEVIR_KODU": "KE"}, REASONS["KE"]),
    ({"DURUM_KODU": "2", "TIP_KODU": "3", "IADE_SEBEBI": "HASARLI"}, "HASARLI"),
    ({"DURUM_KODU": "2", "TIP_KODU": "3"}, None),
    ({"DURUM_KODU": "2"}, None),
    ({"DURUM_KODU": "6", "DEVIR_KODU": "NT"}, None),
])  # fmt: skip
def test_the_reason_is_in_words_for_people(columns, reason):
    assert parcel(**columns).reason == reason


@pytest.mark.parametrize(("name", "state", "reason"), [
    ("cargo.customer_collects", WAITS, REASONS["SA"]),
    ("cargo.unpaid", FAILED, REASONS["UR"]),
    ("cargo.returned", RETURNED, "ALICI KABUL ETMEDİ"),
])  # fmt: skip
def test_fixtures_of_parcels_that_were_not_handed_over(name, state, reason):
    [row] = rows(name)
    read = to_parcel("SIP-2040", row, [])
    assert (read.state, read.reason) == (state, reason)
    assert (read.delivered_at, read.delivered_to) == (None, None)


@pytest.mark.parametrize("name", ["cargo.delivered", "cargo.delivered__compact_date"])
def test_a_delivered_fixture_says_when_whom_and_where(name):
    [row] = rows(name)
    read = to_parcel("SIP-2040", row, rows("movements.several"))
    assert read.state is ParcelState.DELIVERED
    assert read.delivered_at == datetime(2026, 3, 4, 13, 5, tzinfo=UTC)
    assert read.delivered_to == "ZEYNEP IŞIK"
    assert read.link == "https://kargotakip.araskargo.com.tr/mainpage.aspx?code=7300000020403"
    assert [scan.state for scan in read.scans] == [
        ParcelState.IN_TRANSIT, ParcelState.IN_TRANSIT, ParcelState.OUT_FOR_DELIVERY
    ]  # fmt: skip
    assert [scan.place for scan in read.scans] == ["BORNOVA", "ANKARA AKTARMA", "ÇANKAYA"]
    assert [scan.note for scan in read.scans] == ["Araca yüklendi", None, None]


@pytest.mark.parametrize("number", ["123", "73000000204034", "730000002040A", ""])
def test_only_thirteen_digits_make_a_public_link(number):
    assert parcel(KARGO_TAKIP_NO=number).link is None


@pytest.mark.parametrize(("word", "state"), [
    ("Şubede araç yükleme", ParcelState.IN_TRANSIT),
    ("Aktarmada hat aracı indirme", ParcelState.IN_TRANSIT),
    ("AKTARMADA HAT ARACI YÜKLEME", ParcelState.IN_TRANSIT),
    ("Dağıtıma çıkarıldı", ParcelState.OUT_FOR_DELIVERY),
    ("DAĞITIMA ÇIKARILDI", ParcelState.OUT_FOR_DELIVERY),
    ("Teslim edildi", ParcelState.DELIVERED),
    ("Teslim edilemedi", FAILED),
    ("Devir edildi", FAILED),
    ("İade çıkışı", RETURNING),
    ("İade teslim edildi", RETURNED),
    ("Şubeye teslim edildi", ParcelState.UNKNOWN),
    ("Barkod okutuldu", ParcelState.UNKNOWN),
    ("", ParcelState.UNKNOWN),
])  # fmt: skip
def test_movement_words_are_read_by_what_they_hold(word, state):
    assert movement_state(word) is state


def test_a_movement_word_nobody_knows_is_kept():
    [row] = rows("movements.single")
    [scan] = parcel_with(row).scans
    assert (scan.vendor_word, scan.state) == ("Barkod okutuldu", ParcelState.UNKNOWN)
    assert scan.at == datetime(2026, 3, 2, 19, 15, tzinfo=ISTANBUL)


def parcel_with(movement):
    [row] = rows("cargo.delivered")
    return to_parcel("SIP-2040", row, [movement])


@pytest.mark.parametrize(("day", "clock", "utc"), [
    ("07.01.2026", "14:25", datetime(2026, 1, 7, 11, 25, tzinfo=UTC)),
    ("7.1.2026", "", datetime(2026, 1, 6, 21, 0, tzinfo=UTC)),
    ("07.01.2026", "14:25:30", datetime(2026, 1, 7, 11, 25, 30, tzinfo=UTC)),
    ("07.01.2026 14:25", "", datetime(2026, 1, 7, 11, 25, tzinfo=UTC)),
    ("07.01.2026 14:25:30", "", datetime(2026, 1, 7, 11, 25, 30, tzinfo=UTC)),
    ("20260107", "14:25", datetime(2026, 1, 7, 11, 25, tzinfo=UTC)),
    ("2026-01-07", "", datetime(2026, 1, 6, 21, 0, tzinfo=UTC)),
    ("2026-01-07T14:25:00", "", datetime(2026, 1, 7, 11, 25, tzinfo=UTC)),
    ("2026-01-07T14:25:00.123", "", datetime(2026, 1, 7, 11, 25, 0, 123000, tzinfo=UTC)),
    ("2026-01-07T00:00:00", "14:25", datetime(2026, 1, 7, 11, 25, tzinfo=UTC)),
    ("2026-01-07T14:25:00+03:00", "", datetime(2026, 1, 7, 11, 25, tzinfo=UTC)),
])  # fmt: skip
def test_a_moment_is_read_in_every_way_aras_writes_it(day, clock, utc):
    assert moment(day, clock) == utc


@pytest.mark.parametrize(("day", "clock"), [
    ("", ""), ("yesterday", ""), ("31.02.2026", ""), ("07.01.2026", "soon"),
    ("07.01.2026", "25:00"), ("07.01.2026", "14"), ("1/7/2026 2:25:00 PM", ""),
])  # fmt: skip
def test_what_is_no_moment_is_never_guessed(day, clock):
    with pytest.raises(ContractBroken):
        moment(day, clock)


@given(st.dictionaries(
    st.sampled_from([
        "TIP_KODU", "DURUM_KODU", "DEVIR_KODU", "DURUMU", "KARGO_TAKIP_NO", "TESLIM_TARIHI",
        "TESLIM_SAATI", "VARIS_SUBE", "IADE_SEBEBI", "TESLIM_ALAN",
    ]),
    st.none() | st.text(max_size=8) | st.integers() | st.booleans() | st.lists(st.text(max_size=2)),
))  # fmt: skip
def test_no_row_is_so_strange_that_it_is_not_a_vendor_error(columns):
    try:
        read = parcel(**columns)
    except VendorError:
        return
    durum = columns.get("DURUM_KODU")
    assert read.state in ParcelState
    if str(durum or "").strip() not in STATES and columns.get("TIP_KODU") not in ("3", 3):
        assert read.state is ParcelState.UNKNOWN
