"""A tap on the queue's shoulder after something a person did; the tick would come anyway."""

from django.db import transaction
from django_q.tasks import async_task

TICK = "audit.tasks.tick"


def nudge() -> None:
    """Have a tick run as soon as the present transaction is committed. Losing it costs a minute."""
    transaction.on_commit(lambda: async_task(TICK))
