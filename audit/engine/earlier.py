"""What an earlier version of a report left in the ledger, later than anybody waited for it.

A write went in doubt, was looked up and absent; the report was revised, and a newer write took its
place; and then the ledger shows the older one after all. Nobody edited anything: it is ours.
"""

from collections.abc import Sequence

from audit.engine.run import Run
from audit.models import Posting
from audit.states import State
from connectors.contract.ledger import Difference, Op, Stored

# What a posting takes over from the earlier one whose document it turns out to be.
TAKEN_OVER = (
    "revision_id entry entry_hash payload cuts explained date currency total party_name kind number"
).split()


def edits(run: Run, row: Posting, stored: Stored) -> tuple[Difference, ...]:
    """How the document differs from what stands by our own book; () if one of our writes that was
    given up arrived late."""
    before = row.replaces
    if before is None or not before.payload:
        return ()
    found = run.ledger.differences(before.as_payload(), stored)
    if found and _was_tried(row) and not run.ledger.differences(row.as_payload(), stored):
        return ()  # its own first try, which was not there yet when it was looked up
    return () if found and earlier_write(run, row, stored) else found


def _was_tried(row: Posting) -> bool:
    """An amend has its payload from the moment that it is sent."""
    return row.op == Op.AMEND and bool(row.payload)


def earlier_write(run: Run, row: Posting, stored: Stored) -> Posting | None:
    """The write of the same document that `stored` agrees with in every field of ours, and that
    was replaced before its outcome was known; None if there is none."""
    if row.sequence == 1 and row.op != Op.CANCEL:
        return None  # the first of its kind
    replaced = Posting.objects.filter(
        marker=row.marker, state=State.SUPERSEDED, posted_at__isnull=True
    ).exclude(payload="")
    if row.replaces is not None:
        replaced = replaced.filter(pk__gt=row.replaces_id)
    for one in replaced.exclude(op=Op.CANCEL.value).order_by("-pk"):
        if one.kind == stored.kind and not run.ledger.differences(one.as_payload(), stored):
            return one
    return None


def take_over(row: Posting, earlier: Posting) -> None:
    """Make the posting that of the earlier write; the report is looked at again, and amended."""
    for name in TAKEN_OVER:
        setattr(row, name, getattr(earlier, name))


def looked_for_as_well(rows: Sequence[Posting]) -> dict[str, list[Posting]]:
    """Of these first posts the earlier ones that were to become another kind of document, and may
    stand as such: marker -> those writes, the newest of each kind."""
    again = [row for row in rows if row.sequence > 1]
    if not again:
        return {}
    kinds = {row.marker: row.kind for row in again}
    replaced = Posting.objects.filter(
        marker__in=kinds, op=Op.POST.value, state=State.SUPERSEDED, posted_at__isnull=True
    ).exclude(payload="")
    others: dict[str, dict[str, Posting]] = {}
    for one in replaced.order_by("pk"):
        if one.kind != kinds[one.marker]:
            others.setdefault(one.marker, {})[one.kind] = one
    return {marker: list(by_kind.values()) for marker, by_kind in others.items()}
