"""The whole path on the sandbox: an approved report becomes one bill, and stays one."""

from decimal import Decimal

import pytest

from audit import trail
from audit.engine import desk
from audit.models import Call, Event, Posting, Report
from audit.states import State
from connectors.sandbox.month import cases, revision, story, unapproval
from mappings.models import Flow
from tests.audit.town import POSTED_OF_SOME

pytestmark = pytest.mark.django_db
STORY = story()


def test_every_approved_report_of_the_month_is_posted_once_or_held_with_a_cure(big_town):
    run = big_town.poll()
    big_town.drain()
    assert (run.status, run.found) == ("done", run.new)
    postings = Posting.objects.all()
    assert {p.state for p in postings} == {State.POSTED, State.QUARANTINED}
    posted = [p for p in postings if p.state == State.POSTED]
    assert len(posted) > 20
    assert len(big_town.ours()) == len(posted)
    for document in big_town.ours():
        mine = next(p for p in posted if p.document_id == document["id"])
        assert Decimal(document["total"]) == mine.total
        assert document["number"] == mine.number
    for held in postings.filter(state=State.QUARANTINED):
        assert all(problem["message"] and problem["cure"] for problem in held.problems)
    assert list(trail.verify()) == []


def test_thirty_reports_need_three_requests_two_look_ups_and_one_batch(big_town):
    big_town.poll()
    big_town.sandbox.control("quickbooks_online", "requests", method="DELETE")
    big_town.drain()
    asked = big_town.sandbox.control("quickbooks_online", "requests")
    paths = [one["path"].partition("?")[0] for one in asked]
    assert len(Posting.objects.filter(state=State.POSTED)) > 20
    assert [path.rpartition("/")[2] for path in paths] == ["query", "query", "batch"]


def test_polling_again_posts_nothing(posted_town):
    calls, documents = Call.objects.count(), len(posted_town.ours())
    again = posted_town.poll()
    posted_town.drain()
    assert (again.new, again.revised) == (0, 0)
    assert again.unchanged == again.found
    assert (Call.objects.count(), len(posted_town.ours())) == (calls, documents)


def test_a_revised_report_amends_its_bill(posted_town):
    before = posted_town.posting(STORY[cases.REVISED])
    count = len(posted_town.ours())
    posted_town.sandbox.control("expensify", "reports", revision())
    assert posted_town.poll().revised == 1
    posted_town.drain()
    after = posted_town.posting(STORY[cases.REVISED])
    assert (before.total, after.total) == (Decimal("412.60"), Decimal("398.10"))
    assert (after.op, after.state) == ("amend", State.POSTED)
    assert after.document_id == before.document_id
    assert len(posted_town.ours()) == count
    document = next(d for d in posted_town.ours() if d["id"] == before.document_id)
    assert Decimal(document["total"]) == Decimal("398.10")
    before.refresh_from_db()
    assert before.state == State.SUPERSEDED


def test_a_report_edited_and_edited_back_leaves_the_bill_alone(posted_town):
    posted_town.sandbox.control("expensify", "reports", revision())
    posted_town.poll()
    back = revision()
    back["fields"] = {"modifiedAmount": ""}
    posted_town.sandbox.control("expensify", "reports", back)
    calls = Call.objects.count()
    posted_town.poll()
    posted_town.drain()
    assert Call.objects.count() == calls
    assert posted_town.posting(STORY[cases.REVISED]).state == State.SUPERSEDED
    assert posted_town.report(STORY[cases.REVISED]).standing == Report.Standing.POSTED


def test_no_longer_approved_before_posting_is_withdrawn(polled_town):
    polled_town.sandbox.control("expensify", "reports", unapproval())
    polled_town.poll()
    polled_town.drain()
    report = polled_town.report(STORY[cases.UNAPPROVED_LATER])
    assert report.standing == Report.Standing.WITHDRAWN
    assert report.unapproved_at is not None
    assert Event.objects.filter(report=report, kind="report.unapproved").exists()
    assert not any(report.report_id in d["number"] for d in polled_town.ours())


def test_no_longer_approved_after_posting_leaves_the_ledger_alone_and_is_flagged(posted_town):
    posted_town.sandbox.control("expensify", "reports", unapproval())
    posted_town.poll()
    posted_town.drain()
    report = posted_town.report(STORY[cases.UNAPPROVED_LATER])
    assert report.standing == Report.Standing.POSTED
    assert report.unapproved_at is not None
    assert any(report.report_id in d["number"] for d in posted_town.ours())


