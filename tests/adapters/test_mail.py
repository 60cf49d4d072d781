"""Letters reach a mail server whole and in secret, or we are told what to do next."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.headerregistry import Address
from pathlib import Path
from typing import BinaryIO
from uuid import UUID, uuid4

import pytest

from adapters.mail.address import SmtpServer
from adapters.mail.smtp import SmtpMailer
from core.identity.means import Mailer
from ports.errors import AuthRejected, Rejected, Transient, VendorError
from ports.settings import Secret
from tests.adapters.post_office import (
    Certificates,
    Handler,
    Office,
    certificates,
    free_port,
    office,
    rude,
)

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
ID = UUID("018f0000-0000-7000-8000-000000000001")
FROM = Address("Invekto Mağaza", addr_spec="no-reply@invekto.example")
TO = "ayse@example.com"
SUBJECT = "Şifreniz değişti: İğdır’dan yeni giriş"
TEXT = "Merhaba Ayşe,\n\nŞifren değişti. Sen değilsen: https://panel.example/" + "a" * 300 + "\n"
PASSWORD = "s%cr:t/?#@"


class Clock:
    def now(self) -> datetime:
        return NOW


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def handler() -> Handler:
    return Handler()


@pytest.fixture
def server(handler: Handler, tls: Certificates) -> Iterator[Office]:
    """As providers run it: STARTTLS and a login are demanded."""
    more = {"auth_required": True, "auth_require_tls": True, "authenticator": handler.log_in}
    with office(handler, tls_context=tls.server, require_starttls=True, **more) as running:
        yield running


def to(port: int, believed: Certificates | None = None, **more: object) -> SmtpMailer:
    server = SmtpServer("127.0.0.1", port, False, FROM)
    context = believed.client if believed else ssl.create_default_context()
    return SmtpMailer(replace(server, **more), Clock(), context, timeout=2.0)  # type: ignore[arg-type]


def with_login(port: int, tls: Certificates, password: str = PASSWORD) -> SmtpMailer:
    return to(port, tls, user="ayşe@x".replace("ş", "s"), password=Secret(password))


def unix(text: str) -> str:
    """Line ends are the mail's own business."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def refused(mailer: Mailer, to: str = TO) -> VendorError:
    with pytest.raises(VendorError) as error:
        mailer.send(ID, to, SUBJECT, TEXT)
    assert TO not in str(error.value), "who was written to is nobody's business in a log"
    return error.value


def test_a_turkish_letter_arrives_as_it_was_written(server: Office, tls: Certificates) -> None:
    with_login(server.port, tls).send(ID, TO, SUBJECT, TEXT)
    (taken,) = server.handler.taken
    message = taken.message
    assert message["Subject"] == SUBJECT
    assert unix(message.get_content()) == TEXT
    assert message.get_content_type() == "text/plain"
    assert message["From"].addresses == (FROM,)
    assert message["To"] == TO
    assert message["Date"].datetime == NOW
    assert message["Message-ID"] == f"<{ID}@invekto.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert (taken.sender, taken.recipients) == (FROM.addr_spec, [TO])


def test_it_goes_by_tls_and_login(server: Office, tls: Certificates) -> None:
    with_login(server.port, tls).send(ID, TO, SUBJECT, TEXT)
    assert server.handler.taken[0].tls
    assert server.handler.logins == [("ayse@x", PASSWORD)]


def test_a_second_copy_is_told_by_its_message_id(server: Office, tls: Certificates) -> None:
    for id in (ID, ID, uuid4()):
        with_login(server.port, tls).send(id, TO, SUBJECT, TEXT)
    first, second, other = (taken.message["Message-ID"] for taken in server.handler.taken)
    assert first == second != other


def test_tls_from_the_first_byte(handler: Handler, tls: Certificates) -> None:
    with office(handler, ssl_context=tls.server) as running:
        to(running.port, tls, tls=True).send(ID, TO, SUBJECT, TEXT)
    assert handler.taken[0].tls


def test_on_this_machine_a_server_without_tls_will_do(handler: Handler) -> None:
    with office(handler) as running:
        to(running.port).send(ID, TO, SUBJECT, TEXT)
    assert not handler.taken[0].tls


