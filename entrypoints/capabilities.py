"""What a plugin can do, found by building it once without a way out."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from ports.errors import Rejected
from ports.http import Request, Response
from ports.manifest import Context, Manifest
from ports.powers import PORTS, powers_of
from ports.settings import example

log = logging.getLogger(__name__)


class _NoTransport:
    def send(self, request: Request) -> Response:
        raise Rejected(f"listing a plugin calls nobody, not even {request.url}")


class _Now:
    def now(self) -> datetime:
        return datetime.now(UTC)


def capabilities(manifest: Manifest) -> tuple[str, ...]:
    """The families, then `webhooks` and `app_webhooks`, then the optional powers by class name.

    Powers are methods of what the factories build, so each factory is called once, with the
    example settings and a transport that refuses everything. A factory that fails then (a library
    that is not installed) leaves its powers out and is logged.
    """
    doors = tuple(name for name in PORTS if getattr(manifest, name) is not None)
    powers = (power for name in doors for power in _powers(manifest, name))
    return (*doors, *dict.fromkeys(powers))


def _powers(manifest: Manifest, name: str) -> tuple[str, ...]:
    kind = manifest.app_settings if name == "app_webhooks" else manifest.settings
    try:
        with TemporaryDirectory() as cache:
            context = Context(
                example(kind or manifest.settings), _NoTransport(), _Now(), Path(cache)
            )
            port = getattr(manifest, name)(context)
            return tuple(power.__name__ for power in powers_of(name, port))
    except Exception:  # a plugin's factory: anything may come out
        log.exception("the %s of %s cannot be built", name, manifest.id)
        return ()
