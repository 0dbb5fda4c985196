"""Whoever asks for it hears of holds and of connections to renew: once, and nothing is lost."""

import os
import subprocess
import sys
from datetime import datetime, timedelta
from decimal import Decimal
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client
from django.urls import reverse

from audit.mail import CLAIM, SETTLED, send_due
from audit.models import MailWish, Posting
from connectors.clock import database_now
from connectors.models import Credential, ExpensifyAccount, LedgerConnection
from mappings.models import Flow
from tests.audit.builders import (
    NO_VENDOR,
    a_connection,
    a_flow,
    a_held,
    a_person,
    a_read_report,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MINE = "admin:audit_mailwish_mine"


class FailingBackend(EmailBackend):
    """A mail server that breaks with `failures` before it takes anything."""

    failures: list[Exception] = []

    def send_messages(self, messages: Any) -> int:
        if self.failures:
            raise self.failures.pop(0)
        return super().send_messages(messages)


@pytest.fixture
def broken(settings: Any) -> list[Exception]:
    settings.EMAIL_BACKEND = f"{__name__}.FailingBackend"
    FailingBackend.failures = []
    return FailingBackend.failures


@pytest.fixture
def now(db: None) -> datetime:
    return database_now() + SETTLED


@pytest.fixture
def flow(db: None) -> Flow:
    return a_flow(a_connection(name="Acme US"))


def a_wish(name: str = "ann", *, group: str = "Viewer", **columns: Any) -> MailWish:
    person = a_person(name, group=group)
    person.email = f"{name}@acme.example"
    person.save()
    return MailWish.objects.create(user=person, **columns)


def _lately() -> datetime:
    return database_now() - timedelta(minutes=1)


def hold(flow: Flow, count: int = 1, *problems: dict, at: datetime | None = None) -> None:
    for _ in range(count):
        held = a_held(a_read_report(flow), *problems)
        Posting.objects.filter(pk=held.pk).update(state_at=at or _lately())


# --- what is held --------------------------------------------------------------------------------


def test_new_holds_make_one_mail_grouped_by_cause(flow: Flow, now: datetime) -> None:
    a_wish(held=True)
    hold(flow, 2)
    hold(flow, 1, NO_VENDOR)
    assert send_due(now) == 1
    (letter,) = mail.outbox
    assert letter.to == ["ann@acme.example"]
    assert "3 reports are held and need you" in letter.subject
    for text in (
        "Category “Team events”: 2 reports, 36.80 USD",
        "Choose an account.",
        "Ben Ito: 1 report, 18.40 USD",
        "Link Ben Ito to a vendor.",
        "http://127.0.0.1:8000/admin/audit/posting/held/?cause=subject%3Acategory%3ATeam+events",
        f"http://127.0.0.1:8000{reverse(MINE)}",
    ):
        assert text in letter.body


def test_the_same_cause_in_two_companies_is_told_for_each(flow: Flow, now: datetime) -> None:
    a_wish(held=True)
    hold(flow, 2)
    hold(a_flow(a_connection(name="Acme UK")))
    send_due(now)
    body = mail.outbox[0].body
    assert "Category “Team events”: 2 reports in Acme US, 36.80 USD" in body
    assert "Category “Team events”: 1 report in Acme UK, 18.40 USD" in body


def test_an_amount_that_nobody_knows_is_told_so(flow: Flow, now: datetime) -> None:
    a_wish(held=True)
    hold(flow)
    Posting.objects.update(total=None)
    send_due(now)
    assert "Category “Team events”: 1 report, amount not known yet" in mail.outbox[0].body


def test_the_links_of_the_mail_list_what_it_counts(flow: Flow, now: datetime) -> None:
    a_wish(held=True)
    hold(flow, 2)
    hold(flow, 1, NO_VENDOR)
    send_due(now)
    client = Client()
    client.force_login(User.objects.get(username="ann"))
    links = [line for line in mail.outbox[0].body.splitlines() if "cause=" in line]
    found = [len(client.get(link[21:]).context["cl"].result_list) for link in links]
    assert found == [2, 1]


def test_holds_are_told_once_and_at_most_every_hour(flow: Flow, now: datetime) -> None:
    a_wish(held=True)
    hold(flow)
    assert [send_due(now), send_due(now), send_due(now + 2 * HOUR)] == [1, 0, 0]
    hold(flow, at=now + timedelta(minutes=1))
    hold(flow, at=now + timedelta(minutes=30))
    assert send_due(now + timedelta(minutes=59)) == 0
    assert send_due(now + HOUR) == 1
    assert "2 reports are held" in mail.outbox[1].subject
    assert "All that is held, 3 reports" in mail.outbox[1].body


def test_a_hold_that_is_seen_late_does_not_slip_behind_the_mark(flow: Flow, now: datetime) -> None:
    """Its transaction began before the mail was written and ended after it."""
    a_wish(held=True)
    hold(flow)
    send_due(now)
    hold(flow, at=now - timedelta(seconds=30))
    assert send_due(now + HOUR) == 1


def test_what_is_settled_again_is_not_told(flow: Flow, now: datetime) -> None:
    a_wish(held=True)
    hold(flow)
    Posting.objects.update(state="ignored")
    assert send_due(now) == 0


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param({"email": ""}, id="no-address"),
        pytest.param({"is_active": False}, id="left-the-firm"),
    ],
)
def test_nobody_hears_who_cannot(flow: Flow, now: datetime, columns: dict) -> None:
    wish = a_wish(held=True, connections=True)
    User.objects.filter(pk=wish.user_id).update(**columns)
    hold(flow)
    assert send_due(now) == 0


