"""The wider month: a report for every case of the accountants' list that Acme US does not play.

They live in workspaces of their own (Acme Field, Acme UK, more of Acme Europe), so that the first
workspace's figures stay what they are.
"""

from copy import deepcopy
from functools import cache
from typing import Any

from ..build import Report, report, report_id
from ..numbers import SEED, first_number
from ..world import PEOPLE
from . import europe, field, field_time, uk
from .lines import Case

MORE_FROM = 600  # the places below belong to the first workspace's month


@cache
def _cases() -> tuple[Case, ...]:
    return (*field.cases(), *field_time.cases(), *uk.cases(), *europe.cases())


@cache
def reports(seed: int = SEED) -> tuple[Report, ...]:
    """The seed's own reports: not to be changed, `more` gives copies."""
    first = first_number(seed) + MORE_FROM
    return tuple(
        report(first + place, name, PEOPLE[login], lines, **how)
        for place, (_, name, login, lines, how) in enumerate(_cases())
    )


def more(seed: int = SEED) -> list[Report]:
    """The wider month's reports, fresh copies."""
    return deepcopy(list(reports(seed)))


@cache
def _ids(seed: int) -> dict[str, str]:
    first = first_number(seed) + MORE_FROM
    return {case[0]: report_id(first + place) for place, case in enumerate(_cases())}


def more_story(seed: int = SEED) -> dict[str, str]:
    """Case -> report id."""
    return dict(_ids(seed))


def more_edits(seed: int = SEED) -> dict[str, Any]:
    """Case -> what time brings it: a body for control verb `reports`, or a list of bodies."""
    by_id = {one["reportID"]: one for one in reports(seed)}
    ids = _ids(seed)

    def of(case: str) -> Report:
        return by_id[ids[case]]

    return field_time.edits(of) | uk.edits(of)
