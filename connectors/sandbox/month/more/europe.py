"""Acme Europe beyond its first four reports: German tax, other currencies, two kinds of card."""

from collections.abc import Sequence
from functools import partial

from ..world import EUROPE
from . import lines
from .lines import AIR, HOTEL, MEAL, TAXI, Case, at

EUROPE_VAT = "europe_vat"  # 19 % and 7 % in one report
EUROPE_ODD_CENTS = "europe_odd_cents"  # receipts whose tax is a cent off what the rate gives
EUROPE_VENDOR_IN_DOLLARS = "europe_vendor_in_dollars"  # EUR report, Hugo's vendor has dollars
EUROPE_IN_DOLLARS = "europe_in_dollars"  # a report in USD by Hugo: fits his vendor
EUROPE_IN_FRANCS = "europe_in_francs"  # a report in CHF by Beat: fits his vendor
EUROPE_IN_YEN = "europe_in_yen"  # a report in JPY: no vendor, no rate, no accounts payable
EUROPE_FOREIGN_LINES = "europe_foreign_lines"  # GBP, USD, JPY and KWD lines in a report in EUR
EUROPE_CARD = "europe_card"  # charges on the euro card, with tax
EUROPE_CARD_REFUND = "europe_card_refund"  # a refund on the euro card
EUROPE_DOLLAR_CARD = "europe_dollar_card"  # a EUR report with a charge on the dollar card
EUROPE_NEGATIVE = "europe_negative"  # a credit in euros, with tax
EUROPE_NO_RATE = "europe_no_rate"  # a foreign line that Expensify did not convert
EUROPE_PLAIN = (
    "europe_plain_1",
    "europe_plain_2",
    "europe_plain_3",
)  # one for each rate of the month

STANDARD, REDUCED, EXEMPT = "id_TAX_STANDARD", "id_TAX_REDUCED", "id_TAX_EXEMPT"
BERLIN, LISBON = ("Berlin",), ("Lisbon",)
EMMA, PAULA = "7718", "7726"  # their cards, euros and dollars

line = partial(lines.line, EUROPE)


def _taxed() -> list[Case]:
    return [
        (
            EUROPE_VAT,
            "Hamburg",
            "emma.larsen",
            [
                line("2026-10-06", "Motel One", HOTEL, 10700, BERLIN, tax=(REDUCED, 700)),
                line("2026-10-06", "Bürobedarf König", "Office Supplies", 5950, BERLIN)
                | _tax(STANDARD, 950),
                line("2026-10-06", "Deutsche Post", "Postage", 385, BERLIN, tax=(EXEMPT, 0)),
            ],
            at("2026-10-09 08:00:00"),
        ),
        (
            EUROPE_ODD_CENTS,
            "Krumme Beträge",
            "paula.costa",
            [
                line("2026-10-07", "Bäckerei Zeit", MEAL, 333, BERLIN, tax=(REDUCED, 22)),
                line("2026-10-07", "REWE", "Office Supplies", 1001, BERLIN, tax=(STANDARD, 160)),
            ],
            at("2026-10-12 08:30:00"),
        ),
        (
            EUROPE_NEGATIVE,
            "Gutschrift",
            "emma.larsen",
            [
                line(
                    "2026-10-13", "IKEA", "Office Supplies", -11900, BERLIN, tax=(STANDARD, -1900)
                ),
                line("2026-10-13", "BVG", TAXI, 1070, BERLIN, tax=(REDUCED, 70)),
            ],
            at("2026-10-16 08:00:00"),
        ),
        *(
            (
                constant,
                f"Berlin, Kalenderwoche {week}",
                "emma.larsen",
                [line(day, "Taxi Funk", TAXI, 2140 + 107 * week, BERLIN)],
                at(f"{day} 15:00:00"),
            )
            for constant, week, day in zip(
                EUROPE_PLAIN, (41, 43, 44), ("2026-10-08", "2026-10-20", "2026-10-28"), strict=True
            )
        ),
    ]


