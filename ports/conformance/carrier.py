"""The promises of ports.families.carrier.Carrier."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ports.conformance.base import attempt, is_none_or_rejected
from ports.conformance.faults import ReadsContract
from ports.errors import Rejected
from ports.families.carrier import Carrier, Parcel, ParcelState

STRANGE_NUMBERS = ("", " ", "İĞÜŞÖÇ-ığüşöç", "1 OR 1=1", "<a>&\"'</a>", "../../etc", "9" * 400)


class CarrierContract(ReadsContract):
    """Wanted: `known_tracking_number` and `unknown_state`, a pair of a number and the word.

    The parcel of `unknown_state` is in, or has a scan in, a state that no table knows.
    """

    family = "carrier"

    @pytest.fixture
    def carrier(self, port: Any) -> Carrier:
        built: Carrier = port
        return built

    @pytest.fixture
    def unknown_tracking_number(self) -> str:
        return "0000000000001"

    @pytest.fixture
    def ask(self, known_tracking_number: str) -> Callable[[Any], object]:
        return lambda carrier: carrier.track(known_tracking_number)

    def test_a_known_number_gives_its_parcel(
        self, carrier: Carrier, known_tracking_number: str
    ) -> None:
        parcel = carrier.track(known_tracking_number)
        assert isinstance(parcel, Parcel), f"{known_tracking_number} is known to the sandbox"
        assert parcel.number, "the parcel has the carrier's number"
        assert isinstance(parcel.state, ParcelState)
        assert parcel.vendor_state, "the vendor's own word rides along"

    def test_a_number_nobody_knows_is_none(
        self, carrier: Carrier, unknown_tracking_number: str
    ) -> None:
        assert carrier.track(unknown_tracking_number) is None

    @pytest.mark.parametrize("number", STRANGE_NUMBERS)
    def test_a_strange_number_is_none_or_rejected(self, carrier: Carrier, number: str) -> None:
        assert is_none_or_rejected(attempt(lambda: carrier.track(number), Rejected))

    def test_scans_are_oldest_first_and_know_their_time_zone(
        self, carrier: Carrier, known_tracking_number: str
    ) -> None:
        parcel = carrier.track(known_tracking_number)
        assert parcel is not None
        moments = [scan.at for scan in parcel.scans]
        assert moments, "let the sandbox's known parcel have scans"
        assert all(m.tzinfo is not None for m in moments), "moments are aware"
        assert moments == sorted(moments), "scans are oldest first"
        assert parcel.delivered_at is None or parcel.delivered_at.tzinfo is not None

    def test_a_state_we_cannot_map_is_unknown_and_its_word_is_kept(
        self, carrier: Carrier, unknown_state: tuple[str, str]
    ) -> None:
        number, word = unknown_state
        parcel = carrier.track(number)
        assert parcel is not None, "a state we cannot map does not lose the parcel"
        kept = [
            (parcel.vendor_state, parcel.state),
            *((s.vendor_word, s.state) for s in parcel.scans),
        ]
        states = [state for vendor_word, state in kept if vendor_word == word]
        assert states, f"the word {word!r} is dropped: {kept}"
        assert set(states) == {ParcelState.UNKNOWN}, f"{word!r} is taken for {states}"

    def test_asking_twice_changes_nothing(
        self, carrier: Carrier, known_tracking_number: str
    ) -> None:
        assert carrier.track(known_tracking_number) == carrier.track(known_tracking_number)
