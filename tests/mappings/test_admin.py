"""The screens: they open with few statements, refuse what the services refuse, and tell why."""

from html import unescape

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from connectors.models import LedgerConnection, Workspace
from connectors.signals import happened, rules_changed
from mappings import services
from mappings.models import (
    Category,
    Dimension,
    Employee,
    ExchangeRate,
    Flow,
    PartyLink,
    Rule,
    Tag,
    TaxCode,
    TaxRate,
)
from tests.mappings.conftest import SEEN_AT, account_row

PULLED = ["glaccount", "dimension", "value", "party", "taxcode", "category", "tag", "employee"]
PULLED += ["card", "taxrate"]


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
        "selector": "all",
        "kind": "bill",
        "credit_policy": "credit",
        "payable_account": flow.payable_account_id or "",
        "party_policy": "employee",
        "fixed_party": "",
        "date_policy": "approval",
        "card_date_policy": "bank",
        "due_days": "",
        "lock_policy": "hold",
        "tax_policy": "unset",
        "receipt_policy": "post",
        "tax_mismatch_policy": "hold",
        "currency_policy": "hold",
        "billable_policy": "hold",
        "header_policy": "hold",
        "tag_policy": "hold",
        "exported_policy": "hold",
        "revision_policy": "amend",
        "receipt_files": "link",
        "unapproved_policy": "leave",
        "memo_has_period": "on",
        "memo_has_link": "on",
        "schedule": "every",
        "every_minutes": "15",
        "at_time": "06:00",
        "weekday": "0",
    }
    for inline in ("card_accounts", "payable_accounts", "credit_values"):
        fields |= {f"{inline}-TOTAL_FORMS": "0", f"{inline}-INITIAL_FORMS": "0"}
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
        "tax": "",
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


@pytest.mark.parametrize("model", [*PULLED, "flow", "rule", "partylink", "exchangerate"])
def test_every_list_opens_empty_and_can_be_searched(accountant, model) -> None:
    assert accountant.get(url(model, "changelist")).status_code == 200
    assert accountant.get(url(model, "changelist"), {"q": "x"}).status_code == 200


@pytest.mark.parametrize("model", PULLED)
def test_what_was_pulled_is_read_only_for_everyone(accountant, model) -> None:
    assert accountant.get(url(model, "add")).status_code == 403


def test_every_list_ends_its_order_in_the_id() -> None:
    for model in admin.site._registry:
        if model._meta.app_label == "mappings":
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
    carried = "department once per document, class on each line, customer on each line"
    assert f"Bill: {carried}, the billable flag" in page
    assert f"Credit (negative total): {carried}, not the billable flag" in page
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


def test_a_flows_accounts_are_saved_with_it_and_told_once_when_all_is_saved(
    accountant, flow, sales, payable
) -> None:
    visa = account_row(flow.connection, "41", "2110", "Visa", "Credit Card")
    news = []

    def hear(sender, kind, facts, **kwargs) -> None:
        if kind == "flow.changed":
            news.append((facts["fields"], flow.card_accounts.count(), flow.credit_values.count()))

    happened.connect(hear)
    try:
        form = flow_form(flow, takes_cards="on", card_account=visa.pk, selector="employees")
        form |= {"selector_names": " Ben.Ito@acme.example \n\nann@acme.example"}
        form |= {"card_accounts-TOTAL_FORMS": "1", "card_accounts-0-card": "1979"}
        form |= {"card_accounts-0-account": visa.pk}
        form |= {"credit_values-TOTAL_FORMS": "1", "credit_values-0-value": sales.pk}
        form |= {"credit_values-0-dimension": sales.dimension_id}
        answer = accountant.post(url("flow", "change", flow.pk), form)
    finally:
        happened.disconnect(hear)
    assert answer.status_code == 302, answer.context["errors"]
    fields = ["card_account", "card_accounts", "credit_values", "selector", "selector_names"]
    assert news == [([*fields, "takes_cards"], 1, 1)]
    saved = Flow.objects.get()
    assert saved.selector_names == ["ann@acme.example", "ben.ito@acme.example"]
    page = accountant.get(url("flow", "change", flow.pk)).content.decode()
    assert "ann@acme.example\nben.ito@acme.example" in page
    assert "Card transaction: department once per document" in page


