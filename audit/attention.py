"""What stands in the ledger and yet wants somebody's eye: unapproved since, paid elsewhere, or
without a receipt."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from audit import trail
from audit.book import write_columns, writing
from audit.engine.lease import ChannelLease, LeaseLost, acquire
from audit.engine.run import is_shut, reopen, shut
from audit.models import Event, Posting, ReceiptFile, Report
from audit.states import State
from connectors import limits, opening
from connectors.contract import exact_json
from connectors.contract.entry import Kind
from connectors.contract.ledger import Gone, Op, Stored
from connectors.contract.transport import Unauthorised, VendorError
from connectors.metering import Meter
from connectors.models import Credential, LedgerConnection

# So long an unapproved report may be on its way back before anybody is told.
PATIENCE = timedelta(days=3)
LOOKED = "bills.looked_at"
LOOK_EVERY = timedelta(days=1)
# Nobody pays a bill that the ledger shows as this.
_GONE = ["voided", "deleted"]


def unapproved(now: datetime) -> Q:
    """Reports that stand in the ledger, and have not been approved, or not been there, for long."""
    since = now - PATIENCE
    away = Q(unapproved_at__lt=since) | Q(absent_since__lt=since)
    return away & Q(standing=Report.Standing.POSTED)


def reimbursed_bills() -> QuerySet[Posting]:
    """Bills that stand open in the ledger, as it last answered, although Expensify has paid the
    employee: whoever pays them pays twice."""
    live = Posting.objects.filter(state=State.POSTED, kind=Kind.BILL.value)
    stands = Q(stored__status__isnull=True) | ~Q(stored__status__in=_GONE)
    return (
        live.exclude(op=Op.CANCEL.value)
        .filter(report__reimbursed_at__isnull=False)
        .filter(Q(stored__isnull=True) | Q(stored__paid=False) & stands)
    )


def failed_receipts() -> QuerySet[ReceiptFile]:
    """Receipts that we stopped trying to attach to their documents."""
    return ReceiptFile.objects.filter(state=ReceiptFile.State.FAILED)


def due_looks(now: datetime) -> list[int]:
    """Connections with such bills that nobody has looked at for a day, and that may be asked."""
    recent = Event.objects.filter(
        kind=LOOKED, at__gt=now - LOOK_EVERY, chain__connection__isnull=False
    )
    waiting = reimbursed_bills().exclude(connection_id__in=recent.values("chain__connection_id"))
    waiting = waiting.exclude(connection__credential__state=Credential.State.RECONNECT)
    for end in ("breaker_until", "not_before"):
        waiting = waiting.exclude(**{f"connection__channel__{end}__gt": now})
    return sorted(set(waiting.order_by().values_list("connection_id", flat=True)))


def look_at_bills(connection_id: int) -> int:
    """Ask the ledger which of those bills were paid or taken away meanwhile; returns how many were
    paid.

    As sparing with the ledger as a drain: counted by the same meter, not at all while the channel
    is held, and what the ledger says against it holds the channel. Raises VendorError; what was
    learned before stays.
    """
    connection = LedgerConnection.objects.select_related("credential").get(pk=connection_id)
    credential = connection.credential
    must_reconnect = credential is not None and credential.state == Credential.State.RECONNECT
    if must_reconnect or is_shut(connection_id):
        return 0
    lease = acquire(connection_id)
    if lease is None:
        return 0  # a drain is at it, and counts its calls as well; it is due again
    meter = limits.ledger_meter(connection.pk, connection.ledger)
    try:
        try:
            return _look(connection, meter, lease)
        except Unauthorised as refused:
            # A token may be ended before its time; a fresh one settles whether that was all.
            if not refused.expired:
                raise
            return _look(connection, meter, lease, refused)
    except VendorError as error:
        shut(connection_id, error)
        raise
    except LeaseLost:
        return 0
    finally:
        limits.store_meter(connection.pk, meter)
        lease.release()


def _look(
    connection: LedgerConnection,
    meter: Meter,
    lease: ChannelLease,
    refused: Unauthorised | None = None,
) -> int:
    rows = list(
        reimbursed_bills()
        .filter(connection=connection)
        .only("report", "document_id", "number", "document_version", "document_link", "kind")
        .order_by("pk")
    )
    if not rows:
        return 0
    ledger = opening.open_ledger(connection, refused=refused, meter=meter)
    paid, gone, many = 0, 0, ledger.abilities.find_many
    for start in range(0, len(rows), many):
        receipts = {row.as_receipt(): row for row in rows[start : start + many]}
        looked_at: list[Posting] = []
        for receipt, found in ledger.read(list(receipts)).items():
            row = receipts[receipt]
            match found:
                case Gone():
                    row.stored = {"status": "deleted"}
                    gone += 1
                case Stored():
                    row.stored = exact_json.plain(found)
                    paid += found.paid
                    gone += found.status in _GONE
                case _:
                    continue
            looked_at.append(row)
        lease.renew()
        with writing(connection.pk, lease=lease) as page:
            standing = page.hold(looked_at, {State.POSTED})
            write_columns([row for row in looked_at if row.pk in standing], ["stored"])
    reopen(connection.pk)
    facts = {"bills": len(rows), "paid": paid, "gone": gone}
    trail.record(LOOKED, facts, connection_id=connection.pk)
    return paid
