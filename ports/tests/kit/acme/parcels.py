from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

from acme.client import AcmeClient
from ports.families.carrier import Parcel, ParcelState, Scan
from ports.manifest import Context
from ports.wild import Wild

STATES = {"moving": ParcelState.IN_TRANSIT, "done": ParcelState.DELIVERED}


class AcmeCarrier:
    def __init__(self, context: Context) -> None:
        self.client = AcmeClient(context)

    def track(self, number: str) -> Parcel | None:
        said = self.client.get(f"/parcels/{quote(number, safe='')}")
        return None if said is None else self.to_parcel(said)

    def to_parcel(self, said: Wild) -> Parcel:
        word = said["state"].text()
        scans = tuple(self.to_scan(scan) for scan in said["scans"].each())
        return Parcel(said["number"].text(), self.to_state(word), word, scans)

    def to_scan(self, said: Wild) -> Scan:
        word = said["state"].text()
        return Scan(datetime.fromisoformat(said["at"].text()), word, self.to_state(word))

    def to_state(self, word: str) -> ParcelState:
        return STATES.get(word, ParcelState.UNKNOWN)
