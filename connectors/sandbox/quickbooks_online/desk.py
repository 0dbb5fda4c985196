"""The control verbs: what a person at the vendor's screen does, and what the sandbox's master may
set up.
"""

from copy import deepcopy
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..chassis import ControlError, Fault, Request, from_json
from . import gates, reports, schema
from .company import NAMES, TRANSACTIONS, Company, Obj
from .planting import ANOTHER_USER, by_screen, company_of, found_member
from .seed import other_company

if TYPE_CHECKING:
    from .vendor import QuickBooksOnline

BILLED = "HasBeenBilled"  # read only, also for whoever sits at the screen
LIST_KINDS = {
    "account": "Account", "class": "Class", "department": "Department", "location": "Department",
    "customer": "Customer", "vendor": "Vendor", "employee": "Employee", "term": "Term",
}  # fmt: skip


# -- documents -------------------------------------------------------------------------------------
def act(vendor: "QuickBooksOnline", id: str, body: dict[str, Any]) -> Any:
    """pay (`amount`), unpay, edit (`fields`: the vendor's properties), void, delete, match,
    unmatch, bill (marks an expense as billed on an invoice)."""
    company, entity, stored = _found(vendor, id, body)
    action, as_user = body.get("action"), body.get("as_user", ANOTHER_USER)
    flag = company.flag(entity, id)
    if action == "edit":
        edit(vendor, company, entity, stored, body.get("fields") or {}, as_user)
    elif action in ("void", "delete"):
        given = {"Id": id, "SyncToken": stored["SyncToken"]}
        by_screen(vendor, company, entity, action, given, as_user)
    elif action == "pay":
        _pay(vendor, company, entity, stored, body, as_user)
    elif action == "unpay":
        _unpay(vendor, company, stored, as_user)
    elif action in ("match", "unmatch"):
        flag["matched"] = action == "match"
    elif action == "bill":
        flag["billed"] = True
        _bill_on(company, entity, stored, as_user)
    else:
        known = "pay, unpay, edit, void, delete, match, unmatch, bill"
        raise ControlError(400, f"QuickBooks Online can't {action} a {entity}; it can {known}")
    return reports.document(company, entity, stored, action == "delete")


def _found(vendor: "QuickBooksOnline", id: str, body: dict[str, Any]) -> tuple[Company, str, Obj]:
    companies = (
        [company_of(vendor, body)] if body.get("company") else list(vendor.companies.values())
    )
    found = [(company, *hit) for company in companies if (hit := company.find_transaction(id))]
    if not found:
        raise ControlError(404, f"there is no living document {id}")
    if len(found) > 1:
        raise ControlError(400, f"several companies have a document {id}; say which with company")
    return found[0]


def edit(
    vendor: "QuickBooksOnline",
    company: Company,
    entity: str,
    stored: Obj,
    changes: Obj,
    as_user: str,
) -> None:
    """A person changes some properties; everything else stays. Nothing given: a save without
    change.
    """
    writable = schema.ENTITIES[entity]
    given = {
        name: deepcopy(value)
        for name, value in stored.items()
        if writable.get(name) not in (None, schema.IGNORED) and name != "PurchaseEx"
    }
    if given.get("GlobalTaxCalculation") == "TaxInclusive":
        for line in given["Line"]:
            detail = line.get(line["DetailType"], {})
            line["Amount"] = detail.pop("TaxInclusiveAmt", line["Amount"])
    billed = {line["Id"] for line in given.get("Line", ()) if _status(line) == BILLED}
    for line in given.get("Line", ()):
        if line.get("Id") in billed:
            line[line["DetailType"]]["BillableStatus"] = "Billable"  # the screen never asks
    by_screen(vendor, company, entity, "update", given | {"sparse": False} | changes, as_user)
    for line in stored.get("Line", ()):
        if line.get("Id") in billed and _status(line) == "Billable":
            line[line["DetailType"]]["BillableStatus"] = BILLED


