"""The receipts of a document on its posting's page: what hangs there, what waits, what failed."""

from typing import Any

from django.http import HttpRequest

from audit.admin import words
from audit.admin.cures import web_address
from audit.engine import filing
from audit.models import Posting, ReceiptFile
from connectors.admin_base import messages
from connectors.counting import counted

State = ReceiptFile.State
_COLOURS = {State.WAITING: "info", State.ATTACHED: "success", State.FAILED: "danger"}


def files_context(posting: Posting) -> list[dict[str, Any]]:
    """What the page shows of each receipt. One query."""
    return [_shown(row) for row in filing.files_of(posting)]


def has_failed(posting: Posting) -> bool:
    return any(row.state == State.FAILED for row in filing.files_of(posting))


def do_try_again(request: HttpRequest, posting: Posting) -> None:
    count = filing.try_again(posting, request.user.get_username())
    if count:
        receipts = counted(count, "receipt")
        messages.success(request, f"{receipts} will be tried again. The document is left alone.")
    else:
        messages.info(request, "Nothing had to be done.")


def _shown(row: ReceiptFile) -> dict[str, Any]:
    problem = row.problem or {}
    return {
        "name": row.name or row.label,
        "link": web_address(row.link),
        "state": _state_text(row),
        "colour": _COLOURS.get(row.state, ""),
        "why": problem.get("message", ""),
        "cure": problem.get("cure", "") if row.state == State.FAILED else "",
        "small_print": problem.get("code", ""),
        "has_left": row.left_at is not None and row.state == State.ATTACHED,
    }


def _state_text(row: ReceiptFile) -> str:
    if row.state == State.ATTACHED:
        return f"Attached {words.moment(row.attached_at)}"
    if row.state == State.WAITING and row.attempts and row.due_at is not None:
        return f"Will try again at {words.soon(row.due_at)}"
    return State(row.state).label
