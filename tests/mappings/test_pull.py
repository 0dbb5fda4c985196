"""Reading lists anew: the same twice changes nothing, what is gone stays and is marked."""

import io
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from connectors import opening
from connectors.contract.company import ChartRow
from connectors.contract.transport import Unreachable
from connectors.expensify.policy import Card as ListedCard
from connectors.expensify.policy import Category as ListedCategory
from connectors.expensify.policy import Employee as ListedEmployee
from connectors.expensify.policy import PolicyLists, TagLevel, TagValue
from connectors.expensify.policy import TaxRate as ListedTaxRate
from connectors.signals import chart_changed, rules_changed
from mappings.models import (
    Card,
    Category,
    Dimension,
    Employee,
    GLAccount,
    Party,
    Tag,
    TaxCode,
    TaxRate,
    Value,
)
from mappings.pull import Counted, ListsIncomplete, pull_cards, pull_chart, pull_workspace, summary
from tests.mappings.conftest import ListedLedger

ROWS = [
    ChartRow("account", "61", "Ground Transport", number="6120", kind="Expense"),
    ChartRow("account", "64", "Old Travel", number="6290", kind="Expense", active=False),
    ChartRow("party", "56", "Ben Ito", kind="vendor", email="ben.ito@acme.example"),
    ChartRow("party", "56", "Ann Reyes", kind="employee"),
    ChartRow("class", "501", "Sales", full_name="Sales"),
    ChartRow("customer", "26", "Website", full_name="Initech:Website"),
    ChartRow("tax_code", "NON", "NON"),
    # A list that no document of ours has a place for.
    ChartRow("term", "3", "Net 30"),
]


@pytest.fixture
def ledger(monkeypatch) -> ListedLedger:
    one = ListedLedger(list(ROWS))
    monkeypatch.setattr(opening, "open_ledger", lambda *args, **kwargs: one)
    return one


@pytest.fixture
def heard():
    news: list[tuple] = []

    def on_chart(sender, connection_id, **kwargs) -> None:
        news.append(("chart", connection_id))

    def on_rules(sender, connection_id, flow_id, **kwargs) -> None:
        news.append(("rules", connection_id, flow_id))

    chart_changed.connect(on_chart)
    rules_changed.connect(on_rules)
    yield news
    chart_changed.disconnect(on_chart)
    rules_changed.disconnect(on_rules)


def counted(found: tuple[Counted, ...]) -> dict[str, tuple[int, int, int]]:
    return {one.name: (one.seen, one.new, one.gone) for one in found}


def test_every_list_is_stored_with_what_the_ledger_calls_it(ledger, connection, heard) -> None:
    found = counted(pull_chart(connection))
    assert found == {
        "accounts": (2, 2, 0),
        "parties": (2, 2, 0),
        "tax codes": (1, 1, 0),
        "class": (1, 1, 0),
        "customer": (1, 1, 0),
        "department": (0, 0, 0),
    }
    assert not GLAccount.objects.get(number="6290").active
    assert Dimension.objects.get(name="department").label == "Location"
    assert Dimension.objects.get(name="class").label == "Class"
    assert Value.objects.get(ledger_id="26").full_name == "Initech:Website"
    assert sorted(Party.objects.values_list("kind", flat=True)) == ["employee", "vendor"]
    connection.refresh_from_db()
    assert connection.closed_through == ledger.closed_through
    assert connection.chart_as_of == GLAccount.objects.first().seen_at
    assert heard == [("chart", connection.pk)]


