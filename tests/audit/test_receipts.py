"""Receipts follow their document into the ledger, and never do anything else to it."""

import base64
import signal
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from audit import trail
from audit.engine import drain, filing
from audit.models import Event, Posting, ReceiptFile
from audit.pace import FAST
from audit.states import State
from connectors.models import Channel
from connectors.sandbox.month import cases, revision
from mappings.models import Flow
from tests.audit import town as towns
from tests.audit import worker
from tests.audit.receipts import (
    ATTACHED,
    FAILED,
    LINK,
    QBO,
    STORY,
    UPLOAD,
    WAITING,
    as_posted,
    faulty,
    filing_town,
    finish,
    on_document,
    once_attached,
    rows_of,
    signed_out,
    states,
    uploads,
    work,
)
from tests.processes import Forked

pytestmark = [pytest.mark.django_db, pytest.mark.early]


@pytest.fixture
def town(db, sandboxed):
    return filing_town(sandboxed)


# --- what is attached, and to what ----------------------------------------------------------------


def test_each_receipt_hangs_on_the_bill_of_its_expense(town):
    work(town)
    bill = town.posting(STORY[cases.RECEIPTS])
    names = on_document(town, bill)
    assert len(names) == 2
    assert all(name.endswith(".jpg") and name.startswith("2026-10-") for name in names)
    assert on_document(town, town.posting(STORY[cases.REVISED]))[0].startswith("2026-10-05 Hilton")
    plain = Posting.objects.filter(state=State.POSTED).exclude(
        report__report_id__in=[STORY[cases.RECEIPTS], STORY[cases.REVISED]]
    )
    assert not any(on_document(town, posting) for posting in plain)
    assert states() == {ATTACHED}
    assert list(trail.verify()) == []


def test_the_file_in_the_ledger_is_the_file_in_expensify(town):
    work(town)
    row = rows_of(STORY[cases.RECEIPTS])[0]
    house = town.sandbox.running.house
    kept = house.vendors[QBO].companies[towns.REALM].files[row.attachable_id]
    name = row.link.rpartition("/")[2]
    served = town.sandbox.request("GET", f"/expensify/receipts/{name}")
    assert base64.b64decode(kept) == served.body


def test_the_trail_says_which_file_was_attached(town):
    work(town)
    row = rows_of(STORY[cases.REVISED])[0]
    event = Event.objects.get(kind="receipt.attached", posting=row.posting)
    assert event.facts["file"] == row.name and event.facts["number"] == row.posting.number


def test_documents_go_before_files(town):
    town.poll()
    town.drain()
    asked = [one["path"] for one in town.sandbox.control(QBO, "requests")]
    batches = [place for place, path in enumerate(asked) if "/batch" in path]
    first_upload = min(place for place, path in enumerate(asked) if "/upload" in path)
    assert max(batches) < first_upload


def test_a_document_that_becomes_due_goes_before_the_next_file(town):
    town.poll()
    reports = [STORY[cases.RECEIPTS], STORY[cases.REVISED]]
    later = Posting.objects.filter(state=State.READY).exclude(report__report_id__in=reports)
    waits = later.first()
    Posting.objects.filter(pk=waits.pk).update(due_at=datetime.now(UTC) + timedelta(hours=1))
    town.sandbox.control(QBO, "requests", method="DELETE")
    seen: list[int] = []

    def released(run: Any) -> bool:
        """A posting comes due while the first file is under way."""
        if not seen:
            Posting.objects.filter(pk=waits.pk).update(due_at=None)
        seen.append(Posting.objects.filter(pk=waits.pk, state=State.POSTED).count())
        return next_file(run)

    next_file, drain.next_file = drain.next_file, released
    try:
        drain.drain(town.connection.pk)
    finally:
        drain.next_file = next_file
    assert seen[:2] == [0, 1]


@pytest.mark.parametrize("policy", ["none", "link"])
def test_other_flows_attach_nothing(town, policy):
    Flow.objects.update(receipt_files=policy)
    work(town)
    assert not ReceiptFile.objects.exists()
    assert not uploads(town)
    bill = next(d for d in town.ours() if STORY[cases.RECEIPTS] in d["number"])
    has_links = ["/expensify/receipts/w_" in line["text"] for line in bill["lines"]]
    assert set(has_links) == {policy == "link"}


def test_with_the_file_there_is_no_link_on_the_line(town):
    work(town)
    bill = next(d for d in town.ours() if STORY[cases.RECEIPTS] in d["number"])
    assert not any("receipt" in line["text"] for line in bill["lines"])


def test_flows_without_files_pay_for_them_once_a_drain_not_once_a_document(town):
    Flow.objects.update(receipt_files="link")
    town.poll()
    with CaptureQueriesContext(database) as read:
        drain.drain(town.connection.pk)
    asked = [one["sql"] for one in read.captured_queries if "receiptfile" in one["sql"].lower()]
    assert Posting.objects.filter(state=State.POSTED).count() == 4
    assert len(asked) <= 3


