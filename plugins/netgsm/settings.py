"""What a tenant copies from the Netgsm portal."""

from __future__ import annotations

from dataclasses import dataclass

from ports.settings import Secret, setting

HOST = "api.netgsm.com.tr"


@dataclass(frozen=True, slots=True)
class Settings:
    usercode: str = setting(
        "The subscriber number (850…), or the name of a sub-user with the right to use the API.",
        tr="Abone numarası (850…) ya da API yetkisi olan alt kullanıcının adı.",
        title="User code",
        example="8505550101",
        pattern=r"[^\s:]{3,64}",
    )
    password: Secret = setting(
        "The API password of that user; it is not the one that opens the portal.",
        tr="Bu kullanıcının API şifresi; portala girdiğiniz şifre değildir.",
        max_length=200,
    )
    msgheader: str = setting(
        "The approved sender title, letter for letter as the portal shows it.",
        tr="Onaylı gönderici başlığı (mesaj başlığı), portalda yazdığı gibi harfi harfine.",
        title="Sender title",
        example="ORNEKMGZ",
        pattern=r"\S.{1,9}\S",
    )
