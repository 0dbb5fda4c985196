"""What the books look like and what an expense means in them: pulled lists, flows and rules."""

from datetime import datetime, time
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from connectors.contract.entry import Kind
from connectors.contract.report import ReportStatus
from connectors.models import LedgerConnection, Workspace
from mappings import refusals, terms
from mappings.records import rule_of
from mappings.schedule import Schedule, Timetable, is_zone, next_run


class Pulled(models.Model):
    """A member of somebody else's list. Rows stay for ever: documents and rules point at them.

    `active` is False for what was switched off there, and for what is not in the list any more;
    the latter also has `gone_at`.
    """

    name = models.CharField(max_length=500)
    active = models.BooleanField(default=True)
    seen_at = models.DateTimeField(editable=False)
    gone_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name if self.active else f"{self.name} (inactive)"


# --- pulled from the ledger ----------------------------------------------------------------------


class GLAccount(Pulled):
    """One account of the chart. `kind` is the ledger's own account type."""

    connection = models.ForeignKey(
        LedgerConnection, on_delete=models.PROTECT, related_name="accounts"
    )
    ledger_id = models.CharField("id in the ledger", max_length=100)
    number = models.CharField(max_length=50, blank=True, default="")
    full_name = models.CharField(max_length=1000, blank=True, default="")
    kind = models.CharField("type", max_length=60, blank=True, default="")
    currency = models.CharField(max_length=3, blank=True, default="")

    class Meta:
        verbose_name = "GL account"
        ordering = ("connection", "number", "name", "id")
        constraints = (
            models.UniqueConstraint(fields=("connection", "ledger_id"), name="account_once"),
        )

    def __str__(self) -> str:
        return f"{self.number} {super().__str__()}".strip()


class Dimension(models.Model):
    """Class, department, customer and the like: `name` is our word, `label` the ledger's."""

    connection = models.ForeignKey(
        LedgerConnection, on_delete=models.PROTECT, related_name="dimensions"
    )
    name = models.CharField(max_length=60)
    label = models.CharField(max_length=100)

    class Meta:
        ordering = ("connection", "name", "id")
        constraints = (
            models.UniqueConstraint(fields=("connection", "name"), name="dimension_once"),
        )

    def __str__(self) -> str:
        return self.label


class Value(Pulled):
    """One member of a dimension. `full_name` has its parents: `Initech:Website`."""

    dimension = models.ForeignKey(Dimension, on_delete=models.PROTECT, related_name="members")
    ledger_id = models.CharField("id in the ledger", max_length=100)
    full_name = models.CharField(max_length=1000, blank=True, default="")

    class Meta:
        verbose_name = "dimension value"
        ordering = ("dimension", "full_name", "name", "id")
        constraints = (
            models.UniqueConstraint(fields=("dimension", "ledger_id"), name="value_once"),
        )

    def __str__(self) -> str:
        return f"{self.full_name or self.name}{'' if self.active else ' (inactive)'}"


class Party(Pulled):
    """A payee, or a customer or employee who may own a payee's name. `kind` tells which."""

    connection = models.ForeignKey(
        LedgerConnection, on_delete=models.PROTECT, related_name="parties"
    )
    ledger_id = models.CharField("id in the ledger", max_length=100)
    kind = models.CharField(max_length=30, default="vendor")
    email = models.CharField(max_length=254, blank=True, default="")
    currency = models.CharField(max_length=3, blank=True, default="")

    class Meta:
        verbose_name_plural = "parties"
        ordering = ("connection", "name", "id")
        constraints = (
            models.UniqueConstraint(fields=("connection", "kind", "ledger_id"), name="party_once"),
        )


class TaxCode(Pulled):
    connection = models.ForeignKey(
        LedgerConnection, on_delete=models.PROTECT, related_name="tax_codes"
    )
    ledger_id = models.CharField("id in the ledger", max_length=100)

    class Meta:
        ordering = ("connection", "name", "id")
        constraints = (
            models.UniqueConstraint(fields=("connection", "ledger_id"), name="tax_code_once"),
        )


# --- pulled from Expensify -----------------------------------------------------------------------


