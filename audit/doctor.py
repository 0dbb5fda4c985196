"""Is everything as it should be? Each question is asked of the work, not of processes: a worker
that runs and does nothing is as dead as none."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.core import checks
from django.db import DatabaseError, connection
from django.db.migrations.exceptions import InconsistentMigrationHistory
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, F, Min, Q, Sum
from django.db.models.functions import Coalesce, Greatest
from django_q.models import OrmQ, Schedule

from audit import attention, selectors, trail
from audit.models import PollRun, Posting, Report
from audit.nudge import TICK
from audit.pace import pace
from audit.states import DUE, NEEDS_PERSON, State
from connectors.clock import database_now
from connectors.contract.report import ReportStatus
from connectors.models import Credential
from connectors.registry import ledger_label
from mappings.models import Flow
from mappings.schedule import longest_pause
from mappings.terms import Mode
from mappings.texts import moment, money

TICK_LATE = timedelta(minutes=5)
WORK_LATE = timedelta(minutes=10)
DOUBT_LONG = timedelta(minutes=10)
RENEW_AHEAD = timedelta(days=14)
# Nudges that nobody takes: harmless, and a sign that no cluster runs.
MANY_NUDGES = 500
BREAKS_SHOWN = 5
CLUSTER = (
    "Start `python manage.py serve` (or `qcluster` alone), or let cron run `poll` and `post` every "
    "few minutes."
)


class Verdict(StrEnum):
    """How a check came out. `look` waits for a person, `wrong` keeps reports from being posted
    or proved."""

    OK = "ok"
    LOOK = "look"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, how it is, and the cure ("" where all is well)."""

    name: str
    verdict: Verdict
    text: str
    cure: str = ""


def _ok(name: str, text: str) -> Finding:
    return Finding(name, Verdict.OK, text)


def _look(name: str, text: str, cure: str) -> Finding:
    return Finding(name, Verdict.LOOK, text, cure)


def _wrong(name: str, text: str, cure: str) -> Finding:
    return Finding(name, Verdict.WRONG, text, cure)


def examine(*, is_quick: bool = False) -> list[Finding]:
    """Every check, in the order in which to read them. Writes nothing and calls no vendor.

    `is_quick`, for a page, leaves out the trail, whose every event is read. Without a database
    that is reachable and migrated nothing else can be asked.
    """
    found = [*_settings(), *_database()]
    if any(one.name == "Database" and one.verdict is Verdict.WRONG for one in found):
        return found
    for check in CHECKS:
        if not (is_quick and check is _trail):
            found += check()
    return found


def pending_migrations() -> int:
    """How many migrations are not applied. Raises DatabaseError where nobody answers."""
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


# --- the ground ----------------------------------------------------------------------------------


def _settings() -> Iterator[Finding]:
    serious = [one for one in checks.run_checks() if one.level >= checks.WARNING]
    for one in serious:
        make = _wrong if one.level >= checks.ERROR else _look
        yield make("Settings", str(one.msg), str(one.hint or "Correct it in the settings."))
    if not serious:
        yield _ok("Settings", "complete")


def _database() -> Iterator[Finding]:
    try:
        waiting = pending_migrations()
    except InconsistentMigrationHistory as error:
        yield _wrong("Database", str(error), "Restore the database that fits this version.")
        return
    except DatabaseError as error:
        # The driver's first line: what follows may repeat the address with its password.
        said = str(error).strip().partition("\n")[0]
        yield _wrong("Database", f"not reachable: {said}", "Start it, or correct DATABASE_URL.")
        return
    if waiting:
        text = f"{waiting} migrations are not applied"
        yield _wrong("Database", text, "Run `python manage.py migrate`.")
        return
    yield _ok("Database", f"{connection.vendor}, migrated")
    if connection.vendor == "sqlite":
        yield from _sqlite()


