"""A customer, a message to her, and Netgsm with answers that the sandbox does not give."""

from __future__ import annotations

import json

from plugins.netgsm.channel import NetgsmChannel
from ports.families.channel import Identity, IdentityKind, Outgoing, OutgoingText
from ports.http import Request, Response
from ports.values import IdempotencyKey

AYSE = Identity(IdentityKind.PHONE, "+905320000101")


def send(
    channel: NetgsmChannel, text: str = "Kargonuz yolda", to: Identity = AYSE, key: str = "out-1"
) -> str:
    return channel.send(Outgoing(to, OutgoingText(text)), key=IdempotencyKey(key)).id


class Scripted:
    """A Transport that gives prepared answers and remembers what was asked."""

    def __init__(self) -> None:
        self.answers: list[Response] = []
        self.asked: list[Request] = []

    def send(self, request: Request) -> Response:
        self.asked.append(request)
        return self.answers.pop(0)

    def will_answer(self, body: bytes | dict[str, object], status: int = 200) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.answers.append(Response(status, {}, content))
