"""How many of what, as every room says it."""

import pytest

from connectors.counting import counted


@pytest.mark.parametrize(
    ("count", "noun", "said"),
    [
        (0, "report", "0 reports"),
        (1, "report", "1 report"),
        (1204, "posting", "1,204 postings"),
        (2, "journal entry", "2 journal entries"),
        (1, "journal entry", "1 journal entry"),
    ],
)
def test_one_stands_alone_and_many_have_their_ending(count, noun, said) -> None:
    assert counted(count, noun) == said
