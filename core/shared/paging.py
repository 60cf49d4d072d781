"""Lists that go on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Slice(Generic[T_co]):
    """Some items and the opaque cursor of the next ones; None ends the list."""

    items: Sequence[T_co]
    cursor: str | None