@pytest.mark.parametrize("login", [{}, {"user": "ayse", "password": Secret(PASSWORD)}])
def test_elsewhere_nothing_is_sent_without_tls(
    login: dict[str, object], handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is another machine's; the connection leads here, to one that takes all in clear."""
    more = {"auth_require_tls": False, "authenticator": handler.log_in}
    with office(handler, **more) as running:
        _leads_here(monkeypatch, "mail.example", running.port)
        assert isinstance(refused(to(running.port, host="mail.example", **login)), Transient)
        assert not handler.taken
        assert not handler.logins
        _leads_here(monkeypatch, "127.0.0.1", running.port)
        to(running.port, **login).send(ID, TO, SUBJECT, TEXT)
    assert handler.taken, "so it was the name that made the difference"


def test_a_certificate_of_another_or_of_yesterday_is_not_believed(
    handler: Handler, tls: Certificates, tmp_path: Path
) -> None:
    old = certificates(tmp_path, days=-1)
    for believed in (ssl.create_default_context(), old.client):
        with office(handler, tls_context=tls.server) as running:
            mailer = replace(with_login(running.port, tls), tls=believed)
            assert isinstance(refused(mailer), Transient)
        with office(handler, ssl_context=tls.server) as running:
            mailer = replace(to(running.port, tls=True), tls=believed)
            assert isinstance(refused(mailer), Transient)
    with office(handler, tls_context=old.server) as running:
        assert isinstance(refused(with_login(running.port, old)), Transient)
    assert not handler.taken
    assert not handler.logins


def test_a_wrong_password_needs_a_person_and_is_not_told(server: Office, tls: Certificates) -> None:
    error = refused(with_login(server.port, tls, "wrong-pass"))
    assert isinstance(error, AuthRejected)
    assert error.vendor_code == "535 5.7.8"
    assert "wrong-pass" not in str(error)
    assert "wrong-pass" not in repr(with_login(server.port, tls, "wrong-pass"))


def test_a_missing_login_needs_a_person(server: Office, tls: Certificates) -> None:
    assert isinstance(refused(to(server.port, tls)), AuthRejected)


@pytest.mark.parametrize(
    ("word", "answer", "kind", "field", "code"),
    [
        ("RCPT", f"550 5.1.1 <{TO}>: no such mailbox", Rejected, "to", "550 5.1.1"),
        ("RCPT", f"450 4.2.0 {TO} greylisted", Transient, None, "450 4.2.0"),
        ("RCPT", "451 later", Transient, None, "451"),
        ("RCPT", "421 4.7.0 too many", Transient, None, "421 4.7.0"),
        ("MAIL", f"550 5.7.1 {TO} may not", Rejected, None, "550 5.7.1"),
        ("MAIL", "452 4.3.1 no room", Transient, None, "452 4.3.1"),
        ("DATA", f"554 5.7.1 spam for {TO}", Rejected, None, "554 5.7.1"),
        ("DATA", "451 4.3.0 later", Transient, None, "451 4.3.0"),
        ("DATA", "421 4.3.2 closing", Transient, None, "421 4.3.2"),
    ],
)
def test_the_servers_word_says_what_to_do_next(
    word: str, answer: str, kind: type[VendorError], field: str | None, code: str, handler: Handler
) -> None:
    handler.answers[word] = answer
    with office(handler) as running:
        error = refused(to(running.port))
    assert type(error) is kind
    assert error.vendor_code == code
    assert getattr(error, "field", None) == field
    assert not handler.taken


GREETING, HELLO, WELL = b"220 mail\r\n", b"250 mail\r\n", b"250 well\r\n"
GO = b"354 go on\r\n"


@pytest.mark.parametrize(
    "conversation",
    [
        (),
        (b"554 go away\r\n",),
        (b"421 4.3.2 not now\r\n",),
        (b"\xff\xfe\x00garbage\r\n",),
        (GREETING,),
        (GREETING, HELLO),
        (GREETING, HELLO, WELL),
        (GREETING, HELLO, WELL, WELL),
        (GREETING, HELLO, WELL, WELL, GO),
    ],
)
def test_a_server_that_hangs_up_is_tried_again(conversation: tuple[bytes, ...]) -> None:
    with rude(*conversation) as port:
        error = refused(to(port))
    assert isinstance(error, Rejected if conversation == (b"554 go away\r\n",) else Transient)


def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    with rude(_silent) as port:
        error = refused(replace(to(port), timeout=0.1))
    assert isinstance(error, Transient)


def test_nobody_there_is_tried_again() -> None:
    assert isinstance(refused(to(free_port())), Transient)


@pytest.mark.parametrize("farewell", [b"421 bye\r\n", b"500 what\r\n", b""])
def test_a_letter_that_was_taken_is_sent_whatever_comes_after(farewell: bytes) -> None:
    lines: list[bytes] = []

    def read(letter: BinaryIO) -> None:
        while not lines or lines[-1] != b".\r\n":
            lines.append(letter.readline())

    with rude(GREETING, HELLO, WELL, WELL, GO, read, WELL, farewell) as port:
        to(port).send(ID, TO, SUBJECT, TEXT)
    assert len(lines) > 5


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ayse",
        "@example.com",
        "a b@example.com",
        "şule@example.com",
        "a@b.example, c@d.example",
        "a@b\r\nBcc: c@d.example",
    ],
)
def test_what_is_no_address_is_refused_before_anybody_is_asked(address: str) -> None:
    error = refused(to(9), address)
    assert isinstance(error, Rejected)
    assert error.field == "to"


_CONNECT = socket.create_connection


def _leads_here(monkeypatch: pytest.MonkeyPatch, host: str, port: int) -> None:
    real = _CONNECT

    def connect(address: tuple[str, int], *more: object, **named: object) -> socket.socket:
        assert address == (host, port)
        return real(("127.0.0.1", port), *more, **named)  # type: ignore[arg-type]

    monkeypatch.setattr("socket.create_connection", connect)


def _silent(lines: BinaryIO) -> None:
    assert lines.read(1) == b"", "we hung up, and said nothing"