def test_an_account_that_no_card_can_stand_on_is_refused_beside_the_flow(accountant, flow) -> None:
    bank = account_row(flow.connection, "35", "1000", "Checking", "Bank")
    form = flow_form(flow) | {"card_accounts-TOTAL_FORMS": "1", "card_accounts-0-card": "1979"}
    answer = accountant.post(
        url("flow", "change", flow.pk), form | {"card_accounts-0-account": bank.pk}
    )
    assert "refused there on the credit side" in answer.content.decode()
    form |= {"name": "Second", "is_paused": "on"}
    answer = accountant.post(url("flow", "add"), form | {"card_accounts-0-account": bank.pk})
    assert "refused there on the credit side" in answer.content.decode()
    assert Flow.objects.get() == flow and not flow.card_accounts.exists()


def test_a_new_flow_comes_with_its_accounts(accountant, flow) -> None:
    visa = account_row(flow.connection, "41", "2110", "Visa", "Credit Card")
    Flow.objects.update(is_paused=True)
    form = flow_form(flow, name="Second", takes_cards="on", card_account=visa.pk)
    form |= {"card_accounts-TOTAL_FORMS": "1", "card_accounts-0-card": "1979"}
    answer = accountant.post(url("flow", "add"), form | {"card_accounts-0-account": visa.pk})
    assert answer.status_code == 302, answer.context["errors"]
    assert Flow.objects.get(name="Second").card_accounts.get().account == visa


def test_the_rate_table_is_entered_changed_and_emptied_with_news(accountant, connection) -> None:
    news = []

    def hear(sender, kind, facts, actor, **kwargs) -> None:
        news.append((kind, facts["rate"], actor))

    happened.connect(hear)
    try:
        form = {"connection": connection.pk, "month": "2026-10-17", "currency": "eur"}
        form |= {"rate": "1.0832", "source": "ECB"}
        answer = accountant.post(url("exchangerate", "add"), form)
        assert answer.status_code == 302, answer.context["errors"]
        rate = ExchangeRate.objects.get()
        accountant.post(url("exchangerate", "change", rate.pk), form | {"rate": "1.09"})
        accountant.post(url("exchangerate", "delete", rate.pk), {"post": "yes"})
    finally:
        happened.disconnect(hear)
    assert news == [
        ("rate.added", "EUR 2026-10: 1.0832", "ann"),
        ("rate.changed", "EUR 2026-10: 1.09", "ann"),
        ("rate.deleted", "EUR 2026-10: 1.09", "ann"),
    ]


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


def test_explain_asks_who_paid_and_which_tax(accountant, flow, taxi, ben) -> None:
    services.save_rule(flow=flow, tax="Standard", reimbursable=False, account=taxi)
    asked = {"tax": "Standard", "paid_by": "company"}
    page = accountant.get(url("flow", "explain", flow.pk), asked).content.decode()
    assert "decides account" in page
    page = accountant.get(url("flow", "explain", flow.pk), asked | {"paid_by": "person"})
    assert "does not match: it is reimbursable" in page.content.decode()


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


