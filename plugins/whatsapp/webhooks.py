"""Meta's deliveries: is it Meta, is it known, what does it say, whose is it.

Source: developers.facebook.com/documentation/business-messaging/whatsapp/webhooks
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any

from plugins.whatsapp.mapping import OBJECT, Skipped, findings, number_of
from ports.errors import ContractBroken, Ignored, Unreadable, Unverified
from ports.events import Event
from ports.settings import Secret
from ports.webhooks import Part, RawWebhook, Reply
from ports.wild import Wild


class WhatsAppReader:
    """Deliveries for one phone number."""

    def __init__(
        self,
        *,
        secrets: tuple[Secret, ...],
        verify_token: Secret | None,
        phone_number_id: str | None = None,
    ) -> None:
        self._secrets = secrets
        """Any of them may have signed: two during a rotation, none where the app's door is used."""
        self._verify_token = verify_token
        self._number = phone_number_id

    def verify(self, webhook: RawWebhook) -> None:
        """HMAC-SHA256 with the app secret over the bytes as they came."""
        given = webhook.headers.get("x-hub-signature-256", "").encode(errors="replace")
        matches = [hmac.compare_digest(given, _signature(s, webhook.body)) for s in self._secrets]
        if not any(matches):
            raise Unverified("the signature is not Meta's")

    def handshake(self, query: Mapping[str, str]) -> Reply:
        """Echo the challenge of an address check; such a request is not signed."""
        given = query.get("hub.verify_token", "").encode(errors="replace")
        ours = self._verify_token.reveal().encode() if self._verify_token else b""
        known = bool(ours) and hmac.compare_digest(given, ours)
        challenge = query.get("hub.challenge", "")
        if not known or query.get("hub.mode") != "subscribe" or not challenge:
            raise Unverified("the verify token is not ours")
        return Reply(200, challenge.encode(errors="replace"))

    def dedupe_key(self, webhook: RawWebhook) -> str:
        return hashlib.sha256(webhook.body).hexdigest()

    def read(self, webhook: RawWebhook) -> Sequence[Event]:
        try:
            found = list(findings(Wild.parse(webhook.body), self._number))
        except ContractBroken as error:
            raise Unreadable(str(error)) from error
        events = [finding for finding in found if isinstance(finding, Event)]
        if not events:
            reasons = [finding.reason for finding in found if isinstance(finding, Skipped)]
            raise Ignored("; ".join(dict.fromkeys(reasons)) or "there is nothing inside")
        return events


class WhatsAppAppReader(WhatsAppReader):
    """Deliveries of a Meta app that many tenants share: one address, one secret."""

    def split(self, webhook: RawWebhook) -> Sequence[Part]:
        """One part a phone number id, in the order in which they appear.

        What concerns a whole business account (templates, reviews) has no phone number id: it goes
        to the account `waba:<id>`. A delivery for one account only keeps its very bytes.
        """
        try:
            envelope = json.loads(webhook.body)
            shares = _shares(Wild(envelope))
            if len(shares) == 1:
                return [Part(account, webhook.body) for account in shares]
            return [Part(a, _dump({**envelope, "entry": e})) for a, e in shares.items()]
        except (ContractBroken, ValueError, RecursionError) as error:
            raise Unreadable(str(error)) from error


def _signature(secret: Secret, body: bytes) -> bytes:
    digest = hmac.new(secret.reveal().encode(), body, hashlib.sha256).hexdigest()
    return f"sha256={digest}".encode()


def _shares(delivery: Wild) -> dict[str, list[dict[str, Any]]]:
    """Each account's entries, each entry with that account's changes only."""
    if delivery["object"].text() != OBJECT:
        raise ContractBroken(f"{delivery.path}.object is not {OBJECT}")
    shares: dict[str, list[dict[str, Any]]] = {}
    for entry in delivery["entry"].each():
        for account, changes in _by_account(entry).items():
            shares.setdefault(account, []).append({**entry.raw, "changes": changes})
    return shares


def _by_account(entry: Wild) -> dict[str, list[Any]]:
    whole = f"waba:{entry['id'].digits()}"
    changes: dict[str, list[Any]] = {}
    for change in entry["changes"].each():
        changes.setdefault(number_of(change) or whole, []).append(change.raw)
    return changes or {whole: []}


def _dump(value: Any) -> bytes:
    """Compact ASCII, as Meta writes it."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()
