"""Tables and sentences on a terminal: aligned, in a hundred columns, figures never cut."""

import logging
import sys

import pytest

from audit.management.terminal import (
    WIDTH,
    AnswerCommand,
    facts_table,
    padded,
    shown_width,
    table,
    wrapped,
)


def test_columns_are_aligned_whatever_the_script():
    lines = table(
        ("Payee", "Total"),
        [("Jo Wei 魏", "1,234.50 USD"), ("Chloe\u0301", "2.00 USD"), ("Ben", "30.00 USD")],
        right=("Total",),
    )
    assert lines == [
        "Payee             Total",
        "---------  ------------",
        "Jo Wei 魏  1,234.50 USD",
        "Chloe\u0301          2.00 USD",
        "Ben           30.00 USD",
    ]
    assert {shown_width(line) for line in lines} == {23}


def test_a_table_that_is_too_wide_shortens_texts_and_no_figure():
    lines = table(
        ("Account", "Total", "Text"),
        [("6120 Ground Transport", "1,234,567.89 USD", "x" * 200)],
        right=("Total",),
        give=("Text",),
    )
    assert {len(lines[1]), len(lines[2])} == {WIDTH}
    assert "6120 Ground Transport  1,234,567.89 USD  xxx" in lines[2]
    assert lines[2].endswith("x…")


@pytest.mark.parametrize(
    "text",
    ["word " * 60, "魏" * 90, "a short one and then " + "x" * 150 + " more", "x" * 100],
    ids=["words", "wide", "one long word", "as wide as the line"],
)
def test_sentences_are_wrapped_and_lose_nothing(text):
    lines = wrapped(text, indent=6, first="  ! ")
    assert all(shown_width(line) <= WIDTH for line in lines)
    told = "".join(line.removeprefix("  ! ") for line in lines).replace(" ", "")
    assert told == text.replace(" ", "")
    assert lines[0].startswith("  ! ")
    assert all(line.startswith(" " * 6) for line in lines[1:])


def test_control_characters_do_not_reach_the_terminal():
    assert wrapped("a\x1b[31mb\nc") == ["a [31mb c"]
    assert table(("Name",), [("a\x1b\nb",)])[2] == "a b"


def test_facts_stand_in_two_columns():
    assert facts_table([("Found", "3"), ("Not taken", "1")]) == ["  Found      3", "  Not taken  1"]


def test_padding_is_exact_for_wide_characters():
    assert [shown_width(padded("魏家涼麵", width)) for width in (3, 4, 8, 9)] == [3, 4, 8, 9]


def test_a_command_that_answers_nothing_is_a_defect():
    with pytest.raises(TypeError, match="does not say what it answers"):
        AnswerCommand().answer({})


def test_logs_leave_stdout_to_the_answer(capsys):
    from django.core.management import call_command

    handler = logging.StreamHandler(sys.stdout)
    logging.getLogger().addHandler(handler)

    class Noisy(AnswerCommand):
        def answer(self, options):
            from audit.management.terminal import Answer

            logging.getLogger("audit.engine").warning("noise")
            return Answer("Done.")

    try:
        call_command(Noisy(), json=True)
    finally:
        logging.getLogger().removeHandler(handler)
    said = capsys.readouterr()
    assert "noise" in said.err and "noise" not in said.out
    assert handler.stream is sys.stdout
