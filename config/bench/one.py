"""One measurement in a process of its own: a fresh sandbox, a fresh database, real requests."""

import argparse
import json
import resource
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from config.demo.stage import Stage
from config.torture.ground import Ground, prepare_ground
from config.torture.ledgers import LEDGERS

LEDGER = "quickbooks_online"
CALLS_PER_MINUTE = 40  # of /batch
DOCUMENTS_PER_MINUTE = CALLS_PER_MINUTE * 30


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["speed", "memory", "limits", "failing"])
    parser.add_argument("--reports", type=int, default=600)
    parser.add_argument("--latency-ms", type=int, default=0)
    parser.add_argument("--seconds", type=int, default=150)
    parser.add_argument("--bad", choices=["none", "document", "call"], default="none")
    parser.add_argument("--batch-size", type=int, default=30)
    given = parser.parse_args()
    stage = Stage()
    try:
        ground = prepare_ground(stage, LEDGERS[LEDGER], f"sqlite:///{stage.folder}/bench.sqlite3")
        measure: Callable[..., dict[str, Any]] = {
            "speed": speed,
            "memory": memory,
            "limits": limits,
            "failing": failing,
        }[given.what]
        print(json.dumps(measure(ground, given)))
    finally:
        stage.close()
        shutil.rmtree(stage.folder, ignore_errors=True)
    return 0


def generate(ground: Ground, count: int) -> None:
    ground.control(
        "expensify",
        "reports",
        {"generate": {"reports": count, "lines": 5, "seed": 11,
                      "first": "2026-10-02", "last": "2026-10-30"}},
    )  # fmt: skip


def poll_to_posted(ground: Ground) -> int:
    """Everything from reading Expensify to the last receipt; returns the documents posted."""
    from audit.engine import drain
    from audit.models import Posting

    read_and_build(ground)
    while drain.work_waits(ground.connection_id):
        drain.drain(ground.connection_id)
    return Posting.objects.filter(state="posted").count()


def read_and_build(ground: Ground) -> None:
    """Poll now, and build what was read."""
    from audit.engine import desk, poll, prepare
    from mappings.models import Flow

    flow = Flow.objects.get(pk=ground.flow_id)
    desk.poll_now(flow, "bench")
    flow.refresh_from_db()
    poll.poll(flow.pk, flow.due_at)
    prepare.prepare(flow.pk)


@contextmanager
def statements() -> Iterator[list[int]]:
    """Counts SQL statements of this thread's connection."""
    from django.db import connection

    count = [0]

    def counted(execute: Any, *given: Any) -> Any:
        count[0] += 1
        return execute(*given)

    with connection.execute_wrapper(counted):
        yield count


def speed(ground: Ground, given: argparse.Namespace) -> dict[str, Any]:
    generate(ground, given.reports)
    settings = {"latency_ms": given.latency_ms}
    ground.control(LEDGER, "settings", settings)
    ground.control(LEDGER, "requests", method="DELETE")
    started = time.perf_counter()
    with statements() as count:
        posted = poll_to_posted(ground)
    took = time.perf_counter() - started
    if posted < given.reports:
        raise SystemExit(f"only {posted} of {given.reports} reports were posted")
    calls = len(ground.control(LEDGER, "requests"))
    return {
        "reports_per_s": round(posted / took, 2),
        "loop_per_s": round(plain_loop(ground, min(posted, 200)), 2),
        "ledger_calls_per_report": round(calls / posted, 4),
        "sql_per_report": round(count[0] / posted, 3),
    }


