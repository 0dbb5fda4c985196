"""Found where a document or a report cannot be read, or is read again."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db.models import F

from audit.completeness import month_of
from audit.engine import desk, poll, prepare
from audit.models import Event, PollRun, Posting, Report
from audit.states import State
from connectors.contract.transport import Unreachable
from connectors.models import Channel
from tests.audit import fake_ledger, rows
from tests.audit.village import stored_otherwise

pytestmark = pytest.mark.django_db


def test_one_document_that_cannot_be_read_is_held_alone(village):
    """Looked up before the post, looked up in doubt, read before an amend: the others go on."""
    lost, amended, good = (village.expensify.file({"Airfare": 10000 + n}) for n in range(3))
    village.poll()
    village.books.orders.extend(["drop"])
    village.drain()
    village.books.illegible.add(village.standing(lost)[0].id)
    village.come_to_rest()
    assert village.posting(lost).state == State.QUARANTINED
    assert [village.posting(one).state for one in (amended, good)] == [State.POSTED] * 2
    village.books.illegible.add(village.standing(amended)[0].id)
    for one in (amended, good):
        village.expensify.edit(one, 0, 9000)
    village.work()
    held = village.posting(amended)
    assert (held.op, held.state) == ("amend", State.QUARANTINED)
    assert [problem["code"] for problem in held.problems] == ["fake.illegible"]
    assert [str(one.total) for one in village.standing(good)] == ["90.00"]
    desk.release([village.posting(lost)], "ann")
    village.come_to_rest()
    assert village.posting(lost).state == State.QUARANTINED
    assert len(village.standing(lost)) == 1


def test_a_report_that_cannot_be_read_is_kept_and_asked_for_until_it_can(village):
    """New, and its total is no number: no poll's window would ever reach back to it."""
    report_id = village.expensify.file({"Airfare": 10000})
    village.expensify.reports[report_id]["total"] = "much"
    village.poll()
    report = village.report(report_id)
    assert (report.standing, report.latest) == (Report.Standing.UNREAD, None)
    assert "total" in report.unread_text
    village.expensify.is_out_of_window = True  # the filter no longer finds it; its id does
    village.poll_by_schedule()
    assert Event.objects.filter(kind="report.unreadable").count() == 1, "said once"
    village.expensify.edit(report_id, 0, 10000)
    village.poll_by_schedule()
    village.come_to_rest()
    assert village.posting(report_id).state == State.POSTED
    report.refresh_from_db()
    assert (report.standing, report.unread_text) == (Report.Standing.POSTED, "")


def test_a_known_report_that_can_no_longer_be_read_is_not_sent_as_it_was(village):
    report_id = village.expensify.file({"Airfare": 10000})
    village.poll()
    village.expensify.reports[report_id]["total"] = "much"
    village.poll()
    village.drain()
    assert village.standing(report_id) == []
    assert village.report(report_id).standing == Report.Standing.UNREAD
    village.expensify.edit(report_id, 0, 9000)
    village.work()
    assert [str(one.total) for one in village.standing(report_id)] == ["90.00"]


@pytest.mark.parametrize("step", ["build", "render"])
def test_a_report_that_we_fail_to_work_out_is_held_alone(village, monkeypatch, step):
    bad, good = (village.expensify.file({"Airfare": 10000 + n}) for n in range(2))
    where = prepare if step == "build" else fake_ledger.FakeLedger
    works = getattr(where, step)

    def broken(*given, **more):
        if any(getattr(one, "report_id", "") == bad for one in given):
            raise ZeroDivisionError
        return works(*given, **more)

    monkeypatch.setattr(where, step, broken)
    village.work()
    assert village.posting(good).state == State.POSTED
    held = village.posting(bad)
    assert (held.state, held.problems[0]["code"]) == (State.QUARANTINED, "report.unbuilt")
    assert bad in held.problems[0]["message"]
    monkeypatch.setattr(where, step, works)
    desk.replay([village.report(bad)], "ann")
    village.come_to_rest()
    assert village.posting(bad).state == State.POSTED


def test_a_new_date_of_approval_moves_what_waits_and_not_what_stands(village):
    waits, stands = (village.expensify.file({"Airfare": 10000 + n}) for n in range(2))
    village.poll()
    Posting.objects.filter(report__report_id=waits).update(state=State.QUARANTINED)
    village.come_to_rest()
    for one in (waits, stands):
        village.expensify.reports[one]["approved"] = "2026-10-25 12:00:00"
    village.work()
    assert village.posting(waits).date.isoformat() == "2026-10-25"
    assert village.posting(stands).date.isoformat() == "2026-10-20"
    assert village.posting(stands).op == "post"


