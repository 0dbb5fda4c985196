"""From an accepted draft to the stored transaction: totals, tax, line ids, links."""

from decimal import Decimal
from typing import TYPE_CHECKING

from . import books
from .business import REIMBURSABLE, purchase_rates
from .company import Obj, cents, days_after, printed

if TYPE_CHECKING:
    from .change import Change

DETAILS = ("AccountBasedExpenseLineDetail", "ItemBasedExpenseLineDetail", "JournalEntryLineDetail")


def composed(change: "Change") -> Obj:
    """The transaction as it will be stored, without Id, version and MetaData."""
    draft = change.draft
    left_out = ("Id", "SyncToken", "sparse", "Line", "TotalAmt", "ExchangeRate", "TxnTaxDetail")
    fresh: Obj = {name: value for name, value in draft.items() if name not in left_out}
    fresh["TxnDate"] = change.txn_date
    fresh["CurrencyRef"] = {"value": change.currency}
    if change.multicurrency:
        rate = draft.get("ExchangeRate") or change.company.rate(change.currency, change.txn_date)
        fresh["ExchangeRate"] = printed(rate)
    COMPOSE[change.entity](change, fresh)
    return fresh


# -- bills, credits, purchases ---------------------------------------------------------------------
def _payable(change: "Change", fresh: Obj) -> None:
    company = change.company
    if "APAccountRef" not in fresh:
        fresh["APAccountRef"] = {"value": company.default_payable(change.currency)}
    if change.entity == "Bill" and "DueDate" not in fresh:
        fresh["DueDate"] = days_after(fresh["TxnDate"], _days_to_pay(change, fresh))
    total = _expense_lines(change, fresh)
    stored = change.stored or {}
    paid = cents(stored["TotalAmt"]) - cents(stored["Balance"]) if stored else Decimal(0)
    fresh["LinkedTxn"] = stored.get("LinkedTxn", [])
    fresh["TotalAmt"] = printed(total)
    fresh["Balance"] = printed(total - paid)
    if change.multicurrency:
        fresh["HomeBalance"] = printed(cents((total - paid) * books.rate_of(fresh)))


def _days_to_pay(change: "Change", fresh: Obj) -> int:
    vendor = change.company.table("Vendor")[fresh["VendorRef"]["value"]]
    ref = fresh.get("SalesTermRef") or vendor.get("TermRef")
    return change.company.table("Term")[ref["value"]].get("DueDays", 0) if ref else 0


def _purchase(change: "Change", fresh: Obj) -> None:
    fresh["Credit"] = fresh.get("Credit", False)
    fresh.setdefault("PrintStatus", "NotSet")
    if "EntityRef" in fresh:
        id = fresh["EntityRef"]["value"]
        kinds = ("Vendor", "Customer", "Employee")
        kind = next(kind for kind in kinds if change.company.get(kind, id))
        fresh["EntityRef"] = {"value": id, "type": kind}
    fresh["TotalAmt"] = printed(_expense_lines(change, fresh))
    number = "3" if fresh["PaymentType"] == "Check" else "54"
    fresh["PurchaseEx"] = {
        "any": [
            {
                "name": "{http://schema.intuit.com/finance/v3}NameValue",
                "declaredType": "com.intuit.schema.finance.v3.NameValue",
                "scope": "javax.xml.bind.JAXBElement$GlobalScope",
                "value": {"Name": "TxnType", "Value": number},
                "nil": False,
                "globalScope": True,
                "typeSubstituted": False,
            }
        ]
    }


def _expense_lines(change: "Change", fresh: Obj) -> Decimal:
    """Sets Line (and the tax); returns the total."""
    how = change.draft.get("GlobalTaxCalculation")
    is_us = change.company.country == "US"
    taxes: dict[str, Decimal] = {}
    bases: dict[str, Decimal] = {}
    lines = []
    for line in change.lines:
        detail = dict(line[line["DetailType"]])
        account = change.account(detail.get("AccountRef"))
        if account is None or account["AccountType"] in REIMBURSABLE:
            detail.setdefault("BillableStatus", "NotBillable")
        if is_us:
            detail.setdefault("TaxCodeRef", {"value": "NON"})
        net = cents(line["Amount"])
        if not is_us and how != "NotApplicable":
            net = _taxed(change, detail, net, how, taxes, bases)
        lines.append(
            line | {"Amount": printed(net), "LinkedTxn": [], line["DetailType"]: _printable(detail)}
        )
    fresh["Line"] = _numbered(change, lines, first=1)
    net_total = sum((cents(line["Amount"]) for line in lines), Decimal(0))
    if is_us or how == "NotApplicable":
        return net_total
    fresh["GlobalTaxCalculation"] = how or "TaxExcluded"
    fresh["TxnTaxDetail"] = _tax_detail(change, taxes, bases)
    return net_total + cents(fresh["TxnTaxDetail"]["TotalTax"])


