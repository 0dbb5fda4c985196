"""Secrets at rest: unreadable without the key, invisible with it; a bad row is one bad row."""

import io
import pickle
from pprint import pformat
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.core.serializers import serialize
from django.db import connection, transaction

from connectors import opening, services
from connectors.contract.transport import Blocked
from connectors.fields import Sealed, Secret, SecretSealed
from connectors.models import Credential, LedgerConnection
from tests.connectors.conftest import make_account, make_connection, make_credential

pytestmark = pytest.mark.django_db

OLD, NEW = "an old key, long enough to be one", "a new key, long enough to be one too"


def stored_bytes(credential: Credential) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM connectors_credential WHERE id = %s", [credential.pk])
        return bytes(cursor.fetchone()[0])


def test_a_secret_comes_back_as_it_was_and_is_not_readable_in_the_table() -> None:
    credential = make_credential()
    assert Credential.objects.get(pk=credential.pk).secret["access_token"] == "CANARY-access-0"
    assert b"CANARY" not in stored_bytes(credential)


@pytest.mark.parametrize(
    "shown",
    [repr, str, pformat, "{}".format, lambda row: serialize("json", [row]), lambda row: vars(row)],
    ids=["repr", "str", "pprint", "format", "dumpdata", "vars"],
)
def test_no_way_of_printing_a_credential_shows_its_secret(shown: Any) -> None:
    credential = Credential.objects.get(pk=make_credential().pk)
    assert "CANARY" not in str(shown(credential))
    if shown in (repr, str, pformat, str.format):
        assert "CANARY" not in str(shown(credential.secret))


def test_a_secret_says_which_fields_it_has() -> None:
    assert repr(Secret(token="x", a="y")) == "<secret: a, token>"
    assert repr(Secret()) == "<secret: empty>"


def test_what_is_no_dict_is_refused_without_being_quoted() -> None:
    with pytest.raises(TypeError) as refused:
        Credential.objects.create(kind="xero", secret="CANARY")
    assert "CANARY" not in str(refused.value)


class TestWithoutItsKey:
    @pytest.fixture
    def sealed(self, settings: Any) -> Credential:
        settings.FERNET_KEYS = [OLD]
        credential = make_credential()
        settings.FERNET_KEYS = [NEW]
        return Credential.objects.get(pk=credential.pk)

    def test_the_row_loads_and_its_use_names_the_row_and_the_cure(self, sealed: Any) -> None:
        assert isinstance(sealed.secret, Sealed) and sealed.is_sealed and not sealed.secret
        for use in (
            lambda: sealed.secret["access_token"],
            lambda: sealed.secret.get("access_token"),
            lambda: dict(sealed.secret),
            lambda: "access_token" in sealed.secret,
        ):
            with pytest.raises(SecretSealed) as refused:
                use()
            assert f"credential {sealed.pk}" in str(refused.value)
            assert "FERNET_KEYS" in str(refused.value)

    def test_the_others_of_the_list_are_not_touched(self, sealed: Any) -> None:
        other = make_credential()
        assert [row.is_sealed for row in Credential.objects.order_by("pk")] == [True, False]
        assert Credential.objects.get(pk=other.pk).secret["refresh_token"]

    def test_saving_the_row_keeps_the_ciphertext(self, sealed: Any, settings: Any) -> None:
        sealed.reason = "edited"
        sealed.save()
        settings.FERNET_KEYS = [NEW, OLD]
        assert Credential.objects.get(pk=sealed.pk).secret["access_token"] == "CANARY-access-0"

    def test_it_can_be_printed_and_pickled(self, sealed: Any) -> None:
        assert "sealed" in repr(sealed.secret)
        assert isinstance(pickle.loads(pickle.dumps(sealed.secret)), Sealed)

    def test_who_opens_the_ledger_is_told_blocked_with_the_cure(
        self, sealed: Any, ledger: Any, tokens: Any
    ) -> None:
        books = make_connection(company_id="1", credential=sealed)
        with pytest.raises(Blocked) as blocked:
            opening.open_ledger(books)
        assert blocked.value.problem.code == "connect.secret.sealed"
        assert "FERNET_KEYS" in blocked.value.problem.cure
        assert not tokens.requests

    def test_entering_new_partner_credentials_cures_it(self, settings: Any, news: Any) -> None:
        settings.FERNET_KEYS = [OLD]
        account = make_account()
        settings.FERNET_KEYS = [NEW]
        account = type(account).objects.get(pk=account.pk)
        with pytest.raises(ValueError, match="both"):
            services.store_partner_credentials(account, user_id="", user_secret="s")
        services.store_partner_credentials(account, user_id="u", user_secret="s")
        fresh = Credential.objects.get(pk=account.credential_id)
        assert dict(fresh.secret) == {"user_id": "u", "user_secret": "s"}


def test_reseal_moves_every_row_to_the_first_key_and_names_those_it_cannot(settings: Any) -> None:
    settings.FERNET_KEYS = ["a key that was thrown away, long enough"]
    lost = make_credential()
    settings.FERNET_KEYS = [OLD]
    moved = make_credential()
    settings.FERNET_KEYS = [NEW, OLD]
    assert services.reseal() == (1, [f"quickbooks_online credential {lost.pk}"])
    settings.FERNET_KEYS = [NEW]
    assert Credential.objects.get(pk=moved.pk).secret["access_token"] == "CANARY-access-0"
    assert Credential.objects.get(pk=lost.pk).is_sealed


def test_the_command_says_when_the_old_keys_can_go(settings: Any) -> None:
    settings.FERNET_KEYS = [OLD]
    make_credential()
    settings.FERNET_KEYS = [NEW, OLD]
    out = io.StringIO()
    call_command("reseal", stdout=out)
    assert "can be dropped" in out.getvalue()
    settings.FERNET_KEYS = ["neither of them, but long enough too"]
    with pytest.raises(CommandError, match="quickbooks_online credential"):
        call_command("reseal", stdout=out)


def test_a_secret_goes_with_the_row_that_it_was_entered_for() -> None:
    account, books = make_account(), make_connection(credential=make_credential())
    account.delete()
    LedgerConnection.objects.filter(pk=books.pk).delete()
    assert not Credential.objects.exists()


@pytest.mark.parametrize("keys", [[], [""], None], ids=repr)
def test_without_a_key_nothing_is_stored(keys: Any, settings: Any) -> None:
    settings.FERNET_KEYS = keys
    with pytest.raises(ImproperlyConfigured, match="FERNET_KEYS"), transaction.atomic():
        make_credential()


def test_a_connection_without_credential_has_no_secret_to_trip_over() -> None:
    assert LedgerConnection.objects.get(pk=make_connection().pk).state == "new"
