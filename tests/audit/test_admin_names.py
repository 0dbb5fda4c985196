"""One thing has one name: the page says what the menu said, and a list says whose its rows are."""

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from config.dashboard import _SIDEBAR
from mappings.models import Dimension, Value
from tests.audit.builders import NOON, a_connection, a_person

ENTRIES = [
    (title, model)
    for entries in _SIDEBAR.values()
    for title, _, model in entries
    if model.startswith(("mappings.", "connectors."))
]


@pytest.fixture
def boss(db: None) -> Client:
    client = Client()
    client.force_login(a_person("boss", is_superuser=True))
    return client


@pytest.mark.parametrize(("title", "model"), ENTRIES)
def test_a_page_has_the_name_that_the_menu_gives_it(title: str, model: str) -> None:
    plural = str(apps.get_model(model)._meta.verbose_name_plural)
    assert plural[:1].upper() + plural[1:] == title


def test_values_of_several_companies_say_whose_they_are(boss) -> None:
    for name in ("Acme US", "Acme UK"):
        dimension = Dimension.objects.create(
            connection=a_connection(name=name), name="class", label="Class"
        )
        Value.objects.create(dimension=dimension, ledger_id="1", name="West", seen_at=NOON)
    address = reverse("admin:mappings_value_changelist")
    page = boss.get(address).content.decode()
    assert page.count("Acme US") > 1 and page.count("Acme UK") > 1 and "Company" in page
    narrowed = {"dimension__connection__id__exact": dimension.connection_id}
    assert boss.get(address, narrowed).context["cl"].result_count == 1
    assert boss.get(address, {"dimension__label": "Class"}).context["cl"].result_count == 2


def test_forms_say_vendor_where_the_menu_does(boss) -> None:
    for model in ("rule", "partylink"):
        page = boss.get(reverse(f"admin:mappings_{model}_add")).content.decode()
        assert "Vendor" in page and "Party" not in page
