"""How far a plugin has come, as its `quality.toml` says.

level = "sound"

[exemptions]
readme_languages = "The vendor sells in Turkey only."
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

LEVELS = ("seen", "sound", "proven", "kept")
"""Manifest valid; contract green; green against the vendor's own sandbox; owned and answered."""


@dataclass(frozen=True, slots=True)
class Quality:
    level: str
    exemptions: Mapping[str, str] = field(default_factory=dict)
    """The rules that are not met, each with the sentence that says why."""


class QualityUnclear(ValueError):
    """A quality.toml that is absent or does not say what it should."""


def read_quality(package: str) -> Quality:
    """The quality.toml beside the plugin's manifest; QualityUnclear names what is wrong."""
    try:
        text = (files(package) / "quality.toml").read_text(encoding="utf-8")
        said = tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise QualityUnclear(f"{package}/quality.toml: {error}") from None
    return Quality(_level(package, said), _exemptions(package, said))


def _level(package: str, said: Mapping[str, Any]) -> str:
    level = said.get("level")
    if not isinstance(level, str) or level not in LEVELS:
        raise QualityUnclear(f"{package}/quality.toml: level is one of {', '.join(LEVELS)}")
    return level


def _exemptions(package: str, said: Mapping[str, Any]) -> dict[str, str]:
    exemptions = said.get("exemptions", {})
    sentences = isinstance(exemptions, dict) and all(
        isinstance(why, str) and why.strip() for why in exemptions.values()
    )
    if not sentences:
        raise QualityUnclear(f"{package}/quality.toml: each exemption has a sentence")
    return dict(exemptions)
