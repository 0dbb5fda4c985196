"""What holds a whole connection: for how long, who hears of it, and what opens it again."""

from datetime import timedelta

import pytest
from django.db import connections as databases
from django_q.models import OrmQ

from audit import receivers
from audit.engine import run
from audit.engine.lease import acquire, own_name
from audit.models import Event, Posting
from audit.pace import FAST, REAL, TORTURE
from connectors import oauth, services
from connectors.clock import database_now
from connectors.contract.problem import Problem
from connectors.contract.transport import (
    Blocked,
    ContractBroken,
    Throttled,
    Unauthorised,
    Unreachable,
)
from connectors.models import Channel, Credential
from tests.audit.rows import a_connection

pytestmark = pytest.mark.django_db
BLOCKED = Blocked(Problem("qbo.plan", "company", "The subscription has ended.", "Renew it."))
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)


@pytest.fixture
def books():
    credential = Credential.objects.create(
        kind="quickbooks_online", secret={"access_token": "access-1", "refresh_token": "refresh-1"}
    )
    return a_connection(credential=credential)


def refused(token: str = "access-1") -> Unauthorised:
    return Unauthorised("The token was refused", signed_by=oauth.signature(token))


def channel(books) -> Channel:
    return Channel.objects.get(connection=books)


def held_for(books) -> timedelta:
    """From now on; zero where nothing holds the channel."""
    now = database_now()
    return (run.held_until(channel(books), now) or now) - now


def events(books) -> list[str]:
    return list(
        Event.objects.filter(chain__connection=books).order_by("seq").values_list("kind", flat=True)
    )


# --- for how long --------------------------------------------------------------------------------


@pytest.mark.parametrize("after_s", [1, 901, 3600, 6 * 3600])
def test_a_vendor_that_says_when_to_come_back_is_not_asked_before(books, after_s):
    run.shut(books.pk, Throttled("Too many requests", after_s=after_s))
    assert held_for(books) == pytest.approx(after_s * SECOND, abs=SECOND)


def test_a_vendor_that_says_next_year_is_asked_after_a_day(books):
    run.shut(books.pk, Throttled("Too many requests", after_s=400 * 86400))
    assert held_for(books) == pytest.approx(REAL.throttled_at_most, abs=SECOND)


def test_a_shorter_hold_does_not_shorten_what_the_vendor_asked_for(books):
    """Two calls were in flight; the second one's connection broke."""
    run.shut(books.pk, Throttled("Too many requests", after_s=3600))
    run.shut(books.pk, Unreachable("HTTP 503"))
    run.shut(books.pk, Throttled("Too many requests", after_s=5))
    assert held_for(books) > 59 * MINUTE


@pytest.mark.parametrize("error", [refused(), BLOCKED], ids=["sign-in refused", "blocked"])
@pytest.mark.parametrize("name", ["real", "fast", "torture"])
def test_what_only_a_person_can_cure_is_tried_again_at_the_pace_of_the_settings(
    books, settings, name, error
):
    settings.PACE = name
    pace = {"real": REAL, "fast": FAST, "torture": TORTURE}[name]
    run.shut(books.pk, error)
    assert held_for(books) == pytest.approx(pace.person_pause, abs=SECOND)
    assert REAL.person_pause == 15 * MINUTE and FAST.person_pause == SECOND


def test_after_five_failures_in_a_row_the_channel_rests_for_two_minutes(books):
    for _ in range(REAL.breaker_failures - 1):
        run.shut(books.pk, Unreachable("HTTP 503"))
    assert channel(books).breaker_until is None
    run.shut(books.pk, Unreachable("HTTP 503"))
    assert held_for(books) == pytest.approx(2 * MINUTE, abs=SECOND)


def test_a_throttle_of_our_whole_app_holds_every_connection_to_that_ledger(books):
    sister, other = a_connection(), a_connection(ledger="xero")
    run.shut(books.pk, Throttled("Too many requests", after_s=60, scope="app"))
    assert held_for(books) > 50 * SECOND and held_for(sister) > 50 * SECOND
    assert run.is_shut(other.pk) == ""


# --- since when, and who hears of it -------------------------------------------------------------


def test_the_same_trouble_again_is_one_event_and_keeps_its_beginning(books):
    run.shut(books.pk, Unreachable("HTTP 503", request_id="1-a"))
    began = channel(books).held_since
    run.shut(books.pk, Unreachable("HTTP 503", request_id="1-b"))
    assert (channel(books).held_since, events(books)) == (began, ["channel.held"])
    assert "1-b" in channel(books).breaker_reason, "support asks for the newest request"
    run.shut(books.pk, ContractBroken("An answer that is not known"))
    assert events(books) == ["channel.held", "channel.held"]
    assert channel(books).held_since == began


