"""What stands in the ledger and wants somebody's eye: unapproved since, or paid elsewhere."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from audit import attention, tasks
from audit.doctor import examine
from audit.engine import lease
from audit.models import Event, Posting, Report
from connectors import limits
from connectors.clock import database_now
from connectors.contract.transport import Throttled
from connectors.models import Channel, Credential, LedgerConnection
from tests.audit import town as towns
from tests.audit.builders import a_person
from tests.audit.fake_ledger import FakeLedger
from tests.audit.village import Village

pytestmark = pytest.mark.django_db


@pytest.fixture
def viewer(db) -> Client:
    client = Client()
    client.force_login(a_person("vera", group="Viewer"))
    return client


def listed(client: Client, model: str, query: str) -> set[str]:
    page = client.get(reverse(f"admin:audit_{model}_changelist") + f"?{query}")
    rows = page.context["cl"].result_list
    return {getattr(row, "report", row).report_id for row in rows}


def said(name: str) -> list[str]:
    return [one.text for one in examine(is_quick=True) if one.name == name]


def test_what_is_posted_and_unapproved_is_listed_after_three_days(village, viewer):
    fresh, old, fine = (village.expensify.file({"Airfare": 10000 + n}) for n in range(3))
    village.work()
    for one in (fresh, old):
        village.expensify.set_status(one, "Processing")
    village.work()
    report = village.report(old)
    report.unapproved_at = database_now() - timedelta(days=3, minutes=1)
    report.save()
    assert listed(viewer, "report", "badge=stranded") == {old}
    assert said("Unapproved") == ["1 report posted and no longer approved for three days or more"]
    assert fine not in listed(viewer, "report", "badge=unapproved")


def test_open_bills_that_expensify_has_paid_are_listed_until_they_are_paid_in_the_ledger(
    village, viewer
):
    paid, unpaid, other = (village.expensify.file({"Airfare": 10000 + n}) for n in range(3))
    village.work()
    for one in (paid, unpaid):
        village.expensify.reports[one] |= {
            "status": "Reimbursed", "reimbursed": "2026-10-25 12:00:00",
        }  # fmt: skip
    village.work()
    assert listed(viewer, "posting", "bill=reimbursed") == {paid, unpaid}
    village.books.change(village.standing(paid)[0].id, paid=True)
    assert attention.due_looks(database_now()) == [village.connection.pk]
    tasks.look_at_bills(village.connection.pk)
    assert listed(viewer, "posting", "bill=reimbursed") == {unpaid}
    assert Event.objects.get(kind="bills.looked_at").facts == {"bills": 2, "paid": 1, "gone": 0}
    assert attention.due_looks(database_now()) == [], "once a day"
    assert attention.due_looks(database_now() + timedelta(hours=25)) == [village.connection.pk]
    assert said("Paid twice?") == ["1 open bill for reports that Expensify has reimbursed already"]
    assert village.posting(other).op == "post" and Posting.objects.count() == 3


# --- looking at bills that Expensify has paid -----------------------------------------------------


def reimbursed(village: Village, many: int = 1) -> list[str]:
    """Reports whose bills stand open in the ledger, and that Expensify has paid."""
    ids = [village.expensify.file({"Airfare": 10000 + n}) for n in range(many)]
    village.work()
    Report.objects.filter(report_id__in=ids).update(reimbursed_at=database_now())
    return ids


def listed_bills() -> set[str]:
    return set(attention.reimbursed_bills().values_list("report__report_id", flat=True))


def test_a_bill_that_is_gone_in_the_ledger_is_listed_no_longer(village):
    deleted, voided, open_ = reimbursed(village, 3)
    village.books.delete(village.standing(deleted)[0].id)
    village.books.change(village.standing(voided)[0].id, status="voided")
    assert attention.look_at_bills(village.connection.pk) == 0
    assert listed_bills() == {open_}
    assert Event.objects.get(kind="bills.looked_at").facts == {"bills": 3, "paid": 0, "gone": 2}
    assert attention.look_at_bills(village.connection.pk) == 0, "it can be looked at once more"


@pytest.mark.parametrize("column", ["breaker_until", "not_before"])
def test_bills_are_not_looked_at_while_the_channel_is_held(village, column):
    reimbursed(village)
    Channel.objects.update(**{column: database_now() + timedelta(minutes=5)})
    before = village.books.times_read
    assert attention.due_looks(database_now()) == []
    attention.look_at_bills(village.connection.pk)
    assert village.books.times_read == before
    later = database_now() + timedelta(minutes=6)
    assert attention.due_looks(later) == [village.connection.pk]


def test_nobody_looks_at_bills_whose_connection_has_to_be_renewed_by_a_person(village):
    reimbursed(village)
    over = Credential.objects.create(kind="fake", state=Credential.State.RECONNECT)
    LedgerConnection.objects.update(credential=over)
    before = village.books.times_read
    attention.look_at_bills(village.connection.pk)
    assert village.books.times_read == before


def test_a_ledger_that_asks_us_to_slow_down_while_bills_are_looked_at_is_left_alone(
    village, monkeypatch
):
    reimbursed(village)

    def throttled(self, receipts):
        raise Throttled("too many requests", after_s=600)

    monkeypatch.setattr(FakeLedger, "read", throttled)
    with pytest.raises(Throttled):
        attention.look_at_bills(village.connection.pk)
    assert Channel.objects.get().not_before > database_now() + timedelta(minutes=5)


def counted(connection: LedgerConnection) -> int:
    """Requests that the next writer to the connection knows of."""
    meter = limits.ledger_meter(connection.pk, connection.ledger)
    return max(len(moments) for moments in meter.recent().values())


def test_looking_at_bills_counts_against_the_limits_of_the_ledger(db, sandboxed, settings):
    town = towns.connect(sandboxed)
    town.poll()
    town.drain()
    Report.objects.update(reimbursed_at=database_now())
    settings.LEDGER_LIMITS = True
    assert counted(town.connection) == 0
    attention.look_at_bills(town.connection.pk)
    assert counted(town.connection) >= 1


def test_a_token_that_ended_early_is_renewed_before_bills_are_looked_at(db, sandboxed):
    town = towns.connect(sandboxed)
    town.poll()
    town.drain()
    Report.objects.update(reimbursed_at=database_now())
    sandboxed.control("quickbooks_online", "faults", {"kind": "unauthorized", "match": {}})
    attention.look_at_bills(town.connection.pk)
    assert Event.objects.filter(kind="bills.looked_at").exists()
    assert Credential.objects.get(kind="quickbooks_online").state == Credential.State.WORKING


def test_bills_are_not_looked_at_beside_a_drain_that_counts_its_own_calls(db, sandboxed):
    town = towns.connect(sandboxed)
    town.poll()
    town.drain()
    Report.objects.update(reimbursed_at=database_now())
    writer = lease.acquire(town.connection.pk)
    assert attention.look_at_bills(town.connection.pk) == 0
    assert not Event.objects.filter(kind="bills.looked_at").exists()
    writer.release()
    attention.look_at_bills(town.connection.pk)
    assert Event.objects.filter(kind="bills.looked_at").exists()
    assert Channel.objects.get().until is None