def test_a_dry_run_flow_prepares_everything_and_sends_nothing(town):
    Flow.objects.update(mode="dry_run")
    town.poll()
    assert town.drain() == {}
    assert Posting.objects.filter(state=State.READY).count() == POSTED_OF_SOME
    assert not Call.objects.exists()
    town.flow.refresh_from_db()
    desk.go_live(town.flow, "ann")
    town.drain()
    assert len(town.ours()) == POSTED_OF_SOME


def test_a_missing_rule_is_added_and_the_report_replayed(town):
    from mappings import services as mapping
    from tests.audit.town import account

    town.poll()
    town.drain()
    held = Report.objects.filter(standing=Report.Standing.HELD)
    waiting = Posting.objects.filter(subject="category:Team events", state=State.QUARANTINED)
    assert waiting.count() == 3
    mapping.save_rule(flow=town.flow, category="Team events", account=account(town.flow, "6130"))
    done = desk.replay([posting.report for posting in waiting], "ann")
    assert len(done.moved) == 3
    count = held.count()
    town.drain()
    assert (
        Posting.objects.filter(subject="category:Team events")
        .exclude(state=State.SUPERSEDED)
        .count()
        == 0
    )
    assert held.count() == count
    assert Event.objects.filter(kind="report.replayed", actor="ann").count() == 3


def test_replaying_what_still_lacks_its_rule_makes_no_noise(polled_town):
    held = Posting.objects.filter(state=State.QUARANTINED).first()
    count = Posting.objects.count()
    desk.replay([held.report], "ann")
    assert Posting.objects.count() == count


def test_a_changed_rule_touches_what_is_posted_only_when_somebody_says_so(town):
    from mappings.models import Rule
    from tests.audit.town import account

    town.poll()
    town.drain()
    report = town.report(STORY[cases.REVISED])
    Rule.objects.filter(category="Lodging").update(account=account(town.flow, "6130"))
    town.poll()
    desk.replay([report], "ann")
    town.drain()
    assert town.posting(report.report_id).op == "post"
    desk.replay([report], "ann", repost=True)
    town.drain()
    now = town.posting(report.report_id)
    assert (now.op, now.state) == ("amend", State.POSTED)
    document = next(d for d in town.ours() if d["id"] == now.document_id)
    assert "6110 Hotels" not in {line["account"] for line in document["lines"]}


# --- what stands in the ledger -------------------------------------------------------------------


def test_a_reversed_bill_is_gone_and_is_not_posted_again_by_itself(posted_town):
    bill = posted_town.posting(STORY[cases.REVISED])
    desk.reverse([bill], "ann", "wrong company")
    posted_town.drain()
    assert not any(d["id"] == bill.document_id for d in posted_town.ours())
    report = posted_town.report(STORY[cases.REVISED])
    assert report.standing == Report.Standing.REVERSED
    posted_town.sandbox.control("expensify", "reports", revision())
    posted_town.poll()
    posted_town.drain()
    again = posted_town.posting(STORY[cases.REVISED])
    assert (again.state, again.generation) == (State.QUARANTINED, 2)
    assert again.problems[0]["code"] == "report.was_reversed"
    desk.release([again], "ann")
    posted_town.drain()
    again.refresh_from_db()
    assert again.state == State.POSTED
    assert again.document_id != bill.document_id
    assert posted_town.report(STORY[cases.REVISED]).standing == Report.Standing.POSTED


def test_reversing_twice_reverses_once(posted_town):
    bill = posted_town.posting(STORY[cases.REVISED])
    assert len(desk.reverse([bill], "ann").moved) == 1
    second = desk.reverse([bill], "ann")
    assert not second.moved
    assert "still waiting" in second.left[0][1]
    posted_town.drain()
    assert desk.reverse([bill], "ann").left


@pytest.mark.parametrize(
    ("action", "code", "words"),
    [
        ({"action": "pay"}, "document.paid", "was paid"),
        ({"action": "pay", "amount": "10.00"}, "document.paid", "was paid"),
        (
            {"action": "edit", "fields": {"DueDate": "2026-12-24"}},
            None,
            "",
        ),
        ({"action": "edit", "fields": {"DocNumber": "1187"}}, "document.edited_there", "1187"),
        ({"action": "delete"}, "ledger.deleted_there", "deleted"),
    ],
    ids=["paid", "partly paid", "a field that is not ours", "renumbered", "deleted"],
)
def test_a_revision_meets_a_bill_that_was(posted_town, action, code, words):
    bill = posted_town.posting(STORY[cases.REVISED])
    posted_town.sandbox.control("quickbooks_online", f"documents/{bill.document_id}", action)
    posted_town.sandbox.control("expensify", "reports", revision())
    posted_town.poll()
    posted_town.drain()
    now = posted_town.posting(STORY[cases.REVISED])
    if code is None:
        assert now.state == State.POSTED
        document = next(d for d in posted_town.ours() if d["id"] == bill.document_id)
        assert (document["due_date"], Decimal(document["total"])) == (
            "2026-12-24",
            Decimal("398.10"),
        )
        return
    assert (now.state, now.problems[0]["code"]) == (State.QUARANTINED, code)
    assert words in now.problems[0]["message"]
    assert now.problems[0]["cure"]
    document = [d for d in posted_town.documents() if d["id"] == bill.document_id]
    assert not document or Decimal(document[0]["total"]) == Decimal("412.60")


