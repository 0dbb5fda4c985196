"""What people do to our documents in the sandbox: found again, and their words are kept."""

from dataclasses import replace
from decimal import Decimal

import pytest

from connectors.contract.entry import Entry, Kind
from connectors.contract.ledger import Absent, Found, InDoubt, Posted, Refused, Sought
from tests.ledgers.quickbooks_online_company import REALM, expense
from tests.ledgers.test_quickbooks_online_live import (  # noqa: F401 - fixtures
    Desk,
    control,
    desk,
    key,
    posted,
    running,
)


def made_of(desk: Desk, kind: Kind, amount: str = "18.40", **changes) -> Entry:  # noqa: F811
    line = expense(f"-{amount}" if kind.takes_back else amount, desk.account("6120"), text="Taxi")
    return desk.entry(line, kind=kind, **changes)


def edit(desk: Desk, document_id: str, **fields) -> None:  # noqa: F811
    order = {"action": "edit", "fields": fields, "as_user": "Ann Reyes"}
    desk.control(f"documents/{document_id}", order)


def looked_up(desk: Desk, made: Entry, *, receipt=None, was_sent=False):  # noqa: F811
    sent_at = desk.company.as_of if was_sent else None
    one = Sought(key(made), made.kind, desk.rendered(made), sent_at, receipt)
    return desk.ledger.find([one])[key(made)]


# --- found again ----------------------------------------------------------------------------------

KINDS = pytest.mark.parametrize("kind", list(Kind), ids=str)


@KINDS
def test_a_document_whose_number_a_person_edited_is_found_by_its_id(desk, kind):  # noqa: F811
    made = made_of(desk, kind)
    receipt = posted(desk, made).receipt
    edit(desk, receipt.document_id, DocNumber="1187")
    finding = looked_up(desk, made, receipt=receipt)
    assert isinstance(finding, Found)
    (stored,) = finding.stored
    differences = desk.ledger.differences(desk.rendered(made), stored)
    assert [(d.field, d.theirs) for d in differences] == [("number", "1187")]


@KINDS
def test_without_an_id_it_is_found_among_the_documents_of_its_date(desk, kind):  # noqa: F811
    """Our answer was lost and somebody was quick: without this it would be posted twice."""
    made, other = made_of(desk, kind), made_of(desk, kind, report_id="R2")
    receipt, _ = posted(desk, made).receipt, posted(desk, other)
    edit(desk, receipt.document_id, DocNumber="1187")
    finding = looked_up(desk, made, was_sent=True)
    assert isinstance(finding, Found)
    assert [stored.id for stored in finding.stored] == [receipt.document_id]


@KINDS
def test_a_document_without_number_and_memo_is_told_by_its_id(desk, kind):  # noqa: F811
    made = made_of(desk, kind)
    receipt = posted(desk, made).receipt
    edit(desk, receipt.document_id, DocNumber="1", PrivateNote="typed over")
    finding = looked_up(desk, made, receipt=receipt)
    assert isinstance(finding, Found)
    (stored,) = finding.stored
    differences = desk.ledger.differences(desk.rendered(made), stored)
    assert [d.field for d in differences] == ["number", "marker"]


@KINDS
def test_a_document_whose_memo_a_person_emptied_is_found_by_its_number(desk, kind):  # noqa: F811
    made = made_of(desk, kind)
    receipt = posted(desk, made).receipt
    edit(desk, receipt.document_id, PrivateNote="")
    for was_sent in (False, True):
        finding = looked_up(desk, made, was_sent=was_sent)
        assert isinstance(finding, Found)
        (stored,) = finding.stored
        assert stored.id == receipt.document_id
        differences = desk.ledger.differences(desk.rendered(made), stored)
        assert [d.field for d in differences] == ["marker"]


@pytest.mark.parametrize("kind", [Kind.BILL, Kind.EXPENSE], ids=str)
def test_what_the_look_up_by_number_missed_is_a_look_alike_of_itself(desk, kind):  # noqa: F811
    """A database that was restored knows nothing of the first post."""
    made = made_of(desk, kind)
    receipt = posted(desk, made).receipt
    edit(desk, receipt.document_id, DocNumber="1187")
    assert isinstance(looked_up(desk, made), Absent)
    (twin,) = desk.ledger.twins([desk.rendered(made)])[key(made)]
    assert (twin.id, twin.number) == (receipt.document_id, "1187")
    assert desk.ledger.twins([desk.rendered(replace(made, report_id="R2"))]) == {}


