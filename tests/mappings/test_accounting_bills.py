"""ACCOUNTING's decisions on reimbursable bills, line by line, as an accountant would check them.

A row is: what it is about, the report, the book, and either the debits and credits or the codes of
the problems that hold it. D and C stand before account numbers.
"""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from connectors.contract.company import Closed, Locks
from connectors.contract.entry import Kind
from connectors.contract.report import Action, Person, ReportStatus, Units
from mappings.books import Party
from mappings.build import build
from mappings.codes import CODES
from mappings.terms import (
    BillablePolicy,
    DatePolicy,
    ExportedPolicy,
    HeaderPolicy,
    LockPolicy,
    Mode,
    PartyPolicy,
    TagPolicy,
    TaxPolicy,
)
from mappings.texts import line_text
from tests.builders import (
    BEN_THE_VENDOR,
    BERLIN,
    BILL,
    CHECKING,
    CLEARING,
    CONSULTING,
    DUE_FROM_EMPLOYEES,
    GLOBEX,
    KINDS,
    LEGACY,
    MEALS,
    NEW_YORK,
    OLD_TRAVEL,
    PAYABLE_EUR,
    SALES,
    US_COMPANY,
    VAT,
    book,
    expense,
    on_card,
    report,
    rule,
    sides,
    terms,
)

NO_CREDIT = {Kind.BILL: BILL}
EURO_COMPANY = replace(US_COMPANY, is_multicurrency=True)
TAXED_COMPANY = replace(US_COMPANY, has_tax=True)
EURO_BEN = replace(BEN_THE_VENDOR, currency="EUR")


POSTED = [
    # --- 1. Which expenses become what
    ("1.1 reimbursable without a card", report([expense("12.50")]), book(),
     [("D 6120", "12.50"), ("C 2000", "12.50")]),
    ("1.1 reimbursable on a card is owed to the person too",
     report([on_card(reimbursable=True)]), book(),
     [("D 6130", "40.00"), ("C 2000", "40.00")]),
    ("1.1 company card beside it is left out",
     report([expense("12.50"), on_card()]),
     book(), [("D 6120", "12.50"), ("C 2000", "12.50")]),
    ("1.1 journals have one slice",
     report([expense("12.50")]), book(terms=terms(kind=Kind.JOURNAL)),
     [("D 6120", "12.50"), ("C 2000", "12.50")]),
    ("1.2 a refund stays a negative line", report([expense("30.00"), expense("-5.00", "Meals")]),
     book(), [("D 6120", "30.00"), ("C 6130", "5.00"), ("C 2000", "25.00")]),
    ("1.2 equal lines are not netted", report([expense("30.00"), expense("-5.00")]), book(),
     [("D 6120", "30.00"), ("C 6120", "5.00"), ("C 2000", "25.00")]),
    ("1.3 negative total is a credit",
     report([expense("5.00"), expense("-30.00", "Meals")]), book(),
     [("D 6120", "5.00"), ("C 6130", "30.00"), ("D 2000", "25.00")]),
    ("1.4 lines netting to zero", report([expense("5.00"), expense("-5.00", "Meals")]), book(),
     [("D 6120", "5.00"), ("C 6130", "5.00"), ("D 2000", "0.00")]),
    ("1.4 a zero line beside others is kept", report([expense("5.00"), expense("0.00", "Meals")]),
     book(), [("D 6120", "5.00"), ("D 6130", "0.00"), ("C 2000", "5.00")]),
    ("1.5 personal by rule to due from employee",
     report([expense("9.00", "Personal")]),
     book(rule(DUE_FROM_EMPLOYEES, category="Personal", party=BEN_THE_VENDOR)),
     [("D 1320", "9.00"), ("C 2000", "9.00")]),
    ("1.5 the expense type is a rule key",
     report([expense("33.50", "Meals", expense_type="distance")]),
     book(rule(DUE_FROM_EMPLOYEES, priority=10, expense_type="distance")),
     [("D 1320", "33.50"), ("C 2000", "33.50")]),
    ("1.7 reimbursed reports are taken", report(status=ReportStatus.REIMBURSED), book(),
     [("D 6120", "12.50"), ("C 2000", "12.50")]),
    # --- 2. Credit side, party, date
    ("2.1 the payable is in the document's currency",
     report([expense("10.00", currency="EUR")], currency="EUR"),
     book(terms=terms(payable_id=PAYABLE_EUR.id), company=EURO_COMPANY, more_parties=[EURO_BEN]),
     [("D 6120", "10.00"), ("C 2050", "10.00")]),
    # --- 3. Tax and currency
    ("3.1 without tax in the company lines are gross",
     report([expense("12.00", tax_amount=Decimal("2.00"))]), book(),
     [("D 6120", "12.00"), ("C 2000", "12.00")]),
    ("3.1 tax is cost", report([expense("12.00", tax_amount=Decimal("2.00"))]),
     book(company=TAXED_COMPANY, terms=terms(tax_policy=TaxPolicy.COST)),
     [("D 6120", "12.00"), ("C 2000", "12.00")]),
    ("3.1 a tax of zero needs no decision", report([expense("12.00", tax_amount=Decimal("0.00"))]),
     book(company=TAXED_COMPANY), [("D 6120", "12.00"), ("C 2000", "12.00")]),
    ("3.3 yen have no decimals", report([expense("1200", currency="JPY")], currency="JPY"),
     book(company=replace(EURO_COMPANY, home_currency="JPY")),
     [("D 6120", "1200"), ("C 2000", "1200")]),
    ("3.4 a foreign expense comes at Expensify's rate",
     report([expense("92.45", currency="EUR", rate=Decimal("1.07"))]), book(),
     [("D 6120", "92.45"), ("C 2000", "92.45")]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "open_book", "expected"),
    [row[1:] for row in POSTED],
    ids=[row[0] for row in POSTED],
)
def test_debits_and_credits_are(given, open_book, expected) -> None:
    built = build(given, open_book)
    assert not built.is_held, [str(p) for s in built.slices for p in s.problems]
    assert sides(built.slices[0].entry) == expected