def test_a_revision_of_a_bill_in_a_closed_period_is_held(posted_town):
    posted_town.sandbox.control("quickbooks_online", "period_lock", {"date": "2026-10-31"})
    posted_town.sandbox.control("expensify", "reports", revision())
    posted_town.poll()
    posted_town.drain()
    now = posted_town.posting(STORY[cases.REVISED])
    assert (now.state, now.problems[0]["code"]) == (State.QUARANTINED, "document.locked")


def test_our_own_closed_books_hold_a_change_too(posted_town):
    from datetime import date

    posted_town.connection.books_closed_through = date(2026, 10, 31)
    posted_town.connection.save()
    posted_town.sandbox.control("expensify", "reports", revision())
    posted_town.poll()
    posted_town.drain()
    now = posted_town.posting(STORY[cases.REVISED])
    assert now.state == State.QUARANTINED
    assert Decimal("412.60") == Decimal(
        next(d for d in posted_town.ours() if d["id"] == now.document_id)["total"]
    )


def test_what_somebody_posted_before_from_a_lost_database_is_adopted(posted_town):
    """Restored from a backup: everything stands in QuickBooks already, our book is empty."""
    count = len(posted_town.ours())
    forget(posted_town)
    posted_town.poll()
    posted_town.drain()
    assert len(posted_town.ours()) == count
    assert Posting.objects.filter(state=State.POSTED).count() == count
    assert not Call.objects.exists()


def forget(town) -> None:
    """Our tables as they were before the first poll."""
    from django.db import connection as database

    from audit.models import Attempt, Chain, PollRun, Revision

    tables = (Event, Attempt, Revision)
    with database.cursor() as cursor:
        for model in tables:
            name = model._meta.db_table
            if database.vendor == "postgresql":
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute(f"ALTER TABLE {name} DISABLE TRIGGER USER")
            else:
                for verb in ("update", "delete"):
                    cursor.execute(f"DROP TRIGGER {name}_no_{verb}")
    Report.objects.update(latest=None, prepared=None)
    Posting.objects.update(call=None, replaces=None)
    for model in (Event, Attempt, Posting, Call, Revision, Report, PollRun, Chain):
        model.objects.all().delete()
    Flow.objects.update(mark_at=None)


# --- a revision that no amend can carry ----------------------------------------------------------


def lines_of(town, report_id: str) -> list[str]:
    report = town.sandbox.control("expensify", f"reports/{report_id}")
    return [line["transactionID"] for line in report["transactionList"]]


def edit(town, report_id: str, transaction_id: str, **fields) -> None:
    town.sandbox.control(
        "expensify",
        "reports",
        {
            "action": "edit_expense",
            "reportID": report_id,
            "transactionID": transaction_id,
            "fields": fields,
        },
    )


def settle(town) -> None:
    """Poll once; then prepare and drain until the book is at rest, as ticks would."""
    from audit.engine import drain, prepare

    town.poll()
    for _ in range(5):
        town.drain()
        for flow_id in drain.due_preparations():
            prepare.prepare(flow_id)


def test_a_report_that_turned_negative_loses_its_bill_and_gets_a_credit(posted_town):
    bill = posted_town.posting(STORY[cases.REVISED])
    report_id = STORY[cases.REVISED]
    edit(posted_town, report_id, lines_of(posted_town, report_id)[0], modifiedAmount=-90000)
    settle(posted_town)
    now = posted_town.posting(report_id)
    assert (now.state, now.kind, now.generation) == (State.POSTED, "credit", 2), now.problems
    assert not any(
        d["id"] == bill.document_id for d in posted_town.documents() if d["status"] == "active"
    )
    credits = [d for d in posted_town.documents("vendorcredit") if d["status"] == "active"]
    assert [Decimal(d["total"]) for d in credits] == [now.total]
    assert now.total < 0
    chain = Posting.objects.filter(report__report_id=report_id, state=State.SUPERSEDED)
    assert {p.op for p in chain} == {"post", "cancel"}


