"""The house as processes: what `invekto up` starts, in order, with embedded servers at need."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
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
    env |= _servers(supervisor, data)
    try:
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
        env["PROMETHEUS_MULTIPROC_DIR"] = str(shared)
    if not os.environ.get("DATABASE_URL"):
        database = Postgres(data)
        supervisor.add(database)
        env["DATABASE_URL"] = database.url
    if not os.environ.get("REDIS_URL"):
        redis = Valkey(data)
        supervisor.add(redis)
        env["REDIS_URL"] = redis.url
    supervisor.start()
    return env


def _house(supervisor: Supervisor, env: dict[str, str], data: Path, *, sandbox: bool) -> Running:
    port = _free_port(int(os.environ.get("PORT") or PORT))
    env["PORT"] = str(port)
    vendors = None
    if sandbox:
        vendors_port = _free_port(port + 1)
        vendors = env["INVEKTO_SANDBOX"] = f"http://127.0.0.1:{vendors_port}"
        argv = [sys.executable, "-m", "entrypoints.cli", "sandbox", "--port", str(vendors_port)]
        supervisor.add(Process("sandbox", argv, env, lambda: _answers(f"{vendors}/_health")))
    _prepare(env)
    for process in _processes(env, port):
        supervisor.add(process)
    supervisor.start()
    key = (data / OPERATOR_KEY).read_text(encoding="ascii").strip()
    return Running(supervisor, f"http://127.0.0.1:{port}", vendors, key, data)


def _prepare(env: Mapping[str, str]) -> None:
    """Migrate, and found the operator. In a child: we stay small, for we stay."""
    argv = [sys.executable, "-m", "entrypoints.cli", "prepare"]
    subprocess.run(argv, env={**os.environ, **env}, check=True)


def _processes(env: Mapping[str, str], port: int) -> list[Process]:
    web = [sys.executable, "-m", "entrypoints.web"]
    ready = f"http://127.0.0.1:{port}/readyz"
    workers = [
        Process(name, [sys.executable, "-m", "entrypoints.worker", *queues], dict(env))
        for name, queues in WORKERS.items()
    ]
    sweeper = Process("sweeper", [sys.executable, "-m", "entrypoints.sweeper"], dict(env))
    return [Process("web", web, dict(env), lambda: _answers(ready)), sweeper, *workers]


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
