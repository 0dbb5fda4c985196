"""An export is believed only when it is proved whole."""

import json
import stat
import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract.report import Report
from connectors.contract.transport import ContractBroken
from connectors.expensify import parse, spool
from connectors.expensify.jobs import Window
from connectors.expensify.parse import Unreadable
from connectors.expensify.spool import SpooledFile
from tests.expensify.made import TWO_REPORTS, end, expense, export_of, report

WINDOW = Window(report_ids=("R1",))


def checked(folder: Path, *contents: bytes) -> SpooledFile:
    own = spool.new_folder(folder)
    paths = [spool.new_file(own, number) for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return spool.checked(paths, WINDOW)


def lines(*parts: dict | str | bytes) -> bytes:
    texts = [json.dumps(part) if isinstance(part, dict) else part for part in parts]
    return b"\n".join(text.encode() if isinstance(text, str) else text for text in texts) + b"\n"


def test_a_whole_file_is_counted_and_removed_when_it_was_read(tmp_path):
    with checked(tmp_path, TWO_REPORTS) as spooled:
        assert (spooled.reports, spooled.expenses) == (2, 3)
        assert spooled.byte_count == len(TWO_REPORTS)
        assert [one.report_id for one in parse.read(spooled)] == ["R00KmcW7Qx3a", "R00Pq2LzT9fd"]
        assert spooled.unknown_keys == set()
    assert list(tmp_path.iterdir()) == []


def test_an_export_is_nobody_elses_to_read(tmp_path):
    with checked(tmp_path / "spool", TWO_REPORTS) as spooled:
        path = spooled.paths[0]
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(path.parent.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(lines(end(0, 0)), id="no reports"),
        pytest.param(lines("", report(), "", end(1, 1), ""), id="blank lines"),
        pytest.param(lines(report(), end(1, 1)).replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(b"\xef\xbb\xbf" + lines(report(), end(1, 1)), id="byte order mark"),
        pytest.param(lines(report(), end(1, 1)).rstrip(), id="no last line end"),
        pytest.param(lines(report(), end(1, 1), report(), end(1, 1)), id="two passes"),
        pytest.param(
            lines(report(expense(comment="FreeMarker template error")), end(1, 1)),
            id="the words of an error in a comment",
        ),
        pytest.param(
            lines(
                json.dumps(report(expense(comment="a\u2028b\u0085c")), ensure_ascii=False),
                end(1, 1),
            ),
            id="line separators of Unicode inside a text",
        ),
    ],
)
def test_what_is_whole_is_taken(tmp_path, content):
    with checked(tmp_path, content) as spooled:
        assert len(list(parse.read(spooled))) == spooled.reports


FREEMARKER_ERROR = (
    '{"_type":"report","reportID":FreeMarker template error (DEBUG mode; use RETHROW in '
    "production!):\nThe following has evaluated to null or missing:\n==> report.reportID  [in "
    'template "x" at line 3, column 5]'
)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        pytest.param(b"", "breaks off after 0 reports", id="empty"),
        pytest.param(b"\n \n", "breaks off after 0 reports", id="blanks"),
        pytest.param(lines(report()), "breaks off after 1 reports, before its end", id="no end"),
        pytest.param(
            lines(report(), end(1, 1), report()),
            "breaks off after 2 reports",
            id="more after the end",
        ),
        pytest.param(
            lines(report(), end(41, 97)), "breaks off after 1 of 41 reports", id="too few"
        ),
        pytest.param(lines(report(), end(1, 2)), "1 reports with 1 expenses", id="expenses differ"),
        pytest.param(lines(report(), report(), end(1, 1)), "2 reports with 2", id="too many"),
        pytest.param(lines(end(0, 0))[:-6], "breaks off in line 1", id="inside the end line"),
        pytest.param(lines({"_type": "end"}), "does not say how much", id="no counts"),
        pytest.param(
            lines({"_type": "end", "reports": -1, "expenses": 0}),
            "does not say",
            id="negative count",
        ),
        pytest.param(
            lines(FREEMARKER_ERROR), "could not fill in our template", id="template error"
        ),
        pytest.param(
            lines("Expression r.total is undefined on line 3, column 4 in x."),
            "could not fill in our template",
            id="older template error",
        ),
        pytest.param(lines("<html><body>502"), "line 1 holds an HTML page", id="HTML"),
        pytest.param(lines("reportID,total", "R1,2"), "line 1 is not JSON", id="CSV"),
        pytest.param(lines("[1]"), "line 1 is not JSON", id="a JSON list"),
        pytest.param(lines("[" * 200_000), "line 1 is not JSON", id="nested without end"),
        pytest.param(lines('{"a":NaN}'), "line 1 is not JSON", id="NaN"),
        pytest.param(lines({"a": 1}, end(0, 0)), "line 1 is none that our", id="no _type"),
        pytest.param(lines({"_type": "s"}, end(0, 0)), "line 1 is none that our", id="other _type"),
        pytest.param(
            lines({"_type": "report", "expenses": {}}, end(1, 0)), "none that our", id="no list"
        ),
        pytest.param(
            lines({"responseCode": 500, "responseMessage": "x"}, end(0, 0)),
            "line 1 is an error message",
            id="an error among the lines",
        ),
        pytest.param(
            lines(report(), b'{"_type":"report","reportName":"Caf\xe9"}', end(2, 1)),
            "line 2, byte 36 is not UTF-8",
            id="Latin-1",
        ),
    ],
)
def test_a_file_that_is_not_whole_is_refused_and_says_where(tmp_path, content, complaint):
    with pytest.raises(ContractBroken, match=complaint) as refused:
        checked(tmp_path, content)
    assert "Nothing of it was taken over" in refused.value.message


