"""Taking documents back from the command line, after showing which ones."""

import sys
from argparse import ArgumentParser
from typing import Any

from audit.admin.words import sums
from audit.engine import desk
from audit.management import choosing
from audit.management.terminal import (
    Answer,
    AnswerCommand,
    actor,
    table,
    wrapped,
    wrong_call,
)
from audit.models import Posting, Report
from audit.selectors import sums_of
from audit.states import State
from connectors.contract.ledger import Op
from connectors.counting import counted
from mappings.texts import day, money


class Command(AnswerCommand):
    help = (
        "Ask the ledger to take back the documents of reports. It is done only while a document "
        "is unpaid, unmatched and unchanged there and its date is open. Nothing is sent from "
        "here: the cluster does it within a minute, or `post`. Exit code 1 if something was left "
        "as it is."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--report", nargs="+", required=True, metavar="R00...", help="Expensify ids of reports"
        )
        parser.add_argument("--reason", default="", help="kept with the reversal")
        parser.add_argument("--yes", action="store_true", help="do not ask")
        super().add_arguments(parser)

    def answer(self, options: dict[str, Any]) -> Answer:
        if not options["yes"] and (options["json"] or not sys.stdin.isatty()):
            raise wrong_call("Nobody is here to confirm. Say --yes to reverse without being asked.")
        reports = choosing.reports(options["report"])
        live = _live(reports)
        if not live:
            return Answer(
                "No document of ours stands for these reports. Nothing was reversed.",
                {"reversed": [], "left": []},
                needs_person=True,
            )
        total = sums(sums_of([{"currency": one.currency, "sum": one.total} for one in live]))
        count = counted(len(live), "document")
        self.say("These documents will be taken back:", *_table(live), "")
        question = f"Take back {count} ({total})? [y/N] "
        if not options["yes"] and not _is_agreed(question):
            return Answer("Nothing was reversed.", {"reversed": [], "left": []}, needs_person=True)
        done = desk.reverse(live, actor(), options["reason"])
        for name, why in done.left:
            self.say(*wrapped(f"{name} was left alone: {why}.", indent=4, first="  ! "))
        facts = {
            "reversed": [
                {"report": one.report.report_id, "number": one.number, "total": one.total}
                for one in done.moved
            ],
            "left": [{"what": name, "why": why} for name, why in done.left],
        }
        closing = (
            f"{counted(len(done.moved), 'document')} being reversed, {len(done.left)} left alone."
        )
        return Answer(closing, facts, needs_person=bool(done.left))


def _live(reports: list[Report]) -> list[Posting]:
    """The postings because of which documents of these reports stand."""
    rows = Posting.objects.filter(report__in=[one.pk for one in reports], state=State.POSTED)
    return list(
        rows.exclude(op=Op.CANCEL.value)
        .select_related("report", "connection")
        .order_by("report_id", "slice_name", "pk")
    )


def _table(live: list[Posting]) -> list[str]:
    rows = [
        (
            one.report.report_id,
            one.get_kind_display(),
            one.number,
            day(one.date) if one.date else "",
            one.party_name,
            money(one.total, one.currency),
        )
        for one in live
    ]
    heads = ("Report", "Kind", "Number", "Date", "Payee", "Total")
    return table(heads, rows, right=("Total",), give=("Payee",), indent=2)


def _is_agreed(question: str) -> bool:
    try:
        return input(question).strip().lower() in ("y", "yes")
    except (EOFError, KeyboardInterrupt):
        return False
