"""What is saved and what is refused, with the reason; the open book in a handful of statements."""

from datetime import date, time

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from connectors.models import ExpensifyAccount, LedgerConnection, Workspace
from connectors.signals import happened, rules_changed
from mappings import services
from mappings.build import build
from mappings.models import (
    Category,
    Dimension,
    Flow,
    Party,
    PartyLink,
    Rule,
    RuleValue,
    Tag,
    TaxCode,
    TaxRate,
    Value,
)
from mappings.terms import TaxPolicy
from tests.builders import expense, report, sides
from tests.mappings.conftest import SEEN_AT, account_row, flow_columns


@pytest.fixture
def heard():
    news: list[tuple] = []

    def on_happened(sender, kind, actor, **kwargs) -> None:
        news.append((kind, actor))

    def on_rules(sender, connection_id, flow_id, **kwargs) -> None:
        news.append(("rules", connection_id, flow_id))

    happened.connect(on_happened)
    rules_changed.connect(on_rules)
    yield news
    happened.disconnect(on_happened)
    rules_changed.disconnect(on_rules)


def reasons(failure) -> str:
    return " ".join(message for texts in failure.value.message_dict.values() for message in texts)


# --- the open book -------------------------------------------------------------------------------


def test_a_report_is_built_from_the_rows(flow, taxi, sales, ben) -> None:
    services.save_rule(flow=flow, category="Taxi", account=taxi)
    services.save_rule(flow=flow, tag="Sales", values={"class": sales})
    entry = build(report([expense(tags={1: "Sales"})]), services.open_book(flow)).slices[0].entry
    assert sides(entry) == [("D 6120", "12.50"), ("C 2000", "12.50")]
    assert entry.lines[0].dimension("class").id == "501"
    assert (entry.party.id, entry.date) == ("56", date(2026, 10, 20))


def test_the_book_takes_as_many_statements_for_a_large_chart(
    flow, taxi, sales, ben, django_assert_max_num_queries
) -> None:
    for n in range(30):
        account_row(flow.connection, f"9{n}", f"9{n}", f"Account {n}", "Expense")
        services.save_rule(flow=flow, category=f"C{n}", account=taxi, values={"class": sales})
    fresh = Flow.objects.select_related("workspace", "connection").get(pk=flow.pk)
    with django_assert_max_num_queries(10):
        open_book = services.open_book(fresh)
    assert len(open_book.rules) == 30 and len(open_book.accounts) == 32
    assert open_book.fingerprint == services.open_book(fresh).fingerprint


def test_inactive_rules_do_not_count(flow, taxi) -> None:
    services.save_rule(flow=flow, category="Taxi", account=taxi, is_active=False)
    assert services.open_book(flow).rules == ()


def test_both_locks_close_days(flow) -> None:
    flow.connection.closed_through = date(2026, 8, 31)
    flow.connection.books_closed_through = date(2026, 9, 30)
    locks = services.open_book(flow).locks
    assert locks.why(date(2026, 8, 31)) == "QuickBooks Online is closed through 31 Aug 2026"
    assert locks.why(date(2026, 9, 30)) == "we closed these books through 30 Sep 2026"
    assert locks.first_open(date(2026, 8, 1)) == date(2026, 10, 1)


def test_before_tax_and_currencies_are_known_everything_is_held(flow, taxi, ben) -> None:
    services.save_rule(flow=flow, category="Taxi", account=taxi)
    LedgerConnection.objects.update(has_tax=None)
    fresh = Flow.objects.get(pk=flow.pk)
    (problem,) = build(report(), services.open_book(fresh)).problems
    assert problem.code == "map.chart.unread"


def test_tax_rates_are_checked_before_any_report_arrives(flow, taxi) -> None:
    for rate_id, name, active in (("id_20", "Standard", True), ("id_17", "Old", False)):
        TaxRate.objects.create(
            workspace=flow.workspace, rate_id=rate_id, name=name, tax_name="VAT", percent=20,
            active=active, seen_at=SEEN_AT,
        )  # fmt: skip
    flow.tax_policy = TaxPolicy.RECLAIM
    flow.connection.has_tax = True
    gaps = services.policy_check(flow).gaps
    assert [(gap.subject, gap.name, gap.percent) for gap in gaps] == [("tax", "Standard", 20)]
    flow.tax_policy = TaxPolicy.COST
    assert services.policy_check(flow).gaps == ()


def test_the_lists_are_checked_before_any_report_arrives(flow, taxi) -> None:
    for name, active in (("Taxi", True), ("Team events", True), ("Other", False)):
        Category.objects.create(
            workspace=flow.workspace, name=name, gl_code="6120", active=active, seen_at=SEEN_AT
        )
    Tag.objects.create(
        workspace=flow.workspace, level=1, level_name="Team", name="A", seen_at=SEEN_AT
    )
    services.save_rule(flow=flow, category="Taxi", account=taxi)
    found = services.policy_check(flow)
    assert [(gap.name, gap.suggestion.target.id) for gap in found.gaps] == [
        ("Team events", taxi.pk)
    ]
    assert found.uncarried == ("Team",)


