"""Where it happens: a sandbox, a database of its own, and a connected company with mapped lists."""

import http.client
import json
import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from config.demo.stage import Stage
from config.torture.ledgers import Victim

POSTGRESQL = "postgres://root@127.0.0.1:5432/test"


class Control:
    """The sandbox's control plane as its contract describes it. Amounts come as Decimal."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._wire = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)

    def __call__(self, vendor: str, verb: str, body: Any = None, method: str = "") -> Any:
        """One verb: POST with a body, GET without, or `method`. RuntimeError when refused."""
        path = "/_control/" + "/".join(part for part in (vendor, verb) if part)
        sent = None if body is None else json.dumps(body)
        verb_used = method or ("GET" if body is None else "POST")
        for attempt in (1, 2):
            try:
                self._wire.request(verb_used, path, sent, {"Content-Type": "application/json"})
                answer = self._wire.getresponse()
                text = answer.read()
                break
            except (OSError, http.client.HTTPException):
                self._wire.close()  # an idle connection that the other side closed
                if attempt == 2:
                    raise
        if answer.status != 200:
            raise RuntimeError(f"{verb_used} {path} answered {answer.status}: {text[:500]!r}")
        return json.loads(text, parse_float=Decimal)


@dataclass(frozen=True, slots=True)
class Ground:
    """`control` of the sandbox; ids of our rows."""

    control: Control
    victim: Victim
    connection_id: int
    flow_id: int
    on_postgresql: bool


@contextmanager
def database(seed: int, name: str, *, on_sqlite: bool, folder: str) -> Iterator[str]:
    """The address of an empty database of our own, dropped afterwards: PostgreSQL's where one
    answers at TORTURE_DATABASE_URL, DATABASE_URL or the usual place, else a file."""
    address = os.environ.get("TORTURE_DATABASE_URL") or os.environ.get("DATABASE_URL") or POSTGRESQL
    if on_sqlite or not address.startswith("postgres"):
        yield f"sqlite:///{folder}/torture.sqlite3"
        return
    import psycopg
    from psycopg import sql

    own = f"torture_{seed}_{name}_{os.getpid()}"
    try:
        server = psycopg.connect(address, autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as failure:
        print(f"  PostgreSQL does not answer ({str(failure).splitlines()[0]}): SQLite, one worker")
        yield f"sqlite:///{folder}/torture.sqlite3"
        return
    with server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(own)))
        try:
            yield urlunsplit(urlsplit(address)._replace(path=f"/{own}"))
        finally:
            from django.db import connections

            connections.close_all()
            drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(own))
            with suppress(psycopg.errors.ObjectInUse):
                server.execute(drop)


def prepare_ground(stage: Stage, victim: Victim, address: str) -> Ground:
    """Environment, tables and rows. From here on Django is set up in this process."""
    stage.open_sandbox()
    control = Control(stage.sandbox.url)
    for vendor in ("expensify", victim.name):
        control(vendor, "settings", {"limits": False})
    minted = control(victim.name, "tokens", {})
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "ENV_FILE": "",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "FERNET_KEYS": secrets.token_urlsafe(48),
        "BASE_URL": "http://127.0.0.1:8000",
        "ALLOWED_HOSTS": "127.0.0.1",
        "DATABASE_URL": address,
        "SPOOL_DIR": str(stage.folder / "spool"),
        "SANDBOX_URL": stage.sandbox.url,
        "PACE": "torture",
        "LOG_LEVEL": "ERROR",
    }
    if victim.app_keys is not None:
        client_id, client_secret = victim.app_keys
        os.environ |= {client_id: minted["client_id"], client_secret: minted["client_secret"]}
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    for one in control("expensify", "reports"):
        control("expensify", "reports", {"action": "delete", "reportID": one["reportID"]})
    connection_id, flow_id = _connect(control, victim, minted)
    return Ground(control, victim, connection_id, flow_id, address.startswith("postgres"))


def _connect(control: Control, victim: Victim, minted: dict[str, Any]) -> tuple[int, int]:
    from config.demo import firm
    from connectors import services as connecting
    from connectors.clock import database_now
    from connectors.models import Credential, ExpensifyAccount, LedgerConnection, Workspace
    from mappings import services as mapping
    from mappings.models import Flow, GLAccount

    partner = control("expensify", "tokens", {})
    account = ExpensifyAccount(name="Acme")
    connecting.store_partner_credentials(
        account, user_id=partner["partnerUserID"], user_secret=partner["partnerUserSecret"]
    )
    connecting.pull_workspaces(account)
    workspace = Workspace.objects.get(name="Acme US")
    credential = Credential.objects.create(
        kind=victim.name,
        secret={name: minted[name] for name in ("access_token", "refresh_token")},
        expires_at=database_now() + timedelta(hours=1),
    )
    connection = LedgerConnection.objects.create(
        ledger=victim.name, name="Acme US", company_id=minted["company"], credential=credential
    )
    connecting.test_connection(connection)
    mapping.pull_chart(connection)
    mapping.pull_workspace(workspace)
    connection.refresh_from_db()
    flow = mapping.save_flow(
        Flow(
            workspace=workspace,
            connection=connection,
            name="Acme US",
            starts_on=date(2026, 10, 1),
            zone="America/New_York",
            mode="live",
            payable_account=GLAccount.objects.get(connection=connection, number=victim.payable),
            due_at=None,
        )
    )
    firm.map_month(flow, "torture")
    return connection.pk, flow.pk


def wait_until(condition: Any, patience_s: float, every_s: float = 0.2) -> bool:
    """True as soon as `condition()` is, False when it was not within `patience_s`."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(every_s)
    return bool(condition())


def say(text: str = "") -> None:
    print(text)
    sys.stdout.flush()
