"""What the two groups may do: every button that a person sees does what it says."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from audit.engine import run
from audit.models import Posting
from audit.states import State
from connectors.admin_base import change_url
from connectors.clock import database_now
from connectors.contract.transport import Throttled
from connectors.models import Channel, Credential
from mappings.models import Flow, PartyLink, PartyName
from tests.audit.builders import (
    a_connection,
    a_flow,
    a_held,
    a_person,
    a_posted,
    a_posting,
    a_read_report,
    confirmed,
)
from tests.audit.test_admin_parties import ADA, TAKEN
from tests.audit.test_admin_receipts import failed
from tests.audit.test_cures import CURES
from tests.mappings.conftest import SEEN_AT

pytestmark = pytest.mark.django_db
HELD_BY_FLOW = {"code": "revision.policy_hold", "message": "x", "cure": "y", "subject": ""}


def signed_in(group: str) -> Client:
    client = Client()
    client.force_login(a_person(group.lower(), group=group))
    return client


@pytest.fixture
def flow() -> Flow:
    credential = Credential.objects.create(kind="quickbooks_online", secret={"refresh_token": "x"})
    connection = a_connection(name="Acme US", home_currency="USD", credential=credential)
    run.shut(connection.pk, Throttled("QuickBooks takes no more requests", after_s=3600))
    Channel.objects.update(held_since=database_now() - timedelta(minutes=30))
    return a_flow(connection, name="Acme US bills")


@pytest.fixture
def held(flow: Flow) -> Posting:
    report = a_read_report(flow, employee_name="Ada Quist", employee_email=ADA)
    return a_held(report, TAKEN)


def rows_of(flow: Flow) -> list[Any]:
    """A row of each kind that has a page with buttons: a posting in every state, one that waits
    for every cure that there is, one that can be released, one without its receipt."""
    states = [state for state in State if state not in (State.POSTED, State.QUARANTINED)]
    postings = [a_posting(a_read_report(flow), state) for state in states]
    postings += [a_posted(a_read_report(flow)), a_posted(a_read_report(flow))]
    failed(postings[-1])
    every = [
        {"code": code, "message": "x", "cure": "y", "facts": facts, "subject": ""}
        for code, facts, _ in CURES
    ]
    postings.append(a_held(a_read_report(flow), *every))
    postings.append(a_held(a_read_report(flow), HELD_BY_FLOW, payload="{}", entry={}))
    standing = [postings[-1].report, postings[-3].report]
    return [*postings, *standing, flow, flow.connection, flow.workspace]


def test_every_button_that_a_poster_sees_is_one_that_a_poster_may_press(flow, held) -> None:
    poster = signed_in("Poster")
    pressed, opened = set(), set()
    for row in [held, *rows_of(flow)]:
        page = poster.get(change_url(row))
        assert page.status_code == 200, row
        for one in page.context["row_buttons"]:
            answer = poster.post(one.url)
            # A question, a page of its own, or done and back on the row's page.
            assert answer.status_code in (200, 302), (row, one.label)
            pressed.add(one.label)
        for told in page.context.get("problems") or ():
            for link in told.links:
                if not link.is_elsewhere and link.url not in opened:
                    go = poster.post if link.is_pressed else poster.get
                    assert go(link.url).status_code == 200, (row, link)
                    opened.add(link.url)
    assert {"Replay", "Release", "Set aside", "Reverse", "Try receipts again"} <= pressed
    assert {"Create vendor", "Poll now", "Try again now", "Dry run"} <= pressed
    assert any(url.startswith(reverse("admin:mappings_partylink_add")) for url in opened)


def test_a_poster_links_an_employee_to_a_vendor(flow, held) -> None:
    poster = signed_in("Poster")
    vendor = flow.connection.parties.create(
        ledger_id="56", name="Ada Quist", kind="vendor", seen_at=SEEN_AT
    )
    (told,) = poster.get(change_url(held)).context["problems"]
    (link,) = [one for one in told.links if one.label == "Link Ada Quist to a vendor"]
    form = poster.get(link.url).context["adminform"].form
    given = {name: form.initial[name] for name in ("connection", "employee_email")}
    answer = poster.post(link.url, given | {"party": vendor.pk})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    linked = PartyLink.objects.get()
    assert (linked.employee_email, linked.party) == (ADA, vendor)
    # Made inactive in the ledger meanwhile: the same button leads to the link that is there.
    other = flow.connection.parties.create(
        ledger_id="57", name="Ada Quist II", kind="vendor", seen_at=SEEN_AT
    )
    page = poster.get(link.url, follow=True)
    (there,) = page.redirect_chain[0][:1]
    poster.post(there, given | {"party": other.pk})
    assert PartyLink.objects.get().party == other


def test_a_poster_has_a_vendor_created_under_another_name(held) -> None:
    press = reverse("admin:audit_posting_do", args=[held.pk, "create_party"])
    confirmed(signed_in("Poster"), press, {})
    assert PartyName.objects.get().name == "Ada Quist (employee)"


def test_a_poster_writes_no_rule_and_no_flow_and_takes_no_decision_back() -> None:
    given = Group.objects.get(name="Poster").permissions.exclude(codename__startswith="view_")
    assert {one.codename for one in given} == {
        "replay_posting", "reverse_posting", "ignore_posting", "poll_flow", "explain_flow",
        "retry_ledgerconnection", "add_partyname", "add_partylink", "change_partyname",
        "change_partylink",
    }  # fmt: skip
