"""Each guard on its own: a scene in which it alone stands between us and a double or a loss.

Every scene is played twice: as it is, and with the guard taken away, when it must go wrong. Were
it to go right then, the guard would be decoration, or the scene would prove nothing.
"""

import threading
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connections, transaction
from django.db import connection as database

from audit.engine import drain, lease, prepare
from audit.engine import run as runs
from audit.engine.lease import ChannelLease
from audit.models import Posting, Report
from audit.states import State
from connectors import oauth
from connectors.clock import database_now
from connectors.contract.transport import Unauthorised, Unreachable
from connectors.guard import TransactionOpen
from connectors.models import Channel, Credential
from connectors.token_endpoint import GrantRefused, Tokens
from tests.audit import fake_ledger
from tests.audit.village import Village, settle_in

# Workers are threads here, with database connections of their own.
pytestmark = pytest.mark.django_db(transaction=True)

with_and_without = pytest.mark.parametrize(
    "guard", [True, False], ids=["with the guard", "without it"]
)


@pytest.fixture
def village(settings, monkeypatch) -> Village:
    """Its ledger runs a repeated request again: what keeps us from doubles is ours."""
    forgetful = replace(fake_ledger.ABILITIES, resend_window=timedelta(0))
    return settle_in(settings, monkeypatch, abilities=forgetful, remembers=False)


def one_bill(village: Village) -> str:
    report_id = village.expensify.file({"Airfare": 10000})
    village.poll()
    return report_id


def a_second_ago() -> datetime:
    return datetime.now(UTC) - timedelta(seconds=1)


def doubt_is_due() -> None:
    """The visibility delay has passed, and the lease has not."""
    Posting.objects.filter(state=State.IN_DOUBT).update(due_at=a_second_ago())


def lease_runs_out() -> None:
    Channel.objects.filter(until__isnull=False).update(until=a_second_ago())


def once(village: Village, deed) -> None:
    """Do `deed` while the first call is on its way, on the thread that carries it."""
    done: list[int] = []

    def before(call) -> None:
        if not done:
            done.append(1)
            deed()
            connections.close_all()

    village.books.before = before


# --- one writer ----------------------------------------------------------------------------------


@with_and_without
def test_the_lease_keeps_a_second_worker_from_looking_up_a_bill_that_is_still_on_its_way(
    village, monkeypatch, guard
):
    """It would take the bill for lost with its sender, not find it, and send it again."""
    report_id = one_bill(village)
    if not guard:
        monkeypatch.setattr(drain, "acquire", acquired_by_anybody)

    def a_second_worker_comes() -> None:
        drain.drain(village.connection.pk)
        doubt_is_due()
        drain.drain(village.connection.pk)

    once(village, a_second_worker_comes)
    village.drain()
    village.come_to_rest()
    assert len(village.standing(report_id)) == (1 if guard else 2)


def acquired_by_anybody(connection_id: int) -> ChannelLease | None:
    lease_runs_out()
    return lease.acquire(connection_id)


@with_and_without
def test_the_fence_keeps_an_old_answer_from_being_written_over_a_new_call(
    village, monkeypatch, guard
):
    """The first worker's call was slow, its lease ran out, a second one looked the bill up and
    sent it again; only then the first one learns that its own call was refused unread."""
    report_id = one_bill(village)
    if not guard:
        monkeypatch.setattr(ChannelLease, "confirm", lambda held: database_now())
        monkeypatch.setattr(ChannelLease, "renew", lambda held: None)
    village.books.orders.extend(["throttle", "late"])
    second_sends, first_has_settled = threading.Event(), threading.Event()
    workers: list[threading.Thread] = []

    def work() -> None:
        with suppress(IntegrityError):  # what the first one writes may get in its way
            drain.drain(village.connection.pk)
        connections.close_all()

    def before(call) -> None:
        if workers:  # the second worker's call: it stays on its way for a while
            second_sends.set()
            first_has_settled.wait(10)
            return
        lease_runs_out()
        drain.drain(village.connection.pk)  # takes over; the visibility delay begins
        doubt_is_due()
        connections.close_all()
        workers.append(threading.Thread(target=work))
        workers[0].start()
        second_sends.wait(10)

    village.books.before = before
    village.drain()
    first_has_settled.set()
    workers[0].join(10)
    village.books.before = lambda call: None
    lease_runs_out()
    Channel.objects.update(not_before=None)
    village.drain()  # a third worker, while the second one's call is not to be seen yet
    village.come_to_rest()
    assert len(village.standing(report_id)) == (1 if guard else 2)


# --- what is written down first ------------------------------------------------------------------


@with_and_without
def test_the_committed_intent_makes_the_next_worker_wait_until_a_late_bill_can_be_seen(
    village, monkeypatch, guard
):
    """Killed while the call is on its way, which the ledger carries out a little later."""
    report_id = one_bill(village)
    if not guard:
        monkeypatch.setattr(drain, "_intend", unrecorded(drain._intend))
    village.books.orders.append("late")
    village.deadly["drain.answered"] = 1
    village.drain()
    lease_runs_out()
    if guard:
        village.drain()  # the next worker
        village.come_to_rest()
        assert len(village.standing(report_id)) == 1
        return
    with suppress(DatabaseError):  # its answer has no row to be written to
        village.drain()
    village.books.late_calls_arrive()
    assert len(village.standing(report_id)) == 2


def unrecorded(intend):
    class TakenBack(Exception):
        pass

    def intended(run, outgoing):
        calls = []
        with suppress(TakenBack), transaction.atomic():
            calls = intend(run, outgoing)
            raise TakenBack
        return calls

    return intended


