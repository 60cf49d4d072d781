"""Comparing Turkish text: İ and I are different letters, and many people type neither."""

from __future__ import annotations

import re
import unicodedata

_LOWER = str.maketrans({"İ": "i", "I": "ı"})
_ASCII = str.maketrans("çğıöşüâîû", "cgiosuaiu")


def fold_tr(text: str) -> str:
    """Lower case by Turkish rules: İ→i and I→ı first, composed form."""
    return unicodedata.normalize("NFC", text).translate(_LOWER).lower()


def fold_ascii(text: str) -> str:
    """Lower case without Turkish letters: what a hurried person types. Words one space apart."""
    plain = unicodedata.normalize("NFKD", fold_tr(text).translate(_ASCII))
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return re.sub(r"\s+", " ", kept).strip()
