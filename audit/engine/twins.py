"""Booked before: what somebody entered by hand is not entered again beside it."""

from collections.abc import Sequence

from audit.book import writing
from audit.engine.resolve import receipt_of
from audit.engine.run import Run
from audit.engine.settle import RECEIPT_FIELDS, hold
from audit.models import Posting
from audit.states import State
from connectors import opening
from connectors.contract import exact_json
from connectors.contract.entry import Kind
from connectors.contract.keys import Marker
from connectors.contract.ledger import Op, Receipt, Stored
from connectors.contract.problem import Problem

TWIN = "document.twin"


class NotThere(LookupError):
    """The document that a person named does not stand in the ledger."""


def without_twins(run: Run, rows: Sequence[Posting]) -> list[Posting]:
    """Those of `rows` that nobody else has booked; the others are held with what was found.

    Raises VendorError.
    """
    asked = [row for row in rows if row.payload and not row.twins_accepted]
    if not asked:
        return list(rows)
    found = run.ledger.twins([row.as_payload() for row in asked])
    held = [
        (row, (_twin(row, found[Marker(row.marker)]),))
        for row in asked
        if found.get(Marker(row.marker))
    ]
    hold(run, held)
    stopped = {row.pk for row, _ in held}
    return [row for row in rows if row.pk not in stopped]


def _twin(row: Posting, twins: Sequence[Stored]) -> Problem:
    first = twins[0]
    others = f" and {len(twins) - 1} more" if len(twins) > 1 else ""
    return Problem(
        code=TWIN,
        field="document",
        message=f"{row.get_kind_display()} of {row.party_name}, {row.date:%d %b %Y}, {row.total} "
        f"{row.currency}: one with the same payee, date and total stands in the ledger already "
        f"(no. {first.number or first.id}{others}), entered by a person. Nothing was posted.",
        cure="If it is this one, set ours aside; if it is another, release ours to post it.",
        facts={"document_id": first.id, "document_number": first.number, "link": first.link},
    )


def link(posting: Posting, document_id: str, actor: str) -> Posting:
    """A person's word that this posting is that document, which stays as it is.

    Raises NotThere, ValueError for a posting that is not held, VendorError.
    """
    if posting.state != State.QUARANTINED:
        raise ValueError(f"{posting} is not held ({posting.get_state_display()})")
    if posting.op != Op.POST:
        raise ValueError(f"{posting} changes a document that stands; there is nothing to link")
    live = Posting.objects.filter(
        connection_id=posting.connection_id, document_id=document_id, state=State.POSTED
    ).exclude(op=Op.CANCEL.value)
    if taken := live.select_related("report").first():
        raise ValueError(f"that document is {taken}, of report {taken.report.report_id}")
    ledger = opening.open_ledger(posting.connection)
    wanted = Receipt(document_id, "", "", Kind(posting.kind))
    stored = ledger.read([wanted]).get(wanted)
    if not isinstance(stored, Stored) or stored.status != "active":
        raise NotThere(f"No {posting.get_kind_display().lower()} {document_id} stands there.")
    receipt = receipt_of(stored)
    with writing(posting.connection_id, actor=actor) as page:
        posting.document_id, posting.document_version = receipt.document_id, receipt.version
        posting.document_link, posting.number = receipt.link, receipt.number or posting.number
        posting.stored, posting.posted_at = exact_json.plain(stored), page.now
        posting.problems, posting.subject, posting.due_at = [], "", None
        posting.note = f"already booked as {receipt.number or document_id}"
        page.move(
            [posting],
            {State.QUARANTINED},
            State.POSTED,
            fields=[*RECEIPT_FIELDS, "note"],
            facts={posting.pk: {"linked": document_id, "number": receipt.number}},
        )
    return posting
