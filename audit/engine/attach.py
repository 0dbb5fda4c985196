"""Receipts: after a document is posted, their files follow it, in the drain's leisure.

A file is looked up, fetched, sent, written down. Whatever becomes of it is its own affair: it never
holds a report, changes a document or is a reason to post again. A try that nobody finished is due
again when nobody can still be at it, and begins with a look-up, so that no file hangs there twice.
"""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from typing import TypeVar

from django.db import connections
from django.db.models import F, Q, QuerySet

from audit import states
from audit.book import Page, writing
from audit.engine.kill_points import reach
from audit.engine.lease import LeaseLost
from audit.engine.receipt_links import due_files, known_link
from audit.engine.run import Run, reopen
from audit.models import Posting, ReceiptFile
from audit.pace import pace
from connectors import opening
from connectors.clock import database_now
from connectors.contract import exact_json
from connectors.contract.abilities import FileLimits
from connectors.contract.ledger import Attached, File, FileCall, InDoubt, Op, Refused, SoughtFile
from connectors.contract.problem import Problem
from connectors.contract.transport import AnswerLost, ContractBroken, Unreachable, VendorError
from connectors.expensify import receipts
from connectors.expensify.receipts import NotFetched
from connectors.guard import no_open_transaction
from connectors.registry import ledger_label
from mappings.terms import ReceiptFiles

log = logging.getLogger(__name__)

State = ReceiptFile.State
_Made = TypeVar("_Made")

# How long one try can take at most: looked up, fetched from wherever it was moved to, and sent.
LONGEST_TRY = timedelta(minutes=10)
# A receipt that is not to be had under three links, two of them fresh, is not to be had.
MOST_LINKS = 3


def next_file(run: Run) -> bool:
    """Bring one file further; False when none is due, or when the other side is away.

    Raises the VendorErrors that are about the connection (the file is then due as before) and
    LeaseLost; every other failure is the file's own and burns an attempt.
    """
    limits = run.ledger.abilities.files
    if limits is None:
        return False
    no_open_transaction()
    due = due_files().filter(Q(link_is_over=False) | Q(pk__in=run.links), connection=run.connection)
    first = due.order_by(F("due_at").asc(nulls_first=True), "pk").values("pk").first()
    if first is None:
        return False
    # With all that hangs on it only where there is one: that takes PostgreSQL a while to plan.
    row = ReceiptFile.objects.select_related(
        "posting__flow", "posting__report__latest", "posting__revision"
    ).get(pk=first["pk"])
    if not row.posting.is_live or row.posting.flow.receipt_files != ReceiptFiles.FILE:
        _write(run, row, State.NOT_NEEDED, "file_dropped")
        return True
    if not _claim(run, row):
        return True
    try:
        return _try(run, row, limits)
    except NotFetched as failure:
        return _not_fetched(run, row, failure)
    except (AnswerLost, ContractBroken) as failure:
        return _away(run, row, _unsure(row, failure.message))
    except VendorError:
        # Certainly not carried out, and about the connection: the file waits with everything else.
        _as_it_was(row).update(due_at=None)
        raise
    except LeaseLost:
        raise
    except Exception as defect:  # ours, with this one: the other files and documents go on
        log.exception("receipt failed file=%s", row.pk)
        problem = _unsure(row, f"{type(defect).__name__}, which is our mistake")
        _again(run, row, problem, run.visibility, outcome="file_again")
        return True


def _claim(run: Run, row: ReceiptFile) -> bool:
    """Whoever dies from here on leaves the file due when nobody can still be sending it."""
    with writing(run.connection.pk, lease=run.lease) as page:
        later = page.now + LONGEST_TRY + run.visibility
        claimed = _as_it_was(row).update(due_at=later, tried_at=page.now)
    reach("attach.claimed")
    return bool(claimed)


def _as_it_was(row: ReceiptFile) -> QuerySet[ReceiptFile]:
    """The row, unless it has become another file meanwhile, or is not wanted any more."""
    return ReceiptFile.objects.filter(
        pk=row.pk, state=State.WAITING, receipt_id=row.receipt_id, marker=row.marker
    )


def _try(run: Run, row: ReceiptFile, limits: FileLimits) -> bool:
    receipt = row.posting.as_receipt()
    sought = SoughtFile(row.file_marker, receipt)
    outcome = run.ledger.attached([sought]).get(sought.marker)
    if outcome is None:
        file = _fetched(run, row, limits)
        if not _as_it_was(row).exists():
            return True  # replaced, or off the document, while it was fetched
        call = run.ledger.attach(file, receipt, sought.marker, str(row.epoch))
        outcome = _sent(run, call)
        reach("attach.answered")
    goes_on = True
    match outcome:
        case Attached():
            row.attachable_id, row.name, row.attached_at = outcome.id, outcome.name, database_now()
            row.link_is_over = False
            _write(run, row, State.ATTACHED, "attached")
            reopen(run.connection.pk)
        case Refused(problems, again):
            row.epoch += 1
            if again == "no":
                _give_up(run, row, problems[0])
            else:
                _again(run, row, problems[0], outcome="file_again")
        case InDoubt():
            goes_on = _away(run, row, outcome.problem or _unsure(row, outcome.why))
    reach("attach.settled")
    return goes_on


