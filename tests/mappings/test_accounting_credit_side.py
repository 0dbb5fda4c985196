"""ACCOUNTING section 2: the credit side, the party, dates and memos, as an accountant checks them.

Rows are as in the table of documents: what it is about, the report, the flow's book, and the
documents, or what holds the report, in full.
"""

from dataclasses import replace
from datetime import date

import pytest

from connectors.contract.entry import Kind
from connectors.contract.report import Person
from mappings.books import Party
from mappings.build import PartyWanted, build
from mappings.terms import LockPolicy, PartyPolicy
from tests.builders import (
    AMEX,
    BEN_THE_VENDOR,
    CLEARING,
    CLEARING_ACCOUNT,
    GLOBEX,
    KINDS,
    MERCHANTS,
    PAYABLE,
    PAYABLE_EUR,
    US_COMPANY,
    VISA,
    VISA_EUR,
    book,
    documents,
    expense,
    on_card,
    problems,
    report,
    terms,
)

EURO_COMPANY = replace(US_COMPANY, is_multicurrency=True)
EURO_BEN = Party(29, "90", "Ben Ito EUR", email="ben.ito@acme.example", currency="EUR")
KIRA = Person("kira.novak@acme.example", "Kira  Novak")
OTHER_BEN = Person("bito@acme.example", "Ben Ito")
INES = Person("ines.duarte@acme.example", "Ines Duarte")
GLOBEX_THE_VENDOR = Party(30, "91", "Globex Travel")

BY_TAG = terms(party_policy=PartyPolicy.TAG, party_tag_level=3)
BY_FIELD = terms(party_policy=PartyPolicy.FIELD, party_field="Supplier")
CREATES = terms(creates_parties=True)


def tagged(*names):
    return report([expense(tags={3: name}) if name else expense() for name in names])


def euros(*lines, **changes):
    return report(lines or [expense("10.00", currency="EUR")], currency="EUR", **changes)


