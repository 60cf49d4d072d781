"""Trendyol Marketplace: orders, returns, product questions, and what it posts about orders."""

from __future__ import annotations

from ports.hooks import hookimpl
from ports.manifest import Manifest


@hookimpl
def invekto_manifest() -> Manifest:
    from plugins.trendyol.manifest import MANIFEST

    return MANIFEST
