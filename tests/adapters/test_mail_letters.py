"""A letter as mail, in a folder, and where a mail server is said to be."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.policy import default
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mail.address import parse
from adapters.mail.folder import FolderMailer
from adapters.mail.message import to_message, to_sender
from core.identity.means import Mailer
from ports.errors import Transient, VendorError
from ports.settings import Secret
from tests.core.fakes.laws import law

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


def unix(text: str) -> str:
    """Line ends are the mail's own business."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def refused(mailer: Mailer) -> VendorError:
    with pytest.raises(VendorError) as error:
        mailer.send(ID, TO, SUBJECT, TEXT)
    return error.value


@law
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


@law
@given(st.lists(st.text("abcçğıİöşü ’.:", min_size=1, max_size=30), max_size=8))
def test_a_turkish_subject_is_read_as_it_was_written(words: list[str]) -> None:
    subject = " ".join(" ".join(words).split())
    read = message_from_bytes(
        to_message(ID, FROM, TO, subject, "x", NOW).as_bytes(), policy=default
    )
    assert read["Subject"] == subject


@law
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


@law
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
