"""Entries: balanced or not there at all, and the same after they were written down."""

import json
from dataclasses import FrozenInstanceError, fields, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import exact_json
from connectors.contract.entry import (
    DimensionRef,
    Entry,
    EntryUnbalanced,
    Kind,
    Line,
    Ref,
    Role,
    entry_from_plain,
)
from connectors.contract.money import InexactNumber, quantum

TRANSPORT = Ref("61", "Ground Transport", "6120", "Expense")
PAYABLE = Ref("33", "Accounts Payable (A/P)", "2000", "Accounts Payable")
CONSULTING = DimensionRef("class", Ref("501", "Consulting"))
BERLIN = DimensionRef("department", Ref("2", "Berlin"))


def spent(amount: Any = "12.50", **changes: Any) -> Line:
    return Line(TRANSPORT, Decimal(amount) if isinstance(amount, str) else amount, **changes)


def owed(amount: str = "-12.50", **changes: Any) -> Line:
    return Line(PAYABLE, Decimal(amount), Role.OFFSET, **changes)


def entry(*lines: Line, **changes: Any) -> Entry:
    """A bill of 12.50 USD unless told."""
    facts: dict[str, Any] = {
        "kind": Kind.BILL,
        "report_id": "R00X9oNOn2MO",
        "slice_name": "reimbursable",
        "date": date(2026, 10, 31),
        "currency": "USD",
        "lines": lines or (spent(), owed()),
    }
    return Entry(**(facts | changes))


# --- balance -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param((spent("12.50"), owed("-12.49")), id="a cent short"),
        pytest.param((spent("12.50"), owed("12.50")), id="the same side twice"),
        pytest.param((spent("12.50"), spent("1.00"), owed("-12.50")), id="a line too many"),
        pytest.param(
            (spent("12.50"), Line(TRANSPORT, Decimal("2.50"), Role.TAX), owed("-12.50")),
            id="tax on top",
        ),
    ],
)
def test_an_entry_that_does_not_balance_cannot_exist(lines):
    with pytest.raises(EntryUnbalanced, match="R00X9oNOn2MO, reimbursable.*differ by .* USD"):
        entry(*lines)


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=8), st.integers(-9, 9))
def test_an_entry_exists_exactly_when_its_lines_add_up_to_zero(cents, gap):
    lines = [spent(Decimal(amount).scaleb(-2)) for amount in cents]
    offset = owed(str(Decimal(gap - sum(cents)).scaleb(-2)))
    if gap:
        with pytest.raises(EntryUnbalanced):
            entry(*lines, offset)
    else:
        assert sum(line.amount for line in entry(*lines, offset).lines) == 0


def test_a_balanced_entry_cannot_be_unbalanced_by_replacing_its_lines():
    with pytest.raises(EntryUnbalanced):
        replace(entry(), lines=(spent("12.51"), owed()))


def test_amounts_so_large_that_a_sum_would_be_rounded_cannot_exist():
    lines = [spent("99999999999999999999999999.99"), spent("0.02"), owed("-5e25"), owed("-5e25")]
    with pytest.raises(ValueError, match="more than a ledger can hold"):
        entry(*lines)


def test_an_entry_keeps_no_list_that_somebody_else_can_change():
    lines = [spent(), owed()]
    kept = entry(lines=lines)
    lines.append(spent("1.00"))
    assert kept.lines == (spent(), owed())


def test_an_entry_does_not_change():
    with pytest.raises(FrozenInstanceError):
        entry().lines = ()
    with pytest.raises(FrozenInstanceError):
        entry().lines[0].amount = Decimal(1)


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param((), id="no lines"),
        pytest.param((spent("1.00"), spent("-1.00")), id="nothing owed"),
        pytest.param((owed("1.00"), owed("-1.00")), id="nothing spent"),
    ],
)
def test_an_entry_has_both_sides(lines):
    with pytest.raises(ValueError, match="at least one expense line and one offset line"):
        entry(lines=lines)


