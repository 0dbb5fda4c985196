"""Our book as a trial balance: what must stand in the ledger if every posting of ours is right."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from audit.models import Posting
from audit.states import State
from connectors.contract.entry import Entry
from connectors.contract.ledger import Op


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where an amount stands: account and dimension values by their names in the ledger."""

    currency: str
    account: str
    dimensions: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        values = ", ".join(f"{name} {value}" for name, value in self.dimensions)
        return f"{self.account}{f' [{values}]' if values else ''}"


Balance = dict[Place, Decimal]


def live_postings(connection_id: int) -> Iterable[Posting]:
    """Every posting of ours because of which a document stands, oldest first."""
    return (
        Posting.objects.filter(connection_id=connection_id, state=State.POSTED)
        .exclude(op=Op.CANCEL.value)
        .order_by("pk")
    )


def our_balance(connection_id: int) -> Balance:
    """Debit positive, by account and dimension, over all live postings; zero sums left out."""
    balance: Balance = defaultdict(Decimal)
    for posting in live_postings(connection_id).iterator(chunk_size=500):
        entry = posting.as_entry()
        if entry is not None:
            add_entry(balance, entry)
    return {place: amount for place, amount in sorted(balance.items()) if amount}


def add_entry(balance: Balance, entry: Entry) -> None:
    header = {one.dimension: one.value.name for one in entry.dimensions}
    for line in entry.lines:
        values = header | {one.dimension: one.value.name for one in line.dimensions}
        place = Place(entry.currency, line.account.label, tuple(sorted(values.items())))
        balance[place] += line.amount


def by_account(balance: Balance) -> dict[tuple[str, str], Decimal]:
    """The same by currency and account alone."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for place, amount in balance.items():
        sums[place.currency, place.account] += amount
    return dict(sorted(sums.items()))
