"""What may not be saved, with the reason: flows that overlap, rules that no document can carry.

Models call this from `clean`, and so does every service that saves: the admin is not the only door.
Each function answers field -> reasons; empty means that nothing speaks against it.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from connectors import registry
from connectors.contract.abilities import KindAbilities
from connectors.contract.entry import Kind
from mappings import flow_refusals as about_flow
from mappings.reasons import Reasons, Refusals, account_reasons, party_reasons

if TYPE_CHECKING:
    from mappings.models import (
        CardAccount,
        CreditValue,
        ExchangeRate,
        Flow,
        PartyLink,
        PayableAccount,
        Rule,
        RuleValue,
    )

taken_kinds = about_flow.taken_kinds


def flow_refusals(flow: "Flow") -> Refusals:
    found = about_flow.refusals(flow)
    if not flow.pk or not (flow.workspace_id and flow.connection_id):
        return found
    used = (
        type(flow)
        .objects.filter(pk=flow.pk, rules__is_active=True)
        .values_list("rules__dimension_values__dimension__name", flat=True)
    )
    reasons = Reasons(found)
    for dimension in sorted(set(filter(None, used))):
        if reason := uncarried(flow, dimension):
            reasons.add("kind", f"Rules of this flow set it already: {reason}")
    return reasons.found


def rule_refusals(rule: "Rule") -> Refusals:
    if not rule.flow_id:
        return {}
    reasons, flow = Reasons(), rule.flow
    abilities = registry.abilities(flow.connection.ledger).kinds
    if rule.account_id:
        # Cards and bills differ in what their lines take: one of them is enough to save the rule.
        by_kind = [
            account_reasons(rule.account, flow, "line", abilities.get(kind))
            for kind in _kinds_of(rule)
        ]
        if by_kind and all(by_kind):
            for found in by_kind:
                reasons.add_all("account", found)
    if rule.party_id:
        reasons.add_all("party", party_reasons(rule.party, flow.connection_id))
    if rule.tax_code_id and rule.tax_code.connection_id != flow.connection_id:
        reasons.add("tax_code", "This tax code belongs to another company.")
    return reasons.found


def rule_value_refusals(row: "RuleValue") -> Refusals:
    rule = row.rule if row.rule_id or "rule" in row._state.fields_cache else None
    if rule is None or not rule.flow_id or not row.dimension_id:
        return {}
    reasons, flow = Reasons(), rule.flow
    if row.dimension.connection_id != flow.connection_id:
        reasons.add("dimension", "This dimension belongs to another company.")
    elif reason := uncarried(flow, row.dimension.name, row.dimension.label):
        reasons.add("dimension", reason)
    if row.value_id and row.value.dimension_id != row.dimension_id:
        reasons.add("value", f'"{row.value.name}" is no member of {row.dimension.label}.')
    elif row.value_id and not row.value.active:
        reasons.add("value", f'"{row.value.name}" is inactive in the ledger; choose another one.')
    return reasons.found


def credit_value_refusals(row: "CreditValue") -> Refusals:
    flow = _flow_of(row)
    if flow is None or not (row.dimension_id and row.value_id):
        return {}
    reasons = Reasons()
    if row.dimension.connection_id != flow.connection_id:
        reasons.add("dimension", "This dimension belongs to another company.")
    journal = registry.abilities(flow.connection.ledger).kinds.get(Kind.JOURNAL)
    if journal is None or journal.dimensions.get(row.dimension.name) != "line":
        label = registry.ledger_label(flow.connection.ledger)
        reasons.add("dimension", f"{label} has no {row.dimension.label} on the credit side.")
    if row.value.dimension_id != row.dimension_id:
        reasons.add("value", f'"{row.value.name}" is no member of {row.dimension.label}.')
    elif not row.value.active:
        reasons.add("value", f'"{row.value.name}" is inactive in the ledger; choose another one.')
    return reasons.found


def card_account_refusals(row: "CardAccount") -> Refusals:
    flow = _flow_of(row)
    if flow is None or not row.account_id:
        return {}
    reasons = Reasons()
    reasons.add_all("account", about_flow.card_account_reasons(row.account, flow))
    return reasons.found


def payable_account_refusals(row: "PayableAccount") -> Refusals:
    flow = _flow_of(row)
    if flow is None or not row.account_id:
        return {}
    reasons = Reasons()
    abilities = registry.abilities(flow.connection.ledger).kinds.get(Kind(flow.kind))
    reasons.add_all("account", account_reasons(row.account, flow, "offset", abilities))
    kept_in = row.account.currency or flow.connection.home_currency
    if kept_in and kept_in != row.currency:
        reasons.add("account", f"{row.account} is kept in {kept_in}, not in {row.currency}.")
    return reasons.found


def exchange_rate_refusals(row: "ExchangeRate") -> Refusals:
    if not row.connection_id or not row.currency:
        return {}
    reasons = Reasons()
    if row.currency == row.connection.home_currency:
        reasons.add("currency", f"{row.connection} keeps its books in {row.currency} already.")
    return reasons.found


def party_link_refusals(link: "PartyLink") -> Refusals:
    if not (link.party_id and link.connection_id):
        return {}
    reasons = Reasons()
    reasons.add_all("party", party_reasons(link.party, link.connection_id))
    return reasons.found


def uncarried(flow: "Flow", dimension: str, label: str = "") -> str:
    """Why none of the flow's documents can carry the dimension, "" when one can."""
    kinds: Mapping[Kind, KindAbilities] = registry.abilities(flow.connection.ledger).kinds
    taken = [kind for kind in taken_kinds(flow) if kind in kinds]
    if not taken or any(dimension in kinds[kind].dimensions for kind in taken):
        return ""
    possible = sorted({name for kind in taken for name in kinds[kind].dimensions}) or ["none"]
    return (
        f"{registry.ledger_label(flow.connection.ledger)} has no {label or dimension} on the "
        f"{' or '.join(kind.value for kind in taken)} that this flow posts, so a rule for it would "
        f"be lost. Possible there: {', '.join(possible)}."
    )


def _kinds_of(rule: "Rule") -> list[Kind]:
    """The kinds of document in which lines that the rule matches can stand."""
    kinds = taken_kinds(rule.flow)
    if rule.reimbursable is None or Kind.JOURNAL in kinds:
        return kinds
    return [kind for kind in kinds if (kind is Kind.BILL) == rule.reimbursable] or kinds


def _flow_of(row: "CardAccount | PayableAccount | CreditValue") -> "Flow | None":
    """The row's flow; None while a new flow's page is checked before the flow itself is whole."""
    flow = row.flow if row.flow_id or "flow" in row._state.fields_cache else None
    return flow if flow is not None and flow.connection_id else None
