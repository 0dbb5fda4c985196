"""Any order of approvals, edits, kills, lost answers and people's hands: the books stay right."""

from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.conf import settings
from django.db import transaction
from django.test.utils import override_settings
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from audit import reconcile, trail
from audit.book import standing_of
from audit.completeness import month_of
from audit.engine import accept, corrections, desk
from audit.engine.kill_points import NAMES
from audit.models import Event, Posting, Report
from audit.states import IN_FLIGHT, MOVES, NEEDS_PERSON, State
from mappings import services as mapping
from mappings.models import Flow, GLAccount, Rule
from tests.audit import fake_ledger
from tests.audit.fake_ledger import CHART, FAULTS
from tests.audit.village import BEN, CHLOE, Village, settle_in

AIRFARE, TAXI = "Airfare", "Taxi & Rideshare"
MOST_REPORTS = 4
LABEL = {id_: f"{number} {name}" for list_name, id_, name, number, *_ in CHART if number}

# "refuse_whole" blames one of several without saying which: that is for the halving's own test.
CALL_FAULTS = sorted(set(FAULTS) - {"refuse_whole"})
AROUND_CALLS = [name for name in NAMES if name.startswith("drain.")] * 2
DESK = ["release", "reverse", "set aside", "replay", "accept", "difference", "difference", "policy"]
places = st.integers(0, 99)
cents = st.sampled_from([100, 1250, 9999, 10000])