def test_nobody_hears_what_they_may_not_see(flow: Flow, now: datetime) -> None:
    a_wish(group="", held=True, connections=True)
    hold(flow)
    _credential(flow.connection, state="reconnect")
    assert send_due(now) == 0


def test_nobody_hears_what_they_did_not_ask_for(flow: Flow, now: datetime) -> None:
    a_wish(connections=True)
    a_wish("bob")
    hold(flow)
    assert send_due(now) == 0


# --- a mail server that fails --------------------------------------------------------------------


def test_a_server_that_fails_loses_nothing_and_doubles_nothing(
    flow: Flow, now: datetime, broken: list
) -> None:
    wish = a_wish(held=True)
    hold(flow)
    broken.append(SMTPServerDisconnected("gone"))
    assert send_due(now) == 0
    wish.refresh_from_db()
    assert (wish.held_through, wish.last_sent_at) == (None, None)
    assert send_due(now + CLAIM / 2) == 0  # not every minute
    assert [send_due(now + CLAIM), send_due(now + CLAIM)] == [1, 0]
    assert len(mail.outbox) == 1


def test_a_server_that_is_down_is_asked_once_not_for_everybody(
    flow: Flow, now: datetime, broken: list
) -> None:
    a_wish(held=True)
    a_wish("bob", held=True)
    hold(flow)
    broken.extend([TimeoutError(), TimeoutError()])
    send_due(now)
    assert len(broken) == 1


def test_an_address_that_is_refused_keeps_nobody_else_waiting(
    flow: Flow, now: datetime, broken: list
) -> None:
    a_wish(held=True)
    a_wish("bob", held=True)
    hold(flow)
    broken.append(SMTPRecipientsRefused({}))
    assert send_due(now) == 1
    assert mail.outbox[0].to == ["bob@acme.example"]


