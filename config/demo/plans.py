"""What Acme's office managers decide: each flow with its accounts, policies and rules, by name.

Plain values without Django: the demo enters them through our services (`firm`), and tests take the
same. Accounts stand by their number in QuickBooks, everything else by its name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

STARTS_ON = date(2026, 10, 1)
MONTH = date(2026, 10, 1)


@dataclass(frozen=True)
class RulePlan:
    """Conditions as columns of a rule, and what they decide.

    values  dimension -> its member's full name, None to leave the dimension empty on purpose
    """

    when: Mapping[str, Any]
    account: str = ""
    tax_code: str = ""
    values: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class RatePlan:
    """Units of the home currency for one of `currency`, in the month of `month`."""

    currency: str
    rate: str
    source: str
    month: date = MONTH


@dataclass(frozen=True)
class FlowPlan:
    """A workspace's way into a company's books.

    workspace   Expensify's policy id; company: QuickBooks' realm id
    columns     of the flow, as they are stored
    accounts    column of the flow -> account number
    cards       number of a card as Expensify prints it -> account number
    payables    currency -> account number
    """

    name: str
    workspace: str
    company: str
    zone: str
    rules: tuple[RulePlan, ...]
    columns: Mapping[str, Any] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=lambda: {"payable_account": "2000"})
    cards: Mapping[str, str] = field(default_factory=dict)
    payables: Mapping[str, str] = field(default_factory=dict)
    no_tax_code: str = ""
    rates: tuple[RatePlan, ...] = ()


# Expensify category -> account number in QuickBooks. "Team events" is the one that was forgotten.
ACCOUNT_OF = {
    "Airfare": "6100",
    "Lodging": "6110",
    "Taxi & Rideshare": "6120",
    "Meals & Entertainment": "6130",
    "Mileage": "6140",
    "Per Diem": "6150",
    "Software": "6200",
    "Office Supplies": "6210",
    "Phone & Internet": "6220",
    "Conferences": "6230",
    "Postage": "6240",
    "Client Gifts": "6250",
    "Bank Fees": "6260",
    "Equipment": "1500",
    "Client Costs": "5100",
}
FORGOTTEN = ("Team events", "6130")
FIELD_ACCOUNTS = ACCOUNT_OF | {
    "Cash Advance": "1320",
    "Personal": "1320",
    "Consulting Time": "5100",
}


def by_category(accounts: Mapping[str, str]) -> tuple[RulePlan, ...]:
    return tuple(RulePlan({"category": name}, account=number) for name, number in accounts.items())


def by_tag(level: int, dimension: str, members: Mapping[str, str | None]) -> tuple[RulePlan, ...]:
    return tuple(
        RulePlan({"tag_level": level, "tag": tag}, values={dimension: member})
        for tag, member in members.items()
    )


def by_tax(codes: Mapping[str, str]) -> tuple[RulePlan, ...]:
    """`codes`: the tax's id in Expensify -> tax code in QuickBooks."""
    return tuple(RulePlan({"tax": tax}, tax_code=code) for tax, code in codes.items())


def same_name(*names: str) -> dict[str, str | None]:
    return {name: name for name in names}


DEPARTMENTS = same_name("Consulting", "Sales", "Operations", "Engineering")

US_BOOKS, UK_BOOKS, EUROPE_BOOKS = "9341450000000001", "9341450000000002", "9341450000000003"
BOOKS = {US_BOOKS: "US books", UK_BOOKS: "UK books", EUROPE_BOOKS: "Europe books"}
DIMENSIONS = {"class": "class", "department": "location", "customer": "customer"}
# Where QuickBooks books the tax of purchases in the companies that have tax.
TAX_ACCOUNT = "2200 VAT Control"

ACME_US = FlowPlan(
    name="Acme US reimbursements",
    workspace="0810E551A5F2A9C2",
    company=US_BOOKS,
    zone="America/New_York",
    rules=by_category(ACCOUNT_OF) + by_tag(1, "class", DEPARTMENTS),
)

NOOR = "noor.aziz@acme.example"
FIELD_RULES = (
    *by_category(FIELD_ACCOUNTS),
    *by_tag(1, "class", DEPARTMENTS),
    *by_tag(2, "department", {"West": "San Francisco", "East": "New York", "Berlin": "Berlin"}),
    *by_tag(3, "customer", {**same_name("Globex", "Initech", "Initech:Website"), "Internal": None}),
)
FIELD_ACCOUNTS_OF_FLOW = {
    "payable_account": "2000",
    "company_account": "2120",
    "due_from_account": "1320",
}
# Lena's card (5536) is in no account yet: what she spent on it waits for somebody to say.
FIELD_CARDS = {
    "4123XXXXXXXX5510": "2110",
    "3782XXXXXXXX5528": "2120",
    "4123XXXXXXXX5544": "2110",
}
ACME_FIELD = FlowPlan(
    name="Acme Field",
    workspace="19AF6D3382C07BE4",
    company=US_BOOKS,
    zone="America/New_York",
    rules=FIELD_RULES,
    columns={
        "takes_cards": True,
        "selector": "other_employees",
        "selector_names": [NOOR],
        "creates_parties": True,
        "receipt_files": "file",
    },
    accounts=FIELD_ACCOUNTS_OF_FLOW,
    cards=FIELD_CARDS,
)
ACME_FIELD_JOURNALS = FlowPlan(
    name="Acme Field, Noor by journal",
    workspace=ACME_FIELD.workspace,
    company=US_BOOKS,
    zone="America/New_York",
    rules=FIELD_RULES,
    columns={
        "kind": "journal",
        "takes_cards": True,
        "selector": "employees",
        "selector_names": [NOOR],
    },
    accounts=FIELD_ACCOUNTS_OF_FLOW,
    cards=FIELD_CARDS,
)

