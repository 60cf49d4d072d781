"""The channel: short sentences over the client and the mapping."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from plugins.whatsapp.client import GraphClient
from plugins.whatsapp.outgoing import to_message
from plugins.whatsapp.settings import Settings
from plugins.whatsapp.templates import to_template
from ports.errors import AuthRejected, ContractBroken, OutcomeUnknown, Rejected, Transient
from ports.families.channel import MediaFile, MessageRef, Outgoing, OutgoingTemplate
from ports.manifest import Account
from ports.values import IdempotencyKey
from ports.wild import Wild

LARGEST_FILE = 100 * 1024 * 1024
"""Bytes; WhatsApp delivers no larger file."""

_MOST_PAGES = 100


class WhatsAppChannel:
    """`Channel` with templates, media and read marks.

    WhatsApp knows no idempotency keys: a lost answer is OutcomeUnknown, the key rides along as
    `biz_opaque_callback_data`, and the status webhook that echoes it settles the matter.
    """

    reply_window = timedelta(hours=24)
    settles_within = timedelta(minutes=10)

    def __init__(self, client: GraphClient, settings: Settings) -> None:
        self._client = client
        self._number = settings.phone_number_id
        self._waba = settings.waba_id

    def account(self) -> Account:
        """One cheap call that proves the token and names the number."""
        fields = {"fields": "display_phone_number,verified_name"}
        answer = self._client.get(self._number, query=fields)
        shown = [answer["verified_name"].text_or(None), answer["display_phone_number"].text()]
        return Account(self._number, " ".join(word for word in shown if word))

    def send(self, message: Outgoing, *, key: IdempotencyKey) -> MessageRef:
        """Accepted means queued at Meta; its states come as DeliveryReported."""
        answer = self._client.post(self._number, "messages", body=to_message(message, key))
        try:
            [sent] = answer["messages"].each()
            return MessageRef(sent["id"].text())
        except (ContractBroken, ValueError) as error:
            raise OutcomeUnknown("WhatsApp accepted the message without naming it") from error

    def templates(self) -> Sequence[OutgoingTemplate]:
        """The approved templates that `send` can fill: see `to_template` for which are left out."""
        query = {
            "fields": "name,language,status,parameter_format,components",
            "status": "APPROVED",
            "limit": "100",
        }
        found: list[OutgoingTemplate] = []
        for _ in range(_MOST_PAGES):
            page = self._client.get(self._waba, "message_templates", query=query)
            found.extend(filter(None, map(to_template, page["data"].each())))
            after = _next_page(page)
            if after is None:
                return found
            query["after"] = after
        raise ContractBroken(f"the list of templates does not end within {_MOST_PAGES} pages")

    def fetch(self, ref: str) -> MediaFile:
        """Ask for the file's address, then for the file.

        The address lives five minutes; one that has just died is asked for once more.
        """
        for _ in range(2):
            found = self._find(ref)
            answer = self._client.download(found.url)
            if answer is not None:
                return _whole(answer.body, found)
        raise Rejected("WhatsApp no longer has the file", field="ref", vendor_code="HTTP 404")

    def mark_read(self, message_id: str) -> None:
        body = {"messaging_product": "whatsapp", "status": "read", "message_id": message_id}
        self._client.post(self._number, "messages", body=body, repeatable=True)

    def _find(self, ref: str) -> _Found:
        try:
            answer = self._client.get(ref, query={"phone_number_id": self._number})
        except AuthRejected:
            raise
        except Rejected as error:
            raise Rejected(str(error), field="ref", vendor_code=error.vendor_code) from error
        size = answer["file_size"].digits_or("0")
        if size and size.isdecimal() and int(size) > LARGEST_FILE:
            raise Rejected("the file is larger than 100 MB", field="ref")
        mime = answer["mime_type"].text_or(None) or "application/octet-stream"
        return _Found(answer["url"].text(), mime, answer["sha256"].text_or(None))


class _Found(NamedTuple):
    url: str
    mime: str
    sha256: str | None


def _whole(data: bytes, found: _Found) -> MediaFile:
    """The file, if it came undamaged; Meta writes the hash as hex here and base64 elsewhere."""
    if len(data) > LARGEST_FILE:
        raise Rejected("the file is larger than 100 MB", field="ref")
    digest = hashlib.sha256(data)
    forms = (digest.hexdigest(), base64.b64encode(digest.digest()).decode())
    if found.sha256 is not None and found.sha256 not in forms:
        raise Transient("the file came damaged")
    return MediaFile(data, found.mime)


def _next_page(page: Wild) -> str | None:
    """The cursor, while the vendor says that there is a next page.

    The `next` address itself is not followed: it repeats the token in its query.
    """
    paging = page["paging"]
    if not paging.present or not paging["next"].present:
        return None
    return paging["cursors"]["after"].text()
