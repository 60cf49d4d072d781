"""Changing keys while the house works. Every step may be repeated, and two may run at once.

A new master key comes in three steps, so that no process ever meets a key it does not know:
`old,new` everywhere; then `new,old` everywhere and rotate; then `new` alone.

Older data keys are kept: a process that has not heard yet may seal under one for CACHED_SECONDS.
What it sealed opens, and is sealed anew by the next rotation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from adapters.vault.envelope import EnvelopeVault
from adapters.vault.keys import Seals
from core.tenancy.vendors import SealBroken

_PASSES = 5


@dataclass(frozen=True, slots=True)
class Rotated:
    wrapped: int
    """Data keys that got another master key."""
    sealed: int
    """Sealed texts that got another data key."""
    lost: tuple[UUID, ...]
    """Tenants that have something which does not open; the rest of theirs is done."""


def rotate(
    tenants: Iterable[UUID],
    vault: EnvelopeVault,
    *,
    seals: Seals | None = None,
    renew_before: datetime | None = None,
) -> Rotated:
    """Wrap every tenant's data keys by the first master key; afterwards the others may go.

    With `renew_before`, data keys made before that moment get a successor; with `seals`, what is
    sealed is sealed anew under the tenant's newest key. Begun again with the same moment after an
    interruption, it goes on where it was.
    """
    wrapped = sealed = 0
    lost = []
    for tenant in tenants:
        try:
            if renew_before is not None:
                vault.renew(tenant, renew_before)
            wrapped += vault.rewrap(tenant)
            anew, broken = _seal_anew(tenant, vault, seals) if seals else (0, False)
        except SealBroken:
            anew, broken = 0, True
        sealed += anew
        if broken:
            lost.append(tenant)
    return Rotated(wrapped, sealed, tuple(lost))


def _seal_anew(tenant: UUID, vault: EnvelopeVault, seals: Seals) -> tuple[int, bool]:
    """How many, and whether something did not open.

    Goes round until a pass finds nothing that somebody changed under our hands.
    """
    done, missed, broken = 0, True, False
    for _ in range(_PASSES):
        if not missed:
            break
        missed = broken = False
        for place, old in seals.each(tenant):
            try:
                new = vault.reseal(tenant, place, old)
            except SealBroken:
                broken = True
                continue
            if new is None:
                continue
            swapped = seals.swap(tenant, place, old, new)
            done += swapped
            missed |= not swapped
    return done, broken
