"""What is asked for, and that windows which Expensify would misread cannot be made."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.expensify.jobs import Window, batches, export_job, form, in_years

TODAY = date(2026, 11, 3)


def test_an_export_job_carries_the_window_and_no_action():
    window = Window(
        policy_ids=("0810E551A5F2A9C2", "4C6722D4BD2BD941"),
        approved_after=date(2026, 10, 1),
        states=("APPROVED", "REIMBURSED"),
    )
    assert export_job(window) == {
        "type": "file",
        "onReceive": {"immediateResponse": ["returnRandomFileName"]},
        "inputSettings": {
            "type": "combinedReportData",
            "reportState": "APPROVED,REIMBURSED",
            "filters": {
                "policyIDList": "0810E551A5F2A9C2,4C6722D4BD2BD941",
                "approvedAfter": "2026-10-01",
            },
        },
        "outputSettings": {"fileExtension": "txt", "fileBasename": "mlc"},
        "test": "true",
    }


def test_reports_are_read_again_by_id_in_every_state():
    settings = export_job(Window(report_ids=("R00KmcW7Qx3a", "50352738")))["inputSettings"]
    assert settings == {
        "type": "combinedReportData",
        "filters": {"reportIDList": "R00KmcW7Qx3a,50352738"},
    }


@pytest.mark.parametrize(
    ("members", "complaint"),
    [
        pytest.param({}, "set one of them", id="no anchor"),
        pytest.param({"states": ("APPROVED",)}, "set one of them", id="a state alone"),
        pytest.param({"policy_ids": ("0810E551A5F2A9C2",)}, "set one", id="a workspace alone"),
        pytest.param({"report_ids": ("R1,R2",)}, "not an Expensify id", id="two ids in one"),
        pytest.param({"report_ids": ("",)}, "not an Expensify id", id="blank id"),
        pytest.param(
            {"report_ids": tuple(f"R{n}" for n in range(101))}, "batches", id="101 report ids"
        ),
        pytest.param(
            {"start_on": TODAY, "states": ("CLOSED",)}, "no report state", id="the website's word"
        ),
        pytest.param(
            {"start_on": TODAY, "end_on": date(2026, 11, 2)}, "before it begins", id="backwards"
        ),
        pytest.param(
            {"start_on": date(2025, 1, 1), "end_on": TODAY}, "at most one year", id="too long"
        ),
    ],
)
def test_a_window_that_expensify_would_refuse_cannot_be_made(members, complaint):
    with pytest.raises(ValueError, match=complaint):
        Window(**members)


def test_batches_keep_the_order_and_drop_doubles():
    ids = [f"R{number}" for number in range(250)] + ["R3"]
    found = list(batches(ids))
    assert [len(batch) for batch in found] == [100, 100, 50]
    assert [one for batch in found for one in batch] == ids[:250]
    assert list(batches([])) == []


@pytest.mark.parametrize("size", [0, 101])
def test_a_batch_size_that_expensify_does_not_take_is_refused(size):
    with pytest.raises(ValueError, match="1 to 100"):
        list(batches(["R1"], size))


@given(st.dates(date(2015, 1, 1), TODAY))
def test_the_years_of_a_long_window_leave_no_day_out(first):
    parts = list(in_years(Window(approved_after=first), TODAY))
    assert parts[0].approved_after == first
    assert parts[-1].end_on is None
    assert not any(part.lacks_end(TODAY) for part in parts)
    assert all(
        before.end_on == after.approved_after
        for before, after in zip(parts, parts[1:], strict=False)
    )


def test_a_window_of_ids_or_of_this_year_is_not_divided():
    for window in (Window(report_ids=("R1",)), Window(start_on=date(2026, 1, 1))):
        assert list(in_years(window, TODAY)) == [window]


def test_the_form_survives_what_breaks_a_query_string():
    body = form({"type": "get"}, {"partnerUserSecret": "a+b&c=%"}, "<#if x &gt; 1> + é")
    assert body.isascii()
    assert b" " not in body
    assert body.count(b"&") == 1
    assert b"%26c%3D%25" in body
