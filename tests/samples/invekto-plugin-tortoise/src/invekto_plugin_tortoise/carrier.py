"""The carrier port, as one short sentence over client and mapping."""

from __future__ import annotations

from dataclasses import dataclass

from ports.families.carrier import Parcel

from invekto_plugin_tortoise.client import TortoiseClient
from invekto_plugin_tortoise.mapping import to_parcel

LONGEST_NUMBER = 40


@dataclass(frozen=True, slots=True)
class TortoiseCarrier:
    client: TortoiseClient

    def track(self, number: str) -> Parcel | None:
        """Tortoise answers a list: parcels of that number, or of that code of the sender."""
        if not number.strip() or len(number) > LONGEST_NUMBER:
            return None
        found = list(self.client.get("parcels", number=number).each())
        return to_parcel(found[-1]) if found else None
