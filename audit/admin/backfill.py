"""Filling a flow back on its page: which days, a dry run of them, and a person's word."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from audit import backfill
from audit.admin import words
from audit.backfill import Outcome, Rehearsal
from audit.preview import Preview
from connectors.admin_base import (
    TextInputWidget,
    button,
    change_url,
    display,
    forms,
    messages,
)
from connectors.clock import database_now
from connectors.contract.transport import VendorError
from connectors.counting import counted
from mappings.models import Flow
from mappings.texts import day

# What was shown is confirmed within the hour, or looked at again.
_SALT, _GOOD_FOR_S = "audit.backfill", 3600.0
_LABELS = {
    Outcome.TO_POST: "Would be posted",
    Outcome.TO_HOLD: "Would be held",
    Outcome.STANDING: "In the ledger already",
    Outcome.NOT_TAKEN: "Not taken",
    Outcome.UNREADABLE: "Could not be read",
}


class SpanForm(forms.Form):
    first = forms.DateField(label="Approved from", widget=TextInputWidget({"type": "date"}))
    last = forms.DateField(label="to", widget=TextInputWidget({"type": "date"}))

    def __init__(self, flow: Flow, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = flow.zone

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        first, last = given.get("first"), given.get("last")
        today = database_now().astimezone(ZoneInfo(self.zone)).date()
        if first and last and last < first:
            self.add_error("last", "This is before the first day. Exchange the two.")
        elif last and last > today:
            self.add_error("last", f"Only days up to today, {day(today)}, can be filled back.")
        return given


class FillsBack:
    """The button of a flow's page, and what it says of earlier use."""

    @button(label="Back-fill…", permission="mappings.change_flow")
    def backfill(self, request: HttpRequest, flow: Flow) -> HttpResponse | None:
        if not request.user.has_perm("audit.view_report"):
            raise PermissionDenied
        if decided := request.POST.get("decided"):
            return self._fill_back(request, flow, decided)
        form = SpanForm(flow, request.POST if "first" in request.POST else None)
        found = self._rehearsal(request, flow, form) if form.is_bound and form.is_valid() else None
        context = {
            **self.admin_site.each_context(request),
            "title": f"Fill {flow} back",
            "opts": self.opts,
            "flow": flow,
            "begins": day(flow.starts_on),
            "form": form,
            "back": change_url(flow),
            "media": self.media,
        }
        if found is not None:
            context |= _shown(flow, found)
        return TemplateResponse(request, "audit/backfill.html", context)

    def _rehearsal(self, request: HttpRequest, flow: Flow, form: SpanForm) -> Rehearsal | None:
        try:
            return backfill.rehearse(flow, form.cleaned_data["first"], form.cleaned_data["last"])
        except VendorError as failure:
            messages.error(request, f"Expensify was not read, and nothing was changed: {failure}")
            return None

    def _fill_back(self, request: HttpRequest, flow: Flow, decided: str) -> None:
        try:
            told = signing.loads(decided, salt=_SALT, max_age=_GOOD_FOR_S)
        except signing.BadSignature:
            told = {}
        if told.get("flow") != flow.pk:
            messages.warning(
                request, "This dry run is older than an hour. Nothing was done; look again."
            )
            return
        first, last = date.fromisoformat(told["first"]), date.fromisoformat(told["last"])
        backfill.confirm(flow, first, last, told["figures"], request.user.get_username())
        messages.success(
            request,
            f"{flow} takes what was approved from {day(first)} to {day(last)}: it is read "
            f"{'when the flow goes on' if flow.is_paused else 'within a minute'}.",
        )

    @display(description="Filled back")
    def filled_back(self, flow: Flow) -> SafeString | str:
        lines = [
            (f"Approved from {_day(first)} to {_day(last)}: taken",)
            for first, last in flow.backfills
        ]
        lines += [
            (f"From {_day(first)} to {_day(last) if last else 'today'}: the next poll reads it",)
            for first, last, _ in flow.to_read
        ]
        return format_html_join("", "<div>{}</div>", lines) or "Nothing from before its beginning"


def preview_row(one: Preview) -> dict[str, Any]:
    """One report of a dry run, as templates show it; one that is not stored yet has no page."""
    said = [f"{part.kind_label} {part.what}." for part in one.parts]
    return {
        "url": change_url(one.report) if one.report.pk else "",
        "report": str(one.report),
        "employee": one.report.employee_name,
        "amount": words.money(one.report.total, one.report.currency),
        "what": " ".join(said) or one.unreadable or f"Nothing would be posted. {one.left_out}",
        "problems": one.all_problems,
    }


def _shown(flow: Flow, found: Rehearsal) -> dict[str, Any]:
    count = found.counts.total()
    told = {
        "flow": flow.pk,
        "first": found.first.isoformat(),
        "last": found.last.isoformat(),
        "figures": found.figures,
    }
    return {
        "summary": f"{counted(count, 'report')} approved from {day(found.first)} to "
        f"{day(found.last)}",
        "figures": [(_LABELS[one], found.figure(one)) for one in Outcome if found.counts[one]],
        "rows": [preview_row(one) for one in found.shown],
        "unreadable": found.unreadable[: backfill.SHOWN],
        "left": max(count - len(found.shown) - len(found.unreadable), 0),
        "will": _will(flow),
        "decided": signing.dumps(told, salt=_SALT) if count else "",
    }


def _will(flow: Flow) -> str:
    """What the person's word sets going."""
    if flow.mode == "dry_run":
        return "The flow is in dry run: the reports are read and built, and nothing is sent."
    if flow.is_paused:
        return "The flow is paused: the reports are read, and sent, when it goes on."
    return f"They are read within a minute; what is not held is posted to {flow.connection}."


def _day(text: str) -> str:
    return day(date.fromisoformat(text))
