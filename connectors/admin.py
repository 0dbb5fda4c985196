"""Connections on the screen: accounts, workspaces and ledgers, their state and how to cure it."""

from typing import Any

from django.contrib import admin
from django.db.models import Field, QuerySet
from django.http import HttpRequest, HttpResponse

from connectors import services, views
from connectors.admin_base import (
    BackOfficeAdmin,
    PasswordWidget,
    ReadOnlyAdmin,
    ReadOnlyInline,
    SelectWidget,
    TextInputWidget,
    button,
    connection_facts,
    display,
    forms,
    messages,
)
from connectors.counting import counted
from connectors.models import Credential, ExpensifyAccount, LedgerConnection, Workspace
from connectors.registry import ledger_label, ledger_names
from connectors.token_endpoint import SIGN_INS

_COLOURS = {
    "Working": "success",
    "Needs reconnecting": "danger",
    "Blocked by the vendor": "danger",
    "Secret cannot be read": "danger",
    "Not connected yet": "warning",
}
_TAX = {True: "on", False: "off", None: "unknown"}


def credential_text(credential: Credential | None) -> str:
    """The state of a credential in the words of the screen."""
    if credential is None:
        return "Not connected yet"
    if credential.is_sealed:
        return "Secret cannot be read"
    return credential.get_state_display()


def credential_cure(credential: Credential | None) -> str:
    """Why it does not work and what to do about it; "" while it works."""
    if credential is None:
        return "Press Connect."
    if credential.is_sealed:
        return (
            "It was stored with a key that is no longer in FERNET_KEYS. Put that key back (behind "
            "the first one), or connect again."
        )
    return "" if credential.state == Credential.State.WORKING else credential.reason


class ExpensifyAccountForm(forms.ModelForm):
    """The pair of credentials goes in and never comes out again."""

    user_id = forms.CharField(
        label="partnerUserID",
        required=False,
        max_length=200,
        widget=TextInputWidget(attrs={"autocomplete": "off"}),
    )
    user_secret = forms.CharField(
        label="partnerUserSecret",
        required=False,
        max_length=200,
        widget=PasswordWidget(attrs={"autocomplete": "new-password"}, render_value=False),
    )

    class Meta:
        model = ExpensifyAccount
        fields = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = self.instance.credential if self.instance.pk else None
        self._keeps = stored is not None and not stored.is_sealed
        text = "Leave empty to keep what is stored." if self._keeps else "Needed."
        for name in ("user_id", "user_secret"):
            if name in self.fields:
                self.fields[name].help_text = text
        if "user_secret" in self.fields:
            self.fields[
                "user_secret"
            ].help_text = (
                f"{text} Made at expensify.com/tools/integrations; stored encrypted, never shown."
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for name in ("user_id", "user_secret"):
            cleaned[name] = (cleaned.get(name) or "").strip()
            if not self._keeps and not cleaned[name] and name not in self.errors:
                self.add_error(name, "Enter it: nothing usable is stored.")
        return cleaned


class WorkspaceInline(ReadOnlyInline):
    model = Workspace
    fields = ("name", "policy_id", "currency", "role", "is_visible", "lists_as_of")
    readonly_fields = fields


@admin.register(ExpensifyAccount)
class ExpensifyAccountAdmin(BackOfficeAdmin):
    form = ExpensifyAccountForm
    list_display = ("name", "state_label", "state_text", "checked_at")
    list_select_related = ("credential",)
    search_fields = ("name",)
    readonly_fields = ("state_label", "cure", "state_text", "checked_at")
    inlines = (WorkspaceInline,)
    buttons = ("test", "pull")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        entered = (None, {"fields": ("name", "user_id", "user_secret")})
        if obj is None:
            return (entered,)
        state = ("State", {"fields": ("state_label", "cure", "state_text", "checked_at")})
        may_change = self.has_change_permission(request, obj)
        return (entered if may_change else (None, {"fields": ("name",)}), state)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        user_id, user_secret = form.cleaned_data["user_id"], form.cleaned_data["user_secret"]
        if user_id or user_secret:
            services.store_partner_credentials(
                obj,
                user_id=user_id,
                user_secret=user_secret,
                actor=request.user.get_username(),
            )
        else:
            obj.save(update_fields=["name"])

    @display(description="State", label=_COLOURS)
    def state_label(self, account: ExpensifyAccount) -> str:
        return credential_text(account.credential)

    @display(description="What to do")
    def cure(self, account: ExpensifyAccount) -> str:
        credential = account.credential
        if credential.is_sealed:
            return (
                "The secret was stored with a key that is no longer in FERNET_KEYS. Put that key "
                "back (behind the first one), or enter both credentials again."
            )
        return "Enter new credentials above." if credential.state != "working" else "Nothing"

    @button(
        label="Test connection", permission="connectors.change_expensifyaccount", is_primary=True
    )
    def test(self, request: HttpRequest, account: ExpensifyAccount) -> None:
        try:
            count = services.test_expensify(account)
        except services.NOT_WORKING as failure:
            messages.error(request, f"{account} does not work: {failure}")
        else:
            messages.success(request, f"{account} works; it sees {counted(count, 'workspace')}.")

    @button(label="Pull workspaces", permission="connectors.change_expensifyaccount")
    def pull(self, request: HttpRequest, account: ExpensifyAccount) -> None:
        try:
            count = services.pull_workspaces(account)
        except services.NOT_WORKING as failure:
            messages.error(request, f"Workspaces were not read: {failure}")
        else:
            messages.success(request, f"{counted(count, 'workspace')} read from {account}.")


@admin.register(Workspace)
class WorkspaceAdmin(ReadOnlyAdmin):
    list_display = ("name", "currency", "account", "role", "is_visible", "lists_as_of")
    list_filter = ("is_visible", "currency", "account")
    list_select_related = ("account",)
    search_fields = ("name", "policy_id")
    ordering = ("name", "id")


class LedgerFilter(admin.SimpleListFilter):
    """By the names that people know the ledgers by."""

    title, parameter_name = "ledger", "ledger"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, ledger_label(name)) for name in ledger_names()]

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        return rows.filter(ledger=self.value()) if self.value() else rows


