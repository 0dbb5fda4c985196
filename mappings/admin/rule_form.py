"""The form of a rule: whoever fills in a condition is shown what the workspace has."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.html import format_html, format_html_join

from connectors.admin_base import TextInputWidget, forms
from mappings import gaps
from mappings.models import Card, Category, Employee, Flow, Tag, TaxRate

# (what is entered, what is shown beside it)
Suggestions = list[tuple[str, str]]
# Of each list: a page with ten thousand tags would be slow, and nobody reads so far.
MOST = 500


class SuggestingInput(TextInputWidget):
    """A line of text that offers suggestions, and takes whatever else is typed."""

    def __init__(self, suggestions: Suggestions, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.suggestions = suggestions

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> str:
        list_id = f"{name}-suggestions"
        line = super().render(name, value, {**(attrs or {}), "list": list_id}, renderer)
        option = '<option value="{}" label="{}"></option>'
        options = format_html_join("", option, self.suggestions)
        return format_html('{}<datalist id="{}">{}</datalist>', line, list_id, options)


class RuleForm(forms.ModelForm):
    """With the lists of the flow's workspace; of all workspaces while no flow is chosen."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        flow = Flow.objects.filter(pk=self._flow_id()).first()
        for name, found in suggestions(flow.workspace_id if flow else None).items():
            if name in self.fields:  # who may only look has none
                self.fields[name].widget = SuggestingInput(found, self.fields[name].widget.attrs)
        if "reimbursable" in self.fields:
            choices = [("unknown", "Either"), ("true", "Yes"), ("false", "No")]
            self.fields["reimbursable"].widget.choices = choices

    def _flow_id(self) -> int | None:
        given = str(self.data.get("flow") or self.initial.get("flow") or self.instance.flow_id)
        return int(given) if given.isdecimal() else None


def suggestions(workspace_id: int | None) -> dict[str, Suggestions]:
    """Condition -> what is active in the workspace's list of it."""
    categories = _rows(Category, workspace_id).values_list("name")
    cards = _rows(Card, workspace_id).values_list("number", "card_id", "name")
    tags = _rows(Tag, workspace_id).order_by("level", "name")
    levels = tags.values_list("name", "level_name", "level")
    rates = [
        gaps.ListedTaxRate(*row)
        for row in _rows(TaxRate, workspace_id).values_list(
            "rate_id", "tax_name", "name", "percent"
        )
    ]
    return {
        "category": _once((name, "") for (name,) in categories),
        "tag": _once((name, label or f"Level {level}") for name, label, level in levels),
        "employee": _once(_rows(Employee, workspace_id).values_list("email", "name")),
        "card": _once((number or card_id, name) for number, card_id, name in cards),
        "tax": _once(
            (one.called(rates), f"{one.tax_name} {one.percent.normalize():f}%".strip())
            for one in rates
        ),
    }


def _rows(model: type[Model], workspace_id: int | None) -> QuerySet:
    rows = model.objects.filter(active=True).order_by("name", "pk")
    return rows if workspace_id is None else rows.filter(workspace_id=workspace_id)


def _once(found: Iterable[tuple[str, str]]) -> Suggestions:
    return list({entered: (entered, shown) for entered, shown in found if entered}.values())[:MOST]
