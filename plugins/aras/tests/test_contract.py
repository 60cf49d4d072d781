"""The promises that every carrier and every manifest keeps."""

from __future__ import annotations

import pytest

from plugins.aras.manifest import MANIFEST
from plugins.aras.sandbox import ArasSandbox
from ports.conformance import CarrierContract, ManifestContract
from ports.manifest import Manifest


@pytest.fixture
def manifest() -> Manifest:
    return MANIFEST


class TestManifest(ManifestContract):
    pass


class TestCarrier(CarrierContract):
    @pytest.fixture
    def known_tracking_number(self, sandbox: ArasSandbox) -> str:
        number = "7300000099996"
        sandbox.control("parcel", integration_code="SIP-1", tracking_number=number, state="4")
        for at, words in (
            ("2026-03-02T07:00", "Dağıtıma çıkarıldı"),
            ("2026-03-01T20:00", "Şubede araç yükleme"),
        ):
            sandbox.control("scan", code="SIP-1", words=words, at=at)
        return number

    @pytest.fixture
    def unknown_state(self, sandbox: ArasSandbox) -> tuple[str, str]:
        sandbox.control("parcel", integration_code="SIP-2")
        sandbox.control("scan", code="SIP-2", words="Dronla havalandı")
        return "SIP-2", "Dronla havalandı"
