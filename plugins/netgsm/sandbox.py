"""Netgsm in memory: the REST v2 calls that this plugin and its set-up make, and the pushes.

Commands of control(): `account`, `customer_writes`, `fail_next`, `reports`, `sent`; their arguments
stand at the methods of the same names.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from plugins.netgsm.mapping import STATES
from plugins.netgsm.sandbox_world import HOOKS, INBOX, RECORDED, REPORTS, SETTLED, Account, World
from plugins.netgsm.settings import HOST
from ports import sandbox as ports_sandbox
from ports.clock import Clock
from ports.errors import ContractBroken
from ports.http import Request, Response
from ports.wild import Wild

LIMITS = {None: 917, "TR": 883, "UNICODE": 391}
_MINUTE = timedelta(minutes=1)
_JOBS_A_MINUTE, _REPORTS_A_MINUTE = 20, 10
_ROOT = "/sms/rest/v2/"


class _Refused(Exception):
    """Answered as 406 with this code."""


class NetgsmSandbox:
    """Opens with one account, that of the settings' examples; its pushes are switched on."""

    hosts = frozenset({HOST})

    def __init__(self, clock: Clock) -> None:
        self.faults = ports_sandbox.Faults()
        self.deliveries = ports_sandbox.Deliveries()
        self._clock = clock
        self._world = World(clock, self.deliveries)
        self._commands = {
            command.__name__: command
            for command in (
                self.account, self.customer_writes, self.fail_next, self.reports, self.sent
            )
        }  # fmt: skip

    def handle(self, request: Request) -> Response:
        return ports_sandbox.answer(
            self, request, rate_limited=lambda: _refused("80"), handle=self._handle
        )

    def control(self, command: str, **arguments: Any) -> Any:
        if command not in self._commands:
            raise ValueError(f"unknown command {command!r}; known: {', '.join(self._commands)}")
        try:
            return self._commands[command](**arguments)
        except TypeError as error:
            raise ValueError(f"{command}: {error}") from None

    # what happens at Netgsm by itself

    def account(
        self,
        usercode: str | None = None,
        password: str | None = None,
        msgheader: str | None = None,
        otp: bool | None = None,
        inbox_url: str | None = None,
        report_url: str | None = None,
    ) -> str:
        """Add an account or change one (the first by default); what is left out stays.

        An empty address switches that push off. Answers the user code.
        """
        code = usercode or next(iter(self._world.accounts))
        account = self._world.accounts.setdefault(code, Account(code))
        account.password = account.password if password is None else password
        account.otp = account.otp if otp is None else otp
        account.headers += (msgheader,) if msgheader else ()
        for hook, url in ((INBOX, inbox_url), (REPORTS, report_url)):
            if url is not None:
                account.hooks[hook] = url
        return code

    def customer_writes(
        self,
        from_phone: str,
        text: str,
        usercode: str | None = None,
        at: str | None = None,
        push: str = "form",
    ) -> None:
        """An SMS to the subscriber number; `RED` stops all but codes. `push`: `form` or `json`."""
        if push not in ("form", "json"):
            raise ValueError("customer_writes: push is form or json")
        account = self._world.accounts.get(usercode or next(iter(self._world.accounts)))
        if account is None:
            raise ValueError(f"customer_writes: there is no account {usercode}")
        moment = datetime.fromisoformat(at) if at else self._clock.now()
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        number = from_phone.removeprefix("+90")
        self._world.hear(account, number, text, moment, form=push == "form")

    def fail_next(self, status: int, times: int = 1, error_code: int = 0) -> None:
        """The next accepted messages get this status in their reports."""
        if str(status) not in STATES:
            raise ValueError(f"fail_next: {status} is no status; known: {', '.join(STATES)}")
        self._world.failures.extend([(status, error_code)] * times)

    def reports(self, hold: bool = False, release: bool = False) -> None:
        """Keep the pushed reports back; let them go."""
        if hold is release:
            raise ValueError("reports: say hold=True or release=True")
        held, self._world.held = self._world.held or [], [] if hold else None
        for job in held:
            self._world.report(job)

    def sent(self) -> list[dict[str, Any]]:
        """What was accepted, one entry a recipient, with the status that its report tells."""
        return [{**asdict(job), "at": job.at.isoformat()} for job in self._world.jobs]

    # the service

    def _handle(self, request: Request) -> Response:
        path = urlsplit(request.url).path
        try:
            account = self._login(request)
            return _ok(self._route(request.method, path.removeprefix(_ROOT), account, request))
        except _Refused as refused:
            return _refused(str(refused))
        except ContractBroken:
            return _refused("70")

    def _login(self, request: Request) -> Account:
        headers = {name.lower(): value for name, value in request.headers.items()}
        scheme, _, pair = headers.get("authorization", "").partition(" ")
        try:
            usercode, _, password = base64.b64decode(pair, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            raise _Refused("30") from None
        account = self._world.accounts.get(usercode)
        if scheme != "Basic" or account is None or account.password != password:
            raise _Refused("30")
        return account

    def _route(self, method: str, path: str, account: Account, request: Request) -> dict[str, Any]:
        if (method, path) == ("GET", "msgheader"):
            return {"msgheaders": list(account.headers)}
        if method == "DELETE" and path in HOOKS:
            account.hooks.pop(path, None)
            return {}
        body = Wild.parse(request.body or b"")
        match method, path:
            case "POST", "send":
                return self._queued(self._send(account, body))
            case "POST", "otp":
                return self._queued(self._otp(account, body))
            case "POST", "report":
                return {"jobs": self._report(account, body)}
            case "POST", hook if hook in HOOKS:
                account.hooks[hook] = body["webhookUrl"].text()
                return {}
        raise _Refused("70")

    def _queued(self, job_id: str) -> dict[str, Any]:
        return {"jobid": job_id, "description": "queued"}

    def _send(self, account: Account, body: Wild) -> str:
        self._check_header(account, body)
        if body["iysfilter"].text_or("0") != "0":
            raise _Refused("51")  # no account here has a brand in the consent register
        encoding = body["encoding"].text_or(None)
        messages = [{"msg": m["msg"].text(), "no": m["no"].text()} for m in body["messages"].each()]
        if encoding not in LIMITS or not messages:
            raise _Refused("70")
        for message in messages:
            self._check_message(account, message, LIMITS[encoding])
        key = body["referansID"].digits_or("") or ""
        return self._world.accept(account, "sms", messages, encoding, key)

    def _otp(self, account: Account, body: Wild) -> str:
        self._check_header(account, body)
        if not account.otp:
            raise _Refused("60")
        message = {"msg": body["msg"].text(), "no": body["no"].text()}
        if not message["msg"].isascii():
            raise _Refused("20")
        self._check_message(account, message, 160)
        return self._world.accept(account, "otp", [message])

    def _check_header(self, account: Account, body: Wild) -> None:
        if body["msgheader"].text() not in account.headers:
            raise _Refused("40")

    def _check_message(self, account: Account, message: Mapping[str, str], limit: int) -> None:
        if not re.fullmatch("[0-9]{10}", message["no"]):
            raise _Refused("70")
        if not 0 < len(message["msg"].encode("utf-16-le")) // 2 <= limit:
            raise _Refused("20")
        since = self._clock.now() - _MINUTE
        recent = {j.id for j in self._world.of(account) if j.to == message["no"] and j.at > since}
        if len(recent) >= _JOBS_A_MINUTE:
            raise _Refused("85")

    def _report(self, account: Account, body: Wild) -> list[dict[str, Any]]:
        """No record at first, then waiting at the operator, then what became of it."""
        now = self._clock.now()
        account.asked_at[:] = [at for at in account.asked_at if now - at < _MINUTE]
        if len(account.asked_at) >= _REPORTS_A_MINUTE:
            raise _Refused("80")
        account.asked_at.append(now)
        ids = {job.digits() for job in body["jobids"].each()}
        page = body["pagenumber"].integer() if body["pagenumber"].present else 0
        size = body["pagesize"].integer() if body["pagesize"].present else 100
        if page < 0 or not 1 <= size <= 100:
            raise _Refused("70")
        jobs = [j for j in self._world.of(account) if j.id in ids and now - j.at >= RECORDED]
        rows = [j.row(j.status if now - j.at >= SETTLED else 0) for j in jobs]
        if not rows[page * size :]:
            raise _Refused("60")
        return rows[page * size : (page + 1) * size]


def _ok(body: Mapping[str, Any]) -> Response:
    return _answer(200, {"code": "00", "description": "success", **body})


def _refused(code: str) -> Response:
    return _answer(406, {"code": code, "jobid": None, "description": f"refused with {code}"})


def _answer(status: int, body: Mapping[str, Any]) -> Response:
    return Response(status, {"content-type": "application/json"}, json.dumps(body).encode())
