"""Reports and books with defaults, so that a test names only what it is about.

The default book is a US firm's: bills owed to the employee's vendor, one rule a category.
"""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from connectors.contract.abilities import KindAbilities
from connectors.contract.company import Closed, Locks
from connectors.contract.entry import Entry, Kind, Line, Role
from connectors.contract.report import Expense, Person, Report, ReportStatus, Tag
from mappings.books import Account, Book, CompanyFacts, Party, TaxCode, Value
from mappings.build import Built
from mappings.rulebook import Rule, in_order
from mappings.terms import Terms

WORKSPACE = "0810E551A5F2A9C2"
BEN = Person("ben.ito@acme.example", "Ben Ito", "E02")
APPROVED_AT = datetime(2026, 10, 20, 15, 30, tzinfo=UTC)

_transaction_ids = itertools.count(4056343049275634494)

# --- reports -------------------------------------------------------------------------------------


def expense(
    amount: str | None = "12.50", category: str = "Taxi", currency: str = "USD", **changes: Any
) -> Expense:
    """An expense of `amount` in the report's currency, spent in the same one unless told."""
    tags = changes.pop("tags", ())
    if isinstance(tags, Mapping):
        tags = tuple(Tag(level, name) for level, name in sorted(tags.items()))
    facts: dict[str, Any] = {
        "transaction_id": str(next(_transaction_ids)),
        "amount": None if amount is None else Decimal(amount),
        "original_amount": Decimal(amount or "10.00"),
        "original_currency": currency,
        "spent_on": date(2026, 10, 12),
        "merchant": "City Cab",
        "category": category,
        "tags": tags,
    }
    return Expense(**(facts | changes))


def on_card(
    amount: str | None = "40.00", category: str = "Meals", currency: str = "USD", **changes: Any
) -> Expense:
    """What was spent on the company's card 1979."""
    facts = {
        "reimbursable": False,
        "bank": "vcf",
        "card_id": "77",
        "card_number": "1234XXXXXXXX1979",
        "card_name": "Ops Visa",
        "posted_on": date(2026, 10, 14),
        "merchant": "Café Nord",
    }
    return expense(amount, category, currency, **(facts | changes))


def report(expenses: Iterable[Expense] | None = None, **changes: Any) -> Report:
    """An approved report of Ben Ito; its total is that of its lines unless told."""
    lines = tuple([expense()] if expenses is None else expenses)
    facts: dict[str, Any] = {
        "report_id": "R00X9oNOn2MO",
        "name": "October trip",
        "status": ReportStatus.APPROVED,
        "workspace_id": WORKSPACE,
        "workspace_name": "Acme US",
        "currency": "USD",
        "total": sum((line.amount or Decimal(0) for line in lines), Decimal(0)),
        "employee": BEN,
        "expenses": lines,
        "created_at": datetime(2026, 10, 10, 9, 0, tzinfo=UTC),
        "submitted_at": datetime(2026, 10, 19, 9, 0, tzinfo=UTC),
        "approved_at": APPROVED_AT,
    }
    if "total" in changes:
        changes["total"] = Decimal(changes["total"])
    return Report(**(facts | changes))


# --- books ---------------------------------------------------------------------------------------

