"""What lists are narrowed by: months, causes and flags, each with words instead of columns."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.db.models.functions import ExtractMonth, ExtractYear
from django.http import HttpRequest
from django.utils import formats, timezone

from audit import attention
from audit.admin import words
from audit.admin.cures import titles
from audit.models import Event
from audit.selectors import held, span_of, waiting_for
from mappings.models import Flow


class _Month(SimpleListFilter):
    """Months that the rows are in, the newest first. `column` is a date or a moment."""

    column = ""
    parameter_name = "period"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        months = self.months(model_admin.model.objects.filter(**{f"{self.column}__isnull": False}))
        return [
            (f"{year}-{month:02}", formats.date_format(_first(year, month), "YEAR_MONTH_FORMAT"))
            for year, month in sorted(months, reverse=True)
        ]

    def months(self, rows: QuerySet, zone: ZoneInfo | None = None) -> set[tuple[int, int]]:
        year, month = ExtractYear(self.column, tzinfo=zone), ExtractMonth(self.column, tzinfo=zone)
        return set(
            rows.order_by().annotate(year=year, month=month).values_list("year", "month").distinct()
        )

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        if not self.value():
            return rows
        try:
            first, last = span_of(self.value())
        except ValueError:
            return rows.none()
        return self.within(rows, first, last)

    def within(self, rows: QuerySet, first: Any, last: Any) -> QuerySet:
        return rows.filter(**{f"{self.column}__range": (first, last)})


def _first(year: int, month: int) -> Any:
    return span_of(f"{year:04}-{month:02}")[0]


class ApprovedMonth(_Month):
    """Each report by the day in its flow's zone, as its page and its document have it."""

    title, column = "approved in", "approved_at"

    def months(self, rows: QuerySet, zone: ZoneInfo | None = None) -> set[tuple[int, int]]:
        found = super().months(rows.filter(flow=None))
        for one in _zones():
            found |= super().months(rows.filter(flow__zone=one.key), one)
        return found

    def within(self, rows: QuerySet, first: Any, last: Any) -> QuerySet:
        found = Q(flow=None, approved_at__date__range=(first, last))
        for zone in _zones():
            begins = datetime.combine(first, time.min, zone)
            ends = datetime.combine(last + timedelta(days=1), time.min, zone)
            found |= Q(flow__zone=zone.key, approved_at__gte=begins, approved_at__lt=ends)
        return rows.filter(found)


def _zones() -> list[ZoneInfo]:
    names = Flow.objects.order_by("zone").values_list("zone", flat=True).distinct()
    return [ZoneInfo(name) for name in names]


class PostingMonth(_Month):
    title, column = "posting date", "date"


class Badge(SimpleListFilter):
    """What Expensify says about a report beyond its standing."""

    title, parameter_name = "in Expensify", "badge"
    _badges = {
        "unapproved": ("No longer approved", Q(unapproved_at__isnull=False)),
        "reimbursed": ("Reimbursed", Q(reimbursed_at__isnull=False)),
        "absent": ("Missing", Q(absent_since__isnull=False)),
    }
    _stranded = ("Posted, not approved for 3 days", attention.unapproved)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        names = [(name, label) for name, (label, _) in self._badges.items()]
        return [*names, ("stranded", self._stranded[0])]

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        if self.value() == "stranded":
            return rows.filter(self._stranded[1](timezone.now()))
        found = self._badges.get(self.value() or "")
        return rows.filter(found[1]) if found else rows


class OpenBill(SimpleListFilter):
    """Bills that somebody might pay although the employee has the money already."""

    title, parameter_name = "open bills", "bill"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("reimbursed", "Open, already reimbursed in Expensify")]

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        if self.value() != "reimbursed":
            return rows
        return rows.filter(pk__in=attention.reimbursed_bills().order_by().values("pk"))


class FailedReceipts(SimpleListFilter):
    """Documents that a receipt could not be attached to."""

    title, parameter_name = "receipts", "receipts"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("failed", "Not attached: we stopped trying")]

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        if self.value() != "failed":
            return rows
        return rows.filter(pk__in=attention.failed_receipts().order_by().values("posting"))


class Cause(SimpleListFilter):
    """What held postings wait for; the choice is `subject:...` or `code:...`."""

    title, parameter_name = "cause", "cause"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Each cause once, whatever the company: that is a filter of its own."""
        groups = held()
        names = titles(groups)
        counts: Counter[str] = Counter()
        called: dict[str, str] = {}
        for one in groups:
            cause = cause_of(one.subject, one.code)
            counts[cause] += one.reports
            called.setdefault(cause, names[one.key])
        return [(cause, f"{called[cause]} ({count})") for cause, count in counts.most_common()]

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        kind, _, name = (self.value() or "").partition(":")
        if kind == "subject":
            return rows.filter(waiting_for(name, ""))
        if kind == "code":
            return rows.filter(waiting_for("", name))
        return rows


def cause_of(subject: str, code: str) -> str:
    return f"subject:{subject}" if subject else f"code:{code}"


class EventKind(SimpleListFilter):
    title, parameter_name = "what", "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        kinds: Iterable[str] = Event.objects.order_by("kind").values_list("kind", flat=True)
        return [(kind, words.event_kind(kind)) for kind in kinds.distinct()]

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        return rows.filter(kind=self.value()) if self.value() else rows