def _tax(rate: str, cents: int) -> dict[str, object]:
    taxed = line("2026-10-01", "", MEAL, cents, tax=(rate, cents))
    names = ("hasTax", "taxAmount", "taxName", "taxRateName", "taxRate", "taxCode")
    return {name: taxed[name] for name in names}


def _currencies() -> list[Case]:
    unconverted = line("2026-10-14", "SBB", TAXI, 4200, BERLIN, currency="CHF", rate="1.0655")
    return [
        (
            EUROPE_VENDOR_IN_DOLLARS,
            "Lisbon office",
            "hugo.silva",
            [line("2026-10-08", "Worten", "Office Supplies", 8990, LISBON)],
            at("2026-10-13 08:00:00"),
        ),
        (
            EUROPE_IN_DOLLARS,
            "Before the currency changed",
            "hugo.silva",
            [
                line("2026-10-09", "TAP Air Portugal", AIR, 54310, LISBON, currency="USD"),
                line("2026-10-10", "Pestana", HOTEL, 9500, LISBON, currency="EUR", rate="1.0741"),
            ],
            at("2026-10-14 08:00:00", currency="USD"),
        ),
        (
            EUROPE_IN_FRANCS,
            "Zürich",
            "beat.keller",
            [line("2026-10-12", "25hours", HOTEL, 21900, BERLIN, currency="CHF")],
            at("2026-10-15 08:00:00", currency="CHF"),
        ),
        (
            EUROPE_IN_YEN,
            "東京",
            "paula.costa",
            [line("2026-10-12", "都ホテル", HOTEL, 1880000, LISBON, currency="JPY")],
            at("2026-10-15 08:30:00", currency="JPY"),
        ),
        (
            EUROPE_FOREIGN_LINES,
            "Four currencies",
            "emma.larsen",
            [
                line("2026-10-12", "Black cab", TAXI, 2850, BERLIN, currency="GBP", rate="1.1597"),
                line("2026-10-13", "Uber", TAXI, 3140, BERLIN, currency="USD", rate="0.9287"),
                line(
                    "2026-10-14",
                    "大阪タクシー",
                    TAXI,
                    468000,
                    BERLIN,
                    currency="JPY",
                    rate="0.0061",
                ),
                line(
                    "2026-10-15", "Kuwait Taxi", TAXI, 1275, BERLIN, currency="KWD", rate="3.0292"
                ),
            ],
            at("2026-10-19 08:00:00"),
        ),
        (
            EUROPE_NO_RATE,
            "Basel, nicht umgerechnet",
            "paula.costa",
            [unconverted | {"convertedAmount": "", "currencyConversionRate": ""}],
            at("2026-10-19 08:30:00", off_by=-4200),
        ),
    ]


def _cards() -> list[Case]:
    return [
        (
            EUROPE_CARD,
            "Karte Oktober",
            "emma.larsen",
            [
                line("2026-10-15", "Hetzner", "Software", 5950, BERLIN, card=EMMA)
                | _tax(STANDARD, 950),
                line("2026-10-16", "DB Vertrieb", TAXI, 8560, BERLIN, card=EMMA)
                | _tax(REDUCED, 560),
            ],
            at("2026-10-21 08:00:00"),
        ),
        (
            EUROPE_CARD_REFUND,
            "Bahn erstattet",
            "emma.larsen",
            [
                line("2026-10-20", "DB Vertrieb", TAXI, -4280, BERLIN, card=EMMA)
                | _tax(REDUCED, -280)
            ],
            at("2026-10-23 08:00:00"),
        ),
        (
            EUROPE_DOLLAR_CARD,
            "Dollars by card",
            "paula.costa",
            [
                line(
                    "2026-10-20", "AWS", "Software", 31420, LISBON, card=PAULA,
                    currency="USD", rate="0.9264",
                )
            ],
            at("2026-10-26 08:00:00"),
        ),
    ]  # fmt: skip


def cases() -> Sequence[Case]:
    found = [*_taxed(), *_currencies(), *_cards()]
    return [(*case[:4], {"policy": EUROPE} | case[4]) for case in found]
