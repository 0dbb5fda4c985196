"""Rules and links on the screen: what people decide."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from connectors.admin_base import BackOfficeAdmin, TabularInline, display, messages
from mappings import refusals, services
from mappings.admin.choices import AboutCompany, HasChoices, HasCompanyBoxes
from mappings.admin.rule_form import RuleForm
from mappings.admin.rules_csv import listed_files
from mappings.models import ExchangeRate, PartyLink, PartyName, Rule, RuleValue


class RuleValueFormSet(BaseInlineFormSet):
    """A new rule has no number yet when its values are checked; here they meet it."""

    def clean(self) -> None:
        super().clean()
        for form in self.forms:
            if form.cleaned_data.get("dimension") and not form.cleaned_data.get("DELETE"):
                form.instance.rule = self.instance
                for field, reasons in refusals.rule_value_refusals(form.instance).items():
                    if field not in form.errors:
                        form.add_error(field, reasons)


class RuleValueInline(HasCompanyBoxes, TabularInline):
    model = RuleValue
    formset = RuleValueFormSet
    extra = 1
    verbose_name = "dimension"
    verbose_name_plural = "Dimensions: without a value, left empty on purpose"
    autocomplete_fields = ("dimension", "value")


@admin.register(Rule)
class RuleAdmin(HasChoices, AboutCompany, BackOfficeAdmin):
    form = RuleForm
    company_field = "flow"
    list_display = (
        "priority",
        "flow",
        "conditions",
        "account",
        "dimensions",
        "party",
        "decided_tax",
        "is_active",
        "note",
    )
    list_display_links = ("priority", "conditions")
    list_select_related = ("flow", "account", "party", "tax_code")
    list_filter = ("flow", "is_active", "tag_level", "tax_is_cost")
    list_before_template = "mappings/rules_files.html"
    search_fields = (
        "category",
        "tag",
        "employee",
        "tax",
        "note",
        "account__number",
        "account__name",
    )
    autocomplete_fields = ("flow", "account", "party", "tax_code")
    inlines = (RuleValueInline,)
    fieldsets = (
        (None, {"fields": ("flow", "priority", "is_active", "note")}),
        (
            "When: what is left empty matches anything",
            {
                "fields": (
                    "category",
                    "tag",
                    "tag_level",
                    "employee",
                    "card",
                    "reimbursable",
                    "expense_type",
                    "tax",
                )
            },
        ),
        (
            "Then: what is left empty is decided by other rules",
            {"fields": ("account", "party", "tax_code", "tax_is_cost")},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        related = ("dimension_values__dimension", "dimension_values__value")
        return super().get_queryset(request).prefetch_related(*related)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"files": listed_files(request), **(extra_context or {})}
        return super().changelist_view(request, context)

    @display(description="When")
    def conditions(self, rule: Rule) -> str:
        return str(rule).partition(": ")[2]

    @display(description="Dimensions")
    def dimensions(self, rule: Rule) -> str:
        return "; ".join(str(row) for row in rule.dimension_values.all()) or "–"

    @display(description="Tax")
    def decided_tax(self, rule: Rule) -> str:
        return "cost" if rule.tax_is_cost else str(rule.tax_code or "–")

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        kind = "rule.changed" if change else "rule.added"
        self._announce(request, kind, form.instance)

    def delete_model(self, request: HttpRequest, obj: Rule) -> None:
        facts = {"rule_id": obj.pk, "rule": str(obj)}
        super().delete_model(request, obj)
        services.announce(obj.flow, "rule.deleted", facts, request.user.get_username())

    def _announce(self, request: HttpRequest, kind: str, rule: Rule) -> None:
        facts = {"rule_id": rule.pk, "rule": str(rule)}
        services.announce(rule.flow, kind, facts, request.user.get_username())


@admin.register(PartyLink)
class PartyLinkAdmin(AboutCompany, BackOfficeAdmin):
    list_display = ("employee_email", "party", "connection")
    list_select_related = ("party", "connection")
    list_filter = ("connection",)
    search_fields = ("employee_email", "party__name")
    autocomplete_fields = ("party",)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> Any:
        """A link that is there already is opened instead: an employee has one in a ledger."""
        connection = request.GET.get("connection", "")
        if request.method == "GET" and connection.isdigit():
            email = request.GET.get("employee_email", "").strip().lower()
            there = PartyLink.objects.filter(connection_id=int(connection), employee_email=email)
            if there:
                return redirect("admin:mappings_partylink_change", there[0].pk)
        return super().add_view(request, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: PartyLink, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        services.announce_link(obj, "party.linked", actor=_actor(request))

    def delete_model(self, request: HttpRequest, obj: PartyLink) -> None:
        super().delete_model(request, obj)
        services.announce_link(obj, "party.unlinked", actor=_actor(request))


@admin.register(PartyName)
class PartyNameAdmin(BackOfficeAdmin):
    """What people call the vendor of an employee whose plain name somebody else has."""

    list_display = ("employee_email", "name", "connection")
    list_select_related = ("connection",)
    list_filter = ("connection",)
    search_fields = ("employee_email", "name")

    def save_model(self, request: HttpRequest, obj: PartyName, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        services.announce_name(obj, "party.named", actor=_actor(request))
        messages.info(request, "Replay the reports that are held for them: the vendor follows.")

    def delete_model(self, request: HttpRequest, obj: PartyName) -> None:
        super().delete_model(request, obj)
        services.announce_name(obj, "party.unnamed", actor=_actor(request))


@admin.register(ExchangeRate)
class ExchangeRateAdmin(BackOfficeAdmin):
    """The rate table: entered by people, one figure a month and currency, with its source."""

    list_display = ("month", "currency", "rate", "source", "connection")
    list_display_links = ("month", "currency")
    list_select_related = ("connection",)
    list_filter = ("connection", "currency")
    search_fields = ("currency", "source")
    date_hierarchy = "month"

    def save_model(self, request: HttpRequest, obj: ExchangeRate, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        services.announce_rate(obj, "rate.changed" if change else "rate.added", _actor(request))

    def delete_model(self, request: HttpRequest, obj: ExchangeRate) -> None:
        super().delete_model(request, obj)
        services.announce_rate(obj, "rate.deleted", _actor(request))


def _actor(request: HttpRequest) -> str:
    return request.user.get_username()