def test_an_entry_of_nothing_but_zeros_may_exist():
    assert entry(spent("0.00"), owed("0.00")).total == 0


@pytest.mark.parametrize(
    ("amount", "currency"), [("0.005", "USD"), ("100.5", "JPY"), ("1.2345", "KWD")]
)
def test_a_line_has_no_more_decimals_than_the_currency(amount, currency):
    with pytest.raises(ValueError, match=f"more decimals than {currency}"):
        entry(spent(amount), owed(f"-{amount}"), currency=currency)


@pytest.mark.parametrize(("amount", "currency"), [("101", "JPY"), ("1.234", "KWD")])
def test_a_line_may_use_every_decimal_of_the_currency(amount, currency):
    assert entry(spent(amount), owed(f"-{amount}"), currency=currency).total == Decimal(amount)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: spent(12.5), id="amount"),
        pytest.param(lambda: spent("12.50", tax_amount=2.5), id="tax"),
        pytest.param(lambda: entry(rate=1.07), id="rate"),
        pytest.param(lambda: spent(True), id="a claim as an amount"),
        pytest.param(lambda: spent(Decimal("NaN")), id="NaN"),
    ],
)
def test_an_entry_refuses_floats_everywhere(make):
    with pytest.raises(InexactNumber):
        make()


def test_whole_amounts_given_as_ints_or_texts_become_decimals():
    line = Line(TRANSPORT, 12, tax_amount="2.50")
    assert (type(line.amount), type(line.tax_amount)) == (Decimal, Decimal)
    assert type(entry(rate="1.07").rate) is Decimal


@pytest.mark.parametrize("name", ["date", "due_date"])
def test_an_entry_has_dates_and_never_moments(name):
    with pytest.raises(ValueError, match="an entry has dates"):
        entry(**{name: datetime(2026, 10, 31, 23, 30, tzinfo=UTC)})


# --- what an entry answers -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "total"),
    [
        pytest.param((spent("12.50"), owed("-12.50")), "12.50", id="a bill is positive"),
        pytest.param((spent("-12.50"), owed("12.50")), "-12.50", id="a credit is negative"),
        pytest.param((spent("20.00"), spent("-7.50"), owed("-12.50")), "12.50", id="money back"),
        pytest.param(
            (spent("12.50"), owed("-10.00"), owed("-2.50")), "12.50", id="two liabilities"
        ),
        pytest.param(
            (spent("10.00"), Line(TRANSPORT, Decimal("2.50"), Role.TAX), owed("-12.50")),
            "12.50",
            id="tax is owed too",
        ),
    ],
)
def test_the_total_is_what_the_offset_side_owes(lines, total):
    assert entry(*lines).total == Decimal(total)


def test_lines_are_told_apart_by_their_role_in_their_order():
    tax = Line(TRANSPORT, Decimal("2.50"), Role.TAX)
    lines = (spent("6.00"), tax, spent("4.00"), owed())
    told = entry(*lines)
    assert told.role(Role.EXPENSE) == (lines[0], lines[2])
    assert told.role(Role.TAX) == (tax,)
    assert told.role(Role.OFFSET) == (owed(),)


def test_dimensions_are_found_by_name_on_header_and_line_apart():
    told = entry(spent(dimensions=(BERLIN, CONSULTING)), owed(), dimensions=(BERLIN,))
    assert told.lines[0].dimension("class") == CONSULTING.value
    assert told.lines[0].dimension("customer") is None
    assert told.header_dimension("department") == BERLIN.value
    assert told.header_dimension("class") is None


@pytest.mark.parametrize(
    ("kind", "takes_back"),
    [
        (Kind.BILL, False),
        (Kind.EXPENSE, False),
        (Kind.CREDIT, True),
        (Kind.CARD_CREDIT, True),
        (Kind.JOURNAL, False),
    ],
)
def test_credits_take_back(kind, takes_back):
    assert kind.takes_back is takes_back


