"""When flows poll, on the days when clocks change too."""

from datetime import UTC, datetime, time

import pytest

from mappings.schedule import Schedule, Timetable, next_run, next_runs

BERLIN = "Europe/Berlin"
NEW_YORK = "America/New_York"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def daily(clock: str, zone: str) -> Timetable:
    return Timetable(Schedule.DAILY, zone, at_time=time.fromisoformat(clock))


@pytest.mark.parametrize(
    ("timetable", "after", "expected"),
    [
        (Timetable(every_minutes=15), "2026-10-20T10:07", "2026-10-20T10:15"),
        (Timetable(every_minutes=15), "2026-10-20T10:15", "2026-10-20T10:30"),
        (daily("06:00", NEW_YORK), "2026-10-20T09:59", "2026-10-20T10:00"),
        (daily("06:00", NEW_YORK), "2026-10-20T10:00", "2026-10-21T10:00"),
        # Clocks go forward at 2:00 on 29 Mar 2026 in Berlin: 2:30 does not exist.
        (daily("02:30", BERLIN), "2026-03-28T12:00", "2026-03-29T01:30"),
        (daily("02:30", BERLIN), "2026-03-29T01:30", "2026-03-30T00:30"),
        # Clocks go back at 3:00 on 25 Oct 2026 in Berlin: 2:30 comes twice.
        (daily("02:30", BERLIN), "2026-10-24T12:00", "2026-10-25T00:30"),
        (daily("02:30", BERLIN), "2026-10-25T00:30", "2026-10-26T01:30"),
        (daily("06:00", NEW_YORK), "2026-11-01T00:00", "2026-11-01T11:00"),
        (daily("00:10", "Pacific/Kiritimati"), "2026-10-20T10:09", "2026-10-20T10:10"),
        (
            Timetable(Schedule.WEEKLY, NEW_YORK, at_time=time(22, 0), weekday=6),
            "2026-10-20T00:00",
            "2026-10-26T02:00",
        ),
        (
            Timetable(Schedule.WEEKLY, NEW_YORK, at_time=time(22, 0), weekday=6),
            "2026-10-26T02:00",
            "2026-11-02T03:00",
        ),
    ],
    ids=[
        "grid", "strictly later", "later today", "tomorrow", "skipped hour", "day after the skip",
        "first of two", "second of two not again", "winter time", "east of the date line",
        "weekly", "weekly over the change",
    ],
)  # fmt: skip
def test_the_next_run_is(timetable, after, expected) -> None:
    assert next_run(timetable, at(after)) == at(expected)


def test_five_runs_are_shown_in_order() -> None:
    runs = next_runs(daily("02:30", BERLIN), at("2026-10-23T12:00"))
    assert [f"{run:%d %H:%M}" for run in runs] == [
        "24 00:30",
        "25 00:30",
        "26 01:30",
        "27 01:30",
        "28 01:30",
    ]


@pytest.mark.parametrize(
    "wrong",
    [{"every_minutes": 4}, {"zone": "Mars/Base"}, {"zone": ""}, {"weekday": 7}],
    ids=lambda x: str(x),
)
def test_an_impossible_timetable_is_refused(wrong) -> None:
    with pytest.raises(ValueError):
        Timetable(**wrong)


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no zone"):
        next_run(Timetable(), datetime(2026, 10, 20))  # noqa: DTZ001
