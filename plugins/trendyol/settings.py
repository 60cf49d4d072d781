"""What a seller copies from the Trendyol partner panel."""

from __future__ import annotations

from dataclasses import dataclass

from ports.settings import Secret, setting

HOSTS = {"prod": "apigw.trendyol.com", "stage": "stageapigw.trendyol.com"}
"""https://developers.trendyol.com/docs/3-canlı-test-ortam-bilgileri"""

ORDER_LISTS_PER_MINUTE = {
    "up to 50k": 30,
    "up to 75k": 40,
    "up to 150k": 50,
    "up to 500k": 100,
    "unlimited": 100,
}
"""Order list calls a minute, by how many listings the seller has (the vendor's limits table)."""


@dataclass(frozen=True, slots=True)
class Settings:
    seller_id: str = setting(
        "Seller ID (Satıcı ID): partner panel > Hesap Bilgilerim > Entegrasyon Bilgileri.",
        tr="Satıcı ID: satıcı paneli > Hesap Bilgilerim > Entegrasyon Bilgileri.",
        title="Seller ID",
        example="584120",
        pattern=r"[0-9]{1,19}",
    )
    api_key: Secret = setting(
        "API Key, on the same page; only the panel's master user sees it.",
        tr="API Key, aynı sayfada; yalnızca panelin ana kullanıcısı görür.",
        title="API key",
        max_length=200,
    )
    api_secret: Secret = setting(
        "API Secret, on the same page.",
        tr="API Secret, aynı sayfada.",
        title="API secret",
        max_length=200,
    )
    integrator_name: str = setting(
        "Who calls, as Trendyol wants it in the User-Agent. Keep the default unless Trendyol "
        "gave you an integrator name.",
        tr="Trendyol'un User-Agent içinde görmek istediği ad. Trendyol size bir entegratör adı "
        "vermediyse olduğu gibi bırakın.",
        default="SelfIntegration",
        pattern=r"[A-Za-z0-9]{1,30}",
    )
    environment: str = setting(
        "prod, or stage for Trendyol's test system: it has keys of its own and answers only IP "
        "addresses on its list.",
        tr="prod; Trendyol'un test ortamı için stage. Onun anahtarları ayrıdır ve yalnızca "
        "listesindeki IP adreslerine yanıt verir.",
        default="prod",
        choices=("prod", "stage"),
    )
    listing_tier: str = setting(
        "How many listings you have: Trendyol allows more calls to larger sellers.",
        tr="Kaç ürününüz (listing) var: Trendyol büyük satıcılara daha çok çağrı hakkı verir.",
        default="up to 50k",
        choices=tuple(ORDER_LISTS_PER_MINUTE),
    )
    webhook_secret: Secret | None = setting(
        "What Trendyol sends back with each notification (x-api-key). Filled in when the "
        "notifications are switched on; leave it empty.",
        tr="Trendyol'un her bildirimle geri gönderdiği değer (x-api-key). Bildirimler açılınca "
        "kendiliğinden dolar; boş bırakın.",
        default=None,
        example="sandbox-webhook-secret",
        max_length=200,
    )
