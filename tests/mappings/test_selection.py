"""Which flows of a workspace may run beside one another: only where no report fits both."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from connectors.models import Credential, ExpensifyAccount, Workspace
from mappings import services
from mappings.models import Flow
from mappings.selection import are_disjoint, normal_names
from mappings.terms import Selector
from tests.builders import terms
from tests.mappings.conftest import flow_columns


def by(selector, *names, level=1):
    level = level if selector.by_tag else None
    return terms(selector=selector, selector_level=level, selector_names=frozenset(names))


ALL = by(Selector.ALL)
TAGS, OTHER_TAGS = Selector.TAGS, Selector.OTHER_TAGS
PEOPLE, OTHERS = Selector.EMPLOYEES, Selector.OTHER_EMPLOYEES

PAIRS = [
    ("two that take all", ALL, ALL, False),
    ("all and some", ALL, by(TAGS, "Sales"), False),
    ("other tags of one level", by(TAGS, "Sales"), by(TAGS, "Ops", "R&D"), True),
    ("a tag in both", by(TAGS, "Sales", "Ops"), by(TAGS, "Ops"), False),
    ("tags of two levels", by(TAGS, "Sales"), by(TAGS, "West", level=2), False),
    ("some tags and the rest", by(TAGS, "Sales"), by(OTHER_TAGS, "Sales", "Ops"), True),
    ("a rest that keeps some", by(TAGS, "Sales", "Ops"), by(OTHER_TAGS, "Sales"), False),
    ("two rests", by(OTHER_TAGS, "Sales"), by(OTHER_TAGS, "Ops"), False),
    ("other people", by(PEOPLE, "a@x.example"), by(PEOPLE, "b@x.example"), True),
    ("somebody in both", by(PEOPLE, "a@x.example"), by(PEOPLE, "a@x.example"), False),
    ("somebody and everybody else", by(PEOPLE, "a@x.example"), by(OTHERS, "a@x.example"), True),
    ("people and tags", by(PEOPLE, "a@x.example"), by(TAGS, "Sales"), False),
]


@pytest.mark.parametrize(
    ("one", "other", "expected"), [row[1:] for row in PAIRS], ids=[row[0] for row in PAIRS]
)
def test_flows_are_disjoint_where_no_report_can_fit_both(one, other, expected) -> None:
    assert are_disjoint(one, other) is are_disjoint(other, one) is expected


def test_names_are_kept_as_they_are_compared() -> None:
    assert normal_names(PEOPLE, [" B@x.example", "a@X.example", "", "b@x.example"]) == [
        "a@x.example",
        "b@x.example",
    ]
    assert normal_names(TAGS, ["Sales ", "sales"]) == ["Sales", "sales"]


def second(flow, **changes) -> Flow:
    return Flow(**flow_columns(flow.workspace, flow.connection, name="Second", **changes))


def select(flow, selector, *names, level=None) -> None:
    flow.selector, flow.selector_names, flow.selector_level = selector, list(names), level
    services.save_flow(flow)


def test_two_disjoint_flows_of_a_workspace_run_together(flow) -> None:
    select(flow, "tags", "Sales", level=1)
    other = services.save_flow(
        second(flow, selector="other_tags", selector_level=1, selector_names=[" Sales"])
    )
    assert (flow.is_paused, other.is_paused) == (False, False)
    assert other.selector_names == ["Sales"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"selector": "tags", "selector_level": 1, "selector_names": ["Sales"]}, "exactly one"),
        ({"selector": "tags", "selector_level": 1}, "Name the tags"),
        ({"selector": "tags", "selector_names": ["Ops"]}, "on which level the tags stand"),
        ({"selector": "employees"}, "Name the employees' e-mail addresses"),
        ({"selector": "employees", "selector_names": "x"}, "Give a list of tags"),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_a_selector_that_tells_no_reports_apart_is_refused(flow, changes, reason) -> None:
    select(flow, "tags", "Sales", level=1)
    with pytest.raises(ValidationError) as refused:
        services.save_flow(second(flow, **changes))
    assert reason in " ".join(refused.value.messages)


def test_overlap_is_refused_through_another_account_and_when_going_on(flow) -> None:
    select(flow, "tags", "Sales", level=1)
    account = ExpensifyAccount.objects.create(
        name="Other", credential=Credential.objects.create(kind="expensify")
    )
    twin = Workspace.objects.create(
        account=account, policy_id=flow.workspace.policy_id, name="Acme US", currency="USD"
    )
    paused = Flow(**flow_columns(twin, flow.connection, name="Second", is_paused=True))
    services.save_flow(paused)
    paused.is_paused = False
    with pytest.raises(ValidationError) as refused:
        services.save_flow(paused)
    assert f'Flow "{flow.name}" already takes' in " ".join(refused.value.messages)


def test_the_database_itself_refuses_two_flows_that_take_all(flow) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        second(flow).save()
