"""An expense report as it was read: values only, in the words of the people who file it."""

from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from connectors.contract import exact_json, keys


class ReportStatus(StrEnum):
    OPEN = "open"
    PROCESSING = "processing"
    APPROVED = "approved"
    REIMBURSED = "reimbursed"
    CLOSED = "closed"
    UNKNOWN = "unknown"

    @property
    def is_final(self) -> bool:
        """Approved, or a state that can only follow approval (or replaces it, for closed)."""
        return self in (ReportStatus.APPROVED, ReportStatus.REIMBURSED, ReportStatus.CLOSED)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in Expensify. `email` is the name that stays; blanks where nothing is known."""

    email: str
    name: str = ""
    employee_id: str = ""
    payroll_id: str = ""

    @property
    def label(self) -> str:
        return self.name or self.email


@dataclass(frozen=True, slots=True)
class Tag:
    """One level of an expense's tag; `level` counts from 1."""

    level: int
    name: str
    gl_code: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    receipt_id: str
    filename: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Units:
    """Distance and time expenses: count x rate, kept as texts for the description."""

    count: str
    rate: str
    unit: str


@dataclass(frozen=True, slots=True)
class Action:
    """One line of the report's history at Expensify. `at` as printed there, no zone."""

    action: str
    actor_email: str
    at: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Expense:
    """One line of a report.

    amount           effective amount in the *report's* currency, positive for money spent; None
                     when Expensify gave no converted amount for a foreign expense
    original_amount  what stands in `original_currency`, after a user's edits
    rate             expense currency -> report currency, as Expensify printed it
    tax_amount       tax contained in `original_amount`, same currency; None without tax
    tax_rate         percent
    spent_on         the (edited) date of the expense, a calendar date that is never shifted
    posted_on        the bank's posting date of a card transaction, where known
    has_unknown_flag True when Expensify left reimbursable or billable blank
    """

    transaction_id: str
    amount: Decimal | None
    original_amount: Decimal
    original_currency: str
    spent_on: date | None
    merchant: str = ""
    comment: str = ""
    category: str = ""
    category_gl_code: str = ""
    tags: tuple[Tag, ...] = ()
    reimbursable: bool = True
    billable: bool = False
    has_unknown_flag: bool = False
    expense_type: str = ""
    rate: Decimal | None = None
    posted_on: date | None = None
    tax_amount: Decimal | None = None
    tax_name: str = ""
    tax_rate_name: str = ""
    tax_rate: Decimal | None = None
    tax_code: str = ""
    bank: str = ""
    card_id: str = ""
    card_name: str = ""
    card_number: str = ""
    mcc: str = ""
    units: Units | None = None
    receipt: Receipt | None = None
    external_id: str = ""

    @property
    def is_on_card(self) -> bool:
        """Pulled from a card feed: Expensify names the bank or the card of such lines only."""
        return bool(self.bank or self.card_id or self.card_number)

    def tag(self, level: int) -> Tag | None:
        return next((tag for tag in self.tags if tag.level == level), None)


@dataclass(frozen=True, slots=True)
class Report:
    """An expense report. Amounts in `currency`; moments are aware datetimes in UTC.

    total      Expensify's own total, which the lines must add up to
    fields     report fields in Expensify's order: (name, text)
    is_ach_reimbursed   paid by ACH through Expensify; None where Expensify does not tell
    raw        the source line as it came, for the audit trail; no part of the content
    """

    report_id: str
    name: str
    status: ReportStatus
    workspace_id: str
    currency: str
    total: Decimal
    employee: Person
    expenses: tuple[Expense, ...]
    old_report_id: str = ""
    status_text: str = ""
    workspace_name: str = ""
    created_at: datetime | None = None
    submitted_at: datetime | None = None
    approved_at: datetime | None = None
    reimbursed_at: datetime | None = None
    manager: Person | None = None
    fields: tuple[tuple[str, str], ...] = ()
    actions: tuple[Action, ...] = ()
    entry_id: str = ""
    is_ach_reimbursed: bool | None = None
    raw: str = ""

    def content(self) -> str:
        """The canonical text that tells revisions apart.

        What changes by itself stays out: state, history, approvers, what Expensify calls the
        workspace, signed receipt links (a receipt counts by its id), and the order in which
        Expensify lists lines and report fields.
        """
        # A tax counts by one name; its code and rate tell apart what is called alike.
        left_out = {"receipt", "tax_rate_name"}
        names = [one.name for one in fields(Expense) if one.name not in left_out]
        expenses = [
            exact_json.dumps(
                {name: getattr(expense, name) for name in names}
                | {"receipt_id": expense.receipt.receipt_id if expense.receipt else ""}
                | {"tax_name": expense.tax_name or expense.tax_rate_name}
            )
            for expense in self.expenses
        ]
        return exact_json.dumps(
            {
                "report_id": self.report_id,
                "name": self.name,
                "workspace_id": self.workspace_id,
                "currency": self.currency,
                "total": self.total,
                "employee": self.employee,
                "fields": sorted(self.fields),
                "expenses": [exact_json.Written(text) for text in sorted(expenses)],
            }
        )

    def content_hash(self) -> str:
        return keys.content_hash(self.content())
