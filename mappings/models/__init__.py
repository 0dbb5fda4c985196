"""What the books look like and what an expense means in them: pulled lists, flows and rules."""

from mappings.models.flow import Flow, default_states
from mappings.models.flow_accounts import CardAccount, CreditValue, PayableAccount
from mappings.models.lists import (
    Card,
    Category,
    Dimension,
    Employee,
    GLAccount,
    Party,
    Pulled,
    Tag,
    TaxCode,
    TaxRate,
    Value,
)
from mappings.models.rules import ExchangeRate, PartyLink, PartyName, Rule, RuleValue

__all__ = [
    "Card",
    "CardAccount",
    "Category",
    "CreditValue",
    "Dimension",
    "Employee",
    "ExchangeRate",
    "Flow",
    "GLAccount",
    "Party",
    "PartyLink",
    "PartyName",
    "PayableAccount",
    "Pulled",
    "Rule",
    "RuleValue",
    "Tag",
    "TaxCode",
    "TaxRate",
    "Value",
    "default_states",
]
