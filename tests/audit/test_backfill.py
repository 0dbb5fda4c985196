"""Filling back: shown first, confirmed by a person, then read and taken; and whatever else makes a
flow take more than before."""

from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core import signing
from django.test import Client
from django.urls import reverse

from audit import backfill, doctor, tasks
from audit.backfill import Outcome
from audit.engine import poll
from audit.models import Call, Event, PollRun, Posting, Report, Revision
from audit.states import State
from connectors import opening
from connectors.clock import database_now
from connectors.contract.transport import Unauthorised, Unreachable
from connectors.models import Workspace
from mappings import services
from mappings.models import Flow
from tests.audit import town as towns
from tests.audit.builders import a_person
from tests.audit.terminal import run
from tests.audit.village import Village

pytestmark = pytest.mark.django_db
AUGUST = (date(2026, 8, 1), date(2026, 8, 31))


def filed(village: Village, day: str, cents: int = 10000, category: str = "Airfare") -> str:
    """A report approved on this day, at noon in UTC."""
    report_id = village.expensify.file({category: cents})
    village.expensify.reports[report_id] |= {
        "created": f"{day} 09:00:00",
        "submitted": f"{day} 10:00:00",
        "approved": f"{day} 12:00:00",
    }
    return report_id


def ticks(village: Village) -> PollRun | None:
    """What the tick does for a flow that is due, and the drain after it."""
    run = None
    for flow_id, due_at in poll.due_flows():
        run = poll.poll(flow_id, due_at)
    village.come_to_rest()
    return run


def flow_of(village: Village) -> Flow:
    return Flow.objects.select_related("workspace", "connection").get(pk=village.flow.pk)


def confirm(village: Village, first: date, last: date) -> None:
    found = backfill.rehearse(flow_of(village), first, last)
    backfill.confirm(flow_of(village), first, last, found.figures, "ann")


def rows() -> tuple[int, ...]:
    kinds = (Report, Revision, Posting, Call, Event, PollRun)
    return tuple(kind.objects.count() for kind in kinds)


# --- the dry run ----------------------------------------------------------------------------------


def test_a_dry_run_counts_what_would_become_of_each_report_and_writes_nothing(village):
    filed(village, "2026-08-03", 41260)
    filed(village, "2026-08-31", 1840)
    filed(village, "2026-08-15", 500, category="Team events")
    filed(village, "2026-09-01")
    before = rows()
    found = backfill.rehearse(flow_of(village), *AUGUST)
    assert found.figures == {
        "to_post": "2 (431.00 USD)",
        "to_hold": "1 (5.00 USD)",
        "standing": "0",
        "not_taken": "0",
        "unreadable": "0",
    }
    assert rows() == before
    assert flow_of(village).backfills == []
    said = {one.report.report_id: [part.what for part in one.parts] for one in found.shown}
    assert list(said.values()) == [["would be posted"], ["would be posted"], ["would be held"]]


def test_days_are_those_of_the_flows_zone(village):
    Flow.objects.update(zone="Pacific/Kiritimati")
    report_id = filed(village, "2026-07-31")  # noon in UTC is 2 in the morning of 1 August there
    found = backfill.rehearse(flow_of(village), *AUGUST)
    assert [one.report.report_id for one in found.shown] == [report_id]


def test_a_report_that_stands_in_the_ledger_already_is_told_apart(village):
    posted = filed(village, "2026-10-05")
    village.work()
    found = backfill.rehearse(flow_of(village), date(2026, 10, 1), date(2026, 10, 31))
    assert found.counts[Outcome.STANDING] == 1
    assert "stands already" in found.shown[0].parts[0].what
    village.expensify.edit(posted, 0, 20000)
    found = backfill.rehearse(flow_of(village), date(2026, 10, 1), date(2026, 10, 31))
    assert found.counts[Outcome.TO_POST] == 1 and "in place" in found.shown[0].parts[0].what
    assert village.report(posted).total == 100, "what was read for the dry run is not stored"


