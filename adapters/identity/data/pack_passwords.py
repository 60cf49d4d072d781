"""Makes passwords.txt.gz: `python -m adapters.identity.data.pack_passwords LIST…`.

Each LIST has one password a line, the likeliest first, and may be packed by gzip. README.md names
the one that was used.
"""

from __future__ import annotations

import gzip
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from adapters.identity.common_passwords import LIST
from adapters.identity.data import turkish
from core.shared.folding import fold_ascii

SHORTEST = 8
"""No policy lets a shorter one pass, so shorter ones are kept of the likeliest alone."""
LIKELIEST = 10_000

_PLAIN = re.compile(r"[ -~]+")
_MAIL = re.compile(r".+@.+\..+")


def pack(lists: Iterable[Path]) -> bytes:
    """The packed list: the same bytes whenever the same lists are packed."""
    kept = {word for path in lists for word in _worth(path)}
    kept.update(word for word in map(fold_ascii, turkish.passwords()) if len(word) >= SHORTEST)
    return gzip.compress("".join(f"{word}\n" for word in sorted(kept)).encode("ascii"), mtime=0)


def _worth(path: Path) -> Iterator[str]:
    """Folded; without what looks like somebody's e-mail address."""
    packed = path.read_bytes()
    text = (gzip.decompress(packed) if path.suffix == ".gz" else packed).decode("utf-8", "ignore")
    for rank, line in enumerate(text.splitlines()):
        word = fold_ascii(line)
        if len(word) < SHORTEST and rank >= LIKELIEST:
            continue
        if _PLAIN.fullmatch(word) and not _MAIL.fullmatch(word):
            yield word


if __name__ == "__main__":
    LIST.write_bytes(pack(map(Path, sys.argv[1:])))
