"""What our letters say, in Turkish and English: why they come, and what to do if it was not you."""

from __future__ import annotations

from collections.abc import Mapping

_PATHS = {
    "invitation": "join",
    "confirm_email": "confirm",
    "reset": "reset",
    "recovery": "recover",
}
"""Letters with a link. Its token stands behind the #, where no server's log sees it."""

_LETTERS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "tr": {
        "invitation": (
            "{seller} sizi ekibine çağırıyor",
            "{seller}, Invekto'daki ekibine katılmanızı istiyor.\n\n"
            "Katılmak için:\n{link}\n\nBağlantı yedi gün geçerlidir ve bir kez kullanılır.\n\n"
            "Bu işletmeyi tanımıyorsanız iletiyi yok sayın: siz kabul etmeden hiçbir şey olmaz.",
        ),
        "confirm_email": (
            "E-posta adresinizi doğrulayın",
            "Bu adres bir Invekto hesabı için yazıldı.\n\n"
            "Adresin sizin olduğunu doğrulamak için:\n{link}\n\n"
            "Bağlantı 24 saat geçerlidir.\n\n"
            "Bunu siz istemediyseniz iletiyi yok sayın: adres kullanılmaz.",
        ),
        "reset": (
            "Yeni parola belirleyin",
            "Invekto hesabınız için yeni bir parola istendi ({at}).\n\n"
            "Belirlemek için:\n{link}\n\nBağlantı 30 dakika geçerlidir ve bir kez kullanılır.\n\n"
            "Bunu siz istemediyseniz bir şey yapmanız gerekmez: parolanız değişmedi.",
        ),
        "new_device": (
            "Hesabınıza yeni bir cihazdan girildi",
            "Invekto hesabınıza ilk kez görülen bir cihazdan girildi.\n\n"
            "Zaman: {at}\nCihaz: {agent}\nAdres: {ip} ({country})\n\n"
            "Giren siz değilseniz parolanızı hemen değiştirin; böylece bütün oturumlar kapanır.",
        ),
        "password_changed": (
            "Parolanız değişti",
            "Invekto hesabınızın parolası değiştirildi ({at}). Öteki oturumlarınız kapatıldı.\n\n"
            "Değiştiren siz değilseniz giriş sayfasındaki “Parolamı unuttum” ile hemen yeni bir "
            "parola belirleyin ve işletmenizin yöneticisine haber verin.",
        ),
        "email_changed": (
            "Hesabınızın e-posta adresi değişti",
            "Invekto hesabınız bundan böyle {email} adresiyle açılıyor ({at}). "
            "Bu adres artık hesabınızı açmaz.\n\n"
            "Değiştiren siz değilseniz işletmenizin yöneticisine hemen haber verin.",
        ),
        "factor_added": (
            "Hesabınıza yeni bir giriş adımı eklendi",
            "Invekto hesabınıza ikinci adım eklendi: {factor} ({at}). "
            "Öteki oturumlarınız kapatıldı.\n\n"
            "Ekleyen siz değilseniz parolanızı hemen değiştirin ve bu adımı kaldırın.",
        ),
        "factor_removed": (
            "Hesabınızdan bir giriş adımı kaldırıldı",
            "Invekto hesabınızdan ikinci adım kaldırıldı: {factor} ({at}). "
            "Öteki oturumlarınız kapatıldı.\n\n"
            "Kaldıran siz değilseniz parolanızı hemen değiştirin.",
        ),
        "backup_codes": (
            "Yedek kodlarınız yenilendi",
            "Invekto hesabınız için yeni yedek kodlar üretildi ({at}). Eskileri artık geçmez.\n\n"
            "Üreten siz değilseniz parolanızı hemen değiştirin.",
        ),
        "backup_code_used": (
            "Bir yedek kod kullanıldı",
            "Invekto hesabınız bir yedek kodla açıldı ({at}). Kalan kod: {left}.\n\n"
            "Kullanan siz değilseniz parolanızı hemen değiştirin ve kodları yenileyin.",
        ),
        "recovery": (
            "İkinci adımınızı kaybettiyseniz",
            "Invekto hesabınızın ikinci giriş adımlarının kaldırılması istendi ({at}).\n\n"
            "Sürdürmek için, parolanızla birlikte:\n{link}\n\n"
            "Bağlantı 30 dakika geçerlidir ve bir kez kullanılır.\n\n"
            "Bunu siz istemediyseniz bağlantıyı açmayın ve parolanızı değiştirin.",
        ),
        "recovered": (
            "İkinci adımlarınız kaldırıldı",
            "Invekto hesabınızın bütün ikinci giriş adımları kaldırıldı ve oturumlarınız "
            "kapatıldı ({at}). İşletmeniz isterse girişte yenisini kurarsınız.\n\n"
            "Bunu siz yapmadıysanız parolanızı hemen değiştirin ve işletmenizin yöneticisine "
            "haber verin.",
        ),
        "member_recovered": (
            "Bir üyenin ikinci adımları kaldırıldı",
            "{member} ({email}), kaybettiği ikinci giriş adımlarını e-posta bağlantısı ve "
            "parolasıyla kaldırdı.\n\n"
            "Bundan haberi yoksa üyeliğini askıya alın: açık bütün oturumları kapanır.",
        ),
        "reused": (
            "Bir oturumunuz güvenlik için kapatıldı",
            "Kullanılmış bir giriş anahtarı yeniden sunuldu; bir kopyası başka birinde olabilir. "
            "Bu yüzden oturumu kapattık ({at}).\n\nCihaz: {agent}\n\n"
            "Yeniden girebilirsiniz. Cihaz sizin değilse parolanızı hemen değiştirin.",
        ),
    },
    "en": {
        "invitation": (
            "{seller} invites you to its team",
            "{seller} would like you to join its team on Invekto.\n\n"
            "To join:\n{link}\n\nThe link is good for seven days, and once.\n\n"
            "If you do not know this business, ignore this letter: nothing happens unless you "
            "accept.",
        ),
        "confirm_email": (
            "Confirm your e-mail address",
            "This address was entered for an Invekto account.\n\n"
            "To confirm that it is yours:\n{link}\n\nThe link is good for 24 hours.\n\n"
            "If that was not you, ignore this letter: the address will not be used.",
        ),
        "reset": (
            "Set a new password",
            "A new password was asked for your Invekto account ({at}).\n\n"
            "To set it:\n{link}\n\nThe link is good for 30 minutes, and once.\n\n"
            "If that was not you, there is nothing to do: your password has not changed.",
        ),
        "new_device": (
            "Your account was opened on a new device",
            "Your Invekto account was opened on a device that it was never seen on before.\n\n"
            "Time: {at}\nDevice: {agent}\nAddress: {ip} ({country})\n\n"
            "If that was not you, change your password at once: it ends every session.",
        ),
        "password_changed": (
            "Your password has changed",
            "The password of your Invekto account was changed ({at}). Your other sessions were "
            "ended.\n\n"
            "If that was not you, set a new one at once by “Forgot password” on the sign-in page, "
            "and tell the administrator of your business.",
        ),
        "email_changed": (
            "The e-mail address of your account has changed",
            "From now on {email} opens your Invekto account ({at}). This address opens it no "
            "longer.\n\nIf that was not you, tell the administrator of your business at once.",
        ),
        "factor_added": (
            "A second step was added to your account",
            "Your Invekto account has a second step more: {factor} ({at}). Your other sessions "
            "were ended.\n\n"
            "If that was not you, change your password at once and remove the step.",
        ),
        "factor_removed": (
            "A second step was removed from your account",
            "A second step of your Invekto account was removed: {factor} ({at}). Your other "
            "sessions were ended.\n\nIf that was not you, change your password at once.",
        ),
        "backup_codes": (
            "You have new backup codes",
            "New backup codes were made for your Invekto account ({at}). The old ones are dead.\n\n"
            "If that was not you, change your password at once.",
        ),
        "backup_code_used": (
            "A backup code was used",
            "Your Invekto account was opened with a backup code ({at}). Codes left: {left}.\n\n"
            "If that was not you, change your password at once and make new codes.",
        ),
        "recovery": (
            "If you have lost your second step",
            "Somebody asked to remove the second steps of your Invekto account ({at}).\n\n"
            "To go on, with your password:\n{link}\n\n"
            "The link is good for 30 minutes, and once.\n\n"
            "If that was not you, do not open the link, and change your password.",
        ),
        "recovered": (
            "Your second steps were removed",
            "All second steps of your Invekto account were removed and your sessions were ended "
            "({at}). If your business asks for one, you set it up when you sign in.\n\n"
            "If that was not you, change your password at once and tell the administrator of your "
            "business.",
        ),
        "member_recovered": (
            "The second steps of a member were removed",
            "{member} ({email}) has removed their lost second steps, by a link to their mailbox "
            "and their password.\n\n"
            "If they know nothing of it, suspend the member: that ends all their sessions.",
        ),
        "reused": (
            "A session of yours was ended for safety",
            "A sign-in key that was used before was offered again; somebody may have a copy of it. "
            "So we have ended the session ({at}).\n\nDevice: {agent}\n\n"
            "You can sign in again. If the device is not yours, change your password at once.",
        ),
    },
}
_CODES = {
    "tr": "Invekto giris kodunuz: {code}. 5 dakika gecerlidir. Kimseye soylemeyin.",
    "en": "Your Invekto code: {code}. Good for 5 minutes. Tell it to nobody.",
}
_LONGEST = 200


def letter(kind: str, language: str, facts: Mapping[str, str], base_url: str) -> tuple[str, str]:
    """Subject and text. A `token` among the facts becomes the link."""
    subject, text = _LETTERS[language][kind]
    given = {name: _plain(value) for name, value in facts.items() if name != "token"}
    if kind in _PATHS:
        given["link"] = f"{base_url}/sign-in/{_PATHS[kind]}#{facts['token']}"
    return subject.format_map(given), text.format_map(given) + "\n"


def code_text(code: str, language: str) -> str:
    """ASCII, so that it fits into one message of any vendor."""
    return _CODES[language].format(code=code)


def _plain(text: str) -> str:
    """One line of printable text: a name makes neither a header nor a second paragraph."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "…"