HELD = [
    ("1.3 no credit in the ledger", report([expense("-5.00")]), book(kinds=NO_CREDIT),
     ["map.kind.no_credit"]),
    ("1.3 a line against a credit's sign", report([expense("5.00"), expense("-30.00", "Meals")]),
     book(kinds=KINDS | {Kind.CREDIT: replace(BILL, negative_lines=False)}),
     ["map.kind.negative_line"]),
    ("1.4 no document of zero", report([expense("5.00"), expense("-5.00", "Meals")]),
     book(kinds={Kind.BILL: replace(BILL, zero_total=False)}), ["map.kind.no_zero"]),
    ("1.5 uncategorised", report([expense(category="Uncategorized")]),
     book(rule(MEALS, category="Uncategorized")), ["map.category.uncategorised"]),
    ("1.5 no category at all", report([expense(category="")]), book(rule(MEALS)),
     ["map.category.uncategorised"]),
    ("1.6 billable without customer", report([expense(billable=True)]), book(),
     ["map.billable.no_customer"]),
    ("1.6 billable on a kind that cannot say so", report([expense(billable=True)]),
     book(rule(values={"customer": GLOBEX}),
          kinds={Kind.BILL: replace(BILL, carries_billable=False)}),
     ["map.billable.not_carried"]),
    ("2.1 no payable chosen", report(), book(terms=terms(payable_id=None)), ["map.payable.unset"]),
    ("2.1 payable of a wrong type", report(), book(terms=terms(payable_id=CHECKING.id)),
     ["map.payable.kind"]),
    ("2.1 payable gone", report(),
     book(terms=terms(payable_id=99), more_accounts=[replace(PAYABLE_EUR, id=99, active=False)]),
     ["map.payable.inactive"]),
    ("2.2 nobody of that e-mail or name",
     report(employee=Person("kira.novak@acme.example", "Kira Novak")),
     book(), ["map.party.missing"]),
    ("2.2 a customer has the name",
     report(employee=Person("ines.duarte@acme.example", "Ines Duarte")),
     book(), ["map.party.clash"]),
    ("2.2 an employee has the vendor's name",
     report(employee=Person("chloe@acme.example", "Chloé Martin")),
     book(more_parties=[Party(29, "90", "Chloé Martin", kind="employee")]), ["map.party.clash"]),
    ("2.2 two vendors with the e-mail", report(),
     book(more_parties=[Party(29, "90", "Ben Ito 2", email="Ben.Ito@acme.example")]),
     ["map.party.ambiguous"]),
    ("2.2 two vendors of the name", report(employee=Person("chloe@acme.example", "Chloé Martin")),
     book(more_parties=[Party(29, "90", "chloé martin")]), ["map.party.ambiguous"]),
    ("2.2 linked vendor inactive", report(),
     book(links={"ben.ito@acme.example": 29},
          more_parties=[Party(29, "90", "Old Ben", active=False)]),
     ["map.party.inactive"]),
    ("2.2 linked to a customer", report(),
     book(links={"ben.ito@acme.example": 29},
          more_parties=[Party(29, "90", "Ben", kind="customer")]),
     ["map.party.not_payable"]),
    ("2.2 clearing vendor not chosen", report(),
     book(terms=terms(party_policy=PartyPolicy.FIXED)), ["map.party.unset"]),
    ("2.2 rules name two parties", report([expense(), expense(category="Meals")]),
     book(rule(category="Meals", party=CLEARING)), ["map.party.conflict"]),
    ("2.3 no date of approval", report(approved_at=None), book(), ["map.date.missing"]),
    ("2.5 closed by the ledger", report(), book(closed_through=date(2026, 10, 31)),
     ["map.date.locked"]),
    ("2.5 closed by ourselves", report(),
     book(locks=Locks((Closed(None, date(2026, 10, 20), "we closed these books"),))),
     ["map.date.locked"]),
    ("3.1 tax undecided",
     report([expense(tax_amount=Decimal("2.00"))]), book(company=TAXED_COMPANY),
     ["map.tax.undecided"]),
    ("3.1 tax code gone", report(),
     book(rule(tax_code_id=VAT.id),
          tax_codes={VAT.id: replace(VAT, active=False, percent=None)}),
     ["map.tax_code.inactive"]),
    ("3.3 lines don't add up to the total", report([expense("412.60")], total="412.61"), book(),
     ["report.total.mismatch"]),
    ("3.3 a fraction of a yen", report([expense("10.50", currency="JPY")], currency="JPY"),
     book(company=replace(EURO_COMPANY, home_currency="JPY")), ["report.amount.decimals"]),
    ("3.3 an amount beyond every ledger", report([expense("1e18")]), book(),
     ["report.amount.decimals"]),
    ("3.4 converted amount missing", report([expense(None, currency="EUR")]), book(),
     ["report.expense.unconverted"]),
    ("3.4 company keeps one currency", report(currency="EUR"), book(), ["map.currency.company"]),
    ("3.4 vendor and payable in another currency",
     report(currency="EUR"), book(company=EURO_COMPANY),
     ["map.currency.payable", "map.currency.party"]),
    ("3.4 home report, foreign vendor", report(),
     book(company=EURO_COMPANY, more_parties=[EURO_BEN]), ["map.currency.party"]),
    ("3.4 line account in a third currency", report([expense(category="Deposit")]),
     book(rule(replace(MEALS, id=98), category="Deposit"),
          more_accounts=[replace(MEALS, id=98, currency="GBP")]), ["map.account.currency"]),
    # --- what the rules say
    ("category without account", report([expense(category="Team events")]), book(),
     ["map.category.missing"]),
    ("account inactive", report([expense(category="Old Travel")]),
     book(rule(OLD_TRAVEL, category="Old Travel")), ["map.account.inactive"]),
    ("account that a line cannot use", report([expense(category="Cash")]),
     book(rule(CHECKING, category="Cash")), ["map.account.kind"]),
    ("class inactive", report([expense(tags={1: "Legacy"})]),
     book(rule(tag_level=1, tag="Legacy", values={"class": LEGACY})), ["map.value.inactive"]),
    ("tag on a mapped level without a member", report([expense(tags={1: "Engineering"})]),
     book(rule(tag_level=1, tag="Sales", values={"class": SALES})), ["map.tag.missing"]),
    ("dimension without a place", report(),
     book(rule(values={"class": SALES}), kinds={Kind.BILL: replace(BILL, dimensions={})}),
     ["map.dimension.not_carried"]),
    ("lines disagree on the location",
     report([expense(tags={2: "East"}), expense(tags={2: "Berlin"})]),
     book(rule(tag_level=2, tag="East", values={"department": NEW_YORK}),
          rule(tag_level=2, tag="Berlin", values={"department": BERLIN})), ["map.header.conflict"]),
    ("one line says no location", report([expense(tags={2: "East"}), expense()]),
     book(rule(tag_level=2, tag="East", values={"department": NEW_YORK})), ["map.header.conflict"]),
    # --- the rest
    ("flags unknown", report([expense(has_unknown_flag=True)]), book(), ["report.flag.unknown"]),
    ("4.6 exported by Expensify's own connection",
     report(actions=(Action("EXPORTINTEGRATION", "", "2026-11-01 10:11:12"),)), book(),
     ["report.exported_before"]),
    ("same expense twice",
     report([expense(transaction_id="7"), expense(transaction_id="7")]), book(),
     ["report.expense.repeated"]),
    ("no such kind", report(), book(kinds={}), ["map.kind.unsupported"]),
    ("lists never read", report(), book(read_at=None), ["map.chart.unread"]),
]  # fmt: skip


