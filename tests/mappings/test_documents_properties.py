"""What holds for every flow: cards and journals, parts, reclaimed tax, converted reports."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract.entry import Kind, Role
from connectors.contract.keys import marker
from connectors.contract.ledger import Payload
from connectors.contract.problem import Problem
from connectors.ledgers.quickbooks_online.abilities import ABILITIES
from connectors.ledgers.quickbooks_online.render import render
from mappings.books import Rate
from mappings.build import build
from mappings.terms import (
    BillablePolicy,
    CreditPolicy,
    CurrencyPolicy,
    ReceiptPolicy,
    TaxMismatchPolicy,
    TaxPolicy,
)
from tests.builders import (
    CLEARING_ACCOUNT,
    DUE_FROM_EMPLOYEES,
    KINDS,
    NO_VAT,
    ROUNDING,
    US_COMPANY,
    VAT,
    VISA,
    book,
    expense,
    on_card,
    report,
    rule,
    terms,
)

cents = st.integers(-99_999_99, 99_999_99).map(lambda n: Decimal(n).scaleb(-2))


@st.composite
def lines(draw):
    amount = draw(cents)
    make = draw(st.sampled_from([expense, on_card]))
    # At most a sixth of the amount, as 20% is, with its sign.
    tax = draw(st.sampled_from([None, (amount / 6).quantize(Decimal("0.01"))]))
    return make(
        str(amount),
        category=draw(st.sampled_from(["Taxi", "Meals", "Lodging", "Personal"])),
        reimbursable=draw(st.booleans()),
        tax_amount=tax,
        tax_name="Standard",
        billable=draw(st.booleans()),
    )


reports = st.lists(lines(), min_size=1, max_size=12)
flows = st.builds(
    terms,
    kind=st.sampled_from([Kind.BILL, Kind.JOURNAL]),
    takes_reimbursable=st.booleans(),
    takes_cards=st.just(True),
    credit_policy=st.sampled_from(list(CreditPolicy)),
    card_account_id=st.just(VISA.id),
    company_account_id=st.just(VISA.id),
    due_from_id=st.just(DUE_FROM_EMPLOYEES.id),
    tax_policy=st.sampled_from([TaxPolicy.COST, TaxPolicy.RECLAIM]),
    tax_mismatch_policy=st.sampled_from(list(TaxMismatchPolicy)),
    receipt_policy=st.sampled_from([ReceiptPolicy.POST, ReceiptPolicy.GROSS]),
    no_tax_code_id=st.just(NO_VAT.id),
    billable_policy=st.just(BillablePolicy.IGNORE),
    currency_policy=st.just(CurrencyPolicy.RATES),
    rounding_id=st.sampled_from([None, ROUNDING.id]),
)
RULES = (rule(tax="Standard", tax_code_id=VAT.id), rule(DUE_FROM_EMPLOYEES, category="Personal"))
rates = st.integers(1, 3_000_000).map(lambda n: Rate(date(2026, 10, 1), "EUR", Decimal(n) / 10**6))


def open_book(flow, rate, *, has_tax, max_lines=1000, kinds=KINDS):
    return book(
        *RULES,
        terms=flow,
        company=replace(US_COMPANY, has_tax=has_tax),
        kinds={kind: replace(one, max_lines=max_lines) for kind, one in kinds.items()},
        rates=(rate,),
    )


currencies = st.sampled_from(["USD", "EUR"])


@given(reports, flows, rates, currencies, st.booleans(), st.integers(3, 9))
def test_every_document_balances_and_every_line_stands_in_exactly_one(
    listed, flow, rate, currency, has_tax, most
) -> None:
    listed = [replace(line, original_currency=currency) for line in listed]
    built = build(
        report(listed, currency=currency),
        open_book(flow, rate, has_tax=has_tax, max_lines=most),
    )
    names = [part.name for part in built.slices]
    assert len(set(names)) == len(names)
    for part in built.slices:
        assert (part.entry is None) == bool(part.problems)
        if part.entry is None:
            continue
        entry = part.entry
        assert sum(line.amount for line in entry.lines) == 0
        assert entry.kind.takes_back == (entry.kind is not Kind.JOURNAL and part.total < 0)
        if currency == "USD":
            assert entry.total == part.total
    placed = [why.transaction_id for part in built.slices for why in part.explained]
    left_out = {one.transaction_id for one in built.untaken}
    if built.note is None:
        assert set(placed) | left_out == {line.transaction_id for line in listed}
        assert not set(placed) & left_out
        pairs = {(why.transaction_id, p.name) for p in built.slices for why in p.explained}
        assert len(pairs) == len(set(placed))


@given(reports, flows, rates)
def test_gross_is_net_and_tax_to_the_cent(listed, flow, rate) -> None:
    built = build(report(listed), open_book(flow, rate, has_tax=True))
    amounts = {line.transaction_id: line.amount for line in listed}
    for entry in filter(None, (part.entry for part in built.slices)):
        for transaction_id in {line.transaction_id for line in entry.lines} - {""}:
            sides = [one for one in entry.lines if one.transaction_id == transaction_id]
            assert sum(one.amount for one in sides) == amounts[transaction_id]
            assert [one.role for one in sides] in ([Role.EXPENSE], [Role.EXPENSE, Role.TAX])
            assert len({one.tax_code for one in sides}) == 1


@given(reports, flows, rates)
def test_what_rounding_leaves_is_under_one_unit_a_line(listed, flow, rate) -> None:
    listed = [replace(line, original_currency="EUR") for line in listed]
    given_report = report(listed, currency="EUR")
    for part in build(given_report, open_book(flow, rate, has_tax=False)).slices:
        if part.entry is None:
            assert {problem.code for problem in part.problems} == {"map.rounding.unset"}
            continue
        rounding = [one for one in part.entry.lines if one.account.number == ROUNDING.number]
        rest = sum((abs(one.amount) for one in rounding), Decimal(0))
        assert len(rounding) <= 1 and rest <= Decimal("0.01") * len(part.entry.lines)


FACTS = {
    "usa": False,
    "home_currency": "USD",
    "multicurrency": False,
    "classes": "line",
    "departments": True,
    "customers": True,
    "billable": True,
    "bills": True,
    "tax": True,
    "tax_codes": {
        VAT.ledger_id: {"name": VAT.name, "rates": [{"id": "3", "percent": "20"}]},
        NO_VAT.ledger_id: {"name": NO_VAT.name, "rates": [{"id": "4", "percent": "0"}]},
    },
}


@settings(max_examples=60)
@given(reports, flows, rates, st.booleans())
def test_quickbooks_can_write_whatever_is_built_for_it(listed, flow, rate, has_tax) -> None:
    """Only tax in a journal is beyond it, which the adapter says."""
    flow = replace(flow, company_account_id=VISA.id, tax_account_id=CLEARING_ACCOUNT.id)
    with_quickbooks = open_book(flow, rate, has_tax=has_tax, kinds=ABILITIES.kinds)
    for part in build(report(listed), with_quickbooks).slices:
        if part.entry is None:
            continue
        key = marker("quickbooks_online:1", "R00X9oNOn2MO", part.name, 1)
        rendered = render(part.entry, key, FACTS | {"tax": has_tax})
        if isinstance(rendered, Payload):
            continue
        assert all(isinstance(one, Problem) for one in rendered)
        assert part.kind is Kind.JOURNAL and has_tax
        assert {one.code for one in rendered} == {"qbo.tax_journal"}, rendered
