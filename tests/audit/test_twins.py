"""Booked before by hand: held with what was found; linked or posted by a person's word."""

import pytest
from django.test import Client
from django.urls import reverse

from audit.engine import accept, desk, twins
from audit.models import Call, Posting
from audit.states import State
from connectors.clock import database_now
from connectors.sandbox.month import cases, story
from tests.audit.builders import a_person, confirmed
from tests.audit.town import POSTED_OF_SOME

pytestmark = pytest.mark.django_db
QBO = "quickbooks_online"


@pytest.fixture
def held(town) -> Posting:
    """Somebody typed Ben's report into QuickBooks before we came."""
    town.poll()
    posting = town.posting(story()[cases.REVISED])
    town.sandbox.control(
        QBO,
        "documents",
        {
            "kind": "bill",
            "number": "1187",
            "date": posting.date.isoformat(),
            "party": "Ben Ito",
            "credit_account": "2000 Accounts Payable (A/P)",
            "lines": [{"account": "6110 Hotels", "amount": str(posting.total)}],
        },
    )
    town.drain()
    posting.refresh_from_db()
    return posting


def test_a_bill_of_the_same_payee_date_and_total_holds_ours(town, held):
    problem = held.problems[0]
    assert (held.state, problem["code"]) == (State.QUARANTINED, twins.TWIN)
    assert "no. 1187" in problem["message"] and "Ben Ito" in problem["message"]
    assert len(town.ours()) == POSTED_OF_SOME - 1, "the others were posted"


def test_our_own_that_is_stored_between_the_two_questions_is_adopted(town, monkeypatch):
    """Sent long ago, stored late: not there yet when its number was asked for, there a moment
    later when its payee, date and total were."""
    from connectors.contract.ledger import Absent
    from connectors.ledgers.quickbooks_online import lookup
    from tests.audit.test_spine import forget

    town.poll()
    town.drain()
    stood = {document["number"] for document in town.documents()}
    forget(town)
    town.poll()
    find, asked = lookup.find, []

    def too_early(client, sought, stored):
        asked.append(sought)
        if len(asked) > 1:
            return find(client, sought, stored)
        return {one.marker: Absent(database_now()) for one in sought}

    monkeypatch.setattr(lookup, "find", too_early)
    town.drain()
    posted = Posting.objects.filter(state=State.POSTED)
    assert not Posting.objects.filter(problems__0__code=twins.TWIN).exists()
    assert posted.count() == POSTED_OF_SOME
    assert (Call.objects.count(), {one["number"] for one in town.documents()}) == (0, stood)


def test_linking_it_books_nothing_and_shows_that_document(town, held):
    documents, calls = len(town.documents()), Call.objects.count()
    accept.link(held, held.problems[0]["facts"]["document_id"], "ann")
    town.drain()
    held.refresh_from_db()
    assert (held.state, held.number) == (State.POSTED, "1187")
    assert held.note == "already booked as 1187"
    assert (len(town.documents()), Call.objects.count()) == (documents, calls)


def test_a_document_that_is_not_there_cannot_be_linked(held):
    with pytest.raises(accept.NotThere):
        accept.link(held, "99999", "ann")


def test_releasing_it_posts_ours_beside_the_other(town, held):
    desk.release([held], "ann")
    town.drain()
    held.refresh_from_db()
    assert held.state == State.POSTED
    assert len([d for d in town.documents() if d["party"] == "Ben Ito"]) >= 2


def test_a_linked_document_is_never_overwritten_by_a_revision(town, held):
    from connectors.sandbox.month import revision

    accept.link(held, held.problems[0]["facts"]["document_id"], "ann")
    town.sandbox.control("expensify", "reports", revision())
    town.poll()
    town.drain()
    now = town.posting(story()[cases.REVISED])
    assert (now.op, now.state) == ("amend", State.QUARANTINED)
    assert now.problems[0]["code"] == "document.linked_by_hand"


def test_two_equal_reports_of_ours_are_two_bills(town):
    """Same payee, date and total twice is nothing unusual among our own."""
    for name in ("Metro card", "Metro card again"):
        town.sandbox.control(
            "expensify",
            "reports",
            {
                "reportName": name,
                "accountEmail": "ben.ito@acme.example",
                "approved": "2026-10-20 10:00:00",
                "expenses": [
                    {"created": "2026-10-12", "merchant": "MTA", "category": "Airfare",
                     "amount": 3400}
                ],
            },
        )  # fmt: skip
        town.poll()
        town.drain()
    pair = Posting.objects.filter(report__name__startswith="Metro")
    assert [posting.state for posting in pair] == [State.POSTED, State.POSTED]


def test_a_person_links_the_look_alike_with_a_button(town, held):
    page = reverse("admin:audit_posting_change", args=[held.pk])
    client = Client()
    client.force_login(a_person("paul", group="Poster"))
    assert "It is this one: link it" in client.get(page).content.decode()
    address = reverse("admin:audit_posting_do", args=[held.pk, "link_one"])
    assert "booked by document no. 1187" in client.post(address).content.decode()
    told = confirmed(client, address, {})
    held.refresh_from_db()
    assert (held.state, held.number) == (State.POSTED, "1187")
    assert "already booked as 1187" in told
    assert "It is this one: link it" not in client.get(page).content.decode()


def test_the_button_says_when_the_ledger_cannot_be_asked(town, held):
    town.sandbox.control(QBO, "faults", {"kind": "unavailable"})
    client = Client()
    client.force_login(a_person("paul", group="Poster"))
    address = reverse("admin:audit_posting_do", args=[held.pk, "link_one"])
    told = confirmed(client, address, {})
    held.refresh_from_db()
    assert held.state == State.QUARANTINED
    assert "Nothing was done." in told
