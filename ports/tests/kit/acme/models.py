from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from acme.client import AcmeClient
from ports.families.llm import Completion, Turn, Usage
from ports.families.understanding import Guess, Reading
from ports.manifest import Context


class AcmeModel:
    def __init__(self, context: Context) -> None:
        self.client = AcmeClient(context)

    def complete(
        self, turns: Sequence[Turn], *, schema: Mapping[str, Any] | None = None, limit: int = 800
    ) -> Completion:
        said = self.client.ask("/complete", {"text": turns[-1].text, "limit": limit})
        used = Usage(said["in"].integer(), said["out"].integer())
        ended = said["ended"].text()
        return Completion(
            said["text"].text(), "acme-1", used, "refused" if ended == "refused" else "stop"
        )


class AcmeEmbedder:
    dimensions = 8

    def __init__(self, context: Context) -> None:
        self.client = AcmeClient(context)

    def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        if not texts:
            return []
        said = self.client.ask("/embed", {"texts": list(texts)})
        return [self.unit([float(n.decimal()) for n in v.each()]) for v in said.each()]

    def unit(self, vector: list[float]) -> list[float]:
        length = math.hypot(*vector)
        return [n / length for n in vector]


class AcmeUnderstanding:
    def __init__(self, context: Context) -> None:
        pass

    def read(self, text: str, examples: Mapping[str, Sequence[str]] = {}) -> Reading:
        words = set(text.lower().split())
        own = [
            Guess(name, 0.9)
            for name, samples in examples.items()
            if words & set(" ".join(samples).split())
        ]
        rest = [Guess("order_status", 0.3), Guess("return", 0.2), Guess("greeting", 0.1)]
        return Reading(self.language(text), tuple(own + rest), "acme-words-1")

    def language(self, text: str) -> str:
        if "order" in text:
            return "en"
        return "tr" if "ş" in text else "und"
