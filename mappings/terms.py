"""What a flow was told: every choice that decides what an expense report becomes in the books."""

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    TAG = "tag", "The vendor named like the expenses' tag on a level"
    FIELD = "field", "The vendor named in a field of the report"


class Selector(Choice):
    """Which reports of the workspace belong to the flow. A report belongs to exactly one."""

    ALL = "all", "Every report of the workspace"
    TAGS = "tags", "Reports whose expenses have one of these tags"
    OTHER_TAGS = "other_tags", "Reports whose expenses have none of these tags"
    EMPLOYEES = "employees", "Reports of these employees"
    OTHER_EMPLOYEES = "other_employees", "Reports of everybody but these employees"

    @property
    def by_tag(self) -> bool:
        return self in (Selector.TAGS, Selector.OTHER_TAGS)

    @property
    def is_except(self) -> bool:
        return self in (Selector.OTHER_TAGS, Selector.OTHER_EMPLOYEES)


class CreditPolicy(Choice):
    """For reports and card transactions by which money comes back."""

    CREDIT = "credit", "A credit, where the ledger has one"
    JOURNAL = "journal", "A journal entry"


class DatePolicy(Choice):
    APPROVAL = "approval", "Date of approval, in the flow's zone"
    LAST_EXPENSE = "last_expense", "Date of the last expense"
    SUBMITTED = "submitted", "Date of submission, in the flow's zone"
    MONTH_END = "month_end", "End of the month of the last expense"
    POSTING_DAY = "posting_day", "The day of posting, in the flow's zone"


class CardDatePolicy(Choice):
    BANK = "bank", "The bank's posting date, else the date of the expense"
    EXPENSE = "expense", "The date of the expense"
    REPORT = "report", "The date that the report's bill would have"


class LockPolicy(Choice):
    HOLD = "hold", "Hold the report"
    NEXT_OPEN = "next_open", "Post on the next open day, original date in the memo"


class TaxPolicy(Choice):
    UNSET = "unset", "Not decided: expenses with tax are held"
    COST = "cost", "Tax is cost: lines are posted gross"
    RECLAIM = "reclaim", "Tax is reclaimed with the tax code that a rule gives"


class ReceiptPolicy(Choice):
    """For tax that would be reclaimed although Expensify has no receipt."""

    POST = "post", "Reclaim it all the same"
    GROSS = "gross", "Post the line gross, without reclaiming"
    HOLD = "hold", "Hold the report"


class ReceiptFiles(Choice):
    """What of an expense's receipt the document in the ledger gets."""

    NONE = "none", "Nothing: it stays in Expensify"
    LINK = "link", "A link on the line, where there is room"
    FILE = "file", "The file itself, attached to the document"


class TaxMismatchPolicy(Choice):
    """For tax that is not the tax code's percentage of the amount, by more than a cent."""

    HOLD = "hold", "Hold the report"
    POST = "post", "Post the tax that the receipt says"


class CurrencyPolicy(Choice):
    """For reports that the books cannot take in their own currency."""

    HOLD = "hold", "Hold the report"
    RATES = "rates", "Convert into the home currency by the rate table of the month"


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
    REPOST = "repost", "Take the document back and post a new one"
    HOLD = "hold", "Hold every changed report for a person"


class UnapprovedPolicy(Choice):
    """For reports that stand in the ledger and are no longer approved, or were deleted."""

    LEAVE = "leave", "Leave the document, and list it"
    REVERSE = "reverse", "Take the document back while it is open and unpaid"


TAKEN_STATES = frozenset({ReportStatus.APPROVED, ReportStatus.REIMBURSED})


@dataclass(frozen=True, slots=True)
class CardAccount:
    """The account of one card. `card` is its number, id or name, as Expensify prints it."""

    card: str
    account_id: int


@dataclass(frozen=True, slots=True)
class Terms:
    """A flow's choices as plain values. Row numbers are those of our own chart rows.

    workspace_id     Expensify's policy id
    backfills        first and last day of approvals that are taken although the flow begins later
    selector_names   the tags on `selector_level`, or e-mail addresses in lower case
    payable_id       the account that reimbursable lines are owed on (payable or clearing)
    payables         currency -> the account that reports of this currency are owed on instead
    card_account_id  the account of cards that `card_accounts` does not name
    company_account_id  what is spent neither by a person nor on a known card is owed on
    due_from_id      lines that rules put on this account are owed by the party: they name it
    credit_values    dimension -> row of the value for lines of the credit side
    card_party_id    the one vendor of card documents; None: they have none
    creates_parties  an employee whom nobody in the ledger is becomes a vendor there
    due_days         days from the posting date where the vendor has no terms in the ledger
    no_tax_code_id   the code for lines without reclaimed tax
    tax_account_id   where the ledger books reclaimed tax, for our own figures
    rounding_id      the account for what is left over when a report is converted
    use_gl_codes     a category without a rule goes to the one active account whose number is its
                     GL code in Expensify
    """

    flow_id: int
    workspace_id: str
    workspace_name: str
    starts_on: date
    backfills: tuple[tuple[date, date], ...] = ()
    kind: Kind = Kind.BILL
    mode: Mode = Mode.DRY_RUN
    test_prefix: str = ""
    zone: str = "UTC"
    selector: Selector = Selector.ALL
    selector_level: int | None = None
    selector_names: frozenset[str] = frozenset()
    takes_states: frozenset[ReportStatus] = TAKEN_STATES
    takes_reimbursable: bool = True
    takes_cards: bool = False
    credit_policy: CreditPolicy = CreditPolicy.CREDIT
    payable_id: int | None = None
    payables: Mapping[str, int] = field(default_factory=dict)
    card_account_id: int | None = None
    card_accounts: tuple[CardAccount, ...] = ()
    company_account_id: int | None = None
    due_from_id: int | None = None
    credit_values: Mapping[str, int] = field(default_factory=dict)
    party_policy: PartyPolicy = PartyPolicy.EMPLOYEE
    fixed_party_id: int | None = None
    party_tag_level: int | None = None
    party_field: str = ""
    creates_parties: bool = False
    card_party_id: int | None = None
    date_policy: DatePolicy = DatePolicy.APPROVAL
    card_date_policy: CardDatePolicy = CardDatePolicy.BANK
    due_days: int | None = None
    lock_policy: LockPolicy = LockPolicy.HOLD
    tax_policy: TaxPolicy = TaxPolicy.UNSET
    no_tax_code_id: int | None = None
    tax_account_id: int | None = None
    receipt_policy: ReceiptPolicy = ReceiptPolicy.POST
    receipt_files: ReceiptFiles = ReceiptFiles.LINK
    tax_mismatch_policy: TaxMismatchPolicy = TaxMismatchPolicy.HOLD
    currency_policy: CurrencyPolicy = CurrencyPolicy.HOLD
    rounding_id: int | None = None
    billable_policy: BillablePolicy = BillablePolicy.HOLD
    header_policy: HeaderPolicy = HeaderPolicy.HOLD
    tag_policy: TagPolicy = TagPolicy.HOLD
    exported_policy: ExportedPolicy = ExportedPolicy.HOLD
    use_gl_codes: bool = False
    memo_has_period: bool = True
    memo_has_link: bool = True
