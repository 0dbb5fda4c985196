"""How long we wait: full jitter, doubling, capped; then hourly for a day; then a person."""

from datetime import timedelta

import pytest

from audit.pace import FAST, REAL, TORTURE, pace


@pytest.mark.parametrize(
    ("attempt", "bound_s"), [(1, 2), (2, 4), (5, 32), (9, 512), (10, 900), (40, 900)]
)
def test_a_wait_is_anywhere_below_a_bound_that_doubles_up_to_fifteen_minutes(attempt, bound_s):
    waits = [REAL.jittered(attempt).total_seconds() for _ in range(400)]
    assert 0 <= min(waits) < bound_s * 0.2
    assert bound_s * 0.8 < max(waits) <= bound_s


def test_after_the_quick_tries_one_an_hour_for_a_day_and_then_no_more():
    hourly = [REAL.retry_in(n) for n in range(REAL.retry_fast_attempts, 36)]
    assert hourly == [timedelta(hours=1)] * 24
    assert REAL.retry_in(36) is None


def test_the_shrunk_pace_never_reaches_a_second_by_itself():
    assert all(FAST.jittered(n) <= timedelta(seconds=0.5) for n in range(1, 60))


@pytest.mark.parametrize(("name", "found"), [("real", REAL), ("fast", FAST), ("torture", TORTURE)])
def test_the_settings_name_the_pace(settings, name, found):
    settings.PACE = name
    assert pace() is found


def test_where_workers_are_killed_nobody_waits_long_for_the_dead():
    assert TORTURE.lease == timedelta(seconds=2) and FAST.lease == REAL.lease
    assert TORTURE.retry_cap == FAST.retry_cap
