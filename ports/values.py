"""Values that cross the border between the house and its plugins."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from typing import NewType

IdempotencyKey = NewType("IdempotencyKey", str)
"""Names one intended effect. Stable across attempts: the same key never acts twice."""

_EXACT = Context(prec=40, Emax=40, traps=[InvalidOperation, Overflow, Inexact])
"""Forty digits are enough for money; more are refused, not rounded."""
_MINOR_DIGITS = {"JPY": 0, "KRW": 0, "ISK": 0, "BHD": 3, "KWD": 3, "OMR": 3, "JOD": 3, "TND": 3}


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount: whole minor units (kuruş, cent) of an ISO 4217 currency."""

    minor: int
    currency: str

    @classmethod
    def parse(cls, amount: str | Decimal | int, currency: str) -> Money:
        """Read a decimal amount exactly; more digits than the currency has is a ValueError."""
        if isinstance(amount, float):
            raise TypeError("money is never a float: pass the text or a Decimal")
        try:
            scaled = _EXACT.scaleb(_EXACT.create_decimal(amount), _digits(currency))
        except ArithmeticError:
            raise ValueError(f"{amount!r} is not an amount of money") from None
        if not scaled.is_finite() or scaled != scaled.to_integral_value():
            raise ValueError(f"{amount!r} has more digits than {currency} knows")
        return cls(int(scaled), currency.upper())

    @property
    def amount(self) -> Decimal:
        """The amount in major units, with the currency's own number of digits."""
        return Decimal(self.minor).scaleb(-_digits(self.currency))

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return Money(self.minor + other.minor, self.currency)

    def __mul__(self, count: int) -> Money:
        return Money(self.minor * count, self.currency)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


def _digits(currency: str) -> int:
    if len(currency) != 3 or not (currency.isascii() and currency.isalpha()):
        raise ValueError(f"{currency!r} is not an ISO 4217 currency")
    return _MINOR_DIGITS.get(currency.upper(), 2)
