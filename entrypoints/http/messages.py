"""What was written in a conversation, writing to it, and its files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

import flask

from core.conversations.manage import Manage
from core.conversations.message import Attachment, Message
from core.conversations.write import Reply, Write
from core.delivery.drain import Files
from core.shared.actor import Actor, allow
from core.shared.errors import NotFound
from core.shared.work import Works
from entrypoints.http.wire import Answer, Json, id_or_none, moment, moment_or_none
from ports.clock import Clock
from ports.families.channel import (
    Body,
    Choice,
    MediaKind,
    OutgoingChoices,
    OutgoingMedia,
    OutgoingTemplate,
    OutgoingText,
)


@dataclass(frozen=True, slots=True)
class Messages:
    works: Works
    write: Write
    manage: Manage
    files: Files
    clock: Clock
    new_id: Callable[[Actor], UUID]
    """The same id for the same request under the same Idempotency-Key."""

    def list(self, id: str, user: Actor, limit: int, cursor: str | None = None) -> Answer:
        allow(user, "inbox.read")
        with self.works(user.tenant, user.reach) as work:
            if work.conversations.get(UUID(id)) is None:
                raise NotFound("there is no such conversation")
            found = work.messages.list(UUID(id), cursor=cursor, limit=limit)
            files = work.messages.attachments([m.id for m in found.items])
        return {"items": [present(m, files) for m in found.items], "cursor": found.cursor}

    def send(self, id: str, body: Mapping[str, Any], user: Actor) -> Answer:
        command = Reply(UUID(id), to_body(body), body.get("reply_to"))
        return present(self.write.reply(self.new_id(user), command, user)), 201

    def add_note(self, id: str, body: Mapping[str, Any], user: Actor) -> Answer:
        new, now = self.new_id(user), self.clock.now()
        return present(self.manage.note(new, UUID(id), body["text"], user, now=now)), 201

    def download(self, id: str, user: Actor) -> flask.Response:
        """Always a file to keep, never one to open: a customer chose the bytes and their type."""
        allow(user, "inbox.read")
        with self.works(user.tenant, user.reach) as work:
            found = work.messages.attachment(UUID(id))
        if found is None or found.path is None:
            raise NotFound("there is no such file, or it was not fetched")
        data = self.files.get(user.tenant, found.path)
        name = quote(found.filename or f"{found.kind}-{found.id}", safe="")
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        }
        return flask.Response(data, 200, headers, content_type="application/octet-stream")


def to_body(given: Mapping[str, Any]) -> Body:
    """What to send, by its `kind`; the specification has seen to its shape."""
    match given["kind"]:
        case "choices":
            choices = tuple(Choice(c["id"], c["title"]) for c in given["choices"])
            return OutgoingChoices(given["text"], choices)
        case "media":
            kind, link = MediaKind(given["media"]), given["link"]
            return OutgoingMedia(kind, link, given.get("caption"), given.get("filename"))
        case "template":
            parameters = tuple(given.get("parameters", ()))
            return OutgoingTemplate(given["name"], given["language"], parameters)
        case _:
            return OutgoingText(given["text"])


def present(message: Message, files: Sequence[Attachment] = ()) -> Json:
    return {
        "id": str(message.id),
        "conversation_id": str(message.conversation_id),
        "direction": message.direction,
        "author": message.author,
        "kind": message.kind,
        "text": message.text,
        "content": dict(message.content),
        "state": message.state,
        "sent_at": moment(message.sent_at),
        "created_at": moment(message.created_at),
        "external_id": message.external_id,
        "reply_to": message.reply_to,
        "error": message.error,
        "turn_id": id_or_none(message.turn_id),
        "edited_at": moment_or_none(message.edited_at),
        "revoked_at": moment_or_none(message.revoked_at),
        "reactions": dict(message.reactions),
        "attachments": [_attachment(a) for a in files if a.message_id == message.id],
    }


def _attachment(attachment: Attachment) -> Json:
    return {
        "id": str(attachment.id),
        "kind": attachment.kind,
        "mime": attachment.mime,
        "filename": attachment.filename,
        "size": attachment.size,
        "fetched": attachment.path is not None,
        "error": attachment.error,
    }