def _sqlite() -> Iterator[Finding]:
    wanted = {"journal_mode": "wal", "foreign_keys": "1"}
    amiss = []
    with connection.cursor() as cursor:
        for name, content in wanted.items():
            cursor.execute(f"PRAGMA {name}")
            has = str(cursor.fetchone()[0])
            if has != content:
                amiss.append(f"{name} is {has} instead of {content}")
    options = connection.settings_dict.get("OPTIONS", {})
    if options.get("transaction_mode") != "IMMEDIATE":
        amiss.append("transactions do not begin IMMEDIATE")
    workers = settings.Q_CLUSTER.get("workers", 1)
    if workers > 2:
        amiss.append(f"the cluster has {workers} workers, and SQLite one writer")
    if amiss:
        yield _wrong(
            "SQLite",
            "; ".join(amiss),
            "Take config/settings.py as it is delivered, and a local disk: WAL needs one.",
        )
        return
    yield _ok("SQLite", f"WAL, IMMEDIATE, {workers} workers; run one cluster only")


# --- keys and sign-ins ---------------------------------------------------------------------------


def _keys() -> Iterator[Finding]:
    rows = list(Credential.objects.order_by("pk"))
    sealed = [str(row) for row in rows if row.is_sealed]
    if sealed:
        yield _wrong(
            "Keys",
            f"FERNET_KEYS opens {len(rows) - len(sealed)} of {len(rows)} secrets; sealed: "
            f"{', '.join(sealed)}",
            "Put the key that they were stored with back behind the first one, or enter the "
            "credentials again.",
        )
    else:
        yield _ok("Keys", f"FERNET_KEYS opens every stored secret ({len(rows)})")


def _sign_ins() -> Iterator[Finding]:
    now = database_now()
    rows = Credential.objects.select_related("ledger_connection", "expensify_account")
    for credential in rows.order_by("kind", "pk"):
        owner = getattr(credential, "ledger_connection", None) or getattr(
            credential, "expensify_account", None
        )
        if owner is None:
            continue
        name = f"Sign-in {owner}"
        again = (
            "Press Connect on its page."
            if hasattr(credential, "ledger_connection")
            else "Enter the partner credentials again."
        )
        if credential.state != Credential.State.WORKING:
            why = f": {credential.reason}" if credential.reason else ""
            yield _wrong(name, f"{credential.get_state_display()}{why}", again)
            continue
        end = min(
            filter(None, (credential.consent_ends_at, credential.refresh_expires_at)), default=None
        )
        if end is None or end > now + RENEW_AHEAD:
            yield _ok(name, f"working{f' until {_at(end)}' if end else ''}")
        elif end > now:
            yield _look(name, f"works until {_at(end)} only", again)
        else:
            yield _wrong(name, f"ended on {_at(end)}", again)


def _channels() -> Iterator[Finding]:
    for company in selectors.companies():
        name = f"Ledger {company.connection.name}"
        label = ledger_label(company.connection.ledger)
        if not company.connection.company_id or company.connection.credential_id is None:
            yield _look(name, f"not connected to {label} yet", "Press Connect on its page.")
        elif company.hold is not None:
            yield _look(
                name,
                f"nothing is sent before {_at(company.hold.until)}: {company.hold.why}",
                "It goes on by itself; Try again now on its page does not wait, nor does a Ping.",
            )
        elif company.connection.chart_as_of is None:
            yield _look(name, "its lists were never read", "Run `python manage.py pull_chart`.")
        else:
            text = f"open; {_count(company.waiting, 'report')} waiting to post"
            yield _ok(name, text)


# --- the work ------------------------------------------------------------------------------------


def _tick() -> Iterator[Finding]:
    now = database_now()
    tick = Schedule.objects.filter(func=TICK).first()
    # Polls since then were made by somebody else: cron, or a person.
    since = tick.next_run + TICK_LATE if tick else now - timedelta(days=1)
    if tick is not None and now <= since:
        yield _ok("Tick", f"every minute, next at {_at(tick.next_run)}")
    elif PollRun.objects.filter(started_at__gt=since).exists():
        yield _ok("Tick", "no cluster runs; polls are made without it")
    elif tick is None:
        yield _look("Tick", "the schedule of every minute is missing", CLUSTER)
    else:
        yield _look("Tick", f"should have run {_span(now - tick.next_run)} ago", CLUSTER)
    nudges = OrmQ.objects.count()
    if nudges > MANY_NUDGES:
        yield _look(
            "Tick",
            f"{nudges} nudges were never taken from the queue (harmless)",
            "Start the cluster for a minute, which empties it.",
        )


