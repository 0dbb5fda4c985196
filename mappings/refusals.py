"""What may not be saved, with the reason: flows that overlap, rules that no document can carry.

Models call this from `clean`, and so does every service that saves: the admin is not the only door.
Each function answers field -> reasons; empty means that nothing speaks against it.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from connectors import registry
from connectors.contract.entry import Kind
from connectors.contract.ledger import KindAbilities
from mappings.books import NOT_PAYABLE

if TYPE_CHECKING:
    from mappings.models import Flow, GLAccount, Party, PartyLink, Rule, RuleValue

Refusals = dict[str, list[str]]


def taken_kinds(flow: "Flow") -> list[Kind]:
    """The kinds of document in which the flow's lines stand."""
    return [Kind(flow.kind)]


def flow_refusals(flow: "Flow") -> Refusals:
    if not (flow.workspace_id and flow.connection_id):
        return {}  # the form names the missing field itself
    reasons = _Reasons()
    label = registry.ledger_label(flow.connection.ledger)
    for field in _moved_ends(flow):
        reasons.add(
            field,
            f"A flow keeps its {field}: what it posted could not be found again. Pause this one "
            "and add another.",
        )
    kinds = registry.abilities(flow.connection.ledger).kinds
    if not flow.is_paused and (other := _running_beside(flow)):
        reasons.add(
            "workspace",
            f'Flow "{other.name}" already takes the reports of {flow.workspace.name}, and a report '
            "belongs to exactly one flow. Pause that one first.",
        )
    if flow.takes_cards:
        reasons.add("takes_cards", "This version does not post company-card expenses.")
    for kind in taken_kinds(flow):
        if kind not in kinds:
            reasons.add("kind", f"{label} has no document of the kind {kind.value} for us.")
    if flow.payable_account_id:
        account, abilities = flow.payable_account, kinds.get(Kind(flow.kind))
        reasons.add_all("payable_account", _account_reasons(account, flow, "offset", abilities))
    if flow.party_policy == "fixed" and not flow.fixed_party_id:
        reasons.add("fixed_party", "Choose the clearing vendor that every bill is booked on.")
    if flow.fixed_party_id:
        reasons.add_all("fixed_party", _party_reasons(flow.fixed_party, flow.connection_id))
    if flow.pk:
        used = (
            type(flow)
            .objects.filter(pk=flow.pk, rules__is_active=True)
            .values_list("rules__dimension_values__dimension__name", flat=True)
        )
        for dimension in sorted(set(filter(None, used))):
            if reason := uncarried(flow, dimension):
                reasons.add("kind", f"Rules of this flow set it already: {reason}")
    return reasons.found


def rule_refusals(rule: "Rule") -> Refusals:
    if not rule.flow_id:
        return {}
    reasons, flow = _Reasons(), rule.flow
    abilities = registry.abilities(flow.connection.ledger).kinds
    if rule.account_id:
        for kind in taken_kinds(flow):
            found = _account_reasons(rule.account, flow, "line", abilities.get(kind))
            reasons.add_all("account", found)
    if rule.party_id:
        reasons.add_all("party", _party_reasons(rule.party, flow.connection_id))
    if rule.tax_code_id and rule.tax_code.connection_id != flow.connection_id:
        reasons.add("tax_code", "This tax code belongs to another company.")
    return reasons.found


def rule_value_refusals(row: "RuleValue") -> Refusals:
    rule = row.rule if row.rule_id or "rule" in row._state.fields_cache else None
    if rule is None or not rule.flow_id or not row.dimension_id:
        return {}
    reasons, flow = _Reasons(), rule.flow
    if row.dimension.connection_id != flow.connection_id:
        reasons.add("dimension", "This dimension belongs to another company.")
    elif reason := uncarried(flow, row.dimension.name, row.dimension.label):
        reasons.add("dimension", reason)
    if row.value_id and row.value.dimension_id != row.dimension_id:
        reasons.add("value", f'"{row.value.name}" is no member of {row.dimension.label}.')
    elif row.value_id and not row.value.active:
        reasons.add("value", f'"{row.value.name}" is inactive in the ledger; choose another one.')
    return reasons.found


def party_link_refusals(link: "PartyLink") -> Refusals:
    if not (link.party_id and link.connection_id):
        return {}
    reasons = _Reasons()
    reasons.add_all("party", _party_reasons(link.party, link.connection_id))
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


def _moved_ends(flow: "Flow") -> list[str]:
    before = type(flow).objects.filter(pk=flow.pk).values("workspace_id", "connection_id").first()
    if before is None:
        return []
    return [
        end
        for end in ("workspace", "connection")
        if before[f"{end}_id"] != getattr(flow, f"{end}_id")
    ]


def _running_beside(flow: "Flow") -> "Flow | None":
    # By Expensify's id: the same workspace may be visible through two accounts of ours.
    return (
        type(flow)
        .objects.filter(workspace__policy_id=flow.workspace.policy_id, is_paused=False)
        .exclude(pk=flow.pk)
        .order_by("id")
        .first()
    )


def _account_reasons(
    account: "GLAccount", flow: "Flow", side: str, abilities: KindAbilities | None
) -> list[str]:
    if account.connection_id != flow.connection_id:
        return [f"{account} belongs to another company."]
    if not account.active:
        return [f"{account}: choose an account that is active in the ledger."]
    if abilities is None:
        return []
    allowed = getattr(abilities, f"{side}_account_types")
    if not allowed or account.kind in allowed:
        return []
    where = "a line" if side == "line" else "the credit side"
    return [
        f"{account} is of the type {account.kind or '(none)'}, refused there on {where}. "
        f"Possible types: {', '.join(sorted(allowed))}."
    ]


def _party_reasons(party: "Party", connection_id: int) -> list[str]:
    if party.connection_id != connection_id:
        return [f"{party} belongs to another company."]
    if party.kind in NOT_PAYABLE:
        return [f"{party} is a {party.kind} there; only a vendor can be owed something."]
    if not party.active:
        return [f"{party}: choose a vendor that is active in the ledger."]
    return []


class _Reasons:
    """Collects reasons by field, each once."""

    def __init__(self) -> None:
        self.found: Refusals = {}

    def add(self, field: str, reason: str) -> None:
        reasons = self.found.setdefault(field, [])
        if reason not in reasons:
            reasons.append(reason)

    def add_all(self, field: str, reasons: list[str]) -> None:
        for reason in reasons:
            self.add(field, reason)
