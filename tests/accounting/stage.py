"""The stage on which rows are played: one sandbox, the firm's companies connected once, and for
each row a flow of its own, whose reports leave Expensify when the row is over.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db import transaction

from audit.completeness import Month, month_of, newest_month
from audit.engine import desk, drain, poll, prepare
from audit.models import PollRun, Posting, Report
from audit.states import NEEDS_PERSON
from connectors.models import LedgerConnection, Workspace
from mappings import services as mapping
from mappings.models import Flow, GLAccount, Rule, RuleValue, Value
from tests.accounting.checks import Checks
from tests.accounting.documents import Document, Wanted
from tests.accounting.firm import ACCOUNT_OF, CLASS_OF, FIRMS
from tests.accounting.inside import Inside
from tests.accounting.ledgers import LEDGERS
from tests.accounting.outside import Outside
from tests.accounting.words import Expected, Row
from tests.audit import town as towns


def span(on: date) -> tuple[date, date]:
    """First and last day of its month."""
    first = on.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


class House:
    """The sandbox, and what is connected to it for all rows."""

    def __init__(self, sandbox: Any) -> None:
        self.sandbox = sandbox
        self.ledgers = {name: ledger(sandbox) for name, ledger in LEDGERS.items()}
        self.expensify("settings", {"limits": False})
        towns.leave_out(sandbox)
        towns.connect_expensify(sandbox)
        self.workspaces = {one.policy_id: one for one in Workspace.objects.all()}
        # Whatever becomes of these in the ledger, their rows stay the same.
        self.accounts: dict[tuple[int, str], GLAccount] = {}
        self.values: dict[tuple[int, str, str], Value] = {}
        self._connections: dict[tuple[str, str], LedgerConnection] = {}
        # Documents of rows that are over, by ledger and company.
        self.settled: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._played: dict[tuple[str, str], Stage] = {}

    def expensify(self, verb: str, body: Any = None) -> Any:
        return self.sandbox.control("expensify", verb, body)

    def connection(self, ledger: str, company: str) -> LedgerConnection:
        """The company, connected and its lists read when a row first asks for it."""
        if (ledger, company) not in self._connections:
            connection = self.ledgers[ledger].connect(company)
            self._connections[ledger, company] = connection
            for account in GLAccount.objects.filter(connection=connection):
                self.accounts[connection.pk, account.number] = account
            values = Value.objects.filter(dimension__connection=connection)
            for value in values.select_related("dimension"):
                self.values[connection.pk, value.dimension.name, value.full_name] = value
        connection = self._connections[ledger, company]
        connection.refresh_from_db()
        return connection

    def played(self, row: Row, ledger: str) -> "Stage":
        """The row as it was played, now or before; `failure` says what went wrong."""
        if (row.id, ledger) not in self._played:
            stage = self._played[row.id, ledger] = Stage(self, row, ledger)
            stage.play()
        return self._played[row.id, ledger]


class Stage(Inside, Outside, Checks):
    """One row at one ledger. What can be given stands in `Inside` and `Outside`, what can follow in
    `Checks`."""

    def __init__(self, house: House, row: Row, ledger: str) -> None:
        self.house, self.row = house, row
        self.ledger = house.ledgers[ledger]
        self.company, self.firm = row.company, FIRMS[row.company]
        self.connection = house.connection(ledger, row.company)
        self.failure: BaseException | None = None
        self.flows: list[Flow] = []
        self.reports: list[str] = []
        self.run: PollRun | None = None
        self.problems: list[dict[str, Any]] = []
        self.seen: list[dict[str, Any]] = []
        self.wanted: tuple[Wanted, ...] = ()
        self.awaited: list[tuple[str, str]] = []
        self._others = house.settled[ledger, row.company]
        self._tidying: list[Callable[[], None]] = []
        self._is_settled = True
        self.polls = True
        self.ids: list[set[str]] = []  # of the row's documents, each time it went on
        self.kept: list[Document] = []  # when the row is over: what stands in the ledger of it
        # What our book and the ledger know differently: deleted there by hand; entered there by
        # hand, and ours by a person's word.
        self.lost: list[Document] = []
        self.taken_over: set[str] = set()
        self.in_expensify_at_last: list[dict[str, Any]] = []

    # -- playing ---------------------------------------------------------------------------------
    def play(self) -> None:
        row = transaction.atomic()
        # Django's own mark of a block that a test opened: the guard of the transport knows it.
        row._from_testcase = True
        try:
            with row:  # so that an error of the database ends this row and none of the others
                self._play()
        except Exception as failure:
            self.failure = failure
        finally:
            self._tidy()

    def _play(self) -> None:
        try:
            for step in self.row.steps_at(self.ledger.name):
                if isinstance(step, Expected):
                    self._settle()
                elif self._is_settled:
                    if self.flows:
                        self.conclude()
                    self._is_settled = False
                step.play(self)
            self._settle()
            self.conclude()
        except AssertionError as failure:
            self.failure = failure  # what was booked before stays in our book, as in the ledger

    def _settle(self) -> None:
        """Poll, prepare and post until nothing moves by itself any more, as the ticks would."""
        if self._is_settled:
            return
        self._is_settled = True
        for flow in self.flows if self.polls else ():
            self._poll(flow)
        self.polls = True
        for _ in range(5):
            self._drain()
            due = Report.objects.filter(flow__in=self.flows, is_due=True, latest__isnull=False)
            flow_ids = set(due.values_list("flow_id", flat=True))
            if not flow_ids:
                break
            for flow_id in flow_ids:
                prepare.prepare(flow_id)
        self.problems = self._problems()
        self.seen += [one for one in self.problems if one not in self.seen]
        self.awaited = []

    def _poll(self, flow: Flow) -> None:
        flow.refresh_from_db()
        if flow.is_paused:
            return
        desk.poll_now(flow, "ann")
        flow.refresh_from_db()
        self.run = poll.poll(flow.pk, flow.due_at)
        assert self.run.status == PollRun.Status.DONE, self.run.problem
        prepare.prepare(flow.pk)
        poll.note_not_taken(self.run)

    def _drain(self) -> None:
        for _ in range(10):
            done = drain.drain(self.connection.pk)
            assert not done.held_by, done.held_by
            if not done.outcomes:
                return

    def _problems(self) -> list[dict[str, Any]]:
        """What holds the row's reports now, each message once."""
        found: list[dict[str, Any]] = []
        held = Posting.objects.filter(flow__in=self.flows, state__in=NEEDS_PERSON)
        for posting in held.order_by("pk"):
            found += [problem for problem in posting.problems if problem not in found]
        return found

    def documents(self) -> list[Document]:
        """What the ledger keeps because of this row."""
        return self.ledger.documents(self.company, but=self._others)

    def afterwards(self, tidy: Callable[[], None]) -> None:
        """Undo it when the row is over: the next one finds the companies as they were."""
        self._tidying.append(tidy)

    def not_of_the_report(self, document_id: str) -> None:
        """Somebody else's document: none of those that the row expects."""
        self._others.add(document_id)

    def _tidy(self) -> None:
        for tidy in reversed(self._tidying):
            tidy()
        self.in_expensify_at_last = self.house.expensify("reports")
        gone = [{"action": "delete", "reportID": o["reportID"]} for o in self.in_expensify_at_last]
        self.house.expensify("reports", gone)
        self.kept = [*self.documents(), *self._taken_over()]
        self._others |= {one.id for one in self.kept}
        Flow.objects.filter(pk__in=[flow.pk for flow in self.flows]).update(is_paused=True)

    def _taken_over(self) -> list[Document]:
        if not self.taken_over:
            return []
        return [o for o in self.ledger.documents(self.company) if o.id in self.taken_over]

    # -- the month, when all is over ---------------------------------------------------------------
    @cached_property
    def months(self) -> list[Month]:
        """Every month in which the row's flows have reports, when the row is over."""
        return list(self._months())

    def _months(self) -> Iterator[Month]:
        for flow in self.flows:
            flow.refresh_from_db()
            on = newest_month(flow)
            month = month_of(flow, *span(on)) if on else None
            while month is not None:
                yield month
                before = month.first - timedelta(days=1)
                is_last = month.first_month is None or before < month.first_month
                month = None if is_last else month_of(flow, *span(before))

    def approved_in_expensify(self) -> Iterator[tuple[str, Decimal]]:
        """Currency and total of the reports that are final there and that the flows ask for."""
        asked = {state for flow in self.flows for state in flow.takes_states}
        for one in self.in_expensify_at_last:
            if one["status"].lower() in asked:
                yield one["currency"], Decimal(one["total"]) / 100

    # -- the flow --------------------------------------------------------------------------------
    @property
    def flow(self) -> Flow:
        """The row's flow, made when it is first spoken of."""
        return self.flows[0] if self.flows else self.new_flow({})

    def new_flow(self, columns: dict[str, Any]) -> Flow:
        number = len(self.flows) + 1
        usual = {
            "name": f"{self.row.id[:90]} {self.ledger.name} {number}",
            "mode": "live",
            "starts_on": date(2026, 10, 1),
            "payable_account": "2000",
            "due_at": None,
            **self.firm.flow,
        }
        flow = Flow(workspace=self.workspace, connection=self.connection)
        self.fill(flow, usual | columns)
        if columns:
            mapping.save_flow(flow)  # as its form does
        else:
            flow.save()  # the usual one, which passes
        self.flows.append(flow)
        self._add_usual_rules(flow)
        return flow

    def _add_usual_rules(self, flow: Flow) -> None:
        rules = [
            Rule(flow=flow, category=category, account=self.account(label))
            for category, label in ACCOUNT_OF.items()
        ]
        rules += [Rule(flow=flow, tag_level=1, tag=tag) for tag in CLASS_OF]
        values = {rule.tag: self.value("class", CLASS_OF[rule.tag]) for rule in rules if rule.tag}
        RuleValue.objects.bulk_create(
            RuleValue(rule=rule, value=values[rule.tag], dimension=values[rule.tag].dimension)
            for rule in Rule.objects.bulk_create(rules)
            if rule.tag
        )
