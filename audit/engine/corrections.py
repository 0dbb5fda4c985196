"""The difference posted beside a document that cannot be changed any more, by a person's choice."""

from dataclasses import dataclass, replace

from audit.book import writing
from audit.engine.decide import NOTHING_LEFT, Intent, entry_hash
from audit.engine.holds import HAS_CORRECTIONS
from audit.engine.prepare import drafted
from audit.models import Posting
from audit.nudge import nudge
from audit.selectors import as_read
from audit.states import State
from connectors import opening
from connectors.contract.company import Locks
from connectors.contract.entry import Entry
from connectors.contract.ledger import Ledger, Op
from connectors.contract.problem import Problem
from mappings import services
from mappings.books import Book
from mappings.build import build
from mappings.corrections import MARK, Standing, corrected, correction

# What stands in the way of changing or taking back a document, and leaves this way open.
CODES = frozenset(
    {"document.paid", "document.linked", "document.locked", "map.date.locked", HAS_CORRECTIONS}
)


class NotCorrectable(ValueError):
    """No further document can put it right, and the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What would be posted. `reaches`: see Posting."""

    entry: Entry
    reaches: str


def can_be_corrected(posting: Posting) -> bool:
    """Held, because the document that it would change or take back has to be left alone."""
    return (
        posting.state == State.QUARANTINED
        and posting.op in (Op.AMEND, Op.CANCEL)
        and posting.cause != "person"
        and posting.replaces_id is not None
        and any(problem["code"] in CODES for problem in posting.problems)
    )


def correction_for(posting: Posting) -> Correction:
    """The difference between what stands and what the report says now, by today's rules.

    Raises NotCorrectable.
    """
    found, ledger = _worked_out(posting)
    _draft(posting, found, ledger)
    return found


def post_difference(posting: Posting, actor: str, reason: str = "") -> Posting:
    """Enter the difference as a document of its own, in place of the change that was held.

    Raises NotCorrectable.
    """
    found, ledger = _worked_out(posting)
    new = _draft(posting, found, ledger)
    new.sequence, new.cause, new.reaches, new.note = 1, "person", found.reaches, reason[:500]
    with writing(posting.connection_id, actor=actor) as page:
        if not page.move([posting], {State.QUARANTINED}, State.SUPERSEDED):
            raise NotCorrectable(f"{posting} is no longer held: somebody else was faster.")
        (entered,) = page.create([new])
        nudge()
    return entered


def _draft(posting: Posting, found: Correction, ledger: Ledger) -> Posting:
    """What the ledger would refuse is not entered: the change stays held, to be tried again."""
    entry = found.entry
    intent = Intent(entry.slice_name, entry.kind, Op.POST, 1, entry, (), total=entry.total)
    new = drafted(posting.flow, posting.report, intent, ledger)
    if new.problems:
        told = " ".join(f"{one['message']} {one['cure']}" for one in new.problems[:3])
        raise NotCorrectable(f"{told} Then post the difference again.")
    return new


def _worked_out(posting: Posting) -> tuple[Correction, Ledger]:
    if not can_be_corrected(posting):
        raise NotCorrectable(f"{posting} is not held because of a document that stands.")
    flow, report = posting.flow, posting.report
    base = corrected(posting.slice_name)
    live = [
        one
        for one in report.postings.filter(state=State.POSTED).order_by("pk")
        if one.is_live and corrected(one.slice_name) == base
    ]
    entries = [one.as_entry() for one in live]
    if not entries or None in entries:
        raise NotCorrectable(
            f"What stands for {posting} was entered by a person: correct it in the ledger."
        )
    book = services.open_book(flow)
    wanted = _wanted(posting, base, book)
    ledger = opening.offline_ledger(posting.connection)
    found = correction(
        Standing(live[0].number, tuple(entries)),
        wanted,
        name=f"{base}{MARK}{_next_number(posting, base)}",
        on=_first_open(posting, book.locks),
        zero_total=frozenset(k for k, can in ledger.abilities.kinds.items() if can.zero_total),
    )
    if isinstance(found, Problem):
        raise NotCorrectable(f"{found.message} {found.cure}")
    return Correction(found, entry_hash(wanted) if wanted else NOTHING_LEFT), ledger


def _wanted(posting: Posting, base: str, book: Book) -> Entry | None:
    """What the report says now of this part, None where it says nothing of it any more."""
    if posting.op == Op.CANCEL and not posting.report.is_approved:
        return None
    # The same entry as `decide` compares with, on the date that stands; closed periods are the
    # correction's own business.
    kept = {base: posting.replaces.date}
    read = as_read(posting.report)
    if read is None:
        raise NotCorrectable("The report was never read whole.")
    built = build(read, replace(book, locks=Locks()), kept_dates=kept)
    part = next((one for one in built.slices if one.name == base), None)
    problems = (*built.problems, *(part.problems if part else ()))
    if problems:
        told = " ".join(f"{one.message} {one.cure}" for one in problems[:3])
        raise NotCorrectable(f"The report itself is held: {told}")
    return part.entry if part else None


def _next_number(posting: Posting, base: str) -> int:
    names = posting.report.postings.filter(slice_name__startswith=f"{base}{MARK}")
    numbers = [int(name.rpartition("-")[2]) for name in names.values_list("slice_name", flat=True)]
    return max(numbers, default=0) + 1


def _first_open(posting: Posting, locks: Locks):
    try:
        return locks.first_open(posting.replaces.date)
    except ValueError as closed:
        raise NotCorrectable(f"No day is open for a further document: {closed}.") from None
