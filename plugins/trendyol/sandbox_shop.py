"""One seller's shop in the sandbox: its orders, returns and questions, and what befalls them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from plugins.trendyol import sandbox_samples as samples
from plugins.trendyol.sandbox_hooks import Hooks
from plugins.trendyol.sandbox_samples import Json, millis
from ports.clock import Clock


@dataclass(slots=True)
class Shop:
    seller_id: str
    api_key: str
    api_secret: str
    clock: Clock
    hooks: Hooks
    serial: Callable[[], int]
    """The next number, unique in the whole sandbox."""
    packages: dict[str, Json] = field(default_factory=dict)
    claims: dict[str, Json] = field(default_factory=dict)
    questions: dict[str, Json] = field(default_factory=dict)

    def order(
        self,
        number: str | None = None,
        first_name: str | None = None,
        last_name: str | None = None,
        phone: str | None = None,
        city: str | None = None,
        district: str | None = None,
        lines: Sequence[Mapping[str, Any]] | None = None,
        status: str = "Created",
        carrier: str = "Aras Kargo Marketplace",
        tracking_number: str | None = None,
        placed_at: str | datetime | None = None,
    ) -> Json:
        """A customer buys; with `placed_at` they did so then and nothing has happened since."""
        count, placed = self.serial(), self._moment(placed_at)
        who = samples.person(count, (first_name, last_name, city, district), phone)
        chosen = samples.lines(count, lines)
        package = samples.order(count, self.seller_id, who, placed)
        package |= samples.parcel(carrier, tracking_number or f"7330{count:013d}")
        package["orderNumber"] = number or package["orderNumber"]
        self._add(package, chosen, "order-creation", status, millis(placed), told=True)
        return _receipt(package)

    def status(self, package_id: str | int, status: str) -> Json:
        """The package moves on, also into a word that nobody knows yet."""
        package = self._package(package_id)
        self._move(package, status)
        return _receipt(package)

    def split(
        self, package_id: str | int, line_ids: Sequence[str | int] | None = None
    ) -> list[Json]:
        """These lines (the first, unless told) and the others go on in two new packages."""
        old = self._package(package_id)
        chosen, others = _parted(old, line_ids or [old["lines"][0]["lineId"]])
        if not chosen or not others:
            raise ValueError("line_ids: a split leaves lines on both sides")
        self._move(old, "UnPacked")
        return [self._replacement(old, part, "split", "Created") for part in (chosen, others)]

    def cancel_lines(self, package_id: str | int, line_ids: Sequence[str | int]) -> Json | None:
        """The customer cancels these; what is left goes on in a new package."""
        old = self._package(package_id)
        cancelled, left = _parted(old, line_ids)
        if not cancelled:
            raise ValueError("line_ids: none of them is in the package")
        for line in cancelled:
            line.update(cancelledBy="customer", cancelReason="Vazgeçtim")
        before = old["status"]
        self._move(old, "Cancelled")
        return self._replacement(old, left, "cancel", before) if left else None

    def claim(
        self,
        package_id: str | int,
        line_id: str | int | None = None,
        reason: str = "Beden küçük geldi",
        note: str = "Bir büyüğü ile değiştirmek istiyorum",
        status: str = "Created",
    ) -> Json:
        """The customer wants to return a line (the first, unless told)."""
        package = self._package(package_id)
        chosen, _ = _parted(package, [line_id or package["lines"][0]["lineId"]])
        if not chosen:
            raise ValueError(f"line_id: {line_id} is not in the package")
        told = {"reason": reason, "note": note, "status": status}
        claim = samples.claim(self.serial(), package, chosen[0], told, self._now())
        self.claims[claim["claimId"]] = claim
        return {"claimId": claim["claimId"], "orderNumber": claim["orderNumber"]}

    def claim_status(self, claim_id: str, status: str) -> Json:
        claim = _known(self.claims, "claim_id", claim_id)
        for item in claim["items"]:
            for part in item["claimItems"]:
                part["claimItemStatus"] = {"name": status}
        claim["lastModifiedDate"] = self._now()
        return {"claimId": claim_id, "orderNumber": claim["orderNumber"]}

    def question(
        self,
        text: str = "Bu ürünün kumaşı terletir mi?",
        product: str = samples.PRODUCTS[0][0],
        status: str = "WAITING_FOR_ANSWER",
    ) -> Json:
        """A shopper asks about a product."""
        question = samples.question(self.serial(), text, product, status, self._now())
        self.questions[str(question["id"])] = {**question, "_modified": self._now()}
        return {"id": str(question["id"])}

    def answer(self, question_id: str | int, text: str) -> Json:
        """The seller answers in the panel."""
        question = _known(self.questions, "question_id", question_id)
        answer = {"id": self.serial(), "text": text, "creationDate": self._now()}
        question.update(status="ANSWERED", answer=answer, _modified=self._now())
        return {"id": str(question_id)}

    def _replacement(self, old: Json, lines: list[Json], why: str, status: str) -> Json:
        count = self.serial()
        fresh = samples.parcel(old["cargoProviderName"], f"7330{count:013d}")
        package = {**old, **fresh, "originPackageIds": [old["shipmentPackageId"]]}
        self._add(package, lines, why, status, self._now(), told=False)
        return _receipt(package)

    def _add(
        self, package: Json, lines: list[Json], why: str, status: str, at: int, *, told: bool
    ) -> None:
        begun = [{"createdDate": at, "status": "Awaiting"}] if told else []
        package.update(
            samples.totals(lines),
            shipmentPackageId=3_400_000_000 + self.serial(),
            lines=lines,
            createdBy=why,
            packageHistories=[*begun, {"createdDate": at, "status": status}],
            status=status,
            shipmentPackageStatus=status,
            lastModifiedDate=at,
        )
        package.setdefault("originPackageIds", None)
        self.packages[str(package["shipmentPackageId"])] = package
        self.hooks.tell(package)

    def _move(self, package: Json, status: str) -> None:
        now = self._now()
        history = [*package["packageHistories"], {"createdDate": now, "status": status}]
        package.update(
            status=status,
            shipmentPackageStatus=status,
            lastModifiedDate=now,
            packageHistories=history,
        )
        self.hooks.tell(package)

    def _package(self, id: str | int) -> Json:
        return _known(self.packages, "package_id", id)

    def _now(self) -> int:
        return millis(self.clock.now())

    def _moment(self, given: str | datetime | None) -> datetime:
        moment = datetime.fromisoformat(given) if isinstance(given, str) else given
        moment = moment or self.clock.now()
        if moment.tzinfo is None:
            raise ValueError("placed_at: say the time zone, as in 2026-03-01T10:00:00+03:00")
        return moment


def _known(things: dict[str, Json], name: str, id: str | int) -> Json:
    if str(id) not in things:
        raise ValueError(f"{name}: there is no {id}")
    return things[str(id)]


def _parted(package: Json, ids: Sequence[str | int]) -> tuple[list[Json], list[Json]]:
    wanted = {str(id) for id in ids}
    chosen = [line for line in package["lines"] if str(line["lineId"]) in wanted]
    return chosen, [line for line in package["lines"] if line not in chosen]


def _receipt(package: Json) -> Json:
    """What whoever ordered is told; numbers as text, so that no JSON reader rounds them."""
    return {
        "orderNumber": package["orderNumber"],
        "shipmentPackageId": str(package["shipmentPackageId"]),
        "cargoTrackingNumber": str(package["cargoTrackingNumber"]),
        "packageTotalPrice": f"{package['packageTotalPrice']:.2f}",
    }
