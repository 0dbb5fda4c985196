"""What the engine adds to a connection's page: whether anything is sent, and Try again now."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from audit.admin import words
from audit.engine.run import is_open, try_again
from audit.selectors import Hold, hold, reports_waiting
from connectors.admin_base import Confirmation, button, display, messages
from connectors.clock import database_now
from connectors.models import Credential, LedgerConnection
from mappings.admin import ChartedConnectionAdmin

RETRY = "connectors.retry_ledgerconnection"


def held_text(held: Hold) -> str:
    """One sentence on what holds a channel, with times as people read them."""
    since = f" (held since {words.soon(held.since)})" if held.since else ""
    return f"Nothing is sent until {words.soon(held.until)}{since}: {held.why}"


def try_again_url(connection: LedgerConnection) -> str:
    """Where the button of the connection's page leads: to the question first."""
    return reverse("admin:connectors_ledgerconnection_do", args=[connection.pk, "try_again"])


class EngineConnectionAdmin(ChartedConnectionAdmin):
    """The connection's page with what this room can do for it."""

    buttons = ("try_again", *ChartedConnectionAdmin.buttons)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("channel")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = list(super().get_fieldsets(request, obj))
        if obj is not None:
            fieldsets.insert(2, ("Sending", {"fields": ("sending",)}))
        return fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*super().get_readonly_fields(request, obj), "sending")

    @display(description="Sending")
    def sending(self, connection: LedgerConnection) -> str:
        held = hold(connection.channel, database_now())
        return held_text(held) if held else "Nothing holds it"

    @button(
        label="Try again now",
        permission=RETRY,
        shown=lambda row: not is_open(row.channel, database_now()),
        ask=lambda self, request, connection: _ask_try_again(connection),
        is_primary=True,
    )
    def try_again(self, request: HttpRequest, connection: LedgerConnection) -> None:
        if try_again(connection.pk, request.user.get_username()):
            messages.success(request, f"{connection} is tried again within a minute.")
        else:
            messages.info(request, f"Nothing holds {connection} any more.")


def _ask_try_again(connection: LedgerConnection) -> Confirmation:
    held, waiting = hold(connection.channel, database_now()), reports_waiting(connection)
    facts = [("Reports waiting", f"{waiting.reports:,} ({words.sums(waiting.sums)})")]
    if held is not None:
        facts = [
            ("Why", held.why),
            ("Since", words.moment(held.since)),
            ("Would be tried again by itself", words.moment(held.until)),
            *facts,
        ]
    return Confirmation(
        question=f"Try {connection} again now?",
        facts=facts,
        warning=_warning(connection),
        verb="Try again now",
    )


def _warning(connection: LedgerConnection) -> str:
    if connection.state == Credential.State.RECONNECT:
        return "Its sign-in has ended: press Connect again first, or it is held again at once."
    return (
        "If the ledger asked us to wait, asking earlier can make it refuse us for longer. If it "
        "still refuses, the connection is held again."
    )


admin.site.unregister(LedgerConnection)
admin.site.register(LedgerConnection, EngineConnectionAdmin)