def codes(built) -> list[str]:
    parts = [problem.code for part in built.slices for problem in part.problems]
    return [problem.code for problem in built.problems] + parts


@pytest.mark.parametrize(
    ("given", "open_book", "expected"), [row[1:] for row in HELD], ids=[row[0] for row in HELD]
)
def test_held_with_a_cure_and_nothing_else(given, open_book, expected) -> None:
    built = build(given, open_book)
    assert sorted(codes(built)) == sorted(expected)
    for problem in (*built.problems, *built.slices[0].problems):
        assert given.report_id in problem.message
        assert problem.message.endswith(".") and problem.cure.endswith(".")
        assert problem.field


def test_all_problems_are_told_at_once() -> None:
    given = report(
        [
            expense("18.40", "Team events", tags={1: "Legacy"}),
            expense("3.00", "", billable=True),
            expense("4.00", "Old Travel"),
        ],
        total="25.41",
        employee=Person("nobody@acme.example", "No Body"),
    )
    open_book = book(
        rule(OLD_TRAVEL, category="Old Travel"),
        rule(tag_level=1, tag="Legacy", values={"class": LEGACY}),
        terms=terms(payable_id=None),
        closed_through=date(2026, 10, 31),
    )
    assert set(codes(build(given, open_book))) == {
        "report.total.mismatch",
        "map.category.missing",
        "map.category.uncategorised",
        "map.account.inactive",
        "map.value.inactive",
        "map.billable.no_customer",
        "map.party.missing",
        "map.date.locked",
        "map.payable.unset",
    }


