"""Defects that the torture, the histories and a reader of the engine found: one test for each."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest

from audit.engine import accept, desk, drain, intake, prepare
from audit.models import Call, PollRun, Posting, Report
from audit.states import State
from connectors.models import Channel
from connectors.sandbox.month import cases, story
from mappings.models import Flow
from tests.audit import fake_ledger
from tests.audit.test_faults import WRITE
from tests.audit.test_spine import edit, lines_of, settle
from tests.audit.village import settle_in, stored_otherwise

pytestmark = pytest.mark.django_db
STORY = story()


def test_a_document_that_a_person_deleted_and_released_is_posted_under_a_new_request_id(village):
    """Found changed, so held; the person deletes it there and releases: the bytes are the same as
    the first time, and the same request id would be answered with the document that is gone."""
    report_id = village.expensify.file({"Airfare": 10000})
    village.books.orders.append("drop")
    village.poll()
    village.drain()
    (stored,) = village.standing(report_id)
    village.books.change(stored.id, party_id="57")
    village.come_to_rest()
    assert village.posting(report_id).state == State.QUARANTINED
    village.books.delete(stored.id)
    desk.release([village.posting(report_id)], "ann")
    village.come_to_rest()
    assert village.posting(report_id).state == State.POSTED
    assert len(village.standing(report_id)) == 1


def test_a_refused_report_that_is_replayed_goes_out_under_a_new_request_id(village):
    report_id = village.expensify.file({"Airfare": 10000})
    village.poll()
    number = village.posting(report_id).number
    village.books.refused.add(number)
    village.come_to_rest()
    assert village.posting(report_id).state == State.QUARANTINED
    village.books.refused.clear()
    desk.replay([village.report(report_id)], "ann")
    village.come_to_rest()
    assert village.posting(report_id).state == State.POSTED
    assert len(village.standing(report_id)) == 1


def test_a_ledger_that_cannot_say_yet_how_a_document_stands_is_not_asked_without_end(village):
    report_id = village.expensify.file({"Airfare": 10000})
    village.work()
    village.expensify.edit(report_id, 0, 9000)
    village.poll()
    village.books.is_slow_to_read = True
    read = village.books.times_read

    def a_person_would_stop_here(*_):
        village.books.times_read += 1
        if village.books.times_read > read + 5:
            raise AssertionError("the same document was read more than five times in one drain")
        return {}

    village.books.is_slow_to_read = True
    original = fake_ledger.FakeLedger.read
    fake_ledger.FakeLedger.read = a_person_would_stop_here
    try:
        village.drain()
    finally:
        fake_ledger.FakeLedger.read = original
    village.books.is_slow_to_read = False
    village.come_to_rest()
    assert village.posting(report_id).state == State.POSTED


def test_reversing_what_somebody_deleted_in_the_ledger_is_done_when_it_is_seen_to_be_gone(village):
    """Its cure says "Reverse it here so that the report can be posted anew": that must work."""
    report_id = village.expensify.file({"Airfare": 10000})
    village.work()
    bill = village.posting(report_id)
    village.books.delete(bill.document_id)
    desk.reverse([bill], "ann")
    village.come_to_rest()
    assert (village.posting(report_id).op, village.posting(report_id).state) == (
        "cancel",
        State.POSTED,
    )
    assert village.report(report_id).standing == Report.Standing.REVERSED


def test_after_a_revision_met_a_deleted_document_its_cure_can_be_followed(village):
    report_id = village.expensify.file({"Airfare": 10000})
    village.work()
    bill = village.posting(report_id)
    village.books.delete(bill.document_id)
    village.expensify.edit(report_id, 0, 9000)
    village.work()
    held = village.posting(report_id)
    assert held.problems[0]["code"] == "ledger.deleted_there"
    done = desk.reverse([bill], "ann")
    assert done.moved, done.left
    village.come_to_rest()
    desk.replay([village.report(report_id)], "ann")
    desk.release(Posting.objects.filter(state=State.QUARANTINED), "ann")
    village.come_to_rest()
    assert [str(one.total) for one in village.standing(report_id)] == ["90.00"]


@pytest.mark.parametrize("fault", ["reset", "throttle"])
def test_a_report_that_was_unapproved_while_its_bill_was_on_the_way_is_not_sent_again(
    village, fault
):
    report_id = village.expensify.file({"Airfare": 10000})
    village.poll()
    village.books.orders.append(fault)
    # The poll comes between the moment the bill leaves and the moment its answer is written down.
    village.books.before = lambda call: village.expensify.set_status(report_id, "Processing")
    if fault == "throttle":
        village.drain()  # ready again, certainly not stored
        Posting.objects.update(state=State.SENDING, call=Call.objects.get())
        village.poll()
        Posting.objects.update(state=State.READY, call=None)
    else:
        village.drain()
        village.poll()
    village.books.before = lambda call: None
    village.come_to_rest()
    assert village.standing(report_id) == []
    assert village.report(report_id).standing == Report.Standing.WITHDRAWN


def test_a_batch_refused_whole_is_halved_until_the_bad_one_stands_alone(village):
    reports = [village.expensify.file({"Airfare": 10000 + place}) for place in range(4)]
    village.poll()
    bad = village.posting(reports[2]).number

    def receive(call):
        numbers = [body["number"] for body in fake_ledger.bodies(call)]
        if bad in numbers:
            village.books.orders.append("refuse_whole")

    village.books.before = receive
    village.come_to_rest(rounds=8)
    states = {one: village.posting(one).state for one in reports}
    assert [states[one] for one in reports] == [
        State.POSTED, State.POSTED, State.QUARANTINED, State.POSTED,
    ]  # fmt: skip


def test_a_document_that_always_breaks_the_connection_does_not_hold_up_the_others(village):
    reports = [village.expensify.file({"Airfare": 10000 + place}) for place in range(4)]
    village.poll()
    village.books.poison.add(village.posting(reports[1]).number)
    for _ in range(6):
        village.time_passes()
        village.drain()
    states = [village.posting(one).state for one in reports]
    assert states.count(State.POSTED) == 3


def test_a_report_that_has_nothing_left_before_it_was_posted_no_longer_waits(village):
    report_id = village.expensify.file({"Airfare": 10000})
    village.poll()
    assert village.report(report_id).standing == Report.Standing.WAITING
    village.expensify.reports[report_id]["expenses"][0]["reimbursable"] = False
    village.poll()
    village.come_to_rest()
    assert village.books.documents == {}
    assert village.report(report_id).standing == Report.Standing.NOTHING


def test_a_channel_that_was_held_is_open_again_when_look_ups_settled_everything(village):
    report_id = village.expensify.file({"Airfare": 10000})
    village.poll()
    village.books.orders.append("garbled")
    village.drain()
    Channel.objects.update(breaker_reason="the connection broke", breaker_failures=4)
    village.come_to_rest()
    assert village.posting(report_id).state == State.POSTED
    channel = Channel.objects.get()
    assert (channel.breaker_reason, channel.breaker_failures) == ("", 0)


def test_a_sender_that_slept_through_its_lease_does_not_send(settings, monkeypatch):
    """A laptop's lid, a paused machine: it wakes between its commit and its request, when another
    worker has long looked the document up and sent it under a new request id."""
    village = settle_in(
        settings,
        monkeypatch,
        abilities=replace(fake_ledger.ABILITIES, resend_window=timedelta(0)),
    )
    report_id = village.expensify.file({"Airfare": 10000})
    village.poll()
    asleep = []

    def sleeps(name):
        if name == "drain.intent_committed" and not asleep:
            asleep.append(name)
            village.come_to_rest()  # another worker, after the lease has run out

    monkeypatch.setattr("audit.engine.drain.reach", sleeps)
    village.drain()
    assert asleep
    assert len(village.standing(report_id)) == 1


def test_a_report_gone_from_expensify_since_it_was_read_is_not_posted(village):
    report_id = village.expensify.file({"Airfare": 10000})
    village.poll()
    Report.objects.update(read_at=village.report(report_id).read_at - timedelta(minutes=61))
    del village.expensify.reports[report_id]
    village.drain()
    village.drain()
    assert village.standing(report_id) == []


def test_preparing_while_a_bill_leaves_waits_for_its_outcome(village, monkeypatch):
    """The drain commits its intent after prepare has read the history and before it writes."""
    report_id = village.expensify.file({"Airfare": 10000})
    village.poll()
    village.expensify.edit(report_id, 0, 9000)
    decide = prepare.decide

    def late(*args, **kwargs):
        call = Call.objects.create(
            connection=village.connection, op="post", method="POST", path="/", body=b"", fence=1,
            created_at="2026-10-21T12:00:00Z",
        )  # fmt: skip
        Posting.objects.filter(state=State.READY).update(state=State.SENDING, call=call)
        return decide(*args, **kwargs)

    monkeypatch.setattr(prepare, "decide", late)
    village.poll()
    assert village.report(report_id).is_due
    assert Posting.objects.get().state == State.SENDING


def test_a_document_stored_otherwise_is_not_forgotten_when_the_report_loses_its_lines(village):
    """Held with a document in the ledger; then the report asks for none: it must not be left."""
    report_id = village.expensify.file({"Airfare": 10000})
    village.books.orders.append("drop")
    village.poll()
    village.drain()
    (stored,) = village.standing(report_id)
    village.books.change(stored.id, party_id="57")
    village.come_to_rest()
    village.expensify.reports[report_id]["expenses"][0]["reimbursable"] = False
    village.work()
    shown = village.posting(report_id)
    assert village.standing(report_id) == [] or shown.state == State.QUARANTINED


def test_a_paused_flow_sends_nothing_again(village):
    report_id = village.expensify.file({"Airfare": 10000})
    village.poll()
    village.books.orders.append("reset")
    village.drain()
    Flow.objects.update(is_paused=True)
    village.time_passes()
    village.drain()
    assert village.standing(report_id) == []


def test_a_reversal_that_a_person_asked_for_is_not_undone_by_a_revision(village):
    report_id = village.expensify.file({"Airfare": 10000})
    village.work()
    desk.reverse([village.posting(report_id)], "ann", "wrong company")
    village.expensify.edit(report_id, 0, 9000)
    village.work()
    assert village.standing(report_id) == []


def test_a_reversal_that_a_person_asked_for_survives_that_the_report_is_unapproved(village):
    report_id = village.expensify.file({"Airfare": 10000})
    village.work()
    desk.reverse([village.posting(report_id)], "ann", "wrong company")
    village.expensify.set_status(report_id, "Processing")
    village.work()
    assert village.standing(report_id) == []


def test_confirming_a_lease_locks_the_channel_and_nothing_else(village):
    """Channel's ordering joins the connection; a lock on that row stands in the way of every
    foreign key check, and PostgreSQL finds writers and preparers in each other's arms."""
    from django.db import connection as database
    from django.test.utils import CaptureQueriesContext

    from audit.engine.lease import acquire

    lease = acquire(village.connection.pk)
    with CaptureQueriesContext(
        database,
    ) as asked:
        lease.confirm()
    assert all("connectors_ledgerconnection" not in one["sql"] for one in asked.captured_queries)


