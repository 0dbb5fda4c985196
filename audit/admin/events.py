"""The trail: what happened, in words, and whether anybody tampered with it."""

from typing import Any

from django.contrib import admin
from django.db.models import Max, Prefetch, QuerySet
from django.http import HttpRequest

from audit import trail
from audit.admin import words
from audit.admin.base import BookAdmin, page_link
from audit.admin.filters import EventKind
from audit.admin.reversals import with_reversals
from audit.models import Chain, Event, Posting
from audit.selectors import person_name
from connectors.admin_base import action, button, display, messages
from connectors.counting import counted

# What a line of the trail does not show.
_BULKY = ("payload", "stored", "entry", "explained", "cuts")
VIEW_CHAIN = "audit.view_chain"


@admin.register(Event)
class EventAdmin(BookAdmin):
    list_display = ("at_", "what", "who", "in_report", "in_posting", "trail_name")
    list_filter = (EventKind, "chain__connection")
    search_fields = ("actor", "report__report_id", "posting__number")
    search_help_text = "Person, report id, document number"
    list_select_related = ("report", "chain__connection")
    ordering = ("-id",)
    empty_text = "Nothing has happened yet."

    @display(description="When", ordering="id")
    def at_(self, event: Event) -> str:
        return words.moment(event.at)

    @display(description="What")
    def what(self, event: Event) -> str:
        return words.event_text(event)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        named = Posting.objects.select_related("report").defer(*_BULKY)
        rows = super().get_queryset(request).annotate(person=person_name())
        return rows.prefetch_related(Prefetch("posting", with_reversals(named)))

    @display(description="Who", ordering="actor")
    def who(self, event: Event) -> str:
        return event.person or words.NOTHING

    @display(description="Report", ordering="report__report_id")
    def in_report(self, event: Event) -> str:
        return page_link(event.report, event.report.report_id) if event.report else words.NOTHING

    @display(description="Document", ordering="posting__number")
    def in_posting(self, event: Event) -> str:
        if event.posting is None:
            return words.NOTHING
        return page_link(event.posting, event.posting.number or str(event.posting))

    @display(description="Trail", ordering="chain__name")
    def trail_name(self, event: Event) -> str:
        return chain_title(event.chain)

    def page_context(self, request: HttpRequest, row: Event) -> dict[str, Any]:
        facts: list[tuple[str, Any]] = [
            ("When", words.moment(row.at)),
            ("What", words.event_text(row)),
            ("Who", row.person or "The connector itself"),
            ("Report", self.in_report(row)),
            ("Document", self.in_posting(row)),
            ("Trail", chain_title(row.chain)),
            ("Place in it", f"{row.seq:,}"),
        ]
        told = words.shown_facts({k: fact for k, fact in row.facts.items() if k != "slice"})
        facts += [(name.replace("_", " ").capitalize(), text) for name, text in told.items()]
        return {"title": words.event_kind(row.kind), "facts": facts}


@admin.register(Chain)
class ChainAdmin(BookAdmin):
    list_display = ("title", "length", "newest")
    list_select_related = ("connection",)
    ordering = ("name", "id")
    actions = ("verify_chosen",)
    buttons = ("verify",)
    empty_text = "There is no trail yet; the first event starts it."

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).annotate(newest_at=Max("events__at"))

    @display(description="Trail", ordering="name")
    def title(self, chain: Chain) -> str:
        return chain_title(chain)

    @display(description="Events", ordering="seq")
    def length(self, chain: Chain) -> str:
        return f"{chain.seq:,}"

    @display(description="Newest", ordering="newest_at")
    def newest(self, chain: Chain) -> str:
        return words.moment(chain.newest_at)

    @action(description="Verify the trail")
    def verify_chosen(self, request: HttpRequest, rows: QuerySet) -> None:
        _verify(request, list(rows))

    @button(label="Verify the trail", permission=VIEW_CHAIN, is_primary=True)
    def verify(self, request: HttpRequest, chain: Chain) -> None:
        _verify(request, [chain])

    def page_context(self, request: HttpRequest, row: Chain) -> dict[str, Any]:
        return {
            "title": chain_title(row),
            "facts": [
                ("Ledger", page_link(row.connection)),
                ("Events", f"{row.seq:,}"),
                ("Newest", words.moment(row.newest_at)),
            ],
        }


def chain_title(chain: Chain) -> str:
    return f"Trail of {chain.connection}" if chain.connection else "Trail of the connector itself"


def _verify(request: HttpRequest, chains: list[Chain]) -> None:
    """Walk the trails, and say of each that it is whole, or where it is not."""
    titles = {chain.name: chain_title(chain) for chain in chains}
    broken: dict[str, list[trail.Break]] = {}
    for one in trail.verify():
        if one.chain in titles:
            broken.setdefault(one.chain, []).append(one)
    for chain in chains:
        if breaks := broken.get(chain.name):
            first = breaks[0]
            more = f", and {len(breaks) - 1:,} more places" if len(breaks) > 1 else ""
            messages.error(
                request,
                f"{titles[chain.name]} was tampered with: event {first.seq:,}: {first.what}{more}.",
            )
        else:
            count = counted(chain.seq, "event")
            messages.success(request, f"{titles[chain.name]} is whole: {count}.")
