"""Carriers that break one promise each."""

from __future__ import annotations

import dataclasses
import socket
from contextlib import suppress

import sound
from acme.parcels import STATES, AcmeCarrier
from planting import plant

from ports.errors import Rejected, Transient, VendorError
from ports.families.carrier import Parcel, ParcelState


class DropsUnknownStates(AcmeCarrier):
    def to_state(self, word):
        return STATES.get(word, ParcelState.IN_TRANSIT)


class ForgetsTheWord(AcmeCarrier):
    def to_parcel(self, said):
        return dataclasses.replace(super().to_parcel(said), vendor_state="?")


class StumblesOverNewStates(AcmeCarrier):
    def to_state(self, word):
        return STATES[word]


class NewestFirst(AcmeCarrier):
    def to_parcel(self, said):
        parcel = super().to_parcel(said)
        return dataclasses.replace(parcel, scans=parcel.scans[::-1])


class ForgetsTheTimeZone(AcmeCarrier):
    def to_scan(self, said):
        scan = super().to_scan(said)
        return dataclasses.replace(scan, at=scan.at.replace(tzinfo=None))


class Retries(AcmeCarrier):
    def track(self, number):
        try:
            return super().track(number)
        except Transient:
            return super().track(number)


class TakesSilenceForNo(AcmeCarrier):
    def track(self, number):
        try:
            return super().track(number)
        except VendorError:
            return None


class InventsParcels(AcmeCarrier):
    def track(self, number):
        found = super().track(number)
        return found or Parcel(number, ParcelState.ANNOUNCED, "?", ())


class KeepsTheSecret(AcmeCarrier):
    def __init__(self, context):
        super().__init__(context)
        self.ready = {"authorization": self.client.headers()["authorization"]}


class PrintsTheSecret(AcmeCarrier):
    def __repr__(self):
        return f"AcmeCarrier({self.client.headers()})"


class TellsTheSecret(AcmeCarrier):
    def track(self, number):
        try:
            return super().track(number)
        except Rejected as error:
            raise type(error)(f"refused {self.client.headers()}") from None


class OpensSockets(AcmeCarrier):
    def track(self, number):
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", 9), timeout=0.1)
        return super().track(number)


globals().update(
    plant(
        sound.TestCarrier,
        "carrier",
        DropsUnknownStates,
        ForgetsTheWord,
        StumblesOverNewStates,
        NewestFirst,
        ForgetsTheTimeZone,
        Retries,
        TakesSilenceForNo,
        InventsParcels,
        KeepsTheSecret,
        PrintsTheSecret,
        TellsTheSecret,
        OpensSockets,
    )
)
