"""Money is exact, in every currency, through every operation."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ports.conformance.base import LAWS
from ports.conformance.strategies import CURRENCIES, MONEY
from ports.values import Money


@given(MONEY)
@LAWS
def test_what_is_shown_is_read_back(money: Money) -> None:
    assert Money.parse(money.amount, money.currency) == money
    assert Money.parse(*str(money).split()) == money


@given(st.integers(-(10**15), 10**15), st.integers(-(10**15), 10**15), CURRENCIES)
@LAWS
def test_adding_adds_minor_units(a: int, b: int, currency: str) -> None:
    assert Money(a, currency) + Money(b, currency) == Money(a + b, currency)


@given(MONEY, st.integers(0, 1000))
@LAWS
def test_so_many_of_a_price_are_that_many_additions(price: Money, count: int) -> None:
    assert (price * count).minor == sum([price.minor] * count)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("0.29", "TRY", 29), ("1249.9", "try", 124990), ("12", "JPY", 12), ("1.234", "KWD", 1234)],
)
def test_amounts_are_read_in_the_currencys_own_digits(text: str, currency: str, minor: int) -> None:
    assert Money.parse(text, currency) == Money(minor, currency.upper())


@pytest.mark.parametrize(
    "amount",
    ["0.295", "1,50", "", "on lira", "NaN", "Infinity", "1e999999", "1e50", f"1.{'0' * 40}1"],
)
def test_what_is_not_an_amount_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match=r"amount|digits"):
        Money.parse(amount, "TRY")


def test_a_float_is_never_money() -> None:
    with pytest.raises(TypeError):
        Money.parse(0.29, "TRY")  # type: ignore[arg-type]


@pytest.mark.parametrize("currency", ["TL", "", "₺₺₺", "TRYY", "12A"])
def test_an_invented_currency_is_refused(currency: str) -> None:
    with pytest.raises(ValueError, match="ISO 4217"):
        Money.parse("1", currency)


def test_currencies_do_not_mix() -> None:
    with pytest.raises(ValueError, match="cannot add"):
        Money(1, "TRY") + Money(1, "EUR")


def test_the_amount_has_the_currencys_digits() -> None:
    assert str(Money(29, "TRY")) == "0.29 TRY"
    assert Money(5, "JPY").amount == Decimal(5)
