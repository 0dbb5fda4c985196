"""Turns one line of the export into a Report: pure, and without a guess about any figure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.contract import exact_json
from connectors.contract.problem import Problem
from connectors.contract.report import (
    Action,
    Person,
    Report,
    ReportStatus,
)
from connectors.expensify import values
from connectors.expensify.expense import expenses
from connectors.expensify.shape import unknown_keys
from connectors.expensify.spool import SpooledFile
from connectors.expensify.values import STANDARD, Conventions, Misfit

_STATUSES = {
    "open": ReportStatus.OPEN,
    "draft": ReportStatus.OPEN,
    "processing": ReportStatus.PROCESSING,
    "submitted": ReportStatus.PROCESSING,
    "outstanding": ReportStatus.PROCESSING,
    "approved": ReportStatus.APPROVED,
    "reimbursed": ReportStatus.REIMBURSED,
    "paid": ReportStatus.REIMBURSED,
    "closed": ReportStatus.CLOSED,
    "archived": ReportStatus.CLOSED,
    "done": ReportStatus.CLOSED,
}


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A report that could not be taken, while the rest of the file was.

    report_id  "" where that is what was missing
    raw        the source line, for the trail
    """

    report_id: str
    line_number: int
    problem: Problem
    raw: str


def read(
    spooled: SpooledFile, conventions: Conventions = STANDARD
) -> Iterator[Report | Unreadable]:
    """Every report of a checked export, one in memory at a time; fills `spooled.unknown_keys`.

    Where the export came in several parts, a report that stands in two of them comes once.
    """
    seen: set[str] = set()
    for number, line in spooled.lines():
        members = exact_json.loads(line)
        if members["_type"] != "report":
            continue
        spooled.unknown_keys |= unknown_keys(members)
        report_id, raw = _id(members), line.strip()
        if report_id and len(spooled.paths) > 1:
            if report_id in seen:
                continue
            seen.add(report_id)
        try:
            yield _report(members, raw, conventions)
        except Misfit as misfit:
            yield Unreadable(report_id, number, _problem(misfit, members, number), raw)


def in_known_state(one: Report | Unreadable) -> Report | Unreadable:
    """A report whose state we have no word for is not taken over: nobody posts, or takes back,
    because of a word that nobody understands."""
    if isinstance(one, Unreadable) or one.status is not ReportStatus.UNKNOWN:
        return one
    members = {"reportID": one.report_id, "accountEmail": one.employee.email}
    said = f"is {one.status_text[:60]!r}" if one.status_text else "is blank"
    misfit = Misfit("expensify.status.unknown", "status", f"{said}, which is no state that we know")
    return Unreadable(one.report_id, 0, _problem(misfit, members, 0), one.raw)


def report(raw: str, conventions: Conventions = STANDARD) -> Report:
    """The report in one line of the export, as `Report.raw` keeps it.

    Raises Misfit, a ValueError, for whatever cannot be taken as it stands.
    """
    try:
        members = exact_json.loads(raw)
    except (ValueError, RecursionError):
        members = None
    if not isinstance(members, dict):
        raise Misfit("expensify.shape.unknown", "report", "is not a line of Expensify's export")
    return _report(members, raw, conventions)


def _report(members: Mapping[str, Any], raw: str, conventions: Conventions) -> Report:
    if not (report_id := values.identifier(members.get("reportID"), "reportID")):
        raise Misfit("expensify.id.missing", "reportID", "is blank")
    get, zone = members.get, conventions.zone
    currency = values.currency(get("currency"), "currency")
    scale = conventions.scale_of(currency)
    total = values.required(values.amount(get("total"), "total", currency, scale), "total")
    status_text = values.name(get("status"), "status")
    return Report(
        report_id=report_id,
        name=values.words(get("reportName"), "reportName"),
        status=_STATUSES.get(status_text.lower(), ReportStatus.UNKNOWN),
        workspace_id=values.identifier(get("policyID"), "policyID"),
        currency=currency,
        total=total,
        employee=_employee(members),
        expenses=expenses(get("expenses"), currency, conventions),
        old_report_id=values.identifier(get("oldReportID"), "oldReportID"),
        status_text=status_text,
        workspace_name=values.name(get("policyName"), "policyName"),
        created_at=values.moment(get("created"), "created", zone),
        submitted_at=values.moment(get("submitted"), "submitted", zone),
        approved_at=values.moment(get("approved"), "approved", zone),
        reimbursed_at=values.moment(get("reimbursed"), "reimbursed", zone),
        manager=_manager(values.record(get("manager"), "manager")),
        fields=_fields(values.record(get("customField"), "customField")),
        actions=_actions(values.rows(get("actions"), "actions")),
        entry_id=values.identifier(get("entryID"), "entryID"),
        is_ach_reimbursed=values.flag(get("isACHReimbursed"), "isACHReimbursed"),
        raw=raw,
    )


