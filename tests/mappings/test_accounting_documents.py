"""ACCOUNTING section 1: which expenses become which documents, line by line.

A row is: the numbered line, the report, the flow's book, and the documents as `documents` writes
them, or what holds the report, in full. D and C stand before account numbers.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from connectors.contract.entry import Kind
from connectors.contract.report import ReportStatus, Units
from mappings.build import build
from mappings.codes import CODES
from mappings.terms import (
    BillablePolicy,
    CardAccount,
    CardDatePolicy,
    CreditPolicy,
    PartyPolicy,
    Selector,
)
from tests.builders import (
    AMEX,
    BEN_THE_VENDOR,
    BERLIN,
    BILL,
    CARD,
    CHECKING,
    CLEARING,
    CLEARING_ACCOUNT,
    DUE_FROM_EMPLOYEES,
    GLOBEX,
    KINDS,
    MEALS,
    MERCHANTS,
    NEW_YORK,
    SALES,
    VISA,
    book,
    documents,
    expense,
    on_card,
    problems,
    report,
    rule,
    terms,
)


def cards(**changes):
    """A flow that takes company cards too, on one account unless told."""
    return terms(**{"takes_cards": True, "card_account_id": VISA.id} | changes)


def journals(**changes):
    return cards(kind=Kind.JOURNAL, **changes)


def taxi(amount="12.50", **changes):
    return expense(amount, transaction_id="1", **changes)


def dinner(amount="40.00", **changes):
    return on_card(amount, transaction_id="2", **changes)


POSTED = [
    # --- 1.1 Two flags, four cases
    ("1.1 reimbursable, no card: a bill to the person", report([taxi()]), book(terms=cards()),
     ["reimbursable: bill to Ben Ito, 2026-10-20: D 6120 12.50, C 2000 12.50 (Ben Ito)"]),
    ("1.1 reimbursable on a card: owed to the person too",
     report([taxi(), dinner(reimbursable=True)]), book(terms=cards()),
     ["reimbursable: bill to Ben Ito, 2026-10-20: "
      "D 6120 12.50, D 6130 40.00, C 2000 52.50 (Ben Ito)"]),
    ("1.1 company card: one document a transaction",
     report([taxi(), dinner(), on_card("18.00", transaction_id="3")]), book(terms=cards()),
     ["reimbursable: bill to Ben Ito, 2026-10-20: D 6120 12.50, C 2000 12.50 (Ben Ito)",
      "card:2: expense, 2026-10-14: D 6130 40.00, C 2110 40.00",
      "card:3: expense, 2026-10-14: D 6130 18.00, C 2110 18.00"]),
    ("1.1 company, no known card: the account that the flow names",
     report([expense("9.00", reimbursable=False, transaction_id="3")]),
     book(terms=cards(company_account_id=AMEX.id)),
     ["card:3: expense, 2026-10-12: D 6120 9.00, C 2120 9.00"]),
    ("1.1 a card's own account before the one for all cards",
     report([dinner(), on_card("5.00", card_id="78", card_number="1978", transaction_id="3")]),
     book(terms=cards(card_accounts=(CardAccount("1978", AMEX.id),))),
     ["card:2: expense, 2026-10-14: D 6130 40.00, C 2110 40.00",
      "card:3: expense, 2026-10-14: D 6130 5.00, C 2120 5.00"]),
    ("1.1 a card's account is found by its name, too", report([dinner()]),
     book(terms=cards(card_account_id=None, card_accounts=(CardAccount("Ops Visa", AMEX.id),))),
     ["card:2: expense, 2026-10-14: D 6130 40.00, C 2120 40.00"]),
    ("1.1 a flow of cards alone", report([taxi(), dinner()]),
     book(terms=cards(takes_reimbursable=False)),
     ["card:2: expense, 2026-10-14: D 6130 40.00, C 2110 40.00"]),
    ("1.1 journals: one for all, a credit line for each liability",
     report([taxi(), dinner(), on_card("5.00", card_number="1978", transaction_id="3"),
             expense("9.00", reimbursable=False, transaction_id="4")]),
     book(terms=journals(card_accounts=(CardAccount("1978", AMEX.id),),
                         company_account_id=CLEARING_ACCOUNT.id)),
     ["all: journal to Ben Ito, 2026-10-20: D 6120 12.50, D 6130 40.00, D 6130 5.00, D 6120 9.00, "
      "C 2000 12.50 (Ben Ito), C 2110 40.00, C 2120 5.00, C 2190 9.00"]),
    ("1.1 journals: cards of one account share a line",
     report([dinner(), on_card("5.00", card_id="78", card_number="1978", transaction_id="3")]),
     book(terms=journals()),
     ["all: journal, 2026-10-20: D 6130 40.00, D 6130 5.00, C 2110 45.00"]),
    # --- 1.2 Negative lines
    ("1.2 a negative line stays one while the total is not",
     report([taxi("30.00"), expense("-5.00", "Meals")]), book(),
     ["reimbursable: bill to Ben Ito, 2026-10-20: "
      "D 6120 30.00, C 6130 5.00, C 2000 25.00 (Ben Ito)"]),
    ("1.2 equal lines are not netted", report([taxi("30.00"), expense("-5.00")]), book(),
     ["reimbursable: bill to Ben Ito, 2026-10-20: "
      "D 6120 30.00, C 6120 5.00, C 2000 25.00 (Ben Ito)"]),
    ("1.2 in a journal: each liability has its own sign",
     report([taxi("-30.00"), dinner()]), book(terms=journals()),
     ["all: journal to Ben Ito, 2026-10-20: "
      "C 6120 30.00, D 6130 40.00, D 2000 30.00 (Ben Ito), C 2110 40.00"]),
    # --- 1.3 Negative totals
    ("1.3 negative reimbursable total: a vendor credit",
     report([taxi("5.00"), expense("-30.00", "Meals")]), book(),
     ["reimbursable: credit to Ben Ito, 2026-10-20: "
      "D 6120 5.00, C 6130 30.00, D 2000 25.00 (Ben Ito)"]),
    ("1.3 a refund on a card: a card credit", report([dinner("-40.00")]), book(terms=cards()),
     ["card:2: card_credit, 2026-10-14: C 6130 40.00, D 2110 40.00"]),
    ("1.3 journals instead of credits, where the flow says so",
     report([taxi("-5.00"), dinner("-40.00")]),
     book(terms=cards(credit_policy=CreditPolicy.JOURNAL)),
     ["reimbursable: journal to Ben Ito, 2026-10-20: C 6120 5.00, D 2000 5.00 (Ben Ito)",
      "card:2: journal, 2026-10-14: C 6130 40.00, D 2110 40.00"]),
    # --- 1.4 Zero
    ("1.4 lines netting to zero: a document of 0.00",
     report([taxi("5.00"), expense("-5.00", "Meals")]), book(),
     ["reimbursable: bill to Ben Ito, 2026-10-20: "
      "D 6120 5.00, C 6130 5.00, D 2000 0.00 (Ben Ito)"]),
    ("1.4 no bill of 0.00 in the ledger: a journal",
     report([taxi("5.00"), expense("-5.00", "Meals")]),
     book(kinds=KINDS | {Kind.BILL: replace(BILL, zero_total=False)}),
     ["reimbursable: journal to Ben Ito, 2026-10-20: "
      "D 6120 5.00, C 6130 5.00, D 2000 0.00 (Ben Ito)"]),
    ("1.4 a zero line beside others is kept", report([taxi("5.00"), expense("0.00", "Meals")]),
     book(), ["reimbursable: bill to Ben Ito, 2026-10-20: "
              "D 6120 5.00, D 6130 0.00, C 2000 5.00 (Ben Ito)"]),
    ("1.4 a card transaction of 0.00 is no document", report([taxi(), dinner("0.00")]),
     book(terms=cards()),
     ["reimbursable: bill to Ben Ito, 2026-10-20: D 6120 12.50, C 2000 12.50 (Ben Ito)"]),
    # --- 1.5 Personal, advances, mileage
    ("1.5 personal on the company's card: due from the employee, who is named",
     report([on_card("9.00", "Personal", transaction_id="3")]),
     book(rule(DUE_FROM_EMPLOYEES, category="Personal"),
          terms=cards(due_from_id=DUE_FROM_EMPLOYEES.id, card_party_id=MERCHANTS.id)),
     ["card:3: expense to Ben Ito, 2026-10-14: D 1320 9.00 (Ben Ito), "
      "C 2110 9.00 (Corporate Card Merchants)"]),
    ("1.5 the same in a journal",
     report([on_card("9.00", "Personal", transaction_id="3"), taxi()]),
     book(rule(DUE_FROM_EMPLOYEES, category="Personal"),
          terms=journals(due_from_id=DUE_FROM_EMPLOYEES.id)),
     ["all: journal to Ben Ito, 2026-10-20: "
      "D 1320 9.00 (Ben Ito), D 6120 12.50, C 2000 12.50 (Ben Ito), C 2110 9.00"]),
    ("1.5 a cash advance taken back in a bill",
     report([taxi("100.00"), expense("-60.00", "Cash advance")]),
     book(rule(DUE_FROM_EMPLOYEES, category="Cash advance"),
          terms=terms(due_from_id=DUE_FROM_EMPLOYEES.id)),
     ["reimbursable: bill to Ben Ito, 2026-10-20: "
      "D 6120 100.00, C 1320 60.00 (Ben Ito), C 2000 40.00 (Ben Ito)"]),
    ("1.5 the expense type is a rule key",
     report([taxi("33.50", expense_type="distance", units=Units("50", "0.67", "mi"))]),
     book(rule(MEALS, priority=10, expense_type="distance")),
     ["reimbursable: bill to Ben Ito, 2026-10-20: D 6130 33.50, C 2000 33.50 (Ben Ito)"]),
    # --- 1.6 Billable
    ("1.6 billable is carried with its customer",
     report([taxi(billable=True), dinner(billable=True)]),
     book(rule(values={"customer": GLOBEX}), terms=cards()),
     ["reimbursable: bill to Ben Ito, 2026-10-20: D 6120 12.50 Globex, C 2000 12.50 (Ben Ito)",
      "card:2: expense, 2026-10-14: D 6130 40.00 Globex, C 2110 40.00"]),
    ("1.6 where the document cannot say so, the flag is dropped by policy",
     report([dinner("-40.00", billable=True)]),
     book(rule(values={"customer": GLOBEX}), terms=cards(billable_policy=BillablePolicy.IGNORE)),
     ["card:2: card_credit, 2026-10-14: C 6130 40.00 Globex, D 2110 40.00"]),
    # --- 1.7 States
    ("1.7 a closed report is taken where the flow says so",
     report([taxi()], status=ReportStatus.CLOSED),
     book(terms=terms(takes_states=frozenset({ReportStatus.CLOSED}))),
     ["reimbursable: bill to Ben Ito, 2026-10-20: D 6120 12.50, C 2000 12.50 (Ben Ito)"]),
    # --- 1.8 One flow for each report
    ("1.8 a flow of some employees", report([taxi()]),
     book(terms=terms(selector=Selector.EMPLOYEES,
                      selector_names=frozenset({"ben.ito@acme.example"}))),
     ["reimbursable: bill to Ben Ito, 2026-10-20: D 6120 12.50, C 2000 12.50 (Ben Ito)"]),
    ("1.8 a flow of some tags", report([taxi(tags={1: "Sales"})]),
     book(terms=terms(selector=Selector.TAGS, selector_level=1,
                      selector_names=frozenset({"Sales"}))),
     ["reimbursable: bill to Ben Ito, 2026-10-20: D 6120 12.50, C 2000 12.50 (Ben Ito)"]),
    # --- dimensions stand once on each document
    ("each document has its own location",
     report([taxi(tags={2: "East"}), dinner(tags={2: "Berlin"})]),
     book(rule(tag_level=2, tag="East", values={"department": NEW_YORK}),
          rule(tag_level=2, tag="Berlin", values={"department": BERLIN}), terms=cards()),
     ["reimbursable: bill to Ben Ito, 2026-10-20 at New York: "
      "D 6120 12.50, C 2000 12.50 (Ben Ito)",
      "card:2: expense, 2026-10-14 at Berlin: D 6130 40.00, C 2110 40.00"]),
    # --- 4.9 Parts
    ("4.9 too many lines: numbered parts, each balanced",
     report([taxi("1.00"), expense("2.00"), expense("3.00"), expense("4.00"), expense("5.00")]),
     book(kinds=KINDS | {Kind.BILL: replace(BILL, max_lines=2)}),
     ["reimbursable/part-1: bill to Ben Ito, 2026-10-20: "
      "D 6120 1.00, D 6120 2.00, C 2000 3.00 (Ben Ito)",
      "reimbursable/part-2: bill to Ben Ito, 2026-10-20: "
      "D 6120 3.00, D 6120 4.00, C 2000 7.00 (Ben Ito)",
      "reimbursable/part-3: bill to Ben Ito, 2026-10-20: D 6120 5.00, C 2000 5.00 (Ben Ito)"]),
    ("4.9 a part that is negative is a credit",
     report([taxi("1.00"), expense("8.00"), expense("-3.00")]),
     book(kinds=KINDS | {Kind.BILL: replace(BILL, max_lines=2)}),
     ["reimbursable/part-1: bill to Ben Ito, 2026-10-20: "
      "D 6120 1.00, D 6120 8.00, C 2000 9.00 (Ben Ito)",
      "reimbursable/part-2: credit to Ben Ito, 2026-10-20: C 6120 3.00, D 2000 3.00 (Ben Ito)"]),
    ("4.9 in a journal the credit side counts as well",
     report([taxi("1.00"), dinner("2.00"), expense("3.00")]),
     book(kinds=KINDS | {Kind.JOURNAL: replace(KINDS[Kind.JOURNAL], max_lines=4)},
          terms=journals()),
     ["all/part-1: journal to Ben Ito, 2026-10-20: "
      "D 6120 1.00, D 6130 2.00, C 2000 1.00 (Ben Ito), C 2110 2.00",
      "all/part-2: journal to Ben Ito, 2026-10-20: D 6120 3.00, C 2000 3.00 (Ben Ito)"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "open_book", "expected"), [row[1:] for row in POSTED], ids=[row[0] for row in POSTED]
)
def test_a_report_becomes_these_documents(given, open_book, expected) -> None:
    built = build(given, open_book)
    assert problems(built) == []
    assert documents(built) == expected


NO_CARDS = {Kind.BILL: BILL, Kind.JOURNAL: KINDS[Kind.JOURNAL]}

HELD = [
    ("1.1 a card without an account", report([dinner()]), book(terms=cards(card_account_id=None)),
     ["map.card.unset: Report R00X9oNOn2MO (Ben Ito, 40.00 USD), line 1 (Café Nord, 40.00 USD): "
      'this flow names no account for card "1234XXXXXXXX1979 Ops Visa". Nothing was posted. '
      "Choose an account for this card, or one for all cards, on the flow's page."]),
    ("1.1 a card without a name goes by its number alone", report([dinner(card_name="")]),
     book(terms=cards(card_account_id=None)),
     ['map.card.unset: Report R00X9oNOn2MO (Ben Ito, 40.00 USD), line 1 (Café Nord, 40.00 USD): '
      'this flow names no account for card "1234XXXXXXXX1979". Nothing was posted. Choose an '
      "account for this card, or one for all cards, on the flow's page."]),
    ("1.1 company, no known card, and no account for it",
     report([expense("9.00", reimbursable=False)]), book(terms=cards()),
     ["map.company.unset: Report R00X9oNOn2MO (Ben Ito, 9.00 USD), line 1 (City Cab, 9.00 USD) is "
      "not reimbursable and on no known card, and this flow names no account for such expenses. "
      "Nothing was posted. Choose that account on the flow's page, or mark the expense as "
      "reimbursable in Expensify."]),
    ("1.1 a card's account is inactive", report([dinner()]),
     book(terms=cards(card_account_id=98),
          more_accounts=[replace(VISA, id=98, active=False)]),
     ["map.card.inactive: Report R00X9oNOn2MO (Ben Ito, 40.00 USD), line 1 (Café Nord, 40.00 "
      "USD): account 2110 Corporate Card - Visa, of the card, is inactive in QuickBooks Online "
      "since the list was read on 3 Nov 2026 09:12. Nothing was posted. Make it active there, or "
      "choose another account on the flow's page."]),
    ("1.1 a card's account is no card account", report([dinner()]),
     book(terms=cards(card_account_id=CHECKING.id)),
     ["map.card.kind: Report R00X9oNOn2MO (Ben Ito, 40.00 USD), line 1 (Café Nord, 40.00 USD): "
      "account 1000 Checking is of the type Bank; what is owed must stand on Credit Card. Nothing "
      "was posted. Choose another account on the flow's page."]),
    ("1.1 the company's account is inactive", report([expense("9.00", reimbursable=False)]),
     book(terms=cards(company_account_id=98),
          more_accounts=[replace(VISA, id=98, active=False)]),
     ["map.company.inactive: Report R00X9oNOn2MO (Ben Ito, 9.00 USD), line 1 (City Cab, 9.00 "
      "USD): account 2110 Corporate Card - Visa, of what the company paid without a known card, "
      "is inactive in QuickBooks Online since the list was read on 3 Nov 2026 09:12. Nothing was "
      "posted. Make it active there, or choose another account on the flow's page."]),
    ("1.1 the company's account is no card account", report([expense("9.00", reimbursable=False)]),
     book(terms=cards(company_account_id=CHECKING.id)),
     ["map.company.kind: Report R00X9oNOn2MO (Ben Ito, 9.00 USD), line 1 (City Cab, 9.00 USD): "
      "account 1000 Checking is of the type Bank; what is owed must stand on Credit Card. Nothing "
      "was posted. Choose another account on the flow's page."]),
    ("1.1 no document for cards in the ledger", report([dinner()]),
     book(terms=cards(), kinds=NO_CARDS),
     ["map.kind.unsupported: Report R00X9oNOn2MO (Ben Ito, 40.00 USD): QuickBooks Online has no "
      "document of the kind expense that we could post. Nothing was posted. Let the flow post "
      "journals, or book this report by hand and set it aside."]),
    ("1.3 no card credit in the ledger", report([dinner("-40.00")]),
     book(terms=cards(), kinds=NO_CARDS),
     ["map.kind.no_credit: Report R00X9oNOn2MO (Ben Ito, -40.00 USD): the total is negative, and "
      "QuickBooks Online has no credit that we could post. Nothing was posted. Let the flow post "
      "journals, or book this report by hand and set it aside."]),
    ("1.5 uncategorised, on a card too", report([dinner(category="Uncategorized")]),
     book(rule(MEALS), terms=cards()),
     ["map.category.uncategorised: Report R00X9oNOn2MO (Ben Ito, 40.00 USD), line 1 (Café Nord, "
      "40.00 USD) has no category. Nothing was posted. Categorise the expense in Expensify, then "
      "read the report again."]),
    ("1.6 a billable refund on a card has no place",
     report([dinner("-40.00", billable=True)]),
     book(rule(values={"customer": GLOBEX}), terms=cards()),
     ["map.billable.not_carried: Report R00X9oNOn2MO (Ben Ito, -40.00 USD), line 1 (Café Nord, "
      "-40.00 USD) is billable, which this document in QuickBooks Online cannot say. Nothing was "
      "posted. Let the flow post such expenses as not billable, or clear the flag in Expensify."]),
    ("1.8 a report whose expenses have tags of two flows",
     report([taxi(tags={1: "Sales"}), expense(tags={1: "Consulting"}), expense()]),
     book(terms=terms(selector=Selector.TAGS, selector_level=1,
                      selector_names=frozenset({"Sales"}))),
     ["map.flow.divided: Report R00X9oNOn2MO (Ben Ito, 37.50 USD): this flow takes reports by "
      "their tag on level 1, and lines 2, 3 would belong to another flow. A report belongs to "
      "exactly one. Nothing was posted. Divide the report in Expensify, or give all its expenses "
      "tags of one flow."]),
    ("2.2 the ledger wants a vendor on card documents", report([dinner()]),
     book(terms=cards(), kinds=KINDS | {Kind.EXPENSE: replace(CARD, party_required=True)}),
     ["map.party.card_unset: Report R00X9oNOn2MO (Ben Ito, 40.00 USD): card documents need a "
      "vendor in QuickBooks Online, and this flow names none for them. Nothing was posted. Choose "
      "the vendor of card documents on the flow's page."]),
    ("2.3 a card transaction without any date",
     report([dinner(posted_on=None, spent_on=None)]), book(terms=cards()),
     ["map.date.missing: Report R00X9oNOn2MO (Ben Ito, 40.00 USD), line 1 (Café Nord, 40.00 USD) "
      "has no date, by which this flow posts. Nothing was posted. Complete the report in "
      "Expensify, or choose another posting date on the flow's page."]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "open_book", "expected"), [row[1:] for row in HELD], ids=[row[0] for row in HELD]
)
def test_a_report_is_held_with_its_cure(given, open_book, expected) -> None:
    built = build(given, open_book)
    assert problems(built) == expected
    assert built.problems or documents(built) == []


# --- card documents ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "line", "on"),
    [
        (CardDatePolicy.BANK, dinner(), "2026-10-14"),
        (CardDatePolicy.BANK, dinner(posted_on=None), "2026-10-12"),
        (CardDatePolicy.EXPENSE, dinner(), "2026-10-12"),
        (CardDatePolicy.REPORT, dinner(), "2026-10-20"),
    ],
    ids=["bank's posting date", "else the expense's", "expense", "as the report's bill"],
)
def test_a_card_document_is_dated(policy, line, on) -> None:
    built = build(report([line]), book(terms=cards(card_date_policy=policy)))
    assert documents(built) == [f"card:2: expense, {on}: D 6130 40.00, C 2110 40.00"]


@pytest.mark.parametrize(
    ("open_book", "party"),
    [
        (book(terms=cards()), None),
        (book(terms=cards(card_party_id=MERCHANTS.id)), "Corporate Card Merchants"),
        (book(rule(party=CLEARING, category="Meals"), terms=cards()), "Employee Clearing"),
        (book(terms=cards(party_policy=PartyPolicy.FIXED, fixed_party_id=CLEARING.id)), None),
    ],
    ids=["nobody: merchants are not looked up", "the flow's", "a rule's", "not the clearing one"],
)
def test_a_card_document_names(open_book, party) -> None:
    entry = build(report([dinner()]), open_book).slices[0].entry
    assert (entry.party and entry.party.name) == party


def test_a_card_documents_memo_names_person_transaction_and_card() -> None:
    given = report([taxi(), dinner()], status=ReportStatus.REIMBURSED)
    bill, card = build(given, book(terms=cards())).slices
    assert card.entry.memo == (
        "Expensify report R00X9oNOn2MO | October trip | Ben Ito <ben.ito@acme.example> | "
        "transaction 2 | card 1234XXXXXXXX1979 | 2026-10-12 | "
        'https://www.expensify.com/report?param={"pageReportID":"R00X9oNOn2MO"}'
    )
    assert bill.entry.memo.startswith("REIMBURSED IN EXPENSIFY, DO NOT PAY | ")


def test_a_revised_card_expense_keeps_its_slice_whatever_changed() -> None:
    revised = dinner("-41.00", category="Taxi", card_number="other", spent_on=date(2026, 10, 1))
    names = [
        build(report([one]), book(terms=cards())).slices[0].name for one in (dinner(), revised)
    ]
    assert names == ["card:2", "card:2"]


def test_a_revised_card_document_keeps_its_date() -> None:
    built = build(report([dinner()]), book(terms=cards()), kept_dates={"card:2": date(2026, 10, 9)})
    assert built.slices[0].entry.date == date(2026, 10, 9)


def test_one_held_card_line_leaves_the_other_documents_whole() -> None:
    built = build(report([taxi(), dinner(category="Team events")]), book(terms=cards()))
    assert [(part.name, part.entry is None) for part in built.slices] == [
        ("reimbursable", False),
        ("card:2", True),
    ]


def test_a_card_transaction_of_zero_is_told_with_its_line() -> None:
    (zero,) = build(report([taxi(), dinner("0.00")]), book(terms=cards())).untaken
    assert (zero.code, zero.amount) == ("untaken.zero", Decimal("0.00")) and zero.code in CODES
    assert zero.text.startswith("Line 2 (Café Nord, 0.00 USD): it is zero")


def test_the_memo_of_a_part_counts_the_parts() -> None:
    lines = [expense() for _ in range(3)]
    kinds = KINDS | {Kind.BILL: replace(BILL, max_lines=1)}
    memos = [part.entry.memo for part in build(report(lines), book(kinds=kinds)).slices]
    assert ["| part 1 of 3 |" in memos[0], "| part 3 of 3 |" in memos[2]] == [True, True]


def test_parts_hold_the_lines_that_they_hold_and_keep_their_own_problems() -> None:
    lines = [expense(), expense(category="Team events"), expense()]
    kinds = KINDS | {Kind.BILL: replace(BILL, max_lines=1)}
    built = build(report(lines), book(kinds=kinds))
    assert [len(part.problems) for part in built.slices] == [0, 1, 0]


@pytest.mark.parametrize(
    ("selector", "names", "line", "text"),
    [
        (Selector.EMPLOYEES, {"ann@acme.example"}, taxi(),
         "This flow takes reports by employee, and Ben Ito is not one of its employees."),
        (Selector.OTHER_EMPLOYEES, {"ben.ito@acme.example"}, taxi(),
         "This flow takes reports by employee, and Ben Ito is left to another flow."),
        (Selector.TAGS, {"Consulting"}, taxi(tags={1: "Sales"}),
         "It has no expense with a tag on level 1 that is one of Consulting."),
        (Selector.OTHER_TAGS, {"Sales"}, taxi(tags={1: "Sales"}),
         "It has only expenses with a tag on level 1 that is left to another flow (Sales)."),
    ],
    ids=["employees", "other employees", "tags", "other tags"],
)  # fmt: skip
def test_a_report_of_another_flow_is_excluded_in_words(selector, names, line, text) -> None:
    mine = terms(selector=selector, selector_level=1, selector_names=frozenset(names))
    excluded = build(report([line]), book(terms=mine)).excluded
    assert (excluded.code, excluded.text) == ("excluded.selector", text)
    assert excluded.code in CODES


def test_an_expense_without_a_tag_is_one_of_the_others() -> None:
    rest = terms(
        selector=Selector.OTHER_TAGS, selector_level=1, selector_names=frozenset({"Sales"})
    )
    assert build(report([taxi()]), book(terms=rest)).slices[0].entry is not None


def test_a_journal_puts_the_flows_values_on_the_credit_side() -> None:
    open_book = book(terms=journals(credit_values={"class": SALES.id, "department": NEW_YORK.id}))
    assert documents(build(report([taxi()]), open_book)) == [
        "all: journal to Ben Ito, 2026-10-20: D 6120 12.50, C 2000 12.50 Sales New York (Ben Ito)"
    ]
    bill = build(report([taxi()]), book(terms=terms(credit_values={"class": SALES.id})))
    assert bill.slices[0].entry.lines[-1].dimensions == ()


def test_a_rules_party_names_a_card_line_of_a_journal() -> None:
    open_book = book(
        rule(party=MERCHANTS, category="Meals"), terms=journals(card_party_id=CLEARING.id)
    )
    assert documents(build(report([taxi(), dinner()]), open_book)) == [
        "all: journal to Ben Ito, 2026-10-20: D 6120 12.50, "
        "D 6130 40.00 (Corporate Card Merchants), C 2000 12.50 (Ben Ito), "
        "C 2110 40.00 (Employee Clearing)"
    ]


def test_two_rules_parties_of_a_bill_do_not_touch_its_card_documents() -> None:
    open_book = book(
        rule(party=BEN_THE_VENDOR, category="Taxi"), rule(party=MERCHANTS, category="Meals"),
        terms=cards(),
    )  # fmt: skip
    assert problems(build(report([taxi(), dinner()]), open_book)) == []
