"""What can go wrong while a vendor is created: one vendor in the end, never two, never none."""

import signal
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audit.engine import desk, drain, naming, parties
from audit.engine.kill_points import PARTY_NAMES
from audit.models import Call, Event, PartyWish, Report
from audit.states import State
from connectors import opening
from connectors.ledgers.quickbooks_online.ledger import QuickBooksOnline
from mappings import services
from mappings.models import Flow, Party, PartyLink, PartyName
from tests.audit import worker
from tests.audit.newcomers import (
    ADA,
    QBO,
    codes,
    creations,
    filed,
    one_vendor_is_owed,
    order,
    quiet,
    quiet_firm,
    vendors,
    wish,
    with_and_without,
    without_look_up,
)
from tests.audit.town import Town
from tests.processes import Forked

pytestmark = pytest.mark.django_db
Wish = PartyWish.State


@pytest.fixture
def firm(db: None, sandboxed: Any) -> Town:
    return quiet_firm(sandboxed)


# --- what can go wrong on the wire ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "calls"),
    [
        ({"kind": "drop_after_store"}, 1),
        ({"kind": "error_after_store"}, 1),
        ({"kind": "garbled"}, 1),
        ({"kind": "reset_before_store"}, 2),
        ({"kind": "unavailable"}, 2),
        ({"kind": "late_store", "delay_s": 0.05}, None),
        ({"kind": "throttle", "retry_after_s": 0.1}, 2),
        ({"kind": "unauthorized"}, 2),
    ],
    ids=lambda given: given["kind"] if isinstance(given, dict) else "",
)
def test_exactly_one_vendor_although_the_ledger(firm, fault, calls):
    report_id = filed(firm)
    firm.poll()
    order(firm, **fault)
    quiet(firm)
    one_vendor_is_owed(firm, report_id)
    assert any(one["fault"] == fault["kind"] for one in creations(firm)), "never played"
    assert calls is None or len(creations(firm)) == calls
    assert (wish().state, wish().party.email) == (Wish.CREATED, ADA)


def test_a_lost_answer_is_looked_up_and_the_vendor_with_our_address_is_ours(firm):
    filed(firm)
    firm.poll()
    order(firm, "drop_after_store")
    firm.drain(times=1)
    assert (wish().state, wish().attempts) == (Wish.IN_DOUBT, 1)
    assert Call.objects.get(op="create").status == Call.Status.LOST
    quiet(firm)
    assert Event.objects.get(kind="party.created").facts["found"] is True
    kinds = Event.objects.filter(kind__startswith="party.").order_by("seq")
    assert [one.kind for one in kinds] == ["party.sending", "party.in_doubt", "party.created"]


@with_and_without
def test_without_the_look_up_a_lost_answer_would_end_as_a_name_that_is_taken(
    firm, monkeypatch, guard
):
    """QuickBooks has forgotten the request id: the same call again would be a second vendor."""
    report_id = filed(firm)
    firm.poll()
    order(firm, "drop_after_store")
    firm.drain(times=1)
    firm.sandbox.control(QBO, "settings", {"requestid_hours": 0})
    if not guard:
        without_look_up(monkeypatch)
    quiet(firm)
    if guard:
        one_vendor_is_owed(firm, report_id)
    else:
        assert codes(firm.posting(report_id)) == ["qbo.name_taken"] and not firm.ours()


def test_the_identical_call_goes_again_while_it_is_remembered_and_a_new_one_later(firm):
    filed(firm)
    firm.poll()
    order(firm, "reset_before_store", times=2)
    firm.drain(times=1)
    assert wish().state == Wish.IN_DOUBT
    time.sleep(0.06)
    firm.drain(times=1)
    call = Call.objects.get(op="create")
    assert call.times_sent == 2 and wish().generation == 1
    Call.objects.update(resend_until=datetime.now(UTC) - timedelta(seconds=1))
    quiet(firm)
    ids = [one["request_id"] for one in creations(firm)]
    assert ids[0] == ids[1] != ids[2]
    assert wish().generation == 2 and len(vendors(firm)) == 1


# --- sent again, if at all, for a report as it is now ---------------------------------------------


