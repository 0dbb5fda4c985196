"""How amounts, days, lines and reports are written, on the screen and in the books."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from connectors.contract.money import is_whole, quantum
from connectors.contract.report import Expense, Report, ReportStatus
from mappings.terms import Terms

_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_REPORT_LINK = 'https://www.expensify.com/report?param={{"pageReportID":"{}"}}'


def day(on: date) -> str:
    """31 Oct 2026: no reader takes the day for the month."""
    return f"{on.day} {_MONTHS[on.month - 1]} {on.year}"


def month(on: date) -> str:
    return f"{_MONTHS[on.month - 1]} {on.year}"


def printed_day(at: str) -> str:
    """The day in a moment as Expensify prints it, without a zone; any other text as it stands."""
    try:
        return day(date.fromisoformat(at[:10]))
    except ValueError:
        return at or "an unknown day"


def moment(at: datetime, zone: str) -> str:
    local = at.astimezone(ZoneInfo(zone))
    return f"{day(local.date())} {local:%H:%M}"


def money(amount: Decimal, currency: str) -> str:
    """1,234.50 USD; an amount that the currency cannot express is shown as it came."""
    return f"{_digits(amount, currency):,f} {currency}".strip()


def report_place(report: Report) -> str:
    """What every message about a whole report begins with."""
    who, total = report.employee.label, money(report.total, report.currency)
    return f"Report {report.report_id} ({who}, {total})"


def line_place(number: int, expense: Expense, currency: str) -> str:
    """`Line 3 (Taxi, 18.40 EUR)`; `number` counts the report's lines from 1."""
    name = one_line(expense.merchant) or expense.category or expense.transaction_id
    if expense.amount is None:
        return (
            f"Line {number} ({name}, {money(expense.original_amount, expense.original_currency)})"
        )
    return f"Line {number} ({name}, {money(expense.amount, currency)})"


def one_line(text: str) -> str:
    """Line breaks, tabs and control characters become single spaces: ledgers refuse them."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", text).split())


def line_text(expense: Expense, report: Report, converted: str = "") -> str:
    """A document line's description: date, merchant, category, comment, how the amount came about.

    `converted`: "EUR 86.40 @ 1.07" where the document isn't in the report's currency. Dates are
    written 2026-10-31: the books may be read in any country.
    """
    head = " ".join(
        filter(
            None, (expense.spent_on and expense.spent_on.isoformat(), one_line(expense.merchant))
        )
    )
    parts = [head, one_line(expense.category), one_line(expense.comment)]
    if expense.original_currency != report.currency:
        parts.append(_conversion(expense))
    parts.append(converted)
    if units := expense.units:
        count = " ".join(filter(None, (one_line(units.count), one_line(units.unit))))
        rate = one_line(units.rate)
        parts.append(f"{count} x {rate}" if rate else count)
    return " - ".join(filter(None, parts)) or f"Expense {expense.transaction_id}"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a memo tells besides the report.

    owes_person  the document is a debt to whoever filed the report
    names_person whom the document names is that person
    part         (2, 3) for the second of three
    moved_from   the date that the flow's policy gave, where a closed period moved the posting
    converted    "EUR 86.40 @ 1.07", where the report's currency isn't the document's
    """

    owes_person: bool = True
    names_person: bool = True
    part: tuple[int, int] | None = None
    moved_from: date | None = None
    converted: str = ""


def memo(report: Report, expenses: Sequence[Expense], terms: Terms, about: Circumstances) -> str:
    """The document's memo, the most important first: ledgers cut memos at their end."""
    parts: list[str] = []
    if about.owes_person and report.status is ReportStatus.REIMBURSED:
        parts.append(_reimbursed(report, terms.zone))
    parts += [f"Expensify report {report.report_id}", one_line(report.name)]
    parts.append(_who(report, about.names_person))
    if about.part is not None:
        parts.append("part {} of {}".format(*about.part))
    if not about.owes_person and len(expenses) == 1:
        parts += _on_card(expenses[0])
    if about.moved_from is not None:
        parts.append(f"original date {about.moved_from.isoformat()}")
    parts.append(about.converted)
    spent = sorted(expense.spent_on for expense in expenses if expense.spent_on)
    if terms.memo_has_period and spent:
        first, last = spent[0].isoformat(), spent[-1].isoformat()
        parts.append(first if first == last else f"{first} to {last}")
    if terms.memo_has_link:
        parts.append(_REPORT_LINK.format(report.report_id))
    return " | ".join(filter(None, parts))


def rate_text(amount: Decimal, currency: str, rate: Decimal) -> str:
    """EUR 86.40 @ 1.07"""
    return f"{currency} {_digits(amount, currency):f} @ {rate.normalize():f}"


def _who(report: Report, names_person: bool) -> str:
    name, email = one_line(report.employee.name), report.employee.email
    if name and not names_person:
        # The vendor says nothing about the person, and two people may share a name.
        return f"{name} <{email}>"
    return name or email


def _on_card(expense: Expense) -> list[str]:
    card = one_line(expense.card_number or expense.card_name)
    return [f"transaction {expense.transaction_id}", f"card {card}" if card else ""]


def _reimbursed(report: Report, zone: str) -> str:
    if report.reimbursed_at is None:
        return "REIMBURSED IN EXPENSIFY, DO NOT PAY"
    on = report.reimbursed_at.astimezone(ZoneInfo(zone)).date()
    return f"REIMBURSED IN EXPENSIFY {on.isoformat()}, DO NOT PAY"


def _conversion(expense: Expense) -> str:
    original = _digits(expense.original_amount, expense.original_currency)
    rate = f" @ {expense.rate:f}" if expense.rate is not None else ""
    return f"{expense.original_currency} {original:f}{rate}"


def is_written(amount: Decimal, currency: str) -> bool:
    """True when the currency can express the amount, and a ledger can hold it."""
    try:
        return is_whole(amount, currency)
    except ValueError:  # far beyond any expense, where sums would be rounded
        return False


def _digits(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(quantum(currency)) if is_written(amount, currency) else amount