# --- people, fields, history --------------------------------------------------------------------


def _employee(members: Mapping[str, Any]) -> Person:
    """The submitter. Custom fields 1 and 2 are the newer names of user id and payroll id."""
    get = members.get
    person = values.record(get("submitter"), "submitter")
    first = values.name(person.get("firstName"), "submitter.firstName")
    last = values.name(person.get("lastName"), "submitter.lastName")
    return Person(
        email=values.name(get("accountEmail"), "accountEmail"),
        name=values.name(person.get("fullName"), "submitter.fullName") or f"{first} {last}".strip(),
        employee_id=values.name(get("employeeCustomField1"), "employeeCustomField1")
        or values.name(get("submitterUserID"), "submitterUserID"),
        payroll_id=values.name(get("employeeCustomField2"), "employeeCustomField2")
        or values.name(get("submitterPayrollID"), "submitterPayrollID"),
    )


def _manager(members: Mapping[str, Any]) -> Person | None:
    manager = Person(
        email=values.name(members.get("email"), "manager.email"),
        name=values.name(members.get("fullName"), "manager.fullName"),
        employee_id=values.name(members.get("userID"), "manager.userID"),
        payroll_id=values.name(members.get("payrollID"), "manager.payrollID"),
    )
    return manager if manager != Person("") else None


def _fields(members: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Report fields. A null is no field at all: the template prints what is no text as null."""
    return tuple(
        (values.name(name, "customField"), values.words(written, f"customField.{name}"))
        for name, written in members.items()
        if written is not None
    )


def _actions(actions: list[Mapping[str, Any]]) -> tuple[Action, ...]:
    return tuple(
        Action(
            action=values.name(one.get("action"), "actions.action"),
            actor_email=values.name(one.get("accountEmail"), "actions.accountEmail"),
            at=values.text(one.get("created"), "actions.created"),
            message=values.words(one.get("message"), "actions.message"),
        )
        for one in actions
    )


# --- what a person reads about a report that could not be taken ---------------------------------

_CURES = {
    "expensify.amount.decimals": "Look at the amount in Expensify. If it is right there, set how "
    "many decimals Expensify's numbers carry in this currency.",
    "expensify.amount.missing": "Open the report in Expensify and save the amount again.",
    "expensify.currency.unreadable": "Choose a currency in Expensify.",
    "expensify.expense.doubled": "Remove one of the two in Expensify, or let its support do so.",
    "expensify.status.unknown": "Nothing of it is posted or taken back meanwhile. Tell us what the "
    "state means; it is read again at every poll.",
    "expensify.id.missing": "Ask Expensify's support about the report; the raw line is kept.",
}
_ANY_CURE = "Look at it in Expensify. If it is right there, report this: the raw line is kept."


def _problem(misfit: Misfit, members: Mapping[str, Any], number: int) -> Problem:
    report = _shown(members.get("reportID")) or f"in line {number} of Expensify's file"
    who = _shown(members.get("accountEmail"))
    place, what = "", misfit.field
    if inside := re.match(r"expenses\[(\d+)\]\.(.*)", misfit.field):
        index, what = int(inside[1]), inside[2]
        merchant = _shown(members["expenses"][index].get("merchant"))
        place = f", line {index + 1}" + (f" ({merchant})" if merchant else "")
    return Problem(
        code=misfit.code,
        field=misfit.field,
        message=f"Report {report}{f' ({who})' if who else ''}{place}: {what} {misfit.complaint}. "
        "Nothing of the report was taken over.",
        cure=_CURES.get(misfit.code, _ANY_CURE),
    )


def _id(members: Mapping[str, Any]) -> str:
    """The report's id whole, "" where just that is what cannot be read."""
    try:
        return values.identifier(members.get("reportID"), "reportID")
    except Misfit:
        return ""


def _shown(value: Any) -> str:
    """For a message only, whatever it is: short, and never a reason to fail."""
    if not isinstance(value, str | int):
        return ""
    shown = values.words(value, "")
    return shown if len(shown) <= 60 else shown[:60] + "…"
