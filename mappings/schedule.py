"""When a flow polls next, in the flow's own zone and in spite of changing clocks."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mappings.terms import Choice


class Schedule(Choice):
    EVERY = "every", "Every few minutes"
    DAILY = "daily", "Daily"
    WEEKLY = "weekly", "Weekly"


LEAST_MINUTES = 5


@dataclass(frozen=True, slots=True)
class Timetable:
    """`at_time` is wall-clock time in `zone`; `weekday` counts from Monday = 0.

    Raises ValueError for a pace below five minutes, an unknown zone or weekday.
    """

    schedule: Schedule = Schedule.EVERY
    zone: str = "UTC"
    every_minutes: int = 15
    at_time: time = time(6, 0)
    weekday: int = 0

    def __post_init__(self) -> None:
        if self.schedule is Schedule.EVERY and self.every_minutes < LEAST_MINUTES:
            raise ValueError(f"a flow polls at most every {LEAST_MINUTES} minutes")
        if not is_zone(self.zone):
            raise ValueError(f"{self.zone!r} is no time zone; take one such as America/New_York")
        if not 0 <= self.weekday <= 6:
            raise ValueError(f"{self.weekday} is no weekday: Monday is 0, Sunday 6")


def is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return bool(name)


def next_run(timetable: Timetable, after: datetime) -> datetime:
    """The first run later than `after` (aware), in UTC.

    "Every n minutes" stands on a grid of its own (n minutes since 1970), so that a run that was
    late doesn't move the ones that follow, and two processes agree on the next one. A wall-clock
    time that the spring change skips is run when the clocks have jumped, one that comes twice in
    autumn is run the first time only.
    """
    if after.tzinfo is None:
        raise ValueError(f"{after} has no zone")
    if timetable.schedule is Schedule.EVERY:
        step = timetable.every_minutes * 60
        return datetime.fromtimestamp((int(after.timestamp()) // step + 1) * step, UTC)
    day = after.astimezone(ZoneInfo(timetable.zone)).date()
    # The day before too: near midnight a skipped time can fall on the next day in UTC. Eight days
    # ahead hold every weekday at least once after `after`.
    for ahead in range(-1, 9):
        candidate_on = day + timedelta(days=ahead)
        if timetable.schedule is Schedule.WEEKLY and candidate_on.weekday() != timetable.weekday:
            continue
        run_at = _wall_clock(datetime.combine(candidate_on, timetable.at_time), timetable.zone)
        if run_at > after:
            return run_at
    raise AssertionError("no weekday in ten days")  # ten days in a row hold every weekday


def next_runs(timetable: Timetable, after: datetime, count: int = 5) -> list[datetime]:
    """The next `count` runs later than `after`, in UTC."""
    runs: list[datetime] = []
    for _ in range(count):
        after = next_run(timetable, after)
        runs.append(after)
    return runs


def _wall_clock(local: datetime, zone: str) -> datetime:
    # fold=0: the first of two; for a skipped time it counts with the offset before the change, and
    # so lands as much after the jump as the time was after its beginning.
    return local.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)
