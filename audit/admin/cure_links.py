"""From a problem to the forms where it is cured: filled in as far as the problem tells."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from audit.admin.reread import READ, READ_AGAIN
from audit.codes import CODES as OURS
from audit.models import Report
from mappings.codes import CODES as OF_MAPPINGS
from mappings.models import Flow

# Where a report is mended in Expensify itself.
_IN_EXPENSIFY = "https://www.expensify.com/report?" + "param={{%22pageReportID%22:%22{}%22}}"


@dataclass(frozen=True, slots=True)
class Link:
    """`is_elsewhere`: it leaves this site; `is_pressed`: a button of a page, which asks first."""

    label: str
    url: str
    is_elsewhere: bool = False
    is_pressed: bool = False


# Code -> what on the flow's page cures it: the place there, and the words of the button. Gaps are
# filled from the problem's facts.
_ON_FLOW = {
    "map.tax.undecided": ("id_tax_policy", "Say what becomes of tax"),
    "map.tax.no_amount": ("id_no_tax_code", "Choose the code for lines without tax"),
    "map.tax.mismatch": ("id_tax_mismatch_policy", "Let the flow post what receipts say"),
    "map.tax.no_receipt": ("id_receipt_policy", "Say what becomes of tax without a receipt"),
    "map.tax_code.inactive": ("id_no_tax_code", "Choose another code in the flow"),
    "map.header.conflict": ("id_header_policy", "Let silent lines follow the others"),
    "map.billable.no_customer": ("id_billable_policy", "Let the flow post it as not billable"),
    "map.billable.not_carried": ("id_billable_policy", "Let the flow post it as not billable"),
    "map.party.unset": ("id_fixed_party", "Choose the clearing vendor"),
    "map.party.no_name": ("id_party_policy", "Say how the payee is found"),
    "map.party.conflict": ("id_party_policy", "Say how the payee is found"),
    "map.party.card_unset": ("id_card_party", "Choose the payee of card documents"),
    "map.payable.unset": ("id_payable_account", "Choose the payable account"),
    "map.payable.inactive": ("id_payable_account", "Choose another payable account"),
    "map.payable.kind": ("id_payable_account", "Choose another payable account"),
    "map.card.unset": ("card_accounts-group", "Choose an account for card {card}"),
    "map.card.inactive": ("id_card_account", "Choose another account for the card"),
    "map.card.kind": ("id_card_account", "Choose another account for the card"),
    "map.company.unset": ("id_company_account", "Choose the account without a card"),
    "map.company.inactive": ("id_company_account", "Choose another account without a card"),
    "map.company.kind": ("id_company_account", "Choose another account without a card"),
    "map.currency.company": ("id_currency_policy", "Let the flow convert by a rate table"),
    "map.currency.payable": ("payable_accounts-group", "Choose a payable account in {currency}"),
    "map.currency.card": ("card_accounts-group", "Choose an account in {currency}"),
    "map.rounding.unset": ("id_rounding_account", "Choose the rounding account"),
    "map.rounding.unusable": ("id_rounding_account", "Choose another rounding account"),
    "map.flow.divided": ("id_selector_names", "Change what the flow takes"),
    "map.kind.unsupported": ("id_kind", "Let the flow post journals"),
    "map.kind.no_credit": ("id_kind", "Let the flow post journals"),
    "map.kind.no_zero": ("id_kind", "Let the flow post journals"),
    "map.kind.negative_line": ("id_kind", "Let the flow post journals"),
    "map.date.missing": ("id_date_policy", "Choose another posting date"),
    "map.date.locked": ("id_lock_policy", "Let the flow post on the next open day"),
    "report.exported_before": ("id_exported_policy", "Let the flow post such reports"),
    "revision.policy_hold": ("id_revision_policy", "Let the flow change documents in place"),
}
_ON_CONNECTION = {"map.chart.unread", "map.date.locked", "map.currency.company"}
# What may be mended in the report itself; every `report.` code of the mappings is.
_ON_REPORT = {
    "map.category.uncategorised",
    "map.tax.no_amount",
    "map.tax.mismatch",
    "map.tax.impossible",
    "map.tax.no_receipt",
    "map.billable.not_carried",
    "map.party.no_name",
    "map.party.conflict",
    "map.company.unset",
    "map.flow.divided",
    "map.date.missing",
}
# Codes whose cure is in rules that no fact names, and the words of the button.
_IN_RULES = {
    "map.dimension.not_carried": "Look at the flow's rules",
    "map.header.conflict": "Look at the flow's rules",
    "map.party.conflict": "Look at the flow's rules",
    "map.account.inactive": "Look at the rules with this account",
    "map.account.kind": "Look at the rules with this account",
    "map.account.currency": "Look at the rules with this account",
    "map.tax_code.inactive": "Look at the rules with this tax code",
    "map.tax.mismatch": "Look at the rules with this tax code",
    "map.tax.no_amount": "Look at the rules with this tax code",
}


def cure_links(
    problem: Mapping[str, Any],
    report: Report,
    flow: Flow,
    request: HttpRequest,
    document: str = "",
) -> Iterator[Link]:
    """The places where this problem is cured, the best one first; only what the user may do.

    `document`: the address in the ledger of the document that the problem is about.
    """
    code, facts = problem.get("code", ""), problem.get("facts") or {}
    may = request.user.has_perm
    yield from _new_rules(code, facts, flow, may)
    yield from _people(facts, flow, may)
    yield from _rules(code, facts, flow, may)
    if {"currency", "month"} <= facts.keys() and may("mappings.add_exchangerate"):
        given = {"currency": facts["currency"], "month": facts["month"]}
        label = f"Enter the rate of {facts['currency']}"
        yield _form(label, "exchangerate", connection=flow.connection_id, **given)
    yield from _flow_page(problem, facts, flow, may)
    needs_lists = code in _ON_CONNECTION or "party_name" in facts
    if needs_lists and may("connectors.view_ledgerconnection"):
        page = "admin:connectors_ledgerconnection_change"
        yield Link("Open the connection", reverse(page, args=[flow.connection_id]))
    is_mended_there = code in _ON_REPORT or (code.startswith("report.") and code in OF_MAPPINGS)
    if is_mended_there:
        yield expensify_link(report.report_id)
    if (is_mended_there or code == "report.unbuilt") and may(READ):
        page = "admin:audit_report_do"
        yield Link(READ_AGAIN, reverse(page, args=[report.pk, "read_again"]), is_pressed=True)
    if code in OURS and code.startswith(("ledger.", "document.")) and document:
        yield Link("Open in the ledger", document, is_elsewhere=True)


def expensify_link(report_id: str) -> Link:
    return Link("Open in Expensify", _IN_EXPENSIFY.format(report_id), is_elsewhere=True)


_May = Any  # (permission) -> bool


def _new_rules(code: str, facts: Mapping[str, str], flow: Flow, may: _May) -> Iterator[Link]:
    if not may("mappings.add_rule"):
        return
    if "category" in facts:
        given = {"account": facts.get("suggested_account_id", "")}
        yield _form("Choose an account", "rule", flow=flow.pk, category=facts["category"], **given)
    if "tag" in facts:
        level = facts.get("tag_level", "1")
        given = {"tag": facts["tag"], "tag_level": level}
        yield _form("Add a rule for this tag", "rule", flow=flow.pk, **given)
    tax, category = facts.get("tax", ""), facts.get("tax_category", "")
    if tax:
        yield _form("Choose a tax code", "rule", flow=flow.pk, tax=tax)
    if category:
        # The same tax may be reclaimed in one category and be cost in another.
        label = f"Choose a tax code for {category} only"
        yield _form(label, "rule", flow=flow.pk, tax=tax, category=category)
    if code == "map.billable.no_customer":
        yield _form("Add a rule for the customer", "rule", flow=flow.pk)


def _people(facts: Mapping[str, str], flow: Flow, may: _May) -> Iterator[Link]:
    if "employee_email" not in facts:
        return
    if may("mappings.add_partylink"):
        email = facts["employee_email"]
        label = f"Link {facts.get('employee_name') or email} to a vendor"
        yield _form(label, "partylink", connection=flow.connection_id, employee_email=email)


def _rules(code: str, facts: Mapping[str, str], flow: Flow, may: _May) -> Iterator[Link]:
    """Rules that stand: the one that the facts name, or those of the flow that are concerned."""
    if "rule_id" in facts and may("mappings.change_rule"):
        yield Link("Open the rule", reverse("admin:mappings_rule_change", args=[facts["rule_id"]]))
    elif code in _IN_RULES and may("mappings.view_rule"):
        asked = {"flow__id__exact": flow.pk}
        for fact, column in (("account_id", "account"), ("tax_code_id", "tax_code")):
            if fact in facts:
                asked[f"{column}__id__exact"] = facts[fact]
        listed = reverse("admin:mappings_rule_changelist")
        yield Link(_IN_RULES[code], f"{listed}?{urlencode(asked)}")


def _flow_page(
    problem: Mapping[str, Any], facts: Mapping[str, str], flow: Flow, may: _May
) -> Iterator[Link]:
    """The flow's page, at the very field where the person may change it."""
    page = reverse("admin:mappings_flow_change", args=[flow.pk])
    place, words = _ON_FLOW.get(problem.get("code", ""), ("", ""))
    if place and may("mappings.change_flow"):
        label = words.format_map({"card": "", "currency": "", **facts}).strip()
        yield Link(label, f"{page}#{place}")
    elif (place or _is_about_flow(problem, facts)) and may("mappings.view_flow"):
        yield Link("Open the flow", page)


def _is_about_flow(problem: Mapping[str, Any], facts: Mapping[str, str]) -> bool:
    """Also a party that no employee stands behind: it is the flow's own choice."""
    is_its_party = "party_id" in facts and "employee_email" not in facts
    return is_its_party or str(problem.get("field", "")).startswith("flow.")


def _form(label: str, model: str, **given: Any) -> Link:
    """A new row's form with what is known filled in."""
    query = {name: text for name, text in given.items() if text}
    return Link(label, f"{reverse(f'admin:mappings_{model}_add')}?{urlencode(query)}")
