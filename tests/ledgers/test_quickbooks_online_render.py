"""What an entry becomes in QuickBooks, byte for byte, and what is refused before it is sent."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import exact_json
from connectors.contract.entry import DimensionRef, Entry, Kind, Ref
from connectors.contract.ledger import Op, Payload
from connectors.ledgers.quickbooks_online.abilities import ABILITIES
from tests.ledgers.quickbooks_online_company import (
    AIRFARE,
    BEN,
    BERLIN,
    CARD,
    CLEARING,
    CONSULTING,
    DUE_FROM,
    EQUIPMENT,
    GLOBEX,
    GRACE,
    HOTELS,
    INES,
    MEALS,
    NEW_YORK,
    NO_VAT,
    PAYABLE,
    RECEIVABLE,
    SALES,
    TAXI,
    UK,
    US,
    VAT20,
    as_stored,
    document,
    entry,
    expense,
    ledger,
    mark,
    offset,
    payload,
    tax_line,
)

GOLDEN = Path(__file__).parent / "golden" / "quickbooks_online"

ENTRIES: dict[str, tuple[Entry, dict]] = {
    "bill": (
        entry(
            expense("412.30", AIRFARE, CONSULTING, GLOBEX, billable=True, text="Flight to Berlin"),
            expense("18.45", MEALS, SALES, text="Dinner, EUR 16.90 @ 1.0917"),
            expense("-12.50", TAXI, CONSULTING, text="Taxi, refunded"),
            dimensions=(NEW_YORK,),
            due_date=date(2026, 11, 4),
        ),
        US,
    ),
    "card_charge": (
        entry(
            expense("96.20", HOTELS, CONSULTING, text="Hotel Ibis"),
            kind=Kind.EXPENSE,
            slice_name="card:4056343049275634494",
            dimensions=(BERLIN,),
            memo="Hotel Ibis, Ben Ito",
        ),
        US,
    ),
    "card_credit": (
        entry(
            expense("-96.20", HOTELS, CONSULTING, text="Hotel Ibis, refund"),
            kind=Kind.CARD_CREDIT,
            slice_name="card:4056343049275634495",
            party=None,
        ),
        US,
    ),
    "vendor_credit": (
        entry(
            expense("-50.00", AIRFARE, text="Flight, refunded"),
            expense("12.00", TAXI, text="Taxi"),
            kind=Kind.CREDIT,
        ),
        US,
    ),
    "journal": (
        entry(
            expense("412.30", AIRFARE, CONSULTING, NEW_YORK, GLOBEX, text="Flight to Berlin"),
            expense("-12.50", TAXI, text="Taxi, refunded"),
            expense("30.00", DUE_FROM, text="Cash advance", party=GRACE),
            offset("-333.60", text="Ben Ito"),
            offset("-96.20", CARD, text="Visa ..4242"),
            kind=Kind.JOURNAL,
        ),
        US,
    ),
    "bill_with_vat": (
        entry(
            expense("100.00", HOTELS, tax_code=VAT20, text="Hotel, net"),
            expense("7.00", MEALS, tax_code=NO_VAT, text="Tips"),
            tax_line("19.98"),
            currency="GBP",
        ),
        UK,
    ),
    "bill_in_euro": (
        entry(currency="EUR", rate=Decimal("1.0832")),
        US | {"multicurrency": True},
    ),
}


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_becomes_exactly_the_golden_body(name):
    made, facts = ENTRIES[name]
    golden = exact_json.loads((GOLDEN / f"{name}.json").read_text())
    sent = ledger().render(made, mark(), facts)
    assert isinstance(sent, Payload), sent
    assert sent.body == exact_json.dumps(golden["body"])
    assert [_said(line) for line in made.lines] == golden["entry"]
    assert (sent.kind, sent.op, sent.number) == (made.kind, Op.POST, golden["body"]["DocNumber"])


def _said(line) -> str:
    """A line as an accountant writes it."""
    side = "C" if line.amount < 0 else "D"
    names = [d.value.name for d in line.dimensions] + [r.name for r in (line.party,) if r]
    names += [line.tax_code.name] if line.tax_code else []
    return " ".join(
        [side, line.account.label, f"{abs(line.amount):f}", *(f"[{name}]" for name in names)]
    )


# --- numbers, markers, texts ----------------------------------------------------------------------


def test_a_number_says_report_and_marker_and_fits():
    sent = payload(1)
    assert sent.number == f"R1-{mark(1).k(8)}"
    long = ledger().render(entry(report_id="8842193377105521"), mark(), US)
    assert long.number.endswith(f"-{mark().k(8)}") and len(long.number) <= 21


@given(st.from_regex(r"[A-Za-z0-9]{1,24}", fullmatch=True), st.integers(1, 10**19))
def test_numbers_always_fit_and_are_never_cut(report_id, transaction):
    bill = ledger().render(entry(report_id=report_id), mark(), US)
    charge = ledger().render(
        entry(kind=Kind.EXPENSE, slice_name=f"card:{transaction}", report_id=report_id), mark(), US
    )
    assert len(bill.number) <= 21 and len(charge.number) <= 21
    assert bill.number[-8:] == mark().k(8) and charge.number[-7:] == mark().k(7)


def test_the_memo_is_cut_and_its_marker_is_not():
    sent = ledger().render(entry(memo="m" * 5000), mark(), US)
    note = exact_json.loads(sent.body)["PrivateNote"]
    assert len(note) == 4000
    assert note.endswith(f"… mlc:{mark().k(10)}")
    assert [(cut.field, len(cut.before), len(cut.after)) for cut in sent.cuts] == [
        ("memo", 5000, 3985)
    ]


def test_line_texts_are_cut_by_the_units_that_quickbooks_counts():
    sent = ledger().render(entry(expense("1.00", text="𝄞" * 2500)), mark(), US)
    text = exact_json.loads(sent.body)["Line"][0]["Description"]
    assert len(text.encode("utf-16-le")) // 2 <= 4000 and text.endswith("…")
    assert sent.cuts[0].field == "lines[0].text"


def test_characters_that_quickbooks_cannot_store_are_taken_out_and_told():
    sent = ledger().render(entry(expense("1.00", text="Taxi\x00\x1b\ud800 魏")), mark(), US)
    assert exact_json.loads(sent.body)["Line"][0]["Description"] == "Taxi 魏"
    assert sent.cuts[0].after == "Taxi 魏"


@given(st.decimals("0.01", "99999.99", places=2))
def test_amounts_reach_the_body_to_the_cent(amount):
    sent = ledger().render(entry(expense(str(amount))), mark(), US)
    assert exact_json.loads(sent.body)["Line"][0]["Amount"] == amount
    assert f'"Amount":{amount:f}' in sent.body


def test_the_same_entry_gives_the_same_bytes():
    made, facts = ENTRIES["bill"]
    assert ledger().render(made, mark(), facts) == ledger().render(made, mark(), facts)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_of_the_contract_is_rendered(kind):
    sign = "-" if kind.takes_back else ""
    sent = ledger().render(entry(expense(f"{sign}5.00"), kind=kind), mark(), US)
    assert isinstance(sent, Payload)
    assert kind in ABILITIES.kinds


# --- what cannot be expressed ---------------------------------------------------------------------

TWO_PAYABLES = (expense("10.00"), offset("-4.00"), offset("-6.00", CLEARING))

REFUSED = {
    "two accounts on the credit side": (entry(*TWO_PAYABLES), US, "qbo.offset_lines"),
    "a negative bill": (entry(expense("-5.00")), US, "qbo.total_sign"),
    "a positive credit": (entry(expense("5.00"), kind=Kind.CREDIT), US, "qbo.total_sign"),
    "a receivable on a line": (entry(expense("5.00", RECEIVABLE)), US, "qbo.account_type"),
    "a bank behind a card charge": (
        entry(expense("5.00"), offset("-5.00", PAYABLE), kind=Kind.EXPENSE),
        US,
        "qbo.account_type",
    ),
    "no vendor": (entry(party=None), US, "qbo.party_missing"),
    "an employee as payee": (entry(party=GRACE), US, "qbo.party_kind"),
    "a customer as payee": (entry(party=INES), US, "qbo.party_kind"),
    "bills switched off": (entry(), US | {"bills": False}, "qbo.bills_off"),
    "a foreign currency": (entry(currency="EUR"), US, "qbo.currency"),
    "due before its date": (entry(due_date=date(2026, 10, 19)), US, "qbo.due_before_date"),
    "location on a line": (entry(expense("5.00", TAXI, BERLIN)), US, "qbo.dimension_place"),
    "class on the header": (entry(dimensions=(CONSULTING,)), US, "qbo.dimension_place"),
    "location on a journal's header": (
        entry(kind=Kind.JOURNAL, dimensions=(BERLIN,)),
        US,
        "qbo.dimension_place",
    ),
    "an unknown dimension": (
        entry(expense("5.00", TAXI, DimensionRef("fund", Ref("1")))),
        US,
        "qbo.dimension_place",
    ),
    "classes switched off": (
        entry(expense("5.00", TAXI, CONSULTING)),
        US | {"classes": "off"},
        "qbo.dimension_off",
    ),
    "locations switched off": (
        entry(dimensions=(BERLIN,)),
        US | {"departments": False},
        "qbo.dimension_off",
    ),
    "customers switched off": (
        entry(expense("5.00", TAXI, GLOBEX)),
        US | {"customers": False},
        "qbo.dimension_off",
    ),
    "two classes where one is kept": (
        entry(expense("5.00", TAXI, CONSULTING), expense("6.00", TAXI, SALES)),
        US | {"classes": "document"},
        "qbo.one_class",
    ),
    "three decimals": (
        entry(expense("5.125"), currency="KWD"),
        US | {"multicurrency": True},
        "qbo.decimals",
    ),
    "billable without a customer": (entry(expense("5.00", billable=True)), US, "qbo.billable"),
    "billable where it is switched off": (
        entry(expense("5.00", TAXI, GLOBEX, billable=True)),
        US | {"billable": False},
        "qbo.billable",
    ),
    "billable on an asset": (
        entry(expense("5.00", EQUIPMENT, GLOBEX, billable=True)),
        US,
        "qbo.billable",
    ),
    "a journal's payable without vendor": (
        entry(kind=Kind.JOURNAL, party=None),
        US,
        "qbo.journal_name",
    ),
    "a journal's payable for an employee": (
        entry(kind=Kind.JOURNAL, party=GRACE),
        US,
        "qbo.journal_name",
    ),
    "a journal's receivable without customer": (
        entry(expense("5.00", RECEIVABLE), kind=Kind.JOURNAL),
        US,
        "qbo.journal_name",
    ),
    "two names on a journal's line": (
        entry(expense("5.00", DUE_FROM, GLOBEX, party=GRACE), kind=Kind.JOURNAL),
        US,
        "qbo.journal_name",
    ),
    "tax in the United States": (
        entry(expense("5.00", tax_code=VAT20, tax_amount=Decimal("0.50"))),
        US,
        "qbo.tax_us",
    ),
    "tax in a journal": (
        entry(expense("5.00", tax_code=VAT20), tax_line("1.00"), kind=Kind.JOURNAL, currency="GBP"),
        UK,
        "qbo.tax_journal",
    ),
    "a line without tax code": (
        entry(expense("5.00", tax_code=VAT20), expense("1.00"), tax_line("1.00"), currency="GBP"),
        UK,
        "qbo.tax_code_missing",
    ),
    "tax without a code": (
        entry(
            expense("5.00", tax_code=VAT20),
            tax_line("1.00", code=None, transaction_id="7"),
            currency="GBP",
        ),
        UK,
        "qbo.tax_code_missing",
    ),
    "tax that is stated twice and differs": (
        entry(
            expense("5.00", tax_code=VAT20, tax_amount=Decimal("0.90")),
            tax_line("1.00"),
            currency="GBP",
        ),
        UK,
        "qbo.tax_sum",
    ),
    "a code without purchase rate": (
        entry(expense("5.00", tax_code=NO_VAT), tax_line("1.00", NO_VAT), currency="GBP"),
        UK,
        "qbo.tax_rate_missing",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_quickbooks_cannot_express_is_a_problem_with_a_cure(case):
    made, facts, code = REFUSED[case]
    problems = ledger().render(made, mark(), facts)
    assert isinstance(problems, tuple)
    assert code in [problem.code for problem in problems]
    for problem in problems:
        assert problem.message and problem.cure and problem.field
        assert "posted" in problem.message or "left" in problem.message


def test_all_problems_are_told_at_once():
    problems = ledger().render(
        entry(expense("-5.00", TAXI, BERLIN), party=None, currency="EUR"), mark(), US
    )
    assert {p.code for p in problems} >= {
        "qbo.total_sign",
        "qbo.party_missing",
        "qbo.currency",
        "qbo.dimension_place",
    }


def test_an_unknown_setting_is_left_to_quickbooks():
    assert isinstance(ledger().render(ENTRIES["bill"][0], mark(), {}), Payload)


# --- tax ------------------------------------------------------------------------------------------


def _taxed(*lines, **changes):
    sent = ledger().render(entry(*lines, currency="GBP", **changes), mark(), UK)
    assert isinstance(sent, Payload), sent
    return exact_json.loads(sent.body)


def test_tax_inside_a_line_is_taken_out_of_its_net_amount():
    body = _taxed(expense("120.00", tax_code=VAT20, tax_amount=Decimal("19.98")))
    assert body["Line"][0]["Amount"] == Decimal("100.02")
    assert body["TxnTaxDetail"]["TotalTax"] == Decimal("19.98")


def test_a_code_of_two_rates_shares_its_tax_out_without_losing_a_penny():
    group = Ref("11", "GST/PST", kind="tax_code")
    body = _taxed(expense("100.00", tax_code=group), tax_line("12.01", group))
    lines = body["TxnTaxDetail"]["TaxLine"]
    assert [line["TaxLineDetail"]["TaxRateRef"]["value"] for line in lines] == ["21", "22"]
    assert sum(line["Amount"] for line in lines) == Decimal("12.01")


def test_a_code_without_tax_says_zero_so_that_none_is_added():
    body = _taxed(expense("100.00", tax_code=VAT20))
    assert body["GlobalTaxCalculation"] == "TaxExcluded"
    assert body["TxnTaxDetail"]["TotalTax"] == 0
    assert [line["Amount"] for line in body["TxnTaxDetail"]["TaxLine"]] == [0]


def test_no_tax_at_all_is_said_expressly_where_the_company_has_tax():
    body = _taxed(expense("100.00"))
    assert body["GlobalTaxCalculation"] == "NotApplicable" and "TxnTaxDetail" not in body


def test_the_tax_of_a_credit_is_positive_as_its_lines_are():
    body = _taxed(expense("-100.00", tax_code=VAT20), tax_line("-20.00"), kind=Kind.CREDIT)
    assert body["Line"][0]["Amount"] == 100
    assert body["TxnTaxDetail"]["TotalTax"] == 20
    assert body["TxnTaxDetail"]["TaxLine"][0]["TaxLineDetail"]["NetAmountTaxable"] == 100


# --- amending -------------------------------------------------------------------------------------


def _amended(made, current):
    sent = ledger().render(made, mark(), US, current)
    assert isinstance(sent, Payload), sent
    return sent, exact_json.loads(sent.body)


def test_an_amend_keeps_what_people_added_and_sets_what_is_ours():
    made = ENTRIES["bill"][0]
    raw = as_stored(ledger().render(made, mark(), US), version="4")
    raw |= {
        "SalesTermRef": {"value": "3", "name": "Net 15"},
        "CustomField": [{"DefinitionId": "1", "StringValue": "Q4"}],
        "PrivateNote": "typed over",
        "DepartmentRef": {"value": "2", "name": "Berlin"},
    }
    raw["Line"][0]["AccountBasedExpenseLineDetail"]["MarkupInfo"] = {"Percent": Decimal("5")}
    raw["Line"].insert(1, {"Id": "9", "DetailType": "DescriptionOnly", "Description": "see mail"})
    changed = replace(made, lines=(*made.lines[:1], *made.lines[2:-1], offset("-399.80")))
    sent, body = _amended(changed, document(payload(), **raw))
    assert (sent.op, sent.document_id, sent.version) == (Op.AMEND, "1207", "4")
    assert (body["Id"], body["SyncToken"]) == ("1207", "4")
    assert body["SalesTermRef"] == {"value": "3", "name": "Net 15"}
    assert body["CustomField"] == raw["CustomField"]
    assert body["DepartmentRef"] == {"value": "1"}
    assert body["PrivateNote"].endswith(f"mlc:{mark().k(10)}")
    assert [line.get("Id") for line in body["Line"]] == ["1", "9", "3"]
    assert body["Line"][0]["AccountBasedExpenseLineDetail"]["MarkupInfo"] == {"Percent": 5}
    assert not set(body) & {"TotalAmt", "Balance", "MetaData", "LinkedTxn", "domain", "sparse"}
    assert not any("LineNum" in line or "LinkedTxn" in line for line in body["Line"])


def test_an_amend_removes_what_the_entry_no_longer_has():
    before = ledger().render(
        entry(expense("5.00", TAXI, CONSULTING), dimensions=(BERLIN,)), mark(), US
    )
    _, body = _amended(entry(expense("5.00", TAXI)), document(before))
    assert "DepartmentRef" not in body
    assert "ClassRef" not in body["Line"][0]["AccountBasedExpenseLineDetail"]
    assert body["Line"][0]["Id"] == "1"


def test_lines_find_their_own_again_whatever_moved():
    before = entry(
        expense("5.00", TAXI, text="Taxi"),
        expense("7.00", TAXI, text="Taxi"),
        expense("9.00", HOTELS, text="Hotel"),
    )
    after = entry(
        expense("9.00", HOTELS, text="Hotel, corrected text"),
        expense("7.00", TAXI, text="Taxi"),
        expense("5.50", TAXI, text="Taxi"),
        expense("1.00", MEALS, text="Coffee"),
    )
    _, body = _amended(after, document(ledger().render(before, mark(), US)))
    assert [line.get("Id") for line in body["Line"]] == ["3", "2", "1", None]


def test_lines_that_are_alike_keep_one_id_each():
    made = entry(expense("5.00", text="Taxi"), expense("5.00", text="Taxi"))
    _, body = _amended(made, document(ledger().render(made, mark(), US)))
    assert [line["Id"] for line in body["Line"]] == ["1", "2"]


def test_a_purchase_is_amended_without_its_internal_part():
    made = ENTRIES["card_charge"][0]
    sent = ledger().render(made, mark(), US)
    current = document(sent, PurchaseEx={"any": []}, PrintStatus="NotSet")
    _, body = _amended(made, current)
    assert "PurchaseEx" not in body and body["PrintStatus"] == "NotSet"


def test_a_stored_body_whose_amounts_became_text_is_amended_with_numbers():
    made = entry(expense("5.00", text="a"))
    raw = exact_json.plain(as_stored(ledger().render(made, mark(), US)) | {"ExchangeRate": "1.07"})
    sent, body = _amended(made, document(payload(), **raw))
    assert body["ExchangeRate"] == Decimal("1.07")
    assert '"Amount":5.00' in sent.body


def test_a_due_date_of_the_terms_is_kept_unless_it_would_lie_before_the_bill():
    current = document(payload(), DueDate="2026-11-04")
    assert _amended(entry(), current)[1]["DueDate"] == "2026-11-04"
    assert "DueDate" not in _amended(entry(date=date(2026, 11, 5)), current)[1]


def _billed(raw):
    raw["Line"][0]["AccountBasedExpenseLineDetail"]["BillableStatus"] = "HasBeenBilled"


def _item_line(raw):
    raw["Line"].append({"Id": "2", "Amount": 5, "DetailType": "ItemBasedExpenseLineDetail"})


@pytest.mark.parametrize(
    ("change", "code"),
    [(_billed, "qbo.amend_billed"), (_item_line, "qbo.amend_foreign_line")],
    ids=["a line billed to a customer", "a line with an item"],
)
def test_what_an_amend_would_destroy_is_a_problem(change, code):
    raw = as_stored(payload())
    change(raw)
    problems = ledger().render(entry(), mark(), US, document(payload(), **raw))
    assert [p.code for p in problems] == [code]


def test_a_document_of_another_kind_is_not_amended():
    problems = ledger().render(
        entry(expense("-1"), kind=Kind.CREDIT), mark(), US, document(payload())
    )
    assert [p.code for p in problems] == ["qbo.amend_kind"]


def test_the_party_of_a_charge_may_be_of_any_kind():
    for party, kind in ((BEN, "Vendor"), (INES, "Customer"), (GRACE, "Employee")):
        sent = ledger().render(entry(kind=Kind.EXPENSE, party=party), mark(), US)
        assert exact_json.loads(sent.body)["EntityRef"] == {"value": party.id, "type": kind}
