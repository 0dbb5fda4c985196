"""What may be asked of Expensify: the three kinds of job that read, and no other."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

STATES = ("OPEN", "SUBMITTED", "APPROVED", "REIMBURSED", "ARCHIVED")
MAX_IDS = 100

# "More than one year ago" and "at most one year" leave open what a leap day or a time zone does,
# so a year is taken a little short on both sides.
_YEAR = timedelta(days=364)

# Ids travel in comma lists: one with a comma in it would silently become two.
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)

Job = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Window:
    """Which reports to export. At least one of approved_after, start_on and report_ids is set.

    policy_ids      narrows to these workspaces; empty = all that the account can see
    approved_after  approved on or after the date. Whether Expensify includes the day itself is
                    contradictory in its manual: ask from one day earlier
    start_on        the later of created and submitted, on or after the date
    end_on          the later of created and submitted, on or before the date
    report_ids      at most 100; ids that are deleted or out of sight are absent from the answer
    states          words of STATES; empty = all

    Raises ValueError for a window that Expensify would refuse or misread.
    """

    policy_ids: tuple[str, ...] = ()
    approved_after: date | None = None
    start_on: date | None = None
    end_on: date | None = None
    report_ids: tuple[str, ...] = ()
    states: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not (self.approved_after or self.start_on or self.report_ids):
            raise ValueError(
                "Expensify exports by approval date, start date or report ids: set one of them"
            )
        if len(self.report_ids) > MAX_IDS:
            raise ValueError(
                f"{len(self.report_ids)} report ids in one export: divide them with batches()"
            )
        for one in (*self.policy_ids, *self.report_ids):
            if not _ID.fullmatch(one):
                raise ValueError(f"{one!r} is not an Expensify id")
        if strange := [state for state in self.states if state not in STATES]:
            raise ValueError(f"{strange[0]!r} is no report state; they are {', '.join(STATES)}")
        if self.end_on and self.anchor_on and self.end_on < self.anchor_on:
            raise ValueError(f"the window ends on {self.end_on}, before it begins")
        if self.end_on and self.anchor_on and self.end_on - self.anchor_on > _YEAR:
            raise ValueError("Expensify takes at most one year from the first date to end_on")

    @property
    def anchor_on(self) -> date | None:
        """The earliest date from which the window looks, None for report ids alone."""
        return min((day for day in (self.approved_after, self.start_on) if day), default=None)

    def lacks_end(self, today: date) -> bool:
        """True when Expensify demands an end date, because the window begins over a year ago."""
        return not self.end_on and bool(self.anchor_on) and today - self.anchor_on > _YEAR

    def filters(self) -> dict[str, str]:
        named = {
            "reportIDList": ",".join(self.report_ids),
            "policyIDList": ",".join(self.policy_ids),
            "startDate": self.start_on.isoformat() if self.start_on else "",
            "endDate": self.end_on.isoformat() if self.end_on else "",
            "approvedAfter": self.approved_after.isoformat() if self.approved_after else "",
        }
        return {name: text for name, text in named.items() if text}


def batches(ids: Iterable[str], size: int = MAX_IDS) -> Iterator[tuple[str, ...]]:
    """`ids` in their order, each once, in tuples of at most `size` (1 to 100)."""
    if not 1 <= size <= MAX_IDS:
        raise ValueError(f"a batch has 1 to {MAX_IDS} ids, not {size}")
    unique = tuple(dict.fromkeys(ids))
    for first in range(0, len(unique), size):
        yield unique[first : first + size]


def in_years(window: Window, today: date) -> Iterator[Window]:
    """`window` as windows that Expensify takes, itself if it does; together they see the same.

    Each begins on the day on which the one before ends, because it is unknown whether that day is
    included: a report may come twice. The last one has no end. `end_on` tests the submission,
    which never comes after the approval, so no report falls between two windows.
    """
    anchor = window.anchor_on
    while window.lacks_end(today):
        following = anchor + _YEAR
        yield replace(window, end_on=following)
        window = replace(
            window,
            approved_after=_not_before(window.approved_after, following),
            start_on=_not_before(window.start_on, following),
        )
        anchor = following
    yield window


def _not_before(day: date | None, first: date) -> date | None:
    return max(day, first) if day else None


def export_job(window: Window) -> Job:
    """`test` keeps Expensify from running any action at the end of the job, should one be there."""
    settings: dict[str, Any] = {"type": "combinedReportData", "filters": window.filters()}
    if window.states:
        settings["reportState"] = ",".join(window.states)
    return {
        "type": "file",
        "onReceive": {"immediateResponse": ["returnRandomFileName"]},
        "inputSettings": settings,
        "outputSettings": {"fileExtension": "txt", "fileBasename": "mlc"},
        "test": "true",
    }


def download_job(file_name: str) -> Job:
    return {"type": "download", "fileName": file_name, "fileSystem": "integrationServer"}


def policy_list_job() -> Job:
    return {"type": "get", "inputSettings": {"type": "policyList"}}


def policy_job(policy_id: str) -> Job:
    """The id stands in an array here, where the export takes a comma list."""
    if not _ID.fullmatch(policy_id):
        raise ValueError(f"{policy_id!r} is not an Expensify id")
    fields = ["categories", "tags", "reportFields", "tax", "employees"]
    return {
        "type": "get",
        "inputSettings": {"type": "policy", "policyIDList": [policy_id], "fields": fields},
    }


def card_list_job(domain: str) -> Job:
    return {"type": "get", "inputSettings": {"type": "domainCardList", "domain": domain}}


def form(job: Job, credentials: Mapping[str, str], template: str = "") -> bytes:
    """The body of the POST, percent-encoded whole: a bare `&` or `+` would break the JSON."""
    fields = {"requestJobDescription": json.dumps({**job, "credentials": dict(credentials)})}
    if template:
        fields["template"] = template
    return urlencode(fields).encode("ascii")
