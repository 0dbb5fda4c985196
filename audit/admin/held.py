"""What waits for a person: held postings by their cause, each with the place of its cure."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.text import Truncator

from audit.admin import words
from audit.admin.actions import PostingActions
from audit.admin.cures import Link, cure_links, meaning, titles, web_address
from audit.admin.filters import Cause, cause_of
from audit.codes import CODES
from audit.models import Posting
from audit.selectors import Held, has_many_companies, held, postings
from audit.states import NEEDS_PERSON
from connectors.admin_base import change_url, display
from connectors.counting import counted

# The list's filter by company, as an address has it.
_COMPANY = "connection__id__exact"


class HeldPostings(PostingActions):
    """The postings that wait for a person, by what they wait for. A list at an address of its own;
    its rows lead to the pages of `PostingAdmin`."""

    list_display = ("report_title", "payee", "amount", "what", "since")
    on_phone = ("report_title", "amount", "payee", "since")
    wide_on_phone = "what"
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
        context = {
            "title": "Held: needs you",
            "groups": group_rows(request, [one for one in held() if _is_chosen(one, request)]),
            "is_one_cause": Cause.parameter_name in request.GET,
        }
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
        return words.held_amount(posting)

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
        return words.moment(posting.state_at, posting.flow)


def _is_chosen(one: Held, request: HttpRequest) -> bool:
    """It is of the cause and the company that the list was narrowed to, if it was."""
    cause, company = request.GET.get(Cause.parameter_name), request.GET.get(_COMPANY)
    return cause in (None, cause_of(one.subject, one.code)) and company in (
        None,
        str(one.sample.connection_id),
    )


def group_rows(request: HttpRequest, groups: Sequence[Held]) -> list[dict[str, Any]]:
    """Held postings by cause as the home page and the held list show them."""
    names = titles(groups)
    names_company = has_many_companies()
    return [
        {
            "title": names[one.key],
            "meaning": meaning(one.problem.get("code", one.code)),
            "cure": one.problem.get("cure", ""),
            "reports": one.reports,
            "counted": counted(one.reports, "report"),
            "sums": words.sums_and_unknown(one),
            "company": one.company if names_company else "",
            "since": words.day(one.since),
            "url": list_of(one),
            "link": _best_link(one, request),
        }
        for one in groups
    ]


# What is settled by a button of the posting's own page, with the document at hand from there.
_DECIDED_THERE = ("document.", "ledger.")


def _best_link(one: Held, request: HttpRequest) -> Link:
    """The best place for the cure: the posting itself where no other is known, and the list where
    several have to be gone through one by one."""
    posting, is_alone = one.sample, one.reports == 1
    code = one.problem.get("code", one.code)
    page = change_url(posting) if is_alone else list_of(one)
    decide = Link("Look at it and decide" if is_alone else "Look at them and decide", page)
    if code in CODES and code.startswith(_DECIDED_THERE):
        return decide
    document = web_address(posting.document_link)
    best = next(cure_links(one.problem, posting.report, posting.flow, request, document), decide)
    if best.is_elsewhere and not is_alone:  # it leads to one of the reports
        return Link("Look at them", page)
    return best


def list_of(one: Held, **narrowed: str) -> str:
    """The address of the list of what this cause holds in this company; `narrowed` by more."""
    asked = {"cause": cause_of(one.subject, one.code)}
    asked[_COMPANY] = str(one.sample.connection_id)
    asked |= narrowed
    return f"{reverse('admin:audit_posting_held')}?{urlencode(asked)}"