def _bill_on(company: Company, entity: str, stored: Obj, as_user: str) -> None:
    """An invoice takes the billable lines over, which from then on say so."""
    taken = [line for line in stored.get("Line", ()) if _status(line) == "Billable"]
    for line in taken:
        line[line["DetailType"]]["BillableStatus"] = BILLED
    if taken:
        company.bump(entity, stored, as_user)


def _status(line: Obj) -> str:
    return str(line.get(line.get("DetailType", ""), {}).get("BillableStatus", ""))


def _pay(
    vendor: "QuickBooksOnline",
    company: Company,
    entity: str,
    stored: Obj,
    body: dict[str, Any],
    as_user: str,
) -> None:
    if entity != "Bill":
        raise ControlError(400, f"only bills are paid, {stored['Id']} is a {entity}")
    amount = Decimal(
        str(body.get("amount") or (body.get("fields") or {}).get("amount") or stored["Balance"])
    )
    bank = next(a for a in company.table("Account").values() if a["AccountType"] == "Bank")
    given = {
        "VendorRef": stored["VendorRef"],
        "APAccountRef": stored["APAccountRef"],
        "CurrencyRef": stored["CurrencyRef"],
        "PayType": "Check",
        "CheckPayment": {"BankAccountRef": {"value": bank["Id"]}},
        "TotalAmt": amount,
        "Line": [{"Amount": amount, "LinkedTxn": [{"TxnId": stored["Id"], "TxnType": "Bill"}]}],
    }
    by_screen(vendor, company, "BillPayment", "create", given, as_user)


def _unpay(vendor: "QuickBooksOnline", company: Company, stored: Obj, as_user: str) -> None:
    for link in list(stored.get("LinkedTxn", [])):
        payment = company.get("BillPayment", link["TxnId"])
        if payment:
            given = {"Id": payment["Id"], "SyncToken": payment["SyncToken"]}
            by_screen(vendor, company, "BillPayment", "delete", given, as_user)


def conflict(vendor: "QuickBooksOnline", company: Company, fault: Fault, request: Request) -> None:
    """Another user saves what this request is about to change."""
    changes = from_json(fault.body) if fault.body else {}
    entities = {name.lower(): name for name in schema.ENTITIES}
    targets = [
        (m, name) for m in gates.batch_members(request) for name in m if name in TRANSACTIONS
    ]
    wanted = [(name, member[name]) for member, name in targets]
    segment = request.path.rstrip("/").rpartition("/")[2]
    if segment in entities:
        try:
            wanted.append((entities[segment], request.json()))
        except ValueError:
            return  # the vendor refuses such a body itself
    for entity, given in wanted:
        stored = company.get(entity, str(given.get("Id", ""))) if isinstance(given, dict) else None
        if stored is not None:
            edit(vendor, company, entity, stored, changes, ANOTHER_USER)


# -- lists, period, companies ----------------------------------------------------------------------
def chart(vendor: "QuickBooksOnline", body: dict[str, Any]) -> Any:
    """`{kind, action: add|rename|recode|archive|restore, name or id, fields, company?}`. A list
    member cannot be deleted here: delete archives. There is no blocking."""
    company = company_of(vendor, body)
    if body.get("kind") == "tax_code":
        return _tax_code(company, body)
    entity = LIST_KINDS.get(str(body.get("kind", "")).lower())
    if entity is None:
        known = ", ".join((*LIST_KINDS, "tax_code"))
        raise ControlError(400, f"no kind {body.get('kind')}; there are {known}")
    action, changes = body.get("action"), dict(body.get("fields") or {})
    label = "DisplayName" if entity in NAMES else "Name"
    as_user = body.get("as_user", ANOTHER_USER)
    if action == "add":
        given = ({label: body["name"]} if body.get("name") else {}) | changes
        return by_screen(vendor, company, entity, "create", given, as_user)
    member = found_member(company, (entity,), body.get("id") or body.get("name"))
    match action:
        case "rename":
            changes.setdefault(label, body.get("to"))
        case "recode":
            changes.setdefault("AcctNum", body.get("to"))
        case "archive" | "delete":
            changes["Active"] = False
        case "restore":
            changes["Active"] = True
        case "edit":
            pass
        case _:
            known = "add, rename, recode, archive, delete, restore, edit"
            raise ControlError(400, f"QuickBooks Online can't {action} a {entity}; it can {known}")
    given = {"Id": member["Id"], "SyncToken": member["SyncToken"], "sparse": True} | changes
    return by_screen(vendor, company, entity, "update", given, as_user)


