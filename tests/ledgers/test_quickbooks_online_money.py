"""Where money could change without a word: currency, rate, tax by rate, decimals, swapped sides."""

from datetime import date
from decimal import Decimal

import pytest

from connectors.contract import exact_json
from connectors.contract.entry import Kind, Ref
from connectors.contract.ledger import Cut, Payload
from connectors.ledgers.quickbooks_online import parse
from tests.ledgers.quickbooks_online_company import (
    BEN,
    CARD,
    CLEARING,
    GLOBEX,
    NO_VAT,
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

EURO = US | {"country": "DE", "usa": False, "home_currency": "EUR", "multicurrency": True}
GST = Ref("12", "GST", kind="tax_code")
GST_PST = Ref("11", "GST/PST", kind="tax_code")
CANADA = UK | {
    "tax_codes": UK["tax_codes"] | {"12": {"name": "GST", "rates": [{"id": "21", "percent": "5"}]}}
}


def rendered(made, facts=US, current=None) -> Payload:
    sent = ledger().render(made, mark(), facts, current)
    assert isinstance(sent, Payload), sent
    return sent


def body_of(made, facts=US, current=None) -> dict:
    return exact_json.loads(rendered(made, facts, current).body)


def codes(made, facts) -> list[str]:
    problems = ledger().render(made, mark(), facts)
    assert not isinstance(problems, Payload)
    return [problem.code for problem in problems]


# --- currency and rate ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(Kind))
def test_every_document_names_its_currency(kind):
    """Left out in a company with multicurrency, the payee's would count, one to one."""
    made = entry(expense("-5.00" if kind.takes_back else "5.00"), kind=kind)
    assert body_of(made)["CurrencyRef"] == {"value": "USD"}


def test_a_rate_is_sent_for_foreign_money_only():
    rate = Decimal("0.9264")
    assert body_of(entry(currency="USD", rate=rate), EURO)["ExchangeRate"] == rate
    assert "ExchangeRate" not in body_of(entry(currency="EUR", rate=rate), EURO)
    assert "ExchangeRate" not in body_of(entry(currency="USD"), EURO)


AMENDS = {
    "same day and currency": (entry(currency="USD"), {}, Decimal("0.93")),
    "another day": (entry(currency="USD", date=date(2026, 10, 27)), {}, None),
    "another currency": (entry(currency="USD"), {"CurrencyRef": {"value": "GBP"}}, None),
    "a rate of the flow": (entry(currency="USD", rate=Decimal("0.95")), {}, Decimal("0.95")),
}


@pytest.mark.parametrize("case", AMENDS)
def test_an_amend_keeps_the_rate_of_its_day_and_currency_alone(case):
    """QuickBooks' rate of another day or another currency would value the new document."""
    made, fields, expected = AMENDS[case]
    before = {"CurrencyRef": {"value": "USD"}, "ExchangeRate": Decimal("0.93")}
    current = document(payload(), **before | fields)
    assert body_of(made, EURO, current).get("ExchangeRate") == expected


def test_a_currency_left_unsaid_is_that_of_the_company():
    sent = rendered(entry(currency="EUR"), EURO)
    raw = as_stored(sent)
    del raw["CurrencyRef"]
    assert ledger().differences(sent, parse.stored("Bill", raw, "", "EUR")) == ()
    (found,) = ledger().differences(sent, parse.stored("Bill", raw, "", "USD"))
    assert (found.field, found.ours, found.theirs) == ("currency", "EUR", "USD")


@pytest.mark.parametrize(
    ("stored", "is_same"),
    [("1.0832", True), ("1.08316", False), ("1.083214", True), ("1", False), (None, False)],
)
def test_a_rate_may_be_stored_shorter_but_not_as_another(stored, is_same):
    sent = rendered(entry(currency="USD", rate=Decimal("1.083214")), EURO)
    rate = {} if stored is None else {"ExchangeRate": Decimal(stored)}
    raw = {k: v for k, v in as_stored(sent).items() if k != "ExchangeRate"} | rate
    raw["CurrencyRef"] = {"value": "USD"}
    found = ledger().differences(sent, parse.stored("Bill", raw, "", "EUR"))
    assert [d.field for d in found] == ([] if is_same else ["exchange_rate"])


# --- tax ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("facts", "currency"), [(US, "USD"), (UK, "GBP")], ids=["US", "UK"])
def test_a_journal_leaves_out_codes_without_tax_and_says_so(facts, currency):
    """A flow's code for lines without tax is on every line; a journal has no place for it."""
    lines = (expense("5.00", tax_code=NO_VAT), expense("7.00", tax_code=VAT20))
    sent = rendered(entry(*lines, kind=Kind.JOURNAL, currency=currency), facts)
    assert sent.cuts == (Cut("lines.tax_code", "No VAT, 20.0% S", ""),)
    body = exact_json.loads(sent.body)
    assert "Tax" not in sent.body and "GlobalTaxCalculation" not in body


@pytest.mark.parametrize(
    ("lines", "facts", "code"),
    [
        ((expense("5.00", tax_code=VAT20), tax_line("1.00")), UK, "qbo.tax_journal"),
        ((expense("6.00", tax_amount=Decimal("1.00")),), UK, "qbo.tax_journal"),
        ((expense("6.00", tax_amount=Decimal("1.00")),), US, "qbo.tax_us"),
    ],
    ids=["a tax line", "tax inside a line", "tax in the United States"],
)
def test_a_journal_with_tax_is_refused(lines, facts, code):
    currency = facts["home_currency"]
    assert codes(entry(*lines, kind=Kind.JOURNAL, currency=currency), facts) == [code]


def test_a_problem_with_tax_names_its_lines_as_quickbooks_would_count_them():
    """Tax stands on no line of its own there."""
    made = entry(
        expense("5.00", tax_code=VAT20, transaction_id="1", text="Taxi"),
        tax_line("1.00", transaction_id="1"),
        expense("7.00", tax_code=NO_VAT, transaction_id="2", text="Tram"),
        expense("9.00", tax_code=VAT20, transaction_id="3", text="Hotel"),
        tax_line("1.80", transaction_id="3"),
        kind=Kind.JOURNAL,
        currency="GBP",
    )
    (problem,) = ledger().render(made, mark(), UK)
    assert problem.message == (
        'Line 1 (Taxi, 6.00 GBP) contains 1.00 GBP tax (tax code "20.0% S"), but the exact tax of '
        "a receipt cannot be told to QuickBooks in a journal entry. Nothing was posted. The same "
        "holds for line 3."
    )


TAXI = expense("5.00", tax_code=VAT20, transaction_id="1", text="Taxi")
TOLD = {
    "a line without a code": (
        (TAXI, tax_line("1.00", transaction_id="1"), expense("7.00", text="Tram")),
        UK,
        "Line 2 (Tram, 7.00 GBP) has no tax code, but QuickBooks wants a tax code on every line "
        "where other lines have one. Nothing was posted. Choose the flow's tax code for lines "
        "without tax.",
    ),
    "tax without a code": (
        (TAXI, tax_line("1.00", code=None, transaction_id="7")),
        UK,
        "Line 1 (2200 VAT Control, 1.00 GBP) contains 1.00 GBP tax (no tax code), but QuickBooks "
        "takes no tax without a code. Nothing was posted. Add a rule that gives this tax its tax "
        "code, or says that it is cost.",
    ),
    "a code for sales": (
        (
            expense("5.00", tax_code=NO_VAT, transaction_id="1", text="Taxi"),
            tax_line("1.00", NO_VAT, transaction_id="1"),
        ),
        UK,
        'Line 1 (Taxi, 6.00 GBP) contains 1.00 GBP tax (tax code "No VAT"), but tax code "No VAT" '
        "has no rate for purchases in QuickBooks. Nothing was posted. Choose a tax code for "
        "purchases, or refresh the list of tax codes.",
    ),
    "tax in the United States": (
        (expense("6.00", tax_code=VAT20, tax_amount=Decimal("1.00"), text="Taxi"),),
        US,
        'Line 1 (Taxi, 6.00 GBP) contains 1.00 GBP tax (tax code "20.0% S"), but QuickBooks has no '
        "reclaimable tax on purchases in a company in the United States. Nothing was posted. Let "
        "the flow book tax as cost.",
    ),
    "tax stated twice": (
        (
            expense("5.00", tax_code=VAT20, tax_amount=Decimal("0.90"), text="Taxi"),
            tax_line("1.00"),
        ),
        UK,
        'Line 1 (Taxi, 5.90 GBP) contains 0.90 GBP tax (tax code "20.0% S"), but all lines '
        "together state 0.90 GBP tax, and what is booked as tax adds up to 1.00 GBP. Nothing was "
        "posted. Correct the tax of the report, then replay.",
    ),
}


@pytest.mark.parametrize("case", TOLD)
def test_a_problem_with_tax_says_of_the_line_what_its_receipt_says(case):
    """The gross amount that people see in Expensify, the tax in it, and its code."""
    lines, facts, expected = TOLD[case]
    found = ledger().render(entry(*lines, currency="GBP"), mark(), facts)
    assert expected in [str(problem) for problem in found if problem.code.startswith("qbo.tax")]


def test_a_bill_in_the_united_states_still_refuses_a_foreign_code_without_tax():
    assert codes(entry(expense("5.00", tax_code=VAT20)), US) == ["qbo.tax_us"]


def test_codes_that_share_a_rate_share_its_line():
    """QuickBooks takes one line of tax per rate; two would be refused or counted twice."""
    body = body_of(
        entry(
            expense("100.00", tax_code=GST),
            expense("50.00", tax_code=GST_PST, transaction_id="2"),
            tax_line("5.00", GST),
            tax_line("6.00", GST_PST, transaction_id="2"),
            currency="GBP",
        ),
        CANADA,
    )
    detail = body["TxnTaxDetail"]
    assert detail["TotalTax"] == Decimal("11.00")
    assert [
        (
            line["TaxLineDetail"]["TaxRateRef"]["value"],
            line["Amount"],
            line["TaxLineDetail"]["NetAmountTaxable"],
        )
        for line in detail["TaxLine"]
    ] == [("21", Decimal("7.50"), Decimal("150.00")), ("22", Decimal("3.50"), Decimal("50.00"))]


def test_the_tax_of_each_rate_is_a_field_of_ours():
    made = entry(expense("100.00", tax_code=GST_PST), tax_line("12.00", GST_PST), currency="GBP")
    sent = rendered(made, UK)
    raw = as_stored(sent) | {"CurrencyRef": {"value": "GBP"}, "TotalAmt": Decimal("112.00")}
    assert ledger().differences(sent, parse.stored("Bill", raw, "", "GBP")) == ()
    first, second = raw["TxnTaxDetail"]["TaxLine"]
    first["Amount"], second["Amount"] = second["Amount"], first["Amount"]
    found = ledger().differences(sent, parse.stored("Bill", raw, "", "GBP"))
    assert [(d.field, d.ours, d.theirs) for d in found] == [
        ("tax.21", "5.00", "7.00"),
        ("tax.22", "7.00", "5.00"),
    ]


def test_how_tax_is_calculated_is_a_field_of_ours():
    sent = rendered(entry(expense("100.00"), currency="GBP"), UK)
    raw = as_stored(sent) | {"CurrencyRef": {"value": "GBP"}, "GlobalTaxCalculation": "TaxExcluded"}
    found = ledger().differences(sent, parse.stored("Bill", raw, "", "GBP"))
    assert [d.field for d in found] == ["tax_calculation"]


# --- decimals -------------------------------------------------------------------------------------

KWD = UK | {"home_currency": "KWD"}


def test_tax_with_more_decimals_than_quickbooks_keeps_is_refused():
    """Taken out of the amount it would leave a net of three decimals, rounded there in silence."""
    made = entry(
        expense("5.12", tax_code=VAT20, tax_amount=Decimal("0.125")), currency="KWD", party=None
    )
    assert "qbo.decimals" in codes(made, KWD)


def test_the_tax_of_a_group_is_shared_out_to_what_quickbooks_keeps():
    made = entry(expense("1.00", tax_code=GST_PST), tax_line("0.13", GST_PST), currency="KWD")
    amounts = [line["Amount"] for line in body_of(made, KWD)["TxnTaxDetail"]["TaxLine"]]
    assert sum(amounts) == Decimal("0.13")
    assert all(amount == round(amount, 2) for amount in amounts)


def test_yen_have_no_decimals():
    sent = rendered(entry(expense("412"), currency="JPY"), US | {"home_currency": "JPY"})
    assert '"Amount":412,' in sent.body


# --- sides, names, kinds --------------------------------------------------------------------------


def test_a_journals_payable_line_has_no_room_for_a_customer_beside_its_vendor():
    """It was left out there without a word."""
    owed = offset("-5.00", dimensions=(GLOBEX,))
    assert codes(entry(expense("5.00"), owed, kind=Kind.JOURNAL), US) == ["qbo.journal_name"]
    clearing = offset("-5.00", CLEARING, dimensions=(GLOBEX,))
    line = body_of(entry(expense("5.00"), clearing, kind=Kind.JOURNAL, party=None))["Line"][1]
    assert line["JournalEntryLineDetail"]["Entity"]["EntityRef"] == {"value": "26"}


def test_only_the_payable_of_a_journal_is_owed_to_the_employee_unless_a_line_says_so():
    """What the company paid by itself is owed to nobody who filed a report."""
    lines = (
        expense("20.00"),
        offset("-5.00"),
        offset("-7.00", CLEARING),
        offset("-8.00", CLEARING, party=BEN),
    )
    details = [
        line["JournalEntryLineDetail"].get("Entity", {}).get("EntityRef", {}).get("value")
        for line in body_of(entry(*lines, kind=Kind.JOURNAL))["Line"]
    ]
    assert details == [None, BEN.id, None, BEN.id]


def test_a_journal_with_lines_on_both_sides_stays_balanced():
    lines = (expense("20.00"), expense("-5.00"), offset("-25.00", CARD), offset("10.00"))
    made = entry(*lines, kind=Kind.JOURNAL)
    sides = {"Debit": Decimal(0), "Credit": Decimal(0)}
    for line in body_of(made)["Line"]:
        sides[line["JournalEntryLineDetail"]["PostingType"]] += line["Amount"]
    assert sides == {"Debit": Decimal("30.00"), "Credit": Decimal("30.00")}
    sent = rendered(made)
    assert [line.amount for line in document(sent).lines] == [line.amount for line in made.lines]


def test_a_charge_that_became_a_cheque_is_a_difference():
    sent = rendered(entry(kind=Kind.EXPENSE))
    found = ledger().differences(sent, document(sent, PaymentType="Check"))
    assert [d.field for d in found] == ["payment_type"]


def test_a_journal_is_voided_only_when_its_lines_are_zero():
    """A journal has no total; a memo that happens to begin so makes no void of it."""
    sent = rendered(entry(kind=Kind.JOURNAL))
    note = {"PrivateNote": "Voided cheque replaced, see mail"}
    assert document(sent, **note).status == "active"
    raw = as_stored(sent) | note
    for line in raw["Line"]:
        line["Amount"] = 0
    assert parse.stored("JournalEntry", raw, "", "USD").status == "voided"


def test_a_comment_that_shows_an_amount_of_zero_is_no_line():
    sent = rendered(entry())
    raw = as_stored(sent)
    raw["Line"].append({"Id": "9", "Amount": 0, "DetailType": "DescriptionOnly"})
    assert ledger().differences(sent, document(sent, **raw)) == ()


# --- other people's words -------------------------------------------------------------------------

OURS = "EXP R00X9oNOn2MO October trip, Ben Ito"
MARKER = f"mlc:{mark().k(10)}"


def test_an_amend_keeps_what_people_wrote_above_and_behind_our_memo():
    note = f"Ask Ann first!\nurgent\n{OURS} {MARKER} paid by phone\nsee mail"
    current = document(payload(), PrivateNote=note)
    body = body_of(entry(memo="EXP R00X9oNOn2MO November trip, Ben Ito"), US, current)
    assert body["PrivateNote"] == (
        f"Ask Ann first!\nurgent\nEXP R00X9oNOn2MO November trip, Ben Ito {MARKER} paid by phone\n"
        "see mail"
    )


def test_what_people_wrote_is_never_cut_our_memo_makes_room():
    theirs = "x" * 3900
    current = document(payload(), PrivateNote=f"{theirs}\n{OURS} {MARKER}")
    sent = rendered(entry(memo="m" * 500), US, current)
    note = exact_json.loads(sent.body)["PrivateNote"]
    assert note.startswith(f"{theirs}\nmmm") and note.endswith(f"… {MARKER}") and len(note) <= 4000
    assert [cut.field for cut in sent.cuts] == ["memo"]
    full = "x" * (4000 - len(MARKER))
    sent = rendered(entry(), US, document(payload(), PrivateNote=f"{MARKER}{full}"))
    assert exact_json.loads(sent.body)["PrivateNote"] == f"{MARKER}{full}"


def test_our_memo_stays_one_line_so_that_theirs_can_be_told_apart():
    sent = rendered(entry(memo="two\r\nlines\x0band\u2028more"))
    note = exact_json.loads(sent.body)["PrivateNote"]
    assert note == f"two lines and more {MARKER}"
    again = body_of(entry(memo="one"), US, document(sent, PrivateNote=note))
    assert again["PrivateNote"] == f"one {MARKER}"


NOTES = {
    "as sent": (f"{OURS} {MARKER}", []),
    "words behind it": (f"{OURS} {MARKER} paid by phone", []),
    "lines above and below": (f"urgent\r\n{OURS} {MARKER}\r\nsee mail", []),
    "blanks stored otherwise": (f"  {OURS.replace(' ', '  ')} {MARKER}\n", []),
    "words within it": (f"{OURS.replace('October', 'Oct')} {MARKER}", ["memo"]),
    "words before it on its line": (f"urgent: {OURS} {MARKER}", ["memo"]),
    "the marker alone": (MARKER, ["memo"]),
    "nothing": (None, ["marker"]),
}


@pytest.mark.parametrize("case", NOTES)
def test_people_may_write_around_our_memo_and_not_within_it(case):
    note, expected = NOTES[case]
    sent = rendered(entry())
    found = ledger().differences(sent, document(sent, PrivateNote=note))
    assert [d.field for d in found] == expected


def test_internal_parts_of_every_kind_stay_there():
    sent = rendered(entry(kind=Kind.JOURNAL))
    raw = as_stored(sent) | {"JournalEntryEx": {"any": []}, "CustomField": [], "Adjustment": True}
    current = parse.stored("JournalEntry", raw, "", "USD")
    body = body_of(entry(kind=Kind.JOURNAL), US, current)
    assert "JournalEntryEx" not in body and body["Adjustment"] is True
