"""Defects that a third reading of the engine found: one test for each."""

import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import F

from audit.completeness import month_of
from audit.engine import desk, poll, send, settle
from audit.models import Call, Event, PollRun, Posting, Report
from audit.states import State
from connectors.clock import database_now
from connectors.contract.report import Expense, Person, ReportStatus
from connectors.contract.report import Report as Read
from connectors.contract.transport import Unreachable
from mappings.models import Flow
from tests.audit.village import Village

pytestmark = pytest.mark.django_db


# --- two who read at the same time ----------------------------------------------------------------


def meanwhile(village: Village, deed: Callable[[], None]) -> None:
    """Let `deed` happen once Expensify has made up its next answer, and before anybody has it."""
    export = village.expensify.export

    @contextmanager
    def slow(window: Any) -> Any:
        with export(window) as spooled:
            village.expensify.export = export
            time.sleep(0.002)  # SQLite's clock counts milliseconds, and no vendor answers in one
            deed()
            yield spooled

    village.expensify.export = slow


def lowered(village: Village, report_id: str) -> None:
    village.expensify.edit(report_id, 0, 9000)


def gone(village: Village, report_id: str) -> None:
    del village.expensify.reports[report_id]


def garbled(village: Village, report_id: str) -> None:
    village.expensify.reports[report_id]["total"] = "much"


@pytest.mark.parametrize("was", [lowered, gone, garbled])
def test_what_was_asked_for_earlier_overwrites_nothing_that_was_read_since(village, was):
    """A report is read again before it is posted; a poll asks for it later and is done sooner."""
    report_id = village.expensify.file({"Airfare": 10000})
    village.poll()
    Report.objects.update(read_at=F("read_at") - timedelta(minutes=61))
    as_it_is = dict(village.expensify.reports[report_id])
    lines = [dict(line) for line in as_it_is["expenses"]]
    was(village, report_id)

    def put_right() -> None:
        village.expensify.reports[report_id] = {**as_it_is, "expenses": lines}
        village.poll()

    meanwhile(village, put_right)
    assert poll.read_again(village.flow.pk, [report_id])
    report = village.report(report_id)
    assert (str(report.total), report.unread_text, report.absent_since) == ("100.0000", "", None)
    village.come_to_rest()
    assert [str(one.total) for one in village.standing(report_id)] == ["100.00"]


def test_what_could_not_be_read_later_is_not_taken_for_readable_again(village):
    report_id = village.expensify.file({"Airfare": 10000})
    village.poll()

    def spoilt() -> None:
        garbled(village, report_id)
        village.poll()

    meanwhile(village, spoilt)
    assert poll.read_again(village.flow.pk, [report_id])
    assert village.report(report_id).unread_text


def test_the_figures_of_a_poll_say_what_was_read_again_meanwhile(village):
    report_id = village.expensify.file({"Airfare": 10000})
    village.poll()
    meanwhile(village, village.poll)
    poll.read_again(village.flow.pk, [report_id])
    run = PollRun.objects.get(window__before_posting=1)
    assert (run.found, run.window["overtaken"]) == (0, 1)


def test_a_report_counts_as_read_when_it_was_asked_for(village):
    """An export may take long, and what changes in Expensify meanwhile is not in it."""
    report_id = village.expensify.file({"Airfare": 10000})
    later = []

    def a_moment_passes() -> None:
        now = database_now()
        while not later or later[-1] == now:
            later.append(database_now())

    meanwhile(village, a_moment_passes)
    village.poll()
    report = village.report(report_id)
    assert report.read_at < later[-1] and report.latest.read_at < later[-1]


# --- the time of a poll ---------------------------------------------------------------------------


def between_chunks(monkeypatch: pytest.MonkeyPatch, deed: Callable[[], None]) -> None:
    """Chunks of one report; `deed` after the first of them has been committed."""
    passes = []

    def reached(name: str) -> None:
        if name == "poll.chunk_committed":
            passes.append(name)
            if len(passes) == 1:
                deed()

    monkeypatch.setattr(poll, "CHUNK", 1)
    monkeypatch.setattr(poll, "reach", reached)


