"""Letters reach a mail server whole and in secret, or we are told what to do next."""

from __future__ import annotations

import socket
import ssl
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.policy import default
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mail.address import SmtpServer, parse
from adapters.mail.folder import FolderMailer
from adapters.mail.message import to_message, to_sender
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


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_no_subject_begins_another_header(subject: str) -> None:
    sent = to_message(ID, FROM, TO, f"Yeni cihaz {subject}\r\nBcc: evil@example.com", "x", NOW)
    raw = sent.as_bytes()
    read = message_from_bytes(raw, policy=default)
    assert read["Bcc"] is None
    assert set(read.keys()) == set(sent.keys())
    assert read.get_content().strip() == "x"
    assert max(map(len, raw.splitlines())) <= 998
    headers = raw.partition(b"\n\n")[0].replace(b"\n", b"")
    assert min(headers) >= 0x20, "nothing that does not print, encoded or not"
    assert all(part.isprintable() for part in read["Subject"].split(" "))


@given(st.lists(st.text("abcçğıİöşü ’.:", min_size=1, max_size=30), max_size=8))
def test_a_turkish_subject_is_read_as_it_was_written(words: list[str]) -> None:
    subject = " ".join(" ".join(words).split())
    read = message_from_bytes(
        to_message(ID, FROM, TO, subject, "x", NOW).as_bytes(), policy=default
    )
    assert read["Subject"] == subject


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=500))
def test_a_text_is_read_as_it_was_written(text: str) -> None:
    read = message_from_bytes(to_message(ID, FROM, TO, "x", text, NOW).as_bytes(), policy=default)
    assert unix(read.get_content()) == unix(text)


def test_without_a_server_letters_lie_in_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    mailer: Mailer = FolderMailer(folder, Clock())
    mailer.send(ID, TO, SUBJECT, TEXT)
    mailer.send(ID, TO, SUBJECT, TEXT + "yine")
    (file,) = folder.iterdir()
    assert file.name == f"{ID}.eml"
    read = message_from_bytes(file.read_bytes(), policy=default)
    assert read["Subject"] == SUBJECT
    assert unix(read.get_content()) == TEXT + "yine"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file")
    assert isinstance(refused(FolderMailer(tmp_path / "mail", Clock())), Transient)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "smtp://u:p@mail.example?from=no-reply@invekto.example",
            ("mail.example", 587, False, "u", "p", "no-reply@invekto.example"),
        ),
        (
            "smtps://u:p@mail.example?from=a@b.example",
            ("mail.example", 465, True, "u", "p", "a@b.example"),
        ),
        (
            f"smtp://a%40b:{quote(PASSWORD, safe='')}@mail.example:2525/?from=a+b@c.example",
            ("mail.example", 2525, False, "a@b", PASSWORD, "a+b@c.example"),
        ),
        (
            "smtp://localhost:25?from=Invekto%20Ma%C4%9Faza%20<a@b.example>",
            ("localhost", 25, False, None, None, "Invekto Mağaza <a@b.example>"),
        ),
        ("smtp://[::1]?from=a@b.example", ("::1", 587, False, None, None, "a@b.example")),
    ],
)
def test_a_servers_address_is_read(url: str, expected: tuple[object, ...]) -> None:
    read = parse(Secret(url))
    password = read.password.reveal() if read.password else None
    found = (read.host, read.port, read.tls, read.user, password, str(read.sender))
    assert found == expected
    assert password is None or password not in repr(read) or len(password) == 1


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "begin with smtp"),
        ("mail.example", "begin with smtp"),
        ("http://mail.example?from=a@b.example", "begin with smtp"),
        ("smtp://?from=a@b.example", "a host"),
        ("smtp://mail.example", "from="),
        ("smtp://mail.example?from=", "from="),
        ("smtp://mail.example?from=nobody", "no e-mail address"),
        ("smtp://mail.example?from=a@b.example, c@d.example", "no e-mail address"),
        ("smtp://mail.example?from=<a@b.example", "no e-mail address"),
        ("smtp://mail.example?from=a@b.example&tls=no", "nothing else"),
        ("smtp://mail.example?from=a@b.example&from=c@d.example", "nothing else"),
        ("smtp://mail.example/box?from=a@b.example", "nothing but"),
        ("smtp://mail.example:mail?from=a@b.example", "port"),
        ("smtp://mail.example:70000?from=a@b.example", "port"),
        ("smtp://[::1?from=a@b.example", "host"),
        ("smtp://u@mail.example?from=a@b.example", "go together"),
        ("smtp://:p@mail.example?from=a@b.example", "go together"),
        ("smtp://u:%C5%9Fifre@mail.example?from=a@b.example", "ASCII"),
    ],
)
def test_an_address_that_is_no_good_is_told_by_its_fault(url: str, why: str) -> None:
    with pytest.raises(ValueError, match="the mail server's address is no good") as error:
        parse(Secret(url))
    assert why in str(error.value).partition("It looks like")[0]
    assert "smtp://user:password@host:587" in str(error.value)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=30))
def test_no_error_shows_the_password_however_badly_it_was_written(password: str) -> None:
    secret = "~".join(f" {password} ").strip()
    try:
        read = parse(Secret(f"smtp://u:{secret}@mail.example:587?from=a@b.example"))
    except ValueError as error:
        told = str(error)
    else:
        told = repr(read)
    assert "~" not in told, "the mark between every two of its letters"


@pytest.mark.parametrize("text", ["", "a", "a@", "@b", "a@b c@d", "A <a@b>x", "şule@b.example"])
def test_a_sender_that_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no e-mail address"):
        to_sender(text)


_CONNECT = socket.create_connection


def _leads_here(monkeypatch: pytest.MonkeyPatch, host: str, port: int) -> None:
    real = _CONNECT

    def connect(address: tuple[str, int], *more: object, **named: object) -> socket.socket:
        assert address == (host, port)
        return real(("127.0.0.1", port), *more, **named)  # type: ignore[arg-type]

    monkeypatch.setattr("socket.create_connection", connect)


def _silent(lines: BinaryIO) -> None:
    assert lines.read(1) == b"", "we hung up, and said nothing"
