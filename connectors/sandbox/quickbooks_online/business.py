"""What each kind of transaction must obey: tax, currency, billable lines, balance, links."""

from decimal import Decimal
from typing import TYPE_CHECKING

from . import checks, lists
from .books import rate_ids
from .company import Company, Obj, cents
from .errors import Refusal, business

if TYPE_CHECKING:
    from .change import Change

REIMBURSABLE = ("Expense", "Other Expense", "Cost of Goods Sold")
TAX_SIDES = ("Sales", "Purchase")
PLANS_WITH_TRACKING = ("Plus", "Advanced")


def check(change: "Change") -> None:
    """The last check before the store; the draft is complete and every reference exists."""
    if change.operation == "delete":
        _deletable(change)
    elif change.operation == "void":
        _voidable(change)
    elif change.is_transaction:
        if change.operation == "update":
            checks.known_lines(change)
        _tracking(change)
        _currency(change)
        RULES[change.entity](change)
    elif change.entity != "Attachable":
        lists.check(change)


# -- deleting --------------------------------------------------------------------------------------
def _deletable(change: "Change") -> None:
    stored = change.stored or {}
    flag = change.company.flag(change.entity, stored.get("Id", ""))
    if flag.get("matched"):
        raise Refusal(
            "6480",
            "This transaction has been matched to a downloaded bank transaction and cannot be"
            " deleted.",
        )
    if flag.get("billed"):
        raise Refusal("6400", "The purchase is linked to an invoice and cannot be deleted.")
    if change.entity in ("Bill", "VendorCredit") and stored.get("LinkedTxn"):
        raise Refusal(
            "800", "Cannot delete object : it has linked transactions; unlink them first."
        )


def _voidable(change: "Change") -> None:
    stored = change.stored or {}
    if change.company.flag(change.entity, stored.get("Id", "")).get("matched"):
        raise Refusal("6450", "Void failed : the transaction is already settled.")


# -- common to the transactions --------------------------------------------------------------------
def _tracking(change: "Change") -> None:
    """Classes and locations: by plan refused, by preference dropped (or refused, a switch)."""
    prefs = change.company.prefs
    holders = [change.draft] + [line.get(line.get("DetailType", ""), {}) for line in change.lines]
    tracked = {
        "ClassRef": prefs["class_per_line"] or prefs["class_per_document"],
        "DepartmentRef": prefs["locations"],
    }
    for holder in holders:
        for name, is_tracked in tracked.items():
            if name not in holder:
                continue
            if change.settings["plan"] not in PLANS_WITH_TRACKING:
                raise Refusal(
                    "5020",
                    f"Permission Denied Error : {name} is not part of this subscription.",
                    name,
                )
            if not is_tracked:
                if change.settings["class_tracking_off"] == "refuse":
                    raise Refusal(
                        "5030", f"Feature Not Supported Error : {name} is not turned on.", name
                    )
                del holder[name]


def _currency(change: "Change") -> None:
    company, currency = change.company, change.currency
    if not change.multicurrency:
        if currency != company.home:
            raise business(
                "Multi-currency should be enabled to perform this operation", "CurrencyRef"
            )
        return
    if (
        currency != company.home
        and currency not in company.rates
        and not change.draft.get("ExchangeRate")
    ):
        raise business(f"There is no exchange rate for {currency}", "ExchangeRate")
    vendor = change.draft.get("VendorRef")
    if vendor and company.currency_of(company.table("Vendor")[vendor["value"]]) != currency:
        raise business("The transaction's currency must be the same as the vendor's", "CurrencyRef")
    payable = change.account(change.draft.get("APAccountRef"))
    if payable and company.currency_of(payable) != currency:
        raise business(
            "The A/P account's currency must be the same as the transaction's", "APAccountRef"
        )
    if vendor and payable is None and company.default_payable(currency) is None:
        raise business(f"There is no A/P account in {currency}", "APAccountRef")


