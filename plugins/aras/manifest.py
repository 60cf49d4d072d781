"""Who Aras is and what it offers; vendor code is imported only inside the factories."""

from __future__ import annotations

from plugins.aras.settings import HOSTS, Settings
from ports.clock import Clock
from ports.families.carrier import Carrier
from ports.manifest import API_VERSION, Account, Context, Manifest, Text
from ports.sandbox import Sandbox


def _carrier(context: Context) -> Carrier:
    from plugins.aras.carrier import ArasCarrier
    from plugins.aras.client import Client

    return ArasCarrier(Client(context.transport, context.settings))


def _check(context: Context) -> Account:
    from plugins.aras.client import Client

    return Client(context.transport, context.settings).check()


def _sandbox(clock: Clock) -> Sandbox:
    from plugins.aras.sandbox import ArasSandbox

    return ArasSandbox(clock)


MANIFEST = Manifest(
    id="aras",
    name="Aras Kargo",
    summary=Text(
        en="Tells customers where their Aras parcel is.",
        tr="Müşterilere Aras kargolarının nerede olduğunu söyler.",
    ),
    api=API_VERSION,
    settings=Settings,
    hosts=frozenset(HOSTS.values()),
    owners=("@invekto",),
    check=_check,
    carrier=_carrier,
    sandbox=_sandbox,
)
