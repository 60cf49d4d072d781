"""Language models that write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol


@dataclass(frozen=True, slots=True)
class Turn:
    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class Completion:
    text: str
    model: str
    """The model that answered, as the vendor names it."""
    usage: Usage
    ended: Literal["stop", "length", "refused"]
    """A refusal is a value: `refused`, with whatever text the model gave."""


class LanguageModel(Protocol):
    def complete(
        self, turns: Sequence[Turn], *, schema: Mapping[str, Any] | None = None, limit: int = 800
    ) -> Completion:
        """Continue the conversation with at most `limit` tokens.

        With a JSON schema the text is meant to be JSON of that shape; the caller still checks.
        Overload is Transient or RateLimited, spent quota and bad keys are AuthRejected. Each call
        may cost money and has no other effect.
        """
