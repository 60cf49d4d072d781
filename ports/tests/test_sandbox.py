"""Requests, faults and deliveries: what a test orders is what happens."""

from __future__ import annotations

from typing import Any

import pytest

from ports.errors import ContractBroken, OutcomeUnknown, Transient
from ports.http import Request, Response
from ports.sandbox import Deliveries, Delivery, Fault, Faults, SandboxTransport, answer

GET = Request("GET", "https://a.example/things")
POST = Request("POST", "https://a.example/orders", body=b"{}")
ASK = Request("POST", "https://a.example/soap", body=b"<q/>", reads=True)


class Counter:
    """A vendor that counts what it was told to do."""

    hosts = frozenset({"a.example"})

    def __init__(self) -> None:
        self.faults = Faults()
        self.deliveries = Deliveries()
        self.done = 0

    def handle(self, request: Request) -> Response:
        return answer(self, request, rate_limited=lambda: Response(429), handle=self.serve)

    def serve(self, request: Request) -> Response:
        self.done += 1
        return Response(200, {"content-type": "application/json"}, b'{"done": true}')

    def control(self, command: str, **arguments: Any) -> Any:
        raise ValueError(command)


@pytest.mark.parametrize(
    ("request_", "changes"),
    [(GET, False), (POST, True), (ASK, False), (Request("head", "x"), False),
     (Request("DELETE", "x"), True), (Request("GET", "x", reads=False), True)],
)  # fmt: skip
def test_a_request_knows_whether_it_changes_the_world(request_: Request, changes: bool) -> None:
    assert request_.changes_the_world is changes


@pytest.mark.parametrize(
    ("fault", "request_", "error", "done"),
    [
        (Fault.REFUSED_CONNECTION, GET, Transient, 0),
        (Fault.REFUSED_CONNECTION, POST, Transient, 0),
        (Fault.LOST_REQUEST, GET, Transient, 0),
        (Fault.LOST_REQUEST, POST, OutcomeUnknown, 0),
        (Fault.LOST_REQUEST, ASK, Transient, 0),
        (Fault.LOST_ANSWER, GET, Transient, 1),
        (Fault.LOST_ANSWER, POST, OutcomeUnknown, 1),
        (Fault.LOST_ANSWER, ASK, Transient, 1),
    ],
)
def test_wire_faults_are_the_errors_of_the_table(
    fault: Fault, request_: Request, error: type[Exception], done: int
) -> None:
    vendor = Counter()
    vendor.faults.add(fault)
    with pytest.raises(error) as caught:
        SandboxTransport(vendor).send(request_)
    assert type(caught.value) is error
    assert vendor.done == done


@pytest.mark.parametrize(
    ("fault", "status", "done"),
    [(Fault.RATE_LIMITED, 429, 0), (Fault.SERVER_ERROR, 500, 0)],
)
def test_refusals_come_before_the_vendor_acts(fault: Fault, status: int, done: int) -> None:
    vendor = Counter()
    vendor.faults.add(fault)
    assert vendor.handle(POST).status == status
    assert vendor.done == done


@pytest.mark.parametrize("fault", [Fault.MALFORMED, Fault.HALF_BODY])
def test_a_garbled_answer_comes_after_the_vendor_acted(fault: Fault) -> None:
    vendor = Counter()
    vendor.faults.add(fault)
    response = vendor.handle(POST)
    with pytest.raises(ContractBroken):
        response.json()
    assert vendor.done == 1


def test_faults_happen_in_order_and_only_where_they_belong() -> None:
    vendor = Counter()
    vendor.faults.add(Fault.SERVER_ERROR, path="/orders")
    vendor.faults.add(Fault.RATE_LIMITED, times=2)
    statuses = [vendor.handle(request).status for request in (GET, POST, GET, POST)]
    assert statuses == [429, 500, 429, 200]


def test_deliveries_are_taken_once_and_come_twice_on_demand() -> None:
    deliveries = Deliveries(duplicates=1.0)
    deliveries.add(Delivery("/hook", {}, b"1"))
    assert [d.body for d in deliveries.take()] == [b"1", b"1"]
    assert deliveries.take() == []


def test_reordering_loses_nothing() -> None:
    deliveries = Deliveries(reorder=True)
    for number in range(20):
        deliveries.add(Delivery("/hook", {}, bytes([number])))
    taken = [d.body[0] for d in deliveries.take()]
    assert taken != sorted(taken)
    assert sorted(taken) == list(range(20))


def test_a_response_says_whether_it_is_well_and_reads_its_body() -> None:
    assert Response(204).ok
    assert not Response(302).ok
    assert Response(200, body=b"\xff").text == "\ufffd"
    assert Response(200, body=b'{"a": [1]}').json()["a"].raw == [1]