# --- what can go wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop_after_store"},
        {"kind": "error_after_store"},
        {"kind": "error_after_store", "times": 3},
        {"kind": "reset_before_store"},
        {"kind": "garbled"},
        {"kind": "late_store", "delay_s": 0.05},
        {"kind": "unavailable"},
        {"kind": "throttle", "retry_after_s": 0.1},
        {"kind": "unauthorized"},
    ],
    ids=lambda fault: "-".join(map(str, fault.values())),
)
def test_one_file_each_although_the_ledger(town, fault):
    faulty(town, QBO, match=UPLOAD, **fault)
    work(town)
    assert any(one["fault"] == fault["kind"] for one in uploads(town)), "it was never played"
    once_attached(town)


def test_a_throttled_file_holds_the_channel_and_costs_the_file_nothing(town):
    faulty(town, QBO, kind="throttle", match=UPLOAD, retry_after_s=600)
    town.poll()
    done = drain.drain(town.connection.pk)
    assert done.held_by
    assert Channel.objects.get(connection=town.connection).not_before > datetime.now(UTC)
    assert not ReceiptFile.objects.filter(attempts__gt=0).exists()
    finish(town)
    once_attached(town)


@pytest.mark.parametrize(
    "switches",
    [{"attachable_query": "own"}, {"upload_note": "dropped"}, {"attachment_bumps_version": True}],
    ids=lambda given: next(iter(given)),
)
def test_what_the_ledger_leaves_open_changes_nothing(town, switches):
    town.sandbox.control(QBO, "settings", switches)
    faulty(town, QBO, kind="drop_after_store", match=UPLOAD)
    work(town)
    names = on_document(town, town.posting(STORY[cases.RECEIPTS]))
    assert len(names) == len(set(names)) == 2


def test_a_document_that_got_a_new_version_by_its_file_can_still_be_amended(town):
    town.sandbox.control(QBO, "settings", {"attachment_bumps_version": True})
    work(town)
    town.sandbox.control("expensify", "reports", revision())
    work(town)
    after = town.posting(STORY[cases.REVISED])
    assert (after.op, after.state) == ("amend", State.POSTED)


def refused_by_the_ledger(town: Any) -> None:
    faulty(town, QBO, kind="refuse", match=UPLOAD, times=None)


def sent_to_sign_in(town: Any) -> None:
    town.sandbox.control("expensify", "settings", {"receipt_access": "login_redirect"})


def over(town: Any) -> None:
    town.sandbox.control("expensify", "settings", {"receipt_access": "expired"})


def not_there(town: Any) -> None:
    faulty(town, "expensify", kind="unavailable", status=404, match=LINK, times=None)


def larger_than_the_ledger_takes(town: Any) -> None:
    town.sandbox.control("expensify", "settings", {"receipt_bytes": 100_000_001})


@pytest.mark.parametrize(
    ("trouble", "code", "attempts"),
    [
        (refused_by_the_ledger, "qbo.rule_broken", 1),
        (signed_out, "expensify.receipt.guarded", 3),
        (sent_to_sign_in, "expensify.receipt.guarded", 3),
        (over, "expensify.receipt.gone", 3),
        (not_there, "expensify.receipt.gone", 3),
        (larger_than_the_ledger_takes, "expensify.receipt.oversized", 1),
    ],
    ids=lambda given: getattr(given, "__name__", None),
)
def test_a_failing_receipt_never_changes_the_posting(town, trouble, code, attempts):
    trouble(town)
    work(town)
    rows = rows_of(STORY[cases.RECEIPTS])
    assert {(row.state, row.problem["code"], row.attempts) for row in rows} == {
        (FAILED, code, attempts)
    }
    assert all(row.label in row.problem["message"] for row in rows)
    assert all(
        row.problem["cure"] and "document stands" in row.problem["message"]
        for row in rows
        if not code.startswith("qbo.")
    )
    bill = town.posting(STORY[cases.RECEIPTS])
    assert (bill.state, bill.problems) == (State.POSTED, [])
    assert town.report(STORY[cases.RECEIPTS]).standing == "posted"
    assert Event.objects.filter(kind="receipt.failed", posting=bill).count() == 2
    assert on_document(town, bill) == []
    as_posted(town)
    channel = Channel.objects.get(connection=town.connection)
    assert channel.breaker_reason == "", "a receipt's trouble is not the ledger's"