def _lines(change: "Change") -> None:
    for line in change.lines:
        kind = line["DetailType"]
        detail = line[kind]
        if kind == "ItemBasedExpenseLineDetail":
            product = detail.get("Qty", Decimal(1)) * detail.get("UnitPrice", line["Amount"])
            if cents(product) != cents(line["Amount"]):
                raise Refusal("6070", "Amount is not equal to UnitPrice * Qty.", "Amount")
        if line["Amount"] < 0 and change.settings["negative_lines"] == "refuse":
            raise business("Line amounts must be zero or greater", "Amount")
        _billable(change, detail)
        _line_tax(change, detail)
    _tax_detail(change)


def _billable(change: "Change", detail: Obj) -> None:
    status = detail.get("BillableStatus")
    if status is None:
        return
    if status == "Billable" and "CustomerRef" not in detail and "Entity" not in detail:
        raise Refusal("6310", "A billable line needs a customer.", "CustomerRef")
    if status == "Billable" and not change.company.prefs["billable_expenses"]:
        raise Refusal("6320", "Billable expense tracking is not turned on.", "BillableStatus")
    account = change.account(detail.get("AccountRef"))
    elsewhere = account is not None and account["AccountType"] not in REIMBURSABLE
    if elsewhere and change.settings["billable_status_elsewhere"] == "refuse":
        raise business("Target is not reimbursable", "BillableStatus")


# -- tax -------------------------------------------------------------------------------------------
def _line_tax(change: "Change", detail: Obj) -> None:
    code = detail.get("TaxCodeRef", {}).get("value")
    if change.company.country == "US":
        if code not in (None, "TAX", "NON"):
            raise Refusal(
                "6100", "Invalid tax code : a line's tax code must be TAX or NON.", "TaxCodeRef"
            )
    elif change.draft.get("GlobalTaxCalculation") == "NotApplicable":
        return
    elif code is None and change.settings["missing_tax_code"] == "refuse":
        raise business(
            "Make sure all your transactions have a VAT/GST rate before you save.", "TaxCodeRef"
        )
    elif code is not None and change.settings["sales_code_on_purchase"] == "refuse":
        stored = change.company.table("TaxCode")[code]
        sales, own = (stored[f"{side}TaxRateList"]["TaxRateDetail"] for side in TAX_SIDES)
        if sales and not own:
            raise business(f"Tax code {stored['Name']} is for sales only", "TaxCodeRef")


def _tax_detail(change: "Change") -> None:
    detail = change.draft.get("TxnTaxDetail")
    how = change.draft.get("GlobalTaxCalculation")
    if change.company.country == "US":
        if how and change.settings["us_tax_calculation"] == "refuse":
            raise Refusal(
                "6160",
                "GlobalTaxCalculation is for companies outside the US.",
                "GlobalTaxCalculation",
            )
        if detail and (detail.get("TaxLine") or detail.get("TotalTax")):
            raise Refusal(
                "6170",
                "Tax detail not allowed : purchases of a US company have no tax.",
                "TxnTaxDetail",
            )
        return
    if detail and how == "NotApplicable":
        raise Refusal("6170", "Tax detail not allowed with NotApplicable.", "TxnTaxDetail")
    lines = (detail or {}).get("TaxLine", [])
    for line in lines:
        if "Amount" not in line or "TaxRateRef" not in line.get("TaxLineDetail", {}):
            raise Refusal(
                "2020", "Required parameter TaxLine.Amount or TaxRateRef is missing in the request"
            )
    if lines and how != "TaxInclusive":
        _tax_lines_fit(change, lines)
    total = (detail or {}).get("TotalTax")
    added = sum((cents(line["Amount"]) for line in lines), Decimal(0))
    wish = change.settings["total_tax_mismatch"]
    if lines and total is not None and cents(total) != added and wish == "refuse":
        raise business(
            f"TotalTax {cents(total)} is not the sum of the tax lines, {added}", "TotalTax"
        )


def _tax_lines_fit(change: "Change", lines: list[Obj]) -> None:
    """Explicit tax must hang on rates of the lines' codes, on their net amounts."""
    nets = _net_by_rate(change)
    seen: set[str] = set()
    for line in lines:
        part = line["TaxLineDetail"]
        id = part["TaxRateRef"]["value"]
        name = change.company.table("TaxRate")[id]["Name"]
        if id in seen:
            raise business(f"Tax rate {name} has two tax lines", "TaxLine")
        seen.add(id)
        if id not in nets:
            if change.settings["tax_line_of_other_rate"] == "accept":
                continue
            raise business(f"Tax rate {name} belongs to none of the lines' tax codes", "TaxRateRef")
        taxable = part.get("NetAmountTaxable")
        wish = change.settings["net_amount_taxable"]
        if taxable is not None and cents(taxable) != nets[id] and wish == "refuse":
            raise business(
                f"NetAmountTaxable of {name} is {cents(taxable)}, the lines have {nets[id]}",
                "NetAmountTaxable",
            )
        _near_enough(change, line, name, nets[id])


