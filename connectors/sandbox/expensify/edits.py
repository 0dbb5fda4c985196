"""What people do to reports on the website: one function a verb, each leaving a row of history."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from ..chassis import ControlError
from ..month.build import (
    STATUSES,
    Expense,
    Report,
    action,
    approver_row,
    converted,
    effective,
    later,
    tag_fields,
    total,
)
from ..month.world import APPROVER, FEEDS, PEOPLE
from .store import Reports

EDIT_FIELDS = {
    "amount",
    "modifiedAmount",
    "convertedAmount",
    "currency",
    "currencyConversionRate",
    "created",
    "modifiedCreated",
    "posted",
    "merchant",
    "modifiedMerchant",
    "comment",
    "category",
    "categoryGlCode",
    "tags",
    "reimbursable",
    "billable",
    "hasTax",
    "taxAmount",
    "modifiedTaxAmount",
    "taxName",
    "taxRateName",
    "taxRate",
    "taxCode",
    "cardID",
    "bank",
    "attendees",
    "units",
    "type",
    "externalID",
}


def _row(report: Report, word: str, at: str, body: Mapping[str, Any], message: str = "") -> None:
    actor = str(body.get("as") or APPROVER.email)
    report["actionList"].append(action(word, actor, at, message))


def _stands(report: Report, verb: str, *statuses: str) -> None:
    if report["status"] not in statuses:
        raise ControlError(
            409,
            f"report {report['reportID']} is {report['status']}: {verb} needs "
            f"{' or '.join(statuses)}",
        )


def _set_status(report: Report, status: str) -> None:
    _, report["state"], report["stateNum"], report["statusNum"] = STATUSES[status]
    report["status"] = status


def _apply_fields(store: Reports, policy: str, line: Expense, fields: Mapping[str, Any]) -> None:
    """Set an expense's fields; GL codes come with category and tags, feed and name with a card."""
    strange = sorted(set(fields) - EDIT_FIELDS)
    if strange:
        raise ControlError(400, f"an expense has no field {', '.join(strange)} to edit")
    for name in ("amount", "modifiedAmount", "convertedAmount", "taxAmount", "modifiedTaxAmount"):
        cents = fields.get(name, "")
        if cents != "" and (not isinstance(cents, int) or isinstance(cents, bool)):
            raise ControlError(400, f'{name} is whole cents or "", not {cents!r}')
    rest = dict(fields)
    if "tags" in rest:
        for name in [name for name in line if name.startswith("ntag")]:
            del line[name]
        line |= tag_fields(rest.pop("tags"), store.workspaces.tag_codes(policy))
    if "category" in rest:
        rest.setdefault("categoryGlCode", store.workspaces.category_code(policy, rest["category"]))
    line |= FEEDS[rest["cardID"]].fields if rest.get("cardID") in FEEDS else {}
    line |= rest
    follows = store.settings["converted_follows_edit"]
    if follows and line["convertedAmount"] != "" and "convertedAmount" not in fields:
        cents = line["amount"] if line["modifiedAmount"] == "" else line["modifiedAmount"]
        line["convertedAmount"] = converted(cents, str(line["currencyConversionRate"]))


def _edit_expense(store: Reports, report: Report, body: dict[str, Any], at: str) -> None:
    line = _line(report, body.get("transactionID"))
    before = effective(line)
    fields = body.get("fields") or {}
    if not isinstance(fields, dict) or not fields:
        raise ControlError(400, 'edit_expense takes {"fields": {name: new}}')
    _apply_fields(store, report["policyID"], line, fields)
    change = f"changed {', '.join(sorted(fields))}"
    if effective(line) != before:
        change += f" ({before / 100:.2f} to {effective(line) / 100:.2f})"
    _row(report, "MODIFIEDEXPENSE", at, body, change)


def _add_expense(store: Reports, report: Report, body: dict[str, Any], at: str) -> None:
    line = deepcopy(body.get("expense"))
    if not isinstance(line, dict) or not isinstance(line.get("transactionID"), str):
        raise ControlError(400, "add_expense takes a whole expense with its transactionID as text")
    line["reportID"] = report["reportID"]
    report["transactionList"].append(line)
    _row(report, "MOVEDTRANSACTION", at, body, "added an expense")


def _delete_expense(store: Reports, report: Report, body: dict[str, Any], at: str) -> None:
    line = _line(report, body.get("transactionID"))
    report["transactionList"].remove(line)
    _row(report, "DELETEDTRANSACTION", at, body, f"deleted {line['merchant']}")


def _move_expense(store: Reports, report: Report, body: dict[str, Any], at: str) -> None:
    line = _line(report, body.get("transactionID"))
    other = store.taken(str(body.get("to", "")))
    gap = other["total"] - total(other)
    report["transactionList"].remove(line)
    line["reportID"] = other["reportID"]
    other["transactionList"].append(line)
    other["total"] = total(other) + gap
    _row(report, "MOVEDTRANSACTION", at, body, f"moved {line['merchant']} to {other['reportName']}")
    _row(other, "MOVEDTRANSACTION", at, body, f"moved {line['merchant']} here")


def _rename(store: Reports, report: Report, body: dict[str, Any], at: str) -> None:
    if not body.get("reportName"):
        raise ControlError(400, "rename takes the new reportName")
    _row(report, "RENAMED", at, body, f"renamed from {report['reportName']}")
    report["reportName"] = str(body["reportName"])


