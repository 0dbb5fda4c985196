"""Reading Expensify: every poll leaves a record, and nothing is taken over by halves."""

import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice

from django.db import IntegrityError, transaction
from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Now

from audit.book import Page, writing
from audit.engine.intake import Tally, note_absent, note_unreadable, take_in
from audit.engine.kill_points import reach
from audit.engine.lease import own_name
from audit.models import Event, PollRun, Report
from audit.pace import pace
from connectors import opening
from connectors.clock import database_now
from connectors.contract.problem import Problem
from connectors.contract.report import Report as Read
from connectors.contract.report import ReportStatus
from connectors.contract.transport import (
    Blocked,
    ContractBroken,
    Throttled,
    Unauthorised,
    VendorError,
)
from connectors.expensify.jobs import Window, batches
from connectors.expensify.parse import Unreadable, in_known_state
from mappings.models import Flow
from mappings.schedule import next_run

log = logging.getLogger(__name__)

CHUNK = 200
# Expensify's filter has whole days, no zone, and two contradicting texts on its edge.
OVERLAP = timedelta(days=3)
# How far back the daily sweep looks: longer than a month stays open.
SWEEP = timedelta(days=35)
# Closed reports may lack an approval date and are asked for by the day they were submitted, which
# may be long before they were closed.
CLOSED_SWEEP = timedelta(days=180)
# Reports reimbursed longer ago than this are left alone unless somebody asks.
SETTLED_AFTER = timedelta(days=60)
# Expensify takes an end date at most a year after the first; a longer span is read to today.
LONGEST = timedelta(days=350)
# The same for reports that are paid outside of Expensify and stay approved there for good.
APPROVED_AFTER = timedelta(days=180)
# Known reports that one poll of the schedule reads again, those first that were read longest ago.
MOST_AGAIN = 2_000
STATE_WORDS = {"approved": "APPROVED", "reimbursed": "REIMBURSED", "closed": "ARCHIVED"}


class RunLost(Exception):
    """Its time ran out and somebody else reads for this run: what was not written stays so."""


def poll(flow_id: int, due_at: datetime) -> PollRun | None:
    """Read the flow's workspace for the poll that was due at `due_at`; None if it is not ours, or
    not any more.

    The run's unique (flow, due_at) makes doubled nudges harmless; a run whose reader died is
    taken over when its time is up. A failure is recorded on the run and the poll is due again
    after `Pace.poll_retry`; what was read before it stays.
    """
    flow = Flow.objects.select_related("workspace__account", "connection").get(pk=flow_id)
    run = _claim(flow, due_at)
    if run is None:
        return None
    try:
        _carry_out(flow, run)
    except RunLost as lost:
        log.warning("poll lost flow=%s: %s", flow.pk, lost)
        return None
    return run


def _carry_out(flow: Flow, run: PollRun) -> None:
    tally = Tally()
    try:
        _read_everything(flow, run, tally)
    except RunLost:
        raise
    except VendorError as error:
        _finish(flow, run, tally, error)
    except Exception as defect:
        # Told as a failure and due again soon, and then seen by whoever reads the log.
        _finish(flow, run, tally, _taken_over_badly(defect))
        raise
    else:
        _finish(flow, run, tally, None)


def read_again(flow_id: int, report_ids: Sequence[str]) -> bool:
    """Read reports that are about to be posted once more by id, whatever their state now.

    A poll of its own, which leaves the flow's schedule and mark alone. False if the flow is being
    read at this moment, or could not be read a little while ago.
    """
    flow = Flow.objects.select_related("workspace__account", "connection").get(pk=flow_id)
    now = database_now()
    under_way = Q(status=PollRun.Status.RUNNING, until__gt=now)
    failed = Q(status=PollRun.Status.FAILED, started_at__gt=now - pace().poll_retry)
    if PollRun.objects.filter(under_way | failed, flow=flow).exists():
        return False
    run = _claim(flow, now)
    if run is None:
        return False
    run.window = {"workspace": flow.workspace.name, "before_posting": len(report_ids)}
    tally, error = Tally(), None
    try:
        client = opening.open_expensify(flow.workspace.account)
        _read_by_id(client, flow, run, report_ids, tally)
    except RunLost:
        return False
    except VendorError as failure:
        error = failure
    except Exception as defect:
        log.exception("reading again failed flow=%s", flow.pk)
        error = _taken_over_badly(defect)
    with writing(flow.connection_id) as page:
        _record(page, run, tally, error)
    return error is None


