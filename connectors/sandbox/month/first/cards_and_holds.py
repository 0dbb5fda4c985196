"""Acme US: company cards beside money of one's own, and what is held until a person decides."""

from ..build import expense
from ..cases import CARD_AND_CASH, CARD_ONLY, LEFT_HELD, NO_VENDOR, OLD_TRAVEL, TEAM_EVENTS
from ..more.lines import HOTEL, MEAL, TAXI, Case
from .tags import ENGINEERING, OPERATIONS, SALES


def cards() -> list[Case]:
    """Company cards beside money of one's own."""
    own = expense("2026-10-14", "Uber", TAXI, 3260, SALES)
    private = expense(
        "2026-10-14", "SFO Duty Free", "Client Gifts", 4150, SALES, card="4445", reimbursable=True
    )
    return [
        (
            CARD_AND_CASH,
            "San Francisco pitch",
            "kira.novak",
            [
                expense("2026-10-13", "Alaska Airlines", "Airfare", 42180, SALES, card="4445"),
                expense("2026-10-13", "citizenM", HOTEL, 37900, SALES, card="4445"),
                own,
                private,
            ],
            {"approved": "2026-10-19 17:08:55"},
        ),
        (
            CARD_ONLY,
            "Card statement, October",
            "ben.ito",
            [
                expense("2026-10-03", "GitHub", "Software", 8400, ENGINEERING, card="4411"),
                expense(
                    "2026-10-17", "Verizon", "Phone & Internet", 7135, ENGINEERING, card="4411"
                ),
            ],
            {"approved": "2026-10-22 13:37:00"},
        ),
    ]


def held() -> list[Case]:
    """What the demo's books cannot take until a person says how."""
    events = [
        ("chloe.martin", "Team offsite, bowling", "Lucky Strike", 48620, "2026-10-14 12:00:12"),
        ("grace.kim", "Engineering karaoke", "Gagopa Karaoke", 51275, "2026-10-19 12:41:50"),
        ("emma.larsen", "Summer party, late", "Brooklyn Brewery", 33840, "2026-10-27 18:09:33"),
    ]
    cases: list[Case] = [
        (
            constant,
            name,
            login,
            [
                expense(f"{at[:8]}05", merchant, "Team events", cents, ENGINEERING, receipt=True),
                expense(f"{at[:8]}05", "Uber", TAXI, 1890 + 35 * place, ENGINEERING),
            ],
            {"approved": at},
        )
        for place, (constant, (login, name, merchant, cents, at)) in enumerate(
            zip(TEAM_EVENTS, events, strict=True)
        )
    ]
    return [
        *cases,
        (
            LEFT_HELD,
            "Legacy migration",
            "hugo.silva",
            [
                expense("2026-10-12", "Lyft", TAXI, 2640, ("Legacy", "East", "Internal")),
                expense("2026-10-12", "Shake Shack", MEAL, 1975, OPERATIONS),
            ],
            {"approved": "2026-10-14 20:02:18"},
        ),
        (
            OLD_TRAVEL,
            "Rail pass",
            "dan.okafor",
            [expense("2026-10-15", "Amtrak", "Old Travel", 11900, OPERATIONS)],
            {"approved": "2026-10-20 11:26:40"},
        ),
        (
            NO_VENDOR,
            "Lisbon visitors",
            "ines.duarte",
            [
                expense("2026-10-16", "Katz's Delicatessen", MEAL, 9640, SALES),
                expense("2026-10-16", "NYC Taxi", TAXI, 3120, SALES),
            ],
            {"approved": "2026-10-21 14:33:07"},
        ),
    ]
