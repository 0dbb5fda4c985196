"""The accountant's table as a whole: nothing of ACCOUNTING.md is left out of it."""

from tests.accounting import section_1, section_2, section_3, section_4

ROWS = [*section_1.ROWS, *section_2.ROWS, *section_3.ROWS, *section_4.ROWS]
# How many numbered lines each section has.
LINES = {1: 9, 2: 6, 3: 4, 4: 10}


def test_every_numbered_line_has_a_row() -> None:
    numbered = {f"{s}.{line}" for s, last in LINES.items() for line in range(1, last + 1)}
    assert {row.line for row in ROWS} == numbered


def test_no_two_rows_say_the_same() -> None:
    assert len({row.id for row in ROWS}) == len(ROWS)
