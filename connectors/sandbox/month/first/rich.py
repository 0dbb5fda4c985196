"""Acme US: lines that carry more than an amount, and card lines that no report has."""

from decimal import Decimal

from ..build import Expense, expense
from ..cases import ATTENDEES, FOREIGN_CURRENCY, MILEAGE, RECEIPTS
from ..more.lines import HOTEL, MEAL, TAXI, Case, at
from .tags import ENGINEERING, OPERATIONS, SALES


def rich() -> list[Case]:
    guests = [
        {"email": "hank@globex.example", "displayName": "Hank Scorpio", "thumbnail": ""},
        {"email": "", "displayName": "Milton W.", "thumbnail": ""},
    ]
    dinner = expense("2026-10-22", "Gramercy Tavern", MEAL, 38600, SALES, attendees=["ann.reyes"])
    dinner["attendees"] += guests
    short_id = "904412077310558261"
    return [
        (
            FOREIGN_CURRENCY,
            "Berlin and Osaka",
            "jo.wei",
            [
                expense(
                    "2026-10-05",
                    "Hotel Adlon",
                    HOTEL,
                    8640,
                    ("Consulting", "Berlin", "Globex"),
                    currency="EUR",
                    rate="1.07",
                ),
                # zero-decimal currencies are also kept times 100, as far as is known
                expense(
                    "2026-10-09",
                    "大阪タクシー",
                    TAXI,
                    468000,
                    ("Consulting", "West", "Globex"),
                    currency="JPY",
                    rate="0.0066",
                ),
            ],
            {"approved": "2026-10-13 07:07:07"},
        ),
        (
            MILEAGE,
            "Plant visits by car",
            "dan.okafor",
            [
                expense(
                    "2026-10-09",
                    "62.4 mi @ $0.70 / mi",
                    "Mileage",
                    4368,
                    OPERATIONS,
                    type="distance",
                    isDistance=True,
                    units={
                        "count": Decimal("62.4"),
                        "rate": Decimal("0.70"),
                        "unit": "mi",
                        "name": "Standard rate",
                    },
                )
            ],
            {"approved": "2026-10-12 21:15:00"},
        ),
        (ATTENDEES, "Globex dinner", "grace.kim", [dinner], at("2026-10-26 10:00:00")),
        (
            RECEIPTS,
            "New laptop",
            "kira.novak",
            [
                expense(
                    "2026-10-06",
                    "Apple Store",
                    "Equipment",
                    189900,
                    ENGINEERING,
                    receipt=True,
                    transactionID=short_id,
                ),
                expense(
                    "2026-10-06", "Best Buy", "Office Supplies", 5499, ENGINEERING, receipt=True
                ),
            ],
            {"approved": "2026-10-08 18:18:18"},
        ),
    ]


def unreported() -> list[Expense]:
    """Company-card transactions that nobody has put on a report: only the reconciliation job shows
    them."""
    found = [
        expense("2026-10-23", "Starbucks", "Uncategorized", 865, card="4429"),
        expense("2026-10-24", "Hertz", "Uncategorized", 21430, card="4437"),
    ]
    for place, line in enumerate(found):
        line |= {"transactionID": f"904412077310559{place:03}", "reportID": "0", "inserted": ""}
    return found
