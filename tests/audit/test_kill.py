"""kill -9 around every commit and call, and several workers on one queue: one bill each."""

import signal
import time
from datetime import UTC, datetime, timedelta

import pytest

from audit.engine import desk
from audit.engine.kill_points import NAMES
from audit.models import PollRun, Posting
from audit.states import State
from connectors.models import Channel
from tests.audit import town as towns
from tests.audit import worker
from tests.audit.test_faults import everything_stands_once
from tests.processes import Forked

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.early]


@pytest.fixture
def town(transactional_db, sandboxed):
    return towns.connect(sandboxed, only=towns.SOME)


def all_end_well(workers: list[Forked]) -> None:
    for one in workers:
        assert one.ended() == 0, one.said


def due(town) -> None:
    town.flow.refresh_from_db()
    if not town.flow.due_at or town.flow.due_at > datetime.now(UTC):
        desk.poll_now(town.flow, "ann")


def let_leases_run_out() -> None:
    """What ninety seconds of waiting would do."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    Channel.objects.filter(until__isnull=False).update(until=past)
    PollRun.objects.filter(status="running").update(until=past)


@pytest.mark.parametrize("place", NAMES)
def test_killed_at(town, settings, place):
    due(town)
    if place.startswith("resolve"):
        town.sandbox.control(
            "quickbooks_online",
            "faults",
            {"kind": "drop_after_store", "match": {"path": "/batch?", "body": '"operation"'}},
        )
        worker.work()
        time.sleep(0.1)
        let_leases_run_out()
    killed = Forked(settings, worker.work, MLC_KILL_AT=f"{place}:1")
    assert killed.ended() == -signal.SIGKILL, killed.said
    for _ in range(20):
        let_leases_run_out()
        worker.work()  # this process knows nothing of the one that died
        if not open_postings() and Posting.objects.exists():
            break
        time.sleep(0.1)
    everything_stands_once(town)


def open_postings() -> bool:
    closed = [State.POSTED, State.QUARANTINED, State.SUPERSEDED]
    return Posting.objects.exclude(state__in=closed).exists()


def test_three_workers_at_once_post_one_bill_each(town, settings):
    town.poll()
    all_end_well([Forked(settings, worker.post) for _ in range(3)])
    if open_postings():
        town.drain()
    everything_stands_once(town)
    asked = town.sandbox.control("quickbooks_online", "requests")
    writes = [one for one in asked if one["request_id"]]
    assert len(writes) == 1, "one batch was enough for all"


def test_three_workers_poll_once_for_one_due_time(town, settings):
    due(town)
    all_end_well([Forked(settings, worker.work) for _ in range(3)])
    town.flow.refresh_from_db()
    runs = PollRun.objects.filter(status="done").values_list("due_at", flat=True)
    assert len(runs) == len(set(runs)) >= 1
    while open_postings():
        town.drain()
    everything_stands_once(town)
