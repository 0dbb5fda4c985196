"""Where there is nothing to see, a page says why and what to do."""

import pytest
from django.test import Client, override_settings
from django.urls import reverse

from tests.audit.builders import a_flow, a_person, a_read_report

pytestmark = pytest.mark.django_db
THEIRS = "yielded into no results"
PULLED = ["glaccount", "value", "party", "taxcode", "category", "tag", "taxrate", "employee"]


@pytest.fixture
def boss() -> Client:
    client = Client()
    client.force_login(a_person("boss", is_superuser=True))
    return client


def shown(client: Client, model: str, **asked: str) -> str:
    page = client.get(reverse(f"admin:{model}_changelist"), asked).content.decode()
    assert THEIRS not in page
    return page


@pytest.mark.parametrize("name", [*PULLED, "dimension"])
def test_an_empty_pulled_list_says_how_rows_get_there(boss: Client, name: str) -> None:
    page = shown(boss, f"mappings_{name}")
    assert "press Read the lists on its page" in page
    assert "Nothing matches" not in page and "Show everything" not in page


def test_the_list_of_cards_does_not_promise_that_it_will_fill(boss: Client) -> None:
    page = shown(boss, "mappings_card")
    assert "by its number" in page and "Read the lists" not in page


def test_a_list_that_people_fill_offers_the_first_row(boss: Client) -> None:
    page = shown(boss, "mappings_partylink")
    assert "Nothing here yet." in page and "Add employee and vendor" in page
    assert reverse("admin:mappings_partylink_add") in page


@pytest.mark.parametrize(
    ("model", "asked"),
    [
        ("audit_report", {"q": "nobody"}),
        ("audit_report", {"standing__exact": "failed"}),
        ("audit_posting", {"q": "nobody"}),
        ("mappings_glaccount", {"q": "nobody"}),
        ("mappings_partylink", {"q": "nobody"}),
    ],
)
def test_a_filter_that_nothing_matches_is_named_and_can_be_dropped(
    boss: Client, model: str, asked: dict[str, str]
) -> None:
    a_read_report(a_flow())
    page = shown(boss, model, **asked)
    assert "Nothing matches." in page and '<a href="?" class="text-link">Show everything' in page
    assert "Add employee and vendor</a>" not in page


@override_settings(DEBUG=False)
def test_an_address_that_leads_nowhere_says_so_with_a_way_home(client: Client, boss) -> None:
    for who, address in ((client, "/nowhere/"), (boss, "/admin/nowhere/")):
        answer = who.get(address)
        assert answer.status_code == 404
        page = answer.content.decode()
        assert "This page is not here" in page and "address may be incomplete" in page
        assert f'href="{reverse("admin:index")}"' in page and "Resolver404" not in page


def test_a_sentence_of_ours_is_kept_when_a_record_is_not_found(boss) -> None:
    page = boss.get(reverse("record", args=["mlc-nothing"])).content.decode()
    assert "This page is not here" in page and "marker" in page


@override_settings(DEBUG=False)
def test_a_refused_page_says_who_can_help_with_a_way_home() -> None:
    client = Client()
    client.force_login(a_person("vera"))
    answer = client.get(reverse("admin:mappings_flow_changelist"))
    assert answer.status_code == 403
    page = answer.content.decode()
    assert "Your user lacks the permission" in page and "Nothing was done." in page
    assert f'href="{reverse("admin:index")}"' in page
