"""Saving a flow: the next poll follows from what was changed, and what polls wrote is kept."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from connectors.clock import database_now
from connectors.signals import happened
from mappings import saving, services
from mappings.models import Flow
from mappings.records import terms_of
from mappings.selection import is_too_early

pytestmark = pytest.mark.django_db


@pytest.fixture
def planned(flow) -> Flow:
    """A flow that was polled and is due tomorrow."""
    now = database_now()
    Flow.objects.update(due_at=now + timedelta(days=1), mark_at=now - timedelta(days=2))
    return Flow.objects.get()


@pytest.fixture
def told():
    kinds = []

    def hear(sender, kind, facts, **kwargs) -> None:
        kinds.append((kind, facts.get("from")))

    happened.connect(hear)
    yield kinds
    happened.disconnect(hear)


def saved(flow, **columns) -> Flow:
    for name, content in columns.items():
        setattr(flow, name, content)
    services.save_flow(flow, actor="ann")
    return Flow.objects.get()


def test_a_changed_schedule_holds_from_now_on(planned) -> None:
    flow = saved(planned, schedule="daily", at_time=time(22, 0))
    assert flow.due_at == flow.next_run(database_now())
    assert flow.poll_asked_at is None and flow.to_read == []


def test_a_changed_zone_moves_the_next_run(planned) -> None:
    flow = saved(planned, schedule="daily", zone="Pacific/Kiritimati")
    assert flow.due_at == flow.next_run(database_now())


def test_another_change_leaves_the_next_run_where_it_was(planned, told) -> None:
    due_at = planned.due_at
    flow = saved(planned, due_days=30)
    assert flow.due_at == due_at and flow.to_read == []
    assert told == [("flow.changed", None)]


def test_a_flow_that_is_due_stays_due_whatever_its_new_schedule(planned) -> None:
    past = database_now() - timedelta(minutes=3)
    Flow.objects.update(due_at=past)
    assert saved(planned, schedule="daily").due_at == past


def test_a_list_of_dates_that_was_used_up_goes_on_when_dates_are_added(planned) -> None:
    over, ahead = date(2020, 1, 31), database_now().date() + timedelta(days=40)
    flow = saved(planned, schedule="dates", run_dates=[over.isoformat()])
    assert flow.due_at is None and flow.is_used_up
    flow = saved(flow, run_dates=[ahead.isoformat(), over.isoformat()])
    assert flow.run_dates == [over.isoformat(), ahead.isoformat()]
    assert flow.due_at.date() == ahead and not flow.is_used_up


def test_an_earlier_start_is_read_at_once(planned, told) -> None:
    mark_at = planned.mark_at
    flow = saved(planned, starts_on=date(2026, 8, 1))
    ((first, last, _),) = flow.to_read
    assert (first, last) == ("2026-08-01", "2026-10-01")
    assert flow.due_at == flow.poll_asked_at <= database_now()
    assert flow.mark_at == mark_at, "what was read stays read"
    assert told == [("flow.reads_again", "2026-08-01"), ("flow.changed", None)]


def test_a_later_start_reads_nothing_again(planned) -> None:
    assert saved(planned, starts_on=date(2026, 10, 15)).to_read == []


@pytest.mark.parametrize(
    "columns",
    [
        {"takes_states": ["approved", "reimbursed", "closed"]},
        {"selector": "employees", "selector_names": ["ann@acme.example"]},
        {"selector": "tags", "selector_level": 1, "selector_names": ["Sales"]},
    ],
    ids=["further states", "other people", "other tags"],
)
def test_a_flow_that_takes_other_reports_reads_from_its_beginning_again(planned, columns) -> None:
    flow = saved(planned, **columns)
    assert [wish[:2] for wish in flow.to_read] == [["2026-10-01", None]]
    assert flow.poll_asked_at is not None


def test_what_was_filled_back_is_read_for_new_states_too(planned) -> None:
    Flow.objects.update(backfills=[["2026-08-01", "2026-08-31"]])
    flow = saved(planned, takes_states=["approved", "reimbursed", "closed"])
    assert [wish[:2] for wish in flow.to_read] == [["2026-08-01", None]]


def test_fewer_states_read_nothing_again(planned) -> None:
    assert saved(planned, takes_states=["approved"]).to_read == []


def test_what_a_poll_wrote_while_the_form_lay_open_is_not_overwritten(planned) -> None:
    """The row of the form was read before the poll ended; an old due_at would never come again."""
    later = database_now() + timedelta(hours=5)
    Flow.objects.update(due_at=later, mark_at=later, backfills=[["2026-08-01", "2026-08-31"]])
    flow = saved(planned, due_days=30)
    assert (flow.due_at, flow.mark_at) == (later, later)
    assert flow.backfills == [["2026-08-01", "2026-08-31"]]


def test_filling_back_takes_those_days_and_has_them_read(planned) -> None:
    services.backfill(planned, date(2026, 8, 1), date(2026, 8, 31), facts={}, actor="ann")
    flow = Flow.objects.get()
    assert flow.backfills == [["2026-08-01", "2026-08-31"]]
    assert [wish[:2] for wish in flow.to_read] == [["2026-08-01", "2026-08-31"]]
    assert flow.due_at == flow.poll_asked_at <= database_now()


@pytest.mark.parametrize(
    ("day", "is_early"),
    [("2026-07-31", True), ("2026-08-01", False), ("2026-08-31", False), ("2026-09-01", True),
     ("2026-10-01", False)],
)  # fmt: skip
def test_only_the_days_that_were_filled_back_are_no_longer_too_early(flow, day, is_early) -> None:
    flow.backfills = [["2026-08-01", "2026-08-31"]]
    assert is_too_early(terms_of(flow), date.fromisoformat(day)) == is_early


def test_spans_that_overlap_become_one() -> None:
    spans = [
        ["2026-08-20", "2026-09-10"],
        ["2026-08-01", "2026-08-31"],
        ["2026-06-01", "2026-06-02"],
    ]
    assert saving.joined(spans) == [["2026-06-01", "2026-06-02"], ["2026-08-01", "2026-09-10"]]


def test_wishes_are_told_apart_by_their_moment(planned) -> None:
    for _ in range(2):
        services.backfill(planned, date(2026, 8, 1), date(2026, 8, 31), facts={})
    (one, other) = Flow.objects.get().to_read
    assert one[:2] == other[:2] and one != other
    assert datetime.fromisoformat(one[2]).astimezone(UTC) < database_now()
