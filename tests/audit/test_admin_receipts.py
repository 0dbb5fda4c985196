"""The receipts of a document on its posting's page: their state in words, and one button."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.doctor import Finding, examine
from audit.engine import filing
from audit.models import Event, Posting, ReceiptFile
from audit.states import State
from connectors.contract import exact_json
from connectors.expensify import receipts
from tests.audit.builders import a_person, a_posted, a_posting, a_read_report
from tests.audit.rows import a_flow

GONE = exact_json.plain(receipts.unavailable("2026-10-12 Delta 123.45 USD", "HTTP 500"))


@pytest.fixture
def posting(db: None) -> Posting:
    return a_posted(a_read_report(a_flow(receipt_files="file")))


def a_file(posting: Posting, transaction_id: str = "1001", **columns: Any) -> ReceiptFile:
    given = {
        "connection_id": posting.connection_id,
        "posting": posting,
        "marker": posting.marker,
        "transaction_id": transaction_id,
        "label": "2026-10-12 Delta 123.45 USD",
        "link": "https://www.expensify.com/receipts/w_9f.jpg",
    }
    return ReceiptFile.objects.create(**given | columns)


def failed(posting: Posting, **columns: Any) -> ReceiptFile:
    return a_file(posting, state="failed", attempts=3, problem=GONE, **columns)


def signed_in(group: str) -> Client:
    client = Client()
    client.force_login(a_person(group.lower(), group=group))
    return client


def page(client: Client, posting: Posting) -> str:
    answer = client.get(reverse("admin:audit_posting_change", args=[posting.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def press(posting: Posting) -> str:
    return reverse("admin:audit_posting_do", args=[posting.pk, "files_again"])


def test_a_document_without_receipts_says_nothing_about_them(posting: Posting) -> None:
    assert "Receipts" not in page(signed_in("Viewer"), posting)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({}, "Waiting to be attached"),
        ({"attempts": 2, "due_at": timedelta(hours=1), "problem": GONE}, "Will try again at"),
        (
            {"state": "attached", "attachable_id": "5", "name": "Delta K8.jpg",
             "attached_at": timedelta()},
            "Delta K8.jpg",
        ),
        ({"state": "failed", "problem": GONE}, "Not attached: we stopped trying"),
        ({"state": "failed", "problem": GONE}, GONE["cure"]),
        ({"state": "not_needed"}, "Not needed any more"),
        (
            {"state": "attached", "attachable_id": "5", "attached_at": timedelta(),
             "left_at": timedelta()},
            "The expense is no longer on the document; the file was left there.",
        ),
    ],
    ids=range(7),
)  # fmt: skip
def test_a_receipt_is_shown_with_its_state(posting: Posting, columns: dict, words: str) -> None:
    now = timezone.now()
    moments = {n: now + span for n, span in columns.items() if isinstance(span, timedelta)}
    a_file(posting, **columns | moments)
    shown = page(signed_in("Viewer"), posting)
    assert words in shown
    assert 'href="https://www.expensify.com/receipts/w_9f.jpg"' in shown


def test_an_amend_shows_the_receipts_of_the_document_that_it_changed(posting: Posting) -> None:
    a_file(posting)
    Posting.objects.filter(pk=posting.pk).update(state=State.SUPERSEDED)
    amend = a_posting(posting.report, State.POSTED, op="amend", replaces=posting)
    assert "2026-10-12 Delta" in page(signed_in("Viewer"), amend)


def test_what_was_given_up_is_tried_again_by_whoever_may_replay(posting: Posting) -> None:
    row = failed(posting)
    waiting = a_file(posting, "1002", attempts=1)
    viewer = signed_in("Viewer")
    assert "Try receipts again" not in page(viewer, posting)
    assert viewer.post(press(posting)).status_code == 403
    poster = signed_in("Poster")
    assert "Try receipts again" in page(poster, posting)
    answer = poster.post(press(posting), follow=True)
    assert "1 receipt will be tried again" in answer.content.decode()
    row.refresh_from_db()
    waiting.refresh_from_db()
    assert (row.state, row.attempts, row.due_at) == ("waiting", 0, None)
    assert waiting.attempts == 1
    event = Event.objects.get(kind="receipt.asked_again")
    assert (event.posting, event.actor) == (posting, "poster")
    assert "Try receipts again" not in page(poster, posting)
    posting.refresh_from_db()
    assert posting.state == State.POSTED


def test_documents_without_their_receipt_are_listed_until_it_hangs_there(posting: Posting) -> None:
    other = a_posted(a_read_report(posting.flow))
    a_file(other, "1003", state="attached", attachable_id="5", attached_at=timezone.now())
    listed = f"{reverse('admin:audit_posting_changelist')}?receipts=failed"
    viewer = signed_in("Viewer")
    assert list(viewer.get(listed).context["cl"].result_list) == []
    assert [one.verdict.value for one in examined("Receipts")] == ["ok"]
    for transaction in ("1001", "1002"):
        failed(posting, transaction_id=transaction)
    assert [one.pk for one in viewer.get(listed).context["cl"].result_list] == [posting.pk]
    (found,) = examined("Receipts")
    assert found.text == "2 receipts could not be attached to 1 document"
    assert found.verdict.value == "look" and "press Try receipts again" in found.cure


def examined(name: str) -> list[Finding]:
    return [one for one in examine(is_quick=True) if one.name == name]


def test_pressed_twice_it_is_asked_once(posting: Posting) -> None:
    failed(posting)
    assert [filing.try_again(posting, "ann"), filing.try_again(posting, "ann")] == [1, 0]


def test_an_address_that_no_browser_may_be_sent_to_is_not_linked(posting: Posting) -> None:
    a_file(posting, link="javascript:alert(1)")
    assert "javascript:" not in page(signed_in("Viewer"), posting)
