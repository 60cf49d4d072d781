"""Acme: an invented vendor of everything, against which the kit itself is tested."""

from __future__ import annotations

from ports.hooks import hookimpl
from ports.manifest import Manifest


@hookimpl
def invekto_manifest() -> Manifest:
    from acme.manifest import MANIFEST

    return MANIFEST