def test_two_workers_send_one_mail(flow: Flow, now: datetime, monkeypatch: Any) -> None:
    a_wish(held=True)
    hold(flow)
    first = EmailBackend.send_messages
    told: list[int] = []

    def meanwhile(self: Any, messages: Any) -> int:
        monkeypatch.setattr(EmailBackend, "send_messages", first)
        told.append(send_due(now))
        return first(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", meanwhile)
    assert send_due(now) == 1
    assert told == [0] and len(mail.outbox) == 1


def test_the_same_mail_sent_again_after_a_crash_has_the_same_id(flow: Flow, now: datetime) -> None:
    a_wish(held=True)
    hold(flow)
    send_due(now)
    MailWish.objects.update(held_through=None, held_sent_at=None, claimed_until=now)
    send_due(now)
    ids = {letter.message()["Message-ID"] for letter in mail.outbox}
    assert len(mail.outbox) == 2 and len(ids) == 1


# --- connections ---------------------------------------------------------------------------------


def _credential(connection: LedgerConnection, **columns: Any) -> Credential:
    given = {"kind": "quickbooks_online", "secret": {"access_token": "SECRET-TOKEN"}}
    credential = Credential.objects.create(**given | columns)
    LedgerConnection.objects.filter(pk=connection.pk).update(credential=credential)
    return credential


@pytest.mark.parametrize(
    ("columns", "ends", "told"),
    [
        pytest.param({"state": "reconnect", "reason": "Consent was taken back."}, {},
                     "Consent was taken back.", id="reconnect"),
        pytest.param({"state": "blocked", "reason": "The plan ended."}, {}, "The plan ended.",
                     id="blocked"),
        pytest.param({}, {"consent_ends_at": 13}, "Its consent ends on", id="consent-ends"),
        pytest.param({}, {"refresh_expires_at": 14}, "Its consent ends on", id="token-ends"),
        pytest.param({}, {"consent_ends_at": -1}, "Its consent ended on", id="consent-ended"),
        pytest.param({}, {"consent_ends_at": 15, "refresh_expires_at": 90}, "", id="time-enough"),
        pytest.param({}, {}, "", id="working"),
    ],
)  # fmt: skip
def test_a_connection_that_needs_a_person_is_told(
    flow: Flow, now: datetime, columns: dict, ends: dict, told: str
) -> None:
    a_wish(connections=True)
    moments = {name: now + timedelta(days=days) for name, days in ends.items()}
    _credential(flow.connection, **columns, **moments)
    assert send_due(now) == bool(told)
    if told:
        (letter,) = mail.outbox
        assert "1 connection needs you" in letter.subject
        assert letter.body.startswith("Acme US\n") and told in letter.body
        page = reverse("admin:connectors_ledgerconnection_change", args=[flow.connection_id])
        assert f"http://127.0.0.1:8000{page}" in letter.body
        assert "SECRET-TOKEN" not in str(letter.message())


def test_a_connection_is_told_once_a_day_while_it_lasts(flow: Flow, now: datetime) -> None:
    a_wish(connections=True)
    credential = _credential(flow.connection, state="reconnect")
    assert [send_due(now), send_due(now + DAY / 2), send_due(now + DAY)] == [1, 0, 1]
    Credential.objects.filter(pk=credential.pk).update(state="working")
    assert send_due(now + 2 * DAY) == 0


def test_an_expensify_account_that_was_refused_is_told(flow: Flow, now: datetime) -> None:
    a_wish(connections=True)
    account = ExpensifyAccount.objects.get()
    Credential.objects.filter(pk=account.credential_id).update(state="reconnect")
    assert send_due(now) == 1
    assert mail.outbox[0].body.startswith(f"{account}\n")


def test_holds_and_connections_are_two_mails(flow: Flow, now: datetime) -> None:
    a_wish(held=True, connections=True)
    hold(flow)
    _credential(flow.connection, state="reconnect")
    assert send_due(now) == 2


# --- who decides ---------------------------------------------------------------------------------


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_a_person_asks_for_mail_on_a_page_of_their_own(db: None) -> None:
    person = a_person("vera", group="Viewer")
    User.objects.filter(pk=person.pk).update(email="vera@acme.example")
    client = signed_in(person)
    add = client.get(reverse(MINE)).url
    assert 'name="user"' not in client.get(add).content.decode()
    client.post(add, {"held": "on", "user": a_person("boss").pk})
    wish = MailWish.objects.get()
    assert (wish.user, wish.held, wish.connections) == (person, True, False)
    page = client.get(reverse(MINE)).url
    client.post(page, {"connections": "on"})
    wish.refresh_from_db()
    assert (wish.user, wish.held, wish.connections) == (person, False, True)
    assert client.get(add).status_code == 302


def test_nobody_sees_the_wishes_of_others(db: None) -> None:
    other = a_wish("bob", held=True)
    client = signed_in(a_person("vera", group="Viewer"))
    address = reverse("admin:audit_mailwish_change", args=[other.pk])
    assert client.get(address).status_code in (302, 403)
    client.post(address, {"connections": "on"})
    other.refresh_from_db()
    assert other.held and not other.connections
    listed = client.get(reverse("admin:audit_mailwish_changelist"))
    assert not listed.context["cl"].result_list


def test_an_administrator_decides_for_anybody(db: None) -> None:
    other = a_wish("bob", held=True)
    client = signed_in(a_person("boss", is_superuser=True))
    address = reverse("admin:audit_mailwish_change", args=[other.pk])
    client.post(address, {"connections": "on"})
    other.refresh_from_db()
    assert (other.held, other.connections) == (False, True)
    carol = a_person("carol")
    User.objects.filter(pk=carol.pk).update(email="carol@acme.example")
    client.post(reverse("admin:audit_mailwish_add"), {"user": carol.pk, "held": "on"})
    assert MailWish.objects.get(user=carol).held


def test_a_wish_without_an_address_is_refused_with_the_cure(db: None) -> None:
    client = signed_in(a_person("vera", group="Viewer"))
    answer = client.post(reverse("admin:audit_mailwish_add"), {"held": "on"})
    assert "has no e-mail address" in answer.content.decode()
    assert not MailWish.objects.exists()


def test_saving_a_wish_leaves_what_was_told(flow: Flow, now: datetime) -> None:
    wish = a_wish(held=True)
    hold(flow)
    send_due(now)
    signed_in(wish.user).post(
        reverse("admin:audit_mailwish_change", args=[wish.pk]), {"held": "on", "connections": "on"}
    )
    assert [send_due(now + 2 * HOUR), len(mail.outbox)] == [0, 1]


# --- the server ----------------------------------------------------------------------------------


def read(**variables: str) -> subprocess.CompletedProcess[str]:
    """Settings as a process of its own reads them."""
    script = (
        "from tests import settings as s\n"
        "names = 'EMAIL_BACKEND EMAIL_HOST EMAIL_PORT EMAIL_USE_TLS EMAIL_USE_SSL "
        "EMAIL_HOST_PASSWORD DEFAULT_FROM_EMAIL'.split()\n"
        "print(*(getattr(s, name, '-') for name in names))"
    )
    environment = {**os.environ, "EMAIL_URL": "", "MAIL_FROM": "", **variables}
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, timeout=60
    )


