"""Merging what a shop tells of an order: the same news in any order end in the same packages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from ports.families.marketplace import Order, Package, PackageState


def latest(order: Order) -> datetime:
    """The moment of an order's news: its latest package's, or of placing it where there is none."""
    return max((p.modified_at for p in order.packages), default=order.placed_at)


def merged(ours: Mapping[str, Package], told: Iterable[Package]) -> Sequence[Package]:
    """Our packages after the news: none replaced by an older one, replaced ones superseded."""
    packages = dict(ours)
    for package in told:
        standing = packages.get(package.id)
        if standing is None or package.modified_at >= standing.modified_at:
            packages[package.id] = package
    gone = {id for package in packages.values() for id in package.replaces if id != package.id}
    return [
        replace(package, state=PackageState.SUPERSEDED) if id in gone else package
        for id, package in packages.items()
    ]
