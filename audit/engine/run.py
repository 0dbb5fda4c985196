"""What one drain carries with it: the lease, the open ledger, and when it must stop."""

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from audit import trail
from audit.engine.lease import ChannelLease
from audit.pace import pace
from connectors import services
from connectors.clock import database_now
from connectors.contract.ledger import Ledger
from connectors.contract.transport import Blocked, Throttled, Unauthorised, VendorError
from connectors.metering import Meter
from connectors.models import Channel, LedgerConnection


@dataclass(slots=True)
class Run:
    """One drain of one connection. `outcomes` counts postings by what became of them."""

    lease: ChannelLease
    connection: LedgerConnection
    ledger: Ledger
    meter: Meter
    stop_at: float
    outcomes: Counter = field(default_factory=Counter)
    was_shut: bool = False
    sure_until: float = 0.0

    def renew(self) -> None:
        """Move the lease's end forward; LeaseLost if somebody else has it."""
        asked = time.monotonic()
        self.lease.renew()
        # A little less than the lease: our clock and the database's are two.
        self.sure_until = asked + pace().lease.total_seconds() * 0.9

    @property
    def may_send(self) -> bool:
        return time.monotonic() < self.sure_until

    @property
    def has_time(self) -> bool:
        return time.monotonic() < self.stop_at

    @property
    def visibility(self) -> timedelta:
        """How long a stored document may stay unseen."""
        fixed = pace().visibility
        return self.ledger.abilities.visibility_delay if fixed is None else fixed


def shut(connection_id: int, error: VendorError) -> None:
    """Hold the whole channel: the error is about the connection, not about any document."""
    now = database_now()
    channel = Channel.objects.get(connection_id=connection_id)
    reason = str(error)
    match error:
        case Throttled():
            channel.not_before = now + timedelta(seconds=min(error.after_s, 900))
        case Unauthorised() | Blocked():
            # Only a person helps, who then tests the connection, which opens it at once.
            channel.breaker_until = now + timedelta(minutes=15)
        case _:
            channel.breaker_failures += 1
            if channel.breaker_failures >= pace().breaker_failures:
                channel.breaker_until = now + pace().breaker_open
            else:
                channel.not_before = now + pace().jittered(channel.breaker_failures)
    news = channel.breaker_reason != reason
    channel.breaker_reason = reason
    channel.save(
        update_fields=["not_before", "breaker_until", "breaker_failures", "breaker_reason"]
    )
    if isinstance(error, Unauthorised):
        connection = LedgerConnection.objects.select_related("credential").get(pk=connection_id)
        services.needs_reconnect(connection, error)
    if news:
        trail.record("channel.held", {"why": reason}, connection_id=connection_id)


def reopen(connection_id: int) -> None:
    """The vendor answered as it should: whatever held the channel is over."""
    held = Channel.objects.filter(connection_id=connection_id).exclude(breaker_reason="")
    if held.update(breaker_failures=0, breaker_until=None, not_before=None, breaker_reason=""):
        trail.record("channel.open", connection_id=connection_id)


def is_shut(connection_id: int) -> str:
    """Why nothing may be sent now, "" when it may."""
    channel, now = Channel.objects.get(connection_id=connection_id), database_now()
    for until in (channel.breaker_until, channel.not_before):
        if until is not None and until > now:
            return channel.breaker_reason or "the ledger asked us to slow down"
    return ""
