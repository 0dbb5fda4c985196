"""Posting: one writer per connection takes what is due, looks it up, commits its intent, sends,
and settles; it may be killed anywhere without a document being lost or doubled."""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from audit.book import writing
from audit.engine import poll, prepare
from audit.engine.amend import Change, Seen, changes, date_locked, ours
from audit.engine.attach import next_file
from audit.engine.earlier import looked_for_as_well
from audit.engine.kill_points import reach
from audit.engine.lease import LeaseLost, acquire
from audit.engine.parties import create_wanted
from audit.engine.receipt_links import due_files, fresh_links
from audit.engine.resolve import (
    found_twice,
    illegible,
    is_wanted,
    receipt_of,
    recover,
    resolve,
    sought,
)
from audit.engine.run import Run, is_shut, oldest_reading, shut
from audit.engine.send import send_all
from audit.engine.settle import (
    card_elsewhere,
    cards_elsewhere,
    hold,
    write_posted,
)
from audit.engine.twins import may_have_twins, without_twins
from audit.engine.wishes import due as due_wishes
from audit.models import Call, PartyWish, Posting
from audit.pace import pace
from audit.states import DUE, State
from connectors import limits, opening
from connectors.contract.keys import Marker
from connectors.contract.ledger import (
    Absent,
    Finding,
    Found,
    Illegible,
    Op,
    Payload,
    Pending,
    Stored,
)
from connectors.contract.ledger import Call as Packed
from connectors.contract.transport import (
    Unauthorised,
    VendorError,
)
from connectors.models import LedgerConnection
from mappings.models import Flow
from mappings.terms import Mode

log = logging.getLogger(__name__)

BUSY = "another writer is at work"
# How many calls a wave has for each that may be in flight: as one is answered the next leaves.
ROUNDS = 6

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Drained:
    """What one drain did: postings by outcome; `held_by` says why it did less than it could."""

    outcomes: dict[str, int] = field(default_factory=dict)
    held_by: str = ""


def drain(connection_id: int) -> Drained:
    """Send what is due on this connection, for as long as the pace allows one drain.

    Does nothing while another writer has the lease or the channel is held.
    """
    if not work_waits(connection_id):
        return Drained()
    if why := is_shut(connection_id):
        return Drained(held_by=why)
    read_before_posting(connection_id)
    links = fresh_links(connection_id)
    lease = acquire(connection_id)
    if lease is None:
        return Drained(held_by=BUSY)
    connection = LedgerConnection.objects.select_related("credential").get(pk=connection_id)
    run = None
    meter = limits.ledger_meter(connection.pk, connection.ledger)
    try:
        ledger = opening.open_ledger(connection, meter=meter)
        stop_at = time.monotonic() + pace().drain.total_seconds()
        run = Run(lease, connection, ledger, meter, stop_at, links=links)
        try:
            _drain(run)
        except Unauthorised as refused:
            # A token may be ended before its time; a fresh one settles whether that was all.
            if not refused.expired:
                raise
            run.ledger = opening.open_ledger(connection, refused=refused, meter=meter)
            _drain(run)
    except VendorError as error:
        shut(connection_id, error)
        return Drained(dict(run.outcomes) if run else {}, str(error))
    except LeaseLost as lost:
        log.warning("lease lost connection=%s", connection_id)
        return Drained(dict(run.outcomes) if run else {}, str(lost))
    finally:
        try:
            if run is not None:
                run.close()
            limits.store_meter(connection.pk, meter)
        finally:
            lease.release()
    return Drained(dict(run.outcomes), run.away)


def work_waits(connection_id: int) -> bool:
    """True when a drain would find something to do now."""
    return any(rows.exists() for rows in _waiting(connection_id=connection_id))


def _sendable() -> Q:
    return _live() & Q(waits_for__isnull=True)


def _live() -> Q:
    """A dry run is the real path less its last step: this is the step."""
    return Q(
        flow__mode__in=[Mode.LIVE.value, Mode.TEST.value],
        flow__is_paused=False,
        report__unread_text="",  # what we have of it may be out of date
    )


