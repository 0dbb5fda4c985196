"""Filling back: what was approved before a flow begins, or in a gap, is shown first and then taken.

The dry run reads Expensify for those days and builds every report as the engine would; nothing of
it is written into the book. `confirm` is for what a person has seen.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from itertools import islice

from audit.engine.intake import facts_of, is_for, new_row
from audit.engine.poll import windows_of
from audit.models import Report, Revision
from audit.preview import CHUNK, Preview, previews
from connectors import opening
from connectors.clock import database_now
from connectors.contract.report import Report as Read
from connectors.expensify.parse import Unreadable
from mappings import saving, selection, services
from mappings.build import Excluded
from mappings.dates import decided_on
from mappings.models import Flow
from mappings.records import terms_of
from mappings.texts import money

# So many reports are shown one by one; all of them are counted.
SHOWN = 200


class Outcome(StrEnum):
    TO_POST = "to_post"
    TO_HOLD = "to_hold"
    STANDING = "standing"
    NOT_TAKEN = "not_taken"
    UNREADABLE = "unreadable"


@dataclass(slots=True)
class Rehearsal:
    """What filling the flow back from `first` to `last` would do.

    shown       the first of its reports, as they were found
    unreadable  what Expensify sent and we could not read, in words; nothing of it would be taken
    """

    first: date
    last: date
    shown: list[Preview] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    counts: Counter[Outcome] = field(default_factory=Counter)
    sums: dict[Outcome, dict[str, Decimal]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Decimal))
    )

    def figure(self, outcome: Outcome) -> str:
        """`12 (4,310.20 USD, 86.40 EUR)`"""
        sums = sorted(self.sums[outcome].items())
        total = ", ".join(money(amount, currency) for currency, amount in sums)
        return f"{self.counts[outcome]:,} ({total})" if total else f"{self.counts[outcome]:,}"

    @property
    def figures(self) -> dict[str, str]:
        """What the trail keeps of it."""
        return {outcome.value: self.figure(outcome) for outcome in Outcome}


def rehearse(flow: Flow, first: date, last: date) -> Rehearsal:
    """Read what was approved from `first` to `last` in the flow's zone and build it with today's
    rules, as if the flow took it. Writes nothing into the book. Raises VendorError."""
    found = Rehearsal(first, last)
    for one in rehearsed(flow, first, last, found.unreadable):
        outcome = outcome_of(one)
        found.counts[outcome] += 1
        found.sums[outcome][one.report.currency] += one.report.total
        if len(found.shown) < SHOWN:
            found.shown.append(one)
    found.counts[Outcome.UNREADABLE] = len(found.unreadable)
    return found


def rehearsed(flow: Flow, first: date, last: date, unreadable: list[str]) -> Iterator[Preview]:
    """The reports of `rehearse` one by one; fills `unreadable`."""
    as_if = copy(flow)
    as_if.backfills = saving.joined([*flow.backfills, [first.isoformat(), last.isoformat()]])
    reads = _read(as_if, first, last, unreadable)
    while chunk := list(islice(reads, CHUNK)):
        rows = {
            row.report_id: row
            for row in Report.objects.filter(
                workspace=flow.workspace, report_id__in=[read.report_id for read in chunk]
            ).select_related("workspace", "flow__workspace", "latest")
        }
        ours = [read for read in chunk if is_for(as_if, read, rows)]
        mine = {read.report_id for read in ours}
        now = database_now()
        yield from previews([_as_row(as_if, read, rows, now) for read in ours], as_if)
        yield from (_left_out(as_if, one, rows, now) for one in chunk if one.report_id not in mine)


def outcome_of(one: Preview) -> Outcome:
    if one.is_held:
        return Outcome.TO_HOLD
    if not one.parts:
        return Outcome.NOT_TAKEN
    if all(part.would == "keep" for part in one.parts):
        return Outcome.STANDING
    return Outcome.TO_POST


def confirm(flow: Flow, first: date, last: date, figures: dict[str, str], actor: str) -> None:
    """Take what was approved on these days; the next poll, which is due now, reads it.

    `figures` are those of the dry run that was confirmed; they go into the trail.
    """
    services.backfill(flow, first, last, facts=figures, actor=actor)


def _read(flow: Flow, first: date, last: date, unreadable: list[str]) -> Iterator[Read]:
    """Every report that was decided on these days, each once."""
    client, seen = opening.open_expensify(flow.workspace.account), set()
    for window in windows_of(flow, first, last):
        with client.export(window) as spooled:
            for one in client.read(spooled):
                if one.report_id and one.report_id in seen:
                    continue
                seen.add(one.report_id)
                if isinstance(one, Unreadable):
                    unreadable.append(str(one.problem))
                    continue
                day = decided_on(one, flow.zone)
                if day is not None and first <= day <= last:
                    yield one


def _as_row(flow: Flow, read: Read, rows: dict[str, Report], now: datetime) -> Report:
    """Our row of the report as a poll would leave it; it is not stored."""
    row = rows.get(read.report_id) or new_row(flow, read, now)
    for name, content in facts_of(read).items():
        setattr(row, name, content)
    row.flow, row.latest = flow, Revision(report=row, raw=read.raw.replace("\x00", ""))
    return row


def _left_out(flow: Flow, read: Read, rows: dict[str, Report], now: datetime) -> Preview:
    other = rows.get(read.report_id)
    if other is not None and other.flow is not None:
        text = f'It belongs to flow "{other.flow}".'
    else:
        text = selection.why_not(terms_of(flow), read)
    row = other or new_row(flow, read, now)
    for name, content in facts_of(read).items():
        setattr(row, name, content)
    return Preview(row, excluded=Excluded("excluded.selector", text))
