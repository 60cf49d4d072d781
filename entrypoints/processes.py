"""The house as processes: what `invekto up` starts, in order, with embedded servers at need."""

from __future__ import annotations

import gc
import os
import shutil
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from adapters.embedded import Postgres, Valkey
from entrypoints.config import OPERATOR_KEY, data_folder
from entrypoints.up import Process, Supervisor

PORT = 8000
WORKERS = {"worker": ("inbound", "outbound", "background"), "agents": ("agents",)}
"""Which worker process serves which queues."""


@dataclass(frozen=True, slots=True)
class Running:
    """Where everything is, once it is up."""

    supervisor: Supervisor
    url: str
    sandbox: str | None
    operator_key: str
    data: Path


def bring_up(*, sandbox: bool, level: str = "info") -> Running:
    """Start the whole house and return when it is ready; the caller runs or stops it.

    Its processes log what is at least of that `level`, unless INVEKTO_LOG_LEVEL says otherwise.

    DATABASE_URL and REDIS_URL are used where they are set; otherwise servers of our own start in
    the data folder. Call it from the main thread.
    """
    data = data_folder()
    data.mkdir(parents=True, exist_ok=True)
    supervisor = Supervisor()
    env = {"INVEKTO_LOG_LEVEL": os.environ.get("INVEKTO_LOG_LEVEL", level)}
    try:
        env |= _servers(supervisor, data)
        supervisor.launch()
        _load()
        supervisor.start()
        return _house(supervisor, env, data, sandbox=sandbox)
    except BaseException:
        supervisor.stop()
        raise


def _servers(supervisor: Supervisor, data: Path) -> dict[str, str]:
    env = {"INVEKTO_DATA": str(data), "INVEKTO_LOG": os.environ.get("INVEKTO_LOG", "plain")}
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        shared = data / "metrics"
        shutil.rmtree(shared, ignore_errors=True)
        shared.mkdir()
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(shared)  # which is read when it is imported
    if not os.environ.get("DATABASE_URL"):
        database = Postgres(data)
        supervisor.add(database)
        env["DATABASE_URL"] = database.url
    if not os.environ.get("REDIS_URL"):
        redis = Valkey(data)
        supervisor.add(redis)
        env["REDIS_URL"] = redis.url
    return env


def _load() -> None:
    """Import what every process needs while the servers start; the forks share what does not move.

    Not the web framework, which would weigh on those that serve no HTTP.
    """
    gc.disable()  # what is imported stays, so looking for garbage is in vain
    for module in ("entrypoints.sweeper", "entrypoints.worker"):
        import_module(module)
    gc.freeze()
    gc.enable()


def _house(supervisor: Supervisor, env: dict[str, str], data: Path, *, sandbox: bool) -> Running:
    port = _free_port(int(os.environ.get("PORT") or PORT))
    env["PORT"] = str(port)
    vendors = None
    if sandbox:
        vendors_port = _free_port(port + 1)
        vendors = env["INVEKTO_SANDBOX"] = f"http://127.0.0.1:{vendors_port}"
        argv = [sys.executable, "-m", "entrypoints.cli", "sandbox", "--port", str(vendors_port)]
        supervisor.add(Process("sandbox", argv, env, lambda: _answers(f"{vendors}/_health")))
    supervisor.complete(_process("prepare", "cli", env, ["prepare"]))
    for process in _processes(env, port):
        supervisor.add(process)
    supervisor.start()
    key = (data / OPERATOR_KEY).read_text(encoding="ascii").strip()
    return Running(supervisor, f"http://127.0.0.1:{port}", vendors, key, data)


def _processes(env: Mapping[str, str], port: int) -> list[Process]:
    ready = f"http://127.0.0.1:{port}/readyz"
    return [
        _process("web", "web", env, ready=lambda: _answers(ready)),
        _process("sweeper", "sweeper", env),
        *(_process(name, "worker", env, queues) for name, queues in WORKERS.items()),
    ]


def _process(
    name: str,
    module: str,
    env: Mapping[str, str],
    arguments: Sequence[str] = (),
    ready: Callable[[], bool] | None = None,
) -> Process:
    where = f"entrypoints.{module}"

    def main() -> int:
        return int(import_module(where).main(*([arguments] if arguments else ())))

    return Process(name, [sys.executable, "-m", where, *arguments], env, ready, main)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310  our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _free_port(wanted: int) -> int:
    """The wanted port, or any free one when somebody has it."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no port is free on 127.0.0.1")