# --- kinds, slices, what is left out -------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "kind", "total"),
    [
        (report([expense("5.00"), expense("-5.01")]), Kind.CREDIT, "-0.01"),
        (report([expense("5.00"), expense("-4.99")]), Kind.BILL, "0.01"),
        (report([expense("5.00"), expense("-5.00")]), Kind.BILL, "0.00"),
    ],
    ids=["below zero", "above zero", "zero"],
)
def test_the_sign_of_the_total_decides_the_kind(given, kind, total) -> None:
    part = build(given, book()).slices[0]
    assert (part.name, part.kind, part.total) == ("reimbursable", kind, Decimal(total))
    assert part.entry.kind is kind and part.entry.total == Decimal(total)


def test_lines_netting_to_zero_become_a_journal_where_no_bill_of_zero_is_taken() -> None:
    kinds = KINDS | {Kind.BILL: replace(BILL, zero_total=False)}
    part = build(report([expense("5"), expense("-5")]), book(kinds=kinds)).slices[0]
    assert part.kind is Kind.JOURNAL and part.entry is not None


def test_the_slice_of_a_journal_is_all() -> None:
    part = build(report(), book(terms=terms(kind=Kind.JOURNAL))).slices[0]
    assert (part.name, part.entry.slice_name) == ("all", "all")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (report([expense("0.00"), expense("0.00", "Team events")]), "zero"),
        (report([]), "empty"),
        (report([on_card()]), "nothing_taken"),
    ],
    ids=["all lines zero", "no lines", "no line taken"],
)
def test_nothing_to_post_is_a_note_not_a_problem(given, code) -> None:
    built = build(given, book())
    assert (built.slices, built.problems, built.note.code) == ((), (), code)
    assert code in CODES


@pytest.mark.parametrize(
    ("line", "open_book", "code"),
    [
        (on_card(), book(), "untaken.card"),
        (expense(reimbursable=False), book(), "untaken.company"),
        (
            expense(),
            book(terms=terms(takes_reimbursable=False, takes_cards=True)),
            "untaken.reimbursable",
        ),
    ],
    ids=["company card", "neither card nor reimbursable", "cards only"],
)
def test_what_the_flow_does_not_take_is_listed_with_its_amount(line, open_book, code) -> None:
    (untaken,) = build(report([line]), open_book).untaken
    assert (untaken.code, untaken.transaction_id) == (code, line.transaction_id)
    assert untaken.amount == line.amount and untaken.text.startswith(f"Line 1 ({line.merchant}, ")
    assert code in CODES


NEW_YORK_EVENING = datetime(2026, 10, 1, 3, 0, tzinfo=UTC)  # 30 Sep, 23:00 there


