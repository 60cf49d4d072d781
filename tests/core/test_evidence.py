"""The check of every answer: what the evidence says passes, what it does not say is stopped."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from core.agents import wording
from core.agents.evidence import Evidence, Sentence, unsupported
from tests.core.fakes.told import Told, changed, told
from tests.core.fakes.world import NOW

BLOCKED = 0.99


@pytest.fixture(scope="module")
def labelled() -> list[Told]:
    return told()


def passes(sentence: Sentence, evidence: tuple[Evidence, ...]) -> bool:
    return not unsupported([sentence], evidence)


def test_what_the_house_itself_says_is_never_stopped(labelled: list[Told]) -> None:
    stopped = [t.sentence for t in labelled if not passes(t.sentence, t.evidence)]
    assert len(labelled) >= 300
    assert {t.language for t in labelled} == {"tr", "en"}
    assert stopped == [], f"{len(stopped)} of {len(labelled)} true sentences were stopped"


def test_a_changed_fact_is_stopped(labelled: list[Told]) -> None:
    random, tried, missed = Random(3), Counter[str](), []
    for one in labelled:
        for kind, sentence in changed(one, random):
            tried[kind] += 1
            if passes(sentence, one.evidence):
                missed.append((kind, one.sentence.text, sentence.text))
    rate = 1 - len(missed) / tried.total()
    by_kind = {k: f"{Counter(m[0] for m in missed)[k]} of {n}" for k, n in tried.items()}
    assert min(tried.values()) > 50, tried
    assert rate >= BLOCKED, f"{rate:.2%} stopped; missed {by_kind}; such as {missed[:12]}"


def fact(value: str, shown: str = "") -> Evidence:
    return Evidence("e1", "shop", value, shown or value, NOW)


SAID: list[tuple[str, str, bool]] = [
    ("teslim edilemedi / could not be delivered", "Siparişiniz teslim edildi.", False),
    ("teslim edilemedi / could not be delivered", "It has been delivered.", False),
    ("UnDelivered", "It has been delivered.", False),
    ("iade yolunda / is on its way back", "Siparişiniz yolda.", False),
    ("iade yolunda / is on its way back", "It is on its way.", False),
    ("iade yolunda / is on its way back", "It is on its way back.", True),
    ("onaylandı / has been accepted", "İade talebiniz reddedildi.", False),
    ("yolda / is on its way", "Kargonuz yolda!", True),
    ("yolda / is on its way", "KARGONUZ YOLDADIR.", True),
    ("yolda / is on its way", "Henüz teslim edilmedi.", False),
    ("teslim edildi / has been delivered", "Kargonuz henüz teslim edilmedi.", False),
    ("Aras Kargo", "Kargonuz Aras Kargo'da.", True),
    ("Yurtiçi Kargo", "Kargonuz Aras'ta.", False),
    ("Yurtiçi Kargo", "YURTİÇİ KARGO ile gönderildi.", True),
    ("1087654321", "Siparişiniz 1087654321.", True),
    ("1087654321", "Siparişiniz 1087654322.", False),
    ("24 Kasım 2026", "24 Kasım 2026'da gelir.", True),
    ("24 Kasım 2026", "24 Aralık 2026'da gelir.", False),
    ("24 May 2026", "It comes on 24 May 2026.", True),
    ("24 June 2026", "It comes on 24 May 2026.", False),
    ("https://a.example/x", "Takip: https://a.example/x.", True),
    ("https://a.example/x", "Takip: https://a.example/y", False),
    ("https://a.example/x", "Takip: a-ornek.com/x", False),
    ("yolda", "Bize yardim@ornek.com adresinden yazın.", False),
]


@pytest.mark.parametrize(("known", "text", "ok"), SAID)
def test_a_hard_word_needs_its_evidence(known: str, text: str, ok: bool) -> None:
    assert passes(Sentence(text, ("e1",)), (fact(known),)) is ok


COURTESY = [
    "Merhaba, size nasıl yardımcı olabilirim?",
    "Cevabınız için teşekkür ederiz.",
    "Sorularınız arasında yanıtsız kalan varsa lütfen yazın.",
    "Anlayışınız için teşekkürler.",
    "You may write to us any time.",
    "Thank you for your patience.",
    "Sizi bir temsilcimize aktarıyorum.",
]


@pytest.mark.parametrize("text", COURTESY)
def test_courtesy_needs_no_evidence(text: str) -> None:
    assert passes(Sentence(text), ())


@pytest.mark.parametrize(
    "text", ["Kargonuz yolda.", "Kargonuz 3 gün içinde gelir.", "Aras getirir."]
)
def test_a_fact_without_a_citation_is_stopped(text: str) -> None:
    assert not passes(Sentence(text), (fact("yolda Aras 3"),))


def test_a_citation_that_is_not_there_is_a_fault_of_its_own() -> None:
    [fault] = unsupported([Sentence("Merhaba", ("e9",))], (fact("x"),))
    assert fault.word == "cites evidence that is not there"


@pytest.mark.parametrize(
    "words", [w for t in (wording.PACKAGE, wording.PARCEL, wording.CLAIM) for w in t.values()]
)
def test_every_state_the_house_can_say_is_a_hard_word(words: dict[str, str]) -> None:
    for said in words.values():
        assert not passes(Sentence(f"Siparişiniz {said}."), ()), said
        assert passes(
            Sentence(f"Siparişiniz {said}.", ("e1",)), (fact(" / ".join(words.values())),)
        )


def test_evidence_is_bound_to_its_value_and_its_place() -> None:
    one, other = fact("yolda"), fact("teslim edildi")
    assert one.digest == fact("yolda", "on its way").digest
    assert one.digest != other.digest
    assert one.digest != Evidence("e1", "elsewhere", "yolda", "yolda", NOW).digest
