"""The doctor: all is well on a working installation, and each thing that is amiss has its line."""

from datetime import timedelta

import pytest
from django.core import checks
from django.db import DatabaseError, OperationalError
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from audit import doctor
from audit.models import Chain, PollRun, Posting, Report
from audit.states import State
from audit.tasks import ensure_tick
from audit.trail import record
from connectors.models import Channel, Credential, LedgerConnection
from mappings.models import Flow
from tests.audit.rows import a_connection, a_flow, a_posting, a_report
from tests.audit.terminal import run

pytestmark = pytest.mark.django_db
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture
def flow():
    """A flow on which everything is as it should be."""
    ensure_tick()
    credential = Credential.objects.create(
        kind="quickbooks_online", secret={"refresh_token": "kept"}
    )
    connection = a_connection(credential=credential, chart_as_of=timezone.now())
    flow = a_flow(connection)
    PollRun.objects.create(
        flow=flow,
        due_at=timezone.now() - MINUTE,
        status="done",
        owner="x",
        until=timezone.now(),
        started_at=timezone.now(),
        finished_at=timezone.now(),
    )
    record("poll.done", connection_id=connection.pk)
    Flow.objects.update(due_at=timezone.now() + MINUTE)
    return flow


def amiss() -> list[doctor.Finding]:
    return [one for one in doctor.examine() if one.verdict is not doctor.Verdict.OK]


def test_a_working_installation_is_well(flow):
    assert amiss() == []
    said = run("doctor")
    assert said.code == 0
    assert said.closing.endswith("0 to look at, 0 wrong.")


def due_long_ago(flow):
    posting = a_posting(a_report(flow, read_at=timezone.now()))
    Posting.objects.filter(pk=posting.pk).update(state_at=timezone.now() - 20 * MINUTE)


def in_doubt_long(flow):
    posting = a_posting(a_report(flow, read_at=timezone.now()), State.IN_DOUBT)
    Posting.objects.filter(pk=posting.pk).update(
        state_at=timezone.now() - 11 * MINUTE, due_at=timezone.now() + DAY
    )


def tampered(flow):
    Chain.objects.update(seq=7)


def many_nudges(flow):
    OrmQ.objects.bulk_create([OrmQ(key="ml-connector") for _ in range(doctor.MANY_NUDGES + 1)])


def channel_held(flow):
    Channel.objects.update(
        breaker_until=timezone.now() + MINUTE, breaker_reason="QuickBooks is down"
    )


def with_credential(**columns):
    return lambda flow: Credential.objects.filter(kind="quickbooks_online").update(**columns)


def with_run(**columns):
    return lambda flow: PollRun.objects.update(**columns)


@pytest.mark.parametrize(
    ("spoil", "name", "verdict", "says"),
    [
        (
            lambda f: (
                Schedule.objects.all().delete(),
                PollRun.objects.update(started_at=timezone.now() - 2 * DAY),
            ),
            "Tick",
            "look",
            "is missing",
        ),
        (
            lambda f: (
                Schedule.objects.update(next_run=timezone.now() - 30 * MINUTE),
                PollRun.objects.update(started_at=timezone.now() - DAY),
            ),
            "Tick",
            "look",
            "should have run 30 minutes ago",
        ),
        (many_nudges, "Tick", "look", "501 nudges"),
        (with_credential(consent_ends_at=timezone.now() + 13 * DAY), "Sign-in", "look", "only"),
        (with_credential(refresh_expires_at=timezone.now() - DAY), "Sign-in", "wrong", "ended on"),
        (with_credential(state="reconnect", reason="gone"), "Sign-in", "wrong", "reconnecting: go"),
        (channel_held, "Ledger", "look", "QuickBooks is down"),
        (
            lambda f: LedgerConnection.objects.update(chart_as_of=None),
            "Ledger",
            "look",
            "lists were never read",
        ),
        (
            lambda f: LedgerConnection.objects.update(credential=None),
            "Ledger",
            "look",
            "not connected",
        ),
        (
            lambda f: Flow.objects.update(due_at=timezone.now() - 11 * MINUTE),
            "Poll",
            "wrong",
            "due since",
        ),
        (
            with_run(status="failed", problem={"message": "Refused.", "cure": "Ask."}),
            "Poll",
            "wrong",
            "failed: Refused.",
        ),
        (with_run(unreadable=2), "Poll", "look", "2 reports could not be read"),
        (lambda f: Flow.objects.update(due_at=None), "Poll", "look", "never due"),
        (due_long_ago, "Posting", "wrong", "1 document due, the oldest for 20 minutes"),
        (in_doubt_long, "In doubt", "wrong", "1 document sent and not yet found"),
        (
            lambda f: a_posting(a_report(f, read_at=timezone.now()), State.QUARANTINED),
            "Held",
            "look",
            "1 report (412.60 USD)",
        ),
        (
            lambda f: a_posting(a_report(f, read_at=timezone.now()), State.FAILED),
            "Failed",
            "look",
            "1 report (412.60 USD)",
        ),
        (
            lambda f: a_report(f, read_at=timezone.now() - 3 * DAY),
            "Reports",
            "look",
            "1 report not read again",
        ),
        (tampered, "Trail", "wrong", "the newest events are gone"),
    ],
    ids=lambda case: case if isinstance(case, str) and " " in case else "",
)
def test_what_is_amiss_has_one_line_with_its_cure(flow, spoil, name, verdict, says):
    spoil(flow)
    (found,) = amiss()
    assert found.name.startswith(name)
    assert (found.verdict.value, says in found.text, bool(found.cure)) == (verdict, True, True)
    said = run("doctor")
    assert said.code == 1
    assert f"{verdict:5}  {found.name}" in said.text


