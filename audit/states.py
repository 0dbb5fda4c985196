"""The life of a posting as one table: what is not in it cannot happen."""

from django.db.models import TextChoices


class State(TextChoices):
    """Values are the design's words, labels are what the screen says."""

    READY = "ready", "Waiting to post"
    SENDING = "sending", "Sending"
    QUEUED = "queued", "Waiting for QuickBooks Desktop"
    IN_DOUBT = "in_doubt", "Sent, checking whether it arrived"
    RETRY_WAIT = "retry_wait", "Will try again"
    POSTED = "posted", "Posted"
    QUARANTINED = "quarantined", "Held: needs you"
    FAILED = "failed", "Failed: we stopped trying"
    SUPERSEDED = "superseded", "Replaced by a newer version"
    WITHDRAWN = "withdrawn", "Withdrawn: no longer approved"
    IGNORED = "ignored", "Set aside"


S = State

# From each state to those that may follow it, and when.
MOVES: dict[State, frozenset[State]] = {
    S.READY: frozenset(
        {
            S.SENDING,  # a call with it has been committed
            S.POSTED,  # looked up before the first post, and found
            S.QUARANTINED,  # the ledger's present state forbids it (paid, edited, locked)
            S.SUPERSEDED,  # revised or replayed before it left
            S.WITHDRAWN,
            S.IGNORED,
        }
    ),
    S.SENDING: frozenset(
        {
            S.POSTED,
            S.QUEUED,  # the ledger took it over and answers later
            S.IN_DOUBT,  # no usable answer, or the sender's lease ran out
            S.READY,  # certainly not executed, and nobody's fault: costs no attempt
            S.RETRY_WAIT,  # refused for now: costs an attempt
            S.QUARANTINED,
            S.FAILED,
        }
    ),
    S.QUEUED: frozenset({S.POSTED, S.IN_DOUBT, S.RETRY_WAIT, S.QUARANTINED, S.FAILED}),
    S.IN_DOUBT: frozenset(
        {
            S.POSTED,  # found once, as sent
            S.SENDING,  # absent within the resend window: the identical call again
            S.READY,  # absent: a new call
            S.QUARANTINED,  # found twice, or found changed
        }
    ),
    S.RETRY_WAIT: frozenset(
        {S.SENDING, S.READY, S.POSTED, S.QUARANTINED, S.FAILED, S.SUPERSEDED, S.WITHDRAWN}
        | {S.IGNORED}
    ),
    S.POSTED: frozenset({S.SUPERSEDED}),  # an amend or cancel took its place
    S.QUARANTINED: frozenset(
        {S.READY, S.SUPERSEDED, S.WITHDRAWN, S.IGNORED}
        | {S.POSTED}  # a person said which document in the ledger it is
    ),
    S.FAILED: frozenset({S.READY, S.SUPERSEDED, S.WITHDRAWN, S.IGNORED}),
    S.WITHDRAWN: frozenset({S.SUPERSEDED}),  # approved again
    S.IGNORED: frozenset({S.SUPERSEDED}),  # replayed, or revised and wanted after all
    S.SUPERSEDED: frozenset(),
}

# A slice has at most one posting in these: the intent that is still to be carried out.
OPEN = frozenset({S.READY, S.SENDING, S.QUEUED, S.IN_DOUBT, S.RETRY_WAIT, S.QUARANTINED, S.FAILED})
# A call is outstanding, or may have been executed: nobody but the drain may touch these.
IN_FLIGHT = frozenset({S.SENDING, S.QUEUED, S.IN_DOUBT})
# Open, and certainly nothing on the wire: a newer version may take their place.
UNSENT = OPEN - IN_FLIGHT
# What the drain takes up.
DUE = frozenset({S.READY, S.RETRY_WAIT})
# A person must look.
NEEDS_PERSON = frozenset({S.QUARANTINED, S.FAILED})


class IllegalMove(ValueError):
    """Somebody asked for a move that the table does not know."""


def check_move(old: frozenset[State], new: State) -> None:
    """Raise IllegalMove unless every state of `old` may be followed by `new`."""
    wrong = sorted(state for state in old if new not in MOVES[state])
    if wrong:
        raise IllegalMove(f"a posting cannot go from {', '.join(wrong)} to {new}")
