"""Log lines as key=value, so that one posting can be followed with grep."""

import logging
import time
from typing import Any

# What every record carries; all else was given by the caller as `extra` and is printed.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# Django hangs whole objects on its records: a request holds bodies and cookies.
_WITHHELD = frozenset({"request", "sql", "params", "exc_info", "server_time"})


def quoted(text: Any) -> str:
    """The text as it may stand after a `=`: quoted where it has blanks, quotes or line ends.

    Line ends are escaped: a merchant's name must not be able to forge a line.
    """
    text = str(text)
    if text and text.isprintable() and not any(mark in text for mark in ' "=\\'):
        return text
    escaped = "".join(
        mark if mark.isprintable() else mark.encode("unicode_escape").decode("ascii")
        for mark in text.replace("\\", "\\\\").replace('"', '\\"')
    )
    return f'"{escaped}"'


class KeyValueFormatter(logging.Formatter):
    """`at=2026-11-03T09:12:00.123Z level=INFO logger=audit.trail event="posted" report=R00...`"""

    def format(self, record: logging.LogRecord) -> str:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        pairs = {
            "at": f"{stamp}.{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
        }
        for key, fact in vars(record).items():
            if key not in _STANDARD and key not in _WITHHELD and key not in pairs:
                pairs[key] = fact
        line = " ".join(f"{key}={quoted(fact)}" for key, fact in pairs.items())
        if record.exc_info:
            # Frames and the exception's own sentence, never local variables: those hold bodies.
            line += "\n" + self.formatException(record.exc_info)
        return line
