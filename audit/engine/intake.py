"""What was read goes into the book: reports, their revisions, withdrawals, an event for each."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Q

from audit.book import Page, write_columns, writing
from audit.models import Posting, Report, Revision
from audit.states import UNSENT, State
from connectors.contract.ledger import Op
from connectors.contract.report import Report as Read
from connectors.contract.report import ReportStatus
from connectors.expensify.parse import Unreadable
from connectors.models import Workspace
from mappings.models import Flow
from mappings.records import terms_of
from mappings.selection import takes

# What a person takes back is taken back, whatever becomes of the report meanwhile.
TAKEN_BACK = Q(op=Op.CANCEL.value, cause="person")
# Held or released, and a document of it was seen in the ledger: a person says what becomes of that.
STANDS = Q(op=Op.POST.value) & ~Q(document_id="")


@dataclass(slots=True)
class Tally:
    """What one poll found; becomes the columns of its PollRun. `overtaken`: reports left as they
    are, because somebody asked for them later than this poll, and was answered sooner."""

    found: int = 0
    new: int = 0
    revised: int = 0
    unchanged: int = 0
    overtaken: int = 0
    unreadable: list[dict] = field(default_factory=list)
    totals: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    unknown_keys: set[str] = field(default_factory=set)
    newest: datetime | None = None
    seen: set[str] = field(default_factory=set)


def take_in(flow: Flow, reports: Sequence[Read], tally: Tally, asked_at: datetime) -> None:
    """Commit one chunk: reports, their new revisions, withdrawals, and an event for each change.

    `asked_at`: when Expensify was asked for them, by the database's clock. What it was asked for
    later stands in the book already, and is not overwritten.
    """
    wanted = {report.report_id: report for report in reports}
    if not wanted:
        return
    with writing(flow.connection_id) as page:
        known = _rows(flow, wanted)
        owners = {row.pk: row.flow_id for row in known.values()}
        fresh = [read for read in wanted.values() if is_for(flow, read, known)]
        strangers = {one.report_id: one for one in fresh if one.report_id not in known}
        # Another poll may have found the same report since we looked.
        Report.objects.bulk_create(
            [new_row(flow, read, asked_at) for read in strangers.values()], ignore_conflicts=True
        )
        known |= _rows(flow, strangers)
        older = {read.report_id for read in fresh if known[read.report_id].read_at > asked_at}
        tally.overtaken += len(older)
        tally.seen |= older
        fresh = [read for read in fresh if read.report_id not in older]
        rows = [known[read.report_id] for read in fresh]
        pairs = list(zip(rows, fresh, strict=True))
        revisions = _revisions(pairs, page, asked_at)
        changed, unchanged = [], []
        for row, read in pairs:
            before, row.read_at = row.latest_id, asked_at
            moved = _copy_facts(row, read, page)
            moved |= owners.get(row.pk, flow.pk) != row.flow_id  # taken over from another flow
            if revision := revisions.get(row.pk):
                row.latest, row.is_due, moved = revision, True, True
            tally.found += 1
            tally.seen.add(read.report_id)
            tally.totals[read.currency] += read.total
            if read.approved_at and (tally.newest is None or read.approved_at > tally.newest):
                tally.newest = read.approved_at
            if before is None:
                tally.new += 1
            elif revision:
                tally.revised += 1
            else:
                tally.unchanged += 1
            (changed if moved else unchanged).append(row)
        _write_rows(changed, unchanged, asked_at)
        _withdraw([row for row in changed if row.unapproved_at == page.now], page)


def _rows(flow: Flow, wanted: Iterable[str]) -> dict[str, Report]:
    """Our rows of these reports, locked, each with its latest revision (without the raw copy)."""
    found = Report.objects.select_for_update().filter(
        workspace=flow.workspace, report_id__in=list(wanted)
    )
    rows = {report.report_id: report for report in found.order_by("pk")}
    # Read after the lock: what is joined to a row that we had to wait for is the old one.
    ids = [report.latest_id for report in rows.values() if report.latest_id is not None]
    latest = Revision.objects.defer("raw").in_bulk(ids)
    others = {report.flow_id for report in rows.values()} - {flow.pk, None}
    flows = Flow.objects.select_related("workspace").in_bulk(others) if others else {}
    for report in rows.values():
        report.latest = latest.get(report.latest_id)
        report.flow = flow if report.flow_id == flow.pk else flows.get(report.flow_id)
    return rows


def is_for(flow: Flow, read: Read, known: dict[str, Report]) -> bool:
    """Known reports are followed wherever they go; unknown ones are taken once they are final,
    by the flow whose business they are."""
    row = known.get(read.report_id)
    if row is not None:
        return row.flow_id == flow.pk or _may_take_over(flow, row, read)
    return read.status.is_final and takes(terms_of(flow), read)


def _may_take_over(flow: Flow, row: Report, read: Read) -> bool:
    """A report that another flow holds and does not want: it is paused, or its selection says so.
    Only while no posting of it was ever entered; then it is this flow's from now on."""
    other = row.flow
    unwanted = other is None or other.is_paused or not takes(terms_of(other), read)
    if not (unwanted and read.status.is_final and takes(terms_of(flow), read)):
        return False
    if row.postings.exists():
        return False
    row.flow, row.is_due = flow, True
    return True


