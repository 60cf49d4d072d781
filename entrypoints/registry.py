"""Opens the plugin door: which plugins are there, which were refused, and why.

The registry is a value. The composition root discovers it once and hands it on; the core never
sees it, but what is built from it (`core.tenancy.vendors.Vendors`). Nothing is loaded at import.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType

import pluggy

from ports import hooks
from ports.manifest import API_VERSION, Manifest
from ports.quality import Quality, read_quality
from ports.settings import example, schema

log = logging.getLogger(__name__)

BUNDLED = (
    "plugins.whatsapp",
    "plugins.netgsm",
    "plugins.trendyol",
    "plugins.aras",
    "plugins.openai",
    "plugins.local_models",
)
"""Works from a bare checkout. They come through the same door as strangers."""

TAKEN = frozenset({"installations"})
_SLUG = re.compile(r"[a-z][a-z0-9_]{1,39}")


class Refusal(Exception):
    """The plugin may not come in; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Registry:
    manifests: Mapping[str, Manifest] = field(default_factory=dict)
    """By plugin id, in the order of loading: the bundled first, then strangers by name."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """By the name at the door (module, or distribution and entry point): the reason."""
    quality: Mapping[str, Quality] = field(default_factory=dict)
    """By plugin id."""


def discover(
    *,
    blocked: Collection[str] = (),
    bundled: Iterable[str] = BUNDLED,
    strangers: Iterable[EntryPoint] | None = None,
) -> Registry:
    """Load every plugin; one that fails is refused with its reason and harms no other.

    `blocked` holds names or ids that the operator does not want. A plugin blocked by its name is
    not even imported.
    """
    door = _Door(frozenset(blocked))
    for module in bundled:
        door.admit(module, module.rpartition(".")[2], partial(import_module, module))
    found = entry_points(group=hooks.GROUP) if strangers is None else strangers
    for point in sorted(found, key=_name_at_door):
        door.admit(_name_at_door(point), point.name, point.load)
    return Registry(door.manifests, door.refused, door.quality)


def _name_at_door(point: EntryPoint) -> str:
    return f"{point.dist.name}:{point.name}" if point.dist else point.name


@dataclass(slots=True)
class _Door:
    blocked: frozenset[str]
    manifests: dict[str, Manifest] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    quality: dict[str, Quality] = field(default_factory=dict)

    def admit(self, name: str, short: str, load: Callable[[], ModuleType]) -> None:
        try:
            self._refuse_blocked(short)
            module = load()
            manifest = _ask(module)
            self._check(manifest)
            quality = read_quality(module.__name__)
        except Refusal as refusal:
            self._refuse(name, str(refusal))
        except (Exception, SystemExit) as error:  # a stranger's code: anything may come out
            self._refuse(name, f"{type(error).__name__}: {error}")
        else:
            self.manifests[manifest.id] = manifest
            self.quality[manifest.id] = quality

    def _refuse(self, name: str, reason: str) -> None:
        self.refused[name] = " ".join(reason.split())[:500]
        log.warning("plugin %s is refused: %s", name, self.refused[name])

    def _refuse_blocked(self, id: str) -> None:
        if id in self.blocked:
            raise Refusal("blocked by the operator")

    def _check(self, manifest: Manifest) -> None:
        if manifest.api != API_VERSION:
            raise Refusal(f"speaks version {manifest.api} of the ports, not {API_VERSION}")
        if not _SLUG.fullmatch(manifest.id):
            raise Refusal(f"the id {manifest.id!r} is not a slug")
        self._refuse_blocked(manifest.id)
        if manifest.id in TAKEN:
            raise Refusal(f"the id {manifest.id!r} is an address of the API")
        if manifest.id in self.manifests:
            raise Refusal(f"the id {manifest.id!r} is taken")
        schema(manifest.settings)
        wild = [h for h in manifest.hosts_for(example(manifest.settings)) if "*" in h]
        if wild:
            raise Refusal(f"hosts are named one by one, not {wild}")


def _ask(module: ModuleType) -> Manifest:
    """The manifest of a plugin module; a manager of its own keeps its faults its own."""
    manager = pluggy.PluginManager(hooks.PROJECT)
    manager.add_hookspecs(hooks)
    manager.register(module)
    manager.check_pending()  # a misspelt hook is an error
    answers = manager.hook.invekto_manifest()
    if len(answers) != 1 or not isinstance(answers[0], Manifest):
        raise Refusal("does not answer invekto_manifest with a Manifest")
    manifest: Manifest = answers[0]
    return manifest
