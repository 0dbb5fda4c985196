"""Booked before: what somebody entered by hand is not entered again beside it."""

from collections.abc import Mapping, Sequence

from audit.engine.places import report_place
from audit.engine.run import Run
from audit.engine.settle import hold
from audit.models import Posting
from connectors.contract.keys import Marker
from connectors.contract.ledger import Illegible, Stored
from connectors.contract.problem import Problem
from mappings.texts import money

TWIN = "document.twin"


def may_have_twins(row: Posting) -> bool:
    """Nobody has said yet that what looks like it is another."""
    return bool(row.payload) and not row.twins_accepted


def without_twins(
    run: Run, rows: Sequence[Posting], found: Mapping[Marker, Sequence[Stored | Illegible]]
) -> list[Posting]:
    """Those of `rows` that nobody else has booked; the others are held with what was found."""
    held = [
        (row, (_twin(row, found[Marker(row.marker)]),))
        for row in rows
        if found.get(Marker(row.marker))
    ]
    hold(run, held)
    stopped = {row.pk for row, _ in held}
    return [row for row in rows if row.pk not in stopped]


def _twin(row: Posting, twins: Sequence[Stored | Illegible]) -> Problem:
    first, *others = twins
    if isinstance(first, Illegible):
        first_id, number, link = first.document_id, first.number, ""
        known = "one that looks like it, and that we cannot read whole, stands"
    else:
        first_id, number, link = first.id, first.number, first.link
        known = "one with the same payee, date and total stands"
    more = f" and {len(others)} more" if others else ""
    return Problem(
        code=TWIN,
        field="document",
        message=f"{report_place(row.report)}: {known} in the ledger already (no. "
        f"{number or first_id}{more}; {row.party_name}, {row.date:%d %b %Y}, "
        f"{money(row.total, row.currency)}), entered by a person. Nothing was posted.",
        cure="Link it if it is this one; if it is another, release ours to post it.",
        facts={"document_id": first_id, "document_number": number, "link": link},
    )
