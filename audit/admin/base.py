"""The common ground of this room's screens: nobody writes, and empty lists say what to do next."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join

from audit.admin import words
from audit.admin.cures import web_address
from audit.models import Event, Posting
from connectors.admin_base import ReadOnlyAdmin, change_url
from connectors.contract.ledger import Op


class BookAdmin(ReadOnlyAdmin):
    """A list and pages of what the engine wrote down.

    empty_text  what an empty list says; `page_template` is the page of one row, which gets what
    `page_context` returns.
    on_phone    the columns that a narrow screen shows, two beside one another (the left one may
    be wide); the others stand on the row's page. Empty: the theme's own way, a line for each.
    wide_on_phone   of these, the one that has a line of its own, as the last
    """

    empty_text = ""
    on_phone: tuple[str, ...] = ()
    wide_on_phone = ""
    page_template = "audit/page.html"
    change_list_template = "audit/list.html"
    show_full_result_count = False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = str(self.opts.verbose_name_plural).capitalize()
        context = {"title": title, "empty_text": self.empty_text, **(extra_context or {})}
        return super().changelist_view(request, context)

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the page of one row shows; [] of (label, text) under `facts` is its head."""
        return {}

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        self.change_form_template = self.page_template
        context |= self.page_context(request, context["original"])
        return super().render_change_form(request, context, *args, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """None: the page is drawn by its own template, not as a form."""
        return []

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list:
        return []


# --- small things that several pages show --------------------------------------------------------


def badges(texts: Iterable[str], colour: str = "") -> str:
    """Texts as coloured labels; "" for none."""
    label = "unfold/helpers/label.html"
    shown = ((render_to_string(label, {"text": text, "type": colour}),) for text in texts)
    return format_html_join(" ", "{}", shown)


def outside_link(address: str, text: str) -> str:
    """A link that leaves this site; the address must have passed `web_address`."""
    return format_html(
        '<a href="{}" target="_blank" rel="noopener noreferrer" class="text-link">{}</a>',
        address,
        text,
    )


def page_link(row: Model | None, text: str = "") -> str:
    """A link to the row's page here that looks like one, a dash where there is no row."""
    if row is None:
        return words.NOTHING
    return format_html('<a href="{}" class="text-link">{}</a>', change_url(row), text or str(row))


def ledger_address(posting: Posting) -> str:
    """Where the ledger shows the document; "" without an address, and for one that is gone."""
    return "" if getattr(posting, "is_gone", False) else web_address(posting.document_link)


def number_link(posting: Posting) -> str:
    """The document's number, linked to the ledger where the ledger told an address."""
    number = posting.number or posting.document_id or words.NOTHING
    address = ledger_address(posting)
    return outside_link(address, number) if address else number


def kind_text(posting: Posting) -> str:
    """Bill; change of a bill; reversal of a bill."""
    kind = posting.get_kind_display()
    match posting.op:
        case Op.AMEND.value:
            return f"Change of {kind.lower()}"
        case Op.CANCEL.value:
            return f"Reversal of {kind.lower()}"
    return kind


def shown_event(event: Event) -> dict[str, str]:
    """A line of a history; `event.person` was filled in by `selectors.history`."""
    where = (event.posting.number or kind_text(event.posting)) if event.posting else ""
    return {
        "at": words.moment(event.at),
        "text": words.event_text(event),
        "person": event.person,
        "where": where,
    }