CONSOLE = "django.core.mail.backends.console.EmailBackend"
SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, f"{CONSOLE} - - - - - ml-connector@127.0.0.1"),
        (
            {"EMAIL_URL": "smtp+tls://me:p%40ss@mail.acme.example", "MAIL_FROM": "a@acme.example"},
            f"{SMTP} mail.acme.example 587 True - p@ss a@acme.example",
        ),
        (
            {"EMAIL_URL": "smtp+ssl://mail.acme.example:466"},
            f"{SMTP} mail.acme.example 466 - True - ml-connector@127.0.0.1",
        ),
    ],
    ids=["console", "starttls", "tls"],
)
def test_the_mail_server_comes_from_the_environment(variables: dict, expected: str) -> None:
    answer = read(**variables)
    assert answer.stdout.strip() == expected, answer.stderr


@pytest.mark.parametrize(
    "address",
    ["mail.acme.example", "https://mail.acme.example", "smtp://", "smtp://me:hush@host:port"],
)
def test_a_wrong_mail_server_stops_the_start_and_keeps_its_password(address: str) -> None:
    answer = read(EMAIL_URL=address)
    assert answer.returncode and "EMAIL_URL is not the address of a mail server" in answer.stderr
    assert "hush" not in answer.stderr.splitlines()[-1]


def test_amounts_of_a_cause_are_told_by_currency(flow: Flow, now: datetime) -> None:
    a_wish(held=True)
    hold(flow)
    held = a_held(a_read_report(flow, currency="EUR"), currency="EUR", total=Decimal("9.50"))
    Posting.objects.filter(pk=held.pk).update(state_at=_lately())
    send_due(now)
    assert "2 reports, 9.50 EUR, 18.40 USD" in mail.outbox[0].body