def _taken_over_badly(defect: Exception) -> ContractBroken:
    return ContractBroken(f"{type(defect).__name__} while the reports were taken over")


def _claim(flow: Flow, due_at: datetime) -> PollRun | None:
    owner = own_name()
    now = database_now()
    until = now + pace().poll_lease
    try:
        with transaction.atomic():
            return PollRun.objects.create(
                flow=flow, due_at=due_at, owner=owner, until=until, started_at=now
            )
    except IntegrityError:
        taken_over = PollRun.objects.filter(
            flow=flow, due_at=due_at, status=PollRun.Status.RUNNING, until__lt=now
        ).update(owner=owner, until=until, started_at=now)
        return PollRun.objects.get(flow=flow, due_at=due_at) if taken_over else None


def _renew(run: PollRun) -> None:
    """Have most of the run's time again, as long as nobody else took it over: enough for one long
    export, and no more, for a worker that is stopped keeps others waiting as long. Raises RunLost.
    """
    if not _still_ours(run).update(until=Now() + pace().poll_lease * 2 / 3):
        raise RunLost(f"{run} has another reader")


def _still_ours(run: PollRun) -> QuerySet[PollRun]:
    return PollRun.objects.filter(pk=run.pk, owner=run.owner, status=PollRun.Status.RUNNING)


def _read_everything(flow: Flow, run: PollRun, tally: Tally) -> None:
    client = opening.open_expensify(flow.workspace.account)
    is_sweep = _sweep_is_due(flow, run)
    windows = _discovery_windows(flow, is_sweep, run.started_at)
    run.window = {
        "workspace": flow.workspace.name,
        "approved_after": windows[0].approved_after.isoformat(),
        "states": sorted({state for window in windows for state in window.states}),
        "sweep": is_sweep,
    }
    if flow.to_read:
        run.window["also_read"] = [
            f"{first} to {last or 'today'}" for first, last, _ in flow.to_read
        ]
    for window in windows:
        _take_in_export(client, window, flow, run, tally)
    reach("poll.read")
    known = _known_to_read_again(flow, tally.seen)
    run.window["read_again"] = len(known)
    _read_by_id(client, flow, run, known, tally)


def _read_by_id(client, flow: Flow, run: PollRun, report_ids: Sequence[str], tally: Tally) -> None:
    for group in batches(report_ids):
        window = Window(policy_ids=(flow.workspace.policy_id,), report_ids=group)
        asked_at = _take_in_export(client, window, flow, run, tally)
        note_absent(flow, set(group) - tally.seen, asked_at)


def _sweep_is_due(flow: Flow, run: PollRun) -> bool:
    """Once a day, and whenever a person asks, we look further back than the mark: an approval
    can become visible late, or be dated before reports that we have seen already."""
    if flow.poll_asked_at:
        return True
    yesterday = run.started_at - timedelta(days=1)
    swept = PollRun.objects.filter(
        flow=flow, status=PollRun.Status.DONE, started_at__gt=yesterday, window__sweep=True
    )
    return not swept.exists()


def _discovery_windows(flow: Flow, is_sweep: bool, now: datetime) -> list[Window]:
    """What may be new since the mark, and the days that somebody wished to have read besides."""
    anchor = flow.starts_on if flow.mark_at is None else flow.mark_at.date()
    if is_sweep:
        anchor = min(anchor, max(now.date() - SWEEP, flow.starts_on))
    closed_from = now.date() - CLOSED_SWEEP if is_sweep else None
    windows = windows_of(flow, anchor, closed_from=closed_from)
    for first, last, _ in flow.to_read:
        until = date.fromisoformat(last) if last else None
        windows += windows_of(flow, date.fromisoformat(first), until)
    return windows