@pytest.mark.parametrize(
    ("given", "open_book", "code"),
    [
        (report(workspace_id="4C6722D4BD2BD941"), book(), "excluded.workspace"),
        (report(status=ReportStatus.CLOSED), book(), "excluded.state"),
        (report(status=ReportStatus.PROCESSING), book(), "excluded.state"),
        (report(approved_at=NEW_YORK_EVENING), book(), "excluded.before_start"),
        (
            report(name="October"),
            book(terms=terms(mode=Mode.TEST, test_prefix="TEST")),
            "excluded.not_a_test",
        ),
    ],
    ids=["workspace", "closed", "not approved", "before the start in the zone", "not a test"],
)
def test_a_report_that_is_none_of_the_flows_business_is_excluded(given, open_book, code) -> None:
    built = build(given, open_book)
    assert built.excluded.code == code and code in CODES
    assert (built.slices, built.problems, built.note) == ((), (), None)


def test_a_test_report_is_taken_in_test_mode() -> None:
    open_book = book(terms=terms(mode=Mode.TEST, test_prefix="TEST"))
    assert build(report(name="TEST 1"), open_book).slices[0].entry is not None


def test_a_closed_report_is_flagged_where_the_flow_takes_it() -> None:
    open_book = book(terms=terms(takes_states=frozenset({ReportStatus.CLOSED})))
    built = build(report(status=ReportStatus.CLOSED), open_book)
    assert built.flags == ("closed",) and not built.is_held


@pytest.mark.parametrize(
    ("action", "policy"),
    [("EXPORTINTEGRATION", ExportedPolicy.POST), ("EXPORTCSV", ExportedPolicy.HOLD)],
    ids=["the flow says so", "a downloaded file books nothing"],
)
def test_a_report_exported_before_is_posted_where(action, policy) -> None:
    given = report(actions=(Action(action, "", "2026-11-01 10:11:12"),))
    assert not build(given, book(terms=terms(exported_policy=policy))).is_held


# --- party ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("employee", "open_book", "party"),
    [
        (Person("BEN.ITO@acme.example", "Somebody"), book(), "Ben Ito"),
        (Person("chloe.martin@acme.example", "Chloe\u0301  martin"), book(), "Chloé Martin"),
        (
            Person("ben.ito@acme.example", "Ben Ito"),
            book(links={"ben.ito@acme.example": CLEARING.id}),
            "Employee Clearing",
        ),
        (
            Person("ines.duarte@acme.example", "Ines Duarte"),
            book(links={"ines.duarte@acme.example": CLEARING.id}),
            "Employee Clearing",
        ),
        (
            Person("nobody@acme.example", "No Body"),
            book(
                terms=terms(party_policy=PartyPolicy.FIXED, fixed_party_id=CLEARING.id),
            ),
            "Employee Clearing",
        ),
        (
            Person("ben.ito@acme.example", "Ben Ito"),
            book(rule(party=CLEARING)),
            "Employee Clearing",
        ),
    ],
    ids=["by e-mail", "by name", "by link", "link before clash", "clearing vendor", "by rule"],
)
def test_the_party_is_found(employee, open_book, party) -> None:
    entry = build(report(employee=employee), open_book).slices[0].entry
    assert entry.party.name == party
    assert entry.lines[-1].party == entry.party


def test_with_a_clearing_vendor_the_memo_names_the_person_by_e_mail_too() -> None:
    fixed = terms(party_policy=PartyPolicy.FIXED, fixed_party_id=CLEARING.id)
    entry = build(report(), book(terms=fixed)).slices[0].entry
    assert "Ben Ito <ben.ito@acme.example>" in entry.memo


# --- dates ---------------------------------------------------------------------------------------

LATE = report(
    [expense(spent_on=date(2026, 10, 30)), expense(spent_on=date(2026, 10, 3))],
    submitted_at=datetime(2026, 11, 1, 2, 0, tzinfo=UTC),
    approved_at=datetime(2026, 11, 2, 4, 30, tzinfo=UTC),
)


@pytest.mark.parametrize(
    ("policy", "on"),
    [
        (DatePolicy.APPROVAL, date(2026, 11, 1)),
        (DatePolicy.SUBMITTED, date(2026, 10, 31)),
        (DatePolicy.LAST_EXPENSE, date(2026, 10, 30)),
        (DatePolicy.MONTH_END, date(2026, 10, 31)),
        (DatePolicy.POSTING_DAY, date(2026, 11, 4)),
    ],
    ids=lambda x: str(x),
)
def test_the_date_follows_the_policy_in_the_flows_zone(policy, on) -> None:
    assert build(LATE, book(terms=terms(date_policy=policy))).slices[0].entry.date == on


