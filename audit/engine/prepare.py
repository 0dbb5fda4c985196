"""From revisions to postings: build what the books should say, and note what is to be written.

`decide` is pure: it compares what should stand with what stands or is on its way, and answers
with intents. Only `prepare` writes them down.
"""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db.models import Max

from audit.book import Page, write_columns, writing
from audit.engine import wishes
from audit.engine.filing import want_newer_files
from audit.engine.kill_points import reach
from audit.engine.places import report_place
from audit.models import Posting, Report, Revision
from audit.states import IN_FLIGHT, NEEDS_PERSON, OPEN, UNSENT, State
from connectors import opening
from connectors.contract import exact_json, keys
from connectors.contract.entry import DimensionRef, Entry, Kind, Ref
from connectors.contract.ledger import Ledger, Op, Payload
from connectors.contract.problem import Problem, Problems
from connectors.contract.report import Report as Read
from connectors.contract.report import ReportStatus
from connectors.expensify import parse
from connectors.expensify.values import Misfit
from mappings import services
from mappings.books import Book
from mappings.build import Built, BuiltSlice, build
from mappings.corrections import corrected
from mappings.models import Flow
from mappings.parties import PartyWanted
from mappings.terms import RevisionPolicy, UnapprovedPolicy
from mappings.texts import money

log = logging.getLogger(__name__)

CHUNK = 200


@dataclass(frozen=True, slots=True)
class Standing:
    """One slice's history, as far as it decides what comes next."""

    open: Posting | None
    last: Posting | None  # the newest that was posted: a document, or its cancellation

    @property
    def live(self) -> Posting | None:
        return self.last if self.last and self.last.is_live else None


# A revision policy of its own: the old document goes, a new one comes, nothing is amended.
REPOST = "repost"
# Holds that only a person's word is missing for: everything was built, and a release sends it.
DECISIONS = frozenset({"report.was_reversed", "revision.policy_hold"})
# A document that others put right already is changed no more, whatever anybody releases.
HAS_CORRECTIONS = "document.has_corrections"


@dataclass(frozen=True, slots=True)
class Intent:
    """A posting that should be entered.

    `entry` is None for a cancel, and where a problem must be cured before anything can be sent,
    so that no release can send it.
    """

    slice_name: str
    kind: Kind
    op: Op
    generation: int
    entry: Entry | None
    problems: Problems
    explained: tuple = ()
    total: Decimal | None = None
    replaces: Posting | None = None  # the live one that an amend or a cancel takes the place of
    waits_for: PartyWanted | None = None  # of the whole report nothing else is missing


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
        replaced: list[Posting] = []
        new: list[Posting] = []
        unchanged: list[Posting] = []
        for report in reports:
            slices = history[report.pk]
            if any(one.open and one.open.state in IN_FLIGHT for one in slices.values()):
                continue  # settled first; the report stays due
            looked_at.append(report)
            report.is_due = False
            if any(_stands_unadopted(one.open) for one in slices.values()):
                continue  # a person decides what that document is; then it is looked at again
            if report.unread_text:
                continue
            if not report.is_approved:
                decision = _of_taken_away(report, flow, slices)
                replaced += decision.drops
                new += [drafted(flow, report, one, ledger) for one in decision.intents]
                continue
            built, decision, drafts = _considered(report, flow, book, ledger, slices)
            replaced += decision.drops
            new += drafts
            written = {draft.slice_name for draft in drafts}
            unchanged += [s.live for name, s in slices.items() if s.live and name not in written]
            _note_not_taken(report, built, _is_anything_left(slices, decision), page)
        moved = page.move(replaced, UNSENT | {State.WITHDRAWN, State.IGNORED}, State.SUPERSEDED)
        new = _without_overtaken(new, replaced, moved, looked_at)
        _number(new)
        write_columns(looked_at, _COLUMNS)
        wishes.enter(page, new)
        page.create(new)
        want_newer_files(page, flow, unchanged, latest)
    return len(looked_at)


def _considered(
    report: Report, flow: Flow, book: Book, ledger: Ledger, slices: dict[str, Standing]
) -> tuple[Built, "Decision", list[Posting]]:
    """What the report should be, what is to be written for it, and the postings for that.

    What cannot be worked out is held with the reason, and holds up no other report.
    """

    def consider(built: Built) -> tuple[Built, Decision, list[Posting]]:
        policy = flow.revision_policy
        decision = decide(built, slices, policy=policy, revision_id=report.latest_id)
        drafts = [drafted(flow, report, one, ledger) for one in decision.intents]
        return built, decision, drafts

    kept = {name: one.live.date for name, one in slices.items() if one.live}
    try:
        return consider(build(_as_read(report), book, kept_dates=kept))
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