def test_terms_of_vendors_and_percents_of_tax_codes_are_kept_as_far_as_they_are_told(
    ledger, connection
) -> None:
    ledger.rows += [
        ChartRow("party", "57", "Ann", kind="vendor", facts={"term": "3"}),
        ChartRow("tax_code", "9", "20% S", facts={"purchase_percents": "20"}),
        ChartRow("tax_code", "12", "GST/PST", facts={"purchase_percents": "5,7"}),
        ChartRow("tax_code", "13", "Half told", facts={"purchase_percents": "5,"}),
    ]
    pull_chart(connection)
    assert dict(Party.objects.values_list("ledger_id", "terms_id")) == {"56": "", "57": "3"}
    assert dict(TaxCode.objects.values_list("name", "percent")) == {
        "NON": None, "20% S": 20, "GST/PST": 12, "Half told": None,
    }  # fmt: skip
    ledger.rows[-3] = ChartRow("tax_code", "9", "20% S", facts={"purchase_percents": "21"})
    pull_chart(connection)
    assert TaxCode.objects.get(ledger_id="9").percent == 21


def test_the_same_lists_twice_change_nothing(ledger, connection) -> None:
    pull_chart(connection)
    before = list(GLAccount.objects.values_list("pk", "number", "name", "active", "gone_at"))
    assert all(one.new == one.gone == 0 for one in pull_chart(connection))
    assert (
        list(GLAccount.objects.values_list("pk", "number", "name", "active", "gone_at")) == before
    )


def test_what_is_gone_stays_and_is_inactive_until_it_comes_back(ledger, connection) -> None:
    pull_chart(connection)
    taxi = GLAccount.objects.get(number="6120")
    ledger.rows = [row for row in ROWS if row.id != "61"]
    assert counted(pull_chart(connection))["accounts"] == (1, 0, 1)
    taxi.refresh_from_db()
    assert not taxi.active and taxi.gone_at is not None
    assert counted(pull_chart(connection))["accounts"] == (1, 0, 0)
    ledger.rows = list(ROWS)
    pull_chart(connection)
    taxi.refresh_from_db()
    assert taxi.active and taxi.gone_at is None


def test_a_renamed_account_keeps_its_row(ledger, connection) -> None:
    pull_chart(connection)
    taxi = GLAccount.objects.get(number="6120")
    ledger.rows[0] = ChartRow("account", "61", "Taxis", number="6125", kind="Expense")
    pull_chart(connection)
    taxi.refresh_from_db()
    assert (taxi.number, taxi.name) == ("6125", "Taxis")


def test_an_answer_that_breaks_off_makes_nobody_inactive(ledger, connection) -> None:
    pull_chart(connection)
    ledger.breaks_after = 1
    with pytest.raises(Unreachable):
        pull_chart(connection)
    assert GLAccount.objects.filter(gone_at=None).count() == 2


def test_a_chart_without_accounts_is_not_believed(ledger, connection) -> None:
    pull_chart(connection)
    ledger.rows = [row for row in ROWS if row.list_name != "account"]
    with pytest.raises(ListsIncomplete, match="no account at all"):
        pull_chart(connection)
    assert GLAccount.objects.filter(gone_at=None).count() == 2


def test_a_member_shown_by_two_pages_is_one_row(ledger, connection) -> None:
    ledger.rows.append(ROWS[0])
    assert counted(pull_chart(connection))["accounts"] == (2, 2, 0)


def test_a_larger_chart_takes_no_more_statements(
    ledger, connection, django_assert_num_queries
) -> None:
    from django.db import connection as database
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(database) as small:
        pull_chart(connection)
    ledger.rows += [
        ChartRow("account", str(1000 + n), f"Account {n}", number=str(n), kind="Expense")
        for n in range(60)
    ]
    with CaptureQueriesContext(database) as large:
        pull_chart(connection)
    assert len(large) <= len(small)


def test_the_command_prints_counts(ledger, connection) -> None:
    out = io.StringIO()
    call_command("pull_chart", "--connection", str(connection.pk), stdout=out)
    assert out.getvalue().startswith("Books: accounts 2 (2 new), parties 2 (2 new), ")


