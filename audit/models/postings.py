"""What was decided and sent: one write of one part of a report, its calls, their attempts."""

from django.db import models
from django.db.models import Q

from audit.models.reports import Report, Revision
from audit.models.words import CALL_OPS, CAUSES, KINDS, OPS
from audit.states import OPEN, State
from connectors.contract.entry import Entry, Kind, entry_from_plain
from connectors.contract.keys import Marker
from connectors.contract.ledger import Op, Payload, Receipt


class Call(models.Model):
    """One HTTP request for one or many postings: its exact bytes stand here before it leaves."""

    class Status(models.TextChoices):
        INTENDED = "intended", "Not sent yet"
        ANSWERED = "answered", "Answered"
        LOST = "lost", "No usable answer"
        UNSENT = "unsent", "Certainly not carried out"

    connection = models.ForeignKey(
        "connectors.LedgerConnection", models.PROTECT, related_name="calls"
    )
    op = models.CharField(max_length=8, choices=CALL_OPS)
    members = models.JSONField(default=list)
    method = models.CharField(max_length=8)
    path = models.TextField()
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    is_batch = models.BooleanField(default=False)
    request_id = models.CharField(max_length=64)
    resend_until = models.DateTimeField(null=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.INTENDED)
    times_sent = models.PositiveIntegerField(default=0)
    fence = models.BigIntegerField()
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    note = models.TextField("what came back", blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "request_id"],
                condition=~Q(request_id=""),
                name="call_request_id_once",
            ),
        ]
        indexes = [models.Index(fields=["connection", "created_at"], name="call_recent")]

    def __str__(self) -> str:
        return f"call {self.pk} ({len(self.members)} documents)"


