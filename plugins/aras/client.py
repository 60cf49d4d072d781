"""The query service over HTTP: where it is, what a status means, how its answer is unpacked."""

from __future__ import annotations

from plugins.aras import envelope
from plugins.aras.mapping import Row, fold, to_rows
from plugins.aras.settings import HOSTS, Settings
from ports.errors import AuthRejected, ContractBroken, RateLimited, Rejected, Transient
from ports.http import Request, Response, Transport
from ports.manifest import Account
from ports.wild import Wild

_PATH = "/ArasCargoCustomerIntegrationService/ArasCargoIntegrationService.svc"

BY_CODE = "1"
MOVEMENTS = "9"
BRANCHES = "10"
BY_TRACKING_NUMBER = "14"

_ABOUT_THE_LOGIN = ("kullanici", "sifre", "parola", "musteri kodu", "yetki", "login", "password",
                    "user", "customer code", "authori")  # fmt: skip
"""Aras does not document how it refuses a login, only that it refuses in sentences."""

_NOTHING = frozenset({"", "null"})
"""Result texts that hold no rows at all."""

_COURTESY_WAIT = 60.0
"""Seconds to wait where a 429 does not say; Aras publishes no limits."""


class Client:
    def __init__(self, transport: Transport, settings: Settings) -> None:
        self._transport = transport
        self._settings = settings

    def query(self, kind: str, **criteria: str) -> list[Row]:
        """The rows of one query type; empty when Aras knows nothing. A read, whatever its verb."""
        answer = self._post(kind, criteria)
        return [] if answer in _NOTHING else to_rows(_json(answer))

    def check(self) -> Account:
        """Ask for the branches: the one query without criteria, and never empty for a good login.

        Asking for a parcel would prove nothing, because a refused login may look like "not found".
        """
        if not self.query(BRANCHES):
            raise AuthRejected("Aras lists no branches for this login", field="query_username")
        return Account(self._settings.customer_code, f"Aras {self._settings.customer_code}")

    def _post(self, kind: str, criteria: dict[str, str]) -> str:
        settings = self._settings
        login = {
            "UserName": settings.query_username,
            "Password": settings.query_password.reveal(),
            "CustomerCode": settings.customer_code,
        }
        request = Request(
            "POST",
            f"https://{HOSTS[settings.environment]}{_PATH}",
            {"content-type": "text/xml; charset=utf-8", "soapaction": f'"{envelope.ACTION}"'},
            envelope.question(login, {"QueryType": kind, **criteria}),
            reads=True,
        )
        return _unpacked(self._transport.send(request))


def _unpacked(response: Response) -> str:
    if response.ok:
        return envelope.result(response.body)
    code = str(response.status)
    if response.status in (401, 403):
        raise AuthRejected(f"Aras closed the door with {code}", vendor_code=code)
    if response.status == 429:
        raise RateLimited("Aras asked us to wait", retry_after=_wait(response), vendor_code=code)
    if response.status >= 500:
        _raise_fault_inside(response.body)
        raise Transient(f"Aras answered {code}", vendor_code=code)
    raise Rejected(f"Aras answered {code}", vendor_code=code)


def _raise_fault_inside(body: bytes) -> None:
    """SOAP 1.1 sends its faults with status 500; other bodies say no more than the status."""
    try:
        envelope.result(body)
    except ContractBroken:
        return


def _wait(response: Response) -> float:
    given = response.headers.get("retry-after", "")
    return float(given) if given.isascii() and given.isdigit() else _COURTESY_WAIT


def _json(answer: str) -> Wild:
    """The JSON of a result text. A sentence instead is a refusal in Aras's own words."""
    if answer[0] in "{[<":
        return Wild.parse(answer)
    if any(word in fold(answer).lower() for word in _ABOUT_THE_LOGIN):
        raise AuthRejected(f"Aras refused the login: {answer[:200]}", vendor_code=answer[:200])
    raise Rejected(f"Aras refused: {answer[:200]}", vendor_code=answer[:200])
