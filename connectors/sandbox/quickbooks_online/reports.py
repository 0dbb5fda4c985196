"""What a company holds, in the words of the sandbox's contract: documents and balances."""

import re
from decimal import Decimal
from typing import Any

from . import books
from .company import TRANSACTIONS, Company, Obj, cents

# Expensify's ids as it writes them: the vendor doesn't know them, a reader of its memos would.
_REPORT_ID = re.compile(r"\bR00[0-9A-Za-z]{9}\b|(?<![0-9A-Za-z])\d{16}(?![0-9A-Za-z])")


def documents(company: Company) -> list[dict[str, Any]]:
    """Every transaction, living and deleted, oldest first. Amounts are texts, debit positive: the
    lines plus `tax` add up to `total`, and `credit_account` takes the other side (a journal has
    both sides in its lines, `total` is the sum of its debits)."""
    living = [
        (entity, stored, False)
        for entity in TRANSACTIONS
        for stored in company.table(entity).values()
    ]
    dead = [(g["entity"], g["object"], True) for g in company.buried if g["entity"] in TRANSACTIONS]
    found = [document(company, *each) for each in living + dead]
    return sorted(found, key=lambda one: int(one["id"]))


def document(company: Company, entity: str, stored: Obj, is_deleted: bool) -> dict[str, Any]:
    sign = -1 if entity == "VendorCredit" or stored.get("Credit") else 1
    flag = company.flags.get(f"{entity} {stored['Id']}", {})
    lines = [_line(company, line, sign) for line in stored.get("Line", []) if "DetailType" in line]
    links = stored.get("LinkedTxn", [])
    if entity == "BillPayment":
        lines = [_payable_line(company, stored)]
        links = [link for line in stored["Line"] for link in line["LinkedTxn"]]
    memo = f"{stored.get('PrivateNote', '')} {stored.get('DocNumber', '')}"
    report = _REPORT_ID.search(memo)
    party_ref = stored.get("VendorRef") or stored.get("EntityRef")
    paid = (
        cents(stored["TotalAmt"]) - cents(stored["Balance"])
        if "Balance" in stored
        else Decimal("0.00")
    )
    status = "deleted" if is_deleted else "voided" if flag.get("voided") else "active"
    return {
        "id": stored["Id"],
        "company": company.realm,
        "kind": entity.lower(),
        "number": stored.get("DocNumber"),
        "markers": {"DocNumber": stored.get("DocNumber"), "PrivateNote": stored.get("PrivateNote")},
        "report_id": report.group() if report else None,
        "date": stored["TxnDate"],
        "due_date": stored.get("DueDate"),
        "currency": company.currency_of(stored),
        "rate": str(stored["ExchangeRate"]) if "ExchangeRate" in stored else None,
        "total": str(_total(entity, stored, sign)),
        "home_total": str(cents(_total(entity, stored, sign) * books.rate_of(stored))),
        "credit_account": _credit_account(company, entity, stored),
        "tax": str(sign * cents(stored.get("TxnTaxDetail", {}).get("TotalTax", 0))),
        "tax_calculation": stored.get("GlobalTaxCalculation"),
        "tax_lines": _tax_lines(company, stored, sign),
        "status": status,
        "state": _state(stored, paid),
        "paid": str(paid),
        "party": _name(company, party_ref) if party_ref else None,
        "party_id": party_ref["value"] if party_ref else None,
        "billable": any(line["billable"] for line in lines),
        "dimensions": _dimensions(company, stored),
        "lines": lines,
        "links": links,
        "matched": bool(flag.get("matched")),
        "edited_by": flag.get("as_user") or None,
        "attachments": _attached(company, entity, stored["Id"]),
        "version": stored["SyncToken"],
    }


def _tax_lines(company: Company, stored: Obj, sign: int) -> list[dict[str, Any]]:
    """What the tax is made of: rate by name and percent, the net it is on, its amount."""
    found = []
    for line in stored.get("TxnTaxDetail", {}).get("TaxLine", []):
        part = line["TaxLineDetail"]
        rate = company.table("TaxRate")[part["TaxRateRef"]["value"]]
        found.append(
            {
                "rate": rate["Name"],
                "percent": str(rate["RateValue"]),
                "net": str(sign * cents(part.get("NetAmountTaxable", 0))),
                "amount": str(sign * cents(line["Amount"])),
            }
        )
    return found


def _line(company: Company, line: Obj, sign: int) -> dict[str, Any]:
    detail = line.get(line["DetailType"], {})
    if line["DetailType"] == "JournalEntryLineDetail":
        sign = 1 if detail["PostingType"] == "Debit" else -1
    entity = detail.get("Entity")
    dimensions = _dimensions(company, detail)
    party = None
    if entity and "EntityRef" in entity:
        party = _name(company, entity["EntityRef"])
        if entity["Type"] == "Customer":
            dimensions["customer"] = party
    code = detail.get("TaxCodeRef", {}).get("value")
    stored_code = company.get("TaxCode", code) if code else None
    return {
        "account": account_name(company, detail.get("AccountRef")),
        "amount": str(sign * cents(line.get("Amount", 0))),
        "dimensions": dimensions,
        "tax": stored_code["Name"] if stored_code else None,
        "text": line.get("Description"),
        "party": party,
        "billable": detail.get("BillableStatus") in ("Billable", "HasBeenBilled"),
    }


