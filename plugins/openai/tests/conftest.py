"""The vendor in memory."""

from __future__ import annotations

import pytest

from plugins.openai.sandbox import OpenAiSandbox
from ports.conformance import StillClock


@pytest.fixture
def openai() -> OpenAiSandbox:
    return OpenAiSandbox(StillClock())