@admin.register(LedgerConnection)
class LedgerConnectionAdmin(BackOfficeAdmin):
    list_display = (
        "name",
        "ledger_name",
        "company_name",
        "home_currency",
        "state_label",
        "closed_through",
        "books_closed_through",
        "checked_at",
    )
    list_select_related = ("credential",)
    list_filter = (LedgerFilter,)
    search_fields = ("name", "company_name", "company_id")
    buttons = ("connect", "reconnect", "test")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ((None, {"fields": ("ledger", "name", "books_closed_through")}),)
        company = ("company_name", "company_id", "home_currency", "country", "tax", "currencies")
        company += ("closed_through", "role", "checked_at", "chart_as_of")
        return (
            (None, {"fields": ("ledger_name", "name", "books_closed_through")}),
            ("State", {"fields": ("state_label", "cure", "consent_ends", "waiting")}),
            ("Company, as the ledger told it", {"fields": company}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        told = ("company_name", "company_id", "home_currency", "country", "role")
        told += ("closed_through", "checked_at", "chart_as_of")
        computed = ("ledger_name", "tax", "currencies")
        computed += ("state_label", "cure", "consent_ends", "waiting")
        return (*told, *computed)

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "ledger":
            choices = [(name, ledger_label(name)) for name in ledger_names()]
            return forms.ChoiceField(label="Ledger", choices=choices, widget=SelectWidget)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @display(description="Ledger", ordering="ledger")
    def ledger_name(self, connection: LedgerConnection) -> str:
        return ledger_label(connection.ledger)

    @display(description="Tax")
    def tax(self, connection: LedgerConnection) -> str:
        """In words: the theme's red cross for "no" looks like an alarm."""
        return _TAX[connection.has_tax].capitalize()

    @display(description="Currencies")
    def currencies(self, connection: LedgerConnection) -> str:
        only = f"Only {connection.home_currency}" if connection.home_currency else "Only one"
        several = {True: "Several", False: only, None: "Unknown"}
        return several[connection.is_multicurrency]

    @display(description="State", label=_COLOURS)
    def state_label(self, connection: LedgerConnection) -> str:
        return credential_text(connection.credential)

    @display(description="What to do")
    def cure(self, connection: LedgerConnection) -> str:
        return credential_cure(connection.credential) or "Nothing"

    @display(description="Consent ends")
    def consent_ends(self, connection: LedgerConnection) -> str:
        ends_at = connection.credential and connection.credential.consent_ends_at
        return f"{ends_at:%d %b %Y}" if ends_at else "–"

    @display(description="In this connector")
    def waiting(self, connection: LedgerConnection) -> str:
        return "; ".join(f"{label}: {text}" for label, text in facts_of(connection)) or "–"

    @button(
        label="Connect",
        permission=views.MAY_CONNECT,
        shown=lambda row: row.ledger in SIGN_INS and row.credential_id is None,
        is_primary=True,
    )
    def connect(self, request: HttpRequest, connection: LedgerConnection) -> HttpResponse:
        return views.start_consent(request, connection)

    @button(
        label="Connect again",
        permission=views.MAY_CONNECT,
        shown=lambda row: row.ledger in SIGN_INS and row.credential_id is not None,
    )
    def reconnect(self, request: HttpRequest, connection: LedgerConnection) -> HttpResponse:
        return views.start_consent(request, connection)

    @button(
        label="Test connection",
        permission="connectors.test_ledgerconnection",
        shown=lambda row: row.credential_id is not None,
    )
    def test(self, request: HttpRequest, connection: LedgerConnection) -> None:
        try:
            services.test_connection(connection)
        except services.NOT_WORKING as failure:
            messages.error(request, f"{connection} does not work: {failure}")
            return
        told = "; ".join(f"{label}: {text}" for label, text in told_facts(connection))
        messages.success(request, f"{connection} works. {told}.")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("credential")


def told_facts(connection: LedgerConnection) -> list[tuple[str, str]]:
    """What a test of the connection shows: the company, then what waits for it."""
    closed, as_of = connection.closed_through, connection.checked_at
    return [
        ("Company", f"{connection.company_name} ({connection.company_id})"),
        ("Home currency", connection.home_currency or "unknown"),
        ("Tax", _TAX[connection.has_tax]),
        ("Closed in the ledger through", f"{closed:%d %b %Y}" if closed else "nothing closed"),
        ("Our user's role", connection.role or "unknown"),
        ("As of", f"{as_of:%d %b %Y %H:%M} UTC" if as_of else "never"),
        *facts_of(connection),
    ]


def facts_of(connection: LedgerConnection) -> list[tuple[str, str]]:
    """What the upper rooms have to say about the connection."""
    return [fact for tell_facts in connection_facts for fact in tell_facts(connection)]