def test_what_was_read_before_its_approval_is_booked_with_the_date_of_its_approval(village):
    """A revision keeps no state: read while it was not approved, it says nothing of the date."""
    report_id = village.expensify.file({"Airfare": 10000})
    village.poll()
    village.expensify.set_status(report_id, "Processing")
    village.expensify.edit(report_id, 0, 9000)
    village.poll()
    village.expensify.set_status(report_id, "Approved")
    village.work()
    assert village.posting(report_id).problems == []
    assert [str(one.total) for one in village.standing(report_id)] == ["90.00"]


def test_two_polls_that_find_the_same_new_report_take_it_once_and_both_end(village, monkeypatch):
    """Poll now while a poll is reading: the second has not seen the first one's rows."""
    village.expensify.file({"Airfare": 10000})
    village.poll()
    is_for = intake.is_for

    def blind(flow, read, known):
        known.clear()
        return is_for(flow, read, known)

    monkeypatch.setattr(intake, "is_for", blind)
    village.poll()
    assert Report.objects.count() == 1
    assert not PollRun.objects.filter(status="running").exists()


def test_a_bill_that_stands_unadopted_is_found_although_its_report_became_a_credit(town):
    """In doubt, found twice, released when the copy was gone; before the drain comes round, the
    report turns negative: the same marker, now of another kind."""
    quickbooks, report_id = "quickbooks_online", STORY[cases.REVISED]
    town.poll()
    town.sandbox.control(quickbooks, "faults", {"kind": "drop_after_store", "match": WRITE})
    drain.drain(town.connection.pk)
    bill = next(one for one in town.documents() if report_id in str(one["number"]))
    copied = "kind number date due_date currency party credit_account dimensions markers lines"
    copy = town.sandbox.control(quickbooks, "documents", {w: bill[w] for w in copied.split()})
    time.sleep(0.06)
    town.drain()
    held = town.posting(report_id)
    assert [problem["code"] for problem in held.problems] == ["ledger.found_twice"]
    town.sandbox.control(quickbooks, f"documents/{copy['id']}", {"action": "delete"})
    desk.release([held], "ann")
    edit(town, report_id, lines_of(town, report_id)[0], modifiedAmount=-90000)
    settle(town)
    every = town.documents() + town.documents("vendorcredit")
    standing = [one for one in every if report_id in str(one["number"])]
    assert len([one for one in standing if one["status"] == "active"]) == 1


