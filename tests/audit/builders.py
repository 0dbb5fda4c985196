"""Rows as the screens and the API meet them: reports with lines, postings with entries, people."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from django.contrib.auth.models import Group, User
from django.test import Client

from audit.book import writing
from audit.models import Attempt, Event, Posting, Report, Revision
from audit.states import State
from connectors.contract import exact_json
from connectors.contract.entry import DimensionRef, Entry, Kind, Line, Ref, Role
from connectors.models import LedgerConnection
from mappings.models import Flow
from tests.audit.rows import NOON, a_call, a_connection, a_flow, a_posting, a_report

__all__ = ["NOON", "a_call", "a_connection", "a_flow", "a_posting", "a_report"]

_next = count(1)
TAXI = Ref("61", "Ground Transport", "6120", "Expense")
PAYABLE = Ref("33", "Accounts Payable (A/P)", "2000", "Accounts Payable")
BEN = Ref("56", "Ben Ito", kind="vendor")
APPROVED = datetime(2026, 10, 20, 15, 30, tzinfo=UTC)

NO_ACCOUNT = {
    "code": "map.category.missing",
    "field": "expenses[1].category",
    "message": 'Report R1 (Ben Ito, 412.60 USD): category "Team events" has no account in '
    "QuickBooks Online. Nothing was posted.",
    "cure": "Choose an account.",
    "subject": "category:Team events",
    "facts": {"category": "Team events", "line": "1"},
}
NO_VENDOR = {
    "code": "map.party.missing",
    "field": "party",
    "message": "Ben Ito (ben.ito@acme.example) was not found among the vendors. Nothing was "
    "posted.",
    "cure": "Link Ben Ito to a vendor.",
    "subject": "employee:ben.ito@acme.example",
    "facts": {"employee_email": "ben.ito@acme.example", "employee_name": "Ben Ito"},
}
NO_TOTAL = {
    "code": "report.total.mismatch",
    "field": "total",
    "message": "The lines add up to 412.60, Expensify's total says 412.61.",
    "cure": "Correct the report in Expensify, then read it again.",
    "subject": "",
    "facts": {},
}


def expense_line(transaction_id: str = "1001", cents: int = 1840, **members: Any) -> dict[str, Any]:
    """One expense as Expensify's export prints it; amounts are cents."""
    given = {
        "transactionID": transaction_id,
        "type": "expense",
        "amount": cents,
        "convertedAmount": cents,
        "currency": "USD",
        "created": "2026-10-12",
        "merchant": "City Cab",
        "comment": "To the airport",
        "category": "Taxi",
        "tag": "Sales:West",
        "reimbursable": True,
        "billable": False,
        "hasTax": False,
    }
    return given | members


def raw_report(report_id: str, *lines: dict[str, Any], **members: Any) -> str:
    """A line of the export; its total is that of its lines unless told."""
    total = sum(line["convertedAmount"] for line in lines)
    given = {
        "_type": "report",
        "reportID": report_id,
        "reportName": "October trip",
        "status": "Approved",
        "policyID": "0810E551A5F2A9C2",
        "policyName": "Acme US",
        "currency": "USD",
        "total": total,
        "created": "2026-10-10 09:00:00",
        "submitted": "2026-10-19 09:00:00",
        "approved": "2026-10-20 15:30:00",
        "accountEmail": "ben.ito@acme.example",
        "submitter": {"firstName": "Ben", "lastName": "Ito", "fullName": "Ben Ito"},
        "expenses": list(lines),
    }
    return json.dumps(given | members)


def a_read_report(flow: Flow, *lines: dict[str, Any], **columns: Any) -> Report:
    """A report whose stored revision can be read again; one taxi ride of 18.40 unless told."""
    lines = lines or (expense_line(),)
    given = {
        "report_id": f"R00{next(_next):09}X",
        "name": "October trip",
        "employee_email": "ben.ito@acme.example",
        "employee_name": "Ben Ito",
        "status": "approved",
        "currency": "USD",
        "total": Decimal(0),
        "approved_at": APPROVED,
        "read_at": NOON,
        "is_due": False,
    }
    row = Report.objects.create(workspace=flow.workspace, flow=flow, **given | columns)
    revise(row, *lines)
    return row


