"""What the README promises, measured on what was never learned."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugins.local_models import corpus
from plugins.local_models.evaluate import Report, evaluate, table
from plugins.local_models.folding import fold

TAXONOMY = {
    "order_status", "shipment_tracking", "shipment_delay", "return_request", "exchange_request",
    "refund_status", "order_cancel", "address_change", "wrong_or_missing_item", "damaged_item",
    "stock_query", "price_query", "product_info", "campaign_coupon", "payment_problem",
    "payment_options", "shipping_cost_time", "appointment", "warranty_service", "invoice",
    "greeting", "human_request", "account_access", "data_privacy_request", "out_of_scope",
}  # fmt: skip


@pytest.fixture(scope="module")
def report(trained: Path) -> Report:
    return evaluate(trained)


def test_the_whole_taxonomy_is_read_about_equally_well(report: Report) -> None:
    assert set(report.f1) == TAXONOMY
    assert report.macro_f1 >= 0.87
    assert min(report.f1.values()) >= 0.65, report.f1


def test_the_right_intent_is_nearly_always_among_the_first_three(report: Report) -> None:
    assert report.top3 >= 0.96


def test_confidence_means_what_it_says(report: Report) -> None:
    assert report.ece <= 0.05


def test_typing_without_turkish_letters_costs_nothing(report: Report) -> None:
    assert report.clean_minus_ascii <= 0.03
    assert report.clean_minus_folded == 0.0


@pytest.mark.parametrize(
    ("style", "floor"),
    [("clean", 0.89), ("ascii", 0.90), ("typo", 0.93), ("dialect", 0.80), ("indirect", 0.50)],
)
def test_every_style_of_writing_is_read(report: Report, style: str, floor: float) -> None:
    assert report.by_style[style] >= floor


def test_both_languages_are_read_and_told_apart(report: Report) -> None:
    assert report.by_language["tr"] >= 0.87
    assert report.by_language["en"] >= 0.80
    assert report.language_accuracy >= 0.98


def test_what_a_shop_cannot_answer_stands_out(report: Report) -> None:
    assert report.out_of_scope_auc >= 0.92


def test_a_single_wish_is_seldom_taken_for_two(report: Report) -> None:
    assert report.second_wishes <= 0.05


def test_the_table_shows_what_was_measured(report: Report) -> None:
    assert f"macro-F1             {report.macro_f1:.3f}" in table(report)


# --- the corpus ----------------------------------------------------------------------------


def test_nothing_measured_is_ever_learned() -> None:
    loaded = corpus.load()
    measured = {fold(row.text) for row in loaded.held_out}
    learned = [row.text for row in loaded.training]
    assert not measured & {fold(text) for text in learned}


def test_a_quarter_of_every_intent_and_style_is_held_out() -> None:
    loaded = corpus.load()
    for intent in TAXONOMY:
        for style in corpus.STYLES:
            held = [r for r in loaded.held_out if (r.intent, r.style) == (intent, style)]
            kept = [r for r in loaded.training if (r.intent, r.style) == (intent, style)]
            assert abs(len(held) - 0.25 * (len(held) + len(kept))) <= 0.5, (intent, style)


def test_every_intent_has_a_hundred_utterances_of_all_styles_in_both_languages() -> None:
    loaded = corpus.load()
    for intent in TAXONOMY:
        rows = [r for r in (*loaded.training, *loaded.held_out) if r.intent == intent]
        assert len(rows) >= 100
        assert {r.style for r in rows} == set(corpus.STYLES)
        assert sum(r.language == "en" for r in rows) >= 20


def test_turkish_typed_in_ascii_is_ascii() -> None:
    loaded = corpus.load()
    rows = (*loaded.training, *loaded.held_out, *loaded.further)
    strange = [
        r.text for r in rows if r.style == "ascii" and any(c in "çğıöşüÇĞİÖŞÜ" for c in r.text)
    ]
    assert not strange


def test_no_two_utterances_are_the_same_but_for_case_and_letters() -> None:
    loaded = corpus.load()
    texts = [fold(r.text) for r in (*loaded.training, *loaded.held_out)]
    assert len(set(texts)) == len(texts), {t for t in texts if texts.count(t) > 1}


def test_a_broken_row_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "invoice.tsv").write_text("tr\tclean\tfatura lütfen\nde\tclean\tRechnung\n")
    monkeypatch.setattr(corpus, "FOLDER", tmp_path)
    with pytest.raises(ValueError, match=r"invoice\.tsv:2"):
        corpus.load()
