"""What stands in the ledger and wants somebody's eye: unapproved since, or paid elsewhere."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from audit import attention, tasks
from audit.doctor import examine
from audit.models import Event, Posting
from connectors.clock import database_now
from tests.audit.builders import a_person
from tests.audit.village import Village, settle_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def village(settings, monkeypatch) -> Village:
    return settle_in(settings, monkeypatch)


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
    assert Event.objects.get(kind="bills.looked_at").facts == {"bills": 2, "paid": 1}
    assert attention.due_looks(database_now()) == [], "once a day"
    assert attention.due_looks(database_now() + timedelta(hours=25)) == [village.connection.pk]
    assert said("Paid twice?") == ["1 open bill for reports that Expensify has reimbursed already"]
    assert village.posting(other).op == "post" and Posting.objects.count() == 3
