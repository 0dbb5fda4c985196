"""The month proved complete: every approved amount is in exactly one place, or named as missing.

`completeness` is pure: rows of reports and of their postings go in, an equation for each currency
comes out. `month_of` reads those rows for a flow, in a fixed number of statements.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Max, Min, QuerySet
from django.db.models.functions import Coalesce

from audit.models import Posting, Report
from audit.selectors import Sums, sums_of
from audit.states import State
from connectors.contract.ledger import Op
from connectors.contract.money import exact
from connectors.contract.report import ReportStatus
from mappings.models import Flow

ZERO = Decimal(0)


class Place(StrEnum):
    """Where a part of an approved report is. The order is that of the page."""

    POSTED = "posted"
    WAITING = "waiting"
    SENT = "sent"
    HELD = "held"
    FAILED = "failed"
    IGNORED = "ignored"
    EXCLUDED = "excluded"
    UNTAKEN = "untaken"
    REVERSED = "reversed"
    UNSEEN = "unseen"
    WITHDRAWN = "withdrawn"
    MIXED = "mixed"


# The terms of the equation that stand on the page even at zero; the others only when they occur.
ALWAYS = tuple(Place)[: tuple(Place).index(Place.REVERSED) + 1]

_PLACES = {
    State.READY: Place.WAITING,
    State.RETRY_WAIT: Place.WAITING,
    State.SENDING: Place.SENT,
    State.QUEUED: Place.SENT,
    State.IN_DOUBT: Place.SENT,
    State.POSTED: Place.POSTED,
    State.QUARANTINED: Place.HELD,
    State.FAILED: Place.FAILED,
    State.IGNORED: Place.IGNORED,
    State.WITHDRAWN: Place.WITHDRAWN,
}


# --- rows ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report of the month by its latest revision.

    total        of the latest revision, in `currency`
    is_approved  final in Expensify today, and still listed there
    is_excluded  the flow does not take it at all
    is_due       new or changed, and not looked at since
    untaken      amounts of the lines that the flow leaves out; None where one is missing
    """

    pk: int
    currency: str
    total: Decimal
    is_approved: bool = True
    is_excluded: bool = False
    is_due: bool = False
    untaken: tuple[Decimal | None, ...] = ()


@dataclass(frozen=True, slots=True)
class PostingRow:
    """A posting that nothing has replaced; of one slice there may be a document and its change.

    total      in `currency`, signed as the entry's; None where it could not be built
    on         posting date, None before it is decided
    by_person  a person asked for it, not the report's own change
    """

    pk: int
    report: int
    slice_name: str
    state: State
    currency: str
    total: Decimal | None
    on: date | None = None
    is_cancel: bool = False
    by_person: bool = False

    @property
    def is_live(self) -> bool:
        return self.state == State.POSTED and not self.is_cancel


# --- the equation --------------------------------------------------------------------------------


@dataclass(slots=True)
class Figure:
    """An amount and the reports behind it."""

    amount: Decimal = ZERO
    reports: set[int] = field(default_factory=set)

    def add(self, report: int, amount: Decimal) -> None:
        self.amount += amount
        self.reports.add(report)


@dataclass(slots=True)
class Term:
    """One place's share.

    amount     in the currency of the equation
    elsewhen   the part of it whose posting date is not in the month
    documents  currency -> what stands in the ledger for it; not `amount` where a change of the
               document is not through yet
    """

    amount: Figure = field(default_factory=Figure)
    elsewhen: Figure = field(default_factory=Figure)
    documents: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))


@dataclass(slots=True)
class Equation:
    """One currency's month.

    approved    the latest revisions of approved reports: the left side
    terms       place -> share: the right side
    difference  what no share explains, report by report; nothing is ever put here to make it fit
    gone        no longer approved or no longer listed: outside both sides
    """

    currency: str
    approved: Figure = field(default_factory=Figure)
    terms: dict[Place, Term] = field(default_factory=dict)
    difference: Figure = field(default_factory=Figure)
    gone: Term = field(default_factory=Term)

    @property
    def explained(self) -> Decimal:
        return sum((term.amount.amount for term in self.terms.values()), ZERO)

    @property
    def agrees(self) -> bool:
        """Report by report: two differences that cancel out are two differences."""
        return not self.difference.reports and self.explained == self.approved.amount

    def shown(self) -> list[tuple[Place, Term]]:
        """The right side in the page's order."""
        return [
            (place, self.terms.get(place, Term()))
            for place in Place
            if place in ALWAYS or place in self.terms
        ]


