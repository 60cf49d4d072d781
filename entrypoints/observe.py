"""Logs and metrics: what an operator sees of the house, and no secret or message in it."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

log = logging.getLogger(__name__)

correlation_id: ContextVar[str | None] = ContextVar("correlation_id", default=None)
"""Names the request or the work at hand, in every line, audit event and turn."""
tenant: ContextVar[str | None] = ContextVar("tenant", default=None)

# --- logs ----------------------------------------------------------------------------------

_SECRETS = re.compile(
    r"ivk_[\w-]+"
    r"|(?i:bearer|basic)\s+[\w.~+/=-]+"
    r"|(?<=/hooks/)[\w-]+"
    r"|(?<=/webhook/)[\w-]+"
    r"|(?<=://)[^\s/@]+(?=@)"
)
"""Keys, the Authorization header, the tokens of webhook addresses, credentials in addresses."""
_HIDDEN = re.compile(r"secret|token|password|key|authorization|cookie|body|text|content", re.I)
"""Extra fields of such a name are not shown, whatever they hold."""
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "taskName",
    "color_message",
}


def scrub(text: str) -> str:
    """The text without what looks like a credential."""
    return _SECRETS.sub("***", text)


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def __init__(self, part: str) -> None:
        super().__init__()
        self._part = part

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, Any] = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "part": self._part,
            "logger": record.name,
            "message": record.getMessage(),
            "correlation_id": correlation_id.get(),
            "tenant": tenant.get(),
            **_extra(record),
        }
        if record.exc_info and record.exc_info[1]:
            said |= _error(record.exc_info[1])
        return scrub(json.dumps(said, ensure_ascii=False, default=str))


class PlainLines(logging.Formatter):
    """For a person at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        extra = " ".join(f"{name}={value}" for name, value in _extra(record).items())
        line = f"{record.levelname.lower():<8}{record.name}: {record.getMessage()} {extra}".rstrip()
        if record.exc_info and record.exc_info[1]:
            told = _error(record.exc_info[1])
            line += "\n  " + "\n  ".join([told["error"], *told["frames"]])
        return scrub(line)


def set_up_logging(part: str, log_format: str, level: str = "info") -> None:
    """Send it to standard output, as `json` or `plain`; `part` names the process."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(PlainLines() if log_format == "plain" else JsonLines(part))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    hush()


QUIET = {
    "connexion": logging.ERROR,  # its warnings repeat what was sent
    "httpx": logging.WARNING,  # it tells whole addresses
    "httpcore": logging.WARNING,
    "uvicorn.access": logging.WARNING,
    "rq.worker": logging.WARNING,
}
"""Loggers of others that say too much, and what may still be heard of them."""


def hush() -> None:
    for name, level in QUIET.items():
        logging.getLogger(name).setLevel(level)


def began(correlation: str | None) -> None:
    """From now on log lines belong to this work."""
    correlation_id.set(correlation)


def failed(error: Exception) -> None:
    """An error that is nobody's plan: logged with its frames, and counted."""
    FAILURES.labels(type(error).__name__).inc()
    log.error("something failed", exc_info=error)


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    extra = {k: v for k, v in vars(record).items() if k not in _STANDARD}
    return {k: "***" if _HIDDEN.search(k) else _plain(v) for k, v in extra.items()}


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _error(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)
    first_line = str(error).partition("\n")[0][:300]
    return {
        "error": f"{type(error).__name__}: {first_line}",
        "causes": [type(cause).__name__ for cause in _causes(error)],
        "frames": [f"{f.filename}:{f.lineno} {f.name}" for f in frames[-12:]],
    }


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause = error.__cause__ or error.__context__
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


# --- metrics -------------------------------------------------------------------------------

REGISTRY = CollectorRegistry()
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

REQUESTS = Histogram(
    "invekto_http_seconds",
    "Requests answered",
    ["operation", "status"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
WEBHOOKS = Counter(
    "invekto_webhooks",
    "Deliveries at the webhook door",
    ["plugin", "outcome"],
    registry=REGISTRY,
)
VENDOR_CALLS = Histogram(
    "invekto_vendor_seconds",
    "Calls to vendors",
    ["plugin", "host", "outcome"],
    buckets=(*_SECONDS, 30.0, 60.0),
    registry=REGISTRY,
)
TURNS = Counter("invekto_turns", "Turns of the agent", ["outcome"], registry=REGISTRY)
SIGN_INS = Counter(
    "invekto_sign_ins",
    "Steps of people on their way in, and refusals",
    ["outcome"],
    registry=REGISTRY,
)
FAILURES = Counter("invekto_failures", "Errors that nobody planned", ["kind"], registry=REGISTRY)


class VendorCall(Protocol):
    """What the metrics see of a call to a vendor."""

    @property
    def plugin(self) -> str: ...

    @property
    def host(self) -> str: ...

    @property
    def outcome(self) -> str: ...

    @property
    def seconds(self) -> float: ...


def vendor_called(call: VendorCall) -> None:
    VENDOR_CALLS.labels(call.plugin, call.host, str(call.outcome)).observe(call.seconds)


def turn_taken(outcome: str) -> None:
    TURNS.labels(outcome).inc()


def sign_in(outcome: str) -> None:
    """`signed_in`, another step's name, or the kind of a refusal."""
    SIGN_INS.labels(outcome).inc()


@dataclass(frozen=True, slots=True)
class QueueStanding:
    depth: int
    oldest_seconds: float
    """How long the first in it waits."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How much waits, at this moment, over all tenants."""

    inbox: Mapping[str, int] = field(default_factory=dict)
    """By state of the entry."""
    outbox: Mapping[str, int] = field(default_factory=dict)
    """By state of the row."""
    queues: Mapping[str, QueueStanding] = field(default_factory=dict)


class _Gauges(Collector):
    def __init__(self, standing: Standing) -> None:
        self._standing = standing

    def collect(self) -> Iterator[Metric]:
        for name, counts in (("inbox", self._standing.inbox), ("outbox", self._standing.outbox)):
            rows = _gauge(f"invekto_{name}_rows", f"Rows of the {name}", "state")
            for state, count in counts.items():
                rows.add_metric([state], count)
            yield rows
        depth = _gauge("invekto_queue_jobs", "Jobs that wait", "queue")
        age = _gauge("invekto_queue_oldest_seconds", "How long the first of them waits", "queue")
        for queue, standing in self._standing.queues.items():
            depth.add_metric([queue], standing.depth)
            age.add_metric([queue], standing.oldest_seconds)
        yield from (depth, age)


def _gauge(name: str, help: str, label: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, help, labels=[label])


def _counters() -> CollectorRegistry:
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return REGISTRY
    everybody = CollectorRegistry()
    MultiProcessCollector(everybody)  # type: ignore[no-untyped-call]
    return everybody


def metrics(standing: Callable[[], Standing]) -> bytes:
    """Everything, in Prometheus' text format. What cannot be counted now is left out and logged.

    Counters of the machine's other processes are in it where all share PROMETHEUS_MULTIPROC_DIR.
    """
    shown = generate_latest(_counters())
    try:
        registry = CollectorRegistry()
        registry.register(_Gauges(standing()))
    except Exception as error:  # the database or Redis is away; the counters still tell
        failed(error)
        return shown
    return shown + generate_latest(registry)