def _sent(run: Run, call: FileCall) -> Attached | Refused | InDoubt:
    # Whoever slept through the lease since the look-up must not send: somebody else may have.
    run.renew()

    def send() -> Attached | Refused | InDoubt:
        if not run.may_send:
            raise Unreachable("not sent: our right to write had run out before its turn came")
        return run.ledger.post_file(call)

    return _meanwhile(run, send)


def _meanwhile(run: Run, work: Callable[[], _Made]) -> _Made:
    """What a vendor is asked for on a thread of its own, the lease renewed while it lasts."""

    def carried_out() -> _Made:
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=1) as pool:
        future = pool.submit(carried_out)
        while not wait([future], timeout=pace().lease.total_seconds() / 4).done:
            run.renew()
        return future.result()


# --- from Expensify -------------------------------------------------------------------------------


def _fetched(run: Run, row: ReceiptFile, limits: FileLimits) -> File:
    """The file under a fresh link, or else under the one that we read. Raises NotFetched."""
    link = run.links[row.pk] if row.pk in run.links else known_link(row)
    ledger = ledger_label(run.connection.ledger)

    def fetch() -> File:
        return receipts.receipt(
            link, row.label, row.filename, limits, opening.fetch_receipt, ledger
        )

    return _meanwhile(run, fetch)


# --- writing down ---------------------------------------------------------------------------------


def _not_fetched(run: Run, row: ReceiptFile, failure: NotFetched) -> bool:
    row.link_is_over = failure.problem.code in receipts.LINK_IS_OVER
    if failure.is_final or (row.link_is_over and row.attempts + 1 >= MOST_LINKS):
        _give_up(run, row, failure.problem)
    elif row.link_is_over:
        _again(run, row, failure.problem, outcome="file_again")
    else:
        return _away(run, row, failure.problem)
    return True


def _away(run: Run, row: ReceiptFile, problem: Problem) -> bool:
    """One side does not answer properly, so the other files are left for a later drain: they would
    only burn their attempts too."""
    _again(run, row, problem, run.visibility)
    run.away = problem.message
    return False


def _again(
    run: Run,
    row: ReceiptFile,
    problem: Problem,
    at_least: timedelta = timedelta(0),
    outcome: str = "",
) -> None:
    """An attempt is burnt; after the last nobody tries any more but a person."""
    pause = pace().retry_in(row.attempts + 1)
    if pause is None:
        _give_up(run, row, problem)
        return
    row.attempts, row.problem = row.attempts + 1, exact_json.plain(problem)
    row.due_at = database_now() + max(pause, at_least)
    _write(run, row, State.WAITING, outcome)


def _give_up(run: Run, row: ReceiptFile, problem: Problem) -> None:
    row.attempts, row.problem = row.attempts + 1, exact_json.plain(problem)
    _write(run, row, State.FAILED, "file_failed")


_EVENTS = {State.ATTACHED: "receipt.attached", State.FAILED: "receipt.failed"}
_COLUMNS = [
    *("state", "attempts", "epoch", "due_at", "link_is_over", "problem"),
    *("attachable_id", "name", "attached_at"),
]


def _write(run: Run, row: ReceiptFile, state: ReceiptFile.State, outcome: str = "") -> None:
    row.state = state
    if state != State.WAITING:
        row.due_at = None
    if state in (State.ATTACHED, State.NOT_NEEDED):
        row.problem = None
    with writing(run.connection.pk, lease=run.lease) as page:
        moved = _as_it_was(row).update(**{name: getattr(row, name) for name in _COLUMNS})
        if moved and state in _EVENTS:
            facts = {"file": row.name or row.label, "number": row.posting.number}
            facts |= {"why": row.problem["message"]} if row.problem else {}
            _note(page, _EVENTS[state], row, facts)
        elif state == State.ATTACHED:
            _note_overtaken(page, row)
    if outcome:
        run.outcomes[outcome] += 1
    log.info("receipt file=%s state=%s posting=%s", row.pk, row.state, row.posting_id)


def _note_overtaken(page: Page, row: ReceiptFile) -> None:
    """It arrived when its place was another receipt's already, which follows by itself, or nobody's
    any more: somebody may wonder about a file that no row of ours names."""
    document = Posting.objects.filter(marker=row.marker, state=states.State.POSTED)
    if not document.exclude(op=Op.CANCEL.value).exists():
        return
    was_replaced = not ReceiptFile.objects.filter(pk=row.pk, receipt_id=row.receipt_id).exists()
    kind = "receipt.replaced" if was_replaced else "receipt.left"
    _note(page, kind, row, {"file": row.name, "number": row.posting.number})


def _note(page: Page, kind: str, row: ReceiptFile, facts: dict) -> None:
    page.note(kind, facts, report_id=row.posting.report_id, posting_id=row.posting_id)


def _unsure(row: ReceiptFile, why: str) -> Problem:
    return Problem(
        code="receipt.unsure",
        field="receipt",
        message=f"Receipt {row.label}: whether it arrived is not known ({why}). The document "
        "stands.",
        cure="Nothing to do: it is looked up before it is sent again.",
    )
