"""Seeded secrets stand in plain text nowhere: database, logs, events, calls, pages, errors."""

import logging

import pytest
from django.contrib.auth import get_user_model
from django.core import management
from django.db import connection as database

from connectors import services as connecting
from connectors.models import Credential, ExpensifyAccount
from tests.audit.test_faults import QBO, WRITE

pytestmark = pytest.mark.django_db


def everything_stored() -> str:
    """Every column of every table, as text."""
    texts = []
    with database.cursor() as cursor:
        for table in database.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            for row in cursor.fetchall():
                for value in row:
                    raw = bytes(value) if isinstance(value, memoryview | bytes) else None
                    texts.append(raw.decode("utf-8", "replace") if raw is not None else str(value))
    return "\n".join(texts)


def test_no_secret_is_stored_logged_or_shown(town, caplog, capsys, client, settings):
    caplog.set_level(logging.DEBUG)
    app_secret = settings.INTUIT_CLIENT_SECRET
    secrets = {
        f"{one.kind} {name}": text
        for one in Credential.objects.all()
        for name, text in one.secret.items()
        if name != "user_id" and text
    }
    secrets["app secret"] = app_secret
    assert len(secrets) >= 4
    town.poll()
    for fault in ("unauthorized", "garbled", "unavailable"):
        town.sandbox.control(QBO, "faults", {"kind": fault, "match": WRITE})
        town.drain(times=1)
    town.drain()
    bad = "canary-secret-0123456789abcdef"
    connecting.store_partner_credentials(
        ExpensifyAccount.objects.get(), user_id="aa_nobody", user_secret=bad
    )
    secrets["wrong secret"] = bad
    town.poll()
    with pytest.raises(management.CommandError):
        management.call_command("ping")
    renewed = Credential.objects.get(kind=QBO).secret
    secrets |= {f"renewed {name}": text for name, text in renewed.items() if text}
    pages = "\n".join(pages_of(client))
    said = capsys.readouterr()
    seen = {
        "database": everything_stored(),
        "log": caplog.text,
        "terminal": said.out + said.err,
        "pages": pages,
    }
    for where, text in seen.items():
        for name, secret in secrets.items():
            assert secret not in text, f"{name} stands in the {where}"


def pages_of(client):
    """Every list and the page of its newest row, as a superuser sees them; and an error page."""
    from django.contrib import admin

    user = get_user_model().objects.create_superuser("root", "root@acme.example", "root")
    client.force_login(user)
    client.raise_request_exception = False
    for model in admin.site._registry:
        app, name = model._meta.app_label, model._meta.model_name
        yield client.get(f"/admin/{app}/{name}/").content.decode()
        newest = model._default_manager.order_by("-pk").first()
        if newest is not None:
            yield client.get(f"/admin/{app}/{name}/{newest.pk}/change/").content.decode()
    yield client.get("/oauth/quickbooks_online/callback?code=x&state=y").content.decode()