PAYABLE = Account(1, "33", "Accounts Payable (A/P)", "2000", "Accounts Payable")
TRANSPORT = Account(2, "61", "Ground Transport", "6120", "Expense")
MEALS = Account(3, "62", "Meals and Entertainment", "6130", "Expense")
HOTELS = Account(4, "63", "Hotels", "6110", "Expense")
OLD_TRAVEL = Account(5, "64", "Old Travel", "6290", "Expense", active=False)
CHECKING = Account(6, "35", "Checking", "1000", "Bank")
PAYABLE_EUR = Account(7, "34", "Accounts Payable (A/P) - EUR", "2050", "Accounts Payable", "EUR")
DUE_FROM_EMPLOYEES = Account(8, "36", "Due from Employees", "1320", "Other Current Asset")
VISA = Account(9, "41", "Corporate Card - Visa", "2110", "Credit Card")
AMEX = Account(10, "42", "Corporate Card - Amex", "2120", "Credit Card")
VISA_EUR = Account(51, "43", "Corporate Card - Visa EUR", "2130", "Credit Card", "EUR")
CLEARING_ACCOUNT = Account(52, "44", "Employee Clearing", "2190", "Other Current Liability")
ROUNDING = Account(53, "65", "Rounding", "6900", "Expense")
VAT_CONTROL = Account(54, "70", "VAT Control", "2200", "Other Current Liability")
ACCOUNTS = (
    PAYABLE, TRANSPORT, MEALS, HOTELS, OLD_TRAVEL, CHECKING, PAYABLE_EUR, DUE_FROM_EMPLOYEES,
    VISA, AMEX, VISA_EUR, CLEARING_ACCOUNT, ROUNDING, VAT_CONTROL,
)  # fmt: skip

SALES = Value(11, "501", "class", "Sales")
CONSULTING = Value(12, "502", "class", "Consulting")
LEGACY = Value(13, "503", "class", "Legacy Projects", active=False)
NEW_YORK = Value(14, "1", "department", "New York")
BERLIN = Value(15, "2", "department", "Berlin")
GLOBEX = Value(16, "26", "customer", "Globex")
INES_THE_CUSTOMER = Value(17, "27", "customer", "Ines Duarte")
VALUES = (SALES, CONSULTING, LEGACY, NEW_YORK, BERLIN, GLOBEX, INES_THE_CUSTOMER)

BEN_THE_VENDOR = Party(21, "56", "Ben Ito", email="ben.ito@acme.example")
CHLOE_THE_VENDOR = Party(22, "57", "Chloé Martin")
CLEARING = Party(23, "58", "Employee Clearing")
MERCHANTS = Party(24, "59", "Corporate Card Merchants")
PARTIES = (BEN_THE_VENDOR, CHLOE_THE_VENDOR, CLEARING, MERCHANTS)

VAT = TaxCode(31, "9", "VAT 20%", percent=Decimal("20"))
VAT_5 = TaxCode(32, "10", "VAT 5%", percent=Decimal("5"))
NO_VAT = TaxCode(33, "11", "No VAT", percent=Decimal("0"))
TAX_CODES = (VAT, VAT_5, NO_VAT)

US_COMPANY = CompanyFacts(
    "quickbooks_online", "QuickBooks Online", "9341450000000001", "Acme Consulting US", "USD"
)
LINE_TYPES = frozenset(
    {"Expense", "Other Expense", "Cost of Goods Sold", "Fixed Asset", "Other Current Asset"}
)
BILL = KindAbilities(
    dimensions={"class": "line", "customer": "line", "department": "header"},
    text_lengths={"memo": 4000, "line": 4000, "number": 21},
    line_account_types=LINE_TYPES,
    offset_account_types=frozenset({"Accounts Payable"}),
    party_required=True,
    carries_billable=True,
)
JOURNAL = replace(
    BILL,
    dimensions={"class": "line", "customer": "line", "department": "line"},
    offset_account_types=frozenset(),
    party_required=False,
    carries_billable=False,
)
CARD = replace(BILL, offset_account_types=frozenset({"Credit Card"}), party_required=False)
KINDS = {
    Kind.BILL: BILL,
    Kind.CREDIT: replace(BILL, carries_billable=False),
    Kind.EXPENSE: CARD,
    Kind.CARD_CREDIT: replace(CARD, carries_billable=False),
    Kind.JOURNAL: JOURNAL,
}

_rule_ids = itertools.count(1001)  # after those of CATEGORY_RULES


def rule(account: Account | None = None, **changes: Any) -> Rule:
    """A rule; `values` may name Value objects, or None for "left empty"."""
    values = {
        name: value.id if isinstance(value, Value) else value
        for name, value in changes.pop("values", {}).items()
    }
    if isinstance(party := changes.pop("party", None), Party):
        changes["party_id"] = party.id
    facts: dict[str, Any] = {
        "id": next(_rule_ids),
        "priority": 100,
        "account_id": account and account.id,
        "values": values,
    }
    return Rule(**(facts | changes))