def completeness(
    reports: Iterable[ReportRow],
    postings: Iterable[PostingRow],
    first: date,
    last: date,
) -> list[Equation]:
    """An equation for each currency of the reports, in its order. Pure.

    `postings`: those of the reports that are not superseded; others are not looked at.
    """
    slices: dict[int, dict[str, list[PostingRow]]] = defaultdict(lambda: defaultdict(list))
    for row in sorted(postings, key=lambda one: one.pk):
        if row.state != State.SUPERSEDED:
            slices[row.report][row.slice_name].append(row)
    equations: dict[str, Equation] = {}
    for report in reports:
        equation = equations.setdefault(report.currency, Equation(report.currency))
        parts = slices.get(report.pk, {})
        if report.is_approved:
            _add(equation, report, parts, first, last)
        else:
            equation.gone.amount.add(report.pk, report.total)
            for one in _documents(parts):
                _stands(equation.gone, one, report.pk, first, last, amount=one.total or ZERO)
    return [equations[currency] for currency in sorted(equations)]


def _add(
    equation: Equation,
    report: ReportRow,
    parts: Mapping[str, Sequence[PostingRow]],
    first: date,
    last: date,
) -> None:
    equation.approved.add(report.pk, report.total)
    rest = report.total
    open_ends: set[Place] = set()  # parts whose amount the posting does not tell
    is_elsewhen = False  # whether one of those is dated in another month
    replaced: set[Place] = set()  # documents on their way out because the report changed
    for rows in parts.values():
        newest, live = _newest(rows)
        place = _place(newest)
        amount = newest.total if newest.currency == report.currency else None
        if newest.is_cancel and not newest.by_person:
            # The report no longer has this part, or has it as another kind of document that is
            # built once the old one is gone.
            if newest.state == State.POSTED:
                continue
            amount = ZERO
            replaced.add(place)
        elif newest.is_cancel and newest.state != State.POSTED:
            # A person takes it back, and the report may say something else by now.
            amount = None
        if amount is None:
            open_ends.add(place)
        is_outside = newest.on is not None and not first <= newest.on <= last
        is_elsewhen |= is_outside and amount is None
        rest -= amount or ZERO
        term = equation.terms.setdefault(place, Term())
        term.amount.add(report.pk, amount or ZERO)
        if is_outside and amount is not None:
            term.elsewhen.add(report.pk, amount)
        if live is not None:
            term.documents[live.currency] += live.total or ZERO
    for amount in report.untaken:
        if amount is None:
            open_ends.add(Place.UNTAKEN)
        else:
            rest -= amount
            equation.terms.setdefault(Place.UNTAKEN, Term()).amount.add(report.pk, amount)
    places = {_place(_newest(rows)[0]) for rows in parts.values()}
    place = _place_of_rest(report, open_ends, replaced, places)
    if place is not None and (rest or place in open_ends or not parts):
        term = equation.terms.setdefault(place, Term())
        term.amount.add(report.pk, rest)
        if is_elsewhen and place in open_ends:
            term.elsewhen.add(report.pk, rest)
    elif rest:
        equation.difference.add(report.pk, rest)


def _newest(rows: Sequence[PostingRow]) -> tuple[PostingRow, PostingRow | None]:
    """The posting that tells where the slice is, and the one because of which a document stands."""
    live = next((row for row in reversed(rows) if row.is_live), None)
    newest = rows[-1]
    given_up = newest.is_cancel and newest.state in (State.IGNORED, State.WITHDRAWN)
    if given_up and newest.by_person and live is not None:
        return live, live  # the reversal was set aside: the document stands as before
    return newest, live


def _place(posting: PostingRow) -> Place:
    if posting.is_cancel and posting.state == State.POSTED:
        return Place.REVERSED
    return _PLACES[State(posting.state)]


def _place_of_rest(
    report: ReportRow, open_ends: set[Place], replaced: set[Place], places: set[Place]
) -> Place | None:
    """Where the amount belongs that no figure of the postings names; None = nowhere, it is missing.

    Only what the book itself says is unknown takes it up: a part without a figure, a report that
    was not looked at again, a document that is about to be replaced.
    """
    if report.is_excluded:
        return Place.EXCLUDED
    if report.is_due:
        return Place.UNSEEN
    for unknown in (open_ends, replaced):
        if unknown:
            return next(iter(unknown)) if len(unknown) == 1 else Place.MIXED
    # Held as a whole, with a cent between its lines and its total: that cent is held as well.
    return Place.HELD if places == {Place.HELD} else None


def _documents(parts: Mapping[str, Sequence[PostingRow]]) -> Iterable[PostingRow]:
    return (row for rows in parts.values() for row in rows if row.is_live)


def _stands(
    term: Term, row: PostingRow, report: int, first: date, last: date, *, amount: Decimal
) -> None:
    term.documents[row.currency] += amount
    if row.on is not None and not first <= row.on <= last:
        term.elsewhen.add(report, amount)


