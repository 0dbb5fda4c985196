"""What the queue calls. A task is a nudge: the work stands in the database, and a task that is
lost, doubled or late changes nothing."""

import logging
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django_q.tasks import async_task

from audit import attention, mail, trail
from audit.engine import drain, poll, prepare
from audit.nudge import TICK
from audit.pace import pace
from connectors import opening
from connectors.clock import database_now
from connectors.contract.transport import VendorError
from connectors.expensify import spool
from connectors.models import Credential, LedgerConnection, Workspace
from mappings import services as mapping
from mappings.pull import ListsIncomplete

log = logging.getLogger(__name__)

# Stale lists are looked for so often; a pull that fails is thus not repeated every minute.
LISTS_EVERY_MINUTES = 15


def tick() -> None:
    """Once a minute: nudge whatever is due."""
    for flow_id, due_at in poll.due_flows():
        async_task("audit.tasks.poll_flow", flow_id, due_at.isoformat())
    for flow_id in drain.due_preparations():
        async_task("audit.tasks.prepare_flow", flow_id)
    for connection_id in drain.due_connections():
        async_task("audit.tasks.drain_connection", connection_id)
    if database_now().minute % LISTS_EVERY_MINUTES == 0:
        for connection_id in stale_charts():
            async_task("audit.tasks.read_chart", connection_id)
        for workspace_id in stale_lists():
            async_task("audit.tasks.read_lists", workspace_id)
        for connection_id in attention.due_looks(database_now()):
            async_task("audit.tasks.look_at_bills", connection_id)
        for credential_id in idle_credentials():
            async_task("audit.tasks.renew_idle", credential_id)
        housekeeping()
    mail.send_due(database_now())


def stale_charts() -> list[int]:
    """Connections in use whose lists were read too long ago."""
    before = database_now() - pace().lists_again
    used = LedgerConnection.objects.filter(flows__is_paused=False, credential__state="working")
    stale = used.filter(Q(chart_as_of__lt=before) | Q(chart_as_of__isnull=True))
    return list(stale.order_by("pk").distinct().values_list("pk", flat=True))


def stale_lists() -> list[int]:
    """Workspaces in use whose categories, tags and people were read too long ago."""
    before = database_now() - pace().lists_again
    used = Workspace.objects.filter(flows__is_paused=False, is_visible=True)
    stale = used.filter(Q(lists_as_of__lt=before) | Q(lists_as_of__isnull=True))
    return list(stale.order_by("pk").distinct().values_list("pk", flat=True))


def read_chart(connection_id: int) -> None:
    connection = LedgerConnection.objects.select_related("credential").get(pk=connection_id)
    _told(connection_id, "chart.unread", lambda: mapping.pull_chart(connection))


def look_at_bills(connection_id: int) -> None:
    _told(connection_id, "bills.unread", lambda: attention.look_at_bills(connection_id))


def read_lists(workspace_id: int) -> None:
    workspace = Workspace.objects.select_related("account__credential").get(pk=workspace_id)
    _told(None, "lists.unread", lambda: mapping.pull_workspace(workspace))


def idle_credentials() -> list[int]:
    """Sign-ins that nobody used for a third of their life: renewing them keeps them alive.

    One that the vendor blocks is among them: when its plan is paid again, nobody should have to
    connect again as well.
    """
    now = database_now()
    rows = (
        Credential.objects.filter(refresh_expires_at__isnull=False)
        .exclude(state=Credential.State.RECONNECT)
        .order_by("pk")
    )
    return [
        row.pk
        for row in rows.defer("secret")
        if now > row.changed_at + (row.refresh_expires_at - row.changed_at) / 3
    ]


def renew_idle(credential_id: int) -> None:
    """Renew a sign-in whose tokens would otherwise end unused."""
    if credential_id not in idle_credentials():
        return  # this nudge was doubled or late: it has been renewed
    credential = Credential.objects.get(pk=credential_id)
    _told(
        None,
        "connection.not_renewed",
        lambda: opening.token_of(credential, opening.stale_token(credential)),
    )


def _told(connection_id: int | None, kind: str, pull: Callable[[], object]) -> None:
    """Run a pull; a failure leaves the old lists standing and an event with the reason."""
    try:
        pull()
    except (VendorError, ListsIncomplete) as failure:
        trail.record(kind, {"why": str(failure)}, connection_id=connection_id)


def housekeeping() -> None:
    """Spool files of readers that died; nothing else of ours is ever thrown away."""
    spool.remove_leftovers(settings.SPOOL_DIR, database_now(), timedelta(days=1))


def poll_flow(flow_id: int, due_at: str) -> None:
    """Read what is new, prepare it, and nudge the connection's drain."""
    run = poll.poll(flow_id, poll.utc(due_at))
    if run is not None:
        prepare_flow(flow_id)
        poll.note_not_taken(run)


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
