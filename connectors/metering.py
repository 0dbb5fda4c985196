"""Keeping below a vendor's limits by counting what we send, so that nobody has to refuse us."""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from connectors.contract.ledger import Limit
from connectors.contract.transport import Request, Response, Transport

# A vendor counts when a request arrives, we when it leaves. What leaves at the very pace of the
# limit may arrive a little faster.
MARGIN = 1.02


class Meter:
    """Sliding windows over the requests of one connection; for any number of threads.

    limits  of the ledger's abilities; a limit counts the requests whose path contains `path`
    recent  limit's name -> moments (seconds since 1970), as an earlier meter's `recent` gave them
    """

    def __init__(
        self,
        limits: Sequence[Limit],
        recent: Mapping[str, Sequence[float]] | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock, self._sleep, self._lock = clock, sleep, threading.Lock()
        self._windows = [
            (limit, deque((recent or {}).get(name_of(limit), ()), maxlen=limit.count))
            for limit in limits
        ]

    def take(self, path: str) -> float:
        """Wait until one more request to `path` fits into every window; the seconds waited.

        The place in time is taken first and waited for outside the lock: everybody is served in
        the order of asking.
        """
        with self._lock:
            now = self._clock()
            counted = [(limit, sent) for limit, sent in self._windows if limit.path in path]
            slot = now
            for limit, sent in counted:
                if len(sent) == limit.count:
                    slot = max(slot, sent[0] + limit.per_s * MARGIN)
            for _, sent in counted:
                sent.append(slot)
        if slot > now:
            self._sleep(slot - now)
        return slot - now

    def recent(self) -> dict[str, list[float]]:
        """What still counts, for the next meter of this connection."""
        now = self._clock()
        with self._lock:
            return {
                name_of(limit): [at for at in sent if at > now - limit.per_s * MARGIN]
                for limit, sent in self._windows
            }


def name_of(limit: Limit) -> str:
    """The limit's name among those of its ledger."""
    return f"{limit.count} in {limit.per_s:g} s {limit.path}".strip()


class Metered:
    """A transport that asks the meter before every request."""

    def __init__(self, transport: Transport, meter: Meter) -> None:
        self._transport, self._meter = transport, meter

    def send(self, request: Request) -> Response:
        self._meter.take(request.path.partition("?")[0])
        return self._transport.send(request)
