"""Reports: where each stands, what it says, what became of it, and what a person can do."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.text import Truncator

from audit.admin import words
from audit.admin.actions import REPLAY, REPLAYED, REVERSE, ask, ask_repost, do_replay, do_repost
from audit.admin.base import (
    BookAdmin,
    badges,
    kind_text,
    number_link,
    outside_link,
    page_link,
    shown_event,
)
from audit.admin.completeness import BehindFigure, completeness_page
from audit.admin.cures import Told, expensify_link, told, told_of, web_address
from audit.admin.differences import differences
from audit.admin.entries import labels_of, table_of
from audit.admin.filters import ApprovedMonth, Badge
from audit.admin.reread import READ, READ_AGAIN, ask_read_again, do_read_again
from audit.admin.reversals import with_postings, with_reversals
from audit.engine import desk
from audit.models import Posting, Report, Revision
from audit.preview import preview
from audit.selectors import as_read, history, reports
from audit.states import NEEDS_PERSON, State
from connectors.admin_base import (
    Confirmation,
    button,
    change_url,
    confirmed,
    display,
)
from connectors.contract import exact_json
from connectors.contract.ledger import Op
from connectors.contract.problem import Problem
from connectors.contract.report import Expense
from connectors.contract.report import Report as Read
from connectors.expensify import parse
from mappings.texts import money


@admin.register(Report)
class ReportAdmin(BookAdmin):
    list_display = ("title", "employee", "amount", "standing_badge", "approved", "documents")
    on_phone = ("title", "amount", "employee", "standing_badge")
    list_filter = ("standing", "flow", ApprovedMonth, Badge, "flow__connection")
    list_filter += (BehindFigure,)
    search_fields = ("report_id", "name", "employee_name", "employee_email", "postings__number")
    search_help_text = "Report id or name, employee, document number"
    list_select_related = ("flow__connection", "workspace")
    ordering = ("-approved_at", "-id")
    actions = ("replay", "repost")
    buttons = ("replay_one", "read_again", "dry_run", "repost_one")
    page_template = "audit/report.html"
    empty_text = (
        "No reports yet. Connect Expensify and a ledger, then make a flow between them: approved "
        "reports appear here after its first poll."
    )

    def get_urls(self) -> list[URLPattern]:
        here = path(
            "completeness/",
            self.admin_site.admin_view(self.completeness),
            name="audit_report_completeness",
        )
        return [here, *super().get_urls()]

    def completeness(self, request: HttpRequest) -> HttpResponse:
        return completeness_page(self, request)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return reports().order_by(*self.get_ordering(request))

    # --- the list ---

    @display(description="Report", ordering="report_id", header=True)
    def title(self, report: Report) -> tuple[str, str]:
        return report.report_id, Truncator(report.name).chars(40)

    @display(description="Employee, flow", ordering="employee_name", header=True)
    def employee(self, report: Report) -> tuple[str, str]:
        who = report.employee_name or report.employee_email or words.NOTHING
        return who, str(report.flow or "")

    @display(description="Total", ordering="total")
    def amount(self, report: Report) -> str:
        return words.amount_of(report)

    @display(description="Standing", ordering="standing")
    def standing_badge(self, report: Report) -> str:
        colour = words.STANDING_COLOURS.get(Report.Standing(report.standing), "")
        standing = badges([report.get_standing_display()], colour)
        return format_html(
            '<span class="flex flex-col gap-1 items-start">{}{}</span>',
            standing,
            badges(words.report_badges(report), "warning"),
        )

    @display(description="Approved", ordering="approved_at")
    def approved(self, report: Report) -> str:
        return words.day(report.approved_at, report.flow)

    @display(description="Documents")
    def documents(self, report: Report) -> str:
        if not report.documents:
            return words.NOTHING
        return format_html_join(", ", "{}", ((number_link(one),) for one in report.documents))

    @confirmed(
        label="Replay",
        permission=REPLAY,
        ask=lambda self, request, rows: _ask_replay(rows),
    )
    def replay(self, request: HttpRequest, rows: QuerySet) -> None:
        do_replay(request, rows)

    @confirmed(
        label="Re-post with current rules",
        permission=REVERSE,
        ask=lambda self, request, rows: ask_repost(rows),
    )
    def repost(self, request: HttpRequest, rows: QuerySet) -> None:
        do_repost(request, rows)

    # --- the page ---

    @button(
        label="Replay",
        permission=REPLAY,
        ask=lambda self, request, report: _ask_replay(Report.objects.filter(pk=report.pk)),
        shown=desk.can_be_replayed,
        is_primary=True,
    )
    def replay_one(self, request: HttpRequest, report: Report) -> None:
        do_replay(request, [report])

    @button(
        label="Re-post with current rules",
        permission=REVERSE,
        ask=lambda self, request, report: ask_repost(Report.objects.filter(pk=report.pk)),
        shown=lambda report: report.standing == Report.Standing.POSTED,
    )
    def repost_one(self, request: HttpRequest, report: Report) -> None:
        do_repost(request, [report])

    @button(
        label=READ_AGAIN,
        permission=READ,
        ask=lambda self, request, report: ask_read_again(report),
        shown=lambda report: report.flow_id is not None,
    )
    def read_again(self, request: HttpRequest, report: Report) -> None:
        do_read_again(request, report)

    @button(
        label="Dry run",
        permission="audit.view_report",
        shown=lambda report: report.latest_id is not None,
    )
    def dry_run(self, request: HttpRequest, report: Report) -> HttpResponse:
        (found,) = preview([report])
        labels = labels_of(report.flow.connection) if report.flow else {}
        context = {
            **self.admin_site.each_context(request),
            "title": f"Dry run of {report.report_id}",
            "opts": self.opts,
            "report": report,
            "found": found,
            "problems": _told(found.problems, report, request),
            "parts": [
                {
                    "part": part,
                    "table": table_of(part.entry, labels) if part.entry else None,
                    "problems": _told(
                        [one for one in part.problems if one not in found.problems],
                        report,
                        request,
                    ),
                }
                for part in found.parts
            ],
            "back": change_url(report),
            "media": self.media,
        }
        return TemplateResponse(request, "audit/dry_run.html", context)

    def page_context(self, request: HttpRequest, row: Report) -> dict[str, Any]:
        with words.in_zone_of(row.flow):
            return self._page(request, row)

    def _page(self, request: HttpRequest, row: Report) -> dict[str, Any]:
        found = _postings_of(row)
        read, complaint = _read(row)
        return {
            "title": str(row),
            "facts": _facts(row, read),
            "standing": row.get_standing_display(),
            "standing_colour": words.STANDING_COLOURS.get(Report.Standing(row.standing), ""),
            "badges": words.report_badges(row),
            "complaint": complaint,
            "lines": [_line(n, one, row) for n, one in enumerate(read.expenses, 1)] if read else [],
            "held": [
                (posting, told(posting, request))
                for posting in found
                if posting.state in NEEDS_PERSON
            ],
            "shown_postings": _shown(found, row),
            "versions": _versions(row),
            "events": [shown_event(one) for one in with_postings(history(report=row), found)],
        }


def _postings_of(report: Report) -> list[Posting]:
    """Everything that was ever to be written for the report, the newest first."""
    rows = Posting.objects.filter(report=report).select_related("flow", "connection", "report")
    return list(with_reversals(rows).order_by("-pk"))


def _ask_replay(rows: QuerySet) -> Confirmation:
    return ask(
        "Replay",
        "report",
        rows,
        what=REPLAYED,
    )


def _told(problems: Iterable[Problem], report: Report, request: HttpRequest) -> list[Told]:
    return told_of(exact_json.plain(list(problems)), report, report.flow, request)


def _read(report: Report) -> tuple[Read | None, str]:
    if report.latest_id is None:
        return None, report.unread_text or "It was never read whole."
    try:
        return as_read(report), report.unread_text
    except ValueError as misfit:
        return None, f"What was read last cannot be shown: {misfit}."


def _facts(report: Report, read: Read | None) -> list[tuple[str, Any]]:
    link = expensify_link(report.report_id)
    facts: list[tuple[str, Any]] = [
        ("Employee", _who(report)),
        ("Total", words.amount_of(report)),
        (
            "In Expensify",
            format_html("{} {}", report.status.capitalize(), outside_link(link.url, link.label)),
        ),
        ("Workspace", str(report.workspace)),
        ("Flow", page_link(report.flow)),
        ("Days and times in", report.flow.zone if report.flow else words.NOTHING),
        ("Submitted", words.moment(report.submitted_at)),
        ("Approved", words.moment(report.approved_at)),
    ]
    if report.reimbursed_at:
        facts.append(("Reimbursed", words.reimbursed(report)))
    if report.unapproved_at:
        facts.append(("No longer approved since", words.moment(report.unapproved_at)))
    if report.absent_since:
        facts.append(("Missing in Expensify since", words.moment(report.absent_since)))
    if read and read.manager:
        facts.append(("Approver", read.manager.label))
    facts += [(name, text) for name, text in read.fields if text] if read else []
    facts.append(("Last read", words.moment(report.read_at)))
    if report.not_taken_text:
        facts.append(("Not taken", report.not_taken_text))
    return facts


def _who(report: Report) -> str:
    if report.employee_name and report.employee_name != report.employee_email:
        return f"{report.employee_name} ({report.employee_email})"
    return report.employee_email or words.NOTHING


def _line(number: int, expense: Expense, report: Report) -> dict[str, Any]:
    untaken = {one.get("transaction_id"): one.get("text", "") for one in report.untaken}
    amount = expense.amount
    original = ""
    if expense.original_currency != report.currency:
        original = money(expense.original_amount, expense.original_currency)
        if expense.rate is not None:
            original += f" @ {expense.rate:f}"
    flags = [] if expense.reimbursable else ["Not reimbursable"]
    flags += ["Billable"] if expense.billable else []
    flags += [f"Card {expense.card_name or expense.card_number}"] if expense.is_on_card else []
    return {
        "number": number,
        "spent_on": words.day(expense.spent_on),
        "merchant": expense.merchant,
        "comment": expense.comment,
        "category": expense.category or "Uncategorised",
        "tags": [tag.name for tag in expense.tags],
        "amount": words.NOTHING if amount is None else money(amount, report.currency),
        "original": original,
        "tax": money(expense.tax_amount, expense.original_currency) if expense.tax_amount else "",
        "flags": flags,
        "receipt": web_address(expense.receipt.url) if expense.receipt else "",
        "not_taken": untaken.get(expense.transaction_id, ""),
    }


_WITHOUT_ENTRY = {
    Op.POST.value: "No entry was built, because something is missing for it.",
    Op.CANCEL.value: "It takes back the entry of the document below.",
}


def _without_entry(posting: Posting) -> str:
    if posting.waits_for_id is not None and posting.state == State.READY:
        return "Its entry is built as soon as the vendor is there."
    return _WITHOUT_ENTRY.get(posting.op, "No entry was built.")


def _shown(found: list[Posting], report: Report) -> list[dict[str, Any]]:
    """Postings with their entry as a table; the names of dimensions are read once."""
    labels = labels_of(report.flow.connection) if report.flow and found else {}
    shown = []
    for posting in found:
        entry = posting.as_entry()
        shown.append(
            {
                "kind": kind_text(posting),
                "url": change_url(posting),
                "number": number_link(posting),
                "state": words.state_text(posting),
                "colour": words.state_colour(posting),
                "amount": words.amount_of(posting),
                "date": words.day(posting.date),
                "table": table_of(entry, labels) if entry else None,
                "without": _without_entry(posting),
            }
        )
    return shown


def _versions(report: Report) -> list[dict[str, Any]]:
    """Every version with what changed since the one before, the newest first."""
    rows = list(Revision.objects.filter(report=report).order_by("number", "pk"))
    shown, before = [], None
    for row in rows:
        read = _parsed(row)
        changes: list[str] = []
        if before is not None and read is not None:
            changes = differences(before, read) or ["Nothing that is shown here."]
        elif shown:
            changes = ["It cannot be compared with the version before."]
        shown.append(
            {
                "number": row.number,
                "read_at": words.moment(row.read_at),
                "total": money(row.total, report.currency),
                "is_latest": row.pk == report.latest_id,
                "changes": changes,
            }
        )
        before = read
    return shown[::-1]


def _parsed(revision: Revision) -> Read | None:
    try:
        return parse.report(revision.raw)
    except ValueError:
        return None
