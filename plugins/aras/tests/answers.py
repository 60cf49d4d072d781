"""Single answers of Aras, replayed: for shapes that its sandbox does not take."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

from plugins.aras.carrier import ArasCarrier
from plugins.aras.client import Client
from plugins.aras.settings import Settings
from ports.http import Request, Response
from ports.settings import example

FIXTURES = Path(__file__).parent.parent / "fixtures"
SETTINGS: Settings = example(Settings)


class Replay:
    """A Transport that gives the same answers in turn, the last one for ever."""

    def __init__(self, *answers: Response) -> None:
        self._answers = list(answers)
        self.requests: list[Request] = []

    def send(self, request: Request) -> Response:
        self.requests.append(request)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def soap(result: str) -> Response:
    """A result text in the service's envelope."""
    body = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        '<GetQueryJSONResponse xmlns="http://tempuri.org/">'
        f"<GetQueryJSONResult>{escape(result)}</GetQueryJSONResult>"
        "</GetQueryJSONResponse></s:Body></s:Envelope>"
    )
    return Response(200, {"content-type": "text/xml; charset=utf-8"}, body.encode())


def fixture(name: str, status: int = 200) -> Response:
    """A fixture as an answer: JSON goes into the envelope, all else is the whole body."""
    raw = (FIXTURES / name).read_bytes()
    return soap(raw.decode()) if name.endswith(".json") else Response(status, {}, raw)


def client(*answers: Response) -> Client:
    return Client(Replay(*answers), SETTINGS)


def carrier(*answers: Response) -> ArasCarrier:
    return ArasCarrier(client(*answers))
