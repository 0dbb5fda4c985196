"""Defects that a reader of the engine proved: what stands is changed for a reason only, nothing is
booked twice within a report, and nothing waits for ever."""

import copy
import threading
import time
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections, transaction
from django.test.utils import CaptureQueriesContext

from audit.completeness import month_of
from audit.engine import corrections, desk, drain, intake, settle
from audit.models import PollRun, Posting, Report
from audit.preview import preview
from audit.states import State
from connectors.clock import database_now
from connectors.models import Workspace
from connectors.sandbox.month import cases
from mappings import services as mapping
from mappings.models import Flow, GLAccount, Rule
from tests.audit import receipts
from tests.audit import town as towns
from tests.audit import village as villages
from tests.audit.village import Village, settle_in

pytestmark = pytest.mark.django_db
QBO = "quickbooks_online"


def what_stands(report_id: str) -> Decimal:
    rows = Posting.objects.filter(report__report_id=report_id)
    return sum((posting.total for posting in rows if posting.is_live), Decimal(0))


# --- an expense that changes its document ---------------------------------------------------------


@pytest.fixture
def card_town(db: None, sandboxed: Any) -> towns.Town:
    """One report with cash and card expenses, both in the books."""
    only = (towns.STORY[cases.CARD_AND_CASH],)
    return towns.connect(sandboxed, only=only, then=take_cards_and_post)


def take_cards_and_post(town: towns.Town) -> None:
    town.flow.takes_cards, town.flow.card_account = True, towns.account(town.flow, "2110")
    mapping.save_flow(town.flow)
    towns.posted(town)


def pay_by_card(town: towns.Town, report_id: str, how_many: int) -> None:
    """The last of the report's cash expenses turn out to have been paid by the company's card."""
    rows = town.sandbox.control("expensify", "reports")
    (report,) = [one for one in rows if one["reportID"] == report_id]
    cash = [line for line in report["transactionList"] if line["reimbursable"]]
    for line in cash[-how_many:]:
        fields = {"reimbursable": False, "cardID": "4445"}
        edit = {"action": "edit_expense", "reportID": report_id, "fields": fields}
        edit["transactionID"] = line["transactionID"]
        town.sandbox.control("expensify", "reports", edit)


def bill_of(report_id: str) -> Posting:
    rows = Posting.objects.filter(report__report_id=report_id, slice_name="reimbursable")
    return rows.order_by("pk").last()


@pytest.mark.parametrize("how_many", [1, 2])
def test_an_expense_on_a_paid_bill_is_not_booked_again_on_a_card(card_town, how_many):
    report_id = towns.STORY[cases.CARD_AND_CASH]
    bill = bill_of(report_id)
    card_town.sandbox.control(QBO, f"documents/{bill.document_id}", {"action": "pay"})
    pay_by_card(card_town, report_id, how_many)
    card_town.poll()
    card_town.drain()
    assert what_stands(report_id) == card_town.report(report_id).total
    held = Posting.objects.filter(report__report_id=report_id, state=State.QUARANTINED)
    codes = {posting.slice_name: posting.problems[0]["code"] for posting in held}
    assert codes.pop("reimbursable") == "document.paid"
    assert set(codes.values()) == {"document.elsewhere"} and len(codes) == how_many
    one = next(posting for posting in held if posting.slice_name != "reimbursable")
    assert bill.number in one.problems[0]["message"]
    assert month_of(card_town.flow, date(2026, 10, 1), date(2026, 10, 31)).agrees


@pytest.mark.parametrize("how_many", [1, 2])
def test_an_expense_that_leaves_an_open_bill_follows_on_the_card_by_itself(card_town, how_many):
    report_id = towns.STORY[cases.CARD_AND_CASH]
    pay_by_card(card_town, report_id, how_many)
    for _ in range(2):
        card_town.poll()
        card_town.drain()
    rows = Posting.objects.filter(report__report_id=report_id)
    assert not rows.filter(state=State.QUARANTINED).exists()
    assert what_stands(report_id) == card_town.report(report_id).total
    cards = [one for one in rows if one.is_live and one.slice_name.startswith("card:")]
    assert len(cards) == 2 + how_many
    assert month_of(card_town.flow, date(2026, 10, 1), date(2026, 10, 31)).agrees


