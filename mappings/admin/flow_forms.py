"""The forms of a flow's page: its own, the accounts beside it, and the one that asks which wins."""

from datetime import datetime
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms import BaseInlineFormSet

from connectors.admin_base import (
    SelectWidget,
    TabularInline,
    TextareaWidget,
    TextInputWidget,
    forms,
)
from mappings import refusals
from mappings.admin.choices import HasCompanyBoxes
from mappings.models import CardAccount, CreditValue, Flow, PayableAccount, Tag
from mappings.rulebook import Case
from mappings.schedule import Schedule

STATES = (("approved", "Approved"), ("reimbursed", "Reimbursed"), ("closed", "Closed"))


class OnePerLine(forms.CharField):
    """A list of texts, each on a line of its own."""

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        return [line.strip() for line in (super().to_python(value) or "").splitlines()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (initial or []) != [line for line in self.to_python(data) if line]


class Dates(OnePerLine):
    """A list of days, each on a line of its own, as ISO texts in order."""

    def to_python(self, value: Any) -> list[str]:
        return sorted({_iso_day(line) for line in super().to_python(value) if line})

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return (initial or []) != self.to_python(data)
        except ValidationError:
            return True


def _iso_day(text: str) -> str:
    """2026-10-31 or 31 Oct 2026: no other way of writing a day is read alike everywhere."""
    for pattern in ("%Y-%m-%d", "%d %b %Y"):
        try:
            return f"{datetime.strptime(text, pattern):%Y-%m-%d}"  # noqa: DTZ007 - a day
        except ValueError:
            continue
    raise ValidationError(f'"{text}" is no date. Write it as 2026-10-31 or 31 Oct 2026.')


# Unfold shows a field while its condition holds; whoever may only look has no `schedule` to ask.
_BY_SCHEDULE = {
    name: " || ".join(
        ["typeof schedule === 'undefined'"]
        + [f"schedule == '{kind}'" for kind in Schedule if name in kind.uses]
    )
    for name in sorted({name for kind in Schedule for name in kind.uses})
}
CONDITIONAL_FIELDS = _BY_SCHEDULE | {
    "weekday": _BY_SCHEDULE["weekday"].replace(
        "schedule == 'monthly'", "(schedule == 'monthly' && month_rule == 'weekday')"
    )
}
SCHEDULE_FIELDS = (
    "schedule",
    "every_minutes",
    "cron",
    "first_on",
    "month_rule",
    "month_number",
    "weekday",
    "run_dates",
    "at_time",
)

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


class AccountByCardInline(HasCompanyBoxes, TabularInline):
    model = CardAccount
    formset = FlowRowFormSet
    extra = 0
    autocomplete_fields = ("account",)
    verbose_name_plural = "Accounts of single cards"


class AccountByCurrencyInline(HasCompanyBoxes, TabularInline):
    model = PayableAccount
    formset = FlowRowFormSet
    extra = 0
    autocomplete_fields = ("account",)
    verbose_name_plural = "Accounts payable by currency"


class CreditValueInline(HasCompanyBoxes, TabularInline):
    model = CreditValue
    formset = FlowRowFormSet
    extra = 0
    autocomplete_fields = ("dimension", "value")
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

    run_dates = Dates(
        label="Dates",
        required=False,
        widget=TextareaWidget,
        help_text="One date, such as 2026-10-31, on each line. When the last one has passed, "
        "nothing is polled until you add more.",
    )

    class Meta:
        model = Flow
        exclude = ("due_at",)

    def clean(self) -> dict[str, Any]:
        """What the chosen schedule doesn't go by is not on the screen: it stays as it was."""
        given = super().clean()
        if "schedule" in given:
            hidden = CONDITIONAL_FIELDS.keys() - {*Schedule(given["schedule"]).uses}
            for name in hidden:
                self.errors.pop(name, None)
                given.pop(name, None)
            self.changed_data = [name for name in self.changed_data if name not in hidden]
        return given

    def add_error(self, field: str | None, error: Any) -> None:
        """What speaks against a field that is only shown, such as the workspace of a flow that
        stands already, is told above the form."""
        if field is None and hasattr(error, "error_dict"):
            told: dict[str, list[ValidationError]] = {}
            for name, reasons in error.error_dict.items():
                place = name if name in self.fields else NON_FIELD_ERRORS
                told.setdefault(place, []).extend(reasons)
            error = ValidationError(told)
        super().add_error(field, error)


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
