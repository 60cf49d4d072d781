"""Who the built-in reader is; its models are loaded only inside the factory."""

from __future__ import annotations

from plugins.local_models.settings import Settings
from ports.families.understanding import Understanding
from ports.manifest import API_VERSION, Account, Context, Manifest, Text


def _understanding(context: Context) -> Understanding:
    from plugins.local_models.reader import LocalUnderstanding

    return LocalUnderstanding(context.cache)


def _check(_: Context) -> Account:
    """Nobody is called, so there is nothing that could refuse."""
    return Account("local", "Built-in models")


MANIFEST = Manifest(
    id="local_models",
    name="Built-in models",
    summary=Text(
        en="Reads language and intent of a message on this machine, without calling anybody.",
        tr="Bir mesajın dilini ve niyetini bu makinede, kimseye sormadan okur.",
    ),
    api=API_VERSION,
    settings=Settings,
    hosts=frozenset(),
    owners=("@invekto",),
    check=_check,
    understanding=_understanding,
)
