"""What catches the eye: dates, causes with their company and button, and styles that exist."""

import re
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import PollRun, Posting
from audit.states import State
from connectors.models import LedgerConnection
from mappings.admin import flows
from mappings.models import Flow
from tests.audit.builders import (
    a_connection,
    a_flow,
    a_held,
    a_person,
    a_posted,
    a_posting,
    a_read_report,
)

pytestmark = pytest.mark.django_db
TWIN = {
    "code": "document.twin",
    "field": "document",
    "message": "Report R001: one with the same payee, date and total stands in the ledger.",
    "cure": "Link it if it is this one; if it is another, release ours to post it.",
    "subject": "",
}
PAID = {
    "code": "document.paid",
    "field": "document",
    "message": "Report R001 changed after posting, but its bill was paid.",
    "cure": "Post the difference, or leave it.",
    "subject": "",
}
UNCATEGORISED = {
    "code": "map.category.uncategorised",
    "field": "expenses[1].category",
    "message": "Report R001, line 1 (Lyft, 26.40 USD) has no category.",
    "cure": "Categorise the expense in Expensify, then read the report again.",
    "subject": "",
}
PLACE = Path(__file__).parents[2]


@pytest.fixture
def boss() -> Client:
    client = Client()
    client.force_login(a_person("boss", is_superuser=True))
    return client


def groups(client: Client) -> list[dict]:
    return client.get(reverse("admin:index")).context["groups"]


def test_a_day_stands_before_its_month_and_the_month_is_a_word(boss) -> None:
    flow = a_flow(closed := a_connection(name="US books"))
    closed.closed_through = "2026-11-03"
    closed.save()
    posting = a_held(a_read_report(flow), UNCATEGORISED, date="2026-10-15")
    page = boss.get(reverse("admin:audit_posting_change", args=[posting.pk]))
    assert "15 Oct 2026" in page.content.decode().replace("\xa0", " ")
    home = boss.get(reverse("admin:index")).content.decode().replace("\xa0", " ")
    assert "3 Nov 2026" in home
    assert not re.search(r"(Oct|Nov)\. \d", home)


def test_the_home_page_says_where_books_are_closed(boss) -> None:
    def shown(theirs: str | None, ours: str | None) -> str:
        LedgerConnection.objects.update(closed_through=theirs, books_closed_through=ours)
        home = boss.get(reverse("admin:index"))
        assert "Closed through" in home.content.decode()
        (company,) = home.context["companies"]
        return company["closed"].replace("\xa0", " ")

    a_connection()
    assert shown(None, None) == "nothing closed"
    assert shown("2026-08-31", None) == "31 Aug 2026, in the ledger"
    assert shown("2026-08-31", "2026-09-30") == "30 Sep 2026, here"
    assert shown("2026-08-31", "2026-07-31") == "31 Aug 2026, in the ledger"


def test_one_cause_in_two_companies_has_a_line_a_list_and_a_button_for_each(boss) -> None:
    for name, reports in (("US books", 2), ("UK books", 1)):
        flow = a_flow(a_connection(name=name))
        for _ in range(reports):
            a_held(a_read_report(flow), UNCATEGORISED)
    found = groups(boss)
    assert [(one["company"], one["reports"], one["sums"]) for one in found] == [
        ("US books", 2, "36.80 USD"),
        ("UK books", 1, "18.40 USD"),
    ]
    assert [len(boss.get(one["url"]).context["cl"].result_list) for one in found] == [2, 1]
    us, uk = found
    assert (us["link"].label, us["link"].url) == ("Look at them", us["url"])
    assert uk["link"].label == "Open in Expensify"
    page = boss.get(reverse("admin:audit_posting_held")).content.decode()
    assert "2 reports</span>, US books" in page and "1 report</span>, UK books" in page


def test_where_there_is_one_company_it_is_not_repeated_at_every_cause(boss) -> None:
    a_held(a_read_report(a_flow()), UNCATEGORISED)
    (one,) = groups(boss)
    assert one["company"] == ""
    assert one["link"].label == "Open in Expensify"


def test_a_look_alike_leads_to_the_page_where_it_is_linked(boss) -> None:
    flow = a_flow()
    posting = a_held(a_read_report(flow), TWIN)
    (one,) = groups(boss)
    page = reverse("admin:audit_posting_change", args=[posting.pk])
    assert (one["link"].label, one["link"].url) == ("Look at it and decide", page)
    a_held(a_read_report(flow), TWIN)
    (one,) = groups(boss)
    assert (one["link"].label, one["link"].url) == ("Look at them and decide", one["url"])


