"""OpenAI's protocol in memory: chat completions, embeddings, models, and their ways to fail.

Commands of control(): `answer`, `script`, `mode`, `key`, `model`, `asked`; their arguments stand at
the methods of the same names.
"""

from __future__ import annotations

import base64
import json
import struct
from collections import deque
from collections.abc import Mapping
from typing import Any

from plugins.openai import pretend
from plugins.openai.mapping import NATIVE_DIMENSIONS, is_closed
from plugins.openai.settings import OPENAI, Settings, host
from ports import sandbox as ports_sandbox
from ports.clock import Clock
from ports.http import Request, Response
from ports.settings import example

Json = dict[str, Any]

REFUSALS: Mapping[str, tuple[int, str, str]] = {
    "context_too_long": (400, "invalid_request_error", "context_length_exceeded"),
    "bad_key": (401, "invalid_request_error", "invalid_api_key"),
    "forbidden": (403, "invalid_request_error", "unsupported_country_region_territory"),
    "unknown_model": (404, "invalid_request_error", "model_not_found"),
    "rate_limited": (429, "requests", "rate_limit_exceeded"),
    "quota": (429, "insufficient_quota", "insufficient_quota"),
    "server_error": (500, "server_error", ""),
    "overloaded": (503, "server_error", ""),
}
"""Modes that answer an error: status, type, code."""

PAGES = {"bad_gateway": 502, "html": 200}
"""Modes that answer a page."""

SHAPES = frozenset({"truncated", "refusal", "content_filter", "off_schema", "no_choices", "floats"})
"""Modes that spoil an answer of status 200."""


