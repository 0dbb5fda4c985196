"""Tokens: one refresh for all, and nothing but two honest refusals ever disconnects."""

import json
import threading
from base64 import b64decode
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections, transaction

from connectors import oauth, opening
from connectors.clock import database_now
from connectors.contract.transport import (
    Blocked,
    ContractBroken,
    Throttled,
    Unauthorised,
    Unreachable,
)
from connectors.fields import Secret
from connectors.guard import TransactionOpen
from connectors.models import Credential
from connectors.token_endpoint import SIGN_INS
from tests.connectors.conftest import make_connection, make_credential

pytestmark = pytest.mark.django_db

REFUSAL = (400, {"error": "invalid_grant", "error_description": "Token invalid"})


def again(credential: Credential) -> Credential:
    return Credential.objects.get(pk=credential.pk)


def a_minute_passes(credential: Credential) -> None:
    row = again(credential)
    Credential.objects.filter(pk=row.pk).update(refused_at=row.refused_at - timedelta(seconds=61))


def test_a_token_with_time_left_is_handed_out_without_asking(tokens: Any) -> None:
    credential = make_credential(expires_at=database_now() + timedelta(minutes=6))
    assert oauth.fresh_token(credential) == "CANARY-access-0"
    assert tokens.requests == []


def test_a_token_that_ends_within_five_minutes_is_renewed_first(tokens: Any) -> None:
    credential = make_credential(expires_at=database_now() + timedelta(minutes=4))
    assert oauth.fresh_token(credential) == "CANARY-access-1"
    assert tokens.requests == [{"grant_type": "refresh_token", "refresh_token": "CANARY-refresh-0"}]
    row = again(credential)
    assert row.secret["refresh_token"] == "CANARY-refresh-1"
    assert row.expires_at - database_now() > timedelta(minutes=59)
    assert row.refresh_expires_at - database_now() > timedelta(days=100)
    assert row.consent_ends_at - database_now() > timedelta(days=1800)
    assert (row.lock_owner, row.lock_until) == ("", None)


@pytest.mark.parametrize(
    ("field", "days"), [("x_refresh_token_expires_in", 101), ("never_said", 60)]
)
def test_how_long_a_refresh_token_lives_is_the_vendors_word_or_else_the_sheets(
    tokens: Any, monkeypatch: pytest.MonkeyPatch, field: str, days: int
) -> None:
    way = SIGN_INS["quickbooks_online"]
    silent = replace(way, refresh_lifetime_field=field, refresh_lasts_s=60 * 86_400)
    monkeypatch.setitem(SIGN_INS, "quickbooks_online", silent)
    credential = make_credential()
    oauth.fresh_token(credential)
    assert (again(credential).refresh_expires_at - database_now()).days == days - 1


def test_the_request_is_a_form_with_the_apps_keys_in_the_header(tokens: Any) -> None:
    oauth.fresh_token(make_credential())
    headers = tokens.headers[0]
    assert b64decode(headers["authorization"].removeprefix("Basic ")) == (
        b"client-1:CANARY-client-secret"
    )
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert headers["x-include-refresh-token-hard-expires-in"] == "true"


def test_a_token_that_was_refused_is_renewed_though_it_seems_to_last(tokens: Any) -> None:
    credential = make_credential(expires_at=database_now() + timedelta(minutes=50))
    assert oauth.fresh_token(credential, stale="CANARY-access-0") == "CANARY-access-1"
    # A second caller whose request carried the old token too is served by that one refresh.
    assert oauth.fresh_token(credential, stale="CANARY-access-0") == "CANARY-access-1"
    assert len(tokens.requests) == 1


@pytest.mark.django_db(transaction=True)
def test_fifty_threads_with_one_expired_token_make_one_refresh(tokens: Any) -> None:
    credential, got, failed = make_credential(), [], []
    start = threading.Barrier(50)

    def ask() -> None:
        start.wait()
        try:
            got.append(oauth.fresh_token(credential))
        except Exception as failure:
            failed.append(failure)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert got == ["CANARY-access-1"] * 50
    assert len(tokens.requests) == 1


