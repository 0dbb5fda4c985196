"""What came of it: Expensify's side against the ledger's, and whether every branch was reached."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Count

from audit import trail
from audit.models import Attempt, Call, Event, Posting, Report
from audit.states import State
from config.torture.ground import Control
from connectors.contract.report import ReportStatus
from connectors.models import Channel

REPORT_ID = re.compile(r"R00[0-9A-Za-z]{9}")
MOVING = (State.READY, State.SENDING, State.QUEUED, State.IN_DOUBT, State.RETRY_WAIT)
# A report whose document a person took back waits for that person when it changes afterwards.
DECIDED = "report.was_reversed"


@dataclass
class Verdict:
    """`expected` and `stored` count documents; the others name what is wrong, a line each."""

    expected: int = 0
    stored: int = 0
    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)
    breaks: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.duplicated or self.unsettled or self.breaks)

    def figures(self) -> dict[str, int]:
        return {
            "expected": self.expected,
            "stored": self.stored,
            "lost": len(self.lost),
            "duplicated": len(self.duplicated),
            "unsettled": len(self.unsettled),
        }


def at_rest() -> bool:
    """Nothing is on its way, and every report that changed has been looked at."""
    if Posting.objects.filter(state__in=MOVING).exists():
        return False
    final = [status.value for status in ReportStatus if status.is_final]
    return not Report.objects.filter(is_due=True, status__in=final).exists()


def held_by(connection_id: int) -> str:
    """What the channel says of itself, for a run that did not come to rest."""
    channel = Channel.objects.select_related("connection__credential").get(
        connection_id=connection_id
    )
    credential = channel.connection.credential
    return (
        f"channel: {channel.breaker_reason or 'open'}, not before {channel.not_before}, breaker "
        f"until {channel.breaker_until}, leased until {channel.until}; sign-in "
        f"{credential.state} {credential.reason}"
    )


def compare(control: Control, ledger: str, reversed_: set[str]) -> Verdict:
    """Expensify's reports as they stand now, against the documents that the ledger holds.

    A document whose amount is not the latest approved revision's counts as lost, one that stands
    although it was taken back as doubled.
    """
    verdict = Verdict()
    wanted = {
        report["reportID"]: cents
        for report in control("expensify", "reports")
        if (cents := _owed(report)) is not None and report["reportID"] not in reversed_
    }
    standing: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for document in control(ledger, "documents"):
        if document["status"] == "active" and (report_id := _report_of(document)):
            standing[report_id].append(document)
    verdict.expected = len(wanted)
    verdict.stored = sum(len(documents) for documents in standing.values())
    for report_id, cents in wanted.items():
        documents, owed = standing.pop(report_id, []), Decimal(cents) / 100
        if not documents:
            verdict.lost.append(f"{report_id} ({owed}) has no document; {_story(report_id)}")
        elif len(documents) > 1:
            numbers = ", ".join(f"{one['id']} {one['total']}" for one in documents)
            verdict.duplicated.append(f"{report_id} ({owed}): {numbers}; {_story(report_id)}")
        elif Decimal(documents[0]["total"]) != owed:
            total = documents[0]["total"]
            verdict.lost.append(f"{report_id}: {total} instead of {owed}; {_story(report_id)}")
    for report_id, documents in standing.items():
        totals = ", ".join(one["total"] for one in documents)
        why = "was reversed" if report_id in reversed_ else "wants none"
        verdict.duplicated.append(f"{report_id} {why}, {totals} stands; {_story(report_id)}")
    verdict.unsettled = _unsettled()
    verdict.breaks = [f"{one.chain} {one.seq}: {one.what}" for one in trail.verify()]
    return verdict


def _owed(report: dict[str, Any]) -> int | None:
    """Cents that the employee is owed; None where the report becomes no document."""
    if report["status"] not in ("Approved", "Reimbursed"):
        return None
    lines = [line for line in report["transactionList"] if line["reimbursable"]]
    cents = [_cents(line) for line in lines]
    return sum(cents) if any(cents) else None


def _cents(line: dict[str, Any]) -> int:
    for name in ("convertedAmount", "modifiedAmount", "amount"):
        if line[name] != "":
            return int(line[name])
    return 0


def _report_of(document: dict[str, Any]) -> str:
    places: Iterable[Any] = (document["number"], *document["markers"].values())
    for text in places:
        if found := REPORT_ID.search(str(text or "")):
            return found.group()
    return ""


def _unsettled() -> list[str]:
    rows = Posting.objects.filter(
        state__in=[*MOVING, State.QUARANTINED, State.FAILED]
    ).select_related("report")
    told = []
    for row in rows:
        codes = [problem["code"] for problem in row.problems]
        if row.state != State.QUARANTINED or codes != [DECIDED]:
            told.append(f"{row.report.report_id} {row.op} {row.state} {codes}")
    final = [status.value for status in ReportStatus if status.is_final]
    for report in Report.objects.filter(is_due=True, status__in=final):
        told.append(f"{report.report_id} was not looked at")
    return told


def _story(report_id: str) -> str:
    events = Event.objects.filter(report__report_id=report_id).order_by("seq")
    return " > ".join(event.kind for event in events) or "never read"


# --- sometimes --------------------------------------------------------------------------------


def sometimes(late_request_ids: set[str]) -> dict[str, int]:
    """How often each branch of the look-ups was taken, out of the trail, the calls and attempts."""
    moves = _moves()
    calls = Call.objects.all()
    settled = Posting.objects.filter(state__in=[State.POSTED, State.SUPERSEDED])
    mixed = (
        Attempt.objects.values("call")
        .annotate(kinds=Count("outcome", distinct=True))
        .filter(kinds__gt=1)
    )
    late = calls.filter(request_id__in=late_request_ids - {""})
    return {
        "in doubt, found once: adopted (post)": moves["in_doubt", "posted", "post"],
        "in doubt, found as sent: adopted (amend)": moves["in_doubt", "posted", "amend"],
        "in doubt, found gone: reversed (cancel)": moves["in_doubt", "posted", "cancel"],
        "in doubt, found changed or twice: held": sum(
            moves["in_doubt", "quarantined", op] for op in ("post", "amend", "cancel")
        ),
        "absent within the window: the identical call": calls.filter(times_sent__gt=1).count(),
        "absent after it, or in part: a new call": sum(
            moves["in_doubt", "ready", op] for op in ("post", "amend", "cancel")
        ),
        "a batch answered in part": mixed.count(),
        "a whole batch lost twice: halved": Posting.objects.filter(lost_calls__gte=2).count(),
        "stored late, found and adopted": settled.filter(
            call__in=late.filter(times_sent=1)
        ).count(),
        "certainly not carried out: ready again": moves["sending", "ready", "post"]
        + moves["sending", "ready", "amend"]
        + moves["sending", "ready", "cancel"],
        "its sender stopped, looked up by the next": calls.filter(
            note__startswith="its sender stopped"
        ).count(),
        "looked up before the first post, and found": moves["ready", "posted", "post"],
        "revised before it left: replaced": moves["ready", "superseded", "post"],
        "the sign-in was lost: a person connected again": Event.objects.filter(
            kind="connection.reconnected"
        ).count(),
    }


def _moves() -> Counter:
    """(from, to, op) of every posting's history."""
    found: Counter = Counter()
    ops = dict(Posting.objects.values_list("pk", "op"))
    last: dict[int, str] = {}
    rows = Event.objects.filter(kind__startswith="posting.", posting__isnull=False)
    for posting_id, kind in rows.order_by("posting_id", "seq").values_list("posting_id", "kind"):
        state = kind.removeprefix("posting.")
        if posting_id in last:
            found[last[posting_id], state, ops[posting_id]] += 1
        last[posting_id] = state
    return found
