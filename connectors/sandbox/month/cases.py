"""October 2026 at Acme: about forty reports, among them one for every rule that can bite.

Each case is a constant below, or in the modules of `more` for the other workspaces; `story()`
says which report id plays it. The cases' figures are fixed, ids and the ordinary reports around
them come from the seed.
"""

import random
from collections.abc import Sequence
from copy import deepcopy
from decimal import Decimal
from functools import cache
from typing import Any

from .build import Expense, Report, europe_expense, expense, report, report_id
from .more import more_edits, more_story
from .more import reports as more_reports
from .numbers import SEED, first_number
from .volume import ORDINARY_PEOPLE, ordinary_expenses
from .world import EUROPE, PEOPLE

ORDINARY_REPORTS = 11

# -- the cases -----------------------------------------------------------------------------------
REVISED = "revised"  # 412.60 USD, 398.10 after `revision()`: its second line is lowered by 14.50
REVISION_CENTS = -1450
UNAPPROVED_LATER = "unapproved_later"  # approved at first, `unapproval()` takes that back
NEGATIVE_LINES = "negative_lines"  # a refund among the lines, total still positive
ZERO_LINES = "zero_lines"  # one line of 0.00 among others
ALL_ZERO = "all_zero"  # every line 0.00: nothing to post
MULTI_LEVEL_TAGS = "multi_level_tags"  # three, two and one levels, and a line without any
ESCAPED_COLON = "escaped_colon"  # client Initech:Website, so `tag` holds "Initech\:Website"
ODD_MERCHANTS = "odd_merchants"  # quotes, umlauts, CJK, &amp;, line breaks, </b>, backslash
CARD_AND_CASH = "card_and_cash"  # company card, out of pocket, and a reimbursable card line
CARD_ONLY = "card_only"  # nothing reimbursable
TEAM_EVENTS = ("team_events_1", "team_events_2", "team_events_3")  # category without GL code
LEFT_HELD = "left_held"  # tag Legacy, whose class is inactive in the ledger: nobody cures this one
OLD_TRAVEL = "old_travel"  # category enabled here, account inactive in the ledger
NO_VENDOR = "no_vendor"  # Ines Duarte: only a customer has that name in the ledger
PROCESSING = "processing"  # submitted, not approved
OPEN = "open"  # a draft
REIMBURSED = "reimbursed"  # already paid by Expensify when first seen
FOREIGN_CURRENCY = "foreign_currency"  # EUR and JPY expenses converted into USD
MILEAGE = "mileage"  # distance with units
ATTENDEES = "attendees"  # a dinner with named guests
RECEIPTS = "receipts"  # every line has a receipt, one transaction id of 18 digits
TEST_MODE = "test_mode"  # the name begins with "TEST "
APPROVED_30_SEP = "approved_30_sep"  # 30 Sep 23:30 UTC: before the cut-over in every zone
APPROVED_1_OCT_UTC = "approved_1_oct_utc"  # 1 Oct 02:00 UTC, which is 30 Sep in New York
APPROVED_31_OCT_NEW_YORK = "approved_31_oct_new_york"  # 1 Nov 02:30 UTC, 31 Oct in New York
TOTAL_OFF_BY_A_CENT = "total_off_by_a_cent"  # `total` says one cent more than the lines
UNCATEGORIZED = "uncategorized"  # one line still has Expensify's default category
IN_EUROPE = ("europe_1", "europe_2", "europe_3", "europe_4")  # workspace Acme Europe, EUR
TEST_PREFIX = "TEST "

HOTEL, TAXI, MEAL = "Lodging", "Taxi & Rideshare", "Meals & Entertainment"
CONSULTING = ("Consulting", "East", "Globex")
SALES = ("Sales", "West", "Internal")
OPERATIONS = ("Operations", "East", "Internal")
ENGINEERING = ("Engineering", "West", "Initech")

Case = tuple[str, str, str, Sequence[Expense], dict[str, Any]]


def _plain() -> list[Case]:
    """(constant, report name, login, lines, more) - the cases about lines and amounts."""
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


def _cards() -> list[Case]:
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


def _held() -> list[Case]:
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


