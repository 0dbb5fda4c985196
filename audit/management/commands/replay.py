"""Building reports again with today's rules, after the cause that held them was cured."""

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from audit.admin.words import sums
from audit.engine import desk
from audit.management import choosing, held
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
from connectors.counting import counted
from mappings.texts import money


class Command(AnswerCommand):
    help = (
        "Build reports again from their stored copy with today's rules. What stands in the ledger "
        "already is changed in place, never posted again. Nothing is sent from here: the cluster "
        "does it within a minute, or `post`. Exit code 1 if a report is still held."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("report", nargs="*", metavar="R00...", help="Expensify ids of reports")
        parser.add_argument("--held", action="store_true", help="every report that is held")
        parser.add_argument(
            "--subject",
            metavar="CAUSE",
            help="with --held: only what waits for this cause, as `post` names it",
        )
        super().add_arguments(parser)

    def answer(self, options: dict[str, Any]) -> Answer:
        reports = _chosen(options)
        done = desk.replay(reports, actor())
        chosen = Posting.objects.filter(report__in=[one.pk for one in reports])
        now = {row.pk: row for row in Report.objects.filter(pk__in=[one.pk for one in reports])}
        rows = [now[one.pk] for one in reports]
        if rows:
            heads = ("Report", "Employee", "Total", "Now")
            lines = [
                (
                    row.report_id,
                    row.employee_name or row.employee_email,
                    money(row.total, row.currency),
                    row.get_standing_display(),
                )
                for row in rows
            ]
            self.say(*table(heads, lines, right=("Total",), give=("Employee", "Now")), "")
        for name, why in done.left:
            self.say(*wrapped(f"{name} was left alone: {why}.", indent=4, first="  ! "))
        groups = held.groups(chosen)
        if groups:
            self.say("Held: needs you", *held.lines(chosen, groups), "")
        counts = Counter(row.standing for row in rows)
        still = counts[Report.Standing.HELD] + counts[Report.Standing.FAILED]
        waiting = [row for row in rows if row.standing == Report.Standing.WAITING]
        total = sums_of([{"currency": row.currency, "sum": row.total} for row in waiting])
        closing = (
            f"{counted(len(rows), 'report')} replayed: {len(waiting)} waiting to post"
            f"{f' ({sums(total)})' if waiting else ''}, {still} still held, "
            f"{len(done.left)} left alone."
        )
        facts = {
            "reports": [{"report": row.report_id, "standing": row.standing} for row in rows],
            "left": [{"what": name, "why": why} for name, why in done.left],
            "held": held.as_plain(chosen, groups),
        }
        return Answer(closing, facts, needs_person=bool(still or done.left))


def _chosen(options: dict[str, Any]) -> list[Report]:
    ids, subject = options["report"], options["subject"]
    if bool(ids) == bool(options["held"]):
        raise wrong_call("Name reports (replay R00...), or say --held for all that are held.")
    if ids:
        if subject is not None:
            raise wrong_call("--subject goes with --held: reports named one by one are replayed.")
        return choosing.reports(ids)
    chosen = Posting.objects.all()
    groups = held.groups(chosen)
    if subject is not None:
        named = held.matching(groups, subject)
        if not named:
            causes = ", ".join(held.quoted(one.subject or one.code) for one in groups)
            raise wrong_call(
                f"Nothing is held by {subject!r}. "
                + (f"What holds reports now: {causes}." if causes else "Nothing is held at all.")
            )
        groups = named
    wanted = {report_id for one in groups for report_id in held.reports_of(one, chosen)}
    return choosing.reports(sorted(wanted)) if wanted else []
