"""All delays of the engine in one frozen place, so that tests and the demo can shrink them."""

import random
from dataclasses import dataclass, replace
from datetime import timedelta

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Pace:
    """Waits and spans.

    breaker_failures   as many in a row, and the channel rests for `breaker_open`
    throttled_at_most  how long a vendor may have us wait; daily limits are told in hours
    person_pause       between two tries while only a person can help
    visibility         None = as the ledger's abilities say
    """

    lease: timedelta = timedelta(seconds=90)
    drain: timedelta = timedelta(seconds=45)
    poll_lease: timedelta = timedelta(minutes=30)
    retry_base: timedelta = timedelta(seconds=2)
    retry_cap: timedelta = timedelta(minutes=15)
    retry_fast_attempts: int = 12
    retry_hours: int = 24
    doubt_retry: timedelta = timedelta(minutes=1)
    read_again_after: timedelta = timedelta(minutes=60)
    known_again: timedelta = timedelta(hours=6)
    settled_again: timedelta = timedelta(days=1)
    lists_again: timedelta = timedelta(hours=6)
    poll_retry: timedelta = timedelta(minutes=5)
    breaker_failures: int = 5
    breaker_open: timedelta = timedelta(minutes=2)
    throttled_at_most: timedelta = timedelta(hours=24)
    person_pause: timedelta = timedelta(minutes=15)
    visibility: timedelta | None = None

    def jittered(self, attempt: int) -> timedelta:
        """Full jitter between zero and the exponential bound of `attempt` (from 1)."""
        bound = min(self.retry_base * 2 ** min(attempt - 1, 30), self.retry_cap)
        return bound * random.random()  # noqa: S311 - spreads load, guards nothing

    def retry_in(self, attempts: int) -> timedelta | None:
        """How long to wait after `attempts` refusals; None = stop trying.

        Exponential with full jitter first, then hourly for a day.
        """
        if attempts < self.retry_fast_attempts:
            return self.jittered(attempts)
        if attempts < self.retry_fast_attempts + self.retry_hours:
            return timedelta(hours=1)
        return None


REAL = Pace()
FAST = Pace(
    retry_base=timedelta(milliseconds=20),
    retry_cap=timedelta(milliseconds=500),
    doubt_retry=timedelta(milliseconds=100),
    poll_retry=timedelta(seconds=1),
    breaker_open=timedelta(seconds=1),
    person_pause=timedelta(seconds=1),
    visibility=timedelta(milliseconds=50),
)
# Workers are killed every other second: with the leases of everyday use the time would be spent on
# waiting for the dead.
TORTURE = replace(
    FAST,
    lease=timedelta(seconds=2),
    poll_lease=timedelta(seconds=3),
    drain=timedelta(seconds=4),
    known_again=timedelta(seconds=6),
    settled_again=timedelta(seconds=6),
    visibility=timedelta(milliseconds=400),
    breaker_open=timedelta(milliseconds=500),
)
PACES = {"real": REAL, "fast": FAST, "torture": TORTURE}


def pace() -> Pace:
    """The pace that the settings name; all but `real` are for our own sandbox alone."""
    return PACES[settings.PACE]
