"""In doubt: sent, outcome unknown. Only a look-up in the ledger moves such a posting."""

from collections import defaultdict
from collections.abc import Sequence

from django.db.models.functions import Now

from audit.book import writing
from audit.engine.earlier import edits
from audit.engine.kill_points import reach
from audit.engine.places import document, report_place
from audit.engine.run import Run, reopen
from audit.engine.send import send_all
from audit.engine.settle import hold, write_posted
from audit.models import Call, Posting
from audit.pace import pace
from audit.states import State
from connectors.clock import database_now
from connectors.contract.keys import Marker
from connectors.contract.ledger import (
    Absent,
    Finding,
    Found,
    Illegible,
    Op,
    Pending,
    Receipt,
    Sought,
    Stored,
)
from connectors.contract.problem import Problem
from mappings.terms import Mode
from mappings.texts import money

# A call that was lost this often is not sent again as it is: one member may be its poison.
LOST_AS_A_WHOLE = 2
# The ledger says that a document exists and shows none with our marker, so often: its number may be
# taken by another document, or ours lost its marker. Posting on would never end.
CONTRADICTIONS = 3


def sought(posting: Posting) -> Sought:
    """What the ledger is asked for; the receipt only where a document was known before."""
    return Sought(
        marker=Marker(posting.marker),
        kind=posting.as_payload().kind,
        payload=posting.as_payload() if posting.payload else None,
        sent_at=posting.call.sent_at if posting.call else None,
        receipt=posting.as_receipt() if posting.document_id else None,
    )


def is_wanted(row: Posting) -> bool:
    """The report still asks for this write. What a person takes back is wanted whatever it says."""
    return row.op == Op.CANCEL or row.report.is_approved


def may_be_sent(row: Posting) -> bool:
    """Wanted, of a report that can be read, by a flow that is live and not paused."""
    is_on = not row.flow.is_paused and row.flow.mode != Mode.DRY_RUN
    return is_wanted(row) and is_on and not row.report.unread_text


def receipt_of(stored: Stored) -> Receipt:
    return Receipt(stored.id, stored.number, stored.version, stored.kind, stored.link)


def recover(run: Run) -> None:
    """Calls of a writer whose lease ran out: nobody knows whether they arrived."""
    left = Posting.objects.filter(
        connection=run.connection, state=State.SENDING, fence__lt=run.lease.fence
    )
    rows = list(left.select_related("call", "replaces"))
    if not rows:
        return
    with writing(run.connection.pk, lease=run.lease) as page:
        Call.objects.filter(pk__in={row.call_id for row in rows}, status="intended").update(
            status=Call.Status.LOST, note="its sender stopped before the answer was written down"
        )
        for row in rows:
            row.due_at = page.now + run.visibility
        page.move(rows, {State.SENDING}, State.IN_DOUBT, fields=["due_at"])


def resolve(run: Run) -> None:
    """Look up what is in doubt and due. Raises VendorError; the rest stays in doubt."""
    while run.has_time:
        due = Posting.objects.filter(
            connection=run.connection, state=State.IN_DOUBT, due_at__lte=Now()
        )
        rows = list(
            due.select_related("call", "replaces", "report", "flow").order_by("call_id", "pk")[
                : run.ledger.abilities.find_many
            ]
        )
        if not rows:
            return
        findings = run.ledger.find([sought(row) for row in rows])
        reach("resolve.looked_up")
        conclude(run, rows, findings)
        reopen(run.connection.pk)
        reach("resolve.settled")
        run.renew()