class Category(Pulled):
    """An expense category. Expensify knows it by its name alone: a rename is a new one."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="categories")
    gl_code = models.CharField("GL code", max_length=100, blank=True, default="")

    class Meta:
        verbose_name_plural = "categories"
        ordering = ("workspace", "name", "id")
        constraints = (models.UniqueConstraint(fields=("workspace", "name"), name="category_once"),)


class Tag(Pulled):
    """A tag on its level; levels count from 1."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="tags")
    level = models.PositiveSmallIntegerField()
    level_name = models.CharField(max_length=255, blank=True, default="")
    gl_code = models.CharField("GL code", max_length=100, blank=True, default="")

    class Meta:
        ordering = ("workspace", "level", "name", "id")
        constraints = (
            models.UniqueConstraint(fields=("workspace", "level", "name"), name="tag_once"),
            models.CheckConstraint(condition=Q(level__gte=1), name="tag_level_from_one"),
        )


class Employee(Pulled):
    """Somebody who files reports; `email` in lower case, `name` blank until a report tells it."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="employees")
    email = models.CharField(max_length=254)
    employee_id = models.CharField(max_length=100, blank=True, default="")

    class Meta:
        ordering = ("workspace", "email", "id")
        constraints = (
            models.UniqueConstraint(fields=("workspace", "email"), name="employee_once"),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.email})" if self.name else self.email


class Card(Pulled):
    """A company card that Expensify feeds; `number` is masked as Expensify prints it."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="cards")
    bank = models.CharField(max_length=60, blank=True, default="")
    card_id = models.CharField(max_length=60)
    number = models.CharField(max_length=60, blank=True, default="")
    email = models.CharField(max_length=254, blank=True, default="")

    class Meta:
        ordering = ("workspace", "name", "id")
        constraints = (
            models.UniqueConstraint(fields=("workspace", "bank", "card_id"), name="card_once"),
        )


# --- what people decide --------------------------------------------------------------------------


