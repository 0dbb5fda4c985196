"""Creating vendors: looked up first, intent before the call, one request, settled once.

Only the connection's one writer does this. Killed anywhere, the next one looks the name up again.
"""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q

from audit.book import Page, writing
from audit.engine.kill_points import reach
from audit.engine.party_ends import (
    Flows,
    created,
    doubt,
    end_call,
    facts_of,
    hold,
    lock,
    met,
    put_off,
    unanswered,
    write,
)
from audit.engine.run import Run, oldest_reading, reopen
from audit.engine.wishes import Wish, due, waiting
from audit.models import CREATE, Call, PartyWish
from audit.pace import pace
from connectors.clock import database_now
from connectors.contract import exact_json, keys
from connectors.contract.company import ChartRow
from connectors.contract.keys import Marker
from connectors.contract.ledger import InDoubt, NewParty, PartyCall, Refused
from connectors.contract.transport import AnswerLost, ContractBroken, Request, VendorError
from mappings.books import NOT_PAYABLE


def create_wanted(run: Run, live: Q) -> Flows:
    """Look the names of all due wishes up, by as few requests as possible, and create those whom
    nobody knows. Returns the flows whose reports can be built again. Raises VendorError.

    `live`: the condition for postings that may be sent. As with documents, nobody is created for
    what was read too long ago.
    """
    _recover(run)
    # What is sending still is ours of a moment ago: the next lease takes it for lost.
    chosen = due(live, read_since=oldest_reading())
    chosen = chosen.filter(connection=run.connection).exclude(state=Wish.SENDING)
    chosen = chosen.select_related("call", "party")
    wishes = list(chosen.order_by("pk")[: run.ledger.abilities.find_many])
    if not wishes:
        return set()
    try:
        found = run.ledger.named([one.name for one in wishes])
    except ContractBroken as broken:
        put_off(wishes, broken)
        return set()
    reach("parties.looked_up")
    reopen(run.connection.pk)
    flows: Flows = set()
    for one in wishes:
        if not run.has_time:
            break
        run.renew()
        flows |= _act(run, live, one, found.get(one.name, ()))
    return flows


def _act(run: Run, live: Q, one: PartyWish, rows: Sequence[ChartRow]) -> Flows:
    """One wish, by who has its name in the ledger."""
    if one.state == Wish.IN_DOUBT:
        ours = next((row for row in rows if _is_ours(one, row)), None)
        if ours is not None:
            return created(run, one, ours, was_found=True)
    if rows:
        return met(run, one, rows)
    return _absent(run, live, one) if one.state == Wish.IN_DOUBT else _create(run, live, one)


def _is_ours(one: PartyWish, row: ChartRow) -> bool:
    return row.kind not in NOT_PAYABLE and row.email.strip().lower() == one.employee_email


def _recover(run: Run) -> None:
    """Calls of a writer whose lease ran out: nobody knows whether they arrived."""
    left = list(
        PartyWish.objects.filter(
            connection=run.connection, state=Wish.SENDING, fence__lt=run.lease.fence
        )
    )
    for one in left:
        note = "its sender stopped before the answer was written down"
        doubt(run, one, InDoubt(note))


# --- sending ------------------------------------------------------------------------------------


def _create(run: Run, live: Q, one: PartyWish) -> Flows:
    """A call with bytes of its own, committed before it leaves."""
    generation = one.generation + 1
    marker = keys.marker(run.connection.company, one.employee_email, "party", generation)
    made = run.ledger.create(NewParty(one.name, one.employee_email, one.currency), marker)
    if not isinstance(made, PartyCall):
        return hold(run, one, tuple(made))
    with writing(run.connection.pk, lease=run.lease) as page:
        # Others were looked up and created since it was chosen: it may not be wanted any more.
        if not lock(one) or not _is_wanted(live, one):
            return set()
        call = Call.objects.create(**_columns(run, made, page))
        write(run, page, one, Wish.SENDING, call=call, due_at=None, generation=generation)
        page.note("party.sending", facts_of(one))
    reach("parties.intent_committed")
    return _send(run, one, made)


