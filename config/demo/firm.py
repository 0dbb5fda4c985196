"""Enters what the office managers decided: flows with their accounts, rules and rates."""

from collections.abc import Mapping
from typing import Any

from config.demo import plans
from config.demo.plans import ACCOUNT_OF, ACME_US, FORGOTTEN, FlowPlan, RulePlan
from connectors.models import LedgerConnection, Workspace
from mappings import services
from mappings.models import (
    CardAccount,
    ExchangeRate,
    Flow,
    GLAccount,
    PayableAccount,
    TaxCode,
    Value,
)

__all__ = ["ACCOUNT_OF", "FORGOTTEN", "account", "make_flow", "map_month"]


def make_flow(
    plan: FlowPlan,
    workspace: Workspace,
    connection: LedgerConnection,
    actor: str = "",
    **columns: Any,
) -> Flow:
    """The flow with everything that belongs to it. `columns` come before the plan's.

    Raises ValidationError where something may not be saved, DoesNotExist for a name that the
    lists, which must have been read, don't have.
    """
    accounts = {name: account(connection, number) for name, number in plan.accounts.items()}
    given = {
        "name": plan.name,
        "zone": plan.zone,
        "starts_on": plans.STARTS_ON,
        **plan.columns,
        **accounts,
        "no_tax_code": _tax_code(connection, plan.no_tax_code),
        "due_at": None,
        **columns,
    }
    flow = Flow(workspace=workspace, connection=connection, **given)
    services.save_flow(flow, actor=actor)
    for card, number in plan.cards.items():
        _save(CardAccount(flow=flow, card=card, account=account(connection, number)))
    for currency, number in plan.payables.items():
        _save(PayableAccount(flow=flow, currency=currency, account=account(connection, number)))
    for one in plan.rates:
        rate = {"month": one.month, "currency": one.currency, "rate": one.rate}
        _save(ExchangeRate(connection=connection, source=one.source, **rate))
    services.announce(flow, "flow.changed", {"name": flow.name}, actor)
    map_month(flow, actor, plan)
    return flow


def map_month(flow: Flow, actor: str = "", plan: FlowPlan = ACME_US) -> int:
    """Add the plan's rules; returns how many."""
    for one in plan.rules:
        _save_rule(flow, one, actor)
    return len(plan.rules)


def account(connection: LedgerConnection, number: str) -> GLAccount:
    return GLAccount.objects.get(connection=connection, number=number)


def _save_rule(flow: Flow, plan: RulePlan, actor: str) -> None:
    connection = flow.connection
    services.save_rule(
        flow=flow,
        values=_values(connection, plan.values) if plan.values else None,
        account=account(connection, plan.account) if plan.account else None,
        tax_code=_tax_code(connection, plan.tax_code),
        actor=actor,
        **plan.when,
    )


def _values(
    connection: LedgerConnection, members: Mapping[str, str | None]
) -> dict[str, Value | None]:
    rows = Value.objects.filter(dimension__connection=connection)
    return {
        dimension: rows.get(dimension__name=dimension, full_name=name) if name else None
        for dimension, name in members.items()
    }


def _tax_code(connection: LedgerConnection, name: str) -> TaxCode | None:
    return TaxCode.objects.get(connection=connection, name=name) if name else None


def _save(row: Any) -> None:
    row.full_clean()
    row.save()