def test_a_report_of_another_flow_is_not_taken(village):
    theirs = filed(village, "2026-08-03")
    ours = flow_of(village)
    second = Flow.objects.create(
        workspace=ours.workspace, connection=ours.connection, name="Second",
        starts_on=date(2026, 8, 1), selector="employees", selector_names=["ben.ito@acme.example"],
    )  # fmt: skip
    poll.poll(second.pk, database_now())
    assert village.report(theirs).flow == second
    found = backfill.rehearse(ours, *AUGUST)
    assert found.counts == {Outcome.NOT_TAKEN: 1, Outcome.UNREADABLE: 0}
    assert found.shown[0].left_out == 'It belongs to flow "Second".'
    confirm(village, *AUGUST)
    poll.poll(ours.pk, flow_of(village).due_at)
    assert village.report(theirs).flow == second


def test_what_the_selection_leaves_out_is_shown_with_its_reason(village):
    filed(village, "2026-08-03")
    Flow.objects.update(selector="employees", selector_names=["nobody@acme.example"])
    found = backfill.rehearse(flow_of(village), *AUGUST)
    assert "is not one of its employees" in found.shown[0].left_out


# --- taking them ----------------------------------------------------------------------------------


def test_what_is_confirmed_is_read_by_the_next_poll_and_posted_once(village):
    early, later = filed(village, "2026-08-03", 41260), filed(village, "2026-09-10")
    village.work()
    assert village.report(early).not_taken_code == "excluded.before_start"
    confirm(village, *AUGUST)
    run = ticks(village)
    assert run.window["also_read"] == ["2026-08-01 to 2026-08-31"]
    assert run.found == 2, "a report that two windows hold is counted once"
    assert village.posting(early).state == State.POSTED
    assert len(village.standing(early)) == 1
    assert village.report(later).not_taken_code == "excluded.before_start"
    assert flow_of(village).to_read == []
    ticks(village)
    assert len(village.standing(early)) == 1


def test_a_report_that_was_never_seen_is_taken_as_well(village):
    village.work()
    early = filed(village, "2026-08-03")
    confirm(village, *AUGUST)
    ticks(village)
    assert village.posting(early).state == State.POSTED


def test_the_trail_tells_who_filled_back_and_with_which_figures(village):
    filed(village, "2026-08-03", 41260)
    confirm(village, *AUGUST)
    event = Event.objects.get(kind="flow.backfilled")
    assert event.actor == "ann" and event.chain.connection == village.connection
    assert (event.facts["from"], event.facts["to"]) == ("2026-08-01", "2026-08-31")
    assert event.facts["to_post"] == "1 (412.60 USD)"


def test_what_was_filled_back_stays_taken_when_the_report_changes_later(village):
    early = filed(village, "2026-08-03")
    confirm(village, *AUGUST)
    ticks(village)
    village.expensify.edit(early, 0, 7700)
    village.work()
    assert [str(one.total) for one in village.standing(early)] == ["77.00"]


def test_a_poll_that_failed_still_owes_the_days_it_was_asked_for(village, monkeypatch):
    filed(village, "2026-08-03")
    confirm(village, *AUGUST)
    with monkeypatch.context() as patch:
        patch.setattr(village.expensify, "read", _fails)
        with suppress(Unreachable):
            ticks(village)
    assert PollRun.objects.get().status == PollRun.Status.FAILED
    assert [wish[:2] for wish in flow_of(village).to_read] == [["2026-08-01", "2026-08-31"]]
    Flow.objects.update(due_at=database_now())
    ticks(village)
    assert flow_of(village).to_read == []


def _fails(spooled: Any) -> Any:
    raise Unreachable("the line went dead")


def test_days_that_are_asked_for_while_a_poll_reads_are_left_to_the_next(village, monkeypatch):
    early = filed(village, "2026-08-03")
    confirm(village, *AUGUST)
    read = village.expensify.read

    def asked_meanwhile(spooled: Any) -> Any:
        monkeypatch.setattr(village.expensify, "read", read)
        backfill.confirm(flow_of(village), *AUGUST, {}, "ann")
        return read(spooled)

    monkeypatch.setattr(village.expensify, "read", asked_meanwhile)
    poll.poll(village.flow.pk, flow_of(village).due_at)
    flow = flow_of(village)
    assert len(flow.to_read) == 1 and flow.poll_asked_at is not None
    assert (flow.pk, flow.due_at) in poll.due_flows()
    ticks(village)
    assert flow_of(village).to_read == []
    assert len(village.standing(early)) == 1


