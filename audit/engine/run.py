"""What one drain carries with it: the lease, the open ledger, and when it must stop."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db import connections, transaction
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from audit import trail
from audit.engine.lease import ChannelLease
from audit.nudge import nudge
from audit.pace import pace
from connectors import services
from connectors.clock import database_now
from connectors.contract.ledger import Ledger
from connectors.contract.transport import Blocked, Throttled, Unauthorised, VendorError
from connectors.guard import no_open_transaction
from connectors.metering import Meter
from connectors.models import Channel, LedgerConnection


@dataclass
class Run:
    """One drain of one connection. `outcomes` counts postings by what became of them; `links` are
    fresh ones of receipts, by file; `away` says why the other receipts were left for later.

    Requests that may go side by side leave from threads of its own, as many as the ledger takes;
    the database stays on the drain's thread. Closed by its maker.
    """

    lease: ChannelLease
    connection: LedgerConnection
    ledger: Ledger
    meter: Meter
    stop_at: float
    outcomes: Counter = field(default_factory=Counter)
    links: dict[int, str] = field(default_factory=dict)
    away: str = ""
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

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(max_workers=self.ledger.abilities.concurrency)

    def start(self, request: Callable[..., Any], *given: Any) -> Future:
        """Have `request(*given)` called on a thread as soon as one is free."""
        no_open_transaction()
        return self._threads.submit(_without_connections, request, given)

    def at_once(self, requests: Sequence[Callable[[], Any]]) -> list[Any]:
        """What each of them answers, in order, asked side by side. Raises what the first raised
        that failed, once none is under way any more."""
        asked = [self.start(request) for request in requests]
        wait(asked)
        return [one.result() for one in asked]

    def close(self) -> None:
        """Returns when no request is under way; whatever has not left yet never leaves."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    @property
    def visibility(self) -> timedelta:
        """How long a stored document may stay unseen."""
        fixed = pace().visibility
        return self.ledger.abilities.visibility_delay if fixed is None else fixed


def _without_connections(request: Callable[..., Any], given: Sequence[Any]) -> Any:
    try:
        return request(*given)
    finally:
        # A refreshed token is stored, and nobody else would close this thread's connection.
        connections.close_all()


# --- the channel: whether anything may be sent ----------------------------------------------------


def oldest_reading() -> Combinable:
    """When a report must have been read since for anything to be written because of it; by the
    clock of the database that is asked."""
    return Now() - pace().read_again_after


def shut(connection_id: int, error: VendorError) -> None:
    """Hold the whole channel: the error is about the connection, not about any document.

    A refused token that is not the stored one any more holds nothing: a person has connected again
    meanwhile, or another worker's refresh came through.
    """
    connection = LedgerConnection.objects.select_related("credential").get(pk=connection_id)
    if isinstance(error, Unauthorised) and not services.needs_reconnect(connection, error):
        return
    for one in _slowed_down(connection, error):
        _hold(one, error)


def reopen(connection_id: int) -> None:
    """The vendor answered as it should: whatever held the channel is over."""
    held = Channel.objects.filter(connection_id=connection_id).exclude(breaker_reason="")
    if not held.order_by().exists():
        return
    with transaction.atomic():
        if held.update(**_OPEN):
            trail.record("channel.open", connection_id=connection_id)


def try_again(connection_id: int, actor: str) -> bool:
    """A person does not want to wait: the channel is open, and a tick is asked for at once.

    False, and nothing is written, where nothing held it.
    """
    with transaction.atomic():
        channel = locked_channel(connection_id)
        if is_open(channel, database_now()):
            return False
        why = channel.breaker_reason
        Channel.objects.filter(pk=channel.pk).update(**_OPEN)
        trail.record("channel.opened", {"why": why}, connection_id=connection_id, actor=actor)
        nudge()
    return True


def is_shut(connection_id: int) -> str:
    """Why nothing may be sent now, "" when it may."""
    channel = Channel.objects.get(connection_id=connection_id)
    if (channel.breaker_until or channel.not_before) is None or is_open(channel, database_now()):
        return ""
    return channel.breaker_reason or "the ledger asked us to slow down"


def is_open(channel: Channel, now: datetime) -> bool:
    return held_until(channel, now) is None


def held_until(channel: Channel, now: datetime) -> datetime | None:
    """When the channel is tried again by itself, None where nothing holds it."""
    ends = (channel.breaker_until, channel.not_before)
    return max((end for end in ends if end is not None and end > now), default=None)


_OPEN = {
    "breaker_failures": 0,
    "breaker_until": None,
    "not_before": None,
    "breaker_reason": "",
    "held_since": None,
}
# A hold that nobody met for so long was over: what holds the channel now is another one.
_FORGOTTEN = timedelta(minutes=30)


def _slowed_down(connection: LedgerConnection, error: VendorError) -> list[int]:
    """The connections that the error holds: some throttles are about all that our app sends."""
    if isinstance(error, Throttled) and error.scope == "app":
        rows = LedgerConnection.objects.filter(ledger=connection.ledger).order_by("pk")
        return list(rows.values_list("pk", flat=True))
    return [connection.pk]


def _hold(connection_id: int, error: VendorError) -> None:
    with transaction.atomic():
        channel, now = locked_channel(connection_id), database_now()
        ends = [end for end in (channel.breaker_until, channel.not_before) if end is not None]
        if channel.held_since is None or (ends and max(ends) < now - _FORGOTTEN):
            channel.held_since = now
        match error:
            case Throttled():
                asked = min(timedelta(seconds=error.after_s), pace().throttled_at_most)
                channel.not_before = _later(channel.not_before, now + asked)
            case Unauthorised() | Blocked():
                # Only a person helps, who then connects again or presses Try again now.
                channel.breaker_until = _later(channel.breaker_until, now + pace().person_pause)
            case _:
                channel.breaker_failures += 1
                wait = pace().jittered(channel.breaker_failures)
                if channel.breaker_failures >= pace().breaker_failures:
                    channel.breaker_until = _later(channel.breaker_until, now + pace().breaker_open)
                else:
                    channel.not_before = _later(channel.not_before, now + wait)
        # The same trouble again differs in the request's id alone.
        is_news = not channel.breaker_reason.startswith(error.message)
        channel.breaker_reason = str(error)
        channel.save(update_fields=[*_OPEN])
        if is_news:
            trail.record(
                "channel.held", {"why": channel.breaker_reason}, connection_id=connection_id
            )


def _later(one: datetime | None, other: datetime) -> datetime:
    """Of two calls in flight the second must not shorten what the vendor asked of the first."""
    return other if one is None else max(one, other)


def locked_channel(connection_id: int) -> Channel:
    """The channel's row, locked; before any event is written: chains are locked last."""
    return Channel.objects.select_for_update().order_by().get(connection_id=connection_id)
