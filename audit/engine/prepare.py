"""From revisions to postings: build what the books should say, and write down what `decide`
says of it."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from django.db.models import Max

from audit.book import Page, write_columns, writing
from audit.engine import wishes
from audit.engine.decide import (
    Decision,
    Intent,
    Look,
    Standing,
    decide,
    entry_hash,
    is_set_aside,
    is_taken_back,
    of_taken_away,
)
from audit.engine.filing import want_newer_files
from audit.engine.kill_points import reach
from audit.engine.places import placed, report_place
from audit.models import Posting, Report, Revision
from audit.selectors import as_read
from audit.states import IN_FLIGHT, OPEN, UNSENT, State
from connectors import opening
from connectors.contract import exact_json, keys
from connectors.contract.entry import Kind
from connectors.contract.ledger import Ledger, Op, Payload
from connectors.contract.problem import Problem
from connectors.expensify.values import Misfit
from mappings import services
from mappings.books import Book
from mappings.build import Built, BuiltSlice, build
from mappings.models import Flow

log = logging.getLogger(__name__)

CHUNK = 200


def prepare(flow_id: int, actor: str = "") -> int:
    """Look at every report of the flow that is due, and enter what should be written.

    Returns how many reports were looked at. Safe to run at any time by anybody: reports are
    locked chunk by chunk, and what is in flight is left until it is settled.
    """
    flow = Flow.objects.select_related("workspace", "connection").get(pk=flow_id)
    if not flow.connection.company_id:
        return 0  # not connected yet: markers are made from the company
    book: Book | None = None
    ledger: Ledger | None = None
    looked_at, after = 0, 0
    while True:
        ids = list(
            Report.objects.filter(flow=flow, is_due=True, latest__isnull=False, pk__gt=after)
            .order_by("pk")
            .values_list("pk", flat=True)[:CHUNK]
        )
        if not ids:
            return looked_at
        book = book or services.open_book(flow)
        ledger = ledger or opening.offline_ledger(flow.connection)
        after = ids[-1]
        looked_at += _prepare_chunk(flow, ids, book, ledger, actor)
        reach("prepare.committed")
        if len(ids) < CHUNK:
            return looked_at


def _prepare_chunk(flow: Flow, ids: list[int], book: Book, ledger: Ledger, actor: str) -> int:
    with writing(flow.connection_id, actor=actor) as page:
        reports = list(
            Report.objects.select_for_update().filter(pk__in=ids, is_due=True).order_by("pk")
        )
        # Read after the lock: what is joined to a row that we had to wait for is the old one.
        latest = Revision.objects.in_bulk([report.latest_id for report in reports])
        for report in reports:
            report.latest = latest[report.latest_id]
        history = _history([report.pk for report in reports])
        looked_at: list[Report] = []
        decided: set[int] = set()
        replaced: list[Posting] = []
        new: list[Posting] = []
        unchanged: list[Posting] = []
        for report in reports:
            slices = history[report.pk]
            if any(_is_on_the_wire(one.open) for one in slices.values()):
                continue  # settled first; the report stays due
            looked_at.append(report)
            report.is_due = False
            if any(_stands_unadopted(one.open) for one in slices.values()):
                continue  # a person decides what that document is; then it is looked at again
            if report.unread_text:
                continue
            if not report.is_approved:
                decision = of_taken_away(report, flow.unapproved_policy, slices)
                replaced += decision.drops
                new += [drafted(flow, report, one, ledger) for one in decision.intents]
                continue
            # While a reversal is on its way nothing else of its part counts: it is looked at anew.
            if not any(is_taken_back(one.open) for one in slices.values()):
                decided.add(report.pk)
            built, decision, drafts = _considered(report, flow, book, ledger, slices)
            replaced += decision.drops
            new += drafts
            written = {draft.slice_name for draft in drafts}
            unchanged += [s.live for name, s in slices.items() if s.live and name not in written]
            _note_not_taken(report, built, _is_anything_left(slices, decision), page)
        moved = page.move(replaced, UNSENT | {State.WITHDRAWN, State.IGNORED}, State.SUPERSEDED)
        new = _without_overtaken(new, replaced, moved, looked_at)
        for report in looked_at:
            if not report.is_due:
                report.asked = ""
                if report.pk in decided:
                    report.prepared_id = report.latest_id
        _number(new)
        write_columns(looked_at, _COLUMNS)
        wishes.enter(page, new)
        page.create(new)
        want_newer_files(page, flow, unchanged, latest)
    return len(looked_at)


def _considered(
    report: Report, flow: Flow, book: Book, ledger: Ledger, slices: dict[str, Standing]
) -> tuple[Built, Decision, list[Posting]]:
    """What the report should be, what is to be written for it, and the postings for that.

    What cannot be worked out is held with the reason, and holds up no other report.
    """

    def consider(built: Built) -> tuple[Built, Decision, list[Posting]]:
        policy = flow.revision_policy
        built = with_refusals(built, flow, report, slices, ledger)
        decision = decide(
            built,
            slices,
            policy=policy,
            revision_id=report.latest_id,
            place=report_place(report),
            look=Look(report.prepared_id != report.latest_id, report.asked),
        )
        drafts = [drafted(flow, report, one, ledger) for one in decision.intents]
        return built, decision, drafts

    try:
        return consider(build(as_read(report), book, kept_dates=kept_dates(slices)))
    except Misfit as misfit:  # taken over by an older version of ours
        why = f"what was read of it cannot be understood ({misfit})"
        problem = _unbuilt(report, why, "Press Poll now on the flow, which reads it again.")
    except Exception as defect:
        log.exception("the report could not be built report=%s", report.pk)
        why = f"we failed to work it out ({type(defect).__name__}), which is our mistake"
        problem = _unbuilt(report, why, "Tell us, and replay it when that is mended.")
    kind = Kind(flow.kind)
    names = list(slices) or ["all" if kind is Kind.JOURNAL else "reimbursable"]
    parts = [BuiltSlice(name, kind, None, report.total, (problem,)) for name in names]
    return consider(Built(slices=tuple(parts)))


def _unbuilt(report: Report, why: str, cure: str) -> Problem:
    return Problem(
        code="report.unbuilt",
        field="report",
        message=f"{report_place(report)}: {why}. Nothing was posted.",
        cure=cure,
    )


def _is_anything_left(slices: dict[str, Standing], decision: Decision) -> bool:
    dropped = {posting.pk for posting in decision.drops}
    stays = (one.last or (one.open and one.open.pk not in dropped) for one in slices.values())
    return bool(decision.intents) or any(stays)


def _without_overtaken(
    new: list[Posting],
    replaced: Sequence[Posting],
    moved: Sequence[Posting],
    looked_at: Sequence[Report],
) -> list[Posting]:
    """Leave out what the drain took up while we were thinking: those reports stay due."""
    overtaken = {p.report_id for p in replaced} - {p.report_id for p in moved}
    for report in looked_at:
        report.is_due = report.pk in overtaken
    return [posting for posting in new if posting.report_id not in overtaken]


def _note_not_taken(report: Report, built: Built, has_postings: bool, page: Page) -> None:
    """Say on the report what of it was left out, and why; an event when that is news."""
    code, text = "", ""
    if built.excluded:
        code, text = built.excluded.code, built.excluded.text
    elif built.note:
        code, text = built.note.code, built.note.text
    if (code, text) != (report.not_taken_code, report.not_taken_text):
        page.note(
            "report.not_taken" if code else "report.taken", {"why": text}, report_id=report.pk
        )
    report.not_taken_code, report.not_taken_text = code, text[:300]
    report.untaken = exact_json.plain(built.untaken)
    if not has_postings:
        standing = Report.Standing.EXCLUDED if built.excluded else Report.Standing.NOTHING
        report.standing = standing


def _number(postings: Sequence[Posting]) -> None:
    """Give each posting its place among the writes of its document."""
    highest = {
        (marker, op): sequence
        for marker, op, sequence in Posting.objects.filter(
            marker__in=[posting.marker for posting in postings]
        )
        .values_list("marker", "op")
        .annotate(highest=Max("sequence"))
        .order_by()
    }
    for posting in postings:
        posting.sequence = highest.get((posting.marker, posting.op), 0) + 1


_COLUMNS = [
    "is_due",
    "asked",
    "prepared",
    "not_taken_code",
    "not_taken_text",
    "untaken",
    "standing",
]


def _history(report_ids: list[int]) -> dict[int, dict[str, Standing]]:
    rows: dict[int, dict[str, dict]] = defaultdict(dict)
    wanted = OPEN | {State.POSTED, State.WITHDRAWN, State.IGNORED}
    postings = Posting.objects.filter(report_id__in=report_ids, state__in=wanted).order_by("pk")
    joined = postings.select_related("report", "waits_for")
    for posting in joined.defer("payload", "stored", "explained"):
        place = rows[posting.report_id].setdefault(posting.slice_name, {})
        place["last" if posting.state == State.POSTED else "open"] = posting
    return defaultdict(
        dict,
        {
            report_id: {
                name: Standing(place.get("open"), place.get("last"))
                for name, place in slices.items()
            }
            for report_id, slices in rows.items()
        },
    )


def kept_dates(slices: Mapping[str, Standing]) -> dict[str, date]:
    """The posting dates that a revision keeps: of what stands, and of what was taken back only to
    be posted anew as the report is now."""
    return {
        name: one.last.date
        for name, one in slices.items()
        if one.last is not None and (one.live is not None or one.last.cause == "report")
    }


def _is_on_the_wire(open_: Posting | None) -> bool:
    """It is, or the vendor that it waits for, who may have to be called otherwise from now on."""
    if open_ is None:
        return False
    wish = open_.waits_for if open_.state == State.READY else None
    return open_.state in IN_FLIGHT or (wish is not None and wish.state in wishes.ON_THE_WIRE)


def _stands_unadopted(open_: Posting | None) -> bool:
    """Held or released, and a document of it was seen in the ledger: replacing it as if it had
    never been sent would leave that document behind."""
    return (
        open_ is not None
        and open_.op == Op.POST
        and bool(open_.document_id)
        and open_.state in UNSENT
    )


def with_refusals(
    built: Built, flow: Flow, report: Report, slices: Mapping[str, Standing], ledger: Ledger
) -> Built:
    """The report with what the ledger will not take of it, asked of every part before any of them
    is entered: or else the others would go out, or a vendor be created, for a report that is held.

    What stands already is held on its own, when it is read for its change.
    """
    if built.excluded or built.is_held or len(built.slices) < 2:
        return built
    parts = []
    for part in built.slices:
        standing = slices.get(part.name, Standing(None, None))
        is_settled = standing.live is not None or is_set_aside(standing.open, report.latest_id)
        if part.entry is not None and not is_settled:
            # Whichever generation it will be: that changes its number, and nothing else.
            marker = keys.marker(flow.connection.company, report.report_id, part.name, 1)
            rendered = ledger.render(part.entry, marker, flow.connection.facts)
            if not isinstance(rendered, Payload):
                part = replace(part, problems=placed(rendered, report))
        parts.append(part)
    return replace(built, slices=tuple(parts))


def drafted(flow: Flow, report: Report, intent: Intent, ledger: Ledger) -> Posting:
    """The posting of an intent, neither numbered nor stored; `render` may find further problems."""
    marker = keys.marker(
        flow.connection.company, report.report_id, intent.slice_name, intent.generation
    )
    problems, payload = intent.problems, None
    live, entry = intent.replaces, intent.entry
    if intent.op is Op.POST and entry is not None:
        rendered = ledger.render(entry, marker, flow.connection.facts)
        if isinstance(rendered, Payload):
            payload = rendered
        else:
            problems, entry = problems + placed(rendered, report), None
    return Posting(
        connection_id=flow.connection_id,
        flow=flow,
        report=report,
        revision=report.latest,
        slice_name=intent.slice_name,
        generation=intent.generation,
        op=intent.op.value,
        sequence=0,
        kind=intent.kind.value,
        marker=marker.key,
        state=State.QUARANTINED if problems else State.READY,
        entry=exact_json.plain(entry) if entry else None,
        entry_hash=entry_hash(entry) if entry else "",
        payload=payload.body if payload else "",
        cuts=exact_json.plain(payload.cuts) if payload else [],
        explained=exact_json.plain(intent.explained),
        date=entry.date if entry else (live.date if live else None),
        currency=entry.currency if entry else report.currency,
        total=entry.total if entry else intent.total,
        party_name=(entry.party.name if entry and entry.party else report.employee_name)[:200],
        number=payload.number if payload else (live.number if live else ""),
        problems=exact_json.plain(problems),
        subject=problems[0].subject if problems else "",
        replaces=live,
        cause=intent.cause,
        waits_for=wishes.wish(flow, intent.waits_for),
        document_id=live.document_id if live else "",
        document_version=live.document_version if live else "",
        document_link=live.document_link if live else "",
    )
