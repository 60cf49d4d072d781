"""The optional powers of each family: small protocols found with `isinstance`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ports.families.carrier import Carrier
from ports.families.channel import (
    Channel,
    FetchesMedia,
    FindsSent,
    LimitsReplies,
    MarksRead,
    SendsCodes,
    SendsTemplates,
    SettlesByReport,
)
from ports.families.embedding import Embedder
from ports.families.llm import LanguageModel
from ports.families.marketplace import (
    ListsClaims,
    ListsQuestions,
    Marketplace,
    SubscribesWebhooks,
)
from ports.families.understanding import Understanding
from ports.webhooks import Handshakes, Splits, WebhookReader

PORTS: Mapping[str, type[Any]] = {
    "channel": Channel,
    "marketplace": Marketplace,
    "carrier": Carrier,
    "llm": LanguageModel,
    "understanding": Understanding,
    "embedding": Embedder,
    "webhooks": WebhookReader,
    "app_webhooks": WebhookReader,
}
"""What the factory of that name in a manifest builds."""

POWERS: Mapping[str, tuple[type[Any], ...]] = {
    "channel": (
        LimitsReplies,
        SendsTemplates,
        SettlesByReport,
        FindsSent,
        FetchesMedia,
        MarksRead,
        SendsCodes,
    ),
    "marketplace": (ListsClaims, ListsQuestions, SubscribesWebhooks),
    "carrier": (),
    "llm": (),
    "understanding": (),
    "embedding": (),
    "webhooks": (Handshakes,),
    "app_webhooks": (Handshakes, Splits),
}


def powers_of(family: str, port: object) -> tuple[type[Any], ...]:
    """The optional powers that a built port has, in the order of POWERS."""
    return tuple(power for power in POWERS[family] if isinstance(port, power))
