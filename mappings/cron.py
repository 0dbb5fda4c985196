"""Cron expressions, read strictly: what crons understand differently is refused, not guessed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

_MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
_WEEKDAYS = "SUN MON TUE WED THU FRI SAT".split()


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    least: int
    most: int
    words: tuple[str, ...] = ()


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, tuple(_MONTHS)),
    # 0 and 7 are both Sunday.
    _Field("weekday", 0, 7, tuple(_WEEKDAYS)),
)
# A leap year holds every day that an expression can name.
_LEAP_YEAR = [date(2000, 1, 1) + timedelta(days=ahead) for ahead in range(366)]


@dataclass(frozen=True, slots=True)
class Cron:
    """A read expression. Made by `parse`.

    times     (hour, minute), in order
    weekdays  as `date.weekday` counts: Monday = 0
    is_either  day of the month and weekday are both limited, of which one is enough in every cron
    """

    times: tuple[tuple[int, int], ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    is_either: bool

    def is_on(self, day: date) -> bool:
        in_days, in_weekdays = day.day in self.days, day.weekday() in self.weekdays
        is_day = in_days or in_weekdays if self.is_either else in_days and in_weekdays
        return is_day and day.month in self.months

    @property
    def every_hour(self) -> bool:
        """It goes by real time: a changing clock neither repeats nor leaves out a run."""
        return len({hour for hour, _ in self.times}) == 24

    @property
    def shortest_minutes(self) -> int:
        """The least time between two runs, also over midnight."""
        at = [60 * hour + minute for hour, minute in self.times]
        return min(later - at_ for at_, later in zip(at, [*at[1:], at[0] + 24 * 60], strict=True))


@lru_cache(maxsize=64)
def parse(text: str) -> Cron:
    """Five fields: minute, hour, day of the month, month, weekday.

    Each is `*`, a number, a range `a-b`, either of the two with a step (`*/15`, `8-18/2`), or a
    list of these with commas; months and weekdays also as JAN or MON. Raises ValueError with what
    is wrong, for people.
    """
    parts = text.split()
    if len(parts) != len(_FIELDS):
        raise ValueError(
            f"A cron expression has five fields (minute, hour, day of the month, month, weekday), "
            f"this one has {len(parts)}. Write 0 6 * * MON-FRI for working days at 6:00."
        )
    minutes, hours, days, months, weekdays = (
        frozenset(_numbers(part, field)) for part, field in zip(parts, _FIELDS, strict=True)
    )
    limits_day, limits_weekday = parts[2] != "*", parts[4] != "*"
    if limits_day and limits_weekday and "*/" in parts[2] + parts[4]:
        raise ValueError(
            "A step over every day together with a limit on the other kind of day is understood "
            "differently by every cron. Name the days, or leave one of the two fields at *."
        )
    cron = Cron(
        times=tuple((hour, minute) for hour in sorted(hours) for minute in sorted(minutes)),
        days=days,
        months=months,
        weekdays=frozenset((number - 1) % 7 for number in weekdays),
        is_either=limits_day and limits_weekday,
    )
    if not any(map(cron.is_on, _LEAP_YEAR)):
        raise ValueError(f"{text.strip()} never comes: no such month has such a day.")
    return cron


def _numbers(part: str, field: _Field) -> Iterator[int]:
    for piece in part.split(","):
        span, slash, step = piece.partition("/")
        first, dash, last = span.partition("-")
        if slash and not (step.isascii() and step.isdigit() and int(step) > 0):
            raise ValueError(f"{piece} in the {field.name} field: a step is a number from 1.")
        if slash and not dash and span != "*":
            raise ValueError(
                f"{piece} in the {field.name} field: a step stands behind * or a range, such as "
                f"*/{step} or {field.least}-{field.most}/{step}."
            )
        if span == "*":
            low, high = field.least, field.most
        else:
            low = _number(first, piece, field)
            high = _number(last, piece, field) if dash else low
        if low > high:
            raise ValueError(f"{piece} in the {field.name} field goes backwards: divide it in two.")
        yield from range(low, high + 1, int(step) if slash else 1)


def _number(text: str, piece: str, field: _Field) -> int:
    if text.upper() in field.words:
        return field.words.index(text.upper()) + field.least
    if text.isascii() and text.isdigit() and field.least <= int(text) <= field.most:
        return int(text)
    named = f" or {field.words[0]} to {field.words[-1]}" if field.words else ""
    raise ValueError(
        f"{piece} in the {field.name} field: {field.least} to {field.most}{named} is possible."
    )
