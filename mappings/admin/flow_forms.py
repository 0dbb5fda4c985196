"""The forms of a flow's page: its own, the accounts beside it, and the one that asks which wins."""

from typing import Any

from django.forms import BaseInlineFormSet

from connectors.admin_base import (
    SelectWidget,
    TabularInline,
    TextareaWidget,
    TextInputWidget,
    forms,
)
from mappings import refusals
from mappings.models import CardAccount, CreditValue, Flow, PayableAccount, Tag
from mappings.rulebook import Case

STATES = (("approved", "Approved"), ("reimbursed", "Reimbursed"), ("closed", "Closed"))


class OnePerLine(forms.CharField):
    """A list of texts, each on a line of its own."""

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        return [line.strip() for line in (super().to_python(value) or "").splitlines()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (initial or []) != [line for line in self.to_python(data) if line]


_REFUSALS = {
    CardAccount: refusals.card_account_refusals,
    PayableAccount: refusals.payable_account_refusals,
    CreditValue: refusals.credit_value_refusals,
}


class FlowRowFormSet(BaseInlineFormSet):
    """A new flow has no number yet when the rows beside it are checked; here they meet it."""

    def clean(self) -> None:
        super().clean()
        if self.instance.pk:
            return  # the rows' own checks saw the flow
        for form in self.forms:
            if not form.has_changed() or form.errors or form.cleaned_data.get("DELETE"):
                continue
            form.instance.flow = self.instance
            for field, reasons in _REFUSALS[self.model](form.instance).items():
                form.add_error(field, reasons)


class AccountByCardInline(TabularInline):
    model = CardAccount
    formset = FlowRowFormSet
    extra = 0
    autocomplete_fields = ("account",)
    verbose_name_plural = "Accounts of single cards"


class AccountByCurrencyInline(TabularInline):
    model = PayableAccount
    formset = FlowRowFormSet
    extra = 0
    autocomplete_fields = ("account",)
    verbose_name_plural = "Accounts payable by currency"


class CreditValueInline(TabularInline):
    model = CreditValue
    formset = FlowRowFormSet
    extra = 0
    autocomplete_fields = ("value",)
    verbose_name_plural = "Dimensions of the credit side (journals)"


class FlowForm(forms.ModelForm):
    takes_states = forms.MultipleChoiceField(
        label="States taken", choices=STATES, widget=forms.CheckboxSelectMultiple
    )

    selector_names = OnePerLine(
        label="Tags or employees",
        required=False,
        widget=TextareaWidget,
        help_text="One tag, or one e-mail address, on each line.",
    )

    class Meta:
        model = Flow
        exclude = ("due_at",)


class ExplainForm(forms.Form):
    """An expense as far as rules look at it; one field a level of tags."""

    category = forms.CharField(required=False, widget=TextInputWidget)
    employee = forms.CharField(label="Employee e-mail", required=False, widget=TextInputWidget)
    card = forms.CharField(required=False, widget=TextInputWidget)
    expense_type = forms.CharField(required=False, widget=TextInputWidget)
    tax = forms.CharField(required=False, widget=TextInputWidget)
    paid_by = forms.ChoiceField(
        required=False,
        choices=(("person", "The person (reimbursable)"), ("company", "The company")),
        widget=SelectWidget,
    )

    def __init__(self, flow: Flow, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        listed = Tag.objects.filter(workspace=flow.workspace).order_by("level")
        named = dict(listed.values_list("level", "level_name").distinct())
        ruled = flow.rules.exclude(tag_level=None).values_list("tag_level", flat=True)
        self.levels = sorted({*named, *ruled})
        for level in self.levels:
            self.fields[f"tag_{level}"] = forms.CharField(
                label=named.get(level) or f"Tag on level {level}",
                required=False,
                widget=TextInputWidget,
            )

    def case(self) -> Case:
        given = {name: text.strip() for name, text in self.cleaned_data.items()}
        tags = ((level, given[f"tag_{level}"]) for level in self.levels)
        return Case(
            category=given["category"],
            tags=tuple((level, name) for level, name in tags if name),
            employee=given["employee"].lower(),
            cards=frozenset(filter(None, (given["card"],))),
            expense_type=given["expense_type"].lower(),
            reimbursable=given["paid_by"] != "company",
            taxes=frozenset(filter(None, (given["tax"],))),
        )
