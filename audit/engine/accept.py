"""A person's word on what stands in the ledger: it is this document, or it is right as it is."""

from dataclasses import dataclass

from audit.book import writing
from audit.engine.filing import want_files
from audit.engine.places import told
from audit.engine.resolve import receipt_of
from audit.engine.run import locked_channel
from audit.engine.settle import RECEIPT_FIELDS, cards_elsewhere, supersede_predecessors
from audit.models import Posting, Report
from audit.states import State
from connectors import opening
from connectors.contract import exact_json
from connectors.contract.entry import Kind
from connectors.contract.ledger import Difference, Illegible, Op, Receipt, Stored


class NotThere(LookupError):
    """The document that a person named does not stand in the ledger, or cannot be read."""


class NotAcceptable(ValueError):
    """There is nothing to link or to accept, and the text says why."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The posting as it is now, and what of it stands otherwise than our book says."""

    posting: Posting
    differences: tuple[Difference, ...] = ()


def link(posting: Posting, document_id: str, actor: str) -> Accepted:
    """This posting is that document, which somebody entered and which stays as it is.

    Raises NotThere, NotAcceptable, VendorError.
    """
    if posting.op != Op.POST:
        raise NotAcceptable(f"{posting} changes a document that stands; there is nothing to link.")
    _check_held(posting)
    _check_free(posting, document_id)
    stored = _read(posting, document_id)
    note = f"already booked as {stored.number or document_id}"
    # What a person entered is not ours to change later: without a payload of ours nothing is.
    return Accepted(_adopt(posting, stored, actor, note, {"linked": document_id}, payload=""))


def can_be_accepted(posting: Posting) -> bool:
    """Held, and a document stands because of it that only a person can judge."""
    return (
        posting.state == State.QUARANTINED
        and posting.op in (Op.POST, Op.AMEND)
        and bool(posting.document_id)
        and any(problem["code"] == "ledger.stored_otherwise" for problem in posting.problems)
    )


def accept(posting: Posting, actor: str) -> Accepted:
    """The document of this posting is right as it stands now, whether or not it is as we sent it.

    Raises NotThere, NotAcceptable, VendorError.
    """
    if not can_be_accepted(posting):
        raise NotAcceptable(f"{posting} has no document that waits to be accepted.")
    _check_free(posting, posting.document_id)
    stored = _read(posting, posting.document_id)
    ledger = opening.offline_ledger(posting.connection)
    differences = tuple(ledger.differences(posting.as_payload(), stored))
    listed = told(differences)
    note = f"accepted as it stands: {listed}" if listed else "accepted: it stands as we sent it"
    facts = {"accepted": posting.document_id, "differences": listed}
    return Accepted(_adopt(posting, stored, actor, note, facts), differences)


def _check_held(posting: Posting) -> None:
    if posting.state != State.QUARANTINED:
        raise NotAcceptable(f"{posting} is not held ({posting.get_state_display()}).")


def _check_free(posting: Posting, document_id: str) -> None:
    """No two postings may stand for one document, and none for a card booked elsewhere."""
    live = Posting.objects.filter(
        connection_id=posting.connection_id, document_id=document_id, state=State.POSTED
    ).exclude(op=Op.CANCEL.value)
    others = live.exclude(report_id=posting.report_id, slice_name=posting.slice_name)
    if taken := others.select_related("report").first():
        raise NotAcceptable(f"That document is {taken}, of report {taken.report.report_id}.")
    for other in cards_elsewhere(posting.connection_id, [posting]).values():
        raise NotAcceptable(f"Its card transaction stands in the ledger because of report {other}.")


def _read(posting: Posting, document_id: str) -> Stored:
    ledger = opening.open_ledger(posting.connection)
    wanted = Receipt(document_id, "", "", Kind(posting.kind))
    stored = ledger.read([wanted]).get(wanted)
    if isinstance(stored, Illegible):
        raise NotThere(stored.problem.message)
    if not isinstance(stored, Stored) or stored.status != "active":
        what = posting.get_kind_display().lower()
        raise NotThere(f"No {what} {posting.number} (id {document_id}) stands in the ledger.")
    return stored


def _adopt(
    posting: Posting, stored: Stored, actor: str, note: str, facts: dict, payload: str | None = None
) -> Posting:
    receipt = receipt_of(stored)
    with writing(posting.connection_id, actor=actor) as page:
        # One at a time: whoever names the same document for another report comes after us.
        locked_channel(posting.connection_id)
        if not page.hold([posting], {State.QUARANTINED}):
            raise NotAcceptable(f"{posting} is no longer held: somebody else was faster.")
        _check_free(posting, receipt.document_id)
        posting.document_id, posting.document_version = receipt.document_id, receipt.version
        posting.document_link, posting.number = receipt.link, receipt.number or posting.number
        posting.stored, posting.posted_at = exact_json.plain(stored), page.now
        posting.problems, posting.subject, posting.due_at = [], "", None
        posting.note = note[:500]
        if payload is not None:
            posting.payload = payload
        supersede_predecessors([posting], page)
        page.move(
            [posting],
            {State.QUARANTINED},
            State.POSTED,
            fields=[*RECEIPT_FIELDS, "note", "payload"],
            facts={posting.pk: facts | {"number": receipt.number}},
        )
        if posting.payload:  # what a person entered is left as it is, files and all
            want_files(page, [posting])
        _look_again(posting)
    return posting


def _look_again(posting: Posting) -> None:
    """What became of the report meanwhile waited for this word."""
    report = Report.objects.get(pk=posting.report_id)
    if report.latest_id != posting.revision_id or not report.is_approved:
        Report.objects.filter(pk=report.pk).update(is_due=True)