def test_a_date_of_an_expense_is_never_shifted_by_a_zone() -> None:
    kiritimati = terms(date_policy=DatePolicy.LAST_EXPENSE, zone="Pacific/Kiritimati")
    assert build(LATE, book(terms=kiritimati)).slices[0].entry.date == date(2026, 10, 30)


def test_a_closed_day_moves_to_the_next_open_one_with_the_original_date_in_the_memo() -> None:
    moved = terms(lock_policy=LockPolicy.NEXT_OPEN)
    entry = build(report(), book(terms=moved, closed_through=date(2026, 10, 31))).slices[0].entry
    assert entry.date == date(2026, 11, 1)
    assert "original date 2026-10-20" in entry.memo
    assert entry.notes == ("Dated 1 Nov 2026 instead of 20 Oct 2026.",)


def test_books_that_are_closed_for_ever_hold_whatever_the_policy_says() -> None:
    open_book = book(terms=terms(lock_policy=LockPolicy.NEXT_OPEN), closed_through=date.max)
    (problem,) = build(report(), open_book).slices[0].problems
    assert problem.code == "map.date.locked" and problem.cure.endswith("page).")


def test_a_revised_document_keeps_its_date() -> None:
    kept = {"reimbursable": date(2026, 10, 22)}
    entry = build(report(approved_at=datetime(2026, 11, 9, tzinfo=UTC)), book(), kept_dates=kept)
    assert entry.slices[0].entry.date == date(2026, 10, 22)


def test_a_kept_date_in_a_closed_period_is_held_even_where_new_documents_would_move() -> None:
    open_book = book(
        terms=terms(lock_policy=LockPolicy.NEXT_OPEN), closed_through=date(2026, 10, 31)
    )
    built = build(report(), open_book, kept_dates={"reimbursable": date(2026, 10, 20)})
    (problem,) = built.slices[0].problems
    assert problem.code == "map.date.locked" and "left as it is" in problem.message


@pytest.mark.parametrize(("days", "due"), [(None, None), (0, 20), (10, 30)])
def test_the_due_date_is_the_vendors_terms_or_date_plus_days(days, due) -> None:
    entry = build(report(), book(terms=terms(due_days=days))).slices[0].entry
    assert entry.due_date == (due and date(2026, 10, due))


# --- dimensions ----------------------------------------------------------------------------------


def test_dimensions_stand_where_the_document_has_them() -> None:
    open_book = book(
        rule(tag_level=1, tag="Sales", values={"class": SALES}),
        rule(tag_level=2, tag="East", values={"department": NEW_YORK}),
        rule(tag_level=3, tag="Globex", values={"customer": GLOBEX}),
    )
    given = report([expense(tags={1: "Sales", 2: "East", 3: "Globex"}, billable=True)])
    entry = build(given, open_book).slices[0].entry
    line = entry.lines[0]
    assert entry.header_dimension("department").name == "New York"
    assert (line.dimension("class").name, line.dimension("customer").name) == ("Sales", "Globex")
    assert line.dimension("department") is None and line.billable
    assert entry.lines[-1].dimensions == ()


def test_a_journal_carries_the_location_on_the_line() -> None:
    open_book = book(
        rule(tag_level=2, tag="East", values={"department": NEW_YORK}),
        terms=terms(kind=Kind.JOURNAL),
    )
    entry = build(report([expense(tags={2: "East"}), expense()]), open_book).slices[0].entry
    assert entry.lines[0].dimension("department").name == "New York"
    assert entry.dimensions == () and entry.lines[1].dimensions == ()


def test_silent_lines_follow_the_others_where_the_flow_says_so() -> None:
    open_book = book(
        rule(tag_level=2, tag="East", values={"department": NEW_YORK}),
        terms=terms(header_policy=HeaderPolicy.FOLLOW),
    )
    entry = build(report([expense(tags={2: "East"}), expense()]), open_book).slices[0].entry
    assert entry.header_dimension("department").name == "New York"


def test_a_rule_can_leave_a_dimension_empty_on_purpose() -> None:
    open_book = book(
        rule(tag_level=3, tag="Globex", values={"customer": GLOBEX}),
        rule(tag_level=3, tag="Internal", values={"customer": None}),
    )
    entry = build(report([expense(tags={3: "Internal"})]), open_book).slices[0].entry
    assert entry.lines[0].dimensions == ()


def test_a_level_that_no_rule_knows_is_not_carried() -> None:
    assert build(report([expense(tags={4: "Anything"})]), book()).slices[0].entry is not None


