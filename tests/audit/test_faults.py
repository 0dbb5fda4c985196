"""What can go wrong on the wire, each on its own: one bill in the end, never two, never none."""

import time

import pytest

from audit.models import Attempt, Call, Posting, Report
from audit.states import State
from connectors.models import Channel, Credential
from connectors.sandbox.month import cases, story
from tests.audit.town import POSTED_OF_SOME

pytestmark = pytest.mark.django_db
STORY = story()
QBO = "quickbooks_online"
BATCH = {"path": "/batch", "body": "BatchItemRequest", "method": "POST"}
WRITE = {"path": "/batch?", "body": '"operation"', "method": "POST"}


def quiet(town, seconds: float = 6.0) -> None:
    """Drain until nothing is open but what needs a person."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        town.drain()
        waiting = Posting.objects.exclude(
            state__in=[State.POSTED, State.QUARANTINED, State.SUPERSEDED, State.FAILED]
        )
        if not waiting.exists():
            return
        Channel.objects.update(not_before=None, breaker_until=None)
        time.sleep(0.03)
    raise AssertionError(f"still open: {list(waiting.values_list('state', 'number'))}")


def everything_stands_once(town) -> None:
    posted = Posting.objects.filter(state=State.POSTED)
    numbers = [document["number"] for document in town.ours()]
    assert len(numbers) == len(set(numbers)), "a document was doubled"
    others = Posting.objects.exclude(state=State.POSTED).values_list("state", "problems", "note")
    assert sorted(numbers) == sorted(posted.values_list("number", flat=True)), list(others)
    assert posted.count() == POSTED_OF_SOME


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ({"kind": "drop_after_store"}, "in_doubt"),
        ({"kind": "error_after_store"}, "in_doubt"),
        ({"kind": "error_after_store", "times": 3}, "in_doubt"),
        ({"kind": "reset_before_store"}, "in_doubt"),
        ({"kind": "garbled"}, "in_doubt"),
        ({"kind": "late_store", "delay_s": 0.2}, "in_doubt"),
        ({"kind": "unavailable"}, "in_doubt"),
        ({"kind": "error_in_200"}, None),
        ({"kind": "throttle", "retry_after_s": 0.1}, None),
        ({"kind": "unauthorized"}, None),
        ({"kind": "partial_batch"}, None),
        ({"kind": "partial_batch", "body": "missing"}, "in_doubt"),
    ],
    ids=lambda given: "-".join(map(str, given.values())) if isinstance(given, dict) else "",
)
def test_one_bill_each_although_the_ledger(polled_town, fault, outcome):
    polled_town.sandbox.control(QBO, "faults", {"match": WRITE, **fault})
    quiet(polled_town)
    if outcome:
        assert Attempt.objects.filter(outcome=outcome).exists() or Call.objects.filter(
            status=Call.Status.LOST
        )
    asked = polled_town.sandbox.control(QBO, "requests")
    assert any(one["fault"] == fault["kind"] for one in asked), "the fault was never played"
    held_by_vendor = Posting.objects.filter(state=State.QUARANTINED, call__isnull=False)
    if held_by_vendor.exists():
        from audit.engine import desk

        desk.release(held_by_vendor, "ann")
        quiet(polled_town)
    everything_stands_once(polled_town)


def test_a_dead_ledger_holds_the_channel_and_costs_no_attempt(polled_town, settings):
    settings.VENDOR_URLS = {
        **settings.VENDOR_URLS,
        QBO: {**settings.VENDOR_URLS[QBO], "api": "http://127.0.0.1:9"},
    }
    polled_town.drain(times=1)
    channel = Channel.objects.get(connection=polled_town.connection)
    assert channel.breaker_reason
    assert not Posting.objects.filter(attempts__gt=0).exists()
    assert not Attempt.objects.exists()
    settings.VENDOR_URLS = {
        **settings.VENDOR_URLS,
        QBO: {**settings.VENDOR_URLS[QBO], "api": f"{settings.SANDBOX_URL}/{QBO}"},
    }
    Channel.objects.update(not_before=None)
    quiet(polled_town)
    everything_stands_once(polled_town)
    channel.refresh_from_db()
    assert channel.breaker_reason == ""


def test_an_expired_token_is_renewed_once_and_the_same_call_goes_again(polled_town):
    polled_town.sandbox.control("", "clock", {"advance_s": 3700})
    polled_town.drain()
    everything_stands_once(polled_town)
    asked = polled_town.sandbox.control(QBO, "requests")
    assert len([one for one in asked if "tokens/bearer" in one["path"]]) == 1


def test_a_token_endpoint_in_trouble_never_disconnects(polled_town):
    Credential.objects.filter(kind=QBO).update(expires_at="2026-01-01T00:00:00+00:00")
    polled_town.sandbox.control(
        QBO, "faults", {"kind": "unavailable", "match": "tokens/bearer", "times": 20}
    )
    for _ in range(20):
        Channel.objects.update(not_before=None, breaker_until=None)
        polled_town.drain(times=1)
    assert Credential.objects.get(kind=QBO).state == "working"
    quiet(polled_town)
    everything_stands_once(polled_town)


def test_one_document_that_the_ledger_refuses_does_not_stop_the_others(polled_town):
    report_id = STORY[cases.REVISED]
    polled_town.sandbox.control(
        QBO, "chart", {"action": "archive", "kind": "vendor", "name": "Ben Ito"}
    )
    polled_town.drain()
    held = Posting.objects.filter(state=State.QUARANTINED, call__isnull=False)
    assert polled_town.posting(report_id) in held
    assert all(posting.party_name == "Ben Ito" for posting in held)
    assert Posting.objects.filter(state=State.POSTED).count() == POSTED_OF_SOME - held.count()
    problem = polled_town.posting(report_id).problems[0]
    assert "Ben Ito" in problem["message"] or "vendor" in problem["message"].lower()
    assert problem["cure"]


# --- Expensify ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "garbled", "match": "download", "times": None}, ""),
        ({"kind": "reset_before_store", "match": "combinedReportData", "times": None}, ""),
        ({"kind": "unavailable", "match": "combinedReportData", "times": None}, ""),
        ({"kind": "throttle", "match": "combinedReportData", "times": None}, ""),
        ({"kind": "unauthorized", "match": "combinedReportData", "times": None}, ""),
    ],
    ids=lambda given: given["kind"] if isinstance(given, dict) else "",
)
def test_a_poll_that_fails_says_why_and_the_next_one_misses_nothing(town, fault, words):
    town.sandbox.control("expensify", "faults", fault)
    run = town.poll()
    assert run.status == "failed"
    assert run.problem["message"] and run.problem["cure"]
    assert not Report.objects.exists()
    town.flow.refresh_from_db()
    assert town.flow.mark_at is None
    town.sandbox.control("expensify", "faults", method="DELETE")
    assert town.poll().status == "done"
    town.drain()
    everything_stands_once(town)


def test_wrong_credentials_are_told_with_the_cure(town):
    from connectors import services as connecting

    connecting.store_partner_credentials(town.account, user_id="aa_nobody", user_secret="x" * 40)
    run = town.poll()
    assert run.status == "failed"
    assert "x" * 40 not in str(run.problem)
    assert run.problem["cure"]


def test_a_merchant_of_three_megabytes_is_posted_cut_and_kept_whole(town):
    town.sandbox.control(
        "expensify",
        "reports",
        {
            "reportName": "Long",
            "accountEmail": "ben.ito@acme.example",
            "status": "Approved",
            "approved": "2026-10-20 10:00:00",
            "submitted": "2026-10-19 10:00:00",
            "expenses": [
                {
                    "created": "2026-10-12",
                    "merchant": "M" * 3_000_000,
                    "category": "Airfare",
                    "amount": 12345,
                }
            ],
        },
    )
    town.poll()
    town.drain()
    posting = Posting.objects.get(report__name="Long")
    assert posting.state == State.POSTED, posting.problems
    assert posting.cuts
    assert len(posting.revision.raw) > 3_000_000


def test_a_bill_of_ours_whose_memo_somebody_rewrote_is_not_posted_again_from_a_restored_database(
    town,
):
    """Our number alone tells it, also where QuickBooks would take the same number twice."""
    from tests.audit.test_spine import forget

    town.poll()
    town.drain()
    bill, count = town.posting(STORY[cases.REVISED]), len(town.documents())
    town.sandbox.control(
        QBO,
        f"documents/{bill.document_id}",
        {"action": "edit", "fields": {"PrivateNote": "mine", "TxnDate": "2026-10-02"}},
    )
    town.sandbox.control(QBO, "companies/9341450000000001", {"warn_duplicate_bill_number": False})
    forget(town)
    town.poll()
    quiet(town)
    again = town.posting(STORY[cases.REVISED])
    assert (again.state, again.document_id) == (State.QUARANTINED, bill.document_id)
    assert again.problems[0]["code"] == "ledger.stored_otherwise"
    assert len(town.documents()) == count


def test_a_number_that_is_taken_by_a_document_without_our_mark_is_held_not_posted_for_ever(town):
    """QuickBooks counts capitals and small letters in a number as the same; we do not."""
    from tests.audit.test_spine import forget

    town.poll()
    town.drain()
    bill = town.posting(STORY[cases.REVISED])
    fields = {"PrivateNote": "mine", "TxnDate": "2026-10-02", "DocNumber": bill.number.lower()}
    town.sandbox.control(QBO, f"documents/{bill.document_id}", {"action": "edit", "fields": fields})
    town.sandbox.control(QBO, "companies/9341450000000001", {"warn_duplicate_bill_number": True})
    forget(town)
    town.poll()
    quiet(town)
    again = town.posting(STORY[cases.REVISED])
    assert (again.state, again.problems[0]["code"]) == (State.QUARANTINED, "qbo.number_taken")
    assert again.problems[0]["cure"]
    count = Call.objects.count()
    assert count <= 4
    town.drain()
    assert Call.objects.count() == count