def windows_of(
    flow: Flow, first: date, last: date | None = None, *, closed_from: date | None = None
) -> list[Window]:
    """Approvals from `first` to `last` (or today), and closings, which can lack an approval date
    and are asked for by their submission, from `closed_from` on if that is earlier.

    `end_on` goes by the submission, which never comes after the approval.
    """
    anchor = first - OVERLAP
    end = last + OVERLAP if last and last - first < LONGEST else None
    ours = (flow.workspace.policy_id,)
    states = tuple(STATE_WORDS[word] for word in sorted(flow.takes_states))
    windows = [Window(policy_ids=ours, approved_after=anchor, end_on=end, states=states)]
    if ReportStatus.CLOSED in flow.takes_states:
        start_on = min(anchor, closed_from) if closed_from else anchor
        windows.append(Window(policy_ids=ours, start_on=start_on, end_on=end, states=("ARCHIVED",)))
    return windows


def _known_to_read_again(flow: Flow, seen: set[str]) -> list[str]:
    """Known reports that can still change: not read lately, and not settled long ago; those that
    could not be read are always among them.

    A poll that a person asked for reads all of them, whenever they were read last.
    """
    now = database_now()
    slow = Q(status__in=[ReportStatus.REIMBURSED, ReportStatus.CLOSED])
    slow |= Q(approved_at__lt=now - SETTLED_AFTER)
    stale = (~slow & Q(read_at__lt=now - pace().known_again)) | (
        slow & Q(read_at__lt=now - pace().settled_again)
    )
    settled = Q(reimbursed_at__lt=now - SETTLED_AFTER) | Q(approved_at__lt=now - APPROVED_AFTER)
    known = Report.objects.filter(flow=flow).order_by("read_at", "pk")
    known = known.exclude(latest__isnull=True, deleted_at__isnull=False)
    if flow.poll_asked_at:
        found = known.filter(~settled | ~Q(unread_text=""))
    else:
        found = known.filter((stale & ~settled) | ~Q(unread_text=""))[:MOST_AGAIN]
    ids = found.values_list("report_id", flat=True)
    return [report_id for report_id in ids.iterator(chunk_size=2000) if report_id not in seen]


def _take_in_export(client, window: Window, flow: Flow, run: PollRun, tally: Tally) -> datetime:
    """Export, download, check the file whole, and only then commit it chunk by chunk.

    Returns when Expensify was asked, which counts as the time of reading: somebody else may ask for
    a report of it later, and have it sooner.
    """
    asked_at = database_now()
    with client.export(window) as spooled:
        for chunk in _chunks(map(in_known_state, client.read(spooled))):
            _renew(run)  # an export may have taken long, and so may many chunks
            # A report that two windows hold is counted once.
            readable = [
                one for one in chunk if isinstance(one, Read) and one.report_id not in tally.seen
            ]
            for one in chunk:
                if isinstance(one, Unreadable):
                    tally.unreadable.append(_as_dict(one))
                    tally.seen.add(one.report_id)  # it is there, so it is not missing
            take_in(flow, readable, tally, asked_at)
            note_unreadable(flow, [one for one in chunk if isinstance(one, Unreadable)], asked_at)
            reach("poll.chunk_committed")
        tally.unknown_keys |= spooled.unknown_keys
    _renew(run)
    return asked_at


def _chunks(reports: Iterator) -> Iterator[list]:
    while chunk := list(islice(reports, CHUNK)):
        yield chunk


def _as_dict(unreadable: Unreadable) -> dict:
    return {
        "report": unreadable.report_id,
        "line": unreadable.line_number,
        "code": unreadable.problem.code,
        "message": str(unreadable.problem),
    }


def _finish(flow: Flow, run: PollRun, tally: Tally, error: VendorError | None) -> None:
    """Close the run; the high-water mark moves last, and only when everything was read."""
    with writing(flow.connection_id) as page:
        if not _still_ours(run).select_for_update().order_by().values_list("pk", flat=True):
            raise RunLost(f"{run} has another reader")
        _record(page, run, tally, error)
        nameless = [one for one in tally.unreadable if not one["report"]]
        for unreadable in nameless:  # the others stand on their reports
            page.note("report.unreadable", unreadable)
        if tally.unknown_keys:
            for name in sorted(tally.unknown_keys - _names_already_told()):
                page.note("expensify.unknown_field", {"name": name})
        changes = {"due_at": _due_again(flow, run, error, page.now)}
        if not error:
            changes["poll_asked_at"] = None
            is_newer = tally.newest and (flow.mark_at is None or tally.newest > flow.mark_at)
            # What has no id can only be found again where it was found now.
            if is_newer and not nameless:
                changes["mark_at"] = tally.newest
        # Asked for once more while we read: the newer wish stands.
        is_newest = Q(due_at=run.due_at) | Q(due_at__isnull=True)
        done = Flow.objects.filter(is_newest, pk=flow.pk).update(**changes)
        if not done and "mark_at" in changes:
            Flow.objects.filter(
                Q(mark_at__lt=changes["mark_at"]) | Q(mark_at__isnull=True), pk=flow.pk
            ).update(mark_at=changes["mark_at"])
        if flow.to_read and not error:
            _forget_what_was_read(flow)
    reach("poll.mark_committed")


