"""Aras's query service in memory: the same SOAP, the same shapes, no sockets.

Commands of control(): `account`, `parcel`, `scan`, `deliver`, `fail`, `returned`; their arguments
stand at the methods of the same names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import ParseError
from xml.sax.saxutils import escape

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from plugins.aras.envelope import ACTION, NAMESPACE, OPERATION, SOAP
from plugins.aras.mapping import ISTANBUL
from plugins.aras.settings import HOSTS, Settings
from ports import sandbox as ports_sandbox
from ports.clock import Clock
from ports.http import Request, Response
from ports.settings import example

STATUS_WORDS = {
    "1": "ÇIKIŞ ŞUBESİNDE",
    "2": "YOLDA",
    "3": "TESLİMAT ŞUBESİNDE",
    "4": "TESLİMATTA",
    "5": "PARÇALI TESLİMAT",
    "6": "TESLİM EDİLDİ",
    "7": "YÖNLENDİRİLDİ",
}
"""DURUMU by DURUM_KODU."""

_XML = {"content-type": "text/xml; charset=utf-8"}


@dataclass(slots=True)
class _Cargo:
    row: dict[str, str | None]
    moves: list[dict[str, str | None]] = field(default_factory=list)


class ArasSandbox:
    """Opens with one account, that of the settings' examples."""

    hosts = frozenset(HOSTS.values())

    def __init__(self, clock: Clock) -> None:
        self.faults = ports_sandbox.Faults()
        self.deliveries = ports_sandbox.Deliveries()
        self._clock = clock
        self._logins: set[tuple[str | None, ...]] = set()
        self._cargos: list[_Cargo] = []
        self._commands = {
            command.__name__: command
            for command in (
                self.account, self.parcel, self.scan, self.deliver, self.fail, self.returned
            )
        }  # fmt: skip
        demo: Settings = example(Settings)
        self.account(demo.customer_code, demo.query_username, demo.query_password.reveal())

    def handle(self, request: Request) -> Response:
        return ports_sandbox.answer(
            self, request, rate_limited=_too_many_requests, handle=self._handle
        )

    def control(self, command: str, **arguments: Any) -> Any:
        if command not in self._commands:
            raise ValueError(f"unknown command {command!r}; known: {', '.join(self._commands)}")
        try:
            return self._commands[command](**arguments)
        except TypeError as error:
            raise ValueError(f"{command}: {error}") from None

    # what happens at Aras by itself

    def account(self, customer_code: str, username: str, password: str) -> None:
        """Open the query service for one more customer."""
        self._logins.add((customer_code, username, password))

    def parcel(
        self,
        integration_code: str,
        tracking_number: str | None = None,
        receiver: str = "AYŞE YILMAZ",
        state: str = "2",
        destination: str = "KADIKÖY",
    ) -> str | None:
        """Take a parcel in; `state` is a DURUM_KODU, "1" to "7". Answers its tracking number.

        Without a tracking number its waybill has not been cut. The same integration code again is
        a second parcel under that code.
        """
        row = _NEW_ROW | {
            "MUSTERI_OZEL_KODU": integration_code,
            "KARGO_TAKIP_NO": tracking_number,
            "ALICI": receiver,
            "VARIS_SUBE": destination,
            "CIKIS_TARIH": self._now().strftime("%d.%m.%Y"),
        }
        self._cargos.append(_Cargo(row))
        self._status(row, state)
        return tracking_number

    def scan(
        self,
        code: str,
        words: str,
        place: str = "KADIKÖY",
        note: str | None = None,
        at: str | None = None,
    ) -> None:
        """A movement in Aras's words; `at` is ISO time of Istanbul, by default now."""
        moment = datetime.fromisoformat(at) if at else self._now()
        move = {
            "ISLEM_TARIHI": moment.strftime("%Y-%m-%dT%H:%M:%S"),
            "BIRIM": place,
            "ISLEM": words,
            "ACIKLAMA": note,
        }
        self._cargo(code).moves.append(move)

    def deliver(self, code: str, to: str = "AYŞE YILMAZ") -> None:
        """The courier hands it over, now."""
        row = self._cargo(code).row
        self._status(row, "6")
        now = self._now()
        row |= {
            "TESLIM_ALAN": to,
            "TESLIM_TARIHI": now.strftime("%d.%m.%Y"),
            "TESLIM_SAATI": now.strftime("%H:%M"),
            "DEVIR_KODU": None,
        }

    def fail(self, code: str, devir: str = "NT") -> None:
        """The day ends without a delivery; `devir` is Aras's reason code."""
        row = self._cargo(code).row
        self._status(row, "3")
        row["DEVIR_KODU"] = devir

    def returned(
        self, code: str, arrived: bool = False, reason: str = "ALICI KABUL ETMEDİ"
    ) -> None:
        """It goes back to its sender; `arrived` when it is there."""
        row = self._cargo(code).row
        self._status(row, "6" if arrived else "2")
        row |= {"TIP_KODU": "3", "IADE_SEBEBI": reason}

    # the service

    def _handle(self, request: Request) -> Response:
        if request.method != "POST" or request.headers.get("soapaction") != f'"{ACTION}"':
            return _fault("a:ActionNotSupported", "The message cannot be processed at the receiver")
        try:
            login, query = _texts(request.body or b"")
        except (ParseError, DefusedXmlException, ValueError):
            return _fault("s:Client", "The message could not be understood")
        key = (login.get("CustomerCode"), login.get("UserName"), login.get("Password"))
        if key not in self._logins:
            return _answer("Kullanıcı adı veya şifre hatalı.")
        return _answer(self._query(query))

    def _query(self, query: Mapping[str, str]) -> str:
        match query.get("QueryType"):
            case "1":
                return _rows("Cargo", self._by("MUSTERI_OZEL_KODU", query.get("IntegrationCode")))
            case "14":
                wanted = query.get("TrackingNumber") or query.get("Code") or ""
                found = [r for n in wanted.split(",") for r in self._by("KARGO_TAKIP_NO", n)]
                return _rows("Cargo", found)
            case "9":
                code = query.get("IntegrationCode")
                cargos = [c for c in self._cargos if c.row["MUSTERI_OZEL_KODU"] == code]
                return _rows("CargoTransaction", [move for c in cargos for move in c.moves])
            case "10":
                return _rows("Branch", [{"SUBE_ADI": n} for n in ("İKİTELLİ", "KADIKÖY")])
        return "Sorgu tipi tanımlı değil."

    def _by(self, column: str, value: str | None) -> list[dict[str, str | None]]:
        return [c.row for c in self._cargos if value and c.row[column] == value]

    def _cargo(self, code: str) -> _Cargo:
        for cargo in reversed(self._cargos):
            if code in (cargo.row["MUSTERI_OZEL_KODU"], cargo.row["KARGO_TAKIP_NO"]):
                return cargo
        raise ValueError(f"no parcel has the code {code!r}")

    def _status(self, row: dict[str, str | None], code: str) -> None:
        if code not in STATUS_WORDS:
            raise ValueError(f"{code!r} is no DURUM_KODU; known: {', '.join(STATUS_WORDS)}")
        row |= {"DURUM_KODU": code, "DURUMU": STATUS_WORDS[code]}

    def _now(self) -> datetime:
        return self._clock.now().astimezone(ISTANBUL)


