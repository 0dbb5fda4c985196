"""Acme Field (dollars, the American company): flags, cards, credits and the kinds of expense."""

from collections.abc import Sequence
from decimal import Decimal
from functools import partial

from ..world import FIELD
from . import lines
from .lines import AIR, HOTEL, MEAL, TAXI, Case, at, counted

# -- which expenses become what --------------------------------------------------------------------
FIELD_CARD_CHARGES = "field_card_charges"  # three charges on two cards, nothing else
FIELD_CARD_AND_REFUND = "field_card_and_refund"  # a charge, and part of it back on the same card
FIELD_REFUND_ALONE = "field_refund_alone"  # nothing but a refund on a card: the total is negative
FIELD_NO_CARD = "field_no_card"  # not reimbursable, and no card is known
FIELD_PERSONAL_LIABILITY = "field_personal_liability"  # on a company card, yet reimbursable
FIELD_FOUR_FLAGS = "field_four_flags"  # all four cases of the two flags in one report
FIELD_UNMAPPED_CARD = "field_unmapped_card"  # a card that the books have no account for
FIELD_UNPOSTED_CHARGE = "field_unposted_charge"  # a card line that the bank has not posted yet
FIELD_ONE_DAY_TWICE = "field_one_day_twice"  # two charges alike: card, merchant, day and amount
FIELD_NEGATIVE = "field_negative"  # more refunded than spent: -84.20, out of pocket
FIELD_NETS_TO_ZERO = "field_nets_to_zero"  # 61.30 and -61.30
FIELD_ALL_ZERO = "field_all_zero"  # every line 0.00
FIELD_PERSONAL = "field_personal"  # a private line and a cash advance: due from the employee
FIELD_PER_DIEM = "field_per_diem"  # two days and a half of per diem
FIELD_MILEAGE = "field_mileage"  # 118.6 miles
FIELD_TIME = "field_time"  # six hours of consulting time
FIELD_BILLABLE = "field_billable"  # billable, with its client
FIELD_BILLABLE_ALONE = "field_billable_alone"  # billable, but for nobody
FIELD_BILLABLE_ON_CARD = "field_billable_on_card"  # billable, and paid by card
FIELD_UNCATEGORIZED = "field_uncategorized"  # Expensify's default category, on a card
FIELD_CLOSED = "field_closed"  # closed without anybody's approval (ARCHIVED)
FIELD_MANY_LINES = "field_many_lines"  # 430 lines: too many for one document if few are allowed
# -- party, date -----------------------------------------------------------------------------------
FIELD_TWO_VENDORS = "field_two_vendors"  # Lena Moss: two vendors have her address
FIELD_LAST_EXPENSE_SEPTEMBER = "field_last_expense_september"  # spent and submitted in September
FIELD_POSTED_NEXT_MONTH = "field_posted_next_month"  # spent 30 Oct, posted by the bank 2 Nov
FIELD_LAST_EXPENSE_CLOSED = "field_last_expense_closed"  # spent in August, which is closed
# -- tax and currency, as far as a company without tax goes ----------------------------------------
FIELD_TAX = "field_tax"  # London: the expense has VAT, the company none
FIELD_FOREIGN = "field_foreign"  # yen and Kuwaiti dinars, converted into dollars
FIELD_RESIDUE = "field_residue"  # converted lines that are a cent off Expensify's total
FIELD_UNCONVERTED = "field_unconverted"  # a foreign line without its amount in dollars

MANY = 430
SALES = ("Sales", "West", "Internal")
GLOBEX = ("Consulting", "East", "Globex")
OPERATIONS = ("Operations", "East", "Internal")
MARCO, NOOR, NOOR_VISA, LENA = "5510", "5528", "5544", "5536"  # their cards

line = partial(lines.line, FIELD)


