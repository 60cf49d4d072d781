"""Channels that break one promise each."""

from __future__ import annotations

from uuid import uuid4

import sound
from acme.channel import AcmeChannel
from planting import plant

from ports.errors import OutcomeUnknown, Rejected, Transient, WindowClosed
from ports.families.channel import MessageRef, OutgoingTemplate


class FreshKeys(AcmeChannel):
    def send(self, message, *, key):
        return super().send(message, key=uuid4().hex)


class LostIsTransient(AcmeChannel):
    def send(self, message, *, key):
        try:
            return super().send(message, key=key)
        except OutcomeUnknown:
            raise Transient("try again") from None


class RepeatsWhatWasLost(AcmeChannel):
    def send(self, message, *, key):
        try:
            return super().send(message, key=key)
        except OutcomeUnknown:
            return super().send(message, key=f"{key}-again")


class TrustsHalfAnAnswer(AcmeChannel):
    def send(self, message, *, key):
        body = self.to_body(message)
        try:
            return MessageRef(self.client.post("/messages", body, key=key)["id"].text())
        except OutcomeUnknown as error:
            if "took it" in str(error):
                return MessageRef(key)
            raise


class HidesTheField(AcmeChannel):
    def send(self, message, *, key):
        try:
            return super().send(message, key=key)
        except Rejected as error:
            error.field = None
            raise


class CutsLongTexts(AcmeChannel):
    def to_content(self, body):
        content = super().to_content(body)
        return content | {"text": content["text"][:100]} if "text" in content else content


class PretendsToFetch(AcmeChannel):
    def fetch(self, ref):
        return super().fetch("i1")


class NamelessMessages(AcmeChannel):
    def send(self, message, *, key):
        super().send(message, key=key)
        return MessageRef("")


class OneKeyForAllMessages(AcmeChannel):
    def send(self, message, *, key):
        return super().send(message, key="key")


class CallsAClosedWindowRejected(AcmeChannel):
    def send(self, message, *, key):
        try:
            return super().send(message, key=key)
        except WindowClosed as error:
            raise Rejected(str(error), field="to") from None


class ListsWhatItCannotSend(AcmeChannel):
    def templates(self):
        return [*super().templates(), OutgoingTemplate("draft", "tr")]


class MarksByWriting(AcmeChannel):
    def mark_read(self, message_id):
        self.client.post("/messages", {"to": "+905321112233", "text": "✓"}, key=message_id)


globals().update(
    plant(
        sound.TestChannel,
        "channel",
        FreshKeys,
        LostIsTransient,
        RepeatsWhatWasLost,
        TrustsHalfAnAnswer,
        HidesTheField,
        CutsLongTexts,
        PretendsToFetch,
        NamelessMessages,
        OneKeyForAllMessages,
        CallsAClosedWindowRejected,
        ListsWhatItCannotSend,
        MarksByWriting,
    )
)
