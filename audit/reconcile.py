"""Our book as a trial balance: what must stand in the ledger if every posting of ours is right."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from audit.models import Posting
from audit.states import State
from connectors.contract.entry import Entry, Line, Role
from connectors.contract.ledger import Op


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where an amount stands: account, dimension values and tax code by their names in the ledger.

    currency  of the document: the report's, or the home currency where the flow converted it
    tax       "" where the line has no code
    """

    currency: str
    account: str
    dimensions: tuple[tuple[str, str], ...] = ()
    tax: str = ""

    def __str__(self) -> str:
        values = [f"{name} {value}" for name, value in self.dimensions]
        values += [f"tax {self.tax}"] if self.tax else []
        listed = f" [{', '.join(values)}]" if values else ""
        return f"{self.account}{listed}"

    def value(self, dimension: str) -> str:
        """The place's member of the dimension, "" for none."""
        return dict(self.dimensions).get(dimension, "")


Balance = dict[Place, Decimal]


def live_postings(connection_id: int) -> Iterable[Posting]:
    """Every posting of ours because of which a document stands, oldest first."""
    return (
        Posting.objects.filter(connection_id=connection_id, state=State.POSTED)
        .exclude(op=Op.CANCEL.value)
        .order_by("pk")
    )


def our_balance(connection_id: int, tax_account: str = "") -> Balance:
    """Debit positive, place by place, over all live postings; zero sums left out.

    tax_account  where the ledger books reclaimed tax of flows that name no account for it
    """
    balance: Balance = defaultdict(Decimal)
    for posting in live_postings(connection_id).iterator(chunk_size=500):
        entry = posting.as_entry()
        if entry is not None:
            add_entry(balance, entry, tax_account)
    return without_zeros(balance)


def add_entry(balance: Balance, entry: Entry, tax_account: str = "") -> None:
    header = {one.dimension: one.value.name for one in entry.dimensions}
    for line in entry.lines:
        values = header | {one.dimension: one.value.name for one in line.dimensions}
        place = Place(
            entry.currency,
            _account(line, tax_account),
            tuple(sorted(values.items())),
            line.tax_code.name if line.tax_code else "",
        )
        balance[place] += line.amount


def _account(line: Line, tax_account: str) -> str:
    """A line of tax without an account of its own is called after its code (`Tax 20.0% S`)."""
    is_unnamed = line.role is Role.TAX and not line.account.id
    return tax_account if is_unnamed and tax_account else line.account.label


def without_zeros(balance: Balance) -> Balance:
    return {place: amount for place, amount in sorted(balance.items()) if amount}


def by_account(balance: Balance) -> dict[tuple[str, str], Decimal]:
    """The same by currency and account alone."""
    return _sums((place.currency, place.account, amount) for place, amount in balance.items())


def by_dimension(balance: Balance, dimension: str) -> dict[tuple[str, str], Decimal]:
    """By currency and member; what has none is left out."""
    return _sums(
        (place.currency, place.value(dimension), amount) for place, amount in balance.items()
    )


def by_tax_code(balance: Balance) -> dict[tuple[str, str], Decimal]:
    """By currency and tax code; what has none is left out."""
    return _sums((place.currency, place.tax, amount) for place, amount in balance.items())


def _sums(rows: Iterable[tuple[str, str, Decimal]]) -> dict[tuple[str, str], Decimal]:
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for currency, name, amount in rows:
        if name:
            sums[currency, name] += amount
    return dict(sorted(sums.items()))
