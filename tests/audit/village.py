"""A company in memory: a fake Expensify, a fake ledger and the flow between them, our rows real.

Time stands still but for `time_passes`; a kill is an exception that nothing catches, after which
the lease stays until it is let run out.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection as database

from audit.engine import desk, drain, poll, prepare, resolve, send, settle
from audit.engine.lease import ChannelLease
from audit.models import PollRun, Posting, Report
from audit.pace import REAL
from audit.states import State
from connectors import opening, services
from connectors.contract.problem import Problem
from connectors.contract.report import ReportStatus
from connectors.expensify import parse
from connectors.expensify.jobs import Window
from connectors.expensify.values import Misfit
from connectors.models import Channel, Credential, ExpensifyAccount, LedgerConnection, Workspace
from mappings import services as mapping
from mappings.models import Flow, GLAccount
from tests.audit import fake_ledger
from tests.audit.fake_ledger import Books
from tests.audit.snapshot import once
from tests.expensify import made

POLICY = "0810E551A5F2A9C2"
COMPANY = "village"
BEN, CHLOE = "ben.ito@acme.example", "chloe.martin@acme.example"
APPROVED = "2026-10-20 12:00:00"
FAR = timedelta(hours=1)
# Nothing becomes due by itself within a test; time_passes says when.
STILL = replace(
    REAL,
    retry_base=FAR,
    retry_cap=FAR,
    doubt_retry=FAR,
    poll_retry=FAR,
    breaker_open=FAR,
    visibility=FAR,
    lease=FAR,
    poll_lease=FAR,
)
_WORDS = {"APPROVED": "Approved", "REIMBURSED": "Reimbursed", "ARCHIVED": "Closed"}


class Killed(BaseException):
    """kill -9: nothing of ours catches it, nothing of ours runs after it."""


@dataclass
class FakeExpensify:
    """Reports by id as the template prints them; a client for the poll, read-only as the real."""

    reports: dict[str, dict[str, Any]] = field(default_factory=dict)
    is_out_of_window: bool = False
    _next: int = 0

    def file(self, amounts: Mapping[str, int], who: str = BEN, **members: Any) -> str:
        """An approved report with an expense of so many cents per category; returns its id."""
        self._next += 1
        report_id = f"R00village{self._next:02}"
        lines = [
            made.expense(
                transactionID=str(7_000_000 + self._next * 100 + place), amount=cents, category=name
            )
            for place, (name, cents) in enumerate(amounts.items())
        ]
        self.reports[report_id] = made.report(
            *lines,
            reportID=report_id,
            policyID=POLICY,
            accountEmail=who,
            approved=APPROVED,
            **members,
        )
        self._add_up(report_id)
        return report_id

    def edit(self, report_id: str, place: int, cents: int) -> None:
        self.reports[report_id]["expenses"][place]["amount"] = cents
        self._add_up(report_id)

    def move(self, report_id: str, place: int, to: str) -> None:
        line = self.reports[report_id]["expenses"].pop(place)
        self.reports[to]["expenses"].append(line)
        self._add_up(report_id)
        self._add_up(to)

    def set_status(self, report_id: str, status: str) -> None:
        """Expensify knows no date of approval of what is not approved (any more)."""
        is_final = status in ("Approved", "Reimbursed")
        self.reports[report_id] |= {"status": status, "approved": APPROVED if is_final else ""}

    def _add_up(self, report_id: str) -> None:
        report = self.reports[report_id]
        report["total"] = sum(line["amount"] for line in report["expenses"])

    # -- the client's half -----------------------------------------------------------------------
    @contextmanager
    def export(self, window: Window) -> Iterator[Any]:
        states = {_WORDS.get(state, state) for state in window.states}
        found = [
            one
            for report_id, one in self.reports.items()
            if (
                report_id in window.report_ids
                if window.report_ids
                else one["status"] in states and not self.is_out_of_window
            )
        ]
        yield SimpleNamespace(lines=[json.dumps(one) for one in found], unknown_keys=set())

    def read(self, spooled: Any) -> Iterator[Any]:
        for number, line in enumerate(spooled.lines, 1):
            try:
                yield parse.report(line)
            except Misfit as misfit:
                problem = Problem(
                    "expensify.unreadable", "report", f"{misfit}", "Correct it there."
                )
                yield parse.Unreadable(json.loads(line)["reportID"], number, problem, line)


@dataclass
class Village:
    """Both ends, our rows between them, and the hands of everybody who acts on them."""

    expensify: FakeExpensify
    books: Books
    connection: LedgerConnection
    flow: Flow
    # Kill points to die at, with how often each is passed before it strikes.
    deadly: Counter = field(default_factory=Counter)
    is_dead: bool = False

    # -- the worker --------------------------------------------------------------------------------
    def poll(self) -> None:
        desk.poll_now(self.flow, "ann")
        self.flow.refresh_from_db()
        with self.mortal():
            poll.poll(self.flow.pk, self.flow.due_at)
        self.prepare()

    def poll_by_schedule(self) -> None:
        """A poll that nobody asked for: it reads again what it thinks needs it."""
        with self.mortal():
            poll.poll(self.flow.pk, datetime.now(UTC))
        self.prepare()

    def prepare(self) -> None:
        with self.mortal():
            prepare.prepare(self.flow.pk)

    def drain(self) -> drain.Drained | None:
        with self.mortal():
            return drain.drain(self.connection.pk)

    @contextmanager
    def mortal(self) -> Iterator[None]:
        """What runs inside may die at a kill point; what was committed stays."""
        self.is_dead = False
        try:
            yield
        except Killed:
            assert not [
                block
                for block in database.atomic_blocks
                if not getattr(block, "_from_testcase", False)
            ]
        finally:
            self.is_dead = False

    def reach(self, name: str) -> None:
        if name in self.deadly:
            self.deadly[name] -= 1
            if self.deadly[name] <= 0:
                del self.deadly[name]
                self.is_dead = True
                raise Killed(name)

    # -- time --------------------------------------------------------------------------------------
    def time_passes(self) -> None:
        """Leases run out, late calls have arrived, all that waits is due, nothing is held."""
        self.books.late_calls_arrive()
        past = datetime.now(UTC) - timedelta(seconds=1)
        Channel.objects.filter(until__isnull=False).update(until=past)
        Channel.objects.update(not_before=None, breaker_until=None)
        PollRun.objects.filter(status="running").update(until=past)
        Posting.objects.filter(due_at__isnull=False).update(due_at=past)

    def come_to_rest(self, rounds: int = 12) -> None:
        """What a quiet hour of ticks does."""
        for _ in range(rounds):
            self.time_passes()
            self.prepare()
            self.drain()
            waiting = Posting.objects.filter(state__in=MOVING)
            due = Report.objects.filter(
                is_due=True, status__in=[s.value for s in ReportStatus if s.is_final]
            )
            if not waiting.exists() and not due.exists():
                return
        raise AssertionError(f"still moving: {list(waiting.values_list('state', 'op', 'number'))}")

    def work(self) -> None:
        """A poll and whatever follows from it."""
        self.poll()
        self.come_to_rest()

    # -- looking ---------------------------------------------------------------------------------
    def posting(self, report_id: str) -> Posting:
        """The newest of the report's postings."""
        return Posting.objects.filter(report__report_id=report_id).order_by("-pk").first()

    def report(self, report_id: str) -> Report:
        return Report.objects.get(report_id=report_id)

    def standing(self, report_id: str) -> list[Any]:
        """The documents of a report that stand in the ledger."""
        return [one for one in self.books.documents.values() if report_id in one.number]


