"""What the rooms below report upwards is written into the trail, in their own transaction."""

from typing import Any

from audit import trail
from audit.engine.run import reopen
from audit.nudge import nudge

# News after which a channel that was held may be tried again at once.
_WORKING_AGAIN = {"connection.connected", "connection.reconnected", "connection.working"}


def write_down(
    sender: Any, *, kind: str, subject: dict, facts: dict, actor: str = "", **extra: Any
) -> None:
    """Receiver of `connectors.signals.happened`."""
    connection_id = subject.get("connection_id")
    others = {name: ref for name, ref in subject.items() if name != "connection_id"}
    trail.record(kind, {**others, **facts}, connection_id=connection_id, actor=actor)
    if kind in _WORKING_AGAIN and connection_id is not None:
        reopen(connection_id)
    if kind in _WORKING_AGAIN | {"flow.poll_asked"}:
        nudge()
