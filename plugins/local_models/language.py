"""Turkish, English, or cannot be told: by letters, endings and small words, after folding.

Turkish typed without its own letters is still Turkish: the small words and the endings remain.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from plugins.local_models.folding import fold

TURKISH, ENGLISH, UNDETERMINED = "tr", "en", "und"

_FILE = Path(__file__).parent / "small_words.tsv"

_ENOUGH = 0.8
"""Less evidence than one Turkish ending or one known word is none."""

_TURKISH_LETTERS = re.compile(r"[ğışİĞŞ]")
_SHARED_LETTERS = re.compile(r"[çöüÇÖÜ]")
_WORD = re.compile(r"[^\W\d_]+")
_OTHER_SCRIPT = re.compile(r"[^\W\d_a-z]")


def _small_words(language: str) -> frozenset[str]:
    """Words that a language cannot do without, from `small_words.tsv`: `language<TAB>words`."""
    rows = (line.partition("\t") for line in _FILE.read_text(encoding="utf-8").splitlines())
    return frozenset(word for name, _, found in rows if name == language for word in found.split())


_TR_WORDS, _EN_WORDS, _OTHER_WORDS = map(_small_words, (TURKISH, ENGLISH, "other"))
_TR_BEGINNINGS = re.compile(
    r"karg|sipar|iade|fatura|urun|adres|degis|gonder|iptal|teslim|takip|odeme|taksit|kupon|indirim"
    r"|kampanya|garanti|servis|randevu|hesab|sifre|bilgi|magaza|kurye|begen|tesek|gorus|nasils|hosca|dogrula|paket|beden|musteri|temsilci"
)
_TR_ENDINGS = re.compile(
    r".{2,}(?:iyor|uyor|iyo|uyo|iyom|yorum|yorsun|misim|misin|mislar|dim|dum|tim|dik|medi|madi|mis|mus"
    r"|lar|ler|lari|leri|larim|lerim|imi|umu|inin|unun|mak|mek|acak|ecek|acagim|ecegim|siniz|sunuz"
    r"|nda|nde|dan|den|[aeiou]si|[aeiou]yi|lik|luk|siz|suz|ebilir|abilir|diniz|dunuz|rim|rum|niz|nuz|alim|elim|sin|sun)"
)
_EN_ENDINGS = re.compile(r".{2,}(?:ing|age|tion|ness|ment|ed|ly|ght|ck|ould|ther|wh|ies|able|ful)")
_VOWELS = re.compile(r"[aeiouy]")
_EN_LETTERS = re.compile(r"[wqx]|th|sh|oo|ee|ck|ph")


def language_of(text: str) -> str:
    """`tr`, `en` or `und`; the longest text is judged by its first 2,000 characters."""
    typed = text[:2_000]
    turkish = 2.0 * len(_TURKISH_LETTERS.findall(typed)) + 0.5 * len(_SHARED_LETTERS.findall(typed))
    english = other = 0.0
    for word in _WORD.findall(fold(typed)):
        tr, en, foreign = _evidence(word)
        turkish, english, other = turkish + tr, english + en, other + foreign
    best = max(turkish, english)
    if best < _ENOUGH or other > best or turkish == english:
        return UNDETERMINED
    return TURKISH if turkish > english else ENGLISH


@lru_cache(16_384)
def _evidence(word: str) -> tuple[float, float, float]:
    if _OTHER_SCRIPT.search(word):
        return 0.0, 0.0, 1.0
    turkish = float(word in _TR_WORDS) or (1.0 if _TR_BEGINNINGS.match(word) else 0.0)
    english = float(word in _EN_WORDS)
    other = float(word in _OTHER_WORDS)
    if not (turkish or english or other):
        turkish = 0.8 if _TR_ENDINGS.fullmatch(word) else 0.0
        english = 0.6 if _EN_ENDINGS.fullmatch(word) else 0.0
        english += 0.4 if _EN_LETTERS.search(word) and _VOWELS.search(word) else 0.0
    return turkish, english, other