def _is_anything_left(slices: dict[str, Standing], decision: "Decision") -> bool:
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


def _as_read(report: Report) -> Read:
    """The stored revision as a value, with the state and the dates of today, which are no part
    of a revision: it may have been read before it was approved."""
    return replace(
        parse.report(report.latest.raw),
        status=ReportStatus(report.status),
        submitted_at=report.submitted_at,
        approved_at=report.approved_at,
        reimbursed_at=report.reimbursed_at,
    )


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


_COLUMNS = ["is_due", "not_taken_code", "not_taken_text", "untaken", "standing"]
_NOTHING = Standing(None, None)


def _history(report_ids: list[int]) -> dict[int, dict[str, Standing]]:
    rows: dict[int, dict[str, dict]] = defaultdict(dict)
    wanted = OPEN | {State.POSTED, State.WITHDRAWN, State.IGNORED}
    postings = Posting.objects.filter(report_id__in=report_ids, state__in=wanted).order_by("pk")
    for posting in postings.defer("payload", "stored", "explained").select_related("report"):
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


def _of_taken_away(report: Report, flow: Flow, slices: dict[str, Standing]) -> "Decision":
    """No longer approved, or deleted: what stands is left alone, unless the flow takes it back.
    The drain does so only while the document is open, unpaid, unedited and its date open."""
    if flow.unapproved_policy != UnapprovedPolicy.REVERSE or not report.is_taken_away:
        return Decision()
    going = {
        name: one
        for name, one in slices.items()
        if one.live is not None
        and not (one.open is not None and one.open.op == Op.CANCEL)
        and not _corrections(corrected(name), slices).live  # one without the other is wrong
    }
    return Decision(
        intents=tuple(_take_back(name, one.live) for name, one in going.items()),
        drops=tuple(one.open for one in going.values() if one.open is not None),
    )


@dataclass(frozen=True, slots=True)
class Decision:
    """What to enter, and which open postings it makes obsolete."""

    intents: tuple[Intent, ...] = ()
    drops: tuple[Posting, ...] = ()


def decide(
    built: Built,
    slices: dict[str, Standing],
    *,
    policy: str = RevisionPolicy.AMEND,
    revision_id: int | None = None,
) -> Decision:
    """Pure: what should be written, given what should stand and what stands.

    A problem in any part holds every part that was never posted, so that a report is never
    half in the books; a part that stands already is amended or held on its own. The same goes for
    a vendor who must be created first, which happens only where nothing is held.
    """
    intents: list[Intent] = []
    drops: list[Posting] = []
    wanted: set[str] = set()
    blocking = built.problems + tuple(p for part in built.slices for p in part.problems)
    awaited = next((part.party_wanted for part in built.slices if part.party_wanted), None)
    awaited = None if blocking else awaited
    for part in () if built.excluded else built.slices:
        wanted.add(part.name)
        standing = slices.get(part.name, _NOTHING)
        if _is_taken_back(standing.open) or _is_set_aside(standing.open, revision_id):
            continue
        corrections = _corrections(part.name, slices)
        if part.entry is not None and corrections.reaches == entry_hash(part.entry):
            drops += [standing.open] if standing.open is not None else []
            continue
        drops += corrections.unsent
        if corrections.live and standing.live is not None:
            problems = (_has_corrections(standing.live, corrections),)
            intent = _intent(
                part, Op.AMEND, standing.live.generation, problems, standing.live, None
            )
        elif standing.live is not None:
            intent = _change(part, standing.live, built.problems, awaited, policy)
        else:
            intent = _first(part, standing, built.problems, blocking, awaited)
        if intent is not None and standing.open is not None and _is_same(standing.open, intent):
            continue
        if standing.open is not None:
            drops.append(standing.open)
        if intent is not None:
            intents.append(intent)
    for name, standing in slices.items():
        base = corrected(name)
        corrections = _corrections(base, slices)
        is_settled = corrections.reaches == NOTHING_LEFT
        if base in wanted or is_settled or _is_taken_back(standing.open):
            continue
        if corrections.live:
            if name == base and standing.live is not None:
                problem = _has_corrections(standing.live, corrections)
                intent = replace(_take_back(name, standing.live), problems=(problem,))
                if standing.open is None or not _is_same(standing.open, intent):
                    drops += [standing.open] if standing.open is not None else []
                    intents.append(intent)
            continue
        if _is_of_no_account(standing.open, revision_id):
            drops.append(standing.open)
        elif standing.open is not None and standing.open.state in UNSENT:
            if standing.open.document_id and standing.open.op == Op.POST:
                continue  # held, and something stands in the ledger: a person has to see it
            drops.append(standing.open)
        if standing.live is not None and not built.problems and not built.excluded:
            intents.append(_take_back(name, standing.live))
    return Decision(tuple(intents), tuple(drops))