def test_what_is_decided_on_the_posting_leads_there_and_not_to_the_ledger(boss) -> None:
    """There are the buttons of the cure, such as Post the difference."""
    flow = a_flow()
    there = {"document_link": "https://ledger.example/bill/1"}
    first = a_held(a_read_report(flow), PAID, **there)
    (one,) = groups(boss)
    page = reverse("admin:audit_posting_change", args=[first.pk])
    assert (one["link"].url, one["link"].is_elsewhere) == (page, False)
    assert "Open in the ledger" in boss.get(page).content.decode()
    a_held(a_read_report(flow), PAID, **there)
    (one,) = groups(boss)
    assert (one["link"].url, one["link"].is_elsewhere) == (one["url"], False)


def test_the_list_of_one_cause_keeps_its_title_its_sum_and_its_button(boss) -> None:
    other = a_held(a_read_report(a_flow(a_connection(name="UK books"))), UNCATEGORISED)
    flow = a_flow(a_connection(name="US books"))
    a_held(a_read_report(flow), UNCATEGORISED)
    a_held(a_read_report(flow), TWIN)
    one = next(
        one for one in groups(boss) if one["company"] == "US books" and one["cure"] != TWIN["cure"]
    )
    page = boss.get(one["url"])
    assert [row["url"] for row in page.context["groups"]] == [one["url"]]
    text = page.content.decode().replace("\xa0", " ")
    head = text[text.index('class="held-cause') : text.index('id="result_list"')]
    for expected in (one["title"], "1 report</span>, US books", "18.40 USD", one["link"].label):
        assert expected in head, expected
    assert other.report.report_id not in text and TWIN["cure"] not in text


def test_another_choice_in_the_held_list_shows_no_causes(boss) -> None:
    a_held(a_read_report(a_flow()), UNCATEGORISED)
    address = f"{reverse('admin:audit_posting_held')}?state__exact=quarantined"
    assert 'class="held-cause' not in boss.get(address).content.decode()


def held_page(boss: Client) -> str:
    return boss.get(reverse("admin:audit_posting_held")).content.decode().replace("\xa0", " ")


def test_an_amount_that_nobody_knows_is_said_and_neither_a_dash_nor_left_out(boss) -> None:
    """Expensify's own total of such a report may be without the line, or with it unconverted."""
    report = a_read_report(flow := a_flow())
    a_held(report, UNCATEGORISED, total=None)
    assert groups(boss)[0]["sums"] == "amount not known yet"
    assert "Amount not known yet" in held_page(boss)
    a_held(report, UNCATEGORISED, slice_name="card:17", total=None)
    a_held(a_read_report(flow), UNCATEGORISED)
    assert groups(boss)[0]["sums"] == "18.40 USD, and 2 not known yet"


@pytest.mark.parametrize("name", ["report_changelist", "posting_changelist", "posting_held"])
def test_a_list_on_a_phone_shows_columns_that_it_has(boss, name) -> None:
    a_held(a_read_report(a_flow()), UNCATEGORISED)
    page = boss.get(reverse(f"admin:audit_{name}"))
    screen, text = page.context["cl"].model_admin, page.content.decode()
    wide = (screen.wide_on_phone,) if screen.wide_on_phone else ()
    assert len(screen.on_phone) == 4 and set(screen.on_phone + wide) <= set(screen.list_display)
    for column in screen.on_phone + wide:
        assert f"> .field-{column} {{ display: block" in text
        assert re.search(rf'<t[dh] class="field-{column}\b', text), "the theme marks its cells so"
    assert '<tr class="data-row ' in text


def test_a_flows_page_checks_the_lists_once(boss, monkeypatch) -> None:
    asked = []
    check = flows.services.policy_check
    monkeypatch.setattr(
        flows.services, "policy_check", lambda flow: asked.append(flow) or check(flow)
    )
    flow = a_flow()
    page = reverse("admin:mappings_flow_change", args=[flow.pk])
    assert boss.get(page).status_code == 200
    assert len(asked) == 1
    boss.get(page)
    assert len(asked) == 2, "the next page looks again"


