"""Wishes for vendors: entered with the postings that wait for them, due while these could be sent.

So a dry run, a pause, or another problem of the report creates nobody.
"""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from audit.book import Page
from audit.engine.decide import MOST_OF_NAME
from audit.models import PartyWish, Posting, Report
from audit.states import State
from connectors.contract.report import ReportStatus
from mappings.models import Flow
from mappings.parties import PartyWanted

Wish = PartyWish.State
# Nothing of it is on the wire; the state says how it ended last.
IDLE = (Wish.WAITING, Wish.CREATED, Wish.MET, Wish.HELD)
ON_THE_WIRE = (Wish.SENDING, Wish.IN_DOUBT)
_FINAL = [status.value for status in ReportStatus if status.is_final]


def wish(flow: Flow, wanted: PartyWanted | None) -> PartyWish | None:
    """The wish as the draft of a posting has it: not stored."""
    if wanted is None:
        return None
    return PartyWish(
        connection_id=flow.connection_id,
        employee_email=wanted.email,
        name=wanted.name[:MOST_OF_NAME],
        currency=wanted.currency,
    )


def enter(page: Page, drafts: Iterable[Posting]) -> None:
    """Store the wishes of new postings, one for each employee, and point the postings at them.

    A wish that has ended waits again, whatever its end: the postings say that it is needed. What
    is on the wire stays as it is; who wants it otherwise is looked at again when that is settled.
    """
    waiting = [draft for draft in drafts if draft.waits_for is not None]
    wanted = {draft.waits_for.employee_email: draft.waits_for for draft in waiting}
    if not wanted:
        return
    for one in wanted.values():
        one.state_at, one.asked_by = page.now, page.actor
    # In one order, whoever does it: two pages must not wait for each other.
    emails = sorted(wanted)
    PartyWish.objects.bulk_create([wanted[email] for email in emails], ignore_conflicts=True)
    known = PartyWish.objects.filter(
        connection_id=page.connection_id, employee_email__in=emails
    ).order_by("employee_email")
    rows = {row.employee_email: row for row in known}
    granted = {email for email, row in rows.items() if _wish_again(page, row, wanted[email])}
    too_late: set[int] = set()
    for draft in waiting:
        email = draft.waits_for.employee_email
        draft.waits_for = rows[email]
        if email not in granted:
            too_late.add(draft.report_id)
    Report.objects.filter(pk__in=too_late).update(is_due=True)


def _wish_again(page: Page, row: PartyWish, wanted: PartyWish) -> bool:
    """False where something else than `wanted` is on the wire."""
    changes = {"name": wanted.name, "currency": wanted.currency}
    if row.state not in ON_THE_WIRE and row.state != Wish.WAITING:
        changes |= {"state": Wish.WAITING, "state_at": page.now, "asked_by": page.actor}
        changes |= {"attempts": 0, "due_at": None}
    if all(getattr(row, column) == content for column, content in changes.items()):
        return True
    return bool(PartyWish.objects.filter(pk=row.pk, state__in=IDLE).update(**changes))


def due(live: Q, read_since: Combinable | None = None) -> QuerySet[PartyWish]:
    """Wishes that a drain would act on now. `live`: the condition for postings that may be sent;
    `read_since` leaves out those of reports that were read earlier."""
    needed = waiting(live, read_since).filter(waits_for=OuterRef("pk"))
    is_due = Q(due_at__isnull=True) | Q(due_at__lte=Now())
    return PartyWish.objects.filter(
        Q(state__in=IDLE) & is_due & Q(Exists(needed))
        | Q(state=Wish.IN_DOUBT, due_at__lte=Now())
        | Q(state=Wish.SENDING)
    )


def waiting(live: Q, read_since: Combinable | None = None) -> QuerySet[Posting]:
    """Postings that wait for a vendor, less those of reports that are to be looked at again, or
    were read before `read_since`."""
    found = Posting.objects.filter(
        live,
        state=State.READY,
        waits_for__isnull=False,
        report__is_due=False,
        report__absent_since__isnull=True,
        report__status__in=_FINAL,
    ).order_by()
    return found if read_since is None else found.filter(report__read_at__gte=read_since)