def _taxed(
    change: "Change",
    detail: Obj,
    amount: Decimal,
    how: str | None,
    taxes: dict[str, Decimal],
    bases: dict[str, Decimal],
) -> Decimal:
    """Adds the line's tax to `taxes` by rate; returns the net."""
    rates = purchase_rates(change.company, detail.get("TaxCodeRef"))
    percent = sum((Decimal(rate["RateValue"]) for rate in rates), Decimal(0))
    net = amount
    if how == "TaxInclusive":
        net = cents(amount * 100 / (100 + percent))
        detail["TaxInclusiveAmt"] = amount
    for rate in rates:
        part = cents(net * Decimal(rate["RateValue"]) / 100)
        if how == "TaxInclusive" and len(rates) == 1:
            part = amount - net
        taxes[rate["Id"]] = taxes.get(rate["Id"], Decimal(0)) + part
        bases[rate["Id"]] = bases.get(rate["Id"], Decimal(0)) + net
    return net


def _tax_detail(change: "Change", taxes: dict[str, Decimal], bases: dict[str, Decimal]) -> Obj:
    """What the caller spelled out, cent for cent; else what the codes give.

    A rate of the lines' codes that the caller left out is computed (a switch says so); gross
    amounts keep their total, so there nothing but the codes counts (a switch again).
    """
    sent = change.draft.get("TxnTaxDetail", {}).get("TaxLine") or []
    is_inclusive = change.draft.get("GlobalTaxCalculation") == "TaxInclusive"
    if is_inclusive and change.settings["inclusive_tax_detail"] == "recompute":
        sent = []
    lines = [_printable(one) for one in sent]
    told = {one["TaxLineDetail"]["TaxRateRef"]["value"] for one in sent}
    for id, tax in taxes.items():
        if id in told or (sent and change.settings["rate_without_tax_line"] == "no_tax"):
            continue
        rate = change.company.table("TaxRate")[id]
        lines.append(
            {
                "Amount": printed(tax),
                "DetailType": "TaxLineDetail",
                "TaxLineDetail": {
                    "TaxRateRef": {"value": id},
                    "PercentBased": True,
                    "TaxPercent": printed(rate["RateValue"]),
                    "NetAmountTaxable": printed(bases[id]),
                },
            }
        )
    total = sum((cents(line["Amount"]) for line in lines), Decimal(0))
    return {"TotalTax": printed(total), "TaxLine": lines}


def _printable(part: Obj) -> Obj:
    """Its numbers as the vendor prints them."""
    return {
        name: (
            printed(value)
            if isinstance(value, Decimal)
            else _printable(value)
            if isinstance(value, dict)
            else value
        )
        for name, value in part.items()
    }


def _numbered(change: "Change", lines: list[Obj], first: int) -> list[Obj]:
    """Known lines keep their Id; new ones get the next that this document never used."""
    stored = change.stored or {}
    known = {line["Id"] for line in stored.get("Line", []) if "Id" in line}
    flag = change.company.flag(change.entity, stored["Id"]) if stored else {}
    following = flag.get("next_line", first)
    for place, line in enumerate(lines, 1):
        if line.get("Id") not in known:
            line["Id"] = str(following)
            following += 1
        line["LineNum"] = place
    change.draft["_next_line"] = following
    return lines


# -- journals, payments ----------------------------------------------------------------------------
def _journal(change: "Change", fresh: Obj) -> None:
    fresh["Adjustment"] = fresh.get("Adjustment", False)
    if "DocNumber" not in fresh and change.settings["journal_numbers"]:
        used = [
            entry.get("DocNumber", "") for entry in change.company.table("JournalEntry").values()
        ]
        fresh["DocNumber"] = str(
            max((int(n) for n in used if n.isdigit() and len(n) < 10), default=0) + 1
        )
    lines = []
    for line in change.lines:
        kept = dict(line)
        if "Amount" in kept:
            kept["Amount"] = printed(cents(kept["Amount"]))
        if "JournalEntryLineDetail" in kept:
            detail = _printable(kept["JournalEntryLineDetail"])
            entity = detail.get("Entity")
            if entity and "EntityRef" in entity:
                ref = {"value": entity["EntityRef"]["value"], "type": entity["Type"]}
                detail["Entity"] = {"Type": entity["Type"], "EntityRef": ref}
            kept["JournalEntryLineDetail"] = detail
        lines.append(kept)
    fresh["Line"] = _numbered(change, lines, first=0)
    fresh["TxnTaxDetail"] = _journal_tax(lines)


