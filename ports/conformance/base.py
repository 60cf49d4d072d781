"""What every contract shares: the fixtures, the guards, and the words for what is missing."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, NoReturn, TypeVar

import hypothesis
import pytest

from ports.clock import Clock
from ports.errors import Rejected
from ports.http import Request, Response
from ports.manifest import Context, Manifest
from ports.sandbox import Delivery, Sandbox, SandboxTransport
from ports.settings import Secret, example
from ports.webhooks import RawWebhook

T = TypeVar("T")
E = TypeVar("E", bound=Exception)

LAWS = hypothesis.settings(
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=60,
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate, hypothesis.Phase.shrink],
    report_multiple_bugs=False,
    suppress_health_check=[
        hypothesis.HealthCheck.function_scoped_fixture,
        hypothesis.HealthCheck.differing_executors,
        hypothesis.HealthCheck.too_slow,
    ],
)
"""The same examples on every machine: a contract is green or red, not lucky."""


class NotOffered(pytest.skip.Exception):  # type: ignore[name-defined, misc]
    """The promise concerns an optional power that the plugin does not have."""


def not_offered(power: str) -> NoReturn:
    raise NotOffered(f"not offered: {power}")


def attempt(call: Callable[[], T], *expected: type[E]) -> T | E:
    """The answer of a call, or the error that it raised, as a value to be looked at."""
    try:
        return call()
    except expected as error:
        return error


def is_none_or_rejected(answer: object) -> bool:
    """What becomes of a name that nobody knows; a rejection names its field."""
    return answer is None or (isinstance(answer, Rejected) and bool(answer.field))


class StillClock:
    """A clock that moves only when it is told to."""

    def __init__(self, moment: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def advance(self, by: timedelta) -> None:
        self.moment += by


class NoWayOut:
    """A Transport for code that must not call anybody."""

    def send(self, request: Request) -> Response:
        raise AssertionError(f"called {request.method} {request.url} where no call is allowed")


def raw(delivery: Delivery) -> RawWebhook:
    """What the house would take in from a sandbox's delivery: header names in lower case."""
    return RawWebhook(delivery.body, {k.lower(): v for k, v in delivery.headers.items()})


def spoiled(settings: Any) -> Any:
    """The same settings with every secret wrong."""
    fields = dataclasses.fields(settings)
    secrets = [f.name for f in fields if isinstance(getattr(settings, f.name), Secret)]
    return dataclasses.replace(settings, **dict.fromkeys(secrets, Secret("wrong-on-purpose")))


def build(manifest: Manifest, family: str, context: Context) -> Any:
    """The port that the manifest's factory of that name makes."""
    factory = getattr(manifest, family)
    assert factory is not None, f"the manifest offers no {family}"
    return factory(context)


class Contract:
    """The root of all contracts: inherit one of its descendants.

    A subclass may add tests and override fixtures. It may override a contract's own test only
    under `@pytest.mark.xfail(reason="…")`.
    """

    fault_path: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        unexplained = [name for name in vars(cls) if _softens(cls, name)]
        if unexplained:
            raise TypeError(f"{cls.__name__} overrides without xfail(reason=...): {unexplained}")

    @pytest.fixture(autouse=True)
    def _no_sockets(
        self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[None]:
        if request.node.get_closest_marker("sockets"):
            yield
            return
        opened: list[str] = []

        def refuse(*arguments: Any, **_: Any) -> NoReturn:
            opened.append(repr(arguments[1:]))
            raise OSError("a contract test opens no sockets: answer from the sandbox")

        for verb in ("connect", "connect_ex", "sendto"):
            monkeypatch.setattr(socket.socket, verb, refuse)
        yield
        assert not opened, f"sockets were opened to {opened}: answer from the sandbox"

    @pytest.fixture
    def clock(self) -> StillClock:
        return StillClock()

    @pytest.fixture
    def settings(self, manifest: Manifest) -> Any:
        return example(manifest.settings)

    @pytest.fixture
    def sandbox(self, manifest: Manifest, clock: Clock) -> Sandbox:
        if manifest.sandbox is None:
            not_offered("a sandbox")
        return manifest.sandbox(clock)

    @pytest.fixture
    def context(self, request: pytest.FixtureRequest, clock: Clock, tmp_path: Path) -> Context:
        """Ends in the sandbox; for a plugin that calls nobody, nowhere."""
        manifest: Manifest = request.getfixturevalue("manifest")
        settings = request.getfixturevalue("settings")
        if manifest.sandbox is None:
            assert not manifest.hosts_for(settings), "a plugin that calls out brings a sandbox"
            return Context(settings, NoWayOut(), clock, tmp_path)
        transport = SandboxTransport(request.getfixturevalue("sandbox"))
        return Context(settings, transport, clock, tmp_path)

    @pytest.fixture
    def wrong_context(self, context: Context) -> Context:
        """Credentials that do not open the door."""
        wrong = spoiled(context.settings)
        if wrong == context.settings:
            not_offered("credentials")
        return dataclasses.replace(context, settings=wrong)

    @pytest.fixture
    def app_settings(self, manifest: Manifest) -> Any:
        if manifest.app_settings is None:
            not_offered("one webhook address per app")
        return example(manifest.app_settings)

    @pytest.fixture
    def app_context(self, app_settings: Any, context: Context) -> Context:
        return dataclasses.replace(context, settings=app_settings)


def _softens(cls: type[Contract], name: str) -> bool:
    inherited = any(name in vars(base) for base in cls.__mro__[1:])
    if not name.startswith("test_") or not inherited:
        return False
    marks = getattr(vars(cls)[name], "pytestmark", [])
    return not any(m.name == "xfail" and m.kwargs.get("reason", "").strip() for m in marks)
