"""ACCOUNTING section 3: tax and currency, line by line, as an accountant checks them.

Rows are as in the table of documents. A tax code stands behind the net line that it belongs to;
the tax itself is a side of its own.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from connectors.contract.entry import Kind, Role
from connectors.contract.report import Receipt, Units
from mappings.books import Party, Rate
from mappings.build import build
from mappings.terms import CurrencyPolicy, ReceiptPolicy, TaxMismatchPolicy, TaxPolicy
from tests.builders import (
    BEN_THE_VENDOR,
    CHECKING,
    KINDS,
    NO_VAT,
    PAYABLE_EUR,
    ROUNDING,
    US_COMPANY,
    VAT,
    VAT_5,
    VAT_CONTROL,
    VISA,
    VISA_EUR,
    book,
    documents,
    expense,
    on_card,
    problems,
    report,
    rule,
    terms,
)

UK = replace(US_COMPANY, name="Acme UK", home_currency="GBP", has_tax=True)
UK_BEN = replace(BEN_THE_VENDOR, currency="GBP")
RECEIPT = Receipt("778812", url="https://www.expensify.com/receipts/w_9f.jpg")
CODES = (
    rule(tax="Standard", tax_code_id=VAT.id),
    rule(tax="Reduced", tax_code_id=VAT_5.id),
)


def taxed(amount="120.00", tax="20.00", name="Standard", make=expense, **changes):
    """An expense in pounds with its tax and a receipt."""
    given = {"original_currency": "GBP", "tax_name": name, "receipt": RECEIPT}
    tax_amount = None if tax is None else Decimal(tax)
    line = make(amount, **_named(changes), tax_amount=tax_amount)
    return replace(line, **given | changes)


def _named(changes):
    return {"transaction_id": changes.pop("transaction_id")} if "transaction_id" in changes else {}


def pounds(*lines):
    return report(lines or [taxed()], currency="GBP")


def uk(*rules, company=UK, **changes):
    """A British company that reclaims tax by the codes of its rules."""
    policy = {"tax_policy": TaxPolicy.RECLAIM, "no_tax_code_id": NO_VAT.id} | changes
    return book(*CODES, *rules, terms=terms(**policy), company=company)


BILL = "reimbursable: bill to Ben Ito, 2026-10-20"

TAXED = [
    ("3.1 no tax in the company: gross", report([taxed(original_currency="USD")]),
     book(terms=terms(tax_policy=TaxPolicy.RECLAIM)),
     [f"{BILL}: D 6120 120.00, C 2000 120.00 (Ben Ito)"]),
    ("3.1 tax is cost: gross, with the code for lines without tax", pounds(),
     uk(tax_policy=TaxPolicy.COST),
     [f"{BILL} GBP: D 6120 120.00 No VAT, C 2000 120.00 (Ben Ito)"]),
    ("3.1 tax is cost, and no code at all", pounds(),
     uk(tax_policy=TaxPolicy.COST, no_tax_code_id=None),
     [f"{BILL} GBP: D 6120 120.00, C 2000 120.00 (Ben Ito)"]),
    ("3.1 not decided, and nothing to decide", pounds(taxed("7.00", None)),
     uk(tax_policy=TaxPolicy.UNSET), [f"{BILL} GBP: D 6120 7.00 No VAT, C 2000 7.00 (Ben Ito)"]),
    ("3.1 reclaimed: net and tax", pounds(), uk(),
     [f"{BILL} GBP: D 6120 100.00 VAT 20%, D Tax VAT 20% 20.00, C 2000 120.00 (Ben Ito)"]),
    ("3.1 reclaimed, the control account named", pounds(), uk(tax_account_id=VAT_CONTROL.id),
     [f"{BILL} GBP: D 6120 100.00 VAT 20%, D 2200 20.00, C 2000 120.00 (Ben Ito)"]),
    ("3.1 each line by its own code", pounds(
        taxed(), taxed("21.00", "1.00", "Reduced"), taxed("5.00", None, "")), uk(),
     [f"{BILL} GBP: D 6120 100.00 VAT 20%, D Tax VAT 20% 20.00, D 6120 20.00 VAT 5%, "
      "D Tax VAT 5% 1.00, D 6120 5.00 No VAT, C 2000 146.00 (Ben Ito)"]),
    ("3.1 no tax on the receipt: the code without tax, whatever the rule says",
     pounds(taxed("5.00", "0.00")), uk(),
     [f"{BILL} GBP: D 6120 5.00 No VAT, C 2000 5.00 (Ben Ito)"]),
    ("3.1 a refund gives the tax back", pounds(taxed(), taxed("-60.00", "-10.00")), uk(),
     [f"{BILL} GBP: D 6120 100.00 VAT 20%, D Tax VAT 20% 20.00, "
      "C 6120 50.00 VAT 20%, C Tax VAT 20% 10.00, C 2000 60.00 (Ben Ito)"]),
    ("3.1 without a receipt, reclaimed by policy", pounds(taxed(receipt=None)),
     uk(receipt_policy=ReceiptPolicy.POST),
     [f"{BILL} GBP: D 6120 100.00 VAT 20%, D Tax VAT 20% 20.00, C 2000 120.00 (Ben Ito)"]),
    ("3.1 without a receipt, gross by policy", pounds(taxed(receipt=None)),
     uk(receipt_policy=ReceiptPolicy.GROSS),
     [f"{BILL} GBP: D 6120 120.00 No VAT, C 2000 120.00 (Ben Ito)"]),
    ("3.1 tax that a rule calls cost: gross, beside a line that is reclaimed",
     pounds(taxed(), taxed("60.00", "10.00", category="Meals")),
     uk(rule(priority=50, category="Meals", tax_is_cost=True)),
     [f"{BILL} GBP: D 6120 100.00 VAT 20%, D Tax VAT 20% 20.00, D 6130 60.00 No VAT, "
      "C 2000 180.00 (Ben Ito)"]),
    ("3.1 foreign tax is cost by its name, though no code would fit it",
     pounds(taxed("86.40", "13.79", "MwSt", tax_rate=Decimal(19), original_currency="EUR",
                  original_amount=Decimal("96.00"), rate=Decimal("0.9"))),
     uk(rule(tax="MwSt", tax_is_cost=True)),
     [f"{BILL} GBP: D 6120 86.40 No VAT, C 2000 86.40 (Ben Ito)"]),
    ("3.1 tax is cost by rule, and no code at all", pounds(),
     uk(rule(priority=50, category="Taxi", tax_is_cost=True), no_tax_code_id=None),
     [f"{BILL} GBP: D 6120 120.00, C 2000 120.00 (Ben Ito)"]),
    ("3.1 tax that is cost needs no receipt and no percentage",
     pounds(taxed(tax="12.35", receipt=None)),
     uk(rule(priority=50, category="Taxi", tax_is_cost=True),
        receipt_policy=ReceiptPolicy.HOLD),
     [f"{BILL} GBP: D 6120 120.00 No VAT, C 2000 120.00 (Ben Ito)"]),
    ("3.1 of a code and of cost the first rule decides", pounds(),
     uk(rule(priority=500, category="Taxi", tax_is_cost=True)),
     [f"{BILL} GBP: D 6120 100.00 VAT 20%, D Tax VAT 20% 20.00, C 2000 120.00 (Ben Ito)"]),
    ("3.1 tax that a rule calls cost, in a journal", pounds(),
     book(rule(category="Taxi", tax_is_cost=True), company=UK,
          terms=terms(kind=Kind.JOURNAL, tax_policy=TaxPolicy.RECLAIM)),
     ["all: journal to Ben Ito, 2026-10-20 GBP: D 6120 120.00, C 2000 120.00 (Ben Ito)"]),
    ("3.1 no tax in the company, whatever a rule says of it",
     report([taxed(original_currency="USD")]),
     book(rule(category="Taxi", tax_is_cost=True), terms=terms(tax_policy=TaxPolicy.RECLAIM)),
     [f"{BILL}: D 6120 120.00, C 2000 120.00 (Ben Ito)"]),
    ("3.1 each rate by its own rule, though one name stands for both",
     pounds(taxed(name="VAT", tax_rate=Decimal(20)),
            taxed("21.00", "1.00", "VAT", tax_rate=Decimal(5))),
     uk(rule(tax="VAT 20%", tax_code_id=VAT.id), rule(tax="5 %", tax_code_id=VAT_5.id)),
     [f"{BILL} GBP: D 6120 100.00 VAT 20%, D Tax VAT 20% 20.00, D 6120 20.00 VAT 5%, "
      "D Tax VAT 5% 1.00, C 2000 141.00 (Ben Ito)"]),
    ("3.1 a rule by the name of the rate, beside the name of all rates",
     pounds(taxed(name="VAT", tax_rate_name="Standard")), uk(),
     [f"{BILL} GBP: D 6120 100.00 VAT 20%, D Tax VAT 20% 20.00, C 2000 120.00 (Ben Ito)"]),
    ("1.5 mileage: no tax unless ruled",
     pounds(taxed(expense_type="distance", units=Units("100", "1.20", "mi"))), uk(),
     [f"{BILL} GBP: D 6120 120.00 No VAT, C 2000 120.00 (Ben Ito)"]),
    ("1.5 mileage: ruled by its type", pounds(taxed(expense_type="distance")),
     uk(rule(priority=10, expense_type="distance", tax_code_id=VAT.id)),
     [f"{BILL} GBP: D 6120 100.00 VAT 20%, D Tax VAT 20% 20.00, C 2000 120.00 (Ben Ito)"]),
    ("3.2 a tax other than the percentage, by policy", pounds(taxed(tax="12.35")),
     uk(tax_mismatch_policy=TaxMismatchPolicy.POST),
     [f"{BILL} GBP: D 6120 107.65 VAT 20%, D Tax VAT 20% 12.35, C 2000 120.00 (Ben Ito)"]),
    ("3.3 a cent of tax is no mismatch, and stays in net", pounds(taxed("12.35", "2.07")), uk(),
     [f"{BILL} GBP: D 6120 10.28 VAT 20%, D Tax VAT 20% 2.07, C 2000 12.35 (Ben Ito)"]),
    ("3.3 the tax of a foreign receipt is converted with it",
     pounds(taxed("86.40", "16.00", original_amount=Decimal("96.00"), rate=Decimal("0.9"),
                  original_currency="EUR")), uk(),
     [f"{BILL} GBP: D 6120 72.00 VAT 20%, D Tax VAT 20% 14.40, C 2000 86.40 (Ben Ito)"]),
    ("3.1 reclaimed in a journal", pounds(),
     book(*CODES, terms=terms(kind=Kind.JOURNAL, tax_policy=TaxPolicy.RECLAIM), company=UK),
     ["all: journal to Ben Ito, 2026-10-20 GBP: "
      "D 6120 100.00 VAT 20%, D Tax VAT 20% 20.00, C 2000 120.00 (Ben Ito)"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "open_book", "expected"),
    [row[1:] for row in TAXED],
    ids=[row[0] for row in TAXED],
)
def test_tax_becomes(given, open_book, expected) -> None:
    built = build(given, open_book)
    assert problems(built) == []
    assert documents(built) == expected


def test_tax_of_a_card_and_of_a_refund_on_it() -> None:
    lines = [
        taxed(make=on_card, transaction_id="2"),
        taxed("-6.00", "-1.00", make=on_card, transaction_id="3"),
    ]
    built = build(pounds(*lines), uk(takes_cards=True, card_account_id=VISA.id))
    assert documents(built) == [
        "card:2: expense, 2026-10-14 GBP: D 6130 100.00 VAT 20%, D Tax VAT 20% 20.00, "
        "C 2110 120.00",
        "card:3: card_credit, 2026-10-14 GBP: C 6130 5.00 VAT 20%, C Tax VAT 20% 1.00, D 2110 6.00",
    ]


CURES = [
    ({"name": "VAT", "tax_rate": Decimal(20), "tax_code": "id_TAX_OPTION_17"}, "id_TAX_OPTION_17"),
    ({"name": "VAT", "tax_rate": Decimal("7.70")}, "VAT 7.7%"),
    ({"name": "VAT"}, "VAT"),
    ({"name": "", "tax_rate": Decimal(20)}, "20%"),
    ({"name": "", "tax_code": "id_TAX_1"}, "id_TAX_1"),
]


@pytest.mark.parametrize(("tax", "condition"), CURES, ids=[row[1] for row in CURES])
def test_the_rule_that_is_proposed_for_a_tax_means_its_rate_alone(tax, condition) -> None:
    """By the name alone it would give every rate of the workspace the same tax code."""
    given = pounds(taxed(**tax))
    (problem,) = build(given, uk()).slices[0].problems
    assert problem.facts["tax"] == condition
    assert problem.facts["tax_category"] == "Taxi"
    proposed = uk(rule(tax=condition, tax_is_cost=True))
    assert problems(build(given, proposed)) == []
    other = pounds(taxed(**tax | {"tax_rate": Decimal(5), "tax_code": "id_TAX_5"}))
    is_all_that_is_known = condition == "VAT"
    assert bool(problems(build(other, proposed))) is not is_all_that_is_known


def test_it_is_told_which_rule_made_tax_a_cost() -> None:
    cost = rule(priority=50, category="Taxi", tax_is_cost=True)
    for code, target in ((NO_VAT.id, "part of the cost, with No VAT"), (None, "part of the cost")):
        (part,) = build(pounds(), uk(cost, no_tax_code_id=code)).slices
        (why,) = [one for one in part.explained if one.output == "tax_code"]
        assert (why.target, why.rule_id, why.rule_text) == (target, cost.id, 'category "Taxi"')


# --- currency ------------------------------------------------------------------------------------

MULTI = replace(US_COMPANY, is_multicurrency=True)
EURO_BEN = replace(BEN_THE_VENDOR, currency="EUR")
ECB = Rate(date(2026, 10, 1), "EUR", Decimal("1.0832"), "ECB")
RATES = {"currency_policy": CurrencyPolicy.RATES, "rounding_id": ROUNDING.id}


def trip(*amounts, **changes):
    lines = [expense(amount, currency="EUR") for amount in amounts or ("86.40",)]
    return report(lines, currency="EUR", **changes)


def rated(company=US_COMPANY, parties=(), kinds=KINDS, rates=(ECB,), **changes):
    """A company in dollars that converts by the rate table where it must."""
    return book(
        terms=terms(**RATES | changes), company=company, more_parties=parties, rates=rates,
        kinds=kinds,
    )  # fmt: skip


CONVERTED = [
    ("3.4 home currency", report(), rated(), [f"{BILL}: D 6120 12.50, C 2000 12.50 (Ben Ito)"]),
    ("3.4 in the report's currency where party and payable have it", trip(),
     rated(MULTI, [EURO_BEN], payables={"EUR": PAYABLE_EUR.id}),
     [f"{BILL} EUR: D 6120 86.40, C 2050 86.40 (Ben Ito)"]),
    ("3.4 in the card's currency", report([on_card(currency="EUR", transaction_id="2")],
                                          currency="EUR"),
     rated(MULTI, takes_cards=True, card_account_id=VISA_EUR.id),
     ["card:2: expense, 2026-10-14 EUR: D 6130 40.00, C 2130 40.00"]),
    ("3.4 one currency in the company: by the rate table", trip(), rated(),
     [f"{BILL}: D 6120 93.59, C 2000 93.59 (Ben Ito)"]),
    ("3.4 the vendor in dollars: by the rate table", trip(),
     rated(MULTI, payables={"EUR": PAYABLE_EUR.id}),
     [f"{BILL}: D 6120 93.59, C 2000 93.59 (Ben Ito)"]),
    ("3.4 the payable in dollars, the vendor in both: by the rate table", trip(),
     rated(MULTI, [Party(29, "90", "Ben Ito EUR", email=BEN_THE_VENDOR.email, currency="EUR")]),
     [f"{BILL}: D 6120 93.59, C 2000 93.59 (Ben Ito)"]),
    ("3.3 what rounding leaves goes to the named account", trip("10.00", "10.00", "10.00"),
     rated(rates=(replace(ECB, rate=Decimal("1.0015")),)),
     [f"{BILL}: D 6120 10.02, D 6120 10.02, D 6120 10.02, C 6900 0.02, C 2000 30.04 (Ben Ito)"]),
    ("3.4 the rate of the posting date's month", trip(),
     rated(rates=(replace(ECB, month=date(2026, 9, 1), rate=Decimal(2)), ECB)),
     [f"{BILL}: D 6120 93.59, C 2000 93.59 (Ben Ito)"]),
    ("3.3 into yen: no decimals", trip("10.10", "10.10"),
     book(terms=terms(**RATES), company=replace(US_COMPANY, home_currency="JPY"),
          rates=(replace(ECB, rate=Decimal("163.25")),)),
     [f"{BILL} JPY: D 6120 1649, D 6120 1649, C 2000 3298 (Ben Ito)"]),
    ("3.4 a refund is converted alike", trip("-86.40"), rated(),
     ["reimbursable: credit to Ben Ito, 2026-10-20: C 6120 93.59, D 2000 93.59 (Ben Ito)"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "open_book", "expected"),
    [row[1:] for row in CONVERTED],
    ids=[row[0] for row in CONVERTED],
)
def test_a_foreign_report_becomes(given, open_book, expected) -> None:
    built = build(given, open_book)
    assert problems(built) == []
    assert documents(built) == expected


def test_rate_and_source_stand_in_the_entry_its_notes_its_memo_and_its_lines() -> None:
    line = expense("86.40", currency="GBP", original_amount=Decimal("75.00"), rate=Decimal("1.152"))
    entry = build(report([line], currency="EUR"), rated()).slices[0].entry
    assert (entry.currency, entry.rate) == ("USD", Decimal("1.0832"))
    assert entry.notes == ("Converted from EUR into USD at 1.0832 (rate table, Oct 2026, ECB).",)
    assert "| EUR 86.40 @ 1.0832 |" in entry.memo
    assert (
        entry.lines[0].text == "2026-10-12 City Cab - Taxi - GBP 75.00 @ 1.152 - EUR 86.40 @ 1.0832"
    )


def test_each_liability_of_a_journal_is_converted_by_itself() -> None:
    lines = [expense("10.10", currency="EUR"), on_card("10.10", currency="EUR")]
    open_book = rated(kind=Kind.JOURNAL, takes_cards=True, card_account_id=VISA.id)
    assert documents(build(report(lines, currency="EUR"), open_book)) == [
        "all: journal to Ben Ito, 2026-10-20: "
        "D 6120 10.94, D 6130 10.94, C 2000 10.94 (Ben Ito), C 2110 10.94"
    ]


def test_a_rounding_line_of_a_taxed_company_says_that_it_has_no_tax() -> None:
    lines = [expense("10.00", currency="EUR") for _ in range(3)]
    policy = terms(**RATES, tax_policy=TaxPolicy.RECLAIM, no_tax_code_id=NO_VAT.id)
    open_book = book(terms=policy, company=UK, rates=(replace(ECB, rate=Decimal("0.8515")),))
    entry = build(report(lines, currency="EUR"), open_book).slices[0].entry
    assert {line.tax_code.name for line in entry.role(Role.EXPENSE)} == {"No VAT"}
    assert entry.lines[3].account.number == ROUNDING.number


HELD = [
    ("3.1 tax, and the flow was not told", pounds(), uk(tax_policy=TaxPolicy.UNSET),
     ["map.tax.undecided: Report R00X9oNOn2MO (Ben Ito, 120.00 GBP), line 1 (City Cab, 120.00 "
      "GBP) contains 20.00 GBP Standard, and this flow has not been told what to do with tax. "
      "Nothing was posted. Say on the flow's page whether tax is reclaimed with a tax code, or "
      "booked as cost."]),
    ("3.1 no rule for this tax", pounds(taxed(name="Zone B")), uk(),
     ["map.tax.no_code: Report R00X9oNOn2MO (Ben Ito, 120.00 GBP), line 1 (City Cab, 120.00 GBP) "
      "contains 20.00 GBP Zone B, and no rule gives it a tax code of QuickBooks Online. Nothing "
      'was posted. Add a rule that gives tax "Zone B" its tax code, or says that it is cost.']),
    ("3.1 no rule for this rate of a tax", pounds(
        taxed(name="VAT", tax_rate=Decimal("20.0"), tax_code="id_TAX_OPTION_17")), uk(),
     ["map.tax.no_code: Report R00X9oNOn2MO (Ben Ito, 120.00 GBP), line 1 (City Cab, 120.00 GBP) "
      "contains 20.00 GBP VAT 20 %, and no rule gives it a tax code of QuickBooks Online. Nothing "
      'was posted. Add a rule that gives tax "VAT 20 %" (code id_TAX_OPTION_17 in Expensify) its '
      "tax code, or says that it is cost."]),
    ("3.1 no rule for this rate, which has a name of its own", pounds(
        taxed(name="VAT", tax_rate_name="Zone B", tax_rate=Decimal("20.0"))), uk(),
     ["map.tax.no_code: Report R00X9oNOn2MO (Ben Ito, 120.00 GBP), line 1 (City Cab, 120.00 GBP) "
      "contains 20.00 GBP VAT Zone B 20 %, and no rule gives it a tax code of QuickBooks Online. "
      'Nothing was posted. Add a rule that gives tax "VAT Zone B 20 %" its tax code, or says that '
      "it is cost."]),
    ("3.1 cost by rule, and the flow was not told what to do with tax", pounds(),
     uk(rule(priority=50, category="Taxi", tax_is_cost=True), tax_policy=TaxPolicy.UNSET),
     ["map.tax.undecided: Report R00X9oNOn2MO (Ben Ito, 120.00 GBP), line 1 (City Cab, 120.00 "
      "GBP) contains 20.00 GBP Standard, and this flow has not been told what to do with tax. "
      "Nothing was posted. Say on the flow's page whether tax is reclaimed with a tax code, or "
      "booked as cost."]),
    ("3.1 a code, and no tax on the receipt", pounds(taxed("5.00", None)),
     uk(no_tax_code_id=None),
     ["map.tax.no_amount: Report R00X9oNOn2MO (Ben Ito, 5.00 GBP), line 1 (City Cab, 5.00 GBP): a "
      'rule gives tax code "VAT 20%" (20%), but the expense contains no tax. Nothing was posted. '
      "Enter the tax in Expensify, or choose the flow's tax code for lines without tax."]),
    ("3.1 no receipt", pounds(taxed(receipt=None)), uk(receipt_policy=ReceiptPolicy.HOLD),
     ["map.tax.no_receipt: Report R00X9oNOn2MO (Ben Ito, 120.00 GBP), line 1 (City Cab, 120.00 "
      "GBP) contains 20.00 GBP Standard and has no receipt, without which this flow reclaims no "
      "tax. Nothing was posted. Add the receipt in Expensify, or let the flow post such lines "
      "gross."]),
    ("3.2 more than a cent off the percentage", pounds(taxed(tax="19.98")), uk(),
     ["map.tax.mismatch: Report R00X9oNOn2MO (Ben Ito, 120.00 GBP), line 1 (City Cab, 120.00 GBP) "
      'contains 19.98 GBP Standard, but tax code "VAT 20%" has 20%, which is 20.00 of 120.00 GBP. '
      "Nothing was posted. Correct the tax in Expensify, give it another tax code by a rule, or "
      "let the flow post what the receipts say."]),
    ("3.2 a code without a rate", pounds(), uk(rule(priority=10, tax_code_id=NO_VAT.id)),
     ["map.tax.mismatch: Report R00X9oNOn2MO (Ben Ito, 120.00 GBP), line 1 (City Cab, 120.00 GBP) "
      'contains 20.00 GBP Standard, but tax code "No VAT" has 0%, which is 0.00 of 120.00 GBP. '
      "Nothing was posted. Correct the tax in Expensify, give it another tax code by a rule, or "
      "let the flow post what the receipts say."]),
    ("3.1 tax larger than the amount", pounds(taxed("12.00", "20.00")), uk(),
     ["map.tax.impossible: Report R00X9oNOn2MO (Ben Ito, 12.00 GBP), line 1 (City Cab, 12.00 "
      "GBP): its tax is 20.00 GBP Standard, which the amount cannot contain. Nothing was posted. "
      "Correct the tax in Expensify, then read the report again."]),
    ("3.1 tax of the other sign", pounds(taxed(), taxed("-6.00", "1.00")), uk(),
     ["map.tax.impossible: Report R00X9oNOn2MO (Ben Ito, 114.00 GBP), line 2 (City Cab, -6.00 "
      "GBP): its tax is 1.00 GBP Standard, which the amount cannot contain. Nothing was posted. "
      "Correct the tax in Expensify, then read the report again."]),
    ("3.4 no rate for the month", trip(), rated(rates=(replace(ECB, month=date(2026, 9, 1)),)),
     ["map.rate.missing: Report R00X9oNOn2MO (Ben Ito, 86.40 EUR): the rate table has no rate from "
      "EUR into USD for Oct 2026. Nothing was posted. Enter the month's rate in the rate table of "
      "the connection."]),
    ("3.4 one currency in the company, and no rate table", trip(), book(),
     ["map.currency.company: Report R00X9oNOn2MO (Ben Ito, 86.40 EUR): the report is in EUR, Acme "
      "Consulting US keeps its books in USD alone. QuickBooks Online would book the figures one "
      "to one, so nothing was posted. Turn on several currencies in QuickBooks Online and read "
      "the lists again, let the flow convert by a rate table, or book this report by hand and set "
      "it aside."]),
    ("3.4 neither the report's currency nor home fits", trip(),
     rated(MULTI, [replace(BEN_THE_VENDOR, currency="GBP")]),
     ["map.currency.party: Report R00X9oNOn2MO (Ben Ito, 86.40 EUR): the report is in EUR, "
      'converted into USD, vendor "Ben Ito" is set to GBP. QuickBooks Online would book the '
      "figures one to one, so nothing was posted. Link Ben Ito to a vendor in USD."]),
    ("3.4 converted, and the payable is in euros", trip(),
     rated(MULTI, payable_id=PAYABLE_EUR.id),
     ["map.currency.payable: Report R00X9oNOn2MO (Ben Ito, 86.40 EUR): account 2050 Accounts "
      "Payable (A/P) - EUR is kept in EUR, the document is in USD. QuickBooks Online would book "
      "the figures one to one, so nothing was posted. Choose a payable account in USD on the "
      "flow's page."]),
    ("3.3 rounding, and no account for it", trip("10.00", "10.00", "10.00"),
     rated(rates=(replace(ECB, rate=Decimal("1.0015")),), rounding_id=None),
     ["map.rounding.unset: Report R00X9oNOn2MO (Ben Ito, 30.00 EUR): converted into USD its lines "
      "differ from the total by 0.02 USD, and this flow names no account for what rounding leaves "
      "over. Nothing was posted. Choose the rounding account on the flow's page."]),
    ("3.3 rounding, and an account that no line takes", trip("10.00", "10.00", "10.00"),
     rated(rates=(replace(ECB, rate=Decimal("1.0015")),), rounding_id=CHECKING.id),
     ["map.rounding.unusable: Report R00X9oNOn2MO (Ben Ito, 30.00 EUR): converted into USD its "
      "lines differ from the total by 0.02 USD, and account 1000 Checking, for what rounding "
      "leaves over, cannot be used on a line. Nothing was posted. Choose the rounding account on "
      "the flow's page."]),
    ("3.4 converted amount missing on a foreign expense",
     report([expense(None, currency="EUR")]), rated(),
     ["report.expense.unconverted: Report R00X9oNOn2MO (Ben Ito, 0.00 USD), line 1 (City Cab, "
      "10.00 EUR): Expensify gave no amount in USD for this EUR expense. Nothing was posted. Open "
      "the expense in Expensify so that it is converted, then read the report again."]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "open_book", "expected"), [row[1:] for row in HELD], ids=[row[0] for row in HELD]
)
def test_a_report_is_held_with_its_cure(given, open_book, expected) -> None:
    built = build(given, open_book)
    assert problems(built) == expected
    assert built.problems or documents(built) == []