def new_row(flow: Flow, read: Read, now: datetime) -> Report:
    row = Report(workspace=flow.workspace, flow=flow, report_id=read.report_id)
    row.status, row.read_at, row.currency, row.total = "", now, read.currency, read.total
    return row


def facts_of(read: Read) -> dict[str, Any]:
    """What Expensify says today, by the columns of a Report."""
    return {
        "old_report_id": read.old_report_id[:64],
        "name": shown(read.name, 500),
        "employee_email": shown(read.employee.email, 254),
        "employee_name": shown(read.employee.label, 200),
        "status": read.status.value,
        "currency": read.currency,
        "total": read.total,
        "submitted_at": read.submitted_at,
        "approved_at": read.approved_at,
        "reimbursed_at": read.reimbursed_at,
        "is_ach_reimbursed": read.is_ach_reimbursed,
        "absent_since": None,
        "deleted_at": None,
        "unread_text": "",
    }


def _copy_facts(row: Report, read: Read, page: Page) -> bool:
    """What Expensify says today, on the row. True if anything but the time of reading changed."""
    facts = facts_of(read)
    was = ReportStatus(row.status) if row.status else None
    if was is not None and was.is_final and not read.status.is_final:
        facts["unapproved_at"] = page.now
        row.is_due = True
        page.note("report.unapproved", {"status": read.status.value}, report_id=row.pk)
    elif was is not None and not was.is_final and read.status.is_final:
        facts["unapproved_at"] = None
        row.is_due = True
        page.note("report.approved_again", report_id=row.pk)
    elif read.reimbursed_at and not row.reimbursed_at and was is not None:
        page.note("report.reimbursed", {"at": read.reimbursed_at}, report_id=row.pk)
    if was != read.status and (row.not_taken_code or row.standing != Report.Standing.POSTED):
        row.is_due = True  # why it was left out may be over, or the flow does not take this state
    if (row.submitted_at, row.approved_at) != (read.submitted_at, read.approved_at):
        row.is_due = True  # what waits may get another date; what stands keeps its own
    if read.reimbursed_at and not row.reimbursed_at and row.standing != Report.Standing.POSTED:
        row.is_due = True  # nobody shall pay it a second time: the document has to say so
    if row.unread_text:
        row.is_due, row.standing = True, Report.Standing.NEW
        page.note("report.readable", report_id=row.pk)
        page.touch([row.pk])
    if row.absent_since is not None:
        row.is_due = True
        page.note("report.back", report_id=row.pk)
    changed = False
    for name, content in facts.items():
        if getattr(row, name) != content:
            setattr(row, name, content)
            changed = True
    return changed or was is None


def shown(text: str, length: int) -> str:
    """A text as a column can show it: no NUL (PostgreSQL refuses it), and no longer than fits.

    The whole text stands in the revision's raw copy.
    """
    text = text.replace("\x00", "")
    return text if len(text) <= length else text[: length - 1] + "…"


def _revisions(
    pairs: list[tuple[Report, Read]], page: Page, asked_at: datetime
) -> dict[int, Revision]:
    """The revision that each report has now, where it is not the one that it had.

    A report that was edited back has its old revision again: same content, same name.
    """
    hashes = {row.pk: read.content_hash() for row, read in pairs}
    moved = [
        (row, read)
        for row, read in pairs
        if row.latest is None or row.latest.content_hash != hashes[row.pk]
    ]
    had_before = [row.pk for row, _ in moved if row.latest_id is not None]
    earlier: dict[tuple[int, str], Revision] = {}
    numbers: Counter[int] = Counter()
    if had_before:
        for revision in Revision.objects.filter(report_id__in=had_before).defer("raw"):
            earlier[revision.report_id, revision.content_hash] = revision
            numbers[revision.report_id] = max(numbers[revision.report_id], revision.number)
    answer, fresh = {}, []
    for row, read in moved:
        revision = earlier.get((row.pk, hashes[row.pk]))
        if revision is None:
            revision = Revision(
                report=row,
                number=numbers[row.pk] + 1,
                content_hash=hashes[row.pk],
                raw=read.raw.replace("\x00", ""),
                total=read.total,
                read_at=asked_at,
            )
            fresh.append(revision)
        kind = "report.revised" if row.latest_id else "report.found"
        facts = {"total": read.total, "currency": read.currency}
        if row.latest:
            facts["old_total"] = row.latest.total
        page.note(kind, facts, report_id=row.pk)
        answer[row.pk] = revision
    Revision.objects.bulk_create(fresh)
    return answer