def test_every_style_that_a_template_names_is_in_the_themes_css_or_its_own() -> None:
    """The theme brings its CSS compiled: a class that it does not use itself does nothing."""
    css = (resources.files("unfold") / "static/unfold/css/styles.css").read_text()
    missing = []
    for template in sorted((PLACE / "templates").rglob("*.html")):
        text = template.read_text()
        own = " ".join(re.findall(r"<style>(.*?)</style>", text, re.DOTALL))
        for names in re.findall(r'class="([^"]*)"', text):
            for name in re.sub(r"{%.*?%}|{{.*?}}", " ", names).split():
                written = "." + re.sub(r"([^\w-])", r"\\\1", name)
                if not re.search(re.escape(written) + r"(?![\w\\-])", css + own):
                    missing.append(f"{template.name}: {name}")
    assert not missing


# --- days and times ------------------------------------------------------------------------------


def test_the_times_of_a_report_and_its_flow_are_those_of_the_books(boss) -> None:
    """Half past three in the night of 1 Nov in London is still October in New York."""
    approved = datetime(2026, 11, 1, 3, 30, tzinfo=UTC)
    report = a_read_report(
        flow := a_flow(zone="America/New_York", mark_at=approved), approved_at=approved
    )
    run = PollRun.objects.create(
        flow=flow, due_at=approved, status="done", owner="x", until=approved, started_at=approved
    )
    shown = "31 Oct 2026 23:30"
    pages = {
        "report": reverse("admin:audit_report_change", args=[report.pk]),
        "flow": reverse("admin:mappings_flow_change", args=[flow.pk]),
        "poll": reverse("admin:audit_pollrun_change", args=[run.pk]),
        "home": reverse("admin:index"),
    }
    for name, address in pages.items():
        page = boss.get(address).content.decode().replace("\xa0", " ")
        assert shown in page and "America/New_York" in page, name
        assert "1 Nov 2026 03:30" not in page and "1 Nov 2026, 3:30" not in page, name
    reports = reverse("admin:audit_report_changelist")
    page = boss.get(reports).content.decode().replace("\xa0", " ")
    assert "31 Oct 2026" in page and "1 Nov 2026" not in page
    assert '?period=2026-10"' in page and '?period=2026-11"' not in page
    found = {
        month: len(boss.get(f"{reports}?period={month}").context["cl"].result_list)
        for month in ("2026-10", "2026-11")
    }
    assert found == {"2026-10": 1, "2026-11": 0}


# --- alarms --------------------------------------------------------------------------------------


def a_line(client: Client, flow: Flow, label: str) -> dict:
    address = f"{reverse('admin:audit_report_completeness')}?flow={flow.pk}&month=2026-10"
    (equation,) = client.get(address).context["equations"]
    return next(one for one in equation["lines"] if one["label"] == label)


def test_what_is_booked_in_another_currency_is_called_converted_and_is_no_alarm(boss) -> None:
    posting = a_posted(
        a_read_report(flow := a_flow()), currency="EUR", total="16.02", date=date(2026, 10, 20)
    )
    line = a_line(boss, flow, "Posted")
    assert line["documents"].replace("\xa0", " ") == "16.02 EUR converted"
    assert line["is_converted"] and not line["is_otherwise"]
    Posting.objects.filter(pk=posting.pk).update(currency="USD")
    a_posting(posting.report, State.READY, op="amend", replaces=posting, document_id="17")
    line = a_line(boss, flow, "Waiting to post")
    assert line["documents"].replace("\xa0", " ") == "16.02 USD"
    assert line["is_otherwise"] and not line["is_converted"]


# --- headings ------------------------------------------------------------------------------------


def test_a_page_of_its_own_is_headed_by_what_it_is_and_not_by_a_model(boss) -> None:
    posting = a_held(a_read_report(flow := a_flow(name="US bills")), UNCATEGORISED)
    report = posting.report
    cause = groups(boss)[0]["url"]
    pages = [
        (boss.get(reverse("admin:audit_posting_held")), "Held: needs you"),
        (boss.get(cause), "Held: needs you"),
        (boss.get(reverse("admin:audit_report_completeness")), "Is the month complete?"),
        (boss.get(reverse("admin:audit_posting_messages")), None),
        (
            boss.post(reverse("admin:audit_report_do", args=[report.pk, "dry_run"])),
            f"Dry run of {report.report_id}",
        ),
        (
            boss.post(reverse("admin:mappings_flow_do", args=[flow.pk, "dry_run"])),
            "Dry run of US bills",
        ),
    ]
    for page, title in pages:
        title = title or page.context["title"]
        assert re.search(rf"<h2[^>]*>{re.escape(title)}</h2>", page.content.decode()), title