def _set_field(store: Reports, report: Report, body: dict[str, Any], at: str) -> None:
    """A report field; the template's name of it has `_` for whatever is no letter or digit."""
    if not body.get("name"):
        raise ControlError(400, "set_field takes name and value")
    name = "".join(char if char.isalnum() else "_" for char in str(body["name"]))
    report["customField"][name] = str(body.get("value", ""))
    _row(report, "CHANGEFIELD", at, body, f"changed {body['name']}")


def _submit(store: Reports, report: Report, body: dict[str, Any], at: str) -> None:
    _stands(report, "submit", "Open")
    _set_status(report, "Processing")
    report["submitted"] = at
    _row(report, "SUBMITTED", at, {"as": report["accountEmail"]} | body)


def _approve(store: Reports, report: Report, body: dict[str, Any], at: str) -> None:
    _stands(report, "approve", "Processing")
    before = [row["created"] for row in report["actionList"] if row["action"] == "APPROVED"]
    moves = store.settings["reapproval_moves_approved"] or not before
    _set_status(report, "Approved")
    report["approved"] = at if moves else before[0]
    who = next((one for one in PEOPLE.values() if one.email == body.get("as")), APPROVER)
    report["approvers"] = [approver_row(who, report["approved"])]
    report["managerEmail"], report["managerUserID"] = who.email, who.number
    report["manager"] = {"firstName": who.first, "lastName": who.last, "fullName": who.full}
    _row(report, "APPROVED", at, body)


def _unapprove(store: Reports, report: Report, body: dict[str, Any], at: str) -> None:
    _stands(report, "unapprove", "Approved")
    _set_status(report, "Processing")
    report |= {"approved": "", "approvers": []}
    _row(report, "UNAPPROVED", at, body)


def _reapprove(store: Reports, report: Report, body: dict[str, Any], at: str) -> None:
    """Unapproved and approved again a minute later, or just approved again."""
    if report["status"] == "Approved":
        _unapprove(store, report, body, later(at, minutes=-1))
    _approve(store, report, body, at)


def _retract(store: Reports, report: Report, body: dict[str, Any], at: str) -> None:
    _stands(report, "retract", "Processing", "Approved", "Closed")
    _set_status(report, "Open")
    report |= {"approved": "", "submitted": "", "approvers": []}
    _row(report, "RETRACTED", at, {"as": report["accountEmail"]} | body)


def _reimburse(store: Reports, report: Report, body: dict[str, Any], at: str) -> None:
    _stands(report, "reimburse", "Approved")
    _set_status(report, "Reimbursed")
    by_ach = bool(body.get("ach", False))
    if by_ach:
        report |= {"state": "AUTOREIMBURSED", "stateNum": 6}
    entry = 880_000_000 + report["oldReportID"] % 9_999_991
    report |= {"reimbursed": at, "entryID": entry, "isACHReimbursed": by_ach}
    _row(report, "REIMBURSED" if by_ach else "MARKEDREIMBURSED", at, body)


def _bounce(store: Reports, report: Report, body: dict[str, Any], at: str) -> None:
    _stands(report, "bounce", "Reimbursed")
    _set_status(report, "Approved")
    report |= {"reimbursed": "", "isACHReimbursed": False, "entryID": ""}
    _row(report, "REIMBURSEMENTACHBOUNCE", at, body)


def _close(store: Reports, report: Report, body: dict[str, Any], at: str) -> None:
    _stands(report, "close", "Open", "Processing", "Approved")
    _set_status(report, "Closed")
    report["submitted"] = report["submitted"] or at
    _row(report, "CLOSED", at, body)


def _delete(store: Reports, report: Report, body: dict[str, Any], at: str) -> None:
    del store.kept[report["reportID"]]
    store.deleted.add(report["reportID"])


def _add_action(store: Reports, report: Report, body: dict[str, Any], at: str) -> None:
    """Any row of the history: EXPORTINTEGRATION says that Expensify's own connection was there."""
    if not body.get("word"):
        raise ControlError(400, "add_action takes word, and message if wanted")
    _row(report, str(body["word"]), at, body, str(body.get("message", "")))


EDITS = {
    "edit_expense": _edit_expense,
    "add_expense": _add_expense,
    "delete_expense": _delete_expense,
    "move_expense": _move_expense,
    "rename": _rename,
    "set_field": _set_field,
    "submit": _submit,
    "approve": _approve,
    "unapprove": _unapprove,
    "reapprove": _reapprove,
    "retract": _retract,
    "reimburse": _reimburse,
    "bounce": _bounce,
    "close": _close,
    "delete": _delete,
    "add_action": _add_action,
}


def change(store: Reports, body: Mapping[str, Any]) -> Report | None:
    """Play one edit verb; None after a deletion. ControlError says why one cannot be."""
    verb = body.get("action")
    edit = EDITS.get(str(verb))
    if edit is None:
        raise ControlError(400, f"action {verb!r} is not one of {', '.join(sorted(EDITS))}")
    report = store.taken(str(body.get("reportID", "")))
    gap = report["total"] - total(report)  # a total that is wrong on purpose stays as wrong
    at = str(body.get("at") or store.now())
    edit(store, report, dict(body), at)
    report["total"] = total(report) + gap
    return store.kept.get(report["reportID"])


def _line(report: Report, transaction: Any) -> Expense:
    for line in report["transactionList"]:
        if line["transactionID"] == str(transaction):
            return line
    raise ControlError(404, f"report {report['reportID']} has no transactionID {transaction!r}")
