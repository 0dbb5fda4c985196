"""What holds for every report and every set of rules, not only for those that we thought of."""

from dataclasses import replace
from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import exact_json
from connectors.contract.entry import Kind, Role
from mappings.build import build
from mappings.rulebook import Case, Rulebook, in_order
from tests.builders import (
    CONSULTING,
    GLOBEX,
    HOTELS,
    MEALS,
    SALES,
    TRANSPORT,
    book,
    expense,
    report,
    rule,
    terms,
)

cents = st.integers(-99_999_99, 99_999_99).map(lambda n: str(Decimal(n).scaleb(-2)))
categories = st.sampled_from(["Taxi", "Meals", "Lodging", "Team events", "", "Uncategorized"])
expenses = st.builds(
    expense,
    amount=cents,
    category=categories,
    reimbursable=st.booleans(),
    tags=st.dictionaries(st.integers(1, 3), st.sampled_from(["Sales", "Globex"]), max_size=3),
)
reports = st.lists(expenses, max_size=12).map(report)
rules = st.lists(
    st.builds(
        rule,
        st.sampled_from([TRANSPORT, MEALS, HOTELS, None]),
        priority=st.integers(1, 3),
        category=st.sampled_from(["", "Taxi", "Meals"]),
        reimbursable=st.sampled_from([None, True, False]),
        employee=st.sampled_from(["", "ben.ito@acme.example"]),
        tag=st.sampled_from(["", "Sales", "Globex"]),
        tag_level=st.integers(1, 2),
        values=st.dictionaries(
            st.sampled_from(["class", "customer"]), st.sampled_from([None]), max_size=2
        )
        | st.just({"class": SALES})
        | st.just({"class": CONSULTING, "customer": GLOBEX}),
    ),
    max_size=8,
)
kinds = st.sampled_from([Kind.BILL, Kind.JOURNAL])


@given(reports, rules, kinds)
def test_every_entry_balances_and_loses_no_cent(given_report, some_rules, kind) -> None:
    built = build(given_report, book(*some_rules, terms=terms(kind=kind)))
    for part in built.slices:
        taken = [line for line in given_report.expenses if line.reimbursable]
        assert part.total == sum((line.amount for line in taken), Decimal(0))
        if part.entry is not None:
            assert sum(line.amount for line in part.entry.lines) == 0
            assert part.entry.total == part.total
            costs = part.entry.role(Role.EXPENSE)
            assert [line.amount for line in costs] == [line.amount for line in taken]


@given(reports, rules)
def test_a_line_is_posted_or_held_or_told_as_left_out(given_report, some_rules) -> None:
    built = build(given_report, book(*some_rules))
    told = {one.transaction_id for one in built.untaken}
    for part in built.slices:
        assert (part.entry is None) == bool(part.problems)
        told |= {line.transaction_id for line in given_report.expenses if line.reimbursable}
    if built.note is None or built.note.code != "zero":
        assert told == {line.transaction_id for line in given_report.expenses}


@given(reports, rules)
def test_the_same_report_and_book_give_the_same_bytes(given_report, some_rules) -> None:
    open_book, again = book(*some_rules), book(*some_rules)
    texts = {exact_json.dumps(build(given_report, one)) for one in (open_book, again)}
    assert len(texts) == 1
    assert open_book.fingerprint == again.fingerprint


@given(rules, st.randoms(use_true_random=False), reports)
def test_only_priority_and_age_order_the_rules(some_rules, dice: Random, given_report) -> None:
    shuffled = list(some_rules)
    dice.shuffle(shuffled)
    assert book(*shuffled).rules == book(*some_rules).rules
    assert build(given_report, book(*shuffled)) == build(given_report, book(*some_rules))


cases = st.builds(
    Case,
    category=st.sampled_from(["", "Taxi", "Meals", "Other"]),
    tags=st.lists(
        st.tuples(st.integers(1, 2), st.sampled_from(["Sales", "Globex", "Other"])), max_size=3
    ).map(tuple),
    employee=st.sampled_from(["ben.ito@acme.example", "x@acme.example"]),
    reimbursable=st.booleans(),
)


@given(rules, cases)
def test_the_winner_of_an_output_is_the_first_that_matches_and_sets_it(some_rules, case) -> None:
    ordered = in_order(some_rules)
    found = Rulebook(some_rules).verdicts(case)
    for output in ("account", "class", "customer"):
        setting = [one for one in ordered if not one.misses(case) and output in one.outputs]
        assert (output in found) == bool(setting)
        if setting:
            assert found[output].rule == setting[0]


@given(reports)
def test_a_changed_total_is_always_noticed(given_report) -> None:
    off = replace(given_report, total=given_report.total + Decimal("0.01"))
    built = build(off, book())
    if any(line.reimbursable for line in off.expenses):
        assert "report.total.mismatch" in [problem.code for problem in built.problems]