_COLUMNS = (
    "old_report_id name employee_email employee_name status currency total submitted_at "
    "approved_at reimbursed_at is_ach_reimbursed absent_since deleted_at unapproved_at "
    "unread_text standing latest flow is_due read_at"
).split()


def _write_rows(changed: list[Report], unchanged: list[Report], asked_at: datetime) -> None:
    write_columns(changed, _COLUMNS)
    if unchanged:
        Report.objects.filter(pk__in=[row.pk for row in unchanged]).update(read_at=asked_at)


def _withdraw(rows: list[Report], page: Page) -> None:
    """No longer approved: what was not sent is withdrawn; what stands in the ledger is flagged."""
    waiting = Posting.objects.filter(report__in=rows, state__in=UNSENT)
    waiting = waiting.exclude(TAKEN_BACK | STANDS)
    page.move(waiting, UNSENT, State.WITHDRAWN, problems=[], subject="")


def note_unreadable(flow: Flow, unreadable: Sequence[Unreadable], asked_at: datetime) -> None:
    """Keep what could not be read by its id: it is asked for again until it can be, and shown to
    people meanwhile. What was read of it before is not sent: it may be out of date. `asked_at`: see
    `take_in`."""
    why = {one.report_id: shown(str(one.problem), 500) for one in unreadable if one.report_id}
    if not why:
        return
    with writing(flow.connection_id) as page:
        known = _rows(flow, why)
        # Another flow's report is that flow's to tell of; it reads it itself.
        why = {
            one: told
            for one, told in why.items()
            if one not in known
            or (known[one].flow_id == flow.pk and known[one].read_at <= asked_at)
        }
        Report.objects.bulk_create(
            [_unread_row(flow, report_id, asked_at) for report_id in why if report_id not in known],
            ignore_conflicts=True,
        )
        for report_id, row in _rows(flow, why).items():
            if row.unread_text != why[report_id]:
                page.note("report.unreadable", {"message": why[report_id]}, report_id=row.pk)
            Report.objects.filter(pk=row.pk).update(
                unread_text=why[report_id], standing=Report.Standing.UNREAD, read_at=asked_at
            )


def _unread_row(flow: Flow, report_id: str, now: datetime) -> Report:
    return Report(
        workspace=flow.workspace,
        flow=flow,
        report_id=report_id,
        standing=Report.Standing.UNREAD,
        total=0,
        read_at=now,
        is_due=False,
    )


_ABSENCE = "absent_since deleted_at is_due read_at unread_text standing".split()
# Lost access looks like a deletion: one absence says nothing, and two in a day little more.
DELETED_AFTER = timedelta(days=1)


def note_absent(flow: Flow, missing: Iterable[str], asked_at: datetime) -> None:
    """Reports that Expensify no longer lists. Said once; taken for deleted only when they are
    missing again a day later, and the workspace is still in sight. `asked_at`: see `take_in`."""
    missing = list(missing)
    if not missing:
        return
    with writing(flow.connection_id) as page:
        known = Report.objects.filter(flow=flow, report_id__in=missing, read_at__lte=asked_at)
        rows = list(known.select_for_update().order_by("pk"))
        workspace = Workspace.objects.get(pk=flow.workspace_id)
        newly = []
        for row in rows:
            if row.absent_since is None:
                page.note("report.absent", report_id=row.pk)
                row.absent_since = page.now
                newly.append(row)
            elif row.deleted_at is None and _is_gone(row, workspace, page.now):
                page.note("report.deleted", {"since": row.absent_since}, report_id=row.pk)
                row.deleted_at, row.is_due = page.now, True
                if row.unread_text:  # nobody can read any more what is gone
                    row.unread_text, row.standing = "", Report.Standing.WITHDRAWN
                    page.touch([row.pk])
            row.read_at = asked_at
        write_columns(rows, _ABSENCE)
        # What is not there is not posted; it is looked at again when it turns up.
        _withdraw(newly, page)


def _is_gone(row: Report, workspace: Workspace, now: datetime) -> bool:
    """Missing for long, from a workspace whose lists we could read since it went missing."""
    in_sight = workspace.is_visible and workspace.lists_as_of is not None
    return (
        in_sight
        and workspace.lists_as_of > row.absent_since
        and now - row.absent_since >= DELETED_AFTER
    )
