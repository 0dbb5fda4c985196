"""What the engine adds to a flow's page: poll now, go live, take tests back, and the polls."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from audit.admin import words
from audit.admin.actions import REVERSE, list_url, tell
from audit.admin.backfill import FillsBack, preview_row
from audit.admin.completeness import page_url
from audit.engine import desk
from audit.models import PollRun, Posting, Report
from audit.preview import Figures, previews
from audit.selectors import reports_waiting, sums_of
from audit.states import State
from connectors.admin_base import (
    Confirmation,
    button,
    change_url,
    connection_facts,
    display,
    messages,
)
from connectors.contract.ledger import Op
from connectors.contract.report import ReportStatus
from connectors.counting import counted
from connectors.models import LedgerConnection
from mappings.admin import FlowAdmin
from mappings.admin.kept import kept
from mappings.admin.rules_csv import import_facts
from mappings.models import Flow
from mappings.terms import Mode

SHOWN_POLLS = 5
SHOWN_PREVIEWS = 200
# So many are built while somebody waits for the page.
COUNTED_PREVIEWS = 5_000
# Fields of the form that this room shows in the flow's zone.
_OURS = {"mark_at": "read_through"}


class EngineFlowAdmin(FillsBack, FlowAdmin):
    """The flow's page with what this room can do for it."""

    buttons = (
        "poll_now",
        "dry_run",
        "go_live",
        "backfill",
        "reverse_tests",
        *FlowAdmin.buttons[1:],
    )
    readonly_fields = (
        *(_OURS.get(one, one) for one in FlowAdmin.readonly_fields),
        "last_polls",
        "its_reports",
        "filled_back",
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        ours = ("Reports", {"fields": ("its_reports", "last_polls", "filled_back")})
        fieldsets = [
            (title, {**columns, "fields": [_OURS.get(one, one) for one in columns["fields"]]})
            for title, columns in super().get_fieldsets(request, obj)
        ]
        return [fieldsets[0], ours, *fieldsets[1:]] if obj is not None else fieldsets

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Going live is a button that asks first; the form only leads up to it."""
        form = super().get_form(request, obj, **kwargs)
        mode = form.base_fields.get("mode")
        if mode is not None and (obj is None or obj.mode != Mode.LIVE):
            mode.choices = [one for one in mode.choices if one[0] != Mode.LIVE.value]
            mode.help_text = "Press Go live on the saved flow to have it post."
        return form

    @display(description="Reports by standing")
    @kept
    def its_reports(self, flow: Flow) -> str:
        rows = (
            Report.objects.filter(flow=flow)
            .order_by()
            .values("standing")
            .annotate(n=Count("pk"))
            .order_by("standing")
        )
        labels = dict(Report.Standing.choices)
        found = [
            (
                list_url("report", flow__id__exact=flow.pk, standing__exact=row["standing"]),
                labels[row["standing"]],
                row["n"],
            )
            for row in rows
        ]
        if not found:
            return "None read yet"
        listed = format_html_join(", ", '<a class="text-link" href="{}">{}: {}</a>', found)
        return format_html(
            '{}<div><a class="text-link" href="{}">Is the month complete?</a></div>',
            listed,
            page_url(flow),
        )

    @display(description="Last polls")
    @kept
    def last_polls(self, flow: Flow) -> str:
        runs = PollRun.objects.filter(flow=flow).order_by("-due_at", "-pk")[:SHOWN_POLLS]
        lines = [
            (
                change_url(run),
                words.moment(run.started_at, flow),
                run.get_status_display().lower(),
                counted(run.found, "report"),
                run.new,
                run.revised,
                f" {run.problem.get('message', '')}" if run.problem else "",
            )
            for run in runs
        ]
        if not lines:
            return "None yet"
        listed = format_html_join(
            "",
            '<div><a class="text-link" href="{}">{}</a>: {}, {}, {} new, {} changed.{}</div>',
            lines,
        )
        address = f"{reverse('admin:audit_pollrun_changelist')}?flow__id__exact={flow.pk}"
        return format_html(
            '{}<a class="text-link" href="{}">All polls</a> (times in {})',
            listed,
            address,
            flow.zone,
        )

    @display(description="Approvals read through")
    def read_through(self, flow: Flow) -> str:
        return f"{words.moment(flow.mark_at, flow)} ({flow.zone})" if flow.mark_at else "None yet"

    @button(label="Poll now", permission="mappings.poll_flow", is_primary=True)
    def poll_now(self, request: HttpRequest, flow: Flow) -> None:
        desk.poll_now(flow, request.user.get_username())
        if flow.is_paused:
            messages.warning(request, f"{flow} is paused: it polls as soon as it goes on.")
        else:
            messages.success(request, f"{flow} polls within a minute.")

    @button(
        label="Go live",
        permission="mappings.change_flow",
        ask=lambda self, request, flow: _ask_go_live(flow),
        shown=lambda flow: flow.mode != Mode.LIVE,
    )
    def go_live(self, request: HttpRequest, flow: Flow) -> None:
        count = desk.go_live(flow, request.user.get_username())
        messages.success(
            request,
            format_html(
                '{} is live: {} built again with today\'s rules. <a href="{}">Look at them</a>',
                flow,
                counted(count, "report"),
                list_url("report", flow__id__exact=flow.pk),
            ),
        )

    @button(label="Dry run", permission="audit.view_report")
    def dry_run(self, request: HttpRequest, flow: Flow) -> HttpResponse:
        """What every approved report of the flow would become now; nothing is written."""
        final = [status.value for status in ReportStatus if status.is_final]
        chosen = Report.objects.filter(flow=flow, status__in=final, latest__isnull=False)
        chosen = chosen.select_related("latest", "flow__connection", "flow__workspace")
        figures, shown = Figures(), []
        for one in previews(chosen.order_by("approved_at", "pk")[:COUNTED_PREVIEWS]):
            figures.add(one)
            if len(shown) < SHOWN_PREVIEWS:
                shown.append(one)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Dry run of {flow}",
            "opts": self.opts,
            "summary": str(figures),
            "partly": _partly(chosen.count(), figures.reports, len(shown)),
            "rows": [preview_row(one) for one in shown],
            "back": change_url(flow),
            "media": self.media,
        }
        return TemplateResponse(request, "audit/dry_run_flow.html", context)

    @button(
        label="Reverse all test postings",
        permission=REVERSE,
        ask=lambda self, request, flow: _ask_reverse_tests(flow),
        shown=lambda flow: bool(flow.test_prefix),
    )
    def reverse_tests(self, request: HttpRequest, flow: Flow) -> None:
        done = desk.reverse_test_postings(flow, request.user.get_username())
        tell(request, done, "to be reversed")


def _partly(count: int, counted: int, shown: int) -> str:
    """What of the flow's reports is not in the figures, or not below them; "" for nothing."""
    said = []
    if counted < count:
        said.append(f"The figures are of the {counted:,} oldest of {count:,} reports.")
    if shown < counted:
        said.append(f"The {shown:,} oldest are shown.")
    return " ".join(said)


def _ask_go_live(flow: Flow) -> Confirmation:
    rows = Report.objects.filter(flow=flow).order_by().values("standing", "currency")
    rows = list(rows.annotate(n=Count("pk"), sum=Sum("total")))
    facts = []
    for standing, label in Report.Standing.choices:
        ours = [row for row in rows if row["standing"] == standing]
        if ours:
            facts.append(
                (label, f"{sum(row['n'] for row in ours):,} ({words.sums(sums_of(ours))})")
            )
    if flow.is_paused:
        facts.append(("Paused", "yes: nothing is sent before the pause is lifted"))
    return Confirmation(
        question=f"Let {flow} post to {flow.connection}?",
        facts=facts,
        warning="Every report is built again with today's rules, and what has no problem is "
        "posted to the ledger at once.",
        verb="Go live",
    )


def _ask_reverse_tests(flow: Flow) -> Confirmation:
    rows: QuerySet = (
        Posting.objects.filter(
            flow=flow, state=State.POSTED, report__name__startswith=flow.test_prefix
        )
        .exclude(op=Op.CANCEL.value)
        .order_by()
    )
    found = list(rows.values("currency").annotate(n=Count("pk"), sum=Sum("total")))
    count = sum(row["n"] for row in found)
    return Confirmation(
        question=f"Reverse {counted(count, 'test posting')} of {flow}?",
        facts=[("Total", words.sums(sums_of(found))), ("Reports begin with", flow.test_prefix)],
        warning="The documents are voided or deleted in the ledger.",
        verb="Reverse",
    )


def waiting_facts(connection: LedgerConnection) -> list[tuple[str, str]]:
    """What a connection's page and its test say about reports."""
    waiting = reports_waiting(connection)
    text = f"{waiting.reports:,}"
    if waiting.reports:
        text += f" ({words.sums(waiting.sums)})"
    return [("Reports waiting", text)]


def held_facts(flow: Flow) -> list[tuple[str, str]]:
    """What a person should know who changes many rules at once."""
    rows = Report.objects.filter(flow=flow, standing=Report.Standing.HELD).order_by()
    found = list(rows.values("currency").annotate(n=Count("pk"), sum=Sum("total")))
    count = sum(row["n"] for row in found)
    if not count:
        return [("Held reports", "none")]
    text = format_html(
        '<a class="text-link" href="{}?flow__id__exact={}">{} ({})</a>, built again when you '
        "replay them",
        reverse("admin:audit_posting_held"),
        flow.pk,
        f"{count:,}",
        words.sums(sums_of(found)),
    )
    return [("Held reports", text)]


connection_facts.append(waiting_facts)
import_facts.append(held_facts)
admin.site.unregister(Flow)
admin.site.register(Flow, EngineFlowAdmin)