def test_a_poll_that_takes_long_keeps_its_time_with_every_chunk(village, monkeypatch):
    for cents in (10000, 11000, 12000):
        village.expensify.file({"Airfare": cents})
    left = []

    def time_is_nearly_up() -> None:
        PollRun.objects.update(until=database_now() + timedelta(seconds=1))

    take_in = poll.take_in
    between_chunks(monkeypatch, time_is_nearly_up)

    def taken_in(*given: Any) -> None:
        left.append(PollRun.objects.get().until - database_now())
        take_in(*given)

    monkeypatch.setattr(poll, "take_in", taken_in)
    village.poll()
    assert len(left) == 3 and min(left) > timedelta(minutes=10)


def test_a_poll_that_was_taken_over_writes_nothing_more(village, monkeypatch):
    """Asleep for an hour after its first chunk: another worker reads for the same run meanwhile."""
    first, second = (village.expensify.file({"Airfare": cents}) for cents in (10000, 11000))
    due_at = database_now()
    others = []

    def taken_over() -> None:
        PollRun.objects.update(until=database_now() - timedelta(seconds=1))
        others.append(poll.poll(village.flow.pk, due_at))
        Report.objects.filter(report_id=second).update(name="as the other one left it")

    between_chunks(monkeypatch, taken_over)
    assert poll.poll(village.flow.pk, due_at) is None
    assert village.report(second).name == "as the other one left it"
    (run,) = PollRun.objects.all()
    assert (run.pk, run.owner, run.found) == (others[0].pk, others[0].owner, 2)
    assert Event.objects.filter(kind="poll.done").count() == 1
    assert village.report(first).report_id == first


def test_a_failure_of_a_poll_that_was_taken_over_is_not_told_as_the_runs(village):
    village.expensify.file({"Airfare": 10000})
    due_at = database_now()

    def taken_over() -> None:
        PollRun.objects.update(until=database_now() - timedelta(seconds=1))
        poll.poll(village.flow.pk, due_at)
        raise Unreachable("nobody is there")

    meanwhile(village, taken_over)
    assert poll.poll(village.flow.pk, due_at) is None
    assert PollRun.objects.get().status == PollRun.Status.DONE
    assert not Event.objects.filter(kind="poll.failed").exists()


# --- what a person put aside, and whose a report is ---------------------------------------------


def test_a_report_that_a_paused_flow_left_out_is_the_next_flows(village):
    report_id = village.expensify.file({"Airfare": 10000})
    Flow.objects.update(starts_on=date(2027, 1, 1))
    village.poll()
    assert village.report(report_id).standing == Report.Standing.EXCLUDED
    Flow.objects.update(is_paused=True)
    other = Flow.objects.get()
    other.pk, other.name, other.is_paused = None, "Its follower", False
    other.starts_on = date(2026, 10, 1)
    other.save()
    village.flow = other
    village.poll()
    assert village.report(report_id).flow_id == other.pk
    assert village.report(report_id).standing != Report.Standing.EXCLUDED


def test_a_reversal_that_somebody_set_aside_is_not_entered_again(village):
    """The report lost all that we take; a person decided that its document stays."""
    report_id = village.expensify.file({"Airfare": 10000})
    village.work()
    (bill,) = village.standing(report_id)
    for line in village.expensify.reports[report_id]["expenses"]:
        line["reimbursable"] = False
    village.poll()
    reversal = village.posting(report_id)
    assert reversal.op == "cancel"
    desk.ignore([reversal], "ann", "it stays")
    Report.objects.update(is_due=True)
    village.prepare()
    village.drain()
    assert village.standing(report_id) == [bill]
    assert village.posting(report_id) == reversal


def test_a_tax_rate_that_now_has_a_name_makes_no_revision_of_what_was_read_before():
    """Expensify names the tax, the rate or both; the name counted once, and still does."""
    line = {
        "transaction_id": "1", "amount": Decimal(12), "original_amount": Decimal(12),
        "original_currency": "GBP", "spent_on": date(2026, 10, 1), "tax_code": "id_20",
    }  # fmt: skip
    alone, both = (
        Expense(**line, tax_name="", tax_rate_name="Standard"),
        Expense(**line, tax_name="VAT", tax_rate_name="Standard"),
    )
    before = Expense(**line, tax_name="Standard"), Expense(**line, tax_name="VAT")
    hashes = [a_read(expense).content_hash() for expense in (alone, both)]
    assert hashes == [a_read(expense).content_hash() for expense in before]


