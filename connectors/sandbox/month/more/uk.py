"""Acme UK (pounds, the British company): VAT of every kind, with and without receipts."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ..build import Report
from ..world import UK
from . import lines
from .lines import AIR, HOTEL, MEAL, TAXI, Case, at, paid

UK_STANDARD = "uk_standard"  # 20 %, receipts on every line
UK_NO_RECEIPT = "uk_no_receipt"  # 20 %, and a line that has no receipt
UK_REDUCED = "uk_reduced"  # 5 %
UK_MIXED_RATES = "uk_mixed_rates"  # 20, 5 and 0 %, exempt, and one without tax
UK_ODD_PENCE = "uk_odd_pence"  # receipts whose VAT is a penny off what the rate gives
UK_NO_TAX = "uk_no_tax"  # nothing has tax
UK_OLD_RATE = "uk_old_rate"  # 17.5 %: an id that the workspace's list does not have
UK_EDITED_TAX = "uk_edited_tax"  # the tax was corrected by hand (modifiedTaxAmount)
UK_CARD = "uk_card"  # two card charges with VAT, a feed each
UK_CARD_REFUND = "uk_card_refund"  # a refund on the card, its VAT negative
UK_NEGATIVE = "uk_negative"  # more refunded than spent, with VAT
UK_NEGATIVE_LINE = "uk_negative_line"  # a refund with VAT inside a positive report
UK_FOREIGN = "uk_foreign"  # euros with German tax, converted into pounds
UK_TWO_VENDORS = "uk_two_vendors"  # Sam Cole: two vendors have his address
UK_NO_VENDOR = "uk_no_vendor"  # Nia Rhys: no vendor at all
UK_PLAIN = ("uk_plain_1", "uk_plain_2", "uk_plain_3")  # ordinary ones with VAT
UK_REIMBURSED = "uk_reimbursed"  # paid already
UK_TAX_REVISED = "uk_tax_revised"  # its VAT is lowered after approval
UK_BILLABLE = "uk_billable"  # billable to Globex, with VAT

STANDARD, REDUCED = "id_TAX_OPTION_20", "id_TAX_OPTION_5"
ZERO, EXEMPT = "id_TAX_OPTION_0", "id_TAX_EXEMPT"
LONDON, LEEDS = ("Consulting", "London"), ("Sales", "Leeds")
OLIVER, OLIVER_AMEX, PRIYA = "6613", "6639", "6621"  # their cards

_line = partial(lines.line, UK)


def line(*given: Any, receipt: bool = True, **more: Any) -> dict[str, Any]:
    """A line of Acme UK; receipts are the rule here."""
    return _line(*given, receipt=receipt, **more)


def _taxed() -> list[Case]:
    mixed = [
        line("2026-10-06", "Premier Inn", HOTEL, 12000, LONDON, tax=(STANDARD, 2000)),
        line("2026-10-06", "EDF Energy", "Office Supplies", 8400, LONDON, tax=(REDUCED, 400)),
        line("2026-10-06", "LNER", TAXI, 6430, LONDON, tax=(ZERO, 0)),
        line("2026-10-06", "Royal Mail", "Postage", 720, LONDON, tax=(EXEMPT, 0)),
        line("2026-10-07", "Tesco Express", MEAL, 545, LONDON, receipt=False),
    ]
    odd = [
        line("2026-10-08", "Pret A Manger", MEAL, 1999, LONDON, tax=(STANDARD, 333)),
        line("2026-10-08", "Caffè Nero", MEAL, 365, LONDON, tax=(STANDARD, 60)),
        line("2026-10-08", "Ryman", "Office Supplies", 1001, LONDON, tax=(STANDARD, 167)),
    ]
    old = line(
        "2026-10-09", "Viking", "Office Supplies", 2350, LEEDS, tax=("id_TAX_OPTION_17", 350)
    )
    edited = line("2026-10-09", "Hotel du Vin", HOTEL, 18000, LEEDS, tax=(STANDARD, 3000))
    return [
        (
            UK_STANDARD,
            "Leeds pitch",
            "oliver.grant",
            [
                line("2026-10-05", "Malmaison", HOTEL, 14400, LEEDS, tax=(STANDARD, 2400)),
                line("2026-10-05", "Addison Lee", TAXI, 3600, LEEDS, tax=(STANDARD, 600)),
            ],
            at("2026-10-08 09:00:00"),
        ),
        (
            UK_NO_RECEIPT,
            "Lost the slip",
            "priya.shah",
            [
                line("2026-10-05", "Black cab", TAXI, 2400, LONDON, tax=(STANDARD, 400)),
                line(
                    "2026-10-05", "Dishoom", MEAL, 5400, LONDON, tax=(STANDARD, 900), receipt=False
                ),
            ],
            at("2026-10-08 09:10:00"),
        ),
        (
            UK_REDUCED,
            "Heating",
            "priya.shah",
            [
                line(
                    "2026-10-06",
                    "British Gas",
                    "Office Supplies",
                    10500,
                    LONDON,
                    tax=(REDUCED, 500),
                )
            ],
            at("2026-10-09 09:00:00"),
        ),
        (UK_MIXED_RATES, "Every rate there is", "oliver.grant", mixed, at("2026-10-12 09:00:00")),
        (UK_ODD_PENCE, "Pennies", "priya.shah", odd, at("2026-10-12 09:10:00")),
        (
            UK_NO_TAX,
            "Abroad and untaxed",
            "oliver.grant",
            [line("2026-10-07", "Aer Lingus", AIR, 15670, LONDON)],
            at("2026-10-12 09:20:00"),
        ),
        (
            UK_OLD_RATE,
            "A rate of yesterday",
            "priya.shah",
            [old | {"taxRateName": "Old standard", "taxRate": "17.5%"}],
            at("2026-10-13 09:00:00"),
        ),
        (
            UK_EDITED_TAX,
            "Corrected VAT",
            "oliver.grant",
            [edited | {"modifiedTaxAmount": 2750}],
            at("2026-10-13 09:10:00"),
        ),
        (
            UK_FOREIGN,
            "Berlin from London",
            "priya.shah",
            [
                line("2026-10-13", "Motel One", HOTEL, 11900, LONDON, currency="EUR", rate="0.8589")
                | {"hasTax": True, "taxAmount": 1900, "taxName": "MwSt", "taxRate": "19%"}
            ],
            at("2026-10-16 09:00:00"),
        ),
        (
            UK_BILLABLE,
            "Globex in London",
            "oliver.grant",
            [
                line(
                    "2026-10-13", "Prontaprint", "Client Costs", 9600, LONDON, tax=(STANDARD, 1600)
                )
                | {"billable": True}
            ],
            at("2026-10-16 09:10:00"),
        ),
    ]


def _cards_and_credits() -> list[Case]:
    back = line("2026-10-15", "Malmaison", HOTEL, -4800, LEEDS, tax=(STANDARD, -800))
    on_card = line("2026-10-14", "Trainline", TAXI, 8820, LEEDS, tax=(ZERO, 0), card=OLIVER)
    software = line(
        "2026-10-14", "Slack", "Software", 7200, LEEDS, tax=(STANDARD, 1200), card=OLIVER_AMEX
    )
    return [
        (UK_CARD, "By card", "oliver.grant", [on_card, software], at("2026-10-19 09:00:00")),
        (
            UK_CARD_REFUND,
            "Card refund",
            "priya.shah",
            [
                line(
                    "2026-10-16",
                    "Slack",
                    "Software",
                    -2400,
                    LEEDS,
                    tax=(STANDARD, -400),
                    card=PRIYA,
                )
            ],
            at("2026-10-20 09:00:00"),
        ),
        (
            UK_NEGATIVE,
            "Hotel gave money back",
            "oliver.grant",
            [line("2026-10-15", "Addison Lee", TAXI, 1200, LEEDS, tax=(STANDARD, 200)), back],
            at("2026-10-20 09:10:00"),
        ),
        (
            UK_NEGATIVE_LINE,
            "Partly refunded",
            "priya.shah",
            [line("2026-10-15", "Malmaison", HOTEL, 14400, LEEDS, tax=(STANDARD, 2400)), back],
            at("2026-10-20 09:20:00"),
        ),
    ]


def _others() -> list[Case]:
    lunch = [line("2026-10-20", "Leon", MEAL, 1440, LONDON, tax=(STANDARD, 240))]
    plain = [
        ("oliver.grant", "Week 43", 26450, HOTEL, "Citizen M", 4408, "2026-10-26 09:00:00"),
        ("priya.shah", "Taxis", 4380, TAXI, "Uber", 730, "2026-10-27 09:00:00"),
        ("oliver.grant", "Licences", 11988, "Software", "JetBrains", 1998, "2026-10-29 09:00:00"),
    ]
    return [
        (UK_TWO_VENDORS, "Which Sam?", "sam.cole", lunch, at("2026-10-23 09:00:00")),
        (UK_NO_VENDOR, "Nia's first", "nia.rhys", lunch, at("2026-10-23 09:10:00")),
        (UK_REIMBURSED, "Paid in London", "priya.shah", lunch, paid("2026-10-23 09:20:00", 5)),
        (UK_TAX_REVISED, "VAT to be lowered", "oliver.grant", lunch, at("2026-10-23 09:30:00")),
        *(
            (
                constant,
                name,
                login,
                [line(f"{moment[:8]}22", merchant, category, cents, LONDON, tax=(STANDARD, tax))],
                at(moment),
            )
            for constant, (login, name, cents, category, merchant, tax, moment) in zip(
                UK_PLAIN, plain, strict=True
            )
        ),
    ]


def cases() -> Sequence[Case]:
    found = [*_taxed(), *_cards_and_credits(), *_others()]
    return [(*case[:4], {"policy": UK} | case[4]) for case in found]


def edits(of: Callable[[str], Report]) -> dict[str, Any]:
    """Case -> what happens to it: a body for control verb `reports`."""
    revised = of(UK_TAX_REVISED)
    return {
        UK_TAX_REVISED: {
            "action": "edit_expense",
            "reportID": revised["reportID"],
            "transactionID": revised["transactionList"][0]["transactionID"],
            "fields": {"modifiedTaxAmount": 120},
        }
    }
