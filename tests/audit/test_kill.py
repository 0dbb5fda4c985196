"""kill -9 around every commit and call, and several workers on one queue: one bill each."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection as database

from audit.engine import desk
from audit.engine.kill_points import NAMES
from audit.models import PollRun, Posting
from audit.states import State
from connectors.models import Channel
from tests.audit import town as towns
from tests.audit import worker
from tests.audit.test_faults import EXPECTED, everything_stands_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.early]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def town(transactional_db, sandboxed):
    return towns.connect(sandboxed)


def environment(settings, **more: str) -> dict[str, str]:
    """Ours, pointed at the very database and sandbox of this test."""
    given = database.settings_dict
    if database.vendor == "sqlite":
        url = f"sqlite:///{given['NAME']}"
    else:
        host, port = given["HOST"] or "127.0.0.1", given["PORT"] or 5432
        url = f"postgres://{given['USER']}:{given['PASSWORD']}@{host}:{port}/{given['NAME']}"
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "ENV_FILE": "",
        "SECRET_KEY": settings.SECRET_KEY,
        "FERNET_KEYS": ",".join(settings.FERNET_KEYS),
        "BASE_URL": "http://127.0.0.1:8000",
        "ALLOWED_HOSTS": "127.0.0.1",
        "DATABASE_URL": url,
        "SANDBOX_URL": settings.SANDBOX_URL,
        "PACE": "fast",
        "SPOOL_DIR": str(settings.SPOOL_DIR),
        "INTUIT_CLIENT_ID": settings.INTUIT_CLIENT_ID,
        "INTUIT_CLIENT_SECRET": settings.INTUIT_CLIENT_SECRET,
        **more,
    }


def start(settings, verb: str = "all", **more: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.audit.worker", verb],
        cwd=ROOT,
        env=environment(settings, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def all_end_well(workers: list[subprocess.Popen]) -> None:
    for one in workers:
        assert one.wait(timeout=60) == 0, one.stdout.read().decode()[-3000:]


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
    killed = start(settings, MLC_KILL_AT=f"{place}:1")
    killed.wait(timeout=60)
    assert killed.returncode == -signal.SIGKILL, killed.stdout.read().decode()[-2000:]
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
    all_end_well([start(settings, "drain") for _ in range(3)])
    if open_postings():
        town.drain()
    everything_stands_once(town)
    asked = town.sandbox.control("quickbooks_online", "requests")
    writes = [one for one in asked if one["request_id"]]
    assert len(writes) == 1, "one batch was enough for all"
    assert EXPECTED <= 30


def test_three_workers_poll_once_for_one_due_time(town, settings):
    due(town)
    all_end_well([start(settings) for _ in range(3)])
    town.flow.refresh_from_db()
    runs = PollRun.objects.filter(status="done").values_list("due_at", flat=True)
    assert len(runs) == len(set(runs)) >= 1
    while open_postings():
        town.drain()
    everything_stands_once(town)
