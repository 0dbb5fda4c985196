"""What stands in the ledger and yet wants somebody's eye: unapproved since, or paid elsewhere."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from audit import trail
from audit.book import write_columns, writing
from audit.models import Event, Posting, Report
from audit.states import State
from connectors import opening
from connectors.contract import exact_json
from connectors.contract.entry import Kind
from connectors.contract.ledger import Op, Stored
from connectors.models import Credential, LedgerConnection

# So long an unapproved report may be on its way back before anybody is told.
PATIENCE = timedelta(days=3)
LOOKED = "bills.looked_at"
LOOK_EVERY = timedelta(days=1)


def unapproved(now: datetime) -> Q:
    """Reports that stand in the ledger, and have not been approved, or not been there, for long."""
    since = now - PATIENCE
    away = Q(unapproved_at__lt=since) | Q(absent_since__lt=since)
    return away & Q(standing=Report.Standing.POSTED)


def reimbursed_bills() -> QuerySet[Posting]:
    """Bills that stand open in the ledger, as it last answered, although Expensify has paid the
    employee: whoever pays them pays twice."""
    live = Posting.objects.filter(state=State.POSTED, kind=Kind.BILL.value)
    return (
        live.exclude(op=Op.CANCEL.value)
        .filter(report__reimbursed_at__isnull=False)
        .filter(Q(stored__paid=False) | Q(stored__isnull=True))
    )


def due_looks(now: datetime) -> list[int]:
    """Connections with such bills that nobody has looked at for a day."""
    recent = Event.objects.filter(
        kind=LOOKED, at__gt=now - LOOK_EVERY, chain__connection__isnull=False
    )
    waiting = reimbursed_bills().exclude(connection_id__in=recent.values("chain__connection_id"))
    waiting = waiting.exclude(connection__credential__state=Credential.State.RECONNECT)
    return sorted(set(waiting.order_by().values_list("connection_id", flat=True)))


def look_at_bills(connection_id: int) -> int:
    """Ask the ledger which of those bills were paid meanwhile; returns how many were.

    Raises VendorError; what was learned before stays.
    """
    rows = list(
        reimbursed_bills()
        .filter(connection_id=connection_id)
        .only("report", "document_id", "number", "document_version", "document_link", "kind")
        .order_by("pk")
    )
    ledger = opening.open_ledger(
        LedgerConnection.objects.select_related("credential").get(pk=connection_id)
    )
    paid, many = 0, ledger.abilities.find_many
    for start in range(0, len(rows), many):
        receipts = {row.as_receipt(): row for row in rows[start : start + many]}
        looked_at: list[Posting] = []
        for receipt, found in ledger.read(list(receipts)).items():
            if isinstance(found, Stored):
                paid += found.paid
                receipts[receipt].stored = exact_json.plain(found)
                looked_at.append(receipts[receipt])
        with writing(connection_id) as page:
            standing = page.hold(looked_at, {State.POSTED})
            write_columns([row for row in looked_at if row.pk in standing], ["stored"])
    trail.record(LOOKED, {"bills": len(rows), "paid": paid}, connection_id=connection_id)
    return paid
