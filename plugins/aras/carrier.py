"""The Carrier port."""

from __future__ import annotations

from plugins.aras.client import BY_CODE, BY_TRACKING_NUMBER, MOVEMENTS, Client
from plugins.aras.mapping import Row, is_tracking_number, newest, own_code, to_parcel
from ports.families.carrier import Parcel


class ArasCarrier:
    def __init__(self, client: Client) -> None:
        self._client = client

    def track(self, number: str) -> Parcel | None:
        """By Aras's 13 digits or by the sender's own code; a code may be 13 digits as well."""
        if not number.strip() or not number.isprintable():
            return None  # XML cannot carry it, so no parcel is called that
        row = self._find(number.strip())
        if row is None:
            return None
        code = own_code(row)
        movements = self._client.query(MOVEMENTS, IntegrationCode=code) if code else []
        return to_parcel(number, row, movements)

    def _find(self, number: str) -> Row | None:
        rows: list[Row] = []
        if is_tracking_number(number):
            rows = self._client.query(BY_TRACKING_NUMBER, TrackingNumber=number)
        return newest(rows or self._client.query(BY_CODE, IntegrationCode=number))