def in_doubt(firm: Town) -> str:
    """A report whose vendor was sent and did not arrive; nothing has been looked up yet."""
    report_id = filed(firm)
    firm.poll()
    order(firm, "reset_before_store")
    firm.drain(times=1)
    assert wish().state == Wish.IN_DOUBT
    PartyWish.objects.update(due_at=datetime.now(UTC) - timedelta(seconds=1))
    return report_id


def paused(firm: Town, report_id: str) -> None:
    Flow.objects.update(is_paused=True)


def set_aside(firm: Town, report_id: str) -> None:
    desk.ignore([firm.posting(report_id)], "ann", "not ours")


def unapproved(firm: Town, report_id: str) -> None:
    back = {"action": "unapprove", "reportID": report_id}
    firm.sandbox.control("expensify", "reports", back)
    firm.poll()


def switched_off(firm: Town, report_id: str) -> None:
    flow = Flow.objects.get()
    flow.creates_parties = False
    services.save_flow(flow, actor="ann")


def read_long_ago(firm: Town, report_id: str) -> None:
    Report.objects.update(read_at=datetime.now(UTC) - timedelta(hours=2))


@pytest.mark.parametrize("change", [paused, set_aside, unapproved, switched_off, read_long_ago])
@pytest.mark.parametrize("when", ["before the look-up", "after it"])
def test_nobody_is_sent_again_whom_no_report_wants_as_it_is_now(firm, monkeypatch, change, when):
    report_id = in_doubt(firm)
    if when == "after it":
        retry_in = parties.pace().retry_in

        def changed(pace: Any, attempts: int) -> Any:
            """Between the first question whether it is wanted, and the call."""
            change(firm, report_id)
            return retry_in(attempts)

        monkeypatch.setattr(type(parties.pace()), "retry_in", changed)
    else:
        change(firm, report_id)
    monkeypatch.setattr(drain, "read_before_posting", lambda connection_id: None)
    firm.drain(times=1)
    assert len(creations(firm)) == 1 and vendors(firm) == []
    assert wish().state == Wish.WAITING


def test_where_vendors_are_created_no_more_what_waits_for_one_is_held(firm):
    report_id = filed(firm)
    firm.poll()
    switched_off(firm, report_id)
    quiet(firm)
    assert creations(firm) == []
    assert codes(firm.posting(report_id)) == ["map.party.missing"]


def test_what_was_read_long_ago_is_read_again_and_then_sent(firm):
    report_id = in_doubt(firm)
    read_long_ago(firm, report_id)
    quiet(firm)
    one_vendor_is_owed(firm, report_id)


# --- what QuickBooks refuses ----------------------------------------------------------------------


def test_a_refusal_holds_the_reports_with_what_quickbooks_said(firm):
    both = filed(firm, "First"), filed(firm, "Second trip")
    firm.poll()
    order(firm, "refuse")
    firm.drain()
    for report_id in both:
        held = firm.posting(report_id)
        assert (held.state, codes(held)) == (State.QUARANTINED, ["qbo.rule_broken"])
        (problem,) = held.problems
        assert problem["message"].startswith(f"Report {report_id} (Ada Quist, 18.40 USD): Vendor")
        assert "It was not created, and nothing was posted." in problem["message"]
        assert problem["cure"] and held.subject == f"employee:{ADA}"
    assert wish().state == Wish.HELD and not firm.ours()
    firm.drain()
    assert len(creations(firm)) == 1, "a refusal is not repeated by itself"

    desk.replay([firm.report(both[0])], "ann")
    firm.drain()
    one_vendor_is_owed(firm, *both)
    assert len({one["request_id"] for one in creations(firm)}) == 2


def test_a_name_that_is_taken_by_whom_no_look_up_shows_is_held(firm, monkeypatch):
    report_id = filed(firm)
    firm.poll()
    firm.sandbox.control(QBO, "chart", {"kind": "customer", "action": "add", "name": "Ada Quist"})
    without_look_up(monkeypatch)
    firm.drain()
    held = firm.posting(report_id)
    assert (held.state, codes(held)) == (State.QUARANTINED, ["qbo.name_taken"])
    assert naming.proposal(held).name == "Ada Quist (employee)"
    naming.create_under(held, "Ada Quist (employee)", "ann")
    firm.drain()
    assert firm.posting(report_id).state == State.POSTED


