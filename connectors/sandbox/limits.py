"""Rate limits by the sandbox's clock, so that `advance_s` refills them."""

from collections import deque
from collections.abc import Hashable


class Limit:
    """At most `most` calls in any `seconds`, counted per key."""

    def __init__(self, most: int, seconds: float) -> None:
        self.most = most
        self.seconds = seconds
        self._taken: dict[Hashable, deque[float]] = {}

    def wait(self, key: Hashable, now: float, calls: int = 1) -> float:
        """Seconds until `calls` more would fit; 0.0 if they do now. Counts nothing."""
        taken = self._recent(key, now)
        over = len(taken) + calls - self.most
        if over <= 0:
            return 0.0
        return taken[min(over, len(taken)) - 1] + self.seconds - now if taken else self.seconds

    def count(self, key: Hashable, now: float, calls: int = 1) -> None:
        """Note `calls` as made now."""
        self._recent(key, now).extend([now] * calls)

    def left(self, key: Hashable, now: float) -> int:
        return max(0, self.most - len(self._recent(key, now)))

    def clear(self) -> None:
        self._taken.clear()

    def _recent(self, key: Hashable, now: float) -> deque[float]:
        taken = self._taken.setdefault(key, deque())
        while taken and taken[0] <= now - self.seconds:
            taken.popleft()
        return taken
