"""Tracking, as a seller sees it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from plugins.aras.carrier import ArasCarrier
from plugins.aras.mapping import ISTANBUL
from plugins.aras.sandbox import ArasSandbox
from plugins.aras.tests.answers import carrier as replaying
from plugins.aras.tests.answers import fixture
from ports.conformance import StillClock
from ports.families.carrier import ParcelState

NUMBER = "7300000012345"


def test_a_parcel_is_found_by_the_sellers_own_code(aras, carrier):
    aras.control("parcel", integration_code="SIP-7")
    parcel = carrier.track("SIP-7")
    assert (parcel.number, parcel.state) == ("SIP-7", ParcelState.IN_TRANSIT)
    assert parcel.vendor_state == "YOLDA"
    assert parcel.destination == "KADIKÖY"


def test_a_parcel_is_found_by_arass_thirteen_digits(aras, carrier):
    aras.control("parcel", integration_code="SIP-7", tracking_number=NUMBER)
    aras.control("scan", code="SIP-7", words="Şubede araç yükleme")
    parcel = carrier.track(NUMBER)
    assert parcel.number == NUMBER
    assert [scan.vendor_word for scan in parcel.scans] == ["Şubede araç yükleme"]


def test_both_ways_lead_to_the_same_parcel(aras, carrier):
    aras.control("parcel", integration_code="SIP-7", tracking_number=NUMBER)
    assert carrier.track("SIP-7") == carrier.track(NUMBER)


def test_a_sellers_code_of_thirteen_digits_is_found_too(aras, carrier):
    aras.control("parcel", integration_code="1234567890123")
    assert carrier.track("1234567890123").state is ParcelState.IN_TRANSIT


def test_margins_around_a_number_do_not_hide_the_parcel(aras, carrier):
    aras.control("parcel", integration_code="SIP-7")
    assert carrier.track("  SIP-7 ") is not None


@pytest.mark.parametrize("code", ["A&B <1>", "T\"42's", "şiğ-İı", "a&amp;b", "x]]>y"])
def test_a_code_with_any_letters_reaches_aras_unharmed(aras, carrier, code):
    aras.control("parcel", integration_code=code)
    assert carrier.track(code) is not None


@pytest.mark.parametrize("number", ["a\x00b", "a\nb", "\ud800"])
def test_what_xml_cannot_carry_is_nobodys_number(carrier, number):
    assert carrier.track(number) is None


def test_movements_are_oldest_first_whatever_order_aras_sends(aras, carrier):
    aras.control("parcel", integration_code="SIP-7")
    aras.control("scan", code="SIP-7", words="Dağıtıma çıkarıldı", at="2026-03-03T08:00")
    aras.control("scan", code="SIP-7", words="Şubede araç yükleme", at="2026-03-02T18:00")
    words = [scan.vendor_word for scan in carrier.track("SIP-7").scans]
    assert words == ["Şubede araç yükleme", "Dağıtıma çıkarıldı"]


def test_a_delivery_says_when_and_to_whom(
    aras: ArasSandbox, carrier: ArasCarrier, clock: StillClock
) -> None:
    aras.control("parcel", integration_code="SIP-7", tracking_number=NUMBER)
    clock.advance(timedelta(days=1, minutes=25))
    aras.control("deliver", code="SIP-7", to="MERT KAYA")
    parcel = carrier.track("SIP-7")
    assert parcel is not None
    assert parcel.state is ParcelState.DELIVERED
    assert parcel.delivered_to == "MERT KAYA"
    assert parcel.delivered_at == datetime(2026, 3, 3, 12, 25, tzinfo=ISTANBUL)
    assert parcel.reason is None


def test_a_failed_delivery_says_why_in_words(aras, carrier):
    aras.control("parcel", integration_code="SIP-7", state="4")
    aras.control("fail", code="SIP-7", devir="AY")
    parcel = carrier.track("SIP-7")
    assert parcel.state is ParcelState.DELIVERY_FAILED
    assert parcel.reason == "Adres hatalı veya eksik"


def test_a_delivery_after_a_failure_forgets_the_reason(aras, carrier):
    aras.control("parcel", integration_code="SIP-7")
    aras.control("fail", code="SIP-7", devir="NT")
    aras.control("deliver", code="SIP-7")
    assert carrier.track("SIP-7").reason is None


def test_a_return_is_under_way_until_it_is_back(aras, carrier):
    aras.control("parcel", integration_code="SIP-7")
    aras.control("returned", code="SIP-7")
    assert carrier.track("SIP-7").state is ParcelState.RETURNING
    aras.control("returned", code="SIP-7", arrived=True)
    parcel = carrier.track("SIP-7")
    assert parcel.state is ParcelState.RETURNED
    assert parcel.reason == "ALICI KABUL ETMEDİ"
    assert parcel.delivered_at is None, "it came back to the sender, the customer has nothing"


def test_the_public_link_appears_with_the_waybill(aras, carrier):
    aras.control("parcel", integration_code="SIP-7")
    assert carrier.track("SIP-7").link is None
    aras.control("parcel", integration_code="SIP-8", tracking_number=NUMBER)
    link = f"https://kargotakip.araskargo.com.tr/mainpage.aspx?code={NUMBER}"
    assert carrier.track("SIP-8").link == link


def test_of_several_parcels_under_one_code_the_last_sent_counts():
    parcel = replaying(
        fixture("cargo.several__from_docs.json"), fixture("movements.none__from_docs.json")
    ).track("SIP-2040")
    assert parcel.number == "7300000020410"
    assert parcel.state is ParcelState.IN_TRANSIT


def test_of_several_parcels_that_left_on_one_day_the_last_told_counts(aras, carrier):
    for number in (NUMBER, "7300000054321"):
        aras.control("parcel", integration_code="SIP-7", tracking_number=number)
    assert carrier.track("SIP-7").number == "7300000054321"


def test_a_second_parcel_under_a_code_takes_its_place(aras, carrier, clock):
    aras.control("parcel", integration_code="SIP-7", tracking_number=NUMBER)
    aras.control("deliver", code="SIP-7")
    clock.advance(timedelta(days=3))
    aras.control("parcel", integration_code="SIP-7", tracking_number="7300000054321")
    assert carrier.track("SIP-7").number == "7300000054321"


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("teleport", {}),
        ("parcel", {}),
        ("parcel", {"integration_code": "X", "state": "9"}),
        ("deliver", {"code": "nobody's"}),
        ("scan", {"code": "X", "colour": "red"}),
    ],
)
def test_a_command_that_makes_no_sense_is_named(aras, command, arguments):
    with pytest.raises(ValueError, match=r"teleport|parcel|DURUM_KODU|nobody|scan"):
        aras.control(command, **arguments)