MOVING = [State.READY, State.SENDING, State.QUEUED, State.IN_DOUBT, State.RETRY_WAIT]


def settle_in(settings: Any, patch: pytest.MonkeyPatch, **books: Any) -> Village:
    """A village with two mapped categories, nothing filed yet. `books`: columns of Books."""
    settings.LEDGERS = {**settings.LEDGERS, "fake": "tests.audit.fake_ledger.open_ledger"}
    fake_ledger.companies[COMPANY] = Books(**books)
    expensify = FakeExpensify()
    patch.setattr(opening, "open_expensify", lambda account: expensify)
    for module in (poll, prepare, drain, resolve, send, settle):
        if hasattr(module, "pace"):
            patch.setattr(module, "pace", lambda: STILL)
    patch.setattr("audit.engine.run.pace", lambda: STILL)
    patch.setattr("audit.engine.lease.pace", lambda: STILL)
    ends = once(("village", repr(sorted(books.items()))), None, _rows)
    village = Village(expensify, fake_ledger.companies[COMPANY], *ends)
    for module in (poll, prepare, drain, resolve, send, settle):
        patch.setattr(module, "reach", village.reach)
    release = ChannelLease.release
    patch.setattr(
        ChannelLease, "release", lambda lease: None if village.is_dead else release(lease)
    )
    return village


def _rows() -> tuple[LedgerConnection, Flow]:
    account = ExpensifyAccount.objects.create(
        name="Acme", credential=Credential.objects.create(kind="expensify")
    )
    workspace = Workspace.objects.create(
        account=account, policy_id=POLICY, name="Acme US", currency="USD"
    )
    connection = LedgerConnection.objects.create(
        ledger="fake", name="Acme in memory", company_id=COMPANY
    )
    services.test_connection(connection)
    mapping.pull_chart(connection)
    connection.refresh_from_db()
    accounts = {row.number: row for row in GLAccount.objects.filter(connection=connection)}
    flow = Flow(
        workspace=workspace,
        connection=connection,
        name="Acme to memory",
        starts_on=date(2026, 10, 1),
        mode="live",
        payable_account=accounts["2000"],
    )
    mapping.save_flow(flow)
    mapping.save_rule(flow=flow, category="Airfare", account=accounts["6100"])
    mapping.save_rule(flow=flow, category="Taxi & Rideshare", account=accounts["6120"])
    return connection, flow


def stored_otherwise(village: Village) -> Posting:
    """The answer was lost, and somebody changed the payee before we looked."""
    report_id = village.expensify.file({"Airfare": 10000})
    village.books.orders.append("drop")
    village.poll()
    village.drain()
    village.books.change(village.standing(report_id)[0].id, party_id="57")
    village.come_to_rest()
    held = village.posting(report_id)
    assert [one["code"] for one in held.problems] == ["ledger.stored_otherwise"]
    assert held.posted_at is None
    return held