POSTED = [
    # --- 2.1 Accounts
    ("2.1 reimbursement clearing in a journal", report(),
     book(terms=terms(kind=Kind.JOURNAL, payable_id=CLEARING_ACCOUNT.id)),
     ["all: journal to Ben Ito, 2026-10-20: D 6120 12.50, C 2190 12.50 (Ben Ito)"]),
    ("2.1 a payable for each currency: the euro's", euros(),
     book(terms=terms(payables={"EUR": PAYABLE_EUR.id}), company=EURO_COMPANY,
          more_parties=[EURO_BEN]),
     ["reimbursable: bill to Ben Ito EUR, 2026-10-20 EUR: "
      "D 6120 10.00, C 2050 10.00 (Ben Ito EUR)"]),
    ("2.1 a payable for each currency: the flow's own for all others", report(),
     book(terms=terms(payables={"EUR": PAYABLE_EUR.id}), company=EURO_COMPANY,
          more_parties=[EURO_BEN]),
     ["reimbursable: bill to Ben Ito, 2026-10-20: D 6120 12.50, C 2000 12.50 (Ben Ito)"]),
    # --- 2.2 Party
    ("2.2 of two vendors with one e-mail the one in the currency", euros(),
     book(terms=terms(payable_id=PAYABLE_EUR.id), company=EURO_COMPANY, more_parties=[EURO_BEN]),
     ["reimbursable: bill to Ben Ito EUR, 2026-10-20 EUR: "
      "D 6120 10.00, C 2050 10.00 (Ben Ito EUR)"]),
    ("2.2 one clearing vendor", report(employee=KIRA),
     book(terms=terms(party_policy=PartyPolicy.FIXED, fixed_party_id=CLEARING.id)),
     ["reimbursable: bill to Employee Clearing, 2026-10-20: "
      "D 6120 12.50, C 2000 12.50 (Employee Clearing)"]),
    ("2.2 by tag", tagged("globex travel", "Globex Travel"),
     book(terms=BY_TAG, more_parties=[GLOBEX_THE_VENDOR]),
     ["reimbursable: bill to Globex Travel, 2026-10-20: "
      "D 6120 12.50, D 6120 12.50, C 2000 25.00 (Globex Travel)"]),
    ("2.2 by tag: what the company's card paid names nobody's vendor",
     report([expense(tags={3: "Globex Travel"}), on_card(tags={3: "Initech"})]),
     book(terms=replace(BY_TAG, kind=Kind.JOURNAL, takes_cards=True, card_account_id=VISA.id),
          more_parties=[GLOBEX_THE_VENDOR]),
     ["all: journal to Globex Travel, 2026-10-20: "
      "D 6120 12.50, D 6130 40.00, C 2000 12.50 (Globex Travel), C 2110 40.00"]),
    ("2.2 by report field", report(fields=(("Supplier", " Globex Travel "),)),
     book(terms=BY_FIELD, more_parties=[GLOBEX_THE_VENDOR]),
     ["reimbursable: bill to Globex Travel, 2026-10-20: "
      "D 6120 12.50, C 2000 12.50 (Globex Travel)"]),
    ("2.2 a merchant is no vendor", report([on_card(transaction_id="2", merchant="Globex Travel")]),
     book(terms=terms(takes_cards=True, card_account_id=VISA.id, creates_parties=True),
          more_parties=[GLOBEX_THE_VENDOR]),
     ["card:2: expense, 2026-10-14: D 6130 40.00, C 2110 40.00"]),
    # --- 2.5 Locks
    ("2.5 each document by its own date",
     report([expense(), on_card(transaction_id="2", posted_on=date(2026, 11, 2))]),
     book(terms=terms(takes_cards=True, card_account_id=VISA.id,
                      lock_policy=LockPolicy.NEXT_OPEN), closed_through=date(2026, 10, 31)),
     ["reimbursable: bill to Ben Ito, 2026-11-01: D 6120 12.50, C 2000 12.50 (Ben Ito)",
      "card:2: expense, 2026-11-02: D 6130 40.00, C 2110 40.00"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "open_book", "expected"), [row[1:] for row in POSTED], ids=[row[0] for row in POSTED]
)
def test_a_report_becomes_these_documents(given, open_book, expected) -> None:
    built = build(given, open_book)
    assert problems(built) == []
    assert documents(built) == expected


HELD = [
    ("2.1 the card's account is in another currency", euros(on_card(currency="EUR")),
     book(terms=terms(takes_cards=True, card_account_id=VISA.id), company=EURO_COMPANY),
     ["map.currency.card: Report R00X9oNOn2MO (Ben Ito, 40.00 EUR), line 1 (Café Nord, 40.00 "
      "EUR): account 2110 Corporate Card - Visa is kept in USD. QuickBooks Online would book the "
      "figures one to one, so nothing was posted. Choose an account in EUR on the flow's page."]),
    ("2.2 the card's vendor is in another currency", euros(on_card(currency="EUR")),
     book(terms=terms(takes_cards=True, card_account_id=VISA_EUR.id, card_party_id=MERCHANTS.id),
          company=EURO_COMPANY),
     ["map.currency.party: Report R00X9oNOn2MO (Ben Ito, 40.00 EUR): the report is in EUR, vendor "
      '"Corporate Card Merchants" is set to USD. QuickBooks Online would book the figures one to '
      "one, so nothing was posted. Choose another vendor on the flow's page."]),
    ("2.2 the card's vendor is inactive", report([on_card()]),
     book(terms=terms(takes_cards=True, card_account_id=VISA.id, card_party_id=29),
          more_parties=[replace(MERCHANTS, id=29, active=False)]),
     ['map.party.inactive: Report R00X9oNOn2MO (Ben Ito, 40.00 USD): Vendor "Corporate Card '
      'Merchants" is inactive in QuickBooks Online since the list was read on 3 Nov 2026 09:12. '
      "Nothing was posted. Make it active there, or choose another vendor on the flow's page."]),
    ("2.2 the clearing vendor is a customer", report(),
     book(terms=terms(party_policy=PartyPolicy.FIXED, fixed_party_id=29),
          more_parties=[Party(29, "90", "Acme", kind="customer")]),
     ['map.party.not_payable: Report R00X9oNOn2MO (Ben Ito, 12.50 USD): "Acme" is a customer in '
      "Acme Consulting US and cannot be owed a report. Nothing was posted. Choose another vendor "
      "on the flow's page."]),
    ("2.2 by tag: no vendor of that name", tagged("Initech"), book(terms=BY_TAG),
     ['map.party.missing: Report R00X9oNOn2MO (Ben Ito, 12.50 USD): tag "Initech" (level 3) names '
      'the vendor, and Acme Consulting US has no active vendor of that name. Nothing was '
      'posted. Add vendor "Initech" in QuickBooks Online '
      "and read the lists again, or correct the report in Expensify."]),
    ("2.2 by tag: the name of a customer", tagged(GLOBEX.name), book(terms=BY_TAG),
     ['map.party.clash: Report R00X9oNOn2MO (Ben Ito, 12.50 USD): tag "Globex" (level 3) names '
      'the vendor, and in Acme Consulting US "Globex" is a customer. Nothing was posted. Give '
      'the vendor a name of its own in QuickBooks '
      "Online and in Expensify, then read the lists again."]),
    ("2.2 by tag: two vendors of that name", tagged("Globex Travel"),
     book(terms=BY_TAG, more_parties=[GLOBEX_THE_VENDOR,
                                      Party(31, "92", "GLOBEX TRAVEL")]),
     ['map.party.ambiguous: Report R00X9oNOn2MO (Ben Ito, 12.50 USD): tag "Globex Travel" (level '
      '3) names the vendor, and Acme Consulting US has 2 of this name: "Globex Travel" (no. '
      '91), "GLOBEX TRAVEL" (no. 92). Nothing was posted. '
      "Rename all but one of them in QuickBooks Online, then read the lists again."]),
    ("2.2 by tag: the lines name two", tagged("Globex Travel", "Employee Clearing"),
     book(terms=BY_TAG),
     ["map.party.conflict: Report R00X9oNOn2MO (Ben Ito, 25.00 USD): the vendor is the tag on "
      "level 3, and the lines name different parties (Globex Travel, Employee Clearing), and "
      "one document has one. Nothing was posted. Change "
      "the rules or the tags so that all lines name the same party."]),
    ("2.2 by tag: a line without one", tagged("Globex Travel", ""), book(terms=BY_TAG),
     ["map.party.no_name: Report R00X9oNOn2MO (Ben Ito, 25.00 USD) has an expense without a tag on "
      "level 3, by which this flow finds the vendor. Nothing was posted. Complete the report in "
      "Expensify, then read it again."]),
    ("2.2 by report field: empty", report(fields=(("Supplier", " "),)), book(terms=BY_FIELD),
     ['map.party.no_name: Report R00X9oNOn2MO (Ben Ito, 12.50 USD) has nothing in its field '
      '"Supplier", by which this flow finds the vendor. Nothing was posted. Complete the report in '
      "Expensify, then read it again."]),
    ("2.2 rules name two parties", report([expense(), expense(category="Meals")]),
     book(terms=terms(),
          rules=(*book().rules, replace(book().rules[0], id=9, category="Meals",
                                        party_id=CLEARING.id))),
     ["map.party.conflict: Report R00X9oNOn2MO (Ben Ito, 25.00 USD): Rules owe the lines of this "
      "report to different parties (Ben Ito, Employee Clearing), and one document has one. "
      "Nothing was posted. Change the rules or the tags so that all lines name the same party."]),
    ("2.2 creation: a customer has the name", report(employee=INES), book(terms=CREATES),
     ["map.party.clash: Report R00X9oNOn2MO (Ines Duarte, 12.50 USD): Ines Duarte "
      "(ines.duarte@acme.example) was not found among the vendors of Acme Consulting US. A "
      "customer of the same name exists, so none was created. Nothing was posted. Link Ines "
      'Duarte to a vendor, or create "Ines Duarte (employee)".']),
    ("2.2 creation: a customer has the name, and this ledger takes no vendors from us",
     report(employee=INES), book(can_create_parties=False),
     ["map.party.clash: Report R00X9oNOn2MO (Ines Duarte, 12.50 USD): Ines Duarte "
      "(ines.duarte@acme.example) was not found among the vendors of Acme Consulting US. A "
      "customer of the same name exists, so none was created. Nothing was posted. Link Ines "
      'Duarte to a vendor, or create "Ines Duarte (employee)" in QuickBooks Online and read the '
      "lists again."]),
    ("2.2 a vendor of the name that stands for another person", report(employee=OTHER_BEN),
     book(terms=CREATES, links={"ben.ito@acme.example": BEN_THE_VENDOR.id}),
     ["map.party.clash: Report R00X9oNOn2MO (Ben Ito, 12.50 USD): Ben Ito (bito@acme.example) was "
      'not found among the vendors of Acme Consulting US. Vendor "Ben Ito" (no. 56) stands for '
      "ben.ito@acme.example, so it was not taken for the same person. Nothing was posted. Link Ben "
      'Ito to a vendor, or create "Ben Ito (employee)".']),
    ("2.2 creation: the chosen name is a customer's too", report(employee=INES),
     book(party_names={"ines.duarte@acme.example": "Globex"}),
     ["map.party.clash: Report R00X9oNOn2MO (Ines Duarte, 12.50 USD): Globex "
      "(ines.duarte@acme.example) was not found among the vendors of Acme Consulting US. A "
      "customer of the same name exists, so none was created. Nothing was posted. Link Globex to a "
      'vendor, or create "Globex (employee)".']),
    ("2.2 creation: an inactive vendor has the name", report(employee=KIRA),
     book(terms=CREATES, more_parties=[Party(29, "90", "kira novak", active=False)]),
     ['map.party.inactive: Report R00X9oNOn2MO (Kira  Novak, 12.50 USD): Vendor "kira novak" is '
      "inactive in QuickBooks Online since the list was read on 3 Nov 2026 09:12. Nothing was "
      "posted. Make it active there, or link Kira  Novak (kira.novak@acme.example) to another "
      "vendor."]),
    ("2.2 creation: nobody knows the name", report(employee=Person("x@acme.example")),
     book(terms=CREATES),
     ["map.party.missing: Report R00X9oNOn2MO (x@acme.example, 12.50 USD): x@acme.example was not "
      "found among the vendors of Acme Consulting US. Nothing was posted. Link x@acme.example to "
      "a vendor, or add a vendor with that e-mail address in QuickBooks Online and read the lists "
      "again."]),
    ("2.2 no creation unless the flow says so", report(employee=KIRA), book(),
     ["map.party.missing: Report R00X9oNOn2MO (Kira  Novak, 12.50 USD): Kira  Novak "
      "(kira.novak@acme.example) was not found among the vendors of Acme Consulting US. Nothing "
      "was posted. Link Kira  Novak to a vendor, or add a vendor with that e-mail address in "
      "QuickBooks Online and read the lists again."]),
    ("2.5 a card transaction in a closed period",
     report([expense(), on_card(transaction_id="2", posted_on=date(2026, 9, 30))]),
     book(terms=terms(takes_cards=True, card_account_id=VISA.id),
          closed_through=date(2026, 9, 30)),
     ["map.date.locked: Report R00X9oNOn2MO (Ben Ito, 52.50 USD): posting date 30 Sep 2026 is in "
      "a closed period (QuickBooks Online is closed through 30 Sep 2026). Nothing was posted. "
      "Open the period (in QuickBooks Online, or our own on the connection's page), or post on 1 "
      "Oct 2026 with the original date in the memo."]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "open_book", "expected"), [row[1:] for row in HELD], ids=[row[0] for row in HELD]
)
def test_a_report_is_held_with_its_cure(given, open_book, expected) -> None:
    built = build(given, open_book)
    assert problems(built) == expected


# --- 2.2 creation --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "open_book", "currency"),
    [
        (report(employee=KIRA), book(terms=CREATES), "USD"),
        (
            euros(employee=KIRA),
            book(terms=replace(CREATES, payable_id=PAYABLE_EUR.id), company=EURO_COMPANY),
            "EUR",
        ),
    ],
    ids=["home currency", "the document's currency"],
)
def test_a_vendor_is_wanted_where_the_flow_creates_them(given, open_book, currency) -> None:
    (part,) = build(given, open_book).slices
    assert part.party_wanted == PartyWanted("Kira Novak", "kira.novak@acme.example", currency)
    assert part.entry is None and part.problems == ()