@pytest.mark.parametrize(
    "arrange",
    [
        lambda flow: Flow.objects.update(mode="dry_run"),
        lambda flow: Flow.objects.update(is_paused=True),
        lambda flow: Posting.objects.update(due_at=timezone.now() + MINUTE),
        lambda flow: Posting.objects.update(due_at=timezone.now() - MINUTE),
    ],
    ids=["dry run", "paused", "due later", "due a minute ago"],
)
def test_what_nobody_should_have_sent_is_no_sign_of_a_dead_queue(flow, arrange):
    due_long_ago(flow)
    arrange(flow)
    assert amiss() == []


def test_a_held_channel_is_told_once_and_not_as_a_dead_queue(flow):
    due_long_ago(flow)
    channel_held(flow)
    assert [one.name.partition(" ")[0] for one in amiss()] == ["Ledger"]


@pytest.mark.parametrize(
    "arrange",
    [
        lambda: Schedule.objects.update(next_run=timezone.now() - DAY),
        lambda: Schedule.objects.all().delete(),
    ],
    ids=["the cluster was stopped", "there never was one"],
)
def test_cron_in_place_of_the_cluster_is_well(flow, arrange):
    arrange()
    assert amiss() == []


def test_a_poll_that_is_reading_is_not_late(flow):
    PollRun.objects.update(status="running", until=timezone.now() + MINUTE)
    Flow.objects.update(due_at=timezone.now() - 20 * MINUTE)
    assert amiss() == []


@pytest.mark.parametrize(
    ("columns", "read_ago", "is_told"),
    [
        ({}, 20 * 60 * MINUTE, False),
        ({"schedule": "weekly"}, 10 * DAY, False),
        ({"schedule": "weekly"}, 16 * DAY, True),
    ],
    ids=["within a day", "weekly, ten days", "weekly, sixteen days"],
)
def test_how_long_a_report_may_go_unread_follows_the_schedule(flow, columns, read_ago, is_told):
    if columns:
        Flow.objects.update(**columns)
    a_report(flow, read_at=timezone.now() - read_ago)
    assert bool(amiss()) == is_told


@pytest.mark.parametrize("status", ["reimbursed", "closed"])
def test_settled_reports_are_not_missed(flow, status):
    a_report(flow, status=status, read_at=timezone.now() - 90 * DAY)
    assert amiss() == []


def test_a_secret_that_no_key_opens_is_named_and_never_shown(flow, settings):
    settings.FERNET_KEYS = ["another key that has never encrypted anything at all"]
    found = next(one for one in amiss() if one.name == "Keys")
    assert found.verdict is doctor.Verdict.WRONG
    assert "quickbooks_online credential" in found.text
    assert "kept" not in run("doctor").text


def test_without_a_database_the_rest_is_not_asked(monkeypatch):
    def fails(*_):
        raise OperationalError("connection refused\npostgres://books:secret@host/name")

    monkeypatch.setattr(doctor, "pending_migrations", fails)
    said = run("doctor")
    assert said.code == 1
    assert "not reachable: connection refused" in said.text
    assert "secret" not in said.text and "Trail" not in said.text
    assert issubclass(OperationalError, DatabaseError)


def test_migrations_that_are_not_applied_are_counted(monkeypatch):
    monkeypatch.setattr(doctor, "pending_migrations", lambda: 3)
    assert [one.text for one in amiss()] == ["3 migrations are not applied"]


@pytest.mark.sqlite
def test_sqlite_without_its_settings_is_wrong(flow, settings):
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "workers": 8}
    from django.db import connection

    connection.settings_dict["OPTIONS"]["transaction_mode"] = "DEFERRED"
    try:
        found = next(one for one in amiss() if one.name == "SQLite")
    finally:
        connection.settings_dict["OPTIONS"]["transaction_mode"] = "IMMEDIATE"
    assert "do not begin IMMEDIATE" in found.text
    assert "8 workers" in found.text


def test_wrong_settings_are_a_line_and_not_a_refusal(flow, monkeypatch):
    wrong = checks.Error("FERNET_KEYS is empty.", hint="Put a key there.", id="config.E001")
    monkeypatch.setattr(checks, "run_checks", lambda: [wrong])
    (found,) = amiss()
    assert (found.text, found.cure) == ("FERNET_KEYS is empty.", "Put a key there.")


def test_the_doctor_writes_nothing(flow):
    from django.db import connection

    statements = set()

    def noted(execute, sql, params, many, context):
        statements.add(sql.split(None, 1)[0].upper())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(noted):
        run("doctor", "--json")
    assert statements <= {"SELECT", "PRAGMA"}


def test_a_page_may_leave_the_trail_out(flow):
    tampered(flow)
    assert all(one.verdict is doctor.Verdict.OK for one in doctor.examine(is_quick=True))


def test_for_machines_each_check_has_a_verdict(flow):
    told = run("doctor", "--json").json()
    assert {one["verdict"] for one in told["checks"]} == {"ok"}
    assert told["counts"]["ok"] == len(told["checks"])
    assert Report.objects.count() == 0