def test_a_paused_flow_takes_them_when_it_goes_on(village):
    early = filed(village, "2026-08-03")
    Flow.objects.update(is_paused=True)
    confirm(village, *AUGUST)
    assert ticks(village) is None
    Flow.objects.update(is_paused=False)
    ticks(village)
    assert village.posting(early).state == State.POSTED


def test_a_flow_in_dry_run_builds_them_and_sends_nothing(village):
    early = filed(village, "2026-08-03")
    Flow.objects.update(mode="dry_run")
    confirm(village, *AUGUST)
    for flow_id, due_at in poll.due_flows():
        tasks.poll_flow(flow_id, due_at.isoformat())
    village.drain()
    assert village.posting(early).state == State.READY and not village.standing(early)


# --- a flow that takes more than before -----------------------------------------------------------


def saved(village: Village, **columns: Any) -> None:
    flow = flow_of(village)
    for name, content in columns.items():
        setattr(flow, name, content)
    services.save_flow(flow, actor="ann")


def test_an_earlier_start_takes_what_was_left_out_before(village):
    early = filed(village, "2026-08-03")
    village.work()
    assert village.report(early).standing == Report.Standing.EXCLUDED
    unseen = filed(village, "2026-08-20")
    saved(village, starts_on=date(2026, 8, 1))
    assert village.report(early).is_due
    ticks(village)
    assert village.posting(early).state == village.posting(unseen).state == State.POSTED


def test_a_state_that_is_added_takes_what_was_left_out_for_it(village):
    report_id = filed(village, "2026-10-03")
    saved(village, takes_states=["reimbursed"])
    village.work()
    assert not Posting.objects.exists()
    saved(village, takes_states=["approved", "reimbursed"])
    ticks(village)
    assert village.posting(report_id).state == State.POSTED


def test_a_changed_selection_reads_what_another_flow_had_been_left(village):
    saved(village, selector="employees", selector_names=["nobody@acme.example"])
    report_id = filed(village, "2026-10-03")
    village.work()
    assert not Report.objects.exists()
    saved(village, selector="all", selector_names=[])
    ticks(village)
    assert village.posting(report_id).state == State.POSTED


def test_what_is_posted_is_not_looked_at_again_for_a_change_of_terms(village):
    report_id = filed(village, "2026-10-03")
    village.work()
    saved(village, starts_on=date(2026, 8, 1))
    assert not village.report(report_id).is_due


# --- on the sandbox: what is really asked of Expensify --------------------------------------------


@pytest.fixture
def late_town(db: Any, sandboxed: Any) -> towns.Town:
    """A flow that begins within the seeded month."""
    town = towns.connect(sandboxed, starts_on=date(2026, 10, 24))
    town.poll()
    return town


def test_the_first_weeks_of_the_month_are_filled_back(late_town):
    first, last = date(2026, 10, 1), date(2026, 10, 23)
    known = set(Report.objects.values_list("report_id", flat=True))
    found = backfill.rehearse(late_town.flow, first, last)
    new = {one.report.report_id for one in found.shown} - known
    assert new and found.counts[Outcome.TO_POST] > 5
    assert set(Report.objects.values_list("report_id", flat=True)) == known
    backfill.confirm(late_town.flow, first, last, found.figures, "ann")
    for flow_id, due_at in poll.due_flows():
        tasks.poll_flow(flow_id, due_at.isoformat())
    late_town.drain()
    assert new <= set(Report.objects.values_list("report_id", flat=True))
    for one in found.shown:
        row = late_town.report(one.report.report_id)
        wanted = {"to_post": "posted", "to_hold": "held"}.get(backfill.outcome_of(one))
        assert row.standing == (wanted or row.standing), row
        assert row.not_taken_code != "excluded.before_start"
    again = backfill.rehearse(late_town.flow, first, last)
    assert again.counts[Outcome.STANDING] == found.counts[Outcome.TO_POST]
    assert again.counts[Outcome.TO_POST] == 0


