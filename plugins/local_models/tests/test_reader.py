"""Readings: alone, together, in any shape, with a tenant's own intents."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.local_models.reader import LocalUnderstanding
from plugins.local_models.wishes import parts, read_together
from ports.families.understanding import Reading

SURE = 0.5


def sure_of(reading: Reading) -> set[str]:
    return {guess.intent for guess in reading.guesses if guess.confidence >= SURE}


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("kargom nerede", "shipment_tracking"),
        ("kargm nrde", "shipment_tracking"),
        ("KARGOM NEREDE", "shipment_tracking"),
        ("İADE ETMEK İSTİYORUM", "return_request"),
        ("Merhaba, siparişim onaylandı mı?", "order_status"),
        ("ya on gündür kargo gelmedi arkadaş", "shipment_delay"),
        ("can i swap it for a bigger size", "exchange_request"),
        ("selam", "greeting"),
        ("Bugün hava nasıl olacak?", "out_of_scope"),
    ],
)
def test_plain_requests_are_read(reader: LocalUnderstanding, text: str, intent: str) -> None:
    first = reader.read(text).guesses[0]
    assert first.intent == intent
    assert first.confidence >= 0.6


# --- two wishes ----------------------------------------------------------------------------

TWO_WISHES = [
    ("kargom nerede bir de fatura alabilir miyim", {"shipment_tracking", "invoice"}),
    (
        "Siparişimi iptal etmek istiyorum, ayrıca şifremi unuttum.",
        {"order_cancel", "account_access"},
    ),
    (
        "gelen tabak kırık çıktı ve bir bardak da eksik",
        {"damaged_item", "wrong_or_missing_item"},
    ),
    (
        "Param ne zaman iade edilecek? Bir de yeni sipariş için kapıda ödeme var mı?",
        {"refund_status", "payment_options"},
    ),
    (
        "adresimi degistirmek istiyorum ayrica faturami sirket adina kesin",
        {"address_change", "invoice"},
    ),
    ("Bu ayakkabının 42 numarası var mı, fiyatı ne kadar?", {"stock_query", "price_query"}),
    (
        "Kupon kodum çalışmıyor. Ayrıca kargo ücreti ne kadar?",
        {"campaign_coupon", "shipping_cost_time"},
    ),
    (
        "elbiseyi iade etmek istiyorum bir de geçen haftaki iademin parası yatmadı",
        {"return_request", "refund_status"},
    ),
    ("Where is my parcel and can I get an invoice for it?", {"shipment_tracking", "invoice"}),
    (
        "I want to cancel my order. Also please delete my personal data.",
        {"order_cancel", "data_privacy_request"},
    ),
    ("ödeme yaparken hata alıyorum bi de taksit var mı", {"payment_problem", "payment_options"}),
    (
        "Montaj için randevu almak istiyorum, ayrıca garanti süresi kaç yıl?",
        {"appointment", "warranty_service"},
    ),
    (
        "yanlis beden gelmis degisim yapmak istiyorum ayrica indirim kodum gecmedi",
        {"exchange_request", "campaign_coupon"},
    ),
    (
        "Siparişim onaylandı mı? Teslimat adresimi de değiştirmek istiyorum.",
        {"order_status", "address_change"},
    ),
    (
        "Beni bir temsilciye bağlayın, ayrıca kargom hâlâ gelmedi!",
        {"human_request", "shipment_delay"},
    ),
    (
        "Is the blue one in stock? And how much is shipping to Izmir?",
        {"stock_query", "shipping_cost_time"},
    ),
    (
        "Hesabıma giremiyorum.\nKargom da hâlâ gelmedi, on gün oldu.",
        {"account_access", "shipment_delay"},
    ),
    (
        "bu kumaş pamuk mu ve makinede yıkanır mı, bir de siyahı stokta var mı",
        {"product_info", "stock_query"},
    ),
    (
        "My refund hasn't arrived yet. Also, how do I return the second item?",
        {"refund_status", "return_request"},
    ),
    (
        "Blenderim altı ayda bozuldu, servise göndermek istiyorum. Bir de faturamı kaybettim,"
        " kopyasını atar mısınız?",
        {"warranty_service", "invoice"},
    ),
]
FOUND_OF_TWENTY = 18


def test_two_wishes_in_one_message_are_both_found(reader: LocalUnderstanding) -> None:
    missed = [text for text, wishes in TWO_WISHES if not wishes <= sure_of(reader.read(text))]
    assert len(TWO_WISHES) - len(missed) >= FOUND_OF_TWENTY, missed


@pytest.mark.parametrize(("text", "wishes"), TWO_WISHES)
def test_of_two_wishes_at_least_one_is_found_and_no_third_invented(
    reader: LocalUnderstanding, text: str, wishes: set[str]
) -> None:
    sure = sure_of(reader.read(text))
    assert sure
    assert sure <= wishes


@pytest.mark.parametrize(
    "text",
    [
        "Merhaba, kolay gelsin, kargom nerede?",
        "İyi günler. Dün bir elbise aldım, çok güzel ama iade etmek istiyorum.",
        "Sayın yetkili, faturamın tarafıma iletilmesini rica ederim. Saygılarımla.",
        "Hi there, hope you're well, and thanks in advance. Where is my parcel?",
    ],
)
def test_politeness_is_no_second_wish(reader: LocalUnderstanding, text: str) -> None:
    assert len(sure_of(reader.read(text))) == 1


def test_a_message_is_cut_where_people_join_sentences() -> None:
    text = "Kargom nerede? Bir de fatura istiyorum ve 2.140 TL fazla, ayrıca iade"
    assert [part.text for part in parts(text)] == [
        "kargom nerede", "fatura istiyorum", "2.140 tl fazla", "iade",
    ]  # fmt: skip


def test_what_the_whole_message_puts_first_stays_first() -> None:
    said = {
        "a b ve c d": {"x": 0.6, "y": 0.3, "z": 0.1},
        "a b": {"x": 0.92, "y": 0.08},
        "c d": {"y": 0.99, "x": 0.01},
    }
    joined = read_together("a b ve c d", lambda text: said.get(text, {"x": 1.0}))
    assert max(joined, key=lambda intent: joined[intent]) == "x"


# --- a tenant's own intents ----------------------------------------------------------------

OWN: Mapping[str, tuple[str, ...]] = {
    "gift_wrapping": (
        "hediye paketi yapıyor musunuz",
        "hediye paketi olsun lütfen",
        "pakete not ekler misiniz",
        "do you gift wrap",
    ),
    "franchise": ("bayilik almak istiyorum", "bayilik şartlarınız nedir", "şube açmak istiyoruz"),
}


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("hediye paketi yapar mısınız", "gift_wrapping"),
        ("hediye paketi istiyorum, mümkün mü", "gift_wrapping"),
        ("can you gift wrap it for me", "gift_wrapping"),
        ("ilimizde bayilik almak istiyoruz", "franchise"),
    ],
)
def test_own_intents_are_found_by_a_few_examples(
    reader: LocalUnderstanding, text: str, intent: str
) -> None:
    assert reader.read(text, OWN).guesses[0].intent == intent


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("kargom nerede", "shipment_tracking"),
        ("faturamı alabilir miyim", "invoice"),
        ("siparişimi iptal edin", "order_cancel"),
        ("fıkra anlat", "out_of_scope"),
    ],
)
def test_own_intents_leave_the_built_in_ones_alone(
    reader: LocalUnderstanding, text: str, intent: str
) -> None:
    first = reader.read(text, OWN).guesses[0]
    assert first.intent == intent
    assert first.confidence >= 0.6


def test_an_own_intent_and_a_built_in_one_are_found_together(reader: LocalUnderstanding) -> None:
    reading = reader.read("kargom nerede? Ayrıca bayilik almak istiyorum", OWN)
    assert sure_of(reading) == {"shipment_tracking", "franchise"}


def test_examples_for_a_built_in_intent_strengthen_it(reader: LocalUnderstanding) -> None:
    text = "belgemi yollayın hele"
    examples = {"invoice": ("belgemi yollayın", "belge istiyorum", "belgemi atın")}
    before = {g.intent: g.confidence for g in reader.read(text).guesses}
    after = {g.intent: g.confidence for g in reader.read(text, examples).guesses}
    assert after["invoice"] > before.get("invoice", 0.0)


def test_an_own_intent_without_examples_is_harmless(reader: LocalUnderstanding) -> None:
    assert reader.read("kargom nerede", {"empty": ()}).guesses[0].intent == "shipment_tracking"


# --- anything at all -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "\n\n", "😀😀😀", "🛒", "...", "?!?!", "\x00\x01\x02\x1b[2J", "\ud800", "٣٤٥",
        "مرحبا أين طلبي", "שלום איפה ההזמנה", "你好我的包裹在哪里", "Где моя посылка?",
        "\u202eabc\u202c", "\u200b\u200b", "12345", "9" * 10_000, "🙂" * 10_000,
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_not_believed(reader: LocalUnderstanding, text: str) -> None:
    reading = reader.read(text)
    assert len(reading.guesses) >= 3
    assert not sure_of(reading) - {"out_of_scope"}


@pytest.mark.parametrize(
    "text", ["x" * 10_000, "kargom nerede " * 800, "a b, " * 2_500, "ve " * 4_000, "'s" * 5_000]
)
def test_long_texts_are_read_too(reader: LocalUnderstanding, text: str) -> None:
    assert len(reader.read(text).guesses) >= 3


@given(st.text(max_size=400))
@settings(max_examples=100, deadline=None, derandomize=True, database=None)
def test_no_text_is_refused(reader: LocalUnderstanding, text: str) -> None:
    confidences = [guess.confidence for guess in reader.read(text, OWN).guesses]
    assert confidences == sorted(confidences, reverse=True)
    assert all(0.0 <= confidence <= 1.0 for confidence in confidences)
