"""Two versions of a report, and what changed between them, line by line and in words."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from connectors.contract.report import Expense, Report, Tag
from mappings.texts import line_place, money

_FIELDS = {
    "category": "category",
    "merchant": "merchant",
    "comment": "comment",
    "spent_on": "date",
    "tags": "tags",
    "reimbursable": "reimbursable",
    "billable": "billable",
    "original_currency": "currency",
    "tax_amount": "tax",
    "card_number": "card",
}


def differences(old: Report, new: Report) -> list[str]:
    """Sentences such as `Line 2 (Taxi, 12.40 USD) lowered by 14.50.`; lines are told apart by
    Expensify's own id, never by their place."""
    return list(_differences(old, new))


def _differences(old: Report, new: Report) -> Iterator[str]:
    if old.total != new.total or old.currency != new.currency:
        before, after = money(old.total, old.currency), money(new.total, new.currency)
        yield f"Total {before} became {after}."
    if old.name != new.name:
        yield f"Name “{old.name}” became “{new.name}”."
    before = {expense.transaction_id: expense for expense in old.expenses}
    for number, expense in enumerate(new.expenses, 1):
        place = line_place(number, expense, new.currency)
        earlier = before.pop(expense.transaction_id, None)
        if earlier is None:
            yield f"{place} added."
        else:
            yield from _line(place, earlier, expense, old.currency, new.currency)
    places = {expense.transaction_id: number for number, expense in enumerate(old.expenses, 1)}
    for transaction_id, expense in before.items():
        yield f"{line_place(places[transaction_id], expense, old.currency)} removed."
    if dict(old.fields) != dict(new.fields):
        yield "Report fields changed."


def _line(place: str, old: Expense, new: Expense, currency: str, now: str) -> Iterator[str]:
    if currency == now and old.amount is not None and new.amount is not None:
        if change := new.amount - old.amount:
            word = "raised" if change > 0 else "lowered"
            yield f"{place} {word} by {money(abs(change), now)}."
    elif old.amount != new.amount:
        before = money(old.amount, currency) if old.amount is not None else "unknown"
        yield f"{place}: the amount was {before} before."
    for field, label in _FIELDS.items():
        before, after = getattr(old, field), getattr(new, field)
        if before != after:
            yield f"{place}: {label} {_shown(before)} became {_shown(after)}."


def _shown(content: object) -> str:
    match content:
        case None | "" | ():
            return "(none)"
        case bool():
            return "yes" if content else "no"
        case Decimal():
            return money(content, "")
        case date():
            return content.isoformat()
        case tuple():
            return "“" + ": ".join(tag.name for tag in content if isinstance(tag, Tag)) + "”"
    return f"“{content}”"
