"""WhatsApp Business Platform (Meta Cloud API)."""

from __future__ import annotations

from plugins.whatsapp.manifest import MANIFEST
from ports.hooks import hookimpl
from ports.manifest import Manifest


@hookimpl
def invekto_manifest() -> Manifest:
    return MANIFEST
