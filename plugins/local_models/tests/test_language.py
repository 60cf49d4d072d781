"""Turkish with and without its letters, English, and what is neither."""

from __future__ import annotations

import pytest

from plugins.local_models.language import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Siparişim ne zaman gelir?", "tr"),
        ("siparisim ne zaman gelir", "tr"),
        ("KARGOM NEREDE", "tr"),
        ("kargm nrde", "tr"),
        ("iade", "tr"),
        ("slm", "tr"),
        ("merhaba", "tr"),
        ("nasilsiniz", "tr"),
        ("urunu begenmedim geri gondermek istiyorum", "tr"),
        ("fiyati nedir", "tr"),
        ("taksit var mi", "tr"),
        ("order numaram 123 ne zaman gelir", "tr"),
        ("Ürün çok güzel 😍", "tr"),
        ("hocam napiyonuz kargo gelmedi", "tr"),
        ("Where is my order?", "en"),
        ("where is my order", "en"),
        ("wheres my pakage", "en"),
        ("thanks", "en"),
        ("hi", "en"),
        ("I want a refund", "en"),
        ("REFUND PLEASE", "en"),
        ("do you ship to Istanbul?", "en"),
        ("Merhaba, where is my parcel please", "en"),
        ("", "und"),
        ("12345", "und"),
        ("😀", "und"),
        ("...", "und"),
        ("Wo ist mein Paket?", "und"),
        ("Où est ma commande ?", "und"),
        ("¿Dónde está mi pedido?", "und"),
        ("Где моя посылка?", "und"),
        ("أين طلبي", "und"),
        ("zxkj qpw", "und"),
    ],
)
def test_the_language_is_told(text: str, language: str) -> None:
    assert language_of(text) == language
