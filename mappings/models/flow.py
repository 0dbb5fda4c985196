"""A flow: a workspace's way into one company's books, with every choice that people make for it."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from connectors.contract.entry import Kind
from connectors.contract.report import ReportStatus
from connectors.models import LedgerConnection, Workspace
from mappings import refusals, selection, terms
from mappings.models.lists import GLAccount, Party, TaxCode
from mappings.models.scheduled import Scheduled
from mappings.schedule import is_zone


def default_states() -> list[str]:
    return sorted(terms.TAKEN_STATES)


def _columns(choice: type[terms.Choice], default: terms.Choice) -> dict[str, Any]:
    """Plain texts, so that a migration doesn't name our enums."""
    length = max(len(member.value) for member in choice)
    return {
        "choices": choice.choices(),
        "default": default.value,
        "max_length": max(length, 12),
    }


KINDS = [
    (Kind.BILL.value, "A bill; each card transaction a document of its own"),
    (Kind.JOURNAL.value, "One journal entry for everything"),
]


def _account(text: str, label: str | None = None) -> models.ForeignKey:
    return models.ForeignKey(
        GLAccount,
        verbose_name=label,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=text,
    )


class Flow(Scheduled):
    """A workspace's way into one company's books: what is taken, when, and as what.

    takes_states  words of ReportStatus: which of Expensify's states a report may be in
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="flows")
    connection = models.ForeignKey(LedgerConnection, on_delete=models.PROTECT, related_name="flows")
    name = models.CharField(max_length=120, unique=True)
    is_paused = models.BooleanField("paused", default=False)
    mode = models.CharField(**_columns(terms.Mode, terms.Mode.DRY_RUN))
    test_prefix = models.CharField(
        max_length=40,
        blank=True,
        default="",
        help_text="In test mode only reports whose name begins like this are taken.",
    )
    starts_on = models.DateField(
        help_text="Reports approved before this day are left out and counted.",
    )
    zone = models.CharField(
        max_length=60,
        default="UTC",
        help_text="Where the books' days begin, such as America/New_York.",
    )

    selector = models.CharField("which reports", **_columns(terms.Selector, terms.Selector.ALL))
    selector_level = models.PositiveSmallIntegerField(
        "tag level", null=True, blank=True, help_text="Which level the tags stand on, from 1."
    )
    selector_names = models.JSONField("tags or employees", default=list, blank=True)

    kind = models.CharField("reports become", max_length=12, choices=KINDS, default="bill")
    takes_states = models.JSONField("states taken", default=default_states)
    takes_reimbursable = models.BooleanField("reimbursable expenses", default=True)
    takes_cards = models.BooleanField("company-card expenses", default=False)
    credit_policy = models.CharField(
        "negative totals become", **_columns(terms.CreditPolicy, terms.CreditPolicy.CREDIT)
    )
    payable_account = _account(
        "What reimbursable expenses are owed on: accounts payable or a clearing account."
    )
    card_account = _account("What company cards are owed on, unless a card has its own below.")
    company_account = _account(
        "What is neither reimbursable nor on a known card is owed on this account.",
        "account without a card",
    )
    due_from_account = _account(
        "Lines that rules put on this account (personal, cash advance) name the payee.",
        "due from employees",
    )
    party_policy = models.CharField(
        "payee", **_columns(terms.PartyPolicy, terms.PartyPolicy.EMPLOYEE)
    )
    fixed_party = models.ForeignKey(
        Party,
        verbose_name="clearing vendor",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    party_tag_level = models.PositiveSmallIntegerField(
        "payee by tag level", null=True, blank=True, help_text="Levels count from 1."
    )
    party_field = models.CharField(
        "payee by report field", max_length=255, blank=True, default="", help_text="Its name."
    )
    creates_parties = models.BooleanField(
        "create missing vendors",
        default=False,
        help_text="An employee whom nobody in the ledger is becomes a vendor there.",
    )
    card_party = models.ForeignKey(
        Party,
        verbose_name="payee of card documents",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty: none. Merchants never become vendors.",
    )
    date_policy = models.CharField(
        "posting date", **_columns(terms.DatePolicy, terms.DatePolicy.APPROVAL)
    )
    card_date_policy = models.CharField(
        "date of card documents", **_columns(terms.CardDatePolicy, terms.CardDatePolicy.BANK)
    )
    due_days = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="Days from the posting date for vendors without terms in the ledger.",
    )
    lock_policy = models.CharField(
        "in a closed period", **_columns(terms.LockPolicy, terms.LockPolicy.HOLD)
    )
    tax_policy = models.CharField("tax", **_columns(terms.TaxPolicy, terms.TaxPolicy.UNSET))
    no_tax_code = models.ForeignKey(
        TaxCode,
        verbose_name="code for lines without tax",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    tax_account = _account("Where the ledger books reclaimed tax, for our own figures.")
    receipt_policy = models.CharField(
        "tax without a receipt", **_columns(terms.ReceiptPolicy, terms.ReceiptPolicy.POST)
    )
    tax_mismatch_policy = models.CharField(
        "tax that is not the code's percentage",
        **_columns(terms.TaxMismatchPolicy, terms.TaxMismatchPolicy.HOLD),
    )
    currency_policy = models.CharField(
        "foreign currency", **_columns(terms.CurrencyPolicy, terms.CurrencyPolicy.HOLD)
    )
    rounding_account = _account("For what rounding leaves over when a report is converted.")
    billable_policy = models.CharField(
        "billable expenses", **_columns(terms.BillablePolicy, terms.BillablePolicy.HOLD)
    )
    header_policy = models.CharField(
        "one value per document", **_columns(terms.HeaderPolicy, terms.HeaderPolicy.HOLD)
    )
    tag_policy = models.CharField(
        "unmapped tags", **_columns(terms.TagPolicy, terms.TagPolicy.HOLD)
    )
    exported_policy = models.CharField(
        "exported by Expensify itself",
        **_columns(terms.ExportedPolicy, terms.ExportedPolicy.HOLD),
    )
    revision_policy = models.CharField(
        "changed reports", **_columns(terms.RevisionPolicy, terms.RevisionPolicy.AMEND)
    )
    receipt_files = models.CharField(
        "receipts", **_columns(terms.ReceiptFiles, terms.ReceiptFiles.LINK)
    )
    unapproved_policy = models.CharField(
        "no longer approved",
        **_columns(terms.UnapprovedPolicy, terms.UnapprovedPolicy.LEAVE),
        help_text="Deleted counts when it was missing twice, a day apart.",
    )
    use_gl_codes = models.BooleanField(
        "use GL codes",
        default=False,
        help_text="A category without a rule goes to the account whose number is its GL code.",
    )
    memo_has_period = models.BooleanField("period in the memo", default=True)
    memo_has_link = models.BooleanField("link in the memo", default=True)

    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("workspace", "name", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("workspace",),
                condition=Q(is_paused=False, selector="all"),
                name="flow_one_takes_all_of_workspace",
                violation_error_message=(
                    "Another flow takes every report of this workspace, and a report belongs to "
                    "exactly one flow. Pause the other one first."
                ),
            ),
            models.CheckConstraint(
                condition=Q(every_minutes__gte=5),
                name="flow_polls_at_most_every_5_minutes",
                violation_error_message="Expensify is asked at most every 5 minutes.",
            ),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="flow_weekday_known"),
            models.CheckConstraint(
                condition=~Q(mode="test") | ~Q(test_prefix=""),
                name="flow_test_mode_has_prefix",
                violation_error_message="Test mode needs a prefix: which reports are tests?",
            ),
            models.CheckConstraint(
                condition=Q(takes_reimbursable=True) | Q(takes_cards=True),
                name="flow_takes_something",
                violation_error_message="A flow takes reimbursable expenses, cards, or both.",
            ),
        )
        indexes = (models.Index(fields=("is_paused", "due_at"), name="flow_due"),)
        permissions = (
            ("poll_flow", "Can poll a flow now"),
            ("explain_flow", "Can ask which rule decides"),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.name, self.test_prefix = self.name.strip(), self.test_prefix.strip()
        if not is_zone(self.zone):
            raise ValidationError(
                {"zone": f"{self.zone!r} is no time zone. Take one such as America/New_York."}
            )
        self.clean_schedule()
        known = {state.value for state in ReportStatus if state.is_final}
        if not isinstance(self.takes_states, list) or not self.takes_states:
            raise ValidationError({"takes_states": "Choose at least one state."})
        if unknown := sorted(set(map(str, self.takes_states)) - known):
            raise ValidationError(
                {"takes_states": f"{', '.join(unknown)}: choose approved, reimbursed or closed."}
            )
        self.party_field = self.party_field.strip()
        if not isinstance(self.selector_names, list):
            raise ValidationError({"selector_names": "Give a list of tags or e-mail addresses."})
        selector = terms.Selector(self.selector)
        self.selector_names = selection.normal_names(selector, map(str, self.selector_names))
        if found := refusals.flow_refusals(self):
            raise ValidationError(found)
