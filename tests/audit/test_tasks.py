"""The queue's tasks are nudges: the tick finds what is due, and doubling them changes nothing."""

from datetime import timedelta

import pytest
from django_q.models import OrmQ, Schedule

from audit import tasks
from audit.engine import desk
from audit.models import PollRun, Posting
from audit.states import State
from connectors.clock import database_now
from connectors.models import LedgerConnection, Workspace

pytestmark = pytest.mark.django_db


def queued() -> list[str]:
    return sorted(row.func() for row in OrmQ.objects.all())


def test_a_tick_nudges_what_is_due_and_nothing_else(town):
    OrmQ.objects.all().delete()
    desk.poll_now(town.flow, "ann")
    tasks.tick()
    assert "audit.tasks.poll_flow" in queued()
    assert "audit.tasks.drain_connection" not in queued()
    tasks.poll_flow(town.flow.pk, due(town))
    OrmQ.objects.all().delete()
    tasks.tick()
    assert "audit.tasks.drain_connection" in queued()
    assert "audit.tasks.poll_flow" not in queued()


def due(town) -> str:
    town.flow.refresh_from_db()
    return town.flow.due_at.isoformat()


def test_doubled_and_late_tasks_change_nothing(town):
    desk.poll_now(town.flow, "ann")
    at = due(town)
    for _ in range(3):
        tasks.poll_flow(town.flow.pk, at)
    assert PollRun.objects.count() == 1
    for _ in range(3):
        tasks.drain_connection(town.connection.pk)
    posted = Posting.objects.filter(state=State.POSTED).count()
    assert posted == len(town.ours()) > 20


def test_a_poll_counts_what_was_not_taken_by_reason(town):
    desk.poll_now(town.flow, "ann")
    tasks.poll_flow(town.flow.pk, due(town))
    run = PollRun.objects.get()
    assert sum(run.excluded.values()) == 4
    assert len(run.excluded) >= 2


def test_lists_that_are_old_are_read_again(town):
    old = database_now() - timedelta(hours=7)
    assert tasks.stale_charts() == []
    LedgerConnection.objects.update(chart_as_of=old)
    Workspace.objects.update(lists_as_of=old)
    assert tasks.stale_charts() == [town.connection.pk]
    assert tasks.stale_lists() == [town.workspace.pk]
    tasks.read_chart(town.connection.pk)
    tasks.read_lists(town.workspace.pk)
    assert tasks.stale_charts() == tasks.stale_lists() == []


def test_there_is_one_schedule_however_often_it_is_ensured():
    tasks.ensure_tick()
    Schedule.objects.create(func=tasks.TICK, schedule_type=Schedule.MINUTES, minutes=1)
    tasks.ensure_tick()
    assert Schedule.objects.filter(func=tasks.TICK).count() == 1
