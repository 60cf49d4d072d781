"""The one door. A plugin answers one hook with its manifest; after that, typed objects only."""

from __future__ import annotations

import pluggy

from ports.manifest import Manifest

PROJECT = "invekto"
GROUP = "invekto.plugins"
"""The entry-point group in which a distribution names its plugin module."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def invekto_manifest() -> Manifest:  # type: ignore[empty-body]
    """Say who you are. Importing the module must not import a vendor's SDK."""
