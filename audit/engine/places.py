"""What every message of the engine begins with: which report, whose, how much, which document."""

import re
from collections.abc import Iterable
from dataclasses import replace

from audit.models import Posting, Report
from connectors.contract.ledger import Difference, Op
from connectors.contract.problem import Problem, Problems
from mappings.corrections import changed_lines
from mappings.texts import money


def report_place(report: Report) -> str:
    """Report R00X9oNOn2MO (Ben Ito, 412.60 USD)"""
    who = report.employee_name or report.employee_email or "nobody named"
    return f"Report {report.report_id} ({who}, {money(report.total, report.currency)})"


def placed(problems: Iterable[Problem], report: Report) -> Problems:
    """Problems of a ledger, which knows documents and no reports, with their place in front."""
    where = report_place(report)
    return tuple(
        one
        if report.report_id in one.message
        else replace(one, message=f"{where}: {_within(one.message)}")
        for one in problems
    )


def _within(message: str) -> str:
    """Within a sentence only names keep their capital."""
    is_name = message.partition(" ")[0] not in {"Line", "The", "This", "A", "An", "No", "One"}
    return message if is_name else f"{message[:1].lower()}{message[1:]}"


_OF_LINE = re.compile(r"lines?\[(\d+)\]\.?(.*)")


def told(differences: Iterable[Difference], most: int = 5) -> str:
    """What is different, in words: "amount of line 1: 12.50 -> 13.00; memo: Taxi -> nothing"."""
    found = list(differences)
    parts = [
        f"{_field(one.field)}: {one.ours or 'nothing'} -> {one.theirs or 'nothing'}"
        for one in found[:most]
    ]
    more = f"; and {len(found) - most} more" if len(found) > most else ""
    return "; ".join(parts) + more


def _field(name: str) -> str:
    of_line = _OF_LINE.fullmatch(name)
    words = (of_line[2] or "text" if of_line else name).replace("_", " ").replace(".", " ")
    return f"{words} of line {int(of_line[1]) + 1}" if of_line else words


def document(row: Posting) -> str:
    """bill R00X9oNOn2MO-K8"""
    return f"{row.get_kind_display().lower()} {row.number}".strip()


def change(row: Posting) -> str:
    """What was wanted of a document that stands: the first half of a sentence."""
    report = row.report
    who = report.employee_name or report.employee_email
    if row.op == Op.CANCEL:
        return f"Report {report.report_id} ({who}): {document(row)} was to be taken back"
    before, after = row.replaces.as_entry() if row.replaces else None, row.as_entry()
    totals = ""
    if before and after:
        lines = changed_lines(before, after)
        was, now = money(before.total, before.currency), money(after.total, after.currency)
        totals = f" ({was} -> {now}{': ' if lines else ''}{lines})"
    return f"Report {report.report_id} ({who}) changed after posting{totals}"
