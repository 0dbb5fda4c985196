"""The demo step by step: what an office manager does in her first month, through the real doors."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from audit.models import Posting, Report
from audit.states import State
from config.demo import closing, companies, firm, plans
from config.demo.holds import show_held
from config.demo.office import ACTOR, Office
from config.demo.stage import Stage
from config.demo.tables import heading, money, say, table
from connectors.models import ExpensifyAccount, LedgerConnection, Workspace
from connectors.registry import ledger_label
from mappings import services
from mappings.models import Flow, GLAccount
from mappings.pull import Counted

MANY = {"class": "classes", "customer": "customers", "department": "locations"}
TAKES = {"bill": "bills", "journal": "journals"}


class Story:
    """Her whole first month: Acme US slowly, the other workspaces at one go, then the balance."""

    def __init__(self, stage: Stage) -> None:
        self.office = Office(stage)
        self.flows: dict[str, Flow] = {}

    def create_user(self) -> None:
        self.office.create_user()

    def tell(self) -> dict[str, Any]:
        self.connect()
        self.pull()
        self.make_flows()
        self.dry_run()
        self.first_poll()
        self.show_held()
        self.cure()
        self.revise()
        self.poll_again()
        others = [flow for flow in self.flows.values() if flow != self.flow]
        companies.post_the_others(self.office, others)
        return closing.trial_balances(self.office)

    @property
    def flow(self) -> Flow:
        """Acme US, by which the month is told."""
        return self.flows[plans.ACME_US.name]

    @property
    def realm(self) -> str:
        return self.flow.connection.company_id

    # --- connect ---------------------------------------------------------------------------------

    def connect(self) -> None:
        heading("1  Connect Expensify and three QuickBooks companies, in the admin")
        page = self.office.browser.go("/admin/login/?next=/admin/")
        page.submit(page.form("username"), username=ACTOR, password=ACTOR)
        partner = self.office.sandbox.control("expensify", "tokens", {})
        page.go("/admin/connectors/expensifyaccount/add/")
        page.submit(
            page.form("user_secret"),
            name="Acme",
            user_id=partner["partnerUserID"],
            user_secret=partner["partnerUserSecret"],
            _continue="1",
        )
        page.press("Test connection").press("Pull workspaces")
        workspaces = Workspace.objects.filter(account=ExpensifyAccount.objects.get())
        listed = ", ".join(f"{one.name} ({one.currency})" for one in workspaces)
        say(f"Expensify workspaces: {listed}")
        for realm, name in plans.BOOKS.items():
            page.go("/admin/connectors/ledgerconnection/add/")
            page.submit(page.form("ledger"), name=name, ledger="quickbooks_online", _continue="1")
            page.press("Connect")  # leads to Intuit's consent page
            page.submit(page.form("realm"), press="Allow", realm=realm).expect("Connected to Acme")
        rows = [
            [
                f"{one.company_name}, {ledger_label(one.ledger)}",
                one.home_currency,
                "several" if one.is_multicurrency else "one",
                "yes" if one.has_tax else "no",
                f"{one.closed_through:%d %b %Y}",
            ]
            for one in LedgerConnection.objects.order_by("pk")
        ]
        table(["company", "currency", "currencies", "tax", "closed through"], rows)

    # --- pull, map, try --------------------------------------------------------------------------

    def pull(self) -> None:
        heading("2  Read the lists of both sides")
        rows = []
        for connection in LedgerConnection.objects.order_by("pk"):
            rows.append([connection.name, _counted(services.pull_chart(connection))])
        for plan in (plans.ACME_US, plans.ACME_FIELD, plans.ACME_UK, plans.ACME_EUROPE):
            workspace = Workspace.objects.get(policy_id=plan.workspace)
            rows.append([workspace.name, _counted(services.pull_workspace(workspace))])
        table(["from", "members of each list"], rows, left=2)

    def make_flows(self) -> None:
        heading("3  Make flows: map categories, tags, cards and taxes")
        rows = []
        for plan in plans.FLOWS:
            connection = LedgerConnection.objects.get(company_id=plan.company)
            workspace = Workspace.objects.get(policy_id=plan.workspace)
            flow = firm.make_flow(plan, workspace, connection, ACTOR)
            self.flows[plan.name] = flow
            what = [TAKES[flow.kind]] + (["cards"] if flow.takes_cards else [])
            what += ["tax reclaimed"] if flow.no_tax_code else []
            what += ["rate table"] if plan.rates else []
            rows.append([plan.name, connection.name, ", ".join(what), len(plan.rules)])
        table(["flow", "into", "reports become", "rules"], rows, left=3)
        say("Each is born in dry run. Before any report arrives, these would be held in Acme US:")
        for gap in services.policy_check(self.flow).gaps:
            say(f"  {gap.subject} {gap.name}: {gap.text}")

    def dry_run(self) -> None:
        heading("4  Acme US, dry run: everything but the last call")
        self.office.poll(self.flow)
        waiting = Posting.objects.filter(state=State.READY)
        total = sum((posting.total for posting in waiting), Decimal(0))
        say(f"{waiting.count()} bills, {money(total, 'USD')}, would be posted; nothing was sent")
        say(f"documents of ours in QuickBooks: {len(self.office.ours(self.realm))}")

    def first_poll(self) -> None:
        heading("5  Go live, and poll through the queue")
        self.office.go_live(self.flow)
        run = self.office.poll(self.flow)
        self.office.until_settled()
        standings = self.office.standings(self.flow)
        rows = [
            ["found", run.found],
            ["unchanged since the dry run", run.unchanged],
            ["posted", standings[Report.Standing.POSTED]],
            ["held", standings[Report.Standing.HELD]],
            ["nothing to post", standings[Report.Standing.NOTHING]],
            ["not taken", standings[Report.Standing.EXCLUDED]],
        ]
        table(["reports", "count"], rows)
        calls = [one for one in self.office.asked() if one["request_id"]]
        say(f"{len(self.office.ours(self.realm))} bills in {len(calls)} call(s) to QuickBooks")

    def show_held(self) -> None:
        heading("6  What is held, and the cure")
        show_held(self.flow)

    def cure(self) -> None:
        category, number = plans.FORGOTTEN
        heading(f'7  In the admin: a rule for "{category}", then Replay')
        account = GLAccount.objects.get(connection=self.flow.connection, number=number)
        page = self.office.browser
        page.go(f"/admin/mappings/rule/add/?flow={self.flow.pk}&category={category}")
        page.submit(page.form("category"), account=str(account.pk))
        held = self.office.held(self.flow)
        waiting = [posting for posting in held if posting.subject == f"category:{category}"]
        before = len(self.office.ours(self.realm))
        page.go("/admin/audit/report/")
        page.submit(
            page.form("action"),
            action="replay",
            _selected_action=[str(posting.report_id) for posting in waiting],
        )
        page.submit(page.form("confirm"))
        self.office.until_settled()
        total = sum((posting.total for posting in waiting), Decimal(0))
        say(
            f"{len(waiting)} reports ({money(total, 'USD')}) now go to {account.number} "
            f"{account.name}; bills {before} -> {len(self.office.ours(self.realm))}"
        )
        say(f"left held: {len(self.office.held(self.flow))}")

    # --- time passes -----------------------------------------------------------------------------

    def revise(self) -> None:
        heading("8  A report is changed after posting")
        edit = self.office.sandbox.control("expensify", "edits")["revise"]
        report_id = edit["reportID"]
        before, count = self._bill(report_id), len(self.office.ours(self.realm))
        self.office.sandbox.control("expensify", "reports", edit)
        self.office.poll(self.flow)
        self.office.until_settled()
        after = self._bill(report_id)
        same = "the same document" if after["id"] == before["id"] else "ANOTHER DOCUMENT"
        say(
            f"bill {after['number']}: {before['total']} -> {after['total']} {after['currency']}, "
            f"{same}; documents {count} -> {len(self.office.ours(self.realm))}"
        )

    def poll_again(self) -> None:
        heading("9  Poll again: nothing new")
        calls = len(self.office.asked())
        run = self.office.poll(self.flow)
        self.office.until_settled()
        say(
            f"{run.found} reports read, {run.new} new, {run.revised} revised; "
            f"calls to QuickBooks: {len(self.office.asked()) - calls}; nothing was posted"
        )

    def _bill(self, report_id: str) -> dict:
        posting = next(p for p in self.office.live(self.flow) if p.report.report_id == report_id)
        found = self.office.ours(self.realm)
        return next(one for one in found if one["id"] == posting.document_id)


def _counted(lists: Sequence[Counted]) -> str:
    return ", ".join(f"{one.seen} {MANY.get(one.name, one.name)}" for one in lists if one.seen)
