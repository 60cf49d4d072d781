"""Where a walk through a list stands, and why it has an end and no gap.

**Windows.** A walk goes from `since` to the moment of its first call (`until`), in windows of less
than 14 days, the longest span that Trendyol takes. What is asked is wider than the window, because
the documents leave open whether a filter means UTC or Turkish time; so windows overlap.

**Pages.** Asked for its first page, a window tells how many there are; then they are read from the
last to page 0. Lists are in the order of modification, oldest first, so that whatever is touched
meanwhile moves behind all others (or out of the window), and whatever is not touched can only move
towards page 0: into pages still to be read, never out of them. Reading forward would skip one entry
for each that was touched. (Claims have no documented order; their windows end in the past, so that
entries only ever leave them, and then the same holds for any order.)

**What is touched meanwhile** was changed after `until`, so it belongs to the walk that follows,
which begins no later than this one's `until`.

**Streams.** Where pages do not reach (more than 10,000 results, or more than a month ago) orders
come from the stream, newest first, by a cursor that marks a place: whatever is not touched stays
behind that place until it is read.

**The end.** `until` is fixed at the first call, page numbers only fall, and a stream cursor that
does not move is an error of the vendor's.

Everything a walk knows is in its cursor: another process can go on with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from ports.errors import Rejected

WIDENING = timedelta(hours=3)
"""Turkey is at UTC+3 all year."""

SPAN = timedelta(days=14) - 2 * WIDENING
"""A window, so that widened on both sides it is still 14 days."""

MEMORY = timedelta(days=88)
"""The vendor remembers three months: 89 days at least, less a day for a walk that takes long."""

PAGED_MEMORY = timedelta(days=27)
"""Paged order lists reach back one month: 28 days at least, less a day likewise."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"(\d{1,14})\.(\d{1,14})\.(\d{0,9}|~.*)", re.ASCII | re.DOTALL)


def millis(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Position:
    start: int
    """Epoch milliseconds at which the present window begins, not widened."""
    until: int
    """Epoch milliseconds at which the walk ends."""
    place: str = ""
    """In the window: "" asks how many pages there are, "7" is page 7, "~abc" is a stream cursor."""

    @classmethod
    def first(cls, since: datetime, now: datetime) -> Position:
        start = max(millis(since), millis(now - MEMORY))
        return cls(start, max(start, millis(now)))

    @classmethod
    def parse(cls, cursor: str) -> Position:
        """Rejected when it is not a cursor that we gave out."""
        parts = _CURSOR.fullmatch(cursor)
        if parts is None:
            raise Rejected("not a cursor of this list: begin again without one", field="cursor")
        return cls(int(parts[1]), int(parts[2]), parts[3])

    def __str__(self) -> str:
        return f"{self.start}.{self.until}.{self.place}"

    @property
    def end(self) -> int:
        return min(self.start + SPAN // timedelta(milliseconds=1), self.until)

    @property
    def page(self) -> int:
        return int(self.place or 0)

    @property
    def streams(self) -> bool:
        return self.place.startswith("~")

    @property
    def stream_cursor(self) -> str:
        return self.place[1:]

    def begun_before(self, moment: datetime) -> bool:
        return self.start < millis(moment)

    def asked(self, *, after: timedelta = WIDENING) -> tuple[int, int]:
        """The window widened by three hours before, and by `after` behind its end."""
        return self.start - WIDENING // timedelta(milliseconds=1), self.end + after // timedelta(
            milliseconds=1
        )

    def in_stream(self, cursor: str = "") -> Position:
        return replace(self, place=f"~{cursor}")

    def after_page(self, total: int, size: int) -> Position | None:
        """Where to go on after a page of a window that holds `total` results; None at the end."""
        last = max(total - 1, 0) // size
        to_come = self.page - 1 if self.place else (last if last > 0 else -1)
        return replace(self, place=str(to_come)) if to_come >= 0 else self.next_window()

    def next_window(self) -> Position | None:
        return Position(self.end, self.until) if self.end < self.until else None
