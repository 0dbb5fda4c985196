"""What a worker does, for tests that run it in this process or in others, and kill it there."""

from audit.engine import drain, poll, prepare
from connectors.models import LedgerConnection
from mappings.models import Flow


def work() -> None:
    """Poll what is due, prepare, and drain every connection."""
    flow = Flow.objects.get()
    if flow.due_at is not None:
        poll.poll(flow.pk, flow.due_at)
    prepare.prepare(flow.pk)
    post()


def post() -> None:
    """Drain every connection."""
    for connection in LedgerConnection.objects.all():
        drain.drain(connection.pk)
