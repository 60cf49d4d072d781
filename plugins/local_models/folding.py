"""One spelling for every way of typing: `İADE`, `iade`, `ıade` and `ìade` all become `iade`."""

from __future__ import annotations

import re
import unicodedata

_TURKISH = str.maketrans("İIıÇçĞğÖöŞşÜüÂâÎîÛû", "iiiccggoossuuaaiiuu")
_APOSTROPHES = str.maketrans(dict.fromkeys((0x2018, 0x2019, 0x0060, 0x00B4), "'"))
_SPACES = re.compile(r"\s+")


def fold(text: str) -> str:
    """Lower case without diacritics; Turkish letters are mapped before `lower()` touches them.

    Compatibility forms (full-width, ligatures) are resolved, invisible marks vanish, control
    characters become spaces, and folding twice changes nothing.
    """
    plain = unicodedata.normalize("NFC", text).translate(_TURKISH).translate(_APOSTROPHES)
    decomposed = unicodedata.normalize("NFKD", plain).translate(_TURKISH).lower()
    kept = (_kept(char) for char in unicodedata.normalize("NFKD", decomposed))
    return _SPACES.sub(" ", "".join(kept)).strip()


def _kept(char: str) -> str:
    category = unicodedata.category(char)
    if category in ("Mn", "Cf"):
        return ""
    return " " if category[0] in "CZ" else char
