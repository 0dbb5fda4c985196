"""What stored transactions do to the ledger: rows by account, dimension and tax code, and balances.

Every balance of a company is the sum of these rows, so the trial balance by class, location,
customer and tax code agrees with the one by account because it cannot do otherwise.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from .company import TRANSACTIONS, Company, Obj, cents

TAX_ACCOUNT = "2200"
EXCHANGE_ACCOUNT = "8000"
DIMENSIONS = {
    "ClassRef": "class_id",
    "DepartmentRef": "department_id",
    "CustomerRef": "customer_id",
}


@dataclass(frozen=True)
class Row:
    """One amount on one account, debit positive: `amount` in the transaction's currency, `home` in
    the company's. Ids, "" for none; `payee` is the vendor whose balance it moves.
    """

    account_id: str
    amount: Decimal
    home: Decimal
    currency: str
    class_id: str = ""
    department_id: str = ""
    customer_id: str = ""
    tax_code_id: str = ""
    payee: str = ""


def rate_of(stored: Obj) -> Decimal:
    """Home units for one unit of the transaction's currency."""
    return Decimal(stored.get("ExchangeRate", 1))


def rows(company: Company, entity: str, stored: Obj) -> list[Row]:
    """What a stored transaction books; the rows add up to zero in the home currency."""
    if entity == "JournalEntry":
        found = _journal_rows(company, stored)
    elif entity == "BillPayment":
        found = _payment_rows(company, stored)
    else:
        found = _document_rows(company, entity, stored)
    residue = sum((row.home for row in found), Decimal(0))
    if residue:  # of rounding, or of two rates
        currency = company.currency_of(stored)
        found.append(Row(_numbered(company, EXCHANGE_ACCOUNT), Decimal(0), -residue, currency))
    return [row for row in found if row.amount or row.home]


def postings(company: Company, entity: str, stored: Obj) -> list[tuple[str, Decimal]]:
    """(account id or "Vendor <id>", debit-positive home amount), for the balances."""
    found = rows(company, entity, stored)
    owed = [(f"Vendor {row.payee}", row.home) for row in found if row.payee]
    return [(row.account_id, row.home) for row in found] + owed


def _numbered(company: Company, number: str) -> str:
    accounts = company.table("Account").values()
    return next(each["Id"] for each in accounts if each.get("AcctNum") == number)


def _dimensions(*holders: Obj) -> dict[str, str]:
    return {
        name: holder[field]["value"]
        for holder in holders
        for field, name in DIMENSIONS.items()
        if field in holder
    }


# -- bills, credits, purchases ---------------------------------------------------------------------
def _document_rows(company: Company, entity: str, stored: Obj) -> list[Row]:
    sign = -1 if entity == "VendorCredit" or stored.get("Credit") else 1
    rate, currency = rate_of(stored), company.currency_of(stored)
    where = _dimensions({n: stored[n] for n in ("DepartmentRef",) if n in stored})

    def row(account: str, amount: Any, **more: str) -> Row:
        exact = sign * cents(amount)
        return Row(account, exact, cents(exact * rate), currency, **(where | more))

    found = []
    for line in stored["Line"]:
        detail = line[line["DetailType"]]
        code = detail.get("TaxCodeRef", {}).get("value", "")
        account = detail["AccountRef"]["value"]
        found.append(row(account, line["Amount"], tax_code_id=code, **_dimensions(detail)))
    for code, tax in _taxes(company, stored):
        found.append(row(_numbered(company, TAX_ACCOUNT), tax, tax_code_id=code))
    payable, payee = stored.get("AccountRef"), ""
    if entity != "Purchase":
        payable, payee = stored["APAccountRef"], stored["VendorRef"]["value"]
    total = sum((each.amount for each in found), Decimal(0))
    home = sum((each.home for each in found), Decimal(0))
    return [*found, Row(payable["value"], -total, -home, currency, **where, payee=payee)]


def _taxes(company: Company, stored: Obj) -> Iterator[tuple[str, Decimal]]:
    """(tax code, tax) of a document; the code is the first of its lines that has the rate."""
    codes: dict[str, str] = {}
    for line in stored["Line"]:
        code = line[line["DetailType"]].get("TaxCodeRef", {}).get("value", "")
        for rate in rate_ids(company, code):
            codes.setdefault(rate, code)
    for line in stored.get("TxnTaxDetail", {}).get("TaxLine", []):
        rate = line["TaxLineDetail"]["TaxRateRef"]["value"]
        yield codes.get(rate, ""), cents(line["Amount"])


def rate_ids(company: Company, code: str) -> list[str]:
    """The purchase rates of a tax code."""
    stored = company.get("TaxCode", code) or {}
    details = stored.get("PurchaseTaxRateList", {}).get("TaxRateDetail", [])
    return [detail["TaxRateRef"]["value"] for detail in details]


# -- journals, payments ----------------------------------------------------------------------------
def journal_tax(detail: Obj) -> Decimal:
    """The tax of a journal line, debit positive."""
    sign = 1 if detail["PostingType"] == "Debit" else -1
    return sign * cents(detail.get("TaxAmount", 0))


def _journal_rows(company: Company, stored: Obj) -> list[Row]:
    rate, currency = rate_of(stored), company.currency_of(stored)
    found = []
    for line in stored["Line"]:
        detail = line.get("JournalEntryLineDetail")
        if detail is None:
            continue
        sign = 1 if detail["PostingType"] == "Debit" else -1
        amount = sign * cents(line["Amount"])
        code = detail.get("TaxCodeRef", {}).get("value", "")
        entity = detail.get("Entity", {})
        id = entity.get("EntityRef", {}).get("value", "")
        more = _dimensions(detail) | {"tax_code_id": code}
        if entity.get("Type") == "Customer":
            more["customer_id"] = id
        account = detail["AccountRef"]["value"]
        row = Row(account, amount, cents(amount * rate), currency, **more)
        is_payable = company.table("Account")[account]["AccountType"] == "Accounts Payable"
        found.append(replace(row, payee=id if is_payable else ""))
        tax = journal_tax(detail)
        if tax:
            control = _numbered(company, TAX_ACCOUNT)
            found.append(Row(control, tax, cents(tax * rate), currency, tax_code_id=code))
    return found


def _payment_rows(company: Company, stored: Obj) -> list[Row]:
    """Accounts payable goes down at the rates of what is paid, the bank at today's; the difference
    is an exchange gain or loss.
    """
    currency, rate = company.currency_of(stored), rate_of(stored)
    bank = (
        stored.get("CheckPayment", {}).get("BankAccountRef")
        or stored["CreditCardPayment"]["CCAccountRef"]
    )
    total = cents(stored["TotalAmt"])
    rates = company.flags.get(f"BillPayment {stored['Id']}", {}).get("rates", {})
    payable = Decimal(0)
    for line in stored["Line"]:
        for link in line["LinkedTxn"]:
            sign = 1 if link["TxnType"] == "Bill" else -1
            then = Decimal(rates.get(link["TxnId"], rate))
            payable += sign * cents(cents(line["Amount"]) * then)
    account, payee = stored["APAccountRef"]["value"], stored["VendorRef"]["value"]
    return [
        Row(account, total, payable, currency, payee=payee),
        Row(bank["value"], -total, -cents(total * rate), currency),
    ]


# -- the trial balance -----------------------------------------------------------------------------
def ledger(company: Company) -> Iterator[Row]:
    """Every row that stands in the books."""
    for entity in TRANSACTIONS:
        for stored in company.table(entity).values():
            yield from rows(company, entity, stored)
