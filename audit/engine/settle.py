"""From answers to states: what the ledger said of each document is written down, once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from audit.book import Page, writing
from audit.engine.earlier import TAKEN_OVER, earlier_write, take_over
from audit.engine.filing import want_files
from audit.engine.holds import ELSEWHERE
from audit.engine.kill_points import reach
from audit.engine.places import document, placed, report_place, told
from audit.engine.run import Run, shut
from audit.models import Attempt, Call, Posting, Report
from audit.pace import pace
from audit.states import DUE, IN_FLIGHT, State
from connectors.contract import exact_json
from connectors.contract.keys import Marker
from connectors.contract.ledger import (
    Deferred,
    Difference,
    InDoubt,
    Op,
    Outcome,
    Posted,
    Receipt,
    Refused,
    Stored,
)
from connectors.contract.problem import Problem, Problems
from connectors.contract.transport import (
    AnswerLost,
    ContractBroken,
    VendorError,
)
from mappings.texts import money

# The columns that a receipt fills, row by row.
RECEIPT_FIELDS = (
    "document_id document_version document_link number stored posted_at problems subject due_at"
).split()
_DOUBT_FIELDS = ["due_at", "lost_calls", "attempts", "problems", "subject"]
_REFUSAL_FIELDS = ["problems", "subject", "attempts", "epoch", "due_at", "lost_calls"]
# An amend that meets ever new versions is fighting with somebody: a person should know.
MAX_REREADS = 5


def settle(
    run: Run, call: Call, postings: Sequence[Posting], answer: Mapping[Marker, Outcome]
) -> None:
    """Write down what the answer says of every member of the call."""
    groups: dict[type, list[tuple[Posting, Outcome]]] = defaultdict(list)
    for posting in postings:
        outcome = answer.get(Marker(posting.marker)) or InDoubt("the answer does not mention it")
        groups[type(outcome)].append((posting, outcome))
    with writing(run.connection.pk, lease=run.lease) as page:
        page.lock(postings)
        attempts = [
            Attempt(
                posting=posting,
                call=call,
                outcome=_word(outcome),
                problems=exact_json.plain(outcome.problems) if isinstance(outcome, Refused) else [],
                at=page.now,
            )
            for members in groups.values()
            for posting, outcome in members
        ]
        Attempt.objects.bulk_create(attempts)
        lost = len(groups[InDoubt]) == len(postings)
        why = "; ".join(sorted({o.why for _, o in groups[InDoubt]}))
        _close(call, Call.Status.LOST if lost else Call.Status.ANSWERED, why, page)
        write_posted(
            run, page, [(p, o.receipt, o.stored) for p, o in groups[Posted]], {State.SENDING}
        )
        _write_refused(run, page, groups[Refused], whole_call=_is_refused_whole(groups, postings))
        for posting, doubt in groups[InDoubt]:
            if doubt.problem is not None:  # an answer about this very document burns an attempt
                posting.attempts += 1
            _hold(posting, (doubt.problem,) if doubt.problem is not None else ())
        _write_in_doubt(run, page, [p for p, _ in groups[InDoubt]], whole_call=lost)
        for posting, outcome in groups[Deferred]:
            page.move([posting], {State.SENDING}, State.QUEUED, note=outcome.ticket[:500])
    reach("drain.settled")
    run.outcomes.update(_word(o) for members in groups.values() for _, o in members)


def settle_failure(run: Run, call: Call, postings: Sequence[Posting], error: VendorError) -> None:
    """The call settled nothing: its members are in doubt, or wait again where it certainly was not
    carried out, which holds the channel."""
    if isinstance(error, (AnswerLost, ContractBroken)):
        with writing(run.connection.pk, lease=run.lease) as page:
            _close(call, Call.Status.LOST, str(error), page)
            _write_in_doubt(run, page, postings, whole_call=True)
        run.outcomes["in_doubt"] += len(postings)
    else:
        put_back(run, call, postings, str(error))
        shut(run.connection.pk, error)
        run.was_shut = True


def put_back(run: Run, call: Call, postings: Sequence[Posting], why: str) -> None:
    """The call was certainly not carried out: its members wait again, at no cost to them."""
    with writing(run.connection.pk, lease=run.lease) as page:
        _close(call, Call.Status.UNSENT, why, page)
        # The next call may have the same bytes: a new epoch gives it an id of its own.
        for posting in postings:
            posting.epoch += 1
        page.move(postings, {State.SENDING}, State.READY, fields=["epoch"], call=None)
    run.outcomes["unsent"] += len(postings)


def _close(call: Call, status: Call.Status, note: str, page: Page) -> None:
    call.status, call.answered_at, call.note = status, page.now, note[:2000]
    call.save(update_fields=["status", "answered_at", "note"])


def write_posted(
    run: Run,
    page: Page,
    proofs: Sequence[tuple[Posting, Receipt, Stored | None]],
    old: set[State],
) -> None:
    """Enter receipts. What the ledger stored is compared with what was sent, never believed."""
    if not proofs:
        return
    held = page.hold([posting for posting, *_ in proofs], old)
    # A person may have set one aside since it was looked up.
    proofs = [one for one in proofs if one[0].pk in held]
    good: list[Posting] = []
    changed: list[Posting] = []
    came_late: list[Posting] = []
    elsewhere = cards_elsewhere(page.connection_id, [posting for posting, *_ in proofs])
    for posting, receipt, stored in proofs:
        differences = ()
        if stored is not None and posting.op != Op.CANCEL:
            differences = _differences(run, posting, stored)
            if differences and (earlier := earlier_write(run, posting, stored)):
                take_over(posting, earlier)
                came_late.append(posting)
                differences = ()
        _fill(posting, receipt, stored, page)
        if differences:
            _hold(posting, (stored_otherwise(posting, differences),))
            changed.append(posting)
        elif posting.pk in elsewhere:
            _hold(posting, (card_elsewhere(posting, elsewhere[posting.pk]),))
            changed.append(posting)
        else:
            good.append(posting)
    supersede_predecessors(good, page)
    facts = {p.pk: {"document": p.document_id, "number": p.number} for p in good + changed}
    for posting in changed:
        posting.posted_at = None
    late = [posting for posting in came_late if posting in good]
    for posting in late:
        facts[posting.pk]["late"] = "an earlier version of the report arrived after all"
    on_time = [posting for posting in good if posting not in late]
    page.move(on_time, old, State.POSTED, fields=RECEIPT_FIELDS, facts=facts, held=held)
    page.move(
        late, old, State.POSTED, fields=[*RECEIPT_FIELDS, *TAKEN_OVER], facts=facts, held=held
    )
    page.move(changed, old, State.QUARANTINED, fields=RECEIPT_FIELDS, facts=facts, held=held)
    want_files(page, good)
    cleared = [p.report_id for p in good if p.op == Op.CANCEL and p.cause == "report"]
    _look_again_where_revised(good)
    if again := {*cleared, *_waiting_for(good)}:
        # The place is free: what the report wants now is looked at.
        Report.objects.filter(pk__in=again).update(is_due=True)
    if late:
        # An older version stands, whatever was prepared since.
        ids = {posting.report_id for posting in late}
        Report.objects.filter(pk__in=ids).update(is_due=True, prepared=None)


def _differences(run: Run, posting: Posting, stored: Stored) -> tuple[Difference, ...]:
    other = (Difference("kind", posting.kind, stored.kind),) if posting.kind != stored.kind else ()
    return other or run.ledger.differences(posting.as_payload(), stored)


def _look_again_where_revised(done: Sequence[Posting]) -> None:
    """Documents may be of an older revision than their reports, which waited for this: found ones,
    released ones, those that a revision left as they were, and reversals that a person wants."""
    if not done:
        return
    revisions = {posting.report_id: posting.revision_id for posting in done}
    rows = Report.objects.filter(pk__in=revisions).values_list("pk", "latest_id")
    stale = [pk for pk, latest_id in rows if latest_id != revisions[pk]]
    if stale:
        Report.objects.filter(pk__in=stale).update(is_due=True)


def _waiting_for(done: Sequence[Posting]) -> set[int]:
    """Reports of which another part waits for what was done: for a document to be changed, or put
    right by a further one."""
    changed = {p.report_id for p in done if p.op != Op.POST or p.cause == "person"}
    if not changed:
        return set()
    waiting = Posting.objects.filter(
        report_id__in=changed, state=State.QUARANTINED, problems__0__code=ELSEWHERE
    )
    return set(waiting.order_by().values_list("report_id", flat=True))


def cards_elsewhere(connection_id: int, rows: Sequence[Posting]) -> dict[int, str]:
    """Of these postings those whose card transaction stands, or is on its way, because of another
    report: posting -> that report's id. A transaction that was moved must not be booked twice."""
    mine = {row.slice_name: row for row in rows if row.op == Op.POST and _is_card(row)}
    if not mine:
        return {}
    others = (
        Posting.objects.filter(
            connection_id=connection_id,
            slice_name__in=mine,
            state__in=[State.POSTED, *IN_FLIGHT],
        )
        .exclude(op=Op.CANCEL.value)
        .values_list("slice_name", "report_id", "report__report_id")
    )
    return {
        mine[name].pk: report_id
        for name, report_pk, report_id in others
        if report_pk != mine[name].report_id
    }