def test_when_the_paid_bill_is_put_right_by_a_further_document_the_card_follows(card_town):
    report_id = towns.STORY[cases.CARD_AND_CASH]
    bill = bill_of(report_id)
    card_town.sandbox.control(QBO, f"documents/{bill.document_id}", {"action": "pay"})
    pay_by_card(card_town, report_id, 1)
    card_town.poll()
    card_town.drain()
    corrections.post_difference(bill_of(report_id), "ann", "paid in cash by mistake")
    for _ in range(2):
        card_town.drain()
        card_town.poll()
    rows = Posting.objects.filter(report__report_id=report_id)
    assert not rows.filter(state=State.QUARANTINED).exists()
    assert any(one.is_live and one.kind == "credit" for one in rows)
    assert what_stands(report_id) == card_town.report(report_id).total


def test_a_paid_bill_is_not_posted_again_as_a_journal(db, sandboxed):
    report_id = towns.STORY[cases.REVISED]
    town = towns.connect(sandboxed, only=(report_id,))
    town.poll()
    town.drain()
    bill = town.posting(report_id)
    town.sandbox.control(QBO, f"documents/{bill.document_id}", {"action": "pay"})
    flow = Flow.objects.get(pk=town.flow.pk)
    flow.kind = "journal"
    mapping.save_flow(flow)
    desk.replay([town.report(report_id)], "ann", repost=True)
    town.drain()
    assert what_stands(report_id) == town.report(report_id).total


def test_a_part_that_was_set_aside_beside_a_posted_one_can_be_replayed(card_town):
    report_id = towns.STORY[cases.CARD_AND_CASH]
    pay_by_card(card_town, report_id, 1)
    card_town.poll()
    card_town.drain()
    card_town.poll()
    rows = Posting.objects.filter(report__report_id=report_id, state=State.READY)
    assert len(rows) == 1, "the card part follows the bill"
    desk.ignore(rows, "ann", "not ours")
    assert card_town.report(report_id).standing == "posted"
    done = desk.replay([card_town.report(report_id)], "ann")
    assert [posting.slice_name[:5] for posting in done.moved] == ["card:"]
    card_town.drain()
    assert what_stands(report_id) == card_town.report(report_id).total


# --- what stands is left alone --------------------------------------------------------------------


def out_of_sight(village: Village, report_id: str) -> None:
    kept, village.expensify.reports = village.expensify.reports, {}
    village.work()
    village.expensify.reports = kept
    village.work()


def approved_again(village: Village, report_id: str) -> None:
    village.expensify.set_status(report_id, "Processing")
    village.work()
    village.expensify.set_status(report_id, "Approved")
    village.work()


def dated_otherwise(village: Village, report_id: str) -> None:
    village.expensify.reports[report_id]["approved"] = "2026-10-22 10:00:00"
    village.work()


def replayed(village: Village, report_id: str) -> None:
    """Another part of it was held, say."""
    Report.objects.update(standing="held")
    desk.replay([village.report(report_id)], "ann")
    village.work()


HAPPENS = [out_of_sight, approved_again, dated_otherwise, replayed]


@pytest.mark.parametrize("what", HAPPENS)
def test_a_rule_that_changed_touches_nothing_that_is_posted(village, what):
    report_id = village.expensify.file({"Airfare": 10000})
    village.work()
    before = village.standing(report_id)[0].lines
    Rule.objects.filter(category="Airfare").update(account=GLAccount.objects.get(number="6120"))
    what(village, report_id)
    assert village.report(report_id).revisions.count() == 1
    assert village.standing(report_id)[0].lines == before


