"""What people do with postings: replay, release, set aside, reverse. Each leaves their name."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from audit.book import Page, lock_reports, writing
from audit.engine.decide import REPLAY, REPOST
from audit.engine.holds import HAS_CORRECTIONS
from audit.engine.prepare import prepare
from audit.engine.twins import TWIN
from audit.models import Posting, Report
from audit.nudge import nudge
from audit.states import DUE, IN_FLIGHT, NEEDS_PERSON, OPEN, UNSENT, State
from connectors.contract.ledger import Op
from connectors.contract.report import ReportStatus
from mappings import services
from mappings.corrections import corrected, is_correction
from mappings.models import Flow
from mappings.terms import Mode

UNDER_WAY = "it is being sent or looked up at this moment"


@dataclass(frozen=True, slots=True)
class Done:
    """What an action did, and what it left alone with the reason, by posting or report."""

    moved: tuple[Posting, ...] = ()
    left: tuple[tuple[str, str], ...] = ()


class ReasonMissing(ValueError):
    """Setting something aside needs a reason that the next person can read."""


STANDS = 'it is posted; "Re-post with current rules" would change what stands'


def replay(reports: Iterable[Report], actor: str, *, repost: bool = False) -> Done:
    """Build the reports again from their stored revision with today's rules.

    A rule that changed never touches what is posted, unless `repost` says so: then documents are
    amended where the rules now say otherwise, and never posted again.
    """
    by_flow: dict[int, list[Report]] = defaultdict(list)
    left: list[tuple[str, str]] = []
    for report in reports:
        if report.flow_id is None or report.latest_id is None:
            left.append((str(report), "it was never read whole"))
        elif not repost and not can_be_replayed(report):
            left.append((str(report), STANDS))
        else:
            by_flow[report.flow_id].append(report)
    moved: list[Posting] = []
    for flow_id, members in by_flow.items():
        flow = Flow.objects.get(pk=flow_id)
        ids = [report.pk for report in members]
        with writing(flow.connection_id, actor=actor) as page:
            for report in members:
                page.note("report.replayed", report_id=report.pk)
            aside = Posting.objects.filter(report__in=ids, state=State.IGNORED)
            page.move(aside, {State.IGNORED}, State.SUPERSEDED)
            wish = REPOST if repost else REPLAY
            Report.objects.filter(pk__in=ids).update(is_due=True, asked=wish)
        prepare(flow_id, actor)
        moved += Posting.objects.filter(report__in=ids, state__in=OPEN)
        nudge()
        busy = Report.objects.filter(pk__in=ids, is_due=True)
        left += [(str(report), UNDER_WAY) for report in busy]
    return Done(tuple(moved), tuple(left))


def can_be_replayed(report: Report) -> bool:
    """It was read, and not all of it is posted: something may have been set aside beside that."""
    if report.latest_id is None:
        return False
    is_posted = report.standing == Report.Standing.POSTED
    return not is_posted or report.postings.filter(state=State.IGNORED).exists()


def release(postings: Iterable[Posting], actor: str, note: str = "") -> Done:
    """Lift the hold without rebuilding: what was built goes out as it is."""
    moved: list[Posting] = []
    left: list[tuple[str, str]] = []
    for page, members in _pages(postings, actor):
        ready = []
        for posting in members:
            if posting.state not in NEEDS_PERSON:
                left.append((str(posting), f"it is not held ({posting.get_state_display()})"))
            elif not can_go_out(posting):
                left.append((str(posting), "it could not be built: settle its problem and replay"))
            else:
                ready.append(posting)
        nudge()
        for posting in ready:
            # Released in sight of a look-alike: it is another document.
            codes = {problem["code"] for problem in posting.problems}
            posting.twins_accepted = posting.twins_accepted or TWIN in codes
            posting.epoch += 1
        moved += page.move(
            ready, NEEDS_PERSON, State.READY, problems=[], subject="", attempts=0, lost_calls=0,
            due_at=None, call=None, note=note[:500], fields=["twins_accepted", "epoch"],
        )  # fmt: skip
    return Done(tuple(moved), tuple(left))


def ignore(postings: Iterable[Posting], actor: str, reason: str) -> Done:
    """Set postings aside: they stay as they are until the report changes or is replayed."""
    if not reason.strip():
        raise ReasonMissing("Say why this is set aside, so that the next person understands it.")
    moved: list[Posting] = []
    left: list[tuple[str, str]] = []
    may = {State.READY, State.RETRY_WAIT, *NEEDS_PERSON}
    for page, members in _pages(postings, actor):
        left += [(str(p), _why_not(p)) for p in members if p.state not in may]
        facts = {posting.pk: {"reason": reason} for posting in members}
        aside = page.move(
            [p for p in members if p.state in may], may, State.IGNORED,
            note=reason[:500], facts=facts,
        )  # fmt: skip
        # Where a reversal is given up the document stands, and the report may have changed since;
        # what was held because of the part that is set aside may go.
        stands = {p.report_id for p in aside if p.op == Op.CANCEL and p.cause == "person"}
        held = Posting.objects.filter(
            report__in={p.report_id for p in aside}, state=State.QUARANTINED
        )
        ids = stands | set(held.order_by().values_list("report_id", flat=True))
        if Report.objects.filter(pk__in=ids).update(is_due=True):
            nudge()
        moved += aside
    return Done(tuple(moved), tuple(left))


def reverse(postings: Iterable[Posting], actor: str, reason: str = "") -> Done:
    """Ask the ledger to take documents back. Each becomes a posting of its own, which the drain
    carries out only while the document is unpaid, unmatched, unedited and its date open."""
    entered: list[Posting] = []
    left: list[tuple[str, str]] = []
    for page, members in _pages(postings, actor):
        waiting = {
            (p.report_id, p.slice_name): p
            for p in Posting.objects.filter(
                report_id__in={p.report_id for p in members}, state__in=OPEN
            )
        }
        # The revision that the document is right for. One that nobody has looked at yet, or that
        # a change was waiting for, is looked at when the document is gone.
        seen = dict(
            Report.objects.filter(
                pk__in={p.report_id for p in members}, is_due=False, latest__isnull=False
            ).values_list("pk", "latest_id")
        )
        cancels, overruled = [], []
        for posting in members:
            change = waiting.get((posting.report_id, posting.slice_name))
            if not posting.is_live:
                left.append((str(posting), "no document of ours stands because of it"))
            elif change is not None and change.state in IN_FLIGHT:
                left.append((str(posting), UNDER_WAY))
            elif change is not None and change.op == Op.CANCEL and change.state in DUE:
                left.append((str(posting), "its reversal is still waiting to be sent"))
            else:
                overruled += [change] if change is not None else []
                # A difference beside a document that goes is no difference any more.
                overruled += [
                    one
                    for (report_id, name), one in waiting.items()
                    if report_id == posting.report_id
                    and is_correction(name)
                    and corrected(name) == posting.slice_name
                    and one.op == Op.POST
                ]
                revision_id = posting.revision_id
                if change is None:
                    revision_id = seen.get(posting.report_id, revision_id)
                cancels.append(_cancel_of(posting, revision_id, reason))
        gone = {p.pk for p in overruled} - {
            p.pk for p in page.move(overruled, UNSENT, State.SUPERSEDED)
        }
        busy = {(p.report_id, p.slice_name) for p in overruled if p.pk in gone}
        # What was to become of the report then counts as not prepared.
        Report.objects.filter(pk__in={p.report_id for p in overruled}).update(prepared=None)
        cancels = [p for p in cancels if (p.report_id, p.slice_name) not in busy]
        entered += page.create(cancels)
        nudge()
    return Done(tuple(entered), tuple(left))


def reverse_test_postings(flow: Flow, actor: str) -> Done:
    """Take back every document that this flow posted in test mode."""
    live = Posting.objects.filter(
        flow=flow, state=State.POSTED, report__name__startswith=flow.test_prefix or "\x00"
    ).exclude(op=Op.CANCEL.value)
    return reverse(live, actor, "test posting")


def go_live(flow: Flow, actor: str) -> int:
    """Let the flow post. What its dry run built is built again first, with today's rules.

    Returns how many reports that is.
    """
    with writing(flow.connection_id, actor=actor) as page:
        Flow.objects.filter(pk=flow.pk).update(mode=Mode.LIVE.value)
        waiting = Report.objects.filter(
            flow=flow, status__in=[status.value for status in ReportStatus if status.is_final]
        )
        count = waiting.update(is_due=True)
        page.note("flow.live", {"flow": flow.name, "reports": count})
    flow.mode = Mode.LIVE.value
    prepare(flow.pk, actor)
    nudge()
    return count


def poll_now(flow: Flow, actor: str) -> None:
    """Make the flow due, and have every known report read again, not only the new ones."""
    services.poll_now(flow, actor=actor)


def _cancel_of(posting: Posting, revision_id: int, reason: str) -> Posting:
    earlier = Posting.objects.filter(marker=posting.marker, op=Op.CANCEL.value).count()
    return Posting(
        connection_id=posting.connection_id,
        flow_id=posting.flow_id,
        report_id=posting.report_id,
        revision_id=revision_id,
        slice_name=posting.slice_name,
        generation=posting.generation,
        op=Op.CANCEL.value,
        sequence=earlier + 1,
        kind=posting.kind,
        marker=posting.marker,
        state=State.READY,
        date=posting.date,
        currency=posting.currency,
        total=posting.total,
        party_name=posting.party_name,
        number=posting.number,
        note=reason[:500],
        cause="person",
        replaces=posting,
        document_id=posting.document_id,
        document_version=posting.document_version,
        document_link=posting.document_link,
    )


def can_go_out(posting: Posting) -> bool:
    """Everything was built; what is missing is a person's word."""
    if any(problem["code"] == HAS_CORRECTIONS for problem in posting.problems):
        return False
    match Op(posting.op):
        case Op.POST:
            return bool(posting.payload)
        case Op.AMEND:
            return posting.entry is not None
    return True


def _why_not(posting: Posting) -> str:
    if posting.state in IN_FLIGHT:
        return UNDER_WAY
    return f"it is {posting.get_state_display().lower()}"


def _pages(postings: Iterable[Posting], actor: str) -> Iterable[tuple[Page, Sequence[Posting]]]:
    """One page for each connection concerned, with its postings read anew."""
    by_connection: dict[int, list[int]] = defaultdict(list)
    for posting in postings:
        by_connection[posting.connection_id].append(posting.pk)
    for connection_id, ids in by_connection.items():
        with writing(connection_id, actor=actor) as page:
            chosen = Posting.objects.filter(pk__in=ids)
            lock_reports(chosen.values_list("report_id", flat=True))
            yield page, list(Posting.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