def test_a_hold_that_nobody_met_for_half_an_hour_was_another_one(books):
    old = database_now() - 5 * HOUR
    Channel.objects.update(held_since=old, not_before=old, breaker_reason="HTTP 503")
    run.shut(books.pk, Unreachable("HTTP 503"))
    assert database_now() - channel(books).held_since < MINUTE


def test_a_good_answer_ends_everything_that_held_it(books):
    for _ in range(REAL.breaker_failures):
        run.shut(books.pk, Unreachable("HTTP 503"))
    run.reopen(books.pk)
    run.reopen(books.pk)
    found = channel(books)
    assert (found.breaker_failures, found.breaker_until, found.not_before) == (0, None, None)
    assert (found.held_since, found.breaker_reason) == (None, "")
    assert events(books) == ["channel.held", "channel.open"]


# --- a person ------------------------------------------------------------------------------------


def test_try_again_opens_the_channel_leaves_a_name_and_asks_for_a_tick(
    books, django_capture_on_commit_callbacks
):
    run.shut(books.pk, BLOCKED)
    OrmQ.objects.all().delete()
    with django_capture_on_commit_callbacks(execute=True):
        assert run.try_again(books.pk, "ann")
    assert run.is_shut(books.pk) == ""
    opened = Event.objects.get(kind="channel.opened")
    assert (opened.actor, opened.facts["why"]) == ("ann", str(BLOCKED))
    assert [row.func() for row in OrmQ.objects.all()] == ["audit.tasks.tick"]


def test_try_again_where_nothing_holds_it_writes_nothing(books):
    assert not run.try_again(books.pk, "ann")
    assert events(books) == []


@pytest.mark.parametrize("error", [BLOCKED, Throttled("Too many requests", after_s=3600)])
def test_a_test_of_the_connection_that_succeeds_opens_it_at_once(town, error):
    run.shut(town.connection.pk, error)
    services.test_connection(town.connection)
    assert run.is_shut(town.connection.pk) == ""
    assert events(town.connection)[-2:] == ["channel.open", "connection.working"]


def test_a_refused_sign_in_needs_a_person_and_a_renewed_one_opens_the_channel(books):
    run.shut(books.pk, refused())
    assert Credential.objects.get(pk=books.credential_id).state == "reconnect"
    assert events(books) == ["connection.needs_reconnect", "channel.held"]
    receivers.write_down(
        None, kind="connection.reconnected", subject={"connection_id": books.pk}, facts={}
    )
    assert run.is_shut(books.pk) == ""


def test_a_late_refusal_of_the_old_token_holds_nothing_after_a_person_connected_again(books):
    oauth.keep(books.credential, oauth.Tokens("access-2", "refresh-2", 3600))
    run.shut(books.pk, refused("access-1"))
    assert Credential.objects.get(pk=books.credential_id).state == "working"
    assert (run.is_shut(books.pk), events(books)) == ("", [])


# --- many calls, one refused token ---------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_calls_that_meet_the_same_expired_token_at_once_are_served_by_one_refresh(big_town):
    big_town.poll()
    Posting.objects.filter(state="ready").update(lost_calls=4)  # so that they go in small calls
    writes = {"path": "/batch?", "body": '"operation"', "method": "POST"}
    fault = {"kind": "unauthorized", "match": writes, "times": 3}
    big_town.sandbox.control("quickbooks_online", "faults", fault)
    big_town.drain()
    databases.close_all()
    asked = big_town.sandbox.control("quickbooks_online", "requests")
    assert len([one for one in asked if one["fault"] == "unauthorized"]) == 3
    assert len([one for one in asked if "/tokens/bearer" in one["path"]]) == 1
    assert len(big_town.ours()) == Posting.objects.filter(state="posted").count() > 20


def test_a_lease_that_another_took_at_once_is_not_ours(books):
    """It had run out before we saw its fence, and the fence is the other one's by then."""

    def another(execute, sql, *rest):
        if sql.startswith("SELECT"):
            Channel.objects.update(owner="another", fence=7)
        return execute(sql, *rest)

    with databases["default"].execute_wrapper(another):
        assert acquire(books.pk) is None


def test_two_workers_of_a_host_with_a_long_name_are_two(monkeypatch):
    monkeypatch.setattr("audit.engine.lease.socket.gethostname", lambda: "h" * 64)
    names = {own_name(), own_name()}
    assert len(names) == 2
    assert all(len(name) <= 64 for name in names)
