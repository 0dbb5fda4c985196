"""The schedule on the flow's page: what may be entered, what is shown, what comes next."""

from datetime import date

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from mappings.admin.flow_forms import CONDITIONAL_FIELDS, SCHEDULE_FIELDS
from mappings.models import Flow
from mappings.schedule import Schedule
from tests.mappings.test_admin import flow_form, url

NEXT = str(date.today().year + 1)  # noqa: DTZ011 - any day that is still to come


@pytest.fixture
def ann(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("ann", "ann@acme.example", "secret"))
    return client


def post(client: Client, flow: Flow, **changes):
    return client.post(url("flow", "change", flow.pk), flow_form(flow, **changes))


def errors(answer) -> dict:
    return {} if answer.status_code == 302 else dict(answer.context["adminform"].form.errors)


def page_of(client: Client, flow: Flow) -> str:
    return client.get(url("flow", "change", flow.pk)).content.decode()


@pytest.mark.parametrize(
    ("changes", "runs"),
    [
        ({"schedule": "approval"}, 5),
        ({"schedule": "daily", "at_time": "22:00"}, 5),
        ({"schedule": "weekly", "weekday": "4"}, 5),
        ({"schedule": "fortnightly", "first_on": "2026-10-02"}, 5),
        (
            {"schedule": "monthly", "month_rule": "workday_end", "month_number": "-2"},
            5,
        ),
        ({"schedule": "cron", "cron": " 0  6 * *  MON-FRI "}, 5),
        ({"schedule": "dates", "run_dates": f"{NEXT}-10-15\n\n15 Nov {NEXT}\n{NEXT}-10-15"}, 2),
    ],
    ids=lambda one: one["schedule"] if isinstance(one, dict) else "",
)
def test_each_kind_is_saved_and_shows_its_next_runs_in_the_flows_zone(
    ann, flow, changes, runs
) -> None:
    assert errors(post(ann, flow, **changes)) == {}
    assert page_of(ann, flow).count("(America/New_York)") == runs


def test_dates_are_kept_in_order_and_each_once(ann, flow) -> None:
    post(ann, flow, schedule="dates", run_dates=f"15 Nov {NEXT}\n{NEXT}-10-15\n{NEXT}-10-15")
    assert Flow.objects.get().run_dates == [f"{NEXT}-10-15", f"{NEXT}-11-15"]
    assert f"{NEXT}-10-15\n{NEXT}-11-15" in page_of(ann, flow)


def test_a_used_up_list_of_dates_says_so_with_the_cure(ann, flow) -> None:
    assert errors(post(ann, flow, schedule="dates", run_dates="2020-01-31")) == {}
    assert "No further run: every date has passed. Add dates" in page_of(ann, flow)


@pytest.mark.parametrize(
    ("changes", "field", "text"),
    [
        ({"schedule": "every", "every_minutes": "4"}, "every_minutes", "at most every 5 minutes"),
        ({"schedule": "every", "every_minutes": ""}, "every_minutes", "required"),
        ({"schedule": "fortnightly"}, "first_on", "Say on which day the two weeks begin"),
        ({"schedule": "dates"}, "run_dates", "Add at least one date"),
        ({"schedule": "dates", "run_dates": "31.10.2026"}, "run_dates", "Write it as 2026-10-31"),
        ({"schedule": "dates", "run_dates": "2026-02-30"}, "run_dates", "is no date"),
        ({"schedule": "cron"}, "cron", "five fields"),
        ({"schedule": "cron", "cron": "* * * * *"}, "cron", "at most every 5"),
        (
            {"schedule": "monthly", "month_rule": "workday", "month_number": "23"},
            "month_number",
            "1 to 20",
        ),
        (
            {"schedule": "monthly", "month_rule": "day", "month_number": ""},
            "month_number",
            "required",
        ),
    ],
)
def test_what_a_schedule_lacks_is_said_at_its_field(ann, flow, changes, field, text) -> None:
    found = errors(post(ann, flow, **changes))
    assert text in " ".join(found[field])
    assert set(found) == {field}


def test_what_is_not_on_the_screen_can_neither_hold_up_nor_change(ann, flow) -> None:
    """Fields of other kinds are hidden: what was left in them is nobody's decision."""
    left = {"every_minutes": "1", "cron": "nonsense", "run_dates": "soon", "month_number": ""}
    left |= {"month_rule": "", "weekday": "", "first_on": "31.31.2026"}
    assert errors(post(ann, flow, schedule="daily", **left)) == {}
    stored = Flow.objects.get()
    assert (stored.every_minutes, stored.cron, stored.month_number) == (15, "", 1)


def test_every_kind_says_which_fields_belong_to_it() -> None:
    for kind in Schedule:
        for name in kind.uses:
            assert f"schedule == '{kind}'" in CONDITIONAL_FIELDS[name]
    assert set(SCHEDULE_FIELDS) == {"schedule", *CONDITIONAL_FIELDS}


def test_on_approval_says_how_often_that_is(ann, flow) -> None:
    page = page_of(ann, flow)
    assert "On approval: looked for every 5 minutes, the shortest safe interval" in page
    assert "Expensify tells nobody about an approval" in page


def test_whoever_may_only_look_sees_the_schedule_too(flow) -> None:
    vera = User.objects.create_user("vera", password="secret", is_staff=True)
    vera.user_permissions.add(Permission.objects.get(codename="view_flow"))
    client = Client()
    client.force_login(vera)
    page = page_of(client, flow)
    assert "typeof schedule === &#x27;undefined&#x27; || schedule" in page


def test_an_earlier_start_is_told_to_whoever_saved_it(ann, flow) -> None:
    form = flow_form(flow, starts_on="2026-08-01")
    said = ann.post(url("flow", "change", flow.pk), form, follow=True).content.decode()
    assert "approvals from 1 Aug 2026 on are read again within a minute" in said
    assert Flow.objects.get().to_read
