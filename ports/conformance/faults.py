"""What a plugin must make of a vendor that fails: one table for reads, one for sends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import pytest

from ports.conformance.base import Contract, attempt, build
from ports.conformance.secrecy import secrets_shown
from ports.errors import (
    AuthRejected,
    ContractBroken,
    OutcomeUnknown,
    RateLimited,
    Transient,
    VendorError,
)
from ports.manifest import Context, Manifest
from ports.sandbox import Fault, Sandbox

Errors = tuple[type[VendorError], ...]

READING: Mapping[Fault, Errors] = {
    Fault.REFUSED_CONNECTION: (Transient,),
    Fault.LOST_REQUEST: (Transient,),
    Fault.LOST_ANSWER: (Transient,),
    Fault.RATE_LIMITED: (RateLimited,),
    Fault.SERVER_ERROR: (Transient,),
    Fault.MALFORMED: (ContractBroken, Transient),
    Fault.HALF_BODY: (ContractBroken, Transient),
}

SENDING: Mapping[Fault, Errors] = {
    Fault.REFUSED_CONNECTION: (Transient,),
    Fault.LOST_REQUEST: (OutcomeUnknown,),
    Fault.LOST_ANSWER: (OutcomeUnknown,),
    Fault.RATE_LIMITED: (RateLimited,),
    Fault.SERVER_ERROR: (Transient, OutcomeUnknown),  # the vendor's documents decide
    Fault.MALFORMED: (OutcomeUnknown,),
    Fault.HALF_BODY: (OutcomeUnknown,),
}


def provoke(call: Callable[[], object], expected: Errors, fault: Fault) -> None:
    """A call under a fault must raise one of the expected errors."""
    words = " or ".join(kind.__name__ for kind in expected)
    answer = attempt(call, VendorError)
    assert isinstance(answer, expected), f"{fault} must be {words}, not {answer!r}"
    if isinstance(answer, RateLimited):
        assert 0 < answer.retry_after < 86_400, "retry_after says how many seconds to wait"


class FamilyContract(Contract):
    """A port that a manifest offers, built over its sandbox."""

    family: ClassVar[str]

    @pytest.fixture
    def port(self, manifest: Manifest, context: Context) -> Any:
        return build(manifest, self.family, context)

    def test_no_secret_shows_in_what_is_built(self, port: Any, context: Context) -> None:
        """Secrets are revealed where they are used, and kept nowhere else."""
        shown = secrets_shown(port, context.settings)
        assert not shown, f"a revealed secret is kept or printed: {shown}"


class ReadsContract(FamilyContract):
    """A family whose calls only ask; `ask` makes one such call on a port."""

    @pytest.fixture
    def ask(self) -> Callable[[Any], object]:
        raise NotImplementedError

    @pytest.mark.parametrize("fault", READING)
    def test_a_failing_vendor_is_the_right_error(
        self, sandbox: Sandbox, port: Any, ask: Callable[[Any], object], fault: Fault
    ) -> None:
        """Nothing was changed, so whatever was lost may be asked again."""
        sandbox.faults.add(fault, path=self.fault_path)
        provoke(lambda: ask(port), READING[fault], fault)

    def test_after_a_failure_the_next_call_works(
        self, sandbox: Sandbox, port: Any, ask: Callable[[Any], object]
    ) -> None:
        for fault in READING:
            sandbox.faults.add(fault, path=self.fault_path)
            provoke(lambda: ask(port), READING[fault], fault)
            ask(port)

    def test_wrong_credentials_are_auth_rejected(
        self, manifest: Manifest, wrong_context: Context, ask: Callable[[Any], object]
    ) -> None:
        """A person must act; and the error does not tell the secret."""
        with pytest.raises(AuthRejected) as caught:
            ask(build(manifest, self.family, wrong_context))
        assert "wrong-on-purpose" not in str(caught.value), "the error's text shows the secret"
