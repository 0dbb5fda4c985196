"""The queue may lose, double, delay or repeat whatever it likes: everything is posted, once.

The work stands in our own tables; django-q's rows are taps on the shoulder. Here they are thrown
away, taken by three clusters, handed out twice, signed with a key that is gone; and workers die.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django_q.brokers import get_broker
from django_q.models import OrmQ, Schedule
from django_q.scheduler import scheduler
from django_q.tasks import async_task

from audit.engine import desk
from audit.models import Event, PollRun, Posting
from audit.nudge import TICK
from audit.states import State
from audit.tasks import ensure_tick
from connectors.clock import database_now
from connectors.models import Channel
from mappings.models import Flow
from tests.audit import town as towns
from tests.audit.test_kill import let_leases_run_out, open_postings
from tests.audit.town import Town
from tests.processes import environment

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]
# Approved reports of the month that nothing holds.
EXPECTED = 26
ROOT = Path(__file__).parents[2]
EXPORTS = "combinedReportData"
WRITES = {"path": "/batch?", "body": '"operation"', "method": "POST"}


@pytest.fixture
def town(transactional_db: Any, sandboxed: Any) -> Town:
    town = towns.connect(sandboxed)
    OrmQ.objects.all().delete()
    return town


class Cluster:
    """A `hand_cluster` in a process of its own."""

    def __init__(self, settings: Any, log: Path, **more: str) -> None:
        self._log = log.open("a")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.audit.hand_cluster"],
            cwd=ROOT,
            env=environment(settings, LOG_LEVEL="CRITICAL", **more),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def send(self, command: str) -> None:
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()

    def answer(self) -> str:
        """Its next word; "" when it died."""
        return self.process.stdout.readline().strip()

    def do(self, command: str) -> None:
        self.send(command)
        assert self.answer() == "done"

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()
        self._log.close()


@pytest.fixture
def cluster(settings: Any, tmp_path: Path) -> Iterator[Callable[..., Cluster]]:
    started: list[Cluster] = []

    def start(**more: str) -> Cluster:
        started.append(Cluster(settings, tmp_path / "clusters.log", **more))
        assert started[-1].answer() == "ready", (tmp_path / "clusters.log").read_text()
        return started[-1]

    yield start
    for one in started:
        one.end()
    said = (tmp_path / "clusters.log").read_text() if started else ""
    assert "Traceback" not in said.replace("Failed to push task to queue\nTraceback", ""), said


def until(is_so: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def polls_told() -> int:
    """How often the trail says that Expensify was read."""
    return Event.objects.filter(kind="poll.done").count()


def everything_stands_once(town: Town, count: int = EXPECTED) -> None:
    posted = Posting.objects.filter(state=State.POSTED).values_list("number", flat=True)
    numbers = [document["number"] for document in town.ours()]
    assert len(numbers) == len(set(numbers)) == count, "a document was doubled or lost"
    assert sorted(numbers) == sorted(posted)


def is_complete() -> bool:
    return Posting.objects.exists() and not open_postings()


def finish(one: Cluster, patience: int = 40) -> None:
    """Minutes pass, in which the leases of the dead run out, until nothing is open."""
    for _ in range(patience):
        one.do("tick")
        if is_complete():
            return
        let_leases_run_out()
        Channel.objects.update(not_before=None, breaker_until=None)
    raise AssertionError(f"still open: {list(Posting.objects.values_list('state', flat=True))}")


# --- rows that vanish ----------------------------------------------------------------------------


@contextmanager
def real_cluster(settings: Any, log: Path) -> Iterator[subprocess.Popen]:
    with log.open("w") as file:
        running = subprocess.Popen(
            [sys.executable, "manage.py", "qcluster"],
            cwd=ROOT,
            env=environment(settings),
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            until(lambda: "running." in log.read_text() or running.poll() is not None)
            assert running.poll() is None, log.read_text()
            yield running
        finally:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()


def test_with_all_rows_of_the_queue_deleted_at_every_stage_everything_completes(
    town, settings, tmp_path
):
    """A real cluster, to which ticks come several times a second instead of every minute."""
    slow = {"kind": "slow", "delay_s": 0.3, "times": None, "match": WRITES}
    town.sandbox.control("quickbooks_online", "faults", slow)

    def ticking_until(is_so: Callable[[], object]) -> Callable[[], bool]:
        def tick() -> bool:
            async_task(TICK)
            time.sleep(0.1)
            return bool(is_so())

        return tick

    with real_cluster(settings, tmp_path / "cluster.log"):
        desk.poll_now(town.flow, "ann")
        for reached in (
            lambda: True,  # the poll was asked for, and nobody has read anything yet
            PollRun.objects.exists,
            Posting.objects.exists,
            Posting.objects.exclude(state=State.READY).exists,
        ):
            until(ticking_until(reached))
            async_task(TICK)
            assert OrmQ.objects.all().delete()[0] >= 1
        until(ticking_until(is_complete))
    everything_stands_once(town)
    assert PollRun.objects.filter(status="done").count() == PollRun.objects.count() >= 1
    assert "Traceback" not in (tmp_path / "cluster.log").read_text()


# --- several clusters ----------------------------------------------------------------------------


def test_three_clusters_through_ten_minutes_poll_once_for_each_due_time(town, cluster):
    """Each minute the flow is due, a report has been filed, and all three tick at once."""
    clusters = [cluster() for _ in range(3)]
    due, filed = [], []
    for minute in range(10):
        filed.append(file_report(town, minute))
        due.append(database_now() - timedelta(minutes=20 - minute))
        Flow.objects.filter(pk=town.flow.pk).update(due_at=due[-1])
        for one in clusters:
            one.send("tick")
        for one in clusters:
            assert one.answer() == "done"
    finish(clusters[0])
    runs = PollRun.objects.order_by("due_at").values_list("due_at", "status")
    assert list(runs) == [(at, "done") for at in due]
    assert polls_told() == 10
    everything_stands_once(town, EXPECTED + 10)
    numbers = [document["number"] for document in town.ours()]
    assert all(sum(report_id in number for number in numbers) == 1 for report_id in filed)


def file_report(town: Town, number: int) -> str:
    body = {
        "reportName": f"Minute {number}",
        "accountEmail": "ben.ito@acme.example",
        "status": "Approved",
        "submitted": "2026-11-09 10:00:00",
        "approved": "2026-11-10 10:00:00",
        "expenses": [
            {
                "created": "2026-10-12",
                "merchant": "Trains",
                "category": "Airfare",
                "amount": 1000 + number,
                "tags": ["Sales", "West", "Internal"],
            }
        ],
    }
    return town.sandbox.control("expensify", "reports", body)["reports"][0]


def test_doubled_schedules_make_doubled_ticks_and_nothing_else(town, cluster):
    ensure_tick()
    Schedule.objects.create(func=TICK, schedule_type=Schedule.MINUTES, minutes=1)
    Schedule.objects.update(next_run=database_now() - timedelta(minutes=3))
    desk.poll_now(town.flow, "ann")
    OrmQ.objects.all().delete()
    scheduler(broker=get_broker())
    assert [row.func() for row in OrmQ.objects.all()] == [TICK, TICK]
    one = cluster()
    one.do("work")
    finish(one)
    assert PollRun.objects.count() == 1
    everything_stands_once(town)


# --- tasks that come again -----------------------------------------------------------------------


def hand_out_again() -> int:
    """What the queue does with a task that was not acknowledged within `retry`."""
    return OrmQ.objects.update(lock=database_now() - timedelta(seconds=1))


def test_a_task_handed_out_again_while_it_is_still_running_changes_nothing(town, cluster):
    slow = {"kind": "slow", "delay_s": 1.5}
    town.sandbox.control("expensify", "faults", slow | {"match": EXPORTS})
    first, second = cluster(), cluster()
    desk.poll_now(town.flow, "ann")
    OrmQ.objects.all().delete()
    first.send("tick")
    until(lambda: PollRun.objects.filter(status="running").exists())
    assert hand_out_again() >= 1
    second.do("work")
    assert PollRun.objects.get().status == "running", "the first one is still reading"
    assert first.answer() == "done"
    assert PollRun.objects.get().status == "done"
    finish(first)
    everything_stands_once(town)
    assert polls_told() == 1


def test_a_drain_handed_out_again_while_it_is_still_sending_sends_nothing(town, cluster):
    town.poll()
    slow = {"kind": "slow", "delay_s": 1.5, "match": WRITES}
    town.sandbox.control("quickbooks_online", "faults", slow)
    first, second = cluster(), cluster()
    OrmQ.objects.all().delete()
    async_task("audit.tasks.drain_connection", town.connection.pk)
    first.send("work")
    until(lambda: Posting.objects.filter(state=State.SENDING).exists())
    assert hand_out_again() >= 1
    second.do("work")
    assert Posting.objects.filter(state=State.SENDING).exists(), "the first one is still sending"
    assert first.answer() == "done"
    finish(first)
    everything_stands_once(town)
    asked = town.sandbox.control("quickbooks_online", "requests")
    assert len([one for one in asked if one["request_id"]]) == 1


@pytest.mark.parametrize("place", ["poll.read", "drain.intent_committed", "drain.answered"])
def test_what_a_worker_left_that_died_in_the_middle_of_its_task_is_done_by_the_next(
    town, cluster, place
):
    desk.poll_now(town.flow, "ann")
    dying, next_one = cluster(MLC_KILL_AT=f"{place}:1"), cluster()
    dying.send("tick")
    assert dying.answer() == ""
    assert dying.process.wait() == -signal.SIGKILL
    let_leases_run_out()
    finish(next_one)
    everything_stands_once(town)
    # Half an hour later the queue hands the dead one's task out again.
    hand_out_again()
    next_one.do("work")
    everything_stands_once(town)
    assert not OrmQ.objects.exists()


# --- tasks that nobody can read ------------------------------------------------------------------


def test_tasks_signed_with_a_key_that_is_gone_are_dropped_and_harm_nothing(town, cluster):
    desk.poll_now(town.flow, "ann")
    town.flow.refresh_from_db()
    async_task("audit.tasks.poll_flow", town.flow.pk, town.flow.due_at.isoformat())
    assert OrmQ.objects.count() >= 2
    one = cluster(SECRET_KEY="another key, long enough to sign what is queued from now on")
    one.do("work")
    assert not OrmQ.objects.exists() and not PollRun.objects.exists()
    finish(one)
    everything_stands_once(town)
    assert PollRun.objects.count() == 1
