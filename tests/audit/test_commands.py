"""The commands of issue 2 on a terminal: what they say, what they do, how they end."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.apps import apps
from django.db import connection as database

from audit.engine import desk
from audit.engine.lease import acquire
from audit.management.terminal import WIDTH, shown_width
from audit.models import Event, PollRun, Posting, Report
from audit.states import State
from connectors.clock import database_now
from connectors.models import Channel, LedgerConnection
from connectors.sandbox.month import cases, story
from mappings import services as mapping
from mappings.models import Flow
from tests.audit import town as towns
from tests.audit.rows import a_connection, a_flow, a_posting, a_report
from tests.audit.terminal import run

pytestmark = pytest.mark.django_db
STORY = story()


def rows_of_everything() -> dict[str, int]:
    return {model._meta.label: model._base_manager.count() for model in apps.get_models()}


# --- poll ----------------------------------------------------------------------------------------


def test_poll_reads_what_is_due_and_says_what_it_found(big_town):
    said = run("poll")
    poll = PollRun.objects.get()
    assert said.code == 0
    assert re.search(rf"Found +{poll.found}\b", said.text)
    assert re.search(r"Not taken +4\b", said.text)
    assert "2 not taken: The report was approved before the flow's start." in said.text
    assert re.search(r"Total +14,669\.94 USD", said.text)
    assert said.closing.startswith(f"1 flow read, 0 failed, 0 not due: {poll.found} found")


def test_poll_prepares_what_it_read(town):
    run("poll")
    assert Posting.objects.filter(state=State.READY).count() == towns.POSTED_OF_SOME
    assert not Report.objects.filter(is_due=True).exists()


def test_poll_leaves_a_flow_that_is_not_due_alone_and_says_when_it_is(town):
    run("poll")
    again = run("poll")
    assert PollRun.objects.count() == 1
    assert "Not read: not due before" in again.text
    assert again.code == 0
    assert run("poll", "--now").closing.startswith("1 flow read")


def test_poll_leaves_a_paused_flow_alone_even_now(town):
    Flow.objects.update(is_paused=True)
    assert "this flow is paused" in run("poll", "--now").text
    assert not PollRun.objects.exists()


def test_a_poll_that_somebody_else_is_making_is_left_to_them(town):
    now, due_at = database_now(), Flow.objects.get().due_at
    PollRun.objects.create(
        flow=town.flow, due_at=due_at, owner="x", until=now + timedelta(minutes=5), started_at=now
    )
    said = run("poll")
    assert "somebody else is reading it" in said.text
    assert (said.code, Report.objects.exists()) == (0, False)


def test_a_failed_poll_says_why_and_what_to_do(town):
    town.sandbox.control("expensify", "faults", {"kind": "unavailable", "times": 50})
    said = run("poll")
    assert said.code == 1
    assert "1 failed" in said.closing
    problem = PollRun.objects.get().problem
    assert problem["cure"] in " ".join(said.text.split())


def test_poll_of_a_flow_without_a_company_reads_and_says_to_connect(town):
    LedgerConnection.objects.update(company_id="")
    said = run("poll")
    assert "is not connected to a company yet" in " ".join(said.text.split())
    assert said.code == 1
    assert Report.objects.exists() and not Posting.objects.exists()


def test_poll_for_machines_is_one_document_with_amounts_as_text(big_town):
    told = run("poll", "--json").json()
    (flow,) = told["flows"]
    assert (flow["status"], flow["totals"]) == ("done", {"USD": "14669.94"})
    assert flow["not_taken"] == {"excluded.before_start": 2, "nothing_taken": 1, "zero": 1}
    assert told["needs_person"] is False


# --- post ----------------------------------------------------------------------------------------


def test_post_sends_everything_that_is_due_and_shows_what_is_held_with_its_cure(big_town):
    run("poll")
    said = run("post")
    posted = Posting.objects.filter(state=State.POSTED).count()
    assert posted == len(big_town.ours()) > 20
    assert f"{posted} posted" in said.closing
    assert "Category “Team events”: 3 reports, 1,395.10 USD" in said.text
    assert "> Choose an account." in said.text
    assert said.code == 1


def test_post_with_nothing_to_do_says_so_and_calls_nobody(town):
    town.sandbox.control("quickbooks_online", "requests", method="DELETE")
    said = run("post")
    assert "Nothing was due." in said.text
    assert said.code == 0
    assert town.sandbox.control("quickbooks_online", "requests") == []


def test_post_prepares_what_cron_has_nobody_else_to_prepare(town):
    run("poll")
    run("post")
    mapping.save_rule(
        flow=town.flow, category="Team events", account=towns.account(town.flow, "6130")
    )
    Report.objects.filter(standing="held").update(is_due=True)
    before = len(town.ours())
    assert run("post", "--json").json()["connections"][0]["prepared"] == 4
    assert len(town.ours()) == before + 3


def test_post_stops_at_a_held_channel_and_says_why(town):
    run("poll")
    Channel.objects.update(
        breaker_until=database_now() + timedelta(minutes=5), breaker_reason="QuickBooks is down"
    )
    said = run("post")
    assert "Stopped: QuickBooks is down" in said.text
    assert said.code == 1
    assert not town.ours()


def test_post_ends_when_reports_cannot_be_read_again(town):
    run("poll")
    Report.objects.update(read_at="2026-10-01T00:00:00+00:00")
    town.sandbox.control("expensify", "faults", {"kind": "unavailable", "times": 50})
    said = run("post")
    assert "could not be read again before posting" in said.text
    assert said.code == 1
    assert not town.ours()


def test_post_beside_another_writer_leaves_the_work_to_it(town):
    run("poll")
    lease = acquire(town.connection.pk)
    said = run("post")
    assert "Stopped: another writer is at work" in said.text
    lease.release()
    assert not town.ours()
    Posting.objects.exclude(state=State.READY).update(state=State.IGNORED)
    acquire(town.connection.pk)
    assert run("post").code == 0


def test_a_ledger_that_is_not_installed_does_not_keep_the_others_waiting(town):
    run("poll")
    stranger = a_connection(name="A stranger", ledger="abacus", company_id="7")
    a_posting(a_report(a_flow(stranger), read_at=database_now()))
    said = run("post")
    assert "Stopped: 'abacus' is not a ledger of this installation" in said.text
    assert said.code == 1
    assert len(town.ours()) == towns.POSTED_OF_SOME


def test_ctrl_c_ends_a_command_without_forty_frames(monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("audit.doctor.pending_migrations", interrupted)
    assert run("doctor").code == 130


def test_post_for_one_connection_leaves_the_others(town):
    run("poll")
    run("post", "--connection", "acme us")
    assert town.ours()
    told = run("post", "--connection", str(town.connection.pk), "--json").json()
    assert [one["connection"] for one in told["connections"]] == ["Acme US"]
    assert told["connections"][0]["states"]["quarantined"]["count"] == 4


# --- dry run -------------------------------------------------------------------------------------


def test_a_dry_run_shows_the_document_line_by_line(town):
    run("poll")
    text = run("dry_run", "--report", STORY[cases.REVISED]).text
    assert f"Bill {STORY[cases.REVISED]}-" in text
    assert ", 9 Oct 2026, Ben Ito, 412.60 USD: would be posted" in text
    assert re.search(r"6110 Hotels +286\.40 +Class: Consulting", text)
    assert re.search(r"2000 Accounts Payable \(A/P\) +412\.60 +Ben Ito", text)
    assert re.search(r"Sum +412\.60 +412\.60 +USD", text)


def test_a_dry_run_writes_nothing_at_all(town):
    run("poll")
    before, statements = rows_of_everything(), []

    def noted(execute, sql, params, many, context):
        statements.append(sql.lstrip("( ").split(None, 1)[0].upper())
        return execute(sql, params, many, context)

    town.sandbox.control("quickbooks_online", "requests", method="DELETE")
    with database.execute_wrapper(noted):
        said = run("dry_run", "--flow", town.flow.name)
    assert said.closing.endswith("Nothing was written.")
    assert set(statements) == {"SELECT"}
    assert rows_of_everything() == before
    assert town.sandbox.control("quickbooks_online", "requests") == []


def test_a_dry_run_of_a_flow_tells_of_every_report_and_counts_them(big_town):
    run("poll")
    said = run("dry_run", "--flow", str(big_town.flow.pk))
    assert all(report.report_id in said.text for report in Report.objects.all())
    assert said.closing == (
        "38 reports: 4 not taken, 8 to hold, 26 to post or change. Nothing was written."
    )
    assert said.code == 1


def test_a_dry_run_for_machines_has_the_entry_the_payload_and_the_problems(town):
    run("poll")
    told = run("dry_run", "--flow", town.flow.name, "--json").json()
    by_id = {one["report"]: one for one in told["reports"]}
    (document,) = by_id[STORY[cases.REVISED]]["documents"]
    assert document["would"] == "post"
    assert sum(Decimal(line["amount"]) for line in document["entry"]["lines"]) == 0
    assert STORY[cases.REVISED] in document["payload"]
    held = [
        one for one in told["reports"] if one["documents"] and not one["documents"][0]["number"]
    ]
    assert all(one["documents"][0]["problems"] for one in held)


# --- replay --------------------------------------------------------------------------------------


def test_replay_of_a_cause_lets_its_reports_go_once_it_is_cured(town):
    run("poll")
    mapping.save_rule(
        flow=town.flow, category="Team events", account=towns.account(town.flow, "6130")
    )
    said = run("replay", "--held", "--subject", "category:Team events")
    assert said.closing.startswith("3 reports replayed: 3 waiting to post (1,395.10 USD), 0 still")
    assert said.code == 0
    assert Event.objects.filter(kind="report.replayed", actor__contains="terminal").count() == 3


@pytest.mark.parametrize(
    "named", ["category:Team events", "Category “Team events”", 'category "TEAM EVENTS"']
)
def test_a_cause_is_known_by_its_subject_and_by_its_title(town, named):
    run("poll")
    assert run("replay", "--held", "--subject", named).closing.startswith("3 reports replayed")


def test_replay_of_a_report_that_is_still_held_shows_its_cure(town):
    run("poll")
    report = Report.objects.filter(standing="held", postings__subject="category:Team events")[0]
    said = run("replay", report.report_id)
    assert "Held: needs you" in said.text and "> Choose an account." in said.text
    assert said.code == 1


def test_replay_of_all_that_is_held_when_nothing_is_says_so(town):
    assert run("replay", "--held").closing.startswith("0 reports replayed")


# --- reverse -------------------------------------------------------------------------------------


@pytest.fixture
def posted(town):
    run("poll")
    run("post")
    return Posting.objects.filter(report__report_id=STORY[cases.REVISED]).get()


def test_reverse_shows_what_it_takes_back_and_enters_it_with_the_reason(posted, town):
    said = run("reverse", "--report", posted.report.report_id, "--yes", "--reason", "wrong month")
    assert posted.number in said.text and "412.60 USD" in said.text
    assert said.closing == "1 document being reversed, 0 left alone."
    cancel = Posting.objects.get(op="cancel")
    assert (cancel.note, cancel.replaces) == ("wrong month", posted)
    run("post")
    assert posted.number not in [document["number"] for document in town.ours()]


@pytest.mark.parametrize(("answer", "cancels"), [("y", 1), ("yes", 1), ("n", 0), ("", 0)])
def test_reverse_asks_first_and_takes_only_a_yes(posted, monkeypatch, answer, cancels):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    asked = []
    monkeypatch.setattr("builtins.input", lambda text: asked.append(text) or answer)
    said = run("reverse", "--report", posted.report.report_id)
    assert asked == ["Take back 1 document (412.60 USD)? [y/N] "]
    assert Posting.objects.filter(op="cancel").count() == cancels
    assert said.code == (0 if cancels else 1)


def test_reverse_without_anybody_to_ask_is_a_wrong_call(posted):
    said = run("reverse", "--report", posted.report.report_id)
    assert (said.code, "--yes" in said.text) == (2, True)
    assert not Posting.objects.filter(op="cancel").exists()


def test_reverse_leaves_a_document_alone_while_a_change_of_it_is_under_way():
    report = a_report(a_flow())
    live = a_posting(report, State.POSTED)
    a_posting(report, State.SENDING, op="amend", sequence=2, replaces=live)
    said = run("reverse", "--report", report.report_id, "--yes")
    assert desk.UNDER_WAY in " ".join(said.text.split())
    assert (said.closing, said.code) == ("0 documents being reversed, 1 left alone.", 1)


def test_reverse_of_what_was_never_posted_changes_nothing():
    report = a_report(a_flow())
    a_posting(report, State.READY)
    said = run("reverse", "--report", report.report_id, "--yes")
    assert said.closing.startswith("No document of ours stands")
    assert said.code == 1
    assert Posting.objects.count() == 1


@pytest.mark.parametrize("command", ["poll", "post"])
def test_an_empty_installation_is_told_where_to_begin(command):
    said = run(command)
    assert "add one in the admin" in said.text
    assert said.code == 0


# --- all of them ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("poll", "--flow", "nobody"), "There is no flow 'nobody'"),
        (("dry_run", "--flow", "77"), "There is no flow '77'"),
        (("dry_run", "--report", "R00nobody"), "Not in the book: R00nobody"),
        (("post", "--connection", "nobody"), "There is no ledger connection 'nobody'"),
        (("replay", "R00nobody"), "Not in the book: R00nobody"),
        (("replay",), "Name reports"),
        (("replay", "R00nobody", "--held"), "Name reports"),
        (("replay", "--held", "--subject", "nobody"), "Nothing is held"),
        (("replay", "R00nobody", "--subject", "x"), "--subject goes with --held"),
        (("reverse", "--report", "R00nobody", "--yes"), "Not in the book: R00nobody"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, tuple) else "",
)
def test_a_wrong_call_says_what_there_is_and_ends_with_2(words, hint):
    said = run(*words)
    assert said.code == 2
    assert hint in said.text


def test_every_line_fits_a_hundred_columns(town):
    said = [run("poll"), run("dry_run", "--flow", town.flow.name), run("post"), run("doctor")]
    said += [run("replay", "--held"), run("reverse", "--report", STORY[cases.REVISED], "--yes")]
    long = [line for one in said for line in one.lines if shown_width(line) > WIDTH]
    assert long == []


def test_texts_from_expensify_cannot_steer_the_terminal(town):
    run("poll")
    Report.objects.update(name="\x1b[2Jgone", employee_name="Eve\x07\nTotal 0")
    said = run("dry_run", "--flow", town.flow.name)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", said.text)


@pytest.mark.parametrize("command", ["poll", "post"])
def test_the_help_says_that_cron_may_replace_the_cluster(command):
    from django.core.management import load_command_class

    help_ = load_command_class("audit", command).help
    assert "cron" in help_ and "replace the cluster" in help_