@pytest.mark.parametrize(
    ("change", "totals"),
    [("revised", ["90.00"]), ("emptied", []), ("credit", ["-500.00"])],
    ids=["revised", "with nothing left", "turned into a credit"],
)
@pytest.mark.parametrize("is_released", [True, False], ids=["released first", "released after"])
def test_a_bill_found_twice_is_adopted_before_its_changed_report_is_looked_at(
    village, change, totals, is_released
):
    """It stands in the ledger, whatever its posting's state says: replacing the posting as if it
    had never been sent leaves the bill behind, or holds the report for a difference of our own."""
    report_id = village.expensify.file({"Airfare": 10000})
    village.books.orders.append("drop")
    village.poll()
    village.drain()
    (stored,) = village.standing(report_id)
    village.books.documents["copy"] = replace(stored, id="copy")
    village.time_passes()
    village.drain()
    held = village.posting(report_id)
    assert [problem["code"] for problem in held.problems] == ["ledger.found_twice"]
    del village.books.documents["copy"]
    if is_released:
        desk.release([held], "ann")
    if change == "emptied":
        village.expensify.reports[report_id]["expenses"][0]["reimbursable"] = False
    else:
        village.expensify.edit(report_id, 0, 9000 if change == "revised" else -50000)
    village.work()
    if not is_released:
        desk.release([village.posting(report_id)], "ann")
        village.work()
    assert [str(one.total) for one in village.standing(report_id)] == totals
    assert village.posting(report_id).state == State.POSTED


