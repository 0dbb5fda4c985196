"""The difference document: what is missing beside documents that cannot be changed any more.

A bill that was paid stays as it is; when its report changes, a further document brings the books
to what the report says now. Pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from connectors.contract.entry import Entry, Kind, Line, Role
from connectors.contract.problem import Problem
from mappings.texts import money

# Between the name of a part and the number of its correction.
MARK = "/correction-"

_RISING = {
    Kind.BILL: Kind.BILL,
    Kind.CREDIT: Kind.BILL,
    Kind.EXPENSE: Kind.EXPENSE,
    Kind.CARD_CREDIT: Kind.EXPENSE,
    Kind.JOURNAL: Kind.JOURNAL,
}
_FALLING = {
    Kind.BILL: Kind.CREDIT,
    Kind.CREDIT: Kind.CREDIT,
    Kind.EXPENSE: Kind.CARD_CREDIT,
    Kind.CARD_CREDIT: Kind.CARD_CREDIT,
    Kind.JOURNAL: Kind.JOURNAL,
}


def corrected(name: str) -> str:
    """The part that a correction belongs to; the name itself where it is none."""
    return name.partition(MARK)[0]


def is_correction(name: str) -> bool:
    return MARK in name


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands for a part: its document and the corrections made since, oldest first.

    number  of the document, as people know it
    """

    number: str
    entries: tuple[Entry, ...]


def correction(
    standing: Standing,
    wanted: Entry | None,
    *,
    name: str,
    on: date,
    zero_total: frozenset[Kind] = frozenset(Kind),
) -> Entry | Problem:
    """The entry that, beside what stands, amounts to `wanted`; to nothing where that is None.

    name        of the correction, made by the caller from the part's
    on          its posting date
    zero_total  kinds of which the ledger takes a document of 0.00
    """
    first = standing.entries[0]
    if problem := _incomparable(standing, wanted):
        return problem
    stands = [line for entry in standing.entries for line in entry.lines]
    lines = _rest(stands, wanted.lines if wanted else ())
    costs = [line for line in lines if line.role is not Role.OFFSET]
    if not costs:
        return _problem(
            "correction.none",
            f"What changed in report {first.report_id} is no amount: document {standing.number} "
            "and the report say the same figures. Nothing was posted.",
            "Set the change aside; correct texts and dates in the ledger where it matters.",
        )
    owed = [line for line in lines if line.role is Role.OFFSET]
    owed = owed or [replace(_offset(first), amount=Decimal(0))]
    total = -sum((line.amount for line in owed), Decimal(0))
    kind = (_FALLING if total < 0 else _RISING)[first.kind]
    if total == 0 and kind not in zero_total:
        return _problem(
            "correction.zero",
            f"The lines of report {first.report_id} moved between accounts and add up to the same "
            f"total, and a further document of 0.00 is not taken there. Document {standing.number} "
            "was left as it is, nothing was posted.",
            "Move the amounts in the ledger by a journal entry, then set this aside.",
        )
    before = sum((entry.total for entry in standing.entries), Decimal(0))
    after = wanted.total if wanted else Decimal(0)
    change = f"{money(before, first.currency)} -> {money(after, first.currency)}"
    return Entry(
        kind=kind,
        report_id=first.report_id,
        slice_name=name,
        date=on,
        currency=first.currency,
        lines=(*costs, *owed),
        party=first.party,
        memo=f"Correction of document {standing.number}: {change}. {(wanted or first).memo}",
        dimensions=first.dimensions,
        rate=(wanted or first).rate,
    )


def _incomparable(standing: Standing, wanted: Entry | None) -> Problem | None:
    """One document has one payee, one currency, one header: where these changed, the difference
    is no single document."""
    if wanted is None:
        return None
    first = standing.entries[0]
    pairs = {
        "payee": (_name(first), _name(wanted)),
        "currency": (first.currency, wanted.currency),
        "exchange rate": (first.rate, wanted.rate),
        "header": (_header(first), _header(wanted)),
    }
    for what, (was, now) in pairs.items():
        if was != now:
            return _problem(
                "correction.other",
                f"The {what} of report {first.report_id} changed ({_shown(was)} -> {_shown(now)}), "
                f"which no further document can put right. Document {standing.number} was left as "
                "it is, nothing was posted.",
                "Undo the payment or the match in the ledger and release this, or set it aside.",
            )
    return None


def _name(entry: Entry) -> str:
    return entry.party.name if entry.party else ""


def _header(entry: Entry) -> str:
    return ", ".join(sorted(f"{one.dimension} {one.value.label}" for one in entry.dimensions))


def _shown(what: object) -> str:
    return str(what) if what not in ("", None) else "none"


def _offset(entry: Entry) -> Line:
    return entry.role(Role.OFFSET)[0]


def _rest(stands: Iterable[Line], wanted: Iterable[Line]) -> list[Line]:
    """`wanted` less `stands`, netted where account, dimensions, tax and party are the same."""
    amounts: dict[tuple, tuple[Decimal, Decimal]] = {}
    shown: dict[tuple, Line] = {}
    for sign, lines in ((-1, stands), (1, wanted)):
        for line in lines:
            key = _place(line)
            amount, tax = amounts.get(key, (Decimal(0), Decimal(0)))
            amounts[key] = amount + sign * line.amount, tax + sign * line.tax_amount
            shown[key] = line
    return [
        replace(shown[key], amount=amount, tax_amount=tax, text=f"Correction: {shown[key].text}")
        for key, (amount, tax) in amounts.items()
        if amount or tax
    ]


def _place(line: Line) -> tuple:
    values = sorted((one.dimension, one.value.id) for one in line.dimensions)
    return (
        line.role,
        line.account.id,
        tuple(values),
        line.tax_code.id if line.tax_code else "",
        line.party.id if line.party else "",
        line.billable,
    )


def _problem(code: str, message: str, cure: str) -> Problem:
    return Problem(code, "document", message, cure)


def changed_lines(before: Entry, after: Entry, most: int = 3) -> str:
    """What became of the expenses, in words: "Taxi lowered by 14.50, Hotel left out"."""
    was, now = _by_expense(before), _by_expense(after)
    told = []
    for name, line in now.items():
        old = was.get(name)
        if old is None:
            told.append(f"{_called(line)} added")
        elif (moved := line.amount - old.amount) != 0:
            way = "raised" if moved > 0 else "lowered"
            told.append(f"{_called(line)} {way} by {abs(moved):,.2f}")
        elif line.account.id != old.account.id:
            told.append(f"{_called(line)} moved to {line.account.label}")
    told += [f"{_called(line)} left out" for name, line in was.items() if name not in now]
    more = f" and {len(told) - most} more" if len(told) > most else ""
    return ", ".join(told[:most]) + more


def _by_expense(entry: Entry) -> dict[str, Line]:
    lines: Sequence[Line] = entry.role(Role.EXPENSE)
    return {line.transaction_id: line for line in lines if line.transaction_id}


def _called(line: Line) -> str:
    return line.text.split(" - ")[0].strip()[:60] or line.account.label
