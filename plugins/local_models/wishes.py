"""Several wishes in one message: cutting it where people join sentences, and joining the answers.

The whole message always has the first word. Parts may only add to it: when at least two of them
are sure of different wishes, and the whole message shows a trace of both, both are raised. A
message with one wish, however many commas it has, is so read as if it had never been cut, and
what the whole message puts first stays first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from plugins.local_models.corpus import OUT_OF_SCOPE
from plugins.local_models.folding import fold
from plugins.local_models.words import LONGEST_TEXT

SURE_AFTER_BREAK = 0.5
"""A part behind a full stop or an "also" is believed when it is this sure of a wish..."""
SURE_AFTER_COMMA = 0.9
"""...and behind a comma or an "and", which mostly join a wish to its reason, when this sure..."""
TRACE = 0.0003
"""...if the whole message gives the wish at least this much. All chosen on training data."""
MOST_PARTS = 8
NO_WISHES = frozenset({"greeting", OUT_OF_SCOPE})
"""What stands beside a wish in most messages without being one."""

_LINES = re.compile(r"[\r\n]+")
_BREAK = (
    r"[.!?;…]+(?=\s)|[.!?…]+(?=[a-z])|\+(?=\s)"
    r"|,?\s\b(?:ve ayrica|ve bir de|bir de|birde|bi de|bide|ayrica|ayriyeten|hem de|ustelik"
    r"|bunun yaninda|ek olarak|bunun disinda|and also|also|plus|as well as|another thing|oh and)\b"
)
_JOINT = re.compile(rf"(?P<hard>{_BREAK})|,(?=\s)|-(?=\s)|\b(?:ve|and)\b")
_ADDRESS = re.compile(r"(?:sayin |degerli |dear )\w+(?: \w+)?")
_EDGES = " ,.;!?…-+"

Probabilities = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Part:
    text: str
    needs: float
    """How sure of its wish it must be to count."""


def parts(text: str) -> list[Part]:
    """The pieces of a message that could each be a wish, folded, at most `MOST_PARTS`."""
    folded = fold(_LINES.sub(" . ", text[:LONGEST_TEXT]))
    pieces: list[tuple[str, bool]] = []
    start, hard = 0, False
    for joint in _JOINT.finditer(folded):
        pieces.append((folded[start : joint.start()], hard))
        start, hard = joint.end(), joint["hard"] is not None
    pieces.append((folded[start:], hard))
    if len(pieces) > 1:
        pieces[0] = (pieces[0][0], pieces[1][1])
    found = [
        Part(piece.strip(_EDGES), SURE_AFTER_BREAK if hard else SURE_AFTER_COMMA)
        for piece, hard in pieces
    ]
    return [part for part in found if _could_be_a_wish(part.text)][:MOST_PARTS]


def _could_be_a_wish(piece: str) -> bool:
    return len(piece) >= 4 and not _ADDRESS.fullmatch(piece)


def read_together(text: str, read: Callable[[str], Probabilities]) -> dict[str, float]:
    """The whole message's probabilities, with every further wish of its parts raised."""
    whole = dict(read(text))
    pieces = parts(text)
    if len(pieces) < 2:
        return whole
    found: dict[str, float] = {}
    for piece in pieces:
        said = read(piece.text)
        wish = max(said, key=lambda intent: said[intent])
        believed = said[wish] >= piece.needs and whole.get(wish, 0.0) >= TRACE
        if believed and wish not in NO_WISHES:
            found[wish] = max(found.get(wish, 0.0), said[wish])
    if len(found) < 2:
        return whole
    raised = {wish: max(whole[wish], sure) for wish, sure in found.items()}
    first = max(whole, key=lambda intent: whole[intent])
    if first in raised:
        raised[first] = max(raised.values())
    return whole | raised
