"""Connections, credentials and their servers, with defaults; and a site that has our addresses."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client

from connectors.clock import database_now
from connectors.fields import Secret
from connectors.models import Credential, ExpensifyAccount, LedgerConnection
from connectors.signals import happened
from tests.connectors import fake_ledger
from tests.connectors.servers import TokenServer, token_server

REALM = "9341450000000001"


def make_credential(**changes: Any) -> Credential:
    """A QuickBooks Online credential whose access token has just run out."""
    facts: dict[str, Any] = {
        "kind": "quickbooks_online",
        "secret": Secret(access_token="CANARY-access-0", refresh_token="CANARY-refresh-0"),
        "expires_at": database_now() - timedelta(seconds=1),
    }
    return Credential.objects.create(**(facts | changes))


def make_connection(name: str = "Acme US books", **changes: Any) -> LedgerConnection:
    facts: dict[str, Any] = {"ledger": "quickbooks_online", "name": name}
    return LedgerConnection.objects.create(**(facts | changes))


def make_account(name: str = "Acme Expensify", **changes: Any) -> ExpensifyAccount:
    credential = Credential.objects.create(
        kind="expensify",
        secret=Secret(user_id="aa_CANARY_acme", user_secret="CANARY-partner-secret"),
    )
    return ExpensifyAccount.objects.create(**({"name": name, "credential": credential} | changes))


@pytest.fixture
def tokens(settings: Any) -> Iterator[TokenServer]:
    """A token endpoint of our own, and settings that point to it."""
    with token_server() as server:
        settings.VENDOR_URLS = {
            "expensify": f"{server.url}/expensify",
            "quickbooks_online": {
                "api": server.url,
                "authorize": "https://appcenter.example/connect/oauth2",
                "token": f"{server.url}/token",
                "revoke": f"{server.url}/revoke",
                "app": "https://app.example/app",
            },
        }
        settings.INTUIT_CLIENT_ID = "client-1"
        settings.INTUIT_CLIENT_SECRET = "CANARY-client-secret"
        yield server


@pytest.fixture
def ledger(settings: Any) -> Any:
    """The fake ledger in the place of QuickBooks Online; `.script` says what it answers."""
    settings.LEDGERS = {"quickbooks_online": "tests.connectors.fake_ledger.open_ledger"}
    fake_ledger.reset()
    return fake_ledger


@pytest.fixture
def news(settings: Any) -> Iterator[list[dict[str, Any]]]:
    """What is told upwards during the test; nobody else listens."""
    heard: list[dict[str, Any]] = []

    def listen(sender: Any, **told: Any) -> None:
        told.pop("signal")
        heard.append(told)

    others, happened.receivers = happened.receivers, []
    happened.sender_receivers_cache.clear()
    happened.connect(listen)
    yield heard
    happened.receivers = others
    happened.sender_receivers_cache.clear()


@pytest.fixture
def boss(db: None, settings: Any) -> Client:
    """The browser of a superuser, on a site with the admin and our addresses."""
    settings.ROOT_URLCONF = "tests.connectors.site"
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("ann", "ann@acme.example"))
    return client


@pytest.fixture
def clerk(db: None, settings: Any) -> Client:
    """The browser of somebody who may look at connections and nothing else."""
    settings.ROOT_URLCONF = "tests.connectors.site"
    user = get_user_model().objects.create_user("ben", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = Client()
    client.force_login(user)
    return client