@pytest.mark.django_db(transaction=True)
def test_the_new_refresh_token_is_committed_before_anybody_gets_the_access_token(
    tokens: Any,
) -> None:
    credential, seen = make_credential(), []

    def look(row: Credential) -> None:
        seen.append((row.secret["refresh_token"], row.secret.get("previous_refresh_token")))

    token = oauth.fresh_token(credential)
    thread = threading.Thread(target=lambda: (look(again(credential)), connections.close_all()))
    thread.start()
    thread.join()
    assert token == "CANARY-access-1"
    assert seen == [("CANARY-refresh-1", "CANARY-refresh-0")]


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_the_vendor_is_on_the_line(tokens: Any) -> None:
    credential = make_credential()
    with transaction.atomic(), pytest.raises(TransactionOpen):
        oauth.fresh_token(credential)
    assert tokens.requests == []


class TestTheOldRefreshToken:
    def test_it_is_kept_until_the_new_one_has_worked(self, tokens: Any) -> None:
        credential = make_credential()
        oauth.fresh_token(credential)
        assert again(credential).secret["previous_refresh_token"] == "CANARY-refresh-0"
        oauth.fresh_token(credential, stale="CANARY-access-1")
        assert again(credential).secret["previous_refresh_token"] == "CANARY-refresh-1"
        tokens.rotates = False
        oauth.fresh_token(credential, stale="CANARY-access-2")
        assert "previous_refresh_token" not in again(credential).secret

    def test_it_saves_the_connection_when_the_newest_never_worked(self, tokens: Any) -> None:
        credential = make_credential(
            secret=Secret(access_token="a", refresh_token="lost", previous_refresh_token="good")
        )
        tokens.accepted = {"good"}
        with pytest.raises(Unreachable):
            oauth.fresh_token(credential)
        a_minute_passes(credential)
        assert oauth.fresh_token(credential).startswith("CANARY-access")
        assert [form["refresh_token"] for form in tokens.requests] == ["lost", "lost", "good"]
        assert again(credential).state == "working"


class TestRefusals:
    def test_one_refusal_is_no_verdict(self, tokens: Any, news: Any) -> None:
        credential = make_credential()
        tokens.answers = [REFUSAL]
        with pytest.raises(Unreachable, match="before anybody has to reconnect"):
            oauth.fresh_token(credential)
        assert again(credential).state == "working" and news == []

    def test_the_next_minute_asks_nobody(self, tokens: Any) -> None:
        credential = make_credential()
        tokens.answers = [REFUSAL]
        for _ in range(3):
            with pytest.raises(Unreachable):
                oauth.fresh_token(credential)
        assert len(tokens.requests) == 1

    def test_what_is_left_of_the_token_is_used_meanwhile(self, tokens: Any) -> None:
        credential = make_credential(expires_at=database_now() + timedelta(minutes=4))
        tokens.answers = [REFUSAL]
        with pytest.raises(Unreachable):
            oauth.fresh_token(credential)
        assert oauth.fresh_token(credential) == "CANARY-access-0"

    def test_two_a_minute_apart_are_and_a_person_is_told(self, tokens: Any, news: Any) -> None:
        credential = make_credential()
        books = make_connection(company_id="1", credential=credential)
        tokens.accepted = set()
        with pytest.raises(Unreachable):
            oauth.fresh_token(credential)
        a_minute_passes(credential)
        with pytest.raises(Unauthorised, match="Press Connect") as refused:
            oauth.fresh_token(credential)
        assert not refused.value.expired and refused.value.request_id == "tid-1"
        assert (
            again(credential).state == "reconnect" and "Token invalid" in again(credential).reason
        )
        assert [one["kind"] for one in news] == ["connection.needs_reconnect"]
        assert news[0]["subject"] == {"connection_id": books.pk}
        assert "CANARY" not in json.dumps(news)
        # And then nobody asks any more, not even for what is left of the old token.
        with pytest.raises(Unauthorised):
            oauth.fresh_token(credential)
        assert len(tokens.requests) == 2

    def test_a_refresh_that_works_in_between_starts_the_count_anew(self, tokens: Any) -> None:
        credential = make_credential()
        tokens.answers = [REFUSAL]
        with pytest.raises(Unreachable):
            oauth.fresh_token(credential)
        a_minute_passes(credential)
        oauth.fresh_token(credential)
        assert again(credential).refused_at is None
        tokens.answers = [REFUSAL]
        with pytest.raises(Unreachable):
            oauth.fresh_token(credential, stale="CANARY-access-2")
        assert again(credential).state == "working"

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("late", [None, REFUSAL], ids=["granted", "refused"])
    def test_a_new_consent_stands_against_an_answer_to_the_old_one(
        self, tokens: Any, late: Any
    ) -> None:
        credential = make_credential(refused_at=database_now() - timedelta(minutes=5))

        def connect_meanwhile() -> None:
            oauth.keep(again(credential), oauth.Tokens("new-access", "new-refresh", 3600))
            connections.close_all()

        tokens.on_request = connect_meanwhile
        tokens.answers = [late] if late else []
        with pytest.raises(Unreachable, match="replaced"):
            oauth.fresh_token(credential)
        row = again(credential)
        assert (row.state, row.secret["refresh_token"]) == ("working", "new-refresh")
        tokens.on_request = lambda: None
        assert oauth.fresh_token(credential) == "new-access"