def _cards() -> list[Case]:
    taxi = line("2026-10-06", "Yellow Cab", TAXI, 2840, SALES)
    return [
        (
            FIELD_CARD_CHARGES,
            "Cards, first week",
            "noor.aziz",
            [
                line("2026-10-05", "Dell", "Office Supplies", 12999, OPERATIONS, card=NOOR),
                line("2026-10-06", "Zoom", "Software", 14990, OPERATIONS, card=NOOR),
                line(
                    "2026-10-06", "Hyatt Place", HOTEL, 21350, GLOBEX, card=NOOR_VISA, receipt=True
                ),
            ],
            at("2026-10-12 14:10:00"),
        ),
        (
            FIELD_CARD_AND_REFUND,
            "Wrong chairs",
            "marco.ricci",
            [
                line("2026-10-07", "Staples", "Office Supplies", 48000, OPERATIONS, card=MARCO),
                line("2026-10-13", "Staples", "Office Supplies", -16000, OPERATIONS, card=MARCO),
            ],
            at("2026-10-19 15:20:00"),
        ),
        (
            FIELD_REFUND_ALONE,
            "Flight refunded",
            "marco.ricci",
            [line("2026-10-15", "United Airlines", AIR, -32460, GLOBEX, card=MARCO)],
            at("2026-10-20 16:00:00"),
        ),
        (
            FIELD_NO_CARD,
            "Paid by the office",
            "noor.aziz",
            [line("2026-10-08", "KubeCon", "Conferences", 89900, SALES, reimbursable=False)],
            at("2026-10-13 12:00:00"),
        ),
        (
            FIELD_PERSONAL_LIABILITY,
            "My own on the firm's card",
            "marco.ricci",
            [
                line(
                    "2026-10-09",
                    "Best Buy",
                    "Equipment",
                    7920,
                    SALES,
                    card=MARCO,
                    reimbursable=True,
                )
            ],
            at("2026-10-14 12:30:00"),
        ),
        (
            FIELD_FOUR_FLAGS,
            "A bit of everything",
            "marco.ricci",
            [
                taxi,
                line("2026-10-06", "Sheraton", HOTEL, 18800, SALES, card=MARCO),
                line("2026-10-06", "Duty Free", "Client Gifts", 3990, SALES, card=MARCO)
                | {"reimbursable": True},
                line("2026-10-07", "Eventbrite", "Conferences", 25000, SALES, reimbursable=False),
            ],
            at("2026-10-13 18:45:00"),
        ),
        (
            FIELD_UNMAPPED_CARD,
            "Lena's card",
            "lena.moss",
            [line("2026-10-22", "USPS", "Postage", 1165, OPERATIONS, card=LENA)],
            at("2026-10-27 13:00:00"),
        ),
        (
            FIELD_UNPOSTED_CHARGE,
            "Too fresh for the bank",
            "noor.aziz",
            [line("2026-10-28", "Figma", "Software", 4500, OPERATIONS, card=NOOR, posted="")],
            at("2026-10-29 13:00:00"),
        ),
        (
            FIELD_ONE_DAY_TWICE,
            "Two coffees",
            "noor.aziz",
            [
                line("2026-10-21", "Blue Bottle Coffee", MEAL, 640, SALES, card=NOOR),
                line("2026-10-21", "Blue Bottle Coffee", MEAL, 640, SALES, card=NOOR),
            ],
            at("2026-10-26 13:00:00"),
        ),
        (
            FIELD_UNCATEGORIZED,
            "Nobody coded it",
            "noor.aziz",
            [line("2026-10-22", "AMZN Mktp", "Uncategorized", 2317, OPERATIONS, card=NOOR)],
            at("2026-10-26 13:05:00"),
        ),
        (
            FIELD_POSTED_NEXT_MONTH,
            "Halloween",
            "noor.aziz",
            [
                line("2026-10-30", "Party City", "Client Gifts", 8815, SALES, card=NOOR)
                | {"posted": "2026-11-02"}
            ],
            at("2026-10-31 15:00:00"),
        ),
    ]


def _sums() -> list[Case]:
    return [
        (
            FIELD_NEGATIVE,
            "Returned projector",
            "marco.ricci",
            [
                line("2026-10-02", "Uber", TAXI, 3580, OPERATIONS),
                line("2026-10-05", "Office Depot", "Office Supplies", -12000, OPERATIONS),
            ],
            at("2026-10-08 11:00:00"),
        ),
        (
            FIELD_NETS_TO_ZERO,
            "Cancelled booking",
            "noor.aziz",
            [
                line("2026-10-03", "Amtrak", TAXI, 6130, SALES),
                line("2026-10-06", "Amtrak", TAXI, -6130, SALES),
            ],
            at("2026-10-09 11:00:00"),
        ),
        (
            FIELD_ALL_ZERO,
            "Vouchers only",
            "noor.aziz",
            [line("2026-10-06", "Lyft, voucher", TAXI, 0, SALES)],
            at("2026-10-09 11:30:00"),
        ),
        (
            FIELD_MANY_LINES,
            "A quarter of taxis",
            "marco.ricci",
            [
                line(f"2026-10-{1 + n % 20:02}", "NYC Taxi", TAXI, 1000 + 7 * n, OPERATIONS)
                for n in range(MANY)
            ],
            at("2026-10-28 17:00:00"),
        ),
    ]


