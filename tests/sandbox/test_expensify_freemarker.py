"""The simulator's FreeMarker against what Apache FreeMarker 2.3.31 printed for the same templates.

Every row of the .json beside this is a template, a model if it needs one, and the real engine's
output (incompatible improvements 2.3.23, locale en_US); `fails` means that the output stopped
there with an error block, `unreadable` that the template was refused when it was read.
"""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.sandbox.expensify.freemarker import SyntaxProblem, Template

ROWS = json.loads(
    Path(__file__).with_suffix(".json").read_text(encoding="utf-8"), parse_float=Decimal
)


@pytest.mark.parametrize("row", ROWS, ids=[row["template"][:60] for row in ROWS])
def test_it_prints_what_the_real_engine_prints(row):
    if row.get("unreadable"):
        with pytest.raises(SyntaxProblem):
            Template(row["template"])
        return
    printed = Template(row["template"]).rendered(row.get("model", {}))
    if row.get("fails"):
        printed, error, _ = printed.partition("\nFreeMarker template error")
        assert error
        assert printed.rstrip("\n") == row["output"]
    else:
        assert printed == row["output"]


@pytest.mark.parametrize(
    "template",
    [
        "<#macro m></#macro>",
        "<@m/>",
        "<#include 'x'>",
        "${x?date}",
        "#{x}",
        "${'a${b}'}",
        "<#assign x>body</#assign>",
    ],
)
def test_what_the_subset_lacks_is_refused_and_never_guessed(template):
    with pytest.raises(SyntaxProblem):
        Template(template)


def test_the_error_block_names_expression_line_and_column():
    printed = Template("a\n  ${b.c}").rendered({"b": {}})
    assert "==> b.c" in printed
    assert "InvalidReferenceException" in printed
    assert "line 2, column 3" in printed


def test_output_leaves_piece_by_piece():
    made = []

    class Counted:
        def __len__(self):
            return 3

        def __iter__(self):
            for number in range(3):
                made.append(number)
                yield {"n": number}

    seen = []
    Template("<#list reports as r>${r.n}</#list>").render(
        {"reports": Counted()}, lambda text: seen.append((text, len(made)))
    )
    # one ahead, because ?has_next must be known
    assert seen == [("0", 2), ("1", 3), ("2", 3)]
