"""Pacing below a vendor's limit, counted over every process that uses the same credential."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import F

from connectors.clock import database_now
from connectors.guard import no_open_transaction
from connectors.metering import Meter
from connectors.models import PacedScope
from connectors.registry import abilities

Window = tuple[int, float]  # at most so many requests in so many seconds

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def expensify_windows() -> Sequence[Window]:
    """How often Expensify is asked: the windows of settings.EXPENSIFY_LIMITS."""
    return settings.EXPENSIFY_LIMITS


def ledger_meter(connection_id: int, ledger: str) -> Meter:
    """A meter over the ledger's limits that knows what was sent to this connection lately."""
    kept = abilities(ledger).limits if settings.LEDGER_LIMITS else ()
    prefix = _ledger_scope(connection_id, "")
    rows = PacedScope.objects.filter(scope__startswith=prefix) if kept else ()
    recent = {row.scope.removeprefix(prefix): [ms / 1000 for ms in row.recent] for row in rows}
    return Meter(kept, recent)


def store_meter(connection_id: int, meter: Meter) -> None:
    """Keep what the meter counted for whoever writes to this connection next."""
    for name, moments in meter.recent().items():
        PacedScope.objects.update_or_create(
            scope=_ledger_scope(connection_id, name),
            defaults={"recent": [round(at * 1000) for at in moments]},
        )


def _ledger_scope(connection_id: int, name: str) -> str:
    return f"connection {connection_id}: {name}"


def pace(
    scope: str,
    windows: Sequence[Window],
    clock: Callable[[], datetime] = database_now,
    sleep: Callable[[float], None] = time.sleep,
) -> float:
    """Wait until one more request of `scope` fits into all windows; returns the seconds waited.

    The place in time is taken first, by one conditional write, and waited for afterwards: nobody
    holds a lock while sleeping, and everybody is served in the order of asking.
    """
    no_open_transaction()
    if not windows:
        return 0.0
    if any(count < 1 or seconds <= 0 for count, seconds in windows):
        raise ValueError(f"windows of {scope} are (count >= 1, seconds > 0), not {windows!r}")
    slot = _reserved(scope, windows, clock)
    waited = 0.0
    # Sleeping may end early, and the database's clock is the one that counts.
    while (left := slot - _milliseconds(clock())) > 0:
        sleep(left / 1000)
        waited += left / 1000
    return waited


def _reserved(scope: str, windows: Sequence[Window], clock: Callable[[], datetime]) -> int:
    """Milliseconds since 1970 at which the request may leave; nobody else gets this place."""
    keep = max(count for count, _ in windows)
    PacedScope.objects.get_or_create(scope=scope)
    while True:
        row = PacedScope.objects.get(scope=scope)
        slot = _milliseconds(clock())
        for count, seconds in windows:
            if len(row.recent) >= count:
                slot = max(slot, row.recent[-count] + round(seconds * 1000))
        changed = PacedScope.objects.filter(pk=row.pk, version=row.version).update(
            recent=[*row.recent, slot][-keep:], version=F("version") + 1
        )
        if changed:
            return slot


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)
