"""The screens: they open with few statements, refuse what the services refuse, and tell why."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from connectors.signals import happened, rules_changed
from mappings import models, services
from mappings.models import Category, Dimension, Flow, PartyLink, Rule, Tag
from tests.mappings.conftest import SEEN_AT, account_row

PULLED = ["glaccount", "dimension", "value", "party", "taxcode", "category", "tag", "employee"]
PULLED += ["card"]


@pytest.fixture
def accountant(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("ann", "ann@acme.example", "secret"))
    return client


def url(model: str, page: str, *args) -> str:
    return reverse(f"admin:mappings_{model}_{page}", args=args)


def flow_form(flow: Flow, **changes) -> dict:
    fields = {
        "name": flow.name,
        "workspace": flow.workspace_id,
        "connection": flow.connection_id,
        "mode": "dry_run",
        "test_prefix": "",
        "starts_on": "2026-10-01",
        "zone": "America/New_York",
        "takes_states": ["approved", "reimbursed"],
        "takes_reimbursable": "on",
        "kind": "bill",
        "payable_account": flow.payable_account_id or "",
        "party_policy": "employee",
        "fixed_party": "",
        "date_policy": "approval",
        "due_days": "",
        "lock_policy": "hold",
        "tax_policy": "unset",
        "billable_policy": "hold",
        "header_policy": "hold",
        "tag_policy": "hold",
        "exported_policy": "hold",
        "revision_policy": "amend",
        "memo_has_period": "on",
        "memo_has_link": "on",
        "schedule": "every",
        "every_minutes": "15",
        "at_time": "06:00",
        "weekday": "0",
    }
    return fields | changes


def rule_form(flow: Flow, *values: tuple[int, int | str], **changes) -> dict:
    fields = {
        "flow": flow.pk,
        "priority": "100",
        "is_active": "on",
        "note": "",
        "category": "",
        "tag": "",
        "tag_level": "",
        "employee": "",
        "card": "",
        "reimbursable": "unknown",
        "expense_type": "",
        "account": "",
        "party": "",
        "tax_code": "",
        "dimension_values-TOTAL_FORMS": str(len(values)),
        "dimension_values-INITIAL_FORMS": "0",
    }
    for place, (dimension, value) in enumerate(values):
        fields |= {
            f"dimension_values-{place}-dimension": dimension,
            f"dimension_values-{place}-value": value,
        }
    return fields | changes


@pytest.mark.parametrize("model", [*PULLED, "flow", "rule", "partylink"])
def test_every_list_opens_empty_and_can_be_searched(accountant, model) -> None:
    assert accountant.get(url(model, "changelist")).status_code == 200
    assert accountant.get(url(model, "changelist"), {"q": "x"}).status_code == 200


@pytest.mark.parametrize("model", PULLED)
def test_what_was_pulled_is_read_only_for_everyone(accountant, model) -> None:
    assert accountant.get(url(model, "add")).status_code == 403


def test_every_list_ends_its_order_in_the_id() -> None:
    for model in admin.site._registry:
        if model.__module__ == models.__name__:
            ordering = admin.site._registry[model].get_ordering(None)
            assert str(ordering[-1]).lstrip("-") in ("id", "pk"), model


def test_lists_take_as_many_statements_for_many_rows(
    accountant, flow, taxi, sales, ben, django_assert_max_num_queries
) -> None:
    for n in range(20):
        services.save_rule(
            flow=flow, category=f"C{n}", account=taxi, party=ben, values={"class": sales}
        )
    for model in ("rule", "flow", "glaccount", "value"):
        with django_assert_max_num_queries(14):
            assert accountant.get(url(model, "changelist")).status_code == 200


def test_a_flow_shows_its_gaps_and_its_next_five_polls(accountant, flow, taxi) -> None:
    Category.objects.create(
        workspace=flow.workspace, name="Team events", gl_code="6120", seen_at=SEEN_AT
    )
    Tag.objects.create(
        workspace=flow.workspace, level=1, level_name="Team", name="A", seen_at=SEEN_AT
    )
    page = accountant.get(url("flow", "change", flow.pk)).content.decode()
    assert "Team events" in page and "Proposed: 6120 Ground Transport" in page
    assert "they stay in Expensify: Team" in page
    assert page.count("(America/New_York)") == 5
    assert "Department once per document, class on each line, customer on each line" in page
    assert f"category=Team+events&amp;account={taxi.pk}" in page


def test_a_new_flow_can_be_entered(accountant, flow) -> None:
    assert accountant.get(url("flow", "add")).status_code == 200
    Flow.objects.update(is_paused=True)
    answer = accountant.post(url("flow", "add"), flow_form(flow, name="Second"))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert Flow.objects.get(name="Second").takes_states == ["approved", "reimbursed"]


def test_a_change_of_a_flow_is_told_with_its_fields(accountant, flow) -> None:
    news = []

    def hear(sender, kind, facts, actor, **kwargs) -> None:
        news.append((kind, facts.get("fields"), actor))

    happened.connect(hear)
    try:
        form = flow_form(flow, due_days="30")
        answer = accountant.post(url("flow", "change", flow.pk), form)
    finally:
        happened.disconnect(hear)
    assert answer.status_code == 302, answer.context["errors"]
    assert ("flow.changed", ["due_days"], "ann") in news
    assert Flow.objects.get().workspace == flow.workspace


def test_an_overlapping_flow_is_refused_on_the_screen(accountant, flow) -> None:
    answer = accountant.post(url("flow", "add"), flow_form(flow, name="Second"))
    assert answer.status_code == 200
    assert "belongs to exactly one flow" in answer.content.decode()
    assert Flow.objects.count() == 1


def test_poll_now_sets_the_flow_due(accountant, flow) -> None:
    Flow.objects.update(due_at=None)
    answer = accountant.post(url("flow", "do", flow.pk, "poll_now"), follow=True)
    assert "polls within a minute" in answer.content.decode()
    assert Flow.objects.get().due_at is not None


def test_poll_now_needs_its_permission(flow) -> None:
    viewer = User.objects.create_user("viewer", password="secret", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_flow"))
    client = Client()
    client.force_login(viewer)
    assert client.post(url("flow", "do", flow.pk, "poll_now")).status_code == 403
    assert client.get(url("flow", "explain", flow.pk)).status_code == 403


def test_explain_says_which_rule_wins(accountant, flow, taxi, sales) -> None:
    rule = services.save_rule(flow=flow, category="Taxi", account=taxi)
    services.save_rule(flow=flow, tag="Sales", values={"class": sales})
    assert accountant.get(url("flow", "explain", flow.pk)).status_code == 200
    page = accountant.get(
        url("flow", "explain", flow.pk), {"category": "Taxi", "tag_1": "Sales"}
    ).content.decode()
    assert "6120 Ground Transport" in page and f"by rule {rule.pk}" in page
    assert "decides class" in page


def test_explain_says_what_to_do_when_nothing_is_decided(accountant, flow) -> None:
    page = accountant.get(url("flow", "explain", flow.pk), {"category": "X"}).content.decode()
    assert "Add a rule for its category" in page


def test_a_rule_is_added_with_its_value_and_told_once(accountant, flow, taxi, sales) -> None:
    news = []

    def hear(sender, flow_id, **kwargs) -> None:
        news.append((flow_id, Rule.objects.get().dimension_values.count()))

    rules_changed.connect(hear)
    try:
        form = rule_form(flow, (sales.dimension_id, sales.pk), category="Taxi", account=taxi.pk)
        answer = accountant.post(url("rule", "add"), form)
    finally:
        rules_changed.disconnect(hear)
    assert answer.status_code == 302, answer.context["errors"]
    assert news == [(flow.pk, 1)]


def test_a_new_rule_for_a_dimension_without_a_place_is_refused(accountant, flow) -> None:
    grant = Dimension.objects.create(connection=flow.connection, name="grant", label="Grant")
    answer = accountant.post(url("rule", "add"), rule_form(flow, (grant.pk, ""), tag="A"))
    assert answer.status_code == 200
    assert "has no Grant on the bill" in answer.content.decode()
    assert not Rule.objects.exists()


def test_a_rule_with_an_account_that_no_line_takes_is_refused(accountant, flow) -> None:
    bank = account_row(flow.connection, "35", "1000", "Checking", "Bank")
    answer = accountant.post(url("rule", "add"), rule_form(flow, category="X", account=bank.pk))
    assert "of the type Bank" in answer.content.decode()


def test_a_deleted_rule_is_told(accountant, flow, taxi) -> None:
    rule = services.save_rule(flow=flow, category="Taxi", account=taxi)
    answer = accountant.post(url("rule", "delete", rule.pk), {"post": "yes"})
    assert answer.status_code == 302 and not Rule.objects.exists()


def test_an_employee_is_linked_on_the_screen(accountant, connection, ben) -> None:
    form = {"connection": connection.pk, "employee_email": "B@Acme.example", "party": ben.pk}
    assert accountant.post(url("partylink", "add"), form).status_code == 302
    assert PartyLink.objects.get().employee_email == "b@acme.example"


def test_a_connection_and_a_workspace_can_be_read_anew(accountant, flow) -> None:
    pages = [
        reverse("admin:connectors_ledgerconnection_change", args=[flow.connection_id]),
        reverse("admin:connectors_workspace_change", args=[flow.workspace_id]),
    ]
    for page in pages:
        assert "Read the lists" in accountant.get(page).content.decode()