def test_what_was_approved_long_ago_and_never_paid_is_not_read_for_ever(village):
    report_id = village.expensify.file({"Airfare": 10000})
    village.work()
    Report.objects.update(read_at=F("read_at") - timedelta(days=30))
    flow = village.flow
    assert poll._known_to_read_again(flow, set()) == [report_id]
    Report.objects.update(approved_at=F("approved_at") - timedelta(days=181))
    assert poll._known_to_read_again(flow, set()) == []


def test_reading_again_before_posting_leaves_the_channel_free_and_is_done_once(village):
    """An export may take minutes, longer than a lease; and every minute's tick comes by."""
    report_id = village.expensify.file({"Airfare": 10000})
    village.poll()
    Report.objects.update(read_at=F("read_at") - timedelta(minutes=61))
    export, seen = village.expensify.export, []

    def slow(window):
        seen.append(Channel.objects.get().until)
        assert not poll.read_again(village.flow.pk, [report_id]), "somebody reads it already"
        return export(window)

    village.expensify.export = slow
    village.drain()
    assert seen == [None]
    assert village.posting(report_id).state == State.POSTED
    (read,) = PollRun.objects.filter(window__before_posting=1)
    assert (read.status, read.found) == (PollRun.Status.DONE, 1)


def test_after_a_failure_to_read_again_expensify_is_left_alone_for_a_while(village):
    village.expensify.file({"Airfare": 10000})
    village.poll()
    Report.objects.update(read_at=F("read_at") - timedelta(minutes=61))

    def down(window):
        raise Unreachable("nobody is there")

    village.expensify.export = down
    village.drain()
    village.drain()
    assert PollRun.objects.filter(status=PollRun.Status.FAILED).count() == 1
    assert village.books.calls == []


@pytest.mark.parametrize("still_there", [True, False])
def test_a_released_post_that_was_seen_in_the_ledger_is_looked_up_although_unapproved(
    village, still_there
):
    """Held as stored otherwise, released, and the report unapproved before the drain came round:
    what stands must not be forgotten, and what does not stand must not be posted."""
    held = stored_otherwise(village)
    report_id = held.report.report_id
    if still_there:
        village.books.change(held.document_id, party_id="56")
    else:
        village.books.delete(held.document_id)
    desk.release([held], "ann")
    Report.objects.update(status="processing", unapproved_at=held.state_at)
    village.drain()
    now = village.posting(report_id)
    assert now.state == (State.POSTED if still_there else State.WITHDRAWN)
    assert len(village.standing(report_id)) == still_there


def test_a_report_closed_before_it_was_sent_is_looked_at_again(village):
    """The flow takes approved and reimbursed reports; what somebody closed is not its business."""
    report_id = village.expensify.file({"Airfare": 10000})
    village.poll()
    village.expensify.reports[report_id]["status"] = "Closed"
    village.poll()
    village.come_to_rest()
    assert village.standing(report_id) == []
    assert village.report(report_id).standing == Report.Standing.EXCLUDED


def test_another_flows_unreadable_report_is_left_to_that_flow(village):
    report_id = village.expensify.file({"Airfare": 10000})
    village.work()
    other = rows.a_flow(village.connection)
    Report.objects.filter(report_id=report_id).update(flow=other)
    village.expensify.reports[report_id]["total"] = "much"
    village.poll()
    assert village.report(report_id).unread_text == ""


def test_a_report_that_changed_during_a_reversal_is_looked_at_when_that_is_set_aside(village):
    report_id = village.expensify.file({"Airfare": 10000, "Taxi & Rideshare": 2000})
    village.work()
    (first,) = village.standing(report_id)
    desk.reverse([village.posting(report_id)], "ann", "a mistake")
    village.expensify.edit(report_id, 0, 4000)
    village.poll()
    desk.ignore([village.posting(report_id)], "ann", "it is right after all")
    assert month_of(village.flow, date(2026, 10, 1), date(2026, 10, 31)).agrees
    village.prepare()
    village.drain()
    (bill,) = village.standing(report_id)
    assert (bill.id, bill.total) == (first.id, Decimal("60.00"))