def _states_and_dates() -> list[Case]:
    """Where a report stands, and on which side of a date it falls."""
    ride = [expense("2026-09-24", "Curb", TAXI, 2480, CONSULTING)]
    return [
        (
            PROCESSING,
            "Waiting for Cy",
            "grace.kim",
            [expense("2026-10-26", "Zoom", "Software", 14990, SALES)],
            {"status": "Processing", "submitted": "2026-10-27 09:00:00"},
        ),
        (
            OPEN,
            "Draft",
            "ben.ito",
            [expense("2026-10-28", "Muji", "Office Supplies", 2390, OPERATIONS)],
            {"status": "Open", "created": "2026-10-28 10:10:10"},
        ),
        (
            REIMBURSED,
            "Paid already",
            "emma.larsen",
            [
                expense("2026-10-01", "JetBlue", "Airfare", 21840, CONSULTING),
                expense("2026-10-02", "Hyatt Place", HOTEL, 18950, CONSULTING),
            ],
            {
                "status": "Reimbursed",
                "approved": "2026-10-07 10:20:30",
                "reimbursed": "2026-10-12 16:00:00",
            },
        ),
        (
            TEST_MODE,
            TEST_PREFIX + "please ignore",
            "emma.larsen",
            [expense("2026-10-29", "Test merchant", "Office Supplies", 100, OPERATIONS)],
            {"approved": "2026-10-29 15:00:00"},
        ),
        (
            APPROVED_30_SEP,
            "September, last minute",
            "chloe.martin",
            ride,
            _at("2026-09-30 23:30:00"),
        ),
        (
            APPROVED_1_OCT_UTC,
            "September, past UTC",
            "farid.haddad",
            ride,
            _at("2026-10-01 02:00:00"),
        ),
        (
            APPROVED_31_OCT_NEW_YORK,
            "October, last minute",
            "hugo.silva",
            [expense("2026-10-30", "FedEx Office", "Postage", 3345, OPERATIONS)],
            _at("2026-11-01 02:30:00"),
        ),
    ]


def _at(moment: str) -> dict[str, Any]:
    return {"approved": moment}


def _rich() -> list[Case]:
    """Lines that carry more than an amount."""
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
        (ATTENDEES, "Globex dinner", "grace.kim", [dinner], _at("2026-10-26 10:00:00")),
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


def _europe() -> list[Case]:
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


def _cases() -> list[Case]:
    return [*_plain(), *_cards(), *_held(), *_states_and_dates(), *_rich(), *_europe()]


# -- the month -------------------------------------------------------------------------------------
@cache
def _month(seed: int) -> tuple[Report, ...]:
    first = first_number(seed)
    told = [
        report(first + place, name, PEOPLE[login], lines, **more)
        for place, (_, name, login, lines, more) in enumerate(_cases())
    ]
    chance = random.Random(f"month {seed}")
    ordinary = []
    for place in range(ORDINARY_REPORTS):
        day = 2 + place * 27 // ORDINARY_REPORTS
        person = ORDINARY_PEOPLE[place % len(ORDINARY_PEOPLE)]
        lines = ordinary_expenses(chance, chance.randint(1, 5), f"2026-10-{day:02}")
        at = f"2026-10-{day + 1:02} {chance.randint(13, 20)}:{chance.randint(10, 59)}:00"
        number = first + 500 + place
        ordinary.append(report(number, f"Expenses {day} Oct", person, lines, approved=at))
    return (*told, *ordinary)


def month(seed: int = SEED) -> list[Report]:
    """The first month's reports, fresh copies, cases first; `more` has the wider month's."""
    return deepcopy(list(_month(seed)))


def everything(seed: int = SEED) -> tuple[Report, ...]:
    """Both months: the seed's own reports, not to be changed."""
    return (*_month(seed), *more_reports(seed))


@cache
def _story(seed: int) -> dict[str, str]:
    first = first_number(seed)
    own = {case[0]: report_id(first + place) for place, case in enumerate(_cases())}
    return own | more_story(seed)


def story(seed: int = SEED) -> dict[str, str]:
    """Case -> report id, of both months."""
    return dict(_story(seed))


def case_report(case: str, seed: int = SEED) -> Report:
    """A copy of the report that plays the case, as it was seeded."""
    wanted = _story(seed)[case]
    return deepcopy(next(one for one in everything(seed) if one["reportID"] == wanted))


def revision(seed: int = SEED) -> dict[str, Any]:
    """The edit that turns REVISED from 412.60 into 398.10, as a body for control verb `reports`."""
    revised = case_report(REVISED, seed)
    line = revised["transactionList"][1]
    return {
        "action": "edit_expense",
        "reportID": revised["reportID"],
        "transactionID": line["transactionID"],
        "fields": {"modifiedAmount": line["amount"] + REVISION_CENTS},
    }


def unapproval(seed: int = SEED) -> dict[str, Any]:
    """The step back of UNAPPROVED_LATER, as a body for control verb `reports`."""
    return {"action": "unapprove", "reportID": story(seed)[UNAPPROVED_LATER]}


def edits(seed: int = SEED) -> dict[str, Any]:
    """What time brings: `revise` and `unapprove` of the first month, and the wider month's by case.

    Each is a body for control verb `reports`, or a list of bodies.
    """
    return {"revise": revision(seed), "unapprove": unapproval(seed)} | more_edits(seed)
