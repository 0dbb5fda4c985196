"""Reading Expensify from the command line: by hand, or by cron in place of the cluster."""

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from audit.engine import desk, poll, prepare
from audit.management import choosing
from audit.management.terminal import (
    Answer,
    AnswerCommand,
    actor,
    at,
    facts_table,
    wrapped,
)
from audit.models import PollRun
from audit.preview import NOT_INSTALLED
from connectors.counting import counted
from connectors.registry import ledger_label
from mappings.codes import CODES
from mappings.models import Flow
from mappings.texts import day, money


class Command(AnswerCommand):
    help = (
        "Read from Expensify what is due, and prepare it for posting. Exit code 1 if a poll "
        "failed or a report could not be read. In unattended use (cron), `poll` and `post` "
        "together replace the cluster: run both every few minutes; each flow's own schedule still "
        "decides when it is read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--flow", metavar="NAME|ID", help="this flow only")
        parser.add_argument(
            "--now",
            action="store_true",
            help="do not wait for the schedule, and read every known report again",
        )
        super().add_arguments(parser)

    def answer(self, options: dict[str, Any]) -> Answer:
        flows = _chosen(options["flow"])
        if options["now"]:
            for flow in flows:
                if not flow.is_paused:
                    desk.poll_now(flow, actor())
        if not flows:
            self.say("There is no flow yet: add one in the admin.")
        due = dict(poll.due_flows())
        told = [self._poll(flow, due) for flow in flows]
        read = [one for one in told if one["status"] == PollRun.Status.DONE]
        failed = [one for one in told if one["status"] == PollRun.Status.FAILED]
        sums = {name: sum(one[name] for one in told) for name in COUNTS}
        closing = (
            f"{counted(len(read), 'flow')} read, {len(failed)} failed, "
            f"{len(told) - len(read) - len(failed)} not due: {sums['found']} found, "
            f"{sums['new']} new, {sums['revised']} revised, {sums['unreadable']} unreadable."
        )
        needs = bool(failed or sums["unreadable"] or any(one["problem"] for one in told))
        return Answer(closing, {"flows": told, "counts": sums}, needs)

    def _poll(self, flow: Flow, due: Mapping[int, Any]) -> dict[str, Any]:
        """Poll the flow if it is due, and prepare what that brought; all of it as plain values."""
        told = {"flow": flow.name, "id": flow.pk, "status": "not_due", "problem": None}
        told |= dict.fromkeys(COUNTS, 0)
        self.say(f"{flow.name}: {flow.workspace} to {_books(flow)}")
        if flow.pk not in due:
            self.say(f"  Not read: {_why_not(flow)}", "")
            return told
        run = poll.poll(flow.pk, due[flow.pk])
        if run is None:
            self.say("  Not read: somebody else is reading it at this moment.", "")
            return told | {"status": "busy"}
        prepared, unprepared = _prepared(flow)
        poll.note_not_taken(run)
        told |= _as_plain(run) | {"prepared": prepared}
        if unprepared and not told["problem"]:
            told["problem"] = unprepared
        self.say(*_lines(run, flow, prepared, told["problem"]), "")
        return told


COUNTS = ("found", "new", "revised", "unchanged", "unreadable")


def _chosen(named: str | None) -> list[Flow]:
    if named is not None:
        return [choosing.flow(named)]
    return list(Flow.objects.select_related("workspace", "connection").order_by("name", "pk"))


def _why_not(flow: Flow) -> str:
    if flow.is_paused:
        return "this flow is paused."
    if flow.is_used_up:
        return "it has no further run. Add dates to its schedule; --now reads it at once."
    return f"not due before {at(flow.due_at, flow.zone)}; --now reads it at once."


def _prepared(flow: Flow) -> tuple[int, dict[str, str] | None]:
    """How many reports were looked at, and what kept us from it."""
    if not flow.connection.company_id:
        return 0, {
            "code": "connection.not_connected",
            "message": f"{flow.connection.name} is not connected to a company yet. Reports were "
            "read, but nothing was prepared.",
            "cure": "Press Connect on its page, then poll again.",
        }
    try:
        return prepare.prepare(flow.pk), None
    except NOT_INSTALLED as error:
        return 0, {
            "code": "connection.not_installed",
            "message": f"Reports were read, but nothing was prepared: {error}",
            "cure": "Mend the installation, then poll again.",
        }


def _as_plain(run: PollRun) -> dict[str, Any]:
    return {
        "run": run.pk,
        "status": run.status,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "window": run.window,
        "not_taken": run.excluded,
        "totals": run.totals,
        "problem": run.problem,
        **{name: getattr(run, name) for name in COUNTS},
    }


def _books(flow: Flow) -> str:
    label = ledger_label(flow.connection.ledger)
    company = flow.connection.company_name or flow.connection.name
    return f"{label}, {company} ({flow.get_mode_display().partition(':')[0].lower()})"


def _lines(run: PollRun, flow: Flow, prepared: int, problem: Mapping[str, str] | None) -> list[str]:
    pairs = [("Read", f"{at(run.started_at, flow.zone)} to {at(run.finished_at, flow.zone)}")]
    if run.window:
        states = ", ".join(run.window.get("states", ())).lower()
        after = date.fromisoformat(run.window["approved_after"])
        pairs.append(("Window", f"approved after {day(after)}, {states}"))
        if spans := run.window.get("also_read"):
            pairs.append(("Also read", ", ".join(spans)))
        if again := run.window.get("read_again"):
            pairs.append(("Read again", counted(again, "known report")))
    pairs += [(name.capitalize(), f"{getattr(run, name):,}") for name in COUNTS]
    pairs.append(("Not taken", f"{sum(run.excluded.values()):,}"))
    sums = ", ".join(money(Decimal(total), code) for code, total in run.totals.items())
    pairs.append(("Total", sums or "nothing"))
    pairs.append(("Prepared", counted(prepared, "report")))
    lines = facts_table(pairs)
    for code, count in run.excluded.items():
        lines += wrapped(f"{count:,} not taken: {CODES.get(code, code)}", indent=4)
    if run.unreadable:
        lines += wrapped(
            f"{counted(run.unreadable, 'report')} could not be read; each stands in the events "
            "with its reason. Nothing of them was taken.",
            indent=4,
            first="  ! ",
        )
    if problem:
        lines += wrapped(problem["message"], indent=4, first="  ! ")
        lines += wrapped(f"{problem['cure']} ({problem['code']})", indent=6, first="    > ")
    return lines
