"""Flows on the screen: their terms, what would be held, when they poll, which rule wins."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from connectors.admin_base import (
    BackOfficeAdmin,
    button,
    change_url,
    display,
    messages,
)
from connectors.clock import database_now
from mappings import explain, gaps, services
from mappings.admin.choices import AboutCompany
from mappings.admin.flow_forms import (
    CONDITIONAL_FIELDS,
    SCHEDULE_FIELDS,
    AccountByCardInline,
    AccountByCurrencyInline,
    CreditValueInline,
    ExplainForm,
    FlowForm,
)
from mappings.admin.kept import kept
from mappings.admin.lists import read_workspace
from mappings.admin.rules_csv import RulesFilePages, file_links
from mappings.models import Flow
from mappings.schedule import next_runs
from mappings.texts import day, moment

SHOWN_GAPS = 40
NO_FURTHER_RUN = "No further run: every date has passed. Add dates to the schedule below."


@admin.register(Flow)
class FlowAdmin(RulesFilePages, AboutCompany, BackOfficeAdmin):
    form = FlowForm
    list_display = ("name", "workspace", "connection", "mode", "pause", "due_at", "rule_count")
    list_select_related = ("workspace", "connection")
    list_filter = ("is_paused", "mode", "connection")
    search_fields = ("name", "workspace__name")
    autocomplete_fields = (
        "payable_account",
        "card_account",
        "company_account",
        "due_from_account",
        "fixed_party",
        "card_party",
        "no_tax_code",
        "tax_account",
        "rounding_account",
    )
    readonly_fields = ("next_polls", "rule_links", "check_of_lists", "carried", "mark_at")
    conditional_fields = CONDITIONAL_FIELDS
    inlines = (AccountByCardInline, AccountByCurrencyInline, CreditValueInline)
    buttons = ("poll_now", "read_lists")
    fieldsets = (
        (None, {"fields": ("name", "workspace", "connection", "is_paused")}),
        ("State", {"fields": ("rule_links", "check_of_lists", "next_polls", "mark_at")}),
        ("How far", {"fields": ("mode", "test_prefix", "starts_on", "zone")}),
        ("Which reports", {"fields": ("selector", "selector_level", "selector_names")}),
        (
            "What is taken, and as what",
            {
                "fields": (
                    "takes_states",
                    "takes_reimbursable",
                    "takes_cards",
                    "kind",
                    "credit_policy",
                    "carried",
                )
            },
        ),
        (
            "The credit side",
            {"fields": ("payable_account", "card_account", "company_account", "due_from_account")},
        ),
        (
            "Payee",
            {
                "fields": (
                    "party_policy",
                    "fixed_party",
                    "party_tag_level",
                    "party_field",
                    "creates_parties",
                    "card_party",
                )
            },
        ),
        ("Dates", {"fields": ("date_policy", "card_date_policy", "due_days", "lock_policy")}),
        (
            "Tax",
            {
                "fields": (
                    "tax_policy",
                    "no_tax_code",
                    "receipt_policy",
                    "tax_mismatch_policy",
                    "tax_account",
                )
            },
        ),
        ("Currency", {"fields": ("currency_policy", "rounding_account")}),
        (
            "Policies",
            {
                "fields": (
                    "billable_policy",
                    "header_policy",
                    "tag_policy",
                    "exported_policy",
                    "revision_policy",
                    "receipt_files",
                    "unapproved_policy",
                    "use_gl_codes",
                    "memo_has_period",
                    "memo_has_link",
                )
            },
        ),
        ("Schedule", {"fields": SCHEDULE_FIELDS}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).annotate(rules_counted=Count("rules"))

    def get_readonly_fields(self, request: HttpRequest, obj: Flow | None = None) -> Any:
        """A flow keeps its ends, so they are shown, not offered."""
        ends = ("workspace", "connection") if obj is not None else ()
        return (*super().get_readonly_fields(request, obj), *ends)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.explain_view)
        return [
            path("<int:flow_id>/explain/", view, name="mappings_flow_explain"),
            *super().get_urls(),
        ]

    def save_model(self, request: HttpRequest, obj: Flow, form: Any, change: bool) -> None:
        read_from = services.save_row(obj, actor=request.user.get_username())
        if read_from is not None:
            messages.info(
                request,
                f"{obj} takes more than before: approvals from {day(read_from)} on are read again "
                f"{'when it goes on' if obj.is_paused else 'within a minute'}.",
            )

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        # Not before the accounts beside it are saved: whoever hears of it builds anew.
        super().save_related(request, form, formsets, change)
        flow = form.instance
        kind, facts = "flow.changed" if change else "flow.added", {"name": flow.name}
        if change:
            changed = [*form.changed_data, *(f.prefix for f in formsets if f.has_changed())]
            facts["fields"] = sorted(changed)
        services.announce(flow, kind, facts, request.user.get_username())

    @display(description="Paused", ordering="is_paused")
    def pause(self, flow: Flow) -> str:
        """In words: the theme's red cross for "no" looks like an alarm."""
        return "Paused" if flow.is_paused else "No"

    @display(description="Rules", ordering="rules_counted")
    def rule_count(self, flow: Flow) -> int:
        return flow.rules_counted

    @display(description="Rules")
    def rule_links(self, flow: Flow) -> SafeString | str:
        if flow.pk is None:
            return "Save the flow, then add its rules."
        listed = reverse("admin:mappings_rule_changelist")
        return format_html(
            '<a class="text-link" href="{}?flow__id__exact={}">{} rules</a>, '
            '<a class="text-link" href="{}?flow={}">add one</a>, '
            '<a class="text-link" href="{}">explain which one wins</a>, {}',
            listed,
            flow.pk,
            flow.rules_counted,
            reverse("admin:mappings_rule_add"),
            flow.pk,
            reverse("admin:mappings_flow_explain", args=[flow.pk]),
            file_links(flow),
        )

    @display(description="Next polls")
    @kept
    def next_polls(self, flow: Flow) -> SafeString | str:
        if flow.pk is None:
            return "After the flow is saved"
        runs = next_runs(flow.timetable, database_now())
        if not runs:
            return NO_FURTHER_RUN
        lines = ((moment(at, flow.zone), flow.zone) for at in runs)
        text = format_html_join(SafeString("<br>"), "{} ({})", lines)
        return format_html("Paused; it would poll at<br>{}", text) if flow.is_paused else text

    @display(description="Before any report arrives")
    @kept
    def check_of_lists(self, flow: Flow) -> SafeString | str:
        if flow.pk is None:
            return "After the flow is saved"
        found = services.policy_check(flow)
        lines = [_gap_line(flow, gap) for gap in found.gaps[:SHOWN_GAPS]]
        if len(found.gaps) > SHOWN_GAPS:
            lines.append(format_html("and {} more", len(found.gaps) - SHOWN_GAPS))
        if found.uncarried:
            names = ", ".join(found.uncarried)
            lines.append(format_html("No rule knows these tags, they stay in Expensify: {}", names))
        lines += [format_html("{}", remark) for remark in found.tax_remarks]
        if not lines:
            return "Every category, tag and tax rate of the workspace has its place."
        return format_html_join(SafeString("<br>"), "{}", ((line,) for line in lines))

    @display(description="What the documents carry")
    @kept
    def carried(self, flow: Flow) -> SafeString | str:
        if flow.pk is None:
            return "After the flow is saved"
        lines = ((line,) for line in services.carried(flow).splitlines())
        return format_html_join(SafeString("<br>"), "{}", lines)

    @button(label="Poll now", permission="mappings.poll_flow", is_primary=True)
    def poll_now(self, request: HttpRequest, flow: Flow) -> None:
        services.poll_now(flow, actor=request.user.get_username())
        if flow.is_paused:
            messages.warning(request, f"{flow} is paused: it polls as soon as it goes on.")
        else:
            messages.success(request, f"{flow} polls within a minute.")

    @button(label="Read the workspace's lists", permission="mappings.change_flow")
    def read_lists(self, request: HttpRequest, flow: Flow) -> None:
        read_workspace(request, flow.workspace)

    def explain_view(self, request: HttpRequest, flow_id: int) -> HttpResponse:
        flow = self.get_object(request, str(flow_id))
        if flow is None:
            return self._get_obj_does_not_exist_redirect(request, self.model._meta, str(flow_id))
        if not (
            self.has_view_permission(request, flow)
            and request.user.has_perm("mappings.explain_flow")
        ):
            raise PermissionDenied
        form = ExplainForm(flow, request.GET or None)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{flow}: which rule wins?",
            "opts": self.model._meta,
            "form": form,
            "back": change_url(flow, self.admin_site.name),
            "media": self.media,
            "asked": form.is_bound and form.is_valid(),
        }
        if context["asked"]:
            book, case = services.open_book(flow), form.case()
            context["decided"] = explain.decided(book, case)
            context["tried"] = [
                {
                    "url": reverse("admin:mappings_rule_change", args=[one.rule_id]),
                    "priority": one.priority,
                    "text": one.text,
                    "outcome": one.outcome,
                }
                for one in explain.tried(book, case)
            ]
        return TemplateResponse(request, "mappings/explain.html", context)


def _gap_line(flow: Flow, gap: gaps.Gap) -> SafeString:
    """One gap, with a link to a rule that is filled in already."""
    start: dict[str, Any] = {"flow": flow.pk}
    if gap.subject == "category":
        start["category"] = gap.name
        if gap.suggestion is not None:
            start["account"] = gap.suggestion.target.id
    elif gap.subject == "tax":
        start["tax"] = gap.name
    else:
        start |= {"tag": gap.name, "tag_level": gap.level}
    proposal = ""
    if gap.suggestion is not None:
        proposal = f" Proposed: {gap.suggestion.target.label}, because {gap.suggestion.why}."
    return format_html(
        '{} "{}"{}: {}.{} <a href="{}?{}">Add a rule</a>',
        gap.subject.capitalize(),
        gap.name,
        "" if gap.percent is None else f" ({gap.percent.normalize():f} %)",
        gap.text,
        proposal,
        reverse("admin:mappings_rule_add"),
        urlencode(start),
    )
