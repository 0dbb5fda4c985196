"""What is asked of every row, in each section's test file: `ROWS` of that file, at every ledger."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from audit.models import Posting
from tests.accounting.messages import complaints


def test_the_books_say(house, row, ledger) -> None:
    if failure := house.played(row, ledger).failure:
        raise failure


def test_every_message_says_where_what_was_not_done_and_the_cure(house, held_row, ledger) -> None:
    stage = house.played(held_row, ledger)
    assert stage.seen, "nothing held it"
    reports = {one.report_id: one.employee_name for one in stage.rows()}
    numbers = Posting.objects.filter(flow__in=stage.flows).values_list("number", flat=True)
    found = {problem["message"]: complaints(problem, reports, numbers) for problem in stage.seen}
    assert found == {message: [] for message in found}


def test_4_8_its_month_is_complete(house, row, ledger) -> None:
    """Whatever becomes of it: each amount that Expensify approved is in one place."""
    for month in house.played(row, ledger).months:
        for one in month.equations:
            assert (one.explained, one.difference.amount) == (one.approved.amount, 0)
            assert one.agrees


def test_4_8_the_months_of_all_rows_are_complete(house, rows, ledger) -> None:
    """Exact equality per currency, all reports together: what Expensify approved is in one place
    each, and what is posted stands in the ledger."""
    stages = [house.played(row, ledger) for row in rows]
    equations = [one for stage in stages for month in stage.months for one in month.equations]
    assert all(one.agrees for one in equations)

    approved = sums((one.currency, one.approved.amount) for one in equations)
    assert approved == sums(pair for stage in stages for pair in stage.approved_in_expensify())
    assert approved == sums((one.currency, one.explained) for one in equations)
    assert "USD" in approved

    terms = [term for one in equations for term in (*one.terms.values(), one.gone)]
    stand = sums(pair for term in terms for pair in term.documents.items())
    kept = [one for stage in stages for one in (*stage.kept, *stage.lost)]
    assert stand == sums((one.currency, one.owed) for one in kept)


def sums(pairs: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    """By currency, those that are not zero."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for currency, amount in pairs:
        found[currency] += amount
    return {currency: amount for currency, amount in sorted(found.items()) if amount}
