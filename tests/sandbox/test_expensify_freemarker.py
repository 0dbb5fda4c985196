"""The simulator's FreeMarker against what Apache FreeMarker 2.3.31 printed for the same templates.

Every row of the .json beside this is a template, a model if it needs one, and the real engine's
output (incompatible improvements 2.3.23, locale en_US); `fails` means that the output stopped
there with an error block, `unreadable` that the template was refused when it was read.
"""

import json
import time
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.sandbox.expensify.freemarker import SyntaxProblem, Template
from connectors.sandbox.month import volume

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


@pytest.mark.parametrize(
    ("template", "printed"),
    [
        ("<#list x as a><#list [] as b>-<#else><#break></#list>never</#list>end", "end"),
        ("<#list x as a>${a}<#sep>,</#list>|<#list x as a>${a?is_last?c}</#list>", "1,2|falsetrue"),
        ("<#assign f=g>${f(3)}<#function g v><#return v + 1></#function>", "4"),
        (
            "<#function f v><#list v as q><#if q == 2><#return q></#if></#list></#function>${f(x)}",
            "2",
        ),
        ("<#function f v>printed<#return v></#function>${f('a')}", "a"),
        ("<#list x as a></#list>${a!'gone'}", "gone"),
        ("<#break>rest", ""),
        ("${" + " + ".join(["'a'"] * 60) + "}", "a" * 60),
        ("${n + ' ' + n}${n + 1}", "5 56"),
    ],
    ids=lambda text: text[:40],
)
def test_corners_of_the_language(template, printed):
    assert Template(template).rendered({"x": [1, 2], "n": 5}) == printed


@pytest.mark.parametrize(
    ("template", "printed", "where"),
    [
        ("a${f(1)}<#function f v>${b.c}<#return 1></#function>", "a", "line 1, column 24"),
        ("a${(f(1))!'x'}<#function f v><#return b.c></#function>", "a", "line 1, column 30"),
        ("a${f()}<#function f v><#return v></#function>", "a", "line 1, column 2"),
        ("a${g(1, 2)}<#assign g = f><#function f v><#return v></#function>", "a", "column 2"),
        ("<#list [1] as i>a<#if i == 1>${i?index}${b?index}</#if></#list>", "a0", "column 40"),
    ],
    ids=["in a function", "behind a default", "argument", "through a variable", "in a list"],
)
def test_an_error_stops_where_it_happens(template, printed, where):
    found, _, block = Template(template).rendered({"b": {}, "g": 1}).partition("\nFreeMarker")
    assert found.strip() == printed
    assert where in block


def test_nesting_beyond_all_reason_is_refused_when_it_is_read():
    with pytest.raises(SyntaxProblem, match="nest"):
        Template("<#list x as a>" * 30 + "</#list>" * 30)


@pytest.mark.parametrize("name", ["class", "None", "G", "P", "t", "exec", "v1", "F_x"])
def test_a_templates_names_never_meet_pythons(name):
    text = f"<#assign {name} = 1>${{{name}}}<#list [2] as {name}>${{{name}}}</#list>${{{name}}}"
    assert Template(text).rendered({}) == "121"
    called = f"<#function {name} v><#return v></#function>${{{name}(7)}}"
    assert Template(called).rendered({}) == "7"


def test_text_cannot_become_code():
    text = "'); import os #${'\"); raise #'} \\ ${\"\\\\\"} \x00 end"
    assert Template(text).rendered({}) == "'); import os #\"); raise # \\ \\ \x00 end"


def test_a_report_of_five_lines_costs_well_below_a_millisecond():
    # the template reads as much of a report as an export does: its lines' every variable
    names = ("transactionID", "merchant", "category", "created", "currency", "tag", "comment")
    printed = "".join(f'"{name}":"${{(e.{name}!"")?json_string}}",' for name in names * 5)
    template = Template(
        f"<#list reports as r><#list r.transactionList as e>{printed}</#list></#list>"
    )
    reports = list(volume(100))
    began = time.process_time()
    template.render({"reports": reports}, lambda text: None)
    assert (time.process_time() - began) / len(reports) < 0.001


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
    assert seen == [("0", 1), ("1", 2), ("2", 3)]
