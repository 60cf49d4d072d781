"""The kit passes a plugin that keeps its promises, and notices each promise that is broken."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from defusedxml import ElementTree

KIT = Path(__file__).parent / "kit"
ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow

PLANTED = sorted(KIT.glob("planted_*.py"))

NOTICED_BY = {
    "DropsUnknownStates": "test_a_state_we_cannot_map_is_unknown",
    "ForgetsTheWord": "test_a_state_we_cannot_map_is_unknown",
    "StumblesOverNewStates": "test_a_state_we_cannot_map_is_unknown",
    "NewestFirst": "test_scans_are_oldest_first",
    "ForgetsTheTimeZone": "test_scans_are_oldest_first",
    "Retries": "test_a_failing_vendor_is_the_right_error",
    "TakesSilenceForNo": "test_a_failing_vendor_is_the_right_error",
    "InventsParcels": "test_a_number_nobody_knows_is_none",
    "KeepsTheSecret": "test_no_secret_shows_in_what_is_built",
    "PrintsTheSecret": "test_no_secret_shows_in_what_is_built",
    "TellsTheSecret": "test_wrong_credentials_are_auth_rejected",
    "OpensSockets": "test_a_known_number_gives_its_parcel",
    "NamelessMessages": "test_a_message_is_accepted_and_named",
    "OneKeyForAllMessages": "test_two_keys_send_two_messages",
    "CallsAClosedWindowRejected": "test_a_closed_window_takes_templates_only",
    "ListsWhatItCannotSend": "test_approved_templates_can_be_sent",
    "MarksByWriting": "test_marking_read_twice_changes_nothing",
    "FreshKeys": "test_the_same_key_sends_once",
    "LostIsTransient": "test_a_lost_answer_is_outcome_unknown",
    "RepeatsWhatWasLost": "test_a_lost_answer_is_outcome_unknown",
    "TrustsHalfAnAnswer": "test_a_failing_vendor_is_the_right_error[half_body]",
    "HidesTheField": "test_a_bad_recipient_is_rejected_with_its_field",
    "CutsLongTexts": "test_too_long_a_text_is_rejected_with_its_field",
    "PretendsToFetch": "test_media_is_fetched_or_rejected",
    "PagesForEver": "test_paging_ends_and_leaves_no_gap",
    "SkipsAPage": "test_paging_ends_and_leaves_no_gap",
    "EndsEarly": "test_a_failure_in_a_list_is_the_right_error",
    "MissesTheMoment": "test_an_order_that_changes_is_seen_by_the_next_poll",
    "FloatMoney": "test_money_is_exact",
    "SubscribesTwice": "test_an_equal_subscription_is_reused",
    "FindsAnotherOrder": "test_a_known_order_is_found_with_all_its_packages",
    "InventsOrders": "test_an_order_nobody_knows_is_none",
    "LosesQuestions": "test_questions_page_to_an_end_without_a_gap",
    "RaisesRefusals": "test_a_refusal_is_a_value",
    "KnowsNoSchema": "test_a_schema_may_be_asked_for",
    "WaitsForMoney": "test_a_spent_quota_is_auth_rejected",
    "CountsNothing": "test_a_completion_says_who_answered_and_what_it_used",
    "IgnoresTheLimit": "test_at_most_so_many_tokens_are_written",
    "SortsTheTexts": "test_vectors_come_in_the_order_of_the_texts",
    "LongVectors": "test_as_many_unit_vectors_as_texts",
    "PaysForNothing": "test_the_empty_list_costs_nothing",
    "StumblesOverSilence": "test_any_text_is_read_and_reads_the_same",
    "RemembersExamples": "test_a_tenants_own_intents_stand_beside_the_others",
    "GuessesOnce": "test_any_text_is_read_and_reads_the_same",
    "BelievesNobody": "test_a_genuine_delivery_is_verified",
    "ReadsNothing": "test_the_genuine_delivery_can_be_read",
    "ReaderKeepsTheSecret": "test_no_secret_shows_in_the_reader",
    "SplitsNoise": "test_noise_is_split_into_nothing_or_unreadable",
    "OffersNothing": "test_it_offers_something",
    "HidesItsEvents": "test_events_are_declared_where_webhooks_are_read",
    "ExampleThatDoesNotFit": "test_examples_fit_and_secrets_do_not_show",
    "CrashesOnStrangers": "test_the_sandbox_answers_what_it_does_not_know",
    "BelievesEverybody": "test_one_changed_byte_is_refused",
    "ChecksThatASignatureIsThere": "test_one_changed_byte_is_refused",
    "ComparesText": "test_a_strangers_headers_are_unverified",
    "OneKeyForAll": "test_different_deliveries_have_different_keys",
    "NewKeyEachTime": "test_the_same_delivery_has_the_same_key",
    "KeyOfTheRequest": "test_the_same_delivery_has_the_same_key",
    "KeyThatRaises": "test_a_dedupe_key_is_short_text_whatever_comes",
    "RawDicts": "test_noise_is_unreadable_or_ignored",
    "TellsTheTime": "test_reading_is_pure",
    "SaysMoreThanItDeclares": "test_the_fixtures_yield_exactly_the_declared_events",
    "ReturnsNothing": "test_the_fixtures_yield_exactly_the_declared_events",
    "LosesAnAccount": "test_no_change_is_lost",
    "AnswersAnybody": "test_a_handshake_is_answered_to_the_vendor_only",
    "WildHosts": "test_hosts_are_named_one_by_one",
    "NoHosts": "test_hosts_are_named_one_by_one",
    "OneLanguage": "test_it_says_who_it_is_in_both_languages",
    "OldApi": "test_it_speaks_this_version_of_the_ports",
    "OddId": "test_it_says_who_it_is_in_both_languages",
    "SecretAsText": "test_every_setting_that_sounds_secret_is_a_secret",
    "HelpInOneLanguage": "test_every_setting_is_explained_in_both_languages",
    "MisshapenCarrier": "test_every_factory_builds_what_it_declares",
    "CheckThatChecksNothing": "test_check_refuses_wrong_credentials",
    "RudeControl": "test_the_sandbox_names_a_command_it_does_not_know",
    "ImportsItsLibrary": "test_listing_it_imports_no_vendors_library",
}


def run(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """pytest with the kit's plugin and nothing else, in a folder of its own."""
    command = [sys.executable, "-m", "pytest", "-p", "ports.conformance.plugin", "-q", *arguments]
    path = f"{ROOT}{os.pathsep}{KIT}"
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": path}
    return subprocess.run(
        [*map(str, command), "-c", os.devnull, "--rootdir", str(folder)],
        cwd=folder, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def failures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The named tests that failed, by the class that they are in."""
    folder = tmp_path_factory.mktemp("planted")
    named = " or ".join(f"(Test{c} and {t.partition('[')[0]})" for c, t in NOTICED_BY.items())
    ran = run(folder, *PLANTED, "--junitxml=report.xml", "-k", named)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    failed: dict[str, list[str]] = {}
    for case in ElementTree.parse(folder / "report.xml").iter("testcase"):
        owner = case.get("classname", "").rpartition(".")[2].removeprefix("Test")
        names = failed.setdefault(owner, [])
        if case.find("failure") is not None or case.find("error") is not None:
            names.append(case.get("name", ""))
    return failed


def test_a_plugin_that_keeps_its_promises_passes(tmp_path: Path) -> None:
    ran = run(tmp_path, KIT / "sound.py")
    assert ran.returncode == 0, ran.stdout


def test_every_planted_flaw_is_expected(tmp_path: Path) -> None:
    listed = run(tmp_path, *PLANTED, "--collect-only").stdout
    assert set(re.findall(r"::Test(\w+)::", listed)) == set(NOTICED_BY)


@pytest.mark.parametrize("flaw", NOTICED_BY)
def test_a_broken_promise_is_noticed(failures: dict[str, list[str]], flaw: str) -> None:
    noticed = [name for name in failures[flaw] if name.startswith(NOTICED_BY[flaw])]
    assert noticed, f"{flaw} passes {NOTICED_BY[flaw]}; failing are {failures[flaw]}"


SOFTENED = {
    "overridden": (
        "    def test_a_number_nobody_knows_is_none(self): pass",
        "overrides without xfail(reason=...): ['test_a_number_nobody_knows_is_none']",
    ),
    "erased": (
        "    test_a_number_nobody_knows_is_none = None",
        "overrides without xfail(reason=...): ['test_a_number_nobody_knows_is_none']",
    ),
    "for no reason": (
        "    @pytest.mark.xfail\n    def test_a_number_nobody_knows_is_none(self): assert 0",
        "overrides without xfail(reason=...): ['test_a_number_nobody_knows_is_none']",
    ),
    "marked": (
        "    pytestmark = pytest.mark.skip(reason='later')",
        "contract tests are not skipped",
    ),
    "wholesale": ("    pytestmark = pytest.mark.xfail(reason='later')", "xfail stands on the test"),
    "at run time": (
        "    @pytest.fixture\n    def known_tracking_number(self): pytest.skip('later')",
        "a contract test is not skipped: later",
    ),
}


@pytest.mark.parametrize("way", SOFTENED)
def test_a_softened_contract_is_refused(tmp_path: Path, way: str) -> None:
    body, message = SOFTENED[way]
    test = tmp_path / "test_softened.py"
    test.write_text(f"import pytest, sound\n\nclass TestSoft(sound.TestCarrier):\n{body}\n")
    ran = run(tmp_path, test)
    assert ran.returncode != 0
    assert message in ran.stdout + ran.stderr


def test_an_exception_with_a_reason_is_allowed(tmp_path: Path) -> None:
    test = tmp_path / "test_honest.py"
    test.write_text(
        "import pytest, sound\n\nclass TestHonest(sound.TestCarrier):\n"
        "    @pytest.mark.xfail(reason='Acme answers any number')\n"
        "    def test_a_number_nobody_knows_is_none(self): assert False\n"
    )
    assert run(tmp_path, test).returncode == 0


def test_sockets_may_be_opened_where_the_test_says_so(tmp_path: Path) -> None:
    test = tmp_path / "test_loopback.py"
    test.write_text(
        "import pytest, socket, sound\n\nclass TestLoopback(sound.TestManifest):\n"
        "    def connect(self):\n"
        "        with socket.create_server(('127.0.0.1', 0)) as server:\n"
        "            socket.create_connection(server.getsockname()).close()\n"
        "    @pytest.mark.sockets\n    def test_marked(self): self.connect()\n"
        "    def test_unmarked(self): self.connect()\n"
    )
    ran = run(tmp_path, test, "-k", "marked")
    assert "1 failed, 1 passed" in ran.stdout or "1 passed, 1 failed" in ran.stdout, ran.stdout
