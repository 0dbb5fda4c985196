"""What the tables refuse, and what a connection never forgets."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, connections, transaction
from django.test import TestCase

from connectors.checks import somebody_listens
from connectors.clock import database_now
from connectors.guard import TransactionOpen, no_open_transaction
from connectors.models import Channel, Credential, LedgerConnection, Workspace
from connectors.signals import happened, tell
from tests.connectors.conftest import make_account, make_connection, make_credential

pytestmark = pytest.mark.django_db


def refused(make: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make()


def test_a_company_is_connected_once_per_ledger_and_unconnected_ones_do_not_count() -> None:
    make_connection("one", company_id="1")
    make_connection("two")
    make_connection("three")
    make_connection("four", ledger="xero", company_id="1")
    refused(lambda: make_connection("five", company_id="1"))


def test_the_tables_refuse_what_no_code_should_write() -> None:
    books, account = make_connection(), make_account()
    refused(lambda: make_credential(state="fine"))
    refused(lambda: make_credential(kind=""))
    refused(lambda: Channel.objects.filter(connection=books).update(owner="somebody", until=None))
    refused(lambda: Channel.objects.filter(connection=books).update(fence=-1))
    Workspace.objects.create(account=account, policy_id="A", name="x", currency="USD")
    refused(
        lambda: Workspace.objects.create(account=account, policy_id="A", name="y", currency="USD")
    )


def test_every_connection_has_its_channel_from_the_start() -> None:
    books = make_connection()
    assert books.channel.fence == 0 and books.channel.owner == ""
    books.save()
    assert Channel.objects.filter(connection=books).count() == 1


def test_the_company_in_markers_never_changes_once_it_is_known() -> None:
    books = make_connection()
    with pytest.raises(ValueError, match="not connected"):
        _ = books.company
    books.company_id = "1"
    books.save()
    assert books.company == "quickbooks_online:1"
    for changes in ({"company_id": "2"}, {"company_id": ""}, {"ledger": "xero"}):
        row = LedgerConnection.objects.get(pk=books.pk)
        for name, text in changes.items():
            setattr(row, name, text)
        with pytest.raises(ValidationError, match="posted there would not be found"):
            row.save()


def test_a_connections_state_is_its_credentials() -> None:
    assert make_connection("one").state == "new"
    credential = make_credential(state=Credential.State.RECONNECT)
    books = make_connection("two", credential=credential)
    assert (books.state, books.state_text) == ("reconnect", "Needs reconnecting")


def test_rows_are_named_for_people() -> None:
    account = make_account()
    workspace = Workspace(account=account, policy_id="A", name="Acme US", currency="USD")
    books = make_connection()
    assert str(workspace) == "Acme US (USD)"
    assert [str(books), str(books.channel)] == ["Acme US books", "Channel to Acme US books"]


def test_the_databases_clock_is_aware_and_moves() -> None:
    first = database_now()
    assert first.utcoffset() == timedelta(0)
    assert first <= database_now()


class GuardInsideATestCase(TestCase):
    def test_the_guard_tells_a_test_cases_own_blocks_from_ours(self) -> None:
        self.assertTrue(connection.in_atomic_block)
        no_open_transaction()
        with self.assertRaises(TransactionOpen), transaction.atomic():
            no_open_transaction()
        no_open_transaction()


@pytest.mark.django_db(transaction=True)
def test_the_guard_refuses_inside_atomic_and_without_autocommit() -> None:
    database_now()
    no_open_transaction()
    with transaction.atomic(), pytest.raises(TransactionOpen):
        no_open_transaction()
    connection.set_autocommit(False)
    try:
        with pytest.raises(TransactionOpen):
            no_open_transaction()
    finally:
        connection.rollback()
        connection.set_autocommit(True)


@pytest.mark.django_db(transaction=True)
def test_the_guard_asks_the_database_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It stands before every request, also where a test or a thread may not reach the database."""
    connection.ensure_connection()

    def refused() -> None:
        raise AssertionError("the guard reached for the database")

    monkeypatch.setattr(connections["default"], "ensure_connection", refused)
    no_open_transaction()


def test_news_reaches_its_listener_inside_the_transaction_and_can_undo_it(news: Any) -> None:
    tell("connection.changed", subject={"connection_id": 1}, facts={"a": "b"}, actor="ann")
    expected = {"kind": "connection.changed", "subject": {"connection_id": 1}}
    assert news == [expected | {"facts": {"a": "b"}, "actor": "ann"}]

    def fail(sender: Any, **told: Any) -> None:
        raise RuntimeError("the trail is full")

    happened.connect(fail)
    with pytest.raises(RuntimeError), transaction.atomic():
        make_connection()
        tell("connection.changed", subject={})
    assert not LedgerConnection.objects.exists()


def test_a_trail_that_nobody_writes_is_an_error_at_the_start(news: Any) -> None:
    assert somebody_listens(None) == []
    happened.receivers = []
    happened.sender_receivers_cache.clear()
    assert [error.id for error in somebody_listens(None)] == ["connectors.E001"]
