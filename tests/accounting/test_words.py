"""The table's own machinery: rows that a ledger cannot do, documents that are compared."""

from dataclasses import replace

import pytest

from tests.accounting.words import bill, books, held, report, row, spent, then

HELD_THERE = held("A ledger without credits holds it.", cure="Let the flow post journals.")
TAXI = bill("Ben Ito", "20 Oct 2026", "6120 Ground Transport | 12.50 | class Sales | City Cab",
            "2000 Accounts Payable (A/P) | -12.50", due="19 Nov 2026")  # fmt: skip
ROW = row(
    "1.3", "a negative total", report(spent("Taxi", "-5.00")), books(), then.standing("Posted"),
    not_at={"freshbooks": HELD_THERE},
)  # fmt: skip


def stored(**changes):
    """What a ledger keeps of the taxi."""
    sides = TAXI.document.sides
    return replace(TAXI.document, sides=sides, due=TAXI.due, memo="Expensify report", **changes)


def same(text: str) -> str:
    return text


def test_where_a_ledger_cannot_do_it_the_row_ends_with_what_holds_it_there() -> None:
    assert ROW.steps_at("quickbooks_online") == ROW.steps
    assert ROW.steps_at("freshbooks") == (ROW.steps[0], HELD_THERE)
    assert ROW.is_held


def test_a_row_whose_own_document_does_not_balance_is_refused() -> None:
    with pytest.raises(AssertionError, match="does not balance: 0.10"):
        bill("Ben Ito", "20 Oct 2026", "6120 Taxi | 12.60", "2000 Payable | -12.50")


def test_marks_and_amounts_are_part_of_what_is_compared() -> None:
    taxi = TAXI.document
    unmarked = replace(taxi, sides=(replace(taxi.sides[0], marks=frozenset()), taxi.sides[1]))
    assert str(taxi) != str(unmarked)
    assert str(taxi) != str(replace(taxi, party="Grace Kim"))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"due": None}, "due on None, not on 2026-11-19"),
        ({"sides": (replace(TAXI.document.sides[0], text="Uber"), TAXI.document.sides[1])},
         "line 6120 Ground Transport lacks 'City Cab': Uber"),
    ],
    ids=["another due date", "another text"],
)  # fmt: skip
def test_what_a_row_mentions_beside_the_figures_must_be_there(changes, complaint) -> None:
    assert TAXI.missing(stored(), same) == []
    (found,) = TAXI.missing(replace(stored(), **changes), same)
    assert found.endswith(complaint)


@pytest.mark.parametrize(
    ("mentioned", "kept"),
    [
        ({"memo": ("DO NOT PAY",)}, {}),
        ({"attachments": ("receipt",)}, {"attachments": ()}),
        ({"attachments": ()}, {"attachments": ("receipt.jpg",)}),
        ({"rate": TAXI.document.sides[0].amount}, {"rate": None}),
    ],
    ids=["memo", "a file too few", "a file too many", "rate"],
)
def test_nothing_that_is_mentioned_may_lack(mentioned, kept) -> None:
    assert len(replace(TAXI, **mentioned).missing(stored(**kept), same)) == 1