# What a correction reaches that takes everything back.
NOTHING_LEFT = "nothing"


@dataclass(frozen=True, slots=True)
class Corrections:
    """The further documents of a part. `reaches`: what all of them, also those that are still to
    be sent, amount to together with its document; "" without any."""

    live: tuple[Posting, ...] = ()
    unsent: tuple[Posting, ...] = ()
    reaches: str = ""


def _corrections(name: str, slices: Mapping[str, Standing]) -> Corrections:
    found = [one for other, one in slices.items() if other != name and corrected(other) == name]
    live = tuple(one.live for one in found if one.live is not None)
    unsent = tuple(one.open for one in found if one.open is not None and not one.open.document_id)
    newest = max((*live, *unsent), key=lambda one: one.pk, default=None)
    return Corrections(live, unsent, newest.reaches if newest is not None else "")


def _has_corrections(live: Posting, corrections: Corrections) -> Problem:
    numbers = ", ".join(one.number for one in corrections.live)
    return Problem(
        code=HAS_CORRECTIONS,
        field="document",
        message=f"{report_place(live.report)} changed again, and document {live.number} was put "
        f"right by a further document before ({numbers}). All of them were left as they are.",
        cure="Post the difference, or set this aside.",
    )


def _payee_wanted(wanted: PartyWanted) -> Problem:
    """Besides the payee a person's word is missing, and nobody is created before it is given."""
    return Problem(
        code="party.wanted",
        field="party",
        message=f"{wanted.name} ({wanted.email}) is not among the vendors of the ledger yet. "
        "Nothing was posted.",
        cure=f'Link {wanted.name} to a vendor, or add "{wanted.name}" in the ledger and read the '
        "lists again; then replay the report.",
        subject=f"employee:{wanted.email}",
        facts={"employee_email": wanted.email, "employee_name": wanted.name},
    )


_OTHER_PART_HELD = Problem(
    code="report.other_part_held",
    field="report",
    message="Another part of this report is held, so this part was not posted either.",
    cure="Settle the other part's problem; this one then goes with it.",
)


def _stands_unadopted(open_: Posting | None) -> bool:
    """Held or released, and a document of it was seen in the ledger: replacing it as if it had
    never been sent would leave that document behind."""
    return (
        open_ is not None
        and open_.op == Op.POST
        and bool(open_.document_id)
        and open_.state in UNSENT
    )


def _is_set_aside(open_: Posting | None, revision_id: int | None) -> bool:
    """A person set this very revision aside; only a replay or a change of the report undoes it."""
    return open_ is not None and open_.state == State.IGNORED and open_.revision_id == revision_id


def _is_of_no_account(open_: Posting | None, revision_id: int | None) -> bool:
    """Set aside or withdrawn, of a part that the report does not have any more."""
    if open_ is None:
        return False
    is_aside = open_.state == State.IGNORED and open_.revision_id != revision_id
    return is_aside or open_.state == State.WITHDRAWN


def _is_taken_back(open_: Posting | None) -> bool:
    """A person's reversal waits to be sent; no revision undoes it."""
    return open_ is not None and open_.op == Op.CANCEL and open_.cause == "person"


def _first(
    part: BuiltSlice,
    standing: Standing,
    report_problems: Problems,
    blocking: Problems,
    awaited: PartyWanted | None,
) -> Intent:
    own = report_problems + part.problems
    if not own and blocking:
        own = (_OTHER_PART_HELD,)
    generation = 1
    if standing.last is not None:
        generation = standing.last.generation + 1
    if standing.last is not None and standing.last.cause == "person":
        # Its document was taken back by somebody: only a person may decide to book it again.
        own += (_payee_wanted(awaited),) if awaited else ()
        own += (
            Problem(
                code="report.was_reversed",
                field="report",
                message=f"{report_place(standing.last.report)}: document {standing.last.number} "
                "was reversed, and the report has changed since. Nothing was posted.",
                cure="Release it to post it again as a new document, or set it aside.",
            ),
        )
    elif standing.last is None and standing.open is not None:
        generation = standing.open.generation
    return _intent(part, Op.POST, generation, own, None, None if own else awaited)


