"""The month on one page: is every approved amount somewhere, and where? With a list behind each
figure, and as a file."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import SimpleListFilter
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import formats

from audit.admin import words
from audit.admin.actions import list_url
from audit.completeness import (
    Equation,
    Figure,
    Month,
    Place,
    Term,
    month_of,
    newest_month,
    undated_reports,
)
from audit.selectors import span_of
from connectors.admin_base import ModelAdmin, SelectWidget, change_link, forms
from connectors.contract.money import rounded
from connectors.counting import counted
from mappings.models import Flow
from mappings.texts import money

PLACES: Mapping[Place, str] = {
    Place.POSTED: "Posted",
    Place.WAITING: "Waiting to post",
    Place.SENT: "Sent, not confirmed yet",
    Place.HELD: "Held: needs you",
    Place.FAILED: "Failed: we stopped trying",
    Place.IGNORED: "Set aside",
    Place.EXCLUDED: "Not taken by this flow: whole reports",
    Place.REVERSED: "Reversed and not posted again",
    Place.UNTAKEN: "Not taken by this flow: lines, such as company cards",
    Place.UNSEEN: "New or changed, not looked at yet",
    Place.WITHDRAWN: "Withdrawn, then approved again",
    Place.MIXED: "Posted in another currency, with parts in several states",
}
_ALARMS = {Place.SENT, Place.HELD, Place.FAILED, Place.MIXED}

# What else a list can be behind: see `_reports_behind`.
APPROVED, DIFFERENCE, GONE, OTHERS, UNDATED = "approved", "difference", "gone", "others", "undated"
ELSEWHEN = "-elsewhen"


def page_url(flow: Flow | None = None, period: str = "", **query: str) -> str:
    """The address of the page, for the flow's newest month unless told."""
    given = {"flow": flow.pk if flow else "", "month": period, **query}
    given = {name: text for name, text in given.items() if text}
    address = reverse("admin:audit_report_completeness")
    return f"{address}?{urlencode(given)}" if given else address


# --- the lists behind the figures ----------------------------------------------------------------


def figure_url(month: Month, currency: str, what: str) -> str:
    """The reports behind one figure; `what` is a place, with or without ELSEWHEN, or a word."""
    return list_url("report", figure=f"{month.flow.pk}:{month.period}:{currency}:{what}")


class BehindFigure(SimpleListFilter):
    """The reports behind one figure of the page; offered only to those who come from there."""

    title, parameter_name = "behind the figure", "figure"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        figure = request.GET.get(self.parameter_name, "")
        return [(figure, _figure_label(figure))] if figure else []

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        if not self.value():
            return rows
        try:
            flow_id, period, currency, what = self.value().split(":")
            flow = Flow.objects.get(pk=int(flow_id))
            if what == UNDATED:
                return rows.filter(pk__in=undated_reports(flow).values("pk"))
            month = month_of(flow, *span_of(period))
        except (ValueError, Flow.DoesNotExist):
            return rows.none()
        return rows.filter(pk__in=_reports_behind(month, currency, what))


def _figure_label(figure: str) -> str:
    _, _, rest = figure.partition(":")
    period, _, rest = rest.partition(":")
    currency, _, what = rest.partition(":")
    place, *elsewhen = what.split(ELSEWHEN)
    label = PLACES[Place(place)] if place in set(Place) else _LABELS.get(place, "Unknown")
    label += ", dated in another month" if elsewhen else ""
    return " ".join(filter(None, (f"{label}:", currency, period)))


_LABELS = {
    APPROVED: "Approved",
    DIFFERENCE: "Not explained",
    GONE: "No longer approved",
    OTHERS: "Approved in another month, dated in",
    UNDATED: "Without a day of approval",
}


def _reports_behind(month: Month, currency: str, what: str) -> set[int]:
    """Primary keys of reports; none for a figure that is not (or no longer) on the page."""
    if what == OTHERS:
        return set(month.other_ids)
    found = next((one for one in month.equations if one.currency == currency), None)
    if found is None:
        return set()
    name, *elsewhen = what.split(ELSEWHEN)
    fixed = {APPROVED: found.approved, DIFFERENCE: found.difference}
    if name in fixed:
        return fixed[name].reports
    terms = {GONE: found.gone} | {place.value: term for place, term in found.terms.items()}
    term = terms.get(name, Term())
    return (term.elsewhen if elsewhen else term.amount).reports


