"""From a webhook that is stored to the answer that leaves, one at a time, beside one RQ job."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from statistics import median

import httpx
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from adapters.embedded.address import free_port
from entrypoints.processes import WORKERS
from entrypoints.sandbox import make_server
from plugins.whatsapp.sandbox import WhatsAppSandbox
from ports.clock import Clock
from ports.http import Request, Response
from tests.bench.floors import QUEUE, STAMPS
from tests.bench.run import Run, in_turns
from tests.bench.seller import SECRET, TOKEN, Seller, open_seller, vendors_in_memory
from tests.bench.servers import READY_WITHIN, Site, answers, eventually
from tests.bench.table import Row, compared, millis

ANSWERED_WITHIN = 180.0
"""Seconds; the reader of intents learns before the first answer."""
WARMING = 3
"""Answers that are not counted: programs and models are loaded at the first."""
_STORED = "select min(received_at) from inbox where position(%s::bytea in body) > 0"


class Phone(WhatsAppSandbox):
    """WhatsApp, noting when an answer arrives."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.heard: queue.SimpleQueue[datetime] = queue.SimpleQueue()

    def handle(self, request: Request) -> Response:
        if b'"status"' not in (request.body or b'"status"'):  # the other POST marks as read
            self.heard.put(datetime.now(UTC))
        return super().handle(request)


@contextmanager
def _played(site: Site, phone: Phone) -> Iterator[str]:
    """The sandbox's server, on a thread of this process; its address."""
    manifest = site.house.registry.manifests["whatsapp"]
    port = free_port()
    play = replace(manifest, sandbox=lambda _: phone)
    server = make_server("127.0.0.1", port, {"whatsapp": play}, site.house.clock)
    thread = threading.Thread(target=server.run)
    thread.start()
    url = f"http://127.0.0.1:{port}"
    try:
        eventually("the sandbox answers", lambda: answers(f"{url}/_health"), READY_WITHIN)
        yield url
    finally:
        server.should_exit = True
        thread.join()


def bench(run: Run) -> Iterator[Row]:
    with run.servers.site() as site, ExitStack() as stack:
        seller = open_seller(site.house, vendors_in_memory(site.house)["whatsapp"])
        seller.trusts(["greeting"])
        phone = Phone(site.house.clock)
        url = stack.enter_context(_played(site, phone))
        web = stack.enter_context(site.listening("entrypoints.web", INVEKTO_SANDBOX=url))
        for queues in WORKERS.values():
            stack.enter_context(site.process("entrypoints.worker", *queues, INVEKTO_SANDBOX=url))
        stack.enter_context(site.process("entrypoints.sweeper"))
        stack.enter_context(site.process("tests.bench.floors", "rq"))
        phone.control(
            "account",
            phone_number_id=seller.account,
            access_token=TOKEN,
            app_secret=SECRET,
            callback_url=f"{web.url}{seller.hook}",
        )
        yield from _measured(run, site, phone, seller, url)


def _measured(run: Run, site: Site, phone: Phone, seller: Seller, url: str) -> Iterator[Row]:
    client = Redis.from_url(site.redis)
    numbers = iter(range(905_300_000_000, 905_400_000_000))
    for _ in range(WARMING):
        _answer(site, phone, seller, url, str(next(numbers)))
        _job(client)
    found = in_turns(
        run.sizes.answers,
        lambda: _answer(site, phone, seller, url, str(next(numbers))),
        lambda: _job(client),
    )
    client.close()
    pairs = [(ours, floor) for ours, floor in found]
    yield compared("webhook stored → answer leaves, to one RQ job", pairs, millis)
    slowest = sorted(ours for ours, _ in pairs)[int(len(pairs) * 0.95)]
    usual = median(ours for ours, _ in pairs)
    yield Row("the same: p50 and p95", f"{millis(usual)}, {millis(slowest)}")


def _answer(site: Site, phone: Phone, seller: Seller, url: str, number: str) -> float:
    """A new customer says hello; how long after it is stored the answer comes."""
    body = {"phone_number_id": seller.account, "from_phone": number, "text": "Merhaba"}
    httpx.post(f"{url}/_control/whatsapp/customer_writes", json=body).raise_for_status()
    heard = phone.heard.get(timeout=ANSWERED_WITHIN)
    [stored] = site.ask(_STORED, number.encode())
    assert isinstance(stored, datetime)
    return (heard - stored).total_seconds()


def _job(client: Redis) -> float:
    began = time.time()
    bare = Queue(QUEUE, connection=client, serializer=JSONSerializer)
    bare.enqueue_many([Queue.prepare_data("tests.bench.floors.stamp", result_ttl=0)])
    told = client.blpop([STAMPS], ANSWERED_WITHIN)
    assert isinstance(told, tuple), "the job was done"
    return float(told[1]) - began
