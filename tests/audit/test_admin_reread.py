"""Read it again from Expensify: the button of a report's page, and what it says came of it."""

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Event, PollRun, Report
from audit.states import State
from connectors import opening
from connectors.clock import database_now
from connectors.contract.transport import Unauthorised, Unreachable
from tests.audit.builders import a_person, confirmed
from tests.audit.village import Village

pytestmark = pytest.mark.django_db


def signed_in(name: str, group: str) -> Client:
    client = Client()
    client.force_login(a_person(name, group=group))
    return client


@pytest.fixture
def ann(db: None) -> Client:
    return signed_in("ann", "Poster")


@pytest.fixture
def report(village: Village) -> Report:
    """Held, because its category is on no rule."""
    report_id = village.expensify.file({"Gifts": 1000})
    village.work()
    return village.report(report_id)


def address(report: Report) -> str:
    return reverse("admin:audit_report_do", args=[report.pk, "read_again"])


def fails_with(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(account: object) -> None:
        raise error

    monkeypatch.setattr(opening, "open_expensify", fail)


def test_a_report_that_was_mended_is_read_and_built_at_once(village, report, ann) -> None:
    village.expensify.reports[report.report_id]["expenses"][0]["category"] = "Airfare"
    village.expensify.edit(report.report_id, 0, 900)
    assert f"Read {report.report_id} again" in ann.post(address(report)).content.decode()
    assert report.standing == Report.Standing.HELD
    page = confirmed(ann, address(report), {})
    assert "It has changed: 10.00 USD became 9.00 USD. It is now: Waiting to post." in page
    assert village.posting(report.report_id).state == State.READY
    assert Event.objects.filter(kind="report.read_asked", actor="ann", report=report).exists()
    assert "Asked to be read again from Expensify." in page


def test_a_report_that_did_not_change_is_said_to_be_as_it_was(report, ann) -> None:
    page = confirmed(ann, address(report), {})
    assert "Nothing has changed in Expensify since" in page
    assert "It is now: Held: needs you." in page


def test_a_report_that_expensify_lists_no_more_is_said_to_be_missing(village, report, ann) -> None:
    del village.expensify.reports[report.report_id]
    assert "Expensify does not list it any more" in confirmed(ann, address(report), {})


def test_a_failure_of_expensify_is_told_with_its_cure_and_when_to_try_again(
    report, ann, monkeypatch
) -> None:
    fails_with(monkeypatch, Unauthorised("Expensify refused the partner's password"))
    page = confirmed(ann, address(report), {})
    assert "Expensify could not be read. Expensify refused the partner's password" in (
        page.replace("&#x27;", "'")
    )
    assert "Enter the credentials again" in page
    fails_with(monkeypatch, Unreachable("not asked"))
    page = confirmed(ann, address(report), {})
    assert "could not be read a little while ago; it can be asked again" in page


def test_while_the_flow_is_being_read_nothing_is_read_beside_it(report, ann) -> None:
    now = database_now()
    PollRun.objects.create(
        flow=report.flow, due_at=now, owner="x", started_at=now, until=now.replace(year=2099)
    )
    assert "is being read from Expensify at this moment" in confirmed(ann, address(report), {})


def test_the_button_is_for_those_who_may_poll(report, ann) -> None:
    page = reverse("admin:audit_report_change", args=[report.pk])

    def buttons(client: Client) -> set[str]:
        return {one.name for one in client.get(page).context["row_buttons"]}

    vera = signed_in("vera", "Viewer")
    assert "read_again" in buttons(ann) and "read_again" not in buttons(vera)
    assert vera.post(address(report), {"confirm": "1"}).status_code == 403


def test_a_message_whose_cure_is_in_expensify_has_the_button_beside_it(village, ann) -> None:
    report_id = village.expensify.file({"": 1000})
    village.work()
    posting = village.posting(report_id)
    page = ann.get(reverse("admin:audit_posting_change", args=[posting.pk])).content.decode()
    assert f'action="{address(posting.report)}"' in page