class PartyLink(models.Model):
    """A person's decision that an employee is this party; it comes before every search."""

    connection = models.ForeignKey(
        LedgerConnection, on_delete=models.CASCADE, related_name="party_links"
    )
    employee_email = models.EmailField()
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="links")

    class Meta:
        ordering = ("connection", "employee_email", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("connection", "employee_email"), name="employee_linked_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.employee_email} is {self.party}"

    def clean(self) -> None:
        self.employee_email = self.employee_email.strip().lower()
        if found := refusals.party_link_refusals(self):
            raise ValidationError(found)


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


KINDS = [(Kind.BILL.value, "Bill"), (Kind.JOURNAL.value, "Journal entry")]


class Flow(models.Model):
    """A workspace's way into one company's books: what is taken, when, and as what.

    takes_states  words of ReportStatus: which of Expensify's states a report may be in
    due_at        when the next poll is due; "Poll now" sets it to now
    poll_asked_at when a person asked for that poll, None for one of the schedule
    mark_at       the high-water mark of approvals that were read completely
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

    kind = models.CharField("reimbursable becomes", max_length=12, choices=KINDS, default="bill")
    takes_states = models.JSONField("states taken", default=default_states)
    takes_reimbursable = models.BooleanField("reimbursable expenses", default=True)
    takes_cards = models.BooleanField("company-card expenses", default=False)
    payable_account = models.ForeignKey(
        GLAccount,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="What reimbursable expenses are owed on: accounts payable or a clearing account.",
    )
    party_policy = models.CharField(
        "payee", **_columns(terms.PartyPolicy, terms.PartyPolicy.EMPLOYEE)
    )
    fixed_party = models.ForeignKey(
        Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    date_policy = models.CharField(
        "posting date", **_columns(terms.DatePolicy, terms.DatePolicy.APPROVAL)
    )
    due_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Days from the posting date; empty: the vendor's terms."
    )
    lock_policy = models.CharField(
        "in a closed period", **_columns(terms.LockPolicy, terms.LockPolicy.HOLD)
    )
    tax_policy = models.CharField("tax", **_columns(terms.TaxPolicy, terms.TaxPolicy.UNSET))
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
    use_gl_codes = models.BooleanField(
        "use GL codes",
        default=False,
        help_text="A category without a rule goes to the account whose number is its GL code.",
    )
    memo_has_period = models.BooleanField("period in the memo", default=True)
    memo_has_link = models.BooleanField("link in the memo", default=True)

    schedule = models.CharField(**_columns(Schedule, Schedule.EVERY))
    every_minutes = models.PositiveSmallIntegerField(default=15)
    at_time = models.TimeField("at", default=time(6, 0))
    weekday = models.PositiveSmallIntegerField(
        choices=list(enumerate("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split())),
        default=0,
    )
    due_at = models.DateTimeField("next poll", null=True, blank=True, default=timezone.now)
    poll_asked_at = models.DateTimeField(null=True, blank=True, editable=False)
    mark_at = models.DateTimeField("read through", null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("workspace", "name", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("workspace",),
                condition=Q(is_paused=False),
                name="flow_one_running_per_workspace",
                violation_error_message=(
                    "Another flow of this workspace is running, and a report belongs to exactly "
                    "one flow. Pause the other one first."
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

    @property
    def timetable(self) -> Timetable:
        return Timetable(
            Schedule(self.schedule), self.zone, self.every_minutes, self.at_time, self.weekday
        )

    def next_run(self, after: datetime) -> datetime:
        """The first poll of the schedule later than `after`, aware, in UTC."""
        return next_run(self.timetable, after)

    def clean(self) -> None:
        self.name, self.test_prefix = self.name.strip(), self.test_prefix.strip()
        if not is_zone(self.zone):
            raise ValidationError(
                {"zone": f"{self.zone!r} is no time zone. Take one such as America/New_York."}
            )
        known = {state.value for state in ReportStatus if state.is_final}
        if not isinstance(self.takes_states, list) or not self.takes_states:
            raise ValidationError({"takes_states": "Choose at least one state."})
        if unknown := sorted(set(map(str, self.takes_states)) - known):
            raise ValidationError(
                {"takes_states": f"{', '.join(unknown)}: choose approved, reimbursed or closed."}
            )
        if found := refusals.flow_refusals(self):
            raise ValidationError(found)


class Rule(models.Model):
    """What decides where an expense goes: blank conditions match anything, blank outputs decide
    nothing. Among matching rules the lowest priority number wins, output by output."""

    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, related_name="rules")
    priority = models.IntegerField(default=100, help_text="Lower numbers are tried first.")
    category = models.CharField(max_length=500, blank=True, default="")
    tag_level = models.PositiveSmallIntegerField(null=True, blank=True)
    tag = models.CharField(max_length=500, blank=True, default="")
    employee = models.EmailField("employee e-mail", blank=True, default="")
    card = models.CharField(max_length=60, blank=True, default="")
    reimbursable = models.BooleanField(null=True, blank=True)
    expense_type = models.CharField(max_length=60, blank=True, default="")
    account = models.ForeignKey(
        GLAccount, on_delete=models.PROTECT, null=True, blank=True, related_name="rules"
    )
    party = models.ForeignKey(
        Party, on_delete=models.PROTECT, null=True, blank=True, related_name="rules"
    )
    tax_code = models.ForeignKey(
        TaxCode, on_delete=models.PROTECT, null=True, blank=True, related_name="rules"
    )
    is_active = models.BooleanField("active", default=True)
    note = models.CharField(max_length=255, blank=True, default="")

    class Meta:
        ordering = ("flow", "priority", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(tag="", tag_level__isnull=True) | (~Q(tag="") & Q(tag_level__gte=1)),
                name="rule_tag_has_level",
                violation_error_message="A tag needs its level (1 for the first), a level its tag.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.priority}: {rule_of(self, {}).text}"

    def clean(self) -> None:
        for column in ("category", "tag", "card", "note"):
            setattr(self, column, getattr(self, column).strip())
        self.employee = self.employee.strip().lower()
        self.expense_type = self.expense_type.strip().lower()
        if self.tag and self.tag_level is None:
            self.tag_level = 1
        if found := refusals.rule_refusals(self):
            raise ValidationError(found)


class RuleValue(models.Model):
    """A dimension that a rule decides; without a value it is left empty on purpose."""

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="dimension_values")
    dimension = models.ForeignKey(Dimension, on_delete=models.PROTECT, related_name="+")
    value = models.ForeignKey(
        Value, on_delete=models.PROTECT, null=True, blank=True, related_name="rule_values"
    )

    class Meta:
        ordering = ("rule", "dimension", "id")
        constraints = (
            models.UniqueConstraint(fields=("rule", "dimension"), name="rule_value_once"),
        )

    def __str__(self) -> str:
        return f"{self.dimension}: {self.value or 'left empty'}"

    def clean(self) -> None:
        if found := refusals.rule_value_refusals(self):
            raise ValidationError(found)
