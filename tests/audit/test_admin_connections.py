"""A held connection on the screen: why, since when, until when, and a button that opens it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.engine import run
from audit.models import Event
from connectors.clock import database_now
from connectors.contract.transport import Throttled, Unauthorised
from connectors.models import Channel, Credential, LedgerConnection
from tests.audit.builders import a_connection, a_person, confirmed

TRY = "Try again now"


def signed_in(name: str, **kwargs: Any) -> Client:
    client = Client()
    client.force_login(a_person(name, **kwargs))
    return client


@pytest.fixture
def viewer(db: None) -> Client:
    return signed_in("vera", group="Viewer")


@pytest.fixture
def poster(db: None) -> Client:
    return signed_in("paul", group="Poster")


@pytest.fixture
def books(db: None) -> LedgerConnection:
    """Held for half an hour, and for another hour."""
    credential = Credential.objects.create(kind="quickbooks_online", secret={"refresh_token": "x"})
    books = a_connection(name="Acme US", credential=credential)
    run.shut(books.pk, Throttled("QuickBooks takes no more requests", after_s=3600))
    Channel.objects.update(held_since=database_now() - timedelta(minutes=30))
    return books


def page_of(books: LedgerConnection) -> str:
    return reverse("admin:connectors_ledgerconnection_change", args=[books.pk])


def button_of(books: LedgerConnection) -> str:
    return reverse("admin:connectors_ledgerconnection_do", args=[books.pk, "try_again"])


def text_of(client: Client, address: str) -> str:
    page = client.get(address)
    assert page.status_code == 200
    return page.content.decode().replace("\N{NO-BREAK SPACE}", " ")


def shown_time(moment: Any) -> str:
    from audit.admin import words

    return words.soon(moment).replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("place", ["the connection's page", "the home page"])
def test_a_held_connection_says_why_since_when_and_until_when(
    viewer: Client, books: LedgerConnection, place: str
) -> None:
    address = page_of(books) if place == "the connection's page" else reverse("admin:index")
    page, channel = text_of(viewer, address), Channel.objects.get(connection=books)
    assert "QuickBooks takes no more requests" in page
    assert f"Nothing is sent until {shown_time(channel.not_before)}" in page
    assert f"held since {shown_time(channel.held_since)}" in page
    assert TRY not in page, "a viewer only looks"


def test_a_held_connection_is_not_called_working_on_the_home_page(
    viewer: Client, books: LedgerConnection
) -> None:
    def badge() -> tuple[str, str]:
        (company,) = viewer.get(reverse("admin:index")).context["companies"]
        return company["state"], company["colour"]

    assert badge() == ("Waiting", "warning")
    Channel.objects.update(not_before=None, breaker_until=None)
    assert badge() == ("Working", "success")


@pytest.mark.parametrize("place", ["the connection's page", "the home page"])
def test_the_button_is_there_while_something_holds_it(
    poster: Client, books: LedgerConnection, place: str
) -> None:
    address = page_of(books) if place == "the connection's page" else reverse("admin:index")
    assert button_of(books) in text_of(poster, address)
    run.reopen(books.pk)
    page = text_of(poster, address)
    assert button_of(books) not in page and "Nothing is sent" not in page


def test_it_asks_first_and_then_opens_the_channel_in_the_persons_name(
    poster: Client, books: LedgerConnection
) -> None:
    question = poster.post(button_of(books)).content.decode()
    assert "Try Acme US again now?" in question and "takes no more requests" in question
    assert "can make it refuse us for longer" in question
    assert run.is_shut(books.pk), "nothing happens before the answer"
    answer = confirmed(poster, button_of(books), {})
    assert "Acme US is tried again within a minute." in answer
    assert run.is_shut(books.pk) == ""
    event = Event.objects.get(kind="channel.opened")
    assert (event.actor, event.chain.connection_id) == ("paul", books.pk)
    assert "Nothing holds Acme US any more." in confirmed(poster, button_of(books), {})


def test_a_viewer_cannot_press_it(viewer: Client, books: LedgerConnection) -> None:
    assert viewer.post(button_of(books), {"confirm": "1"}).status_code == 403
    assert run.is_shut(books.pk)


def test_where_the_sign_in_has_ended_the_question_says_to_connect_first(
    poster: Client, books: LedgerConnection
) -> None:
    run.shut(books.pk, Unauthorised("QuickBooks no longer accepts our sign-in"))
    assert "press Connect again first" in poster.post(button_of(books)).content.decode()


def test_the_trail_says_it_in_words(viewer: Client, books: LedgerConnection) -> None:
    run.try_again(books.pk, "paul")
    page = text_of(viewer, reverse("admin:audit_event_changelist"))
    assert "Tried again at once. It had been held: QuickBooks takes no more requests" in page
