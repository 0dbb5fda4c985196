"""The whole way with nothing replaced: our pages, the vendors' simulators, HTTP between them."""

import json
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import requests
from django.db import connection as database

from connectors import opening, services
from connectors.clock import database_now
from connectors.contract.transport import Unauthorised, Unreachable
from connectors.models import Credential, LedgerConnection, Workspace
from connectors.sandbox.main import Running
from tests.connectors.conftest import REALM, make_account, make_connection, make_credential

pytestmark = pytest.mark.django_db
TOKENS = "/oauth2/v1/tokens/bearer"


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

    def send(path: str, body: Any = None, method: str = "POST") -> Any:
        address = f"{running.url}/_control/{path}"
        answer = requests.request(method, address, json=body or {}, timeout=5)
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


# --- the token endpoint ---------------------------------------------------------------------------


@pytest.fixture
def books(control: Any, news: Any) -> LedgerConnection:
    """A connected company whose access token has just run out, at the vendor's end and at ours."""
    minted = control("quickbooks_online/tokens", {"company": REALM})
    control("clock", {"advance_s": 3700})
    secret = {name: minted[name] for name in ("access_token", "refresh_token")}
    return make_connection(company_id=REALM, credential=make_credential(secret=secret))


def stored() -> Credential:
    return Credential.objects.get()


def ciphertext() -> bytes:
    """What somebody who steals the database has."""
    with database.cursor() as cursor:
        cursor.execute("SELECT secret FROM connectors_credential")
        return bytes(cursor.fetchone()[0])


def a_minute_passes() -> None:
    refused_at = stored().refused_at
    Credential.objects.update(refused_at=refused_at - timedelta(seconds=61))


def test_twenty_answers_of_503_from_the_token_endpoint_leave_it_connected(
    books: Any, control: Any, news: Any
) -> None:
    before = stored().secret
    control("quickbooks_online/faults", {"kind": "unavailable", "match": TOKENS, "times": 20})
    for _ in range(20):
        with pytest.raises(Unreachable):
            opening.open_ledger(books)
    assert (stored().state, stored().secret, stored().refused_at) == ("working", before, None)
    assert opening.open_ledger(books).check().company_id == REALM
    assert news == []


def test_the_used_refresh_token_is_kept_encrypted_until_its_successor_has_worked(
    books: Any, control: Any
) -> None:
    secrets = [stored().secret]
    for _ in range(2):
        Credential.objects.update(expires_at=database_now())
        opening.open_ledger(books).check()
        secrets.append(stored().secret)
        texts = [text for secret in secrets for text in secret.values()]
        assert not [text for text in texts if text.encode() in ciphertext()]
    first, second, third = (secret["refresh_token"] for secret in secrets)
    assert len({first, second, third}) == 3
    assert secrets[1]["previous_refresh_token"] == first
    assert secrets[2]["previous_refresh_token"] == second


def test_a_lost_token_answer_costs_nothing_while_the_vendor_still_takes_the_old_token(
    books: Any, control: Any, news: Any
) -> None:
    control("quickbooks_online/settings", {"refresh_rotates": "daily"})
    control("quickbooks_online/faults", {"kind": "drop_token_answer"})
    with pytest.raises(Unreachable):
        opening.open_ledger(books)
    assert opening.open_ledger(books).check().company_id == REALM
    assert (stored().state, stored().refused_at) == ("working", None) and news == []


def test_a_lost_token_answer_of_a_strict_vendor_is_a_persons_turn_after_two_refusals(
    books: Any, control: Any, news: Any
) -> None:
    """The new token stands at the vendor's end only: nothing but a new consent brings it here."""
    before = stored().secret
    control("quickbooks_online/faults", {"kind": "drop_token_answer"})
    for _ in range(3):  # lost; refused; not asked again within a minute
        with pytest.raises(Unreachable):
            opening.open_ledger(books)
    assert (stored().state, stored().secret) == ("working", before) and news == []
    a_minute_passes()
    with pytest.raises(Unauthorised, match="Press Connect"):
        opening.open_ledger(books)
    assert (stored().state, stored().secret) == ("reconnect", before)
    assert [one["kind"] for one in news] == ["connection.needs_reconnect"]


def test_a_call_with_the_token_of_an_ended_consent_neither_renews_nor_ends_the_new_one(
    boss: Any, control: Any, news: Any
) -> None:
    follow_consent(boss, make_connection())
    books = LedgerConnection.objects.get()
    opened = opening.open_ledger(books)
    follow_consent(boss, books)  # in another window; Intuit ends the tokens of the first
    before, asked = stored().secret, len(token_requests(control))
    with pytest.raises(Unauthorised) as refused:
        opened.check()
    assert opening.open_ledger(books, refused=refused.value).check().company_id == REALM
    assert not services.needs_reconnect(books, refused.value)
    assert (stored().state, stored().secret) == ("working", before)
    assert len(token_requests(control)) == asked


def token_requests(control: Any) -> list[Any]:
    asked = control("quickbooks_online/requests", method="GET")
    return [one for one in asked if TOKENS in one["path"]]


# --- Expensify ------------------------------------------------------------------------------------


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