def conclude(run: Run, rows: Sequence[Posting], findings: dict[Marker, Finding]) -> None:
    """Move each posting by what was found of it."""
    adopted: list[tuple[Posting, Receipt, Stored | None]] = []
    held: list[tuple[Posting, tuple[Problem, ...]]] = []
    absent: list[Posting] = []
    pending: list[Posting] = []
    for row in rows:
        finding = findings.get(Marker(row.marker)) or Pending("the look-up did not mention it")
        match finding:
            case Found(stored) if len(stored) > 1:
                row.document_id = row.document_id or stored[0].id
                held.append((row, (found_twice(row, stored),)))
            case Illegible():
                held.append((row, (illegible(row, finding),)))
            case Found(stored) if row.op == Op.CANCEL:
                absent.append(row)  # still there: the cancel has not arrived
            case Found((stored,)) if _is_as_before(run, row, stored):
                absent.append(row)
            case Found((stored,)):
                adopted.append((row, receipt_of(stored), stored))
            case Absent() if row.op == Op.CANCEL:
                adopted.append((row, row.as_receipt(), None))
            case Absent() if row.op == Op.AMEND:
                held.append((row, (deleted_there(row),)))
            case Absent() if row.attempts >= CONTRADICTIONS and row.problems:
                held.append((row, _as_told(row)))
            case Absent():
                absent.append(row)
            case _:
                pending.append(row)
    hold(run, held, {State.IN_DOUBT})
    again, anew = _resendable(absent)
    with writing(run.connection.pk, lease=run.lease) as page:
        page.lock(rows)
        write_posted(run, page, adopted, {State.IN_DOUBT})
        for row in anew:
            row.epoch += 1
        page.move(anew, {State.IN_DOUBT}, State.READY, fields=["epoch"], call=None, due_at=None)
        for call, members in again.items():
            page.move(
                members,
                {State.IN_DOUBT},
                State.SENDING,
                facts={member.pk: {"again": call.request_id} for member in members},
            )
            call.sent_at, call.times_sent = page.now, call.times_sent + 1
            call.status, call.fence = Call.Status.INTENDED, run.lease.fence
            call.save(update_fields=["sent_at", "times_sent", "status", "fence"])
        if pending:
            Posting.objects.filter(pk__in=[row.pk for row in pending]).update(
                due_at=page.now + pace().doubt_retry
            )
    run.outcomes["found"] += len(adopted)
    run.outcomes["absent"] += len(absent)
    if again:
        send_all(run, list(again.items()))


def _is_as_before(run: Run, row: Posting, stored: Stored) -> bool:
    """The document stands as it did before this amend, which has not arrived."""
    return (
        row.op == Op.AMEND
        and row.replaces is not None
        and bool(run.ledger.differences(row.as_payload(), stored))
        and not edits(run, row, stored)
    )


def _resendable(absent: Sequence[Posting]) -> tuple[dict[Call, list[Posting]], list[Posting]]:
    """Whole calls that may go again byte for byte, and postings that need a new call.

    Within the resend window the identical call is safe even if the first one is still on its way;
    only all members together are identical bytes.
    """
    now = database_now()
    by_call: dict[int, list[Posting]] = defaultdict(list)
    for row in absent:
        by_call[row.call_id].append(row)
    again: dict[Call, list[Posting]] = {}
    anew: list[Posting] = []
    for members in by_call.values():
        call = members[0].call
        whole = len(members) == len(call.members)
        in_window = call.resend_until is not None and now < call.resend_until
        worn_out = max(row.lost_calls for row in members) >= LOST_AS_A_WHOLE
        unwanted = not all(may_be_sent(row) for row in members)
        if whole and in_window and call.request_id and not worn_out and not unwanted:
            again[call] = members
        else:
            anew += members
    return again, anew


def _as_told(row: Posting) -> tuple[Problem, ...]:
    return tuple(Problem(**problem) for problem in row.problems)


def found_twice(row: Posting, stored: Sequence[Stored]) -> Problem:
    listed = ", ".join(
        f"{one.number} (id {one.id}, {one.date:%d %b %Y}, {money(one.total, one.currency)})"
        for one in stored
    )
    return Problem(
        code="ledger.found_twice",
        field="document",
        message=f"{report_place(row.report)}: its {row.get_kind_display().lower()} stands in the "
        f"ledger {len(stored)} times: {listed}. Nothing more was posted.",
        cure="Delete the wrong ones there, then release this one.",
    )


def illegible(row: Posting, finding: Illegible) -> Problem:
    """It stands in the ledger, and its answer about this one cannot be read."""
    row.document_id = row.document_id or finding.document_id
    return finding.problem


def deleted_there(row: Posting) -> Problem:
    return Problem(
        code="ledger.deleted_there",
        field="document",
        message=f"{report_place(row.report)}: {document(row)} was deleted in the ledger by "
        "somebody. Nothing was changed.",
        cure="Reverse it here so that the report can be posted anew, or set this change aside.",
    )