def test_unmapped_tags_can_be_ignored_by_policy() -> None:
    open_book = book(
        rule(tag_level=1, tag="Sales", values={"class": SALES}),
        terms=terms(tag_policy=TagPolicy.IGNORE),
    )
    assert build(report([expense(tags={1: "Engineering"})]), open_book).slices[0].entry is not None


def test_a_fallback_rule_fills_what_a_tag_lacks() -> None:
    open_book = book(
        rule(tag_level=1, tag="Sales", values={"class": SALES}),
        rule(priority=900, values={"class": CONSULTING}),
    )
    entry = build(report([expense(tags={1: "Engineering"})]), open_book).slices[0].entry
    assert entry.lines[0].dimension("class").name == "Consulting"


def test_a_billable_flag_is_dropped_only_where_the_flow_says_so_and_then_noted() -> None:
    open_book = book(terms=terms(billable_policy=BillablePolicy.IGNORE))
    entry = build(report([expense(billable=True)]), open_book).slices[0].entry
    assert not entry.lines[0].billable and "not billable" in entry.notes[0]


# --- GL codes ------------------------------------------------------------------------------------

CODED = report([expense(category="Parking", category_gl_code="6120")])


def test_a_gl_code_is_only_proposed() -> None:
    (problem,) = build(CODED, book()).slices[0].problems
    assert problem.code == "map.category.missing"
    assert problem.facts["suggested_account_id"] == "2" and "6120" in problem.cure


def test_a_gl_code_is_used_where_the_flow_says_so_and_the_reason_is_kept() -> None:
    part = build(CODED, book(terms=terms(use_gl_codes=True))).slices[0]
    assert sides(part.entry)[0] == ("D 6120", "12.50")
    assert (part.explained[0].rule_id, part.explained[0].rule_text) == (
        None,
        "GL code of the category: 6120",
    )


def test_a_gl_code_of_two_accounts_or_of_an_inactive_one_decides_nothing() -> None:
    twice = book(
        terms=terms(use_gl_codes=True), more_accounts=[replace(MEALS, id=97, number="6120")]
    )
    gone = report([expense(category="Trains", category_gl_code="6290")])
    assert codes(build(CODED, twice)) == ["map.category.missing"]
    assert codes(build(gone, book(terms=terms(use_gl_codes=True)))) == ["map.category.missing"]


# --- what people read ----------------------------------------------------------------------------


def only_problem(given, open_book):
    built = build(given, open_book)
    (problem,) = (*built.problems, *(p for part in built.slices for p in part.problems))
    return problem


MESSAGES = [
    ("category", report([expense("412.60", "Team events")]), book(),
     'Report R00X9oNOn2MO (Ben Ito, 412.60 USD): category "Team events" has no account '
     'in QuickBooks '
     "Online. Nothing was posted. Choose an account."),
    ("value", report([expense(), expense("18.40", merchant="Taxi", tags={2: "West"})]),
     book(rule(tag_level=2, tag="West", values={"class": LEGACY})),
     'Report R00X9oNOn2MO (Ben Ito, 30.90 USD), line 2 (Taxi, 18.40 USD): tag "West" (level 2) '
     'points to class "Legacy Projects", inactive in QuickBooks Online since the list was read on '
     "3 Nov 2026 09:12. Nothing was posted. Make it active there, or point the rule elsewhere."),
    ("closed period", report(), book(closed_through=date(2026, 10, 31)),
     "Report R00X9oNOn2MO (Ben Ito, 12.50 USD): posting date 20 Oct 2026 is in a closed period "
     "(QuickBooks Online is closed through 31 Oct 2026). Nothing was posted. Open the period (in "
     "QuickBooks Online, or our own on the connection's page), or post on 1 Nov 2026 with the "
     "original date in the memo."),
    ("clash", report(employee=Person("ines.duarte@acme.example", "Ines Duarte")), book(),
     "Report R00X9oNOn2MO (Ines Duarte, 12.50 USD): Ines Duarte (ines.duarte@acme.example) was "
     "not found among the vendors of Acme Consulting US. A customer of the same name exists, so "
     'none was created. Nothing was posted. Link Ines Duarte to a vendor, or create "Ines Duarte '
     '(employee)".'),
    ("currency", report(currency="EUR"),
     book(company=EURO_COMPANY, terms=terms(payable_id=PAYABLE_EUR.id)),
     'Report R00X9oNOn2MO (Ben Ito, 12.50 EUR): the report is in EUR, vendor "Ben Ito" is set to '
     "USD. QuickBooks Online would book the figures one to one, so nothing was posted. Link Ben "
     "Ito to a vendor in EUR."),
    ("total", report([expense("412.60")], total="412.61"), book(),
     "Report R00X9oNOn2MO (Ben Ito, 412.61 USD): the lines add up to 412.60, Expensify's "
     "total says "
     "412.61. Nothing was posted, because we never spread a difference. Correct the report in "
     "Expensify, then read it again."),
    ("exported", report(actions=(Action("EXPORTED", "", "2026-11-01 10:11:12"),)), book(),
     "Report R00X9oNOn2MO (Ben Ito, 12.50 USD) was already exported by Expensify's own connection "
     "on 1 Nov 2026. To avoid booking it twice we posted nothing. Set it aside if it is in the "
     "books; if it isn't, let the flow post such reports."),
    ("tax", report([expense("60.00", tax_amount=Decimal("12.35"), tax_name="VAT")]),
     book(company=TAXED_COMPANY),
     "Report R00X9oNOn2MO (Ben Ito, 60.00 USD), line 1 (City Cab, 60.00 USD) contains 12.35 USD "
     "VAT, and this flow has not been told what to do with tax. Nothing was posted. Say on the "
     "flow's page whether tax is reclaimed with a tax code, or booked as cost."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "open_book", "text"), [row[1:] for row in MESSAGES], ids=[row[0] for row in MESSAGES]
)
def test_messages_say_what_where_and_the_cure(given, open_book, text) -> None:
    assert str(only_problem(given, open_book)) == text


