"""Whom we talk to outside: accounts, companies, their credentials, and who may write to them."""

from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.db.models.signals import post_delete
from django.dispatch import receiver

from connectors.fields import EncryptedJSONField, Sealed

EXPENSIFY = "expensify"


class Credential(models.Model):
    """What a vendor knows us by. `secret` is a dict whose fields belong to the vendor's sign-in.

    Several callers may want a new token at the same moment: `lock_owner` and `lock_until` make
    one of them get it. `refused_at` is when the newest refresh token was first refused; one
    refusal is not yet a verdict.
    """

    class State(models.TextChoices):
        WORKING = "working", "Working"
        RECONNECT = "reconnect", "Needs reconnecting"
        BLOCKED = "blocked", "Blocked by the vendor"

    kind = models.CharField(max_length=40)
    secret = EncryptedJSONField(null=True, blank=True, editable=False)
    state = models.CharField(max_length=12, choices=State.choices, default=State.WORKING)
    reason = models.TextField(blank=True, default="")
    expires_at = models.DateTimeField(null=True, blank=True)
    refresh_expires_at = models.DateTimeField(null=True, blank=True)
    consent_ends_at = models.DateTimeField(null=True, blank=True)
    refused_at = models.DateTimeField(null=True, blank=True)
    lock_owner = models.CharField(max_length=64, blank=True, default="")
    lock_until = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("kind", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(state__in=("working", "reconnect", "blocked")),
                name="credential_state_known",
            ),
            models.CheckConstraint(condition=~Q(kind=""), name="credential_kind_named"),
        )

    def __str__(self) -> str:
        return f"{self.kind} credential {self.pk or '(new)'}"

    @classmethod
    def from_db(cls, db: str | None, field_names: Any, values: Any) -> Self:
        row = super().from_db(db, field_names, values)
        if isinstance(sealed := row.__dict__.get("secret"), Sealed):
            sealed.owner = str(row)
        return row

    @property
    def is_sealed(self) -> bool:
        """True when none of our keys opens the secret."""
        return isinstance(self.secret, Sealed)


