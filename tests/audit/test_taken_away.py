"""Reports that stand in the ledger and are no longer approved, or are gone from Expensify."""

from datetime import timedelta

import pytest
from django.db.models import F

from audit.engine import desk
from audit.models import Event, Report
from audit.states import State
from connectors.clock import database_now
from connectors.models import Workspace
from mappings.models import Flow
from tests.audit.village import Village

pytestmark = pytest.mark.django_db


@pytest.fixture
def strict(village) -> Village:
    """The flow takes back what is no longer approved."""
    Flow.objects.update(unapproved_policy="reverse")
    village.flow.refresh_from_db()
    return village


def a_day_passes() -> None:
    """Since it went missing; the workspace's lists were read meanwhile."""
    Report.objects.update(absent_since=F("absent_since") - timedelta(hours=25))
    Workspace.objects.update(is_visible=True, lists_as_of=database_now() - timedelta(hours=1))


def test_unapproved_after_posting_leaves_the_ledger_alone_and_flags_the_report(village):
    report_id = village.expensify.file({"Airfare": 10000})
    village.work()
    village.expensify.set_status(report_id, "Processing")
    village.work()
    assert len(village.standing(report_id)) == 1
    report = village.report(report_id)
    assert (report.standing, report.unapproved_at is None) == (Report.Standing.POSTED, False)


def test_unapproved_after_posting_is_taken_back_where_the_flow_says_so(strict):
    report_id = strict.expensify.file({"Airfare": 10000})
    strict.work()
    strict.expensify.set_status(report_id, "Processing")
    strict.work()
    assert strict.standing(report_id) == []
    assert strict.report(report_id).standing == Report.Standing.REVERSED
    strict.expensify.set_status(report_id, "Approved")
    strict.work()
    now = strict.posting(report_id)
    assert (now.op, now.state, now.generation) == ("post", State.POSTED, 2)
    assert len(strict.standing(report_id)) == 1


def test_a_paid_document_is_left_although_the_flow_takes_back(strict):
    report_id = strict.expensify.file({"Airfare": 10000})
    strict.work()
    strict.books.change(strict.standing(report_id)[0].id, paid=True)
    strict.expensify.set_status(report_id, "Processing")
    strict.work()
    held = strict.posting(report_id)
    assert (held.op, held.state) == ("cancel", State.QUARANTINED)
    assert held.problems[0]["code"] == "document.paid"
    assert len(strict.standing(report_id)) == 1


def test_approved_again_before_the_reversal_left_keeps_the_document(strict):
    report_id = strict.expensify.file({"Airfare": 10000})
    strict.work()
    strict.expensify.set_status(report_id, "Processing")
    strict.poll()
    assert strict.posting(report_id).op == "cancel"
    strict.expensify.set_status(report_id, "Approved")
    strict.work()
    assert len(strict.standing(report_id)) == 1
    assert strict.report(report_id).standing == Report.Standing.POSTED


def test_missing_once_is_not_deleted(strict):
    report_id = strict.expensify.file({"Airfare": 10000})
    strict.work()
    gone = strict.expensify.reports.pop(report_id)
    strict.work()
    strict.work()
    assert strict.report(report_id).deleted_at is None, "twice within a day says nothing"
    assert len(strict.standing(report_id)) == 1
    strict.expensify.reports[report_id] = gone
    strict.work()
    assert strict.report(report_id).absent_since is None


def test_missing_twice_a_day_apart_is_deleted_and_taken_back(strict):
    report_id = strict.expensify.file({"Airfare": 10000})
    strict.work()
    gone = strict.expensify.reports.pop(report_id)
    strict.work()
    a_day_passes()
    strict.work()
    strict.work()
    assert strict.standing(report_id) == []
    assert Event.objects.filter(kind="report.deleted").count() == 1
    strict.expensify.reports[report_id] = gone
    strict.work()
    assert len(strict.standing(report_id)) == 1, "restored there, posted again here"


def test_a_workspace_out_of_sight_deletes_nothing(strict):
    """Lost access looks the same from outside."""
    report_id = strict.expensify.file({"Airfare": 10000})
    strict.work()
    strict.expensify.reports.clear()
    strict.work()
    a_day_passes()
    Workspace.objects.update(is_visible=False)
    strict.work()
    Workspace.objects.update(is_visible=True, lists_as_of=database_now() - timedelta(days=9))
    strict.work()
    assert strict.report(report_id).deleted_at is None
    assert len(strict.standing(report_id)) == 1


def test_deleted_leaves_the_ledger_alone_where_the_flow_says_nothing(village):
    report_id = village.expensify.file({"Airfare": 10000})
    village.work()
    village.expensify.reports.clear()
    village.work()
    a_day_passes()
    village.work()
    assert village.report(report_id).deleted_at is not None
    assert len(village.standing(report_id)) == 1


def test_what_a_person_reversed_is_not_reversed_again(strict):
    report_id = strict.expensify.file({"Airfare": 10000})
    strict.work()
    desk.reverse([strict.posting(report_id)], "ann", "wrong company")
    strict.expensify.set_status(report_id, "Processing")
    strict.work()
    assert strict.standing(report_id) == []
    assert strict.report(report_id).postings.filter(op="cancel").count() == 1


def test_a_flow_may_have_changed_reports_taken_back_and_posted_anew(village):
    Flow.objects.update(revision_policy="repost")
    report_id = village.expensify.file({"Airfare": 10000})
    village.work()
    before = village.standing(report_id)[0].id
    village.expensify.edit(report_id, 0, 9000)
    village.work()
    (document,) = village.standing(report_id)
    assert (str(document.total), document.id != before) == ("90.00", True)
    now = village.posting(report_id)
    assert (now.op, now.generation, now.state) == ("post", 2, State.POSTED)
