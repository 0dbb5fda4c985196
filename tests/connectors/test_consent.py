"""Consent: only who started it finishes it, only once, and never for another company."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from connectors import consent
from connectors.contract.transport import Unreachable
from connectors.models import LedgerConnection, OAuthState
from tests.connectors.conftest import REALM, make_connection, make_credential

pytestmark = pytest.mark.django_db

CALLBACK = "/oauth/quickbooks_online/callback"


def start(client: Client, connection: LedgerConnection) -> str:
    """Press Connect; returns the state that the vendor would bring back."""
    answer = client.post(f"/connect/{connection.pk}/")
    assert answer.status_code == 302, answer.content
    return parse_qs(urlsplit(answer["location"]).query)["state"][0]


def come_back(client: Client, state: str, **query: str) -> Any:
    return client.get(CALLBACK, {"state": state, "code": "code-1", "realmId": REALM} | query)


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_connect_sends_the_browser_to_the_vendors_page(boss: Any, tokens: Any) -> None:
    books = make_connection()
    answer = boss.post(f"/connect/{books.pk}/")
    address = urlsplit(answer["location"])
    query = {name: texts[0] for name, texts in parse_qs(address.query).items()}
    assert f"{address.scheme}://{address.netloc}{address.path}" == (
        "https://appcenter.example/connect/oauth2"
    )
    assert len(query.pop("state")) >= 40
    assert query == {
        "client_id": "client-1",
        "response_type": "code",
        "scope": "com.intuit.quickbooks.accounting",
        "redirect_uri": "http://127.0.0.1:8000/oauth/quickbooks_online/callback",
    }


def test_a_consent_connects_the_company_and_fills_in_what_it_says(
    boss: Any, tokens: Any, ledger: Any, news: Any
) -> None:
    books = make_connection()
    answer = come_back(boss, start(boss, books))
    assert answer.status_code == 302
    assert answer["location"] == f"/admin/connectors/ledgerconnection/{books.pk}/change/"
    assert tokens.requests == [
        {
            "grant_type": "authorization_code",
            "code": "code-1",
            "redirect_uri": "http://127.0.0.1:8000/oauth/quickbooks_online/callback",
        }
    ]
    assert ledger.script.seen == ["Bearer CANARY-access-1"]
    books = LedgerConnection.objects.get(pk=books.pk)
    assert books.company == f"quickbooks_online:{REALM}" and books.state == "working"
    assert (books.company_name, books.home_currency) == ("Acme Consulting US", "USD")
    assert books.closed_through.isoformat() == "2026-08-31" and books.has_tax is False
    assert books.facts == {"classes_on": True} and books.checked_at is not None
    assert [(one["kind"], one["actor"]) for one in news] == [("connection.connected", "ann")]
    page = text_of(boss.get(answer["location"]))
    assert (
        "Connected to Acme Consulting US (USD). Closed in the ledger through 31 Aug 2026." in page
    )
    assert "CANARY" not in page


def test_a_state_works_once(boss: Any, tokens: Any, ledger: Any) -> None:
    state = start(boss, make_connection())
    assert come_back(boss, state).status_code == 302
    answer = come_back(boss, state)
    assert answer.status_code == 400 and "does not belong to a consent" in text_of(answer)
    assert len(tokens.requests) == 1


def test_a_state_works_in_its_own_session_only(boss: Any, tokens: Any, ledger: Any) -> None:
    state = start(boss, make_connection())
    stranger = Client()
    stranger.force_login(get_user_model().objects.create_superuser("eve", "eve@acme.example"))
    assert come_back(stranger, state).status_code == 400
    assert tokens.requests == []
    assert come_back(boss, state).status_code == 302


@pytest.mark.parametrize(("minutes", "status"), [(9, 302), (11, 400)])
def test_a_state_lasts_ten_minutes(
    minutes: int, status: int, boss: Any, tokens: Any, ledger: Any
) -> None:
    state = start(boss, make_connection())
    row = OAuthState.objects.get()
    row.created_at -= timedelta(minutes=minutes)
    row.save()
    assert come_back(boss, state).status_code == status


@pytest.mark.parametrize("state", ["", "made-up"], ids=["none", "made up"])
def test_an_answer_that_nobody_asked_for_is_refused(state: str, boss: Any, tokens: Any) -> None:
    make_connection()
    assert come_back(boss, state).status_code == 400
    assert tokens.requests == []


def test_the_table_of_states_is_useless_to_whoever_reads_it(boss: Any, tokens: Any) -> None:
    state = start(boss, make_connection())
    row = OAuthState.objects.get()
    assert state not in (row.state_hash, row.session_hash)
    assert boss.session.session_key not in (row.state_hash, row.session_hash)


def test_a_state_belongs_to_its_ledger(boss: Any, tokens: Any) -> None:
    state = start(boss, make_connection())
    with pytest.raises(consent.ConsentRefused):
        consent.finish("xero", state, boss.session.session_key)


def test_saying_no_is_answered_kindly_and_spends_the_state(boss: Any, tokens: Any) -> None:
    state = start(boss, make_connection())
    answer = boss.get(CALLBACK, {"state": state, "error": "access_denied"})
    assert answer.status_code == 400 and "You chose not to connect" in text_of(answer)
    assert come_back(boss, state).status_code == 400
    assert tokens.requests == []


def test_an_error_in_the_address_is_never_printed_as_it_is(boss: Any, tokens: Any) -> None:
    state = start(boss, make_connection())
    answer = boss.get(CALLBACK, {"state": state, "error": "<b>call 555-1234</b>"})
    assert "555" not in text_of(answer) and "no known reason" in text_of(answer)


def test_another_company_on_reconnect_is_refused_naming_both(
    boss: Any, tokens: Any, ledger: Any
) -> None:
    credential = make_credential()
    books = make_connection(
        company_id=REALM, company_name="Acme Consulting US", credential=credential
    )
    make_connection("Europe", company_id="777", company_name="Acme Europe GmbH")
    answer = come_back(boss, start(boss, books), realmId="777")
    assert answer.status_code == 400
    assert "Acme Consulting US" in text_of(answer) and "Acme Europe GmbH" in text_of(answer)
    # The code was not spent: that would have ended the other connection's sign-in.
    assert tokens.requests == []
    credential.refresh_from_db()
    assert credential.secret["access_token"] == "CANARY-access-0"


def test_a_company_that_is_connected_elsewhere_is_refused(
    boss: Any, tokens: Any, ledger: Any
) -> None:
    make_connection("First", company_id=REALM, company_name="Acme Consulting US")
    second = make_connection("Second")
    answer = come_back(boss, start(boss, second))
    assert answer.status_code == 400 and "already connected as “First”" in text_of(answer)
    assert tokens.requests == []


def test_a_company_that_answers_by_another_id_is_not_stored(
    boss: Any, tokens: Any, ledger: Any
) -> None:
    ledger.script.company = ledger.company("777")
    books = make_connection()
    answer = come_back(boss, start(boss, books))
    assert answer.status_code == 400 and "777" in text_of(answer)
    books.refresh_from_db()
    assert books.company_id == "" and books.credential is None


def test_a_ledger_out_of_reach_leaves_everything_as_it_was(
    boss: Any, tokens: Any, ledger: Any
) -> None:
    ledger.script.errors = [Unreachable("quickbooks.example could not be reached")]
    books = make_connection()
    answer = come_back(boss, start(boss, books))
    assert answer.status_code == 502 and "Nothing was changed" in text_of(answer)
    books.refresh_from_db()
    assert books.company_id == "" and books.credential is None


def test_a_code_that_is_refused_says_press_connect_again(
    boss: Any, tokens: Any, ledger: Any
) -> None:
    tokens.answers = [(400, {"error": "invalid_grant"})]
    answer = come_back(boss, start(boss, make_connection()))
    assert answer.status_code == 400 and "Press Connect again" in text_of(answer)


@pytest.mark.parametrize("missing", ["code", "realmId"])
def test_half_an_answer_is_refused(missing: str, boss: Any, tokens: Any, ledger: Any) -> None:
    answer = come_back(boss, start(boss, make_connection()), **{missing: ""})
    assert answer.status_code == 400 and tokens.requests == []


def test_reconnecting_brings_a_dead_credential_back(
    boss: Any, tokens: Any, ledger: Any, news: Any
) -> None:
    credential = make_credential(state="reconnect", reason="Intuit said no")
    books = make_connection(company_id=REALM, credential=credential)
    assert come_back(boss, start(boss, books)).status_code == 302
    credential.refresh_from_db()
    assert (credential.state, credential.reason) == ("working", "")
    assert LedgerConnection.objects.get(pk=books.pk).credential_id == credential.pk
    assert [one["kind"] for one in news] == ["connection.reconnected"]


def test_reconnecting_cures_a_secret_that_no_key_opens(
    boss: Any, tokens: Any, ledger: Any, settings: Any
) -> None:
    settings.FERNET_KEYS = ["a key that was thrown away, long enough"]
    books = make_connection(company_id=REALM, credential=make_credential())
    settings.FERNET_KEYS = ["a new key, long enough to be one too"]
    assert come_back(boss, start(boss, books)).status_code == 302
    credential = LedgerConnection.objects.get().credential
    assert credential.secret["access_token"] == "CANARY-access-1"


def test_connecting_takes_a_post_and_the_permission(boss: Any, clerk: Any, tokens: Any) -> None:
    books = make_connection()
    assert boss.get(f"/connect/{books.pk}/").status_code == 302  # to its page, nothing started
    assert not OAuthState.objects.exists()
    assert clerk.post(f"/connect/{books.pk}/").status_code == 403
    assert clerk.get(CALLBACK).status_code == 403
    assert Client().post(f"/connect/{books.pk}/")["location"].startswith("/admin/login/")
    assert boss.post("/connect/999/").status_code == 404
    assert not OAuthState.objects.exists()


def test_a_form_of_another_site_starts_nothing(boss: Any, tokens: Any) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = boss.cookies
    assert strict.post(f"/connect/{make_connection().pk}/").status_code == 403
    assert not OAuthState.objects.exists()


def test_without_app_keys_the_button_says_what_to_set(
    boss: Any, tokens: Any, settings: Any
) -> None:
    settings.INTUIT_CLIENT_ID = ""
    answer = boss.post(f"/connect/{make_connection().pk}/", follow=True)
    assert "INTUIT_CLIENT_ID" in text_of(answer)


def test_a_ledger_without_a_consent_page_says_so(boss: Any, tokens: Any) -> None:
    books = make_connection(ledger="quickbooks_desktop")
    answer = boss.post(f"/connect/{books.pk}/", follow=True)
    assert "QuickBooks Desktop is not connected over the web" in text_of(answer)
    assert boss.get("/oauth/quickbooks_desktop/callback").status_code == 400


def test_old_states_are_swept_away(boss: Any, tokens: Any) -> None:
    books = make_connection()
    start(boss, books)
    OAuthState.objects.update(created_at="2026-01-01T00:00:00Z")
    start(boss, books)
    assert OAuthState.objects.count() == 1
