"""Which expenses of a report become which document: named from the report alone."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from connectors.contract import keys
from connectors.contract.abilities import KindAbilities
from connectors.contract.entry import Kind
from connectors.contract.report import Expense, Report
from mappings import texts
from mappings.books import Book
from mappings.liabilities import purse_of
from mappings.terms import CreditPolicy, TaxPolicy, Terms

REIMBURSABLE = "reimbursable"
ALL = "all"
# Lines are looked at even where the ledger lacks the kind, so that all problems come at once.
ANY_KIND = KindAbilities(dimensions={}, text_lengths={})

Numbered = tuple[tuple[int, Expense], ...]


@dataclass(frozen=True, slots=True)
class Untaken:
    """An expense of a taken report that the flow leaves out; `amount` in the report's currency."""

    transaction_id: str
    code: str
    text: str
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class Slice:
    """The expenses of one document, with their numbers in the report.

    part  (2, 3) for the second of three, None for a slice that is one document
    """

    name: str
    kind: Kind
    lines: Numbered
    part: tuple[int, int] | None = None

    @property
    def expenses(self) -> tuple[Expense, ...]:
        return tuple(expense for _, expense in self.lines)

    @property
    def amounts(self) -> tuple[Decimal, ...]:
        """Those that Expensify gave, in the report's currency."""
        return tuple(e.amount for e in self.expenses if e.amount is not None)

    @property
    def total(self) -> Decimal | None:
        """In the report's currency, negative for a credit; None where an amount is missing."""
        amounts = self.amounts
        return sum(amounts, Decimal(0)) if len(amounts) == len(self.lines) else None

    @property
    def is_card(self) -> bool:
        """One transaction, which stands beside a line of the bank's feed."""
        return self.name.partition("/")[0] not in (REIMBURSABLE, ALL)

    @property
    def is_zero(self) -> bool:
        return all(expense.amount == 0 for expense in self.expenses)

    @property
    def owes_person(self) -> bool:
        """Something in it is owed to whoever filed the report."""
        return any(expense.reimbursable for expense in self.expenses)


def sorted_out(report: Report, book: Book) -> tuple[Numbered, tuple[Untaken, ...]]:
    """The lines that the flow takes, with their numbers in the report, and the others."""
    taken: list[tuple[int, Expense]] = []
    untaken: list[Untaken] = []
    for number, expense in enumerate(report.expenses, 1):
        # Reimbursable on a card too: what a person spent and gets back is owed to the person.
        wanted = book.terms.takes_reimbursable if expense.reimbursable else book.terms.takes_cards
        if wanted:
            taken.append((number, expense))
            continue
        if expense.reimbursable:
            code, why = "untaken.reimbursable", "reimbursable expenses are not taken by this flow"
        elif expense.is_on_card:
            code, why = "untaken.card", "company-card expenses are not taken by this flow"
        else:
            code, why = "untaken.company", "not reimbursable, and on no known card"
        untaken.append(left_out(report, number, expense, code, why))
    return tuple(taken), tuple(untaken)


def left_out(report: Report, number: int, expense: Expense, code: str, why: str) -> Untaken:
    place = texts.line_place(number, expense, report.currency)
    return Untaken(expense.transaction_id, code, f"{place}: {why}.", expense.amount)


def slices_of(taken: Numbered, book: Book) -> tuple[Slice, ...]:
    """The slices that the lines fall into, in the order of the report."""
    by_name: dict[str, list[tuple[int, Expense]]] = {}
    for number, expense in taken:
        by_name.setdefault(_name(expense, book.terms), []).append((number, expense))
    slices = (Slice(name, book.terms.kind, tuple(lines)) for name, lines in by_name.items())
    return tuple(_of_kind(one, book) for one in slices)


def _name(expense: Expense, terms: Terms) -> str:
    if terms.kind is Kind.JOURNAL:
        return ALL
    return REIMBURSABLE if expense.reimbursable else keys.card_slice(expense.transaction_id)


def _of_kind(one: Slice, book: Book) -> Slice:
    """The slice with the kind of document that its lines and total ask for."""
    if book.terms.kind is not Kind.BILL:
        return one
    total = one.total
    charge, credit = (
        (Kind.BILL, Kind.CREDIT) if one.owes_person else (Kind.EXPENSE, Kind.CARD_CREDIT)
    )
    if total is not None and total < 0:
        by_journal = book.terms.credit_policy is CreditPolicy.JOURNAL
        return replace(one, kind=Kind.JOURNAL if by_journal else credit)
    # Nothing owed, and no document for it: a journal has no total that could be refused.
    abilities = book.kinds.get(charge)
    takes_zero = abilities is None or abilities.zero_total
    if total == 0 and not takes_zero and Kind.JOURNAL in book.kinds:
        charge = Kind.JOURNAL
    return replace(one, kind=charge)


def in_parts(one: Slice, book: Book) -> Iterator[Slice]:
    """The slice in as many documents as the ledger needs; each has the kind of its own total."""
    chunks = list(_chunks(one, book))
    if len(chunks) == 1:
        yield one
        return
    for number, lines in enumerate(chunks, 1):
        name = keys.part_slice(one.name, number)
        part = Slice(name, book.terms.kind, lines, (number, len(chunks)))
        yield _of_kind(part, book)


def _chunks(one: Slice, book: Book) -> Iterator[Numbered]:
    room = _room(one, book)
    chunk: list[tuple[int, Expense]] = []
    used = 0
    for number, expense in one.lines:
        needed = _lines_needed(expense, one.kind, book.terms)
        if chunk and used + needed > room:
            yield tuple(chunk)
            chunk, used = [], 0
        chunk.append((number, expense))
        used += needed
    yield tuple(chunk)


def _room(one: Slice, book: Book) -> int:
    """Lines of a document less those that are no expense: a journal's credit side, the rounding
    line of a converted report."""
    most = book.kinds.get(one.kind, ANY_KIND).max_lines
    purses = {purse_of(expense) for expense in one.expenses}
    reserved = len(purses) if one.kind is Kind.JOURNAL else 0
    return max(1, most - reserved - (1 if book.terms.rounding_id else 0))


def _lines_needed(expense: Expense, kind: Kind, terms: Terms) -> int:
    """Two where reclaimed tax is a line of its own, which it is in journals."""
    is_split = terms.tax_policy is TaxPolicy.RECLAIM and bool(expense.tax_amount)
    return 2 if kind is Kind.JOURNAL and is_split else 1