def test_a_name_that_quickbooks_cannot_have_is_held_unsent(firm):
    odd = {"firstName": "Ada", "lastName": "Quist", "fullName": "Ada: Quist"}
    report_id = filed(firm, submitter=odd)
    firm.poll()
    firm.drain()
    assert codes(firm.posting(report_id)) == ["qbo.name_unusable"]
    assert not creations(firm)


def test_a_list_that_cannot_be_read_keeps_nobody_elses_bill_waiting(firm, monkeypatch):
    from connectors.contract.transport import ContractBroken

    new, known = filed(firm), filed(firm, "Known", "ben.ito@acme.example")
    firm.poll()

    def broken(self: Any, names: Any) -> Any:
        raise ContractBroken("a vendor cannot be read")

    monkeypatch.setattr(QuickBooksOnline, "named", broken)
    firm.drain()
    assert firm.posting(known).state == State.POSTED
    assert firm.posting(new).state == State.READY
    (told,) = wish().problems
    assert told["code"] == "party.not_looked_up" and "cannot be read" in told["message"]
    assert wish().due_at is not None

    monkeypatch.undo()
    PartyWish.objects.update(due_at=None)
    quiet(firm)
    assert firm.posting(new).state == State.POSTED and wish().problems == []


def test_a_vendor_that_is_never_answered_is_held_in_the_end(firm, settings):
    """As often as a document is refused: then somebody should look."""
    report_id = filed(firm)
    firm.poll()
    order(firm, "reset_before_store", times=99)
    firm.drain(times=1)
    PartyWish.objects.update(attempts=40)
    time.sleep(0.06)
    firm.drain(times=1)
    held = firm.posting(report_id)
    assert (held.state, codes(held)) == (State.QUARANTINED, ["party.unanswered"])
    assert "41" not in held.problems[0]["message"] and "40 times" in held.problems[0]["message"]
    assert len(creations(firm)) == 1, "it certainly is not there, and is not sent again"


def test_rules_that_want_a_vendor_of_a_name_that_they_know_is_taken_end_held(firm, monkeypatch):
    """A look-up and a rule that disagree about names would otherwise ask each other for ever."""
    report_id = filed(firm)
    firm.poll()
    globex = opening.open_ledger(firm.connection).named(["Globex"])["Globex"]
    monkeypatch.setattr(QuickBooksOnline, "named", lambda self, names: {names[0]: globex})
    firm.drain()
    held = firm.posting(report_id)
    assert (held.state, codes(held)) == (State.QUARANTINED, ["party.name_taken"])
    assert 'the ledger has customer "Globex"' in held.problems[0]["message"]
    assert naming.proposal(held).name == "Ada Quist (employee)" and not creations(firm)


def test_a_link_that_a_person_makes_meanwhile_wins(firm):
    report_id = filed(firm)
    firm.poll()
    order(firm, "drop_after_store")
    firm.drain(times=1)
    ben = Party.objects.get(name="Ben Ito", kind="vendor")
    services.link_party(connection=firm.connection, employee_email=ADA, party=ben, actor="ann")
    quiet(firm)
    assert firm.ours()[0]["party_id"] == ben.ledger_id
    assert PartyLink.objects.get().party == ben
    assert firm.posting(report_id).state == State.POSTED and len(vendors(firm)) == 1


def test_the_trail_holds_together(firm):
    from audit import trail

    filed(firm)
    firm.poll()
    order(firm, "drop_after_store")
    quiet(firm)
    assert list(trail.verify()) == []
    assert not PartyName.objects.exists()


# --- killed ---------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("place", PARTY_NAMES)
def test_killed_anywhere_there_is_one_vendor(transactional_db, sandboxed, settings, place):
    from tests.audit.test_kill import let_leases_run_out

    town = quiet_firm(sandboxed)
    both = filed(town, "First"), filed(town, "Second trip")
    town.poll()
    killed = Forked(settings, worker.post, MLC_KILL_AT=f"{place}:1")
    assert killed.ended() == -signal.SIGKILL, killed.said
    let_leases_run_out()
    quiet(town)
    one_vendor_is_owed(town, *both)
    assert len(creations(town)) <= 2
    assert Event.objects.filter(kind="party.created").count() == 1
