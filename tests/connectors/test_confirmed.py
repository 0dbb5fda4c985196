"""Bulk actions and their question: what was shown is what is done, or nothing is."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import path
from unfold.sites import UnfoldAdminSite

from connectors.admin_base import (
    BackOfficeAdmin,
    Confirmation,
    ReadOnlyAdmin,
    button,
    change_link,
    confirmed,
    messages,
)
from connectors.models import LedgerConnection, OAuthState, Workspace
from tests.connectors.conftest import make_connection

pytestmark = pytest.mark.django_db

LIST = "/office/connectors/ledgerconnection/"
MAY = "connectors.change_ledgerconnection"


def ask_many(self: Any, request: Any, queryset: Any) -> Confirmation:
    return Confirmation(
        f"Rename {queryset.count()} connections?",
        facts=[("Connections", str(queryset.count())), ("USD", "4,310.20")],
        lines=[str(row) for row in queryset],
        warning="This cannot be undone.",
        verb="Rename",
    )


def ask_one(self: Any, request: Any, row: Any) -> Confirmation:
    return Confirmation(f"Rename {row}?")


class Screen(BackOfficeAdmin):
    fields = ("name",)
    actions = ("rename",)
    buttons = ("rename_one", "never")
    list_per_page = 2

    @confirmed(label="Rename", permission=MAY, ask=ask_many)
    def rename(self, request: Any, queryset: Any) -> None:
        for row in queryset:
            LedgerConnection.objects.filter(pk=row.pk).update(name=f"{row.name}!")
        messages.success(request, "Renamed.")

    @button(label="Rename it", permission=MAY, ask=ask_one)
    def rename_one(self, request: Any, row: Any) -> None:
        LedgerConnection.objects.filter(pk=row.pk).update(name=f"{row.name}?")

    @button(label="Never", permission=MAY, shown=lambda row: False)
    def never(self, request: Any, row: Any) -> None: ...


office = UnfoldAdminSite(name="office")
office.register(LedgerConnection, Screen)
office.register(Workspace, ReadOnlyAdmin)
urlpatterns = [path("office/", office.urls), path("admin/", admin.site.urls)]


@pytest.fixture
def boss(settings: Any) -> Client:
    settings.ROOT_URLCONF = __name__
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("ann", "ann@acme.example"))
    return client


def chosen(*rows: Any, **more: str) -> dict[str, Any]:
    return {"action": "rename", "_selected_action": [row.pk for row in rows]} | more


def names() -> list[str]:
    return list(LedgerConnection.objects.order_by("pk").values_list("name", flat=True))


def hidden_fields(answer: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, text in answer.context["hidden"]:
        fields.setdefault(name, []).append(text)
    return fields


def test_an_action_first_shows_what_it_would_do(boss: Any) -> None:
    first, second = make_connection("One"), make_connection("Two")
    answer = boss.post(LIST, chosen(first, second))
    page = answer.content.decode()
    for part in ("Rename 2 connections?", "4,310.20", "One", "Two", "This cannot be undone."):
        assert part in page
    assert names() == ["One", "Two"]
    assert boss.post(LIST, hidden_fields(answer)).status_code == 302
    assert names() == ["One!", "Two!"]


def test_confirming_rows_that_were_not_shown_does_nothing_and_asks_anew(boss: Any) -> None:
    first, second = make_connection("One"), make_connection("Two")
    fields = hidden_fields(boss.post(LIST, chosen(first)))
    fields["_selected_action"] = [second.pk]
    answer = boss.post(LIST, fields)
    assert "The selection has changed" in answer.content.decode()
    assert names() == ["One", "Two"]
    assert boss.post(LIST, chosen(first, confirm="1")).status_code == 200
    assert names() == ["One", "Two"]


def test_a_choice_of_all_pages_covers_them_all_unless_they_grew(boss: Any) -> None:
    for number in range(5):
        make_connection(f"Books {number}")
    first = LedgerConnection.objects.first()
    answer = boss.post(LIST, chosen(first, select_across="1"))
    assert "Rename 5 connections?" in answer.content.decode()
    late = make_connection("Late")
    again = boss.post(LIST, hidden_fields(answer))
    assert "Rename 6 connections?" in again.content.decode() and late.name in names()
    boss.post(LIST, hidden_fields(again))
    assert all(name.endswith("!") for name in names())


def test_without_the_permission_an_action_is_neither_shown_nor_run(boss: Any) -> None:
    row = make_connection("One")
    user = get_user_model().objects.create_user("ben", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_ledgerconnection"))
    clerk = Client()
    clerk.force_login(user)
    assert b'value="rename"' in boss.get(LIST).content
    assert b'value="rename"' not in clerk.get(LIST).content
    clerk.post(LIST, chosen(row, confirm="1"))
    assert clerk.post(f"{LIST}{row.pk}/do/rename_one/", {"confirm": "1"}).status_code == 403
    assert names() == ["One"]


def test_nobody_deletes_many_rows_at_once(boss: Any) -> None:
    make_connection("One")
    assert b"delete_selected" not in boss.get(LIST).content


def test_a_button_can_ask_first_too(boss: Any) -> None:
    row = make_connection("One")
    address = f"{LIST}{row.pk}/do/rename_one/"
    assert b"Rename One?" in boss.post(address).content
    assert names() == ["One"]
    assert boss.post(address, {"confirm": "1"})["location"] == f"{LIST}{row.pk}/change/"
    assert names() == ["One?"]


def test_a_button_that_makes_no_sense_now_is_not_there(boss: Any) -> None:
    page = boss.get(f"{LIST}{make_connection('One').pk}/change/").content
    assert b"do/rename_one/" in page and b"do/never/" not in page


def test_what_is_read_only_is_so_for_superusers_too(boss: Any) -> None:
    assert boss.get("/office/connectors/workspace/").status_code == 200
    assert boss.get("/office/connectors/workspace/add/").status_code == 403


@pytest.mark.parametrize(
    ("ordering", "expected"),
    [((), ["name", "id"]), (("name",), ["name", "-id"]), (("-pk",), ["-pk"])],
    ids=["the model's", "without an id", "with one"],
)
def test_every_list_is_ordered_down_to_the_id(ordering: Any, expected: list[str]) -> None:
    screen = type("Ordered", (BackOfficeAdmin,), {"ordering": ordering})
    assert list(screen(LedgerConnection, office).get_ordering(None)) == expected


def test_every_model_of_this_room_is_ordered_down_to_the_id() -> None:
    from django.apps import apps

    for model in apps.get_app_config("connectors").get_models():
        assert model._meta.ordering[-1].lstrip("-") == "id", model
    assert OAuthState._meta.ordering


def test_a_link_to_a_row_escapes_its_name(boss: Any) -> None:
    assert change_link(make_connection("<b>One")).endswith('/change/">&lt;b&gt;One</a>')
    assert change_link(None) == "–"
