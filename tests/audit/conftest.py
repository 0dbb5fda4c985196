"""The sandbox for tests of the whole path: each test has the seeded month and a fresh company."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.audit import town as towns
from tests.audit.village import Village, settle_in
from tests.sandbox.conftest import running_sandbox, sandbox  # noqa: F401 - fixtures


@pytest.fixture
def sandboxed(sandbox: Any, settings: Any, tmp_path: Any) -> Iterator[Any]:  # noqa: F811
    """Settings that point every vendor at the sandbox, with the shrunk pace."""
    url = sandbox.url
    settings.SANDBOX_URL, settings.PACE, settings.SPOOL_DIR = url, "fast", tmp_path
    settings.EXPENSIFY_LIMITS, settings.LEDGER_LIMITS = [], False
    settings.VENDOR_URLS = {
        "expensify": f"{url}/expensify/Integration-Server/ExpensifyIntegrations",
        "quickbooks_online": {
            "api": f"{url}/quickbooks_online",
            "authorize": f"{url}/quickbooks_online/connect/oauth2",
            "token": f"{url}/quickbooks_online/oauth2/v1/tokens/bearer",
            "revoke": f"{url}/quickbooks_online/v2/oauth2/tokens/revoke",
            "app": f"{url}/quickbooks_online/app",
        },
    }
    for vendor in ("expensify", "quickbooks_online"):
        sandbox.control(vendor, "settings", {"limits": False})
    yield sandbox


@pytest.fixture
def town(db: Any, sandboxed: Any) -> towns.Town:
    """With some of the month's reports, which is enough for most."""
    return towns.connect(sandboxed, only=towns.SOME)


@pytest.fixture
def polled_town(db: Any, sandboxed: Any) -> towns.Town:
    """The same, read and prepared: nothing has been sent yet."""
    return towns.connect(sandboxed, only=towns.SOME, then=towns.polled)


@pytest.fixture
def posted_town(db: Any, sandboxed: Any) -> towns.Town:
    """The same, and what could be posted stands in the ledger."""
    return towns.connect(sandboxed, only=towns.SOME, then=towns.posted)


@pytest.fixture
def big_town(db: Any, sandboxed: Any) -> towns.Town:
    """With every report of the month."""
    return towns.connect(sandboxed)


@pytest.fixture
def village(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Village:
    """A connected company whose two ends are played within the process; its flow begins on
    1 Oct 2026."""
    return settle_in(settings, monkeypatch)
