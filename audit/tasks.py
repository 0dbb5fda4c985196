"""What the queue calls. A task is a nudge: the work stands in the database, and a task that is
lost, doubled or late changes nothing."""

import logging
from datetime import timedelta

from django.conf import settings
from django_q.tasks import async_task

from audit.engine import drain, poll, prepare
from audit.nudge import TICK
from connectors.clock import database_now
from connectors.expensify import spool

log = logging.getLogger(__name__)


def tick() -> None:
    """Once a minute: nudge whatever is due."""
    for flow_id, due_at in poll.due_flows():
        async_task("audit.tasks.poll_flow", flow_id, due_at.isoformat())
    for flow_id in drain.due_preparations():
        async_task("audit.tasks.prepare_flow", flow_id)
    for connection_id in drain.due_connections():
        async_task("audit.tasks.drain_connection", connection_id)
    housekeeping()


def housekeeping() -> None:
    """Spool files of readers that died; nothing else of ours is ever thrown away."""
    spool.remove_leftovers(settings.SPOOL_DIR, database_now(), timedelta(days=1))


def poll_flow(flow_id: int, due_at: str) -> None:
    """Read what is new, prepare it, and nudge the connection's drain."""
    run = poll.poll(flow_id, poll.utc(due_at))
    if run is not None:
        prepare_flow(flow_id)


def prepare_flow(flow_id: int) -> None:
    prepare.prepare(flow_id)
    for connection_id in drain.due_connections():
        async_task("audit.tasks.drain_connection", connection_id)


def drain_connection(connection_id: int) -> None:
    done = drain.drain(connection_id)
    log.info("drained connection=%s outcomes=%s", connection_id, done.outcomes)
    if done.outcomes and drain.work_waits(connection_id):
        async_task("audit.tasks.drain_connection", connection_id)


def ensure_tick() -> None:
    """The one schedule there is. Doubled rows would be harmless; they are removed all the same."""
    from django_q.models import Schedule

    schedule, _ = Schedule.objects.update_or_create(
        name="tick",
        defaults={"func": TICK, "schedule_type": Schedule.MINUTES, "minutes": 1, "repeats": -1},
    )
    Schedule.objects.filter(func=TICK).exclude(pk=schedule.pk).delete()
