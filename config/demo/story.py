"""The demo step by step: what an office manager does in her first month, through the real doors."""

import time
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django_q.tasks import async_task

from audit import reconcile, tasks, trail
from audit.models import PollRun, Posting, Report
from audit.nudge import TICK
from audit.states import State
from config.demo import firm
from config.demo.browser import Browser
from config.demo.stage import Stage
from config.demo.tables import heading, money, say, table
from connectors.contract.ledger import Op
from connectors.models import ExpensifyAccount, LedgerConnection, Workspace
from connectors.registry import ledger_label
from mappings import services
from mappings.models import Flow, GLAccount

ACTOR = "ann"
PATIENCE_S = 90


class Story:
    """Everything is done at the admin's pages or by the queue; the database is only read."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.sandbox = stage, stage.sandbox
        self.browser = Browser(stage.web_url)
        self.flow: Flow | None = None

    def create_user(self) -> None:
        tasks.ensure_tick()
        get_user_model().objects.create_superuser(ACTOR, "ann@acme.example", ACTOR)

    def tell(self) -> dict[str, Any]:
        self.connect()
        self.pull()
        self.make_flow()
        self.dry_run()
        self.first_poll()
        self.show_held()
        self.cure()
        self.revise()
        self.poll_again()
        return self.balance()

    # --- connect ---------------------------------------------------------------------------------

    def connect(self) -> None:
        heading("1  Connect Expensify and QuickBooks Online, in the admin")
        page = self.browser.go("/admin/login/?next=/admin/")
        page.submit(page.form("username"), username=ACTOR, password=ACTOR)
        partner = self.sandbox.control("expensify", "tokens", {})
        page.go("/admin/connectors/expensifyaccount/add/")
        page.submit(
            page.form("user_secret"),
            name="Acme",
            user_id=partner["partnerUserID"],
            user_secret=partner["partnerUserSecret"],
            _continue="1",
        )
        page.press("Test connection").press("Pull workspaces")
        for workspace in Workspace.objects.filter(account=ExpensifyAccount.objects.get()):
            say(f"Expensify workspace {workspace.name}, {workspace.currency}")
        page.go("/admin/connectors/ledgerconnection/add/")
        page.submit(
            page.form("ledger"), name="Acme US books", ledger="quickbooks_online", _continue="1"
        )
        page.press("Connect")  # leads to Intuit's consent page
        page.press("Allow").expect("Connected to Acme Consulting US")
        for connection in LedgerConnection.objects.all():
            closed = connection.closed_through
            say(
                f"{ledger_label(connection.ledger)} company {connection.company_name}, "
                f"{connection.home_currency}, closed through {closed:%d %b %Y}"
            )

    # --- pull, map, try --------------------------------------------------------------------------

    def pull(self) -> None:
        heading("2  Read the lists of both sides")
        connection = LedgerConnection.objects.get()
        rows = [[one.name, one.seen] for one in services.pull_chart(connection)]
        workspace = Workspace.objects.get(name="Acme US")
        rows += [[one.name, one.seen] for one in services.pull_workspace(workspace)]
        table(["list", "members"], rows)

    def make_flow(self) -> None:
        heading("3  Make a flow and map categories and tags")
        connection = LedgerConnection.objects.get()
        self.flow = services.save_flow(
            Flow(
                workspace=Workspace.objects.get(name="Acme US"),
                connection=connection,
                name="Acme US reimbursements",
                starts_on=date(2026, 10, 1),
                zone="America/New_York",
                payable_account=GLAccount.objects.get(connection=connection, number="2000"),
                due_at=None,
            ),
            actor=ACTOR,
        )
        say(f"{firm.map_month(self.flow, ACTOR)} rules; the flow is born in dry run")
        gaps = services.policy_check(self.flow).gaps
        say("Before any report arrives, these would be held:")
        for gap in gaps:
            say(f"  {gap.subject} {gap.name}: {gap.text}")

    def dry_run(self) -> None:
        heading("4  Dry run: everything but the last call")
        self._poll()
        waiting = Posting.objects.filter(state=State.READY)
        total = sum((posting.total for posting in waiting), Decimal(0))
        say(f"{waiting.count()} bills, {money(total, 'USD')}, would be posted; nothing was sent")
        say(f"documents of ours in QuickBooks: {len(self._ours())}")

    def first_poll(self) -> None:
        heading("5  Go live, and poll through the queue")
        page = self.browser.go(f"/admin/mappings/flow/{self.flow.pk}/change/")
        page.press("Go live").submit(page.form("confirm"))
        run = self._poll()
        self._until_settled()
        rows = [
            ["found", run.found],
            ["unchanged since the dry run", run.unchanged],
            ["posted", self._count(Report.Standing.POSTED)],
            ["held", self._count(Report.Standing.HELD)],
            ["nothing to post", self._count(Report.Standing.NOTHING)],
            ["not taken", self._count(Report.Standing.EXCLUDED)],
        ]
        table(["reports", "count"], rows)
        calls = [one for one in self._asked() if one["request_id"]]
        say(f"{len(self._ours())} bills in {len(calls)} call(s) to QuickBooks")

    def show_held(self) -> None:
        heading("6  What is held, and the cure")
        for posting in self._held():
            first = posting.problems[0]
            say(f"- {first['message']}")
            say(f"    -> {first['cure']}")

    def cure(self) -> None:
        category, number = firm.FORGOTTEN
        heading(f'7  In the admin: a rule for "{category}", then Replay')
        account = GLAccount.objects.get(connection=self.flow.connection, number=number)
        page = self.browser.go(f"/admin/mappings/rule/add/?flow={self.flow.pk}&category={category}")
        page.submit(page.form("category"), account=str(account.pk))
        waiting = [p for p in self._held() if p.subject == f"category:{category}"]
        before = len(self._ours())
        page.go("/admin/audit/report/")
        page.submit(
            page.form("action"),
            action="replay",
            _selected_action=[str(posting.report_id) for posting in waiting],
        )
        page.submit(page.form("confirm"))
        self._until_settled()
        total = sum((posting.total for posting in waiting), Decimal(0))
        say(
            f"{len(waiting)} reports ({money(total, 'USD')}) now go to {account.number} "
            f"{account.name}; bills {before} -> {len(self._ours())}"
        )
        left = Counter(posting.problems[0]["code"] for posting in self._held())
        say(f"left held: {sum(left.values())}")

    # --- time passes -----------------------------------------------------------------------------

    def revise(self) -> None:
        heading("8  A report is changed after posting")
        edit = self.sandbox.control("expensify", "edits")["revise"]
        report_id = edit["reportID"]
        before, count = self._bill(report_id), len(self._ours())
        self.sandbox.control("expensify", "reports", edit)
        self._poll()
        self._until_settled()
        after = self._bill(report_id)
        say(
            f"bill {after['number']}: {before['total']} -> {after['total']} {after['currency']}, "
            f"same document {after['id'] == before['id']}; documents {count} -> "
            f"{len(self._ours())}"
        )

    def poll_again(self) -> None:
        heading("9  Poll again: nothing new")
        calls = len(self._asked())
        run = self._poll()
        self._until_settled()
        say(
            f"{run.found} reports read, {run.new} new, {run.revised} revised; "
            f"calls to QuickBooks: {len(self._asked()) - calls}; nothing was posted"
        )

    def balance(self) -> dict[str, Any]:
        heading("10  Trial balance: our book beside the ledger's")
        ledgers: dict[str, Any] = {}
        agrees = True
        for connection in LedgerConnection.objects.order_by("pk"):
            ours = reconcile.our_balance(connection.pk)
            theirs = ledger_balance(self._ours())
            agrees = agrees and ours == theirs
            mine, its = reconcile.by_account(ours), reconcile.by_account(theirs)
            rows = []
            for place in sorted({*mine, *its}):
                currency, account = place
                same = "=" if mine.get(place) == its.get(place) else "DIFFERS"
                both = (money(side.get(place), currency) for side in (mine, its))
                rows.append([account, *both, same])
            rows.append(["sum", money(sum(mine.values())), money(sum(its.values())), ""])
            table([ledger_label(connection.ledger), "our book", "ledger", ""], rows)
            ledgers[connection.ledger] = self._summary(connection)
        broken = list(trail.verify())
        verdict, chain = "agrees" if agrees else "DIFFERS", f"{broken}" if broken else "unbroken"
        say(f"by account, dimension and cent: {verdict}; trail {chain}")
        return {"ledgers": ledgers, "agrees": agrees and not broken}

    # --- reading ---------------------------------------------------------------------------------

    def _summary(self, connection: LedgerConnection) -> dict[str, Any]:
        standings = Counter(
            Report.objects.filter(flow__connection=connection).values_list("standing", flat=True)
        )
        live = reconcile.live_postings(connection.pk)
        return {
            "reports": sum(standings.values()),
            "posted": standings[Report.Standing.POSTED],
            "quarantined": standings[Report.Standing.HELD],
            "failed": standings[Report.Standing.FAILED],
            "in_doubt": standings[Report.Standing.IN_DOUBT],
            "total": f"{sum((posting.total for posting in live), Decimal(0)):.2f}",
            "currency": connection.home_currency,
        }

    def _poll(self) -> PollRun:
        """Press Poll now in the admin and wait until the cluster has read Expensify."""
        before = PollRun.objects.filter(flow=self.flow, status="done").count()
        self.browser.go(f"/admin/mappings/flow/{self.flow.pk}/change/").press("Poll now")
        self._until(
            lambda: PollRun.objects.filter(flow=self.flow, status="done").count() > before,
            "the poll was not done",
        )
        self._until(
            lambda: not Report.objects.filter(flow=self.flow, is_due=True).exists(),
            "reports were not prepared",
        )
        return PollRun.objects.filter(flow=self.flow, status="done").latest("finished_at")

    def _until_settled(self) -> None:
        moving = [State.READY, State.SENDING, State.IN_DOUBT, State.RETRY_WAIT]
        self._until(
            lambda: not Posting.objects.filter(state__in=moving).exists(), "postings still wait"
        )

    def _until(self, done: Any, what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        nudged = time.monotonic()
        while not done():
            self.stage.check()
            if time.monotonic() > deadline:
                raise TimeoutError(f"after {PATIENCE_S} s {what}")
            if time.monotonic() - nudged > 3:
                async_task(TICK)  # the minute's tick, a little early
                nudged = time.monotonic()
            time.sleep(0.1)

    def _held(self) -> list[Posting]:
        return list(Posting.objects.filter(state=State.QUARANTINED).order_by("subject", "pk"))

    def _count(self, standing: Report.Standing) -> int:
        return Report.objects.filter(flow=self.flow, standing=standing).count()

    def _asked(self) -> list[dict]:
        return self.sandbox.control("quickbooks_online", "requests")

    def _ours(self) -> list[dict]:
        """Documents that stand and carry a marker of ours."""
        return [
            one
            for one in self.sandbox.control("quickbooks_online", "documents")
            if one["status"] == "active" and "mlc:" in str(one["markers"])
        ]

    def _bill(self, report_id: str) -> dict:
        live = Posting.objects.exclude(op=Op.CANCEL.value).get(
            report__report_id=report_id, state=State.POSTED
        )
        return next(one for one in self._ours() if one["id"] == live.document_id)


def ledger_balance(documents: list[dict]) -> reconcile.Balance:
    """The sandbox's documents as a trial balance, in the places of `reconcile.our_balance`."""
    balance: reconcile.Balance = defaultdict(Decimal)
    for one in documents:
        header, currency = one["dimensions"], one["currency"]
        for line in one["lines"]:
            values = tuple(sorted((header | line["dimensions"]).items()))
            balance[reconcile.Place(currency, line["account"], values)] += Decimal(line["amount"])
        credit = reconcile.Place(currency, one["credit_account"], tuple(sorted(header.items())))
        balance[credit] -= Decimal(one["total"])
    return {place: amount for place, amount in sorted(balance.items()) if amount}
