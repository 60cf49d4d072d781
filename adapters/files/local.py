"""Files in a folder of this machine."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from uuid import UUID

from core.shared.errors import NotFound

_PART = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
_DEPTH = 4


class LocalFiles:
    """Implements core.delivery.drain.Files. Each tenant has a folder; nothing leads out of it.

    A name is one to four words of ASCII letters, digits, `.`, `_` and `-` with `/` between; a
    word does not begin with a dot. Folders are 0700 and files 0600.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, tenant: UUID, name: str, data: bytes) -> str:
        """Whole or not at all, and on the disk when it returns; ValueError for a strange name."""
        parts = _parts(name)
        if parts is None:
            raise ValueError(f"{name!r} is no name for a file")
        target = self._folder.joinpath(str(tenant), *parts)
        _make(target.parent)
        part = target.with_name(f".{secrets.token_hex(8)}")
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        _sync(target.parent)
        return name

    def get(self, tenant: UUID, path: str) -> bytes:
        """NotFound for whatever put() did not answer for this very tenant."""
        parts = _parts(path)
        if parts is None:
            raise NotFound("there is no such file")
        try:
            return self._folder.joinpath(str(tenant), *parts).read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise NotFound("there is no such file") from None


def _parts(name: str) -> list[str] | None:
    parts = name.split("/")
    good = len(parts) <= _DEPTH and all(_PART.fullmatch(part) for part in parts)
    return parts if good else None


def _make(folder: Path) -> None:
    """The folder and those above it; a new one is itself on the disk when it returns."""
    if folder.is_dir():
        return
    _make(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    _sync(folder.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