class ExpensifyAccount(models.Model):
    """A pair of partner credentials at Expensify, and with it every workspace that it may read."""

    name = models.CharField(max_length=120, unique=True)
    credential = models.OneToOneField(
        Credential, on_delete=models.PROTECT, related_name="expensify_account", editable=False
    )
    state_text = models.TextField("last test", blank=True, default="")
    checked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("name", "id")
        verbose_name = "Expensify account"
        constraints = (
            models.CheckConstraint(condition=~Q(name=""), name="expensify_account_named"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        return self.credential.state


class Workspace(models.Model):
    """An Expensify workspace (policy). `is_visible` is False once the list no longer shows it."""

    account = models.ForeignKey(
        ExpensifyAccount, on_delete=models.PROTECT, related_name="workspaces"
    )
    policy_id = models.CharField("workspace id", max_length=64)
    name = models.CharField(max_length=255)
    currency = models.CharField(max_length=3)
    role = models.CharField("our role", max_length=40, blank=True, default="")
    is_visible = models.BooleanField("visible to us", default=True)
    lists_as_of = models.DateTimeField("lists read", null=True, blank=True)

    class Meta:
        ordering = ("name", "id")
        constraints = (
            models.UniqueConstraint(fields=("account", "policy_id"), name="workspace_once"),
            models.CheckConstraint(condition=~Q(policy_id=""), name="workspace_has_policy"),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.currency})"


class LedgerConnection(models.Model):
    """One company in one ledger.

    closed_through        theirs: the last closed day that the ledger told us
    books_closed_through  ours: nothing is written on or before this day, whatever the ledger says
    facts                 what the ledger's `check` reported for rendering; plain JSON values
    """

    ledger = models.CharField(max_length=40)
    name = models.CharField(max_length=120, unique=True)
    company_id = models.CharField("company id", max_length=100, blank=True, default="")
    company_name = models.CharField("company", max_length=255, blank=True, default="")
    home_currency = models.CharField(max_length=3, blank=True, default="")
    country = models.CharField(max_length=60, blank=True, default="")
    web_url = models.URLField("web address", blank=True, default="")
    credential = models.OneToOneField(
        Credential,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="ledger_connection",
        editable=False,
    )
    facts = models.JSONField(default=dict, blank=True, editable=False)
    closed_through = models.DateField("closed in the ledger through", null=True, blank=True)
    books_closed_through = models.DateField(
        "closed here through",
        null=True,
        blank=True,
        help_text="Nothing is posted on or before this day, even if the ledger would take it.",
    )
    has_tax = models.BooleanField("tax", null=True, blank=True)
    is_multicurrency = models.BooleanField("several currencies", null=True, blank=True)
    role = models.CharField("our user's role", max_length=60, blank=True, default="")
    checked_at = models.DateTimeField(null=True, blank=True)
    chart_as_of = models.DateTimeField("lists read", null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "ledger"
        ordering = ("name", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("ledger", "company_id"),
                condition=~Q(company_id=""),
                name="company_connected_once",
            ),
            models.CheckConstraint(condition=~Q(ledger="") & ~Q(name=""), name="connection_named"),
        )
        permissions = (
            ("connect_ledgerconnection", "Can connect and reconnect a ledger"),
            ("test_ledgerconnection", "Can test a ledger connection"),
            ("retry_ledgerconnection", "Can have a held ledger tried again at once"),
        )

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; a new connection gets its channel in the same transaction.

        Raises ValidationError where company or ledger would change: markers in the ledger's own
        documents are made from both, and no document posted before would be found again.
        """
        with transaction.atomic(using=kwargs.get("using")):
            is_new = self._state.adding
            if not is_new:
                self._keep_company()
            super().save(*args, **kwargs)
            if is_new:
                Channel.objects.using(kwargs.get("using")).get_or_create(connection=self)

    def _keep_company(self) -> None:
        before = LedgerConnection.objects.filter(pk=self.pk).values("ledger", "company_id").first()
        if before is None or not before["company_id"]:
            return
        if (before["ledger"], before["company_id"]) != (self.ledger, self.company_id):
            raise ValidationError(
                f"{self.name} belongs to company {before['company_id']} in {before['ledger']} and "
                f"cannot become {self.company_id or 'no company'} in {self.ledger}: documents "
                "posted there would not be found again. Add a new connection for the other company."
            )

    @property
    def company(self) -> str:
        """The company's name in markers. Raises ValueError before the first connect."""
        if not self.company_id:
            raise ValueError(f"{self.name} is not connected to a company yet: press Connect first")
        return f"{self.ledger}:{self.company_id}"

    @property
    def state(self) -> str:
        """`new` before the first consent, then the credential's state."""
        return self.credential.state if self.credential_id else "new"

    @property
    def state_text(self) -> str:
        if not self.credential_id:
            return "Not connected yet"
        return self.credential.get_state_display()


@receiver(post_delete, sender=ExpensifyAccount)
@receiver(post_delete, sender=LedgerConnection)
def forget_secret(
    sender: type[models.Model], instance: ExpensifyAccount | LedgerConnection, **kwargs: Any
) -> None:
    """A secret lasts no longer than the row that it was entered for."""
    Credential.objects.filter(pk=instance.credential_id).delete()


class Channel(models.Model):
    """The right to write to one connection: one writer at a time, and none while it is shut.

    `fence` grows with every lease, so that a writer that lost its lease is recognised. The engine
    owns the rules; this is where they are remembered.
    """

    connection = models.OneToOneField(
        LedgerConnection, on_delete=models.CASCADE, related_name="channel"
    )
    owner = models.CharField(max_length=64, blank=True, default="")
    fence = models.BigIntegerField(default=0)
    until = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(null=True, blank=True)
    breaker_failures = models.PositiveIntegerField(default=0)
    breaker_until = models.DateTimeField(null=True, blank=True)
    breaker_reason = models.TextField(blank=True, default="")
    held_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("connection", "id")
        constraints = (
            models.CheckConstraint(condition=Q(fence__gte=0), name="channel_fence_from_zero"),
            models.CheckConstraint(
                condition=Q(owner="") | Q(until__isnull=False), name="channel_owner_until"
            ),
        )

    def __str__(self) -> str:
        return f"Channel to {self.connection}"


class OAuthState(models.Model):
    """One consent under way. Only hashes are kept: whoever reads the table cannot finish it."""

    state_hash = models.CharField(max_length=64, unique=True)
    session_hash = models.CharField(max_length=64)
    connection = models.ForeignKey(
        LedgerConnection, on_delete=models.CASCADE, related_name="consents"
    )
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return f"Consent for {self.connection} asked at {self.created_at:%Y-%m-%d %H:%M}"


class PacedScope(models.Model):
    """When requests of one scope were let through, so that all of our processes count together.

    `recent` holds whole milliseconds since 1970, ascending; `version` lets one of several
    writers win.
    """

    scope = models.CharField(max_length=120, unique=True)
    recent = models.JSONField(default=list)
    version = models.BigIntegerField(default=0)

    class Meta:
        ordering = ("scope", "id")

    def __str__(self) -> str:
        return f"Pace of {self.scope}"
