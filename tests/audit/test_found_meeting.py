"""Found where writers meet, and where an older version of a document arrives late."""

import threading
import time
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connections, transaction

from audit.book import writing
from audit.engine import prepare
from audit.models import Posting, Report, Revision
from audit.states import State
from tests.audit import fake_ledger, rows
from tests.audit.village import Village, settle_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def village(settings, monkeypatch) -> Village:
    """Its ledger takes no call for the same a second time: what is tried again is another call."""
    forgetful = replace(fake_ledger.ABILITIES, resend_window=timedelta(0))
    return settle_in(settings, monkeypatch, abilities=forgetful)


def in_thread(deed, raised: list) -> threading.Thread:
    def run() -> None:
        try:
            deed()
        except BaseException as failure:
            raised.append(failure)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_report_revised_while_prepare_waits_for_its_row_is_prepared_as_revised():
    """Its row is read again after the wait, what is joined to it is not."""
    flow = rows.a_flow()
    report = rows.a_report(flow, is_due=True)
    newer = Revision.objects.create(
        report=report, number=2, content_hash="2" * 64, raw="{}", total=1, read_at=rows.NOON
    )
    raised: list = []
    with transaction.atomic():
        Report.objects.select_for_update().get(pk=report.pk)
        waiting = in_thread(lambda: prepare.prepare(flow.pk), raised)
        time.sleep(0.2)
        Report.objects.filter(pk=report.pk).update(latest=newer)
    waiting.join(10)
    assert raised == []


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_preparer_and_the_drain_do_not_wait_for_each_other():
    """One locks reports and then postings; the other must not begin with the postings."""
    flow = rows.a_flow()
    posting = rows.a_posting(rows.a_report(flow))
    call = rows.a_call(flow.connection)
    both, raised = threading.Barrier(2, timeout=1), []

    def meet() -> None:
        with suppress(threading.BrokenBarrierError):
            both.wait()

    def preparer() -> None:
        with writing(flow.connection_id) as page:
            list(Report.objects.select_for_update().filter(flow=flow))
            meet()
            page.move([posting], {State.READY}, State.SUPERSEDED)

    def sender() -> None:
        with writing(flow.connection_id) as page:
            page.move([posting], {State.READY}, State.SENDING, call=call)
            meet()

    threads = [in_thread(preparer, raised), in_thread(sender, raised)]
    for thread in threads:
        thread.join(10)
    assert raised == []


def test_an_older_version_that_arrives_late_is_taken_over_and_amended(village):
    """In doubt, looked up and absent, then revised; the newer bill's look-up finds the older one,
    which nobody edited. There is nothing to ask a person."""
    report_id = village.expensify.file({"Airfare": 10000})
    village.poll()
    village.books.orders.append("late")
    village.drain()
    Posting.objects.update(state=State.READY, call=None, due_at=None)  # looked up, and absent
    village.expensify.edit(report_id, 0, 9000)
    village.poll()
    village.books.late_calls_arrive()
    village.drain()
    assert [str(one.total) for one in village.standing(report_id)] == ["100.00"]
    village.come_to_rest()
    assert [str(one.total) for one in village.standing(report_id)] == ["90.00"]
    shown = village.posting(report_id)
    assert (shown.state, shown.op, shown.problems) == (State.POSTED, "amend", [])


def test_an_older_amend_that_arrives_late_is_no_persons_edit(village):
    report_id = village.expensify.file({"Airfare": 10000})
    village.work()
    village.expensify.edit(report_id, 0, 9000)
    village.poll()
    village.books.orders.append("late")
    village.drain()
    Posting.objects.filter(state=State.IN_DOUBT).update(state=State.READY, call=None, due_at=None)
    village.expensify.edit(report_id, 0, 8000)
    village.poll()
    village.books.late_calls_arrive()
    village.come_to_rest()
    assert [str(one.total) for one in village.standing(report_id)] == ["80.00"]
    assert village.posting(report_id).state == State.POSTED


def test_an_amend_whose_own_first_try_arrives_late_is_no_persons_edit(village):
    """Looked up and not there yet, it is tried again; and then the first try has arrived."""
    report_id = village.expensify.file({"Airfare": 10000})
    village.work()
    village.expensify.edit(report_id, 0, 9000)
    village.poll()
    village.books.orders.append("late")
    village.drain()
    Posting.objects.filter(state=State.IN_DOUBT).update(state=State.READY, call=None, due_at=None)
    village.books.late_calls_arrive()
    village.come_to_rest()
    assert [str(one.total) for one in village.standing(report_id)] == ["90.00"]
    shown = village.posting(report_id)
    assert (shown.state, shown.problems) == (State.POSTED, [])


def test_a_bill_that_arrives_late_after_its_report_became_a_credit_is_taken_back(village):
    report_id = village.expensify.file({"Airfare": 10000})
    village.poll()
    village.books.orders.append("late")
    village.drain()
    Posting.objects.update(state=State.READY, call=None, due_at=None)
    village.expensify.edit(report_id, 0, -9000)
    village.poll()
    village.books.late_calls_arrive()
    village.come_to_rest()
    assert [(one.kind, str(one.total)) for one in village.standing(report_id)] == [
        ("credit", "-90.00")
    ]
