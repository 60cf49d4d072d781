"""The way out, over real sockets: what happened on the wire decides the error."""

from __future__ import annotations

import datetime as dt
import gzip
import logging
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from adapters.http.address import is_loopback, is_public
from adapters.http.transport import Call, HttpTransport, Outcome, pooled_client
from ports.errors import OutcomeUnknown, Rejected, Transient
from ports.http import Request

Behaviour = Callable[[socket.socket], None]
HERE = "127.0.0.1"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Vendor:
    """A server of raw bytes on the loopback. It keeps what it heard of each connection."""

    def __init__(self, behave: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        self.behave = behave
        self.tls = tls
        self.connections = 0
        self.heard = b""
        self.over = threading.Event()
        self.closed = threading.Semaphore(0)
        self.listener = socket.create_server((HERE, 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://{HERE}:{self.port}"

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.connections += 1
                with suppress(OSError), connection, self._dressed(connection) as peer:
                    self.behave(peer)
                self.closed.release()

    def _dressed(self, connection: socket.socket) -> socket.socket:
        return self.tls.wrap_socket(connection, server_side=True) if self.tls else connection

    def hear(self, connection: socket.socket) -> bytes:
        """One request, head and body."""
        said = b""
        while b"\r\n\r\n" not in said:
            got = connection.recv(65536)
            if not got:
                raise OSError("gone")
            said += got
        head, _, body = said.partition(b"\r\n\r\n")
        length = next(
            (
                int(line.split(b":")[1])
                for line in head.lower().split(b"\r\n")
                if b"length:" in line
            ),
            0,
        )
        while len(body) < length:
            body += connection.recv(65536)
        self.heard += head + b"\r\n\r\n" + body
        return head

    def dribble(self, connection: socket.socket, piece: bytes) -> None:
        """The piece again and again, quicker than any timeout between two bytes."""
        with suppress(OSError):
            while not self.over.wait(0.01):
                connection.sendall(piece)

    def close(self) -> None:
        self.over.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)


@pytest.fixture
def serve() -> Iterator[Callable[..., Vendor]]:
    vendors: list[Vendor] = []

    def start(behave: Callable[[Vendor, socket.socket], None], **more: Any) -> Vendor:
        vendor = Vendor(lambda connection: behave(vendor, connection), **more)
        vendors.append(vendor)
        return vendor

    yield start
    for vendor in vendors:
        vendor.close()


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with pooled_client() as made:
        yield made


@pytest.fixture
def calls() -> list[Call]:
    return []


@pytest.fixture
def transport(client: httpx.Client, calls: list[Call]) -> HttpTransport:
    hosts = frozenset({HERE, "localhost", "api.acme.example"})
    return HttpTransport(hosts, client=client, plugin="acme", observe=calls.append, sandbox=None)


def answers(raw: bytes) -> Callable[[Vendor, socket.socket], None]:
    def behave(vendor: Vendor, connection: socket.socket) -> None:
        while True:
            vendor.hear(connection)
            connection.sendall(raw)

    return behave


def says_once(raw: bytes) -> Callable[[Vendor, socket.socket], None]:
    def behave(vendor: Vendor, connection: socket.socket) -> None:
        vendor.hear(connection)
        connection.sendall(raw)

    return behave


def resets(raw: bytes) -> Callable[[Vendor, socket.socket], None]:
    """Says so much and resets the connection."""

    def behave(vendor: Vendor, connection: socket.socket) -> None:
        vendor.hear(connection)
        connection.sendall(raw)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return behave


def dribbles(start: bytes, piece: bytes) -> Callable[[Vendor, socket.socket], None]:
    def behave(vendor: Vendor, connection: socket.socket) -> None:
        vendor.hear(connection)
        connection.sendall(start)
        vendor.dribble(connection, piece)

    return behave


def silent(vendor: Vendor, connection: socket.socket) -> None:
    vendor.hear(connection)
    vendor.over.wait()


def deaf(vendor: Vendor, connection: socket.socket) -> None:
    """Takes the connection and reads a little, slowly."""
    while not vendor.over.wait(0.02) and connection.recv(1024):
        pass


def test_an_answer_comes_back_decoded_with_names_in_lower_case(
    serve: Callable[..., Vendor], transport: HttpTransport
) -> None:
    packed = gzip.compress("İyi günler".encode())
    head = f"HTTP/1.1 201 Created\r\nContent-Length: {len(packed)}\r\nX-Acme-Id: 7\r\n"
    vendor = serve(answers(f"{head}Content-Encoding: gzip\r\n\r\n".encode() + packed))
    sent = Request("POST", f"{vendor.url}/v1/a%2Fb?x=1", {"X-Key": "k"}, b"payload")
    response = transport.send(sent)
    assert (response.status, response.text) == (201, "İyi günler")
    assert response.headers["x-acme-id"] == "7"
    assert "content-encoding" not in response.headers
    assert vendor.heard.startswith(b"POST /v1/a%2Fb?x=1 HTTP/1.1\r\n")
    assert b"\r\nX-Key: k\r\n" in vendor.heard
    assert vendor.heard.endswith(b"\r\n\r\npayload")


@pytest.mark.parametrize("status", [204, 302, 404, 429, 500, 503])
def test_every_answered_exchange_is_a_response(
    serve: Callable[..., Vendor], transport: HttpTransport, status: int
) -> None:
    elsewhere = f"http://{HERE}:1/elsewhere"
    raw = f"HTTP/1.1 {status} Word\r\nContent-Length: 0\r\nLocation: {elsewhere}\r\n\r\n"
    vendor = serve(answers(raw.encode()))
    response = transport.send(Request("POST", vendor.url))
    assert response.status == status
    assert response.headers["location"] == elsewhere
    assert vendor.connections == 1


LOST = {
    "a reset before the answer": resets(b""),
    "a closed connection": says_once(b""),
    "a reset within the body": resets(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nhalf"),
    "a body cut short": says_once(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nhalf"),
    "garbage": says_once(b"\x00\x01 what is this\r\n\r\n"),
    "a broken encoding": says_once(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope"
    ),
    "silence": silent,
    "a dribbling head": dribbles(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
    "a dribbling body": dribbles(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b"x"),
    "a dribbling chunked body": dribbles(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"
    ),
}


@pytest.mark.parametrize("behaviour", LOST.values(), ids=LOST.keys())
@pytest.mark.parametrize(
    ("method", "reads", "error"),
    [
        ("GET", None, Transient),
        ("POST", None, OutcomeUnknown),
        ("PUT", None, OutcomeUnknown),
        ("POST", True, Transient),
        ("GET", False, OutcomeUnknown),
    ],
)
def test_sent_then_lost_is_transient_only_for_a_read(
    serve: Callable[..., Vendor],
    transport: HttpTransport,
    calls: list[Call],
    behaviour: Any,
    method: str,
    reads: bool | None,
    error: type[Exception],
) -> None:
    vendor = serve(behaviour)
    began = time.monotonic()
    with pytest.raises(error) as caught:
        transport.send(Request(method, vendor.url, body=b"{}", timeout=0.3, reads=reads))
    assert type(caught.value) is error
    assert time.monotonic() - began < 2
    assert vendor.connections == 1, "nothing is ever sent twice"
    outcome = Outcome.TRANSIENT if error is Transient else Outcome.UNKNOWN
    assert [(c.outcome, c.status) for c in calls] == [(outcome, None)]


def test_the_deadline_also_holds_for_a_vendor_that_reads_slowly(
    serve: Callable[..., Vendor], transport: HttpTransport
) -> None:
    vendor = serve(deaf)
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        transport.send(Request("POST", vendor.url, body=b"x" * 30_000_000, timeout=0.4))
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_a_connection_nothing_happened(transport: HttpTransport, method: str) -> None:
    with socket.create_server((HERE, 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(Transient, match="could not be reached"):
        transport.send(Request(method, f"http://{HERE}:{port}/"))


def names(monkeypatch: pytest.MonkeyPatch, addresses: dict[str, str | Exception]) -> list[str]:
    """Let these names resolve so; answers the list of what is asked."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def resolve(host: str, port: Any, *args: Any, **more: Any) -> Any:
        asked.append(host)
        found = addresses.get(host, host)
        if isinstance(found, Exception):
            raise found
        return real(found, port, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


def test_a_name_that_does_not_resolve_is_transient(
    transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    names(monkeypatch, {"api.acme.example": socket.gaierror("no such name")})
    with pytest.raises(Transient):
        transport.send(Request("POST", "https://api.acme.example/"))


def test_a_resolver_that_hangs_does_not_hold_the_caller(
    transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: free.wait() and [])
    with pytest.raises(Transient):
        transport.send(Request("POST", "https://api.acme.example/", timeout=0.1))
    free.set()


def test_an_answer_that_is_too_large_is_cut_off(
    serve: Callable[..., Vendor], transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.http.transport.LARGEST_BODY", 1_000_000)
    bomb = gzip.compress(b"0" * 30_000_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"
    endless = serve(dribbles(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 200_000))
    with pytest.raises(Transient, match="did not answer in full"):
        transport.send(Request("GET", endless.url))
    with pytest.raises(OutcomeUnknown):
        transport.send(Request("POST", serve(answers(head.encode() + bomb)).url))


def test_a_large_file_comes_through_whole(
    serve: Callable[..., Vendor], transport: HttpTransport
) -> None:
    size = 100 * 1000 * 1000
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode()
    vendor = serve(says_once(head + bytes(size)))
    assert len(transport.send(Request("GET", vendor.url, timeout=30)).body) == size


def test_a_connection_that_the_vendor_closed_meanwhile_harms_no_later_call(
    serve: Callable[..., Vendor], transport: HttpTransport
) -> None:
    vendor = serve(says_once(OK))
    for _ in range(3):
        assert transport.send(Request("POST", vendor.url)).ok
        assert vendor.closed.acquire(timeout=5)
    assert vendor.connections == 3


def test_a_connection_is_used_again(serve: Callable[..., Vendor], transport: HttpTransport) -> None:
    vendor = serve(answers(OK))
    for _ in range(3):
        transport.send(Request("GET", vendor.url))
    assert vendor.connections == 1


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "https://api.acme.example.evil.example/",
        "https://evil.example/?api.acme.example",
        "https://api.acme.example@evil.example/",
        "https://evil.example\\@api.acme.example/",
        "https://user:word@api.acme.example/",
        "https://api.acme.example./",
        "https://xn--api-9ta.acme.example/",
        "http://api.acme.example/",
        "ftp://api.acme.example/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "//api.acme.example/",
        "api.acme.example/",
        "https://",
        "https://[::1/",
        "https://api.acme.example/\n",
        "http://[::1]/",
        "http://0.0.0.0/",
        "",
    ],
)
def test_only_the_hosts_of_the_manifest_are_called_and_only_safely(
    transport: HttpTransport, calls: list[Call], url: str
) -> None:
    with pytest.raises(Rejected):
        transport.send(Request("GET", url))
    assert [call.outcome for call in calls] == [Outcome.REFUSED]
    assert calls[0].host in ("other", "api.acme.example")


PRIVATE = [
    "127.0.0.1", "127.8.8.8", "10.0.0.5", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "169.254.170.2", "100.64.0.1", "100.100.100.200", "0.0.0.0", "0.1.2.3",  # noqa: S104
    "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.9", "203.0.113.7", "224.0.0.1",
    "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.88.99.1",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::7f00:1",
    "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2002:a00:1::", "2001:0:7f00:1::",
    "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "2001:db8::1",
    "3fff::1", "100::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_a_listed_name_at_an_address_of_ours_is_refused(
    serve: Callable[..., Vendor],
    transport: HttpTransport,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
) -> None:
    canary = serve(answers(OK))
    real = socket.create_connection
    opened: list[Any] = []
    monkeypatch.setattr(
        socket, "create_connection", lambda *a, **k: opened.append(a) or real(*a, **k)
    )
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    found = [(family, socket.SOCK_STREAM, 6, "", (address, canary.port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(Rejected, match="may not be called"):
        transport.send(Request("GET", f"https://api.acme.example:{canary.port}/"))
    assert not opened
    assert canary.connections == 0


@pytest.mark.parametrize(
    "host",
    ["2130706433", "0x7f000001", "127.1", "0177.0.0.1", "[::ffff:10.0.0.1]", "10.1.2.3",
     "169.254.169.254", "0", "[fe80::1]"],
)  # fmt: skip
def test_an_address_in_disguise_is_refused_even_when_a_tenant_put_it_on_the_list(
    serve: Callable[..., Vendor], client: httpx.Client, host: str
) -> None:
    canary = serve(answers(OK))
    hosts = frozenset({host.strip("[]")})
    transport = HttpTransport(hosts, client=client, plugin="acme", observe=lambda _: None)
    with pytest.raises((Rejected, Transient)):
        transport.send(Request("GET", f"https://{host}:{canary.port}/", timeout=2))
    assert canary.connections == 0


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "151.101.1.1", "2606:4700::1111", "64:ff9b::101:101"],
)
def test_addresses_of_the_internet_may_be_called(address: str) -> None:
    assert is_public(address)
    assert not is_loopback(address)


@given(st.ip_addresses(v=4))
def test_an_address_is_judged_alike_in_every_dress(address: Any) -> None:
    plain = is_public(str(address))
    assert is_public(f"::ffff:{address}") == plain
    assert is_public(f"64:ff9b::{int(address) >> 16:x}:{int(address) & 0xFFFF:x}") == plain


def test_the_address_that_was_judged_is_the_one_connected_to(
    serve: Callable[..., Vendor], transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No second look-up in which a name could change its mind."""
    vendor = serve(answers(OK))
    asked = names(monkeypatch, {"localhost": HERE})
    assert transport.send(Request("GET", f"http://localhost:{vendor.port}/")).ok
    assert asked == ["localhost", HERE]


def test_a_name_of_this_machine_that_leads_elsewhere_is_refused(
    transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    names(monkeypatch, {"localhost": "10.0.0.1"})
    with pytest.raises(Rejected):
        transport.send(Request("GET", "http://localhost/"))


def test_the_next_address_is_tried_where_the_first_does_not_answer(
    serve: Callable[..., Vendor], transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor = serve(answers(OK))
    real = socket.getaddrinfo

    def both(host: str, port: Any, *args: Any, **more: Any) -> Any:
        if host != "localhost":
            return real(host, port, *args, **more)
        return real("127.0.0.9", port, *args, **more) + real(HERE, port, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", both)
    assert transport.send(Request("GET", f"http://localhost:{vendor.port}/")).ok


def certificate(folder: Path, name: str) -> ssl.SSLContext:
    """A server's context with a certificate for `name`, which lies in the folder as cert.pem."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "key.pem").write_bytes(private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


@pytest.mark.parametrize(
    ("name", "trusted", "works"),
    [("localhost", True, True), ("other.example", True, False), ("localhost", False, False)],
)
def test_an_encrypted_call_proves_the_name_and_not_the_address(
    serve: Callable[..., Vendor],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    name: str,
    trusted: bool,
    works: bool,
) -> None:
    vendor = serve(answers(OK), tls=certificate(tmp_path, name))
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    with pooled_client() as client:
        hosts = frozenset({"localhost"})
        transport = HttpTransport(hosts, client=client, plugin="acme", observe=lambda _: None)
        sent = Request("POST", f"https://localhost:{vendor.port}/", body=b"secret")
        if works:
            assert transport.send(sent).text == "ok"
        else:
            with pytest.raises(Transient):
                transport.send(sent)
    assert (b"secret" in vendor.heard) == works


def test_with_a_sandbox_every_call_goes_there_and_hosts_are_still_checked(
    serve: Callable[..., Vendor], client: httpx.Client, calls: list[Call]
) -> None:
    vendor = serve(answers(OK))
    hosts = frozenset({"api.acme.example"})
    transport = HttpTransport(
        hosts, client=client, plugin="acme", observe=calls.append, sandbox=f"{vendor.url}/"
    )
    assert transport.send(Request("GET", "https://api.acme.example/v1/o%C3%A7?a=%2F&b")).ok
    assert vendor.heard.startswith(b"GET /api.acme.example/v1/o%C3%A7?a=%2F&b HTTP/1.1\r\n")
    with pytest.raises(Rejected):
        transport.send(Request("GET", "https://evil.example/"))
    assert [call.host for call in calls] == ["api.acme.example", "other"]


def test_a_call_is_observed_without_its_path(
    serve: Callable[..., Vendor], transport: HttpTransport, calls: list[Call]
) -> None:
    transport.send(Request("put", f"{serve(answers(OK)).url}/secret"))
    [call] = calls
    assert (call.plugin, call.host, call.method) == ("acme", HERE, "PUT")
    assert (call.outcome, call.status) == (Outcome.ANSWERED, 200)
    assert 0 < call.seconds < 5


def test_neither_logs_nor_errors_hold_a_secret(
    serve: Callable[..., Vendor], transport: HttpTransport, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said = b"HTTP/1.1 200 OK\r\nX-Echo: planted-echo\r\nContent-Length: 12\r\n\r\nplanted-body"
    headers = {"Authorization": "Bearer planted-key"}
    good, lost = serve(answers(said)), serve(says_once(b"planted-garbage\r\n\r\n"))
    transport.send(Request("POST", f"{good.url}/planted-path", headers, b"planted-payload"))
    with pytest.raises(OutcomeUnknown) as caught:
        transport.send(Request("POST", f"{lost.url}/planted-path", headers, b"planted-payload"))
    assert "planted" not in caplog.text
    assert "planted" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("value", ["anahtarım-ğ", "two\r\nX-Injected: yes", "nul\x00"])
def test_a_header_that_cannot_be_written_is_refused_before_anything_leaves(
    serve: Callable[..., Vendor], transport: HttpTransport, value: str
) -> None:
    vendor = serve(answers(OK))
    with pytest.raises(Rejected, match="a header holds"):
        transport.send(Request("POST", vendor.url, {"X-Key": value}))
    assert not vendor.heard


def test_cookies_do_not_travel_from_one_call_to_the_next(
    serve: Callable[..., Vendor], transport: HttpTransport
) -> None:
    raw = b"HTTP/1.1 200 OK\r\nSet-Cookie: session=tenant-a; Path=/\r\nContent-Length: 0\r\n\r\n"
    vendor = serve(answers(raw))
    for _ in range(2):
        transport.send(Request("GET", vendor.url))
    assert b"cookie" not in vendor.heard.lower()


def test_a_client_without_our_wire_is_never_trusted_to_know_that_nothing_left() -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no")

    with httpx.Client(transport=httpx.MockTransport(fail)) as client:
        hosts = frozenset({"api.acme.example"})
        transport = HttpTransport(hosts, client=client, plugin="acme", observe=lambda _: None)
        with pytest.raises(OutcomeUnknown):
            transport.send(Request("POST", "https://api.acme.example/"))
