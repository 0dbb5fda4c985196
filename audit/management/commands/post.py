"""Posting from the command line: by hand, or by cron in place of the cluster."""

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.db.models import Count, Min, Sum

from audit.admin.words import sums
from audit.engine import drain, prepare
from audit.management import choosing, held
from audit.management.terminal import Answer, AnswerCommand, at, facts_table, table, wrapped
from audit.models import Posting, Report
from audit.preview import NOT_INSTALLED
from audit.selectors import sums_of
from audit.states import State
from connectors.contract import exact_json
from connectors.counting import counted
from connectors.models import LedgerConnection
from connectors.registry import ledger_label
from mappings.models import Flow

# What the engine counts, in the words of the screen.
OUTCOMES = {
    "posted": "Posted, changed or reversed",
    "found": "Found there already, not sent again",
    "deferred": "Waiting for QuickBooks Desktop",
    "refused": "Refused by the ledger",
    "held": "Held: needs you",
    "in_doubt": "Sent, checking whether it arrived",
    "absent": "Looked up and not there: to be sent again",
    "created": "Vendors created",
    "met": "Vendors not created: somebody has the name",
    "unsent": "Not sent",
    "attached": "Receipts attached",
    "file_again": "Receipts to be tried again",
    "file_failed": "Receipts not attached",
    "file_dropped": "Receipts not needed any more",
}
# What may still be open when nothing more can be done now.
OPEN_STATES = (
    State.READY,
    State.RETRY_WAIT,
    State.SENDING,
    State.QUEUED,
    State.IN_DOUBT,
    State.QUARANTINED,
    State.FAILED,
)
STUCK = "the reports could not be read again before posting; the next poll tells why"


class Command(AnswerCommand):
    help = (
        "Prepare what changed and send what is due, until nothing is due any more or the ledger "
        "stops us; then show what is held, with its cure. Exit code 1 if something is held or "
        "could not be sent. In unattended use (cron), `poll` and `post` together replace the "
        "cluster: run both every few minutes."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--connection", metavar="NAME|ID", help="this ledger connection only")
        super().add_arguments(parser)

    def answer(self, options: dict[str, Any]) -> Answer:
        rows = LedgerConnection.objects.order_by("name", "pk")
        if options["connection"] is not None:
            rows = [choosing.connection(options["connection"])]
        told = [self._post(connection) for connection in rows]
        if not told:
            self.say("There is no ledger connection yet: add one in the admin.")
        chosen = Posting.objects.filter(connection__in=[one["id"] for one in told])
        groups = held.groups(chosen)
        if groups:
            self.say("Held: needs you", *held.lines(chosen, groups), "")
        outcomes = sum((Counter(one["outcomes"]) for one in told), Counter())
        waiting = sum(one["reports_held"] for one in told)
        closing = (
            f"{outcomes['posted']:,} posted or changed, "
            f"{outcomes['found']} found there, {outcomes['refused']} refused, "
            f"{outcomes['in_doubt']} to be checked; {counted(waiting, 'report')} held."
        )
        stopped = [one for one in told if one["stopped_by"] not in ("", drain.BUSY)]
        facts = {"connections": told, "held": held.as_plain(chosen, groups)}
        return Answer(closing, facts, needs_person=bool(groups or stopped))

    def _post(self, connection: LedgerConnection) -> dict[str, Any]:
        self.say(f"{connection.name}: {ledger_label(connection.ledger)}, {_company(connection)}")
        prepared, outcomes, stopped_by = _carried_out(connection)
        states = _states(connection)
        told = {
            "connection": connection.name,
            "id": connection.pk,
            "prepared": prepared,
            "outcomes": dict(outcomes),
            "stopped_by": stopped_by,
            "states": exact_json.plain(states),
            "reports_held": _reports_held(connection),
        }
        pairs = [("Prepared", counted(prepared, "report"))] if prepared else []
        pairs += [
            (text, f"{outcomes[word]:,}") for word, text in OUTCOMES.items() if outcomes[word]
        ]
        self.say(*(facts_table(pairs) if pairs else ["  Nothing was due."]))
        if stopped_by:
            self.say(*wrapped(f"Stopped: {stopped_by}", indent=4, first="  ! "))
        if states:
            rows = [
                (State(state).label, f"{one['count']:,}", sums(one["sums"]), at(one["since"]))
                for state, one in states.items()
            ]
            heads = ("Still open", "Documents", "Total", "Since")
            self.say("", *table(heads, rows, right=("Documents", "Total"), indent=2))
        self.say("")
        return told


def _carried_out(connection: LedgerConnection) -> tuple[int, Counter[str], str]:
    """`carry_out`, in which a ledger that is not installed here doesn't keep the others waiting."""
    try:
        return carry_out(connection)
    except NOT_INSTALLED as error:
        return 0, Counter(), str(error)


def carry_out(connection: LedgerConnection) -> tuple[int, Counter[str], str]:
    """Prepare and drain in turn until neither finds anything to do now.

    Returns how many reports were prepared, postings by outcome, and what kept us from going on,
    "" when nothing is due any more. A look-up that is not due yet is left for a later call.
    """
    prepared, outcomes = 0, Counter()
    while True:
        looked_at = _prepare(connection)
        prepared += looked_at
        if not drain.work_waits(connection.pk):
            if not looked_at:
                return prepared, outcomes, ""
            continue
        done = drain.drain(connection.pk)
        outcomes.update(done.outcomes)
        if done.held_by:
            return prepared, outcomes, done.held_by
        if not done.outcomes and not looked_at and drain.work_waits(connection.pk):
            return prepared, outcomes, STUCK


def _prepare(connection: LedgerConnection) -> int:
    if not connection.company_id:
        return 0
    due = set(drain.due_preparations())
    flows = Flow.objects.filter(connection=connection, pk__in=due).order_by("pk")
    return sum(prepare.prepare(pk) for pk in flows.values_list("pk", flat=True))


def _company(connection: LedgerConnection) -> str:
    if not connection.company_id:
        return "not connected yet: press Connect on its page"
    return connection.company_name or connection.company_id


def _states(connection: LedgerConnection) -> dict[str, dict[str, Any]]:
    rows = Posting.objects.filter(connection=connection, state__in=OPEN_STATES).order_by()
    found: dict[str, list[dict]] = {}
    for row in rows.values("state", "currency").annotate(
        count=Count("pk"), sum=Sum("total"), since=Min("state_at")
    ):
        found.setdefault(row["state"], []).append(row)
    return {
        state: {
            "count": sum(row["count"] for row in found[state]),
            "sums": sums_of(found[state]),
            "since": min(row["since"] for row in found[state]),
        }
        for state in OPEN_STATES
        if state in found
    }


def _reports_held(connection: LedgerConnection) -> int:
    standings = (Report.Standing.HELD, Report.Standing.FAILED)
    return Report.objects.filter(flow__connection=connection, standing__in=standings).count()