def test_a_vendor_is_wanted_under_the_name_that_a_person_chose() -> None:
    """Whatever the flow's policy: this one decision is a person's."""
    chosen = {"ines.duarte@acme.example": "Ines Duarte (employee)"}
    (part,) = build(report(employee=INES), book(party_names=chosen)).slices
    wanted = PartyWanted("Ines Duarte (employee)", "ines.duarte@acme.example", "USD")
    assert part.party_wanted == wanted and part.problems == ()


def test_the_vendor_that_somebody_created_under_the_chosen_name_is_the_employee() -> None:
    chosen = {"ines.duarte@acme.example": "Ines Duarte (employee)"}
    created = Party(29, "90", "ines duarte (Employee)")
    (part,) = build(report(employee=INES), book(party_names=chosen, more_parties=[created])).slices
    assert part.entry.party.id == "90"


def test_no_vendor_is_wanted_of_a_ledger_that_takes_none_from_us() -> None:
    (part,) = build(report(employee=KIRA), book(terms=CREATES, can_create_parties=False)).slices
    assert part.party_wanted is None
    assert [one.code for one in part.problems] == ["map.party.missing"]


def test_a_vendor_that_is_wanted_hides_no_problem() -> None:
    (part,) = build(
        report([expense(category="Team events")], employee=KIRA), book(terms=CREATES)
    ).slices
    assert part.party_wanted and [one.code for one in part.problems] == ["map.category.missing"]


