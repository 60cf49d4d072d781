"""Tortoise Express: the hook, and nothing else."""

from __future__ import annotations

from ports.hooks import hookimpl
from ports.manifest import Manifest


@hookimpl
def invekto_manifest() -> Manifest:
    from invekto_plugin_tortoise.manifest import MANIFEST

    return MANIFEST
