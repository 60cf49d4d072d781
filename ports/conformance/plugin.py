"""The pytest plugin of the kit: contract tests run, as they are, without the outside world."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import pytest

from ports.conformance.base import Contract, NotOffered


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "sockets: this contract test may open connections")


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Refuse contract tests that are marked to be skipped, or to fail for no stated reason."""
    softened = [item.nodeid for item in items if _is_contract(item) and _is_softened(item)]
    if softened:
        raise pytest.UsageError(
            "contract tests are not skipped, and xfail stands on the test with a reason: "
            + ", ".join(softened)
        )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A contract test that skips itself has failed, except where a power is not offered."""
    report = yield
    raised = call.excinfo.value if call.excinfo else None
    skipped = isinstance(raised, pytest.skip.Exception) and not isinstance(raised, NotOffered)
    if skipped and _is_contract(item):
        report.outcome = "failed"
        report.longrepr = f"a contract test is not skipped: {raised}"
    return report


def _is_contract(item: pytest.Item) -> bool:
    kind: Any = getattr(item, "cls", None)
    return isinstance(kind, type) and issubclass(kind, Contract)


def _is_softened(item: pytest.Item) -> bool:
    if any(item.get_closest_marker(name) for name in ("skip", "skipif")):
        return True
    own = {id(mark) for mark in getattr(getattr(item, "function", None), "pytestmark", [])}
    return any(
        id(mark) not in own or not str(mark.kwargs.get("reason", "")).strip()
        for mark in item.iter_markers("xfail")
    )