def test_reposting_with_current_rules_is_what_a_person_asks_for(village):
    report_id = village.expensify.file({"Airfare": 10000})
    village.work()
    before = village.standing(report_id)[0].lines
    Rule.objects.filter(category="Airfare").update(account=GLAccount.objects.get(number="6120"))
    desk.replay([village.report(report_id)], "ann", repost=True)
    village.work()
    assert village.standing(report_id)[0].lines != before
    assert village.report(report_id).asked == "", "asked for once, not for ever"


def test_a_change_that_was_set_aside_is_offered_again_by_a_replay(village):
    Flow.objects.update(revision_policy="hold")
    report_id = village.expensify.file({"Airfare": 10000})
    village.work()
    village.expensify.edit(report_id, 0, 9000)
    village.work()
    desk.ignore([village.posting(report_id)], "ann", "next month")
    village.work()
    assert not Posting.objects.filter(state=State.QUARANTINED).exists()
    desk.replay([village.report(report_id)], "ann")
    again = village.posting(report_id)
    assert (again.op, again.state, again.total) == ("amend", State.QUARANTINED, Decimal("90.00"))


@pytest.mark.parametrize("what", HAPPENS)
def test_an_unchanged_report_of_a_closed_month_is_not_held(village, what):
    report_id = village.expensify.file({"Airfare": 10000})
    village.work()
    village.connection.books_closed_through = date(2026, 10, 31)
    village.connection.save()
    what(village, report_id)
    assert not Posting.objects.filter(state=State.QUARANTINED).exists()
    assert len(village.standing(report_id)) == 1


def test_a_card_expense_stays_when_the_flow_takes_no_cards_any_more(card_town):
    """Its report is the same: taking the document back is a person's word."""
    report_id = towns.STORY[cases.CARD_AND_CASH]
    before = what_stands(report_id)
    flow = Flow.objects.get(pk=card_town.flow.pk)
    flow.takes_cards = False
    mapping.save_flow(flow)
    Report.objects.update(is_due=True)
    card_town.poll()
    card_town.drain()
    assert what_stands(report_id) == before


def test_a_standing_that_stays_is_not_written_again(village):
    report_id = village.expensify.file({"Airfare": 10000})
    village.poll()
    with CaptureQueriesContext(connections["default"]) as said:
        village.drain()
    assert village.report(report_id).standing == "posted"
    written = [one["sql"] for one in said if 'UPDATE "audit_report" SET "standing"' in one["sql"]]
    assert len(written) == 1, "waiting to post before it was sent, and while it was"


def test_a_reversed_report_that_is_reimbursed_has_not_changed(village):
    report_id = village.expensify.file({"Airfare": 10000})
    village.work()
    desk.reverse([village.posting(report_id)], "ann", "booked by hand")
    village.come_to_rest()
    paid = {"status": "Reimbursed", "reimbursed": "2026-10-25 12:00:00"}
    village.expensify.reports[report_id] |= paid
    village.work()
    assert village.report(report_id).standing == "reversed"
    desk.replay([village.report(report_id)], "ann")
    village.work()
    assert village.posting(report_id).problems[0]["code"] == "report.was_reversed"


def test_a_reversed_part_asks_nobody_when_another_part_changes(card_town):
    report_id = towns.STORY[cases.CARD_AND_CASH]
    rows = Posting.objects.filter(report__report_id=report_id, slice_name__startswith="card:")
    desk.reverse([rows.first()], "ann", "the card was paid back")
    card_town.drain()
    (report,) = [
        one
        for one in card_town.sandbox.control("expensify", "reports")
        if one["reportID"] == report_id
    ]
    cash = next(line for line in report["transactionList"] if line["reimbursable"])
    edit = {"action": "edit_expense", "reportID": report_id, "fields": {"amount": 999}}
    edit["transactionID"] = cash["transactionID"]
    card_town.sandbox.control("expensify", "reports", edit)
    card_town.poll()
    card_town.drain()
    assert card_town.report(report_id).revisions.count() == 2
    assert bill_of(report_id).op == "amend"
    assert not Posting.objects.filter(state=State.QUARANTINED).exists()
    assert card_town.report(report_id).standing == "posted"


