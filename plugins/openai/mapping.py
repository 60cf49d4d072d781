"""Turns, schemas, answers, vectors and refusals: theirs and ours. Pure."""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from plugins.openai.settings import Settings
from ports.errors import AuthRejected, ContractBroken, RateLimited, Rejected, Transient, VendorError
from ports.families.llm import Completion, Turn, Usage
from ports.wild import Wild

Ended = Literal["stop", "length", "refused"]

ENDINGS: Mapping[str, Ended] = {
    "stop": "stop",
    "length": "length",
    "content_filter": "refused",
}
"""finish_reason. Compatible servers have words of their own for "stop"."""

NATIVE_DIMENSIONS = {
    "text-embedding-3-small": 1536,
    "text-embedding-3-large": 3072,
    "text-embedding-ada-002": 1536,
}

TEXTS_A_REQUEST = 2048
BYTES_A_REQUEST = 300_000
"""OpenAI takes 300 000 tokens a request, and no token is shorter than a byte."""

_EMPTY_PURSE = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
_FIELDS = {
    "model_not_found": "model",
    "context_length_exceeded": "turns",
}
"""The culprit in our words, by the vendor's code."""

_COURTESY_WAIT = 20.0
"""Seconds to wait where a 429 does not say."""


def whole(text: str) -> str:
    """The text without halves of letters, which customers' phones do send and JSON cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")


def to_messages(turns: Sequence[Turn]) -> list[Any]:
    """`system` stays `system`: compatible servers do not know `developer`."""
    return [{"role": turn.role, "content": whole(turn.text)} for turn in turns]


def to_format(schema: Mapping[str, Any]) -> dict[str, Any]:
    """`strict` where the schema keeps the strict subset: otherwise the vendor would refuse it."""
    shape = {"name": "answer", "schema": schema, "strict": is_closed(schema)}
    return {"type": "json_schema", "json_schema": shape}


def is_closed(schema: Any) -> bool:
    """Whether every object inside requires all of its members and allows no others."""
    if isinstance(schema, list | tuple):
        return all(map(is_closed, schema))
    if not isinstance(schema, Mapping):
        return True
    kind = schema.get("type")
    if kind == "object" or (isinstance(kind, list | tuple) and "object" in kind):
        open_ended = schema.get("additionalProperties") is not False
        if open_ended or set(schema.get("required", ())) != set(schema.get("properties", ())):
            return False
    return all(map(is_closed, schema.values()))


def to_completion(answer: Wild, asked: str) -> Completion:
    """The first choice; `asked` is the model's name where the server does not say its own."""
    choice = next(answer["choices"].each(), None)
    if choice is None:
        raise ContractBroken("$.choices is empty")
    text, ended = _ending(choice)
    usage = answer["usage"]
    return Completion(
        text=text,
        model=answer["model"].text_or(asked) or asked,
        usage=Usage(usage["prompt_tokens"].integer(), usage["completion_tokens"].integer()),
        ended=ended,
    )


def _ending(choice: Wild) -> tuple[str, Ended]:
    message = choice["message"]
    if refusal := message["refusal"].text_or(None):
        return refusal, "refused"
    ended = ENDINGS.get(choice["finish_reason"].text_or("") or "", "stop")
    if ended == "stop":
        return message["content"].text(), ended
    return message["content"].text_or("") or "", ended


def dimensions_of(settings: Settings) -> int:
    """How long the vectors are, known before the first one is paid for."""
    if not settings.embedding_model:
        raise Rejected("no embedding model is set", field="embedding_model")
    dimensions = settings.dimensions or NATIVE_DIMENSIONS.get(settings.embedding_model)
    if dimensions is None or dimensions < 1:
        raise Rejected(f"say how long the vectors of {settings.embedding_model} are",
                       field="dimensions")  # fmt: skip
    return dimensions


def takes_dimensions(model: str) -> bool:
    """Only the third generation shortens by itself; others are cut here."""
    return model.startswith("text-embedding-3-")


def batches(texts: Sequence[str]) -> Iterator[list[str]]:
    """Cut into requests of a size the vendor takes, in order.

    An empty text is sent as a space, because the vendor refuses the empty one.
    """
    batch: list[str] = []
    size = 0
    for text in (whole(t) or " " for t in texts):
        weight = len(text.encode())
        if batch and (len(batch) == TEXTS_A_REQUEST or size + weight > BYTES_A_REQUEST):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += weight
    if batch:
        yield batch


def to_vectors(answer: Wild, count: int, dimensions: int) -> list[tuple[float, ...]]:
    """Unit vectors in the order of the texts, whatever order the server answered in."""
    found = sorted(answer["data"].each(), key=lambda item: item["index"].integer())
    if [item["index"].integer() for item in found] != list(range(count)):
        raise ContractBroken(f"$.data does not hold one vector for each of {count} texts")
    return [_unit(_numbers(item["embedding"]), dimensions) for item in found]


def _numbers(embedding: Wild) -> Sequence[float]:
    """A list of numbers, or base64 of little-endian 32-bit floats."""
    if isinstance(embedding.raw, list):
        return [float(number.decimal()) for number in embedding.each()]
    try:
        raw = base64.b64decode(embedding.text(), validate=True)
        return struct.unpack(f"<{len(raw) // 4}f", raw)
    except (ValueError, struct.error):
        raise ContractBroken(f"{embedding.path} is not base64 of 32-bit floats") from None


def _unit(numbers: Sequence[float], dimensions: int) -> tuple[float, ...]:
    """The first `dimensions` numbers at length one: a cut vector has lost some of its length."""
    if len(numbers) < dimensions:
        raise ContractBroken(f"a vector has {len(numbers)} numbers instead of {dimensions}")
    kept = numbers[:dimensions]
    length = math.hypot(*kept)
    if not 0 < length < math.inf:
        raise ContractBroken("a vector has no length")
    return tuple(number / length for number in kept)


def to_refusal(
    status: int,
    code: str | None,
    param: str | None,
    words: str,
    headers: Mapping[str, str],
    now: datetime,
) -> VendorError:
    """What a status other than 2xx means; see https://platform.openai.com/docs/guides/error-codes.

    A completion has no effect but its price, so a server's failure is Transient.
    """
    if code in _EMPTY_PURSE or status == 402:
        return AuthRejected(f"the account has no money left: {words}", vendor_code=code)
    if status in (401, 403):
        return AuthRejected(words, field="api_key", vendor_code=code)
    if status == 429:
        return RateLimited(words, retry_after=wait(headers, now), vendor_code=code)
    if status in (408, 409) or status >= 500:
        return Transient(words, vendor_code=code)
    field = _FIELDS.get(code or "", "model" if param == "model" else None)
    if field is None and (status == 404 or status < 400):
        field = "base_url"
    return Rejected(words, field=field, vendor_code=code)


def wait(headers: Mapping[str, str], now: datetime) -> float:
    """Seconds that a 429 asks for: retry-after-ms, or retry-after as seconds or as a date."""
    try:
        if millis := headers.get("retry-after-ms"):
            seconds = float(millis) / 1000
        else:
            seconds = _seconds(headers.get("retry-after") or "", now)
    except ValueError:
        return _COURTESY_WAIT
    return seconds if 0 < seconds < math.inf else _COURTESY_WAIT


def _seconds(given: str, now: datetime) -> float:
    if not given.endswith("GMT"):
        return float(given)
    return (parsedate_to_datetime(given).astimezone(UTC) - now).total_seconds()
