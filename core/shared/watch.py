"""Telling whoever watches which work is at hand, so that its log lines can be found together."""

from __future__ import annotations

from collections.abc import Callable

Began = Callable[[str | None], None]
"""Told the correlation id of the work that begins."""


def unwatched(_correlation_id: str | None) -> None:
    """Nobody watches."""
