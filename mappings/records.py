"""Our rows as the plain values that the pure middle takes; reads columns, never the database."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from connectors.contract.entry import Kind
from connectors.contract.report import ReportStatus
from mappings import rulebook, terms

if TYPE_CHECKING:
    from mappings.models import Flow, Rule


def rule_of(row: "Rule", values: Mapping[str, int | None]) -> rulebook.Rule:
    """A rule row; `values`: dimension -> row of the value, from its RuleValues."""
    return rulebook.Rule(
        id=row.pk or 0,
        priority=row.priority,
        category=row.category,
        tag_level=row.tag_level,
        tag=row.tag,
        employee=row.employee,
        card=row.card,
        reimbursable=row.reimbursable,
        expense_type=row.expense_type,
        account_id=row.account_id,
        party_id=row.party_id,
        tax_code_id=row.tax_code_id,
        values=values,
    )


def terms_of(flow: "Flow") -> terms.Terms:
    """A flow's columns; its workspace must be loaded."""
    return terms.Terms(
        flow_id=flow.pk,
        workspace_id=flow.workspace.policy_id,
        workspace_name=flow.workspace.name,
        starts_on=flow.starts_on,
        kind=Kind(flow.kind),
        mode=terms.Mode(flow.mode),
        test_prefix=flow.test_prefix,
        zone=flow.zone,
        takes_states=frozenset(map(ReportStatus, flow.takes_states)),
        takes_reimbursable=flow.takes_reimbursable,
        takes_cards=flow.takes_cards,
        payable_id=flow.payable_account_id,
        party_policy=terms.PartyPolicy(flow.party_policy),
        fixed_party_id=flow.fixed_party_id,
        date_policy=terms.DatePolicy(flow.date_policy),
        due_days=flow.due_days,
        lock_policy=terms.LockPolicy(flow.lock_policy),
        tax_policy=terms.TaxPolicy(flow.tax_policy),
        billable_policy=terms.BillablePolicy(flow.billable_policy),
        header_policy=terms.HeaderPolicy(flow.header_policy),
        tag_policy=terms.TagPolicy(flow.tag_policy),
        exported_policy=terms.ExportedPolicy(flow.exported_policy),
        use_gl_codes=flow.use_gl_codes,
        memo_has_period=flow.memo_has_period,
        memo_has_link=flow.memo_has_link,
    )
