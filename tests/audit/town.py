"""A connected company on the sandbox: Expensify, QuickBooks Online and the flow between them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings

from audit.engine import desk, drain, poll, prepare
from audit.models import Posting, Report
from connectors import services as connecting
from connectors.clock import database_now
from connectors.models import EXPENSIFY, Credential, ExpensifyAccount, LedgerConnection, Workspace
from mappings import services as mapping
from mappings.models import Flow, GLAccount, Party, Value

WORKSPACE = "0810E551A5F2A9C2"
REALM = "9341450000000001"

ACCOUNT_OF = {
    "Airfare": "6100",
    "Lodging": "6110",
    "Taxi & Rideshare": "6120",
    "Meals & Entertainment": "6130",
    "Mileage": "6140",
    "Per Diem": "6150",
    "Software": "6200",
    "Office Supplies": "6210",
    "Phone & Internet": "6220",
    "Conferences": "6230",
    "Postage": "6240",
    "Client Gifts": "6250",
    "Bank Fees": "6260",
    "Equipment": "1500",
    "Client Costs": "5100",
}
VALUE_OF: Mapping[tuple[int, str], tuple[str, str]] = {
    (1, "Consulting"): ("class", "Consulting"),
    (1, "Sales"): ("class", "Sales"),
    (1, "Operations"): ("class", "Operations"),
    (1, "Engineering"): ("class", "Engineering"),
}


@dataclass
class Town:
    """`sandbox` with its `.url` and `.control(vendor, verb, body)`, and our rows about it."""

    sandbox: Any
    account: ExpensifyAccount
    workspace: Workspace
    connection: LedgerConnection
    flow: Flow

    def poll(self) -> Any:
        """Poll now, prepare; returns the run."""
        desk.poll_now(self.flow, "ann")
        self.flow.refresh_from_db()
        run = poll.poll(self.flow.pk, self.flow.due_at)
        prepare.prepare(self.flow.pk)
        return run

    def drain(self, times: int = 20) -> dict[str, int]:
        """Drain until nothing is due."""
        outcomes: dict[str, int] = {}
        for _ in range(times):
            done = drain.drain(self.connection.pk)
            for word, count in done.outcomes.items():
                outcomes[word] = outcomes.get(word, 0) + count
            if not drain.work_waits(self.connection.pk):
                break
        return outcomes

    def documents(self, kind: str = "Bill") -> list[dict]:
        found = self.sandbox.control("quickbooks_online", "documents")
        rows = found["documents"] if isinstance(found, dict) else found
        return [row for row in rows if row["kind"].lower() == kind.lower()]

    def ours(self) -> list[dict]:
        """Documents with a marker of ours that stand."""
        return [
            row
            for row in self.documents()
            if row["status"] == "active" and "mlc:" in str(row["markers"])
        ]

    def posting(self, report_id: str) -> Posting:
        return Posting.objects.filter(report__report_id=report_id).order_by("-pk").first()

    def report(self, report_id: str) -> Report:
        return Report.objects.get(report_id=report_id)


def connect(sandbox: Any, **flow_columns: Any) -> Town:
    """Connect both ends with credentials that the sandbox mints, read the lists, map them."""
    partner = sandbox.control("expensify", "tokens", {})
    account = ExpensifyAccount(name="Acme")
    connecting.store_partner_credentials(
        account, user_id=partner["partnerUserID"], user_secret=partner["partnerUserSecret"]
    )
    connecting.pull_workspaces(account)
    workspace = Workspace.objects.get(policy_id=WORKSPACE)
    minted = sandbox.control("quickbooks_online", "tokens", {})
    settings.INTUIT_CLIENT_ID = minted["client_id"]
    settings.INTUIT_CLIENT_SECRET = minted["client_secret"]
    credential = Credential.objects.create(
        kind="quickbooks_online",
        secret={
            "access_token": minted["access_token"],
            "refresh_token": minted["refresh_token"],
        },
        expires_at=database_now() + timedelta(hours=1),
    )
    connection = LedgerConnection.objects.create(
        ledger="quickbooks_online", name="Acme US", company_id=REALM, credential=credential
    )
    connecting.test_connection(connection)
    mapping.pull_chart(connection)
    mapping.pull_workspace(workspace)
    connection.refresh_from_db()
    flow = Flow(
        workspace=workspace,
        connection=connection,
        name="Acme US bills",
        starts_on=date(2026, 10, 1),
        zone="America/New_York",
        payable_account=GLAccount.objects.get(connection=connection, number="2000"),
        **{"mode": "live", "tag_policy": "hold", **flow_columns},
    )
    mapping.save_flow(flow)
    map_everything(flow)
    return Town(sandbox, account, workspace, connection, flow)


def map_everything(flow: Flow) -> None:
    """Rules for every category and department but the ones that the month leaves open."""
    for category, number in ACCOUNT_OF.items():
        mapping.save_rule(flow=flow, category=category, account=account(flow, number))
    for (level, tag), (dimension, name) in VALUE_OF.items():
        value = Value.objects.get(
            dimension__connection=flow.connection, dimension__name=dimension, name=name
        )
        mapping.save_rule(flow=flow, tag_level=level, tag=tag, values={dimension: value})


def account(flow: Flow, number: str) -> GLAccount:
    return GLAccount.objects.get(connection=flow.connection, number=number)


def party(flow: Flow, name: str) -> Party:
    return Party.objects.get(connection=flow.connection, name=name, kind="vendor")


EXPENSIFY_KIND = EXPENSIFY
