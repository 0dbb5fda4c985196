"""Which receipts belong to a document: entered in the moment in which it becomes posted."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from audit.book import Page, write_columns, writing
from audit.engine.intake import shown
from audit.models import Posting, ReceiptFile, Revision
from audit.nudge import nudge
from connectors import registry
from connectors.contract.entry import Kind
from connectors.contract.ledger import Op
from connectors.contract.report import Expense
from connectors.expensify import parse, receipts
from connectors.expensify.values import Misfit
from connectors.models import LedgerConnection
from mappings import texts
from mappings.models import Flow
from mappings.terms import ReceiptFiles

State = ReceiptFile.State

_COLUMNS = (
    "posting receipt_id label filename link state attempts due_at link_is_over problem "
    "attachable_id name attached_at left_at"
).split()


def want_files(
    page: Page, postings: Sequence[Posting], latest: Mapping[int, Revision] | None = None
) -> None:
    """Enter the receipts of documents that became posted on this page, as their flows want it.

    An amended document gets the files of expenses that are new on it; of those that left it, a
    file that hangs there stays, and is marked. A reversed one needs nothing any more. `latest`:
    revisions by key, where the receipts are those of a newer one than the document is of.
    """
    filing = [posting for posting in postings if posting.flow.receipt_files == ReceiptFiles.FILE]
    if not filing:
        return
    ledger = LedgerConnection.objects.values_list("ledger", flat=True).get(pk=page.connection_id)
    kinds = registry.abilities(ledger).kinds
    filing = [p for p in filing if p.kind in kinds and kinds[Kind(p.kind)].attach == "after"]
    known: dict[str, dict[str, ReceiptFile]] = defaultdict(dict)
    rows = ReceiptFile.objects.select_for_update().filter(
        connection_id=page.connection_id, marker__in={posting.marker for posting in filing}
    )
    for row in rows.order_by("pk"):
        known[row.marker][row.transaction_id] = row
    if latest is None:
        latest = Revision.objects.in_bulk({posting.revision_id for posting in filing})
    revisions = {revision.report_id: revision for revision in latest.values()}
    new: list[ReceiptFile] = []
    changed: list[ReceiptFile] = []
    for posting in filing:
        wanted = {}
        if posting.op != Op.CANCEL:
            try:
                wanted = _with_receipts(posting, revisions[posting.report_id])
            except Misfit:  # read by an older version of ours; a later reading replaces it
                continue
        standing = known[posting.marker]
        new += [_row(posting, one) for name, one in wanted.items() if name not in standing]
        for name, row in standing.items():
            if name in wanted:
                _bring_up_to_date(row, posting, wanted[name], page)
            else:
                _leave(row, posting, page)
            changed.append(row)
    ReceiptFile.objects.bulk_create(new)
    write_columns(changed, _COLUMNS)


def want_newer_files(
    page: Page, flow: Flow, standing: Sequence[Posting], latest: Mapping[int, Revision]
) -> None:
    """The same for documents that are right as they stand: a newer version of their report may
    have other receipts, or one that was missing."""
    if flow.receipt_files != ReceiptFiles.FILE:
        return
    ours = [posting for posting in standing if posting.flow_id == flow.pk]
    entered_by_us = set(
        Posting.objects.filter(pk__in=[p.pk for p in ours])
        .exclude(payload="")
        .values_list("pk", flat=True)
    )
    ours = [posting for posting in ours if posting.pk in entered_by_us]
    for posting in ours:
        posting.flow = flow
    want_files(page, ours, latest)


def _with_receipts(posting: Posting, revision: Revision) -> Mapping[str, Expense]:
    """The expenses on the document that have a receipt, by their id."""
    lines = (posting.entry or {}).get("lines", ())
    on_document = {line["transaction_id"] for line in lines} - {""}
    return {
        one.transaction_id: one
        for one in parse.report(revision.raw).expenses
        if one.transaction_id in on_document and one.receipt and one.receipt.url
    }


def _row(posting: Posting, expense: Expense) -> ReceiptFile:
    row = ReceiptFile(
        connection_id=posting.connection_id,
        posting=posting,
        marker=posting.marker,
        transaction_id=expense.transaction_id,
    )
    _fill(row, expense)
    return row


def _fill(row: ReceiptFile, expense: Expense) -> None:
    """What is known of the receipt today; nothing was tried with it yet."""
    row.receipt_id, row.filename = expense.receipt.receipt_id, shown(expense.receipt.filename, 255)
    row.link = shown(receipts.without_secrets(expense.receipt.url), 500)
    row.label, row.state = " ".join(_label(expense)), State.WAITING
    row.attempts, row.problem, row.due_at, row.left_at = 0, None, None, None
    row.link_is_over = False
    row.attachable_id, row.name, row.attached_at = "", "", None


def _label(expense: Expense) -> Iterator[str]:
    """2026-10-05 Hilton Garden Inn 286.40 USD"""
    if expense.spent_on:
        yield expense.spent_on.isoformat()
    yield shown(texts.one_line(expense.merchant), 100) or "Receipt"
    yield shown(texts.money(expense.original_amount, expense.original_currency), 60)


def _bring_up_to_date(row: ReceiptFile, posting: Posting, expense: Expense, page: Page) -> None:
    row.posting = posting
    if row.receipt_id != expense.receipt.receipt_id:
        if row.state == State.ATTACHED:
            _note(page, "receipt.replaced", row, posting)
        _fill(row, expense)
    elif row.state == State.NOT_NEEDED:
        _fill(row, expense)  # it was on the document before, and is again
    row.left_at = None


def _leave(row: ReceiptFile, posting: Posting, page: Page) -> None:
    """The expense is off the document, or the document is gone."""
    if row.state == State.ATTACHED:
        if row.left_at is None and posting.op != Op.CANCEL:
            row.left_at = page.now
            _note(page, "receipt.left", row, posting)
    else:
        row.state, row.due_at, row.problem = State.NOT_NEEDED, None, None
        row.left_at = row.left_at or page.now


def _note(page: Page, kind: str, row: ReceiptFile, posting: Posting) -> None:
    facts = {"file": row.name or row.label, "number": posting.number}
    page.note(kind, facts, report_id=posting.report_id, posting_id=posting.pk)


def files_of(posting: Posting) -> list[ReceiptFile]:
    """The receipts of the posting's document, whichever of its postings brought them."""
    rows = ReceiptFile.objects.filter(connection=posting.connection_id, marker=posting.marker)
    return list(rows.order_by("pk"))


def try_again(posting: Posting, actor: str) -> int:
    """Let the files that were given up be tried anew; how many that are."""
    with writing(posting.connection_id, actor=actor) as page:
        rows = list(
            ReceiptFile.objects.select_for_update()
            .filter(connection=posting.connection_id, marker=posting.marker, state=State.FAILED)
            .order_by("pk")
        )
        for row in rows:
            # The problem stays until the next try, which may meet it again.
            row.state, row.attempts, row.due_at = State.WAITING, 0, None
            facts = {"file": row.label, "number": posting.number}
            page.note(
                "receipt.asked_again", facts, report_id=posting.report_id, posting_id=posting.pk
            )
        write_columns(rows, ["state", "attempts", "due_at"])
        nudge()
    return len(rows)