# --- the page ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the page and of the file; figures in `currency`, `documents` by theirs."""

    label: str
    currency: str
    figure: Figure
    elsewhen: Figure | None = None
    documents: Mapping[str, Decimal] | None = None
    what: str = ""
    is_alarm: bool = False


def lines_of(equation: Equation) -> Iterator[Line]:
    """The right side, line by line, then the difference and what stands outside."""
    currency = equation.currency
    for place, term in equation.shown():
        is_alarm = place in _ALARMS and bool(term.amount.reports)
        yield Line(
            PLACES[place], currency, term.amount, term.elsewhen, term.documents, place.value,
            is_alarm,
        )  # fmt: skip


def completeness_page(model_admin: ModelAdmin, request: HttpRequest) -> HttpResponse:
    """A flow's month; without a month the newest that has reports, without a flow the first."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    flows = list(Flow.objects.order_by("name", "pk"))
    flow, month, complaint = _chosen(request, flows)
    if month is not None and not complaint and request.GET.get("as") == "csv":
        return _as_csv(month)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Is the month complete?",
        "opts": model_admin.opts,
        "media": model_admin.media,
        "complaint": complaint,
        "picker": _picker(flows, flow, month),
    }
    if month is not None:
        context |= _shown(month)
    status = 400 if complaint and flows else 200
    return TemplateResponse(request, "audit/completeness.html", context, status=status)


_NO_FLOWS = "There is no flow yet. Make one under Flows: its months appear here."


def _chosen(request: HttpRequest, flows: list[Flow]) -> tuple[Flow | None, Month | None, str]:
    if not flows:
        return None, None, _NO_FLOWS
    wanted = request.GET.get("flow") or str(flows[0].pk)
    flow = next((one for one in flows if str(one.pk) == wanted), None)
    if flow is None:
        return None, None, f"There is no flow {wanted}. Choose one of the list."
    period = request.GET.get("month", "")
    try:
        first, last = span_of(period) if period else _newest_span(flow)
    except ValueError as misfit:
        newest = month_of(flow, *_newest_span(flow))
        return flow, newest, f"{misfit}. Here is the newest month instead."
    return flow, month_of(flow, first, last), ""


def _newest_span(flow: Flow) -> tuple[date, date]:
    return span_of(f"{newest_month(flow) or flow.starts_on:%Y-%m}")


class Picker(forms.Form):
    """Which month of which flow; only drawn, the address itself is read."""

    flow = forms.ChoiceField(widget=SelectWidget())
    month = forms.ChoiceField(widget=SelectWidget())


def _picker(flows: list[Flow], flow: Flow | None, month: Month | None) -> forms.Form:
    chosen = {"flow": flow.pk if flow else None, "month": month.period if month else None}
    picker = Picker(initial=chosen, auto_id="pick_%s")
    picker.fields["flow"].choices = [(one.pk, one.name) for one in flows]
    picker.fields["month"].choices = _months(month)
    return picker


def _months(month: Month | None) -> list[tuple[str, str]]:
    """From the first month with reports to the last, the newest first."""
    if month is None:
        return []
    day = min(filter(None, (month.first_month, month.first)))
    end = max(filter(None, (month.last_month, month.first)))
    found = []
    while day <= end:
        found.append((f"{day:%Y-%m}", _named(day)))
        day = _after(day)
    return found[::-1]


def _named(first: date) -> str:
    return formats.date_format(first, "YEAR_MONTH_FORMAT")


def _after(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def _shown(month: Month) -> dict[str, Any]:
    flow, before = month.flow, (month.first - timedelta(days=1)).replace(day=1)
    return {
        "flow": change_link(flow),
        "zone": flow.zone,
        "month_name": _named(month.first),
        "earlier": page_url(flow, f"{before:%Y-%m}"),
        "later": page_url(flow, f"{_after(month.first):%Y-%m}"),
        "csv_url": page_url(flow, month.period, **{"as": "csv"}),
        "agrees": month.agrees,
        "equations": [_shown_equation(month, one) for one in month.equations],
        "ledger": _shown_ledger(month),
        "undated": counted(month.undated, "report") if month.undated else "",
        "undated_url": figure_url(month, "", UNDATED),
    }


def _shown_equation(month: Month, equation: Equation) -> dict[str, Any]:
    currency = equation.currency
    gone = Line(
        "No longer approved, or no longer listed by Expensify", currency, equation.gone.amount,
        equation.gone.elsewhen, equation.gone.documents, GONE, True,
    )  # fmt: skip
    approved = Line("Approved in the month", currency, equation.approved, what=APPROVED)
    missing = Line("Not explained", currency, equation.difference, what=DIFFERENCE, is_alarm=True)
    return {
        "currency": currency,
        "agrees": equation.agrees,
        "approved": _shown_line(month, approved),
        "lines": [_shown_line(month, line) for line in lines_of(equation)],
        "explained": _written(equation.explained, currency),
        "difference": _shown_line(month, missing) if equation.difference.reports else None,
        "gone": _shown_line(month, gone) if equation.gone.amount.reports else None,
    }


def _shown_line(month: Month, line: Line) -> dict[str, Any]:
    count, elsewhen = len(line.figure.reports), line.elsewhen
    documents = {code: amount for code, amount in (line.documents or {}).items() if amount}
    own = {code: amount for code, amount in documents.items() if code == line.currency}
    converted = {code: amount for code, amount in documents.items() if code not in own}
    told = [words.sums(own)] if own else []
    told += [f"{words.sums(dict(sorted(converted.items())))} converted"] if converted else []
    return {
        "label": line.label,
        "count": f"{count:,}" if count else words.NOTHING,
        "counted": counted(count, "report") if count else "no reports",
        "amount": _written(line.figure.amount, line.currency),
        "url": figure_url(month, line.currency, line.what) if count else "",
        "is_alarm": line.is_alarm,
        "elsewhen": _written(elsewhen.amount, line.currency)
        if elsewhen and elsewhen.reports
        else "",
        "elsewhen_url": figure_url(month, line.currency, line.what + ELSEWHEN),
        "documents": ", ".join(told),
        # What is booked in another currency is another figure, and right.
        "is_converted": bool(converted),
        # A change that is not through: the ledger still shows the amount of before.
        "is_otherwise": bool(own) and not converted and own[line.currency] != line.figure.amount,
    }


def _written(amount: Decimal, currency: str) -> str:
    return words.unbroken(money(rounded(amount, currency), currency))


def _shown_ledger(month: Month) -> list[dict[str, str]]:
    """What a list of our documents in the ledger, by posting date, has to add up to."""
    return [
        {
            "dated": _written(month.dated.get(code, Decimal(0)), code),
            "others": _written(month.others[code], code) if code in month.others else "",
            "others_url": figure_url(month, "", OTHERS),
            "both": _written(
                month.dated.get(code, Decimal(0)) + month.others.get(code, Decimal(0)), code
            ),
        }
        for code in sorted({*month.dated, *month.others})
    ]


# --- the file ------------------------------------------------------------------------------------

HEADINGS = (
    "Flow", "Month", "Currency", "Line", "Reports", "Amount", "Dated in another month",
    "In the ledger",
)  # fmt: skip


def _as_csv(month: Month) -> HttpResponse:
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    name = f"completeness-{month.flow.pk}-{month.period}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.write("\N{BYTE ORDER MARK}")  # spreadsheets take UTF-8 for something else without it
    table = csv.writer(answer)
    table.writerow(HEADINGS)
    for equation in month.equations:
        for line in _csv_lines(equation):
            table.writerow([_cell(month.flow.name), month.period, *_csv_cells(line)])
    for code in sorted({*month.dated, *month.others}):
        for label, sums in (
            ("Documents dated in the month, approved in it", month.dated),
            ("Documents dated in the month, approved in another", month.others),
        ):
            amount = sums.get(code, Decimal(0))
            row = [_cell(month.flow.name), month.period, code, label, "", "", "", _plain(amount)]
            table.writerow(row)
    return answer


def _csv_lines(equation: Equation) -> Iterator[Line]:
    currency = equation.currency
    yield Line("Approved in the month", currency, equation.approved)
    yield from lines_of(equation)
    yield Line("Not explained", currency, equation.difference)
    gone = equation.gone
    yield Line("No longer approved", currency, gone.amount, gone.elsewhen, gone.documents)


def _csv_cells(line: Line) -> list[str | int]:
    documents = line.documents or {}
    # One currency to a row; what stands in others is told by the last lines.
    return [
        line.currency,
        line.label,
        len(line.figure.reports),
        _plain(rounded(line.figure.amount, line.currency)),
        _plain(rounded(line.elsewhen.amount, line.currency)) if line.elsewhen else "",
        _plain(rounded(documents.get(line.currency, Decimal(0)), line.currency)),
    ]


def _plain(amount: Decimal) -> str:
    return f"{amount:f}"


def _cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
