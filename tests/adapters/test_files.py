"""Files of a tenant: whole or not there, and nowhere but in the tenant's folder."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.files.local import LocalFiles
from core.shared.errors import NotFound

TENANT = uuid4()
STRANGE = [
    "", ".", "..", "/", "a/", "/a", "a//b", "../a", "a/../../b", "a/..", "./a", "/etc/passwd",
    ".hidden", "a/.b", "a\x00b", "a\\b", "..\\a", "a b", "çiğdem", "a/b/c/d/e", "x" * 101,
    "~root", "%2e%2e/a", "a\n", "C:\\a", "a\u2215b",
]  # fmt: skip


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    return LocalFiles(tmp_path / "files")


@given(st.binary(max_size=2000))
def test_what_was_put_is_got(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    files = LocalFiles(tmp_path_factory.mktemp("files"))
    assert files.get(TENANT, files.put(TENANT, f"media/{uuid4()}", data)) == data


def test_the_same_name_is_overwritten(files: LocalFiles) -> None:
    path = files.put(TENANT, "media/a.png", b"one")
    assert files.put(TENANT, "media/a.png", b"two") == path
    assert files.get(TENANT, path) == b"two"


def test_another_tenants_file_is_not_there(files: LocalFiles) -> None:
    path = files.put(TENANT, "media/a.png", b"one")
    with pytest.raises(NotFound):
        files.get(uuid4(), path)


@pytest.mark.parametrize("path", ["media/none", "media", "media/a.png/b", *STRANGE])
def test_what_is_not_there_is_not_found(files: LocalFiles, path: str) -> None:
    files.put(TENANT, "media/a.png", b"one")
    with pytest.raises(NotFound):
        files.get(TENANT, path)


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_name_is_refused_and_nothing_is_made(
    files: LocalFiles, tmp_path: Path, name: str
) -> None:
    with pytest.raises(ValueError, match="no name"):
        files.put(TENANT, name, b"x")
    assert list(tmp_path.rglob("*")) == []


@given(st.text(st.sampled_from("./\\a\x00~-%"), max_size=12))
def test_no_name_leads_out(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    above = tmp_path_factory.mktemp("above")
    files = LocalFiles(above / "files")
    try:
        files.put(TENANT, name, b"x")
    except ValueError:
        return
    made = [path for path in above.rglob("*") if path.is_file()]
    assert len(made) == 1
    assert made[0].is_relative_to(above / "files" / str(TENANT))


def test_nobody_else_on_the_machine_may_look(files: LocalFiles, tmp_path: Path) -> None:
    files.put(TENANT, "media/a.png", b"one")
    for path in tmp_path.rglob("*"):
        expected = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == expected


def test_a_write_that_fails_leaves_the_old_file_and_no_rest(
    files: LocalFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = files.put(TENANT, "media/a.png", b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.put(TENANT, "media/a.png", b"new")
    assert files.get(TENANT, path) == b"old"
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["a.png"]


def test_a_reader_sees_one_whole_file_while_many_write(files: LocalFiles) -> None:
    size = 300_000
    path = files.put(TENANT, "media/a.png", b"0" * size)

    def write(digit: int) -> None:
        files.put(TENANT, "media/a.png", str(digit).encode() * size)

    with ThreadPoolExecutor(4) as pool:
        writes = [pool.submit(write, n % 10) for n in range(40)]
        while not all(w.done() for w in writes):
            data = files.get(TENANT, path)
            assert len(data) == size
            assert len(set(data)) == 1
        assert all(w.exception() is None for w in writes)
