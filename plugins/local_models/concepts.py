"""The trade's own thesaurus: `kargo`, `koli`, `parcel` and `shipment` say the same thing.

`concepts.tsv` holds one concept a line: its name, a tab, then folded word beginnings. `=word` is
the whole word only, `a+b` are neighbouring words that begin so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

FILE = Path(__file__).parent / "concepts.tsv"
_LONGEST_BEGINNING = 14


class Concepts:
    """Finds the concepts behind words; unknown words have none."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._whole: dict[str, list[str]] = defaultdict(list)
        self._beginning: dict[str, list[str]] = defaultdict(list)
        self._phrases: dict[str, list[tuple[list[str], str]]] = defaultdict(list)
        for line in lines:
            name, _, entries = line.partition("\t")
            for entry in entries.split():
                self._add(name, entry)

    def _add(self, name: str, entry: str) -> None:
        if "+" in entry:
            parts = entry.split("+")
            self._phrases[parts[0][:1]].append((parts, name))
        elif entry.startswith("="):
            self._whole[entry[1:]].append(name)
        else:
            self._beginning[entry].append(name)

    def of(self, words: Sequence[str]) -> list[str]:
        """Names in order of appearance, a repeated concept as often as it is said."""
        found: list[str] = []
        for place, word in enumerate(words):
            here = list(self._whole.get(word, ()))
            for length in range(2, min(len(word), _LONGEST_BEGINNING) + 1):
                here += self._beginning.get(word[:length], ())
            here += (
                name
                for parts, name in self._phrases.get(word[:1], ())
                if _stands_at(words, place, parts)
            )
            found += dict.fromkeys(here)
        return found

    def knows(self, word: str) -> bool:
        return bool(self.of([word]))


def load(file: Path = FILE) -> Concepts:
    return Concepts(file.read_text(encoding="utf-8").splitlines())


def _stands_at(words: Sequence[str], place: int, parts: Sequence[str]) -> bool:
    if place + len(parts) > len(words):
        return False
    return all(words[place + step].startswith(part) for step, part in enumerate(parts))
