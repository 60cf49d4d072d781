"""Netgsm's pushes: replies that the portal redirects, and delivery reports."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from urllib.parse import parse_qsl

from plugins.netgsm.mapping import Skipped, findings
from ports.errors import ContractBroken, Ignored, Unreadable
from ports.events import Event
from ports.webhooks import RawWebhook
from ports.wild import Wild

_LISTS = ("messages", "jobs")
"""Where the queries keep their rows; the pushes may do the same."""


class NetgsmReader:
    def verify(self, webhook: RawWebhook) -> None:
        """Netgsm signs nothing and sends no header of ours: nothing in a delivery can prove it.

        The proof is the address itself, whose token only Netgsm was told and which the house has
        checked before it asks here.
        """

    def dedupe_key(self, webhook: RawWebhook) -> str:
        return hashlib.sha256(webhook.body).hexdigest()

    def read(self, webhook: RawWebhook) -> Sequence[Event]:
        try:
            found = [finding for row in _rows(webhook.body) for finding in findings(row)]
        except ContractBroken as error:
            raise Unreadable(str(error)) from error
        events = [finding for finding in found if isinstance(finding, Event)]
        if not events:
            reasons = [finding.reason for finding in found if isinstance(finding, Skipped)]
            raise Ignored("; ".join(dict.fromkeys(reasons)) or "there is nothing inside")
        return events


def _rows(body: bytes) -> Iterable[Wild]:
    """The messages or reports inside: a form, or JSON of one, of a list, or of a list by name."""
    try:
        said = Wild.parse(body)
    except ContractBroken:
        said = Wild(_form(body))
    if isinstance(said.raw, list):
        return said.each()
    named = next((said[name] for name in _LISTS if said[name].present), None)
    return [said] if named is None else named.each()


def _form(body: bytes) -> dict[str, str]:
    """In UTF-8, or else in the Turkish code page that older systems write."""
    try:
        return _pairs(body, "utf-8")
    except UnicodeDecodeError:
        return _pairs(body, "iso8859-9")


def _pairs(body: bytes, encoding: str) -> dict[str, str]:
    said = body.decode(encoding)
    return dict(parse_qsl(said, keep_blank_values=True, encoding=encoding, errors="strict"))
