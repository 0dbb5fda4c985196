"""Documents as QuickBooks stored them, in our words, and where they differ from what was sent."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from connectors.contract import exact_json
from connectors.contract.entry import Kind
from connectors.ledgers.quickbooks_online import parse
from tests.ledgers.quickbooks_online_company import (
    CONSULTING,
    GLOBEX,
    NEW_YORK,
    TAXI,
    US,
    as_stored,
    document,
    entry,
    expense,
    ledger,
    mark,
    payload,
)

# --- documents as stored --------------------------------------------------------------------------


def test_a_stored_bill_reads_in_our_words():
    made = entry(expense("18.40", TAXI, CONSULTING, GLOBEX), dimensions=(NEW_YORK,))
    stored = document(ledger().render(made, mark(), US), DueDate="2026-11-04")
    assert (stored.kind, stored.id, stored.version) == (Kind.BILL, "1207", "0")
    assert (stored.total, stored.currency, stored.party_id) == (Decimal("18.40"), "USD", "56")
    assert stored.offset_account_id == "33" and stored.dimensions == {"department": "1"}
    assert stored.due_date == date(2026, 11, 4)
    assert stored.edited_at == datetime(2026, 11, 2, 9, 15, 30, tzinfo=UTC)
    assert stored.link == "https://qbo.example/app/bill?txnId=1207"
    (line,) = stored.lines
    assert (line.account_id, line.amount, line.text) == (
        TAXI.id,
        Decimal("18.40"),
        "Ground Transport",
    )
    assert line.dimensions == {"class": CONSULTING.value.id, "customer": "26"}


@pytest.mark.parametrize("kind", [Kind.CREDIT, Kind.CARD_CREDIT])
def test_credits_are_negative_as_in_the_entry(kind):
    made = entry(expense("-50.00"), kind=kind)
    stored = document(ledger().render(made, mark(), US))
    assert stored.kind is kind
    assert stored.total == made.total == Decimal("-50.00")
    assert stored.lines[0].amount == Decimal("-50.00")


def test_a_journals_lines_have_the_sides_of_the_entry():
    made = entry(expense("20.00"), expense("-5.00"), kind=Kind.JOURNAL)
    stored = document(ledger().render(made, mark(), US))
    assert [line.amount for line in stored.lines] == [line.amount for line in made.lines]
    assert stored.total == Decimal("20.00") and stored.party_id == "56"


STATES = {
    "open": ({}, (False, False, "active")),
    "partly paid": ({"Balance": Decimal("10")}, (True, False, "active")),
    "paid": ({"Balance": 0}, (True, False, "active")),
    "linked to a payment": (
        {"LinkedTxn": [{"TxnId": "118", "TxnType": "BillPaymentCheck"}]},
        (True, False, "active"),
    ),
    "linked to something else": (
        {"LinkedTxn": [{"TxnId": "119", "TxnType": "PurchaseOrder"}]},
        (False, True, "active"),
    ),
    "nothing was ever owed": ({"Balance": 0, "TotalAmt": 0}, (False, False, "active")),
    "voided by a person": (
        {"Balance": 0, "TotalAmt": 0, "PrivateNote": "Voided - x"},
        (False, False, "voided"),
    ),
}


@pytest.mark.parametrize("case", STATES)
def test_whether_a_document_is_free_to_change_is_told(case):
    fields, expected = STATES[case]
    stored = document(payload(), **fields)
    assert (stored.paid, stored.linked, stored.status) == expected


def test_a_billed_line_holds_the_document():
    raw = as_stored(payload())
    raw["Line"][0]["AccountBasedExpenseLineDetail"]["BillableStatus"] = "HasBeenBilled"
    assert parse.stored("Bill", raw, "", "USD").linked


def test_a_single_currency_company_may_leave_the_currency_unsaid():
    raw = as_stored(payload())
    del raw["CurrencyRef"]
    assert parse.stored("Bill", raw, "", "USD").currency == "USD"


# --- differences ----------------------------------------------------------------------------------

FULL = entry(
    expense("18.40", TAXI, CONSULTING, GLOBEX, text="Taxi"),
    expense("5.00", TAXI, text="Tram"),
    dimensions=(NEW_YORK,),
    due_date=date(2026, 11, 4),
)
SENT = ledger().render(FULL, mark(), US)


def test_a_document_as_sent_has_no_differences():
    raw = as_stored(SENT)
    for line in raw["Line"]:
        line["AccountBasedExpenseLineDetail"] |= {
            "TaxCodeRef": {"value": "NON"},
            "BillableStatus": "NotBillable",
        }
    stored = document(SENT, **raw, SalesTermRef={"value": "3"})
    assert ledger().differences(SENT, stored) == ()


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_comes_back_as_it_was_sent(kind):
    made = entry(expense("-5.00" if kind.takes_back else "5.00"), kind=kind)
    sent = ledger().render(made, mark(), US)
    assert ledger().differences(sent, document(sent)) == ()


def test_amounts_that_rested_in_a_column_as_text_are_no_difference():
    stored = document(SENT, **exact_json.plain(as_stored(SENT)))
    assert ledger().differences(SENT, stored) == ()


HEADER_EDITS = {
    "date": {"TxnDate": "2026-10-21"},
    "number": {"DocNumber": "1187"},
    "marker": {"PrivateNote": "typed over"},
    "due_date": {"DueDate": "2026-11-30"},
    "party": {"VendorRef": {"value": "57", "name": "Chloé Martin"}},
    "payable_account": {"APAccountRef": {"value": "34"}},
    "department": {"DepartmentRef": {"value": "2", "name": "Berlin"}},
    "total": {"TotalAmt": Decimal("24.40")},
}


@pytest.mark.parametrize("field", HEADER_EDITS)
def test_an_edit_of_our_header_is_a_difference(field):
    stored = document(SENT, **HEADER_EDITS[field])
    assert [d.field for d in ledger().differences(SENT, stored)] == [field]


LINE_EDITS = {
    "lines[0].amount": {"Amount": Decimal("1")},
    "lines[0].description": {"Description": "Limousine"},
    "lines[0].account": {"AccountRef": {"value": "60"}},
    "lines[0].class": {"ClassRef": {"value": "7"}},
    "lines[0].customer": {"CustomerRef": {"value": "8"}},
    "lines[0].tax_code": {"TaxCodeRef": {"value": "TAX"}},
    "lines[0].billable": {"BillableStatus": "Billable"},
}


@pytest.mark.parametrize("field", LINE_EDITS)
def test_an_edit_of_our_line_is_a_difference(field):
    raw = as_stored(SENT)
    line, edit = raw["Line"][0], LINE_EDITS[field]
    target = line if set(edit) & {"Amount", "Description"} else line[line["DetailType"]]
    target |= edit
    stored = document(SENT, **raw)
    assert [d.field for d in ledger().differences(SENT, stored)] == [field]


def test_a_dimension_that_was_dropped_or_added_is_a_difference():
    raw = as_stored(SENT)
    del raw["Line"][0]["AccountBasedExpenseLineDetail"]["ClassRef"]
    raw["Line"][1]["AccountBasedExpenseLineDetail"]["ClassRef"] = {"value": "7", "name": "Sales"}
    found_differences = ledger().differences(SENT, document(SENT, **raw))
    assert [(d.field, d.ours, d.theirs) for d in found_differences] == [
        ("lines[0].class", CONSULTING.value.id, ""),
        ("lines[1].class", "", "Sales"),
    ]


def test_a_currency_that_is_left_unsaid_is_no_difference():
    sent = ledger().render(entry(), mark(), US | {"multicurrency": True})
    raw = as_stored(sent)
    assert ledger().differences(sent, document(sent, CurrencyRef={"value": "EUR"})) != ()
    del raw["CurrencyRef"]
    assert ledger().differences(sent, parse.stored("Bill", raw, "", "USD")) == ()


def test_a_line_more_or_less_is_a_difference_and_a_comment_is_none():
    raw = as_stored(SENT)
    raw["Line"].insert(0, {"Id": "9", "DetailType": "DescriptionOnly", "Description": "mail"})
    assert ledger().differences(SENT, document(SENT, **raw)) == ()
    raw["Line"].pop()
    assert [d.field for d in ledger().differences(SENT, document(SENT, **raw))] == ["lines"]


def test_a_journals_side_is_a_field_of_ours():
    sent = ledger().render(entry(expense("5.00"), kind=Kind.JOURNAL), mark(), US)
    raw = as_stored(sent)
    raw["Line"][0]["JournalEntryLineDetail"]["PostingType"] = "Credit"
    assert [d.field for d in ledger().differences(sent, document(sent, **raw))] == ["lines[0].side"]


def test_a_document_that_should_be_gone_and_stands_is_a_difference():
    sent = ledger().cancel(document(payload()), "delete", mark())
    assert [d.field for d in ledger().differences(sent, document(payload()))] == ["status"]
