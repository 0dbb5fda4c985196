"""Changing and taking back what stands: never over a person's edit, a payment or a lock."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from audit.engine.earlier import edits
from audit.engine.places import change, document, report_place, told
from audit.engine.resolve import deleted_there
from audit.engine.run import Run
from audit.models import Posting
from connectors.contract.company import Closed, Locks
from connectors.contract.keys import Marker
from connectors.contract.ledger import Difference, Gone, Illegible, Op, Payload, Stored
from connectors.contract.problem import Problem, Problems
from connectors.models import LedgerConnection


@dataclass(frozen=True, slots=True)
class Change:
    """A posting and what is to be sent for it."""

    posting: Posting
    payload: Payload


@dataclass(slots=True)
class Seen:
    """What a look at the documents of a wave says of each change.

    outgoing  can be sent
    held      a person must decide
    gone      cancels whose document is gone already
    unseen    the ledger cannot say yet
    """

    outgoing: list[Change] = field(default_factory=list)
    held: list[tuple[Posting, Problems]] = field(default_factory=list)
    gone: list[Posting] = field(default_factory=list)
    unseen: list[Posting] = field(default_factory=list)


def changes(run: Run, wave: Sequence[Posting]) -> Seen:
    """Read the documents as they stand now, and render each change onto what was read.

    Raises VendorError.
    """
    receipts = {row.pk: row.as_receipt() for row in wave}
    standing = run.ledger.read(list(receipts.values()))
    locks = run.ledger.locks() + ours(run.connection)
    seen = Seen()
    for row in wave:
        now = standing.get(receipts[row.pk])
        if isinstance(now, Stored) and now.status in ("active", "draft"):
            rendered = forbidding(run, row, now, locks) or _rendered(run, row, now)
            if isinstance(rendered, Payload):
                seen.outgoing.append(Change(row, rendered))
            else:
                seen.held.append((row, tuple(rendered)))
        elif isinstance(now, Illegible):
            seen.held.append((row, (now.problem,)))
        elif not isinstance(now, (Gone, Stored)):
            seen.unseen.append(row)
        elif row.op == Op.CANCEL:
            seen.gone.append(row)
        else:
            seen.held.append((row, (deleted_there(row),)))
    return seen


def _rendered(run: Run, row: Posting, now: Stored) -> Payload | Problems:
    marker = Marker(row.marker)
    if row.op == Op.CANCEL:
        kind = run.ledger.abilities.kinds[now.kind]
        how = "void" if "void" in kind.cancel else "delete"
        return run.ledger.cancel(now, how, marker)
    return run.ledger.render(row.as_entry(), marker, run.connection.facts, current=now)


def ours(connection: LedgerConnection) -> Locks:
    """Our own "closed here through", which holds whatever the ledger would take."""
    last = connection.books_closed_through
    if last is None:
        return Locks()
    return Locks((Closed(None, last, f"we closed the books through {last:%d %b %Y}"),))


def forbidding(run: Run, row: Posting, now: Stored, locks: Locks) -> Problems:
    """Why the document must be left alone, all reasons together."""
    problems: list[Problem] = []
    wanted = change(row)
    if now.paid:
        problems.append(
            Problem(
                code="document.paid",
                field="document",
                message=f"{wanted}, but {document(row)} was paid. It was left as it is.",
                cure="Post the difference, or undo the payment and release this, or leave it and "
                "set this aside.",
            )
        )
    elif now.linked:
        problems.append(
            Problem(
                code="document.linked",
                field="document",
                message=f"{wanted}, but {document(row)} is matched or linked to another document. "
                "It was left as it is.",
                cure="Post the difference, or undo the match and release this, or leave it and set "
                "this aside.",
            )
        )
    if locked := locks.why(now.date):
        problems.append(
            Problem(
                code="document.locked",
                field="date",
                message=f"{wanted}, but {document(row)} is dated {now.date:%d %b %Y}, in a closed "
                f"period ({locked}). It was left as it is.",
                cure="Post the difference on the next open day, or open the period in the ledger "
                "and release this, or set it aside.",
            )
        )
    before = row.replaces
    if before is not None and not before.payload:
        problems.append(_linked(row))
    elif edited := edits(run, row, now):
        problems.append(_edited(row, edited))
    return tuple(problems)


def date_locked(row: Posting, why: str) -> Problem:
    return Problem(
        code="document.locked",
        field="date",
        message=f"{report_place(row.report)}: posting date {row.date:%d %b %Y} is in a closed "
        f"period ({why}). Nothing was posted.",
        cure="Open the period and release this, or let the flow post on the next open day and "
        "replay the report.",
    )


def _linked(row: Posting) -> Problem:
    return Problem(
        code="document.linked_by_hand",
        field="document",
        message=f"{change(row)}, but {document(row)} was entered by a person and only linked to "
        "this report. It was left as it is.",
        cure="Change it in the ledger if it should change, and set this aside.",
    )


def _edited(row: Posting, edited: Sequence[Difference]) -> Problem:
    return Problem(
        code="document.edited_there",
        field="document",
        message=f"{change(row)}, but somebody changed {document(row)} in the ledger "
        f"({told(edited)}). Nothing was overwritten.",
        cure="Put those fields back there and release this, or set it aside.",
    )
