"""What is decided about expenses that change their document, without any database."""

from decimal import Decimal
from typing import Any

import pytest

from audit.engine import decide
from audit.models import Posting, Report
from audit.states import State
from connectors.contract import exact_json
from connectors.contract.entry import Entry, Kind, Line, Role
from mappings.build import Built, BuiltSlice
from tests.audit.builders import BEN, PAYABLE, TAXI, an_entry


def of(*expenses: str, **changes: Any) -> Entry:
    """A document of these expenses, a dollar each."""
    each = [Line(TAXI, Decimal(1), text=one, transaction_id=one) for one in expenses]
    owed = Line(PAYABLE, Decimal(-len(each)), Role.OFFSET, party=BEN)
    return an_entry(lines=(*each, owed), **changes)


def standing(entry: Entry) -> decide.Standing:
    report = Report(report_id="R1", employee_name="Ben Ito", total=entry.total, currency="USD")
    live = Posting(
        report=report, state=State.POSTED, op="post", kind="bill", generation=1, number="7",
        total=entry.total, currency="USD", entry=exact_json.plain(entry),
        entry_hash=decide.entry_hash(entry),
    )  # fmt: skip
    return decide.Standing(None, live)


def decided(stands: dict[str, Entry], wanted: dict[str, Entry]) -> dict[str, tuple[str, list[str]]]:
    """Part -> what is done to it, and the codes of what holds it."""
    parts = (BuiltSlice(name, Kind.BILL, one, one.total) for name, one in wanted.items())
    slices = {name: standing(one) for name, one in stands.items()}
    intents = decide.decide(Built(tuple(parts)), slices).intents
    return {one.slice_name: (one.op.value, [p.code for p in one.problems]) for one in intents}


CHANGES = {
    "a new part waits for the document that has its expense": (
        {"reimbursable": of("1", "2")},
        {"reimbursable": of("1"), "card:2": of("2")},
        {"reimbursable": ("amend", []), "card:2": ("post", ["document.elsewhere"])},
    ),
    "a part that grows waits for the document that loses the expense": (
        {"reimbursable": of("1"), "card:2": of("2")},
        {"reimbursable": of("1", "2")},
        {"reimbursable": ("amend", ["document.elsewhere"]), "card:2": ("cancel", [])},
    ),
    "between the parts of one document lines move with every change": (
        {"all/part-1": of("1", "2"), "all/part-2": of("3")},
        {"all/part-1": of("1"), "all/part-2": of("2", "3")},
        {"all/part-1": ("amend", []), "all/part-2": ("amend", [])},
    ),
    "what a document has already it does not gain": (
        {"reimbursable": of("1"), "card:1": of("1")},
        {"reimbursable": of("1", memo="another"), "card:1": of("1")},
        {"reimbursable": ("amend", [])},
    ),
    "a document that is divided goes before its parts are posted": (
        {"all": of("1", "2")},
        {"all/part-1": of("1"), "all/part-2": of("2")},
        {
            "all": ("cancel", []),
            "all/part-1": ("post", ["document.elsewhere"]),
            "all/part-2": ("post", ["document.elsewhere"]),
        },
    ),
}


@pytest.mark.parametrize(("stands", "wanted", "done"), CHANGES.values(), ids=CHANGES)
def test_no_expense_is_booked_anew_while_it_stands_elsewhere(stands, wanted, done) -> None:
    assert decided(stands, wanted) == done
