"""The shape on which every reader of a stored transaction relies, looked at in one place.

What is stored is compared, merged into amends and shown. A reference that is a text, or a date that
is none, would make each of them stumble in its own way, in the middle of everybody's documents.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import chain
from typing import Any

# A body that rested in a database column has its numbers as texts.
NUMBERS = frozenset(
    """Amount Balance DiscountAmt ExchangeRate NetAmountTaxable Percent Qty TaxAmount
    TaxInclusiveAmt TaxPercent TotalAmt TotalTax UnitPrice""".split()
)
_LISTS = frozenset({"Line", "LinkedTxn", "TaxLine"})
_HOLDERS = ("Detail", "Entity", "MetaData")
_TEXTS = frozenset(
    """BillableStatus Description DetailType DocNumber GlobalTaxCalculation PaymentType PostingType
    PrivateNote TxnType Type status""".split()
)
_DATES = frozenset({"TxnDate", "DueDate"})
_REQUIRED = ("Id", "SyncToken", "TxnDate")
# Servers that count in UTF-16 can cut a text in the middle of an emoji.
_HALF = re.compile("[\x00\ud800-\udfff]")
# Internal to QuickBooks and read by nobody.
_UNREAD = frozenset({"PurchaseEx", "CustomField"})


def unreadable(raw: Mapping[str, Any]) -> str:
    """The first place of the transaction that cannot be read (`Line 2, Amount`), "" without one."""
    missing = (name for name in _REQUIRED if raw.get(name) in (None, ""))
    return next(chain(missing, _places(raw), _halves(raw)), "")


def row_id(raw: Mapping[str, Any]) -> str:
    """The id of a row, "" where it has none that can be read."""
    value = raw.get("Id")
    return str(value) if value is not None and _is_id(value) else ""


def is_text(value: Any) -> bool:
    """A text, or nothing, which is also legible."""
    return value is None or isinstance(value, str)


def _places(holder: Mapping[str, Any]) -> Iterator[str]:
    for name, value in holder.items():
        if name in _UNREAD:
            continue
        if not fits(name, value):
            yield name
        elif name in _LISTS:
            for number, member in enumerate(value or (), 1):
                if not isinstance(member, Mapping):
                    yield f"{name} {number}"
                else:
                    yield from (f"{name} {number}, {place}" for place in _places(member))
        elif isinstance(value, Mapping):
            yield from (f"{name}, {place}" for place in _places(value))


def _halves(holder: Mapping[str, Any]) -> Iterator[str]:
    """Fields whose text was cut inside a character, or holds NUL: neither sent nor stored again."""
    for name, value in holder.items():
        if isinstance(value, str) and _HALF.search(value):
            yield name
        elif isinstance(value, Mapping):
            yield from (f"{name}, {place}" for place in _halves(value))
        elif isinstance(value, list | tuple):
            members = (member if isinstance(member, Mapping) else {"": member} for member in value)
            for number, member in enumerate(members, 1):
                yield from (f"{name} {number}, {place}" for place in _halves(member))


def fits(name: str, value: Any) -> bool:
    """A field of this name can hold the value; nothing at all fits everywhere."""
    if value in (None, ""):
        return True
    if name in _LISTS:
        return isinstance(value, list | tuple)
    if name.endswith("Ref"):
        return isinstance(value, Mapping) and _is_id(value.get("value", ""))
    if name.endswith(_HOLDERS):
        return isinstance(value, Mapping)
    if name in ("Id", "SyncToken"):
        return _is_id(value)
    if name in NUMBERS:
        return _is_number(value)
    if name in _DATES:
        return _is_date(value)
    return name not in _TEXTS or isinstance(value, str)


def _is_id(value: Any) -> bool:
    return value is None or (isinstance(value, str | int) and not isinstance(value, bool))


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return False
    try:
        return Decimal(value).is_finite()
    except InvalidOperation:
        return False


def _is_date(value: Any) -> bool:
    try:
        return bool(date.fromisoformat(value))
    except (TypeError, ValueError):
        return False
