"""What no further document puts right is said with its code, and nothing is made of it."""

from dataclasses import replace
from datetime import date

import pytest

from connectors.contract.entry import Entry
from connectors.contract.problem import Problem
from mappings.build import build
from mappings.codes import CODES
from mappings.corrections import Standing, correction
from tests.builders import book, expense, report


def entry(*lines: tuple[str, str]) -> Entry:
    expenses = [
        expense(amount, category, transaction_id=str(number))
        for number, (amount, category) in enumerate(lines, 1001)
    ]
    return build(report(expenses), book()).slices[0].entry


def said(before: Entry, after: Entry) -> Problem:
    made = correction(
        Standing("R00-1", (before,)),
        after,
        name="reimbursable/correction-1",
        on=date(2026, 11, 2),
        zero_total=frozenset(),
    )
    assert isinstance(made, Problem), made
    return made


TAXI = entry(("12.50", "Taxi"))


@pytest.mark.parametrize(
    ("before", "after", "code", "words"),
    [
        (TAXI, replace(TAXI, memo="Another name"), "correction.none", "is no amount"),
        (TAXI, entry(("12.50", "Meals")), "correction.zero", "moved between accounts"),
        (
            TAXI,
            replace(entry(("10.00", "Taxi")), party=replace(TAXI.party, name="Chloé Martin")),
            "correction.other",
            "The payee of report R00X9oNOn2MO changed (Ben Ito -> Chloé Martin)",
        ),
    ],
    ids=lambda case: case if isinstance(case, str) and case.startswith("correction.") else "",
)
def test_a_change_that_is_no_difference_is_told(before, after, code, words) -> None:
    problem = said(before, after)
    assert problem.code == code and code in CODES
    assert words in problem.message and "othing was posted" in problem.message
    assert problem.cure
