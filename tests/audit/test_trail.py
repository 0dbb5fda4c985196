"""The trail can be continued, and nothing else."""

import pytest
from django.db import Error, connection, transaction

from audit import trail
from audit.models import Attempt, Chain, Event, Revision
from tests.audit.rows import a_call, a_connection, a_flow, a_posting, a_report

pytestmark = pytest.mark.django_db


def write_three() -> None:
    for kind in ("first", "second", "third"):
        trail.record(kind, {"amount": "12.50"}, actor="ann")


def test_a_chain_as_it_was_written_verifies():
    write_three()
    assert list(trail.verify()) == []
    assert list(Event.objects.order_by("seq").values_list("seq", flat=True)) == [1, 2, 3]


def test_each_connection_has_a_chain_of_its_own():
    one, other = a_connection(), a_connection()
    trail.record("x", connection_id=one.pk)
    trail.record("x", connection_id=other.pk)
    trail.record("x")
    assert set(Event.objects.values_list("seq", flat=True)) == {1}
    assert Chain.objects.count() == 3


@pytest.mark.parametrize("verb", ["UPDATE", "DELETE"])
@pytest.mark.parametrize("table", [Event, Revision, Attempt], ids=lambda model: model.__name__)
def test_the_database_itself_refuses_to(verb, table):
    report = a_report(a_flow())
    posting = a_posting(report)
    Attempt.objects.create(
        posting=posting, call=a_call(posting.connection), outcome="posted", at=report.read_at
    )
    trail.record("something")
    name = table._meta.db_table
    statement = f"UPDATE {name} SET id = id" if verb == "UPDATE" else f"DELETE FROM {name}"
    with pytest.raises(Error, match="append-only"), transaction.atomic():
        connection.cursor().execute(statement)


def without_triggers(statement: str) -> None:
    """What somebody with the database's own password might do."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE audit_event DISABLE TRIGGER USER")
        else:
            cursor.execute("DROP TRIGGER audit_event_no_update")
            cursor.execute("DROP TRIGGER audit_event_no_delete")
        cursor.execute(statement)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE audit_event SET actor = 'bob' WHERE seq = 2", "its content was changed"),
        ("DELETE FROM audit_event WHERE seq = 2", "events 2 to 2 are gone"),
        ("DELETE FROM audit_event WHERE seq = 3", "the newest events are gone"),
    ],
    ids=["changed", "taken out", "cut off"],
)
def test_tampering_is_found(statement, told):
    write_three()
    without_triggers(statement)
    assert told in [found.what for found in trail.verify()]


def test_a_forged_line_with_a_hash_of_its_own_breaks_the_chain():
    write_three()
    middle = Event.objects.get(seq=2)
    middle.actor = "bob"
    forged = trail.event_hash("system", middle)
    without_triggers(f"UPDATE audit_event SET actor = 'bob', hash = '{forged}' WHERE seq = 2")
    assert [(found.seq, found.what) for found in trail.verify()] == [
        (3, "does not continue the event before it")
    ]