def _absent(run: Run, live: Q, one: PartyWish) -> Flows:
    """It was in doubt, and nobody has the name: it certainly was not created. It is sent again only
    for a report that asks for it as it was just read; otherwise it waits, as if never sent."""
    if _is_wanted(live, one):
        if pace().retry_in(max(1, one.attempts)) is None:
            return hold(run, one, (unanswered(one),))
        if one.call.resend_until is None or one.call.resend_until <= database_now():
            return _create(run, live, one)
    call = one.call
    with writing(run.connection.pk, lease=run.lease) as page:
        if not lock(one):
            return set()
        if not _is_wanted(live, one):
            write(run, page, one, Wish.WAITING, due_at=None)
            return set()
        call.sent_at, call.times_sent = page.now, call.times_sent + 1
        call.status, call.fence = Call.Status.INTENDED, run.lease.fence
        call.save(update_fields=["sent_at", "times_sent", "status", "fence"])
        write(run, page, one, Wish.SENDING, due_at=None)
        page.note("party.sending", facts_of(one) | {"again": call.request_id})
    reach("parties.intent_committed")
    return _send(run, one, _packed(call))


def _is_wanted(live: Q, one: PartyWish) -> bool:
    """A posting that could be sent still waits for it, and its report was read lately enough."""
    return waiting(live, oldest_reading()).filter(waits_for=one).exists()


def _send(run: Run, one: PartyWish, call: PartyCall) -> Flows:
    """Exactly one request, and what its answer makes of the wish. Raises VendorError where it
    certainly was not carried out; then the wish waits, at no cost to it."""
    run.renew()
    try:
        answer = run.ledger.enter_party(call)
    except (AnswerLost, ContractBroken) as lost:
        answer = InDoubt(str(lost))
    except VendorError as error:
        with writing(run.connection.pk, lease=run.lease) as page:
            end_call(page, one, Call.Status.UNSENT, str(error))
            write(run, page, one, Wish.WAITING)
        raise
    reach("parties.answered")
    flows = _settle(run, one, answer)
    reach("parties.settled")
    return flows


def _settle(run: Run, one: PartyWish, answer: ChartRow | Refused | InDoubt) -> Flows:
    match answer:
        case ChartRow():
            return created(run, one, answer, was_found=False)
        case InDoubt():
            return doubt(run, one, answer)
        case Refused(problems, "reread"):
            # Somebody took the name since we looked, or a look-up does not show who has it.
            rows = run.ledger.named([one.name]).get(one.name, ())
            return met(run, one, rows) if rows else hold(run, one, problems, is_taken=True)
        case Refused(problems, "later"):
            wait = pace().retry_in(one.attempts + 1)
            if wait is None:
                return hold(run, one, problems)
            with writing(run.connection.pk, lease=run.lease) as page:
                end_call(page, one, Call.Status.ANSWERED)
                more = {"attempts": one.attempts + 1, "due_at": page.now + wait}
                write(run, page, one, Wish.WAITING, problems=exact_json.plain(problems), **more)
            run.outcomes["refused"] += 1
            return set()
    return hold(run, one, answer.problems)


def _columns(run: Run, call: PartyCall, page: Page) -> dict[str, Any]:
    return {
        "connection": run.connection,
        "op": CREATE,
        "members": [call.marker.key],
        "method": call.request.method,
        "path": call.request.path,
        "headers": dict(call.request.headers),
        "body": call.request.body,
        "request_id": call.request_id,
        "resend_until": page.now + call.resend_window if call.resend_window else None,
        "fence": run.lease.fence,
        "created_at": page.now,
        "sent_at": page.now,
        "times_sent": 1,
    }


def _packed(row: Call) -> PartyCall:
    """The call as it was committed: the bytes of the row, not made again."""
    return PartyCall(
        marker=Marker(row.members[0]),
        request=Request(row.method, row.path, row.headers, bytes(row.body)),
        request_id=row.request_id,
        resend_window=row.resend_until - row.created_at,
    )
