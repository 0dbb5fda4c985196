"""Both months told: every report, which id plays which case, and what time brings."""

import random
from copy import deepcopy
from functools import cache
from typing import Any

from . import first
from .build import Report, report, report_id
from .cases import REVISED, REVISION_CENTS, UNAPPROVED_LATER
from .more import more_edits, more_story
from .more import reports as more_reports
from .numbers import SEED, first_number
from .volume import ORDINARY_PEOPLE, ordinary_expenses
from .world import PEOPLE

ORDINARY_REPORTS = 11


@cache
def _month(seed: int) -> tuple[Report, ...]:
    start = first_number(seed)
    told = [
        report(start + place, name, PEOPLE[login], lines, **more)
        for place, (_, name, login, lines, more) in enumerate(first.cases())
    ]
    chance = random.Random(f"month {seed}")
    ordinary = []
    for place in range(ORDINARY_REPORTS):
        day = 2 + place * 27 // ORDINARY_REPORTS
        person = ORDINARY_PEOPLE[place % len(ORDINARY_PEOPLE)]
        lines = ordinary_expenses(chance, chance.randint(1, 5), f"2026-10-{day:02}")
        at = f"2026-10-{day + 1:02} {chance.randint(13, 20)}:{chance.randint(10, 59)}:00"
        number = start + 500 + place
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
    start = first_number(seed)
    own = {case[0]: report_id(start + place) for place, case in enumerate(first.cases())}
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