def _change(
    part: BuiltSlice,
    live: Posting,
    report_problems: Problems,
    awaited: PartyWanted | None,
    policy: str,
) -> Intent | None:
    """The amend that the part needs; None when the document is right as it stands."""
    problems = report_problems + part.problems
    if part.entry is not None and entry_hash(part.entry) == live.entry_hash:
        return None
    if policy == RevisionPolicy.HOLD and not problems:
        problems += (_held_by_policy(part, live),)
        problems += (_payee_wanted(part.party_wanted),) if part.party_wanted else ()
    if part.entry is None and not problems and awaited is None:
        problems = (_OTHER_PART_HELD,)  # a vendor is not created for a report that is held
    if part.entry is not None and not problems and _needs_new_document(part, live, policy):
        # First the old one goes; when it is gone the report is looked at again, and the new one
        # follows under the next generation.
        return _take_back(part.name, live)
    waits_for = awaited if part.entry is None and not problems else None
    return _intent(part, Op.AMEND, live.generation, problems, live, waits_for)


def _intent(
    part: BuiltSlice,
    op: Op,
    generation: int,
    problems: Problems,
    live: Posting | None,
    waits_for: PartyWanted | None,
) -> Intent:
    is_whole = waits_for is None and all(problem.code in DECISIONS for problem in problems)
    return Intent(
        slice_name=part.name,
        kind=part.kind,
        op=op,
        generation=generation,
        entry=part.entry if is_whole else None,
        problems=problems,
        explained=part.explained,
        total=part.total,
        replaces=live,
        waits_for=waits_for,
    )


def _take_back(name: str, live: Posting) -> Intent:
    return Intent(name, Kind(live.kind), Op.CANCEL, live.generation, None, (), (), live.total, live)


def _needs_new_document(part: BuiltSlice, live: Posting, policy: str) -> bool:
    """No amend turns a bill into a credit, or hands it to another payee or currency."""
    stood = live.as_entry()
    party, was = part.entry.party, stood.party if stood else None
    return (
        policy == REPOST
        or part.kind != live.kind
        or part.entry.currency != live.currency
        or (party.id if party else "") != (was.id if was else "")
    )


def _held_by_policy(part: BuiltSlice, live: Posting) -> Problem:
    return Problem(
        code="revision.policy_hold",
        field="report",
        message=f"{report_place(live.report)} changed after posting "
        f"({money(live.total, live.currency)} -> {money(part.total, live.currency)}). This flow "
        f"holds revised reports, so document {live.number} was left as it is.",
        cure="Release it to amend the document, or set it aside.",
    )


def entry_hash(entry: Entry) -> str:
    """Names what should stand in the books.

    Members count by their ids: an account that was renamed in the ledger changes no document.
    Notes about the entry and receipt links, which are signed anew each time, do not count.
    """

    def ids(ref: Ref | None) -> str:
        return ref.id if ref else ""

    def values(dimensions: Sequence[DimensionRef]) -> list[tuple[str, str]]:
        return sorted((one.dimension, one.value.id) for one in dimensions)

    lines = [
        (
            ids(line.account),
            line.amount,
            line.role,
            line.text,
            values(line.dimensions),
            ids(line.tax_code),
            line.tax_amount,
            ids(line.party),
            line.billable,
        )
        for line in entry.lines
    ]
    head = (entry.kind, entry.date, entry.due_date, entry.currency, entry.rate, entry.memo)
    return keys.content_hash(
        exact_json.dumps([head, ids(entry.party), values(entry.dimensions), lines])
    )


def _is_same(open_: Posting, intent: Intent) -> bool:
    """The open posting already says this, so that replacing it would only make noise."""
    if open_.state in {State.WITHDRAWN, State.IGNORED}:
        return False
    wanted = entry_hash(intent.entry) if intent.entry else ""
    same_problems = [p["code"] for p in open_.problems] == [p.code for p in intent.problems]
    same_place = open_.op == intent.op and open_.generation == intent.generation
    same_place &= (open_.waits_for_id is None) == (intent.waits_for is None)
    clean = not intent.problems and open_.state not in NEEDS_PERSON
    return (
        same_place and open_.entry_hash == wanted and same_problems and (clean or intent.problems)
    )


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
            problems, entry = problems + tuple(rendered), None
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
        waits_for=wishes.wish(flow, intent.waits_for),
        document_id=live.document_id if live else "",
        document_version=live.document_version if live else "",
        document_link=live.document_link if live else "",
    )
