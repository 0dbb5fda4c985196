"""What a flow has several of: accounts by card and by currency, values of the credit side."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from mappings import refusals
from mappings.models.flow import Flow
from mappings.models.lists import Dimension, GLAccount, Value


class CardAccount(models.Model):
    """The account on which one card is owed. `card`: its number, id or name in Expensify."""

    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, related_name="card_accounts")
    card = models.CharField(
        max_length=60, help_text="The card's number, id or name, as Expensify shows it."
    )
    account = models.ForeignKey(GLAccount, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("flow", "card", "id")
        constraints = (models.UniqueConstraint(fields=("flow", "card"), name="card_account_once"),)

    def __str__(self) -> str:
        return f"{self.card}: {self.account}"

    def clean(self) -> None:
        self.card = self.card.strip()
        if found := refusals.card_account_refusals(self):
            raise ValidationError(found)


class PayableAccount(models.Model):
    """The account on which reports of one currency are owed, instead of the flow's."""

    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, related_name="payable_accounts")
    currency = models.CharField(max_length=3)
    account = models.ForeignKey(GLAccount, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("flow", "currency", "id")
        constraints = (
            models.UniqueConstraint(fields=("flow", "currency"), name="payable_account_once"),
        )

    def __str__(self) -> str:
        return f"{self.currency}: {self.account}"

    def clean_fields(self, exclude: Any = None) -> None:
        self.currency = self.currency.strip().upper()
        super().clean_fields(exclude=exclude)

    def clean(self) -> None:
        if found := refusals.payable_account_refusals(self):
            raise ValidationError(found)


class CreditValue(models.Model):
    """A dimension of the credit side's lines, for accounts that demand one."""

    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, related_name="credit_values")
    dimension = models.ForeignKey(Dimension, on_delete=models.PROTECT, related_name="+")
    value = models.ForeignKey(Value, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("flow", "dimension", "id")
        constraints = (
            models.UniqueConstraint(fields=("flow", "dimension"), name="credit_value_once"),
        )

    def __str__(self) -> str:
        return f"{self.dimension}: {self.value}"

    def clean(self) -> None:
        if found := refusals.credit_value_refusals(self):
            raise ValidationError(found)