@pytest.mark.parametrize(("cents", "policy"), [(9000, "repost"), (-9000, "amend")])
def test_a_revised_document_that_is_posted_anew_keeps_its_date(village, cents, policy):
    Flow.objects.update(revision_policy=policy)
    report_id = village.expensify.file({"Airfare": 10000})
    village.work()
    village.expensify.edit(report_id, 0, cents)
    village.expensify.reports[report_id]["approved"] = "2026-11-03 12:00:00"
    village.work()
    (document,) = village.standing(report_id)
    assert document.date == date(2026, 10, 20)


def test_a_dry_run_keeps_the_date_of_what_is_to_be_posted_anew(village):
    Flow.objects.update(revision_policy="repost")
    report_id = village.expensify.file({"Airfare": 10000})
    village.work()
    village.expensify.edit(report_id, 0, 9000)
    village.expensify.reports[report_id]["approved"] = "2026-11-03 12:00:00"
    village.poll()
    village.drain()
    assert village.standing(report_id) == [], "the old one is gone, the new one not built yet"
    (part,) = preview([village.report(report_id)])[0].parts
    assert part.date == date(2026, 10, 20)


def test_what_was_taken_back_with_its_approval_gets_the_date_of_the_new_one(village):
    Flow.objects.update(unapproved_policy="reverse")
    report_id = village.expensify.file({"Airfare": 10000})
    village.work()
    village.expensify.set_status(report_id, "Open")
    village.work()
    assert village.standing(report_id) == []
    village.expensify.set_status(report_id, "Approved")
    village.expensify.reports[report_id]["approved"] = "2026-11-03 12:00:00"
    village.work()
    (document,) = village.standing(report_id)
    assert document.date == date(2026, 11, 3)


# --- a revision that comes while its document waits -----------------------------------------------


def test_a_released_bill_ends_as_its_report_says_now(village):
    report_id = village.expensify.file({"Airfare": 10000})
    village.poll()
    village.books.orders.append("drop")
    village.drain()
    (document,) = village.standing(report_id)
    village.books.change(document.id, total=Decimal("77.00"))
    village.come_to_rest()
    assert village.posting(report_id).state == State.QUARANTINED
    village.expensify.edit(report_id, 0, 9000)
    village.work()
    village.books.delete(document.id)
    desk.release([village.posting(report_id)], "ann")
    village.come_to_rest()
    village.work()
    assert [str(one.total) for one in village.standing(report_id)] == ["90.00"]


def test_a_receipt_that_came_while_the_bill_waited_is_attached(db, sandboxed):
    town = receipts.filing_town(sandboxed)
    report_id = towns.STORY[cases.REVISED]
    rows = town.sandbox.control("expensify", "reports")
    (whole,) = [one for one in rows if one["reportID"] == report_id]
    without = copy.deepcopy(whole)
    for line in without["transactionList"]:
        line |= {"receiptID": "", "receiptFilename": "", "receiptObject": {}}
    town.sandbox.control("expensify", "reports", [without])
    town.poll()
    assert town.posting(report_id).state == State.READY
    town.sandbox.control("expensify", "reports", [whole])
    town.poll()
    receipts.finish(town)
    town.poll()
    receipts.finish(town)
    assert len(receipts.on_document(town, town.posting(report_id))) == 1


# --- a state of which nobody knows what it means --------------------------------------------------


