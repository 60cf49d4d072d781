"""Walking a list that a vendor hands out in pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ports.families.marketplace import Page

T = TypeVar("T")

MOST_PAGES = 500


def walk(page_at: Callable[[str | None], Page[T]]) -> list[Page[T]]:
    """Every page up to the end; a cursor that comes back, or no end, is a failure."""
    pages = [page_at(None)]
    seen: set[str] = set()
    while (cursor := pages[-1].cursor) is not None:
        assert cursor not in seen, f"paging does not end: the cursor {cursor!r} came back"
        assert len(pages) < MOST_PAGES, f"paging does not end: {MOST_PAGES} pages"
        seen.add(cursor)
        pages.append(page_at(cursor))
    return pages
