"""The lists of a workspace, in every shape that Expensify gives them."""

from decimal import Decimal

import pytest

from connectors.expensify import policy
from connectors.expensify.policy import (
    Card,
    Category,
    Employee,
    Policy,
    PolicyLists,
    ReportField,
    TagLevel,
    TagValue,
    TaxRate,
)
from connectors.expensify.values import Misfit

US = "0810E551A5F2A9C2"


def lists(**sections) -> PolicyLists:
    found = policy.lists(US, {"responseCode": 200, "policyInfo": {US: sections}})
    assert found is not None
    return found


def test_workspaces_come_with_whatever_role_and_type():
    answer = {
        "policyList": [
            {
                "outputCurrency": "USD",
                "owner": "ann.reyes@acme.example",
                "role": "admin",
                "name": "Acme US &amp; Co",
                "id": US,
                "type": "corporate",
            },
            {
                "outputCurrency": "EUR",
                "owner": "",
                "role": "wizard",
                "name": "Acme Europe",
                "id": "4C6722D4BD2BD941",
                "type": "personalPolicy",
            },
        ]
    }
    assert policy.policies(answer) == (
        Policy(US, "Acme US & Co", "USD", "admin", "corporate", "ann.reyes@acme.example"),
        Policy("4C6722D4BD2BD941", "Acme Europe", "EUR", "wizard", "personalPolicy"),
    )
    assert policy.policies({"policyList": []}) == ()


def test_a_workspace_is_read_with_all_its_lists():
    found = lists(
        categories=[
            {
                "name": "Meals &amp; Entertainment",
                "enabled": True,
                "glCode": "6130",
                "payrollCode": "M1",
                "areCommentsRequired": False,
                "maxExpenseAmount": 5000,
            },
            {"name": "Other", "enabled": False},
            {"name": "Airfare", "enabled": True, "glCode": 6100},
        ],
        tags=[
            {"name": "Department", "tags": [{"name": "Sales", "glCode": "220", "enabled": True}]},
            {
                "name": "Region",
                "tags": [
                    {"name": "West", "glCode": "10", "enabled": False},
                    {"name": "Site\\: Nord"},
                ],
            },
        ],
        tax={
            "default": "4",
            "name": "VAT",
            "rates": [
                {"rate": Decimal("7.7"), "name": "Standard", "rateID": "id_TAX_OPTION_16"},
                {"rate": 0, "name": "Zero", "rateID": 4},
            ],
        },
        employees=[
            {
                "email": "ben.ito@acme.example",
                "role": "user",
                "submitsTo": "cfo@acme.example",
                "employeeID": "E01",
                "customField1": "E01",
                "customField2": "P1",
            },
            {"email": "cfo@acme.example", "role": "admin"},
        ],
        reportFields=[
            {"values": [], "name": "title", "type": "formula"},
            {"values": ["Ops", "R&amp;D"], "name": "Cost Center (EU)", "type": "dropdown"},
        ],
    )
    assert found == PolicyLists(
        policy_id=US,
        categories=(
            Category("Meals & Entertainment", True, "6130", "M1"),
            Category("Other", False),
            Category("Airfare", True, "6100"),
        ),
        tag_levels=(
            TagLevel(1, "Department", (TagValue("Sales", "220"),)),
            TagLevel(2, "Region", (TagValue("West", "10"), TagValue("Site: Nord"))),
        ),
        employees=(
            Employee("ben.ito@acme.example", "E01", "user", "cfo@acme.example", ("E01", "P1")),
            Employee("cfo@acme.example", "", "admin", "", ("", "")),
        ),
        tax_name="VAT",
        tax_rates=(
            TaxRate("id_TAX_OPTION_16", "Standard", Decimal("7.7"), False),
            TaxRate("4", "Zero", Decimal("0"), True),
        ),
        report_fields=(
            ReportField("title", "title", "formula", ()),
            ReportField("Cost Center (EU)", "Cost_Center__EU_", "dropdown", ("Ops", "R&D")),
        ),
    )


@pytest.mark.parametrize(
    ("tags", "levels"),
    [
        pytest.param([], (), id="none"),
        pytest.param(None, (), id="missing"),
        pytest.param(
            [{"glCode": "", "name": "Enterprise", "enabled": True},
             {"glCode": "7", "name": "Enterprise:William Riker", "enabled": False}],
            (TagLevel(1, "", (TagValue("Enterprise"),
                              TagValue("Enterprise:William Riker", "7", False))),),
            id="flat, with a hierarchy in the names",
        ),
        pytest.param([{"name": "Tags", "tags": []}], (TagLevel(1, "Tags", ()),), id="empty level"),
        pytest.param(
            [{"name": "Tags", "tags": [{"name": "A", "enabled": False}]}],
            (TagLevel(1, "Tags", (TagValue("A", "", False),)),),
            id="one level keeps what is switched off",
        ),
    ],
)  # fmt: skip
def test_tags_come_flat_or_in_levels(tags, levels):
    assert lists(tags=tags).tag_levels == levels


def test_a_workspace_without_tax_has_no_rates():
    for tax in ({}, None, {"rates": []}):
        assert lists(tax=tax).tax_rates == ()


def test_a_workspace_that_is_not_in_the_answer_is_none():
    assert policy.lists(US, {"policyInfo": {}}) is None


@pytest.mark.parametrize(
    ("read", "place"),
    [
        pytest.param(lambda: policy.policies({}), "policyList", id="no list of workspaces"),
        pytest.param(lambda: policy.lists(US, {}), "policyInfo", id="no lists"),
        pytest.param(lambda: policy.cards({}), "domainCardList", id="no list of cards"),
        pytest.param(
            lambda: policy.policies({"policyList": [{"name": "A"}]}), "policyList.id", id="no id"
        ),
        pytest.param(
            lambda: lists(categories=[{"enabled": True}]), "categories.name", id="no name"
        ),
        pytest.param(lambda: lists(categories={"a": 1}), "categories", id="not a list"),
        pytest.param(
            lambda: lists(categories=[{"name": "A", "enabled": "yes"}]), "enabled", id="not a flag"
        ),
        pytest.param(
            lambda: lists(tax={"rates": [{"rateID": "1", "rate": ""}]}),
            "tax.rates",
            id="blank rate",
        ),
        pytest.param(
            lambda: lists(reportFields=[{"name": "A", "values": "B"}]), "reportFields", id="values"
        ),
        pytest.param(lambda: lists(employees=[{"email": ""}]), "employees.email", id="no e-mail"),
    ],
)
def test_a_list_in_another_shape_is_refused_and_not_taken_as_empty(read, place):
    with pytest.raises(Misfit) as refused:
        read()
    assert place in refused.value.field


def test_cards_come_with_their_holders():
    answer = {
        "domainCardList": [
            {
                "bank": "vcf",
                "cardID": 4242,
                "cardName": "Ops card",
                "cardNumber": "1234XXXXXXXX1979",
                "email": "ben.ito@acme.example",
                "externalEmployeeID": "",
                "reimbursable": False,
                "created": "2026-01-02 03:04:05",
                "scrapeMinDate": "",
            },
            {"cardID": "77", "reimbursable": ""},
        ]
    }
    assert policy.cards(answer) == (
        Card("4242", "Ops card", "1234XXXXXXXX1979", "vcf", "ben.ito@acme.example", "", False),
        Card("77", "", "", "", "", "", None),
    )
