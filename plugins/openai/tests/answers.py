"""Single answers, replayed through the real library: for shapes the sandbox does not take."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from plugins.openai.client import Client
from plugins.openai.embedding import OpenAiEmbedder
from plugins.openai.llm import OpenAiLanguageModel
from plugins.openai.settings import Settings
from ports.conformance import StillClock
from ports.http import Request, Response, Transport
from ports.manifest import Context
from ports.settings import example

FIXTURES = Path(__file__).parent.parent / "fixtures"
SETTINGS: Settings = example(Settings)
JSON = {"content-type": "application/json"}


class Replay:
    """A Transport that gives one answer for ever and remembers what was asked."""

    def __init__(self, answer: Response) -> None:
        self._answer = answer
        self.requests: list[Request] = []

    def send(self, request: Request) -> Response:
        self.requests.append(request)
        return self._answer


def fixture(name: str, status: int = 200, **headers: str) -> Response:
    body = (FIXTURES / f"{name}__from_docs.json").read_bytes()
    return Response(status, JSON | {k.replace("_", "-"): v for k, v in headers.items()}, body)


def context(transport: Transport, **changes: Any) -> Context:
    settings = dataclasses.replace(SETTINGS, **changes)
    return Context(settings, transport, StillClock(), Path())


def client(transport: Transport, **changes: Any) -> Client:
    return Client(context(transport, **changes))


def llm(transport: Transport, **changes: Any) -> OpenAiLanguageModel:
    built = context(transport, **changes)
    return OpenAiLanguageModel(Client(built), built.settings)


def embedder(transport: Transport, **changes: Any) -> OpenAiEmbedder:
    built = context(transport, **changes)
    return OpenAiEmbedder(Client(built), built.settings)