def _journal_tax(lines: list[Obj]) -> Obj:
    """The tax of the lines, positive where it is reclaimed; {} where no line has a code."""
    details = [line.get("JournalEntryLineDetail", {}) for line in lines]
    taxes = [books.journal_tax(detail) for detail in details if "TaxCodeRef" in detail]
    return {"TotalTax": printed(sum(taxes, Decimal(0)))} if taxes else {}


def _payment(change: "Change", fresh: Obj) -> None:
    if "APAccountRef" not in fresh:
        fresh["APAccountRef"] = {"value": change.company.default_payable(change.currency)}
    fresh["TotalAmt"] = printed(cents(change.draft["TotalAmt"]))
    fresh["Line"] = [
        {"Amount": printed(cents(line["Amount"])), "LinkedTxn": line.get("LinkedTxn", [])}
        for line in change.lines
    ]


COMPOSE = {
    "Bill": _payable,
    "VendorCredit": _payable,
    "Purchase": _purchase,
    "JournalEntry": _journal,
    "BillPayment": _payment,
}


# -- effects ---------------------------------------------------------------------------------------
def take_effect(change: "Change", stored: Obj) -> None:
    """Move balances; a payment also lowers what it pays and leaves its link there."""
    following = change.draft.pop("_next_line", None)
    if following is not None:
        change.company.flag(change.entity, stored["Id"])["next_line"] = following
    if change.entity == "BillPayment":
        # their rates may be edited later; what this payment booked may not follow that
        change.company.flag("BillPayment", stored["Id"])["rates"] = _rates_paid(change, stored)
    change.company.book(books.postings(change.company, change.entity, stored))
    if change.entity == "BillPayment":
        _apply(change, stored, sign=1)


def _rates_paid(change: "Change", payment: Obj) -> dict[str, str]:
    links = [link for line in payment["Line"] for link in line["LinkedTxn"]]
    paid = [change.company.table(link["TxnType"])[link["TxnId"]] for link in links]
    return {each["Id"]: str(books.rate_of(each)) for each in paid}


def take_back(change: "Change", stored: Obj) -> None:
    """Undo `take_effect`."""
    change.company.book(books.postings(change.company, change.entity, stored), sign=-1)
    if change.entity == "BillPayment":
        _apply(change, stored, sign=-1)


def void(change: "Change", stored: Obj) -> Obj:
    """Amounts to zero, lines gone (of a payment), "Voided" before the memo."""
    take_back(change, stored)
    if change.entity == "BillPayment":
        stored["Line"] = []
    for line in stored["Line"]:
        if "Amount" in line:
            line["Amount"] = Decimal(0)
        line.get(line.get("DetailType", ""), {}).pop("TaxAmount", None)
    if "TxnTaxDetail" in stored:
        stored["TxnTaxDetail"] = {}
    if "TotalAmt" in stored:
        stored["TotalAmt"] = Decimal(0)
    stored["PrivateNote"] = f"Voided {stored.get('PrivateNote', '')}".strip()
    change.company.bump(change.entity, stored, change.as_user, "voided")
    change.company.flag(change.entity, stored["Id"])["voided"] = True
    return stored


def _apply(change: "Change", payment: Obj, sign: int) -> None:
    company = change.company
    kind = "BillPaymentCheck" if payment["PayType"] == "Check" else "BillPaymentCreditCard"
    for line in payment["Line"]:
        for link in line["LinkedTxn"]:
            target = company.get(link["TxnType"], link["TxnId"])
            if target is None:
                continue
            balance = cents(target["Balance"]) - sign * cents(line["Amount"])
            target["Balance"] = printed(balance)
            if "HomeBalance" in target:
                target["HomeBalance"] = printed(cents(balance * books.rate_of(target)))
            others = [each for each in target["LinkedTxn"] if each["TxnId"] != payment["Id"]]
            target["LinkedTxn"] = others + (
                [{"TxnId": payment["Id"], "TxnType": kind}] if sign > 0 else []
            )
            if change.settings["payment_bumps_version"]:
                company.bump(link["TxnType"], target)
