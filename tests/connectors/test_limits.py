"""Pacing: never more than the windows allow, whoever asks, and nobody holds a lock meanwhile."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connections, transaction

from connectors import limits
from connectors.clock import database_now
from connectors.guard import TransactionOpen, no_open_transaction
from connectors.models import PacedScope

WINDOWS = ((3, 10.0), (12, 60.0))


class Time:
    """A clock that only sleeping moves; sleeping outside a transaction is part of the contract."""

    def __init__(self) -> None:
        self.now = database_now()

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        no_open_transaction()
        self.now += timedelta(seconds=seconds)


@pytest.mark.django_db
def test_forty_requests_fit_into_both_windows_everywhere() -> None:
    time, sent = Time(), []
    for _ in range(40):
        limits.pace("expensify:1", WINDOWS, time, time.sleep)
        sent.append(time.now)
    for count, seconds in WINDOWS:
        for first, after in zip(sent, sent[count:], strict=False):
            assert after - first >= timedelta(seconds=seconds)
    # And no slower than they demand: 3 at once, the 13th after a minute, the 37th after three.
    assert [round((at - sent[0]).total_seconds()) for at in (sent[2], sent[12], sent[36])] == [
        0,
        60,
        180,
    ]


@pytest.mark.django_db
def test_scopes_do_not_wait_for_each_other() -> None:
    time = Time()
    for scope in ("expensify:1", "expensify:2"):
        assert sum(limits.pace(scope, WINDOWS, time, time.sleep) for _ in range(3)) == 0


@pytest.mark.django_db
def test_only_as_much_is_remembered_as_the_windows_need() -> None:
    time = Time()
    for _ in range(30):
        limits.pace("expensify:1", WINDOWS, time, time.sleep)
    assert len(PacedScope.objects.get(scope="expensify:1").recent) == 12


@pytest.mark.django_db
def test_without_windows_nobody_waits_and_nothing_is_kept() -> None:
    assert limits.pace("expensify:1", ()) == 0
    assert not PacedScope.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("windows", [((0, 10.0),), ((3, 0),)], ids=["no request", "no time"])
def test_windows_that_make_no_sense_are_refused(windows: Any) -> None:
    with pytest.raises(ValueError):
        limits.pace("expensify:1", windows)


@pytest.mark.django_db
def test_the_windows_are_careful_unless_settings_say_otherwise(settings: Any) -> None:
    assert limits.expensify_windows() == list(WINDOWS)
    settings.EXPENSIFY_LIMITS = [(5, 0.5)]
    assert limits.expensify_windows() == [(5, 0.5)]


@pytest.mark.django_db(transaction=True)
def test_many_threads_share_one_count() -> None:
    slots: list[int] = []

    def ask() -> None:
        try:
            # The places are what is counted; nobody has to wait for them here.
            slots.append(limits._reserved("expensify:1", WINDOWS, database_now))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    slots.sort()
    assert len(slots) == 8
    assert all(later - first >= 10_000 for first, later in zip(slots, slots[3:], strict=False))


@pytest.mark.django_db(transaction=True)
def test_waiting_inside_a_transaction_is_refused() -> None:
    with transaction.atomic(), pytest.raises(TransactionOpen):
        limits.pace("expensify:1", WINDOWS)
