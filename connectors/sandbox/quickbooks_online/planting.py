"""Documents entered at the vendor's screen: in its own JSON, or in the contract's words."""

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from ..chassis import ControlError
from . import reports
from .change import Change, carry_out
from .company import NAMES, TRANSACTIONS, Company, Obj
from .errors import Refusal

if TYPE_CHECKING:
    from .vendor import QuickBooksOnline

ANOTHER_USER = "Another User"
KINDS = {name.lower(): name for name in TRANSACTIONS} | {
    "expense": "Purchase",
    "credit": "VendorCredit",
    "card_credit": "Purchase",
    "journal": "JournalEntry",
}


def company_of(vendor: "QuickBooksOnline", body: dict[str, Any]) -> Company:
    """The company a control body names with `company`, else the first."""
    wanted = body.get("company")
    if wanted is None:
        return next(iter(vendor.companies.values()))
    company = vendor.companies.get(str(wanted))
    if company is None:
        raise ControlError(404, f"no company {wanted}; there are {', '.join(vendor.companies)}")
    return company


def by_screen(
    vendor: "QuickBooksOnline",
    company: Company,
    entity: str,
    operation: str,
    given: Obj,
    as_user: str,
) -> Obj:
    """Do it as a person in the web app; ControlError with the vendor's fault when refused."""
    settings = dict(vendor.settings) | {"plan": "Plus", "negative_lines": "accept"}
    change = Change(company, settings, entity, operation, given, by_screen=True, as_user=as_user)
    try:
        return carry_out(change)
    except Refusal as refusal:
        raise ControlError(400, f"{refusal.code} {refusal.message}: {refusal.detail}") from None


# -- documents -------------------------------------------------------------------------------------
def plant(vendor: "QuickBooksOnline", body: dict[str, Any]) -> Any:
    """`{company?, as_user?, "Bill": {vendor's own JSON}}`, or the contract's shape: `{kind, number,
    date, due_date, currency, party, credit_account, dimensions, markers, lines: [...]}` with names.
    """
    company = company_of(vendor, body)
    raw = [name for name in body if name in TRANSACTIONS]
    if raw:
        entity, given = raw[0], body[raw[0]]
    else:
        entity, given = _from_contract(company, body)
    stored = by_screen(vendor, company, entity, "create", given, body.get("as_user", ANOTHER_USER))
    return reports.document(company, entity, company.table(entity)[stored["Id"]], False)


def _from_contract(company: Company, body: dict[str, Any]) -> tuple[str, Obj]:
    kind = str(body.get("kind", "bill")).replace(" ", "_")
    if kind not in KINDS or KINDS[kind] == "BillPayment":
        known = ", ".join(name for name in KINDS if name != "billpayment")
        raise ControlError(
            400, f"no kind {kind}; plant {known}, or the vendor's own JSON under its name"
        )
    entity = KINDS[kind]
    is_credit = entity == "VendorCredit" or kind == "card_credit" or bool(body.get("Credit"))
    markers = body.get("markers") or {}
    given: Obj = {
        "DocNumber": body.get("number") or markers.get("DocNumber"),
        "PrivateNote": markers.get("PrivateNote"),
        "TxnDate": body.get("date"),
        "DueDate": body.get("due_date") if entity == "Bill" else None,
        "CurrencyRef": {"value": body["currency"]} if body.get("currency") else None,
        "Line": [_contract_line(company, entity, one, is_credit) for one in body.get("lines", [])],
    } | _dimension_refs(company, body.get("dimensions") or {})
    party = found_member(company, NAMES, body["party"])["Id"] if body.get("party") else None
    account = body.get("credit_account")
    ref = {"value": found_member(company, ("Account",), account)["Id"]} if account else None
    if entity in ("Bill", "VendorCredit"):
        given |= {"VendorRef": {"value": party}, "APAccountRef": ref}
    elif entity == "Purchase":
        given |= {"AccountRef": ref, "EntityRef": {"value": party}, "Credit": is_credit}
        given["PaymentType"] = body.get("payment_type", "CreditCard")
    return entity, {name: value for name, value in given.items() if value is not None}


def _contract_line(company: Company, entity: str, line: dict[str, Any], is_credit: bool) -> Obj:
    try:
        amount = Decimal(str(line["amount"]))
    except (KeyError, InvalidOperation):
        raise ControlError(400, f"a line needs an amount, a decimal in quotes: {line}") from None
    account = found_member(company, ("Account",), line.get("account"))["Id"]
    detail: Obj = {"AccountRef": {"value": account}} | _dimension_refs(
        company, line.get("dimensions") or {}
    )
    kind = "AccountBasedExpenseLineDetail"
    if entity == "JournalEntry":
        kind = "JournalEntryLineDetail"
        detail["PostingType"] = "Debit" if amount >= 0 else "Credit"
        amount = abs(amount)
        customer = detail.pop("CustomerRef", None)
        if line.get("party") or customer:
            person = found_member(company, NAMES, line.get("party") or customer["value"])
            group = next(name for name in NAMES if company.get(name, person["Id"]))
            detail["Entity"] = {"Type": group, "EntityRef": {"value": person["Id"]}}
    elif is_credit:
        amount = -amount
    return {"Amount": amount, "Description": line.get("text"), "DetailType": kind, kind: detail}


def _dimension_refs(company: Company, dimensions: dict[str, str]) -> Obj:
    refs = {}
    for name, member in dimensions.items():
        if name not in ("class", "department", "customer"):
            raise ControlError(400, f"no dimension {name}; there are class, department, customer")
        entity = name.capitalize()
        refs[f"{entity}Ref"] = {"value": found_member(company, (entity,), member)["Id"]}
    return refs


def found_member(company: Company, entities: tuple[str, ...], wanted: Any) -> Obj:
    """A list member by id, number, name, `number name` or fully qualified name."""
    for entity in entities:
        for id, member in company.table(entity).items():
            number, name = (
                member.get("AcctNum", ""),
                member.get("Name") or member.get("DisplayName"),
            )
            full = member.get("FullyQualifiedName", name)
            if wanted in (id, number, name, full, f"{number} {full}".strip()) and wanted:
                return member
    raise ControlError(404, f"company {company.realm} has no {' or '.join(entities)} {wanted!r}")
