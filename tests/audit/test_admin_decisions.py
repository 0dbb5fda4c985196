"""Whoever saves a cure is told what waits for it, with the way to the held reports."""

from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from connectors.models import LedgerConnection
from mappings.models import Flow, GLAccount, Party, Rule
from tests.audit.builders import (
    NO_VENDOR,
    NOON,
    a_connection,
    a_flow,
    a_held,
    a_person,
    a_read_report,
    expense_line,
)
from tests.mappings.conftest import account_row
from tests.mappings.test_admin import rule_form

BEN = "ben.ito@acme.example"


@pytest.fixture
def connection(db: None) -> LedgerConnection:
    return a_connection(name="Acme US", home_currency="USD")


@pytest.fixture
def flow(connection: LedgerConnection) -> Flow:
    return a_flow(connection, name="Acme US bills")


@pytest.fixture
def events_account(connection: LedgerConnection) -> GLAccount:
    return account_row(connection, "64", "6400", "Team events", "Expense")


@pytest.fixture
def boss(db: None) -> Client:
    client = Client()
    client.force_login(a_person("boss", is_superuser=True))
    return client


def saved(client: Client, model: str, form: dict[str, Any]) -> list[tuple[str, str]]:
    """Level and text of what is said beside that a new row was saved."""
    answer = client.post(reverse(f"admin:mappings_{model}_add"), form)
    assert answer.status_code == 302, answer.context["errors"]
    told = [(one.level_tag, unescape(str(one))) for one in get_messages(answer.wsgi_request)]
    return [one for one in told if "was added successfully" not in one[1]]


def address(text: str) -> str:
    return text.partition('href="')[2].partition('"')[0]


def a_vendor(connection: LedgerConnection, ledger_id: str = "56", currency: str = "") -> Party:
    return Party.objects.create(
        connection=connection,
        ledger_id=ledger_id,
        name="Ben Ito",
        currency=currency,
        seen_at=NOON,
    )


def link_form(party: Party) -> dict[str, Any]:
    return {"connection": party.connection_id, "employee_email": BEN, "party": party.pk}


def test_a_new_rule_says_what_waits_for_it_and_leads_there(boss, flow, events_account) -> None:
    for number in ("1001", "1002"):
        a_held(a_read_report(flow, expense_line(number)), total="59.50")
    other_flow = a_flow(flow.connection)
    a_held(a_read_report(other_flow))
    a_held(a_read_report(flow, expense_line("1003")), NO_VENDOR)
    form = rule_form(flow, category="Team events", account=events_account.pk)
    ((level, text),) = saved(boss, "rule", form)
    assert level == "info"
    assert text.startswith("2 reports (119.00 USD) wait for this: ")
    assert ">look, then Replay</a>" in text
    listed = boss.get(address(text)).context["cl"].result_list
    assert {one.report.flow for one in listed} == {flow} and len(listed) == 2


def test_a_rule_that_nothing_waits_for_says_nothing_more(boss, flow, events_account) -> None:
    a_held(a_read_report(flow))
    assert saved(boss, "rule", rule_form(flow, category="Taxi", account=events_account.pk)) == []
    form = rule_form(flow, category="Team events", account=events_account.pk)
    del form["is_active"]
    assert saved(boss, "rule", form) == []


@pytest.mark.parametrize(
    ("facts", "columns"),
    [
        ({"tag": "West", "tag_level": "2"}, {"tag": "West", "tag_level": "2"}),
        ({"tax": "Standard", "tax_category": "Taxi"}, {"tax": "Standard", "tax_is_cost": "on"}),
        (
            {"tax": "Standard", "tax_category": "Taxi"},
            {"tax": "Standard", "category": "Taxi", "tax_is_cost": "on"},
        ),
    ],
    ids=["tag", "tax", "tax in a category"],
)
def test_rules_for_tags_and_taxes_say_it_too(boss, flow, facts, columns) -> None:
    problem = {"code": "map.some.thing", "message": "", "cure": "", "subject": "it", "facts": facts}
    a_held(a_read_report(flow), problem, total="18.40")
    ((_, text),) = saved(boss, "rule", rule_form(flow, **columns))
    assert text.startswith("1 report (18.40 USD) waits for this: ")


def test_a_changed_rule_says_what_is_held_because_of_it(boss, flow, events_account) -> None:
    rule = Rule.objects.create(flow=flow, category="Taxi", account=events_account)
    problem = {
        "code": "map.value.inactive",
        "subject": "value:1",
        "facts": {"rule_id": f"{rule.pk}"},
    }
    a_held(a_read_report(flow), problem)
    page = reverse("admin:mappings_rule_change", args=[rule.pk])
    answer = boss.post(page, rule_form(flow, category="Taxi", account=events_account.pk))
    assert "waits for this" in " ".join(map(str, get_messages(answer.wsgi_request)))


def test_a_new_link_says_what_waits_for_it(boss, flow, connection) -> None:
    a_held(a_read_report(flow), NO_VENDOR, total="119.00")
    a_held(a_read_report(flow, employee_email="cleo@acme.example"), NO_VENDOR)
    ((_, text),) = saved(boss, "partylink", link_form(a_vendor(connection)))
    assert text.startswith("1 report (119.00 USD) waits for this: ")
    assert boss.get(address(text)).status_code == 200


@pytest.mark.parametrize(
    ("currency", "level", "said"),
    [
        ("EUR", "info", "1 report (119.00 EUR) waits for this: "),
        ("CHF", "warning", "Vendor Ben Ito is kept in CHF, and "),
        ("", "warning", "Vendor Ben Ito is kept in USD, and "),
    ],
)
def test_a_link_to_a_vendor_in_a_wrong_currency_is_warned_of(
    boss, flow, connection, currency, level, said
) -> None:
    wants_euros = {
        "code": "map.currency.party",
        "subject": "party:56",
        "facts": NO_VENDOR["facts"] | {"party_id": "56", "currency": "EUR"},
    }
    a_held(a_read_report(flow), wants_euros, total="119.00", currency="EUR")
    ((got, text),) = saved(boss, "partylink", link_form(a_vendor(connection, currency=currency)))
    assert got == level and text.startswith(said)
    if level == "warning":
        assert "1 report (119.00 EUR)</a> waits for a vendor in EUR" in text
    assert boss.get(address(text)).context["cl"].result_count == 1


def test_whoever_may_not_see_postings_is_told_nothing_of_them(flow, connection) -> None:
    a_held(a_read_report(flow), NO_VENDOR)
    clerk = a_person("cleo")
    wanted = ["add_partylink", "view_partylink", "view_party"]
    clerk.user_permissions.set(Permission.objects.filter(codename__in=wanted))
    client = Client()
    client.force_login(clerk)
    assert saved(client, "partylink", link_form(a_vendor(connection))) == []
