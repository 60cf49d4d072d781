"""Signed webhooks at the door of a real web process, beside a bare application that keeps them."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator
from statistics import median

from plugins.whatsapp.sandbox.world import Account, change, signed
from tests.bench.disk import inserts_per_second, sync_seconds
from tests.bench.run import Run, in_turns
from tests.bench.seller import SECRET, open_seller, vendors_in_memory
from tests.bench.servers import Site
from tests.bench.side import Side
from tests.bench.table import Row, bounded, compared, micros, millis, per_second, percent

_MARK = b"MARK" * 6
_HEAD = (
    b"POST %s HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: facebookexternalua\r\naccept: */*\r\n"
    b"content-type: application/json\r\nx-hub-signature-256: sha256=%s\r\n"
    b"content-length: %d\r\n\r\n%s"
)


def letters(account: str, path: str) -> Iterator[bytes]:
    """Requests with messages to that account, each with words of its own and signed."""
    told = {
        "contacts": [{"wa_id": "905321234567", "profile": {"name": "Deniz"}}],
        "messages": [
            {
                "from": "905321234567",
                "id": f"wamid.{_MARK.decode()}",
                "timestamp": "1795500000",
                "type": "text",
                "text": {"body": "Merhaba, kargom nerede acaba? Dün gelmesi gerekiyordu."},
            }
        ],
    }
    shop = Account(phone_number_id=account)
    before, _, after = signed(shop, change(shop, "messages", told)).body.partition(_MARK)
    while True:
        body = before + secrets.token_hex(12).encode() + after
        proof = hmac.digest(SECRET.encode(), body, "sha256").hex().encode()
        yield _HEAD % (path.encode(), proof, len(body), body)


def bench(run: Run) -> Iterator[Row]:
    with run.servers.site() as site:
        seller = open_seller(site.house, vendors_in_memory(site.house)["whatsapp"])
        told = {
            "FLOOR_SECRET": SECRET,
            "FLOOR_TENANT": str(seller.tenant),
            "FLOOR_INSTALLATION": str(seller.channel),
        }
        with (
            site.listening("entrypoints.web") as web,
            site.listening("tests.bench.floors", "ingest", probe="/", **told) as bare,
        ):
            ours = Side(web, letters(seller.account, seller.hook))
            floor = Side(bare, letters(seller.account, "/hook"))
            for side in (ours, floor):
                side.under(16, min(1.0, run.sizes.seconds))  # connections open, caches fill
            yield from _one(run, ours, floor)
            yield from _sixteen(run, ours, floor)
            yield from _crowd(run, ours, floor)
            _check(site, ours.kept + floor.kept)


def _one(run: Run, ours: Side, floor: Side) -> Iterator[Row]:
    seconds = run.sizes.seconds
    found = in_turns(
        run.sizes.pairs,
        lambda: ours.under(1, seconds).p50,
        lambda: floor.under(1, seconds).p50,
        lambda: sync_seconds(run.servers.folder),
    )
    yield compared("webhook kept, 1 at a time: p50", [(o, f) for o, f, _ in found], millis)
    above = median(waited - sync for waited, _, sync in found)
    sync = f"{millis(median(sync for *_, sync in found))} (sync)"
    yield bounded("P2 the same, above one sync", above, millis, most=0.0015, floor=sync)


def _sixteen(run: Run, ours: Side, floor: Side) -> Iterator[Row]:
    seconds, pairs = run.sizes.seconds, run.sizes.pairs
    found = in_turns(pairs, lambda: ours.under(16, seconds), lambda: floor.under(16, seconds))
    rates = [(o.rate, f.rate) for o, f in found]
    yield compared("P1 webhook kept, 16 at once", rates, per_second, least=0.8)
    spent = [(o.cpu, f.cpu) for o, f in found]
    yield compared("P1 the same: processor a request", spent, micros, most=1.25)
    beside = in_turns(
        pairs,
        lambda: ours.under(16, seconds).rate,
        lambda: inserts_per_second(run.servers, seconds),
    )
    inserts = [(o, f) for o, f in beside]
    yield compared("P3 the same, to pgbench's inserts", inserts, per_second, least=0.12)


def _crowd(run: Run, ours: Side, floor: Side) -> Iterator[Row]:
    seconds = run.sizes.seconds
    found = in_turns(
        run.sizes.pairs, lambda: ours.under(64, seconds), lambda: floor.under(64, seconds)
    )
    yield compared("webhook kept, 64 at once", [(o.rate, f.rate) for o, f in found], per_second)
    p50, theirs = (median(side.p50 for side in sides) for sides in zip(*found, strict=True))
    yield bounded("P6 the same: p50", p50, millis, most=0.15, floor=millis(theirs))
    yield compared("the same: p99", [(o.p99, f.p99) for o, f in found], millis)
    late, theirs = (max(side.late for side in sides) for sides in zip(*found, strict=True))
    yield bounded("P6 the same: over 1 s", late, percent, most=0.0, floor=percent(theirs))


def _check(site: Site, kept: int) -> None:
    """Whoever answered 200 without keeping it was not measured at this."""
    rows = site.ask("select count(*) from inbox")[0]
    if rows != kept:
        raise RuntimeError(f"{kept} webhooks were answered and {rows} are kept")
