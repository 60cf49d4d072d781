"""Small values as Trendyol writes them: now a number, now text, now null, often padded."""

from __future__ import annotations

import re
from datetime import datetime

from ports.wild import Wild

_CARRIERS = {"7": "aras", "4": "yurtici", "19": "ptt"}
"""By `cargoProviderId`; https://developers.trendyol.com/v2.0/docs/trendyol-shipment-providers-list"""

_CARRIER_NAMES = {"aras": "aras", "yurtici": "yurtici", "ykmp": "yurtici", "ptt": "ptt"}
"""By how the name or the code (ARASMP, YKMP, PTTMP) begins."""

_PLAIN = str.maketrans("İIıÇç", "iiicc")

_TURKISH = re.compile(r"(?:\+90|0090|90|0)?([2-5][0-9]{9})")
_FOREIGN = re.compile(r"(?:\+|00)([1-9][0-9]{7,14})")


def clean(value: Wild) -> str | None:
    """Text or a whole number as stripped text; None when absent, null, blank or neither."""
    raw = value.raw
    if isinstance(raw, bool) or not isinstance(raw, str | int):
        return None
    return str(raw).strip() or None


def moment_or_none(value: Wild) -> datetime | None:
    """Epoch milliseconds; None when absent, null or 0."""
    return value.epoch_millis() if value.present and value.raw not in (0, "0", "") else None


def carrier_slug(provider_id: str | None, name: str) -> str | None:
    """Which of our carriers can follow the parcel; Trendyol Express and others: none."""
    if provider_id in _CARRIERS:
        return _CARRIERS[provider_id]
    plain = name.translate(_PLAIN).lower()
    return next((slug for word, slug in _CARRIER_NAMES.items() if plain.startswith(word)), None)


def phone_or_none(value: Wild) -> str | None:
    """E.164, Turkish unless an international prefix says otherwise; None for a masked number."""
    written = re.sub(r"[\s().-]", "", clean(value) or "")
    if turkish := _TURKISH.fullmatch(written):
        return f"+90{turkish[1]}"
    if foreign := _FOREIGN.fullmatch(written):
        return f"+{foreign[1]}"
    return None