def _payable_line(company: Company, payment: Obj) -> dict[str, Any]:
    # what the payment itself books: the line it takes off accounts payable
    return {
        "account": account_name(company, payment["APAccountRef"]),
        "amount": str(cents(payment["TotalAmt"])),
        "dimensions": {},
        "tax": None,
        "text": None,
        "party": _name(company, payment["VendorRef"]),
        "billable": False,
    }


def account_name(company: Company, ref: Obj | None) -> str | None:
    """Number and name, `6100 Airfare`."""
    account = company.get("Account", ref["value"]) if ref else None
    if account is None:
        return None
    return f"{account.get('AcctNum', '')} {account['FullyQualifiedName']}".strip()


def _name(company: Company, ref: Obj) -> str | None:
    for entity in ("Vendor", "Customer", "Employee"):
        found = company.get(entity, ref["value"])
        if found:
            return str(found.get("FullyQualifiedName") or found["DisplayName"])
    return None


def _dimensions(company: Company, holder: Obj) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field, table in (
        ("ClassRef", "Class"),
        ("DepartmentRef", "Department"),
        ("CustomerRef", "Customer"),
    ):
        if field in holder:
            member = company.get(table, holder[field]["value"])
            found[table.lower()] = member["FullyQualifiedName"] if member else None
    return found


def _total(entity: str, stored: Obj, sign: int) -> Decimal:
    if entity == "JournalEntry":
        debits = (
            cents(line["Amount"])
            for line in stored["Line"]
            if line.get("JournalEntryLineDetail", {}).get("PostingType") == "Debit"
        )
        return sum(debits, Decimal("0.00"))
    return sign * cents(stored["TotalAmt"])


def _credit_account(company: Company, entity: str, stored: Obj) -> str | None:
    if entity == "BillPayment":
        place = stored.get("CheckPayment", {}).get("BankAccountRef")
        return account_name(
            company, place or stored.get("CreditCardPayment", {}).get("CCAccountRef")
        )
    return account_name(company, stored.get("APAccountRef") or stored.get("AccountRef"))


def _state(stored: Obj, paid: Decimal) -> str | None:
    if "Balance" not in stored:
        return None
    if not cents(stored["Balance"]) and stored.get("LinkedTxn"):
        return "paid"
    return "partly_paid" if paid else "open"


def _attached(company: Company, entity: str, id: str) -> list[str]:
    names = []
    for one in company.table("Attachable").values():
        for ref in one.get("AttachableRef", []):
            target = ref.get("EntityRef", {})
            if target.get("value") == id and target.get("type", "").lower() == entity.lower():
                names.append(one.get("FileName") or one.get("Note", ""))
    return names


def trial_balance(company: Company) -> dict[str, str]:
    """Balance by `number name`, home currency, debit positive; zero ones are left out."""
    balances = {
        account_name(company, {"value": id}) or "": str(cents(company.balances.get(id, Decimal(0))))
        for id in company.table("Account")
    }
    return {name: amount for name, amount in sorted(balances.items()) if Decimal(amount)}


GROUPED = ("account", "class", "department", "customer", "tax", "currency")


def full_trial_balance(company: Company) -> dict[str, Any]:
    """`accounts` as in `trial_balance`, and `rows` by account, class, department, customer, tax
    code and currency: `amount` in that currency, `home` in the company's, debit positive, texts.
    """
    sums: dict[tuple[str, ...], list[Decimal]] = {}
    for row in books.ledger(company):
        key = (
            account_name(company, {"value": row.account_id}) or "",
            _member(company, "Class", row.class_id),
            _member(company, "Department", row.department_id),
            _member(company, "Customer", row.customer_id),
            _member(company, "TaxCode", row.tax_code_id),
            row.currency,
        )
        both = sums.setdefault(key, [Decimal("0.00"), Decimal("0.00")])
        both[0] += row.amount
        both[1] += row.home
    rows = [
        dict(zip(GROUPED, (text or None for text in key), strict=True))
        | {"amount": str(amount), "home": str(home)}
        for key, (amount, home) in sorted(sums.items())
        if amount or home
    ]
    return {
        "company": company.realm,
        "currency": company.home,
        "accounts": trial_balance(company),
        "rows": rows,
    }


def _member(company: Company, entity: str, id: str) -> str:
    member = company.get(entity, id) if id else None
    return str(member.get("FullyQualifiedName") or member["Name"]) if member else ""
