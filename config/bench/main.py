"""The command line of the benchmark: each measurement in a process of its own, one JSON line."""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
LATENCIES_MS = (0, 100)


def main(argv: Sequence[str] | None = None) -> int:
    """Prints a table and, as the last line, the figures."""
    parser = argparse.ArgumentParser(prog="manage.py bench", description=__doc__)
    parser.add_argument("--reports", type=int, default=600, help="for speed, at each latency")
    parser.add_argument("--small", type=int, default=1_000, help="for memory")
    parser.add_argument("--large", type=int, default=20_000, help="for memory")
    parser.add_argument("--seconds", type=int, default=150, help="with the vendor's limits on")
    parser.add_argument("--beside", type=int, default=100, help="documents, one of them bad")
    given = parser.parse_args(argv)
    speed = {ms: measured("speed", reports=given.reports, latency_ms=ms) for ms in LATENCIES_MS}
    memory = {n: measured("memory", reports=n) for n in (given.small, given.large)}
    share = measured("limits", seconds=given.seconds)
    figures = {
        "reports_per_s": {str(ms): one["reports_per_s"] for ms, one in speed.items()},
        "loop_per_s": {str(ms): one["loop_per_s"] for ms, one in speed.items()},
        "ledger_calls_per_report": speed[0]["ledger_calls_per_report"],
        "sql_per_report": speed[0]["sql_per_report"],
        "peak_mb": {str(n): one["peak_mb"] for n, one in memory.items()},
        "limit_share": share["limit_share"],
    }
    delays = {size: delay(given.beside, size) for size in (30, 1)}
    show(figures, share, delays)
    print(json.dumps(figures))
    return 0


def measured(what: str, **options: int | str) -> dict[str, Any]:
    """One measurement; its own words go to the terminal, its figures come back."""
    words = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    print(f"  measuring {what} {' '.join(words)} ...", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", "config.bench.one", what, *words]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"measuring {what} stopped with exit code {done.returncode}")
    return json.loads(done.stdout.splitlines()[-1])


def delay(count: int, batch_size: int) -> dict[str, float]:
    """Seconds that all documents but one need, by what the ledger always does to that one."""
    return {
        bad: measured("failing", reports=count, batch_size=batch_size, bad=bad, latency_ms=100)[
            "others_s"
        ]
        for bad in ("none", "document", "call")
    }


def show(
    figures: dict[str, Any], share: dict[str, Any], delays: dict[int, dict[str, float]]
) -> None:
    print(f"\n  {'latency':>10} {'reports/s':>12} {'plain loop/s':>14} {'times':>8}")
    for ms, speed in figures["reports_per_s"].items():
        loop = figures["loop_per_s"][ms]
        print(f"  {ms + ' ms':>10} {speed:>12.1f} {loop:>14.1f} {speed / loop:>8.1f}")
    print(f"\n  ledger calls per report   {figures['ledger_calls_per_report']:.3f}")
    print(f"  SQL statements per report {figures['sql_per_report']:.2f}")
    for count, peak in figures["peak_mb"].items():
        print(f"  peak memory, {count:>6} reports {peak:>8.1f} MB")
    print(
        f"  share of the allowed writes that we used {figures['limit_share']:.3f}, "
        f"answers of 429: {share['throttled']}"
    )
    print("\n  one bad document of many: seconds until the others are posted, at 100 ms")
    print(f"  {'in a call':>12} {'none bad':>10} {'refused':>10} {'breaks its call':>17}")
    for size, one in delays.items():
        print(f"  {size:>12} {one['none']:>10.2f} {one['document']:>10.2f} {one['call']:>17.2f}")
    print()
