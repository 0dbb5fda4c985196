"""Lines of the newer workspaces: their currency, GL codes, tax and cards, filled in."""

from collections.abc import Sequence
from typing import Any

from ..build import Expense, expense, later
from ..world import (
    CATEGORIES,
    EUROPE,
    EUROPE_TAGS,
    EUROPE_TAX,
    FEEDS,
    FIELD,
    PRIVATE_CATEGORIES,
    TAG_LEVELS,
    UK,
    UK_LEVELS,
    UK_TAX,
    WORKSPACES,
)

Case = tuple[str, str, str, Sequence[Expense], dict[str, Any]]
"""(constant, report name, login, lines, arguments of `report`)"""

HOTEL, TAXI, MEAL, AIR = "Lodging", "Taxi & Rideshare", "Meals & Entertainment", "Airfare"
CODES = CATEGORIES | PRIVATE_CATEGORIES
TAG_CODES = {
    FIELD: tuple(TAG_LEVELS.values()),
    UK: tuple(UK_LEVELS.values()),
    EUROPE: (EUROPE_TAGS,),
}
TAXES = {UK: UK_TAX, EUROPE: EUROPE_TAX}


def line(
    policy: str,
    on: str,
    merchant: str,
    category: str,
    cents: int,
    tags: Sequence[str] = (),
    *,
    tax: tuple[str, int] | None = None,
    card: str = "",
    **more: Any,
) -> Expense:
    """One line of a workspace; `tax` is (id of the rate, cents inside the amount).

    A card line is posted two days after it was spent unless `posted` says otherwise.
    """
    found = expense(
        on,
        merchant,
        category,
        cents,
        tags,
        currency=more.pop("currency", WORKSPACES[policy][1]),
        card=card,
        tag_codes=TAG_CODES[policy],
        **{name: more.pop(name) for name in ("rate", "reimbursable", "receipt") if name in more},
    )
    found["categoryGlCode"] = CODES.get(category, "")
    if card:
        found |= FEEDS[card].fields
        found["externalID"] = f"{FEEDS[card].bank}-{on}-{abs(cents)}"
    if tax:
        name, percent = TAXES.get(policy, {}).get(tax[0], ("Standard", 20))
        found |= {
            "hasTax": True,
            "taxAmount": tax[1],
            "taxName": "VAT",
            "taxRateName": name,
            "taxRate": f"{percent}%",
            "taxCode": tax[0],
        }
    return found | more


def counted(kind: str, count: Any, rate: Any, unit: str, name: str) -> dict[str, Any]:
    """What mileage, per diem and time carry: an expense type and its units."""
    units = {"count": count, "rate": rate, "unit": unit, "name": name}
    return {"type": kind, "isDistance": kind == "distance", "units": units}


def at(moment: str, **more: Any) -> dict[str, Any]:
    """Approved at that moment (UTC)."""
    return {"approved": moment, **more}


def paid(moment: str, after_days: int, **more: Any) -> dict[str, Any]:
    """Approved, and reimbursed so many days later."""
    reimbursed = later(moment, days=after_days)
    return {"approved": moment, "status": "Reimbursed", "reimbursed": reimbursed, **more}