# --- reading -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Month:
    """A flow's month.

    equations    one for each currency of its reports
    dated        currency -> documents with a posting date in the month, reports approved in it
    others       the same for reports approved in other months
    other_ids    the reports behind `others`
    undated      how many reports of the flow have neither a day of approval nor of submission
    first_month, last_month  the span in which the flow has reports; None without any
    """

    flow: Flow
    first: date
    last: date
    equations: list[Equation]
    dated: Sums
    others: Sums
    other_ids: frozenset[int]
    undated: int
    first_month: date | None
    last_month: date | None

    @property
    def period(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def agrees(self) -> bool:
        return all(equation.agrees for equation in self.equations)


# Where nobody approves (closed reports) the day of submission decides, as for the posting date.
_DECIDED_AT = Coalesce("approved_at", "submitted_at")


def month_of(flow: Flow, first: date, last: date) -> Month:
    """The flow's month, by day of approval in the flow's zone. Four statements."""
    span = _moments(flow, first, last)
    reports = Report.objects.filter(flow=flow).annotate(decided_at=_DECIDED_AT).order_by()
    rows = [_report_row(one) for one in _columns(reports.filter(decided_at__range=span))]
    ours = {row.pk for row in rows}
    postings = Posting.objects.exclude(state=State.SUPERSEDED).order_by()
    decided = postings.annotate(decided_at=Coalesce("report__approved_at", "report__submitted_at"))
    of_month = decided.filter(report__flow=flow, decided_at__range=span)
    found = [_posting_row(one) for one in _fields(of_month)]
    live = decided.filter(report__flow=flow, state=State.POSTED, date__range=(first, last))
    elsewhere = [
        row
        for row in map(_posting_row, _fields(live.exclude(op=Op.CANCEL.value)))
        if row.report not in ours
    ]
    spread = reports.aggregate(
        earliest=Min("decided_at"),
        latest=Max("decided_at"),
        undated=Count("pk") - Count("decided_at"),
    )
    zone = ZoneInfo(flow.zone)
    return Month(
        flow=flow,
        first=first,
        last=last,
        equations=completeness(rows, found, first, last),
        dated=_sums(row for row in found if _is_dated(row, first, last)),
        others=_sums(elsewhere),
        other_ids=frozenset(row.report for row in elsewhere),
        undated=spread["undated"],
        first_month=_month(spread["earliest"], zone),
        last_month=_month(spread["latest"], zone),
    )


def newest_month(flow: Flow) -> date | None:
    """The first day of the latest month in which the flow has reports."""
    rows = Report.objects.filter(flow=flow).order_by()
    return _month(rows.aggregate(latest=Max(_DECIDED_AT))["latest"], ZoneInfo(flow.zone))


def undated_reports(flow: Flow) -> QuerySet[Report]:
    """Reports that belong to no month, because they have no day of approval or submission."""
    return Report.objects.filter(flow=flow, approved_at=None, submitted_at=None)


def _moments(flow: Flow, first: date, last: date) -> tuple[datetime, datetime]:
    """The month's first and last microsecond in the flow's zone."""
    zone = ZoneInfo(flow.zone)
    after = datetime.combine(last + timedelta(days=1), time(), zone)
    return datetime.combine(first, time(), zone), after - timedelta(microseconds=1)


def _month(at: datetime | None, zone: ZoneInfo) -> date | None:
    return at.astimezone(zone).date().replace(day=1) if at else None


_FINAL = {status.value for status in ReportStatus if status.is_final}


def _columns(reports: QuerySet[Report]) -> QuerySet:
    return reports.values(
        "pk", "currency", "total", "status", "is_due", "not_taken_code", "untaken",
        "absent_since", revised_total=F("latest__total"),
    )  # fmt: skip


def _report_row(row: Mapping) -> ReportRow:
    amounts = (one.get("amount") for one in row["untaken"])
    return ReportRow(
        pk=row["pk"],
        currency=row["currency"],
        total=row["total"] if row["revised_total"] is None else row["revised_total"],
        is_approved=row["status"] in _FINAL and row["absent_since"] is None,
        is_excluded=row["not_taken_code"].startswith("excluded."),
        is_due=row["is_due"],
        untaken=tuple(None if amount is None else exact(amount) for amount in amounts),
    )


def _fields(postings: QuerySet[Posting]) -> QuerySet:
    return postings.values(
        "pk", "report_id", "slice_name", "state", "op", "cause", "currency", "total", "date"
    )


def _posting_row(row: Mapping) -> PostingRow:
    return PostingRow(
        pk=row["pk"],
        report=row["report_id"],
        slice_name=row["slice_name"],
        state=State(row["state"]),
        currency=row["currency"],
        total=row["total"],
        on=row["date"],
        is_cancel=row["op"] == Op.CANCEL.value,
        by_person=row["cause"] == "person",
    )


def _is_dated(row: PostingRow, first: date, last: date) -> bool:
    return row.is_live and row.on is not None and first <= row.on <= last


def _sums(rows: Iterable[PostingRow]) -> Sums:
    return sums_of({"currency": row.currency, "sum": row.total} for row in rows)
