"""Acme Field as time passes (ACCOUNTING 4): each case has its edit, ready for control verb
`reports`.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ..build import Report
from ..world import FIELD
from . import lines
from .field import GLOBEX, MARCO, NOOR, OPERATIONS, SALES
from .lines import AIR, HOTEL, MEAL, TAXI, Case, at, paid

FIELD_GROWS = "field_grows"  # 96.40, later 118.90: a line is raised
FIELD_SHRINKS = "field_shrinks"  # 240.00, later 180.00: a line goes
FIELD_RECODED = "field_recoded"  # the same money under another category and department
FIELD_SLICE_GONE = "field_slice_gone"  # its only out-of-pocket line turns out to be the firm's
FIELD_KIND_CHANGES = "field_kind_changes"  # a late refund turns the bill into a credit
FIELD_CARD_LINE_LATER = "field_card_line_later"  # the line turns out to have been on a card
FIELD_REIMBURSED_LATER = "field_reimbursed_later"  # reimbursed after it was posted
FIELD_REIMBURSED = "field_reimbursed"  # reimbursed by ACH before anybody looked
FIELD_BOUNCES = "field_bounces"  # reimbursed by ACH, then the bank sends it back
FIELD_EXPORTED = "field_exported"  # booked by Expensify's own connection already
FIELD_EXPORTED_LATER = "field_exported_later"  # that happens after we posted
FIELD_UNAPPROVED = "field_unapproved"  # approval taken back, never given again
FIELD_REAPPROVED = "field_reapproved"  # unapproved, lowered, approved again
FIELD_RETRACTED = "field_retracted"  # taken back by the employee altogether
FIELD_DELETED = "field_deleted"  # retracted, then deleted
FIELD_MOVED_FROM = "field_moved_from"  # one of its expenses moves ...
FIELD_MOVED_TO = "field_moved_to"  # ... into this one
FIELD_CARD_MOVED_FROM = "field_card_moved_from"  # a card charge moves ...
FIELD_CARD_MOVED_TO = "field_card_moved_to"  # ... into this one, and may be booked once only
FIELD_RENAMED = "field_renamed"  # nothing but its name changes
FIELD_BOOKED_BY_HAND = "field_booked_by_hand"  # `BY_HAND` is in the ledger: vendor, date and total

line = partial(lines.line, FIELD)
BY_HAND = {
    "kind": "bill",
    "number": "INV-1187",
    "date": "2026-10-22",
    "party": "Noor Aziz",
    "credit_account": "2000",
    "lines": [{"account": "6120", "amount": "53.70", "text": "Noor's taxis, typed in by hand"}],
    "as_user": "Ann Reyes",
}  # for POST documents of the ledger


def _revised() -> list[Case]:
    return [
        (
            FIELD_GROWS,
            "Grows",
            "marco.ricci",
            [
                line("2026-10-05", "Curb", TAXI, 3140, SALES),
                line("2026-10-05", "Shake Shack", MEAL, 6500, SALES),
            ],
            at("2026-10-08 14:00:00"),
        ),
        (
            FIELD_SHRINKS,
            "Shrinks",
            "noor.aziz",
            [
                line("2026-10-05", "Hilton Garden Inn", HOTEL, 18000, SALES),
                line("2026-10-06", "Hilton Garden Inn, spa", HOTEL, 6000, SALES),
            ],
            at("2026-10-08 14:10:00"),
        ),
        (
            FIELD_RECODED,
            "Recoded",
            "noor.aziz",
            [line("2026-10-06", "Levain Bakery", MEAL, 4410, SALES)],
            at("2026-10-08 14:20:00"),
        ),
        (
            FIELD_SLICE_GONE,
            "Not mine after all",
            "marco.ricci",
            [
                line("2026-10-07", "Uber", TAXI, 2760, SALES),
                line("2026-10-07", "Atlassian", "Software", 9900, OPERATIONS, card=MARCO),
            ],
            at("2026-10-09 14:00:00"),
        ),
        (
            FIELD_KIND_CHANGES,
            "Turns round",
            "noor.aziz",
            [
                line("2026-10-07", "JetBlue", AIR, 21000, GLOBEX),
                line("2026-10-08", "Lyft", TAXI, 1500, GLOBEX),
            ],
            at("2026-10-09 14:10:00"),
        ),
        (
            FIELD_CARD_LINE_LATER,
            "It was the card",
            "noor.aziz",
            [line("2026-10-08", "Verizon", "Phone & Internet", 7300, OPERATIONS)],
            at("2026-10-12 14:00:00"),
        ),
        (
            FIELD_RENAMED,
            "Boston?",
            "marco.ricci",
            [line("2026-10-08", "Amtrak", TAXI, 9800, GLOBEX)],
            at("2026-10-12 14:10:00"),
        ),
    ]


def _paid_and_exported() -> list[Case]:
    ride = [line("2026-10-12", "NYC Taxi", TAXI, 3365, SALES)]
    return [
        (FIELD_REIMBURSED_LATER, "Paid soon", "marco.ricci", ride, at("2026-10-15 14:00:00")),
        (
            FIELD_REIMBURSED,
            "Paid by ACH",
            "noor.aziz",
            ride,
            paid("2026-10-15 14:10:00", 3, ach=True),
        ),
        (
            FIELD_BOUNCES,
            "Paid, for now",
            "noor.aziz",
            ride,
            paid("2026-10-15 14:20:00", 2, ach=True),
        ),
        (
            FIELD_EXPORTED,
            "Exported already",
            "marco.ricci",
            ride,
            at("2026-10-16 14:00:00", exported="2026-11-01 08:15:00"),
        ),
        (FIELD_EXPORTED_LATER, "Exported next", "marco.ricci", ride, at("2026-10-16 14:10:00")),
        (
            FIELD_BOOKED_BY_HAND,
            "Typed in by Ann",
            "noor.aziz",
            [line("2026-10-19", "NYC Taxi", TAXI, 5370, SALES)],
            at("2026-10-22 14:00:00"),
        ),
    ]


def _withdrawn_and_moved() -> list[Case]:
    dinner = [line("2026-10-20", "Katz's Delicatessen", MEAL, 4680, SALES)]
    two = [*dinner, line("2026-10-20", "Curb", TAXI, 1930, SALES)]
    charge = line("2026-10-21", "SaaStr", "Conferences", 19900, SALES, card=NOOR)
    other = line("2026-10-21", "GitHub", "Software", 2100, OPERATIONS, card=NOOR)
    return [
        (FIELD_UNAPPROVED, "Doubts", "marco.ricci", dinner, at("2026-10-23 14:00:00")),
        (FIELD_REAPPROVED, "Second thoughts", "noor.aziz", two, at("2026-10-23 14:10:00")),
        (FIELD_RETRACTED, "Taken back", "marco.ricci", dinner, at("2026-10-23 14:20:00")),
        (FIELD_DELETED, "Never happened", "noor.aziz", dinner, at("2026-10-23 14:30:00")),
        (FIELD_MOVED_FROM, "Trip, part one", "marco.ricci", two, at("2026-10-26 14:00:00")),
        (FIELD_MOVED_TO, "Trip, part two", "marco.ricci", dinner, at("2026-10-26 14:10:00")),
        (
            FIELD_CARD_MOVED_FROM,
            "Card, old",
            "noor.aziz",
            [charge, other],
            at("2026-10-27 14:00:00"),
        ),
        (FIELD_CARD_MOVED_TO, "Card, new", "noor.aziz", two, at("2026-10-27 14:10:00")),
    ]


def cases() -> Sequence[Case]:
    found = [*_revised(), *_paid_and_exported(), *_withdrawn_and_moved()]
    return [(*case[:4], {"policy": FIELD} | case[4]) for case in found]


# -- edits -----------------------------------------------------------------------------------------
def edits(of: Callable[[str], Report]) -> dict[str, Any]:
    """Case -> what happens to it: a body for control verb `reports`, or a list of them."""

    def act(action: str, case: str, **more: Any) -> dict[str, Any]:
        return {"action": action, "reportID": of(case)["reportID"], **more}

    def on_line(action: str, case: str, place: int, **more: Any) -> dict[str, Any]:
        chosen = of(case)["transactionList"][place]["transactionID"]
        return act(action, case, transactionID=chosen, **more)

    def edit(case: str, place: int, **fields: Any) -> dict[str, Any]:
        return on_line("edit_expense", case, place, fields=fields)

    def to(case: str) -> str:
        return of(case)["reportID"]

    return {
        FIELD_GROWS: edit(FIELD_GROWS, 1, modifiedAmount=8750),
        FIELD_SHRINKS: on_line("delete_expense", FIELD_SHRINKS, 1),
        FIELD_RECODED: edit(FIELD_RECODED, 0, category="Client Gifts", tags=list(OPERATIONS)),
        FIELD_SLICE_GONE: edit(FIELD_SLICE_GONE, 0, reimbursable=False, cardID=MARCO),
        FIELD_KIND_CHANGES: edit(FIELD_KIND_CHANGES, 0, modifiedAmount=-21000),
        FIELD_CARD_LINE_LATER: edit(
            FIELD_CARD_LINE_LATER, 0, reimbursable=False, cardID=NOOR, posted="2026-10-10"
        ),
        FIELD_RENAMED: act("rename", FIELD_RENAMED, reportName="Boston, with Globex"),
        FIELD_REIMBURSED_LATER: act("reimburse", FIELD_REIMBURSED_LATER, ach=True),
        FIELD_BOUNCES: act("bounce", FIELD_BOUNCES),
        FIELD_EXPORTED_LATER: act(
            "add_action",
            FIELD_EXPORTED_LATER,
            word="EXPORTINTEGRATION",
            message="exported this report to QuickBooks Online",
        ),
        FIELD_UNAPPROVED: act("unapprove", FIELD_UNAPPROVED),
        FIELD_REAPPROVED: [
            act("unapprove", FIELD_REAPPROVED),
            edit(FIELD_REAPPROVED, 0, modifiedAmount=3980),
            act("approve", FIELD_REAPPROVED),
        ],
        FIELD_RETRACTED: act("retract", FIELD_RETRACTED),
        FIELD_DELETED: [act("retract", FIELD_DELETED), act("delete", FIELD_DELETED)],
        FIELD_MOVED_FROM: on_line("move_expense", FIELD_MOVED_FROM, 1, to=to(FIELD_MOVED_TO)),
        FIELD_CARD_MOVED_FROM: on_line(
            "move_expense", FIELD_CARD_MOVED_FROM, 0, to=to(FIELD_CARD_MOVED_TO)
        ),
    }
