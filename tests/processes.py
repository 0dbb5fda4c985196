"""Processes of their own for tests, on the test's own database and sandbox.

Forked from one that has loaded the product, and nothing of the test: a fork takes a hundredth of a
second, a Python that starts and reads everything takes one.
"""

import multiprocessing
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

forks = multiprocessing.get_context("forkserver")
forks.set_forkserver_preload(["tests.loaded", "tests.processes", "tests.audit.worker"])

A_SANDBOX = "http://127.0.0.1:9"
# What a test points at its sandbox; a process is told of it as it is when it starts.
TOLD = (
    "EXPENSIFY_LIMITS",
    "INTUIT_CLIENT_ID",
    "INTUIT_CLIENT_SECRET",
    "LEDGER_LIMITS",
    "PACE",
    "SANDBOX_URL",
    "SPOOL_DIR",
    "VENDOR_URLS",
)


def environment(settings: Any, **more: str) -> dict[str, str]:
    """Ours, pointed at the very database and sandbox of this test."""
    given = connection.settings_dict
    if connection.vendor == "sqlite":
        url = f"sqlite:///{given['NAME']}"
    else:
        host, port = given["HOST"] or "127.0.0.1", given["PORT"] or 5432
        url = f"postgres://{given['USER']}:{given['PASSWORD']}@{host}:{port}/{given['NAME']}"
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "ENV_FILE": "",
        "SECRET_KEY": settings.SECRET_KEY,
        "FERNET_KEYS": ",".join(settings.FERNET_KEYS),
        "BASE_URL": "http://127.0.0.1:8000",
        "ALLOWED_HOSTS": "127.0.0.1",
        "DATABASE_URL": url,
        "SANDBOX_URL": settings.SANDBOX_URL,
        "PACE": "fast",
        "SPOOL_DIR": str(settings.SPOOL_DIR),
        "INTUIT_CLIENT_ID": settings.INTUIT_CLIENT_ID,
        "INTUIT_CLIENT_SECRET": settings.INTUIT_CLIENT_SECRET,
        **more,
    }


class Forked:
    """`work(*args)` in a process of its own; `more` is added to its environment."""

    def __init__(self, settings: Any, work: Callable[..., Any], *args: Any, **more: str) -> None:
        handle, name = tempfile.mkstemp(dir=settings.SPOOL_DIR, suffix=".log")
        os.close(handle)
        self._log = Path(name)
        told = {name: getattr(settings, name) for name in TOLD}
        given = self._log, told, more, work, args
        # A daemon, so that one which never ends does not keep the suite from ending.
        self._process = forks.Process(target=_run, args=given, daemon=True)
        with pytest.MonkeyPatch.context() as patch:
            # The process that all are forked from starts with the first and keeps its environment,
            # so that nothing of this test may be in it but the database.
            for variable, text in environment(settings, SANDBOX_URL=A_SANDBOX).items():
                patch.setenv(variable, text)
            self._process.start()

    def ended(self, seconds: float = 60) -> int:
        """How it ended: 0, 1 after an exception, minus the signal that killed it."""
        self._process.join(seconds)
        assert self._process.exitcode is not None, f"still running: {self.said}"
        return self._process.exitcode

    @property
    def said(self) -> str:
        """The end of what it printed."""
        return self._log.read_text()[-3000:]


def _run(
    log: Path,
    told: Mapping[str, Any],
    more: Mapping[str, str],
    work: Callable[..., Any],
    args: tuple[Any, ...],
) -> None:
    from django.conf import settings

    with log.open("w") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    os.environ.update(more)
    for name, content in told.items():
        setattr(settings, name, content)
    try:
        work(*args)
    except BaseException:
        traceback.print_exc()
        raise