CATEGORY_RULES = (
    Rule(901, 100, category="Taxi", account_id=TRANSPORT.id),
    Rule(902, 100, category="Meals", account_id=MEALS.id),
    Rule(903, 100, category="Lodging", account_id=HOTELS.id),
)


def terms(**changes: Any) -> Terms:
    facts: dict[str, Any] = {
        "flow_id": 1,
        "workspace_id": WORKSPACE,
        "workspace_name": "Acme US",
        "starts_on": date(2026, 10, 1),
        "zone": "America/New_York",
        "payable_id": PAYABLE.id,
    }
    return Terms(**(facts | changes))


def book(
    *rules: Rule,
    terms: Terms | None = None,
    closed_through: date | None = None,
    more_accounts: Iterable[Account] = (),
    more_parties: Iterable[Party] = (),
    more_values: Iterable[Value] = (),
    **changes: Any,
) -> Book:
    """A book with the category rules and `rules`; `closed_through` closes the ledger's days."""
    locks = Locks()
    if closed_through:
        reason = f"QuickBooks Online is closed through {closed_through:%d %b %Y}"
        locks = Locks((Closed(None, closed_through, reason),))
    facts: dict[str, Any] = {
        "terms": terms or _default_terms(),
        "company": US_COMPANY,
        "kinds": KINDS,
        "rules": in_order(CATEGORY_RULES + rules),
        "accounts": {a.id: a for a in (*ACCOUNTS, *more_accounts)},
        "values": {v.id: v for v in (*VALUES, *more_values)},
        "dimension_labels": {"class": "Class", "department": "Location", "customer": "Customer"},
        "parties": {p.id: p for p in (*PARTIES, *more_parties)},
        "tax_codes": {code.id: code for code in TAX_CODES},
        "locks": locks,
        "can_create_parties": True,
        "read_at": datetime(2026, 11, 3, 14, 12, tzinfo=UTC),
        "opened_on": date(2026, 11, 4),
    }
    return Book(**(facts | changes))


_default_terms = terms


# --- what came out -------------------------------------------------------------------------------


def sides(entry: Entry) -> list[tuple[str, str]]:
    """The entry as an accountant reads it: account number with D or C, and the amount."""
    return [
        (f"{'D' if line.amount >= 0 else 'C'} {line.account.number}", f"{abs(line.amount):f}")
        for line in entry.lines
    ]


def documents(built: Built) -> list[str]:
    """Everything a report becomes, a line a document: kind, party, date, then its sides.

    `reimbursable: bill to Ben Ito, 2026-10-20: D 6120 12.50, C 2000 12.50 (Ben Ito)`. A currency
    that isn't USD stands behind the date; on a side follow dimensions, tax code and party.
    """
    return [_document(part.entry) for part in built.slices if part.entry is not None]


def _document(entry: Entry) -> str:
    party = f" to {entry.party.name}" if entry.party else ""
    currency = "" if entry.currency == "USD" else f" {entry.currency}"
    header = "".join(f" at {one.value.name}" for one in entry.dimensions)
    head = f"{entry.slice_name}: {entry.kind.value}{party}, {entry.date}{currency}{header}"
    return f"{head}: {', '.join(_side(line) for line in entry.lines)}"


def _side(line: Line) -> str:
    account = line.account.number or line.account.name
    text = f"{'D' if line.amount >= 0 else 'C'} {account} {abs(line.amount):f}"
    text += "".join(f" {one.value.name}" for one in line.dimensions)
    if line.tax_code and line.role is Role.EXPENSE:
        text += f" {line.tax_code.name}"
    return f"{text} ({line.party.name})" if line.party else text


def problems(built: Built) -> list[str]:
    """What holds a report, as people read it: the report's own problems first."""
    found = [*built.problems, *(p for part in built.slices for p in part.problems)]
    return [f"{problem.code}: {problem}" for problem in found]
