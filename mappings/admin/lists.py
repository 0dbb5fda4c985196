"""The pulled lists, to look at, and the buttons that read them anew."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from connectors.admin import LedgerConnectionAdmin, WorkspaceAdmin
from connectors.admin_base import ReadOnlyAdmin, button, display, messages
from connectors.contract.transport import VendorError
from connectors.models import LedgerConnection, Workspace
from mappings import services
from mappings.models import (
    Card,
    Category,
    Dimension,
    Employee,
    GLAccount,
    Party,
    Tag,
    TaxCode,
    TaxRate,
    Value,
)
from mappings.pull import ListsIncomplete, summary


def read_workspace(request: HttpRequest, workspace: Workspace) -> None:
    try:
        counted = services.pull_workspace(workspace)
    except VendorError as failure:
        messages.error(request, f"The lists of {workspace.name} were not read: {failure}")
    else:
        messages.success(request, f"{workspace.name}: {summary(counted)}.")


class PulledAdmin(ReadOnlyAdmin):
    """Lists of other systems: changed there, read anew here."""

    list_filter: Any = ("active",)
    empty_text = (
        "Nothing was read. Lists are read every few hours while a flow uses the ledger or the "
        "workspace, and at once when you press Read the lists on its page."
    )


@admin.register(GLAccount)
class GLAccountAdmin(PulledAdmin):
    list_display = ("number", "name", "kind", "currency", "active", "connection", "seen_at")
    list_display_links = ("number", "name")
    list_select_related = ("connection",)
    list_filter = ("active", "connection", "kind")
    search_fields = ("number", "name", "full_name")


@admin.register(Dimension)
class DimensionAdmin(PulledAdmin):
    list_display = ("label", "name", "connection")
    list_select_related = ("connection",)
    list_filter = ("connection",)
    search_fields = ("name", "label")


@admin.register(Value)
class ValueAdmin(PulledAdmin):
    list_display = ("name", "full_name", "dimension", "active", "company", "seen_at")
    list_select_related = ("dimension__connection",)
    list_filter = ("active", "dimension__label", "dimension__connection")
    search_fields = ("name", "full_name")

    @display(description="Company", ordering="dimension__connection")
    def company(self, value: Value) -> str:
        return str(value.dimension.connection)


@admin.register(Party)
class PartyAdmin(PulledAdmin):
    list_display = ("name", "kind", "email", "currency", "active", "connection", "seen_at")
    list_select_related = ("connection",)
    list_filter = ("active", "kind", "connection")
    search_fields = ("name", "email")


@admin.register(TaxCode)
class TaxCodeAdmin(PulledAdmin):
    list_display = ("name", "percent", "active", "connection", "seen_at")
    list_select_related = ("connection",)
    list_filter = ("active", "connection")
    search_fields = ("name",)


@admin.register(Category)
class CategoryAdmin(PulledAdmin):
    list_display = ("name", "gl_code", "active", "workspace", "seen_at")
    list_select_related = ("workspace",)
    list_filter = ("active", "workspace")
    search_fields = ("name", "gl_code")


@admin.register(Tag)
class TagAdmin(PulledAdmin):
    list_display = ("name", "level", "level_name", "gl_code", "active", "workspace", "seen_at")
    list_select_related = ("workspace",)
    list_filter = ("active", "level", "workspace")
    search_fields = ("name", "gl_code")


@admin.register(TaxRate)
class TaxRateAdmin(PulledAdmin):
    list_display = ("name", "percent", "tax_name", "rate_id", "active", "workspace", "seen_at")
    list_select_related = ("workspace",)
    list_filter = ("active", "workspace")
    search_fields = ("name", "tax_name", "rate_id")


@admin.register(Employee)
class EmployeeAdmin(PulledAdmin):
    list_display = ("email", "name", "employee_id", "active", "workspace", "seen_at")
    list_select_related = ("workspace",)
    list_filter = ("active", "workspace")
    search_fields = ("email", "name", "employee_id")


@admin.register(Card)
class CardAdmin(PulledAdmin):
    empty_text = (
        "Expensify tells company cards to administrators of the e-mail domain alone, so they are "
        "not read by themselves. Rules and flows take a card all the same: by its number, as "
        "reports show it."
    )
    list_display = ("name", "number", "bank", "email", "active", "workspace", "seen_at")
    list_select_related = ("workspace",)
    list_filter = ("active", "workspace")
    search_fields = ("name", "number", "card_id", "email")


# --- the lower room's screens, with what this room can do for them -------------------------------


class ChartedConnectionAdmin(LedgerConnectionAdmin):
    """A connection whose lists can be read; upper rooms extend this one."""

    buttons = (*LedgerConnectionAdmin.buttons, "read_chart")

    @button(
        label="Read the lists",
        permission="connectors.test_ledgerconnection",
        shown=lambda row: row.credential_id is not None,
    )
    def read_chart(self, request: HttpRequest, connection: LedgerConnection) -> None:
        try:
            counted = services.pull_chart(connection)
        except (VendorError, ListsIncomplete) as failure:
            messages.error(request, f"The lists of {connection} were not read: {failure}")
        else:
            messages.success(request, f"{connection}: {summary(counted)}.")


class ListedWorkspaceAdmin(WorkspaceAdmin):
    """A workspace whose lists can be read; upper rooms extend this one."""

    buttons = (*WorkspaceAdmin.buttons, "read_lists")

    @button(label="Read the lists", permission="mappings.change_flow")
    def read_lists(self, request: HttpRequest, workspace: Workspace) -> None:
        read_workspace(request, workspace)


admin.site.unregister(LedgerConnection)
admin.site.register(LedgerConnection, ChartedConnectionAdmin)
admin.site.unregister(Workspace)
admin.site.register(Workspace, ListedWorkspaceAdmin)