def a_read(*expenses: Expense) -> Read:
    ben = Person("ben@acme.example", "Ben Ito")
    of_one = ("R1", "October", ReportStatus.APPROVED, "W1", "GBP", Decimal(12), ben)
    return Read(*of_one, expenses)


def test_calls_that_have_not_left_when_an_answer_holds_the_channel_stay(village, monkeypatch):
    """Six calls are due and two may be in flight: the first one's answer is a throttle."""
    reports = [village.expensify.file({"Airfare": 10000 + place}) for place in range(12)]
    village.poll()
    village.books.abilities = replace(village.books.abilities, batch_size=2, concurrency=2)
    village.books.orders.append("throttle")
    one_stayed, left = threading.Event(), []

    def before(call) -> None:
        left.append(call)
        if len(left) > 1:
            one_stayed.wait(10)

    def put_back(*given) -> None:
        settle.put_back(*given)
        one_stayed.set()

    village.books.before = before
    monkeypatch.setattr(send, "put_back", put_back)
    village.drain()
    assert len(left) <= 3
    assert sorted(Call.objects.values_list("status", flat=True)) == sorted(
        [Call.Status.UNSENT] * (7 - len(left)) + [Call.Status.ANSWERED] * (len(left) - 1)
    )
    village.books.before = lambda call: None
    village.come_to_rest()
    assert [len(village.standing(one)) for one in reports] == [1] * 12


# --- reversed, and changed meanwhile -------------------------------------------------------------


@pytest.mark.parametrize(
    "was_read",
    ["before it was asked for", "before, and a change was held", "while it waited"],
)
def test_a_report_that_changed_before_its_reversal_was_carried_out_asks_a_person(village, was_read):
    """It was left as reversed with its old amount, and the month did not add up."""
    report_id = village.expensify.file({"Airfare": 1000, "Taxi & Rideshare": 200})
    village.work()
    if was_read == "while it waited":
        desk.reverse([village.posting(report_id)], "ann", "a mistake")
        village.expensify.edit(report_id, 0, 0)
        village.poll()
    elif was_read == "before, and a change was held":
        village.expensify.edit(report_id, 0, 0)
        village.books.closed_through = date(2026, 10, 31)
        village.work()
        assert village.posting(report_id).state == State.QUARANTINED
        village.books.closed_through = None
        bill = Posting.objects.get(report__report_id=report_id, state=State.POSTED)
        desk.reverse([bill], "ann", "a mistake")
    else:
        village.expensify.edit(report_id, 0, 0)
        desk.poll_now(village.flow, "ann")
        village.flow.refresh_from_db()
        poll.poll(village.flow.pk, village.flow.due_at)
        assert village.report(report_id).is_due, "read, and not looked at yet"
        desk.reverse([village.posting(report_id)], "ann", "a mistake")
        village.prepare()
    village.drain()
    assert village.standing(report_id) == []
    assert month_of(village.flow, date(2026, 10, 1), date(2026, 10, 31)).agrees
    village.come_to_rest()
    held = village.posting(report_id)
    assert (held.state, held.total) == (State.QUARANTINED, Decimal("2.00"))
    assert held.problems[0]["code"] == "report.was_reversed"
    assert month_of(village.flow, date(2026, 10, 1), date(2026, 10, 31)).agrees


def test_a_revision_that_changed_nothing_in_the_books_does_not_disturb_a_reversal(village):
    report_id = village.expensify.file({"Airfare": 1000})
    village.work()
    line = village.expensify.reports[report_id]["expenses"][0]
    line["ntags"] = [{"level": 1, "name": "East"}]  # which no rule knows
    village.work()
    assert village.report(report_id).latest.number == 2
    bill = village.posting(report_id)
    assert bill.revision.number == 1, "the bill is right as it stands"
    desk.reverse([bill], "ann", "a mistake")
    village.drain()
    village.prepare()
    assert village.report(report_id).standing == Report.Standing.REVERSED
    assert Posting.objects.filter(state=State.QUARANTINED).count() == 0
