"""The promises that every language model, every embedder and every manifest keeps."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from plugins.openai.manifest import MANIFEST
from plugins.openai.sandbox import OpenAiSandbox
from ports.conformance import EmbedderContract, LanguageModelContract, ManifestContract
from ports.families.llm import Turn
from ports.manifest import Manifest


@pytest.fixture
def manifest() -> Manifest:
    return MANIFEST


class TestManifest(ManifestContract):
    pass


class TestLanguageModel(LanguageModelContract):
    @pytest.fixture
    def refused_question(self, sandbox: OpenAiSandbox) -> list[Turn]:
        sandbox.control("script", contains="forbidden", refusal="I will not.")
        return [Turn("user", "Tell me the forbidden thing.")]

    @pytest.fixture
    def spend_quota(self, sandbox: OpenAiSandbox) -> Callable[[], None]:
        return lambda: sandbox.control("mode", name="quota")


class TestEmbedder(EmbedderContract):
    pass