class Histories(RuleBasedStateMachine):
    """`touched` are documents that people changed, paid or deleted; of these only the count is
    ours to answer for. `changed` are those of them of which the amount or the payee may be
    theirs."""

    @initialize(is_forgetful=st.booleans())
    def settle(self, is_forgetful: bool) -> None:
        """A forgetful ledger runs a repeated request again, and says so in its abilities."""
        self.patch = pytest.MonkeyPatch()
        self.settings = override_settings()
        self.settings.enable()
        # A test case's own block: the guard of the wire tells it apart, and it is rolled back.
        self.block = transaction.atomic()
        self.block._from_testcase = True
        self.block.__enter__()

        window = timedelta(0) if is_forgetful else fake_ledger.ABILITIES.resend_window
        abilities = replace(fake_ledger.ABILITIES, resend_window=window)
        self.village: Village = settle_in(
            settings, self.patch, abilities=abilities, remembers=not is_forgetful
        )
        self.touched: set[str] = set()
        self.changed: set[str] = set()
        file = self.village.expensify.file
        self.reports = [file({AIRFARE: 1000, TAXI: 200}), file({AIRFARE: 3000}, CHLOE)]

    # -- Expensify -------------------------------------------------------------------------------
    @precondition(lambda self: len(self.reports) < MOST_REPORTS)
    @rule(airfare=cents, taxi=cents, who=st.sampled_from([BEN, CHLOE]))
    def file(self, airfare: int, taxi: int, who: str) -> None:
        self.reports.append(self.village.expensify.file({AIRFARE: airfare, TAXI: taxi}, who))

    @rule(place=places, amount=st.one_of(cents, st.just(-50000)))
    def edit(self, place: int, amount: int) -> None:
        """A new amount; a large negative one turns the bill into a credit."""
        report_id = self.one(self.reports, place)
        if lines := self.village.expensify.reports[report_id]["expenses"]:
            self.village.expensify.edit(report_id, place % len(lines), amount)

    @rule(place=places, how=st.sampled_from(["move", "company's", "approval", "approval"]))
    def change(self, place: int, how: str) -> None:
        """An expense moves on; all become the company's or ours again; unapproved or approved."""
        expensify = self.village.expensify
        report_id = self.one(self.reports, place)
        report = expensify.reports[report_id]
        match how:
            case "move":
                target = self.one(self.reports, place + 1)
                if report["expenses"] and target != report_id:
                    expensify.move(report_id, 0, target)
            case "company's":
                is_ours = any(line["reimbursable"] for line in report["expenses"])
                for line in report["expenses"]:
                    line["reimbursable"] = not is_ours
            case "approval":
                is_approved = report["status"] == "Approved"
                expensify.set_status(report_id, "Processing" if is_approved else "Approved")

    # -- the worker --------------------------------------------------------------------------------
    @rule()
    def tick(self) -> None:
        self.village.poll()
        self.village.drain()

    @rule(
        faults=st.lists(st.sampled_from(CALL_FAULTS), min_size=1, max_size=3),
        place=places,
        amount=cents,
    )
    def tick_while_calls_fail(self, faults: list[str], place: int, amount: int) -> None:
        """Two ticks, in fact: the second comes long before anything in doubt is due."""
        self.edit(place, amount)
        self.village.books.orders.extend(faults)
        self.tick()
        self.village.drain()
        self.village.books.orders.clear()

    @rule(
        name=st.sampled_from([*NAMES, *AROUND_CALLS]),
        fault=st.sampled_from(["", *CALL_FAULTS]),
        place=places,
        amount=cents,
    )
    def tick_and_die(self, name: str, fault: str, place: int, amount: int) -> None:
        self.edit(place, amount)
        self.village.books.orders.append(fault)
        self.village.deadly[name] = 1
        self.tick()
        self.village.books.orders.clear()
        self.village.deadly.clear()

    @rule()
    def poll(self) -> None:
        """Without a drain: what was read waits, and may be overtaken."""
        self.village.poll()

    @rule(fault=st.sampled_from(["", "", *CALL_FAULTS]))
    def time_passes(self, fault: str) -> None:
        """What is left of a killed worker runs out, and another one takes over."""
        self.village.books.orders.append(fault)
        self.village.time_passes()
        self.village.prepare()
        self.village.drain()
        self.village.books.orders.clear()

    # -- the ledger --------------------------------------------------------------------------------
    @rule(last=st.sampled_from([None, None, date(2026, 10, 31)]))
    def close_the_period(self, last: date | None) -> None:
        self.village.books.closed_through = last

    @precondition(lambda self: self.village.books.documents)
    @rule(place=places, how=st.sampled_from(["edit", "pay", "unpay", "delete"]))
    def somebody_at_the_ledger(self, place: int, how: str) -> None:
        document_id = self.one(sorted(self.village.books.documents), place)
        self.touched.add(document_id)
        if how in ("edit", "delete"):
            self.changed.add(document_id)
        match how:
            case "edit":
                self.village.books.change(document_id, party_id="57")
            case "pay" | "unpay":
                self.village.books.change(document_id, paid=how == "pay")
            case "delete":
                self.village.books.delete(document_id)

    # -- our desk ----------------------------------------------------------------------------------
    @rule(place=places, how=st.sampled_from(DESK))
    def at_our_desk(self, place: int, how: str) -> None:
        match how:
            case "accept":
                for held in filter(accept.can_be_accepted, Posting.objects.all()):
                    with suppress(accept.NotThere, accept.NotAcceptable):
                        accept.accept(held, "ann")
            case "difference":
                for held in filter(corrections.can_be_corrected, Posting.objects.all()):
                    with suppress(corrections.NotCorrectable):
                        corrections.post_difference(held, "ann")
            case "policy":
                policy = ["leave", "reverse"][place % 2]
                Flow.objects.update(unapproved_policy=policy)
            case "release":
                desk.release(Posting.objects.filter(state__in=NEEDS_PERSON), "ann")
            case "reverse":
                live = list(Posting.objects.filter(state=State.POSTED).order_by("pk"))
                desk.reverse(live and [self.one(live, place)], "ann", "a mistake")
            case "set aside":
                may = [State.READY, *NEEDS_PERSON]
                waiting = list(Posting.objects.filter(state__in=may).order_by("pk"))
                desk.ignore(waiting and [self.one(waiting, place)], "ann", "not ours")
            case "replay":
                flow, number = self.village.flow, self.one(["6100", "6120"], place)
                account = GLAccount.objects.get(connection=flow.connection, number=number)
                airfare = Rule.objects.get(category=AIRFARE)
                mapping.save_rule(flow=flow, rule=airfare, account=account)
                desk.replay(list(Report.objects.all()), "ann")

    # -- what always holds
    @invariant()
    def never_two_documents_for_a_slice(self) -> None:
        if not getattr(self, "reports", ()):
            return
        by_slice: dict[tuple[str, str], int] = Counter()
        names = {
            marker[:10]: (report_id, name)
            for marker, report_id, name in Posting.objects.values_list(
                "marker", "report__report_id", "slice_name"
            )
        }
        for document in self.village.books.documents.values():
            by_slice[names[document.markers[0]]] += 1
        assert not [name for name, count in by_slice.items() if count > 1]

    @invariant()
    def the_months_equation_holds(self) -> None:
        if getattr(self, "reports", ()):
            month = month_of(Flow.objects.get(), date(2026, 10, 1), date(2026, 10, 31))
            assert month.agrees, month.equations

    @invariant()
    def reports_stand_as_their_postings_say(self) -> None:
        parts = defaultdict(list)
        rows = Posting.objects.exclude(state=State.SUPERSEDED)
        for report_id, state, op in rows.values_list("report__report_id", "state", "op"):
            parts[report_id].append((state, op))
        for report in Report.objects.all():
            if parts[report.report_id]:
                assert report.standing == standing_of(parts[report.report_id]), report.report_id

    @invariant()
    def the_book_and_the_ledger_agree_on_what_nobody_touched(self) -> None:
        if not getattr(self, "reports", ()) or self.village.books.late:
            return
        if Posting.objects.filter(state__in=IN_FLIGHT).exists():
            return
        ours = {
            posting.document_id: posting.total
            for posting in reconcile.live_postings(self.village.connection.pk)
        }
        theirs = {one.id: one.total for one in self.village.books.documents.values()}
        for one in self.touched:
            ours.pop(one, None)
            theirs.pop(one, None)
        assert ours == theirs

    def teardown(self) -> None:
        if not hasattr(self, "village"):
            return
        try:
            self._come_to_rest_and_compare()
        finally:
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)
            self.settings.disable()
            self.patch.undo()

    def _come_to_rest_and_compare(self) -> None:
        village = self.village
        village.deadly.clear()
        village.books.orders.clear()
        village.books.closed_through = None
        for _ in range(2):  # a run that a kill interrupted is read again by the next one
            village.time_passes()
            village.work()
        self.never_two_documents_for_a_slice()
        self.reports_stand_as_their_postings_say()
        self.the_book_and_the_ledger_agree_on_what_nobody_touched()
        self._every_move_was_legal()
        self._nothing_is_held_for_want_of_a_rule()
        self._posted_reports_stand_with_their_latest_amounts()
        if not self.touched:
            self._balances_agree()
        assert list(trail.verify()) == []

    def _every_move_was_legal(self) -> None:
        life: dict[int, list[State]] = defaultdict(list)
        moves = Event.objects.filter(posting__isnull=False, kind__startswith="posting.")
        for posting_id, kind in moves.order_by("seq").values_list("posting_id", "kind"):
            life[posting_id].append(State(kind.removeprefix("posting.")))
        for states in life.values():
            assert all(new in MOVES[old] for old, new in pairwise(states)), states
        for posting in Posting.objects.all():
            assert life[posting.pk][-1] == posting.state

    def _nothing_is_held_for_want_of_a_rule(self) -> None:
        for posting in Posting.objects.filter(state=State.QUARANTINED):
            codes = {problem["code"] for problem in posting.problems}
            assert not [code for code in codes if code.startswith(("map.", "report.total"))], codes

    def _posted_reports_stand_with_their_latest_amounts(self) -> None:
        posted = Report.objects.filter(standing=Report.Standing.POSTED, status="approved")
        for report in posted:
            states = report.postings.exclude(state=State.SUPERSEDED).values_list("state", flat=True)
            documents = self.village.standing(report.report_id)
            is_theirs = any(one.id in self.changed for one in documents)
            if set(states) != {State.POSTED} or not documents or is_theirs:
                continue
            lines = self.village.expensify.reports[report.report_id]["expenses"]
            owed = sum(line["amount"] for line in lines if line["reimbursable"])
            booked = sum(one.total for one in documents)
            assert booked == Decimal(owed) / 100, report.report_id

    def _balances_agree(self) -> None:
        theirs: dict[str, Decimal] = defaultdict(Decimal)
        for document in self.village.books.documents.values():
            for line in document.lines:
                theirs[LABEL[line.account_id]] += line.amount
            theirs[LABEL["33"]] -= document.total
        ours = reconcile.by_account(reconcile.our_balance(self.village.connection.pk))
        assert {account: sums for (_, account), sums in ours.items()} == {
            account: sums for account, sums in sorted(theirs.items()) if sums
        }

    @staticmethod
    def one(members: list, place: int):
        return members[place % len(members)]


@pytest.mark.early
@pytest.mark.django_db
def test_no_history_doubles_loses_or_misstates_a_document():
    # In CI they are derived from the code: as many on PostgreSQL would be the same ones again.
    examples = 20 if settings.ON_SQLITE else 8
    run_state_machine_as_test(
        Histories, settings=hypothesis_settings(max_examples=examples, stateful_step_count=20)
    )
