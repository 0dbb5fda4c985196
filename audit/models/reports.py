"""What was read: reports as they are known today, and each version of them as it was read."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from connectors.contract.report import ReportStatus


class Report(models.Model):
    """An expense report as we know it today; its content stands in its revisions.

    `is_due` asks the engine to look at it again. `standing` repeats in one word what its postings
    say, so that lists and counts need no join; only the engine's page writes it. While
    `unread_text` says why its newest version could not be taken, nothing of it is sent; a report
    that was never readable has no `latest`, and neither total nor currency is known.
    """

    class Standing(models.TextChoices):
        NEW = "new", "Not looked at yet"
        UNREAD = "unread", "Could not be read: needs you"
        EXCLUDED = "excluded", "Not taken"
        NOTHING = "nothing", "Nothing to post"
        WAITING = "waiting", "Waiting to post"
        IN_DOUBT = "in_doubt", "Sent, checking whether it arrived"
        POSTED = "posted", "Posted"
        HELD = "held", "Held: needs you"
        FAILED = "failed", "Failed: we stopped trying"
        WITHDRAWN = "withdrawn", "Withdrawn: no longer approved"
        REVERSED = "reversed", "Reversed"
        IGNORED = "ignored", "Set aside"

    workspace = models.ForeignKey("connectors.Workspace", models.PROTECT, related_name="reports")
    flow = models.ForeignKey("mappings.Flow", models.PROTECT, related_name="reports", null=True)
    report_id = models.CharField("Expensify id", max_length=64)
    old_report_id = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=500, blank=True)
    employee_email = models.CharField("e-mail", max_length=254, blank=True)
    employee_name = models.CharField("employee", max_length=200, blank=True)
    status = models.CharField("in Expensify", max_length=20)
    currency = models.CharField(max_length=3)
    total = models.DecimalField(max_digits=20, decimal_places=4)
    submitted_at = models.DateTimeField("submitted", null=True)
    approved_at = models.DateTimeField("approved", null=True)
    reimbursed_at = models.DateTimeField("reimbursed", null=True)
    # Says how it was reimbursed; null while Expensify does not tell.
    is_ach_reimbursed = models.BooleanField("reimbursed by ACH", null=True)
    latest = models.ForeignKey("Revision", models.PROTECT, related_name="+", null=True)
    standing = models.CharField(max_length=12, choices=Standing, default=Standing.NEW)
    is_due = models.BooleanField(default=True)
    # The revision that was prepared last, and what a person has asked for since.
    prepared = models.ForeignKey(
        "Revision", models.PROTECT, related_name="+", null=True, editable=False, db_index=False
    )
    asked = models.CharField(max_length=8, blank=True, editable=False)
    not_taken_code = models.CharField(max_length=40, blank=True)
    not_taken_text = models.CharField("why it is not taken", max_length=300, blank=True)
    unread_text = models.CharField("why it could not be read", max_length=500, blank=True)
    untaken = models.JSONField("lines not taken", default=list, encoder=DjangoJSONEncoder)
    read_at = models.DateTimeField("last read")
    unapproved_at = models.DateTimeField("no longer approved since", null=True)
    absent_since = models.DateTimeField("missing in Expensify since", null=True)
    # Missing a second time, a day later, while its workspace was in sight: deleted.
    deleted_at = models.DateTimeField("deleted in Expensify", null=True)

    class Meta:
        ordering = ["-approved_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "report_id"], name="report_known_once"),
        ]
        indexes = [
            models.Index(fields=["flow", "id"], condition=Q(is_due=True), name="report_due"),
            models.Index(fields=["flow", "standing"], name="report_standing"),
            models.Index(fields=["flow", "read_at"], name="report_read_at"),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} {self.name}".strip()

    @property
    def reimbursement_method(self) -> str | None:
        """ "ach", "other", or None: not reimbursed, or Expensify does not tell how."""
        if self.reimbursed_at is None or self.is_ach_reimbursed is None:
            return None
        return "ach" if self.is_ach_reimbursed else "other"

    @property
    def is_approved(self) -> bool:
        """Final in Expensify today, and not missing there."""
        is_final = bool(self.status) and ReportStatus(self.status).is_final
        return is_final and self.absent_since is None

    @property
    def is_taken_away(self) -> bool:
        """Certainly no longer approved: taken back there, or deleted."""
        return self.deleted_at is not None or (
            self.unapproved_at is not None and self.absent_since is None
        )


class Revision(models.Model):
    """A report as read, unchangeable, named by the hash of its content."""

    report = models.ForeignKey(Report, models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    content_hash = models.CharField(max_length=64)
    raw = models.TextField("as read")
    total = models.DecimalField(max_digits=20, decimal_places=4)
    read_at = models.DateTimeField()

    class Meta:
        ordering = ["report_id", "number", "id"]
        constraints = [
            models.UniqueConstraint(fields=["report", "content_hash"], name="revision_once"),
            models.UniqueConstraint(fields=["report", "number"], name="revision_number_once"),
        ]

    def __str__(self) -> str:
        return f"version {self.number}"
