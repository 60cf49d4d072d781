"""Orders and parcels to test with: valid, small, and changed by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ports.families.carrier import Parcel, ParcelState, Scan
from ports.families.marketplace import (
    Buyer,
    Claim,
    ClaimItem,
    ClaimState,
    Destination,
    Line,
    Order,
    Package,
    PackageState,
    Tracking,
)
from ports.values import Money
from tests.core.fakes.world import NOW

NUMBER = "1087654321"
TRACKED = "7330012345678"


def lira(amount: str | int) -> Money:
    return Money.parse(str(amount), "TRY")


def tracking(number: str | None = TRACKED, **more: Any) -> Tracking:
    link = f"https://kargo.example/takip?no={number}"
    return replace(Tracking(number, link, "aras", "Aras Kargo"), **more)


def package(
    id: str = "p1",
    state: PackageState = PackageState.CREATED,
    total: str | int = "1079.80",
    at: datetime = NOW,
    **more: Any,
) -> Package:
    line = Line("l1", "Keten gömlek", 1, lira(total))
    made = Package(id, state, state.value.title(), at, (line,), lira(total))
    return replace(made, **more)


def shipped(id: str = "p1", **more: Any) -> Package:
    return replace(package(id, PackageState.SHIPPED), **{"tracking": tracking(), **more})


def order(*packages: Package, number: str = NUMBER, phone: str | None = None) -> Order:
    buyer = Buyer("b1", "Ali Yılmaz", phone)
    placed = NOW - timedelta(days=3)
    return Order(number, placed, buyer, Destination("İzmir"), packages or (package(),))


def parcel(
    state: ParcelState = ParcelState.IN_TRANSIT, number: str = TRACKED, **more: Any
) -> Parcel:
    scan = Scan(NOW - timedelta(hours=5), "TRANSFER", state, "İZMİR AKTARMA")
    return replace(Parcel(number, state, state.value.upper(), (scan,)), **more)


def claim(state: ClaimState = ClaimState.ACCEPTED, id: str = "c1", number: str = NUMBER) -> Claim:
    item = ClaimItem(f"{id}-i1", "l1", "Keten gömlek", state, state.value, "beden uymadı")
    return Claim(id, number, NOW - timedelta(days=1), NOW, (item,))
