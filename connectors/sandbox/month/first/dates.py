"""Acme US: where a report stands, and on which side of a date it falls."""

from ..build import expense
from ..cases import (
    APPROVED_1_OCT_UTC,
    APPROVED_30_SEP,
    APPROVED_31_OCT_NEW_YORK,
    OPEN,
    PROCESSING,
    REIMBURSED,
    TEST_MODE,
    TEST_PREFIX,
)
from ..more.lines import HOTEL, TAXI, Case, at
from .tags import CONSULTING, OPERATIONS, SALES


def states_and_dates() -> list[Case]:
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
            at("2026-09-30 23:30:00"),
        ),
        (
            APPROVED_1_OCT_UTC,
            "September, past UTC",
            "farid.haddad",
            ride,
            at("2026-10-01 02:00:00"),
        ),
        (
            APPROVED_31_OCT_NEW_YORK,
            "October, last minute",
            "hugo.silva",
            [expense("2026-10-30", "FedEx Office", "Postage", 3345, OPERATIONS)],
            at("2026-11-01 02:30:00"),
        ),
    ]
