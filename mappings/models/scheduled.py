"""When a flow is polled and what for: its schedule, and what the next poll was asked to read."""

from datetime import date, datetime, time

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from mappings.schedule import ImpossibleTimetable, MonthRule, Schedule, Timetable, next_run

WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()


class Scheduled(models.Model):
    """The half of a flow that polling goes by; its `zone` stands in the other.

    run_dates     days such as 2026-10-31, in order
    due_at        when the next poll is due; "Poll now" sets it to now; None: there is no further
                  run, because a list of dates is used up
    poll_asked_at when a person asked for that poll, None for one of the schedule
    mark_at       the high-water mark of approvals that were read completely
    backfills     [first day, last day] of approvals that are taken although the flow begins later
    to_read       [first day, last day or None, when it was wished] of approvals that the next poll
                  reads besides what is new; a poll that read everything takes them out
    """

    schedule = models.CharField(
        max_length=12,
        choices=Schedule.choices(),
        default=Schedule.EVERY.value,
        help_text="Expensify tells nobody about an approval, so it has to be asked.",
    )
    every_minutes = models.PositiveSmallIntegerField(
        "minutes", default=15, help_text="5 or more: Expensify is asked no more often."
    )
    at_time = models.TimeField("at", default=time(6, 0), help_text="In the flow's zone.")
    first_on = models.DateField(
        "beginning on", null=True, blank=True, help_text="Then every two weeks from this day."
    )
    month_rule = models.CharField(
        "on the", max_length=12, choices=MonthRule.choices(), default=MonthRule.DAY.value
    )
    month_number = models.SmallIntegerField(
        "number",
        default=1,
        help_text="Counted from the month's end, 0 is its last (working) day, -2 two before it, 2 "
        "two after it. Of weekdays, 1 is the first and -1 the last. Working days are Monday to "
        "Friday; holidays are not known here: list dates where they matter.",
    )
    weekday = models.PositiveSmallIntegerField(choices=list(enumerate(WEEKDAYS)), default=0)
    run_dates = models.JSONField("dates", default=list, blank=True)
    cron = models.CharField(
        "cron expression",
        max_length=120,
        blank=True,
        default="",
        help_text="Minute, hour, day of the month, month, weekday, in the flow's zone: "
        "0 6 * * MON-FRI is 6:00 on working days.",
    )
    due_at = models.DateTimeField("next poll", null=True, blank=True, default=timezone.now)
    poll_asked_at = models.DateTimeField(null=True, blank=True, editable=False)
    mark_at = models.DateTimeField("read through", null=True, blank=True, editable=False)
    backfills = models.JSONField(default=list, blank=True, editable=False)
    to_read = models.JSONField(default=list, blank=True, editable=False)

    class Meta:
        abstract = True

    @property
    def timetable(self) -> Timetable:
        """Raises ImpossibleTimetable for columns that `clean_schedule` has not seen."""
        return Timetable(
            schedule=Schedule(self.schedule),
            zone=self.zone,
            every_minutes=self.every_minutes,
            at_time=self.at_time,
            weekday=self.weekday,
            first_on=self.first_on,
            month_rule=MonthRule(self.month_rule),
            month_number=self.month_number,
            run_dates=tuple(map(date.fromisoformat, self.run_dates)),
            cron=self.cron,
        )

    def next_run(self, after: datetime) -> datetime | None:
        """The first poll of the schedule later than `after`, aware, in UTC; None: there is none."""
        return next_run(self.timetable, after)

    @property
    def is_used_up(self) -> bool:
        """Every date of its list has passed: nothing is polled before somebody adds more."""
        return self.due_at is None and self.schedule == Schedule.DATES

    def clean_schedule(self) -> None:
        self.cron = " ".join(self.cron.split())
        try:
            self.run_dates = sorted({f"{date.fromisoformat(one)}" for one in self.run_dates})
        except (TypeError, ValueError):
            text = "Give a list of dates, each such as 2026-10-31."
            raise ValidationError({"run_dates": text}) from None
        try:
            _ = self.timetable
        except ImpossibleTimetable as impossible:
            raise ValidationError(impossible.reasons) from None
