"""npm's certified `oidc-provider`, installed beside the project and run for the tests."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx

HERE = Path(__file__).parent
KEPT = HERE.parents[1] / ".invekto" / "idp"
OLDEST_NODE = (20, 17)
_FILES = ("package.json", "package-lock.json", "server.mjs")
_FORM = re.compile(r'action="([^"]+)"')
_PROMPT = re.compile(r'name="prompt" value="([^"]+)"')
_XSRF = re.compile(r'name="xsrf" value="([^"]+)"')


class NoNode(Exception):
    """Why the provider cannot run on this machine."""


def installed(server: Path = HERE) -> Path:
    """The folder that it runs from, made where it is missing. Several may ask at once."""
    _check_node()
    content = b"".join((server / name).read_bytes() for name in _FILES)
    folder = KEPT / hashlib.sha256(content).hexdigest()[:16]
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            _install(server, folder)
    return folder


def _check_node() -> None:
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        raise NoNode("Node and npm are not installed")
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    version = tuple(int(part) for part in told.strip().lstrip("v").split(".")[:2])
    if version < OLDEST_NODE:
        raise NoNode(f"Node {told.strip()} is too old")


def _install(server: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in _FILES:
        shutil.copy(server / name, folder)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    if done.returncode:
        raise NoNode(f"npm ci failed: {done.stderr.strip()[-300:]}")
    (folder / "complete").touch()


class Server:
    """A server on Node, in a process of its own, that does what it is told."""

    def __init__(self, folder: Path, *kinds: str) -> None:
        self._log = (folder / f"{os.getpid()}-{id(self)}.log").open("wb")
        self._process = subprocess.Popen(
            ["node", "server.mjs", *kinds],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self.told = self._heard()
        """What it says of itself when it listens."""

    def close(self) -> None:
        """The log stays where it died of itself."""
        died = self._process.poll() is not None
        self._process.terminate()
        self._process.communicate(timeout=10)
        self._log.close()
        if not died:
            Path(self._log.name).unlink()

    def tell(self, **command: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        assert self._heard() == {"done": command["do"]}

    def _heard(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"the provider died; it may say why in {self._log.name}"
        heard: dict[str, Any] = json.loads(line)
        return heard


class Provider(Server):
    """One OpenID issuer."""

    @property
    def issuer(self) -> str:
        issuer: str = self.told["issuer"]
        return issuer

    def account(self, id: str, **claims: Any) -> str:
        """What it says of this account from now on."""
        self.tell(do="account", id=id, claims=claims)
        return id

    def rotate(self) -> None:
        """New keys, at once; the old ones are gone."""
        self.tell(do="rotate")

    def register(self, redirect: str, **more: Any) -> tuple[str, str]:
        """A client of this redirect address: its id and secret."""
        asked = {"redirect_uris": [redirect], **more}
        answer = httpx.post(f"{self.issuer}/reg", json=asked, trust_env=False)
        assert answer.status_code == 201, answer.text
        made = answer.json()
        return made["client_id"], made["client_secret"]


class Browser:
    """A person's browser: cookies, redirects and the provider's forms, but no house of ours.

    A redirect to any other place than a provider ends the walk and is its answer.
    """

    def __init__(self) -> None:
        self._http = httpx.Client(trust_env=False, follow_redirects=False)

    def sign_in(self, url: str, account: str) -> Mapping[str, str]:
        """Follow a sign-in and answer what the provider sends back to us in the query."""
        page = self._walk(self._http.get(url))
        while page.status_code == 200:
            form, prompt = _FORM.search(page.text), _PROMPT.search(page.text)
            assert form, page.text
            assert prompt, page.text
            said = {"prompt": prompt[1], "login": account, "password": "anything"}
            page = self._walk(self._http.post(urljoin(str(page.url), form[1]), data=said))
        return dict(parse_qsl(urlsplit(_back(page)).query))

    def sign_out(self, url: str) -> str:
        """Follow a sign-out to the end; answers where it sends the browser."""
        page = self._walk(self._http.get(url))
        form, xsrf = _FORM.search(page.text), _XSRF.search(page.text)
        assert form, page.text
        assert xsrf, page.text
        said = {"xsrf": xsrf[1], "logout": "yes"}
        return _back(self._walk(self._http.post(urljoin(str(page.url), form[1]), data=said)))

    def _walk(self, page: httpx.Response) -> httpx.Response:
        while page.is_redirect and page.next_request is not None:
            if page.next_request.url.host != "127.0.0.1":
                return page
            page = self._http.send(page.next_request)
        return page

    def close(self) -> None:
        self._http.close()


def _back(page: httpx.Response) -> str:
    assert page.is_redirect, f"{page.status_code}: {page.text}"
    return str(page.headers["location"])


@contextmanager
def running(folder: Path, *kinds: str) -> Iterator[Provider]:
    provider = Provider(folder, *kinds)
    try:
        yield provider
    finally:
        provider.close()