def _is_card(row: Posting) -> bool:
    return row.slice_name.startswith("card:")


def card_elsewhere(row: Posting, report_id: str) -> Problem:
    where = f"report {report_id}" if report_id else "another report"
    return Problem(
        code="card.stands_elsewhere",
        field="expense",
        message=f"{report_place(row.report)}: its {row.get_kind_display().lower()} of "
        f"{money(row.total, row.currency)} is for a card transaction that stands in the ledger "
        f"because of {where}. It was not booked a second time.",
        cure="When it has been taken back there, release this one; or set it aside.",
    )


def stored_otherwise(posting: Posting, differences: Sequence[Difference]) -> Problem:
    """The document stands, but not as it was sent."""
    where = report_place(posting.report)
    return Problem(
        code="ledger.stored_otherwise",
        field="document",
        message=f"{where}: {document(posting)} stands in the ledger, but not as we sent it "
        f"({told(differences)}). It was left as it is, and nothing more was posted.",
        cure="Accept it as it stands, or correct it there first and then accept it.",
    )


def _fill(posting: Posting, receipt: Receipt, stored: Stored | None, page: Page) -> None:
    posting.document_id = receipt.document_id
    posting.document_version = receipt.version
    posting.document_link = receipt.link
    posting.number = receipt.number or posting.number
    posting.stored = exact_json.plain(stored) if stored is not None else posting.stored
    posting.posted_at, posting.problems, posting.subject = page.now, [], ""
    posting.due_at = None


