"""The sandbox's own time, so that tokens expire and limits refill without anybody waiting."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime


class Clock:
    """The machine's clock plus an offset that only moves forward (control verb `clock`)."""

    def __init__(self, offset_s: float = 0.0) -> None:
        self.offset_s = offset_s
        self._pins = threading.local()

    def time(self) -> float:
        """Seconds since the epoch."""
        pinned = getattr(self._pins, "at", None)
        return pinned if pinned is not None else time.time() + self.offset_s

    def now(self) -> datetime:
        """The same, aware, in UTC."""
        return datetime.fromtimestamp(self.time(), UTC)

    def http_date(self) -> str:
        """For the `Date` header."""
        return format_datetime(self.now().replace(microsecond=0), usegmt=True)

    def advance(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError("the sandbox's clock goes forward only; reset brings it back")
        self.offset_s += seconds

    @contextmanager
    def pinned(self, at: float) -> Iterator[None]:
        """Let this thread live at `at`: a late request is stored at the moment it was due."""
        before = getattr(self._pins, "at", None)
        self._pins.at = at
        try:
            yield
        finally:
            self._pins.at = before


def iso(moment: datetime) -> str:
    """`2026-11-02T09:15:30.123Z`: milliseconds, UTC."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
