"""Why a flow may not be saved as it is: overlap, missing choices, accounts that cannot serve."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from connectors import registry
from connectors.contract.abilities import KindAbilities
from connectors.contract.entry import Kind
from mappings import selection
from mappings.reasons import Reasons, Refusals, account_reasons, party_reasons
from mappings.records import terms_of
from mappings.terms import (
    CreditPolicy,
    CurrencyPolicy,
    PartyPolicy,
    ReceiptFiles,
    Selector,
    TaxPolicy,
)

if TYPE_CHECKING:
    from mappings.models import Flow, GLAccount

_Kinds = Mapping[Kind, KindAbilities]


def taken_kinds(flow: "Flow") -> list[Kind]:
    """The kinds of document in which the flow's lines stand, credits left out: they are alike."""
    if flow.kind == Kind.JOURNAL:
        return [Kind.JOURNAL]
    bills = [Kind.BILL] if flow.takes_reimbursable else []
    return bills + ([Kind.EXPENSE] if flow.takes_cards else [])


def refusals(flow: "Flow") -> Refusals:
    if not (flow.workspace_id and flow.connection_id):
        return {}  # the form names the missing field itself
    reasons = Reasons()
    kinds: _Kinds = registry.abilities(flow.connection.ledger).kinds
    _ends(flow, reasons)
    _reports(flow, reasons)
    _documents(flow, kinds, reasons)
    _accounts(flow, kinds, reasons)
    _parties(flow, reasons)
    _tax(flow, reasons)
    _receipts(flow, kinds, reasons)
    return reasons.found


def card_account_reasons(account: "GLAccount", flow: "Flow") -> list[str]:
    """Why no card document of the flow could stand on the account."""
    kind = Kind.JOURNAL if flow.kind == Kind.JOURNAL else Kind.EXPENSE
    abilities = registry.abilities(flow.connection.ledger).kinds.get(kind)
    return account_reasons(account, flow, "offset", abilities)


def _ends(flow: "Flow", reasons: Reasons) -> None:
    before = type(flow).objects.filter(pk=flow.pk).values("workspace_id", "connection_id").first()
    for end in ("workspace", "connection") if before else ():
        if before[f"{end}_id"] != getattr(flow, f"{end}_id"):
            reasons.add(
                end,
                f"A flow keeps its {end}: what it posted could not be found again. Pause this one "
                "and add another.",
            )


def _reports(flow: "Flow", reasons: Reasons) -> None:
    """Which reports are taken, and that no other running flow takes the same."""
    selector = Selector(flow.selector)
    if selector is not Selector.ALL and not flow.selector_names:
        what = "tags" if selector.by_tag else "employees' e-mail addresses"
        reasons.add("selector_names", f"Name the {what} by which reports are told apart.")
    if selector.by_tag and not flow.selector_level:
        reasons.add("selector_level", "Say on which level the tags stand; the first is 1.")
    if not flow.is_paused and (other := _running_beside(flow)):
        reasons.add(
            "workspace",
            f'Flow "{other.name}" already takes the reports of {flow.workspace.name}, or some of '
            "those that this one takes, and a report belongs to exactly one flow. Pause that one "
            "first, or let both take reports by different tags of one level, or by different "
            "employees.",
        )


def _running_beside(flow: "Flow") -> "Flow | None":
    """A running flow of the workspace that a report of this flow could belong to as well."""
    # By Expensify's id: the same workspace may be visible through two accounts of ours.
    others = (
        type(flow)
        .objects.filter(workspace__policy_id=flow.workspace.policy_id, is_paused=False)
        .exclude(pk=flow.pk)
        .select_related("workspace")
        .order_by("id")
    )
    ours = terms_of(flow)
    return next((o for o in others if not selection.are_disjoint(ours, terms_of(o))), None)


