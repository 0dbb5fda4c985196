"""What should stand in the books, before any ledger's way of writing it: immutable and balanced."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from connectors.contract.money import exact, is_whole


class Kind(StrEnum):
    BILL = "bill"
    EXPENSE = "expense"
    CREDIT = "credit"
    CARD_CREDIT = "card_credit"
    JOURNAL = "journal"

    @property
    def takes_back(self) -> bool:
        """Credits: the ledger shows positive lines although money comes back."""
        return self in (Kind.CREDIT, Kind.CARD_CREDIT)


class Role(StrEnum):
    """What a line of an entry is for."""

    EXPENSE = "expense"  # where the money went; becomes a line of the document
    TAX = "tax"  # reclaimed tax; becomes tax detail where the ledger keeps it apart
    OFFSET = "offset"  # the credit side: payable, card or clearing


class EntryUnbalanced(ValueError):
    """Debits and credits differ: such an entry cannot exist."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A member of the ledger's lists: its id there, and what a person calls it."""

    id: str
    name: str = ""
    number: str = ""
    kind: str = ""

    @property
    def label(self) -> str:
        return f"{self.number} {self.name}".strip() or self.id


@dataclass(frozen=True, slots=True)
class DimensionRef:
    """A dimension (`class`, `department`, `customer`, ...) and its value in the ledger."""

    dimension: str
    value: Ref


@dataclass(frozen=True, slots=True)
class Line:
    """One side of the entry. `amount` in the entry's currency, debit positive, credit negative.

    transaction_id   the expense behind it, "" for offset lines
    tax_code         the ledger's code that `tax_amount` (part of no other line) belongs to

    Raises InexactNumber for floats.
    """

    account: Ref
    amount: Decimal
    role: Role = Role.EXPENSE
    text: str = ""
    dimensions: tuple[DimensionRef, ...] = ()
    transaction_id: str = ""
    tax_code: Ref | None = None
    tax_amount: Decimal = Decimal(0)
    party: Ref | None = None
    billable: bool = False
    receipt_url: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "amount", exact(self.amount))
        object.__setattr__(self, "tax_amount", exact(self.tax_amount))

    def dimension(self, name: str) -> Ref | None:
        return next((d.value for d in self.dimensions if d.dimension == name), None)


@dataclass(frozen=True, slots=True)
class Entry:
    """One document's worth of books. Raises EntryUnbalanced, ValueError for an impossible one,
    InexactNumber for a rate that is a float.

    report_id     Expensify's id, from which each ledger makes the document's number
    slice_name    `reimbursable`, `card:<transactionID>`, `all`, or a part of one
    memo          for people; the ledger's adapter adds its marker and cuts to its length
    dimensions    those that the document carries on its header
    rate          report currency -> home currency, where the flow (not the ledger) decides it
    """

    kind: Kind
    report_id: str
    slice_name: str
    date: date
    currency: str
    lines: tuple[Line, ...]
    party: Ref | None = None
    due_date: date | None = None
    memo: str = ""
    dimensions: tuple[DimensionRef, ...] = ()
    rate: Decimal | None = None
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        # A list would let somebody change the lines after they were found to balance.
        object.__setattr__(self, "lines", tuple(self.lines))
        if isinstance(self.date, datetime) or isinstance(self.due_date, datetime):
            raise ValueError("an entry has dates: a moment is another day in another zone")
        if self.rate is not None:
            object.__setattr__(self, "rate", exact(self.rate))
        for line in self.lines:
            if not is_whole(line.amount, self.currency):
                raise ValueError(f"{line.amount} has more decimals than {self.currency} has")
        if (rest := sum((line.amount for line in self.lines), Decimal(0))) != 0:
            raise EntryUnbalanced(
                f"report {self.report_id}, {self.slice_name}: debits and credits differ by {rest} "
                f"{self.currency}"
            )
        if not self.role(Role.EXPENSE) or not self.role(Role.OFFSET):
            raise ValueError("an entry has at least one expense line and one offset line")

    def role(self, role: Role) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.role is role)

    @property
    def total(self) -> Decimal:
        """What the offset side owes: positive for a bill, negative for a credit."""
        return -sum((line.amount for line in self.role(Role.OFFSET)), Decimal(0))

    def header_dimension(self, name: str) -> Ref | None:
        return next((d.value for d in self.dimensions if d.dimension == name), None)


def entry_from_plain(stored: dict) -> Entry:
    """The entry that `exact_json.plain` wrote down; the two are inverse to each other."""
    return Entry(
        **{
            **stored,
            "kind": Kind(stored["kind"]),
            "date": date.fromisoformat(stored["date"]),
            "due_date": date.fromisoformat(stored["due_date"]) if stored["due_date"] else None,
            "party": _ref(stored["party"]),
            "rate": Decimal(stored["rate"]) if stored["rate"] else None,
            "notes": tuple(stored["notes"]),
            "dimensions": _dimensions(stored["dimensions"]),
            "lines": tuple(
                Line(
                    **{
                        **line,
                        "account": _ref(line["account"]),
                        "amount": Decimal(line["amount"]),
                        "role": Role(line["role"]),
                        "dimensions": _dimensions(line["dimensions"]),
                        "tax_code": _ref(line["tax_code"]),
                        "tax_amount": Decimal(line["tax_amount"]),
                        "party": _ref(line["party"]),
                    }
                )
                for line in stored["lines"]
            ),
        }
    )


def _ref(stored: dict | None) -> Ref | None:
    return Ref(**stored) if stored else None


def _dimensions(stored: list[dict]) -> tuple[DimensionRef, ...]:
    return tuple(DimensionRef(one["dimension"], Ref(**one["value"])) for one in stored)
