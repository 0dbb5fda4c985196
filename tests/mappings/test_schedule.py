"""When flows poll: by the clock, by the close, by a calendar; on days when clocks change too."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.schedule import (
    ImpossibleTimetable,
    MonthRule,
    Schedule,
    Timetable,
    longest_pause,
    next_run,
    next_runs,
)

BERLIN = "Europe/Berlin"
NEW_YORK = "America/New_York"
KIRITIMATI = "Pacific/Kiritimati"
# Half an hour of summer time; changes at midnight; the evening before; no changes at all.
ZONES = ["UTC", BERLIN, NEW_YORK, KIRITIMATI, "Australia/Lord_Howe", "America/Sao_Paulo"]
ZONES += ["America/Nuuk", "Asia/Kathmandu"]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def daily(clock: str, zone: str) -> Timetable:
    return Timetable(Schedule.DAILY, zone, at_time=time.fromisoformat(clock))


def cron(text: str, zone: str = "UTC") -> Timetable:
    return Timetable(Schedule.CRON, zone, cron=text)


def monthly(rule: MonthRule, number: int, zone: str = "UTC", weekday: int = 0) -> Timetable:
    return Timetable(Schedule.MONTHLY, zone, month_rule=rule, month_number=number, weekday=weekday)


def fortnightly(first: str, zone: str = "UTC") -> Timetable:
    return Timetable(Schedule.FORTNIGHTLY, zone, first_on=date.fromisoformat(first))


def days_of(timetable: Timetable, after: str, count: int = 3) -> list[str]:
    """The local days of the next runs."""
    zone = ZoneInfo(timetable.zone)
    return [f"{run.astimezone(zone):%a %d %b %Y}" for run in next_runs(timetable, at(after), count)]


@pytest.mark.parametrize(
    ("timetable", "after", "expected"),
    [
        (Timetable(every_minutes=15), "2026-10-20T10:07", "2026-10-20T10:15"),
        (Timetable(every_minutes=15), "2026-10-20T10:15", "2026-10-20T10:30"),
        (Timetable(Schedule.APPROVAL), "2026-10-20T10:07", "2026-10-20T10:10"),
        (daily("06:00", NEW_YORK), "2026-10-20T09:59", "2026-10-20T10:00"),
        (daily("06:00", NEW_YORK), "2026-10-20T10:00", "2026-10-21T10:00"),
        # Clocks go forward at 2:00 on 29 Mar 2026 in Berlin: 2:30 does not exist.
        (daily("02:30", BERLIN), "2026-03-28T12:00", "2026-03-29T01:30"),
        (daily("02:30", BERLIN), "2026-03-29T01:30", "2026-03-30T00:30"),
        # Clocks go back at 3:00 on 25 Oct 2026 in Berlin: 2:30 comes twice.
        (daily("02:30", BERLIN), "2026-10-24T12:00", "2026-10-25T00:30"),
        (daily("02:30", BERLIN), "2026-10-25T00:30", "2026-10-26T01:30"),
        (daily("06:00", NEW_YORK), "2026-11-01T00:00", "2026-11-01T11:00"),
        (daily("00:10", KIRITIMATI), "2026-10-20T10:09", "2026-10-20T10:10"),
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
        # 23:30 on 28 Mar 2026 is skipped in Nuuk and run at 0:30, after the one of 0:10.
        (cron("30,10 0,23 * * *", "America/Nuuk"), "2026-03-29T00:30", "2026-03-29T01:10"),
        (cron("30,10 0,23 * * *", "America/Nuuk"), "2026-03-29T01:10", "2026-03-29T01:30"),
        (cron("*/15 * * * *", BERLIN), "2026-10-25T00:45", "2026-10-25T01:00"),
        (cron("*/15 * * * *", BERLIN), "2026-03-29T00:45", "2026-03-29T01:00"),
        (cron("30 2 * * *", BERLIN), "2026-10-25T00:30", "2026-10-26T01:30"),
        (cron("30 2 * * *", BERLIN), "2026-03-28T12:00", "2026-03-29T01:30"),
    ],
    ids=[
        "grid", "strictly later", "on approval", "later today", "tomorrow", "skipped hour",
        "day after the skip", "first of two", "second of two not again", "winter time",
        "east of the date line", "weekly", "weekly over the change", "skipped before midnight",
        "and the one that it met", "every hour goes on in autumn", "every hour goes on in spring",
        "one cron time, not twice", "one cron time, not left out",
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


# --- what accountants ask for ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "number", "after", "expected"),
    [
        (MonthRule.WORKDAY_END, -2, "2026-02-01T00:00", "Wed 25 Feb 2026"),
        (MonthRule.WORKDAY_END, -2, "2028-02-01T00:00", "Fri 25 Feb 2028"),
        (MonthRule.WORKDAY_END, 0, "2026-02-01T00:00", "Fri 27 Feb 2026"),
        (MonthRule.WORKDAY_END, 0, "2028-02-01T00:00", "Tue 29 Feb 2028"),
        (MonthRule.WORKDAY_END, 2, "2026-10-20T00:00", "Tue 03 Nov 2026"),
        (MonthRule.WORKDAY_END, 5, "2026-12-31T00:00", "Thu 07 Jan 2027"),
        (MonthRule.WORKDAY, 1, "2026-07-31T12:00", "Mon 03 Aug 2026"),
        (MonthRule.WORKDAY, 3, "2026-12-31T00:00", "Tue 05 Jan 2027"),
        (MonthRule.WORKDAY, 20, "2026-02-01T00:00", "Fri 27 Feb 2026"),
        (MonthRule.END, 0, "2026-02-01T00:00", "Sat 28 Feb 2026"),
        (MonthRule.END, 0, "2028-02-01T00:00", "Tue 29 Feb 2028"),
        (MonthRule.END, -2, "2026-10-01T00:00", "Thu 29 Oct 2026"),
        (MonthRule.END, 2, "2026-10-20T00:00", "Mon 02 Nov 2026"),
        (MonthRule.END, -27, "2026-02-02T00:00", "Wed 04 Mar 2026"),
        (MonthRule.DAY, 15, "2026-10-15T06:00", "Sun 15 Nov 2026"),
        (MonthRule.DAY, 31, "2026-02-01T00:00", "Sat 28 Feb 2026"),
        (MonthRule.DAY, 30, "2028-02-01T00:00", "Tue 29 Feb 2028"),
    ],
)
def test_a_day_of_the_close_is(rule, number, after, expected) -> None:
    assert days_of(monthly(rule, number), after, 1) == [expected]


def test_the_last_and_the_second_friday_of_the_month() -> None:
    last = monthly(MonthRule.WEEKDAY, -1, weekday=4)
    assert days_of(last, "2026-10-01T00:00") == [
        "Fri 30 Oct 2026",
        "Fri 27 Nov 2026",
        "Fri 25 Dec 2026",
    ]
    second = monthly(MonthRule.WEEKDAY, 2, weekday=4)
    assert days_of(second, "2026-10-01T00:00", 2) == ["Fri 09 Oct 2026", "Fri 13 Nov 2026"]


def test_a_close_in_the_next_month_is_found_in_the_days_before_and_after_it() -> None:
    """Two days after October is a run of November, which has one of its own in December."""
    timetable = monthly(MonthRule.END, 2)
    assert days_of(timetable, "2026-11-02T05:59", 2) == ["Mon 02 Nov 2026", "Wed 02 Dec 2026"]
    assert days_of(timetable, "2026-11-02T06:00", 1) == ["Wed 02 Dec 2026"]


def test_a_pay_calendar_runs_on_its_days_and_then_no_more() -> None:
    pay_days = tuple(map(date.fromisoformat, ["2026-10-30", "2026-10-15", "2026-11-13"]))
    timetable = Timetable(Schedule.DATES, NEW_YORK, at_time=time(18, 0), run_dates=pay_days)
    runs = next_runs(timetable, at("2026-10-15T21:59"))
    assert [f"{run:%d %b %H:%M}" for run in runs] == [
        "15 Oct 22:00",
        "30 Oct 22:00",
        "13 Nov 23:00",
    ]
    assert next_run(timetable, at("2026-11-13T23:00")) is None
    assert next_runs(timetable, at("2026-12-01T00:00")) == []


def test_every_two_weeks_counts_from_its_day_whenever_it_is_asked() -> None:
    timetable = fortnightly("2026-10-02", NEW_YORK)
    assert days_of(timetable, "2026-01-01T00:00", 2) == ["Fri 02 Oct 2026", "Fri 16 Oct 2026"]
    assert days_of(timetable, "2026-10-02T10:00", 1) == ["Fri 16 Oct 2026"]
    assert days_of(timetable, "2027-03-18T00:00", 2) == ["Fri 19 Mar 2027", "Fri 02 Apr 2027"]


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("0 6 * * MON-FRI", "2026-10-23T07:00", ["Mon 26 Oct", "Tue 27 Oct"]),
        ("0 6 * * 1-5", "2026-10-23T07:00", ["Mon 26 Oct", "Tue 27 Oct"]),
        ("0 6 1,15 * *", "2026-10-02T00:00", ["Thu 15 Oct", "Sun 01 Nov"]),
        ("0 6 13 * FRI", "2026-10-05T00:00", ["Fri 09 Oct", "Tue 13 Oct"]),
        ("0 6 * * 7", "2026-10-20T00:00", ["Sun 25 Oct", "Sun 01 Nov"]),
        ("0 6 * * SUN", "2026-10-20T00:00", ["Sun 25 Oct", "Sun 01 Nov"]),
        ("0 6 1 jan,jul *", "2026-10-20T00:00", ["Fri 01 Jan", "Thu 01 Jul"]),
        ("0 6 29 2 *", "2026-10-20T00:00", ["Tue 29 Feb", "Sun 29 Feb"]),
        ("0 6-18/6 * * *", "2026-10-20T07:00", ["Tue 20 Oct", "Tue 20 Oct"]),
    ],
)
def test_a_cron_expression_runs_on(text, after, expected) -> None:
    runs = next_runs(cron(text), at(after), 2)
    assert [f"{run:%a %d %b}" for run in runs] == expected


def test_a_leap_day_is_found_over_the_eight_years_without_one() -> None:
    assert days_of(cron("0 6 29 2 *"), "2096-03-01T00:00", 1) == ["Fri 29 Feb 2104"]


# --- what no flow can go by -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [{"every_minutes": 4}, {"zone": "Mars/Base"}, {"zone": ""}, {"weekday": 7}],
    ids=lambda x: str(x),
)
def test_an_impossible_timetable_is_refused(wrong) -> None:
    with pytest.raises(ValueError):
        Timetable(**wrong)


@pytest.mark.parametrize(
    ("columns", "field", "cure"),
    [
        ({"schedule": Schedule.EVERY, "every_minutes": 4}, "every_minutes", "take 5 or more"),
        ({"schedule": Schedule.FORTNIGHTLY}, "first_on", "Say on which day"),
        ({"schedule": Schedule.DATES}, "run_dates", "Add at least one date"),
        ({"schedule": Schedule.MONTHLY, "month_number": 0}, "month_number", "1 to 31"),
        (
            {"schedule": Schedule.MONTHLY, "month_rule": MonthRule.WORKDAY, "month_number": 21},
            "month_number",
            "1 to 20",
        ),
        (
            {"schedule": Schedule.MONTHLY, "month_rule": MonthRule.END, "month_number": -28},
            "month_number",
            "-27 to 27",
        ),
        (
            {"schedule": Schedule.MONTHLY, "month_rule": MonthRule.WEEKDAY, "month_number": 5},
            "month_number",
            "-1, 1, 2, 3, 4",
        ),
        ({"schedule": Schedule.CRON}, "cron", "0 6 * * MON-FRI"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_a_kind_of_schedule_lacks_is_named_with_its_cure(columns, field, cure) -> None:
    with pytest.raises(ImpossibleTimetable) as refused:
        Timetable(**columns)
    assert list(refused.value.reasons) == [field]
    assert cure in refused.value.reasons[field]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("@daily", "five fields"),
        ("0 6 * *", "this one has 4"),
        ("0 0 6 * * *", "this one has 6"),
        ("60 6 * * *", "0 to 59 is possible"),
        ("0 24 * * *", "0 to 23 is possible"),
        ("0 6 0 * *", "1 to 31 is possible"),
        ("0 6 * 13 *", "1 to 12 or JAN to DEC is possible"),
        ("0 6 * * MONDAY", "0 to 7 or SUN to SAT is possible"),
        ("0 6 * * FRI-MON", "goes backwards"),
        ("0 18-6 * * *", "goes backwards"),
        ("5/15 6 * * *", "a step stands behind * or a range"),
        ("*/0 6 * * *", "a step is a number from 1"),
        ("*/x 6 * * *", "a step is a number from 1"),
        ("0, 6 * * *", "0 to 59 is possible"),
        ("-5 6 * * *", "0 to 59 is possible"),
        ("0 6 L * *", "1 to 31 is possible"),
        ("٣ 6 * * *", "0 to 59 is possible"),
        ("0 6 31 2,4 *", "never comes"),
        ("0 6 */2 * MON", "understood differently by every cron"),
        ("* * * * *", "again after 1 minute,"),
        ("*/4 6 * * *", "again after 4 minutes"),
        ("0,58 0,23 * * *", "again after 2 minutes"),
        ("*/7 * * * *", "again after 4 minutes"),
    ],
)
def test_a_cron_expression_is_refused_with_the_reason(text, why) -> None:
    with pytest.raises(ImpossibleTimetable) as refused:
        cron(text)
    assert why in refused.value.reasons["cron"]


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no zone"):
        next_run(Timetable(), datetime(2026, 10, 20))  # noqa: DTZ001


# --- what holds for all of them -------------------------------------------------------------------

seconds = st.integers(int(at("2024-01-01").timestamp()), int(at("2031-12-31").timestamp()))
moments = seconds.map(lambda one: datetime.fromtimestamp(one, UTC))
some_days = st.dates(date(2025, 1, 1), date(2030, 12, 31))
clocks = st.times().map(lambda one: one.replace(second=0, microsecond=0))


@st.composite
def timetables(draw, kinds=tuple(Schedule)) -> Timetable:
    rule = draw(st.sampled_from(MonthRule))
    return Timetable(
        schedule=draw(st.sampled_from(kinds)),
        zone=draw(st.sampled_from(ZONES)),
        every_minutes=draw(st.integers(5, 2000)),
        at_time=draw(clocks),
        weekday=draw(st.integers(0, 6)),
        first_on=draw(some_days),
        month_rule=rule,
        month_number=draw(st.sampled_from(rule.numbers)),
        run_dates=tuple(draw(st.lists(some_days, min_size=1, max_size=6))),
        cron=draw(
            st.sampled_from(
                ["*/5 * * * *", "30 2 * * *", "15 */3 * * *", "0 6 1,15 * FRI", "10,40 0,23 * * *"]
            )
        ),
    )


@given(timetables(), moments, st.floats(0, 1))
def test_the_next_run_is_later_and_nothing_lies_between(timetable, after, part) -> None:
    following = next_run(timetable, after)
    if following is None:
        assert timetable.schedule is Schedule.DATES
        return
    assert following > after and following.tzinfo is UTC
    between = after + (following - after) * part * 0.999
    assert next_run(timetable, between) == following


BY_THE_CLOCK = (
    Schedule.DAILY,
    Schedule.WEEKLY,
    Schedule.FORTNIGHTLY,
    Schedule.MONTHLY,
    Schedule.DATES,
)


@given(timetables(BY_THE_CLOCK), moments)
def test_a_run_is_at_its_time_in_the_flows_zone_or_just_after_the_jump(timetable, after) -> None:
    zone = ZoneInfo(timetable.zone)
    for run_at in next_runs(timetable, after, 4):
        local = run_at.astimezone(zone)
        if local.time() != timetable.at_time:
            wanted = datetime.combine(local.date(), timetable.at_time)
            if wanted > local.replace(tzinfo=None):
                wanted -= timedelta(days=1)  # skipped before midnight, run after it
            shown = wanted.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
            assert shown.replace(tzinfo=None) != wanted, "that time was there, and was not taken"
            assert local.replace(tzinfo=None) - wanted <= timedelta(hours=1)


SPACED = {Schedule.DAILY: 1, Schedule.WEEKLY: 7, Schedule.FORTNIGHTLY: 14}


@given(timetables(tuple(SPACED)), moments)
def test_no_day_week_or_fortnight_is_left_out(timetable, after) -> None:
    """Between two runs lies the span, give or take the hour by which clocks change."""
    span = timedelta(days=SPACED[timetable.schedule])
    for earlier, later in pairwise(next_runs(timetable, after, 30)):
        assert abs(later - earlier - span) <= timedelta(hours=1)


@given(timetables((Schedule.MONTHLY,)), moments)
def test_every_month_has_its_run(timetable, after) -> None:
    runs = next_runs(timetable, after, 13)
    # A day counted from a month's end wanders with its length, never by more than a week or so.
    pauses = {(later - earlier).days for earlier, later in pairwise(runs)}
    assert min(pauses) >= 24 and max(pauses) <= 38
    assert timedelta(days=355) < runs[-1] - runs[0] < timedelta(days=376)


@given(
    st.sets(st.integers(0, 11).map(lambda n: n * 5), min_size=1),
    st.sets(st.integers(0, 23), min_size=1),
    st.none() | st.sets(st.integers(1, 28), min_size=1),
    st.none() | st.sets(st.integers(0, 6), min_size=1),
    moments,
)
def test_cron_agrees_with_looking_at_every_minute(minutes, hours, days, weekdays, after) -> None:
    def listed(numbers) -> str:
        return ",".join(map(str, sorted(numbers))) if numbers else "*"

    def is_day(at_: datetime) -> bool:
        in_days = days is None or at_.day in days
        in_weekdays = weekdays is None or at_.isoweekday() % 7 in weekdays
        if days and weekdays:
            return in_days or in_weekdays
        return in_days and in_weekdays

    text = f"{listed(minutes)} {listed(hours)} {listed(days)} * {listed(weekdays)}"
    found = next_run(cron(text), after)
    at_ = after.replace(second=0, microsecond=0, minute=after.minute // 5 * 5)
    while at_ <= after or not (at_.minute in minutes and at_.hour in hours and is_day(at_)):
        at_ += timedelta(minutes=5)
        assert at_ <= found
    assert at_ == found


def test_the_longest_pause_is_that_between_the_next_dozen_runs() -> None:
    assert longest_pause(Timetable(every_minutes=15), at("2026-10-20T10:07")) == timedelta(
        minutes=15
    )
    assert longest_pause(monthly(MonthRule.DAY, 1), at("2026-10-20T10:07")).days == 31
    over = Timetable(Schedule.DATES, run_dates=(date(2026, 10, 20),))
    assert longest_pause(over, at("2026-10-01T00:00")) is None
