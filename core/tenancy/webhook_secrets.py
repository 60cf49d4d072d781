"""The secret that a vendor signs its deliveries with, where the house may choose it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from ports.settings import Secret


def derived(settings: Any, token: str) -> Any:
    """Give a vendor that proves itself by a secret of ours one to use, unless the tenant did."""
    if getattr(settings, "webhook_secret", "") is not None:
        return settings
    secret = hashlib.sha256(f"webhook secret {token}".encode()).hexdigest()
    return replace(settings, webhook_secret=Secret(secret))


def kept(settings: Any, stored: Any) -> Any:
    """The vendor signs with what it was given: leaving the secret out is no wish to lose it."""
    if getattr(settings, "webhook_secret", "") is not None:
        return settings
    return replace(settings, webhook_secret=stored.webhook_secret)