def test_what_several_lines_wait_for_alike_is_told_once() -> None:
    given = report(
        [expense(category="Old Travel"), expense(), expense("7.00", category="Old Travel")]
    )
    problem = only_problem(given, book(rule(OLD_TRAVEL, category="Old Travel")))
    assert problem.facts["lines"] == "1, 3"
    assert problem.message.endswith("The same holds for line 3.")
    assert problem.subject == f"account:{OLD_TRAVEL.id}"


def test_reports_that_wait_for_the_same_cure_share_a_subject() -> None:
    one = only_problem(report([expense(category="Team events")]), book())
    other = only_problem(report([expense("3.00", "Team events")], report_id="R00PdJbQrzoC"), book())
    assert one.subject == other.subject == "category:Team events"


def test_the_memo_says_what_the_books_must_tell() -> None:
    given = report([expense(spent_on=date(2026, 10, 3)), expense(spent_on=date(2026, 10, 5))])
    assert build(given, book()).slices[0].entry.memo == (
        "Expensify report R00X9oNOn2MO | October trip | Ben Ito | 2026-10-03 to 2026-10-05 | "
        'https://www.expensify.com/report?param={"pageReportID":"R00X9oNOn2MO"}'
    )


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (
            datetime(2026, 10, 25, 2, 0, tzinfo=UTC),
            "REIMBURSED IN EXPENSIFY 2026-10-24, DO NOT PAY",
        ),
        (None, "REIMBURSED IN EXPENSIFY, DO NOT PAY"),
    ],
    ids=["with its date in the zone", "without a date"],
)
def test_the_memo_of_a_reimbursed_report_begins_with_the_warning(at, words) -> None:
    built = build(report(status=ReportStatus.REIMBURSED, reimbursed_at=at), book())
    assert built.slices[0].entry.memo.startswith(f"{words} | Expensify report R00X9oNOn2MO")
    assert built.flags == ("reimbursed",)


LINE_TEXTS = [
    (expense(comment="to the\nairport"), "2026-10-12 City Cab - Taxi - to the airport"),
    (
        expense("92.45", currency="EUR", original_amount=Decimal("86.40"), rate=Decimal("1.07")),
        "2026-10-12 City Cab - Taxi - EUR 86.40 @ 1.07",
    ),
    (
        expense("33.50", "Mileage", merchant="", units=Units("50", "0.67", "mi")),
        "2026-10-12 - Mileage - 50 mi x 0.67",
    ),
]


@pytest.mark.parametrize(("line", "text"), LINE_TEXTS, ids=["comment", "foreign", "mileage"])
def test_the_line_tells_how_it_came_about(line, text) -> None:
    assert line_text(line, report([line])) == text


def test_lines_keep_their_order_and_their_expense() -> None:
    lines = [expense(f"{n}.00") for n in (3, 1, 2)]
    entry = build(report(lines), book()).slices[0].entry
    assert [line.transaction_id for line in entry.lines[:-1]] == [x.transaction_id for x in lines]