def test_a_report_that_belongs_to_another_payee_gets_a_new_bill(posted_town):
    from mappings import services as mapping
    from tests.audit.town import party

    bill = posted_town.posting(STORY[cases.REVISED])
    mapping.link_party(
        connection=posted_town.connection,
        employee_email="ben.ito@acme.example",
        party=party(posted_town.flow, "Hugo Silva"),
    )
    report = posted_town.report(STORY[cases.REVISED])
    assert desk.replay([report], "ann").left[0][1] == desk.STANDS
    desk.replay([report], "ann", repost=True)
    settle(posted_town)
    now = posted_town.posting(report.report_id)
    assert (now.state, now.party_name, now.generation) == (State.POSTED, "Hugo Silva", 2)
    mine = [d for d in posted_town.ours() if report.report_id in d["number"]]
    assert [d["party"] for d in mine] == ["Hugo Silva"]
    assert mine[0]["id"] != bill.document_id


def test_a_report_with_nothing_left_for_us_loses_its_bill(posted_town):
    bill = posted_town.posting(STORY[cases.REVISED])
    report_id = STORY[cases.REVISED]
    for transaction_id in lines_of(posted_town, report_id):
        edit(posted_town, report_id, transaction_id, reimbursable=False)
    settle(posted_town)
    assert not any(d["id"] == bill.document_id for d in posted_town.ours())
    assert posted_town.posting(report_id).op == "cancel"
    assert posted_town.report(report_id).standing == Report.Standing.REVERSED


def test_a_paid_bill_whose_report_lost_its_lines_is_left_alone_and_told(posted_town):
    bill = posted_town.posting(STORY[cases.REVISED])
    report_id = STORY[cases.REVISED]
    posted_town.sandbox.control(
        "quickbooks_online", f"documents/{bill.document_id}", {"action": "pay"}
    )
    for transaction_id in lines_of(posted_town, report_id):
        edit(posted_town, report_id, transaction_id, reimbursable=False)
    settle(posted_town)
    now = posted_town.posting(report_id)
    assert (now.op, now.state) == ("cancel", State.QUARANTINED)
    assert now.problems[0]["code"] == "document.paid"
    assert any(d["id"] == bill.document_id for d in posted_town.ours())


# --- read again before posting -------------------------------------------------------------------


def test_a_report_read_an_hour_ago_is_read_again_before_it_is_posted(town):
    from datetime import timedelta

    town.poll()
    long_ago = Report.objects.first().read_at - timedelta(minutes=61)
    Report.objects.update(read_at=long_ago)
    town.sandbox.control("expensify", "reports", unapproval())
    town.sandbox.control("expensify", "reports", revision())
    town.drain()
    assert town.report(STORY[cases.UNAPPROVED_LATER]).standing == Report.Standing.WITHDRAWN
    bill = town.posting(STORY[cases.REVISED])
    assert (bill.state, bill.op, bill.total) == (State.POSTED, "post", Decimal("398.10"))


def test_while_expensify_is_away_nothing_old_is_posted_blindly(town):
    from datetime import timedelta

    town.poll()
    Report.objects.update(read_at=Report.objects.first().read_at - timedelta(minutes=61))
    fault = {"kind": "unavailable", "match": "combinedReportData", "times": None}
    town.sandbox.control("expensify", "faults", fault)
    town.drain(times=2)
    assert town.ours() == []


def test_an_unknown_field_leaves_one_event_and_the_report_still_posts(town, monkeypatch):
    monkeypatch.setattr("connectors.expensify.parse.unknown_keys", lambda members: {"newThing"})
    town.poll()
    town.poll()
    town.drain()
    told = Event.objects.filter(kind="expensify.unknown_field")
    assert [event.facts["name"] for event in told] == ["newThing"]
    assert len(town.ours()) == POSTED_OF_SOME


def test_an_approval_dated_before_the_mark_is_found_by_the_daily_sweep(town):
    from datetime import timedelta

    from audit.engine import poll, prepare
    from audit.models import PollRun
    from connectors.clock import database_now

    town.poll()
    town.sandbox.control(
        "expensify",
        "reports",
        {
            "reportName": "Late to show",
            "accountEmail": "ben.ito@acme.example",
            "approved": f"{(database_now() - timedelta(days=20)):%Y-%m-%d %H:%M:%S}",
            "expenses": [
                {"created": "2026-10-12", "merchant": "MTA", "category": "Airfare", "amount": 3400}
            ],
        },
    )
    Flow.objects.update(mark_at=database_now())
    poll.poll(town.flow.pk, database_now())
    assert not Report.objects.filter(name="Late to show").exists()
    day_ago = database_now() - timedelta(hours=25)
    PollRun.objects.update(started_at=day_ago)
    poll.poll(town.flow.pk, database_now())
    prepare.prepare(town.flow.pk)
    assert Report.objects.filter(name="Late to show", standing="waiting").exists()
