"""Pacing below a vendor's limit, counted over every process that uses the same credential."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import F

from connectors.clock import database_now
from connectors.guard import no_open_transaction
from connectors.models import PacedScope

Window = tuple[int, float]  # at most so many requests in so many seconds

# Expensify refuses from 5 in 10 seconds and 20 in 60 on; its downloads may count too.
EXPENSIFY_WINDOWS: tuple[Window, ...] = ((3, 10.0), (12, 60.0))

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def expensify_windows() -> Sequence[Window]:
    """The windows of settings.EXPENSIFY_LIMITS, else the careful ones."""
    return getattr(settings, "EXPENSIFY_LIMITS", EXPENSIFY_WINDOWS)


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
