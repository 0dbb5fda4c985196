"""The seeded month on the screen: every page of it opens, and home agrees with the lists."""

from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum
from django.test import Client
from django.urls import reverse

from audit.models import Call, Posting, Report
from audit.selectors import held, standings
from tests.audit.builders import a_person


@pytest.fixture
def month(big_town: Any) -> Any:
    big_town.poll()
    big_town.drain()
    return big_town


def test_every_page_of_the_month_opens_and_home_agrees(month: Any) -> None:
    client = Client()
    client.force_login(a_person("ann", group="Poster"))
    pages = [reverse("admin:index"), reverse("admin:audit_posting_held")]
    pages += [reverse("admin:audit_call_change", args=[row.pk]) for row in Call.objects.all()[:5]]
    for model, rows in (("report", Report.objects.all()), ("posting", Posting.objects.all())):
        pages.append(reverse(f"admin:audit_{model}_changelist"))
        pages += [reverse(f"admin:audit_{model}_change", args=[row.pk]) for row in rows]
    failed = [page for page in pages if client.get(page).status_code != 200]
    assert not failed
    for report in Report.objects.all():
        dry = client.post(reverse("admin:audit_report_do", args=[report.pk, "dry_run"]))
        assert dry.status_code == 200, report
    counted = standings()
    assert sum(one.reports for one in counted.values()) == Report.objects.count()
    for group in held():
        query = f"subject:{group.subject}" if group.subject else f"code:{group.code}"
        query = {"cause": query, "connection__id__exact": group.sample.connection_id}
        listed = client.get(reverse("admin:audit_posting_held"), query)
        reports = {row.report_id for row in listed.context["cl"].result_list}
        assert len(reports) == group.reports, group
    api = client.get("/api/v1/reports/", {"page_size": 500}).json()
    assert api["count"] == Report.objects.count()


def test_home_sums_what_stands_in_the_ledger_not_what_the_reports_say(month: Any) -> None:
    """Of a report with a company card's lines the bill has the others only."""
    stands = sum(Decimal(one["total"]) for one in month.ours())
    assert standings()["posted"].sums == {"USD": stands}
    assert standings()["posted"].documents == len(month.ours())
    reported = Report.objects.filter(standing="posted").aggregate(sum=Sum("total"))["sum"]
    assert reported != stands
    held_ones = Posting.objects.filter(state="quarantined").order_by("pk")
    Posting.objects.filter(pk=held_ones[0].pk).update(total=None)
    tally = standings()["held"]
    known = sum(one.total for one in held_ones if one.total is not None)
    assert (tally.sums, tally.unknown) == ({"USD": known}, 1)
    client = Client()
    client.force_login(a_person("ann", group="Poster"))
    assert ", and 1 not known yet" in client.get(reverse("admin:index")).content.decode()


def test_a_dry_run_of_the_whole_flow_shows_every_report_and_writes_nothing(big_town, admin_client):
    from audit.models import Event, Posting

    big_town.poll()
    before = Posting.objects.count(), Event.objects.count()
    page = admin_client.post(f"/admin/mappings/flow/{big_town.flow.pk}/do/dry_run/")
    said = page.content.decode()
    assert page.status_code == 200
    assert "38 reports: " in said and "; 8 reports held" in said
    assert "would be posted" in said
    assert "Choose an account." in said
    assert (Posting.objects.count(), Event.objects.count()) == before
