"""Users: whoever is added can sign in, and nobody is shown how passwords are stored."""

import re

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from tests.audit.builders import a_person

pytestmark = pytest.mark.django_db
ADD = "admin:auth_user_add"


@pytest.fixture
def boss() -> Client:
    client = Client()
    client.force_login(a_person("boss", is_superuser=True))
    return client


def what_is_filled_in(page: str) -> dict[str, str]:
    """The form as a browser would send it if nothing were touched."""
    sent = {}
    for field in re.findall(r"<input[^>]*>", page):
        told = dict(re.findall(r'([\w-]+)="([^"]*)"', field))
        is_box = told.get("type") in ("checkbox", "radio")
        is_ticked = "checked" in re.sub(r'"[^"]*"', "", field)
        if told.get("name") and (is_ticked or not is_box):
            sent[told["name"]] = told.get("value", "on" if is_box else "")
    return sent


def test_a_person_who_is_added_can_sign_in(boss: Client) -> None:
    form = what_is_filled_in(boss.get(reverse(ADD)).content.decode())
    secret = "a-long-pass-phrase-7"
    form |= {"username": "cleo", "password1": secret, "password2": secret}
    answer = boss.post(reverse(ADD), form)
    assert answer.status_code == 302, answer.context["errors"]
    cleo = Client()
    sent = cleo.post(reverse("admin:login"), {"username": "cleo", "password": secret})
    assert sent.status_code == 302
    assert cleo.get(reverse("admin:index")).status_code == 200


def test_somebody_can_be_added_who_may_not_sign_in(boss: Client) -> None:
    secret = "a-long-pass-phrase-7"
    form = {"username": "cleo", "password1": secret, "password2": secret, "usable_password": "true"}
    assert boss.post(reverse(ADD), form).status_code == 302
    assert not User.objects.get(username="cleo").is_staff


@pytest.mark.parametrize("may_change", [True, False])
def test_how_a_password_is_stored_is_not_shown(boss: Client, may_change: bool) -> None:
    cleo = a_person("cleo")
    client = boss
    if not may_change:
        vera = a_person("vera")
        vera.user_permissions.add(Permission.objects.get(codename="view_user"))
        client = Client()
        client.force_login(vera)
    page = client.get(reverse("admin:auth_user_change", args=[cleo.pk])).content.decode()
    stored = cleo.password.split("$")
    assert not any(word in page for word in ("algorithm", "salt", "hash", "iterations"))
    assert stored[0] not in page and stored[-1][:6] not in page
    if may_change:
        assert 'href="../password/"' in page
        assert (
            boss.get(reverse("admin:auth_user_password_change", args=[cleo.pk])).status_code == 200
        )


def test_that_nobody_has_set_a_password_is_said(boss: Client) -> None:
    cleo = a_person("cleo")
    cleo.set_unusable_password()
    cleo.save()
    page = boss.get(reverse("admin:auth_user_change", args=[cleo.pk])).content.decode()
    assert "No password set." in page
