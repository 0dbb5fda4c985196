"""The command line: every ledger in turn, and the figures of all as the last line."""

import argparse
import json
import random
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from config.torture.ledgers import LEDGERS

ROOT = Path(__file__).parents[2]


def main(argv: Sequence[str] | None = None) -> int:
    """0 when nothing was lost, doubled or left unsettled in any ledger, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="manage.py torture", description=__doc__)
    parser.add_argument("--seed", type=int, help="repeats a run; otherwise a new one each time")
    parser.add_argument(
        "--seconds", type=float, default=480, help="of storm and quiet, for each ledger"
    )
    parser.add_argument("--postings", type=int, default=1000, help="reports for each ledger")
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--ledger", choices=sorted(LEDGERS), action="append")
    parser.add_argument("--sqlite", action="store_true", help="with one worker")
    given = parser.parse_args(argv)
    seed = given.seed if given.seed is not None else random.randrange(10**6)  # noqa: S311
    print(f"SEED={seed}", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    outcome: dict = {"seed": seed, "ledgers": {}, "kills": 0, "faults": 0, "never": []}
    is_clean = True
    for name in given.ledger or sorted(LEDGERS):
        with TemporaryDirectory() as folder:
            figures = Path(folder, "figures.json")
            command = [sys.executable, "-m", "config.torture.one", "--ledger", name]
            command += ["--seed", str(seed), "--seconds", str(given.seconds)]
            command += ["--postings", str(given.postings), "--workers", str(given.workers)]
            command += ["--figures", str(figures)]
            command += ["--sqlite"] if given.sqlite else []
            is_clean = _ended_well(command) and is_clean
            if figures.exists():
                found = json.loads(figures.read_text())
                outcome["ledgers"][name] = found["figures"]
                outcome["kills"] += found["kills"]
                outcome["faults"] += found["faults"]
                outcome["never"] += [f"{name}: {branch}" for branch in found["never"]]
            else:
                print(f"{name}: the torture itself stopped early", file=sys.stderr)
    print(json.dumps(outcome))
    return 0 if is_clean else 1


def _ended_well(command: Sequence[str]) -> bool:
    """Run to the end; whatever stops us stops it too, and gives it time to tidy up."""
    running = subprocess.Popen(command, cwd=ROOT)
    try:
        return running.wait() == 0
    finally:
        if running.poll() is None:
            running.terminate()
            running.wait(30)
