"""Finding the doors behind a webhook address: an installation, and its plugin's reader."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

from core.inbox.journal import Route
from core.shared.errors import NotFound
from core.shared.ids import OPERATOR
from core.shared.work import Works
from core.tenancy.installations import Installation
from core.tenancy.vendors import Vendors
from entrypoints.http.door import Door

THREADS = 4
"""Of their own: a door opens also while all others wait for the database."""


class FindsHooks(Protocol):
    def find_hook(self, digest: bytes) -> Route | None:
        """The installation whose webhook token has this digest, whichever tenant's."""


@dataclass(frozen=True, slots=True)
class InstalledDoors:
    lookups: FindsHooks
    works: Works
    vendors: Vendors
    threads: Executor = field(default_factory=lambda: ThreadPoolExecutor(THREADS, "doors"))

    async def find(self, plugin: str | None, digest: bytes | None) -> Sequence[Door]:
        """The doors that listen: with the digest of a token its one, else the plugin's app-wide.

        Empty for an unknown token, another plugin's token, and a connection that is off.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads, self._find, plugin, digest)

    def _find(self, plugin: str | None, digest: bytes | None) -> Sequence[Door]:
        found = self._app_wide() if digest is None else self._by_token(digest)
        named = [i for i in found if plugin is None or i.plugin_id == plugin]
        return [door for i in named if i.listens and (door := self._open(i))]

    def _by_token(self, digest: bytes) -> Sequence[Installation]:
        route = self.lookups.find_hook(digest)
        if route is None:
            return ()
        with self.works(route.tenant_id) as work:
            found = work.installations.get(route.installation_id)
        return [found] if found and found.hook_digest == digest else ()

    def _app_wide(self) -> Sequence[Installation]:
        with self.works(OPERATOR) as work:
            return [i for i in work.installations.all() if i.app]

    def _open(self, installation: Installation) -> Door | None:
        try:
            reader = self.vendors.reader(installation)
        except NotFound:  # the plugin is not there, or reads no webhooks
            return None
        return Door(
            installation.tenant_id,
            installation.id,
            installation.version,
            installation.plugin_id,
            reader,
            self.vendors.manifest(installation.plugin_id).webhook_reply,
        )
