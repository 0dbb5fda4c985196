"""What every message of the engine begins with: which report, whose, how much, which document."""

from audit.models import Posting, Report
from connectors.contract.ledger import Op
from mappings.corrections import changed_lines
from mappings.texts import money


def report_place(report: Report) -> str:
    """Report R00X9oNOn2MO (Ben Ito, 412.60 USD)"""
    who = report.employee_name or report.employee_email or "nobody named"
    return f"Report {report.report_id} ({who}, {money(report.total, report.currency)})"


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
