"""Rows of the book with defaults, for tests that need no ledger on the other side."""

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from audit.models import Call, Posting, Report, Revision
from audit.states import State
from connectors.contract import keys
from connectors.models import Credential, ExpensifyAccount, LedgerConnection, Workspace
from mappings.models import Flow

_next = count(1)
NOON = datetime(2026, 10, 15, 12, tzinfo=UTC)


def a_connection(**columns: Any) -> LedgerConnection:
    number = next(_next)
    given = {
        "ledger": "quickbooks_online",
        "name": f"Acme US {number}",
        "company_id": f"93414500000{number:05}",
        "home_currency": "USD",
    }
    return LedgerConnection.objects.create(**given | columns)


def a_flow(connection: LedgerConnection | None = None, **columns: Any) -> Flow:
    number = next(_next)
    account = ExpensifyAccount.objects.create(
        name=f"Acme {number}", credential=Credential.objects.create(kind="expensify")
    )
    workspace = Workspace.objects.create(
        account=account, policy_id=f"{number:016X}", name=f"Acme {number}", currency="USD"
    )
    given = {"name": f"Flow {number}", "starts_on": date(2026, 10, 1), "mode": "live"}
    return Flow.objects.create(
        workspace=workspace, connection=connection or a_connection(), **given | columns
    )


def a_report(flow: Flow, **columns: Any) -> Report:
    number = next(_next)
    given = {
        "report_id": f"R00{number:09}",
        "name": "October trip",
        "employee_email": "ben.ito@acme.example",
        "employee_name": "Ben Ito",
        "status": "approved",
        "currency": "USD",
        "total": Decimal("412.60"),
        "read_at": NOON,
        "is_due": False,
    }
    report = Report.objects.create(workspace=flow.workspace, flow=flow, **given | columns)
    report.latest = Revision.objects.create(
        report=report,
        number=1,
        content_hash=f"{number:064}",
        raw="{}",
        total=report.total,
        read_at=NOON,
    )
    report.save(update_fields=["latest"])
    return report


def a_posting(report: Report, state: State = State.READY, **columns: Any) -> Posting:
    connection = report.flow.connection
    slice_name = columns.get("slice_name", "reimbursable")
    generation = columns.get("generation", 1)
    given = {
        "slice_name": slice_name,
        "kind": "bill",
        "marker": keys.marker(connection.company, report.report_id, slice_name, generation).key,
        "state": state,
        "state_at": NOON,
        "date": date(2026, 10, 15),
        "currency": "USD",
        "total": report.total,
        "number": f"{report.report_id}-ABCDEFGH",
        "document_id": "17" if state == State.POSTED else "",
    }
    if state in {State.SENDING, State.QUEUED, State.IN_DOUBT} and "call" not in columns:
        given["call"] = a_call(connection)
    return Posting.objects.create(
        connection=connection,
        flow=report.flow,
        report=report,
        revision=report.latest,
        **given | columns,
    )


def a_call(connection: LedgerConnection, **columns: Any) -> Call:
    given = {
        "op": "post",
        "method": "POST",
        "path": "/v3/company/1/batch",
        "body": b"{}",
        "request_id": f"request-{next(_next)}",
        "fence": 1,
        "created_at": NOON,
        "sent_at": NOON,
    }
    return Call.objects.create(connection=connection, **given | columns)
