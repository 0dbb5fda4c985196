"""Keeping below a vendor's limits by counting what we send, so that nobody has to refuse us."""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from connectors.contract.abilities import Limit
from connectors.contract.transport import Request, Response, Transport

# A vendor counts a request when it arrives: after it left, and before its answer is here. What was
# answered counts from its answer on; what is under way only from when it left, with more to spare.
ANSWERED, UNDER_WAY = 1.005, 1.02


@dataclass(eq=False, slots=True)
class Sent:
    """One request: when it left, or will leave; once it is answered, when that was."""

    at: float
    spare: float = UNDER_WAY

    def counts_until(self, limit: Limit) -> float:
        return self.at + limit.per_s * self.spare


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
        self._windows: list[tuple[Limit, deque[Sent]]] = []
        for limit in limits:
            before = (recent or {}).get(name_of(limit), ())
            sent = (Sent(at, ANSWERED) for at in before)
            self._windows.append((limit, deque(sent, maxlen=limit.count)))

    def take(self, path: str) -> Sent:
        """Wait until one more request to `path` fits into every window, and count it.

        The place in time is taken first and waited for outside the lock: everybody is served in
        the order of asking.
        """
        with self._lock:
            counted = [(limit, sent) for limit, sent in self._windows if limit.path in path]
            before = [(limit, sent[0]) for limit, sent in counted if len(sent) == limit.count]
            mine = Sent(self._slot(before))
            for _, sent in counted:
                sent.append(mine)
        # Those before us may have been answered later than we thought.
        while (wait := mine.at - self._clock()) > 0:
            self._sleep(wait)
            mine.at = self._slot(before)
        return mine

    def _slot(self, before: Sequence[tuple[Limit, Sent]]) -> float:
        return max([self._clock(), *(sent.counts_until(limit) for limit, sent in before)])

    def answered(self, sent: Sent) -> None:
        """The request of `take` is over, with or without an answer."""
        sent.at, sent.spare = self._clock(), ANSWERED

    def recent(self) -> dict[str, list[float]]:
        """What still counts, for the next meter of this connection."""
        now = self._clock()
        with self._lock:
            return {
                name_of(limit): [one.at for one in sent if one.counts_until(limit) > now]
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
        sent = self._meter.take(request.path.partition("?")[0])
        try:
            return self._transport.send(request)
        finally:
            self._meter.answered(sent)
