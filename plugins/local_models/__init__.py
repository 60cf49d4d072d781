"""The built-in reader: what a customer wants, told on this machine and without calling anybody."""

from __future__ import annotations

from ports.hooks import hookimpl
from ports.manifest import Manifest


@hookimpl
def invekto_manifest() -> Manifest:
    from plugins.local_models.manifest import MANIFEST

    return MANIFEST