TRANSIENT = {
    "503": ((503, {"error": "temporarily_unavailable"}), Unreachable),
    "500 in HTML": ((500, b"<html>oops</html>"), Unreachable),
    "408": ((408, {}), Unreachable),
    "429": ((429, {}), Throttled),
    "an answer that is no JSON": ((200, b"<html>welcome</html>"), ContractBroken),
    "tokens missing": ((200, {"access_token": "CANARY-x", "expires_in": 3600}), ContractBroken),
    "an error we do not know": ((400, {"error": "invalid_scope"}), ContractBroken),
    "our app's keys": ((401, {"error": "invalid_client"}), Blocked),
}


@pytest.mark.parametrize(("answer", "failure"), TRANSIENT.values(), ids=TRANSIENT.keys())
def test_what_says_nothing_about_the_grant_never_disconnects(
    answer: Any, failure: Any, tokens: Any, news: Any
) -> None:
    credential = make_credential(refused_at=database_now() - timedelta(minutes=5))
    tokens.answers = [answer] * 20
    for _ in range(20):
        with pytest.raises(failure) as raised:
            oauth.fresh_token(credential)
        assert "CANARY" not in f"{raised.value!r} {raised.value}"
    row = again(credential)
    assert (row.state, row.lock_owner) == ("working", "") and news == []
    assert row.secret["refresh_token"] == "CANARY-refresh-0"
    assert oauth.fresh_token(credential) == "CANARY-access-21"


def test_a_token_answer_that_is_lost_is_unreachable_because_no_document_is_at_risk(
    tokens: Any, settings: Any
) -> None:
    from tests.connectors.servers import raw_server, read_request, reset

    def drop(peer: Any) -> None:
        read_request(peer)
        reset(peer)

    credential = make_credential()
    with raw_server(drop) as url:
        settings.VENDOR_URLS = {"quickbooks_online": {"token": url}}
        with pytest.raises(Unreachable):
            oauth.fresh_token(credential)
    assert again(credential).state == "working"


def test_missing_app_keys_are_named(tokens: Any, settings: Any) -> None:
    settings.INTUIT_CLIENT_SECRET = ""
    with pytest.raises(Blocked) as blocked:
        oauth.fresh_token(make_credential())
    assert "INTUIT_CLIENT_SECRET" in blocked.value.problem.cure


def test_who_waits_too_long_for_anothers_refresh_is_told_to_come_back(
    tokens: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oauth, "waits", lambda: replace(oauth.REAL, patience_s=0.0))
    later = database_now() + timedelta(minutes=1)
    credential = make_credential(lock_owner="somebody", lock_until=later)
    with pytest.raises(Unreachable, match="another worker"):
        oauth.fresh_token(credential, sleep=lambda _: None)
    assert tokens.requests == []


def test_a_lock_whose_owner_died_is_taken_over(tokens: Any) -> None:
    ended = database_now() - timedelta(seconds=1)
    credential = make_credential(lock_owner="somebody", lock_until=ended)
    assert oauth.fresh_token(credential) == "CANARY-access-1"


