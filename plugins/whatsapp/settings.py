"""What a tenant, and the operator of a shared Meta app, must tell us."""

from __future__ import annotations

from dataclasses import dataclass

from ports.settings import Secret, setting

_APP_SECRET = "[0-9a-zA-Z_-]{8,128}"  # noqa: S105 - the shape of one, not one


@dataclass(frozen=True, slots=True)
class Settings:
    phone_number_id: str = setting(
        "The id of the phone number (not the number): WhatsApp > API Setup.",
        tr="Telefon numarasının kimliği (numaranın kendisi değil): WhatsApp > API Setup.",
        title="Phone number ID",
        example="550100200300401",
        pattern="[0-9]{5,20}",
    )
    waba_id: str = setting(
        "The id of the WhatsApp Business Account, on the same page.",
        tr="WhatsApp Business hesabının kimliği; aynı sayfada yazar.",
        title="WhatsApp Business Account ID",
        example="550900800700601",
        pattern="[0-9]{5,20}",
    )
    access_token: Secret = setting(
        "A system user's token with whatsapp_business_messaging and whatsapp_business_management.",
        tr="whatsapp_business_messaging ve whatsapp_business_management izinli sistem "
        "kullanıcısı anahtarı.",
    )
    graph_version: str = setting(
        "Version of Meta's Graph API.",
        tr="Meta Graph API sürümü.",
        default="v26.0",
        example="v26.0",
        pattern=r"v[0-9]+\.0",
    )
    app_secret: Secret | None = setting(
        "Only with a Meta app of your own: App settings > Basic > App secret.",
        tr="Yalnızca kendi Meta uygulamanız varsa: Uygulama ayarları > Temel > Uygulama gizli "
        "anahtarı.",
        default=None,
        example="sandbox-app-secret",
        pattern=_APP_SECRET,
    )
    verify_token: Secret | None = setting(
        "Only with a Meta app of your own: any long random text, the same one as at Meta.",
        tr="Yalnızca kendi Meta uygulamanız varsa: Meta'ya da yazacağınız uzun, rastgele bir "
        "metin.",
        default=None,
        example="sandbox-verify-token",
    )


@dataclass(frozen=True, slots=True)
class AppSettings:
    """For the operator's own Meta app, which many tenants share: one address, one secret."""

    app_secret: Secret = setting(
        "Meta app: App settings > Basic > App secret.",
        tr="Meta uygulaması: Uygulama ayarları > Temel > Uygulama gizli anahtarı.",
        pattern=_APP_SECRET,
    )
    verify_token: Secret = setting(
        "Any long random text; write the same one into Meta's webhook form.",
        tr="Uzun, rastgele bir metin; aynısını Meta'nın webhook formuna yazın.",
    )
    previous_app_secret: Secret | None = setting(
        "The secret before a reset; deliveries signed with either are taken.",
        tr="Yenilemeden önceki gizli anahtar; ikisiyle imzalananlar da kabul edilir.",
        default=None,
        pattern=_APP_SECRET,
    )
