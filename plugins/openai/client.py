"""OpenAI's protocol through OpenAI's library: which call, what came back, what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import httpx2
from openai import APIStatusError, OpenAI

from plugins.openai.mapping import to_messages, to_refusal
from plugins.openai.settings import Settings, host
from plugins.openai.wire import TIMEOUT, HouseTransport
from ports.errors import ContractBroken, Rejected, VendorError
from ports.families.llm import Turn
from ports.manifest import Account, Context
from ports.wild import Wild

_KNOCK = 16
"""Tokens of the completion that proves a model; reasoning models refuse to stop after one."""


class _Raw(Protocol):
    @property
    def content(self) -> bytes: ...


class Client:
    """The library reads answers leniently (missing members are None, a page is a str), so its
    answers are taken raw and read as wild data."""

    def __init__(self, context: Context) -> None:
        self._settings: Settings = context.settings
        self._clock = context.clock
        self._openai = _library(context)

    def chat(self, messages: list[Any], limit: int, **options: Any) -> Wild:
        """POST /chat/completions."""
        create = self._openai.chat.completions.with_raw_response.create
        return self._ask(
            lambda: create(
                model=self._settings.model,
                messages=messages,
                extra_body={self._settings.limit_parameter: limit},
                **options,
            )
        )

    def embeddings(self, texts: list[str], **options: Any) -> Wild:
        """POST /embeddings; the library asks for base64 by itself."""
        create = self._openai.embeddings.with_raw_response.create
        model = self._settings.embedding_model or ""
        return self._ask(lambda: create(model=model, input=texts, **options))

    def check(self) -> Account:
        """A listed model proves key and model for nothing; else a tiny completion decides.

        Many compatible servers list no models, and keys may be forbidden to look.
        """
        if not self._lists_the_model():
            self.chat(to_messages([Turn("user", "ping")]), _KNOCK)
        where = host(self._settings)
        return Account(f"{where}/{self._settings.model}", f"{self._settings.model} ({where})")

    def _lists_the_model(self) -> bool:
        try:
            listed = self._ask(self._openai.models.with_raw_response.list)
            return any(m["id"].text() == self._settings.model for m in listed["data"].each())
        except (Rejected, ContractBroken):
            return False

    def _ask(self, call: Callable[[], _Raw]) -> Wild:
        try:
            answer = call()
        except APIStatusError as error:
            raise self._refusal(error) from None
        return Wild.parse(answer.content)

    def _refusal(self, error: APIStatusError) -> VendorError:
        said: Mapping[str, object] = error.body if isinstance(error.body, dict) else {}
        words = str(said.get("message") or f"HTTP {error.status_code}")[:300]
        return to_refusal(
            error.status_code,
            error.code or error.type,
            error.param,
            words.replace(self._settings.api_key.reveal(), "***"),
            error.response.headers,
            self._clock.now(),
        )


def _library(context: Context) -> OpenAI:
    """The library with nothing left to its environment, and without its own retries."""
    settings: Settings = context.settings
    key = settings.api_key.reveal()
    library = OpenAI(
        api_key=key,
        default_headers={"Authorization": f"Bearer {key}"},  # else OPENAI_CUSTOM_HEADERS may win
        base_url=settings.base_url,
        timeout=TIMEOUT,
        max_retries=0,
        http_client=httpx2.Client(
            transport=HouseTransport(context.transport), follow_redirects=False
        ),
    )
    # None given to the constructor means "look into OPENAI_ORG_ID, OPENAI_PROJECT_ID, …"
    library.organization = settings.organization
    library.project = settings.project
    library.admin_api_key = None
    return library
