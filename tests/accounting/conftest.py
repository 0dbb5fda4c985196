"""One sandbox process and one database for the whole table: its rows stay side by side in the book,
as a month's reports do, so that the month can be proved complete at the end.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings

from tests.accounting.ledgers import LEDGERS
from tests.accounting.stage import House
from tests.sandbox.conftest import Sandbox

ROOT = Path(__file__).parents[2]
# What a test asks for -> whether it is about the row.
ASKED = {"row": lambda row: True, "held_row": lambda row: row.is_held}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test of a section's file for each of its rows, at each ledger."""
    rows = getattr(metafunc.module, "ROWS", None)
    for name, is_about in ASKED.items():
        if name in metafunc.fixturenames:
            chosen = [row for row in rows if is_about(row)]
            metafunc.parametrize(name, chosen, ids=[row.id for row in chosen])
    if "rows" in metafunc.fixturenames:
        metafunc.parametrize("rows", [rows], ids=["all"])
    if "ledger" in metafunc.fixturenames:
        metafunc.parametrize("ledger", list(LEDGERS))


@pytest.fixture(scope="module")
def sandbox_url() -> Iterator[str]:
    """A sandbox as `manage.py sandbox` starts it: a process that shares nothing with ours."""
    command = [sys.executable, "-m", "connectors.sandbox", "--port", "0", "--seed", "7"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        try:
            yield running.stdout.readline().split()[-1]
        finally:
            running.terminate()


@pytest.fixture(scope="module")
def db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """pytest-django's fixture of this name, held open for the whole table, and rolled back."""
    whole_table = transaction.atomic()
    # Django's own mark of a block that a test opened: the guard of the transport knows it.
    whole_table._from_testcase = True
    with django_db_blocker.unblock(), whole_table:
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def house(db: None, sandbox_url: str, tmp_path_factory: Any) -> Iterator[House]:
    settings = {
        "SANDBOX_URL": sandbox_url,
        "PACE": "fast",
        "SPOOL_DIR": tmp_path_factory.mktemp("spool"),
        "EXPENSIFY_LIMITS": [],
        "LEDGER_LIMITS": False,
        "VENDOR_URLS": {
            "expensify": f"{sandbox_url}/expensify/Integration-Server/ExpensifyIntegrations",
            **{name: ledger.urls(sandbox_url) for name, ledger in LEDGERS.items()},
        },
    }
    sandbox = Sandbox(SimpleNamespace(url=sandbox_url))
    with override_settings(**settings):
        yield House(sandbox)
    sandbox.close()