_NEW_ROW: dict[str, str | None] = {
    "GONDERICI": "ÖRNEK MAĞAZA", "CIKIS_SUBE": "İKİTELLİ", "ADET": "1", "DESI": "2",
    "ODEME_TIPI": "ÜG", "TUTAR": "95.50", "TESLIM_ALAN": None, "TESLIM_TARIHI": None,
    "TESLIM_SAATI": None, "TIP_KODU": "1", "IADE_SEBEBI": None, "DEVIR_KODU": None,
    "WORLDWIDE": "0",
}  # fmt: skip


def _texts(body: bytes) -> tuple[dict[str, str], dict[str, str]]:
    """The two documents inside the request, unescaped twice as the service does."""
    call = fromstring(body).find(f"{{{SOAP}}}Body/{{{NAMESPACE}}}{OPERATION}")
    if call is None:
        raise ValueError("no operation inside the body")
    login, query = (
        fromstring(call.findtext(f"{{{NAMESPACE}}}{name}") or "")
        for name in ("loginInfo", "queryInfo")
    )
    return {e.tag: e.text or "" for e in login}, {e.tag: e.text or "" for e in query}


def _rows(element: str, rows: list[dict[str, str | None]]) -> str:
    """One row is an object, several are a list, none is null."""
    inside = {element: rows[0] if len(rows) == 1 else rows} if rows else None
    return json.dumps({"QueryResult": inside}, ensure_ascii=False)


def _answer(result: str) -> Response:
    return _envelope(
        200,
        f'<{OPERATION}Response xmlns="{NAMESPACE}"><{OPERATION}Result>{escape(result)}'
        f"</{OPERATION}Result></{OPERATION}Response>",
    )


def _fault(code: str, words: str) -> Response:
    return _envelope(
        500,
        f"<s:Fault><faultcode>{escape(code)}</faultcode>"
        f'<faultstring xml:lang="en-US">{escape(words)}</faultstring></s:Fault>',
    )


def _envelope(status: int, inside: str) -> Response:
    body = f'<s:Envelope xmlns:s="{SOAP}"><s:Body>{inside}</s:Body></s:Envelope>'
    return Response(status, _XML, body.encode())


def _too_many_requests() -> Response:
    return Response(429, {"content-type": "text/html", "retry-after": "30"}, b"Too Many Requests")