@pytest.mark.parametrize(
    ("first", "last", "ends_on"),
    [("2026-08-01", "2026-08-31", "2026-09-03"), ("2024-08-01", "2026-08-31", None)],
    ids=["a month", "two years, which Expensify takes year by year"],
)
def test_only_the_days_asked_for_are_read(village, first, last, ends_on):
    flow = flow_of(village)
    flow.takes_states = ["approved", "closed"]
    span = (date.fromisoformat(first), date.fromisoformat(last))
    approved, closed = poll.windows_of(flow, *span)
    end = date.fromisoformat(ends_on) if ends_on else None
    assert (approved.approved_after, approved.end_on) == (span[0] - timedelta(days=3), end)
    assert (closed.start_on, closed.end_on) == (span[0] - timedelta(days=3), end)


# --- on a terminal --------------------------------------------------------------------------------


def test_the_terminal_shows_the_same_days_and_writes_nothing(village):
    filed(village, "2026-08-03", 41260)
    filed(village, "2026-09-03")
    before, name = rows(), village.flow.name
    told = run("dry_run", "--flow", name, "--from", "2026-08-01", "--to", "2026-08-31")
    assert ", 3 Aug 2026, Ben Ito, 412.60 USD: would be posted" in told.text
    assert told.closing == "1 report: 1 to post or change. Nothing was written."
    assert (told.code, rows()) == (0, before)


@pytest.mark.parametrize(
    "call",
    [
        ["--report", "R1", "--from", "2026-08-01", "--to", "2026-08-31"],
        ["--flow", "Acme to memory", "--from", "2026-08-01"],
        ["--flow", "Acme to memory", "--from", "2026-08-31", "--to", "2026-08-01"],
    ],
    ids=["of a report", "without an end", "backwards"],
)
def test_a_span_needs_its_flow_and_both_days(village, call):
    told = run("dry_run", *call)
    assert told.code == 2 and "Filling back needs --flow, --from and --to" in told.text


def test_the_terminal_says_when_expensify_cannot_be_read(village, monkeypatch):
    monkeypatch.setattr(village.expensify, "read", _fails)
    told = run("dry_run", "--flow", village.flow.name, "--from", "2026-08-01", "--to", "2026-08-31")
    assert told.code == 1 and "Expensify was not read: the line went dead" in told.text


# --- when dates run out ---------------------------------------------------------------------------


def test_after_the_last_date_nothing_is_due_and_the_doctor_says_so(village):
    Flow.objects.update(schedule="dates", run_dates=["2026-01-31"])
    ticks(village)
    assert flow_of(village).due_at is None and poll.due_flows() == []
    (said,) = [one for one in doctor.examine() if one.name == f"Poll {village.flow.name}"]
    assert "no further run" in said.text and "Add dates" in said.cure
    assert "it has no further run. Add dates to its schedule" in run("poll").text
    home = signed_in("ann", is_superuser=True).get(reverse("admin:index"))
    assert "no further run: add dates" in home.content.decode()


@pytest.mark.parametrize(
    ("error", "within"),
    [(Unreachable("down"), timedelta(hours=2)), (Unauthorised("no"), timedelta(days=2))],
    ids=["comes back by itself", "needs a person"],
)
def test_a_last_date_that_failed_is_tried_again(village, monkeypatch, error, within):
    Flow.objects.update(schedule="dates", run_dates=["2026-01-31"])

    def fails(account: Any) -> Any:
        raise error

    monkeypatch.setattr(opening, "open_expensify", fails)
    ticks(village)
    assert database_now() < flow_of(village).due_at < database_now() + within


# --- on the flow's page ---------------------------------------------------------------------------


@pytest.fixture
def boss(village: Village) -> Client:
    return signed_in("ann", is_superuser=True)


def signed_in(name: str, **kwargs: Any) -> Client:
    client = Client()
    client.force_login(a_person(name, **kwargs))
    return client


def press(client: Client, village: Village, **fields: Any) -> Any:
    address = reverse("admin:mappings_flow_do", args=[village.flow.pk, "backfill"])
    return client.post(address, fields, follow=True)


def said(page: Any) -> str:
    return page.content.decode().replace("\N{NO-BREAK SPACE}", " ")


