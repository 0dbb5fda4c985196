"""Everything but the last call, on a terminal: the documents that would be posted, line by line."""

from argparse import ArgumentParser, ArgumentTypeError
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from django.core.management.base import CommandError

from audit import preview
from audit.admin.entries import labels_of, table_of
from audit.backfill import rehearsed
from audit.management import choosing
from audit.management.terminal import Answer, AnswerCommand, table, wrapped, wrong_call
from audit.models import Report
from audit.preview import Part, Preview
from connectors.contract.problem import Problems
from connectors.contract.transport import VendorError
from connectors.counting import counted
from mappings.texts import day, money


class Command(AnswerCommand):
    help = (
        "Build reports from their stored copy with today's rules and show what would be posted: "
        "accounts, dimensions, payee, date, number, and every problem. Nothing is written and "
        "nobody is called. With --from and --to, what filling the flow back would take: those "
        "days are read from Expensify. Exit code 1 if a report would be held."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--flow", metavar="NAME|ID", help="every report of this flow")
        what.add_argument(
            "--report", nargs="+", metavar="R00...", help="these reports, by their Expensify id"
        )
        days = {"type": _day, "metavar": "YYYY-MM-DD"}
        parser.add_argument("--from", dest="first", help="first day of approval to read", **days)
        parser.add_argument("--to", dest="last", help="last day, in the flow's zone", **days)
        super().add_arguments(parser)

    def answer(self, options: dict[str, Any]) -> Answer:
        labels: dict[int, Mapping[str, str]] = {}
        told, counts = [], Counter()
        unreadable: list[str] = []
        for one in _previews(options, unreadable):
            counts[_outcome(one)] += 1
            if self.is_for_machines:
                told.append(preview.as_plain(one))
                continue
            connection = one.report.flow.connection if one.report.flow else None
            if connection is not None and connection.pk not in labels:
                labels[connection.pk] = labels_of(connection)
            self.say(*_lines(one, labels[connection.pk] if connection else {}), "")
        for text in unreadable:
            counts["unreadable"] += 1
            self.say(*wrapped(f"Cannot be read. {text}", indent=2, first=""), "")
        total = counts.total()
        listed = ", ".join(f"{count} {word}" for word, count in sorted(counts.items()))
        closing = f"{counted(total, 'report')}: {listed}." if total else "No report to look at."
        return Answer(
            f"{closing} Nothing was written.",
            {"reports": told, "counts": dict(counts)},
            needs_person=counts[HELD] > 0 or bool(unreadable),
        )


HELD = "to hold"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no date: write it as 2026-10-31") from None


def _previews(options: dict[str, Any], unreadable: list[str]) -> Iterator[Preview]:
    first, last = options["first"], options["last"]
    if not (first or last):
        yield from preview.previews(_chosen(options))
        return
    if not (first and last and options["flow"]) or last < first:
        raise wrong_call("Filling back needs --flow, --from and --to, the earlier day first.")
    try:
        yield from rehearsed(choosing.flow(options["flow"]), first, last, unreadable)
    except VendorError as failure:
        raise CommandError(f"Expensify was not read: {failure}", returncode=1) from None


def _chosen(options: dict[str, Any]) -> Iterable[Report]:
    rows = Report.objects.select_related("latest", "flow__connection", "flow__workspace")
    if options["report"]:
        return rows.filter(pk__in=[one.pk for one in choosing.reports(options["report"])])
    return rows.filter(flow=choosing.flow(options["flow"])).iterator(chunk_size=preview.CHUNK)


def _outcome(one: Preview) -> str:
    if one.is_held:
        return HELD
    if not one.parts:
        return "not taken"
    if all(part.would == "keep" for part in one.parts):
        return "to leave"
    return "to post or change"


def _lines(one: Preview, labels: Mapping[str, str]) -> list[str]:
    report = one.report
    who = report.employee_name or report.employee_email
    head = (
        f"Report {report.report_id} ({who}, {money(report.total, report.currency)}) {report.name}"
    )
    lines = wrapped(head, indent=2, first="")
    if one.unreadable:
        lines += wrapped(f"Cannot be built. {one.unreadable}", indent=2)
    if one.left_out:
        lines += wrapped(f"Not taken. {one.left_out}", indent=2)
    for part in one.parts:
        lines += _part_lines(part, labels)
    lines += _problem_lines(one.all_problems)
    for left in one.untaken:
        lines += wrapped(f"Left out: {left.text}", indent=4, first="  ")
    return lines


def _part_lines(part: Part, labels: Mapping[str, str]) -> list[str]:
    facts = [part.kind_label if not part.number else f"{part.kind_label} {part.number}"]
    facts += [day(part.date)] if part.date else []
    facts += [part.party_name] if part.party_name else []
    facts += [money(part.total, part.currency)] if part.total is not None else []
    lines = wrapped(f"{', '.join(facts)}: {part.what}", indent=4, first="  ")
    if part.waiting is not None:
        lines += wrapped(f"In the book now: {part.waiting.get_state_display()}.", indent=4)
    if part.entry is not None:
        lines += _entry_lines(part, labels)
    for cut in part.cuts:
        lines += wrapped(f"Shortened: {cut['field']} to “{cut['after']}”", indent=6, first="    ")
    return lines


def _entry_lines(part: Part, labels: Mapping[str, str]) -> list[str]:
    shown = table_of(part.entry, labels)
    lines: list[str] = []
    if shown.header:
        lines += wrapped(f"On the document: {'; '.join(shown.header)}", indent=6, first="    ")
    rows = [
        (side.account, side.debit, side.credit, "; ".join(side.values), side.text)
        for side in shown.sides
    ]
    rows.append(("Sum", shown.sum, shown.sum, shown.currency, ""))
    heads = ("Account", "Debit", "Credit", "Dimensions", "Text")
    lines += table(heads, rows, right=("Debit", "Credit"), give=("Dimensions", "Text"), indent=4)
    return lines + wrapped(f"Memo: {shown.memo}", indent=6, first="    ")


def _problem_lines(problems: Problems) -> list[str]:
    lines: list[str] = []
    for problem in problems:
        lines += wrapped(problem.message, indent=4, first="  ! ")
        lines += wrapped(f"{problem.cure} ({problem.code})", indent=6, first="    > ")
    return lines
