"""The whole way with nothing replaced: our pages, the vendors' simulators, HTTP between them."""

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import requests

from connectors import opening, services
from connectors.contract.transport import Unauthorised
from connectors.models import Credential, LedgerConnection, Workspace
from connectors.sandbox.main import Running
from tests.connectors.conftest import REALM, make_account, make_connection

pytestmark = pytest.mark.django_db


class Form(HTMLParser):
    """The first form of a page: `.action`, and the `.fields` that a browser would send."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action, self.fields = "", {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        given = dict(attrs)
        if tag == "form":
            self.action = given.get("action", "")
        if tag == "input" and given.get("type") == "hidden":
            self.fields[given["name"]] = given.get("value", "")


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    sandbox = Running()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def control(running: Running, settings: Any) -> Any:
    """A sandbox as new, our settings pointing to it, and its control: (vendor, verb, body)."""

    def send(path: str, body: Any = None) -> Any:
        answer = requests.post(f"{running.url}/_control/{path}", json=body or {}, timeout=5)
        assert answer.status_code < 300, answer.text
        return json.loads(answer.text) if answer.text else None

    send("reset")
    app = send("quickbooks_online/tokens", {"company": REALM})
    base = f"{running.url}/quickbooks_online"
    settings.VENDOR_URLS = {
        "expensify": f"{running.url}/expensify/Integration-Server/ExpensifyIntegrations",
        "quickbooks_online": {
            "api": base,
            "authorize": f"{base}/connect/oauth2",
            "token": f"{base}/oauth2/v1/tokens/bearer",
            "app": f"{base}/app",
        },
    }
    settings.INTUIT_CLIENT_ID, settings.INTUIT_CLIENT_SECRET = (
        app["client_id"],
        app["client_secret"],
    )
    settings.EXPENSIFY_LIMITS = []
    return send


def follow_consent(boss: Any, books: LedgerConnection, decision: str = "allow") -> Any:
    """Press Connect, answer the vendor's form, and come back."""
    start = boss.post(f"/connect/{books.pk}/")["location"]
    page = requests.get(start, timeout=5)
    assert page.status_code == 200, page.text
    form = Form(page.text)
    answer = requests.post(
        urljoin(start, form.action),
        data=form.fields | {"decision": decision, "realm": REALM},
        allow_redirects=False,
        timeout=5,
    )
    back = urlsplit(answer.headers["location"])
    return boss.get(f"{back.path}?{back.query}", follow=True)


def test_a_consent_by_the_form_connects_quickbooks(boss: Any, control: Any, news: Any) -> None:
    books = make_connection()
    page = follow_consent(boss, books).content.decode()
    assert "Connected to Acme Consulting US (USD)" in page
    books = LedgerConnection.objects.get()
    assert books.company == f"quickbooks_online:{REALM}"
    assert books.closed_through.isoformat() == "2026-08-31"
    services.test_connection(books)
    for secret in Credential.objects.get().secret.values():
        assert secret not in page


def test_saying_deny_connects_nothing(boss: Any, control: Any, news: Any) -> None:
    page = follow_consent(boss, make_connection(), decision="deny").content.decode()
    assert "You chose not to connect" in page
    assert not Credential.objects.exists()


def test_tokens_that_run_out_are_renewed_on_the_way(boss: Any, control: Any, news: Any) -> None:
    follow_consent(boss, make_connection())
    before = Credential.objects.get()
    control("clock", {"advance_s": 3700})  # the vendor's clock only: we still trust our token
    services.test_connection(LedgerConnection.objects.get())
    after = Credential.objects.get()
    assert after.secret["access_token"] != before.secret["access_token"]
    assert after.state == "working"


def test_expensify_lists_its_workspaces(control: Any, news: Any) -> None:
    pair = control("expensify/tokens")
    account = make_account()
    services.store_partner_credentials(
        account, user_id=pair["partnerUserID"], user_secret=pair["partnerUserSecret"]
    )
    assert services.pull_workspaces(account) == Workspace.objects.count() >= 2
    acme = Workspace.objects.get(policy_id="0810E551A5F2A9C2")
    assert (acme.name, acme.currency) == ("Acme US", "USD")


def test_expensify_with_a_wrong_secret_needs_a_person(control: Any, news: Any) -> None:
    account = make_account()
    with pytest.raises(Unauthorised) as refused:
        services.test_expensify(account)
    assert "CANARY-partner-secret" not in str(refused.value)
    account.credential.refresh_from_db()
    assert account.credential.state == "reconnect"


def test_an_opened_client_prints_no_secret(control: Any) -> None:
    assert "CANARY-partner" not in repr(opening.open_expensify(make_account()))
