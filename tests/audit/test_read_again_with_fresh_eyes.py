"""Defects that a second reading of the engine found: one test for each."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from audit import attention
from audit.engine import accept, attach, desk, drain, intake, poll, settle
from audit.models import PartyWish, Posting, ReceiptFile, Report
from audit.states import State
from connectors.clock import database_now
from connectors.ledgers.quickbooks_online.ledger import QuickBooksOnline
from connectors.models import Credential, LedgerConnection
from mappings import services as mapping
from mappings.models import Flow
from tests.audit import newcomers
from tests.audit import town as towns
from tests.audit.village import Village

pytestmark = pytest.mark.django_db


@pytest.fixture
def firm(db: None, sandboxed: Any) -> towns.Town:
    return newcomers.quiet_firm(sandboxed)


def stored_otherwise(village: Village, report_id: str) -> Posting:
    """Its answer was lost, and somebody changed the payee before we looked: held."""
    village.books.orders.append("drop")
    village.poll()
    village.drain()
    (stored,) = village.standing(report_id)
    village.books.change(stored.id, party_id="57")
    village.come_to_rest()
    held = village.posting(report_id)
    assert [problem["code"] for problem in held.problems] == ["ledger.stored_otherwise"]
    return held


# --- a document that stands and waits for a person's word -----------------------------------------


def test_what_is_accepted_is_looked_at_again_where_its_report_was_revised_meanwhile(village):
    """The revision waited for the person, who then says that the document stands: without a second
    look nobody would ever bring it to what the report says now."""
    report_id = village.expensify.file({"Airfare": 10000})
    held = stored_otherwise(village, report_id)
    village.expensify.edit(report_id, 0, 9000)
    village.work()
    village.books.change(held.document_id, party_id="56")
    accept.accept(village.posting(report_id), "ann")
    village.come_to_rest()
    assert [str(one.total) for one in village.standing(report_id)] == ["90.00"]


def test_what_is_accepted_of_a_report_that_is_no_longer_approved_is_taken_back_by_the_policy(
    village,
):
    Flow.objects.update(unapproved_policy="reverse")
    report_id = village.expensify.file({"Airfare": 10000})
    held = stored_otherwise(village, report_id)
    village.expensify.set_status(report_id, "Processing")
    village.work()
    village.books.change(held.document_id, party_id="56")
    accept.accept(village.posting(report_id), "ann")
    village.come_to_rest()
    assert village.standing(report_id) == []


def test_a_document_that_waits_for_a_person_is_not_forgotten_when_its_report_is_unapproved(village):
    report_id = village.expensify.file({"Airfare": 10000})
    stored_otherwise(village, report_id)
    village.expensify.set_status(report_id, "Processing")
    village.work()
    held = village.posting(report_id)
    assert held.state == State.QUARANTINED and len(village.standing(report_id)) == 1
    assert village.report(report_id).standing == Report.Standing.HELD


def test_two_people_cannot_link_two_reports_to_one_document_at_the_same_moment(
    village, monkeypatch
):
    first = village.expensify.file({"Airfare": 10000})
    stored_otherwise(village, first)
    second = village.expensify.file({"Airfare": 10001})
    stored_otherwise(village, second)
    theirs = village.books.documents[village.posting(first).document_id]
    read, others = accept._read, [village.posting(second)]

    def meanwhile(*given: Any) -> Any:
        while others:
            accept.link(others.pop(), theirs.id, "bob")
        return read(*given)

    monkeypatch.setattr(accept, "_read", meanwhile)
    with pytest.raises(accept.NotAcceptable, match=second):
        accept.link(village.posting(first), theirs.id, "ann")
    assert Posting.objects.filter(document_id=theirs.id, state=State.POSTED).count() == 1


def test_no_document_is_linked_for_a_card_transaction_that_stands_already(village, monkeypatch):
    report_id = village.expensify.file({"Airfare": 10000})
    held = stored_otherwise(village, report_id)
    monkeypatch.setattr(accept, "cards_elsewhere", lambda *_: {held.pk: "R00other"})
    with pytest.raises(accept.NotAcceptable, match="R00other"):
        accept.link(held, held.document_id, "ann")


def test_a_late_version_whose_card_stands_elsewhere_is_held_and_nothing_else(village, monkeypatch):
    """Both at once would have been written down as posted and as held: no page could be closed."""
    report_id = village.expensify.file({"Airfare": 10000})
    village.books.orders.append("drop")
    village.poll()
    village.drain()
    village.books.change(village.standing(report_id)[0].id, party_id="57")
    row = village.posting(report_id)
    monkeypatch.setattr(settle, "earlier_write", lambda run, posting, stored: posting)
    monkeypatch.setattr(settle, "cards_elsewhere", lambda *_: {row.pk: "R00other"})
    village.time_passes()
    village.drain()
    held = village.posting(report_id)
    assert held.state == State.QUARANTINED
    assert [problem["code"] for problem in held.problems] == ["card.stands_elsewhere"]


# --- what can no longer be read -------------------------------------------------------------------


def test_a_lost_call_is_not_repeated_while_its_report_cannot_be_read(village):
    report_id = village.expensify.file({"Airfare": 10000})
    village.books.orders.append("reset")
    village.poll()
    village.drain()
    village.expensify.reports[report_id]["total"] = "much"
    village.poll()
    assert village.report(report_id).unread_text
    village.time_passes()
    village.drain()
    assert village.standing(report_id) == []
    village.expensify.edit(report_id, 0, 10000)
    village.work()
    assert len(village.standing(report_id)) == 1


def test_a_poll_that_a_person_asks_for_reads_what_could_not_be_read_however_old(village):
    report_id = village.expensify.file({"Airfare": 10000})
    village.work()
    Report.objects.update(
        unread_text="its amount is no number", approved_at=F("approved_at") - timedelta(days=400)
    )
    desk.poll_now(village.flow, "ann")
    assert poll._known_to_read_again(village.flow, set()) == [report_id]


def test_many_reports_that_are_missing_cost_no_statement_each(village):
    def statements(many: int) -> int:
        ids = [village.expensify.file({"Airfare": 10000 + n}) for n in range(many)]
        village.poll()
        with CaptureQueriesContext(database) as asked:
            intake.note_absent(village.flow, ids, database_now())
        assert Report.objects.filter(report_id__in=ids, absent_since=None).count() == 0
        return len(asked)

    assert statements(2) == statements(12)


# --- vendors --------------------------------------------------------------------------------------


def while_looked_up(monkeypatch: pytest.MonkeyPatch, deed: Any) -> None:
    named = QuickBooksOnline.named

    def looked_up(self: Any, names: Any) -> Any:
        found = named(self, names)
        deed()
        return found

    monkeypatch.setattr(QuickBooksOnline, "named", looked_up)


def test_a_flow_that_is_paused_while_a_name_is_looked_up_creates_nobody(firm, monkeypatch):
    newcomers.filed(firm)
    firm.poll()
    while_looked_up(monkeypatch, lambda: Flow.objects.update(is_paused=True))
    firm.drain()
    assert newcomers.creations(firm) == []
    assert newcomers.wish().state == PartyWish.State.WAITING


def test_a_name_that_a_person_chooses_while_another_is_looked_up_is_the_one_created(
    firm, monkeypatch
):
    both = [newcomers.filed(firm)]
    firm.poll()

    def chosen() -> None:
        monkeypatch.undo()
        mapping.name_party(
            connection=firm.connection, employee_email=newcomers.ADA, name="Ada Q", actor="ann"
        )
        both.append(newcomers.filed(firm, "Second trip"))
        firm.poll()

    while_looked_up(monkeypatch, chosen)
    firm.drain()
    newcomers.quiet(firm)
    newcomers.one_vendor_is_owed(firm, *both, name="Ada Q")
    assert newcomers.vendors(firm, "Ada Quist") == []


# --- receipts and bills ---------------------------------------------------------------------------


def test_a_file_that_we_fail_on_burns_an_attempt_and_stops_no_other(sandboxed, db, monkeypatch):
    town = towns.connect(sandboxed, receipt_files="file")
    town.poll()
    receipt, broken = attach.receipts.receipt, []

    def fetched(link: str, label: str, *rest: Any) -> Any:
        broken[:] = broken or [label]
        if label == broken[0]:
            raise ZeroDivisionError
        return receipt(link, label, *rest)

    monkeypatch.setattr(attach.receipts, "receipt", fetched)
    drain.drain(town.connection.pk)
    files = ReceiptFile.objects.order_by("pk")
    (bad,) = files.filter(label=broken[0])
    assert bad.state == "waiting" and bad.attempts >= 1
    assert set(files.exclude(pk=bad.pk).values_list("state", flat=True)) == {"attached"}


def test_looking_at_many_bills_costs_no_statement_each(village):
    def statements(many: int) -> int:
        ids = [village.expensify.file({"Airfare": 10000 + n}) for n in range(many)]
        village.work()
        Report.objects.filter(report_id__in=ids).update(reimbursed_at=database_now())
        with CaptureQueriesContext(database) as asked:
            attention.look_at_bills(village.connection.pk)
        return len(asked)

    village.books.abilities = replace(village.books.abilities, find_many=50)
    assert statements(2) == statements(12)


def test_bills_are_not_looked_at_while_a_person_has_to_connect_again(village):
    report_id = village.expensify.file({"Airfare": 10000})
    village.work()
    Report.objects.filter(report_id=report_id).update(reimbursed_at=database_now())
    over = Credential.objects.create(kind="fake", state=Credential.State.RECONNECT)
    LedgerConnection.objects.update(credential=over)
    assert attention.due_looks(database_now()) == []
