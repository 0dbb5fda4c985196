"""From a line of the export to a Report: which amount counts, and what is refused."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract.report import (
    Action,
    Expense,
    Person,
    Receipt,
    Report,
    ReportStatus,
    Tag,
    Units,
)
from connectors.expensify import parse
from connectors.expensify.codes import CODES
from connectors.expensify.values import Conventions, Misfit
from tests.expensify.made import TWO_REPORTS, expense, line

BERLIN, NOTHING = TWO_REPORTS.decode().split("\n")[:2]


def only(**members) -> Expense:
    return parse.report(line(expense(**members))).expenses[0]


def test_a_report_with_everything_is_read_whole():
    read = parse.report(BERLIN)
    dinner, flight, mileage = read.expenses
    assert dinner == Expense(
        transaction_id="7310226548190027355",
        amount=Decimal("160.50"),
        original_amount=Decimal("150.00"),
        original_currency="EUR",
        spent_on=date(2026, 10, 7),
        merchant='Gasthaus "Zur Spree"',
        comment="Team dinner\nwith Globex\t(6 people) \\ </i>",
        category="Meals & Entertainment",
        category_gl_code="6130",
        tags=(Tag(1, "Sales", "220"), Tag(2, "Berlin", "30"), Tag(3, "Globex")),
        billable=True,
        rate=Decimal("1.07"),
        tax_amount=Decimal("23.95"),
        tax_name="VAT",
        tax_rate_name="Standard",
        tax_rate=Decimal("19"),
        tax_code="id_TAX_2",
        mcc="5812",
        receipt=Receipt("90417", "w_3c1.jpg", "https://www.expensify.com/receipts/w_3c1.jpg"),
    )
    assert flight == Expense(
        transaction_id="7310226548190027361",
        amount=Decimal("54.60"),
        original_amount=Decimal("54.60"),
        original_currency="USD",
        spent_on=date(2026, 10, 8),
        merchant="Lufthansa",
        category="Airfare",
        category_gl_code="6100",
        tags=(Tag(1, "Sales"),),
        reimbursable=False,
        posted_on=date(2026, 10, 10),
        bank="vcf",
        card_id="4242",
        card_name="Chloé travel",
        card_number="4111XXXXXXXX2201",
    )
    assert flight.is_on_card and not dinner.is_on_card
    assert mileage.units == Units("17.5", "70", "mi")
    assert (mileage.expense_type, mileage.amount) == ("distance", Decimal("-12.00"))
    assert read == Report(
        report_id="R00KmcW7Qx3a",
        name="Berlin kick-off & dinner",
        status=ReportStatus.APPROVED,
        workspace_id="0810E551A5F2A9C2",
        currency="USD",
        total=Decimal("203.10"),
        employee=Person("chloe.martin@acme.example", "Chloé Martin", "E02", "P-0002"),
        expenses=read.expenses,
        old_report_id="71240933",
        status_text="Approved",
        workspace_name="Acme US",
        created_at=datetime(2026, 10, 2, 7, 55, 10, tzinfo=UTC),
        submitted_at=datetime(2026, 10, 9, 18, 20, tzinfo=UTC),
        approved_at=datetime(2026, 10, 13, 2, 41, 7, tzinfo=UTC),
        manager=Person("cfo@acme.example", "Cy Fo"),
        fields=(("Cost_Center", 'Sales "EMEA"'), ("Trip_days", "1200")),
        actions=(
            Action("SUBMITTED", "chloe.martin@acme.example", "2026-10-09 18:20:00"),
            Action("APPROVED", "cfo@acme.example", "2026-10-13 02:41:07", "thanks \\o/"),
        ),
        raw=BERLIN,
    )


def test_a_report_of_blanks_is_read_as_well():
    read = parse.report(NOTHING)
    assert (read.status, read.total, read.expenses) == (ReportStatus.CLOSED, 0, ())
    assert (read.approved_at, read.manager, read.fields) == (None, None, ())


EUR = {"currency": "EUR"}


@pytest.mark.parametrize(
    ("members", "amount", "original"),
    [
        pytest.param({}, "12.50", "12.50", id="plain"),
        pytest.param({"modifiedAmount": 1100}, "11.00", "11.00", id="edited"),
        pytest.param({"modifiedAmount": 0}, "0.00", "0.00", id="edited to zero"),
        pytest.param(EUR | {"convertedAmount": 1338}, "13.38", "12.50", id="converted"),
        pytest.param(
            EUR | {"convertedAmount": 1338, "modifiedAmount": 1000},
            "13.38",
            "10.00",
            id="converted counts before edited",
        ),
        pytest.param(EUR | {"convertedAmount": 0}, "0.00", "12.50", id="converted to zero"),
        pytest.param(EUR, None, "12.50", id="foreign, not converted: never one to one"),
        pytest.param(EUR | {"modifiedAmount": 900}, None, "9.00", id="foreign, edited only"),
        pytest.param({"convertedAmount": 0}, "0.00", "12.50", id="same currency, converted to 0"),
        pytest.param({"convertedAmount": 1100}, "11.00", "12.50", id="same currency, converted"),
        pytest.param(
            {"amount": None, "convertedAmount": 1100}, "11.00", "11.00", id="converted alone"
        ),
        pytest.param({"amount": -1250}, "-12.50", "-12.50", id="a credit stays negative"),
    ],
)
def test_the_amount_that_counts(members, amount, original):
    read = only(**members)
    assert (read.amount, read.original_amount) == (
        Decimal(amount) if amount else None,
        Decimal(original),
    )


def test_each_currency_has_its_own_scale():
    raw = line(expense(currency="JPY", amount=8640, convertedAmount=5721))
    read = parse.report(raw, Conventions(scales={"JPY": 0})).expenses[0]
    assert (read.original_amount, read.amount) == (Decimal("8640"), Decimal("57.21"))


@pytest.mark.parametrize(
    ("written", "read"), [(True, True), (False, False), (None, None), ("", None)]
)
def test_how_a_report_was_reimbursed_is_told_or_it_is_not(written, read):
    report = parse.report(json.dumps({**json.loads(line()), "isACHReimbursed": written}))
    assert report.is_ach_reimbursed is read


@pytest.mark.parametrize(
    ("members", "field", "code"),
    [
        ({"reportID": ""}, "reportID", "expensify.id.missing"),
        ({"reportID": ["R1"]}, "reportID", "expensify.shape.unknown"),
        ({"currency": ""}, "currency", "expensify.currency.unreadable"),
        ({"total": None}, "total", "expensify.amount.missing"),
        ({"total": Decimal("12.5")}, "total", "expensify.amount.unreadable"),
        ({"approved": "last week"}, "approved", "expensify.date.unreadable"),
        ({"customField": ["a"]}, "customField", "expensify.shape.unknown"),
        ({"submitter": "Ben"}, "submitter", "expensify.shape.unknown"),
        ({"isACHReimbursed": "maybe"}, "isACHReimbursed", "expensify.shape.unknown"),
    ],
    ids=lambda given: None if isinstance(given, dict) else given,
)
def test_a_report_that_cannot_be_taken_names_the_place(members, field, code):
    assert code in CODES
    with pytest.raises(Misfit) as refused:
        parse.report(json.dumps({**json.loads(line()), **members}, default=float))
    assert (refused.value.field, refused.value.code) == (field, code)


@pytest.mark.parametrize(
    ("members", "field", "code"),
    [
        ({"transactionID": ""}, "transactionID", "expensify.id.missing"),
        ({"amount": None}, "amount", "expensify.amount.missing"),
        ({"amount": "1,234"}, "amount", "expensify.amount.unreadable"),
        ({"modifiedAmount": "12,50"}, "modifiedAmount", "expensify.amount.unreadable"),
        ({"currency": "JPY", "amount": 99}, "amount", "expensify.amount.decimals"),
        ({"currency": ""}, "currency", "expensify.currency.unreadable"),
        ({"created": "10/08/2026"}, "created", "expensify.date.unreadable"),
        ({"hasTax": True, "taxAmount": None}, "taxAmount", "expensify.amount.missing"),
        (
            {"hasTax": True, "taxAmount": 1, "taxRate": "x"},
            "taxRate",
            "expensify.number.unreadable",
        ),
        (
            {"currencyConversionRate": "1,07"},
            "currencyConversionRate",
            "expensify.number.unreadable",
        ),
        ({"reimbursable": "maybe"}, "reimbursable", "expensify.shape.unknown"),
        ({"ntags": [{"level": 0, "name": "A"}]}, "ntags.level", "expensify.shape.unknown"),
    ],
    ids=lambda given: None if isinstance(given, dict) else given,
)
def test_an_expense_that_cannot_be_taken_names_its_line(members, field, code):
    assert code in CODES
    with pytest.raises(Misfit) as refused:
        parse.report(line(expense(transactionID="1"), expense(**members)))
    assert (refused.value.field, refused.value.code) == (f"expenses[1].{field}", code)


def test_the_same_expense_twice_is_refused():
    with pytest.raises(Misfit, match="twice") as refused:
        parse.report(line(expense(), expense()))
    assert refused.value.code == "expensify.expense.doubled"


@pytest.mark.parametrize("raw", ["", "not JSON", "[]", "[" * 200_000, '{"reportID":'])
def test_what_is_no_line_of_an_export_is_refused(raw):
    with pytest.raises(Misfit, match="is not a line"):
        parse.report(raw)


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("Open", "open"),
        ("Draft", "open"),
        ("Processing", "processing"),
        ("SUBMITTED", "processing"),
        ("Outstanding", "processing"),
        ("Approved", "approved"),
        ("approved", "approved"),
        ("Reimbursed", "reimbursed"),
        ("Paid", "reimbursed"),
        ("Closed", "closed"),
        ("Archived", "closed"),
        ("Done", "closed"),
        ("Being audited", "unknown"),
        ("", "unknown"),
    ],
)
def test_statuses_are_read_in_every_word_that_expensify_has_for_them(written, status):
    read = parse.report(line(status=written))
    assert (read.status, read.status_text) == (ReportStatus(status), written)


@pytest.mark.parametrize(
    ("members", "tags"),
    [
        pytest.param(
            {"ntags": [{"level": 1, "name": "Sales", "glCode": "220"}, {"level": 3, "name": "A"}]},
            [(1, "Sales", "220"), (3, "A", "")],
            id="levels, one left out",
        ),
        pytest.param(
            {"ntags": [{"level": 1, "name": "Sales"}], "tag": "Else:where"},
            [(1, "Sales", "")],
            id="levels count before the joined text",
        ),
        pytest.param(
            {"ntags": [{"level": 1, "name": "R&amp;D \\: labs "}]},
            [(1, "R&D : labs", "")],
            id="escapes",
        ),
        pytest.param(
            {"tag": "Sales:West", "tagGlCode": "220:10"},
            [(1, "Sales", "220"), (2, "West", "10")],
            id="joined text",
        ),
        pytest.param(
            {"tag": r"Site\: Nord:West"}, [(1, "Site: Nord", ""), (2, "West", "")], id="colon"
        ),
        pytest.param(
            {"tag": "Sales::Globex"}, [(1, "Sales", ""), (3, "Globex", "")], id="blank level"
        ),
        pytest.param(
            {"tag": "Sales:West", "tagGlCode": "10"},
            [(1, "Sales", ""), (2, "West", "")],
            id="one code for two levels is nobody's",
        ),
        pytest.param({"tag": "R&amp;D:West"}, [(1, "R&D", ""), (2, "West", "")], id="entity"),
        pytest.param({"tag": ""}, [], id="none"),
    ],
)
def test_tags_come_by_level(members, tags):
    assert only(**members).tags == tuple(Tag(*one) for one in tags)


@pytest.mark.parametrize(
    ("reimbursable", "billable", "read"),
    [
        (True, False, (True, False, False)),
        (False, True, (False, True, False)),
        (None, False, (True, False, True)),
        (True, None, (True, False, True)),
        (False, None, (False, False, True)),
    ],
)
def test_a_blank_flag_is_marked_and_not_guessed(reimbursable, billable, read):
    found = only(reimbursable=reimbursable, billable=billable)
    assert (found.reimbursable, found.billable, found.has_unknown_flag) == read


@pytest.mark.parametrize(
    ("members", "tax"),
    [
        ({"hasTax": False, "taxAmount": 235}, None),
        ({"hasTax": None, "taxAmount": 235, "taxRate": "n/a"}, None),
        ({"hasTax": True, "taxAmount": 235}, "2.35"),
        ({"hasTax": True, "taxAmount": 235, "modifiedTaxAmount": 0}, "0.00"),
    ],
)
def test_tax_counts_only_where_expensify_says_there_is_some(members, tax):
    assert only(**members).tax_amount == (Decimal(tax) if tax else None)


def test_a_blank_edit_does_not_hide_the_merchant():
    assert only(merchant="Taxi", modifiedMerchant=" ").merchant == "Taxi"
    assert only(merchant="Taxi", modifiedMerchant="Cab").merchant == "Cab"


def test_zero_ids_make_no_card_and_no_receipt():
    read = only(cardID="0", mcc="0", receipt={"receiptID": "0", "filename": "", "url": ""})
    assert (read.is_on_card, read.mcc, read.receipt) == (False, "", None)


def test_older_names_of_the_employee_ids_are_read_where_the_newer_are_blank():
    read = parse.report(line(submitterUserID="E01", employeeCustomField2="P1"))
    assert (read.employee.employee_id, read.employee.payroll_id) == ("E01", "P1")


def test_times_are_read_in_the_zone_that_the_conventions_name():
    conventions = Conventions(zone=ZoneInfo("America/Los_Angeles"))
    read = parse.report(line(approved="2026-10-31 20:00:00"), conventions)
    assert read.approved_at == datetime(2026, 11, 1, 3, tzinfo=UTC)
    assert read.expenses[0].spent_on == date(2026, 10, 6)


def test_a_merchant_of_three_megabytes_passes_whole():
    merchant = "Café & Söhne " * 230_000
    assert only(merchant=merchant).merchant == merchant


# --- properties -----------------------------------------------------------------------------------

CENTS = st.integers(-(10**9), 10**9)
EXPENSES = st.lists(
    st.builds(
        expense,
        transactionID=st.integers(1, 10**19).map(str),
        amount=CENTS,
        modifiedAmount=st.none() | CENTS,
        convertedAmount=st.none() | CENTS,
        currency=st.sampled_from(["USD", "EUR", "GBP"]),
        created=st.dates(date(2020, 1, 1), date(2030, 1, 1)).map(str),
        merchant=st.text(),
        comment=st.text(),
        reimbursable=st.none() | st.booleans(),
        tag=st.text(max_size=20),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda one: one["transactionID"],
)


@given(EXPENSES, st.randoms(use_true_random=False))
def test_the_order_of_expenses_is_no_part_of_a_revision(expenses, random):
    shuffled = random.sample(expenses, len(expenses))
    first, second = parse.report(line(*expenses)), parse.report(line(*shuffled))
    assert first.content_hash() == second.content_hash()


@given(EXPENSES)
def test_the_line_that_a_report_keeps_gives_the_same_report_again(expenses):
    read = parse.report(line(*expenses))
    assert parse.report(read.raw) == read
    for one, members in zip(read.expenses, expenses, strict=True):
        is_foreign, converted = members["currency"] != "USD", members["convertedAmount"]
        assert (one.amount is None) == (is_foreign and converted is None)
        if converted is not None:
            assert one.amount == Decimal(converted) / 100


@given(EXPENSES, st.integers(1, 10**6))
def test_another_total_is_another_revision(expenses, cents):
    first = parse.report(line(*expenses, total=0))
    assert parse.report(line(*expenses, total=cents)).content_hash() != first.content_hash()
