"""Named places around every commit and call, where a test may end the process without warning.

Alive only where the settings speak to our sandbox: `MLC_KILL_AT=name:n` kills at the n-th pass.
"""

import os
import signal
from collections import Counter

from django.conf import settings

NAMES = (
    "poll.read",
    "poll.chunk_committed",
    "poll.mark_committed",
    "prepare.committed",
    "drain.looked_up",
    "drain.intent_committed",
    "drain.answered",
    "drain.settled",
    "resolve.looked_up",
    "resolve.settled",
)
# Passed only where a flow attaches receipts.
FILE_NAMES = ("attach.claimed", "attach.answered", "attach.settled")
# Passed only where a vendor is wanted.
PARTY_NAMES = (
    "parties.looked_up",
    "parties.intent_committed",
    "parties.answered",
    "parties.settled",
)

_passes: Counter[str] = Counter()


def reach(name: str) -> None:
    """Die here, as kill -9 would have it, if the environment says so."""
    wanted = os.environ.get("MLC_KILL_AT", "")
    if not wanted or not settings.SANDBOX_URL:
        return
    place, _, count = wanted.partition(":")
    if place not in (*NAMES, *FILE_NAMES, *PARTY_NAMES):
        known = ", ".join((*NAMES, *FILE_NAMES, *PARTY_NAMES))
        raise ValueError(f"MLC_KILL_AT names {place!r}; there are: {known}")
    if place == name:
        _passes[name] += 1
        if _passes[name] == int(count or 1):
            os.kill(os.getpid(), signal.SIGKILL)
