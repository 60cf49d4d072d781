"""The table of plugins in `plugins/README.md`, made from manifests and never by hand."""

from __future__ import annotations

from pathlib import Path

from entrypoints.capabilities import capabilities
from entrypoints.registry import Registry

BEGIN = "<!-- made by `invekto plugin matrix`: begin -->"
END = "<!-- made by `invekto plugin matrix`: end -->"

_DOORS = ("webhooks", "app_webhooks")


def matrix(registry: Registry) -> str:
    """A Markdown table, one row a plugin that was let in."""
    head = ("Plugin", "Offers", "Optional powers", "Webhook events", "Sandbox", "Level")
    lines = [_row(head), _row(("---",) * len(head))]
    lines += [_row(_cells(registry, id)) for id in registry.manifests]
    return "\n".join(lines) + "\n"


def refreshed(readme: str, registry: Registry) -> str:
    """The text with its table made anew; a ValueError when it has no place for one."""
    before, _, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"the text holds no {BEGIN} … {END}")
    return f"{before}{BEGIN}\n{matrix(registry)}{END}{after}"


def refresh(path: Path, registry: Registry) -> bool:
    """Rewrite the file; say whether that changed anything."""
    old = path.read_text(encoding="utf-8")
    new = refreshed(old, registry)
    path.write_text(new, encoding="utf-8")
    return new != old


def _cells(registry: Registry, id: str) -> tuple[str, ...]:
    manifest = registry.manifests[id]
    found = capabilities(manifest)
    powers = [name for name in found if name not in (*manifest.families, *_DOORS)]
    return (
        f"`{id}` {manifest.name}",
        ", ".join(manifest.families),
        ", ".join(powers) or "–",
        ", ".join(sorted(manifest.webhook_events)) or "–",
        "yes" if manifest.sandbox else "–",
        registry.quality[id].level,
    )


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
