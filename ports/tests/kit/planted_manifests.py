"""Manifests that break one promise each."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import sound
from acme.parcels import AcmeCarrier
from acme.sandbox import AcmeSandbox
from planting import change

from ports.manifest import Account, Text
from ports.settings import Secret, setting


@dataclasses.dataclass(frozen=True, slots=True)
class Careless:
    api_key: str = setting("The key.", tr="Anahtar.", example="sandbox-api-key")


@dataclasses.dataclass(frozen=True, slots=True)
class EnglishOnly:
    shop: str = setting("The shop.", tr="", example="TR-1")


class RudeSandbox(AcmeSandbox):
    def control(self, command, **arguments):
        return {"sent": []}[command]


class WrongShape(AcmeCarrier):
    def track(self, number, *, depot):
        return super().track(number)


def no_credentials_needed(context: Any) -> Any:
    return Account("acme-1", "Acme")


no_credentials_needed.__module__ = "acme.manifest"


@dataclasses.dataclass(frozen=True, slots=True)
class OddExample:
    shop: str = setting("The shop.", tr="Mağaza.", example="TR-1", pattern="[0-9]+")
    api_key: Secret = setting("The key.", tr="Anahtar.")


class CrashingSandbox(AcmeSandbox):
    def serve(self, request):
        return super().serve(request) if "orders" in request.url else {}[request.url]


NOTHING = dict.fromkeys(("channel", "marketplace", "carrier", "llm", "understanding", "embedding"))

globals().update(
    change(
        sound.TestManifest,
        OffersNothing=NOTHING,
        HidesItsEvents={"webhook_events": frozenset()},
        ExampleThatDoesNotFit={"settings": OddExample},
        CrashesOnStrangers={"sandbox": CrashingSandbox},
        WildHosts={"hosts": frozenset({"*.acme.example"})},
        NoHosts={"hosts": frozenset()},
        OneLanguage={"summary": Text("Everything.", "")},
        OldApi={"api": 0},
        OddId={"id": "acme-cargo"},
        SecretAsText={"settings": Careless},
        HelpInOneLanguage={"settings": EnglishOnly},
        MisshapenCarrier={"carrier": WrongShape},
        CheckThatChecksNothing={"check": no_credentials_needed},
        RudeControl={"sandbox": RudeSandbox},
    )
)


class TestImportsItsLibrary(sound.TestManifest):
    @pytest.fixture
    def package(self):
        return "heavy"
