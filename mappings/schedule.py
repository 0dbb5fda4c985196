"""When a flow polls next, in the flow's own zone and in spite of changing clocks."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mappings import cron
from mappings.terms import Choice

LEAST_MINUTES = 5


class Schedule(Choice):
    EVERY = "every", "Every few minutes"
    APPROVAL = (
        "approval",
        f"On approval: looked for every {LEAST_MINUTES} minutes, the shortest safe interval",
    )
    DAILY = "daily", "Daily"
    WEEKLY = "weekly", "Weekly"
    FORTNIGHTLY = "fortnightly", "Every two weeks"
    MONTHLY = "monthly", "Monthly, by the close"
    DATES = "dates", "On a list of dates, such as a pay calendar"
    CRON = "cron", "By a cron expression"

    @property
    def uses(self) -> tuple[str, ...]:
        """The members of a Timetable that this kind goes by, besides its zone."""
        return _USES[self]


_USES = {
    Schedule.EVERY: ("every_minutes",),
    Schedule.APPROVAL: (),
    Schedule.DAILY: ("at_time",),
    Schedule.WEEKLY: ("at_time", "weekday"),
    Schedule.FORTNIGHTLY: ("at_time", "first_on"),
    Schedule.MONTHLY: ("at_time", "month_rule", "month_number", "weekday"),
    Schedule.DATES: ("at_time", "run_dates"),
    Schedule.CRON: ("cron",),
}


class MonthRule(Choice):
    """Which day of a month. Working days are Monday to Friday; nobody here knows holidays."""

    DAY = "day", "Day of the month"
    END = "end", "Days from the month's last day"
    WORKDAY = "workday", "Working day of the month"
    WORKDAY_END = "workday_end", "Working days from the month's last working day"
    WEEKDAY = "weekday", "A weekday of the month"

    @property
    def numbers(self) -> tuple[int, ...]:
        """What `month_number` may be: every month then has exactly one such day."""
        match self:
            case MonthRule.DAY:
                return tuple(range(1, 32))
            case MonthRule.END:
                return tuple(range(-27, 28))
            case MonthRule.WORKDAY:
                return tuple(range(1, 21))
            case MonthRule.WORKDAY_END:
                return tuple(range(-15, 16))
            case MonthRule.WEEKDAY:
                return (-1, 1, 2, 3, 4)


class ImpossibleTimetable(ValueError):
    """`reasons`: member of the Timetable -> what is wrong with it and what to do, for people."""

    def __init__(self, reasons: dict[str, str]) -> None:
        super().__init__(" ".join(reasons.values()))
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class Timetable:
    """`at_time` is wall-clock time in `zone`; `weekday` counts from Monday = 0.

    first_on      the first of the days that come every two weeks
    month_number  day: 1 to 31, the last day where the month is shorter; workday: 1 = the first;
                  end, workday_end: 0 = the last one, -2 = two before it, 2 = two after it;
                  weekday: 1 = the first such weekday, -1 = the last
    cron          five fields, see `cron.parse`

    Raises ImpossibleTimetable, a ValueError, for what the kind of schedule cannot go by.
    """

    schedule: Schedule = Schedule.EVERY
    zone: str = "UTC"
    every_minutes: int = 15
    at_time: time = time(6, 0)
    weekday: int = 0
    first_on: date | None = None
    month_rule: MonthRule = MonthRule.DAY
    month_number: int = 1
    run_dates: tuple[date, ...] = ()
    cron: str = ""

    def __post_init__(self) -> None:
        if reasons := dict(_misfits(self)):
            raise ImpossibleTimetable(reasons)


def _misfits(timetable: Timetable) -> Iterator[tuple[str, str]]:
    if not is_zone(timetable.zone):
        yield (
            "zone",
            f"{timetable.zone!r} is no time zone. Take one such as America/New_York.",
        )
    if not 0 <= timetable.weekday <= 6:
        yield "weekday", f"{timetable.weekday} is no weekday: Monday is 0, Sunday 6."
    match timetable.schedule:
        case Schedule.EVERY if timetable.every_minutes < LEAST_MINUTES:
            yield (
                "every_minutes",
                f"Expensify is asked at most every {LEAST_MINUTES} minutes: take {LEAST_MINUTES} "
                "or more.",
            )
        case Schedule.FORTNIGHTLY if timetable.first_on is None:
            yield "first_on", "Say on which day the two weeks begin."
        case Schedule.DATES if not timetable.run_dates:
            yield "run_dates", "Add at least one date, such as 2026-10-31."
        case Schedule.MONTHLY:
            numbers = timetable.month_rule.numbers
            if timetable.month_number not in numbers:
                span = ", ".join(map(str, numbers))
                span = f"{numbers[0]} to {numbers[-1]}" if len(numbers) > 5 else span
                yield (
                    "month_number",
                    f'"{timetable.month_rule.label}" goes by a number that every month has: '
                    f"{span}.",
                )
        case Schedule.CRON:
            yield from _cron_misfits(timetable.cron)


def _cron_misfits(text: str) -> Iterator[tuple[str, str]]:
    try:
        read = cron.parse(text)
    except ValueError as misfit:
        yield "cron", str(misfit)
    else:
        pause = read.shortest_minutes
        if pause < LEAST_MINUTES:
            yield (
                "cron",
                f"This runs again after {pause} minute{'s' if pause > 1 else ''}, and Expensify is "
                f"asked at most every {LEAST_MINUTES}: write */{LEAST_MINUTES} for the minute.",
            )


def is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return bool(name)


def next_run(timetable: Timetable, after: datetime) -> datetime | None:
    """The first run later than `after` (aware), in UTC; None when a list of dates is used up.

    "Every n minutes" stands on a grid of its own (n minutes since 1970), so that a run that was
    late doesn't move the ones that follow, and two processes agree on the next one. A wall-clock
    time that the spring change skips is run when the clocks have jumped, one that comes twice in
    autumn is run the first time only. A cron expression for every hour goes by real time.
    """
    if after.tzinfo is None:
        raise ValueError(f"{after} has no zone")
    if timetable.schedule in (Schedule.EVERY, Schedule.APPROVAL):
        is_every = timetable.schedule is Schedule.EVERY
        step = (timetable.every_minutes if is_every else LEAST_MINUTES) * 60
        return datetime.fromtimestamp((int(after.timestamp()) // step + 1) * step, UTC)
    # From the day before: near midnight a skipped time can fall on the next day in UTC.
    first = after.astimezone(ZoneInfo(timetable.zone)).date() - timedelta(days=1)
    for day in _days(timetable, first):
        if later := [run_at for run_at in _runs_on(timetable, day) if run_at > after]:
            return min(later)
    return None


def next_runs(timetable: Timetable, after: datetime, count: int = 5) -> list[datetime]:
    """The next `count` runs later than `after`, in UTC; fewer where a list of dates ends."""
    runs: list[datetime] = []
    while len(runs) < count and (run_at := next_run(timetable, after)) is not None:
        runs.append(run_at)
        after = run_at
    return runs


def longest_pause(timetable: Timetable, after: datetime) -> timedelta | None:
    """The longest time between the next dozen runs; None where fewer than two are left."""
    runs = next_runs(timetable, after, 12)
    return max((later - earlier for earlier, later in pairwise(runs)), default=None)


# The 29th of February is missing for eight years around 2100.
_HORIZON = 8 * 366 + 1


def _days(timetable: Timetable, first: date) -> Iterator[date]:
    """The days with a run, in order, from `first` on, as far as the next two."""
    match timetable.schedule:
        case Schedule.FORTNIGHTLY:
            begins_on = timetable.first_on
            if begins_on < first:
                begins_on = first + timedelta(days=-(first - begins_on).days % 14)
            yield from (begins_on + timedelta(weeks=2 * count) for count in range(2))
        case Schedule.DATES:
            yield from (day for day in sorted(set(timetable.run_dates)) if day >= first)
        case Schedule.MONTHLY:
            # A number of days after its end puts a month's run into the next.
            months = (_month(first, ahead) for ahead in range(-2, 4))
            days = (_day_of_month(timetable, month) for month in months)
            yield from (day for day in days if day >= first)
        case _:
            days = (first + timedelta(days=ahead) for ahead in range(_HORIZON))
            yield from (day for day in days if _is_on(timetable, day))


def _is_on(timetable: Timetable, day: date) -> bool:
    match timetable.schedule:
        case Schedule.WEEKLY:
            return day.weekday() == timetable.weekday
        case Schedule.CRON:
            return cron.parse(timetable.cron).is_on(day)
    return True


def _month(day: date, ahead: int) -> date:
    """The first of the month so many months after that of `day`."""
    months = day.year * 12 + day.month - 1 + ahead
    return date(months // 12, months % 12 + 1, 1)


def _day_of_month(timetable: Timetable, month: date) -> date:
    last, number = _month(month, 1) - timedelta(days=1), timetable.month_number
    days = [month + timedelta(days=ahead) for ahead in range(last.day)]
    match timetable.month_rule:
        case MonthRule.DAY:
            return days[min(number, last.day) - 1]
        case MonthRule.END:
            return last + timedelta(days=number)
        case MonthRule.WORKDAY:
            return [day for day in days if _is_workday(day)][number - 1]
        case MonthRule.WORKDAY_END:
            last_workday = max(day for day in days if _is_workday(day))
            return _workdays_after(last_workday, number)
        case MonthRule.WEEKDAY:
            those = [day for day in days if day.weekday() == timetable.weekday]
            return those[number - 1 if number > 0 else number]


def _is_workday(day: date) -> bool:
    return day.weekday() < 5


def _workdays_after(day: date, count: int) -> date:
    """`count` working days after the working day `day`, or before it."""
    step = timedelta(days=1 if count > 0 else -1)
    for _ in range(abs(count)):
        day += step
        while not _is_workday(day):
            day += step
    return day


def _runs_on(timetable: Timetable, day: date) -> list[datetime]:
    if timetable.schedule is not Schedule.CRON:
        return [_wall_clock(datetime.combine(day, timetable.at_time), timetable.zone)]
    read = cron.parse(timetable.cron)
    locals_ = [datetime.combine(day, time(*hour_minute)) for hour_minute in read.times]
    if read.every_hour:
        return [run_at for local in locals_ for run_at in _real_times(local, timetable.zone)]
    return [_wall_clock(local, timetable.zone) for local in locals_]


def _wall_clock(local: datetime, zone: str) -> datetime:
    # fold=0: the first of two; for a skipped time it counts with the offset before the change, and
    # so lands as much after the jump as the time was after its beginning.
    return local.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)


def _real_times(local: datetime, zone: str) -> Iterator[datetime]:
    """Every moment at which the clocks show `local`: one, in autumn two, in spring none."""
    moments = {local.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1)}
    shown = (at for at in moments if at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local)
    yield from sorted(shown)
