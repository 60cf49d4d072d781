"""Carries a sandbox's webhooks to their addresses: in order, and again when they are refused."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field

import httpx

from ports.sandbox import Delivery, Sandbox

log = logging.getLogger(__name__)

GAPS = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds between two tries of one delivery; after the last it is given up. Vendors go on for hours
or days; who tries something out does not want to wait for it."""
TICK = 0.2
"""Seconds after which we look by ourselves whether something is owed."""
PATIENCE = 10.0


@dataclass(slots=True)
class Played:
    """A sandbox that several threads use, one at a time."""

    id: str
    sandbox: Sandbox
    lock: threading.Lock = field(default_factory=threading.Lock)


class Postman(threading.Thread):
    """One sandbox's, so a delivery that is refused holds up those behind it and nobody else's."""

    def __init__(self, played: Played) -> None:
        super().__init__(name=f"postman of {played.id}", daemon=True)
        self._played = played
        self._owed = threading.Event()
        self._over = threading.Event()
        self.delivered = 0
        self.given_up = 0
        self.in_hand = 0

    def hurry(self) -> None:
        """Something may be owed now."""
        self._owed.set()

    def stop(self) -> None:
        self._over.set()
        self._owed.set()

    def run(self) -> None:
        with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
            while not self._over.is_set():
                self._owed.wait(TICK)
                self._owed.clear()
                with self._played.lock:
                    owed = self._played.sandbox.deliveries.take()
                    self.in_hand = len(owed)
                for delivery in owed:
                    self._deliver(client, delivery)
                    self.in_hand -= 1

    def _deliver(self, client: httpx.Client, delivery: Delivery) -> None:
        for gap in (*GAPS, None):
            if self._over.is_set():
                return
            said = _post(client, delivery)
            if said is None:
                self.delivered += 1
                return
            if gap is not None:
                self._over.wait(gap)
        self.given_up += 1
        log.warning("%s gives up a webhook: %s", self._played.id, said)


def _post(client: httpx.Client, delivery: Delivery) -> str | None:
    """None when it was taken (2xx), else what is wrong."""
    try:
        answer = client.post(delivery.url, content=delivery.body, headers=dict(delivery.headers))
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        return type(error).__name__
    return None if answer.is_success else f"it was answered {answer.status_code}"
