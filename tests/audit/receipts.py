"""A town whose flow attaches receipts, and what of them is where."""

import time
from typing import Any

from audit.engine import drain
from audit.models import Posting, ReceiptFile
from audit.states import State
from connectors.models import Channel
from connectors.sandbox.month import cases, story
from tests.audit import town as towns

STORY = story()
QBO = "quickbooks_online"
UPLOAD = {"path": "/upload", "method": "POST"}
LINK = {"path": "/receipts/", "method": "GET"}
WAITING, ATTACHED, FAILED, NOT_NEEDED = "waiting", "attached", "failed", "not_needed"


def filing_town(sandbox: Any) -> towns.Town:
    """Two reports with three receipts and two without any, and a flow that attaches them."""
    some = cases.RECEIPTS, cases.REVISED, cases.MILEAGE, cases.NEGATIVE_LINES
    return towns.connect(sandbox, only=[STORY[case] for case in some], receipt_files="file")


def work(town: Any, seconds: float = 8.0) -> None:
    """Poll, and drain until no file and no document waits."""
    town.poll()
    finish(town, seconds)


def finish(town: Any, seconds: float = 8.0) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        drain.drain(town.connection.pk)
        moving = [State.READY, State.SENDING, State.IN_DOUBT, State.RETRY_WAIT]
        waits = ReceiptFile.objects.filter(state=WAITING).exists()
        if not waits and not Posting.objects.filter(state__in=moving).exists():
            return
        Channel.objects.update(not_before=None, breaker_until=None)
        time.sleep(0.02)
    left = ReceiptFile.objects.filter(state=WAITING).values_list("label", "attempts", "problem")
    raise AssertionError(f"still waiting: {list(left)}")


def on_document(town: Any, posting: Posting) -> list[str]:
    """The names of the files that hang on the posting's document."""
    rows = town.sandbox.control(QBO, "documents")
    return next(row["attachments"] for row in rows if row["id"] == posting.document_id)


def rows_of(report_id: str) -> list[ReceiptFile]:
    return list(ReceiptFile.objects.filter(posting__report__report_id=report_id).order_by("pk"))


def states() -> set[str]:
    return set(ReceiptFile.objects.values_list("state", flat=True))


def faulty(town: Any, vendor: str, **fault: Any) -> None:
    town.sandbox.control(vendor, "faults", fault)


def uploads(town: Any) -> list[dict]:
    asked = town.sandbox.control(QBO, "requests")
    return [one for one in asked if "/upload" in one["path"]]


def once_attached(town: Any) -> None:
    """Three files in all, each on its document once, and every document as it was sent."""
    names = on_document(town, town.posting(STORY[cases.RECEIPTS]))
    names += on_document(town, town.posting(STORY[cases.REVISED]))
    assert len(names) == len(set(names)) == 3
    assert states() == {ATTACHED}
    as_posted(town)


def as_posted(town: Any) -> None:
    """Every document stands once and untouched, and no report is held for a receipt."""
    for document in town.ours():
        posting = Posting.objects.get(document_id=document["id"], state=State.POSTED)
        assert (document["version"], document["number"]) == ("0", posting.number)
    held = Posting.objects.filter(state__in=[State.QUARANTINED, State.FAILED])
    assert not any("receipt" in str(posting.problems) for posting in held)


def signed_out(town: Any) -> None:
    town.sandbox.control("expensify", "settings", {"receipt_access": "login"})