ACME_UK = FlowPlan(
    name="Acme UK",
    workspace="7B1E5C90D2A4F368",
    company=UK_BOOKS,
    zone="Europe/London",
    rules=(
        *by_category(FIELD_ACCOUNTS),
        *by_tag(1, "class", same_name("Consulting", "Sales", "Operations")),
        *by_tag(2, "department", same_name("London", "Leeds")),
        # This workspace has no tag for clients, so the category says for whom it was.
        RulePlan({"category": "Client Costs"}, values={"customer": "Globex"}),
        *by_tax(
            {
                "id_TAX_OPTION_20": "20.0% S",
                "id_TAX_OPTION_5": "5.0% R",
                "id_TAX_OPTION_0": "0.0% Z",
                "id_TAX_EXEMPT": "Exempt",
            }
        ),
    ),
    columns={"takes_cards": True, "tax_policy": "reclaim", "receipt_policy": "gross"},
    accounts={
        "payable_account": "2000",
        "card_account": "2110",
        "due_from_account": "1320",
        "tax_account": "2200",
    },
    cards={"5412XXXXXXXX6621": "2120"},
    no_tax_code="No VAT",
)

ACME_EUROPE = FlowPlan(
    name="Acme Europe",
    workspace="4C6722D4BD2BD941",
    company=EUROPE_BOOKS,
    zone="Europe/Berlin",
    rules=(
        *by_category(ACCOUNT_OF),
        *by_tag(
            1, "department", {"Berlin": "Berlin", "Lisbon": "Lisbon", "Lisbon:Studio": "Lisbon"}
        ),
        *by_tax(
            {
                "id_TAX_STANDARD": "19% VSt",
                "id_TAX_REDUCED": "7% VSt",
                "id_TAX_EXEMPT": "0%",
            }
        ),
    ),
    columns={"takes_cards": True, "tax_policy": "reclaim", "currency_policy": "rates"},
    accounts={"payable_account": "2000", "tax_account": "2200", "rounding_account": "6900"},
    cards={"4123XXXXXXXX7718": "2110", "3782XXXXXXXX7726": "2120"},
    payables={"USD": "2051", "GBP": "2052", "CHF": "2053"},
    no_tax_code="Keine USt",
    rates=(RatePlan("JPY", "0.0061", "ECB, average of October 2026"),),
)

FLOWS = (ACME_US, ACME_FIELD, ACME_FIELD_JOURNALS, ACME_UK, ACME_EUROPE)

# --- what the vendors are told beside the seeded month -------------------------------------------

# Marco's report "Boston?", typed in by hand before we came: same vendor, date and total.
BY_HAND = {
    "company": US_BOOKS,
    "kind": "bill",
    "number": "INV-1187",
    "date": "2026-10-12",
    "party": "Marco Ricci",
    "credit_account": "2000",
    "lines": [{"account": "6120", "amount": "98.00", "text": "Amtrak, Marco, typed in by hand"}],
    "as_user": "Ann Reyes",
}
PARKING_LINES = 1010  # more than one document takes


def parking() -> dict[str, Any]:
    """A report for the sandbox's control that is posted in parts."""
    line = {
        "merchant": "Parking meter, Main St",
        "category": "Taxi & Rideshare",
        "amount": 125,
        "tags": ["Operations", "East", "Internal"],
    }
    return {
        "policyID": ACME_FIELD.workspace,
        "reportName": "Three years of parking",
        "accountEmail": "marco.ricci@acme.example",
        "approved": "2026-10-30 15:00:00",
        "submitted": "2026-10-29 15:00:00",
        "expenses": [
            {"created": f"2026-10-{1 + number % 28:02}", **line} for number in range(PARKING_LINES)
        ],
    }


NEWCOMER = "First week"


def newcomer() -> dict[str, Any]:
    """A report of somebody who is no vendor yet, with a receipt."""
    return {
        "policyID": ACME_FIELD.workspace,
        "reportName": NEWCOMER,
        "accountEmail": "ada.quist@acme.example",
        "approved": "2026-10-29 15:00:00",
        "submitted": "2026-10-28 15:00:00",
        "expenses": [
            {
                "created": "2026-10-26",
                "merchant": "City Cab",
                "category": "Taxi & Rideshare",
                "amount": 1840,
                "tags": ["Operations", "East", "Internal"],
                "receiptObject": {"type": "jpg"},
            }
        ],
    }


# Reports of which the demo tells what became, by their names.
WORTH_A_LOOK = (
    "A bit of everything",
    "Returned projector",
    "Wrong chairs",
    "Some of it was mine",
    "Three years of parking",
    NEWCOMER,
    "Cards, first week",
    "Every rate there is",
    "Lost the slip",
    "Hotel gave money back",
    "Before the currency changed",
    "Zürich",
    "東京",
)