def plain_loop(ground: Ground, count: int) -> float:
    """The same bills, one request each, as a script with `requests` would post them."""
    import requests

    from audit.models import Posting
    from connectors import opening
    from connectors.models import LedgerConnection

    connection = LedgerConnection.objects.select_related("credential").get(pk=ground.connection_id)
    token = opening.token_of(connection.credential)
    address = f"{opening.vendor_url(LEDGER, 'api')}/v3/company/{connection.company_id}/bill"
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    bodies = [json.loads(one.payload) for one in Posting.objects.filter(state="posted")[:count]]
    session = requests.Session()
    started = time.perf_counter()
    for place, body in enumerate(bodies):
        body["DocNumber"] = f"LOOP-{place}"
        answer = session.post(f"{address}?minorversion=75", json=body, headers=headers, timeout=60)
        answer.raise_for_status()
        if "Bill" not in answer.json():
            raise SystemExit(f"the loop's bill was refused: {answer.text[:300]}")
    return len(bodies) / (time.perf_counter() - started)


def memory(ground: Ground, given: argparse.Namespace) -> dict[str, Any]:
    generate(ground, given.reports)
    posted = poll_to_posted(ground)
    if posted < given.reports:
        raise SystemExit(f"only {posted} of {given.reports} reports were posted")
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"peak_mb": round(peak_kb / 1024, 1)}


def limits(ground: Ground, given: argparse.Namespace) -> dict[str, Any]:
    """The vendor's limits on, ours too: how much of what is allowed do we use?"""
    from django.conf import settings

    from audit.engine import drain

    generate(ground, DOCUMENTS_PER_MINUTE * (given.seconds // 60 + 2))
    read_and_build(ground)
    ground.control(LEDGER, "settings", {"limits": True})
    settings.LEDGER_LIMITS = True
    ground.control(LEDGER, "requests", method="DELETE")
    end = time.monotonic() + given.seconds
    while time.monotonic() < end:
        drain.drain(ground.connection_id)
    asked = ground.control(LEDGER, "requests")
    sent = [
        datetime.fromisoformat(one["at"]).timestamp()
        for one in asked
        if one["request_id"] and one["status"] == 200
    ]
    throttled = sum(one["status"] == 429 for one in asked)
    # From the first call to the last that had to wait for a whole window before it: the calls of
    # the first window may leave at once, and would flatter us.
    waited = (len(sent) - 1) // CALLS_PER_MINUTE * CALLS_PER_MINUTE
    share = waited * 60 / CALLS_PER_MINUTE / (sent[waited] - sent[0])
    return {"limit_share": round(share, 3), "throttled": throttled}


def failing(ground: Ground, given: argparse.Namespace) -> dict[str, Any]:
    """Seconds from the first call until all documents but one are posted, while the ledger always
    refuses that one ("document"), or breaks down over each call that contains it ("call").
    """
    from dataclasses import replace

    from audit.engine import drain
    from audit.models import Posting
    from connectors.ledgers.quickbooks_online.ledger import QuickBooksOnline

    QuickBooksOnline.abilities = replace(QuickBooksOnline.abilities, batch_size=given.batch_size)
    generate(ground, given.reports)
    read_and_build(ground)
    others = Posting.objects.order_by("pk")
    if given.bad != "none":
        bad = others[given.reports // 2]
        others = others.exclude(pk=bad.pk)
        number = bad.report.report_id
        fault = {"match": {"path": "/batch", "body": number}, "times": None}
        if given.bad == "document":
            fault |= {"kind": "partial_batch", "body": f"~{number}"}
        else:
            fault |= {"kind": "unavailable", "status": 500}
        ground.control(LEDGER, "faults", fault)
    ground.control(LEDGER, "settings", {"latency_ms": given.latency_ms})
    ground.control(LEDGER, "requests", method="DELETE")
    expected = others.count()
    started = time.perf_counter()
    while others.filter(state="posted").count() < expected:
        drain.drain(ground.connection_id)
        if time.perf_counter() - started > given.seconds:
            raise SystemExit("the other documents were not posted in time")
    took = time.perf_counter() - started
    faults = sum(bool(one["fault"]) for one in ground.control(LEDGER, "requests"))
    return {"others_s": round(took, 3), "faults": faults}


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    sys.exit(main())
