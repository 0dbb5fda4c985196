"""One writer per connection: a lease on its channel, with a fence that outlives a slow owner."""

import os
import socket
import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from audit.pace import pace
from connectors.models import Channel


class LeaseLost(Exception):
    """Another writer has taken over this connection; whatever was not written stays unwritten."""


@dataclass(frozen=True, slots=True)
class ChannelLease:
    """Proof of being the connection's writer. `fence` grows with every new owner."""

    connection_id: int
    owner: str
    fence: int

    def confirm(self) -> None:
        """Lock the channel row for this transaction, or raise LeaseLost."""
        # Without the model's ordering, which joins the connection: a lock on that row would stand
        # in the way of every foreign key check.
        mine = (
            Channel.objects.select_for_update()
            .filter(connection_id=self.connection_id, owner=self.owner, fence=self.fence)
            .order_by()
        )
        if not mine.values_list("pk", flat=True):
            raise LeaseLost(f"connection {self.connection_id} has another writer")

    def renew(self) -> None:
        """Move the lease's end forward; LeaseLost if it is no longer ours."""
        renewed = Channel.objects.filter(
            connection_id=self.connection_id, owner=self.owner, fence=self.fence
        ).update(until=Now() + pace().lease)
        if not renewed:
            raise LeaseLost(f"connection {self.connection_id} has another writer")

    def release(self) -> None:
        Channel.objects.filter(
            connection_id=self.connection_id, owner=self.owner, fence=self.fence
        ).update(until=None, owner="")


def acquire(connection_id: int, span: timedelta | None = None) -> ChannelLease | None:
    """The lease, or None while somebody else holds it. The database's clock decides."""
    owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
    with transaction.atomic():
        free = Channel.objects.filter(connection_id=connection_id).filter(
            Q(until__isnull=True) | Q(until__lt=Now())
        )
        taken = free.update(
            owner=owner[:64], fence=F("fence") + 1, until=Now() + (span or pace().lease)
        )
        if not taken:
            return None
        fence = Channel.objects.values_list("fence", flat=True).get(connection_id=connection_id)
    return ChannelLease(connection_id, owner[:64], fence)
