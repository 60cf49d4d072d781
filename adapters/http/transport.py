"""The real Transport: allow-listed hosts, one deadline, a cap on answers, nothing in the logs."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import NoReturn

import httpcore
import httpx

from adapters.http.address import is_loopback, is_public
from adapters.http.wire import Exchange, Wire, during
from ports.errors import OutcomeUnknown, Rejected, Transient, VendorError
from ports.http import Request, Response

LARGEST_BODY = 110 * 1024 * 1024
"""Bytes of an answer, decoded. The largest file that a channel of ours carries has 100 MB."""

_BROKEN = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpx.HTTPError,
    OSError,
)
_UNTRUE_ONCE_DECODED = frozenset({"content-encoding", "content-length", "transfer-encoding"})


class Outcome(StrEnum):
    ANSWERED = "answered"
    TRANSIENT = "transient"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    """By us: the host, the address or the request itself."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call as the metrics see it: no path, no header, no body."""

    plugin: str
    host: str
    """`other` for one that is not on the list, so that strangers make no new metrics."""
    method: str
    outcome: Outcome
    status: int | None
    seconds: float


def pooled_client() -> httpx.Client:
    """The client that all transports of a process share; make it after a fork, not before.

    It takes nothing from the environment, keeps no cookies (they would travel from one tenant to
    the next), follows no redirects and is silent: httpx logs addresses, and httpcore headers.
    """
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return httpx.Client(
        transport=Wire(),
        trust_env=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        headers={"user-agent": "invekto", "accept-encoding": "gzip, deflate"},
    )


@dataclass(frozen=True, slots=True)
class _Way:
    """Where a request goes, and which addresses may answer to it."""

    url: httpx.URL
    host: str
    allows: Callable[[str], bool]


class HttpTransport:
    """A plugin's way out, for the hosts of one installation.

    A host is called by https; by http only where it is this machine and on the list. A listed
    name that resolves to a private address is refused. With `sandbox`, an address such as
    `http://127.0.0.1:9123`, every request goes to `{sandbox}/{host}{path and query}` instead.
    """

    def __init__(
        self,
        hosts: frozenset[str],
        *,
        client: httpx.Client,
        plugin: str,
        observe: Callable[[Call], None],
        sandbox: str | None = None,
        largest: int | None = None,
    ) -> None:
        self._hosts = frozenset(host.lower() for host in hosts)
        self._client = client
        self._plugin = plugin
        self._observe = observe
        self._sandbox = sandbox.rstrip("/") if sandbox else None
        self._largest = largest

    def send(self, request: Request) -> Response:
        began = time.monotonic()
        host, status, outcome = "other", None, Outcome.UNKNOWN
        try:
            way = self._way(request)
            host = way.host
            response = self._exchange(way, request, began)
            status, outcome = response.status, Outcome.ANSWERED
            return response
        except VendorError as error:
            outcome = _outcome(error)
            raise
        finally:
            seconds = time.monotonic() - began
            method = request.method.upper()
            self._observe(Call(self._plugin, host, method, outcome, status, seconds))

    def _way(self, request: Request) -> _Way:
        try:
            url = httpx.URL(request.url)
        except (httpx.InvalidURL, TypeError, UnicodeError):
            raise Rejected("this is no address to call") from None
        host = url.host
        if host not in self._hosts:
            raise Rejected("the manifest does not name this host")
        if url.userinfo:
            raise Rejected(f"{host}: credentials do not belong into an address")
        here = is_loopback(host)
        if url.scheme != "https" and not (here and url.scheme == "http"):
            raise Rejected(f"{host} is called by https only")
        if self._sandbox is None:
            return _Way(url, host, is_loopback if here else is_public)
        path = url.raw_path.decode("ascii")
        return _Way(httpx.URL(f"{self._sandbox}/{host}{path}"), host, _anywhere)

    def _exchange(self, way: _Way, request: Request, began: float) -> Response:
        try:
            sent = self._client.build_request(
                request.method,
                way.url,
                headers=dict(request.headers),
                content=request.body,
                timeout=request.timeout,
            )
        except UnicodeError:
            raise Rejected(f"{way.host}: a header holds more than ASCII") from None
        exchange = Exchange(began + request.timeout, way.allows)
        try:
            with during(exchange):
                return self._call(sent)
        except _BROKEN as error:
            _explain(error, exchange, way.host, request)

    def _call(self, request: httpx.Request) -> Response:
        answer = self._client.send(request, stream=True, auth=None, follow_redirects=False)
        try:
            body = _read(answer, self._largest or LARGEST_BODY)
        finally:
            answer.close()
        kept = {n: v for n, v in answer.headers.items() if n not in _UNTRUE_ONCE_DECODED}
        return Response(answer.status_code, kept, body)


def _read(answer: httpx.Response, largest: int) -> bytes:
    parts, size = [], 0
    for part in answer.iter_bytes():
        size += len(part)
        if size > largest:
            raise httpx.DecodingError("the answer is too large")
        parts.append(part)
    return b"".join(parts)


def _explain(error: Exception, exchange: Exchange, host: str, request: Request) -> NoReturn:
    """Raise what the table of ports.http says; `error`'s own words may hold a secret."""
    what = type(error).__name__
    if not exchange.sent:
        if isinstance(error, httpcore.LocalProtocolError):
            raise Rejected(f"{host}: a header holds what HTTP does not allow") from None
        raise Transient(f"{host} could not be reached ({what})") from None
    if request.changes_the_world:
        raise OutcomeUnknown(f"{host} did not answer in full ({what})") from None
    raise Transient(f"{host} did not answer in full ({what})") from None


def _outcome(error: VendorError) -> Outcome:
    if isinstance(error, Transient):
        return Outcome.TRANSIENT
    return Outcome.UNKNOWN if isinstance(error, OutcomeUnknown) else Outcome.REFUSED


def _anywhere(_address: str) -> bool:
    return True
