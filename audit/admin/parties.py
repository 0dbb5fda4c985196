"""Vendors that documents wait for, and those that we created; the decision about a name."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from audit.admin import words
from audit.admin.actions import list_url, tell_replayed
from audit.admin.base import BookAdmin, badges, page_link
from audit.admin.calls import call_context
from audit.engine import naming
from audit.models import PartyWish, Posting
from connectors.admin_base import Confirmation, display, messages

CREATE = "mappings.add_partyname"
Wish = PartyWish.State
_COLOURS = {
    Wish.WAITING: "info",
    Wish.SENDING: "info",
    Wish.IN_DOUBT: "danger",
    Wish.CREATED: "success",
    Wish.HELD: "warning",
}
# What its problems say is how it is now; in the other states it is over.
_TOLD = (Wish.HELD, Wish.MET, Wish.WAITING)


@admin.register(PartyWish)
class PartyWishAdmin(BookAdmin):
    list_display = ("vendor", "state_badge", "currency", "reports", "since", "connection")
    list_filter = ("state", "connection")
    search_fields = ("name", "employee_email")
    search_help_text = "Name or e-mail address"
    list_select_related = ("connection",)
    ordering = ("-state_at", "-id")
    page_template = "audit/party_wish.html"
    empty_text = (
        "No vendor was ever wanted. Flows create vendors for employees whom nobody in the ledger "
        "is, where their page says so."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("connection", "party", "call")

    @display(description="Vendor", ordering="name", header=True)
    def vendor(self, wish: PartyWish) -> tuple[str, str]:
        return wish.name, wish.employee_email

    @display(description="State", ordering="state")
    def state_badge(self, wish: PartyWish) -> str:
        return badges([wish.get_state_display()], _COLOURS.get(Wish(wish.state), ""))

    @display(description="Since", ordering="state_at")
    def since(self, wish: PartyWish) -> str:
        return words.moment(wish.state_at)

    @display(description="Reports")
    def reports(self, wish: PartyWish) -> str:
        url = list_url("report", q=wish.employee_email)
        return format_html('<a href="{}" class="text-link">Look at them</a>', url)

    def page_context(self, request: HttpRequest, row: PartyWish) -> dict[str, Any]:
        facts: list[tuple[str, Any]] = [
            ("Employee", row.employee_email),
            ("Currency", row.currency),
            ("Ledger", page_link(row.connection)),
            ("Vendor", page_link(row.party)),
            ("Reports", self.reports(row)),
            ("Since", words.moment(row.state_at)),
        ]
        if row.asked_by:
            facts.append(("Asked by", row.asked_by))
        if row.due_at:
            facts.append(("Tried again", words.moment(row.due_at)))
        return {
            "title": f"New vendor {row.name}",
            "facts": facts,
            "state": row.get_state_display(),
            "state_colour": _COLOURS.get(Wish(row.state), ""),
            "problems": row.problems if row.state in _TOLD else [],
            "calls": [call_context(row.call)] if row.call else [],
            "hides_where": True,
        }


# --- a posting that is held because the name is taken ---------------------------------------------


def is_offered(posting: Posting) -> bool:
    return naming.proposal(posting) is not None


def ask_create(posting: Posting) -> Confirmation:
    offered = naming.proposal(posting)
    name = offered.name if offered else ""
    return Confirmation(
        question=f"Create vendor “{name}” in {posting.connection}?",
        facts=[
            ("Employee", offered.employee_email if offered else ""),
            ("Name of the vendor", name),
            (
                "What happens",
                "Every report that is held for this employee is built again. The vendor is created "
                "when nothing else is wrong with one of them, and linked with the employee.",
            ),
        ],
        verb="Create vendor",
    )


def do_create(request: HttpRequest, posting: Posting) -> None:
    offered = naming.proposal(posting)
    if offered is None:
        messages.info(request, "It is no longer held because of a name. Nothing was done.")
        return
    try:
        reports, done = naming.create_under(posting, offered.name, request.user.get_username())
    except ValidationError as refused:
        messages.error(request, f"{' '.join(refused.messages)} Nothing was done.")
        return
    tell_replayed(request, reports, done)
