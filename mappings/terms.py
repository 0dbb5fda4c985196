"""What a flow was told: every choice that decides what an expense report becomes in the books."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from connectors.contract.entry import Kind
from connectors.contract.report import ReportStatus


class Choice(StrEnum):
    """A choice with the words that the screen shows for it."""

    label: str

    def __new__(cls, code: str, label: str) -> "Choice":
        member = str.__new__(cls, code)
        member._value_ = code
        member.label = label
        return member

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        return [(member.value, member.label) for member in cls]


class Mode(Choice):
    """How far a report goes. A flow is born in dry run."""

    DRY_RUN = "dry_run", "Dry run: everything but the last call"
    TEST = "test", "Test: only reports whose name begins with the test prefix"
    LIVE = "live", "Live"


class PartyPolicy(Choice):
    EMPLOYEE = "employee", "The employee's own vendor"
    FIXED = "fixed", "One clearing vendor, the employee named in every memo"


class DatePolicy(Choice):
    APPROVAL = "approval", "Date of approval, in the flow's zone"
    LAST_EXPENSE = "last_expense", "Date of the last expense"
    SUBMITTED = "submitted", "Date of submission, in the flow's zone"
    MONTH_END = "month_end", "End of the month of the last expense"
    POSTING_DAY = "posting_day", "The day of posting, in the flow's zone"


class LockPolicy(Choice):
    HOLD = "hold", "Hold the report"
    NEXT_OPEN = "next_open", "Post on the next open day, original date in the memo"


class TaxPolicy(Choice):
    UNSET = "unset", "Not decided: expenses with tax are held"
    COST = "cost", "Tax is cost: lines are posted gross"


class BillablePolicy(Choice):
    HOLD = "hold", "Hold billable expenses that cannot be billed to a customer"
    IGNORE = "ignore", "Post them as not billable"


class HeaderPolicy(Choice):
    """For dimensions that stand once on the document while tags stand on each line."""

    HOLD = "hold", "Hold unless every line says the same"
    FOLLOW = "follow", "Lines that say nothing follow the others"


class TagPolicy(Choice):
    """For a tag on a level that rules map, when no rule gives this one a member of the ledger."""

    HOLD = "hold", "Hold the report"
    IGNORE = "ignore", "Post without it"


class ExportedPolicy(Choice):
    """For reports that Expensify's own accounting connection has exported already."""

    HOLD = "hold", "Hold the report: it may be in the books already"
    POST = "post", "Post it all the same"


class RevisionPolicy(Choice):
    AMEND = "amend", "Change the document in place while it is open"
    HOLD = "hold", "Hold every changed report for a person"


TAKEN_STATES = frozenset({ReportStatus.APPROVED, ReportStatus.REIMBURSED})


@dataclass(frozen=True, slots=True)
class Terms:
    """A flow's choices as plain values. Row numbers are those of our own chart rows.

    workspace_id   Expensify's policy id
    payable_id     the account that reimbursable lines are owed on (payable or clearing)
    due_days       days from the posting date; None leaves it to the vendor's terms in the ledger
    use_gl_codes   a category without a rule goes to the one active account whose number is its
                   GL code in Expensify
    """

    flow_id: int
    workspace_id: str
    workspace_name: str
    starts_on: date
    kind: Kind = Kind.BILL
    mode: Mode = Mode.DRY_RUN
    test_prefix: str = ""
    zone: str = "UTC"
    takes_states: frozenset[ReportStatus] = TAKEN_STATES
    takes_reimbursable: bool = True
    takes_cards: bool = False
    payable_id: int | None = None
    party_policy: PartyPolicy = PartyPolicy.EMPLOYEE
    fixed_party_id: int | None = None
    date_policy: DatePolicy = DatePolicy.APPROVAL
    due_days: int | None = None
    lock_policy: LockPolicy = LockPolicy.HOLD
    tax_policy: TaxPolicy = TaxPolicy.UNSET
    billable_policy: BillablePolicy = BillablePolicy.HOLD
    header_policy: HeaderPolicy = HeaderPolicy.HOLD
    tag_policy: TagPolicy = TagPolicy.HOLD
    exported_policy: ExportedPolicy = ExportedPolicy.HOLD
    use_gl_codes: bool = False
    memo_has_period: bool = True
    memo_has_link: bool = True
