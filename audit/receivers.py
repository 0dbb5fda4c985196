"""What the rooms below report upwards is written into the trail, in their own transaction."""

from typing import Any

from django.db.models import Q, QuerySet

from audit import trail
from audit.book import lock_reports
from audit.engine.run import reopen
from audit.models import Posting, Report
from audit.nudge import nudge
from audit.states import State

# News after which a channel that was held may be tried again at once.
_WORKING_AGAIN = {"connection.connected", "connection.reconnected", "connection.working"}
# News after which a flow may take what it left out, or create nobody any more: those reports are
# looked at again.
_TAKES_OTHERS = {"flow.changed", "flow.backfilled", "flow.reads_again"}
# News of who is whom: reports that wait for a vendor of theirs may need none to be created.
_WHO_IS_WHOM = {"party.linked", "party.named", "party.unnamed"}
_NUDGES = _WORKING_AGAIN | {"flow.poll_asked", "flow.reads_again", "flow.backfilled"}


def write_down(
    sender: Any, *, kind: str, subject: dict, facts: dict, actor: str = "", **extra: Any
) -> None:
    """Receiver of `connectors.signals.happened`."""
    connection_id = subject.get("connection_id")
    others = {name: ref for name, ref in subject.items() if name != "connection_id"}
    if kind in _TAKES_OTHERS:
        waiting = Q(pk__in=_waiting().values("report"))
        concerned = Q(standing=Report.Standing.EXCLUDED) | waiting
        _look_again(Report.objects.filter(concerned, flow_id=subject["flow_id"]))
    if kind in _WHO_IS_WHOM:
        theirs = _waiting().filter(
            connection_id=connection_id, waits_for__employee_email=facts["employee_email"]
        )
        _look_again(Report.objects.filter(pk__in=theirs.values("report")))
    if kind in _WORKING_AGAIN and connection_id is not None:
        reopen(connection_id)  # before the event: a channel is locked before the head of a chain
    trail.record(kind, {**others, **facts}, connection_id=connection_id, actor=actor)
    if kind in _NUDGES:
        nudge()


def _waiting() -> QuerySet[Posting]:
    """Postings that wait for a vendor to be created."""
    waiting = Posting.objects.filter(state=State.READY, waits_for__isnull=False)
    return waiting.order_by()


def _look_again(reports: QuerySet[Report]) -> None:
    lock_reports(reports.values_list("pk", flat=True))
    reports.update(is_due=True)
