"""What screens and the API read: counts, groups, histories; each in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import (
    Count,
    Min,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce, Concat, NullIf, Trim

from audit.book import standing_of
from audit.engine.run import held_until
from audit.models import Event, PollRun, Posting, Report
from audit.states import DUE, NEEDS_PERSON, State
from connectors.clock import database_now
from connectors.contract.ledger import Op
from connectors.contract.money import rounded
from connectors.contract.report import Report as Read
from connectors.contract.report import ReportStatus
from connectors.expensify import parse
from connectors.models import Channel, LedgerConnection
from mappings.models import Flow

Sums = dict[str, Decimal]

# A page shows the newest lines of a history; the rest stands in the list of events.
NEWEST = 100


def sums_of(rows: Iterable[Mapping[str, Any]], amount: str = "sum") -> Sums:
    """Rows of `values("currency").annotate(sum=...)` as currency -> amount, ordered by currency.

    SQLite adds decimals as doubles; at the currency's own decimals the sum is exact again.
    """
    sums: Sums = defaultdict(Decimal)
    for row in rows:
        if row[amount] is not None:
            sums[row["currency"]] += rounded(row[amount], row["currency"])
    return dict(sorted(sums.items()))


# --- lists ---------------------------------------------------------------------------------------


def reports() -> QuerySet[Report]:
    """Reports with flow, connection and `documents`: their postings because of which one stands."""
    live = (
        Posting.objects.filter(state=State.POSTED)
        .exclude(op=Op.CANCEL.value)
        .only("report_id", "number", "document_id", "document_link", "slice_name")
        .order_by("slice_name", "pk")
    )
    return Report.objects.select_related("flow__connection", "workspace").prefetch_related(
        Prefetch("postings", live, to_attr="documents")
    )


def postings() -> QuerySet[Posting]:
    """Postings as lists show them: without bytes and stored copies, with what becomes a badge.

    set_aside_by  the person who set it aside last, by name; None for nobody
    is_paid       the ledger said so when it last answered
    """
    set_aside = Event.objects.filter(posting=OuterRef("pk"), kind="posting.ignored").annotate(
        person=person_name()
    )
    return (
        Posting.objects.select_related("report", "flow", "connection")
        .defer("payload", "stored", "entry", "explained", "cuts")
        .annotate(
            set_aside_by=Subquery(set_aside.order_by("-pk").values("person")[:1]),
            is_paid=KT("stored__paid"),
        )
    )


def person_name() -> Coalesce:
    """For events: the full name of the actor, the user name where there is none."""
    user = get_user_model().objects.filter(username=OuterRef("actor"))
    full_name = Trim(Concat("first_name", Value(" "), "last_name"))
    named = Subquery(user.annotate(full_name=full_name).values("full_name")[:1])
    return Coalesce(NullIf(named, Value("")), "actor")


# --- what waits for a person ---------------------------------------------------------------------


# The connection's row, the subject, the code.
HeldKey = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class Held:
    """Everything that one cause holds in one company.

    subject  what the postings wait for together, "" where the cause has none; then `code` tells
    sums     of the postings, currency -> amount
    unknown  postings that are in no sum: a foreign line came without its converted amount, and
             whether Expensify's own total has it is not said
    sample   one of the postings, whole: its problem has the words and the facts for the cure
    """

    subject: str
    code: str
    reports: int
    sums: Sums
    since: datetime
    sample: Posting
    unknown: int = 0

    @property
    def key(self) -> HeldKey:
        return self.sample.connection_id, self.subject, self.code

    @property
    def company(self) -> str:
        return str(self.sample.connection)

    @property
    def problem(self) -> dict[str, Any]:
        """The problem that all of them have, as stored; {} if a posting failed without one."""
        found = self.sample.problems
        return next((p for p in found if p.get("subject", "") == self.subject), (found or [{}])[0])


def held(chosen: QuerySet[Posting] | None = None) -> list[Held]:
    """The postings that need a person by company and cause, most reports first: two companies
    have two cures. Two queries."""
    rows = Posting.objects.all() if chosen is None else chosen
    rows = rows.filter(state__in=NEEDS_PERSON).order_by()
    groups: dict[HeldKey, list[dict]] = defaultdict(list)
    by_cause = rows.values("connection_id", "subject", "currency", code=KT("problems__0__code"))
    found = by_cause.annotate(
        reports=Count("report", distinct=True),
        sum=Sum("total"),
        unknown=Count("pk", filter=Q(total__isnull=True)),
        since=Min("state_at"),
        sample=Min("pk"),
    )
    for row in found:
        groups[_key(row)].append(row)
    ids = {key: min(row["sample"] for row in members) for key, members in groups.items()}
    samples = Posting.objects.select_related("flow", "report", "connection").in_bulk(ids.values())
    answer = [
        Held(
            subject=subject,
            code=code or (members[0]["code"] or ""),
            reports=sum(row["reports"] for row in members),
            sums=sums_of(members),
            since=min(row["since"] for row in members),
            sample=samples[ids[key]],
            unknown=sum(row["unknown"] for row in members),
        )
        for key, members in groups.items()
        for _, subject, code in [key]
        if ids[key] in samples
    ]
    return sorted(answer, key=lambda one: (-one.reports, one.subject, one.code, one.company))


def _key(row: Mapping[str, Any]) -> HeldKey:
    return row["connection_id"], row["subject"], "" if row["subject"] else row["code"] or ""


def waiting_for(subject: str, code: str) -> Q:
    """The condition for the postings of one cause, in every company; see `Held`."""
    return Q(subject=subject) if subject else Q(subject="", problems__0__code=code)


# --- the home page -------------------------------------------------------------------------------


_OF_DOCUMENTS = {
    Report.Standing.HELD,
    Report.Standing.FAILED,
    Report.Standing.IN_DOUBT,
    Report.Standing.WAITING,
    Report.Standing.POSTED,
}


@dataclass(frozen=True, slots=True)
class Tally:
    """How many reports share a standing, and what that comes to by currency; see `standings`.

    unknown    documents that are in no sum, as with `Held`
    documents  how many documents that is, 0 where reports themselves are summed
    """

    reports: int = 0
    sums: Sums = field(default_factory=dict)
    unknown: int = 0
    documents: int = 0


def standings() -> dict[str, Tally]:
    """Standing -> count of reports, and sums of their documents, as the ledger has or is to have
    them; Expensify's totals where there is no document. Two queries.

    A report may have several documents, in other currencies than its own and not for all of its
    lines: what is posted of one that is held is among what is posted.
    """
    rows: dict[str, list[dict]] = defaultdict(list)
    found = Report.objects.order_by().values("standing", "currency")
    for row in found.annotate(reports=Count("pk"), sum=Sum("total")):
        rows[row["standing"]].append(row)
    documents: dict[str, list[dict]] = defaultdict(list)
    entered = Posting.objects.order_by().exclude(op=Op.CANCEL.value).values("state", "currency")
    unknown = Count("pk", filter=Q(total__isnull=True))
    for row in entered.annotate(sum=Sum("total"), unknown=unknown, documents=Count("pk")):
        documents[standing_of([(row["state"], Op.POST.value)])].append(row)
    tallies = {}
    for standing, members in rows.items():
        counted = documents[standing] if standing in _OF_DOCUMENTS else members
        tallies[standing] = Tally(
            sum(row["reports"] for row in members),
            sums_of(counted),
            sum(row.get("unknown", 0) for row in counted),
            sum(row.get("documents", 0) for row in counted),
        )
    return tallies


def flows() -> list[Flow]:
    """Every flow with `last_poll` (its newest run or None) and `waiting` (reports not posted yet).

    Three queries.
    """
    newest = PollRun.objects.filter(flow=OuterRef("pk")).order_by("-started_at", "-pk")
    found = list(
        Flow.objects.select_related("workspace", "connection")
        .annotate(
            last_poll_id=Subquery(newest.values("pk")[:1]),
            waiting=Count("reports", filter=Q(reports__standing=Report.Standing.WAITING)),
        )
        .order_by("name", "pk")
    )
    runs = PollRun.objects.in_bulk([flow.last_poll_id for flow in found if flow.last_poll_id])
    for flow in found:
        flow.last_poll = runs.get(flow.last_poll_id)
    return found


@dataclass(frozen=True, slots=True)
class Hold:
    """Why nothing is sent on a connection, since when, and when it is tried again by itself."""

    why: str
    since: datetime | None
    until: datetime


@dataclass(frozen=True, slots=True)
class Company:
    """A connection as the home page shows it. `hold` None = nothing holds its channel."""

    connection: LedgerConnection
    hold: Hold | None
    waiting: int


def has_many_companies() -> bool:
    """Whether what is told of a company has to say of which."""
    return LedgerConnection.objects.count() > 1


def companies() -> list[Company]:
    """Every ledger connection, whether anything may be sent to it now, and what waits."""
    now = database_now()
    rows = (
        LedgerConnection.objects.select_related("credential", "channel")
        .annotate(
            waiting=Count(
                "postings__report", filter=Q(postings__state__in=sorted(DUE)), distinct=True
            )
        )
        .order_by("name", "pk")
    )
    return [Company(row, hold(row.channel, now), row.waiting) for row in rows]


def hold(channel: Channel, now: datetime) -> Hold | None:
    """What holds the channel at this moment."""
    until = held_until(channel, now)
    if until is None:
        return None
    why = channel.breaker_reason or "The ledger asked us to slow down."
    return Hold(why, channel.held_since, until)


def oldest_due() -> Posting | None:
    """The posting that waits longest although nothing but the sending is missing."""
    rows = Posting.objects.filter(
        state__in=DUE, flow__mode__in=["live", "test"], flow__is_paused=False
    )
    return rows.select_related("report", "connection").order_by("state_at", "pk").first()


def reports_waiting(connection: LedgerConnection) -> Tally:
    """The reports that wait to be posted on this connection."""
    rows = list(
        Report.objects.filter(flow__connection=connection, standing=Report.Standing.WAITING)
        .order_by()
        .values("currency")
        .annotate(reports=Count("pk"), sum=Sum("total"))
    )
    return Tally(sum(row["reports"] for row in rows), sums_of(rows))


# --- one report, one posting ---------------------------------------------------------------------


def as_read(report: Report) -> Read | None:
    """What the report says now, None before it was read whole. State and dates are today's and no
    part of a revision: it may have been read before it was approved.

    Raises Misfit (a ValueError) where the stored line can no longer be read.
    """
    if report.latest is None:
        return None
    return replace(
        parse.report(report.latest.raw),
        status=ReportStatus(report.status),
        submitted_at=report.submitted_at,
        approved_at=report.approved_at,
        reimbursed_at=report.reimbursed_at,
        is_ach_reimbursed=report.is_ach_reimbursed,
    )


def history(*, report: Report | None = None, posting: Posting | None = None) -> list[Event]:
    """The newest events of a report or a posting, newest first; `person` is the actor's name."""
    rows = Event.objects.select_related("posting").annotate(person=person_name())
    rows = rows.filter(report=report) if report is not None else rows.filter(posting=posting)
    return list(rows.order_by("-pk")[:NEWEST])


def span_of(period: str) -> tuple[date, date]:
    """First and last day of a month written 2026-10. Raises ValueError for anything else."""
    year, dash, month = period.partition("-")
    is_month = dash and len(year) == 4 and len(month) == 2 and (year + month).isdecimal()
    if not is_month or not 1 <= int(month) <= 12 or int(year) < 1:
        raise ValueError(f"{period!r} is no month; write it like 2026-10")
    first = date(int(year), int(month), 1)
    after = date(int(year) + int(month) // 12, int(month) % 12 + 1, 1)
    return first, date.fromordinal(after.toordinal() - 1)
