"""Mail into a folder: for a laptop, where no server is configured."""

from __future__ import annotations

import os
from dataclasses import dataclass
from email.headerregistry import Address
from pathlib import Path
from uuid import UUID

from adapters.mail.message import to_message
from ports.clock import Clock
from ports.errors import Transient

SENDER = Address("Invekto", "invekto", "localhost")


@dataclass(frozen=True, slots=True)
class FolderMailer:
    """Implements core.identity.means.Mailer. Each letter is `{id}.eml`, which any mail program
    opens; the same letter again replaces it. Links in them open accounts: 0700 and 0600."""

    folder: Path
    clock: Clock

    def send(self, id: UUID, to: str, subject: str, text: str) -> None:
        message = to_message(id, SENDER, to, subject, text, self.clock.now())
        part = self.folder / f".{id}"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(
                os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb"
            ) as out:
                out.write(message.as_bytes())
            part.replace(self.folder / f"{id}.eml")
        except OSError as error:
            raise Transient(f"the mail folder cannot be written: {error.strerror}") from error
