"""What happened: polls, and the chains of events that can only grow."""

from django.db import models
from django.db.models import F, Q

from audit.models.postings import Posting
from audit.models.reports import Report


class PollRun(models.Model):
    """One reading of one flow's workspace: when, which window, and what it found."""

    class Status(models.TextChoices):
        RUNNING = "running", "Reading"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    flow = models.ForeignKey("mappings.Flow", models.PROTECT, related_name="poll_runs")
    due_at = models.DateTimeField("due")
    status = models.CharField(max_length=8, choices=Status, default=Status.RUNNING)
    owner = models.CharField(max_length=64)
    until = models.DateTimeField()
    started_at = models.DateTimeField("started")
    finished_at = models.DateTimeField("finished", null=True)
    window = models.JSONField(default=dict)
    found = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    revised = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    unreadable = models.PositiveIntegerField(default=0)
    excluded = models.JSONField("not taken, by reason", default=dict)
    totals = models.JSONField("totals by currency", default=dict)
    problem = models.JSONField(null=True)

    class Meta:
        ordering = ["-due_at", "-id"]
        verbose_name = "poll"
        constraints = [models.UniqueConstraint(fields=["flow", "due_at"], name="poll_once")]

    def __str__(self) -> str:
        return f"Poll no. {self.pk}"


class Chain(models.Model):
    """The head of one hash-chained trail: one per connection and one named `system`."""

    name = models.CharField(max_length=80, unique=True)
    connection = models.OneToOneField(
        "connectors.LedgerConnection", models.PROTECT, null=True, related_name="chain"
    )
    seq = models.BigIntegerField(default=0)
    head = models.CharField(max_length=64, default="0" * 64)

    class Meta:
        ordering = ["name", "id"]
        verbose_name = "trail"

    def __str__(self) -> str:
        return f"Trail of {self.connection}" if self.connection_id else "Trail of the system"


class Event(models.Model):
    """One line of the trail. Append-only in the database itself; each line holds its
    predecessor's hash, so that a line that was changed or taken out is noticed."""

    chain = models.ForeignKey(Chain, models.PROTECT, related_name="events")
    seq = models.BigIntegerField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=60)
    actor = models.CharField(max_length=150, blank=True)
    report = models.ForeignKey(Report, models.PROTECT, null=True, related_name="events")
    posting = models.ForeignKey(Posting, models.PROTECT, null=True, related_name="events")
    facts = models.JSONField(default=dict)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["chain", "seq"], name="event_place_once"),
            models.CheckConstraint(condition=Q(seq__gte=1), name="event_from_one"),
        ]
        indexes = [models.Index(F("kind"), name="event_kind")]

    def __str__(self) -> str:
        return f"{self.kind} #{self.seq}"
