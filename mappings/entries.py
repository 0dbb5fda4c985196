"""The entry itself, once everything about it is decided: lines, tax, the credit side, rounding."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from connectors.contract.entry import DimensionRef, Entry, Kind, Line, Ref, Role
from connectors.contract.problem import Problem
from connectors.contract.report import Expense, Report
from mappings import texts
from mappings.books import Book
from mappings.currency import Conversion, Counterparts
from mappings.dates import PostingDate, due_date
from mappings.liabilities import CARD, COMPANY, PAYABLE, Purse, purse_of
from mappings.lines import MeantLine
from mappings.slices import ANY_KIND, Slice
from mappings.terms import PartyPolicy, ReceiptFiles
from mappings.validate import NOTHING_POSTED


@dataclass(frozen=True, slots=True)
class Decided:
    """A slice of which every line, the counterparts, the date and the rate are known."""

    report: Report
    part: Slice
    lines: Sequence[MeantLine]
    header: tuple[DimensionRef, ...]
    against: Counterparts
    dated: PostingDate
    conversion: Conversion


def entry_of(decided: Decided, book: Book) -> Entry | Problem:
    """The entry, or why the books have no place for what converting it leaves over."""
    report, part, against = decided.report, decided.part, decided.against
    memo = _memo(decided, book)
    lines = [line for one in decided.lines for line in _expense_lines(one, decided, book)]
    owed = list(_owed(decided, book, memo))
    rest = -sum((line.amount for line in (*lines, *owed)), Decimal(0))
    if rest:
        residue = _residue(rest, decided, book)
        if isinstance(residue, Problem):
            return residue
        lines.append(residue)
    rate = decided.conversion.rate
    return Entry(
        kind=part.kind,
        report_id=report.report_id,
        slice_name=part.name,
        date=decided.dated.on,
        currency=against.currency,
        lines=(*lines, *owed),
        party=against.party.ref if against.party else None,
        due_date=_due(decided, book),
        memo=memo,
        dimensions=decided.header,
        rate=rate.rate if rate else None,
        notes=tuple(_notes(decided)),
    )


# --- expenses and their tax ----------------------------------------------------------------------


def _expense_lines(one: MeantLine, decided: Decided, book: Book) -> Iterator[Line]:
    """What the expense cost, and beside it the tax that is reclaimed: what rounding leaves of a
    converted tax stays in the cost."""
    report, expense, convert = decided.report, one.expense, decided.conversion
    gross, tax = convert.of(expense.amount), convert.of(one.tax.amount)
    text = texts.line_text(expense, report, _converted(decided, expense.amount))
    yield Line(
        account=one.account.ref,
        amount=gross - tax,
        text=text,
        dimensions=one.dimensions,
        transaction_id=expense.transaction_id,
        tax_code=one.tax.code,
        party=_line_party(one, decided, book),
        billable=one.billable,
        receipt_url=_receipt_link(expense, book),
    )
    if tax:
        yield Line(
            account=_tax_account(one.tax.code, book),
            amount=tax,
            role=Role.TAX,
            text=text,
            transaction_id=expense.transaction_id,
            tax_code=one.tax.code,
        )


def _receipt_link(expense: Expense, book: Book) -> str:
    """The link that the line carries; a file that is attached needs none."""
    is_wanted = book.terms.receipt_files is ReceiptFiles.LINK and expense.receipt is not None
    return expense.receipt.url if is_wanted else ""


def _line_party(one: MeantLine, decided: Decided, book: Book) -> Ref | None:
    """The line's own name: of whoever owes it; in journals of whoever a rule names for a card."""
    if one.is_owed_by_party:
        return decided.against.owed_by.ref if decided.against.owed_by else None
    if decided.part.kind is Kind.JOURNAL and not one.expense.reimbursable and one.party_id:
        return book.parties[one.party_id].ref
    return None


def _tax_account(code: Ref, book: Book) -> Ref:
    """Where the ledger books the code's tax. Most ledgers choose it themselves; then it is called
    after the code."""
    account = book.accounts.get(book.terms.tax_account_id)
    return account.ref if account else Ref("", f"Tax {code.label}", kind="tax")


