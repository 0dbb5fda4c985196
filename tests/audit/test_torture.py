"""A minute of `make torture`, all ledgers together: nothing lost, doubled or left unsettled."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.torture.ledgers import LEDGERS

ROOT = Path(__file__).parents[2]
# Of the sixty seconds all ledgers together may take, what starting and comparing leave.
pytestmark = pytest.mark.torture

SECONDS = 44 / len(LEDGERS)
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
        timeout=170,
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


def test_the_minute_was_no_holiday(tortured):
    outcome = json.loads(tortured.stdout.splitlines()[-1])
    assert outcome["kills"] >= 5
    assert outcome["faults"] >= 5
