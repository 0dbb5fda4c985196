"""Calls: the exact requests that were sent, for whom, and what came back."""

import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html

from audit.admin import words
from audit.admin.base import BookAdmin, page_link
from audit.models import Attempt, Call
from connectors.admin_base import change_url, display

_COLOURS = {Call.Status(value).label: colour for value, colour in words.CALL_COLOURS.items()}
# A page shows this much of a body; the whole stands in the database.
SHOWN_BYTES = 200_000


@admin.register(Call)
class CallAdmin(BookAdmin):
    list_display = ("title", "connection", "what", "documents", "status_badge", "sent", "sends")
    list_filter = ("status", "op", "connection")
    search_fields = ("request_id", "attempts__posting__number")
    search_help_text = "Request id, document number"
    list_select_related = ("connection",)
    ordering = ("-id",)
    page_template = "audit/call.html"
    empty_text = "Nothing was sent yet. Calls appear here when a live flow posts to its ledger."

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        is_list = request.resolver_match.url_name.endswith("_changelist")
        return rows.defer("body") if is_list else rows

    @display(description="Call", ordering="id")
    def title(self, call: Call) -> str:
        return f"Call {call.pk}"

    @display(description="What", ordering="op")
    def what(self, call: Call) -> str:
        return call.get_op_display()

    @display(description="Documents")
    def documents(self, call: Call) -> str:
        return f"{len(call.members):,}"

    @display(description="Answer", ordering="status", label=_COLOURS)
    def status_badge(self, call: Call) -> str:
        return call.get_status_display()

    @display(description="Sent", ordering="sent_at")
    def sent(self, call: Call) -> str:
        return words.moment(call.sent_at)

    @display(description="Times", ordering="times_sent")
    def sends(self, call: Call) -> str:
        return f"{call.times_sent:,}"

    def page_context(self, request: HttpRequest, row: Call) -> dict[str, Any]:
        attempts = (
            Attempt.objects.filter(call=row)
            .select_related("posting__report")
            .order_by("posting_id", "-pk")[:1000]
        )
        return {
            "title": f"Call {row.pk}",
            "one": call_context(row) | {"is_open": True},
            "facts": [
                ("Ledger", page_link(row.connection)),
                ("What", row.get_op_display()),
                ("Answer", row.get_status_display()),
                ("Request id", row.request_id or words.NOTHING),
                ("Written down", words.moment(row.created_at)),
                ("Sent", words.moment(row.sent_at)),
                ("Answered", words.moment(row.answered_at)),
                ("Times sent", f"{row.times_sent:,}"),
                ("The same call may be repeated until", words.moment(row.resend_until)),
            ],
            "members": [
                {
                    "link": page_link(one.posting, one.posting.number or str(one.posting)),
                    "report": one.posting.report.report_id,
                    "outcome": one.outcome.replace("_", " ").capitalize(),
                    "at": words.moment(one.at),
                }
                for one in attempts
            ],
        }


def call_context(call: Call) -> dict[str, Any]:
    """A call as pages show it: request line, headers (they hold no credential) and body."""
    return {
        "call": call,
        "url": change_url(call),
        "title": format_html("Call {}", call.pk),
        "status": call.get_status_display(),
        "colour": words.CALL_COLOURS.get(Call.Status(call.status), ""),
        "sent_at": words.moment(call.sent_at),
        "request": f"{call.method} {call.path}",
        "headers": sorted(call.headers.items()),
        "body": readable(bytes(call.body)),
        "note": call.note,
    }


def readable(body: bytes) -> str:
    """A body with line breaks where its form is known, else as it is. Figures keep every digit."""
    text = body.decode("utf-8", "replace")
    if len(text) > SHOWN_BYTES:
        return f"{text[:SHOWN_BYTES]}\n… {len(text) - SHOWN_BYTES:,} more characters"
    try:
        # Numbers stay the texts that they were: a float would lose the cents that were sent.
        parsed = json.loads(text, parse_float=_Digits, parse_int=_Digits)
    except ValueError:
        return text
    return _laid_out(parsed)


class _Digits(str):
    """A number as it was written."""


def _laid_out(node: Any, indent: str = "") -> str:
    deeper = indent + "  "
    match node:
        case _Digits():
            return str(node)
        case dict() if node:
            members = (f"{deeper}{_text(k)}: {_laid_out(v, deeper)}" for k, v in node.items())
            return "{\n" + ",\n".join(members) + f"\n{indent}}}"
        case list() if node:
            members = (f"{deeper}{_laid_out(one, deeper)}" for one in node)
            return "[\n" + ",\n".join(members) + f"\n{indent}]"
    return json.dumps(node, ensure_ascii=False)


def _text(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)
