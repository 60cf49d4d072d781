"""Several wishes in one message: cutting it where people join sentences, and joining the answers.

The whole message always has the first word. Parts may only add to it: when at least two of them
are sure of different wishes, and the whole message shows a trace of both, both are raised. A
message with one wish, however many commas it has, is so read as if it had never been cut, and
what the whole message puts first stays first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from plugins.local_models.corpus import OUT_OF_SCOPE
from plugins.local_models.folding import fold
from plugins.local_models.words import LONGEST_TEXT

SURE = 0.6
"""A part this sure of a wish is believed..."""
TRACE = 0.005
"""...if the whole message gives the same wish at least this much. Both chosen on training data."""
MOST_PARTS = 8
NO_WISHES = frozenset({"greeting", OUT_OF_SCOPE})
"""What stands beside a wish in most messages without being one."""

_LINES = re.compile(r"[\r\n]+")
_JOINTS = re.compile(
    r"(?:[.!?;…]+|,|-|\+)(?=\s)|[.!?…]+(?=[a-z])"
    r"|\b(?:ve|birde|bir de|bide|bi de|ayrica|ayriyeten|hem de|ustelik|bunun yaninda|ek olarak"
    r"|bunun disinda|bi de sunu|and|also|plus|as well as|another thing|oh and)\b"
)

Probabilities = Mapping[str, float]


def parts(text: str) -> list[str]:
    """The pieces of a message that could each be a wish, at most `MOST_PARTS`, folded."""
    folded = fold(_LINES.sub(" . ", text[:LONGEST_TEXT]))
    pieces = (piece.strip(" ,.;!?…-+") for piece in _JOINTS.split(folded))
    return [piece for piece in pieces if len(piece) >= 4][:MOST_PARTS]


def read_together(text: str, read: Callable[[str], Probabilities]) -> dict[str, float]:
    """The whole message's probabilities, with every further wish of its parts raised."""
    whole = dict(read(text))
    pieces = parts(text)
    if len(pieces) < 2:
        return whole
    found: dict[str, float] = {}
    for piece in pieces:
        said = read(piece)
        wish = max(said, key=lambda intent: said[intent])
        if wish not in NO_WISHES and said[wish] >= SURE and whole.get(wish, 0.0) >= TRACE:
            found[wish] = max(found.get(wish, 0.0), said[wish])
    if len(found) < 2:
        return whole
    raised = {wish: max(whole[wish], sure) for wish, sure in found.items()}
    first = max(whole, key=lambda intent: whole[intent])
    if first in raised:
        raised[first] = max(raised.values())
    return whole | raised