class OpenAiSandbox:
    """Opens with the key and the models of the settings' examples."""

    def __init__(self, clock: Clock) -> None:
        self.faults = ports_sandbox.Faults()
        self.deliveries = ports_sandbox.Deliveries()
        self._clock = clock
        demo: Settings = example(Settings)
        self.hosts = frozenset({host(demo)})
        self._keys = {demo.api_key.reveal()}
        self._models = {demo.model, *NATIVE_DIMENSIONS}
        self._answers: deque[Json] = deque()
        self._scripts: list[tuple[str, Json]] = []
        self._modes: deque[tuple[str, str | None]] = deque()
        self._asked: list[Json] = []
        self._requests = 0
        self._commands = {
            command.__name__: command
            for command in (
                self.answer, self.script, self.mode, self.key, self.model, self.asked
            )
        }  # fmt: skip

    def handle(self, request: Request) -> Response:
        return ports_sandbox.answer(
            self, request, handle=self._handle,
            rate_limited=lambda: self._refused("rate_limited", "20"),
        )  # fmt: skip

    def control(self, command: str, **arguments: Any) -> Any:
        if command not in self._commands:
            raise ValueError(f"unknown command {command!r}; known: {', '.join(self._commands)}")
        try:
            return self._commands[command](**arguments)
        except TypeError as error:
            raise ValueError(f"{command}: {error}") from None

    # what is ordered

    def answer(self, text: Any = "", refusal: str | None = None, finish: str = "stop") -> None:
        """Say this next, whatever is asked; several wait in a queue. Not text means JSON."""
        self._answers.append(_told(text, refusal, finish))

    def script(
        self, contains: str, text: Any = "", refusal: str | None = None, finish: str = "stop"
    ) -> None:
        """Say this whenever the user's last message contains the words; the newest script wins."""
        self._scripts.insert(0, (contains.casefold(), _told(text, refusal, finish)))

    def mode(self, name: str, times: int = 1, retry_after: str | None = None) -> None:
        """Fail the next `times` requests in this way."""
        known = {*REFUSALS, *PAGES, *SHAPES}
        if name not in known:
            raise ValueError(f"unknown mode {name!r}; known: {', '.join(sorted(known))}")
        self._modes.extend([(name, retry_after)] * times)

    def key(self, api_key: str) -> None:
        """Accept one more key."""
        self._keys.add(api_key)

    def model(self, name: str) -> None:
        """Offer one more model."""
        self._models.add(name)

    def asked(self) -> list[Json]:
        """The bodies that came, oldest first."""
        return list(self._asked)

    # the service

    def _handle(self, request: Request) -> Response:
        self._requests += 1
        mode, retry_after = self._modes.popleft() if self._modes else ("", None)
        if mode in PAGES:
            return Response(PAGES[mode], {"content-type": "text/html"}, b"<html>oops</html>")
        if mode in REFUSALS:
            return self._refused(mode, retry_after)
        if _bearer(request) not in self._keys:
            return self._refused("bad_key")
        path = request.url.removeprefix(OPENAI)
        if (request.method, path) == ("GET", "/models"):
            return self._ok({"object": "list", "data": [_model(m) for m in sorted(self._models)]})
        routes = {"/chat/completions": self._chat, "/embeddings": self._embeddings}
        if request.method != "POST" or path not in routes:
            return self._error(404, f"Unknown request URL: {request.method} {path}")
        try:
            body: Json = json.loads(request.body or b"")
        except ValueError:
            return self._error(400, "We could not parse the JSON body of your request.")
        if body.get("model") not in self._models:
            return self._refused("unknown_model")
        self._asked.append(body)
        return routes[path](body, mode)

    def _chat(self, body: Json, mode: str) -> Response:
        messages = body.get("messages")
        if not messages:
            return self._error(400, "'messages' is too short.", "messages")
        form = body.get("response_format", {}).get("json_schema", {})
        if form.get("strict") and not is_closed(form["schema"]):
            return self._error(400, "Invalid schema for response_format.", "response_format")
        said = self._said(str(messages[-1]["content"]), form.get("schema"), mode)
        limit = body.get("max_completion_tokens") or body.get("max_tokens") or 4096
        content, finish = said["content"], said["finish_reason"]
        if content is not None and (mode == "truncated" or pretend.tokens(content) > limit):
            content, finish = content[: min(limit * 4, max(1, len(content) // 2))], "length"
        message = {"role": "assistant", "content": content, "refusal": said["refusal"]}
        choice = {"index": 0, "finish_reason": finish, "logprobs": None, "message": message}
        return self._ok({
            "id": f"chatcmpl-{self._requests}",
            "object": "chat.completion",
            "created": int(self._clock.now().timestamp()),
            "model": f"{body['model']}-sandbox",
            "choices": [] if mode == "no_choices" else [choice],
            "usage": _usage("".join(str(m["content"]) for m in messages), content or ""),
        })  # fmt: skip

    def _said(self, last: str, schema: Json | None, mode: str) -> Json:
        if mode == "refusal":
            return _told("", "I cannot help with that.", "stop")
        if mode == "content_filter":
            return _told("", None, "content_filter")
        if mode == "off_schema":
            return _told({"unexpected": True}, None, "stop")
        if self._answers:
            return self._answers.popleft()
        fits = (told for words, told in self._scripts if words in last.casefold())
        default = pretend.instance(schema, last) if schema else f"Sandbox: {last}"
        return next(fits, _told(default, None, "stop"))

    def _embeddings(self, body: Json, mode: str) -> Response:
        given = body.get("input")
        texts = [given] if isinstance(given, str) else given
        if not texts or len(texts) > 2048 or "" in texts:
            return self._error(400, "'$.input' is invalid.", "input")
        native = NATIVE_DIMENSIONS.get(body["model"], 1536)
        if "dimensions" in body and body["model"] == "text-embedding-ada-002":
            return self._error(400, "This model does not support dimensions.", "dimensions")
        plain = body.get("encoding_format") != "base64" or mode == "floats"
        vectors = [pretend.vector(t, min(body.get("dimensions", native), native)) for t in texts]
        data = [
            {"object": "embedding", "index": i, "embedding": v if plain else _base64(v)}
            for i, v in enumerate(vectors)
        ]
        used = sum(map(pretend.tokens, texts))
        usage = {"prompt_tokens": used, "total_tokens": used}
        return self._ok({"object": "list", "model": body["model"], "data": data, "usage": usage})

    # answers

    def _refused(self, mode: str, retry_after: str | None = None) -> Response:
        status, kind, code = REFUSALS[mode]
        words = f"Sandbox: {mode.replace('_', ' ')}."
        headers = {"retry-after": retry_after} if retry_after else {}
        error = {"message": words, "type": kind, "param": None, "code": code or None}
        return self._json(status, {"error": error}, headers)

    def _error(self, status: int, words: str, param: str | None = None) -> Response:
        error = {"message": words, "type": "invalid_request_error", "param": param, "code": None}
        return self._json(status, {"error": error})

    def _ok(self, body: Json) -> Response:
        return self._json(200, body)

    def _json(self, status: int, body: Json, headers: Mapping[str, str] = {}) -> Response:
        named = {"content-type": "application/json", "x-request-id": f"req_{self._requests}"}
        return Response(status, named | dict(headers), json.dumps(body).encode())


def _told(text: Any, refusal: str | None, finish: str) -> Json:
    words = text if isinstance(text, str) else json.dumps(text, ensure_ascii=False)
    empty = refusal is not None or finish == "content_filter"
    return {"content": None if empty else words, "refusal": refusal, "finish_reason": finish}


def _bearer(request: Request) -> str:
    named = {name.lower(): value for name, value in request.headers.items()}
    return named.get("authorization", "").removeprefix("Bearer ")


def _model(name: str) -> Json:
    return {"id": name, "object": "model", "created": 1767225600, "owned_by": "sandbox"}


def _usage(prompt: str, completion: str) -> Json:
    asked, said = pretend.tokens(prompt), pretend.tokens(completion)
    return {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}


def _base64(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
