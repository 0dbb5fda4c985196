"""Acme US: lines, sums, tags and texts that are not as plain as most."""

from ..build import expense
from ..cases import (
    ALL_ZERO,
    ESCAPED_COLON,
    MULTI_LEVEL_TAGS,
    NEGATIVE_LINES,
    ODD_MERCHANTS,
    REVISED,
    TOTAL_OFF_BY_A_CENT,
    UNAPPROVED_LATER,
    UNCATEGORIZED,
    ZERO_LINES,
)
from ..more.lines import HOTEL, MEAL, TAXI, Case
from .tags import CONSULTING, ENGINEERING, OPERATIONS, SALES


def amounts() -> list[Case]:
    return [
        (
            REVISED,
            "Globex workshop",
            "ben.ito",
            [
                expense("2026-10-05", "Hilton Garden Inn", HOTEL, 28640, CONSULTING, receipt=True),
                expense("2026-10-06", "Uber", TAXI, 6450, CONSULTING),
                expense("2026-10-06", "Sweetgreen", MEAL, 6170, CONSULTING),
            ],
            {"approved": "2026-10-09 15:30:45"},
        ),
        (
            UNAPPROVED_LATER,
            "Boston preparation",
            "chloe.martin",
            [
                expense("2026-10-12", "Amtrak", TAXI, 13200, CONSULTING),
                expense("2026-10-13", "Legal Sea Foods", MEAL, 4785, CONSULTING),
            ],
            {"approved": "2026-10-15 13:05:10"},
        ),
        (
            NEGATIVE_LINES,
            "Denver, with a refund",
            "dan.okafor",
            [
                expense("2026-09-28", "Delta Air Lines", "Airfare", 51230, ENGINEERING),
                expense("2026-10-02", "Delta Air Lines", "Airfare", -11820, ENGINEERING),
                expense("2026-10-02", "Snooze AM Eatery", MEAL, 4510, ENGINEERING),
            ],
            {"approved": "2026-10-06 17:42:03"},
        ),
        (
            ZERO_LINES,
            "Office visit",
            "emma.larsen",
            [
                expense("2026-10-07", "Garage, validated", TAXI, 0, OPERATIONS),
                expense("2026-10-07", "Staples", "Office Supplies", 3914, OPERATIONS),
            ],
            {"approved": "2026-10-12 14:00:00"},
        ),
        (
            ALL_ZERO,
            "Nothing after all",
            "farid.haddad",
            [
                expense("2026-10-08", "Cancelled ride", TAXI, 0, SALES),
                expense("2026-10-08", "Complimentary breakfast", MEAL, 0, SALES),
            ],
            {"approved": "2026-10-13 09:12:44"},
        ),
        (
            MULTI_LEVEL_TAGS,
            "Three teams, three coasts",
            "grace.kim",
            [
                expense("2026-10-14", "United Airlines", "Airfare", 38990, CONSULTING),
                expense("2026-10-15", "Figma", "Software", 4500, ("Engineering", "West")),
                expense("2026-10-15", "Harry & David", "Client Gifts", 7200, ("Sales",)),
                expense("2026-10-16", "USPS", "Postage", 1165),
            ],
            {"approved": "2026-10-20 16:20:31"},
        ),
        (
            ESCAPED_COLON,
            "Initech website launch",
            "hugo.silva",
            [
                expense(
                    "2026-10-19",
                    "LexisNexis",
                    "Client Costs",
                    18450,
                    ("Consulting", "West", "Initech:Website"),
                )
            ],
            {"approved": "2026-10-21 19:44:02"},
        ),
        (
            ODD_MERCHANTS,
            'Tokyo & "back"',
            "jo.wei",
            [
                expense(
                    "2026-10-08",
                    'Joe\'s "Famous" Pizza',
                    MEAL,
                    2315,
                    SALES,
                    comment='line 1\nline 2\ttab \\ </b> "quoted"',
                ),
                expense("2026-10-09", "Café Müller & Söhne", MEAL, 1890, SALES),
                expense("2026-10-10", "魏家涼麵 東京店", MEAL, 2740, SALES),
                expense("2026-10-11", "AT&amp;T Store #0415", "Phone & Internet", 6120, SALES),
            ],
            {"approved": "2026-10-16 08:15:27"},
        ),
        (
            TOTAL_OFF_BY_A_CENT,
            "Warehouse day",
            "kira.novak",
            [
                expense("2026-10-20", "Lyft", TAXI, 2245, OPERATIONS),
                expense("2026-10-20", "Office Depot", "Office Supplies", 8730, OPERATIONS),
            ],
            {"approved": "2026-10-23 12:30:00", "off_by": 1},
        ),
        (
            UNCATEGORIZED,
            "October bits",
            "farid.haddad",
            [
                expense("2026-10-21", "Trader Joe's", "Uncategorized", 1830, OPERATIONS),
                expense("2026-10-22", "Curb", TAXI, 2075, OPERATIONS),
            ],
            {"approved": "2026-10-26 15:51:19"},
        ),
    ]
