"""The queue's tasks are nudges: the tick finds what is due, and doubling them changes nothing."""

from datetime import timedelta

import pytest
from django_q.models import OrmQ, Schedule

from audit import tasks
from audit.engine import desk
from audit.models import PollRun, Posting
from audit.states import State
from connectors.clock import database_now
from connectors.models import Credential, LedgerConnection, Workspace
from tests.audit.town import POSTED_OF_SOME

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
    assert posted == len(town.ours()) == POSTED_OF_SOME


def test_a_poll_counts_what_was_not_taken_by_reason(big_town):
    desk.poll_now(big_town.flow, "ann")
    tasks.poll_flow(big_town.flow.pk, due(big_town))
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


def test_a_connection_that_nobody_uses_is_renewed_at_a_third_of_its_life(town):
    now = database_now()
    credential = town.connection.credential
    mine = Credential.objects.filter(pk=credential.pk)
    mine.update(changed_at=now - timedelta(days=30), refresh_expires_at=now + timedelta(days=71))
    assert tasks.idle_credentials() == []
    mine.update(changed_at=now - timedelta(days=34), refresh_expires_at=now + timedelta(days=67))
    assert tasks.idle_credentials() == [credential.pk]
    before = mine.get().secret["refresh_token"]
    tasks.renew_idle(credential.pk)
    after = mine.get()
    assert after.secret["refresh_token"] != before
    assert after.refresh_expires_at > now + timedelta(days=90)
    assert tasks.idle_credentials() == []


def test_a_doubled_nudge_renews_once(town):
    now = database_now()
    mine = Credential.objects.filter(pk=town.connection.credential_id)
    mine.update(changed_at=now - timedelta(days=34), refresh_expires_at=now + timedelta(days=67))
    for _ in range(3):
        tasks.renew_idle(town.connection.credential_id)
    asked = town.sandbox.control("quickbooks_online", "requests")
    assert len([one for one in asked if "tokens/bearer" in one["path"]]) == 1


@pytest.mark.parametrize(("state", "is_kept_alive"), [("blocked", True), ("reconnect", False)])
def test_what_the_vendor_blocks_is_kept_alive_and_what_has_ended_is_not(town, state, is_kept_alive):
    now = database_now()
    Credential.objects.filter(pk=town.connection.credential_id).update(
        state=state,
        changed_at=now - timedelta(days=34),
        refresh_expires_at=now + timedelta(days=67),
    )
    assert tasks.idle_credentials() == [town.connection.credential_id] * is_kept_alive


def test_a_renewal_that_fails_is_told_and_disconnects_nobody(town):
    from audit.models import Event

    fault = {"kind": "unavailable", "match": "tokens/bearer", "times": 5}
    town.sandbox.control("quickbooks_online", "faults", fault)
    now = database_now()
    Credential.objects.filter(pk=town.connection.credential_id).update(
        changed_at=now - timedelta(days=34), refresh_expires_at=now + timedelta(days=67)
    )
    tasks.renew_idle(town.connection.credential_id)
    assert Event.objects.filter(kind="connection.not_renewed").exists()
    assert Credential.objects.get(pk=town.connection.credential_id).state == "working"
