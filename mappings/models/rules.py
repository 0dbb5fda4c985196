"""What people decide beside flows: rules, who is who in the ledger, and the rate table."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from connectors.models import LedgerConnection
from mappings import refusals
from mappings.models.flow import Flow
from mappings.models.lists import Dimension, GLAccount, Party, TaxCode, Value
from mappings.records import rule_of

_COST_OR_CODE = "Tax is either cost or reclaimed with a tax code: choose one of them."


class Rule(models.Model):
    """What decides where an expense goes: blank conditions match anything, blank outputs decide
    nothing. Among matching rules the lowest priority number wins, output by output."""

    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, related_name="rules")
    priority = models.IntegerField(default=100, help_text="Lower numbers are tried first.")
    category = models.CharField(max_length=500, blank=True, default="")
    tag_level = models.PositiveSmallIntegerField(null=True, blank=True)
    tag = models.CharField(max_length=500, blank=True, default="")
    employee = models.EmailField("employee e-mail", blank=True, default="")
    card = models.CharField(max_length=60, blank=True, default="")
    reimbursable = models.BooleanField(null=True, blank=True)
    expense_type = models.CharField(max_length=60, blank=True, default="")
    tax = models.CharField(
        max_length=100,
        blank=True,
        default="",
        help_text="The expense's tax in Expensify: its code, its rate (20%), its name, or both "
        "(VAT 20%). One name often stands for all rates.",
    )
    account = models.ForeignKey(
        GLAccount, on_delete=models.PROTECT, null=True, blank=True, related_name="rules"
    )
    party = models.ForeignKey(
        Party,
        verbose_name="vendor",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="rules",
    )
    tax_code = models.ForeignKey(
        TaxCode, on_delete=models.PROTECT, null=True, blank=True, related_name="rules"
    )
    tax_is_cost = models.BooleanField(
        "tax is cost",
        default=False,
        help_text="Where the flow reclaims tax: these lines are posted gross, with the flow's tax "
        "code for lines without tax. Rules with tax codes that match, too, need higher numbers.",
    )
    is_active = models.BooleanField("active", default=True)
    note = models.CharField(max_length=255, blank=True, default="")

    class Meta:
        ordering = ("flow", "priority", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(tag="", tag_level__isnull=True) | (~Q(tag="") & Q(tag_level__gte=1)),
                name="rule_tag_has_level",
                violation_error_message="A tag needs its level (1 for the first), a level its tag.",
            ),
            models.CheckConstraint(
                condition=Q(tax_is_cost=False) | Q(tax_code__isnull=True),
                name="rule_tax_cost_or_code",
                violation_error_message=_COST_OR_CODE,
            ),
        )

    def __str__(self) -> str:
        return f"{self.priority}: {rule_of(self, {}).text}"

    def clean(self) -> None:
        for column in ("category", "tag", "card", "tax", "note"):
            setattr(self, column, getattr(self, column).strip())
        self.employee = self.employee.strip().lower()
        self.expense_type = self.expense_type.strip().lower()
        if self.tag and self.tag_level is None:
            self.tag_level = 1
        if found := refusals.rule_refusals(self):
            raise ValidationError(found)


class RuleValue(models.Model):
    """A dimension that a rule decides; without a value it is left empty on purpose."""

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="dimension_values")
    dimension = models.ForeignKey(Dimension, on_delete=models.PROTECT, related_name="+")
    value = models.ForeignKey(
        Value, on_delete=models.PROTECT, null=True, blank=True, related_name="rule_values"
    )

    class Meta:
        ordering = ("rule", "dimension", "id")
        constraints = (
            models.UniqueConstraint(fields=("rule", "dimension"), name="rule_value_once"),
        )

    def __str__(self) -> str:
        return f"{self.dimension}: {self.value or 'left empty'}"

    def clean(self) -> None:
        if found := refusals.rule_value_refusals(self):
            raise ValidationError(found)


class PartyLink(models.Model):
    """A person's decision that an employee is this party; it comes before every search."""

    connection = models.ForeignKey(
        LedgerConnection,
        verbose_name="company",
        on_delete=models.CASCADE,
        related_name="party_links",
    )
    employee_email = models.EmailField("employee e-mail")
    party = models.ForeignKey(
        Party, verbose_name="vendor", on_delete=models.PROTECT, related_name="links"
    )

    class Meta:
        verbose_name = "employee and vendor"
        verbose_name_plural = "employees and vendors"
        ordering = ("connection", "employee_email", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("connection", "employee_email"), name="employee_linked_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.employee_email} is {self.party}"

    def clean(self) -> None:
        self.employee_email = self.employee_email.strip().lower()
        if found := refusals.party_link_refusals(self):
            raise ValidationError(found)


class PartyName(models.Model):
    """A person's decision what the employee's vendor is called: another one has the plain name.

    It counts until the employee is linked; while no vendor has the name, one is created."""

    connection = models.ForeignKey(
        LedgerConnection,
        verbose_name="company",
        on_delete=models.CASCADE,
        related_name="party_names",
    )
    employee_email = models.EmailField("employee e-mail")
    name = models.CharField("name of the vendor", max_length=200)

    class Meta:
        verbose_name = "vendor name"
        ordering = ("connection", "employee_email", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("connection", "employee_email"), name="employee_named_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.employee_email} is to be {self.name}"

    def clean(self) -> None:
        self.employee_email = self.employee_email.strip().lower()
        self.name = " ".join(self.name.split())


class ExchangeRate(models.Model):
    """What one unit of `currency` is worth in the company's home currency, in one month."""

    connection = models.ForeignKey(
        LedgerConnection,
        verbose_name="company",
        on_delete=models.CASCADE,
        related_name="exchange_rates",
    )
    month = models.DateField(help_text="Any day of the month.")
    currency = models.CharField(max_length=3)
    rate = models.DecimalField(
        max_digits=18,
        decimal_places=9,
        help_text="Units of the company's home currency for one unit of this currency.",
    )
    source = models.CharField(
        max_length=120, help_text="Where the rate comes from; it is stored with every document."
    )

    class Meta:
        ordering = ("connection", "-month", "currency", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("connection", "month", "currency"), name="exchange_rate_once"
            ),
            models.CheckConstraint(condition=Q(rate__gt=0), name="exchange_rate_positive"),
        )

    def __str__(self) -> str:
        return f"{self.currency} {self.month:%Y-%m}: {self.rate.normalize():f}"

    def clean_fields(self, exclude: Any = None) -> None:
        # Here, not in clean(): uniqueness is checked on the month as it will be stored.
        if self.month is not None:
            self.month = self.month.replace(day=1)
        self.currency = self.currency.strip().upper()
        super().clean_fields(exclude=exclude)

    def clean(self) -> None:
        if found := refusals.exchange_rate_refusals(self):
            raise ValidationError(found)
