"""The web process: uvicorn with the house's application.

python -m entrypoints.web
"""

from __future__ import annotations

import sys

import uvicorn

from entrypoints.config import from_environment

GRACE = 10
"""Seconds that requests under way may still take when the process is told to stop."""


def main() -> int:
    config = from_environment()
    uvicorn.run(
        "entrypoints.http.main:app",
        host=config.host,
        port=config.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