def test_once_the_vendor_is_there_the_same_report_builds_an_entry() -> None:
    created = Party(29, "90", "Kira Novak", email="kira.novak@acme.example")
    (part,) = build(report(employee=KIRA), book(terms=CREATES, more_parties=[created])).slices
    assert part.entry.party.name == "Kira Novak" and part.party_wanted is None


# --- 2.4 due date, 2.6 memo ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("vendor", "days", "due"),
    [
        (BEN_THE_VENDOR, 10, date(2026, 10, 30)),
        (replace(BEN_THE_VENDOR, has_terms=True), 10, None),
        (replace(BEN_THE_VENDOR, has_terms=True), None, None),
    ],
    ids=["date plus days", "the vendor's terms come first", "the vendor's terms alone"],
)
def test_the_due_date_is(vendor, days, due) -> None:
    open_book = book(terms=terms(due_days=days), more_parties=[vendor])
    assert build(report(), open_book).slices[0].entry.due_date == due


@pytest.mark.parametrize(
    ("open_book", "who"),
    [
        (book(), "| Ben Ito |"),
        (
            book(terms=BY_TAG, more_parties=[GLOBEX_THE_VENDOR]),
            "| Ben Ito <ben.ito@acme.example> |",
        ),
    ],
    ids=["his own vendor", "a vendor that is somebody else"],
)
def test_the_memo_names_the_person_as_far_as_the_vendor_does_not(open_book, who) -> None:
    assert who in build(tagged("Globex Travel"), open_book).slices[0].entry.memo


def test_the_memo_tells_the_period_of_the_documents_own_expenses() -> None:
    lines = [expense(spent_on=date(2026, 10, 3)), on_card(spent_on=date(2026, 9, 1))]
    both = terms(takes_cards=True, card_account_id=AMEX.id)
    bill, card = build(report(lines), book(terms=both)).slices
    assert "| 2026-10-03 |" in bill.entry.memo and "| 2026-09-01 |" in card.entry.memo


def test_a_payable_of_a_part_is_the_same_for_all_parts() -> None:
    kinds = {kind: replace(abilities, max_lines=1) for kind, abilities in KINDS.items()}
    built = build(report([expense(), expense()]), book(kinds=kinds))
    assert {part.entry.lines[-1].account.number for part in built.slices} == {PAYABLE.number}
