"""One ledger's torture, in a process of its own: rehearsal, storm, quiet, verdict."""

import argparse
import json
import random
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from config.demo.stage import Stage
from config.demo.tables import table
from config.torture.ground import Ground, database, prepare_ground, say, wait_until
from config.torture.ledgers import LEDGERS

# Shares of the time given: while everything breaks, and at most until all has come to rest. On a
# busy machine rest takes longer, which is no fault of what rests.
STORM, QUIET = 0.5, 0.4
QUIET_AT_LEAST_S = 60.0
BEAT_S = 0.2


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--ledger", choices=sorted(LEDGERS), required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--postings", type=int, required=True)
    parser.add_argument("--workers", type=int, required=True)
    parser.add_argument("--sqlite", action="store_true")
    parser.add_argument("--figures", type=Path, required=True)
    given = parser.parse_args()
    # So that the sandbox, the workers and the database go with us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    stage = Stage()
    is_done = False
    try:
        with database(
            given.seed, given.ledger, on_sqlite=given.sqlite, folder=str(stage.folder)
        ) as address:
            ground = prepare_ground(stage, LEDGERS[given.ledger], address)
            figures = torture(ground, stage.folder, given)
        given.figures.write_text(json.dumps(figures))
        is_done = figures["is_clean"]
        return 0 if is_done else 1
    except Exception:
        traceback.print_exc()
        return 1
    finally:
        stage.close()
        if is_done:
            shutil.rmtree(stage.folder, ignore_errors=True)
        else:
            say(f"  What the processes said: {stage.folder}")


def torture(ground: Ground, folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    from config.torture import gang, verdict
    from config.torture.rehearsal import Rehearsal
    from config.torture.storm import Storm

    chance = random.Random(given.seed)  # noqa: S311 - repeats a run
    storm = Storm(ground, chance, given.postings)
    size = given.workers if ground.on_postgresql else 1
    workers = gang.Gang(folder / "workers.log", size, chance)
    what = "PostgreSQL" if ground.on_postgresql else "SQLite"
    say(f"\n{ground.victim.name}: {given.postings} reports, {size} workers on {what}")
    try:
        began = time.monotonic()
        Rehearsal(storm, workers).play()
        say(f"  rehearsed in {time.monotonic() - began:.0f} s")
        _storm(storm, workers, given.seconds * STORM)
        played = storm.played()
        late = storm.late_request_ids()
        storm.clear_faults()
        storm.reapprove_all()
        workers.is_deadly = False
        workers.retire()
        patience = max(given.seconds * QUIET, QUIET_AT_LEAST_S)
        is_quiet = _quiet(storm, workers, patience)
    finally:
        workers.retire()
    found = verdict.compare(ground.control, ground.victim.name, storm.reversed)
    branches = verdict.sometimes(late)
    _show(found, branches, storm, workers, played)
    raised = _raised(folder / "workers.log")
    if raised:
        table(["what workers raised and survived", "times"], raised.most_common())
    if not is_quiet:
        say(f"  Not at rest {patience:.0f} s after the faults had ended.")
        say(f"  {verdict.held_by(ground.connection_id)}")
    return {
        "figures": found.figures(),
        "kills": workers.kills,
        "faults": sum(played.values()),
        "never": [branch for branch, times in branches.items() if not times],
        "is_clean": found.is_clean and is_quiet,
        "raised": dict(raised),
    }


def _storm(storm: Any, workers: Any, seconds: float) -> None:
    """File, change, take back, break and kill, until the time is up and everything is filed."""
    chance, started = storm.chance, time.monotonic()
    storm.order_faults()
    storm.file(max(1, storm.postings // 20))
    storm.poll()
    workers.fill()
    next_kill = started + 1.0
    beats = 0
    while (passed := time.monotonic() - started) < seconds:
        beats += 1
        storm.progress = passed / seconds
        due = int(storm.postings * min(1.0, storm.progress * 1.15)) - len(storm.filed)
        if due > 0 and chance.random() < 0.3:
            storm.file(due)
        for deed, share in _deeds(storm):
            if chance.random() < share:
                _try(storm, deed)
        if beats % 5 == 0:
            storm.poll()
        if time.monotonic() > next_kill:
            (workers.kill_one if chance.random() < 0.8 else workers.pause_one)()
            next_kill = time.monotonic() + chance.uniform(0.4, 2.0)
        workers.fill()
        time.sleep(BEAT_S)
    storm.file(storm.postings)


def _try(storm: Any, deed: Callable[[], None]) -> None:
    """A person whose action the database refused sees an error, and goes on with something else."""
    from django.db import DatabaseError

    try:
        deed()
    except DatabaseError as refusal:
        storm.done[f"refused by the database: {str(refusal).splitlines()[0]}"] += 1


def _deeds(storm: Any) -> tuple:
    return (
        (storm.amend, 0.5),
        (storm.move_line, 0.15),
        (storm.take_lines_away, 0.05),
        (storm.unapprove, 0.1),
        (storm.reverse, 0.15),
        (storm.half_a_day_passes, 0.05),
        (storm.tokens_expire, 0.03),
        (storm.connect_again, 0.3),
        (storm.enter_a_copy, 0.5),
        (storm.take_copies_back, 0.1),
    )


def _quiet(storm: Any, workers: Any, seconds: float) -> bool:
    """Nothing breaks any more: everything must finish, whatever the storm left behind."""
    from audit.models import PollRun, Report
    from config.torture.verdict import at_rest
    from connectors.clock import database_now

    began = database_now()
    started = time.monotonic()

    def is_over() -> bool:
        workers.fill()
        storm.connect_again()
        storm.take_copies_back(all_of_them=True)
        if not PollRun.objects.filter(started_at__gt=began, status="done").exists():
            storm.poll()
            return False
        # Every report has been read again since the last change at Expensify's side.
        if Report.objects.filter(read_at__lt=began).exists():
            storm.poll()
            return False
        return Report.objects.count() == len(storm.filed) and at_rest()

    done = wait_until(is_over, seconds, every_s=0.5)
    say(f"  quiet after {time.monotonic() - started:.0f} s")
    return done


def _show(found: Any, branches: dict, storm: Any, workers: Any, played: Counter) -> None:
    table(["at Expensify and at our desk", "times"], storm.done.most_common())
    table(["faults played", "times"], played.most_common())
    table(["killed at", "times"], sorted(workers.killed_at.items()))
    say(f"  and {workers.paused} times a worker slept through its lease")
    table(["sometimes", "times"], list(branches.items()))
    if never := [branch for branch, times in branches.items() if not times]:
        say(f"  never in this run: {'; '.join(never)}")
    for word in ("lost", "duplicated", "unsettled", "breaks"):
        for line in getattr(found, word):
            say(f"  {word}: {line}")


def _raised(log: Path) -> Counter:
    """The last lines of tracebacks, counted."""
    found: Counter = Counter()
    if not log.exists():
        return found
    inside = False
    for line in log.read_text(errors="replace").splitlines():
        if line.startswith("Traceback"):
            inside = True
        elif inside and line and not line.startswith((" ", "The above", "During")):
            found[line[:110]] += 1
            inside = False
    return found


if __name__ == "__main__":
    sys.exit(main())
