"""Aras Kargo: where a parcel is, by the carrier's query service."""

from __future__ import annotations

from ports.hooks import hookimpl
from ports.manifest import Manifest


@hookimpl
def invekto_manifest() -> Manifest:
    from plugins.aras.manifest import MANIFEST

    return MANIFEST
