"""We count what we send, so that the vendor never has to say "too many"."""

import threading

import pytest

from connectors import limits
from connectors.contract.abilities import Limit
from connectors.contract.transport import Request, Response
from connectors.metering import ANSWERED, UNDER_WAY, Meter, Metered

SECOND = Limit(3, 1.0)
BATCHES = Limit(2, 60.0, path="/batch")


class Time:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.lock = threading.Lock()

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self.lock:
            self.now += seconds


def a_meter(*kept: Limit, time: Time, recent=None) -> Meter:
    return Meter(kept, recent, time.clock, time.sleep)


def waited(meter: Meter, time: Time, path: str) -> float:
    """Seconds until a request may leave that nobody answers for now."""
    asked = time.now
    meter.take(path)
    return time.now - asked


def test_below_the_limit_nobody_waits():
    time = Time()
    meter = a_meter(SECOND, time=time)
    assert [waited(meter, time, "/x") for _ in range(3)] == [0, 0, 0]


def test_no_window_ever_holds_more_than_the_limit():
    time, sent = Time(), []
    meter = a_meter(SECOND, time=time)
    for _ in range(20):
        meter.take("/x")
        sent.append(time.now)
    for start in sent:
        assert len([at for at in sent if start <= at < start + 1.0]) <= 3
    assert sent[-1] - sent[0] == pytest.approx(6 * UNDER_WAY), "and no slower than that"


def test_a_limit_counts_only_the_requests_it_is_about():
    time = Time()
    meter = a_meter(BATCHES, time=time)
    for _ in range(10):
        meter.take("/v3/company/1/preferences")
    batch = "/v3/company/1/batch"
    assert waited(meter, time, batch) == waited(meter, time, batch) == 0
    assert waited(meter, time, batch) == pytest.approx(60 * UNDER_WAY)


def test_a_request_counts_from_its_answer_on_for_it_may_have_arrived_as_late_as_that():
    time = Time()
    meter = a_meter(BATCHES, time=time)
    first, second = meter.take("/batch"), meter.take("/batch")
    time.now += 5
    meter.answered(first)
    meter.answered(second)
    assert waited(meter, time, "/batch") == pytest.approx(60 * ANSWERED)


def test_whoever_waits_for_a_request_that_is_answered_late_waits_longer():
    time = Time()
    meter = a_meter(BATCHES, time=time)
    first = meter.take("/batch")
    meter.take("/batch")

    def answered_meanwhile(seconds: float) -> None:
        time.now += seconds
        if first.spare == UNDER_WAY:
            meter.answered(first)

    meter._sleep = answered_meanwhile
    asked = time.now
    meter.take("/batch")
    assert time.now - asked == pytest.approx(60 * UNDER_WAY + 60 * ANSWERED)


def test_what_an_earlier_meter_sent_still_counts():
    time = Time()
    first = a_meter(BATCHES, time=time)
    first.take("/batch"), first.take("/batch")
    time.now += 20
    second = a_meter(BATCHES, time=time, recent=first.recent())
    assert waited(second, time, "/batch") == pytest.approx(60 * ANSWERED - 20)


def test_threads_share_the_limit():
    time = Time()
    meter = a_meter(SECOND, time=time)
    began, sent = time.now, []
    threads = [threading.Thread(target=lambda: sent.append(meter.take("/x"))) for _ in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one.at == began for one in sent) == 3
    assert len(meter.recent()["3 in 1 s"]) == 3


def test_every_request_of_a_metered_transport_is_counted():
    class Wire:
        def send(self, request: Request) -> Response:
            return Response(200, {}, b"")

    meter = a_meter(BATCHES, time=Time())
    Metered(Wire(), meter).send(Request("POST", "/batch?requestid=1"))
    assert len(meter.recent()["2 in 60 s /batch"]) == 1


@pytest.mark.django_db
def test_the_next_process_knows_what_this_one_sent(settings):
    settings.LEDGER_LIMITS = True
    meter = limits.ledger_meter(7, "quickbooks_online")
    meter.take("/v3/company/1/batch")
    limits.store_meter(7, meter)
    again = limits.ledger_meter(7, "quickbooks_online")
    assert {name: len(sent) for name, sent in again.recent().items()} == {
        "500 in 60 s": 1,
        "10 in 1 s": 1,
        "40 in 60 s /batch": 1,
    }
    assert limits.ledger_meter(8, "quickbooks_online").recent()["500 in 60 s"] == []
