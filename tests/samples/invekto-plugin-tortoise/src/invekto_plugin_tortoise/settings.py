"""What a tenant must tell us about their Tortoise Express account."""

from __future__ import annotations

from dataclasses import dataclass

from ports.settings import Secret, setting

HOST = "api.tortoise-express.example"


@dataclass(frozen=True, slots=True)
class Settings:
    shell_number: str = setting(
        "Your customer number, under the shell on every invoice.",
        tr="Her faturada, kabuğun altında yazan müşteri numaranız.",
        example="TT-20417",
        pattern=r"TT-[0-9]{5}",
    )
    api_key: Secret = setting(
        "Panel > Integrations > New key.",
        tr="Panel > Entegrasyonlar > Yeni anahtar.",
    )
    webhook_secret: Secret = setting(
        "Panel > Notifications: any long random text; paste the same one here.",
        tr="Panel > Bildirimler: uzun ve rastgele bir metin; aynısını buraya yapıştırın.",
    )
