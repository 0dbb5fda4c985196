"""Search boxes offer what the form's company has, and tell two of one name apart."""

from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from connectors.models import Credential, LedgerConnection
from mappings.models import Dimension, Flow, Party, PartyLink, Rule, RuleValue, Value
from tests.mappings.conftest import SEEN_AT, account_row, flow_columns

ASKED = {
    "account": ("mappings", "rule", "account"),
    "party": ("mappings", "partylink", "party"),
    "dimension": ("mappings", "rulevalue", "dimension"),
    "value": ("mappings", "rulevalue", "value"),
}


@pytest.fixture
def accountant(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("ann", "ann@acme.example", "secret"))
    return client


@pytest.fixture
def berlin(connection: LedgerConnection) -> LedgerConnection:
    """A second company, whose lists have the names of the first one."""
    other = LedgerConnection.objects.create(
        ledger="quickbooks_online",
        name="Berlin",
        company_id="9341450000000002",
        home_currency="EUR",
        credential=Credential.objects.create(kind="quickbooks_online", secret={}),
    )
    for company in (connection, other):
        account_row(company, "60", "6100", "Airfare", "Expense")
        for name, label in (("class", "Class"), ("customer", "Customer")):
            one = Dimension.objects.create(connection=company, name=name, label=label)
            Value.objects.create(
                dimension=one, ledger_id="1", name="West", full_name="West", seen_at=SEEN_AT
            )
    return other


def vendor(connection: LedgerConnection, ledger_id: str, currency: str = "", **more) -> Party:
    return Party.objects.create(
        connection=connection,
        ledger_id=ledger_id,
        name="Hugo Silva",
        currency=currency,
        seen_at=SEEN_AT,
        **more,
    )


def offered(client: Client, what: str, term: str = "", **about) -> list[str]:
    app, model, field = ASKED[what]
    asked = {"app_label": app, "model_name": model, "field_name": field, "term": term}
    answer = client.get(reverse("admin:mappings_choices"), asked | about)
    assert answer.status_code == 200
    return [one["text"] for one in answer.json()["results"]]


def box_asks(page: str, name: str) -> dict[str, list[str]]:
    """What the box of this name sends along by itself."""
    box = page.partition(f'<select name="{name}"')[2].partition("</select>")[0]
    address = urlsplit(unescape(box.partition('data-ajax--url="')[2].partition('"')[0]))
    assert address.path == reverse("admin:mappings_choices")
    return parse_qs(address.query)


def test_an_account_is_offered_once_where_the_form_has_a_flow(accountant, flow, berlin) -> None:
    assert offered(accountant, "account", "6100", flow=flow.pk) == ["6100 Airfare"]
    assert offered(accountant, "account", "6100", connection=berlin.pk) == ["6100 Airfare"]


def test_where_nothing_narrows_each_row_says_whose_it_is(accountant, berlin) -> None:
    both = ["6100 Airfare (Berlin)", "6100 Airfare (Books)"]
    for about in ({}, {"flow": ""}, {"flow": "x"}, {"flow": "999"}):
        assert sorted(offered(accountant, "account", "6100", **about)) == both
    assert "West (Class, Berlin)" in offered(accountant, "value")
    assert sorted(offered(accountant, "dimension", "Class")) == ["Class (Berlin)", "Class (Books)"]


def test_a_single_company_is_not_named(accountant, taxi) -> None:
    assert offered(accountant, "account", "6120") == ["6120 Ground Transport"]


def test_dimensions_and_their_values_are_those_of_the_flow(accountant, flow, berlin) -> None:
    assert offered(accountant, "dimension", flow=flow.pk) == ["Class", "Customer"]
    assert offered(accountant, "value", flow=flow.pk) == ["West (Class)", "West (Customer)"]
    chosen = Dimension.objects.get(connection=flow.connection, name="class")
    assert offered(accountant, "value", flow=flow.pk, dimension=chosen.pk) == ["West"]


def test_two_vendors_of_one_name_are_told_apart_by_their_currencies(accountant, connection) -> None:
    vendor(connection, "1")
    assert offered(accountant, "party", connection=connection.pk) == ["Hugo Silva"]
    vendor(connection, "2", "EUR")
    vendor(connection, "3", "USD", kind="customer")
    found = offered(accountant, "party", connection=connection.pk)
    assert found == ["Hugo Silva (USD)", "Hugo Silva (EUR)", "Hugo Silva (customer, USD)"]


def test_a_chosen_vendor_is_shown_as_it_was_offered(accountant, connection) -> None:
    vendor(connection, "1")
    chosen = vendor(connection, "2", "EUR")
    link = PartyLink.objects.create(
        connection=connection, employee_email="hugo@acme.example", party=chosen
    )
    page = accountant.get(reverse("admin:mappings_partylink_change", args=[link.pk]))
    assert "Hugo Silva (EUR)" in page.content.decode()


def test_each_form_sends_along_what_it_is_about(accountant, flow, workspace, berlin, taxi) -> None:
    rule = Rule.objects.create(flow=flow, category="Taxi", account=taxi)
    west = Value.objects.filter(dimension__connection=flow.connection)[0]
    RuleValue.objects.create(rule=rule, dimension=west.dimension, value=west)
    other = Flow.objects.create(**flow_columns(workspace, berlin, name="To Berlin", is_paused=True))
    of_flow, nothing = {"flow": [str(flow.pk)]}, {}
    new = reverse("admin:mappings_rule_add")
    boxes = ("account", "dimension_values-0-dimension", "dimension_values-__prefix__-value")
    for address, wanted in (
        (f"{new}?flow={flow.pk}", of_flow),
        (reverse("admin:mappings_rule_change", args=[rule.pk]), of_flow),
        (new, nothing),
    ):
        page = accountant.get(address).content.decode()
        assert [box_asks(page, name) for name in boxes] == [wanted] * 3, address
        assert page.index("admin/js/autocomplete.js") < page.index("mappings/choices.js")
    refused = accountant.post(new, {"flow": other.pk}).content.decode()
    assert box_asks(refused, "account") == {"flow": [str(other.pk)]}

    of_berlin = {"connection": [str(berlin.pk)]}
    page = accountant.get(reverse("admin:mappings_flow_change", args=[other.pk])).content.decode()
    assert box_asks(page, "payable_account") == of_berlin
    assert box_asks(page, "card_accounts-__prefix__-account") == of_berlin
    link = f"{reverse('admin:mappings_partylink_add')}?connection={berlin.pk}"
    assert box_asks(accountant.get(link).content.decode(), "party") == of_berlin


def test_whoever_may_not_see_a_list_is_offered_nothing_of_it(connection) -> None:
    client = Client()
    client.force_login(User.objects.create_user("vera", password="secret", is_staff=True))
    app, model, field = ASKED["account"]
    asked = {"app_label": app, "model_name": model, "field_name": field}
    assert client.get(reverse("admin:mappings_choices"), asked).status_code == 403
