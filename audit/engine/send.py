"""Sending committed calls: several at once, each settled as its answer comes in."""

import logging
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait

from audit.engine.kill_points import reach
from audit.engine.run import Run, reopen
from audit.engine.settle import put_back, settle, settle_failure
from audit.models import Call, Posting
from audit.pace import pace
from connectors import opening
from connectors.contract.keys import Marker
from connectors.contract.ledger import Call as Packed
from connectors.contract.ledger import Op, Outcome
from connectors.contract.transport import (
    ContractBroken,
    Request,
    Unauthorised,
    Unreachable,
    VendorError,
)

log = logging.getLogger(__name__)


def _packed(row: Call) -> Packed:
    """The call as it was committed: the bytes of the row, not made again."""
    return Packed(
        op=Op(row.op),
        members=tuple(Marker(key) for key in row.members),
        request=Request(row.method, row.path, row.headers, bytes(row.body)),
        request_id=row.request_id,
        resend_window=row.resend_until - row.created_at if row.resend_until else None,
        is_batch=row.is_batch,
    )


def send_all(run: Run, intended: Sequence[tuple[Call, list[Posting]]]) -> None:
    """Send committed calls, several at once, and settle each as its answer comes in.

    The lease is renewed while answers are waited for. A call that meets an expired token goes once
    more with a fresh one: a 401 was certainly not carried out. Once an answer holds the channel,
    the calls that have not left yet stay.
    """
    # Whoever slept through the lease since the commit must not send: somebody else may have.
    run.renew()
    under_way = {run.start(_send, run, _packed(call)): (call, rows) for call, rows in intended}
    try:
        _collect(run, under_way)
    except BaseException:
        # Whatever has not left yet must not leave after us.
        for future in under_way:
            future.cancel()
        wait(under_way)
        raise


def _collect(run: Run, under_way: dict[Future, tuple[Call, list[Posting]]]) -> None:
    renewed: set[int] = set()
    while under_way:
        done, _ = wait(
            under_way, timeout=pace().lease.total_seconds() / 4, return_when=FIRST_COMPLETED
        )
        for future in done:
            call, postings = under_way.pop(future)
            answer = future.result()
            if _is_over(answer) and call.pk not in renewed:
                renewed.add(call.pk)
                answer = _renew(run, answer)
                if answer is None:
                    under_way[run.start(_send, run, _packed(call))] = (call, postings)
                    continue
            _settle_one(run, call, postings, answer)
        if run.was_shut:
            for future in [one for one in under_way if one.cancel()]:
                put_back(run, *under_way.pop(future), "not sent: the channel was held before")
        if under_way:
            run.renew()


def _is_over(answer: dict[Marker, Outcome] | VendorError) -> bool:
    return isinstance(answer, Unauthorised) and answer.expired


def _renew(run: Run, refused: Unauthorised) -> VendorError | None:
    """Open the ledger with a fresh token; the error if there is none to be had."""
    try:
        run.ledger = opening.open_ledger(run.connection, refused=refused, meter=run.meter)
    except VendorError as error:
        return error
    return None


def _send(run: Run, call: Packed) -> dict[Marker, Outcome] | VendorError:
    """On a thread of its own: exactly one request, and none once the lease is no longer sure."""
    try:
        if not run.may_send:
            return Unreachable("not sent: our right to write had run out before its turn came")
        return run.ledger.post(call)
    except VendorError as error:
        return error
    except Exception as error:  # a defect must not leave the other calls unsettled
        log.exception("the answer could not be read request_id=%s", call.request_id)
        return ContractBroken(f"{type(error).__name__} while reading the ledger's answer")


def _settle_one(
    run: Run, call: Call, postings: list[Posting], answer: dict[Marker, Outcome] | VendorError
) -> None:
    reach("drain.answered")
    if not isinstance(answer, VendorError):
        settle(run, call, postings, answer)
        if not run.was_shut:
            reopen(run.connection.pk)
        return
    settle_failure(run, call, postings, answer)
    if call.status == Call.Status.UNSENT:
        run.stop_at = 0.0  # the channel is held: no further wave
