"""One writer per connection: a lease on its channel, with a fence that outlives a slow owner."""

import os
import socket
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

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

    def confirm(self) -> datetime:
        """Lock the channel row for this transaction, or raise LeaseLost. The time, by the
        database's clock."""
        # Without the model's ordering, which joins the connection: a lock on that row would stand
        # in the way of every foreign key check.
        mine = (
            Channel.objects.select_for_update()
            .filter(connection_id=self.connection_id, owner=self.owner, fence=self.fence)
            .order_by()
        )
        found = list(mine.values_list(Now(), flat=True))
        if not found:
            raise LeaseLost(f"connection {self.connection_id} has another writer")
        return found[0]

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


def own_name() -> str:
    """A name in at most 64 characters that nobody else has, however long the host's is."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def acquire(connection_id: int, span: timedelta | None = None) -> ChannelLease | None:
    """The lease, or None while somebody else holds it. The database's clock decides."""
    owner = own_name()
    channel = Channel.objects.filter(connection_id=connection_id).order_by()
    free = channel.filter(Q(until__isnull=True) | Q(until__lt=Now()))
    if not free.update(owner=owner, fence=F("fence") + 1, until=Now() + (span or pace().lease)):
        return None
    # Nobody else has this name: no transaction is needed to see what we have written.
    fence = channel.filter(owner=owner).values_list("fence", flat=True).first()
    return None if fence is None else ChannelLease(connection_id, owner, fence)
