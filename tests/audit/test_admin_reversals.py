"""A document that was taken back, or is about to be: no page says any more that it stands."""

import pytest
from django.test import Client
from django.urls import reverse

from audit.engine import desk
from audit.models import Posting
from tests.audit.builders import a_person
from tests.audit.village import Village

pytestmark = pytest.mark.django_db
LINK = "https://ledger.example/bill/1"


@pytest.fixture
def ann(db: None) -> Client:
    client = Client()
    client.force_login(a_person("ann", group="Poster"))
    return client


@pytest.fixture
def bill(village: Village) -> Posting:
    """A bill that stands in the ledger."""
    report_id = village.expensify.file({"Airfare": 10000})
    village.work()
    Posting.objects.update(document_link=LINK)
    return village.posting(report_id)


def take_back(village: Village, bill: Posting) -> Posting:
    (reversal,) = desk.reverse([bill], "ann", "wrong company").moved
    village.come_to_rest()
    Posting.objects.update(document_link=LINK)
    return reversal


def text_of(client: Client, address: str) -> str:
    page = client.get(address)
    assert page.status_code == 200
    return page.content.decode().replace("\N{NO-BREAK SPACE}", " ")


def url(row: object) -> str:
    return reverse(f"admin:audit_{row._meta.model_name}_change", args=[row.pk])


POSTINGS = "admin:audit_posting_changelist"


def test_after_a_reversal_no_page_says_that_the_document_stands(village, bill, ann) -> None:
    reversal = take_back(village, bill)
    for address in (url(bill.report), url(reversal)):
        page = text_of(ann, address)
        assert "Taken back in the ledger." in page
    assert "Taken back in the ledger." in text_of(ann, reverse("admin:audit_event_changelist"))
    newest = ann.get(url(reversal)).context["events"][0]
    assert newest["text"] == "Taken back in the ledger."


def test_the_bill_that_was_taken_back_is_reversed_and_not_replaced(village, bill, ann) -> None:
    take_back(village, bill)
    for address in (url(bill.report), url(bill)):
        page = text_of(ann, address)
        assert "Replaced by a newer version" not in page and "Reversed\n" in page, address
    assert text_of(ann, reverse(POSTINGS)).count("Reversed\n") == 2
    assert ann.get(url(bill)).context["events"][0]["text"] == "Reversed."


def test_what_is_gone_has_no_link_and_what_was_posted_anew_has_one(village, bill, ann) -> None:
    assert LINK in text_of(ann, reverse(POSTINGS))
    reversal = take_back(village, bill)
    for address in (url(bill.report), url(bill), url(reversal), reverse(POSTINGS)):
        assert LINK not in text_of(ann, address), address
    desk.replay([village.report(bill.report.report_id)], "ann")
    desk.release([village.posting(bill.report.report_id)], "ann")
    village.come_to_rest()
    again = village.posting(bill.report.report_id)
    assert again.is_live and again.generation == 2
    Posting.objects.update(document_link=LINK)
    assert text_of(ann, reverse(POSTINGS)).count(LINK) == 1
    assert ann.get(url(reversal)).context["state"] == "Reversed"


def buttons(client: Client, row: Posting) -> set[str]:
    return {one.name for one in client.get(url(row)).context["row_buttons"]}


def test_a_bill_that_is_being_reversed_says_so_and_is_not_reversed_again(
    village, bill, ann
) -> None:
    assert "reverse_one" in buttons(ann, bill)
    (reversal,) = desk.reverse([bill], "ann", "wrong company").moved
    for address in (url(bill.report), url(bill), reverse(POSTINGS)):
        assert text_of(ann, address).count("Being reversed\n") >= 1, address
    assert ann.get(url(bill)).context["state"] == "Being reversed"
    assert "Its place is to be taken by" in text_of(ann, url(bill))
    assert "reverse_one" not in buttons(ann, bill)


def test_a_bill_whose_reversal_is_held_says_that_it_stands(village, bill, ann) -> None:
    village.books.change(village.standing(bill.report.report_id)[0].id, paid=True)
    reversal = take_back(village, bill)
    reversal.refresh_from_db()
    assert [one["code"] for one in reversal.problems] == ["document.paid"]
    page = ann.get(url(bill))
    assert page.context["state"] == "Posted, its reversal is held"
    assert "reverse_one" not in buttons(ann, bill)
    assert {"release_one", "ignore_one"} <= buttons(ann, reversal)


def test_a_bill_whose_reversal_was_given_up_is_posted_as_before(village, bill, ann) -> None:
    (reversal,) = desk.reverse([bill], "ann").moved
    desk.ignore([reversal], "ann", "it was right")
    page = ann.get(url(bill))
    assert page.context["state"] == "Posted" and "Its place" not in page.content.decode()
    assert "reverse_one" in buttons(ann, bill)
