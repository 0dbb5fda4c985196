"""Reports written the way Expensify keeps them: the template's variable names, cents, blanks as "".

Times are UTC ("yyyy-MM-dd HH:mm:ss"), amounts whole cents of the report's or the expense's
currency. Every report tells its own history in `actionList`; its `total` is its lines' sum.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from .world import (
    ADMIN,
    APPROVER,
    CARD_BANK,
    CATEGORIES,
    EUROPE_TAGS,
    PEOPLE,
    TAG_LEVELS,
    US,
    WORKSPACES,
    Person,
)

Report = dict[str, Any]
Expense = dict[str, Any]

BASE_62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
NUMBERS = 62**9
SPREAD = 7_368_787_309_463_117  # odd and no multiple of 31, so multiplying by it only reorders
TRANSACTIONS_FROM = 2_000_000_000_000_000_000
MOST_LINES = 512
TIME = "%Y-%m-%d %H:%M:%S"

# status text -> (filter word, state, stateNum, statusNum)
STATUSES = {
    "Open": ("OPEN", "OPEN", 0, 0),
    "Processing": ("SUBMITTED", "SUBMITTED", 1, 1),
    "Approved": ("APPROVED", "SUBMITTED", 2, 3),
    "Reimbursed": ("REIMBURSED", "MANUALREIMBURSED", 4, 4),
    "Closed": ("ARCHIVED", "SUBMITTED", 2, 2),
}


def report_id(number: int) -> str:
    """`R00` and nine base-62 characters; neighbouring numbers look nothing alike."""
    left, letters = number * SPREAD % NUMBERS, ""
    for _ in range(9):
        left, digit = divmod(left, 62)
        letters = BASE_62[digit] + letters
    return "R00" + letters


def report_number(id: str) -> int | None:
    """The number that `report_id` was made from; None if it is no such id."""
    if len(id) != 12 or not id.startswith("R00") or set(id[3:]) - set(BASE_62):
        return None
    found = 0
    for letter in id[3:]:
        found = found * 62 + BASE_62.index(letter)
    return found * pow(SPREAD, -1, NUMBERS) % NUMBERS


def transaction_id(number: int, line: int) -> str:
    """19 digits, more than a double or a spreadsheet holds, unique per report and line."""
    return str(TRANSACTIONS_FROM + number * SPREAD % NUMBERS * MOST_LINES + line)


def effective(expense: Expense) -> int:
    """Cents that count towards the report: converted, else modified, else original."""
    for name in ("convertedAmount", "modifiedAmount", "amount"):
        if expense.get(name, "") != "":
            return int(expense[name])
    return 0


def converted(cents: int, rate: str) -> int:
    """Cents at a rate, halves away from zero."""
    return int((Decimal(cents) * Decimal(rate)).quantize(Decimal(1), ROUND_HALF_UP))


def tag_fields(levels: Sequence[str], codes: Sequence[dict[str, str]]) -> dict[str, Any]:
    """`tag` joined with colons (a colon inside a level escaped), and ntag1, ntag1GlCode, ..."""
    glcodes = [codes[at].get(name, "") if at < len(codes) else "" for at, name in enumerate(levels)]
    found: dict[str, Any] = {
        "tag": ":".join(name.replace(":", "\\:") for name in levels),
        "tagGlCode": ":".join(glcodes),
    }
    for at, name in enumerate(levels, start=1):
        found |= {f"ntag{at}": name, f"ntag{at}GlCode": glcodes[at - 1]}
    return found


def expense(
    on: str,
    merchant: str,
    category: str,
    cents: int,
    tags: Sequence[str] = (),
    *,
    currency: str = "USD",
    rate: str = "",
    card: str = "",
    reimbursable: bool | None = None,
    tag_codes: Sequence[dict[str, str]] = tuple(TAG_LEVELS.values()),
    receipt: bool = False,
    attendees: Iterable[str] = (),
    tax: int | str = "",
    **more: Any,
) -> Expense:
    """One line. `cents` in `currency`; with `rate` it is converted into the report's currency.

    `card` is the last four digits of a company card: the line is then not reimbursable unless said.
    """
    found: Expense = {
        "type": "",
        "amount": cents,
        "modifiedAmount": "",
        "convertedAmount": converted(cents, rate) if rate else "",
        "currency": currency,
        "currencyConversionRate": Decimal(rate) if rate else 1,
        "created": on,
        "modifiedCreated": "",
        "posted": "",
        "merchant": merchant,
        "modifiedMerchant": "",
        "comment": "",
        "mcc": "",
        "modifiedMCC": "",
        "externalID": "",
        "category": category,
        "categoryGlCode": CATEGORIES.get(category, ""),
        "categoryPayrollCode": "",
        **tag_fields(tags, tag_codes),
        "reimbursable": not card if reimbursable is None else reimbursable,
        "billable": False,
        "hasTax": tax != "",
        "taxAmount": tax,
        "modifiedTaxAmount": "",
        "taxName": "",
        "taxRateName": "",
        "taxRate": "",
        "taxCode": "",
        "bank": CARD_BANK if card else "",
        "cardID": card,
        "cardName": "",
        "cardNumber": f"4123XXXXXXXX{card}" if card else "",
        "isDistance": False,
        "units": {},
        "attendees": [
            {"email": PEOPLE[login].email, "displayName": PEOPLE[login].full, "thumbnail": ""}
            for login in attendees
        ],
        "receiptID": "",
        "receiptFilename": "",
        "receiptObject": {},
    }
    if card:
        found["posted"] = later(f"{on} 12:00:00", days=2)[:10]
        found["mcc"] = "5812" if category == "Meals & Entertainment" else "7399"
    return found | {"receiptObject": {"type": "jpg"} if receipt else {}} | more


def later(at: str, **delta: float) -> str:
    """A stored time moved by a timedelta's arguments."""
    return (datetime.fromisoformat(at) + timedelta(**delta)).isoformat(" ", "seconds")