def _hold(posting: Posting, problems: Problems) -> None:
    posting.problems = exact_json.plain(problems)
    posting.subject = problems[0].subject if problems else ""


def supersede_predecessors(postings: Sequence[Posting], page: Page) -> None:
    """The old one is superseded before the new one is posted: never two that are live."""
    later = [p for p in postings if p.op != Op.POST or p.generation > 1 or p.sequence > 1]
    if not later:
        return
    places = {(p.report_id, p.slice_name) for p in later}
    before = Posting.objects.filter(
        connection_id=page.connection_id,
        report_id__in={p.report_id for p in later},
        state=State.POSTED,
    ).exclude(pk__in=[p.pk for p in later])
    page.move(
        [p for p in before if (p.report_id, p.slice_name) in places],
        {State.POSTED},
        State.SUPERSEDED,
    )


def _is_refused_whole(groups: Mapping[type, list], postings: Sequence[Posting]) -> bool:
    """Many members, one refusal that may pass: it is about the call, or about one of them."""
    refused = groups[Refused]
    return len(refused) == len(postings) > 1 and all(o.again == "later" for _, o in refused)


def _write_refused(
    run: Run, page: Page, refused: list[tuple[Posting, Refused]], *, whole_call: bool
) -> None:
    moves: dict[State, list[Posting]] = defaultdict(list)
    for posting, refusal in refused:
        # Only an answer about that very document costs it an attempt; a call refused as a whole
        # is halved until the one that spoils it stands alone.
        posting.lost_calls += whole_call
        posting.attempts += not whole_call
        posting.epoch += 1
        posting.due_at = None
        _hold(posting, placed(refusal.problems, posting.report))
        wait = pace().retry_in(max(1, posting.attempts))
        if refusal.again == "no" or (refusal.again == "reread" and posting.attempts > MAX_REREADS):
            moves[State.QUARANTINED].append(posting)
        elif refusal.again == "reread":
            moves[State.READY].append(posting)
        elif wait is None:
            moves[State.FAILED].append(posting)
        else:
            posting.due_at = page.now + wait
            moves[State.RETRY_WAIT].append(posting)
    for state, postings in moves.items():
        facts = {
            p.pk: {"problems": [q["code"] for q in p.problems], "attempts": p.attempts}
            for p in postings
        }
        page.move(postings, {State.SENDING}, state, fields=_REFUSAL_FIELDS, facts=facts)


def _write_in_doubt(run: Run, page: Page, postings: Sequence[Posting], *, whole_call: bool) -> None:
    for posting in postings:
        posting.due_at = page.now + run.visibility
        posting.lost_calls += whole_call
    page.move(postings, {State.SENDING}, State.IN_DOUBT, fields=_DOUBT_FIELDS)


def hold(
    run: Run, rows: Sequence[tuple[Posting, Problems]], old: set[State] | frozenset[State] = DUE
) -> None:
    """Quarantine postings for what the ledger's present state says, before anything was sent."""
    if not rows:
        return
    with writing(run.connection.pk, lease=run.lease) as page:
        for posting, problems in rows:
            _hold(posting, problems)
        facts = {p.pk: {"problems": [q.code for q in problems]} for p, problems in rows}
        postings = [posting for posting, _ in rows]
        page.move(
            postings,
            old,
            State.QUARANTINED,
            fields=["problems", "subject", "document_id"],
            facts=facts,
        )
    run.outcomes["held"] += len(rows)


def _word(outcome: Outcome) -> str:
    match outcome:
        case Posted():
            return "posted"
        case Deferred():
            return "deferred"
        case Refused():
            return "refused"
    return "in_doubt"
