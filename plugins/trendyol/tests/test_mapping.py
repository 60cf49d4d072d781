"""Trendyol's words in ours."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.trendyol.mapping import (
    CLAIM_STATES,
    PACKAGE_STATES,
    placed_at,
    to_claim,
    to_money,
    to_order,
    to_orders,
    to_question,
    to_tracking,
)
from plugins.trendyol.reading import phone_or_none
from plugins.trendyol.tests.conftest import payload
from ports.errors import ContractBroken
from ports.families.marketplace import (
    Buyer,
    ClaimState,
    Destination,
    PackageState,
    QuestionState,
    Tracking,
)
from ports.values import Money
from ports.wild import Wild

HOUR = 3_600_000
PLACED = 1_794_648_245_000
"""When the orders of the fixtures were placed."""


def a_package(**changes: Any) -> Wild:
    body = payload("webhooks/package.shipped__from_docs.json").raw
    return Wild({**body["content"][0], **changes})


def test_a_documented_order_knows_who_where_and_when() -> None:
    [order] = to_orders([a_package()])
    assert order.number == "10455120983"
    assert order.placed_at == datetime.fromtimestamp(PLACED / 1000, UTC)
    assert order.buyer == Buyer(
        id="87110442", name="Asya Demirağ", phone="+905320001122", email="pf+w7m1c@posta.example"
    )
    assert order.destination == Destination("Eskişehir", "Odunpazarı", "26020")


def test_a_documented_package_has_its_total_its_parcel_and_its_lines() -> None:
    [package] = to_orders([a_package()])[0].packages
    assert (package.id, package.state) == ("3410220917", PackageState.SHIPPED)
    assert package.total == Money(94995, "TRY")
    assert package.tracking == Tracking(
        number="73300012345678901",
        link="https://kargotakip.example/?no=73300012345678901",
        carrier="aras",
        carrier_name="Aras Kargo Marketplace",
    )
    assert package.promised_by == datetime.fromtimestamp(1_795_014_000, UTC)
    quilt, covers = package.lines
    assert (quilt.title, quilt.variant) == (
        "Dört Mevsim Yorgan Çift Kişilik",
        "Ekru / Çift Kişilik",
    )
    assert (quilt.sku, quilt.barcode) == ("YORGAN-CK-01", "8691234500017")
    assert (covers.quantity, covers.unit_price) == (3, Money(12375, "TRY"))


def test_lines_add_up_to_the_packages_total() -> None:
    [package] = to_orders([a_package()])[0].packages
    sums = [line.unit_price * line.quantity for line in package.lines]
    assert sums[0] + sums[1] == package.total


def test_packages_of_one_number_are_one_order() -> None:
    packages = [
        a_package(),
        a_package(shipmentPackageId=5, orderNumber="7"),
        a_package(shipmentPackageId=6),
    ]
    orders = to_orders(packages)
    assert [o.number for o in orders] == ["10455120983", "7"]
    assert [p.id for p in orders[0].packages] == ["3410220917", "6"]


def test_of_two_tellings_of_one_package_the_later_counts() -> None:
    early = a_package(status="Picking", lastModifiedDate=1)
    [package] = to_order("10455120983", [a_package(), early]).packages
    assert package.state is PackageState.SHIPPED


@pytest.mark.parametrize(
    ("word", "state"), [*PACKAGE_STATES.items(), ("HandedToDrone", PackageState.UNKNOWN)]
)
def test_every_package_state_keeps_its_word(word: str, state: PackageState) -> None:
    [package] = to_orders([a_package(status=word)])[0].packages
    assert (package.state, package.vendor_state) == (state, word)


def test_every_state_of_our_own_has_a_word_of_trendyols() -> None:
    assert set(PackageState) - set(PACKAGE_STATES.values()) == {PackageState.UNKNOWN}
    assert set(ClaimState) - set(CLAIM_STATES.values()) == {ClaimState.UNKNOWN}


def test_a_package_without_an_address_is_no_fault() -> None:
    [order] = to_orders(
        payload("webhooks/package.awaiting__no_address__from_docs.json")["content"].each()
    )
    assert order.destination == Destination()
    assert order.packages[0].tracking is None
    assert order.packages[0].promised_by is None
    assert order.packages[0].state is PackageState.PENDING


# --- dates ---------------------------------------------------------------------------------

REPLACED = {"createdBy": "split", "packageHistories": [{"createdDate": PLACED + 30 * HOUR}]}


@pytest.mark.parametrize(
    ("changes", "true"),
    [
        ({}, PLACED),
        ({"packageHistories": []}, PLACED),
        ({"packageHistories": None}, PLACED),
        (REPLACED, PLACED),
        ({**REPLACED, "packageHistories": [{"createdDate": PLACED + 3 * HOUR}]}, PLACED),
        ({"orderDate": PLACED}, PLACED),
        ({"orderDate": PLACED + 2_000}, PLACED + 2_000),
    ],
    ids=[
        "shifted",
        "no history",
        "null history",
        "replaced",
        "replaced soon",
        "true",
        "nearly true",
    ],
)
def test_the_order_date_is_true_utc_whether_the_vendor_shifts_it_or_not(
    changes: dict[str, Any], true: int
) -> None:
    assert placed_at([a_package(**changes)]) == datetime.fromtimestamp(true / 1000, UTC)


def test_the_other_dates_stay_as_they_are() -> None:
    [package] = to_orders([a_package()])[0].packages
    assert package.modified_at == datetime.fromtimestamp(1_794_733_511, UTC)


def test_an_original_package_proves_the_date_for_its_replacements() -> None:
    true = {"orderDate": PLACED}
    packages = [a_package(**REPLACED | true), a_package(**true)]
    assert placed_at(packages) == datetime.fromtimestamp(PLACED / 1000, UTC)


# --- money ---------------------------------------------------------------------------------


@given(minor=st.integers(0, 10**12))
def test_an_amount_of_kurus_is_read_exactly(minor: int) -> None:
    text = str(Decimal(minor).scaleb(-2))
    assert to_money(Wild.parse(text), "TRY") == Money(minor, "TRY")


@pytest.mark.parametrize(
    ("written", "minor"),
    [("89.94999999999999", 8995), ("0.285", 29), ("0.2849", 28), ("120", 12000), ("1E+2", 10000)],
)
def test_an_amount_with_more_digits_is_rounded_half_up(written: str, minor: int) -> None:
    assert to_money(Wild.parse(written), "TRY") == Money(minor, "TRY")


@pytest.mark.parametrize(
    ("written", "currency"),
    [("1e999", "TRY"), ('"12.50"', "TRY"), ("12.50", "lira"), ("null", "TRY")],
)
def test_what_is_not_money_breaks_the_contract(written: str, currency: str) -> None:
    with pytest.raises(ContractBroken):
        to_money(Wild.parse(written), currency)


# --- people and parcels --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "phone"),
    [
        ("0532 000 11 22", "+905320001122"),
        (5320001122, "+905320001122"),
        ("+90 (532) 000-11-22", "+905320001122"),
        ("905320001122", "+905320001122"),
        ("00905320001122", "+905320001122"),
        ("+49 151 00000000", "+4915100000000"),
        ("53*****122", None),
        ("0000000000", None),
        ("+5320001122", "+5320001122"),
        ("", None),
        (None, None),
        (True, None),
    ],
)
def test_a_phone_is_e164_or_none(written: object, phone: str | None) -> None:
    assert phone_or_none(Wild(written)) == phone


@given(st.one_of(st.text(), st.integers()))
def test_a_phone_is_never_anything_but_e164_or_none(written: object) -> None:
    phone = phone_or_none(Wild(written))
    assert phone is None or (phone[0] == "+" and phone[1:].isascii() and phone[1:].isdigit())


def test_the_phone_of_a_gifts_recipient_is_not_the_buyers() -> None:
    gift = {"firstName": "Mert", "lastName": "Ersoy", "phone": "05320009988"}
    order = to_order("1", [a_package(shipmentAddress=gift, invoiceAddress=None)])
    assert (order.buyer.name, order.buyer.phone) == ("Asya Demirağ", None)


@pytest.mark.parametrize(
    ("id", "name", "carrier"),
    [
        (7, "", "aras"),
        (None, "ARASMP", "aras"),
        (None, "Aras Kargo Marketplace", "aras"),
        (4, "", "yurtici"),
        ("4", "YKMP", "yurtici"),
        (None, "YURTİÇİ KARGO", "yurtici"),
        (None, "Yurtiçi Kargo Marketplace", "yurtici"),
        (19, "PTT Kargo Marketplace", "ptt"),
        (17, "Trendyol Express Marketplace", None),
        (None, "Kolay Gelsin Marketplace", None),
    ],
)
def test_a_parcel_names_the_carrier_that_can_follow_it(
    id: object, name: str, carrier: str | None
) -> None:
    parcel = {"cargoTrackingNumber": 1, "cargoProviderId": id, "cargoProviderName": name}
    tracking = to_tracking(Wild(parcel))
    assert tracking is not None
    assert (tracking.carrier, tracking.carrier_name) == (carrier, name)


def test_a_tracking_number_beyond_int64_loses_no_digit() -> None:
    body = json.dumps({"cargoTrackingNumber": 98765432109876543210987})
    tracking = to_tracking(Wild.parse(body))
    assert tracking is not None
    assert tracking.number == "98765432109876543210987"


# --- claims and questions ------------------------------------------------------------------


def test_a_documented_claim_is_read_item_by_item() -> None:
    [claim] = map(to_claim, payload("claims__from_docs.json")["content"].each())
    assert claim.order_number == "10455120983"
    assert claim.modified_at - claim.opened_at == timedelta(hours=24)
    assert claim.tracking is not None
    assert (claim.tracking.carrier, claim.tracking.link) == ("yurtici", None)
    torn, unwanted = claim.items
    assert (torn.line_id, torn.title) == ("5630014402", "Yastık Kılıfı 50x70")
    assert (torn.state, torn.reason) == (ClaimState.AWAITS_SELLER, "Kusurlu ürün gönderildi")
    assert torn.customer_note == "Dikişi sökük geldi"
    assert (unwanted.state, unwanted.vendor_state) == (ClaimState.DISPUTED, "Unresolved")
    assert unwanted.customer_note is None


def test_a_new_claim_state_is_unknown_and_kept() -> None:
    body = payload("claims__from_docs.json").raw["content"][0]
    body["items"][0]["claimItems"][0]["claimItemStatus"] = {"name": "OnTheMoon"}
    item = to_claim(Wild(body)).items[0]
    assert (item.state, item.vendor_state) == (ClaimState.UNKNOWN, "OnTheMoon")


def test_documented_questions_are_read_with_their_answers() -> None:
    waiting, answered = map(to_question, payload("questions__from_docs.json")["content"].each())
    assert (waiting.id, waiting.state, waiting.answer) == ("931220045", QuestionState.WAITING, None)
    assert waiting.product == "Dört Mevsim Yorgan Çift Kişilik"
    assert answered.state is QuestionState.ANSWERED
    assert answered.answer == "Evet, 30 derecede yıkanabilir."


def test_a_new_question_state_is_unknown_and_kept() -> None:
    body = payload("questions__from_docs.json").raw["content"][0] | {"status": "PONDERED"}
    question = to_question(Wild(body))
    assert (question.state, question.vendor_state) == (QuestionState.UNKNOWN, "PONDERED")