def test_a_type_that_the_ledger_does_not_take_is_told_with_its_cure(town):
    line = {"created": "2026-10-12", "merchant": "Delta", "category": "Airfare", "amount": 12345}
    made = town.sandbox.control(
        "expensify",
        "reports",
        {
            "approved": "2026-10-20 10:00:00",
            "expenses": [line | {"receiptObject": {"type": "heic"}}],
        },
    )
    work(town)
    (row,) = rows_of(made["reports"][0])
    assert (row.state, row.problem["code"]) == (FAILED, "expensify.receipt.unsupported")
    assert "HEIC" in row.problem["message"] and "PDF" in row.problem["cure"]
    assert row.posting.state == State.POSTED


def test_a_receipt_of_25_megabytes_arrives_whole(town):
    line = {"created": "2026-10-12", "merchant": "Delta", "category": "Airfare", "amount": 12345}
    made = town.sandbox.control(
        "expensify",
        "reports",
        {
            "approved": "2026-10-20 10:00:00",
            "expenses": [line | {"receiptObject": {"type": "pdf"}}],
        },
    )
    town.sandbox.control("expensify", "settings", {"receipt_bytes": 25_000_000})
    work(town, 20)
    (row,) = rows_of(made["reports"][0])
    assert row.state == ATTACHED
    table = town.sandbox.running.house.vendors[QBO].companies[towns.REALM].table("Attachable")
    assert table[row.attachable_id]["Size"] == 25_000_000


def test_a_link_that_is_over_is_read_anew(town):
    town.sandbox.control("expensify", "settings", {"receipt_life_s": 60})
    town.poll()
    town.sandbox.control("", "clock", {"advance_s": 61})
    finish(town)
    assert {row.attempts for row in ReceiptFile.objects.all()} == {1}
    once_attached(town)
    assert not ReceiptFile.objects.filter(link__contains="signature").exists()
    assert "signature" not in str(list(Event.objects.values_list("facts", flat=True)))


def test_expensify_being_away_burns_the_files_attempts_and_leaves_the_ledger_open(town):
    faulty(town, "expensify", kind="unavailable", match=LINK, times=2)
    faulty(town, "expensify", kind="reset_before_store", match=LINK, times=2)
    work(town)
    assert sum(row.attempts for row in ReceiptFile.objects.all()) == 4
    once_attached(town)


def test_while_the_other_side_is_away_only_one_file_finds_it_out(town):
    faulty(town, QBO, kind="unavailable", match=UPLOAD, times=None)
    town.poll()
    done = drain.drain(town.connection.pk)
    assert "whether it arrived is not known" in done.held_by
    assert sum(row.attempts for row in ReceiptFile.objects.all()) == 1
    assert done.outcomes["posted"] == 4


def test_a_connection_on_which_only_files_wait_is_drained_too(town):
    faulty(town, QBO, kind="throttle", match=UPLOAD)
    town.poll()
    drain.drain(town.connection.pk)
    assert not Posting.objects.filter(state=State.READY).exists()
    assert drain.due_connections() == [town.connection.pk]
    Channel.objects.update(not_before=None)
    finish(town)
    assert drain.due_connections() == []


def test_after_the_last_attempt_nobody_tries_but_a_person(town, monkeypatch):
    tired = type(FAST)(retry_base=timedelta(0), retry_fast_attempts=2, retry_hours=0)
    monkeypatch.setattr("audit.engine.attach.pace", lambda: tired)
    faulty(town, QBO, kind="unavailable", match=UPLOAD, times=None)
    work(town)
    assert {(row.state, row.attempts) for row in ReceiptFile.objects.all()} == {(FAILED, 2)}
    sent = len(uploads(town))
    finish(town)
    assert len(uploads(town)) == sent
    town.sandbox.control(QBO, "faults", method="DELETE")
    bill = town.posting(STORY[cases.RECEIPTS])
    assert filing.try_again(bill, "ann") == 2
    assert Event.objects.filter(kind="receipt.asked_again", actor="ann").count() == 2
    finish(town)
    assert [row.state for row in filing.files_of(bill)] == [ATTACHED, ATTACHED]
    assert len(on_document(town, bill)) == 2


# --- killed ---------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("place", ["attach.claimed", "attach.answered", "attach.settled"])
def test_killed_at(transactional_db, sandboxed, settings, place):
    from tests.audit.test_kill import due, let_leases_run_out

    town = filing_town(sandboxed)
    due(town)
    killed = Forked(settings, worker.work, MLC_KILL_AT=f"{place}:1")
    assert killed.ended() == -signal.SIGKILL, killed.said
    if place == "attach.answered":
        assert len(uploads(town)) == 1, "it was stored, and nobody wrote it down"
        assert not ReceiptFile.objects.filter(state=ATTACHED).exists()
    let_leases_run_out()
    assert drain.drain(town.connection.pk).held_by == ""
    under_way = ReceiptFile.objects.filter(state=WAITING)
    assert all(row.due_at for row in under_way), "nobody tries what may still be on its way"
    ReceiptFile.objects.filter(state=WAITING).update(due_at=datetime.now(UTC))
    finish(town)
    once_attached(town)
    assert len(uploads(town)) == 3