def action(word: str, email: str, at: str, message: str = "") -> dict[str, Any]:
    """A row of `actionList`."""
    return {
        "action": word,
        "accountEmail": email,
        "created": at,
        "details": {"message": message} if message else {},
    }


def approver_row(person: Person, at: str) -> dict[str, Any]:
    return {
        "email": person.email,
        "date": at,
        "firstName": person.first,
        "lastName": person.last,
        "fullName": person.full,
        "employeeUserID": person.number,
        "employeePayrollID": "",
    }


def total(report: Report) -> int:
    return sum(effective(line) for line in report["transactionList"])


def report(
    number: int,
    name: str,
    person: Person,
    expenses: Sequence[Expense],
    *,
    approved: str = "",
    status: str = "Approved",
    policy: str = US,
    reimbursed: str = "",
    created: str = "",
    submitted: str = "",
    off_by: int = 0,
    currency: str = "",
    ach: bool = False,
    exported: str = "",
) -> Report:
    """A whole report. `approved` names its moment; an unapproved one needs `created`.

    `off_by` cents are added to `total`, which then disagrees with the lines. `currency` is the
    workspace's unless said. `exported` is when Expensify's own connection booked it.
    """
    submitted = submitted or (later(approved, hours=-22, minutes=-13) if approved else "")
    created = created or later(submitted, days=-4, hours=-3)
    if status == "Open":
        submitted = ""
    word, state, state_num, status_num = STATUSES[status]
    workspace, usual = WORKSPACES[policy]
    id = report_id(number)
    lines = [
        _stored(line, id, transaction_id(number, place), created)
        for place, line in enumerate(expenses)
    ]
    found: Report = {
        "reportID": id,
        "oldReportID": 63_000_000 + number % 7_000_003,
        "reportName": name,
        "status": status,
        "state": state,
        "stateNum": state_num,
        "statusNum": status_num,
        "policyID": policy,
        "policyName": workspace,
        "currency": currency or usual,
        "created": created,
        "submitted": submitted,
        "approved": approved,
        "reimbursed": reimbursed,
        "entryID": 880_000_000 + number % 9_999_991 if reimbursed else "",
        "isACHReimbursed": ach,
        "accountEmail": person.email,
        "accountID": person.account,
        "submitterUserID": person.number,
        "submitterPayrollID": "",
        "employeeCustomField1": person.number,
        "employeeCustomField2": "",
        "submitter": {
            "firstName": person.first,
            "lastName": person.last,
            "fullName": person.full,
        },
        "managerEmail": APPROVER.email,
        "managerUserID": APPROVER.number,
        "managerPayrollID": "",
        "manager": {
            "firstName": APPROVER.first,
            "lastName": APPROVER.last,
            "fullName": APPROVER.full,
        },
        "customField": {"Cost_Center": "Ops"} if policy == US else {},
        "approvers": [approver_row(APPROVER, approved)] if approved else [],
        "actionList": _history(person, created, submitted, approved, reimbursed, status),
        "transactionList": lines,
    }
    if ach:
        found |= {"state": "AUTOREIMBURSED", "stateNum": 6}
    if exported:
        message = "exported this report to QuickBooks Online"
        row = action("EXPORTINTEGRATION", ADMIN.email, exported, message)
        found["actionList"] = sorted([*found["actionList"], row], key=lambda each: each["created"])
    return found | {"total": total(found) + off_by}


def _stored(line: Expense, report: str, transaction: str, created: str) -> Expense:
    stored = {"transactionID": transaction, "reportID": report, **line}
    stored.setdefault("inserted", later(created, minutes=7))
    if stored["receiptObject"]:
        ending = stored["receiptObject"].get("type") or "jpg"
        file = f"w_{transaction[-12:]}.{ending}"
        stored |= {"receiptID": int(transaction[-9:]), "receiptFilename": file}
        stored["receiptObject"] = {
            "type": ending,
            "url": f"https://www.expensify.com/receipts/{file}",
            "thumbnail": f"https://www.expensify.com/receipts/{file}.1024.jpg",
            "smallThumbnail": f"https://www.expensify.com/receipts/{file}.320.jpg",
            "transactionID": transaction,
        }
    return stored


def _history(
    person: Person, created: str, submitted: str, approved: str, reimbursed: str, status: str
) -> list[dict[str, Any]]:
    rows = [action("CREATED", person.email, created)]
    if submitted:
        word = "SUBMITTEDCLOSED" if status == "Closed" else "SUBMITTED"
        rows.append(action(word, person.email, submitted))
    if approved:
        rows.append(action("APPROVED", APPROVER.email, approved))
    if reimbursed:
        rows.append(action("REIMBURSED", APPROVER.email, reimbursed))
    return rows


def europe_expense(on: str, merchant: str, category: str, cents: int, office: str) -> Expense:
    """A line of Acme Europe: euros, one tag level, GL codes of that workspace."""
    return expense(on, merchant, category, cents, [office], currency="EUR", tag_codes=[EUROPE_TAGS])