def _tax_code(company: Company, body: dict[str, Any]) -> Obj:
    """Tax codes are read-only for the API; in the tax centre a person makes them inactive."""
    code = found_member(company, ("TaxCode",), body.get("id") or body.get("name"))
    if body.get("action") not in ("archive", "restore"):
        raise ControlError(400, f"a tax code takes archive or restore, not {body.get('action')}")
    code["Active"] = body["action"] == "restore"
    company.bump("TaxCode", code, body.get("as_user", ANOTHER_USER))
    return company.shown("TaxCode", code)


def period_lock(vendor: "QuickBooksOnline", body: dict[str, Any]) -> Any:
    """`{date: "2026-09-30" or null, password: bool, company?}`: books closed through that day."""
    company = company_of(vendor, body)
    closed = body.get("date")
    try:
        closed = date.fromisoformat(closed).isoformat() if closed else None
    except (TypeError, ValueError):
        raise ControlError(400, f"date is YYYY-MM-DD or null, not {closed!r}") from None
    password = bool(body.get("password", False))
    company.change_preferences({"book_close_date": closed, "book_close_password": password})
    return {"company": company.realm, "date": closed, "password": password}


def other_verbs(vendor: "QuickBooksOnline", method: str, rest: str, body: Any) -> Any:
    """companies (GET lists, POST adds), companies/{realm} (POST preferences and rates),
    trial_balance (of the first company, by account), trial_balance/{realm} (by account, class,
    department, customer, tax code and currency), meter."""
    verb, _, realm = rest.partition("/")
    if verb == "companies" and method == "GET" and not realm:
        return [_described(company) for company in vendor.companies.values()]
    if verb == "companies" and method == "POST":
        return _described(_prefer(vendor, realm, body) if realm else _add_company(vendor, body))
    if verb == "trial_balance" and method == "GET" and realm:
        return reports.full_trial_balance(company_of(vendor, {"company": realm}))
    if verb == "trial_balance" and method == "GET":
        return reports.trial_balance(company_of(vendor, {}))
    if verb == "meter" and method == "GET":
        return {"reads": vendor.throttles.reads}
    raise ControlError(
        404, f"no verb {method} {rest!r}; there are companies, trial_balance and meter"
    )


def _described(company: Company) -> dict[str, Any]:
    facts = {
        "company": company.realm,
        "name": company.name,
        "country": company.country,
        "currency": company.home,
    }
    return facts | {"preferences": company.prefs, "rates": company.rates}


def _add_company(vendor: "QuickBooksOnline", body: dict[str, Any]) -> Company:
    realm = str(body.get("realm", ""))
    if not realm.isdigit() or realm in vendor.companies:
        raise ControlError(400, f"realm is the new company's number, not yet in use; got {realm!r}")
    company = vendor.companies[realm] = other_company(vendor.clock, body)
    return company


def _prefer(vendor: "QuickBooksOnline", realm: str, body: dict[str, Any]) -> Company:
    company = company_of(vendor, {"company": realm})
    changes = dict(body)
    for currency, days in changes.pop("rates", {}).items():
        company.rates[currency] = {day: str(rate) for day, rate in days.items()}
    try:
        company.change_preferences(changes)
    except KeyError as unknown:
        raise ControlError(
            400, f"no preference {unknown}; there are {', '.join(company.prefs)}"
        ) from None
    return company