@pytest.mark.parametrize(
    ("ref", "label"),
    [
        (Ref("61", "Ground Transport", "6120"), "6120 Ground Transport"),
        (Ref("61", "Ground Transport"), "Ground Transport"),
        (Ref("61", number="6120"), "6120"),
        (Ref("61"), "61"),
    ],
)
def test_a_ref_is_called_by_number_and_name_or_by_its_id(ref, label):
    assert ref.label == label


# --- written down and read again -----------------------------------------------------------------


def test_an_entry_read_back_has_the_types_that_went_in():
    written = entry(
        spent(dimensions=(CONSULTING,), tax_code=Ref("9", "VAT 20%"), tax_amount=Decimal("2.08")),
        owed(party=Ref("56", "Ben Ito")),
        due_date=date(2026, 11, 30),
        rate=Decimal("0"),
        notes=("Dated 1 Nov.",),
    )
    read = entry_from_plain(exact_json.plain(written))
    assert read == written
    assert (type(read.kind), type(read.date), type(read.due_date)) == (Kind, date, date)
    assert read.rate == 0
    assert type(read.lines[0].role) is Role
    assert {type(one) for one in (read.lines, read.notes, read.dimensions)} == {tuple}
    assert type(read.lines[0].amount) is type(read.lines[0].tax_amount) is Decimal
    assert hash(read) == hash(written)


TEXTS = st.text('a1é魏 "\n', max_size=4)
REFS = st.builds(Ref, id=TEXTS, name=TEXTS, number=TEXTS, kind=TEXTS)
DIMENSIONS = st.lists(st.builds(DimensionRef, TEXTS, REFS), max_size=2).map(tuple)
RATES = st.decimals(0, 10**4, places=6)
BY_TYPE = {
    str: TEXTS,
    bool: st.booleans(),
    Kind: st.sampled_from(Kind),
    date: st.dates(),
    date | None: st.none() | st.dates(),
    Ref: REFS,
    Ref | None: st.none() | REFS,
    Decimal: RATES,
    Decimal | None: st.none() | RATES,
    tuple[DimensionRef, ...]: DIMENSIONS,
    tuple[str, ...]: st.lists(TEXTS, max_size=2).map(tuple),
}


def every_field(made: type, **known: Any) -> st.SearchStrategy:
    """Values with all of their fields drawn, whichever fields there will be."""
    hints = get_type_hints(made)
    rest = [field.name for field in fields(made) if field.name not in known]
    return st.builds(made, **known, **{name: BY_TYPE[hints[name]] for name in rest})


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    currency = draw(st.sampled_from(["USD", "JPY", "KWD"]))
    roles = draw(st.lists(st.sampled_from([Role.EXPENSE, Role.TAX]), max_size=2))
    lines = [
        draw(
            every_field(
                Line,
                amount=st.integers(-(10**9), 10**9).map(lambda units: units * quantum(currency)),
                role=st.just(role),
            )
        )
        for role in [Role.EXPENSE, *roles]
    ]
    owing = every_field(
        Line, amount=st.just(-sum(line.amount for line in lines)), role=st.just(Role.OFFSET)
    )
    return draw(
        every_field(Entry, lines=st.just((*lines, draw(owing))), currency=st.just(currency))
    )


@settings(max_examples=60)
@given(entries())
def test_an_entry_read_back_from_a_json_column_is_the_same_entry(written):
    read = entry_from_plain(json.loads(json.dumps(exact_json.plain(written))))
    assert read == written
    assert exact_json.plain(read) == exact_json.plain(written)


def test_a_stored_entry_that_was_tampered_with_is_not_read():
    stored = exact_json.plain(entry())
    stored["lines"][0]["amount"] = "12.51"
    with pytest.raises(EntryUnbalanced):
        entry_from_plain(stored)
