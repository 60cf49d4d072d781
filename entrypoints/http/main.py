"""The ASGI application that a server imports: `uvicorn entrypoints.http.main:app`."""

from __future__ import annotations

from entrypoints.bootstrap import build, web
from entrypoints.config import from_environment

app = web(build(from_environment(), part="web"))