def test_a_rules_conditions_offer_what_the_flows_workspace_has(
    accountant, flow, workspace, django_assert_max_num_queries
) -> None:
    other = Workspace.objects.create(
        account=workspace.account, policy_id="0000000000000002", name="Other", currency="EUR"
    )
    seen = {"seen_at": SEEN_AT}
    Category.objects.create(workspace=workspace, name="Meals & <Drinks>", **seen)
    Category.objects.create(workspace=workspace, name="Gone", active=False, **seen)
    Category.objects.create(workspace=other, name="Übernachtung", **seen)
    Tag.objects.create(workspace=workspace, name="East", level=2, level_name="Region", **seen)
    Employee.objects.create(workspace=workspace, name="Ben Ito", email="ben@acme.example", **seen)
    for code, name in (("id_20", "Standard"), ("id_5", "Reduced"), ("id_5b", "Reduced")):
        percent = code.removeprefix("id_").removesuffix("b")
        TaxRate.objects.create(
            workspace=workspace, rate_id=code, tax_name="VAT", name=name, percent=percent, **seen
        )
    with django_assert_max_num_queries(25):
        page = accountant.get(url("rule", "add"), {"flow": flow.pk}).content.decode()
    for entered, shown in (
        ("Meals &amp; &lt;Drinks&gt;", ""),
        ("East", "Region"),
        ("ben@acme.example", "Ben Ito"),
        ("Standard", "VAT 20%"),
        ("id_5", "VAT 5%"),
        ("id_5b", "VAT 5%"),
    ):
        assert f'<option value="{entered}" label="{shown}"></option>' in page
    assert 'list="category-suggestions"' in page and 'id="category-suggestions"' in page
    assert "Gone" not in page and "Übernachtung" not in page
    assert "Either" in page
    anywhere = accountant.get(url("rule", "add")).content.decode()
    assert "Übernachtung" in anywhere and "Meals &amp; &lt;Drinks&gt;" in anywhere
    rule = services.save_rule(flow=flow, category="Typed by hand")
    changed = accountant.get(url("rule", "change", rule.pk)).content.decode()
    assert 'value="Typed by hand"' in changed and "Übernachtung" not in changed


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


def test_a_rule_says_that_tax_is_cost_and_never_a_tax_code_beside_it(accountant, flow) -> None:
    code = TaxCode.objects.create(
        connection=flow.connection, ledger_id="7", name="20% S", seen_at=SEEN_AT
    )
    form = rule_form(flow, category="Entertainment", tax_is_cost="on")
    answer = accountant.post(url("rule", "add"), form | {"tax_code": code.pk})
    assert "Tax is either cost or reclaimed with a tax code" in answer.content.decode()
    assert not Rule.objects.exists()
    assert accountant.post(url("rule", "add"), form).status_code == 302
    rule = Rule.objects.get()
    assert (rule.tax_is_cost, rule.tax_code) == (True, None)
    page = accountant.get(url("flow", "explain", flow.pk), {"category": "Entertainment"})
    assert "tax is cost" in page.content.decode()
    rules = accountant.get(url("rule", "changelist")).content.decode()
    cell = rules.partition("field-decided_tax")[2].partition(">")[2].partition("</td>")[0]
    assert "cost" in cell


def test_the_page_of_a_flow_says_what_keeps_tax_from_being_cost(accountant, flow) -> None:
    LedgerConnection.objects.update(has_tax=True, is_multicurrency=False)
    services.save_rule(flow=flow, category="Entertainment", tax_is_cost=True)
    Flow.objects.update(tax_policy="reclaim")
    page = accountant.get(url("flow", "change", flow.pk)).content.decode()
    assert "Rules say that tax is cost, and the flow has no tax code for lines without tax" in page


def test_the_page_of_a_flow_names_the_tax_rates_without_a_code(accountant, flow) -> None:
    LedgerConnection.objects.update(has_tax=True, is_multicurrency=False)
    Flow.objects.update(tax_policy="reclaim")
    TaxRate.objects.create(
        workspace=flow.workspace, rate_id="id_20", tax_name="VAT", name="Standard", percent=20,
        seen_at=SEEN_AT,
    )  # fmt: skip
    page = unescape(accountant.get(url("flow", "change", flow.pk)).content.decode())
    assert 'Tax "Standard" (20 %): no rule gives it a tax code, or says that it is cost.' in page
    assert f"{url('rule', 'add')}?flow={flow.pk}&tax=Standard" in page


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
