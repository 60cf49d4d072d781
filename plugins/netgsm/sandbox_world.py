"""What Netgsm's side knows in the sandbox: accounts, jobs, who stopped, and where it pushes to."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from plugins.netgsm.mapping import ISTANBUL
from plugins.netgsm.settings import Settings
from ports.clock import Clock
from ports.sandbox import Deliveries, Delivery
from ports.settings import example

SAME_TEXT = timedelta(hours=1)
RECORDED = timedelta(minutes=1)
"""Before this long a job has no record (60)."""
SETTLED = timedelta(minutes=3)
"""Before this long it waits at the operator (0)."""

DUPLICATE, STOPPED, DELIVERED = 13, 15, 1
PART = {None: 153, "TR": 150, "UNICODE": 67}
"""Characters of one part of a long message."""

INBOX, REPORTS = HOOKS = ("inboxwebhook", "reportwebhook")
OURS = "http://127.0.0.1:8000/api/v1/hooks/of-this-connection"


@dataclass(slots=True)
class Account:
    usercode: str
    password: str = ""
    headers: tuple[str, ...] = ()
    otp: bool = True
    """It has a package for one-time codes."""
    hooks: dict[str, str] = field(default_factory=lambda: dict.fromkeys(HOOKS, OURS))
    """Where it pushes to, by the call that sets it; a push that is off is not there."""
    asked_at: list[datetime] = field(default_factory=list)
    """Report queries of the last minute."""


@dataclass(frozen=True, slots=True)
class Job:
    """One recipient's share of a job; a batch has one id for all."""

    id: str
    usercode: str
    kind: str
    to: str
    text: str
    encoding: str | None
    key: str
    at: datetime
    status: int
    fault: int

    def row(self, status: int) -> dict[str, Any]:
        """As reports show it: the number with 90, dates of Istanbul."""
        delivered = self.at.astimezone(ISTANBUL).strftime("%d.%m.%Y %H:%M:%S")
        return {
            "jobid": self.id,
            "number": f"90{self.to}",
            "status": status,
            "operator": 30,
            "msglen": -(-len(self.text) // PART[self.encoding]),
            "deliveredDate": delivered if status == DELIVERED else "",
            "errorCode": self.fault if status == self.status else 0,
            "referansID": self.key,
        }


class World:
    def __init__(self, clock: Clock, deliveries: Deliveries) -> None:
        self.clock = clock
        self._deliveries = deliveries
        self.accounts: dict[str, Account] = {}
        self.jobs: list[Job] = []
        self.stopped: set[tuple[str, str]] = set()
        """(user code, number) of whoever answered RED."""
        self.failures: deque[tuple[int, int]] = deque()
        """Status and error code of the next accepted messages."""
        self.held: list[Job] | None = None
        """Reports kept back; None where they go out at once."""
        self._minted = 0
        demo: Settings = example(Settings)
        first = Account(demo.usercode, demo.password.reveal(), (demo.msgheader,))
        self.accounts[first.usercode] = first

    def mint(self) -> str:
        self._minted += 1
        return f"{int(self.clock.now().timestamp())}{self._minted:016d}"

    def accept(
        self,
        account: Account,
        kind: str,
        messages: Sequence[Mapping[str, str]],
        encoding: str | None = None,
        key: str = "",
    ) -> str:
        """Queue one job for all its recipients; what becomes of each is told by reports."""
        job_id, now = self.mint(), self.clock.now()
        for message in messages:
            to, text = message["no"], message["msg"]
            status, fault = self._fate(account, kind, to, text)
            job = Job(job_id, account.usercode, kind, to, text, encoding, key, now, status, fault)
            self.jobs.append(job)
            self.report(job)
        return job_id

    def _fate(self, account: Account, kind: str, to: str, text: str) -> tuple[int, int]:
        if self.failures:
            return self.failures.popleft()
        if kind == "otp":
            return DELIVERED, 0
        if (account.usercode, to) in self.stopped:
            return STOPPED, 0
        since = self.clock.now() - SAME_TEXT
        same = (j for j in self.of(account) if (j.to, j.text) == (to, text))
        went = any(j.at > since and j.status == DELIVERED for j in same)
        return (DUPLICATE if went else DELIVERED), 0

    def of(self, account: Account) -> list[Job]:
        return [job for job in self.jobs if job.usercode == account.usercode]

    def report(self, job: Job) -> None:
        if self.held is not None:
            self.held.append(job)
        elif url := self.accounts[job.usercode].hooks.get(REPORTS):
            body = json.dumps({"jobs": [job.row(job.status)]}).encode()
            self._deliveries.add(Delivery(url, {"content-type": "application/json"}, body))

    def hear(self, account: Account, number: str, text: str, at: datetime, form: bool) -> None:
        """A person's SMS comes in; RED stops everything but one-time codes."""
        if text.strip().upper() == "RED":
            self.stopped.add((account.usercode, number))
        if url := account.hooks.get(INBOX):
            there = at.astimezone(ISTANBUL)
            push = _portal_push if form else _inbox_push
            kind, body = push(account, number, text, there, self.mint())
            self._deliveries.add(Delivery(url, {"content-type": kind}, body))


def _portal_push(
    account: Account, number: str, text: str, at: datetime, task: str
) -> tuple[str, bytes]:
    """The portal's redirection: a form."""
    fields = {
        "mesaj": text,
        "ceptel": number,
        "aboneno": account.usercode,
        "gorevid": task,
        "tarih": at.strftime("%Y-%m-%d %H:%M:%S.000"),
    }
    return "application/x-www-form-urlencoded", urlencode(fields).encode()


def _inbox_push(
    account: Account, number: str, text: str, at: datetime, _: str
) -> tuple[str, bytes]:
    """The push that is ordered by API: not documented, so shaped like the inbox query."""
    row = {
        "message": text,
        "sender": number,
        "receiver": account.usercode,
        "datetime": at.strftime("%d.%m.%Y %H:%M:%S"),
    }
    return "application/json", json.dumps(row, ensure_ascii=False).encode()
