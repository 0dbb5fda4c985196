"""A little of `make torture`, all ledgers together: nothing lost, doubled or left unsettled."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from audit.engine.kill_points import NAMES
from config.torture.ledgers import LEDGERS

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.early

# Shared by all ledgers; with the rehearsal before each one's storm it is a minute.
SECONDS = 56 / len(LEDGERS)
POSTINGS = 120 // len(LEDGERS)


@pytest.fixture(scope="module")
def tortured() -> subprocess.CompletedProcess:
    """On the database that the environment names: several workers on PostgreSQL, one on SQLite."""
    command = [sys.executable, "manage.py", "torture", "--seed", "4", "--postings", str(POSTINGS)]
    return subprocess.run(
        [*command, "--seconds", str(SECONDS)],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=170 + 130 * len(LEDGERS),
    )


def test_nothing_is_lost_doubled_or_left_while_workers_die_and_answers_vanish(tortured):
    said = tortured.stdout[-6000:] + tortured.stderr[-3000:]
    outcome = json.loads(tortured.stdout.splitlines()[-1])
    assert outcome["seed"] == 4
    assert set(outcome["ledgers"]) == set(LEDGERS), said
    for figures in outcome["ledgers"].values():
        wrong = {word: figures[word] for word in ("lost", "duplicated", "unsettled")}
        assert wrong == {"lost": 0, "duplicated": 0, "unsettled": 0}, said
        assert figures["expected"] == figures["stored"] > POSTINGS // 2, said
    assert tortured.returncode == 0, said


def test_every_branch_of_the_look_ups_was_taken(tortured):
    """Forced one by one before the storm: how busy the machine is has no say in it."""
    assert json.loads(tortured.stdout.splitlines()[-1])["never"] == []


def test_a_worker_died_at_every_kill_point(tortured):
    said = {line.split()[0] for line in tortured.stdout.splitlines() if line.strip()}
    assert set(NAMES) <= said
    outcome = json.loads(tortured.stdout.splitlines()[-1])
    assert outcome["kills"] >= len(NAMES) and outcome["faults"] >= 10
