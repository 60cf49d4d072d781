"""OpenAI, and every server that speaks its protocol: writing and vectors."""

from __future__ import annotations

from ports.hooks import hookimpl
from ports.manifest import Manifest


@hookimpl
def invekto_manifest() -> Manifest:
    from plugins.openai.manifest import MANIFEST

    return MANIFEST
