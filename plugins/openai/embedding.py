"""The Embedder port."""

from __future__ import annotations

from collections.abc import Sequence

from plugins.openai.client import Client
from plugins.openai.mapping import batches, dimensions_of, takes_dimensions, to_vectors
from plugins.openai.settings import Settings


class OpenAiEmbedder:
    def __init__(self, client: Client, settings: Settings) -> None:
        """Rejected, naming the setting, when no model is set or its length is not known."""
        self.dimensions = dimensions_of(settings)
        shortens = settings.dimensions and takes_dimensions(settings.embedding_model or "")
        self._options = {"dimensions": self.dimensions} if shortens else {}
        self._client = client

    def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        return [
            vector
            for batch in batches(texts)
            for vector in to_vectors(
                self._client.embeddings(batch, **self._options), len(batch), self.dimensions
            )
        ]
