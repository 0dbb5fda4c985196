"""Several at one sign-in: many workers, a worker that slept, a person who connects meanwhile."""

import json
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as real_settings
from django.db import connections

from connectors import oauth, opening, services
from connectors.clock import database_now
from connectors.contract.ledger import Connection
from connectors.contract.transport import Request, Response, Unauthorised, Unreachable, VendorError
from connectors.models import Credential
from connectors.registry import open_ledger_class
from connectors.token_endpoint import SIGN_INS
from tests.connectors.caller import call
from tests.connectors.conftest import make_account, make_connection, make_credential
from tests.processes import Forked, forks

pytestmark = pytest.mark.django_db
REFUSAL = (400, {"error": "invalid_grant", "error_description": "Token invalid"})
PROCESSES, THREADS = 5, 10


def again(credential: Credential) -> Credential:
    return Credential.objects.get(pk=credential.pk)


def refusal_of(token: str, *, expired: bool = False) -> Unauthorised:
    """What an adapter raises for a call that carried this token."""
    return Unauthorised("The token was refused", expired=expired, signed_by=oauth.signature(token))


def connected_again(credential: Credential) -> None:
    """A person has pressed Connect in another window."""
    oauth.keep(again(credential), oauth.Tokens("CANARY-new-access", "CANARY-new-refresh", 3600))


# --- many at once --------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_fifty_callers_in_five_processes_with_one_expired_token_make_one_refresh(
    tokens: Any, settings: Any, tmp_path: Path
) -> None:
    settings.SPOOL_DIR = tmp_path
    credential = make_credential()
    all_ready, got = forks.Barrier(PROCESSES * THREADS), forks.SimpleQueue()
    callers = [
        Forked(settings, call, credential.pk, THREADS, all_ready, got) for _ in range(PROCESSES)
    ]
    for caller in callers:
        assert caller.ended() == 0, caller.said
    assert [got.get() for _ in range(PROCESSES * THREADS)] == ["CANARY-access-1"] * 50
    assert len(tokens.requests) == 1


# --- a worker whose lock has passed on -----------------------------------------------------------


@pytest.mark.django_db(transaction=True)
class TestASleeper:
    """Its request is out, its lock has run out, and another worker asks with the same token."""

    def while_it_sleeps(self, tokens: Any, credential: Credential, answers: list) -> None:
        """Its answer is on its way, and another worker asks and is given `answers`, in turn."""
        mine = Credential.objects.filter(pk=credential.pk)

        def others_turn() -> None:
            tokens.on_request = lambda: None
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(oauth, "ask", lambda ledger, grant: answers.pop(0))
                while answers:
                    mine.update(lock_until=database_now() - timedelta(seconds=1))
                    mine.filter(refused_at__isnull=False).update(
                        refused_at=database_now() - timedelta(seconds=61)
                    )
                    with suppress(VendorError):
                        oauth.fresh_token(credential)
            connections.close_all()

        tokens.on_request = others_turn

    def test_what_it_was_granted_is_kept_although_the_other_was_refused(self, tokens: Any) -> None:
        credential = make_credential()
        self.while_it_sleeps(tokens, credential, [oauth.GrantRefused("Token invalid", "tid-2")])
        assert oauth.fresh_token(credential) == "CANARY-access-1"
        row = again(credential)
        assert row.secret["refresh_token"] == "CANARY-refresh-1"
        assert (row.state, row.refused_at) == ("working", None)

    def test_it_brings_a_connection_back_that_the_other_had_given_up(
        self, tokens: Any, news: Any
    ) -> None:
        credential = make_credential()
        make_connection(company_id="1", credential=credential)
        refused = oauth.GrantRefused("Token invalid", "tid-2")
        self.while_it_sleeps(tokens, credential, [refused, refused])
        assert oauth.fresh_token(credential) == "CANARY-access-1"
        row = again(credential)
        assert (row.state, row.reason) == ("working", "")
        assert [one["kind"] for one in news] == [
            "connection.needs_reconnect",
            "connection.working",
        ]

    def test_its_refusal_says_nothing_about_what_the_other_was_granted(
        self, tokens: Any, news: Any
    ) -> None:
        credential = make_credential(refused_at=database_now() - timedelta(minutes=5))
        theirs = oauth.Tokens("CANARY-theirs", "CANARY-their-refresh", 3600)
        tokens.answers = [REFUSAL]
        self.while_it_sleeps(tokens, credential, [theirs])
        with pytest.raises(Unreachable, match="replaced"):
            oauth.fresh_token(credential)
        row = again(credential)
        assert (row.state, row.refused_at) == ("working", None) and news == []
        assert oauth.fresh_token(credential) == "CANARY-theirs"