def test_a_person_sees_a_dry_run_and_then_takes_the_reports(village, boss):
    early = filed(village, "2026-08-03", 41260)
    asked = said(press(boss, village))
    assert "takes reports approved on 1 Oct 2026 or later" in asked
    assert "Take these reports" not in asked
    shown = press(boss, village, first="2026-08-01", last="2026-08-31")
    assert "1 report approved from 1 Aug 2026 to 31 Aug 2026" in said(shown)
    assert "1 (412.60 USD)" in said(shown) and "would be posted" in said(shown)
    assert flow_of(village).backfills == []
    done = press(boss, village, decided=shown.context["decided"])
    assert "takes what was approved from 1 Aug 2026 to 31 Aug 2026" in said(done)
    assert "Approved from 1 Aug 2026 to 31 Aug 2026: taken" in said(done)
    assert "the next poll reads it" in said(done)
    ticks(village)
    assert village.posting(early).state == State.POSTED
    page = boss.get(reverse("admin:mappings_flow_change", args=[village.flow.pk]))
    assert "the next poll reads it" not in said(page)
    trail = said(boss.get(reverse("admin:audit_event_changelist")))
    assert "was filled back from 2026-08-01 to 2026-08-31: 1 (412.60 USD) to post" in trail


def test_days_without_a_report_offer_nothing_to_take(village, boss):
    shown = press(boss, village, first="2026-08-01", last="2026-08-31")
    assert "There is nothing to take" in said(shown)
    assert "Take these reports" not in said(shown)


@pytest.mark.parametrize(
    ("first", "last", "why"),
    [
        ("2026-08-31", "2026-08-01", "Exchange the two"),
        ("2026-08-01", "2999-01-01", "Only days up to today"),
        ("", "2026-08-01", "required"),
        ("yesterday", "2026-08-01", "Enter a valid date"),
    ],
)
def test_impossible_days_are_refused_at_their_field(village, boss, first, last, why):
    page = press(boss, village, first=first, last=last)
    assert why in said(page) and "decided" not in page.context


def test_an_unreachable_expensify_changes_nothing_and_says_so(village, boss, monkeypatch):
    monkeypatch.setattr(village.expensify, "read", _fails)
    page = press(boss, village, first="2026-08-01", last="2026-08-31")
    assert "Expensify was not read, and nothing was changed" in said(page)
    assert flow_of(village).backfills == []


def test_only_what_was_shown_within_the_hour_can_be_taken(village, boss, monkeypatch):
    filed(village, "2026-08-03")
    decided = press(boss, village, first="2026-08-01", last="2026-08-31").context["decided"]
    forged = decided[:-1] + ("A" if decided[-1] != "A" else "B")
    assert "look again" in said(press(boss, village, decided=forged))
    told = signing.loads(decided, salt="audit.backfill")
    of_another = signing.dumps(told | {"flow": village.flow.pk + 1}, salt="audit.backfill")
    assert "look again" in said(press(boss, village, decided=of_another))
    monkeypatch.setattr(signing.time, "time", lambda: database_now().timestamp() + 3700)
    assert "look again" in said(press(boss, village, decided=decided))
    assert (
        flow_of(village).backfills == []
        and not Event.objects.filter(kind="flow.backfilled").exists()
    )


@pytest.mark.parametrize("lacks", ["mappings.change_flow", "audit.view_report"])
def test_it_takes_the_right_to_change_the_flow_and_to_see_reports(village, lacks):
    filed(village, "2026-08-03")
    boss = signed_in("boss", is_superuser=True)
    decided = press(boss, village, first="2026-08-01", last="2026-08-31").context["decided"]
    paul = a_person("paul")
    may = {"mappings.view_flow", "mappings.change_flow", "audit.view_report"} - {lacks}
    for name in may:
        room, _, codename = name.partition(".")
        paul.user_permissions.add(
            Permission.objects.get(content_type__app_label=room, codename=codename)
        )
    client = Client()
    client.force_login(paul)
    assert press(client, village, first="2026-08-01", last="2026-08-31").status_code == 403
    assert press(client, village, decided=decided).status_code == 403
    assert flow_of(village).backfills == []


def test_a_report_that_no_flow_holds_is_shown_as_this_ones(village):
    early = filed(village, "2026-08-03")
    workspace = Workspace.objects.get()
    Report.objects.create(
        workspace=workspace, report_id=early, status="approved", currency="USD", total=1,
        read_at=database_now(),
    )  # fmt: skip
    found = backfill.rehearse(flow_of(village), *AUGUST)
    assert found.counts[Outcome.TO_POST] == 1
    assert Report.objects.get().flow is None, "and nothing is stored"
