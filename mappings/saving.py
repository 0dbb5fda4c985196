"""Saving a flow: what polls write stays theirs, and the next poll follows from what was changed."""

from datetime import date, datetime

from django.db import transaction

from connectors.clock import database_now
from connectors.signals import tell
from mappings.models import Flow

# What polls and people's wishes write while a form lies open.
_OF_POLLS = ("due_at", "poll_asked_at", "mark_at", "backfills", "to_read")
_SELECTION = ("selector", "selector_level", "selector_names")


def save_row(flow: Flow, *, actor: str = "") -> date | None:
    """Save a flow that was checked. Returns the day from which it is read again, None for none.

    A schedule that was changed holds from now on. A flow that takes more than before (it begins
    earlier, takes further states or other reports) is polled at once and reads those days again.
    """
    with transaction.atomic():
        before = Flow.objects.select_for_update(no_key=True).filter(pk=flow.pk).first()
        if before is None:
            flow.save()
            return None
        for name in _OF_POLLS:
            setattr(flow, name, getattr(before, name))
        now = database_now()
        if flow.timetable != before.timetable and not _is_due(before, now):
            flow.due_at = flow.next_run(now)
        span = _widened_by(flow, before)
        if span is not None:
            _wish(flow, *span, now)
        flow.save()
        if span is not None:
            subject = {"flow_id": flow.pk, "connection_id": flow.connection_id}
            facts = {"flow": flow.name, "from": span[0].isoformat()}
            tell("flow.reads_again", subject=subject, facts=facts, actor=actor)
    return span[0] if span else None


def fill_back(flow: Flow, first: date, last: date) -> None:
    """Take approvals of these days too, whatever the flow's beginning, and read them at once."""
    with transaction.atomic():
        row = Flow.objects.select_for_update(no_key=True).get(pk=flow.pk)
        flow.backfills = joined([*row.backfills, [first.isoformat(), last.isoformat()]])
        flow.to_read = row.to_read
        _wish(flow, first, last, database_now())
        flow.save(update_fields=["backfills", "to_read", "due_at", "poll_asked_at"])


def joined(spans: list[list[str]]) -> list[list[str]]:
    """[first day, last day] in order, those that overlap made one."""
    found: list[list[str]] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1]:
            found[-1][1] = max(found[-1][1], last)
        else:
            found.append([first, last])
    return found


def _is_due(flow: Flow, now: datetime) -> bool:
    return flow.due_at is not None and flow.due_at <= now


def _wish(flow: Flow, first: date, last: date | None, now: datetime) -> None:
    # With its moment: a poll that is under way takes out only the wishes that it saw.
    until = last.isoformat() if last else None
    flow.to_read = [*flow.to_read, [first.isoformat(), until, now.isoformat()]]
    flow.due_at = flow.poll_asked_at = now


def _widened_by(flow: Flow, before: Flow) -> tuple[date, date | None] | None:
    """First and last day (None: today) on which the flow now takes what it didn't take before."""
    takes_more = set(flow.takes_states) - set(before.takes_states)
    if takes_more or any(getattr(flow, name) != getattr(before, name) for name in _SELECTION):
        filled_back = [date.fromisoformat(first) for first, _ in flow.backfills]
        return min([flow.starts_on, *filled_back]), None
    if flow.starts_on < before.starts_on:
        return flow.starts_on, before.starts_on
    return None
