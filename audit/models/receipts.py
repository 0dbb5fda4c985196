"""Receipts that hang on a document in the ledger, or are to."""

from django.db import models
from django.db.models import Q

from audit.models.postings import Posting
from connectors.contract import keys
from connectors.contract.keys import Marker


class ReceiptFile(models.Model):
    """The receipt of one expense, to be attached to the document that the expense stands on.

    Whatever becomes of it changes nothing about the posting. Only the drain and a person's "try
    again" write here.

    posting   the newest that stands for the document; `marker` is the document's
    link      where the receipt lay when it was wanted, without what opens it; for people only
    due_at    not to be tried before; while a try is under way, not before nobody can still be at it
    epoch     counts refusals: the next call gets a request id of its own
    link_is_over  the links that were tried open nothing: a fresh one is read before the next try
    left_at   the expense is no longer on the document; a file that was attached stayed there
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting to be attached"
        ATTACHED = "attached", "Attached"
        FAILED = "failed", "Not attached: we stopped trying"
        NOT_NEEDED = "not_needed", "Not needed any more"

    connection = models.ForeignKey(
        "connectors.LedgerConnection", models.PROTECT, related_name="receipt_files"
    )
    posting = models.ForeignKey(Posting, models.PROTECT, related_name="receipt_files")
    marker = models.CharField(max_length=52)
    transaction_id = models.CharField(max_length=64)
    receipt_id = models.CharField(max_length=64, blank=True)
    label = models.CharField("receipt", max_length=200)
    filename = models.CharField("file in Expensify", max_length=255, blank=True)
    link = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    epoch = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField("will try again", null=True)
    tried_at = models.DateTimeField("last tried", null=True)
    link_is_over = models.BooleanField(default=False)
    problem = models.JSONField(null=True)
    attachable_id = models.CharField(max_length=64, blank=True)
    name = models.CharField("file in the ledger", max_length=255, blank=True)
    attached_at = models.DateTimeField("attached", null=True)
    left_at = models.DateTimeField("off the document since", null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "marker", "transaction_id"], name="receipt_file_once"
            ),
            models.CheckConstraint(
                condition=~Q(state="attached") | ~Q(attachable_id=""),
                name="attached_needs_proof",
            ),
        ]
        indexes = [
            models.Index(
                fields=["connection", "due_at"],
                condition=Q(state="waiting"),
                name="receipt_file_due",
            ),
        ]

    def __str__(self) -> str:
        return f"Receipt {self.label}"

    @property
    def file_marker(self) -> Marker:
        """By which the file is found again in the ledger."""
        return keys.file_marker(Marker(self.marker), self.transaction_id, self.receipt_id)