def test_the_message_about_a_broken_file_reads_well(tmp_path):
    with pytest.raises(ContractBroken) as refused:
        checked(tmp_path, lines(*[report()] * 12, end(41, 41)))
    assert str(refused.value) == (
        "Expensify's file breaks off after 12 of 41 reports. Nothing of it was taken over. "
        "The next poll asks again."
    )


def test_a_line_without_end_is_not_read_into_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(spool, "LONGEST_LINE", 1024)
    with pytest.raises(ContractBroken, match="line 1 is longer"):
        checked(tmp_path, lines(report(expense(comment="x" * 2000)), end(1, 1)))


@settings(max_examples=300)
@given(st.integers(0, len(TWO_REPORTS) - 2))
def test_a_file_cut_at_any_byte_is_refused(tmp_path_factory, cut):
    with pytest.raises(ContractBroken):
        checked(tmp_path_factory.getbasetemp() / "cut", TWO_REPORTS[:cut])


def test_a_file_cut_inside_a_letter_says_that_it_breaks_off(tmp_path):
    cut = TWO_REPORTS.index("Chloé".encode()) + 5
    with pytest.raises(ContractBroken, match="breaks off in line 1"):
        checked(tmp_path, TWO_REPORTS[:cut])


def test_one_unreadable_report_does_not_stop_the_rest(tmp_path):
    broken = report(expense(), expense(transactionID="2", amount=12.5, merchant="Bar &amp; Grill"))
    content = export_of([report(reportID="R1"), broken, report(reportID="R3")])
    with checked(tmp_path, content) as spooled:
        first, unreadable, third = parse.read(spooled)
    assert isinstance(first, Report) and isinstance(third, Report)
    assert isinstance(unreadable, Unreadable)
    assert (unreadable.report_id, unreadable.line_number) == ("R00KmcW7Qx3a", 2)
    assert json.loads(unreadable.raw) == broken
    assert unreadable.problem.code == "expensify.amount.unreadable"
    assert unreadable.problem.field == "expenses[1].amount"
    assert unreadable.problem.message == (
        "Report R00KmcW7Qx3a (ben.ito@acme.example), line 2 (Bar & Grill): amount '12.5' is not a "
        "count of cents. Nothing of the report was taken over."
    )
    assert unreadable.problem.cure


def test_a_report_without_an_id_is_named_by_its_line(tmp_path):
    with checked(tmp_path, export_of([report(reportID=None, accountEmail=["x"])])) as spooled:
        (unreadable,) = parse.read(spooled)
    assert unreadable.report_id == ""
    assert "in line 1 of Expensify's file" in unreadable.problem.message


def test_keys_that_nobody_knows_are_named_and_kept_in_the_raw_line(tmp_path):
    new = report(
        expense(carbon="3 kg", receipt={"receiptID": "1", "sha": "f00"}),
        audit={"by": "x"},
        customField={"Cost_Center": "free names"},
    )
    with checked(tmp_path, export_of([new, report(reportID="R2")])) as spooled:
        first, _ = parse.read(spooled)
    assert spooled.unknown_keys == {"audit", "expenses.carbon", "expenses.receipt.sha"}
    assert json.loads(first.raw)["audit"] == {"by": "x"}


def test_a_report_in_two_parts_of_an_export_comes_once(tmp_path):
    parts = [
        export_of([report(reportID=one) for one in ids]) for ids in (["R1", "R2"], ["R2", "R3"])
    ]
    with checked(tmp_path, *parts) as spooled:
        assert [one.report_id for one in parse.read(spooled)] == ["R1", "R2", "R3"]


def test_exports_of_killed_processes_are_removed_by_age(tmp_path):
    checked(tmp_path, TWO_REPORTS)
    (tmp_path / "other").mkdir()
    now = datetime.fromtimestamp(time.time(), UTC)
    hour = timedelta(hours=1)
    assert spool.remove_leftovers(tmp_path, now, hour) == 0
    assert spool.remove_leftovers(tmp_path, now + 2 * hour, hour) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_reading_takes_a_small_part_of_the_memory_that_the_file_would(tmp_path):
    # A tenth of a large month: traced, 20,000 reports take six seconds for the same answer.
    count = 4_000
    content = (json.dumps(report()).encode() + b"\n") * count
    with checked(tmp_path, content + json.dumps(end(count, count)).encode()) as spooled:
        size = len(content)
        del content
        tracemalloc.start()
        try:
            again = spool.checked(spooled.paths, WINDOW)
            assert sum(1 for _ in parse.read(again)) == count
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < size / 4