# --- a person who connects meanwhile -------------------------------------------------------------


class TestALateRefusal:
    def test_of_the_stored_token_makes_it_a_persons_turn(self, tokens: Any, news: Any) -> None:
        credential = make_credential()
        books = make_connection(company_id="1", credential=credential)
        assert services.needs_reconnect(books, refusal_of("CANARY-access-0"))
        assert again(credential).state == "reconnect"
        assert [one["kind"] for one in news] == ["connection.needs_reconnect"]
        assert "CANARY" not in json.dumps(news)

    def test_of_an_older_token_leaves_a_persons_new_sign_in_alone(
        self, tokens: Any, news: Any
    ) -> None:
        credential = make_credential()
        books = make_connection(company_id="1", credential=credential)
        connected_again(credential)
        assert not services.needs_reconnect(books, refusal_of("CANARY-access-0"))
        assert again(credential).state == "working" and news == []
        assert opening.token_of(credential) == "CANARY-new-access"

    def test_told_by_a_worker_that_found_the_sign_in_ended_leaves_the_new_one_alone_too(
        self, tokens: Any, news: Any
    ) -> None:
        credential = make_credential(state="reconnect", reason="Consent withdrawn")
        books = make_connection(company_id="1", credential=credential)
        with pytest.raises(Unauthorised) as refused:
            oauth.fresh_token(credential)
        connected_again(credential)
        assert not services.needs_reconnect(books, refused.value)
        assert again(credential).state == "working"

    def test_of_a_test_that_began_before_leaves_the_new_one_alone(
        self, tokens: Any, ledger: Any, news: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        credential = make_credential(expires_at=database_now() + timedelta(minutes=50))
        books = make_connection(company_id="1", credential=credential)

        def check(self: Any) -> None:
            connected_again(credential)
            raise refusal_of("CANARY-access-0")

        monkeypatch.setattr(ledger.FakeLedger, "check", check)
        with pytest.raises(Unauthorised):
            services.test_connection(books)
        assert again(credential).state == "working" and news == []

    def test_of_partner_credentials_that_were_replaced_leaves_the_new_ones_alone(
        self, tokens: Any, news: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        account = make_account()

        class Client:
            def policies(self) -> list:
                other = type(account).objects.get(pk=account.pk)
                services.store_partner_credentials(other, user_id="aa_new", user_secret="CANARY-2")
                raise Unauthorised("Expensify does not know these credentials")

        monkeypatch.setattr(opening, "open_expensify", lambda account: Client())
        with pytest.raises(Unauthorised):
            services.test_expensify(account)
        assert again(account.credential).state == "working"
        assert [one["kind"] for one in news] == ["expensify.credentials_entered"]


# --- who says which token was refused ------------------------------------------------------------


def test_the_wire_says_which_token_a_call_carried(tokens: Any) -> None:
    transport = opening.ledger_transport(
        "quickbooks_online", lambda: {"Authorization": "Bearer CANARY-access-7"}
    )
    answer = transport.send(
        Request("POST", "/token", {"Content-Type": "application/x-www-form-urlencoded"}, b"a=b")
    )
    assert answer.signed_by == oauth.signature("CANARY-access-7")
    assert "CANARY" not in answer.signed_by


class Refusing:
    """A wire on which every call is answered 401."""

    def send(self, request: Request) -> Response:
        return Response(401, {}, b"", database_now(), oauth.signature("CANARY-access-7"))


@pytest.mark.parametrize("name", sorted(set(real_settings.LEDGERS) & set(SIGN_INS)))
def test_every_adapter_passes_on_which_token_was_refused(name: str) -> None:
    """`Unauthorised(..., signed_by=response.signed_by)`; without it a late refusal would end a
    sign-in that a person has just renewed."""
    opened = open_ledger_class(name)(Connection("1", "", {}), Refusing())
    with pytest.raises(Unauthorised) as refused:
        opened.check()
    assert refused.value.signed_by == oauth.signature("CANARY-access-7")
