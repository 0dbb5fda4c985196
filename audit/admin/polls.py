"""Poll runs: what each reading of Expensify found, and why it failed where it did."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from audit.admin import words
from audit.admin.base import BookAdmin, page_link
from audit.models import PollRun
from connectors.admin_base import display

_COLOURS = {PollRun.Status(value).label: colour for value, colour in words.POLL_COLOURS.items()}
_WINDOW = {
    "workspace": "Workspace",
    "approved_after": "Approved on or after",
    "states": "States asked for",
    "read_again": "Known reports read again",
    "overtaken": "Left as they are, read again meanwhile",
}


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
        window = [
            (_WINDOW.get(name, name.replace("_", " ").capitalize()), _plain(content))
            for name, content in row.window.items()
        ]
        excluded = [(f"Not taken: {reason}", count) for reason, count in row.excluded.items()]
        return {
            "title": f"Poll of {row.flow}, {words.moment(row.due_at, row.flow)}",
            "problems": problems,
            "facts": [
                ("Flow", page_link(row.flow)),
                ("Result", row.get_status_display()),
                ("Due", words.moment(row.due_at, row.flow)),
                ("Started", words.moment(row.started_at, row.flow)),
                ("Finished", words.moment(row.finished_at, row.flow)),
                *window,
                ("Reports found", f"{row.found:,}"),
                ("New", f"{row.new:,}"),
                ("Changed", f"{row.revised:,}"),
                ("Unchanged", f"{row.unchanged:,}"),
                ("Could not be read", f"{row.unreadable:,}"),
                *excluded,
                ("Totals", self.sums(row)),
            ],
        }


def _plain(content: Any) -> str:
    return ", ".join(map(str, content)) if isinstance(content, list) else str(content)
