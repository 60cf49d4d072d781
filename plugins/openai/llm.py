"""The LanguageModel port."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from plugins.openai.client import Client
from plugins.openai.mapping import to_completion, to_format, to_messages
from plugins.openai.settings import Settings
from ports.families.llm import Completion, Turn


class OpenAiLanguageModel:
    """Chat completions: the one way to write that compatible servers share with OpenAI."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client = client
        self._model = settings.model

    def complete(
        self, turns: Sequence[Turn], *, schema: Mapping[str, Any] | None = None, limit: int = 800
    ) -> Completion:
        options = {"response_format": to_format(schema)} if schema else {}
        return to_completion(self._client.chat(to_messages(turns), limit, **options), self._model)
