"""Boxes that search in pulled lists: they offer what the company has that their form is about.

Three companies have three accounts "6100 Airfare", and the form takes one of them. So a box sends
its form's flow or connection along; where the form names none yet, each row says whose it is.
"""

from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import ForeignKey, Model, QuerySet
from django.forms import Media, ModelChoiceField
from django.http import HttpRequest
from django.urls import URLPattern, path

from connectors.models import LedgerConnection
from mappings.books import NOT_PAYABLE
from mappings.models import Dimension, Flow, GLAccount, Party, TaxCode, Value

# List -> the way from a row to its company.
_COMPANY = {
    GLAccount: "connection",
    Dimension: "connection",
    Value: "dimension__connection",
    Party: "connection",
    TaxCode: "connection",
}


class CompanyBox(AutocompleteSelect):
    """Sends along what the form was about when it was drawn; its script, what it is about now."""

    url_name = "%s:mappings_choices"

    def __init__(self, *args: Any, about: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.about = about

    def get_url(self) -> str:
        address = super().get_url()
        return f"{address}?{urlencode(self.about)}" if self.about else address

    @property
    def media(self) -> Media:
        # Named together, so that it comes after the one whose function it replaces.
        return super().media + Media(js=("admin/js/autocomplete.js", "mappings/choices.js"))


class HasCompanyBoxes:
    """For inlines of forms that are `AboutCompany`: `autocomplete_fields` become such boxes."""

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField | None:
        is_box = db_field.name in self.get_autocomplete_fields(request)
        if not is_box or db_field.related_model not in _COMPANY:
            return super().formfield_for_foreignkey(db_field, request, **kwargs)
        about = getattr(request, "form_is_about", {})
        kwargs["widget"] = CompanyBox(db_field, self.admin_site, about=about)
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        field.label_from_instance = lambda row: Labels().of(row)
        return field


class AboutCompany(HasCompanyBoxes):
    """A form about one company, which its field `company_field` names: a flow or a connection."""

    company_field = "connection"

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        name = self.company_field
        stored = getattr(obj, f"{name}_id", None)
        given = str(request.POST.get(name) or stored or request.GET.get(name) or "")
        request.form_is_about = {name: given} if given.isdecimal() else {}
        return super().get_form(request, obj, **kwargs)


class HasChoices:
    """The address that the boxes ask; one admin has it for all of them."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(ChoicesView.as_view(admin_site=self.admin_site))
        return [path("choices/", view, name="mappings_choices"), *super().get_urls()]


class ChoicesView(AutocompleteJsonView):
    """Django's own, narrowed to a company; who may ask is as there."""

    labels: "Labels"

    def get_queryset(self) -> QuerySet:
        rows, asked = super().get_queryset(), self.request.GET
        way = _COMPANY.get(rows.model)
        company = _company_of(asked.get("flow", ""), asked.get("connection", ""))
        dimension = _number(asked.get("dimension", "")) if rows.model is Value else None
        self.labels = Labels(
            names_company=company is None and LedgerConnection.objects.count() > 1,
            names_dimension=dimension is None,
        )
        if way is None:
            return rows
        if company is not None:
            rows = rows.filter(**{way: company})
        if dimension is not None:
            rows = rows.filter(dimension=dimension)
        return rows.select_related(way)

    def serialize_result(self, obj: Model, to_field_name: str) -> dict[str, str]:
        return super().serialize_result(obj, to_field_name) | {"text": self.labels.of(obj)}


class Labels:
    """What rows are called where one of them is chosen: with what tells two of a name apart."""

    def __init__(self, *, names_company: bool = False, names_dimension: bool = False) -> None:
        self.names_company, self.names_dimension = names_company, names_dimension
        self._currencies: dict[int, set[str]] = {}

    def of(self, row: Model) -> str:
        told = []
        if isinstance(row, Value) and self.names_dimension:
            told.append(str(row.dimension))
        if isinstance(row, Party):
            told += [row.kind] if row.kind in NOT_PAYABLE else []
            told += [kept_in(row)] if len(self._vendors_currencies(row)) > 1 else []
        if self.names_company and type(row) in _COMPANY:
            owner = row.dimension if isinstance(row, Value) else row
            told.append(str(owner.connection))
        return f"{row} ({', '.join(told)})" if told else str(row)

    def _vendors_currencies(self, row: Party) -> set[str]:
        if row.connection_id not in self._currencies:
            vendors = Party.objects.filter(connection=row.connection_id).order_by()
            codes = vendors.exclude(kind__in=NOT_PAYABLE).values_list("currency").distinct()
            home = row.connection.home_currency
            self._currencies[row.connection_id] = {code or home for (code,) in codes}
        return self._currencies[row.connection_id]


def kept_in(party: Party) -> str:
    """A party without a currency of its own is kept in the company's."""
    return party.currency or party.connection.home_currency


def _company_of(flow: str, connection: str) -> int | None:
    """The connection that the form is about, None while it names none."""
    if (number := _number(connection)) is not None:
        return number
    return Flow.objects.filter(pk=_number(flow)).values_list("connection_id", flat=True).first()


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() else None
