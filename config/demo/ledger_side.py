"""The sandbox's own word on its books, in the places of `audit.reconcile`; nothing here asks us."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from audit.reconcile import Balance, Place, without_zeros

DIMENSIONS = ("class", "department", "customer")
# QuickBooks writes this code on every purchase line of a company in the United States, where
# purchases have no tax.
NO_CODE = (None, "NON")


def is_ours(document: Mapping[str, Any]) -> bool:
    """It stands, and carries a marker of ours."""
    return document["status"] == "active" and "mlc:" in str(document["markers"])


def of_documents(documents: Iterable[Mapping[str, Any]], tax_account: str) -> Balance:
    """What these documents book, line by line.

    A document tells its tax by rate, and a purchase rate is called like its code; it doesn't tell
    the account, so the caller does.
    """
    balance: Balance = defaultdict(Decimal)
    for one in documents:
        header, currency = one["dimensions"], one["currency"]
        on_header = tuple(sorted(header.items()))
        for line in one["lines"]:
            values = tuple(sorted((header | line["dimensions"]).items()))
            place = Place(currency, line["account"], values, _code(line["tax"]))
            balance[place] += Decimal(line["amount"])
        for tax in one["tax_lines"]:
            place = Place(currency, tax_account, on_header, _code(tax["rate"]))
            balance[place] += Decimal(tax["amount"])
        if one["credit_account"]:  # a journal has its credits among its lines
            balance[Place(currency, one["credit_account"], on_header)] -= Decimal(one["total"])
    return without_zeros(balance)


def of_trial_balance(rows: Iterable[Mapping[str, Any]]) -> Balance:
    """The company's trial balance: everything in its books, whoever entered it."""
    balance: Balance = defaultdict(Decimal)
    for row in rows:
        values = tuple((name, row[name]) for name in sorted(DIMENSIONS) if row[name])
        place = Place(row["currency"], row["account"], values, _code(row["tax"]))
        balance[place] += Decimal(row["amount"])
    return without_zeros(balance)


def _code(name: str | None) -> str:
    return "" if name in NO_CODE else name
