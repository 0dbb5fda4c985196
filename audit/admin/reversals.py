"""What a posting's own row does not tell: that its document was taken back, or is about to be."""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from audit.models import Event, Posting
from audit.states import OPEN, State
from connectors.contract.ledger import Op

# A reversal that went through is itself superseded when its report is posted anew.
_WENT_THROUGH = Q(state=State.POSTED) | Q(posted_at__isnull=False)


def with_reversals(rows: QuerySet[Posting]) -> QuerySet[Posting]:
    """The postings with what lists and pages say of their reversal, in the same query.

    reversal  the state of the reversal that took their place, or is open to take it; None for none
    is_gone   a reversal took the very document back, whichever of its postings it replaced
    """
    cancels = Posting.objects.filter(op=Op.CANCEL.value)
    its_own = cancels.filter(_WENT_THROUGH | Q(state__in=OPEN), replaces=OuterRef("pk"))
    of_document = cancels.filter(_WENT_THROUGH, marker=OuterRef("marker"))
    return rows.annotate(
        reversal=Subquery(its_own.order_by("-pk").values("state")[:1]),
        is_gone=Exists(of_document),
    )


def is_reversed(posting: Posting) -> bool:
    """A reversal took its place. False where nobody asked: see `with_reversals`."""
    return getattr(posting, "reversal", None) in (State.POSTED, State.SUPERSEDED)


def open_reversal(posting: Posting) -> State | None:
    """The state of the reversal that is still to be carried out."""
    state = getattr(posting, "reversal", None)
    return State(state) if state in OPEN else None


def with_postings(events: Iterable[Event], postings: Iterable[Posting]) -> list[Event]:
    """The events with these postings for their own, which know of their reversals."""
    events, known = list(events), {posting.pk: posting for posting in postings}
    for event in events:
        if event.posting_id in known:
            event.posting = known[event.posting_id]
    return events
