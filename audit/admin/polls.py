"""Poll runs: what each reading of Expensify found, and why it failed where it did."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join

from audit.admin import words
from audit.admin.base import BookAdmin, page_link
from audit.codes import meaning
from audit.engine.poll import STATE_WORDS
from audit.models import PollRun
from connectors.admin_base import display

_COLOURS = {PollRun.Status(value).label: colour for value, colour in words.POLL_COLOURS.items()}
# What was asked for, as the run keeps it, in the order of the page; other facts are for us.
_WINDOW = {
    "workspace": "Workspace",
    "approved_after": "Approved on or after",
    "states": "States asked for",
    "also_read": "Also read, by the day of approval",
    "read_again": "Known reports read again",
    "before_posting": "Asked for by their ids alone",
    "overtaken": "Left as they are, read again meanwhile",
}
_STATES = {asked: state.capitalize() for state, asked in STATE_WORDS.items()}


@admin.register(PollRun)
class PollRunAdmin(BookAdmin):
    list_display = ("due", "flow", "status_badge", "found", "new", "revised", "unchanged")
    list_display += ("unreadable", "sums", "took")
    list_filter = ("status", "flow", "flow__workspace")
    list_select_related = ("flow",)
    ordering = ("-due_at", "-id")
    empty_text = "No poll has run yet. Make a flow and press Poll now on its page."

    @display(description="Due", ordering="due_at")
    def due(self, run: PollRun) -> str:
        return words.moment(run.due_at, run.flow)

    @display(description="Result", ordering="status", label=_COLOURS)
    def status_badge(self, run: PollRun) -> str:
        return run.get_status_display()

    @display(description="Totals")
    def sums(self, run: PollRun) -> str:
        return words.sums({code: Decimal(total) for code, total in run.totals.items()})

    @display(description="Took")
    def took(self, run: PollRun) -> str:
        if run.finished_at is None:
            return words.NOTHING
        seconds = (run.finished_at - run.started_at).total_seconds()
        return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"

    def page_context(self, request: HttpRequest, row: PollRun) -> dict[str, Any]:
        problems = []
        if row.problem:
            problems = [{**row.problem, "links": ()}]
        asked = [
            (label, _told(name, row.window[name]))
            for name, label in _WINDOW.items()
            if name in row.window
        ]
        left_out = format_html_join(
            "", "<div>{}: {}</div>", ((f"{n:,}", meaning(one)) for one, n in row.excluded.items())
        )
        return {
            "title": f"Poll of {row.flow}, {words.moment(row.due_at, row.flow)}",
            "problems": problems,
            "facts": [
                ("Flow", page_link(row.flow)),
                ("Result", row.get_status_display()),
                ("Days and times in", row.flow.zone),
                ("Due", words.moment(row.due_at, row.flow)),
                ("Started", words.moment(row.started_at, row.flow)),
                ("Finished", words.moment(row.finished_at, row.flow)),
                *asked,
                ("Reports found", f"{row.found:,}"),
                ("New", f"{row.new:,}"),
                ("Changed", f"{row.revised:,}"),
                ("Unchanged", f"{row.unchanged:,}"),
                ("Could not be read", f"{row.unreadable:,}"),
                *([("Not taken", left_out)] if left_out else []),
                ("Totals", self.sums(row)),
            ],
        }


def _told(name: str, content: Any) -> str:
    match name:
        case "approved_after":
            return _day(content)
        case "states":
            return ", ".join(_STATES.get(state, state.capitalize()) for state in content)
        case "also_read":
            return ", ".join(" to ".join(map(_day, span.split(" to "))) for span in content)
        case "workspace":
            return str(content)
    return f"{content:,}"


def _day(text: str) -> str:
    """A day as the run keeps it in the reader's order; any other word, such as today, as it is."""
    try:
        return words.day(date.fromisoformat(text))
    except ValueError:
        return text
