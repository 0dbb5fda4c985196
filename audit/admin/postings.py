"""Postings: every write to a ledger, how it went, and what a person can still do about it."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html

from audit.admin import words
from audit.admin.actions import (
    ACCEPTED,
    IGNORE,
    REPLAY,
    REVERSE,
    PostingActions,
    ask,
    ask_aside,
    ask_difference,
    ask_link,
    ask_release,
    ask_replay,
    ask_reverse,
    do_accept,
    do_difference,
    do_ignore,
    do_link,
    do_release,
    do_replay,
    do_reverse,
    look_alike,
)
from audit.admin.base import (
    badges,
    kind_text,
    ledger_address,
    number_link,
    outside_link,
    page_link,
    shown_event,
)
from audit.admin.calls import call_context
from audit.admin.cures import told
from audit.admin.entries import labels_of, table_of
from audit.admin.filters import FailedReceipts, OpenBill, PostingMonth
from audit.admin.held import HeldPostings
from audit.admin.meanings import meanings_page
from audit.admin.parties import CREATE, ask_create, do_create, is_offered
from audit.admin.receipts import do_try_again, files_context, has_failed
from audit.admin.reversals import open_reversal, with_postings, with_reversals
from audit.engine import accept, corrections, desk
from audit.models import Attempt, Posting
from audit.selectors import NEWEST, history, postings
from audit.states import IN_FLIGHT, NEEDS_PERSON, OPEN, State
from connectors.admin_base import (
    button,
    change_url,
    display,
)
from mappings.models import Rule
from mappings.terms import Mode

_MAY_SET_ASIDE = {State.READY, State.RETRY_WAIT, *NEEDS_PERSON}


@admin.register(Posting)
class PostingAdmin(PostingActions):
    list_display = ("document", "payee", "amount", "dated", "state_badge", "in_ledger", "in_report")
    on_phone = ("document", "amount", "payee", "state_badge")
    list_filter = (
        "state",
        "kind",
        "op",
        OpenBill,
        FailedReceipts,
        PostingMonth,
        "flow",
        "connection",
    )
    search_fields = ("number", "report__report_id", "report__name", "party_name", "document_id")
    search_help_text = "Document number, report id or name, payee"
    list_select_related = ("report", "flow", "connection")
    ordering = ("-id",)
    buttons = (
        "link_one",
        "accept_one",
        "create_party",
        "correct_one",
        "replay_one",
        "release_one",
        "files_again",
        "ignore_one",
        "reverse_one",
    )
    page_template = "audit/posting.html"
    empty_text = (
        "No postings yet. They are made from approved reports: poll a flow, or wait for its "
        "schedule."
    )

    def get_urls(self) -> list[URLPattern]:
        screen = HeldPostings(Posting, self.admin_site)
        here = path(
            "held/", self.admin_site.admin_view(screen.changelist_view), name="audit_posting_held"
        )
        meant = path(
            "messages/", self.admin_site.admin_view(self.meanings), name="audit_posting_messages"
        )
        return [here, meant, *super().get_urls()]

    def meanings(self, request: HttpRequest) -> HttpResponse:
        return meanings_page(self, request)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return with_reversals(postings()).order_by(*self.get_ordering(request))

    # --- the list ---

    @display(description="Document", ordering="number", header=True)
    def document(self, posting: Posting) -> tuple[str, str]:
        return posting.number or "No number yet", kind_text(posting)

    @display(description="Payee", ordering="party_name")
    def payee(self, posting: Posting) -> str:
        return posting.party_name or words.NOTHING

    @display(description="Amount", ordering="total")
    def amount(self, posting: Posting) -> str:
        return words.amount_of(posting)

    @display(description="Posting date", ordering="date")
    def dated(self, posting: Posting) -> str:
        return words.day(posting.date)

    @display(description="State", ordering="state")
    def state_badge(self, posting: Posting) -> str:
        text = words.state_text(posting, getattr(posting, "set_aside_by", "") or "")
        return badges([text], words.state_colour(posting))

    @display(description="In the ledger")
    def in_ledger(self, posting: Posting) -> str:
        address = ledger_address(posting)
        link = outside_link(address, "Look") if address else words.NOTHING
        return format_html("{} {}", link, badges(words.badges(posting), "warning"))

    @display(description="Report", ordering="report__report_id")
    def in_report(self, posting: Posting) -> str:
        return page_link(posting.report, posting.report.report_id)

    # --- the page ---

    @button(
        label="It is this one: link it",
        permission=REPLAY,
        ask=lambda self, request, one: ask_link(one),
        shown=lambda one: bool(look_alike(one)),
        is_primary=True,
    )
    def link_one(self, request: HttpRequest, posting: Posting) -> None:
        do_link(request, posting)

    @button(
        label="Accept it as it stands",
        permission=REPLAY,
        ask=lambda self, request, one: ask(
            "Accept", "posting", Posting.objects.filter(pk=one.pk), what=ACCEPTED
        ),
        shown=accept.can_be_accepted,
    )
    def accept_one(self, request: HttpRequest, posting: Posting) -> None:
        do_accept(request, posting)

    @button(
        label="Post the difference",
        permission=REPLAY,
        ask=lambda self, request, one: ask_difference(one),
        shown=corrections.can_be_corrected,
    )
    def correct_one(self, request: HttpRequest, posting: Posting) -> None:
        do_difference(request, posting)

    @button(
        label="Replay",
        permission=REPLAY,
        ask=lambda self, request, one: ask_replay(Posting.objects.filter(pk=one.pk)),
        shown=lambda one: one.state not in IN_FLIGHT and desk.can_be_replayed(one.report),
        is_primary=True,
    )
    def replay_one(self, request: HttpRequest, posting: Posting) -> None:
        do_replay(request, [posting.report])

    @button(
        label="Release",
        permission=REPLAY,
        ask=lambda self, request, one: ask_release(Posting.objects.filter(pk=one.pk)),
        shown=lambda one: one.state in NEEDS_PERSON and desk.can_go_out(one),
    )
    def release_one(self, request: HttpRequest, posting: Posting) -> None:
        do_release(request, [posting])

    @button(label="Try receipts again", permission=REPLAY, shown=has_failed)
    def files_again(self, request: HttpRequest, posting: Posting) -> None:
        do_try_again(request, posting)

    @button(
        label="Set aside",
        permission=IGNORE,
        ask=lambda self, request, one: ask_aside(Posting.objects.filter(pk=one.pk)),
        shown=lambda one: one.state in _MAY_SET_ASIDE,
    )
    def ignore_one(self, request: HttpRequest, posting: Posting) -> None:
        do_ignore(request, [posting])

    @button(
        label="Reverse",
        permission=REVERSE,
        ask=lambda self, request, one: ask_reverse(Posting.objects.filter(pk=one.pk)),
        shown=lambda one: one.is_live and open_reversal(one) is None,
    )
    def reverse_one(self, request: HttpRequest, posting: Posting) -> None:
        do_reverse(request, [posting])

    @button(
        label="Create vendor",
        permission=CREATE,
        ask=lambda self, request, one: ask_create(one),
        shown=is_offered,
    )
    def create_party(self, request: HttpRequest, posting: Posting) -> None:
        do_create(request, posting)

    def page_context(self, request: HttpRequest, row: Posting) -> dict[str, Any]:
        with words.in_zone_of(row.flow):
            return self._page(request, row)

    def _page(self, request: HttpRequest, row: Posting) -> dict[str, Any]:
        entry = row.as_entry()
        attempts = list(
            Attempt.objects.filter(posting=row).select_related("call").order_by("-pk")[:NEWEST]
        )
        calls = list({one.call_id: one.call for one in attempts}.values())
        if row.call is not None and row.call_id not in {one.pk for one in calls}:
            calls.insert(0, row.call)
        return {
            "title": f"{kind_text(row)} {row.number}".strip(),
            "facts": _facts(row),
            "state": words.state_text(row, getattr(row, "set_aside_by", "") or ""),
            "state_colour": words.state_colour(row),
            "badges": words.badges(row),
            "is_dry": row.flow.mode == Mode.DRY_RUN and row.state == State.READY,
            "problems": told(row, request),
            "table": table_of(entry, labels_of(row.connection)) if entry else None,
            "decided": _decided(row),
            "cuts": row.cuts,
            "files": files_context(row),
            "attempts": [_attempt(one) for one in attempts],
            "calls": [call_context(one) for one in calls],
            "hides_where": True,
            "events": [shown_event(one) for one in with_postings(history(posting=row), [row])],
        }


# --- the parts of a posting's page ---------------------------------------------------------------


def _facts(row: Posting) -> list[tuple[str, Any]]:
    later = Posting.objects.filter(replaces=row).order_by("pk")
    later = (later.filter(state__in=OPEN) if row.is_live else later).first()
    facts: list[tuple[str, Any]] = [
        ("Document number", number_link(row)),
        ("Payee", row.party_name or words.NOTHING),
        ("Amount", words.amount_of(row)),
        ("Posting date", words.day(row.date)),
        ("Report", page_link(row.report)),
        ("Flow", page_link(row.flow)),
        ("Ledger", page_link(row.connection)),
        ("Days and times in", row.flow.zone),
        ("Since", words.moment(row.state_at)),
    ]
    if row.posted_at:
        facts.append(("Posted", words.moment(row.posted_at)))
    if row.attempts:
        facts.append(("Attempts refused", f"{row.attempts:,}"))
    if row.replaces is not None:
        facts.append(("Takes the place of", page_link(row.replaces, kind_text(row.replaces))))
    if row.waits_for is not None:
        facts.append(("Waits for vendor", page_link(row.waits_for)))
    if later is not None:
        label = "Its place is to be taken by" if row.is_live else "Its place was taken by"
        facts.append((label, page_link(later, kind_text(later))))
    if row.note:
        facts.append(("Note", row.note))
    return facts


def _decided(row: Posting) -> list[dict[str, Any]]:
    """Which rule decided what, with a link to the rules that still exist. One query."""
    ids = {one["rule_id"] for one in row.explained if one.get("rule_id")}
    rules = Rule.objects.in_bulk(ids)
    labels = {"account": "Account", "party": "Payee", "tax_code": "Tax code"} | labels_of(
        row.connection
    )
    return [
        {
            "line": one["line"],
            "output": labels.get(one["output"], one["output"].replace("_", " ").capitalize()),
            "target": one["target"] or "left empty",
            "why": one["rule_text"],
            "rule": rules.get(one.get("rule_id")),
            "url": change_url(rules[one["rule_id"]]) if one.get("rule_id") in rules else "",
        }
        for one in row.explained
    ]


_OUTCOMES = {
    "posted": "Stored",
    "deferred": "Taken over, the answer comes later",
    "refused": "Refused",
    "in_doubt": "No usable answer",
}


def _attempt(one: Attempt) -> dict[str, Any]:
    return {
        "at": words.moment(one.at),
        "outcome": _OUTCOMES.get(one.outcome, one.outcome),
        "problems": [problem.get("message", "") for problem in one.problems],
        "call": one.call,
        "url": change_url(one.call),
    }
