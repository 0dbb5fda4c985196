"""The book: what was read, what was decided, what was sent, what came back. Nothing is erased."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q

from audit.states import OPEN, State
from connectors.contract import keys
from connectors.contract.entry import Entry, Kind, entry_from_plain
from connectors.contract.keys import Marker
from connectors.contract.ledger import Op, Payload, Receipt
from connectors.contract.report import ReportStatus

KINDS = [
    (Kind.BILL.value, "Bill"),
    (Kind.EXPENSE.value, "Card expense"),
    (Kind.CREDIT.value, "Vendor credit"),
    (Kind.CARD_CREDIT.value, "Card refund"),
    (Kind.JOURNAL.value, "Journal entry"),
]
OPS = [
    (Op.POST.value, "Post"),
    (Op.AMEND.value, "Amend"),
    (Op.CANCEL.value, "Reverse"),
]
# The one call that is about no document.
CREATE = "create"
CALL_OPS = [*OPS, (CREATE, "Create a vendor")]
CAUSES = [("report", "The report"), ("person", "A person")]


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
        constraints = [models.UniqueConstraint(fields=["flow", "due_at"], name="poll_once")]

    def __str__(self) -> str:
        return f"poll of {self.due_at:%Y-%m-%d %H:%M}"


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


class MailWish(models.Model):
    """What somebody wants to hear by e-mail, and what they were told already.

    held_through  holds up to this moment were told; None = none yet, the first mail tells them all
    claimed_until somebody is sending to this person until then, or failed and waits
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="mail_wish", verbose_name="who"
    )
    held = models.BooleanField(
        "reports that are held",
        default=False,
        help_text="One e-mail for all that is newly held, grouped by cause, at most once an hour.",
    )
    connections = models.BooleanField(
        "connections that need a person",
        default=False,
        help_text="Once a day while a connection has to be renewed, or will have to soon.",
    )
    held_through = models.DateTimeField("holds told up to", null=True, editable=False)
    held_sent_at = models.DateTimeField("held: last sent", null=True, editable=False)
    connections_sent_at = models.DateTimeField("connections: last sent", null=True, editable=False)
    last_sent_at = models.DateTimeField("last e-mail", null=True, editable=False)
    claimed_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["user", "id"]
        verbose_name = "e-mail wish"
        verbose_name_plural = "e-mail wishes"

    def __str__(self) -> str:
        return f"E-mail to {self.user}"
