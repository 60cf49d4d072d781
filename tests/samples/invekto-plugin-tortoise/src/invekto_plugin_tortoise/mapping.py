"""Their words and ours. Pure functions and visible tables."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from ports.errors import ContractBroken
from ports.events import Event
from ports.families.carrier import Parcel, ParcelMoved, ParcelState, Scan
from ports.wild import Wild

STATES = {
    "10": ParcelState.ANNOUNCED,
    "20": ParcelState.ACCEPTED,
    "30": ParcelState.IN_TRANSIT,
    "31": ParcelState.IN_TRANSIT,  # resting under a tree
    "40": ParcelState.OUT_FOR_DELIVERY,
    "45": ParcelState.DELIVERY_FAILED,
    "50": ParcelState.WAITS_FOR_CUSTOMER,
    "60": ParcelState.DELIVERED,
    "70": ParcelState.RETURNING,
    "79": ParcelState.RETURNED,
}

TURKEY = timezone(timedelta(hours=3))
"""Tortoise writes local times without saying so."""

NOT_FOLLOWED = {"invoice"}


def to_parcel(said: Wild) -> Parcel:
    newest_first = [to_scan(step) for step in said["steps"].each()]
    scans = sorted(reversed(newest_first), key=lambda scan: scan.at)
    code = said["code"].digits()
    state = STATES.get(code, ParcelState.UNKNOWN)
    delivered = state is ParcelState.DELIVERED
    return Parcel(
        number=said["number"].text(),
        state=state,
        vendor_state=code,
        scans=tuple(scans),
        reason=said["reason"].text_or(None),
        delivered_at=scans[-1].at if scans and delivered else None,
        delivered_to=said["taken_by"].text_or(None) if delivered else None,
        destination=said["to_branch"].text_or(None),
        link=said["page"].text_or(None),
    )


def to_scan(said: Wild) -> Scan:
    code = said["code"].digits()
    state = STATES.get(code, ParcelState.UNKNOWN)
    return Scan(to_moment(said["when"]), code, state, place=said["branch"].text_or(None))


def to_moment(said: Wild) -> datetime:
    """`02.03.2026 14:05`, in Turkey."""
    try:
        return datetime.strptime(said.text(), "%d.%m.%Y %H:%M").replace(tzinfo=TURKEY)
    except ValueError:
        raise ContractBroken(f"{said.path} is not a moment like 02.03.2026 14:05") from None


def to_event(said: Wild) -> Event | None:
    """None for what we know and do not follow."""
    kind = said["kind"].text()
    if kind in NOT_FOLLOWED:
        return None
    if kind == "step":
        return ParcelMoved(said["number"].text())
    raise ContractBroken(f"{said['kind'].path} {kind!r} is new to us")
