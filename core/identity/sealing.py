"""Sealing in an open unit of work."""

from __future__ import annotations

from uuid import UUID

from core.identity.means import Means


def ready(realm: UUID, means: Means) -> None:
    """Fetch the realm's key before its work is opened: sealing in it then asks nobody.

    The vault keeps its keys in the same database. If every connection were held by a work that
    waits for another one, none would go on. The realm must be there.
    """
    means.vault.seal(realm, realm, {})
