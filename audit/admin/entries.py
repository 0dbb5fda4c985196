"""Entries as a bookkeeper writes them: debits, credits, accounts with number and name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from connectors.contract.entry import Entry
from connectors.models import LedgerConnection
from mappings.models import Dimension
from mappings.texts import money


@dataclass(frozen=True, slots=True)
class Side:
    """One line of the table: `debit` or `credit` is "", the other an amount."""

    account: str
    text: str
    values: tuple[str, ...]
    debit: str
    credit: str
    receipt_url: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """An entry with its two sums, which are the same."""

    sides: tuple[Side, ...]
    sum: str
    currency: str
    header: tuple[str, ...] = ()
    memo: str = ""


def labels_of(connection: LedgerConnection) -> dict[str, str]:
    """Dimension -> what this ledger calls it."""
    rows = Dimension.objects.filter(connection=connection)
    return dict(rows.values_list("name", "label"))


def table_of(entry: Entry, labels: Mapping[str, str]) -> Table:
    debits = sum((line.amount for line in entry.lines if line.amount > 0), Decimal(0))
    return Table(
        sides=tuple(_sides(entry, labels)),
        sum=_amount(debits, entry),
        currency=entry.currency,
        header=tuple(_value(one.dimension, one.value.name, labels) for one in entry.dimensions),
        memo=entry.memo,
    )


def _sides(entry: Entry, labels: Mapping[str, str]) -> Iterator[Side]:
    for line in entry.lines:
        values = [_value(one.dimension, one.value.name, labels) for one in line.dimensions]
        if line.party is not None:
            values.append(line.party.name)
        if line.tax_code is not None:
            values.append(f"Tax {line.tax_code.label}")
        if line.billable:
            values.append("Billable")
        amount = _amount(abs(line.amount), entry)
        is_debit = line.amount >= 0
        yield Side(
            account=line.account.label,
            text=line.text,
            values=tuple(values),
            debit=amount if is_debit else "",
            credit="" if is_debit else amount,
            receipt_url=line.receipt_url,
        )


def _value(dimension: str, name: str, labels: Mapping[str, str]) -> str:
    return f"{labels.get(dimension, dimension.replace('_', ' ').capitalize())}: {name}"


def _amount(amount: Decimal, entry: Entry) -> str:
    return money(amount, entry.currency).removesuffix(entry.currency).strip()
