"""The environment, read once into one frozen value."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from ports.settings import Secret

OPERATOR_KEY = "operator.key"
"""The file in the data folder that holds the operator's key on a laptop."""


class ConfigError(Exception):
    """The environment does not say what the house needs; the message names the variable."""


@dataclass(frozen=True, slots=True)
class Config:
    database_url: Secret
    """The application's login; it becomes the role invekto_app at connecting."""
    migrations_url: Secret
    """The owner's login, for migrations alone."""
    redis_url: Secret
    master_keys: Secret | None
    """`id:base64,…`: the first seals, all open. None keeps one in the data folder (laptops)."""
    base_url: str
    """Where vendors reach us; begins every webhook address."""
    data: Path
    """Files, caches and the embedded servers."""
    host: str
    port: int
    sandbox: str | None
    """Where the vendors' sandboxes answer instead of the vendors; None in production."""
    allow_loopback: bool
    """Whether tenants may name this machine, for a language model that runs on it."""
    trusted_proxies: tuple[str, ...]
    blocked_plugins: tuple[str, ...]
    mail: Secret | None
    """The mail server's address; None puts letters into the data folder (laptops)."""
    geo: Path | None
    """A MaxMind DB file that tells countries; None uses the one that comes with us."""
    requests_per_minute: int
    """Of one API key, or one person."""
    visibility: timedelta
    """How long work that was rung for may take before it is rung for again."""
    lease: timedelta
    """How long one call to a vendor may take before its worker counts as dead."""
    log_format: str
    """`json` or `plain`."""
    log_level: str
    """`info` or `warning`."""


def from_environment(env: Mapping[str, str] = os.environ) -> Config:
    """Read the configuration; ConfigError names what is missing or ill-shaped."""
    database = _needed(env, "DATABASE_URL")
    port = _number(env, "PORT", 8000)
    master, mail = env.get("INVEKTO_MASTER_KEYS"), env.get("INVEKTO_MAIL")
    geo = env.get("INVEKTO_GEO")
    return Config(
        database_url=Secret(database),
        migrations_url=Secret(env.get("MIGRATIONS_DATABASE_URL") or database),
        redis_url=Secret(_needed(env, "REDIS_URL")),
        master_keys=Secret(master) if master else None,
        base_url=env.get("INVEKTO_BASE_URL", f"http://127.0.0.1:{port}").rstrip("/"),
        data=data_folder(env),
        host=env.get("HOST", "127.0.0.1"),
        port=port,
        sandbox=env.get("INVEKTO_SANDBOX") or None,
        allow_loopback=_one_of(env, "INVEKTO_ALLOW_LOOPBACK", ("no", "yes")) == "yes",
        trusted_proxies=_list(env, "INVEKTO_TRUSTED_PROXIES"),
        blocked_plugins=_list(env, "INVEKTO_BLOCKED_PLUGINS"),
        mail=Secret(mail) if mail else None,
        geo=Path(geo) if geo else None,
        requests_per_minute=_number(env, "INVEKTO_REQUESTS_PER_MINUTE", 600),
        visibility=timedelta(seconds=_number(env, "INVEKTO_VISIBILITY", 60)),
        lease=timedelta(seconds=_number(env, "INVEKTO_LEASE", 60)),
        log_format=_one_of(env, "INVEKTO_LOG", ("json", "plain")),
        log_level=_one_of(env, "INVEKTO_LOG_LEVEL", ("info", "warning")),
    )


def data_folder(env: Mapping[str, str] = os.environ) -> Path:
    """Where the house keeps its own: INVEKTO_DATA, by default .invekto where it is started."""
    return Path(env.get("INVEKTO_DATA", ".invekto")).absolute()


def _needed(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "")
    if not value:
        raise ConfigError(f"{name} is not set; `invekto up` brings servers of its own")
    return value


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name, "")
    if (value and not value.isascii()) or (value and not value.isdigit()):
        raise ConfigError(f"{name} must be a whole number, not {value!r}")
    return int(value) if value else default


def _list(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in env.get(name, "").split(",") if part.strip())


def _one_of(env: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    value = env.get(name) or choices[0]
    if value not in choices:
        raise ConfigError(f"{name} must be one of {', '.join(choices)}")
    return value