def test_an_answer_repeated_after_a_person_deleted_the_bill_is_no_proof(desk):  # noqa: F811
    """The same call again is answered as the first was, whatever became of the document."""
    made = made_of(desk, Kind.BILL)
    call = desk.call(desk.rendered(made))
    first = desk.ledger.post(call)[key(made)]
    desk.control(f"documents/{first.receipt.document_id}", {"action": "delete"})
    control(desk.url, "clock", {"advance_s": 600})
    again = desk.ledger.post(call)[key(made)]
    assert isinstance(again, InDoubt) and again.problem.code == "qbo.answer_repeated"
    assert isinstance(looked_up(desk, made, was_sent=True), Absent)


# --- their words and fields are kept --------------------------------------------------------------


@KINDS
def test_an_amend_keeps_what_people_wrote_beside_our_memo(desk, kind):  # noqa: F811
    made = made_of(desk, kind)
    one = posted(desk, made)
    note = f"Ask Ann first\n{one.stored.raw['PrivateNote']} paid by phone"
    edit(desk, one.receipt.document_id, PrivateNote=note)
    (stored,) = desk.ledger.read([one.receipt]).values()
    assert desk.ledger.differences(desk.rendered(made), stored) == ()
    changed = made_of(desk, kind, "20.15", memo="EXP R00X9oNOn2MO, corrected")
    sent = desk.rendered(changed, stored)
    outcome = desk.ledger.post(desk.call(sent))[key(made)]
    assert isinstance(outcome, Posted), outcome
    marker = f"mlc:{key(made).k(10)}"
    assert outcome.stored.raw["PrivateNote"] == (
        f"Ask Ann first\nEXP R00X9oNOn2MO, corrected {marker} paid by phone"
    )
    assert desk.ledger.differences(sent, outcome.stored) == ()


def test_what_was_billed_to_a_customer_is_left_as_it_is(desk):  # noqa: F811
    globex = desk.value("customer", "Globex")
    made = desk.entry(expense("96.00", desk.account("5100"), globex, billable=True))
    receipt = posted(desk, made).receipt
    desk.control(f"documents/{receipt.document_id}", {"action": "bill"})
    (stored,) = desk.ledger.read([receipt]).values()
    assert stored.linked and desk.ledger.differences(desk.rendered(made), stored) == ()
    less = desk.entry(expense("90.00", desk.account("5100"), globex, billable=True))
    (problem,) = desk.ledger.render(less, key(less), desk.company.facts, stored)
    assert problem.code == "qbo.amend_billed"


def test_what_people_changed_while_we_looked_is_read_again(desk):  # noqa: F811
    made = made_of(desk, Kind.BILL)
    one = posted(desk, made)
    edit(desk, one.receipt.document_id, PrivateNote=f"{one.stored.raw['PrivateNote']} seen")
    sent = desk.rendered(made_of(desk, Kind.BILL, "20.15"), one.stored)
    outcome = desk.ledger.post(desk.call(sent))[key(made)]
    assert isinstance(outcome, Refused) and outcome.again == "reread"


# --- a company that was changed meanwhile ---------------------------------------------------------


def test_multicurrency_switched_on_meanwhile_changes_nobodys_money(desk):  # noqa: F811
    """Without its currency the bill would be refused, or taken in that of its vendor."""
    desk.control(f"companies/{REALM}", {"multicurrency": True})
    assert desk.company.facts["multicurrency"] is False, "we have not looked since"
    outcome = posted(desk, made_of(desk, Kind.BILL))
    assert (outcome.stored.currency, outcome.stored.total) == ("USD", Decimal("18.40"))


def test_a_result_too_large_for_one_answer_hides_no_document(desk):  # noqa: F811
    desk.control("settings", {"limits": False, "largest_result": 11})
    entries = [made_of(desk, Kind.BILL, report_id=f"R{number}") for number in range(25)]
    payloads = [desk.rendered(made) for made in entries]
    assert all(isinstance(one, Posted) for one in desk.ledger.post(desk.call(*payloads)).values())
    findings = desk.ledger.find([Sought(p.marker, p.kind, p) for p in payloads])
    assert all(isinstance(one, Found) for one in findings.values())
