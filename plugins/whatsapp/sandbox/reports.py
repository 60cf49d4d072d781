"""Commands about what became of messages, and the status webhooks that tell it."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from plugins.whatsapp.sandbox.world import Account, Command, Sent, World, change, seconds, signed
from ports.sandbox import Deliveries, Delivery

_TITLES = {
    131026: "Message undeliverable",
    131047: "Re-engagement message",
    131049: "Held back to keep the ecosystem healthy",
    131053: "Media upload error",
}


class Reports:
    def __init__(self, world: World, deliveries: Deliveries) -> None:
        self._world = world
        self._deliveries = deliveries
        self._held: list[Delivery] | None = None
        """Status webhooks that wait; None while none are held."""
        self._skips_delivered = False

    def commands(self) -> dict[str, Command]:
        return {
            "statuses": self._statuses,
            "skip_delivered": self._skip_delivered,
            "fail_next": self._fail_next,
            "merge": self._merge,
            "sent": self._sent,
            "marked_read": self._marked_read,
        }

    def report(self, sent: Sent) -> None:
        """One webhook a state, as Meta mostly sends them."""
        states = ["failed"] if sent.fate is not None else ["sent", "delivered", "read"]
        for state in states:
            if state == "delivered" and self._skips_delivered:
                continue
            told = {"statuses": [_status(sent, state)]}
            delivery = signed(sent.account, change(sent.account, "messages", told))
            if self._held is None:
                self._deliveries.add(delivery)
            else:
                self._held.append(delivery)

    def _statuses(self, *, hold: bool = False, release: bool = False) -> dict[str, int]:
        """Keep status webhooks back from now on, or let go of all and keep none back."""
        if hold == release:
            raise ValueError("statuses: say hold=True or release=True")
        if hold:
            self._held = self._held if self._held is not None else []
            return {"held": len(self._held)}
        released, self._held = self._held or [], None
        for delivery in released:
            self._deliveries.add(delivery)
        return {"released": len(released)}

    def _skip_delivered(self, *, on: bool = True) -> dict[str, bool]:
        self._skips_delivered = on
        return {"on": on}

    def _fail_next(self, *, code: int, times: int = 1) -> dict[str, int]:
        """The next messages are accepted and then fail with the code."""
        self._world.failures.extend([code] * times)
        return {"waiting": len(self._world.failures)}

    def _merge(self) -> dict[str, int]:
        """Batch what is owed: one delivery an app (address and secret), entries in their order."""
        batches: dict[tuple[str, str], tuple[Account, list[Any]]] = {}
        for delivery in self._deliveries.take():
            [entry] = json.loads(delivery.body)["entry"]
            metadata = entry["changes"][0]["value"]["metadata"]
            account = self._world.account(metadata["phone_number_id"])
            app = (delivery.url, account.app_secret)
            batches.setdefault(app, (account, []))[1].append(entry)
        for account, entries in batches.values():
            whole = {"object": "whatsapp_business_account", "entry": entries}
            self._deliveries.waiting.append(signed(account, whole))
        return {"deliveries": len(batches)}

    def _sent(self) -> list[dict[str, Any]]:
        """What was accepted, in order; `times` is how often its key was accepted in all."""
        times = Counter(sent.key for sent in self._world.sent)
        return [
            {
                "id": sent.id,
                "from": sent.account.phone_number_id,
                "to": sent.to,
                "kind": sent.kind,
                "text": sent.text,
                "key": sent.key,
                "times": times[sent.key],
                "failed": sent.fate,
            }
            for sent in self._world.sent
        ]

    def _marked_read(self) -> list[str]:
        return list(self._world.marked_read)


def _status(sent: Sent, state: str) -> dict[str, Any]:
    """`recipient_id` only where a phone was addressed; a failure to a phone tells no user id."""
    failed = state == "failed"
    status: dict[str, Any] = {"id": sent.id, "status": state, "timestamp": seconds(sent.at)}
    if sent.by_phone:
        status["recipient_id"] = sent.person.phone
    if not (failed and sent.by_phone):
        status["recipient_user_id"] = sent.person.user_id
    if sent.key is not None:
        status["biz_opaque_callback_data"] = sent.key
    if failed and sent.fate is not None:
        status["errors"] = [_error(sent.fate)]
    return status


def _error(code: int) -> dict[str, Any]:
    title = _TITLES.get(code, "Message failed")
    details = f"{title}: the message was not delivered."
    return {"code": code, "title": title, "message": title, "error_data": {"details": details}}