def revise(report: Report, *lines: dict[str, Any]) -> Revision:
    """The next version of the report, which counts from now on."""
    total = Decimal(sum(line["convertedAmount"] for line in lines)) / 100
    number = report.revisions.count() + 1
    row = Revision.objects.create(
        report=report,
        number=number,
        content_hash=f"{report.pk:032}{number:032}",
        raw=raw_report(report.report_id, *lines),
        total=total,
        read_at=NOON,
    )
    report.latest, report.total = row, total
    report.save(update_fields=["latest", "total"])
    return row


def an_entry(report_id: str = "R1", amount: str = "18.40", **changes: Any) -> Entry:
    """A taxi ride that is owed to Ben."""
    owed = Decimal(amount)
    given: dict[str, Any] = {
        "kind": Kind.BILL,
        "report_id": report_id,
        "slice_name": "reimbursable",
        "date": date(2026, 10, 20),
        "currency": "USD",
        "lines": (
            Line(
                TAXI,
                owed,
                text="2026-10-12 City Cab",
                dimensions=(DimensionRef("class", Ref("502", "Consulting")),),
                transaction_id="1001",
            ),
            Line(PAYABLE, -owed, Role.OFFSET, party=BEN),
        ),
        "party": BEN,
        "memo": f"Expensify report {report_id}",
    }
    return Entry(**given | changes)


def a_posted(report: Report, **columns: Any) -> Posting:
    """A bill that stands in the ledger."""
    given = {
        "entry": exact_json.plain(an_entry(report.report_id, f"{report.total:.2f}")),
        "party_name": "Ben Ito",
        "document_link": f"https://qbo.intuit.com/app/bill?txnId={report.pk}",
        "payload": "{}",
        "posted_at": NOON,
        "explained": [
            {
                "line": 1,
                "transaction_id": "1001",
                "output": "account",
                "target": "6120 Ground Transport",
                "target_id": 1,
                "rule_id": None,
                "rule_text": "category Taxi",
            }
        ],
    }
    return finished(a_posting(report, State.POSTED, **given | columns))


def a_held(report: Report, *problems: dict[str, Any], **columns: Any) -> Posting:
    """A posting that waits for a person; "Team events" without an account unless told."""
    problems = problems or (NO_ACCOUNT,)
    given = {
        "problems": list(problems),
        "subject": problems[0]["subject"],
        "party_name": report.employee_name,
        "number": "",
        "date": None,
    }
    return finished(a_posting(report, State.QUARANTINED, **given | columns))


def finished(posting: Posting) -> Posting:
    """Have the report's standing worked out, as the engine does with every write."""
    with writing(posting.connection_id) as page:
        page.touch([posting.report_id])
    posting.report.refresh_from_db()
    return posting


def an_attempt(posting: Posting, outcome: str = "posted", **columns: Any) -> Attempt:
    call = columns.pop("call", None) or a_call(posting.connection, members=[posting.marker])
    given = {"posting": posting, "call": call, "outcome": outcome, "at": NOON}
    return Attempt.objects.create(**given | columns)


def an_event(connection: LedgerConnection | None, kind: str, **references: Any) -> Event:
    """An event at the end of the connection's trail (None = the system's)."""
    facts = references.pop("facts", {})
    connection_id = connection.pk if connection else None
    with writing(connection_id, actor=references.pop("actor", "")) as page:
        page.note(kind, facts, **references)
    return Event.objects.order_by("-pk").first()


def a_person(name: str = "ann", *, group: str = "", is_superuser: bool = False) -> User:
    """A staff member with the permissions of `group` alone."""
    person = User.objects.create_user(
        name, password="secret", first_name=name.capitalize(), last_name="Reyes", is_staff=True,
        is_superuser=is_superuser,
    )  # fmt: skip
    if group:
        person.groups.add(Group.objects.get(name=group))
    return person


def confirmed(client: Client, address: str, form: dict[str, Any], **more: Any) -> str:
    """Ask, then confirm with what the question holds; the text of the page that follows."""
    question = client.post(address, form)
    assert question.status_code == 200 and "confirmation" in question.context
    hidden: dict[str, list[Any]] = {}
    for name, text in question.context["hidden"]:
        hidden.setdefault(name, []).append(text)
    answer = client.post(address, {**hidden, **more}, follow=True)
    return answer.content.decode().replace("\N{NO-BREAK SPACE}", " ")