def _documents(flow: "Flow", kinds: _Kinds, reasons: Reasons) -> None:
    label = registry.ledger_label(flow.connection.ledger)
    for kind in taken_kinds(flow):
        if kind in kinds:
            continue
        if kind is Kind.EXPENSE:
            text = f"{label} has no document for a card transaction; let the flow post journals."
            reasons.add("takes_cards", text)
        else:
            reasons.add("kind", f"{label} has no document of the kind {kind.value} for us.")
    if flow.credit_policy == CreditPolicy.JOURNAL and Kind.JOURNAL not in kinds:
        reasons.add("credit_policy", f"{label} has no journal entries for us.")


def _accounts(flow: "Flow", kinds: _Kinds, reasons: Reasons) -> None:
    if flow.payable_account_id:
        found = account_reasons(flow.payable_account, flow, "offset", kinds.get(Kind(flow.kind)))
        reasons.add_all("payable_account", found)
    for field in ("card_account", "company_account"):
        if getattr(flow, f"{field}_id"):
            reasons.add_all(field, card_account_reasons(getattr(flow, field), flow))
    line_kinds = [kinds.get(kind) for kind in taken_kinds(flow)]
    for field in ("due_from_account", "rounding_account"):
        if getattr(flow, f"{field}_id"):
            for abilities in line_kinds:
                account = getattr(flow, field)
                reasons.add_all(field, account_reasons(account, flow, "line", abilities))
    if flow.tax_account_id:
        reasons.add_all("tax_account", account_reasons(flow.tax_account, flow, "line", None))
    if flow.currency_policy == CurrencyPolicy.RATES and not flow.rounding_account_id:
        reasons.add(
            "rounding_account",
            "Converting leaves cents over: choose the account that they go to.",
        )


def _parties(flow: "Flow", reasons: Reasons) -> None:
    policy = PartyPolicy(flow.party_policy)
    if policy is PartyPolicy.FIXED and not flow.fixed_party_id:
        reasons.add("fixed_party", "Choose the clearing vendor that every bill is booked on.")
    if policy is PartyPolicy.TAG and not flow.party_tag_level:
        reasons.add("party_tag_level", "Say on which level the tags name the vendor.")
    if policy is PartyPolicy.FIELD and not flow.party_field:
        reasons.add("party_field", "Name the report field that names the vendor.")
    if flow.creates_parties and policy is not PartyPolicy.EMPLOYEE:
        reasons.add(
            "creates_parties",
            "Vendors are created for employees only; this flow doesn't owe its reports to them.",
        )
    if flow.creates_parties and not registry.abilities(flow.connection.ledger).creates_parties:
        label = registry.ledger_label(flow.connection.ledger)
        reasons.add("creates_parties", f"{label} takes no new vendors from us; add them there.")
    for field in ("fixed_party", "card_party"):
        if getattr(flow, f"{field}_id"):
            reasons.add_all(field, party_reasons(getattr(flow, field), flow.connection_id))


def _tax(flow: "Flow", reasons: Reasons) -> None:
    code = flow.no_tax_code if flow.no_tax_code_id else None
    if code is not None and code.connection_id != flow.connection_id:
        reasons.add("no_tax_code", "This tax code belongs to another company.")
    elif code is not None and code.percent:
        reasons.add("no_tax_code", f"{code} has {code.percent.normalize():f}%: choose one without.")
    if flow.tax_policy == TaxPolicy.RECLAIM and flow.connection.has_tax is False:
        label = registry.ledger_label(flow.connection.ledger)
        reasons.add(
            "tax_policy",
            f"{flow.connection} has no tax on purchases in {label}, so there is nothing to reclaim "
            "it with. Post lines gross.",
        )


def _receipts(flow: "Flow", kinds: _Kinds, reasons: Reasons) -> None:
    found = [kinds[kind].attach for kind in taken_kinds(flow) if kind in kinds]
    if flow.receipt_files == ReceiptFiles.FILE and set(found) - {"after"}:
        label = registry.ledger_label(flow.connection.ledger)
        reasons.add(
            "receipt_files",
            f"{label} takes no files from us on documents of this kind; choose the link.",
        )
