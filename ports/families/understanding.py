"""Reading what a customer wants, without writing anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Guess:
    intent: str
    confidence: float
    """Calibrated: of a hundred guesses at 0.8 about eighty are right."""


@dataclass(frozen=True, slots=True)
class Reading:
    language: str
    """`tr`, `en`, or `und` when it cannot be told."""
    guesses: tuple[Guess, ...]
    """Most likely first, at least three. Several wishes in one message are several high guesses,
    so confidences need not sum to one."""
    model: str
    """Name and version of what read it."""


class Understanding(Protocol):
    def read(self, text: str, examples: Mapping[str, Sequence[str]] = {}) -> Reading:
        """Say language and intents; never raises for any text, the same text reads the same.

        `examples` names the tenant's own intents, each with sample utterances; they stand beside
        the built-in taxonomy for this call.
        """
