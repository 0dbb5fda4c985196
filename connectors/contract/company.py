"""What a ledger tells about a company: who it is, its lists, its closed spans."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Company:
    """One company in the ledger. `facts` is what `render` must know: plain JSON values only."""

    company_id: str
    name: str
    home_currency: str
    country: str
    has_tax: bool
    is_multicurrency: bool
    closed_through: date | None
    role: str
    as_of: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChartRow:
    """A member of one of the ledger's lists.

    list_name  `account`, `party`, `tax_code`, or a dimension's name (`class`, `customer`, ...)
    kind       the ledger's own type: an account type, `vendor` / `customer` / `employee`
    full_name  with its parents, as the ledger writes it
    """

    list_name: str
    id: str
    name: str
    full_name: str = ""
    number: str = ""
    kind: str = ""
    active: bool = True
    currency: str = ""
    parent_id: str = ""
    email: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a long chart can be taken up again after an interruption."""

    text: str


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed span, both ends included. `first` None = since ever, `journal` None = all."""

    first: date | None
    last: date
    reason: str
    journal: str | None = None

    def covers(self, day: date, journal: str | None) -> bool:
        in_span = (self.first is None or self.first <= day) and day <= self.last
        return in_span and (self.journal is None or self.journal == journal)


@dataclass(frozen=True, slots=True)
class Locks:
    """The closed spans of a connection, theirs and ours."""

    spans: tuple[Closed, ...] = ()

    def why(self, day: date, journal: str | None = None) -> str:
        """The reason why `day` is closed, "" when it is open."""
        return next((span.reason for span in self.spans if span.covers(day, journal)), "")

    def first_open(self, day: date, journal: str | None = None) -> date:
        """The first open day from `day` on. Raises ValueError when there is none."""
        while span := next((s for s in self.spans if s.covers(day, journal)), None):
            if span.last == date.max:
                raise ValueError(f"no day from {day} on is open: {span.reason}")
            day = span.last + timedelta(days=1)
        return day

    def __add__(self, other: "Locks") -> "Locks":
        return Locks(self.spans + other.spans)