def _posting() -> Iterator[Finding]:
    """The queue judged by what it should have sent."""
    now = database_now()
    due = (
        Posting.objects.filter(
            state__in=DUE, flow__mode__in=[Mode.LIVE.value, Mode.TEST.value], flow__is_paused=False
        )
        .filter(Q(due_at__isnull=True) | Q(due_at__lte=now))
        .exclude(connection__channel__breaker_until__gt=now)
        .exclude(connection__channel__not_before__gt=now)
    )
    since = Greatest("state_at", Coalesce("due_at", F("state_at")))
    said = due.aggregate(oldest=Min(since), count=Count("pk"))
    if said["oldest"] is None:
        yield _ok("Posting", "nothing is due")
        return
    late = now - said["oldest"]
    text = f"{_count(said['count'], 'document')} due, the oldest for {_span(late)}"
    yield _wrong("Posting", text, CLUSTER) if late > WORK_LATE else _ok("Posting", text)


def _polls() -> Iterator[Finding]:
    now = database_now()
    reading = set(
        PollRun.objects.filter(status=PollRun.Status.RUNNING, until__gt=now).values_list(
            "flow_id", flat=True
        )
    )
    flows = selectors.flows()
    if not flows:
        yield _look("Poll", "there is no flow yet", "Add one in the admin.")
    for flow in flows:
        name, last = f"Poll {flow.name}", flow.last_poll
        if flow.is_paused:
            yield _ok(name, "paused")
        elif flow.pk in reading:
            yield _ok(name, "reading at this moment")
        elif flow.is_used_up:
            yield _look(name, "no further run: every date has passed", "Add dates to the flow.")
        elif flow.due_at is None:
            yield _look(name, "never due", "Press Poll now on the flow's page.")
        elif now - flow.due_at > WORK_LATE:
            yield _wrong(name, f"due since {_at(flow.due_at)}", CLUSTER)
        elif last is not None and last.status == PollRun.Status.FAILED:
            problem = last.problem or {}
            yield _wrong(
                name,
                f"the last one failed: {problem.get('message', 'no reason was recorded')}",
                problem.get("cure") or "Poll again.",
            )
        elif last is not None and last.unreadable:
            text = f"{_count(last.unreadable, 'report')} could not be read by the last one"
            yield _look(name, text, "The events name each with its reason.")
        else:
            read = f"last at {_at(last.started_at)}" if last else "not read yet"
            yield _ok(name, f"{read}, next at {_at(flow.due_at)}")


def _unread() -> Iterator[Finding]:
    """Reports that can still change and that nobody has read again for long."""
    now, found = database_now(), False
    final = [ReportStatus.REIMBURSED.value, ReportStatus.CLOSED.value]
    for flow in Flow.objects.filter(is_paused=False).order_by("name", "pk"):
        oldest_on = now - _read_at_least_every(flow)
        rows = Report.objects.filter(flow=flow, read_at__lt=oldest_on).exclude(status__in=final)
        said = rows.aggregate(count=Count("pk"), oldest=Min("read_at"))
        if said["count"]:
            found = True
            yield _look(
                f"Reports {flow.name}",
                f"{_count(said['count'], 'report')} not read again since {_at(said['oldest'])} or "
                "later: what changed in Expensify is not known",
                f"Run `python manage.py poll --now --flow {flow.pk}`.",
            )
    if not found:
        yield _ok("Reports", "every report that can change was read lately")


def _read_at_least_every(flow: Flow) -> timedelta:
    """Twice the pause that is normal for a known report, and never less than a day."""
    between = longest_pause(flow.timetable, database_now()) or timedelta(days=31)
    return max(timedelta(days=1), 2 * (pace().known_again + between))


# --- what waits for people -----------------------------------------------------------------------