# --- flows ---------------------------------------------------------------------------------------


def test_a_flow_is_born_in_dry_run_and_due(workspace, connection, heard) -> None:
    flow = services.save_flow(Flow(**flow_columns(workspace, connection)), actor="ann")
    assert flow.mode == "dry_run" and flow.due_at is not None
    assert flow.takes_states == ["approved", "reimbursed"]
    assert heard == [("flow.added", "ann"), ("rules", connection.pk, flow.pk)]


def test_overlapping_flows_are_refused(flow, workspace, connection) -> None:
    second = Flow(**flow_columns(workspace, connection, name="Second"))
    with pytest.raises(ValidationError) as refused:
        services.save_flow(second)
    assert "belongs to exactly one flow" in reasons(refused)
    second.is_paused = True
    services.save_flow(second)
    second.is_paused = False
    with pytest.raises(ValidationError):
        second.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        second.save()


def test_the_same_workspace_through_another_account_overlaps_too(flow, connection) -> None:
    from connectors.models import Credential

    account = ExpensifyAccount.objects.create(
        name="Other", credential=Credential.objects.create(kind="expensify")
    )
    twin = Workspace.objects.create(
        account=account, policy_id="0810E551A5F2A9C2", name="Acme US", currency="USD"
    )
    with pytest.raises(ValidationError) as refused:
        services.save_flow(Flow(**flow_columns(twin, connection, name="Second")))
    assert 'Flow "Acme US to Books" already takes the reports' in reasons(refused)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"zone": "Mars/Base"}, "no time zone"),
        ({"takes_states": ["approved", "open"]}, "open: choose approved, reimbursed or closed"),
        ({"takes_states": []}, "Choose at least one state"),
        ({"every_minutes": 4}, "at most every 5 minutes"),
        ({"mode": "test"}, "Test mode needs a prefix"),
        ({"takes_reimbursable": False}, "takes reimbursable expenses, cards, or both"),
        ({"party_policy": "fixed"}, "Choose the clearing vendor"),
        ({"starts_on": None}, "cannot be null"),
    ],
    ids=lambda x: str(x) if isinstance(x, dict) else "",
)
def test_an_impossible_flow_is_refused(workspace, connection, changes, reason) -> None:
    with pytest.raises(ValidationError) as refused:
        services.save_flow(Flow(**flow_columns(workspace, connection, **changes)))
    assert reason in reasons(refused)


def test_a_payable_of_a_wrong_type_or_company_is_refused(workspace, connection, taxi) -> None:
    with pytest.raises(ValidationError) as refused:
        services.save_flow(Flow(**flow_columns(workspace, connection, payable_account=taxi)))
    assert "of the type Expense" in reasons(refused)
    other = LedgerConnection.objects.create(ledger="quickbooks_online", name="Other")
    foreign = account_row(other, "1", "2000", "A/P", "Accounts Payable")
    with pytest.raises(ValidationError) as refused:
        services.save_flow(Flow(**flow_columns(workspace, connection, payable_account=foreign)))
    assert "belongs to another company" in reasons(refused)


def test_a_kind_that_cannot_carry_the_rules_is_refused(flow, connection) -> None:
    grant = Dimension.objects.create(connection=connection, name="grant", label="Grant")
    rule = Rule.objects.create(flow=flow, tag="A", tag_level=1)
    RuleValue.objects.create(rule=rule, dimension=grant)
    with pytest.raises(ValidationError) as refused:
        services.save_flow(flow)
    assert "Rules of this flow set it already" in reasons(refused)


def test_a_flow_keeps_its_ends(flow, connection) -> None:
    flow.connection = LedgerConnection.objects.create(ledger="quickbooks_online", name="Other")
    flow.payable_account = None
    with pytest.raises(ValidationError) as refused:
        services.save_flow(flow)
    assert "A flow keeps its connection" in reasons(refused)


def test_poll_now_makes_the_flow_due(flow, heard) -> None:
    Flow.objects.update(due_at=None)
    services.poll_now(flow, actor="ann")
    fresh = Flow.objects.get()
    assert fresh.due_at == fresh.poll_asked_at == flow.due_at
    assert heard == [("flow.poll_asked", "ann")]


def test_the_next_run_comes_from_the_flows_own_schedule(flow) -> None:
    flow.schedule, flow.at_time = "daily", time(6, 0)
    assert f"{flow.next_run(SEEN_AT):%Y-%m-%d %H:%M}" == "2026-11-04 11:00"


# --- rules ---------------------------------------------------------------------------------------