def test_a_refresh_that_ended_between_look_and_lock_is_used(
    tokens: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    credential, lock = make_credential(), oauth._lock

    def late(*looked_at: Any) -> bool:
        oauth.keep(again(credential), oauth.Tokens("theirs", "refresh", 3600))
        return lock(*looked_at)

    monkeypatch.setattr(oauth, "_lock", late)
    assert oauth.fresh_token(credential) == "theirs"
    assert tokens.requests == [] and again(credential).lock_owner == ""


def test_a_credential_without_tokens_says_press_connect(tokens: Any) -> None:
    for secret in (None, Secret(), Secret(access_token="x", refresh_token="")):
        with pytest.raises(Unauthorised, match="Press Connect|press Connect"):
            oauth.fresh_token(make_credential(secret=secret))


class TestAnOpenedLedger:
    def test_it_asks_for_its_token_once_for_many_requests(self, tokens: Any, ledger: Any) -> None:
        credential = make_credential()
        opened = opening.open_ledger(make_connection(company_id="1", credential=credential))
        for _ in range(3):
            opened.check()
        assert ledger.script.seen == ["Bearer CANARY-access-1"] * 3
        assert len(tokens.requests) == 1

    def test_it_looks_again_when_minutes_have_passed(
        self, tokens: Any, ledger: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        credential = make_credential()
        opened = opening.open_ledger(make_connection(company_id="1", credential=credential))
        Credential.objects.filter(pk=credential.pk).update(expires_at=database_now())
        monkeypatch.setattr(opening._Bearer, "ASK_AGAIN_S", 0.0)
        opened.check()
        assert ledger.script.seen == ["Bearer CANARY-access-2"]

    def test_a_refused_token_that_is_still_stored_is_renewed(
        self, tokens: Any, ledger: Any
    ) -> None:
        lasting = make_credential(expires_at=database_now() + timedelta(minutes=50))
        books = make_connection(company_id="1", credential=lasting)
        refused = Unauthorised(
            "expired", expired=True, signed_by=oauth.signature("CANARY-access-0")
        )
        opening.open_ledger(books, refused=refused).check()
        assert ledger.script.seen == ["Bearer CANARY-access-1"]

    def test_of_many_calls_that_carried_the_same_refused_token_one_renews_it(
        self, tokens: Any, ledger: Any
    ) -> None:
        lasting = make_credential(expires_at=database_now() + timedelta(minutes=50))
        books = make_connection(company_id="1", credential=lasting)
        refused = Unauthorised(
            "expired", expired=True, signed_by=oauth.signature("CANARY-access-0")
        )
        for _ in range(4):
            opening.open_ledger(books, refused=refused).check()
        assert len(tokens.requests) == 1
        assert ledger.script.seen == ["Bearer CANARY-access-1"] * 4

    def test_a_refusal_that_does_not_say_of_what_renews_the_stored_one(
        self, tokens: Any, ledger: Any
    ) -> None:
        lasting = make_credential(expires_at=database_now() + timedelta(minutes=50))
        books = make_connection(company_id="1", credential=lasting)
        opening.open_ledger(books, refused=Unauthorised("expired", expired=True)).check()
        assert ledger.script.seen == ["Bearer CANARY-access-1"]

    def test_without_a_consent_it_says_press_connect(self, ledger: Any) -> None:
        with pytest.raises(Unauthorised, match="press Connect"):
            opening.open_ledger(make_connection())

    def test_one_that_comes_to_us_has_no_wire_and_needs_no_credential(
        self, settings: Any, ledger: Any
    ) -> None:
        settings.LEDGERS = {"quickbooks_desktop": "tests.connectors.fake_ledger.open_ledger"}
        books = make_connection(ledger="quickbooks_desktop", company_id="1")
        opened = opening.open_ledger(books)
        assert opened.check().company_id == "1" and opened.connection.web_url == ""
        with pytest.raises(RuntimeError, match="comes to us"):
            opened.call()

    def test_offline_it_renders_but_never_calls(self, ledger: Any) -> None:
        opened = opening.offline_ledger(make_connection(company_id="1"))
        assert opened.connection.company_id == "1"
        with pytest.raises(RuntimeError, match="offline"):
            opened.call()
