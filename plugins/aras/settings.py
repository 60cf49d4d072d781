"""The login of the query service ("XML Servisleri"); the one of the order service differs."""

from __future__ import annotations

from dataclasses import dataclass

from ports.settings import Secret, setting

HOSTS = {
    "live": "customerservices.araskargo.com.tr",
    "test": "customerservicestest.araskargo.com.tr",
}


@dataclass(frozen=True, slots=True)
class Settings:
    query_username: str = setting(
        "User name of the XML query service: esasweb.araskargo.com.tr > Tanımlamalar > "
        "Entegrasyonlar > XML Servisleri. Not the user of the order service.",
        tr="XML sorgu servisinin kullanıcı adı: esasweb.araskargo.com.tr > Tanımlamalar > "
        "Entegrasyonlar > XML Servisleri. Sipariş servisinin kullanıcısı değildir.",
        example="demo",
        max_length=100,
    )
    query_password: Secret = setting(
        "Password of the XML query service, set on the same page.",
        tr="XML sorgu servisinin şifresi; aynı sayfada belirlenir.",
        max_length=100,
    )
    customer_code: str = setting(
        "Your Aras customer code, digits only; shown on the same page.",
        tr="Aras müşteri kodunuz, yalnızca rakam; aynı sayfada yazar.",
        example="1000000000016",
        pattern=r"[0-9]{1,20}",
    )
    environment: str = setting(
        "Which of the two Aras systems to ask.",
        tr="İki Aras sisteminden hangisine sorulacağı.",
        default="live",
        choices=("live", "test"),
    )
