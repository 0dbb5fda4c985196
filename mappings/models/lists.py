"""What was pulled: the lists of a ledger and of a workspace, as they were last read."""

from django.db import models
from django.db.models import Q

from connectors.models import LedgerConnection, Workspace


class Pulled(models.Model):
    """A member of somebody else's list. Rows stay for ever: documents and rules point at them.

    `active` is False for what was switched off there, and for what is not in the list any more;
    the latter also has `gone_at`.
    """

    name = models.CharField(max_length=500)
    active = models.BooleanField(default=True)
    seen_at = models.DateTimeField(editable=False)
    gone_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name if self.active else f"{self.name} (inactive)"


# --- pulled from the ledger ----------------------------------------------------------------------


class GLAccount(Pulled):
    """One account of the chart. `kind` is the ledger's own account type."""

    connection = models.ForeignKey(
        LedgerConnection,
        verbose_name="company",
        on_delete=models.PROTECT,
        related_name="accounts",
    )
    ledger_id = models.CharField("id in the ledger", max_length=100)
    number = models.CharField(max_length=50, blank=True, default="")
    full_name = models.CharField(max_length=1000, blank=True, default="")
    kind = models.CharField("type", max_length=60, blank=True, default="")
    currency = models.CharField(max_length=3, blank=True, default="")

    class Meta:
        verbose_name = "account"
        ordering = ("connection", "number", "name", "id")
        constraints = (
            models.UniqueConstraint(fields=("connection", "ledger_id"), name="account_once"),
        )

    def __str__(self) -> str:
        return f"{self.number} {super().__str__()}".strip()


class Dimension(models.Model):
    """Class, department, customer and the like: `name` is our word, `label` the ledger's."""

    connection = models.ForeignKey(
        LedgerConnection,
        verbose_name="company",
        on_delete=models.PROTECT,
        related_name="dimensions",
    )
    name = models.CharField(max_length=60)
    label = models.CharField("dimension", max_length=100)

    class Meta:
        ordering = ("connection", "name", "id")
        constraints = (
            models.UniqueConstraint(fields=("connection", "name"), name="dimension_once"),
        )

    def __str__(self) -> str:
        return self.label


class Value(Pulled):
    """One member of a dimension. `full_name` has its parents: `Initech:Website`."""

    dimension = models.ForeignKey(Dimension, on_delete=models.PROTECT, related_name="members")
    ledger_id = models.CharField("id in the ledger", max_length=100)
    full_name = models.CharField(max_length=1000, blank=True, default="")

    class Meta:
        verbose_name = "class, customer ..."
        verbose_name_plural = "classes, customers ..."
        ordering = ("dimension", "full_name", "name", "id")
        constraints = (
            models.UniqueConstraint(fields=("dimension", "ledger_id"), name="value_once"),
        )

    def __str__(self) -> str:
        return f"{self.full_name or self.name}{'' if self.active else ' (inactive)'}"


class Party(Pulled):
    """A payee, or a customer or employee who may own a payee's name. `kind` tells which."""

    connection = models.ForeignKey(
        LedgerConnection,
        verbose_name="company",
        on_delete=models.PROTECT,
        related_name="parties",
    )
    ledger_id = models.CharField("id in the ledger", max_length=100)
    kind = models.CharField(max_length=30, default="vendor")
    email = models.CharField(max_length=254, blank=True, default="")
    currency = models.CharField(max_length=3, blank=True, default="")
    terms_id = models.CharField("payment terms", max_length=100, blank=True, default="")

    class Meta:
        verbose_name = "vendor"
        ordering = ("connection", "name", "id")
        constraints = (
            models.UniqueConstraint(fields=("connection", "kind", "ledger_id"), name="party_once"),
        )


class TaxCode(Pulled):
    """A tax code. `percent` is the sum of its rates for purchases, None where it isn't told."""

    connection = models.ForeignKey(
        LedgerConnection,
        verbose_name="company",
        on_delete=models.PROTECT,
        related_name="tax_codes",
    )
    ledger_id = models.CharField("id in the ledger", max_length=100)
    percent = models.DecimalField(
        "percent on purchases", max_digits=9, decimal_places=4, null=True, blank=True
    )

    class Meta:
        ordering = ("connection", "name", "id")
        constraints = (
            models.UniqueConstraint(fields=("connection", "ledger_id"), name="tax_code_once"),
        )


# --- pulled from Expensify -----------------------------------------------------------------------


class Category(Pulled):
    """An expense category. Expensify knows it by its name alone: a rename is a new one."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="categories")
    gl_code = models.CharField("GL code", max_length=100, blank=True, default="")

    class Meta:
        verbose_name_plural = "categories"
        ordering = ("workspace", "name", "id")
        constraints = (models.UniqueConstraint(fields=("workspace", "name"), name="category_once"),)


class Tag(Pulled):
    """A tag on its level; levels count from 1."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="tags")
    level = models.PositiveSmallIntegerField()
    level_name = models.CharField(max_length=255, blank=True, default="")
    gl_code = models.CharField("GL code", max_length=100, blank=True, default="")

    class Meta:
        ordering = ("workspace", "level", "name", "id")
        constraints = (
            models.UniqueConstraint(fields=("workspace", "level", "name"), name="tag_once"),
            models.CheckConstraint(condition=Q(level__gte=1), name="tag_level_from_one"),
        )


class TaxRate(Pulled):
    """A rate of the workspace's tax. `rate_id` is what expenses carry as the code of their tax,
    `tax_name` the one name of all its rates ("VAT")."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="tax_rates")
    rate_id = models.CharField("Expensify's code", max_length=100)
    tax_name = models.CharField("tax", max_length=255, blank=True, default="")
    percent = models.DecimalField(max_digits=9, decimal_places=4)

    class Meta:
        ordering = ("workspace", "name", "id")
        constraints = (
            models.UniqueConstraint(fields=("workspace", "rate_id"), name="tax_rate_once"),
        )


class Employee(Pulled):
    """Somebody who files reports; `email` in lower case, `name` blank until a report tells it."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="employees")
    email = models.CharField(max_length=254)
    employee_id = models.CharField(max_length=100, blank=True, default="")

    class Meta:
        ordering = ("workspace", "email", "id")
        constraints = (
            models.UniqueConstraint(fields=("workspace", "email"), name="employee_once"),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.email})" if self.name else self.email


class Card(Pulled):
    """A company card that Expensify feeds; `number` is masked as Expensify prints it."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="cards")
    bank = models.CharField(max_length=60, blank=True, default="")
    card_id = models.CharField(max_length=60)
    number = models.CharField(max_length=60, blank=True, default="")
    email = models.CharField(max_length=254, blank=True, default="")

    class Meta:
        ordering = ("workspace", "name", "id")
        constraints = (
            models.UniqueConstraint(fields=("workspace", "bank", "card_id"), name="card_once"),
        )
