"""A connected company on the sandbox: Expensify, QuickBooks Online and the flow between them."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings

from audit.engine import desk, drain, poll, prepare
from audit.models import Posting, Report
from config.demo import firm, plans
from connectors import services as connecting
from connectors.clock import database_now
from connectors.models import EXPENSIFY, Credential, ExpensifyAccount, LedgerConnection, Workspace
from connectors.sandbox.month import cases, story
from mappings import services as mapping
from mappings.models import Flow, GLAccount, Party
from tests.audit.snapshot import once

STORY = story()
# Some of the month's reports: six that post, four that are held, one that no bill takes.
SOME = tuple(
    STORY[case]
    for case in (
        cases.REVISED,
        cases.UNAPPROVED_LATER,
        cases.NEGATIVE_LINES,
        cases.MULTI_LEVEL_TAGS,
        cases.CARD_AND_CASH,
        cases.RECEIPTS,
        cases.LEFT_HELD,
        cases.CARD_ONLY,
        *cases.TEAM_EVENTS,
    )
)
POSTED_OF_SOME = 6
WORKSPACE = plans.ACME_US.workspace
REALM = plans.ACME_US.company


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


def connect(
    sandbox: Any,
    only: Collection[str] = (),
    then: Callable[[Town], None] | None = None,
    **flow_columns: Any,
) -> Town:
    """Connect both ends with credentials that the sandbox mints, read the lists, map them.

    only  ids of the reports that the month is to have; all unless given
    then  what is done with the town before the test gets it, such as `polled`

    To be called first in a test: what it leaves behind is made once and put back after that.
    """

    def connected() -> tuple[Any, ...]:
        if only:
            leave_out(sandbox, only)
        account = connect_expensify(sandbox)
        connection = connect_company(sandbox, REALM, "Acme US")
        columns = {"name": "Acme US bills", "mode": "live", "tag_policy": "hold"}
        columns |= {"due_at": database_now(), **flow_columns}
        town = settle(sandbox, account, connection, plans.ACME_US, **columns)
        if then is not None:
            then(town)
        app = settings.INTUIT_CLIENT_ID, settings.INTUIT_CLIENT_SECRET
        return town.account, town.workspace, town.connection, town.flow, app

    *ends, app = once((then, *only, *sorted(flow_columns.items())), sandbox, connected)
    settings.INTUIT_CLIENT_ID, settings.INTUIT_CLIENT_SECRET = app
    return Town(sandbox, *ends)


def polled(town: Town) -> None:
    """The month has been read and prepared."""
    town.poll()


def posted(town: Town) -> None:
    """And what could be posted stands in the ledger."""
    town.poll()
    town.drain()


def leave_out(sandbox: Any, but: Collection[str] = ()) -> None:
    """Take the month's reports out of Expensify, except the ids `but`."""
    seeded = {one["reportID"] for one in sandbox.control("expensify", "reports")}
    gone = [{"action": "delete", "reportID": one} for one in sorted(seeded.difference(but))]
    sandbox.control("expensify", "reports", gone)


def connect_everything(sandbox: Any) -> list[Town]:
    """The demo's three companies and all its flows, live."""
    account = connect_expensify(sandbox)
    realms = dict.fromkeys(plan.company for plan in plans.FLOWS)
    companies = {realm: connect_company(sandbox, realm) for realm in realms}
    return [
        settle(sandbox, account, companies[plan.company], plan, mode="live") for plan in plans.FLOWS
    ]


def connect_expensify(sandbox: Any) -> ExpensifyAccount:
    partner = sandbox.control("expensify", "tokens", {})
    account = ExpensifyAccount(name="Acme")
    connecting.store_partner_credentials(
        account, user_id=partner["partnerUserID"], user_secret=partner["partnerUserSecret"]
    )
    connecting.pull_workspaces(account)
    return account


def connect_company(sandbox: Any, realm: str, name: str = "") -> LedgerConnection:
    """The company's connection, its lists read; all of them are of one app at the vendor."""
    minted = sandbox.control("quickbooks_online", "tokens", {"company": realm})
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
        ledger="quickbooks_online", name=name or realm, company_id=realm, credential=credential
    )
    connecting.test_connection(connection)
    mapping.pull_chart(connection)
    connection.refresh_from_db()
    return connection


def settle(
    sandbox: Any,
    account: ExpensifyAccount,
    connection: LedgerConnection,
    plan: plans.FlowPlan,
    **columns: Any,
) -> Town:
    """The plan's workspace read, its flow made and mapped."""
    workspace = Workspace.objects.get(policy_id=plan.workspace)
    mapping.pull_workspace(workspace)
    flow = firm.make_flow(plan, workspace, connection, **columns)
    return Town(sandbox, account, workspace, connection, flow)


def account(flow: Flow, number: str) -> GLAccount:
    return GLAccount.objects.get(connection=flow.connection, number=number)


def party(flow: Flow, name: str) -> Party:
    return Party.objects.get(connection=flow.connection, name=name, kind="vendor")


EXPENSIFY_KIND = EXPENSIFY
