"""On which day a document is dated: by the flow's policy, closed periods and kept dates."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.contract.problem import Problem
from connectors.contract.report import Expense, Report
from mappings.books import Book, Party
from mappings.slices import Slice
from mappings.terms import CardDatePolicy, DatePolicy, LockPolicy
from mappings.texts import day, line_place, report_place
from mappings.validate import NOTHING_POSTED


@dataclass(frozen=True, slots=True)
class PostingDate:
    """`moved_from` is the date of the policy where a closed period moved the document."""

    on: date
    moved_from: date | None = None


def decided_on(report: Report, zone: str) -> date | None:
    """The day of approval in `zone`; where nobody approves, of submission or creation."""
    for at in (report.approved_at, report.submitted_at, report.created_at):
        if at is not None:
            return local_day(at, zone)
    return max((e.spent_on for e in report.expenses if e.spent_on), default=None)


def local_day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def posting_date(
    report: Report, part: Slice, book: Book, kept: date | None
) -> PostingDate | Problem:
    """`kept`: the date on which the document stands already and which a revision keeps."""
    wanted = _wanted(report, part, book)
    if kept is not None:
        if reason := book.locks.why(kept):
            return _locked(report, book, kept, reason, standing=True)
        return PostingDate(kept, wanted if wanted and wanted < kept else None)
    if wanted is None:
        return _missing(report, part, book)
    reason = book.locks.why(wanted)
    if not reason:
        return PostingDate(wanted)
    if book.terms.lock_policy is LockPolicy.NEXT_OPEN and (after := _first_open(book, wanted)):
        return PostingDate(after, wanted)
    return _locked(report, book, wanted, reason, standing=False)


def due_date(on: date, due_days: int | None, party: Party | None) -> date | None:
    """None leaves it to the ledger, which knows the terms of its vendor."""
    if due_days is None or (party is not None and party.has_terms):
        return None
    return on + timedelta(days=due_days)


def _wanted(report: Report, part: Slice, book: Book) -> date | None:
    """The date of the policy; a card's document has one of its own."""
    policy = book.terms.card_date_policy
    if part.is_card and policy is not CardDatePolicy.REPORT:
        expense = part.expenses[0]
        bank = expense.posted_on if policy is CardDatePolicy.BANK else None
        return bank or expense.spent_on
    return _by_policy(report, part.expenses, book)


def _by_policy(report: Report, expenses: Sequence[Expense], book: Book) -> date | None:
    zone = book.terms.zone
    last = max((e.spent_on for e in expenses if e.spent_on), default=None)
    match book.terms.date_policy:
        case DatePolicy.APPROVAL:
            return report.approved_at and local_day(report.approved_at, zone)
        case DatePolicy.SUBMITTED:
            return report.submitted_at and local_day(report.submitted_at, zone)
        case DatePolicy.LAST_EXPENSE:
            return last
        case DatePolicy.MONTH_END:
            return last and _month_end(last)
        case DatePolicy.POSTING_DAY:
            return book.opened_on


def _month_end(on: date) -> date:
    return (on.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _first_open(book: Book, on: date) -> date | None:
    try:
        return book.locks.first_open(on)
    except ValueError:  # closed for ever
        return None


_LACKS = {
    DatePolicy.APPROVAL: "date of approval",
    DatePolicy.SUBMITTED: "date of submission",
    DatePolicy.LAST_EXPENSE: "expense with a date",
    DatePolicy.MONTH_END: "expense with a date",
    DatePolicy.POSTING_DAY: "day of posting",
}


def _missing(report: Report, part: Slice, book: Book) -> Problem:
    what = f"{report_place(report)} has no {_LACKS[book.terms.date_policy]}"
    if part.is_card and book.terms.card_date_policy is not CardDatePolicy.REPORT:
        number, expense = part.lines[0]
        what = f"{line_place(number, expense, report.currency)} has no date"
    return Problem(
        "map.date.missing",
        "date",
        f"{what}, by which this flow posts. {NOTHING_POSTED}",
        "Complete the report in Expensify, or choose another posting date on the flow's page.",
    )


def _locked(report: Report, book: Book, on: date, reason: str, *, standing: bool) -> Problem:
    first_open = _first_open(book, on)
    label = book.company.ledger_label
    done = "The document was left as it is." if standing else NOTHING_POSTED
    if standing:
        other_way = ", or post the difference as a document of its own."
    elif first_open:
        other_way = f", or post on {day(first_open)} with the original date in the memo."
    else:
        other_way = "."
    return Problem(
        "map.date.locked",
        "date",
        f"{report_place(report)}: posting date {day(on)} is in a closed period ({reason}). {done}",
        f"Open the period (in {label}, or our own on the connection's page){other_way}",
        subject=f"period:{on:%Y-%m}",
        facts={"date": on.isoformat()}
        | ({"next_open": first_open.isoformat()} if first_open else {}),
    )