@with_and_without
def test_the_look_up_before_the_first_post_finds_what_a_restored_database_has_forgotten(
    village, monkeypatch, guard
):
    report_id = one_bill(village)
    village.come_to_rest()
    Posting.objects.update(
        state=State.READY, call=None, document_id="", document_version="", stored=None
    )
    if not guard:
        monkeypatch.setattr(drain, "_not_there_yet", lambda run, wave, found: list(wave))
    village.come_to_rest()
    assert len(village.standing(report_id)) == (1 if guard else 2)


# --- the database's own word ---------------------------------------------------------------------


@with_and_without
def test_the_unique_constraints_refuse_a_second_intent_for_the_same_slice(
    village, monkeypatch, guard
):
    """A preparer with an old view of the history, while the first bill is about to arrive late."""
    report_id = one_bill(village)
    village.books.orders.append("late")
    village.drain()
    Report.objects.update(is_due=True)

    def prepare_blindly() -> None:
        with monkeypatch.context() as blind:
            blind.setattr(prepare, "_history", lambda ids: {pk: {} for pk in ids})
            village.prepare()

    if guard:
        with pytest.raises(IntegrityError):
            prepare_blindly()
        village.drain()
        village.come_to_rest()
        assert len(village.standing(report_id)) == 1
        return
    with without_index("posting_one_open"):
        prepare_blindly()
        village.drain()
        village.books.late_calls_arrive()
        Posting.objects.filter(state=State.IN_DOUBT).update(state=State.SUPERSEDED)
    assert len(village.standing(report_id)) == 2


class without_index:
    """A partial unique index, gone for a while."""

    def __init__(self, name: str) -> None:
        self.constraint = next(one for one in Posting._meta.constraints if one.name == name)

    def __enter__(self) -> None:
        with database.cursor() as cursor:
            cursor.execute(f"DROP INDEX {self.constraint.name}")

    def __exit__(self, *_) -> None:
        with database.schema_editor() as editor:
            editor.execute(self.constraint.create_sql(Posting, editor))


# --- the wire ------------------------------------------------------------------------------------


@with_and_without
def test_the_transport_guard_lets_nothing_leave_that_could_be_rolled_back(
    village, monkeypatch, guard
):
    """A caller with a transaction of its own around the drain, which fails afterwards: the bill
    stands and nobody knows of it; when the report is withdrawn nobody will ask for it either."""
    report_id = one_bill(village)
    if not guard:
        for place in (runs, fake_ledger):
            monkeypatch.setattr(place, "no_open_transaction", lambda: None)

    def careless() -> None:
        with transaction.atomic():
            drain.drain(village.connection.pk)
            raise DatabaseError("something else in this transaction failed")

    with pytest.raises(TransactionOpen if guard else DatabaseError):
        careless()
    village.expensify.set_status(report_id, "Processing")
    village.work()
    assert village.report(report_id).standing == Report.Standing.WITHDRAWN
    assert len(village.standing(report_id)) == (0 if guard else 1)


# --- the sign-in ---------------------------------------------------------------------------------


class Endpoint:
    """Rotates with each use; a refresh token that is used twice ends the whole family, as strict
    vendors do. `meanwhile` runs between the rotation and its answer."""

    def __init__(self) -> None:
        self.current, self.is_revoked, self.uses = "refresh-1", False, 0
        self.meanwhile = lambda: None

    def __call__(self, ledger: str, grant: dict[str, str]) -> Tokens | GrantRefused:
        if self.is_revoked or grant["refresh_token"] != self.current:
            self.is_revoked = True
            return GrantRefused("invalid_grant", "")
        self.uses += 1
        self.current = f"refresh-{self.uses + 1}"
        answer = Tokens(f"access-{self.uses + 1}", self.current, 3600, None, None)
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        return answer


@with_and_without
def test_the_credential_lock_keeps_two_callers_from_spending_one_refresh_token(monkeypatch, guard):
    """Without it the second use ends the consent: nothing is posted until a person reconnects."""
    endpoint = Endpoint()
    monkeypatch.setattr(oauth, "ask", endpoint)
    if not guard:
        monkeypatch.setattr(oauth, "_lock", locked_by_anybody)
    credential = Credential.objects.create(
        kind="quickbooks_online",
        secret={"access_token": "access-1", "refresh_token": "refresh-1"},
        expires_at=a_second_ago(),
    )

    def impatient(seconds: float) -> None:
        raise TimeoutError("another worker is renewing it")

    def second_caller() -> None:
        with suppress(TimeoutError, Unreachable):
            oauth.fresh_token(credential, sleep=impatient)

    endpoint.meanwhile = second_caller
    for _ in range(3):
        with suppress(Unreachable, Unauthorised):
            oauth.fresh_token(credential, sleep=impatient)
        # An hour later; a refusal is asked about once more after a minute.
        Credential.objects.update(expires_at=a_second_ago())
        Credential.objects.filter(refused_at__isnull=False).update(
            refused_at=datetime.now(UTC) - timedelta(seconds=61)
        )
    credential.refresh_from_db()
    assert credential.state == ("working" if guard else "reconnect")
    assert endpoint.is_revoked is not guard


def locked_by_anybody(row: Credential, owner: str, now: datetime) -> bool:
    until = now + timedelta(minutes=2)
    Credential.objects.filter(pk=row.pk).update(lock_owner=owner, lock_until=until)
    return True