def test_a_rule_is_saved_with_its_values_and_told(flow, taxi, sales, heard) -> None:
    rule = services.save_rule(
        flow=flow, category=" Taxi ", employee="Ben.Ito@acme.example", account=taxi,
        values={"class": sales}, actor="ann",
    )  # fmt: skip
    assert (rule.category, rule.employee) == ("Taxi", "ben.ito@acme.example")
    assert heard == [("rule.added", "ann"), ("rules", flow.connection_id, flow.pk)]
    services.save_rule(flow=flow, rule=rule, values={"class": None})
    assert rule.dimension_values.get().value is None


def test_a_rule_for_a_dimension_that_the_document_cannot_carry_is_refused(flow, connection) -> None:
    grant = Dimension.objects.create(connection=connection, name="grant", label="Grant")
    value = Value.objects.create(dimension=grant, ledger_id="1", name="X", seen_at=SEEN_AT)
    with pytest.raises(ValidationError) as refused:
        services.save_rule(flow=flow, tag="A", values={"grant": value})
    assert "QuickBooks Online has no Grant on the bill that this flow posts" in reasons(refused)
    assert "Possible there: class, customer, department" in reasons(refused)
    assert not Rule.objects.exists()


@pytest.mark.parametrize(
    ("kind", "active", "reason"),
    [
        ("Bank", True, "of the type Bank, refused there on a line"),
        ("Accounts Payable", True, "of the type Accounts Payable"),
        ("Expense", False, "active in the ledger"),
    ],
)
def test_an_account_that_a_line_cannot_use_is_refused(
    flow, connection, kind, active, reason
) -> None:
    account = account_row(connection, "9", "9", "X", kind, active=active)
    with pytest.raises(ValidationError) as refused:
        services.save_rule(flow=flow, category="Taxi", account=account)
    assert reason in reasons(refused)


def test_a_value_of_another_dimension_or_inactive_is_refused(flow, connection, sales) -> None:
    department = Dimension.objects.create(
        connection=connection, name="department", label="Location"
    )
    berlin = Value.objects.create(
        dimension=department, ledger_id="2", name="Berlin", active=False, seen_at=SEEN_AT
    )
    with pytest.raises(ValidationError) as refused:
        services.save_rule(flow=flow, tag="A", values={"class": berlin})
    assert '"Berlin" is no member of Class' in reasons(refused)
    with pytest.raises(ValidationError) as refused:
        services.save_rule(flow=flow, tag="A", values={"department": berlin})
    assert "inactive in the ledger" in reasons(refused)
    with pytest.raises(ValueError, match="no dimension 'project'"):
        services.save_rule(flow=flow, tag="A", values={"project": None})


def test_a_customer_as_party_and_a_foreign_tax_code_are_refused(flow, connection, ben) -> None:
    ines = Party.objects.create(
        connection=connection, ledger_id="27", kind="customer", name="Ines", seen_at=SEEN_AT
    )
    with pytest.raises(ValidationError) as refused:
        services.save_rule(flow=flow, category="Taxi", party=ines)
    assert "only a vendor can be owed something" in reasons(refused)
    other = LedgerConnection.objects.create(ledger="quickbooks_online", name="Other")
    code = TaxCode.objects.create(connection=other, ledger_id="1", name="VAT", seen_at=SEEN_AT)
    with pytest.raises(ValidationError) as refused:
        services.save_rule(flow=flow, category="Taxi", tax_code=code)
    assert "another company" in reasons(refused)


def test_a_tag_has_its_level_and_a_level_its_tag(flow) -> None:
    assert services.save_rule(flow=flow, tag="Sales").tag_level == 1
    with pytest.raises(ValidationError) as refused:
        services.save_rule(flow=flow, tag_level=2)
    assert "A tag needs its level" in reasons(refused)


# --- links ---------------------------------------------------------------------------------------


def test_a_link_is_made_and_changed_by_a_person(connection, ben, heard) -> None:
    other = Party.objects.create(
        connection=connection, ledger_id="57", name="Ben Ito 2", seen_at=SEEN_AT
    )
    services.link_party(connection=connection, employee_email="Ben.Ito@acme.example ", party=ben)
    services.link_party(
        connection=connection, employee_email="ben.ito@acme.example", party=other, actor="ann"
    )
    link = PartyLink.objects.get()
    assert (link.employee_email, link.party) == ("ben.ito@acme.example", other)
    assert heard[-2:] == [("party.linked", "ann"), ("rules", connection.pk, None)]


def test_a_link_to_a_customer_is_refused(connection) -> None:
    ines = Party.objects.create(
        connection=connection, ledger_id="27", kind="customer", name="Ines", seen_at=SEEN_AT
    )
    with pytest.raises(ValidationError) as refused:
        services.link_party(connection=connection, employee_email="i@acme.example", party=ines)
    assert "only a vendor can be owed something" in reasons(refused)
