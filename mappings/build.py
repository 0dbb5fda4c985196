"""From an expense report to what should stand in the books, or to everything that speaks against.

Pure: the same report and book give the same answer, wherever and whenever it is asked.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from connectors.contract.entry import Entry, Kind
from connectors.contract.problem import Problem, Problems
from connectors.contract.report import Report, ReportStatus
from mappings import selection, texts, validate
from mappings.books import Book
from mappings.currency import conversion, counterparts
from mappings.dates import decided_on, posting_date
from mappings.entries import Decided, entry_of
from mappings.header import header_dimensions
from mappings.line_context import Explained
from mappings.lines import MeantLine, meant
from mappings.parties import PartyWanted
from mappings.slices import (
    ANY_KIND,
    Numbered,
    Slice,
    Untaken,
    in_parts,
    left_out,
    slices_of,
    sorted_out,
)
from mappings.terms import Mode

__all__ = [
    "Built",
    "BuiltSlice",
    "Excluded",
    "Explained",
    "Note",
    "PartyWanted",
    "Untaken",
    "build",
]


@dataclass(frozen=True, slots=True)
class Excluded:
    """Why the whole report is none of the flow's business."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """Why a report that was taken becomes no document although nothing is wrong with it."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class BuiltSlice:
    """One document to be. `entry` is None where problems of its own, or a party that must be
    created first, stand in the way.

    total         in the report's currency, negative for a credit; None where an amount is missing
    party_wanted  the vendor that the flow lets us create; once it is there (and linked), the same
                  report builds an entry
    """

    name: str
    kind: Kind
    entry: Entry | None
    total: Decimal | None
    problems: Problems = ()
    explained: tuple[Explained, ...] = ()
    party_wanted: PartyWanted | None = None


@dataclass(frozen=True, slots=True)
class Built:
    """All that a report becomes. `problems` are the report's own and hold every slice.

    flags  what the screen marks: `closed` for a report that was final without approval,
           `reimbursed` for one that was paid before we saw it
    """

    slices: tuple[BuiltSlice, ...] = ()
    problems: Problems = ()
    untaken: tuple[Untaken, ...] = ()
    excluded: Excluded | None = None
    note: Note | None = None
    flags: tuple[str, ...] = ()

    @property
    def is_held(self) -> bool:
        return bool(self.problems) or any(part.problems for part in self.slices)


def build(report: Report, book: Book, *, kept_dates: Mapping[str, date] | None = None) -> Built:
    """Everything about the report at once.

    `kept_dates`: slice -> posting date of the document that stands already, which a revision
    keeps. Locks hold for it too; the flow's policy for closed periods does not move it.
    """
    if excluded := _excluded(report, book):
        return Built(excluded=excluded)
    taken, untaken = sorted_out(report, book)
    flags = (report.status.value,) if report.status is not ReportStatus.APPROVED else ()
    found = (*validate.report_problems(report, book), *selection.problems(report, book.terms))
    problems = validate.gathered(report, found)
    if not taken or (all(expense.amount == 0 for _, expense in taken) and not problems):
        return Built(untaken=untaken, note=_nothing(report, taken), flags=flags)
    kept = kept_dates or {}
    slices = slices_of(taken, book)
    if not problems:
        untaken += tuple(_zeroes(report, slices))
        slices = tuple(one for one in slices if not one.is_zero)
    parts = (part for one in slices for part in in_parts(one, book))
    built = tuple(_built(report, part, book, kept.get(part.name)) for part in parts)
    return Built(built, problems, untaken, flags=flags)


def _excluded(report: Report, book: Book) -> Excluded | None:
    terms = book.terms
    if report.workspace_id != terms.workspace_id:
        return Excluded(
            "excluded.workspace",
            f"It belongs to workspace {report.workspace_name or report.workspace_id}, not to "
            f"{terms.workspace_name}.",
        )
    if report.status not in terms.takes_states:
        taken = ", ".join(sorted(state.value for state in terms.takes_states))
        return Excluded(
            "excluded.state",
            f"It is {report.status_text or report.status.value}; this flow takes {taken} reports.",
        )
    day = decided_on(report, terms.zone)
    if day is not None and selection.is_too_early(terms, day):
        return Excluded(
            "excluded.before_start",
            f"It was approved on {texts.day(day)}, before this flow begins "
            f"({texts.day(terms.starts_on)}).",
        )
    if not selection.takes(terms, report):
        return Excluded("excluded.selector", selection.why_not(terms, report))
    if terms.mode is Mode.TEST and not report.name.startswith(terms.test_prefix):
        return Excluded(
            "excluded.not_a_test",
            f'The flow is in test mode and takes reports whose name begins with "'
            f'{terms.test_prefix}".',
        )
    return None


def _nothing(report: Report, taken: Numbered) -> Note:
    if not report.expenses:
        return Note("empty", "The report has no lines, so there is nothing to post.")
    if taken:
        return Note("zero", "Every line is zero, so there is nothing to post.")
    return Note("nothing_taken", "No line of this report is taken by this flow.")


def _zeroes(report: Report, slices: Sequence[Slice]) -> Iterator[Untaken]:
    """Lines of documents that would say nothing at all, beside others that say something."""
    why = "it is zero, and so is everything that it would be posted with"
    for number, expense in (line for one in slices if one.is_zero for line in one.lines):
        yield left_out(report, number, expense, "untaken.zero", why)


def _built(report: Report, part: Slice, book: Book, kept_date: date | None) -> BuiltSlice:
    abilities = book.kinds.get(part.kind, ANY_KIND)
    lines = [meant(report, number, expense, book, abilities) for number, expense in part.lines]
    header, header_problems = header_dimensions(report, lines, book)
    against = counterparts(report, part, lines, book)
    dated = posting_date(report, part, book, kept_date)

    problems: list[Problem] = [problem for line in lines for problem in line.problems]
    problems += header_problems
    problems += against.problems
    problems += [dated] if isinstance(dated, Problem) else []
    if part.total is not None:
        problems += validate.kind_problems(report, book, part.kind, part.total, part.amounts)
    problems += against.currency_problems
    convert = None
    if not isinstance(dated, Problem) and not against.currency_problems:
        convert = conversion(report, against.currency, dated.on, book)
        problems += [convert] if isinstance(convert, Problem) else []

    entry = None
    if not problems and not against.wanted and _is_exact(part, lines, report):
        decided = Decided(report, part, lines, header, against, dated, convert)
        answer = entry_of(decided, book)
        if isinstance(answer, Problem):
            problems.append(answer)
        else:
            entry = answer
    explained = tuple(why for line in lines for why in line.explained)
    return BuiltSlice(
        part.name,
        part.kind,
        entry,
        part.total,
        validate.gathered(report, problems),
        explained,
        against.wanted,
    )


def _is_exact(part: Slice, lines: Sequence[MeantLine], report: Report) -> bool:
    """False where the report's own problems, told once for all slices, leave no figures."""
    if part.total is None or any(line.account is None for line in lines):
        return False
    return all(texts.is_written(amount, report.currency) for amount in part.amounts)