class PartyWish(models.Model):
    """A payee whom documents wait for, one row for each employee of a connection.

    It is acted on while a posting waits for it that could be sent, however it ended before. Then
    the ledger is asked for the name, and the payee is created where nobody has it.

    generation  calls with bytes of their own so far; makes the marker of the newest
    party       what was created; None before, and where the ledger had somebody of the name
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Wanted"
        SENDING = "sending", "Being created"
        IN_DOUBT = "in_doubt", "Sent, checking whether it arrived"
        CREATED = "created", "Created"
        MET = "met", "Not created: somebody has the name"
        HELD = "held", "Held: needs you"

    connection = models.ForeignKey(
        "connectors.LedgerConnection", models.PROTECT, related_name="party_wishes"
    )
    employee_email = models.CharField("employee", max_length=254)
    name = models.CharField(max_length=200)
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    state_at = models.DateTimeField("since")
    asked_by = models.CharField(max_length=150, blank=True)
    generation = models.PositiveIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField("will try again", null=True)
    fence = models.BigIntegerField(default=0)
    call = models.ForeignKey(Call, models.PROTECT, null=True, related_name="+")
    problems = models.JSONField(default=list)
    party = models.ForeignKey("mappings.Party", models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = "new vendor"
        ordering = ["-state_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "employee_email"], name="party_wished_once"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["sending", "in_doubt"]) | Q(call__isnull=False),
                name="party_in_flight_needs_call",
            ),
            models.CheckConstraint(
                condition=~Q(state="created") | Q(party__isnull=False),
                name="created_party_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.employee_email})"


class Posting(models.Model):
    """One write of one revision's slice: post, amend or cancel, with its proof when it is done.

    Money columns are in `currency`; `total` is signed as the entry's (a bill is positive).
    """

    connection = models.ForeignKey(
        "connectors.LedgerConnection", models.PROTECT, related_name="postings"
    )
    flow = models.ForeignKey("mappings.Flow", models.PROTECT, related_name="postings")
    report = models.ForeignKey(Report, models.PROTECT, related_name="postings")
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="postings")
    slice_name = models.CharField("part of the report", max_length=120)
    generation = models.PositiveIntegerField(default=1)
    op = models.CharField(max_length=8, choices=OPS, default=Op.POST.value)
    sequence = models.PositiveIntegerField(default=1)
    kind = models.CharField(max_length=12, choices=KINDS)
    marker = models.CharField(max_length=52)
    state = models.CharField(max_length=12, choices=State)
    state_at = models.DateTimeField("since")
    fence = models.BigIntegerField(default=0)

    entry = models.JSONField(null=True)
    entry_hash = models.CharField(max_length=64, blank=True)
    payload = models.TextField(blank=True)
    cuts = models.JSONField("texts that were shortened", default=list)
    explained = models.JSONField("which rules decided", default=list)
    date = models.DateField("posting date", null=True)
    currency = models.CharField(max_length=3)
    total = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    party_name = models.CharField("payee", max_length=200, blank=True)
    number = models.CharField("document number", max_length=64, blank=True)

    problems = models.JSONField(default=list)
    subject = models.CharField(max_length=200, blank=True)
    note = models.CharField(max_length=500, blank=True)
    # Whether the report's own change asked for it, or a person: what a person took back is not
    # booked again by itself.
    cause = models.CharField(max_length=8, choices=CAUSES, default="report")
    # A person has said that the look-alike in the ledger is another document.
    twins_accepted = models.BooleanField(default=False)
    # Of a correction: the hash of the entry that it and the document beside it amount to.
    reaches = models.CharField(max_length=64, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    epoch = models.PositiveIntegerField(default=0)
    lost_calls = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField("will try again", null=True)
    call = models.ForeignKey(Call, models.PROTECT, related_name="+", null=True)
    replaces = models.ForeignKey("self", models.PROTECT, related_name="replaced_by", null=True)
    # It has no payload and is not sent: once the payee is there its report is built again.
    waits_for = models.ForeignKey(PartyWish, models.PROTECT, related_name="postings", null=True)

    document_id = models.CharField(max_length=64, blank=True)
    document_version = models.CharField(max_length=64, blank=True)
    document_link = models.URLField(max_length=500, blank=True)
    stored = models.JSONField("as the ledger answered", null=True)
    posted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["marker", "op", "sequence"], name="posting_write_once"),
            models.UniqueConstraint(
                fields=["connection", "report", "slice_name"],
                condition=Q(state__in=sorted(OPEN)),
                name="posting_one_open",
            ),
            models.UniqueConstraint(
                fields=["connection", "report", "slice_name"],
                condition=Q(state=State.POSTED),
                name="posting_one_posted",
            ),
            models.UniqueConstraint(
                # A card transaction moved to another report must not be booked twice.
                fields=["connection", "slice_name"],
                condition=Q(state=State.POSTED, slice_name__startswith="card:")
                & ~Q(op=Op.CANCEL.value),
                name="card_transaction_live_once",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.POSTED) | ~Q(document_id=""),
                name="posted_needs_receipt",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[State.SENDING, State.QUEUED, State.IN_DOUBT])
                | Q(call__isnull=False),
                name="in_flight_needs_call",
            ),
            models.CheckConstraint(condition=Q(generation__gte=1), name="generation_from_one"),
        ]
        indexes = [
            models.Index(
                fields=["connection", "state", "due_at"],
                condition=~Q(state__in=[State.POSTED, State.SUPERSEDED]),
                name="posting_open_work",
            ),
            models.Index(fields=["report", "slice_name"], name="posting_of_slice"),
            models.Index(fields=["connection", "date"], name="posting_by_date"),
        ]
        permissions = [
            ("replay_posting", "Can replay and release postings"),
            ("reverse_posting", "Can reverse postings"),
            ("ignore_posting", "Can set postings aside"),
        ]

    def __str__(self) -> str:
        name = f"{self.get_kind_display()} {self.number or 'of ' + self.report.report_id}"
        return f"Reversal of {name}" if self.op == Op.CANCEL.value else name

    @property
    def is_live(self) -> bool:
        """A document of ours stands in the ledger because of this posting."""
        return self.state == State.POSTED and self.op != Op.CANCEL.value

    def as_entry(self) -> Entry | None:
        return entry_from_plain(self.entry) if self.entry else None

    def as_payload(self) -> Payload:
        return Payload(
            kind=Kind(self.kind),
            op=Op(self.op),
            marker=Marker(self.marker),
            body=self.payload,
            number=self.number,
            document_id=self.document_id,
            version=self.document_version,
        )

    def as_receipt(self) -> Receipt:
        return Receipt(
            document_id=self.document_id,
            number=self.number,
            version=self.document_version,
            kind=Kind(self.kind),
            link=self.document_link,
        )


class Attempt(models.Model):
    """One posting's part in one sending of one call, and what became of it."""

    posting = models.ForeignKey(Posting, models.PROTECT, related_name="tries")
    call = models.ForeignKey(Call, models.PROTECT, related_name="attempts")
    outcome = models.CharField(max_length=12)
    problems = models.JSONField(default=list)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.outcome} at {self.at:%Y-%m-%d %H:%M}"
