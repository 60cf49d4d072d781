"""`invekto plugin new`: a distribution whose tests pass before its author wrote a line.

The skeleton talks to an invented vendor that lives in its sandbox; the author replaces that vendor
with a real one, file by file, and the contract says when something is forgotten.
"""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

SKELETON = Path(__file__).parent / "skeleton"
SUFFIX = ".tmpl"
FAMILIES = tuple(sorted(p.name for p in SKELETON.iterdir() if p.is_dir() and p.name != "common"))
"""The families that there is a skeleton for."""

_SLUG = re.compile(r"[a-z][a-z0-9_]{1,39}")


def create(name: str, family: str, folder: Path) -> Path:
    """Make `invekto-plugin-<name>` inside `folder` and return it.

    Raises ValueError for a name that is no slug and for a family without a skeleton, and
    FileExistsError where something is in the way.
    """
    if not _SLUG.fullmatch(name):
        raise ValueError(f"{name!r} is not a slug of lower-case letters, digits and underscores")
    if family not in FAMILIES:
        raise ValueError(f"there is no skeleton for {family!r}, only for {', '.join(FAMILIES)}")
    slug = name.replace("_", "-")
    root = folder / f"invekto-plugin-{slug}"
    root.mkdir(parents=True, exist_ok=False)
    kind = "".join(part.capitalize() for part in name.split("_"))
    words = {"name": name, "slug": slug, "Class": kind}
    for part in ("common", family):
        for template in sorted((SKELETON / part).rglob(f"*{SUFFIX}")):
            _write(template, root / _place(template.relative_to(SKELETON / part), name), words)
    return root


def _place(path: Path, name: str) -> Path:
    """Where a template goes: `package/` is the plugin's import package."""
    first, *rest = path.with_name(path.name.removesuffix(SUFFIX)).parts
    return (
        Path("src", f"invekto_plugin_{name}", *rest) if first == "package" else Path(first, *rest)
    )


def _write(template: Path, to: Path, words: dict[str, str]) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    text = Template(template.read_text(encoding="utf-8")).substitute(words)
    to.write_text(text, encoding="utf-8")
