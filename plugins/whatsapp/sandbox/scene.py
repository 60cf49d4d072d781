"""Commands that set the scene: accounts, templates, files, and how Meta behaves."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import replace
from typing import Any

from plugins.whatsapp.sandbox.world import Account, Command, Template, World

_ACCOUNT_FIELDS = frozenset(
    {"access_token", "waba_id", "app_secret", "callback_url", "display", "name"}
)


class Scene:
    def __init__(self, world: World) -> None:
        self._world = world

    def commands(self) -> dict[str, Command]:
        return {
            "account": self._account,
            "template": self._template,
            "media": self._media,
            "stale_media_url": self._stale_media_url,
            "window": self._window,
        }

    def _account(self, *, phone_number_id: str | None = None, **given: str) -> dict[str, str]:
        """Add an account or change a known one; what is left out stays, or is the default."""
        unknown = given.keys() - _ACCOUNT_FIELDS
        if unknown:
            raise ValueError(f"account: unknown {', '.join(sorted(unknown))}")
        number = phone_number_id or self._world.account(None).phone_number_id
        known = self._world.accounts.get(number, Account(phone_number_id=number))
        account = replace(known, **given)
        self._world.accounts[number] = account
        return {"phone_number_id": number, "waba_id": account.waba_id}

    def _template(
        self,
        *,
        name: str,
        language: str,
        body: str,
        category: str = "UTILITY",
        status: str = "APPROVED",
    ) -> dict[str, Any]:
        """Add a template or replace the one of that name and language."""
        made = Template(name, language, body, category, status)
        same = (name, language)
        kept = [t for t in self._world.templates if (t.name, t.language) != same]
        self._world.templates[:] = [*kept, made]
        return made.shown()

    def _media(self, *, data: str, mime: str) -> dict[str, str]:
        """Store a file (base64); the answer is the object that a message carries."""
        try:
            content = base64.b64decode(data, validate=True)
        except binascii.Error as error:
            raise ValueError(f"media: data is not base64: {error}") from None
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        return {"id": self._world.store(content, mime), "mime_type": mime, "sha256": digest}

    def _stale_media_url(self, *, times: int = 1) -> dict[str, int]:
        """The next addresses of files are born dead."""
        self._world.stale_addresses = times
        return {"times": times}

    def _window(self, *, refuses: str) -> dict[str, str]:
        """Refuse free-form messages outside the window in the answer, or by a later `failed`."""
        if refuses not in ("at_once", "later"):
            raise ValueError("window: refuses is at_once or later")
        self._world.refuses_at_once = refuses == "at_once"
        return {"refuses": refuses}