def _forget_what_was_read(flow: Flow) -> None:
    """Take the wishes that this poll fulfilled off the flow; those that came meanwhile stay."""
    rows = Flow.objects.select_for_update().filter(pk=flow.pk)
    left = [
        wish for wish in rows.values_list("to_read", flat=True).get() if wish not in flow.to_read
    ]
    rows.update(to_read=left)


def _record(page: Page, run: PollRun, tally: Tally, error: VendorError | None) -> None:
    run.finished_at = page.now
    run.status = PollRun.Status.FAILED if error else PollRun.Status.DONE
    run.found, run.new, run.revised = tally.found, tally.new, tally.revised
    run.unchanged, run.unreadable = tally.unchanged, len(tally.unreadable)
    run.totals = {currency: str(total) for currency, total in sorted(tally.totals.items())}
    run.problem = problem_of(error) if error else None
    if tally.overtaken:
        run.window["overtaken"] = tally.overtaken
    run.save()
    facts = {"found": run.found, "new": run.new, "revised": run.revised, "due_at": run.due_at}
    if error:
        page.note("poll.failed", facts | {"problem": run.problem["message"]})
    else:
        page.note("poll.done", facts | {"unchanged": run.unchanged})


def note_not_taken(run: PollRun) -> None:
    """What the run's reports were left out for, counted once they have been prepared."""
    rows = (
        Report.objects.filter(
            flow_id=run.flow_id,
            read_at__gte=run.started_at,
            read_at__lte=run.finished_at,
            absent_since__isnull=True,
            unread_text="",
        )
        .exclude(not_taken_code="")
        .values_list("not_taken_code")
        .annotate(count=Count("pk"))
        .order_by("not_taken_code")
    )
    if (excluded := dict(rows)) != run.excluded:
        run.excluded = excluded
        run.save(update_fields=["excluded"])


def _due_again(
    flow: Flow, run: PollRun, error: VendorError | None, now: datetime
) -> datetime | None:
    """None where nothing went wrong and a list of dates is used up."""
    regular = next_run(flow.timetable, now)
    match error:
        case None:
            return regular
        case Unauthorised() | Blocked():
            # Only a person can help; asking more often would not.
            return regular or now + timedelta(days=1)
        case Throttled():
            soon = now + max(pace().poll_retry, timedelta(seconds=error.after_s))
        case _:
            soon = now + pace().poll_retry
    return min(regular, soon) if regular else soon


def problem_of(error: VendorError) -> dict:
    """A vendor's failure as the problem that a person reads."""
    if isinstance(error, Blocked):
        problem = error.problem
    else:
        cures = {
            "Unauthorised": "Enter the credentials again and test the connection.",
            "Throttled": "Nothing to do: we ask again by ourselves.",
            "Unreachable": "Check the network; we ask again by ourselves.",
        }
        name = type(error).__name__
        problem = Problem(
            code=f"connection.{name.lower()}",
            field="connection",
            message=str(error),
            cure=cures.get(name, "We ask again by ourselves; if it stays, tell us this message."),
        )
    return {"code": problem.code, "message": problem.message, "cure": problem.cure}


def _names_already_told() -> set[str]:
    return set(
        Event.objects.filter(kind="expensify.unknown_field").values_list("facts__name", flat=True)
    )


def due_flows(now: datetime | None = None) -> list[tuple[int, datetime]]:
    """Flows whose poll is due, the longest waiting first: (flow, due_at)."""
    now = now or database_now()
    due = Flow.objects.filter(is_paused=False, due_at__lte=now)
    return list(due.order_by(F("due_at").asc(), "pk").values_list("pk", "due_at"))


def utc(moment: str) -> datetime:
    """The aware moment behind a nudge's text."""
    return datetime.fromisoformat(moment).astimezone(UTC)
