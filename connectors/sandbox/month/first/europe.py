"""Acme Europe: its first four reports; `more` has the others."""

from ..build import europe_expense
from ..cases import IN_EUROPE
from ..more.lines import HOTEL, MEAL, TAXI, Case
from ..world import EUROPE


def europe() -> list[Case]:
    taxed = europe_expense("2026-10-07", "Motel One", HOTEL, 11900, "Berlin")
    taxed |= {
        "hasTax": True,
        "taxAmount": 1900,
        "taxName": "VAT",
        "taxRateName": "Standard",
        "taxRate": "19%",
        "taxCode": "id_TAX_STANDARD",
    }
    contents = [
        ("emma.larsen", "Berlin week 41", [taxed], "2026-10-12 08:00:00"),
        (
            "hugo.silva",
            "Lissabon & zurück",
            [europe_expense("2026-10-08", "Pastéis de Belém", MEAL, 1480, "Lisbon:Studio")],
            "2026-10-14 09:30:00",
        ),
        (
            "emma.larsen",
            "BVG",
            [europe_expense("2026-10-15", "BVG", TAXI, 990, "Berlin")],
            "2026-10-19 10:45:00",
        ),
        (
            "hugo.silva",
            "Office chairs",
            [europe_expense("2026-10-20", "IKEA", "Office Supplies", 35900, "Lisbon")],
            "2026-10-28 16:25:00",
        ),
    ]
    return [
        (constant, name, login, lines, {"approved": at, "policy": EUROPE})
        for constant, (login, name, lines, at) in zip(IN_EUROPE, contents, strict=True)
    ]
