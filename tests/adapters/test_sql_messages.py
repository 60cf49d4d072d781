"""Messages are kept once, in order, and no report misses its message."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from core.conversations.message import Attachment, Direction, Report, SendState

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
OUT = {"direction": Direction.OUT, "state": SendState.SENT}


def test_a_vendors_message_is_kept_once_on_its_connection(seller: Any) -> None:
    thread, other = seller.conversation(seller.contact()), seller.connect()
    first = seller.message(thread, external_id="wamid.1")
    with seller.works(seller.tenant) as work:
        kept = work.messages.get(first)
        assert kept == work.messages.by_external(seller.channel, "wamid.1")
        assert work.messages.add(kept) is False
        assert work.messages.add(replace(kept, id=uuid4())) is False
        assert work.messages.add(replace(kept, id=uuid4(), installation_id=other)) is True
        assert work.messages.add(replace(kept, id=uuid4(), external_id=None)) is True


def test_a_message_that_changed_is_kept_as_it_is_now(seller: Any) -> None:
    thread = seller.conversation(seller.contact())
    id = seller.message(thread, reactions={"a": "👍"}, content={"before": ["x"]})
    with seller.works(seller.tenant) as work:
        changed = replace(work.messages.get(id), text="yeni", edited_at=NOW, external_id="w")
        work.messages.save(changed)
        assert work.messages.get(id) == changed


def test_a_thread_is_listed_newest_first(seller: Any, pages: Any) -> None:
    """Vendors' seconds are coarse: those of one second keep the order they came in."""
    thread = seller.conversation(seller.contact())
    ids = [seller.message(thread, str(n), sent_at=NOW + n // 3 * MINUTE) for n in range(7)]
    with seller.works(seller.tenant) as work:
        listed = pages(lambda c: work.messages.list(thread, cursor=c, limit=2))
    assert [message.id for message in listed] == ids[::-1]


def test_what_was_answered_waits_no_longer(seller: Any) -> None:
    """All of it, only some, or what was sent until a moment; notes and our own never wait."""
    thread = seller.conversation(seller.contact())
    first, second, third, fourth = (
        seller.message(thread, str(n), sent_at=NOW + n * MINUTE) for n in range(4)
    )
    seller.message(thread, "note", direction=Direction.NOTE, author="ayse")
    seller.message(thread, "ours", **OUT, author="agent")
    with seller.works(seller.tenant) as work:
        waiting = lambda limit=9: [m.id for m in work.messages.unanswered(thread, limit)]  # noqa: E731
        assert waiting() == [first, second, third, fourth]
        assert waiting(1) == [first]
        work.messages.answer(thread, only=[second])
        assert waiting() == [first, third, fourth]
        work.messages.answer(thread, until=NOW + 2 * MINUTE)
        assert waiting() == [fourth]
        work.messages.answer(thread)
        assert waiting() == []


def test_attachments_hang_on_their_messages(seller: Any) -> None:
    message = seller.message(seller.conversation(seller.contact()))
    attachment = Attachment(uuid4(), message, "image", "image/jpeg", "ref", size=2**31 - 1)
    with seller.works(seller.tenant) as work:
        work.messages.add_attachment(attachment)
        assert work.messages.attachments([message, uuid4()]) == [attachment]
        assert work.messages.attachments([]) == []
        fetched = replace(attachment, path="a/b", size=12)
        work.messages.save_attachment(fetched)
        assert work.messages.attachment(attachment.id) == fetched


def test_reports_are_taken_once_and_oldest_first(seller: Any) -> None:
    reports = [
        Report(seller.channel, "w", SendState.READ, NOW + MINUTE),
        Report(seller.channel, "w", SendState.SENT, NOW),
        Report(seller.channel, "w", SendState.FAILED, NOW + MINUTE, "why"),
    ]
    with seller.works(seller.tenant) as work:
        for report in reports:
            work.messages.keep_report(report)
        assert work.messages.take_reports(seller.channel, "other") == []
        taken = work.messages.take_reports(seller.channel, "w")
        assert taken == [reports[1], reports[0], reports[2]]
        assert work.messages.take_reports(seller.channel, "w") == []


def test_a_report_and_the_answer_that_names_the_id_do_not_miss_each_other(seller: Any) -> None:
    message = seller.message(seller.conversation(seller.contact()), **OUT, author="agent")
    asked = threading.Event()

    def report() -> str:
        with seller.works(seller.tenant) as work:
            asked.set()
            found = work.messages.by_external(seller.channel, "w")
            if found is None:
                work.messages.keep_report(Report(seller.channel, "w", SendState.READ, NOW))
            work.commit()
            return "found" if found else "kept"

    with ThreadPoolExecutor(1) as pool:
        with seller.works(seller.tenant) as work:
            assert work.messages.take_reports(seller.channel, "w") == []
            told = pool.submit(report)
            asked.wait(30)
            work.messages.save(replace(work.messages.get(message), external_id="w"))
            work.commit()
        assert told.result(30) == "found"
