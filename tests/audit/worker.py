"""A worker as a process of its own, for tests that kill it: `python -m tests.audit.worker VERB`.

Works on the database and the sandbox that its environment names.
"""

import sys

import django


def work(verb: str = "all") -> None:
    """Poll what is due, prepare, and drain every connection; or "drain" alone."""
    from audit.engine import drain, poll, prepare
    from connectors.models import LedgerConnection
    from mappings.models import Flow

    flow = Flow.objects.get()
    if verb == "all":
        if flow.due_at is not None:
            poll.poll(flow.pk, flow.due_at)
        prepare.prepare(flow.pk)
    for connection in LedgerConnection.objects.all():
        drain.drain(connection.pk)


if __name__ == "__main__":
    django.setup()
    work(sys.argv[1])
