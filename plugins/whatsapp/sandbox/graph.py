"""Meta in memory: the Graph API, the media host, and the people who write and read.

Which sentences of Meta's documents it plays is listed in the README, with its commands.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from plugins.whatsapp.manifest import HOSTS
from plugins.whatsapp.sandbox.people import People
from plugins.whatsapp.sandbox.reports import Reports
from plugins.whatsapp.sandbox.rules import check, check_template
from plugins.whatsapp.sandbox.scene import Scene
from plugins.whatsapp.sandbox.world import (
    FILE_LIVES,
    MEDIA_HOST,
    Account,
    Person,
    Refused,
    Sent,
    World,
)
from ports.clock import Clock
from ports.errors import ContractBroken
from ports.http import Request, Response
from ports.sandbox import Deliveries, Faults, answer
from ports.wild import Wild

_BURST, _PAIR_SECONDS = 45, timedelta(seconds=6)
"""More messages to one person within the time are refused with 131056."""


class WhatsAppSandbox:
    hosts = HOSTS

    def __init__(self, clock: Clock) -> None:
        self.faults = Faults()
        self.deliveries = Deliveries()
        self._world = World(clock)
        self._reports = Reports(self._world, self.deliveries)
        self._commands = {
            **Scene(self._world).commands(),
            **People(self._world, self.deliveries).commands(),
            **self._reports.commands(),
        }

    def control(self, command: str, **arguments: Any) -> Any:
        act = self._commands.get(command)
        if act is None:
            raise ValueError(f"unknown command {command}; known: {', '.join(self._commands)}")
        try:
            inspect.signature(act).bind(**arguments)
        except TypeError as error:
            raise ValueError(f"{command}: {error}") from None
        return act(**arguments)

    def handle(self, request: Request) -> Response:
        return answer(
            self,
            request,
            rate_limited=lambda: _refused(Refused(130429, "Too many messages", 429)),
            handle=self._handle,
        )

    def _handle(self, request: Request) -> Response:
        try:
            return self._route(request)
        except Refused as refused:
            return _refused(refused)

    def _route(self, request: Request) -> Response:
        url = urlsplit(request.url)
        query = dict(parse_qsl(url.query))
        token = self._token(request)
        if url.hostname == MEDIA_HOST:
            return self._file(query)
        steps = url.path.strip("/").split("/")[1:]
        match request.method, steps:
            case "GET", [waba_id, "message_templates"]:
                return self._templates(self._owned_waba(waba_id, token), query)
            case "GET", [media_id] if media_id in self._world.files:
                return self._media(media_id)
            case "GET", [number]:
                return _ok(_shown(self._owned(number, token)))
            case "POST", [number, "messages"]:
                return self._messages(self._owned(number, token), _json(request))
            case _:
                raise Refused(100, "Unsupported request: no such object or edge")

    # --- who asks --------------------------------------------------------------------------

    def _token(self, request: Request) -> str:
        headers = {name.lower(): value for name, value in request.headers.items()}
        token = headers.get("authorization", "").removeprefix("Bearer ")
        if token not in {account.access_token for account in self._world.accounts.values()}:
            raise Refused(190, "Invalid OAuth access token", 401)
        return token

    def _owned(self, number: str, token: str) -> Account:
        account = self._world.accounts.get(number)
        if account is None:
            raise Refused(33, "There is no object of this id, or it was deleted")
        if account.access_token != token:
            raise Refused(10, "The app has no permission for this number", 403)
        return account

    def _owned_waba(self, waba_id: str, token: str) -> Account:
        for account in self._world.accounts.values():
            if account.waba_id == waba_id and account.access_token == token:
                return account
        raise Refused(33, "There is no object of this id, or it was deleted")

    # --- reading ---------------------------------------------------------------------------

    def _templates(self, account: Account, query: Mapping[str, str]) -> Response:
        status = query.get("status")
        found = [t.shown() for t in self._world.templates if status in (None, t.status)]
        first, most = _whole(query.get("after"), 0), _whole(query.get("limit"), 25)
        end = first + most
        paging: dict[str, Any] = {"cursors": {"before": str(first), "after": str(end)}}
        if end < len(found):
            edge = f"https://graph.facebook.com/v26.0/{account.waba_id}/message_templates"
            paging["next"] = f"{edge}?access_token={account.access_token}&after={end}"
        return _ok({"data": found[first:end], "paging": paging})

    def _media(self, media_id: str) -> Response:
        file = self._world.files[media_id]
        if self._world.clock.now() - file.stored_at >= FILE_LIVES:
            raise Refused(100, "The media is no longer kept")
        return _ok(
            {
                "messaging_product": "whatsapp",
                "url": self._world.address_of(media_id),
                "mime_type": file.mime,
                "sha256": hashlib.sha256(file.data).hexdigest(),
                "file_size": str(len(file.data)),
                "id": media_id,
            }
        )

    def _file(self, query: Mapping[str, str]) -> Response:
        file = self._world.file_at(query)
        if file is None:
            return Response(404, {"content-type": "text/html"}, b"<html>Not Found</html>")
        return Response(200, {"content-type": file.mime}, file.data)

    # --- writing ---------------------------------------------------------------------------

    def _messages(self, account: Account, payload: Wild) -> Response:
        if payload["status"].present:
            return self._mark_read(payload)
        text = check(payload)
        person, to = self._recipient(payload)
        self._keep_pace(account, person)
        sent = self._accept(account, person, to, payload, text)
        self._reports.report(sent)
        return _ok(_accepted(sent))

    def _mark_read(self, payload: Wild) -> Response:
        message_id = payload["message_id"].raw
        if payload["status"].raw != "read" or message_id not in self._world.received:
            raise Refused(131009, "There is no such message to mark as read")
        self._world.marked_read.append(message_id)
        return _ok({"success": True})

    def _recipient(self, payload: Wild) -> tuple[Person, str]:
        """A phone wins over a user id; every phone is on WhatsApp, a made-up user id is nobody."""
        to = payload["to"].raw
        if isinstance(to, str) and to:
            digits = to.lstrip("+")
            if not (digits.isdecimal() and 7 <= len(digits) <= 15):
                raise Refused(131009, "to is not a phone number")
            return self._world.person(digits, None), to
        user_id = payload["recipient"].raw
        person = self._world.known(None, user_id) if isinstance(user_id, str) else None
        if person is None:
            raise Refused(131026, "Message undeliverable: nobody has this user id")
        return person, person.user_id

    def _keep_pace(self, account: Account, person: Person) -> None:
        now = self._world.clock.now()
        times = person.sent_at.setdefault(account.phone_number_id, [])
        times[:] = [at for at in times if now - at < _PAIR_SECONDS]
        if len(times) >= _BURST:
            raise Refused(131056, "Too many messages to this person", 429)
        times.append(now)

    def _accept(self, account: Account, person: Person, to: str, payload: Wild, text: str) -> Sent:
        fate = self._fate(account, person, payload)
        sent = Sent(
            id=self._world.mint(account.phone_number_id),
            account=account,
            person=person,
            to=to,
            by_phone=to != person.user_id,
            kind=payload["type"].text_or("text") or "text",
            text=text,
            key=payload["biz_opaque_callback_data"].text_or(None),
            at=self._world.clock.now(),
            fate=fate,
        )
        self._world.sent.append(sent)
        return sent

    def _fate(self, account: Account, person: Person, payload: Wild) -> int | None:
        """Whether the message will arrive; a closed window shows at once or later, as ordered."""
        if payload["type"].raw == "template":
            template = check_template(payload, self._world.templates)
            if template.category == "MARKETING" and account.phone_number_id in person.stopped:
                raise Refused(131050, "The person stopped marketing messages")
        elif not self._world.window_open(account, person):
            if self._world.refuses_at_once:
                raise Refused(131047, "More than 24 hours have passed since their last message")
            return 131047
        failures = self._world.failures
        return failures.popleft() if failures else None


def _accepted(sent: Sent) -> dict[str, Any]:
    contact = {"input": sent.to, "user_id": sent.person.user_id}
    if sent.by_phone:
        contact["wa_id"] = sent.person.phone or ""
    message = {"id": sent.id}
    if sent.kind == "template":
        message["message_status"] = "accepted"
    return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [message]}


def _shown(account: Account) -> dict[str, Any]:
    return {
        "verified_name": account.name,
        "display_phone_number": account.display,
        "id": account.phone_number_id,
    }


def _json(request: Request) -> Wild:
    try:
        payload = Wild.parse(request.body or b"")
        payload.keys()
    except ContractBroken as error:
        raise Refused(100, f"The body is not a JSON object: {error}") from error
    return payload


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isdecimal() else otherwise


def _ok(body: Mapping[str, Any]) -> Response:
    return Response(200, {"content-type": "application/json"}, json.dumps(body).encode())


def _refused(refused: Refused) -> Response:
    """Graph's error body; the trace id is made from the details, so that it stays the same."""
    trace = hashlib.sha256(str(refused).encode()).hexdigest()[:16]
    error = {
        "message": f"(#{refused.code}) {refused.details}",
        "type": "OAuthException",
        "code": refused.code,
        "error_data": {"messaging_product": "whatsapp", "details": refused.details},
        "fbtrace_id": trace,
    }
    headers = {"content-type": "application/json"}
    return Response(refused.status, headers, json.dumps({"error": error}).encode())
