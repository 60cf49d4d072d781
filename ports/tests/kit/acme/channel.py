from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from acme.client import AcmeClient
from ports.errors import Rejected
from ports.families.channel import (
    Body,
    MediaFile,
    MessageRef,
    Outgoing,
    OutgoingTemplate,
    OutgoingText,
)
from ports.manifest import Context
from ports.values import IdempotencyKey


class AcmeChannel:
    reply_window = timedelta(hours=24)

    def __init__(self, context: Context) -> None:
        self.client = AcmeClient(context)

    def send(self, message: Outgoing, *, key: IdempotencyKey) -> MessageRef:
        said = self.client.post("/messages", self.to_body(message), key=key)
        return MessageRef(said["id"].text())

    def to_body(self, message: Outgoing) -> dict[str, Any]:
        return {"to": message.to.value, **self.to_content(message.body)}

    def to_content(self, body: Body) -> dict[str, Any]:
        match body:
            case OutgoingText(text):
                return {"text": text}
            case OutgoingTemplate(name, language, parameters):
                return {"template": name, "language": language, "parameters": parameters}
            case _:
                raise Rejected("Acme sends texts and templates", field="body")

    def templates(self) -> Sequence[OutgoingTemplate]:
        return [OutgoingTemplate("hello", "tr", ("name",))]

    def fetch(self, ref: str) -> MediaFile:
        said = self.client.get(f"/media/{ref}")
        if said is None:
            raise Rejected("gone", field="ref")
        return MediaFile(said["data"].text().encode(), "image/png")

    def mark_read(self, message_id: str) -> None:
        self.client.post(f"/messages/{message_id}/read", {}, key=f"read-{message_id}")
