"""What waits for a person: held postings by their cause, each with the place of its cure."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.db.models import Min, QuerySet
from django.db.models.fields.json import KT
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.text import Truncator

from audit.admin import words
from audit.admin.actions import PostingActions
from audit.admin.cures import Link, cure_links, meaning, titles, web_address
from audit.admin.filters import Cause, cause_of
from audit.models import Posting
from audit.selectors import Held, held, postings
from audit.states import NEEDS_PERSON
from connectors.admin_base import change_url, display


class HeldPostings(PostingActions):
    """The postings that wait for a person, by what they wait for. A list at an address of its own;
    its rows lead to the pages of `PostingAdmin`."""

    list_display = ("report_title", "payee", "amount", "what", "since")
    list_filter = (Cause, "state", "flow", "connection")
    search_fields = ("number", "report__report_id", "report__name", "party_name")
    search_help_text = "Report id or name, payee, document number"
    list_select_related = ("report", "flow", "connection")
    ordering = ("state_at", "id")
    list_before_template = "audit/held_groups.html"
    actions = ("replay", "release", "ignore")
    empty_text = (
        "Nothing waits for you. What cannot be posted by itself appears here with its cure."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return postings().filter(state__in=NEEDS_PERSON).order_by(*self.get_ordering(request))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": "Held: needs you", "groups": group_rows(request)}
        return super().changelist_view(request, context | (extra_context or {}))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("audit.view_posting")

    @display(description="Report", ordering="report__report_id", header=True)
    def report_title(self, posting: Posting) -> tuple[str, str]:
        return posting.report.report_id, Truncator(posting.report.name).chars(48)

    @display(description="Employee, flow", ordering="report__employee_name", header=True)
    def payee(self, posting: Posting) -> tuple[str, str]:
        return posting.report.employee_name or posting.report.employee_email, str(posting.flow)

    @display(description="Amount", ordering="total")
    def amount(self, posting: Posting) -> str:
        return words.amount_of(posting)

    @display(description="Problem and cure")
    def what(self, posting: Posting) -> str:
        if not posting.problems:
            return posting.get_state_display()
        return format_html_join(
            "",
            '<div class="whitespace-normal min-w-56 max-w-3xl mb-1">{} '
            '<span class="font-semibold">{}</span></div>',
            ((one.get("message", ""), one.get("cure", "")) for one in posting.problems),
        )

    @display(description="Since", ordering="state_at")
    def since(self, posting: Posting) -> str:
        return words.moment(posting.state_at)


def group_rows(request: HttpRequest) -> list[dict[str, Any]]:
    """Held postings by cause as the home page and the held list show them."""
    groups = held()
    names = titles(groups)
    samples = _by_company(groups)
    is_one_company = len({one.connection_id for found in samples.values() for one in found}) < 2
    return [
        {
            "title": names[one.subject, one.code],
            "meaning": meaning(one.problem.get("code", one.code)),
            "cure": one.problem.get("cure", ""),
            "reports": one.reports,
            "counted": words.counted(one.reports, "report"),
            "sums": words.sums(one.sums) if one.sums else "amount not known yet",
            "companies": []
            if is_one_company
            else [posting.connection for posting in samples[one.subject, one.code]],
            "since": words.day(one.since),
            "url": _list_of(one),
            "links": _best_links(one, samples[one.subject, one.code], request),
        }
        for one in groups
    ]


def _by_company(groups: list[Held]) -> dict[tuple[str, str], list[Posting]]:
    """One posting of each company that a cause holds something for. Two queries."""
    rows = Posting.objects.filter(state__in=NEEDS_PERSON).order_by()
    found = rows.values_list("subject", KT("problems__0__code"), "connection").annotate(Min("pk"))
    ids: dict[tuple[str, str], dict[int, int]] = {}
    for subject, code, connection, pk in found:
        companies = ids.setdefault((subject, "" if subject else code or ""), {})
        companies[connection] = min(pk, companies.get(connection, pk))
    wanted = [pk for companies in ids.values() for pk in companies.values()]
    whole = Posting.objects.select_related("flow", "report", "connection").in_bulk(wanted)
    samples = {}
    for one in groups:
        companies = ids.get((one.subject, "" if one.subject else one.code), {})
        rows_of = [whole[pk] for pk in companies.values() if pk in whole] or [one.sample]
        samples[one.subject, one.code] = sorted(rows_of, key=lambda row: str(row.connection))
    return samples


def _best_links(one: Held, samples: list[Posting], request: HttpRequest) -> list[Link]:
    """The best place for the cure, in each company; the posting itself where no other is known."""
    found = []
    for posting in samples:
        problem = replace(one, sample=posting).problem
        document = web_address(posting.document_link)
        links = cure_links(problem, posting.report, posting.flow, request, document)
        best = next(links, None)
        if best is None:
            is_alone = one.reports == 1
            page = change_url(posting) if is_alone else _list_of(one)
            best = Link("Look at it and decide" if is_alone else "Look at them and decide", page)
        if len(samples) > 1:
            best = replace(best, label=f"{best.label}: {posting.connection}")
        found.append(best)
    return found


def _list_of(one: Held) -> str:
    query = urlencode({"cause": cause_of(one.subject, one.code)})
    return f"{reverse('admin:audit_posting_held')}?{query}"
