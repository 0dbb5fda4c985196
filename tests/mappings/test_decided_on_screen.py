"""What must not be saved is refused where a person saves it, and what is proposed can be taken."""

import re
from html import unescape

from django.urls import reverse

from mappings import services
from mappings.models import Category, Dimension, Flow, Rule, RuleValue
from tests.mappings.conftest import SEEN_AT, flow_columns
from tests.mappings.test_admin import accountant, flow_form, rule_form, url

__all__ = ["accountant"]


def test_a_rule_that_stands_is_not_given_a_dimension_without_a_place(
    accountant, flow, taxi
) -> None:
    grant = Dimension.objects.create(connection=flow.connection, name="grant", label="Grant")
    rule = services.save_rule(flow=flow, category="Taxi", account=taxi)
    form = rule_form(flow, (grant.pk, ""), category="Taxi", account=taxi.pk)
    answer = accountant.post(url("rule", "change", rule.pk), form)
    assert answer.status_code == 200
    page = unescape(answer.content.decode())
    assert "QuickBooks Online has no Grant on the bill that this flow posts" in page
    assert "Possible there: class, customer, department" in page
    assert not RuleValue.objects.exists()


def test_a_flow_does_not_become_a_kind_that_cannot_carry_its_rules(accountant, flow) -> None:
    grant = Dimension.objects.create(connection=flow.connection, name="grant", label="Grant")
    rule = Rule.objects.create(flow=flow, tag="A", tag_level=1)
    RuleValue.objects.create(rule=rule, dimension=grant)
    answer = accountant.post(url("flow", "change", flow.pk), flow_form(flow, kind="journal"))
    assert answer.status_code == 200
    assert "Rules of this flow set it already" in unescape(answer.content.decode())
    assert Flow.objects.get().kind == "bill"


def test_a_paused_flow_does_not_go_on_beside_one_that_takes_the_same(accountant, flow) -> None:
    columns = flow_columns(flow.workspace, flow.connection, name="Second", is_paused=True)
    second = Flow.objects.create(**columns)
    answer = accountant.post(url("flow", "change", second.pk), flow_form(second))
    assert answer.status_code == 200
    page = unescape(answer.content.decode())
    assert 'Flow "Acme US to Books" already takes the reports of Acme US' in page
    assert Flow.objects.get(pk=second.pk).is_paused


def test_an_account_with_the_categorys_gl_code_is_proposed_and_taken_with_two_clicks(
    accountant, flow, taxi
) -> None:
    Category.objects.create(
        workspace=flow.workspace, name="Team events", gl_code="6120", seen_at=SEEN_AT
    )
    page = unescape(accountant.get(url("flow", "change", flow.pk)).content.decode())
    assert "Proposed: 6120 Ground Transport, because its number is the category's GL code" in page
    link = re.search(rf'href="({reverse("admin:mappings_rule_add")}\?[^"]*category=[^"]*)"', page)
    form = accountant.get(link[1])
    given = form.context["adminform"].form.initial
    assert (given["category"], given["account"]) == ("Team events", str(taxi.pk))
    given = {name: given[name] for name in ("flow", "category", "account")}
    answer = accountant.post(url("rule", "add"), rule_form(flow) | given)
    assert answer.status_code == 302, answer.context["errors"]
    assert services.policy_check(flow).gaps == ()
