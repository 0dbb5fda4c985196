"""Writing in the book: moves are conditional, events come with them, nothing is half-written."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connections, transaction

from audit.book import standing_of, writing
from audit.engine.lease import LeaseLost, acquire
from audit.models import Event, Posting, Report
from audit.states import DUE, IllegalMove, State
from connectors.models import Channel
from tests.audit.rows import a_connection, a_flow, a_posting, a_report

pytestmark = pytest.mark.django_db


@pytest.fixture
def flow():
    return a_flow()


def test_a_move_writes_state_event_and_standing_together(flow):
    posting = a_posting(a_report(flow))
    with writing(flow.connection_id, actor="ann") as page:
        page.move([posting], DUE, State.IGNORED, note="booked by hand")
    posting.refresh_from_db()
    event = Event.objects.get(posting=posting)
    assert (posting.state, posting.note) == (State.IGNORED, "booked by hand")
    assert (event.kind, event.actor) == ("posting.ignored", "ann")
    assert Report.objects.get().standing == Report.Standing.IGNORED


def test_what_somebody_else_moved_first_is_left_alone(flow):
    posting = a_posting(a_report(flow))
    Posting.objects.filter(pk=posting.pk).update(state=State.WITHDRAWN)
    with writing(flow.connection_id) as page:
        moved = page.move([posting], DUE, State.IGNORED)
    assert moved == []
    assert Posting.objects.get().state == State.WITHDRAWN
    assert not Event.objects.exists()


def test_a_page_that_fails_leaves_nothing_behind(flow):
    posting = a_posting(a_report(flow))
    with pytest.raises(RuntimeError), writing(flow.connection_id) as page:
        page.move([posting], DUE, State.IGNORED)
        raise RuntimeError("the power went")
    assert Posting.objects.get().state == State.READY
    assert not Event.objects.exists()


def test_a_move_outside_the_table_is_refused(flow):
    posting = a_posting(a_report(flow), State.POSTED)
    with pytest.raises(IllegalMove), writing(flow.connection_id) as page:
        page.move([posting], {State.POSTED}, State.READY)


def test_postings_in_flight_cannot_be_moved_without_the_lease(flow):
    posting = a_posting(a_report(flow), State.SENDING)
    with pytest.raises(PermissionError), writing(flow.connection_id) as page:
        page.move([posting], {State.SENDING}, State.IN_DOUBT)


def test_only_one_of_two_writers_gets_the_lease(flow):
    first = acquire(flow.connection_id)
    assert first is not None
    assert acquire(flow.connection_id) is None
    first.release()
    second = acquire(flow.connection_id)
    assert second.fence > first.fence


def test_a_lease_that_ran_out_is_taken_over_and_its_owner_can_write_no_more(flow):
    slow = acquire(flow.connection_id, timedelta(seconds=-1))
    posting = a_posting(a_report(flow))
    quick = acquire(flow.connection_id)
    assert quick is not None
    with pytest.raises(LeaseLost), writing(flow.connection_id, lease=slow) as page:
        page.move([posting], DUE, State.QUARANTINED)
    with pytest.raises(LeaseLost):
        slow.renew()
    slow.release()
    assert Channel.objects.get(connection=flow.connection_id).owner == quick.owner
    assert Posting.objects.get().state == State.READY


@pytest.mark.parametrize(
    ("first", "second"),
    [(State.READY, State.QUARANTINED), (State.POSTED, State.POSTED)],
    ids=["two open", "two posted"],
)
def test_a_slice_cannot_have(flow, first, second):
    report = a_report(flow)
    a_posting(report, first)
    with pytest.raises(IntegrityError), transaction.atomic():
        a_posting(report, second, sequence=2)


def test_posted_without_a_receipt_cannot_be_stored(flow):
    with pytest.raises(IntegrityError), transaction.atomic():
        a_posting(a_report(flow), State.POSTED, document_id="")


def test_a_card_transaction_cannot_stand_in_two_reports(flow):
    a_posting(a_report(flow), State.POSTED, slice_name="card:4056343049275634494")
    with pytest.raises(IntegrityError), transaction.atomic():
        a_posting(a_report(flow), State.POSTED, slice_name="card:4056343049275634494")


@pytest.mark.parametrize(
    ("parts", "word"),
    [
        ([("posted", "post")], "posted"),
        ([("posted", "post"), ("quarantined", "amend")], "held"),
        ([("posted", "post"), ("failed", "post")], "failed"),
        ([("in_doubt", "post"), ("ready", "post")], "in_doubt"),
        ([("posted", "cancel")], "reversed"),
        ([("posted", "cancel"), ("posted", "post")], "posted"),
        ([("ignored", "post")], "ignored"),
        ([("withdrawn", "post")], "withdrawn"),
    ],
)
def test_the_word_for_a_report(parts, word):
    assert standing_of(parts) == word


@pytest.mark.django_db(transaction=True)
def test_of_eight_workers_that_move_the_same_posting_one_succeeds():
    flow = a_flow(a_connection())
    posting = a_posting(a_report(flow))
    winners = []

    def work() -> None:
        try:
            with writing(flow.connection_id) as page:
                winners.extend(page.move([Posting.objects.get(pk=posting.pk)], DUE, State.IGNORED))
        except IllegalMove:
            pass  # saw it after it was moved
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(winners) == 1
    assert Event.objects.filter(kind="posting.ignored").count() == 1
