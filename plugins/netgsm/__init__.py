"""Netgsm: SMS to and from Turkish mobile numbers."""

from __future__ import annotations

from ports.hooks import hookimpl
from ports.manifest import Manifest


@hookimpl
def invekto_manifest() -> Manifest:
    from plugins.netgsm.manifest import MANIFEST

    return MANIFEST