def _kinds() -> list[Case]:
    per_diem = counted("perDiem", Decimal("2.5"), Decimal("79.00"), "day", "Chicago, M&IE")
    miles = counted("distance", Decimal("118.6"), Decimal("0.70"), "mi", "Standard rate")
    hours = counted("time", 6, Decimal("150.00"), "hour", "Consulting")
    return [
        (
            FIELD_PERSONAL,
            "Some of it was mine",
            "marco.ricci",
            [
                line("2026-10-10", "Delta Air Lines", AIR, 28400, GLOBEX),
                line("2026-10-10", "Minibar", "Personal", 1850, GLOBEX),
                line("2026-10-10", "ATM Chicago", "Cash Advance", 20000, GLOBEX),
            ],
            at("2026-10-15 10:00:00"),
        ),
        (
            FIELD_PER_DIEM,
            "Chicago per diem",
            "noor.aziz",
            [line("2026-10-12", "Chicago per diem", "Per Diem", 19750, GLOBEX, **per_diem)],
            at("2026-10-16 10:00:00"),
        ),
        (
            FIELD_MILEAGE,
            "Plants by car",
            "noor.aziz",
            [line("2026-10-13", "118.6 mi @ $0.70 / mi", "Mileage", 8302, OPERATIONS, **miles)],
            at("2026-10-16 10:30:00"),
        ),
        (
            FIELD_TIME,
            "Hours at Globex",
            "marco.ricci",
            [line("2026-10-14", "6 hours @ $150.00", "Consulting Time", 90000, GLOBEX, **hours)],
            at("2026-10-16 11:00:00"),
        ),
        (
            FIELD_BILLABLE,
            "For Globex's account",
            "marco.ricci",
            [line("2026-10-15", "LexisNexis", "Client Costs", 26500, GLOBEX, billable=True)],
            at("2026-10-19 10:00:00"),
        ),
        (
            FIELD_BILLABLE_ALONE,
            "For whose account?",
            "noor.aziz",
            [line("2026-10-15", "Kinko's Print", "Client Costs", 4120, ("Sales",), billable=True)],
            at("2026-10-19 10:30:00"),
        ),
        (
            FIELD_BILLABLE_ON_CARD,
            "Globex, by card",
            "marco.ricci",
            [
                line("2026-10-16", "Iron Mountain", "Client Costs", 9900, GLOBEX, card=MARCO)
                | {"billable": True}
            ],
            at("2026-10-20 10:00:00"),
        ),
    ]


def _parties_and_dates() -> list[Case]:
    ride = [line("2026-10-16", "Lyft", TAXI, 2210, SALES)]
    return [
        (FIELD_TWO_VENDORS, "Lena on the road", "lena.moss", ride, at("2026-10-20 14:00:00")),
        (
            FIELD_LAST_EXPENSE_SEPTEMBER,
            "September, approved late",
            "noor.aziz",
            [line("2026-09-28", "Sheraton", HOTEL, 17900, SALES)],
            at("2026-10-02 15:00:00", submitted="2026-09-30 18:00:00"),
        ),
        (
            FIELD_LAST_EXPENSE_CLOSED,
            "Found in a drawer",
            "marco.ricci",
            [line("2026-08-19", "Peet's Coffee", MEAL, 1240, SALES)],
            at("2026-10-23 15:00:00"),
        ),
        (
            FIELD_CLOSED,
            "Nobody approves this",
            "noor.aziz",
            [line("2026-10-19", "USPS", "Postage", 1890, OPERATIONS)],
            {"status": "Closed", "submitted": "2026-10-22 09:00:00"},
        ),
    ]


def _currencies() -> list[Case]:
    euro = {"currency": "EUR", "rate": "1.0741"}
    london = line("2026-10-07", "The Hoxton", HOTEL, 24000, SALES, currency="GBP", rate="1.2894")
    unconverted = line("2026-10-08", "Café Central", MEAL, 1820, SALES, **euro)
    return [
        (
            FIELD_TAX,
            "London with VAT",
            "noor.aziz",
            [london | {"hasTax": True, "taxAmount": 4000, "taxName": "VAT", "taxRate": "20%"}],
            at("2026-10-12 09:00:00"),
        ),
        (
            FIELD_FOREIGN,
            "Osaka and Kuwait",
            "marco.ricci",
            [
                # both are kept times 100, the yen's none and the dinar's three decimals aside
                line(
                    "2026-10-05", "ホテル大阪", HOTEL, 1540000, SALES, currency="JPY", rate="0.0066"
                ),
                line("2026-10-09", "Kuwait Taxi", TAXI, 1275, SALES, currency="KWD", rate="3.2617"),
            ],
            at("2026-10-13 09:00:00"),
        ),
        (
            FIELD_RESIDUE,
            "Vienna, a cent apart",
            "marco.ricci",
            [
                line("2026-10-08", "Café Central", MEAL, 1820, SALES, **euro),
                line("2026-10-08", "Wiener Linien", TAXI, 815, SALES, **euro),
            ],
            at("2026-10-14 09:00:00", off_by=1),
        ),
        (
            FIELD_UNCONVERTED,
            "Vienna, unconverted",
            "noor.aziz",
            [unconverted | {"convertedAmount": "", "currencyConversionRate": ""}],
            at("2026-10-14 09:30:00", off_by=-1820),
        ),
    ]


def cases() -> Sequence[Case]:
    found = [*_cards(), *_sums(), *_kinds(), *_parties_and_dates(), *_currencies()]
    return [(*case[:4], {"policy": FIELD} | case[4]) for case in found]
