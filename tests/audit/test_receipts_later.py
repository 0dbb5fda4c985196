"""Receipts whose document changes, or goes, before or after they were attached."""

from datetime import UTC, datetime
from typing import Any

import pytest

from audit.admin.words import event_text
from audit.engine import accept, attach, desk, drain, filing
from audit.models import Event, Posting, ReceiptFile, Report
from audit.states import State
from connectors.models import Channel
from connectors.sandbox.month import cases
from mappings.models import Flow
from tests.audit.receipts import (
    ATTACHED,
    NOT_NEEDED,
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

pytestmark = [pytest.mark.django_db, pytest.mark.early]


@pytest.fixture
def town(db, sandboxed):
    return filing_town(sandboxed)


def a_report(town: Any, *lines: dict, **members: Any) -> str:
    given = {"approved": "2026-10-20 10:00:00", "expenses": list(lines), **members}
    return town.sandbox.control("expensify", "reports", given)["reports"][0]


def a_line(merchant: str, cents: int = 12345, **members: Any) -> dict:
    given = {"created": "2026-10-12", "merchant": merchant, "category": "Airfare"}
    return given | {"amount": cents, "receiptObject": {"type": "jpg"}} | members


def stored_report(town: Any, report_id: str) -> dict:
    return town.sandbox.control("expensify", f"reports/{report_id}")


def test_an_expense_that_moves_takes_no_file_away_and_brings_its_own(town):
    old, new = (
        a_report(town, a_line("Delta"), a_line("United", 5000)),
        a_report(town, a_line("KLM")),
    )
    work(town)
    united = stored_report(town, old)["transactionList"][1]["transactionID"]
    move = {"action": "move_expense", "reportID": old, "transactionID": united, "to": new}
    town.sandbox.control("expensify", "reports", move)
    before = len(uploads(town))
    work(town)
    bills = [town.posting(old), town.posting(new)]
    assert [(bill.op, bill.state) for bill in bills] == [("amend", State.POSTED)] * 2
    merchants = [[name[11:].split()[0] for name in on_document(town, bill)] for bill in bills]
    assert merchants == [["Delta", "United"], ["KLM", "United"]]
    left = filing.files_of(bills[0])[1]
    assert left.state == ATTACHED and left.left_at is not None
    assert Event.objects.filter(kind="receipt.left", posting=bills[0]).count() == 1
    assert len(uploads(town)) == before + 1, "what hangs there already is not sent again"


def put_in_anew(town: Any, report_id: str) -> dict:
    """A report that is put in anew has new receipts for the same expenses."""
    report = stored_report(town, report_id)
    keep = "reportID reportName accountEmail policyID status created submitted approved".split()
    anew = {name: report[name] for name in keep} | {"transactionList": report["transactionList"]}
    town.sandbox.control("expensify", "reports", anew)
    return report


def test_another_receipt_of_the_same_expense_is_another_file(town):
    report_id = a_report(town, a_line("Delta"))
    work(town)
    (before,) = on_document(town, town.posting(report_id))
    report = put_in_anew(town, report_id)
    edit = {"action": "edit_expense", "reportID": report_id, "fields": {"merchant": "Delta Air"}}
    edit["transactionID"] = report["transactionList"][0]["transactionID"]
    town.sandbox.control("expensify", "reports", edit)
    work(town)
    names = on_document(town, town.posting(report_id))
    assert len(set(names)) == 2 and before in names
    assert Event.objects.get(kind="receipt.replaced").facts["file"] == before


def right_after(monkeypatch: Any, step: str, deed: Any) -> None:
    """Let `deed` happen once a file was fetched, or sent, and before anybody wrote it down."""
    take, taken = getattr(attach, step), []

    def took(*given: Any) -> Any:
        answer = take(*given)
        taken.append(step)
        if len(taken) == 1:
            deed()
        return answer

    monkeypatch.setattr(attach, step, took)


def waiting_receipt(town: Any) -> str:
    """A bill that stands, with one receipt that is yet to be attached, and no other anywhere."""
    work(town)
    report_id = a_report(town, a_line("Delta"))
    faulty(town, QBO, kind="throttle", match=UPLOAD)
    town.poll()
    drain.drain(town.connection.pk)
    Channel.objects.update(not_before=None, breaker_until=None)
    (row,) = rows_of(report_id)
    assert (row.state, row.posting.state) == (WAITING, State.POSTED)
    return report_id


def test_a_receipt_that_is_replaced_while_it_is_sent_hangs_there_beside_the_new_one(
    town, monkeypatch
):
    report_id = waiting_receipt(town)
    first = rows_of(report_id)[0].receipt_id

    def replaced() -> None:
        put_in_anew(town, report_id)
        town.poll()

    right_after(monkeypatch, "_sent", replaced)
    finish(town)
    bill = town.posting(report_id)
    (row,) = rows_of(report_id)
    assert row.receipt_id != first and row.state == ATTACHED
    names = on_document(town, bill)
    assert len(set(names)) == 2 and row.name in names
    (older,) = set(names) - {row.name}
    event = Event.objects.get(kind="receipt.replaced")
    assert (event.facts["file"], event.posting_id) == (older, bill.pk)
    assert f"{older} was left on the document" in event_text(event)


def test_a_receipt_that_is_replaced_while_it_is_fetched_is_not_sent_any_more(town, monkeypatch):
    report_id = waiting_receipt(town)

    def replaced() -> None:
        put_in_anew(town, report_id)
        town.poll()

    right_after(monkeypatch, "_fetched", replaced)
    finish(town)
    (row,) = rows_of(report_id)
    assert on_document(town, town.posting(report_id)) == [row.name]
    assert not Event.objects.filter(kind="receipt.replaced").exists()


def test_a_receipt_whose_expense_leaves_while_it_is_sent_is_told_as_left(town, monkeypatch):
    report_id = waiting_receipt(town)

    def left() -> None:
        ReceiptFile.objects.filter(posting__report__report_id=report_id).update(
            state=NOT_NEEDED, left_at=datetime.now(UTC)
        )

    right_after(monkeypatch, "_sent", left)
    finish(town)
    (name,) = on_document(town, town.posting(report_id))
    assert Event.objects.get(kind="receipt.left").facts["file"] == name


def test_a_receipt_that_comes_later_follows_although_nothing_else_changed(town):
    """Expensify gets the missing receipt of a bill that stands: the bill is right as it is."""
    report_id = a_report(town, a_line("Delta", receiptObject={}))
    work(town)
    bill = town.posting(report_id)
    assert on_document(town, bill) == []
    report = stored_report(town, report_id)
    keep = "reportID reportName accountEmail policyID status created submitted approved".split()
    line = report["transactionList"][0] | {"receiptObject": {"type": "pdf"}}
    town.sandbox.control(
        "expensify", "reports", {n: report[n] for n in keep} | {"transactionList": [line]}
    )
    work(town)
    assert town.posting(report_id).pk == bill.pk, "no amend was needed"
    (name,) = on_document(town, bill)
    assert name.endswith(".pdf")
    as_posted(town)


def test_files_of_a_reversed_document_are_dropped(town):
    signed_out(town)
    work(town)
    bill = town.posting(STORY[cases.RECEIPTS])
    filing.try_again(bill, "ann")
    desk.reverse([bill], "ann", "by mistake")
    finish(town)
    assert {row.state for row in filing.files_of(bill)} == {NOT_NEEDED}
    assert filing.try_again(bill, "ann") == 0


def test_a_flow_that_no_longer_wants_files_drops_those_that_wait(town):
    faulty(town, QBO, kind="throttle", match=UPLOAD)
    town.poll()
    drain.drain(town.connection.pk)
    Flow.objects.update(receipt_files="link")
    finish(town)
    assert states() == {NOT_NEEDED}


def test_a_paused_flow_sends_no_files(town):
    town.poll()
    faulty(town, QBO, kind="throttle", match=UPLOAD)
    drain.drain(town.connection.pk)
    Flow.objects.update(is_paused=True)
    Channel.objects.update(not_before=None)
    assert not drain.work_waits(town.connection.pk)
    Flow.objects.update(is_paused=False)
    finish(town)
    once_attached(town)


def held(posting: Posting, code: str) -> Posting:
    """The posting as the engine leaves it when a person must judge what stands."""
    problem = {"code": code, "field": "document", "message": "Look.", "cure": "Decide."}
    Posting.objects.filter(pk=posting.pk).update(state=State.QUARANTINED, problems=[problem])
    posting.refresh_from_db()
    return posting


def test_a_document_that_a_person_accepts_gets_its_files(town):
    Flow.objects.update(receipt_files="link")
    work(town)
    Flow.objects.update(receipt_files="file")
    bill = held(town.posting(STORY[cases.RECEIPTS]), "ledger.stored_otherwise")
    accept.accept(bill, "ann")
    finish(town)
    assert len(on_document(town, bill)) == 2


def test_a_document_that_a_person_entered_is_left_alone(town):
    town.poll()
    bill = held(town.posting(STORY[cases.RECEIPTS]), "document.twin")
    lines = [{"account": "6110 Hotels", "amount": str(bill.total)}]
    planted = {"kind": "bill", "number": "H-1", "party": bill.party_name, "lines": lines}
    by_hand = town.sandbox.control(QBO, "documents", planted | {"date": bill.date.isoformat()})
    linked = accept.link(bill, by_hand["id"], "ann").posting
    finish(town)
    assert linked.state == State.POSTED and on_document(town, linked) == []
    town.poll()  # nor is it when its report is looked at again
    Report.objects.update(is_due=True)
    work(town)
    assert on_document(town, linked) == []


def test_a_database_that_forgot_finds_its_files_again(town):
    from tests.audit.test_spine import forget

    work(town)
    sent = len(uploads(town))
    ReceiptFile.objects.all().delete()
    forget(town)
    work(town)
    assert len(uploads(town)) == sent
    once_attached(town)
