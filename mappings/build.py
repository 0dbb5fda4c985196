"""From an expense report to what should stand in the books, or to everything that speaks against.

Pure: the same report and book give the same answer, wherever and whenever it is asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from connectors.contract.entry import Entry, Kind, Line, Role
from connectors.contract.ledger import KindAbilities
from connectors.contract.problem import Problem, Problems
from connectors.contract.report import Expense, Report, ReportStatus
from mappings import texts, validate
from mappings.books import Account, Book, Party
from mappings.dates import PostingDate, decided_on, due_date, posting_date
from mappings.header import header_dimensions
from mappings.lines import Explained, MeantLine, meant
from mappings.parties import party_of
from mappings.terms import Mode

REIMBURSABLE = "reimbursable"
ALL = "all"
# Lines are looked at even where the ledger lacks the kind, so that all problems come at once.
_ANY_KIND = KindAbilities(dimensions={}, text_lengths={})

__all__ = ["Built", "BuiltSlice", "Excluded", "Explained", "Note", "Untaken", "build"]


@dataclass(frozen=True, slots=True)
class Untaken:
    """An expense of a taken report that the flow leaves out; `amount` in the report's currency."""

    transaction_id: str
    code: str
    text: str
    amount: Decimal | None


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
    """One document to be. `entry` is None where problems of its own stand in the way.

    total  in the report's currency, negative for a credit; None where an amount is missing
    """

    name: str
    kind: Kind
    entry: Entry | None
    total: Decimal | None
    problems: Problems = ()
    explained: tuple[Explained, ...] = ()


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
    taken, untaken = _sorted_out(report, book)
    flags = [report.status.value] if report.status is not ReportStatus.APPROVED else []
    problems = validate.gathered(validate.report_problems(report, book))
    if not taken or (all(expense.amount == 0 for _, expense in taken) and not problems):
        return Built(untaken=untaken, note=_nothing(report, taken), flags=tuple(flags))
    name = ALL if book.terms.kind is Kind.JOURNAL else REIMBURSABLE
    part = _slice(name, report, taken, book, (kept_dates or {}).get(name))
    return Built((part,), problems, untaken, flags=tuple(flags))


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
    if day is not None and day < terms.starts_on:
        return Excluded(
            "excluded.before_start",
            f"It was approved on {texts.day(day)}, before this flow begins "
            f"({texts.day(terms.starts_on)}).",
        )
    if terms.mode is Mode.TEST and not report.name.startswith(terms.test_prefix):
        return Excluded(
            "excluded.not_a_test",
            f'The flow is in test mode and takes reports whose name begins with "'
            f'{terms.test_prefix}".',
        )
    return None


_Numbered = tuple[tuple[int, Expense], ...]


def _sorted_out(report: Report, book: Book) -> tuple[_Numbered, tuple[Untaken, ...]]:
    """The lines that the flow takes, with their numbers in the report, and the others."""
    taken: list[tuple[int, Expense]] = []
    untaken: list[Untaken] = []
    for number, expense in enumerate(report.expenses, 1):
        if expense.reimbursable and book.terms.takes_reimbursable:
            # On a card too: what a person spent and gets back is owed to the person.
            taken.append((number, expense))
            continue
        if expense.reimbursable:
            code, why = "untaken.reimbursable", "reimbursable expenses are not taken by this flow"
        elif expense.is_on_card:
            code, why = "untaken.card", "company-card expenses are not taken by this flow"
        else:
            code, why = "untaken.company", "not reimbursable, and on no known card"
        place = texts.line_place(number, expense, report.currency)
        untaken.append(Untaken(expense.transaction_id, code, f"{place}: {why}.", expense.amount))
    return tuple(taken), tuple(untaken)


def _nothing(report: Report, taken: _Numbered) -> Note:
    if not report.expenses:
        return Note("empty", "The report has no lines, so there is nothing to post.")
    if taken:
        return Note("zero", "Every line is zero, so there is nothing to post.")
    return Note("nothing_taken", "No line of this report is taken by this flow.")


def _slice(
    name: str, report: Report, taken: _Numbered, book: Book, kept_date: date | None
) -> BuiltSlice:
    amounts = [expense.amount for _, expense in taken if expense.amount is not None]
    total = sum(amounts, Decimal(0)) if len(amounts) == len(taken) else None
    kind = _kind(total, book)
    abilities = book.kinds.get(kind, _ANY_KIND)
    lines = [meant(report, number, expense, book, abilities) for number, expense in taken]
    header, header_problems = header_dimensions(report, lines, book)
    party = party_of(report, book, [line.party_id for line in lines])
    dated = posting_date(report, [expense for _, expense in taken], book, kept_date)
    payable = book.accounts.get(book.terms.payable_id)

    problems: list[Problem] = [problem for line in lines for problem in line.problems]
    problems += header_problems
    problems += [answer for answer in (party, dated) if isinstance(answer, Problem)]
    if total is not None:
        problems += validate.kind_problems(report, book, kind, total, amounts)
    problems += validate.payable_problems(report, book, payable, book.kinds.get(kind))
    payee = party if isinstance(party, Party) else None
    problems += validate.currency_problems(report, book, payee)

    entry = None
    has_whole_lines = all(line.line is not None for line in lines)
    if not problems and has_whole_lines and _is_exact(amounts, report):
        entry = replace(
            _entry(name, kind, report, book, lines, party, dated, payable), dimensions=header
        )
    explained = tuple(why for line in lines for why in line.explained)
    return BuiltSlice(name, kind, entry, total, validate.gathered(problems), explained)


def _kind(total: Decimal | None, book: Book) -> Kind:
    """The kind of document for a total: a negative bill is a credit, an empty one a journal where
    the ledger takes no document of 0.00."""
    kind = book.terms.kind
    if kind is not Kind.BILL or total is None or total > 0:
        return kind
    if total < 0:
        return Kind.CREDIT
    bill = book.kinds.get(Kind.BILL)
    return Kind.JOURNAL if bill and not bill.zero_total and Kind.JOURNAL in book.kinds else kind


def _is_exact(amounts: Sequence[Decimal], report: Report) -> bool:
    return all(texts.is_written(amount, report.currency) for amount in amounts)


def _entry(
    name: str,
    kind: Kind,
    report: Report,
    book: Book,
    lines: Sequence[MeantLine],
    party: Party,
    dated: PostingDate,
    payable: Account,
) -> Entry:
    expenses = [line.line for line in lines]
    memo = texts.memo(report, book.terms, dated.moved_from)
    owed = Line(
        account=payable.ref,
        amount=-sum((line.amount for line in expenses), Decimal(0)),
        role=Role.OFFSET,
        text=memo,
        party=party.ref,
    )
    moved = dated.moved_from
    notes = [f"Dated {texts.day(dated.on)} instead of {texts.day(moved)}."] if moved else []
    return Entry(
        kind=kind,
        report_id=report.report_id,
        slice_name=name,
        date=dated.on,
        currency=report.currency,
        lines=(*expenses, owed),
        party=party.ref,
        due_date=due_date(dated.on, book.terms.due_days) if kind is Kind.BILL else None,
        memo=memo,
        notes=(*notes, *(note for line in lines for note in line.notes)),
    )
