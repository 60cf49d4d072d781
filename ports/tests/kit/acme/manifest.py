from __future__ import annotations

import dataclasses

from acme import channel, client, market, models, parcels, sandbox, webhooks
from ports.manifest import API_VERSION, Account, Context, Manifest, Text
from ports.settings import Secret, setting


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    shop: str = setting("The shop's code.", tr="Mağaza kodu.", example="TR-1")
    api_key: Secret = setting("Panel > API.", tr="Panel > API.")
    webhook_secret: Secret = setting("Any long text.", tr="Uzun bir metin.")


@dataclasses.dataclass(frozen=True, slots=True)
class AppSettings:
    webhook_secret: Secret = setting("Of the app.", tr="Uygulamanın.")


def check(context: Context) -> Account:
    said = client.AcmeClient(context).get("/account")
    assert said is not None
    return Account(said["id"].text(), said["name"].text())


MANIFEST = Manifest(
    id="acme",
    name="Acme",
    summary=Text("Everything.", "Her şey."),
    api=API_VERSION,
    settings=Settings,
    hosts=frozenset({"api.acme.example"}),
    owners=("@acme",),
    check=check,
    channel=channel.AcmeChannel,
    marketplace=market.AcmeMarket,
    carrier=parcels.AcmeCarrier,
    llm=models.AcmeModel,
    understanding=models.AcmeUnderstanding,
    embedding=models.AcmeEmbedder,
    webhooks=webhooks.AcmeReader,
    webhook_events=frozenset({"ParcelMoved", "DeliveryReported"}),
    app_settings=AppSettings,
    app_webhooks=webhooks.AcmeAppReader,
    sandbox=sandbox.AcmeSandbox,
)