def _held() -> Iterator[Finding]:
    rows = Posting.objects.filter(state__in=NEEDS_PERSON).order_by()
    found: dict[str, list[dict]] = {}
    for row in rows.values("state", "currency").annotate(
        count=Count("report", distinct=True), sum=Sum("total")
    ):
        found.setdefault(row["state"], []).append(row)
    cures = {
        State.QUARANTINED: "Open Needs you in the admin, or run `python manage.py post` for a "
        "list with cures.",
        State.FAILED: "Read the last refusal on the posting's page, cure it and replay.",
    }
    if unread := Report.objects.filter(standing=Report.Standing.UNREAD).count():
        yield _look(
            "Unreadable",
            f"{_count(unread, 'report')} could not be read and are asked for again at every poll",
            "Each report's page says what is wrong with it; correct it in Expensify.",
        )
    for state, cure in cures.items():
        label = state.label.partition(":")[0]
        if members := found.get(state):
            sums = ", ".join(
                money(total, code) for code, total in selectors.sums_of(members).items()
            )
            count = _count(sum(row["count"] for row in members), "report")
            yield _look(label, f"{count}{f' ({sums})' if sums else ''}", cure)
        else:
            yield _ok(label, "none")


def _attention() -> Iterator[Finding]:
    """What stands in the ledger and should perhaps not be there, or not be paid."""
    stranded = Report.objects.filter(attention.unapproved(database_now()))
    if count := stranded.count():
        yield _look(
            "Unapproved",
            f"{_count(count, 'report')} posted and no longer approved for three days or more",
            "Reports, filter Posted, not approved for 3 days: reverse them or have them approved.",
        )
    bills = attention.reimbursed_bills().count()
    if bills:
        yield _look(
            "Paid twice?",
            f"{_count(bills, 'open bill')} for reports that Expensify has reimbursed already",
            "Postings, filter Open, already reimbursed in Expensify: mark them paid in the ledger.",
        )


def _receipts() -> Iterator[Finding]:
    failed = attention.failed_receipts()
    said = failed.aggregate(files=Count("pk"), documents=Count("posting", distinct=True))
    if not said["files"]:
        yield _ok("Receipts", "none failed")
        return
    yield _look(
        "Receipts",
        f"{_count(said['files'], 'receipt')} could not be attached to "
        f"{_count(said['documents'], 'document')}",
        "Postings, filter Receipts, not attached: each page says why. Mend that, then press Try "
        "receipts again there.",
    )


def _doubt() -> Iterator[Finding]:
    now = database_now()
    rows = Posting.objects.filter(
        state__in=[State.IN_DOUBT, State.SENDING], state_at__lt=now - DOUBT_LONG
    )
    said = rows.aggregate(count=Count("pk"), oldest=Min("state_at"))
    if said["count"]:
        count = _count(said["count"], "document")
        yield _wrong(
            "In doubt",
            f"{count} sent and not yet found or missed, the oldest since {_at(said['oldest'])}",
            "Ping the ledger, then run `python manage.py post`, which looks them up. Nothing is "
            "sent again before that.",
        )
    else:
        yield _ok("In doubt", f"nothing for more than {_span(DOUBT_LONG)}")


def _trail() -> Iterator[Finding]:
    breaks = []
    for one in trail.verify():
        breaks.append(f"{one.chain} at {one.seq}: {one.what}")
        if len(breaks) == BREAKS_SHOWN:
            break
    if breaks:
        yield _wrong(
            "Trail",
            "; ".join(breaks),
            "Somebody changed the events in the database. Keep it as it is, compare it with a "
            "backup, and find out who.",
        )
    else:
        written = trail.Chain.objects.aggregate(chains=Count("pk"), events=Sum("seq"))
        text = f"{written['events'] or 0:,} events in {_count(written['chains'], 'chain')} verified"
        yield _ok("Trail", text)


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    _keys,
    _sign_ins,
    _channels,
    _tick,
    _polls,
    _posting,
    _doubt,
    _held,
    _attention,
    _receipts,
    _unread,
    _trail,
)


# --- words ---------------------------------------------------------------------------------------


def _at(when: datetime) -> str:
    return moment(when, settings.TIME_ZONE)


def _span(span: timedelta) -> str:
    """2 days, 3 hours, 12 minutes: the largest unit that fits."""
    seconds = int(span.total_seconds())
    for length, noun in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= length:
            return _count(seconds // length, noun)
    return "less than a minute"


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