def test_what_was_stored_otherwise_is_accepted_by_a_person_and_then_left_alone(village):
    held = stored_otherwise(village)
    accepted = accept.accept(held, "ann")
    assert [one.field for one in accepted.differences] == ["party_id"]
    shown = village.posting(held.report.report_id)
    assert (shown.state, shown.posted_at is None) == (State.POSTED, False)
    assert shown.note == "accepted as it stands: party id: 56 -> 57"
    village.expensify.edit(held.report.report_id, 0, 9000)
    village.work()
    change = village.posting(held.report.report_id)
    assert [one["code"] for one in change.problems] == ["document.edited_there"]
    assert [str(one.total) for one in village.standing(held.report.report_id)] == ["100.00"]


def test_what_was_corrected_there_is_accepted_as_we_sent_it(village):
    held = stored_otherwise(village)
    village.books.change(held.document_id, party_id="56")
    assert accept.accept(held, "ann").differences == ()
    village.expensify.edit(held.report.report_id, 0, 9000)
    village.work()
    assert [str(one.total) for one in village.standing(held.report.report_id)] == ["90.00"]


def test_nothing_is_accepted_that_is_gone_or_is_not_held(village):
    held = stored_otherwise(village)
    village.books.delete(held.document_id)
    with pytest.raises(accept.NotThere, match="stands in the ledger"):
        accept.accept(held, "ann")
    other = village.expensify.file({"Airfare": 5000})
    village.work()
    with pytest.raises(accept.NotAcceptable):
        accept.accept(village.posting(other), "ann")