def _is_due() -> Q:
    return Q(due_at__isnull=True) | Q(due_at__lte=Now())


def _waiting(**of: Any) -> tuple[QuerySet, ...]:
    """What a drain would take up, for each reason.

    One OR over them all took PostgreSQL 10 ms to plan, many times as long as these together.
    """
    postings = Posting.objects.filter(**of)
    return (
        postings.filter(_sendable(), _is_due(), state__in=DUE),
        postings.filter(Q(state=State.IN_DOUBT, due_at__lte=Now()) | Q(state=State.SENDING)),
        due_files().filter(**of),
        due_wishes(_live()).filter(**of),
    )


def _drain(run: Run) -> None:
    # What is asked for with all that hangs on it is asked for only where there is something.
    of_it = {"connection": run.connection}
    if Posting.objects.filter(**of_it, state__in=[State.SENDING, State.IN_DOUBT]).exists():
        recover(run)
        resolve(run)
    if PartyWish.objects.filter(**of_it).exists():
        # Vendors first: the reports that wait for them are built again, and go with the others.
        for flow_id in sorted(create_wanted(run, _live())):
            prepare.prepare(flow_id)
    while run.has_time:
        if wave := _next_wave(run):
            _carry_out(run, wave)
        elif not next_file(run):
            return
        run.renew()


def _next_wave(run: Run) -> list[Posting]:
    """Due postings of one op, a few rounds of full calls, every report freshly read."""
    abilities = run.ledger.abilities
    due = (
        Posting.objects.filter(_sendable(), _is_due(), connection=run.connection, state__in=DUE)
        .filter(report__read_at__gte=oldest_reading())
        .select_related("report", "replaces", "flow")
        .order_by("pk")
    )
    rows = list(due[: abilities.batch_size * abilities.concurrency * ROUNDS])
    unwanted = [row for row in rows if not is_wanted(row)]
    # A first post that was seen in the ledger is looked up, whatever the report says now.
    if unwanted := [row for row in unwanted if row.op != Op.POST or not row.document_id]:
        _withdraw(run, unwanted)
        return _next_wave(run)
    return [row for row in rows if row.op == rows[0].op]


def _withdraw(run: Run, rows: Sequence[Posting]) -> None:
    """Taken back in Expensify while it was on its way, and certainly not stored."""
    with writing(run.connection.pk, lease=run.lease) as page:
        page.move(rows, DUE, State.WITHDRAWN, problems=[], subject="", call=None, document_id="")


def read_before_posting(connection_id: int) -> None:
    """Read reports again that have waited too long since they were read, and build them anew.

    Without the lease: an export may take minutes. What could not be read keeps its old time, and
    waits.
    """
    due = Posting.objects.filter(
        _live(), _is_due(), connection_id=connection_id, state__in=DUE
    ).filter(report__read_at__lt=oldest_reading())
    by_flow: dict[int, set[str]] = {}
    for flow_id, report_id in due.values_list("flow_id", "report__report_id").order_by():
        by_flow.setdefault(flow_id, set()).add(report_id)
    for flow_id, report_ids in by_flow.items():
        if poll.read_again(flow_id, sorted(report_ids)):
            prepare.prepare(flow_id)


def _carry_out(run: Run, wave: Sequence[Posting]) -> None:
    """Look up or read, render, commit the intent, send, settle."""
    if wave[0].op == Op.POST:
        rows = without_locked(run, without_cards(run, wave))
        findings, twins = _looked_up(run, rows)
        missing = _not_there_yet(run, rows, findings)
        if unwanted := [row for row in missing if not is_wanted(row)]:
            _withdraw(run, unwanted)
        missing = without_twins(run, [row for row in missing if is_wanted(row)], twins)
        reach("drain.looked_up")
        outgoing = [Change(row, row.as_payload()) for row in missing]
    else:
        seen = changes(run, wave)
        hold(run, seen.held)
        _write_gone_and_unseen(run, seen)
        outgoing = seen.outgoing
    if outgoing:
        send_all(run, _intend(run, outgoing))


