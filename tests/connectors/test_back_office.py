"""The screens: what they show, what they hide, and what their buttons do."""

import io
import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from connectors import admin_base, opening, services
from connectors.clock import database_now
from connectors.contract.problem import Problem
from connectors.contract.transport import Blocked, Throttled, Unauthorised, Unreachable
from connectors.models import Credential, ExpensifyAccount, LedgerConnection, Workspace
from tests.connectors.conftest import REALM, make_account, make_connection, make_credential

pytestmark = pytest.mark.django_db

ACCOUNTS = "/admin/connectors/expensifyaccount/"
CONNECTIONS = "/admin/connectors/ledgerconnection/"
WORKSPACES = "/admin/connectors/workspace/"


def lasting_credential(**changes: Any) -> Credential:
    return make_credential(expires_at=database_now() + timedelta(minutes=50), **changes)


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def policy(policy_id: str, name: str, **changes: str) -> SimpleNamespace:
    facts = {"policy_id": policy_id, "name": name, "currency": "USD", "role": "admin"}
    return SimpleNamespace(**(facts | changes))


@pytest.fixture
def expensify(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Expensify as `opening` would open it: `.policies` or the `.error` it raises."""
    state = SimpleNamespace(
        policies=[policy("0810E551A5F2A9C2", "Acme US"), policy("4C6722D4BD2BD941", "Acme Europe")],
        error=None,
    )

    def policies() -> tuple[Any, ...]:
        if state.error:
            raise state.error
        return tuple(state.policies)

    monkeypatch.setattr(
        opening, "open_expensify", lambda account: SimpleNamespace(policies=policies)
    )
    return state


class TestEveryPage:
    def test_opens_and_shows_no_secret(self, boss: Any, ledger: Any) -> None:
        account = make_account()
        books = make_connection(company_id=REALM, credential=lasting_credential())
        space = Workspace.objects.create(
            account=account, policy_id="0810E551A5F2A9C2", name="Acme US", currency="USD"
        )
        for address in (
            ACCOUNTS,
            f"{ACCOUNTS}add/",
            f"{ACCOUNTS}{account.pk}/change/",
            CONNECTIONS,
            f"{CONNECTIONS}add/",
            f"{CONNECTIONS}{books.pk}/change/",
            f"{CONNECTIONS}{books.pk}/history/",
            WORKSPACES,
            f"{WORKSPACES}{space.pk}/change/",
        ):
            answer = boss.get(address)
            assert answer.status_code == 200, address
            assert "CANARY" not in answer.content.decode(), address

    def test_opens_although_one_secret_cannot_be_read(
        self, boss: Any, ledger: Any, settings: Any
    ) -> None:
        settings.FERNET_KEYS = ["a key that was thrown away, long enough"]
        account = make_account()
        books = make_connection("Sealed", company_id="1", credential=lasting_credential())
        settings.FERNET_KEYS = ["a new key, long enough to be one too"]
        make_connection("Fine", company_id="2", credential=lasting_credential())
        listed = text_of(boss.get(CONNECTIONS))
        assert "Sealed" in listed and "Fine" in listed and "Secret cannot be read" in listed
        assert "FERNET_KEYS" in text_of(boss.get(f"{CONNECTIONS}{books.pk}/change/"))
        assert "Secret cannot be read" in text_of(boss.get(ACCOUNTS))
        assert "FERNET_KEYS" in text_of(boss.get(f"{ACCOUNTS}{account.pk}/change/"))

    def test_credentials_have_no_page_of_their_own(self, boss: Any) -> None:
        assert boss.get("/admin/connectors/credential/").status_code == 404

    @pytest.mark.parametrize(("address", "make"), [(ACCOUNTS, make_account)], ids=["accounts"])
    def test_of_a_list_asks_the_database_as_often_for_many_rows_as_for_few(
        self, address: str, make: Any, boss: Any, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(12):
            make(f"Account {number}")
        with django_assert_max_num_queries(7):
            boss.get(address)

    def test_of_the_connections_asks_the_database_as_often_for_many_rows_as_for_few(
        self, boss: Any, ledger: Any, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(12):
            make_connection(f"Books {number}", credential=lasting_credential())
        with django_assert_max_num_queries(7):
            boss.get(CONNECTIONS)


class TestExpensifyAccounts:
    def test_credentials_go_in_encrypted_and_never_come_out(self, boss: Any, news: Any) -> None:
        secret = {"user_id": "aa_CANARY", "user_secret": "CANARY-1"}
        form = {"name": "Acme", **secret} | inline_form()
        assert boss.post(f"{ACCOUNTS}add/", form).status_code == 302
        account = ExpensifyAccount.objects.get()
        assert dict(account.credential.secret) == secret
        assert "CANARY" not in text_of(boss.get(f"{ACCOUNTS}{account.pk}/change/"))
        assert "CANARY" not in text_of(boss.get(f"{ACCOUNTS}{account.pk}/history/"))
        assert [one["kind"] for one in news] == ["expensify.credentials_entered"]
        assert "CANARY" not in str(news)

    def test_a_form_with_an_error_does_not_give_the_secret_back(self, boss: Any) -> None:
        form = {"name": "", "user_id": "x", "user_secret": "CANARY"} | inline_form()
        answer = boss.post(f"{ACCOUNTS}add/", form)
        assert answer.status_code == 200 and "CANARY" not in text_of(answer)

    def test_a_new_account_needs_both(self, boss: Any) -> None:
        form = {"name": "Acme", "user_id": "x", "user_secret": ""} | inline_form()
        assert "nothing usable is stored" in text_of(boss.post(f"{ACCOUNTS}add/", form))
        assert not ExpensifyAccount.objects.exists()

    def test_empty_fields_keep_what_is_stored(self, boss: Any, news: Any) -> None:
        account = make_account()
        address = f"{ACCOUNTS}{account.pk}/change/"
        form = {"name": "Renamed", "user_id": "", "user_secret": ""} | inline_form()
        assert boss.post(address, form).status_code == 302
        assert boss.post(address, form | {"user_secret": "rotated"}).status_code == 302
        account = ExpensifyAccount.objects.get()
        assert account.name == "Renamed"
        assert dict(account.credential.secret) == {
            "user_id": "aa_CANARY_acme",
            "user_secret": "rotated",
        }

    def test_pulling_keeps_a_workspace_that_is_gone_as_no_longer_visible(
        self, boss: Any, expensify: Any, news: Any
    ) -> None:
        account = make_account()
        answer = boss.post(f"{ACCOUNTS}{account.pk}/do/pull/", follow=True)
        assert "2 workspaces read" in text_of(answer)
        expensify.policies = [policy("0810E551A5F2A9C2", "Acme US", role="auditor")]
        services.pull_workspaces(account)
        assert list(
            Workspace.objects.order_by("name").values_list("name", "is_visible", "role")
        ) == [("Acme Europe", False, "admin"), ("Acme US", True, "auditor")]
        assert news[-1]["facts"] == {"policy_ids": ["4C6722D4BD2BD941"]}
        expensify.policies.append(policy("4C6722D4BD2BD941", "Acme Europe"))
        services.pull_workspaces(account)
        assert Workspace.objects.filter(is_visible=True).count() == 2

    @pytest.mark.parametrize(
        ("error", "state"),
        [
            (None, "working"),
            (Unreachable("no route"), "working"),
            (Throttled("slowly", after_s=30), "working"),
            (Unauthorised("Expensify does not know these credentials"), "reconnect"),
        ],
        ids=["works", "out of reach", "throttled", "refused"],
    )
    def test_the_test_button_says_what_is_wrong_and_only_a_refusal_changes_the_state(
        self, error: Any, state: str, boss: Any, expensify: Any, news: Any
    ) -> None:
        account, expensify.error = make_account(), error
        shown = text_of(boss.post(f"{ACCOUNTS}{account.pk}/do/test/", follow=True))
        account = ExpensifyAccount.objects.get()
        assert (str(error) if error else "it sees 2 workspaces") in shown
        assert account.credential.state == state
        assert account.state_text == (str(error) if error else "Working")
        assert len(news) == (state != "working")


class TestLedgerConnections:
    def test_a_new_one_chooses_its_ledger_and_then_keeps_it(self, boss: Any, ledger: Any) -> None:
        form = {"ledger": "quickbooks_online", "name": "Acme US", "books_closed_through": ""}
        assert boss.post(f"{CONNECTIONS}add/", form).status_code == 302
        books = LedgerConnection.objects.get()
        page = text_of(boss.get(f"{CONNECTIONS}{books.pk}/change/"))
        assert "Not connected yet" in page and 'name="ledger"' not in page
        assert f'action="{CONNECTIONS}{books.pk}/do/connect/"' in page
        assert "do/test/" not in page

    @pytest.mark.parametrize(
        ("columns", "tax", "currencies"),
        [
            ({"has_tax": False, "is_multicurrency": False}, "Off", "Only USD"),
            ({"has_tax": True, "is_multicurrency": True}, "On", "Several"),
            ({"has_tax": None, "is_multicurrency": None}, "Unknown", "Unknown"),
        ],
        ids=["no", "yes", "not told"],
    )
    def test_says_in_words_what_the_ledger_is_and_does(
        self, columns: dict, tax: str, currencies: str, boss: Any, ledger: Any
    ) -> None:
        books = make_connection(company_id=REALM, home_currency="USD", **columns)
        page = boss.get(f"{CONNECTIONS}{books.pk}/change/")
        fields = (
            field for fields in page.context["adminform"] for line in fields for field in line
        )
        told = {one.field["name"]: one.contents() for one in fields if one.is_readonly}
        assert (told["tax"], told["currencies"]) == (tax, currencies)
        assert told["ledger_name"] == "QuickBooks Online"
        assert "quickbooks_online" not in text_of(page)

    def test_a_ledger_that_is_not_installed_cannot_be_chosen(self, boss: Any, ledger: Any) -> None:
        form = {"ledger": "xero", "name": "Acme", "books_closed_through": ""}
        assert boss.post(f"{CONNECTIONS}add/", form).status_code == 200
        assert not LedgerConnection.objects.exists()

    def test_the_connect_button_starts_the_consent(
        self, boss: Any, tokens: Any, ledger: Any
    ) -> None:
        books = make_connection()
        answer = boss.post(f"{CONNECTIONS}{books.pk}/do/connect/")
        assert answer["location"].startswith("https://appcenter.example/connect/oauth2?")

    def test_our_own_closing_day_can_be_set(self, boss: Any, ledger: Any) -> None:
        books = make_connection()
        form = {"name": "Acme US", "books_closed_through": "2026-09-30"}
        assert boss.post(f"{CONNECTIONS}{books.pk}/change/", form).status_code == 302
        assert LedgerConnection.objects.get().books_closed_through.isoformat() == "2026-09-30"

    def test_their_closing_day_and_ours_have_two_names(self, boss: Any, ledger: Any) -> None:
        books = make_connection()
        for address in (CONNECTIONS, f"{CONNECTIONS}{books.pk}/change/"):
            shown = boss.get(address).content.decode()
            assert "Closed in the ledger through" in shown, address
            assert "Closed here through" in shown, address
            assert "Books closed through" not in shown, address

    def test_the_test_button_shows_the_company_and_what_waits_for_it(
        self, boss: Any, tokens: Any, ledger: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(admin_base, "connection_facts", admin_base.connection_facts)
        admin_base.connection_facts.append(lambda row: [("Reports waiting", "12")])
        books = make_connection(company_id=REALM, credential=lasting_credential())
        try:
            shown = text_of(boss.post(f"{CONNECTIONS}{books.pk}/do/test/", follow=True))
        finally:
            admin_base.connection_facts.pop()
        for part in (
            f"Company: Acme Consulting US ({REALM})",
            "Home currency: USD",
            "Tax: off",
            "Closed in the ledger through: 31 Aug 2026",
            "role: Company admin",
            "Reports waiting: 12",
        ):
            assert part in shown, part

    def test_buttons_take_a_post_and_the_permission(
        self, boss: Any, clerk: Any, ledger: Any
    ) -> None:
        books = make_connection(company_id=REALM, credential=lasting_credential())
        address = f"{CONNECTIONS}{books.pk}/do/test/"
        back = boss.get(address)  # reloading such a page asks for nothing again
        assert (back.status_code, back.url) == (302, f"{CONNECTIONS}{books.pk}/change/")
        assert clerk.post(address).status_code == 403
        assert clerk.get(f"{CONNECTIONS}{books.pk}/change/").status_code == 200
        assert "/do/" not in text_of(clerk.get(f"{CONNECTIONS}{books.pk}/change/"))
        assert boss.post(f"{CONNECTIONS}{books.pk}/do/save_model/").status_code == 403
        assert ledger.script.seen == []


class TestTestingAConnection:
    @pytest.fixture
    def books(self, ledger: Any, tokens: Any) -> LedgerConnection:
        return make_connection(company_id=REALM, credential=lasting_credential())

    def test_what_changed_at_the_ledger_is_an_event_and_what_did_not_is_none(
        self, books: Any, ledger: Any, news: Any
    ) -> None:
        services.test_connection(books)
        services.test_connection(books)
        assert [one["kind"] for one in news] == ["connection.changed"]
        ledger.script.company = ledger.company(closed_through=None)
        services.test_connection(books)
        assert news[-1]["facts"] == {"closed_through": ["2026-08-31", None]}
        assert books.closed_through is None

    def test_an_expired_token_is_renewed_once_and_asked_again(
        self, books: Any, ledger: Any, news: Any
    ) -> None:
        ledger.script.errors = [Unauthorised("Token expired", expired=True)]
        services.test_connection(books)
        assert ledger.script.seen == ["Bearer CANARY-access-0", "Bearer CANARY-access-1"]
        assert books.state == "working"

    def test_a_fresh_token_that_is_refused_too_needs_a_person(
        self, books: Any, ledger: Any, news: Any
    ) -> None:
        ledger.script.errors = [Unauthorised("Token expired", expired=True)] * 2
        with pytest.raises(Unauthorised):
            services.test_connection(books)
        assert books.state == "reconnect"
        assert [one["kind"] for one in news] == ["connection.needs_reconnect"]

    @pytest.mark.parametrize(
        "failure",
        [Unreachable("HTTP 503"), Throttled("slowly", after_s=60)],
        ids=["out of order", "throttled"],
    )
    def test_twenty_failures_that_pass_by_themselves_keep_it_connected(
        self, failure: Any, books: Any, ledger: Any, news: Any
    ) -> None:
        ledger.script.errors = [failure] * 20
        for _ in range(20):
            with pytest.raises(type(failure)):
                services.test_connection(books)
        assert books.state == "working" and news == []

    def test_a_block_is_shown_with_its_cure_and_ends_with_the_next_success(
        self, books: Any, ledger: Any, news: Any
    ) -> None:
        problem = Problem("connect.plan", "company", "The subscription has ended.", "Renew it.")
        ledger.script.errors = [Blocked(problem)]
        with pytest.raises(Blocked):
            services.test_connection(books)
        assert (books.state, books.credential.reason) == (
            "blocked",
            "The subscription has ended. Renew it.",
        )
        services.test_connection(books)
        assert books.state == "working"
        kinds = [one["kind"] for one in news]
        assert kinds[0] == "connection.blocked" and "connection.working" in kinds

    def test_an_answer_of_another_company_blocks(self, books: Any, ledger: Any, news: Any) -> None:
        ledger.script.company = ledger.company("777", name="Somebody Else Ltd")
        with pytest.raises(Blocked, match="Somebody Else Ltd"):
            services.test_connection(books)
        books.refresh_from_db()
        assert books.company_id == REALM and books.company_name == ""


class TestPing:
    def ping(self, *options: str) -> tuple[int, str]:
        out = io.StringIO()
        try:
            call_command("ping", *options, stdout=out, no_color=True)
        except CommandError as failed:
            return failed.returncode, f"{out.getvalue()}{failed}"
        return 0, out.getvalue()

    def test_names_everything_and_fails_if_anything_does(
        self, expensify: Any, ledger: Any, tokens: Any
    ) -> None:
        make_account()
        books = make_connection(company_id=REALM, credential=lasting_credential())
        make_connection("Not yet")
        code, text = self.ping()
        assert code == 1
        assert "ok    expensify Acme Expensify: workspaces: 2" in text
        assert "ok    quickbooks_online Acme US books: Company: Acme Consulting US" in text
        assert "FAILS quickbooks_online Not yet" in text and "press Connect" in text
        assert self.ping("--connection", str(books.pk))[0] == 0

    def test_speaks_to_machines(self, expensify: Any, ledger: Any, tokens: Any) -> None:
        make_account()
        make_connection(company_id=REALM, credential=lasting_credential())
        code, text = self.ping("--json")
        answers = json.loads(text)["answers"]
        assert code == 0 and [answer["ok"] for answer in answers] == [True, True]
        assert answers[1]["facts"]["Home currency"] == "USD"

    def test_a_ledger_that_is_not_installed_fails_alone(
        self, expensify: Any, ledger: Any, tokens: Any
    ) -> None:
        make_account()
        make_connection(ledger="xero", company_id="1", credential=lasting_credential())
        code, text = self.ping()
        assert code == 1 and "ok    expensify" in text
        assert "FAILS xero" in text and "LEDGERS" in text

    def test_of_an_unknown_connection_says_so(self) -> None:
        code, text = self.ping("--connection", "999")
        assert code == 1 and "no ledger connection 999" in text

    def test_with_nothing_connected_says_where_to_begin(self) -> None:
        assert self.ping() == (
            0,
            "Nothing is connected yet: add accounts and ledgers in the admin.\n",
        )


def inline_form() -> dict[str, str]:
    """Django wants the counters of a list below a form, though nobody can write to it."""
    return {"workspaces-TOTAL_FORMS": "0", "workspaces-INITIAL_FORMS": "0"}