def test_the_command_fails_for_what_cannot_be_read(ledger, connection) -> None:
    ledger.rows = []
    err = io.StringIO()
    with pytest.raises(CommandError, match="1 of 1 were not read: Books"):
        call_command("pull_chart", stdout=io.StringIO(), stderr=err)
    assert "no account at all" in err.getvalue()
    with pytest.raises(CommandError, match="no ledger connection 99"):
        call_command("pull_chart", "--connection", "99")


# --- from Expensify ------------------------------------------------------------------------------


class ListedExpensify:
    def __init__(self, lists: PolicyLists) -> None:
        self.lists = lists

    def cards(self, domain: str) -> tuple[ListedCard, ...]:
        return (
            ListedCard("1979", "", "1234XXXXXXXX1979", "vcf", "Ben.Ito@acme.example", "", None),
            ListedCard("1979", "Ops card", "9999XXXXXXXX1979", "amex", "", "", None),
        )

    def policy(self, policy_id: str) -> PolicyLists:
        assert policy_id == self.lists.policy_id
        return self.lists


def lists(categories, levels=(), employees=(), tax_rates=()) -> PolicyLists:
    return PolicyLists(
        policy_id="0810E551A5F2A9C2",
        categories=tuple(categories),
        tag_levels=tuple(levels),
        employees=tuple(employees),
        tax_name="VAT",
        tax_rates=tuple(tax_rates),
        report_fields=(),
    )


def test_a_workspaces_lists_are_stored_and_its_flows_told(monkeypatch, flow, heard) -> None:
    expensify = ListedExpensify(
        lists(
            [ListedCategory("Taxi", True, "6120"), ListedCategory("Other", False)],
            [TagLevel(1, "Department", (TagValue("Sales", "210"), TagValue("Legacy", "290")))],
            [ListedEmployee("Ben.Ito@acme.example", "E02", "user", "", ("", ""))],
            [
                ListedTaxRate("id_TAX_20", "Standard", Decimal("20"), True),
                ListedTaxRate("id_TAX_5", "Reduced", Decimal("5"), False),
            ],
        )
    )
    monkeypatch.setattr(opening, "open_expensify", lambda account: expensify)
    found = pull_workspace(flow.workspace)
    assert summary(found) == (
        "categories 2 (2 new), tags 2 (2 new), tax rates 2 (2 new), employees 1 (1 new)"
    )
    assert not Category.objects.get(name="Other").active
    assert Tag.objects.get(name="Sales").level_name == "Department"
    rates = TaxRate.objects.values_list("rate_id", "tax_name", "name", "percent")
    assert set(rates) == {("id_TAX_20", "VAT", "Standard", 20), ("id_TAX_5", "VAT", "Reduced", 5)}
    assert heard == [("rules", flow.connection_id, flow.pk)]
    assert flow.workspace.lists_as_of is not None
    Employee.objects.update(name="Ben Ito")

    expensify.lists = lists(
        [ListedCategory("Taxi", True, "6121")],
        employees=[ListedEmployee("ben.ito@acme.example", "E02", "user", "", ("", ""))],
        tax_rates=[ListedTaxRate("id_TAX_20", "Standard", Decimal("21"), True)],
    )
    assert counted(pull_workspace(flow.workspace)) == {
        "categories": (1, 0, 1),
        "tags": (0, 0, 2),
        "tax rates": (1, 0, 1),
        "employees": (1, 0, 0),
    }
    assert [rate.percent for rate in TaxRate.objects.filter(active=True)] == [21]
    assert Category.objects.get(name="Taxi").gl_code == "6121"
    assert Category.objects.get(name="Other").gone_at is not None
    assert Employee.objects.get().name == "Ben Ito"


def test_cards_of_two_banks_may_share_a_number(monkeypatch, workspace) -> None:
    monkeypatch.setattr(opening, "open_expensify", lambda account: ListedExpensify(lists([])))
    assert pull_cards(workspace, "acme.example") == Counted("cards", 2, 2, 0)
    assert [str(card) for card in Card.objects.all()] == ["1234XXXXXXXX1979", "Ops card"]