def without_locked(run: Run, rows: Sequence[Posting]) -> list[Posting]:
    """Those whose date we have not closed; the ledger says by itself what it has closed."""
    locks = ours(run.connection)
    held = [
        (row, (date_locked(row, why),)) for row in rows if row.date and (why := locks.why(row.date))
    ]
    hold(run, held)
    stopped = {row.pk for row, _ in held}
    return [row for row in rows if row.pk not in stopped]


def without_cards(run: Run, rows: Sequence[Posting]) -> list[Posting]:
    """Those whose card transaction does not stand, or go out, because of another report."""
    elsewhere = cards_elsewhere(run.connection.pk, rows)
    held, going, kept = [], set(), []
    for row in rows:
        if row.pk in elsewhere or row.slice_name in going:
            held.append((row, (card_elsewhere(row, elsewhere.get(row.pk, "")),)))
        else:
            kept.append(row)
            if row.slice_name.startswith("card:"):
                going.add(row.slice_name)
    hold(run, held)
    return kept


def _write_gone_and_unseen(run: Run, seen: Seen) -> None:
    """A cancel whose document is gone is done; what the ledger can't show yet is asked later."""
    if not (seen.gone or seen.unseen):
        return
    with writing(run.connection.pk, lease=run.lease) as page:
        write_posted(run, page, [(row, row.as_receipt(), None) for row in seen.gone], set(DUE))
        later = [row.pk for row in seen.unseen]
        Posting.objects.filter(pk__in=later).update(due_at=page.now + pace().doubt_retry)
    run.outcomes["found"] += len(seen.gone)


def _looked_up(
    run: Run, rows: Sequence[Posting]
) -> tuple[dict[Marker, Finding], dict[Marker, Sequence[Stored | Illegible]]]:
    """What stands in the ledger for each of them, and what looks like one of them; all at once.

    A database restored from a backup, or a second installation on the same company, would
    otherwise book everything twice.
    """
    many = run.ledger.abilities.find_many
    # Earlier versions of these reports may have left a document of another kind.
    earlier = [one for writes in looked_for_as_well(rows).values() for one in writes]
    own, others = (_parts([sought(row) for row in part], many) for part in (rows, earlier))
    alike = _parts([row.as_payload() for row in rows if may_have_twins(row)], many)
    answers = iter(
        run.at_once(
            [partial(run.ledger.find, part) for part in (*own, *others)]
            + [partial(run.ledger.twins, part) for part in alike]
        )
    )
    findings = _together(answers, own)
    for marker, finding in _together(answers, others).items():
        if isinstance(finding, (Found, Illegible)):
            findings[marker] = finding
    twins = _together(answers, alike)
    # What was sent before may have been stored between the two questions: then what looks like
    # ours is ours, and only a look-up that was asked later sees it.
    unseen = (sought(row) for row in rows if Marker(row.marker) in twins)
    late = [one for one in unseen if isinstance(findings.get(one.marker), Absent)]
    for part in _parts(late, many):
        findings.update(run.ledger.find(part))
    return findings, twins


def _together(answers: Iterator[Mapping[Marker, _T]], parts: Sequence[Any]) -> dict[Marker, _T]:
    """The next answers as one, as many as there are parts."""
    return {marker: one for answer in islice(answers, len(parts)) for marker, one in answer.items()}


def _parts(members: Sequence[_T], size: int) -> list[Sequence[_T]]:
    return [members[start : start + size] for start in range(0, len(members), size)]


def _not_there_yet(
    run: Run, wave: Sequence[Posting], findings: Mapping[Marker, Finding]
) -> list[Posting]:
    """The look-up before the first post: what stands already is adopted, not posted again."""
    adopted, held, later, missing = [], [], [], []
    for row in wave:
        match findings.get(Marker(row.marker)):
            case Found((stored,)):
                adopted.append((row, receipt_of(stored), stored))
            case Found(stored):
                row.document_id = row.document_id or stored[0].id
                held.append((row, (found_twice(row, stored),)))
            case Illegible() as finding:
                held.append((row, (illegible(row, finding),)))
            case Pending() | None:
                later.append(row.pk)
            case _:
                missing.append(row)
    hold(run, held)
    if adopted or later:
        with writing(run.connection.pk, lease=run.lease) as page:
            write_posted(run, page, adopted, set(DUE))
            Posting.objects.filter(pk__in=later).update(due_at=page.now + pace().doubt_retry)
        run.outcomes["found"] += len(adopted)
    return missing


