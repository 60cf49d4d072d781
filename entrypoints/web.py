"""The web process: uvicorn with the house's application.

python -m entrypoints.web
"""

from __future__ import annotations

import gc
import signal
import sys

import uvicorn

from entrypoints.config import from_environment

GRACE = 10
"""Seconds that requests under way may still take when the process is told to stop."""


def main() -> int:
    config = from_environment()
    server = uvicorn.Server(
        uvicorn.Config(
            "entrypoints.http.main:app",
            host=config.host,
            port=config.port,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE,
        )
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)  # uvicorn stops, then raises the signal once more
    gc.disable()  # what is loaded stays, so looking for garbage in it is in vain
    server.config.load()
    gc.freeze()
    gc.enable()
    server.run()
    return 0 if server.started else 1


if __name__ == "__main__":
    sys.exit(main())
