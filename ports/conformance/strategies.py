"""Hypothesis strategies: names, addresses and money with Turkish letters, and vendors' noise."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from ports.values import Money

GIVEN = ("Ayşe", "İbrahim", "Işıl", "Çağla", "Gülşen", "Ömer", "Şükrü", "Nazlı Ümmühan", "IŞIK")
FAMILY = ("Yılmaz", "Öztürk", "Çelik", "Şahin", "Ağaoğlu", "İnce", "IŞIKLI", "Gümüş", "Kılıç")
CITIES = ("İstanbul", "Iğdır", "Çanakkale", "Şanlıurfa", "Muğla", "Ağrı", "Kütahya", "İZMİR")
STREETS = ("Çiçek Sokağı", "İnönü Caddesi", "Şehit Öğretmen Bulvarı", "Ilgaz Yolu", "Göl Çıkmazı")

NAMES = st.builds("{} {}".format, st.sampled_from(GIVEN), st.sampled_from(FAMILY))
ADDRESSES = st.builds(
    "{} No:{} D:{} {}".format,
    st.sampled_from(STREETS), st.integers(1, 200), st.integers(1, 40), st.sampled_from(CITIES),
)  # fmt: skip
PHONES = st.builds("+905{:09d}".format, st.integers(0, 999_999_999))
CURRENCIES = st.sampled_from(("TRY", "EUR", "USD", "JPY", "KWD"))
MONEY = st.builds(Money, st.integers(0, 10**12), CURRENCIES)

TURKISH = st.text(alphabet="abcçdefgğhıijklmnoöprsştuüvyzABCÇDEFGĞHIİJKLMNOÖPRSŞTUÜVYZ '’.,!?0123")

_LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=12), st.floats(allow_nan=False)
)
JSON = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=12,
)
"""Any JSON value."""

NOISE = st.one_of(st.binary(max_size=200), JSON.map(lambda value: json.dumps(value).encode()))
"""Bodies that no vendor sends: bytes, and JSON of any shape."""


@st.composite
def spoiled_json(draw: Callable[[Any], Any], body: bytes) -> bytes:
    """The JSON document with one of its values, at any depth, replaced or left out."""
    document = json.loads(body)
    holder, key = draw(st.sampled_from(_places(document)))
    if isinstance(holder, dict) and draw(st.booleans()):
        del holder[key]
    else:
        holder[key] = draw(JSON)
    return json.dumps(document).encode()


def _places(value: Any) -> list[tuple[Any, Any]]:
    inside = list(value.items() if isinstance(value, dict) else enumerate(value))
    here = [(value, key) for key, _ in inside]
    return here + [p for _, v in inside if isinstance(v, dict | list) and v for p in _places(v)]