def test_a_state_that_nobody_knows_reverses_nothing_and_is_told(village):
    Flow.objects.update(unapproved_policy="reverse")
    report_id = village.expensify.file({"Airfare": 10000})
    village.work()
    village.expensify.reports[report_id]["status"] = "Reimbursing"
    village.work()
    report = village.report(report_id)
    assert len(village.standing(report_id)) == 1
    assert report.standing == "unread" and "'Reimbursing'" in report.unread_text
    village.expensify.reports[report_id]["status"] = "Reimbursed"
    village.work()
    assert village.report(report_id).standing == "posted"


def test_a_new_report_in_a_state_that_nobody_knows_is_told(village, monkeypatch):
    report_id = village.expensify.file({"Airfare": 10000})
    village.expensify.reports[report_id]["status"] = "Confirmed"
    monkeypatch.setitem(villages._WORDS, "APPROVED", "Confirmed")  # Expensify lists it as approved
    village.poll()
    assert PollRun.objects.latest("pk").unreadable == 1
    assert "'Confirmed'" in village.report(report_id).unread_text


def test_a_reversal_that_is_set_aside_while_the_ledger_is_read_takes_nothing_away(
    village, monkeypatch
):
    report_id = village.expensify.file({"Airfare": 10000})
    village.work()
    bill = village.posting(report_id)
    desk.reverse([bill], "ann", "a mistake")
    village.books.delete(village.standing(report_id)[0].id)
    write = drain._write_gone_and_unseen

    def meanwhile(*given: Any) -> None:
        desk.ignore([village.posting(report_id)], "ann", "it was right")
        write(*given)

    monkeypatch.setattr(drain, "_write_gone_and_unseen", meanwhile)
    village.drain()
    bill.refresh_from_db()
    assert (bill.state, village.posting(report_id).state) == (State.POSTED, State.IGNORED)


# --- nothing waits for ever -----------------------------------------------------------------------


def gone_for_days(village: Village, report_id: str) -> None:
    """Deleted in Expensify, missed at once, and still missing two days later."""
    del village.expensify.reports[report_id]
    village.poll()
    Report.objects.update(absent_since=database_now() - timedelta(days=2))
    Workspace.objects.update(is_visible=True, lists_as_of=database_now())
    village.work()
    assert village.report(report_id).deleted_at


def test_a_reversal_that_was_withdrawn_is_entered_again_for_a_deleted_report(village):
    Flow.objects.update(unapproved_policy="reverse")
    report_id = village.expensify.file({"Airfare": 10000})
    village.work()
    village.expensify.set_status(report_id, "Open")
    village.poll()  # the reversal waits, because the channel is held, say
    gone_for_days(village, report_id)
    assert village.standing(report_id) == []


def test_a_report_that_was_never_readable_and_is_deleted_needs_nobody(village):
    report_id = village.expensify.file({"Airfare": 10000})
    village.expensify.reports[report_id]["total"] = "much"
    village.poll()
    gone_for_days(village, report_id)
    assert village.report(report_id).standing == "withdrawn"
    desk.poll_now(village.flow, "ann")
    village.poll()
    assert PollRun.objects.latest("pk").window["read_again"] == 0


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_poll_and_an_answer_of_two_kinds_do_not_wait_for_each_other(settings, monkeypatch):
    village = settle_in(settings, monkeypatch)
    first, second = (village.expensify.file({"Airfare": cents}) for cents in (10000, 20000))
    village.poll()
    village.books.refused.add(village.posting(first).number)
    raised: list[Exception] = []
    threads: list[threading.Thread] = []
    want_files = settle.want_files

    def poller() -> None:
        try:
            with transaction.atomic():
                intake._rows(village.flow, [first, second])  # what take_in begins with
        except Exception as error:
            raised.append(error)
        finally:
            connections.close_all()

    def meanwhile(page: Any, postings: Any) -> None:
        if postings and not threads:
            threads.append(threading.Thread(target=poller))
            threads[0].start()
            time.sleep(0.3)
        want_files(page, postings)

    monkeypatch.setattr(settle, "want_files", meanwhile)
    village.drain()
    threads[0].join(10)
    assert raised == []