def _residue(rest: Decimal, decided: Decided, book: Book) -> Line | Problem:
    """The line that takes what rounding amount by amount left over: under one unit a line."""
    report, currency = decided.report, decided.conversion.currency
    account = book.accounts.get(book.terms.rounding_id)
    allowed = book.kinds.get(decided.part.kind, ANY_KIND).line_account_types
    if account is None or not account.active or (allowed and account.kind not in allowed):
        what = (
            "this flow names no account for what rounding leaves over"
            if account is None
            else f"account {account.label}, for what rounding leaves over, cannot be used on a line"
        )
        return Problem(
            "map.rounding.unset" if account is None else "map.rounding.unusable",
            "flow.rounding_account",
            f"{texts.report_place(report)}: converted into {currency} its lines differ from the "
            f"total by {texts.money(abs(rest), currency)}, and {what}. {NOTHING_POSTED}",
            "Choose the rounding account on the flow's page.",
            subject=f"flow:{book.terms.flow_id}:rounding",
        )
    code = book.tax_codes.get(book.terms.no_tax_code_id) if book.company.has_tax else None
    return Line(
        account=account.ref,
        amount=rest,
        text=f"Rounding of the conversion from {report.currency} into {currency}",
        tax_code=code.ref if code else None,
    )


# --- the credit side -----------------------------------------------------------------------------


def _owed(decided: Decided, book: Book, memo: str) -> Iterator[Line]:
    """One line for each liability: what the person is owed, what each card is."""
    sums: dict[tuple[int, str], Decimal] = {}
    purses: dict[tuple[int, str], Purse] = {}
    for one in decided.lines:
        purse = purse_of(one.expense)
        key = (decided.against.accounts[purse].id, purse.purpose)
        sums[key] = sums.get(key, Decimal(0)) + one.expense.amount
        purses.setdefault(key, purse)
    dimensions = _credit_dimensions(decided, book)
    for key, amount in sorted(sums.items(), key=lambda one: _ORDER[one[0][1]]):
        yield Line(
            account=book.accounts[key[0]].ref,
            amount=-decided.conversion.of(amount),
            role=Role.OFFSET,
            text=memo,
            dimensions=dimensions,
            party=_owed_to(purses[key], decided),
        )


_ORDER = {PAYABLE: 0, CARD: 1, COMPANY: 2}


def _owed_to(purse: Purse, decided: Decided) -> Ref | None:
    """What a card is owed is owed to nobody who filed a report."""
    against = decided.against
    party = against.party if purse.purpose == PAYABLE else against.card_party
    return party.ref if party else None


def _credit_dimensions(decided: Decided, book: Book) -> tuple[DimensionRef, ...]:
    """The flow's values for the credit side, which is a line with dimensions in journals only."""
    if decided.part.kind is not Kind.JOURNAL:
        return ()
    carried = book.kinds.get(decided.part.kind, ANY_KIND).dimensions
    return tuple(
        DimensionRef(name, book.values[row].ref)
        for name, row in sorted(book.terms.credit_values.items())
        if carried.get(name) == "line"
    )


# --- what is told beside it ----------------------------------------------------------------------


def _memo(decided: Decided, book: Book) -> str:
    part, against = decided.part, decided.against
    is_own_vendor = book.terms.party_policy is PartyPolicy.EMPLOYEE and (
        part.owes_person or (against.owed_by is not None and against.party == against.owed_by)
    )
    about = texts.Circumstances(
        owes_person=part.owes_person,
        names_person=is_own_vendor,
        part=part.part,
        moved_from=decided.dated.moved_from,
        converted=_converted(decided, part.total),
    )
    return texts.memo(decided.report, part.expenses, book.terms, about)


def _converted(decided: Decided, amount: Decimal) -> str:
    rate = decided.conversion.rate
    return texts.rate_text(amount, decided.report.currency, rate.rate) if rate else ""


def _due(decided: Decided, book: Book):
    if decided.part.kind is not Kind.BILL:
        return None
    return due_date(decided.dated.on, book.terms.due_days, decided.against.party)


def _notes(decided: Decided) -> Iterator[str]:
    dated, rate = decided.dated, decided.conversion.rate
    if dated.moved_from:
        yield f"Dated {texts.day(dated.on)} instead of {texts.day(dated.moved_from)}."
    if rate is not None:
        source = f", {rate.source}" if rate.source else ""
        yield (
            f"Converted from {decided.report.currency} into {decided.conversion.currency} at "
            f"{rate.rate.normalize():f} (rate table, {texts.month(rate.month)}{source})."
        )
    for one in decided.lines:
        yield from one.notes