def _intend(run: Run, outgoing: Sequence[Change]) -> list[tuple[Call, list[Posting]]]:
    """Commit payloads and the exact bytes of every call before anything leaves."""
    with writing(run.connection.pk, lease=run.lease) as page:
        held = page.hold([change.posting for change in outgoing], DUE)
        outgoing = [change for change in outgoing if change.posting.pk in held]
        packed: list[tuple[Packed, list[Posting]]] = []
        for group in _groups(outgoing, run.ledger.abilities.batch_size):
            postings = {Marker(change.posting.marker): change.posting for change in group}
            epoch = _epoch(run, [change.posting for change in group])
            payloads = [change.payload for change in group]
            for call in run.ledger.pack(Op(group[0].posting.op), payloads, epoch):
                packed.append((call, [postings[marker] for marker in call.members]))
        rows = Call.objects.bulk_create([_row(run, call, page.now) for call, _ in packed])
        intended = []
        for row, (_, postings) in zip(rows, packed, strict=True):
            for posting in postings:
                posting.call, posting.due_at = row, None
            intended.append((row, postings))
        for change in outgoing:
            _keep_payload(change.posting, change.payload)
        page.move(
            [change.posting for change in outgoing],
            DUE,
            State.SENDING,
            fields=["call", "due_at", "payload", "cuts", "number"],
            held=held,
        )
    reach("drain.intent_committed")
    return intended


def _epoch(run: Run, postings: Sequence[Posting]) -> str:
    """What makes a new call's request id new, though its bytes may be those of an earlier one.

    A call that is sent again is not packed again: its stored bytes keep the stored id.
    """
    newest = max(posting.pk for posting in postings)
    return f"{run.connection.company}:{run.lease.fence}:{newest}:{max(p.epoch for p in postings)}"


def _keep_payload(posting: Posting, payload: Payload) -> None:
    posting.payload = payload.body
    posting.number = payload.number or posting.number
    if payload.cuts:
        posting.cuts = [
            {"field": cut.field, "before": cut.before, "after": cut.after} for cut in payload.cuts
        ]


def _groups(outgoing: Sequence[Change], batch_size: int) -> list[list[Change]]:
    """Members of one call: full batches, and smaller ones for those that were lost with theirs.

    After two lost calls the batch is halved each time, so that one poisonous document ends alone.
    """
    by_size: dict[int, list[Change]] = {}
    for change in outgoing:
        size = max(1, batch_size >> max(0, change.posting.lost_calls - 1))
        by_size.setdefault(size, []).append(change)
    return [
        members[start : start + size]
        for size, members in sorted(by_size.items(), reverse=True)
        for start in range(0, len(members), size)
    ]


def _row(run: Run, call: Packed, now) -> Call:
    return Call(
        connection=run.connection,
        op=call.op.value,
        members=[marker.key for marker in call.members],
        method=call.request.method,
        path=call.request.path,
        headers=dict(call.request.headers),
        body=call.request.body,
        is_batch=call.is_batch,
        request_id=call.request_id,
        resend_until=now + call.resend_window if call.resend_window else None,
        fence=run.lease.fence,
        created_at=now,
        sent_at=now,
        times_sent=1,
    )


def due_connections() -> list[int]:
    """Connections on which something waits to be sent or looked up."""
    return sorted(
        {
            connection_id
            for rows in _waiting()
            for connection_id in rows.order_by().values_list("connection_id", flat=True).distinct()
        }
    )


def due_preparations() -> list[int]:
    """Flows with reports that the engine has not looked at since they changed."""
    return list(
        Flow.objects.filter(reports__is_due=True, reports__latest__isnull=False)
        .distinct()
        .order_by("pk")
        .values_list("pk", flat=True)
    )