def _net_by_rate(change: "Change") -> dict[str, Decimal]:
    nets: dict[str, Decimal] = {}
    for line in change.lines:
        code = line[line["DetailType"]].get("TaxCodeRef", {}).get("value", "")
        for id in rate_ids(change.company, code):
            nets[id] = nets.get(id, Decimal(0)) + cents(line["Amount"])
    return nets


def _near_enough(change: "Change", line: Obj, name: str, net: Decimal) -> None:
    most = change.settings["tax_deviation_cents"]
    if most < 0:
        return
    id = line["TaxLineDetail"]["TaxRateRef"]["value"]
    exact = cents(net * Decimal(change.company.table("TaxRate")[id]["RateValue"]) / 100)
    if abs(cents(line["Amount"]) - exact) * 100 > most:
        raise business(f"The tax of {name} is {cents(line['Amount'])}, expected {exact}", "TaxLine")


def purchase_rates(company: Company, ref: Obj | None) -> list[Obj]:
    """The rates that a tax code has for purchases."""
    ids = rate_ids(company, ref["value"]) if ref else []
    return [company.table("TaxRate")[id] for id in ids]


# -- one rule per kind -----------------------------------------------------------------------------
def _sum(change: "Change") -> Decimal:
    """The lines, and the tax that is spelled out beside net ones."""
    taxes = change.draft.get("TxnTaxDetail", {}).get("TaxLine", [])
    if change.draft.get("GlobalTaxCalculation") == "TaxInclusive":
        taxes = []
    return sum((cents(line["Amount"]) for line in (*change.lines, *taxes)), Decimal(0))


def _bill(change: "Change") -> None:
    _lines(change)
    due = change.draft.get("DueDate")
    if due and due < change.txn_date and change.settings["due_before_date"] == "refuse":
        raise business("The due date can't be before the transaction date", "DueDate")
    total = _sum(change)
    if total < 0 and change.settings["negative_total"] == "refuse":
        raise business("The transaction's total must be 0 or greater", "TotalAmt")
    if total == 0 and change.settings["zero_total"] == "refuse":
        raise business("You must set a transaction amount", "TotalAmt")
    stored = change.stored
    if stored and stored.get("LinkedTxn"):
        if stored["VendorRef"]["value"] != change.draft["VendorRef"]["value"]:
            raise business(
                "The vendor of a transaction with linked payments can't be changed", "VendorRef"
            )
        moved = cents(stored["TotalAmt"]) != total
        if moved and change.settings["edit_paid_bill"] == "refuse":
            raise business("The amount of a paid bill can't be changed", "TotalAmt")


def _purchase(change: "Change") -> None:
    _lines(change)
    draft = change.draft
    if draft.get("Credit") and draft["PaymentType"] != "CreditCard":
        raise business("Only credit card purchases can be credits", "Credit")
    if _sum(change) < 0:
        raise business(
            "The transaction's total must be 0 or greater; use Credit for a refund", "TotalAmt"
        )
    if not change.multicurrency:
        return
    company = change.company
    account = change.account(draft["AccountRef"]) or {}
    if company.currency_of(account) not in (change.currency, company.home):
        raise business(
            "The account's currency must be the transaction's or the home currency", "AccountRef"
        )
    payee = draft.get("EntityRef")
    vendor = company.get("Vendor", payee["value"]) if payee else None
    if vendor and company.currency_of(vendor) != change.currency:
        raise business("The transaction's currency must be the same as the vendor's", "EntityRef")


