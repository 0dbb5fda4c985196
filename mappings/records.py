"""Our rows as the plain values that the pure middle takes; reads columns, never the database."""

from collections.abc import Mapping
from datetime import date
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
        tax=row.tax,
        account_id=row.account_id,
        party_id=row.party_id,
        tax_code_id=row.tax_code_id,
        tax_is_cost=row.tax_is_cost,
        values=values,
    )


def terms_of(flow: "Flow") -> terms.Terms:
    """A flow's columns; its workspace must be loaded. What a flow has several of (accounts of
    cards, of currencies) is not among them: see `services.open_book`."""
    return terms.Terms(
        flow_id=flow.pk,
        workspace_id=flow.workspace.policy_id,
        workspace_name=flow.workspace.name,
        starts_on=flow.starts_on,
        backfills=tuple(
            (date.fromisoformat(first), date.fromisoformat(last)) for first, last in flow.backfills
        ),
        kind=Kind(flow.kind),
        mode=terms.Mode(flow.mode),
        test_prefix=flow.test_prefix,
        zone=flow.zone,
        selector=terms.Selector(flow.selector),
        selector_level=flow.selector_level,
        selector_names=frozenset(flow.selector_names),
        takes_states=frozenset(map(ReportStatus, flow.takes_states)),
        takes_reimbursable=flow.takes_reimbursable,
        takes_cards=flow.takes_cards,
        credit_policy=terms.CreditPolicy(flow.credit_policy),
        payable_id=flow.payable_account_id,
        card_account_id=flow.card_account_id,
        company_account_id=flow.company_account_id,
        due_from_id=flow.due_from_account_id,
        party_policy=terms.PartyPolicy(flow.party_policy),
        fixed_party_id=flow.fixed_party_id,
        party_tag_level=flow.party_tag_level,
        party_field=flow.party_field,
        creates_parties=flow.creates_parties,
        card_party_id=flow.card_party_id,
        date_policy=terms.DatePolicy(flow.date_policy),
        card_date_policy=terms.CardDatePolicy(flow.card_date_policy),
        due_days=flow.due_days,
        lock_policy=terms.LockPolicy(flow.lock_policy),
        tax_policy=terms.TaxPolicy(flow.tax_policy),
        no_tax_code_id=flow.no_tax_code_id,
        tax_account_id=flow.tax_account_id,
        receipt_policy=terms.ReceiptPolicy(flow.receipt_policy),
        receipt_files=terms.ReceiptFiles(flow.receipt_files),
        tax_mismatch_policy=terms.TaxMismatchPolicy(flow.tax_mismatch_policy),
        currency_policy=terms.CurrencyPolicy(flow.currency_policy),
        rounding_id=flow.rounding_account_id,
        billable_policy=terms.BillablePolicy(flow.billable_policy),
        header_policy=terms.HeaderPolicy(flow.header_policy),
        tag_policy=terms.TagPolicy(flow.tag_policy),
        exported_policy=terms.ExportedPolicy(flow.exported_policy),
        use_gl_codes=flow.use_gl_codes,
        memo_has_period=flow.memo_has_period,
        memo_has_link=flow.memo_has_link,
    )
