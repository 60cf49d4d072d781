"""A real SMTP server on this machine, and one that misbehaves word by word."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, BinaryIO, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Taken:
    """A letter, and how it came."""

    message: EmailMessage
    sender: str
    recipients: list[str]
    tls: bool


@dataclass
class Handler:
    """Takes every letter, unless a word of the conversation is to be answered otherwise."""

    answers: dict[str, str] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd calls it so
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.answers.get("MAIL", "250 2.1.0 well")

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 2.1.5 well")

    async def handle_DATA(  # noqa: N802
        self, server: Any, session: Any, envelope: Envelope
    ) -> str:
        if "DATA" not in self.answers:
            message = message_from_bytes(cast(bytes, envelope.content), policy=default)
            came = Taken(
                cast(EmailMessage, message),
                str(envelope.mail_from),
                list(envelope.rcpt_tos),
                server.transport.get_extra_info("ssl_object") is not None,
            )
            self.taken.append(came)
        return self.answers.get("DATA", "250 2.0.0 well")

    def log_in(self, server: Any, session: Any, envelope: Any, kind: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        self.logins.append((given.login.decode(), given.password.decode()))
        return AuthResult(success=given.password == b"s%cr:t/?#@", handled=False)


@dataclass
class Office:
    port: int
    handler: Handler


@contextmanager
def office(handler: Handler, **more: Any) -> Iterator[Office]:
    """aiosmtpd in a thread of its own."""
    controller = Controller(handler, hostname="127.0.0.1", port=free_port(), **more)
    controller.start()
    try:
        yield Office(controller.port, handler)
    finally:
        controller.stop()


@contextmanager
def rude(*conversation: bytes | Callable[[BinaryIO], None]) -> Iterator[int]:
    """Answers each line by the next of these words, whatever was asked, then hangs up. An act
    among them reads for itself and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def talk() -> None:
            peer, _ = listening.accept()
            peer.settimeout(10)
            with peer, peer.makefile("rb") as lines:
                for number, word in enumerate(conversation):
                    if callable(word):
                        word(lines)
                        continue
                    if number and not callable(conversation[number - 1]):
                        lines.readline()
                    peer.sendall(word)

        thread = threading.Thread(target=talk)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            thread.join(10)
            assert not thread.is_alive()


@dataclass(frozen=True)
class Certificates:
    """A server's certificate for 127.0.0.1 and localhost, signed by itself."""

    server: ssl.SSLContext
    client: ssl.SSLContext
    """Trusts that one alone."""


def certificates(folder: Path, *, days: int = 1) -> Certificates:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
    now = datetime.now(UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, private = folder / "certificate.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(pem, private)
    return Certificates(server, ssl.create_default_context(cafile=str(pem)))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