def _journal(change: "Change") -> None:
    sides = {"Debit": Decimal(0), "Credit": Decimal(0)}
    control_lines = 0
    for line in change.lines:
        if line["DetailType"] == "DescriptionOnly":
            continue
        if line["Amount"] < 0:
            raise Refusal(
                "2290", "Amount is negative : amounts of journal lines are positive.", "Amount"
            )
        detail = line["JournalEntryLineDetail"]
        sides[detail["PostingType"]] += cents(line["Amount"]) + cents(detail.get("TaxAmount", 0))
        _billable(change, detail)
        control_lines += _control_account(change, detail)
        _journal_tax(change, detail)
    if sides["Debit"] != sides["Credit"]:
        raise Refusal("2300", "Debits and credits are not equal.", "Line")
    if control_lines > 1 and change.settings["journal_payable_lines"] == "one":
        raise business("Only one line per journal entry can use Accounts Payable or Receivable")


def _control_account(change: "Change", detail: Obj) -> bool:
    """A line on A/P needs a vendor, one on A/R a customer; True if it is one of them."""
    account = change.account(detail["AccountRef"]) or {}
    kind = detail.get("Entity", {}).get("Type")
    needs = {"Accounts Payable": "Vendor", "Accounts Receivable": "Customer"}.get(
        account["AccountType"]
    )
    if needs and kind != needs:
        raise business(
            f"When you use {account['AccountType']}, you must choose a {needs.lower()} in the Name"
            " field.",
            "Entity",
        )
    if change.multicurrency:
        _journal_currency(change, detail, account, needs is not None)
    return needs is not None


def _journal_currency(change: "Change", detail: Obj, account: Obj, is_control: bool) -> None:
    company, allowed = change.company, {change.currency}
    if not is_control:
        allowed.add(company.home)
    if company.currency_of(account) not in allowed:
        raise business("The account's currency must be the same as the transaction's", "AccountRef")
    entity = detail.get("Entity", {})
    party = company.get(entity.get("Type", ""), entity.get("EntityRef", {}).get("value", ""))
    if is_control and party and company.currency_of(party) != change.currency:
        raise business("The name's currency must be the same as the transaction's", "Entity")


def _journal_tax(change: "Change", detail: Obj) -> None:
    if "TaxCodeRef" not in detail:
        return
    if change.company.country == "US":
        _line_tax(change, detail)
        return
    if "TaxApplicableOn" not in detail:
        raise Refusal("2270", "TaxApplicableOn is required with a tax code.", "TaxApplicableOn")
    if "TaxAmount" not in detail:
        raise Refusal("2280", "TaxAmount is required with a tax code.", "TaxAmount")


def _payment(change: "Change") -> None:
    draft, company = change.draft, change.company
    applied = Decimal(0)
    for line in change.lines:
        if "Amount" not in line:
            raise Refusal(
                "2020", "Required parameter Line.Amount is missing in the request", "Line.Amount"
            )
        for link in line.get("LinkedTxn", []):
            kind, id = link.get("TxnType", ""), link.get("TxnId", "")
            target = company.get(kind, id) if kind in ("Bill", "VendorCredit") else None
            if target is None or target["VendorRef"]["value"] != draft["VendorRef"]["value"]:
                raise Refusal(
                    "620", f"Transaction ID {id} of type {kind} cannot be linked.", "LinkedTxn"
                )
            _enough(change, line, kind, target)
            applied += cents(line["Amount"]) * (1 if kind == "Bill" else -1)
    if cents(draft["TotalAmt"]) != applied:
        raise business("The payment's total must be its bills less its credits", "TotalAmt")
    if applied < 0 or (applied == 0 and change.settings["zero_payment"] == "refuse"):
        raise business("You must set a transaction amount", "TotalAmt")


def _enough(change: "Change", line: Obj, kind: str, target: Obj) -> None:
    before = Decimal(0)  # what this very payment has applied until now
    for old in (change.stored or {}).get("Line", []):
        for link in old.get("LinkedTxn", []):
            if (link["TxnType"], link["TxnId"]) == (kind, target["Id"]):
                before += cents(old["Amount"])
    amount = cents(line["Amount"])
    if amount < 0 or amount > cents(target["Balance"]) + before:
        raise business("You can't apply more than the open balance", "Line.Amount")


RULES = {
    "Bill": _bill,
    "VendorCredit": _bill,
    "Purchase": _purchase,
    "JournalEntry": _journal,
    "BillPayment": _payment,
}
