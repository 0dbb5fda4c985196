"""Closed periods, theirs and ours: which days are closed, why, and where the next open one is."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract.company import Closed, Locks

JAN_1 = date(2026, 1, 1)
OCT_31, NOV_1 = date(2026, 10, 31), date(2026, 11, 1)
DAYS = st.integers(0, 40).map(lambda days: JAN_1 + timedelta(days=days))
JOURNALS = st.sampled_from([None, "memorial", "purchases"])
SPANS = st.lists(st.tuples(st.none() | DAYS, DAYS, JOURNALS), max_size=7)


def closed(first: str | None, last: str, reason: str = "closed", journal: str | None = None):
    return Closed(first and date.fromisoformat(first), date.fromisoformat(last), reason, journal)


def is_closed(day, journal, spans) -> bool:
    """The meaning of spans, said without Locks."""
    return any(
        (first or date.min) <= day <= last and of in (None, journal) for first, last, of in spans
    )


@given(SPANS, DAYS, JOURNALS)
def test_a_day_is_closed_exactly_where_a_span_covers_it(spans, day, journal):
    locks = Locks(tuple(Closed(first, last, "books closed", of) for first, last, of in spans))
    assert locks.why(day, journal) == ("books closed" if is_closed(day, journal, spans) else "")


@given(SPANS, DAYS, JOURNALS)
def test_the_first_open_day_is_open_and_every_day_before_it_is_closed(spans, day, journal):
    locks = Locks(tuple(Closed(first, last, "closed", of) for first, last, of in spans))
    found = locks.first_open(day, journal)
    assert found >= day
    assert not is_closed(found, journal, spans)
    between = [day + timedelta(days=step) for step in range((found - day).days)]
    assert all(is_closed(one, journal, spans) for one in between)


@pytest.mark.parametrize(
    ("on", "reason"),
    [
        ("2026-09-30", ""),
        ("2026-10-01", "VAT return"),
        ("2026-10-15", "VAT return"),
        ("2026-10-31", "VAT return"),
        ("2026-11-01", ""),
    ],
)
def test_both_ends_of_a_span_are_closed(on, reason):
    locks = Locks((closed("2026-10-01", "2026-10-31", "VAT return"),))
    assert locks.why(date.fromisoformat(on)) == reason


def test_a_span_without_a_beginning_is_closed_since_ever():
    locks = Locks((closed(None, "2026-08-31", "books closed"),))
    assert locks.why(date.min) == "books closed"
    assert locks.first_open(date.min) == date(2026, 9, 1)


def test_a_connection_without_locks_is_open():
    assert Locks().why(OCT_31) == ""
    assert Locks().first_open(OCT_31) == OCT_31


def test_a_closed_journal_closes_no_other_and_not_the_books():
    locks = Locks((closed(None, "2026-10-31", "journal 90 closed", journal="90"),))
    assert locks.why(OCT_31, "90") == "journal 90 closed"
    assert locks.why(OCT_31, "20") == locks.why(OCT_31) == ""
    assert locks.first_open(OCT_31, "90") == NOV_1
    assert locks.first_open(OCT_31, "20") == locks.first_open(OCT_31) == OCT_31


def test_a_span_for_all_journals_closes_each_of_them():
    locks = Locks((closed(None, "2026-10-31", "year end"),))
    assert locks.why(OCT_31, "90") == locks.why(OCT_31) == "year end"


@pytest.mark.parametrize("turned", [False, True], ids=["in order", "last one first"])
def test_the_first_open_day_lies_behind_spans_that_touch_or_overlap(turned):
    spans = [
        closed(None, "2026-09-30"),
        closed("2026-09-15", "2026-10-10"),
        closed("2026-10-11", "2026-10-31"),
        closed("2026-11-02", "2026-11-30"),
    ]
    locks = Locks(tuple(reversed(spans) if turned else spans))
    assert locks.first_open(date(2026, 8, 1)) == NOV_1
    assert locks.first_open(date(2026, 11, 2)) == date(2026, 12, 1)


def test_a_journals_span_and_a_general_one_chain():
    locks = Locks(
        (closed("2026-10-16", "2026-10-31", journal="90"), closed("2026-10-01", "2026-10-15"))
    )
    assert locks.first_open(date(2026, 10, 5), "90") == NOV_1
    assert locks.first_open(date(2026, 10, 5)) == date(2026, 10, 16)


def test_their_locks_and_ours_hold_together():
    theirs = Locks((closed(None, "2026-08-31", "QuickBooks is closed through 31 Aug"),))
    ours = Locks((closed(None, "2026-10-31", "We closed through 31 Oct"),))
    both = theirs + ours
    assert both.why(date(2026, 8, 1)) == "QuickBooks is closed through 31 Aug"
    assert both.why(OCT_31) == "We closed through 31 Oct"
    assert both.first_open(date(2026, 8, 1)) == NOV_1
    assert theirs.why(OCT_31) == ""


def test_books_that_never_open_again_are_an_error_that_says_why():
    locks = Locks((Closed(NOV_1, date.max, "The company was archived"),))
    assert locks.first_open(OCT_31) == OCT_31
    with pytest.raises(ValueError, match="is open: The company was archived"):
        locks.first_open(NOV_1)
