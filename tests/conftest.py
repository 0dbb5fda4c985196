"""What every test relies on: no network but loopback, and the same examples on every machine."""

import gc
import ipaddress
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings

# Deadlines measure the machine; in CI the examples are fixed, so that a red run can be repeated.
# With as many on PostgreSQL, properties that know no database would be tried with the very same
# examples a second time: there a few have to do.
hypothesis_settings.register_profile(
    "suite",
    max_examples=20 if os.environ.get("DATABASE_URL", "").startswith("postgres") else 100,
    deadline=None,
    database=None,
    derandomize=bool(os.environ.get("CI")),
)
hypothesis_settings.load_profile("suite")

# Filled by the migrations and by what follows them; tests leave these rows alone.
STANDING_TABLES = frozenset(
    {"auth_group", "auth_group_permissions", "auth_permission", "django_content_type"}
)


class NetworkRefused(RuntimeError):
    """A test reached for the world. Not an OSError: clients would call the vendor unreachable."""


def _is_loopback(host: str | bytes | None) -> bool:
    if host is None:  # getaddrinfo's word for "here"
        return True
    name = host.decode() if isinstance(host, bytes) else host
    if name in ("", "localhost", "0.0.0.0", "::"):
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _refuse_the_world(family: int, address: Any) -> None:
    if family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
        raise NetworkRefused(
            f"This test tried to reach {address[0]}. Tests talk to 127.0.0.1 only: start a "
            "sandbox, or answer with `responses`."
        )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    from django.conf import settings

    other = "postgres" if settings.ON_SQLITE else "sqlite"
    left_out = [item for item in items if item.get_closest_marker(other)]
    if "long" not in config.getoption("-m"):
        # Minutes of real processes; what they reach depends on what else the machine does.
        left_out += [item for item in items if item.get_closest_marker("long")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        gone = set(left_out)
        items[:] = [item for item in items if item not in gone]
    # Files are dealt to the workers in this order; a long one at the end would leave others idle.
    items.sort(key=lambda item: item.get_closest_marker("early") is None)


def pytest_collection_finish(session: pytest.Session) -> None:
    """The thousands of items are no garbage: Python need not look through them again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def loopback_only() -> Iterator[None]:
    """Refuses names and addresses of other machines, in every thread of this process.

    PostgreSQL's driver has sockets of its own and is not seen here.
    """
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex
    sendto, getaddrinfo = socket.socket.sendto, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        _refuse_the_world(self.family, address)
        return connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        _refuse_the_world(self.family, address)
        return connect_ex(self, address)

    def guarded_sendto(self: socket.socket, data: bytes, *flags_and_address: Any) -> int:
        _refuse_the_world(self.family, flags_and_address[-1])
        return sendto(self, data, *flags_and_address)

    def guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        _refuse_the_world(socket.AF_INET, (host,))
        return getaddrinfo(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        patch.setattr(socket.socket, "sendto", guarded_sendto)
        patch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)
        yield


@pytest.fixture(scope="session", autouse=True)
def tables_are_emptied_quickly_between_tests() -> Iterator[None]:
    """With DELETE, past the triggers that keep tables append-only: they step aside for that moment.

    PostgreSQL's TRUNCATE passes them by itself, but takes half a second for as many tables as ours;
    it stays where the role may not do otherwise. What migrations fill stays in place, instead of
    being made anew after every test.
    """
    from django.conf import settings
    from django.core.management.commands import flush

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush, "emit_post_migrate_signal", lambda *args, **kwargs: None)
        if settings.ON_SQLITE:
            _empty_sqlite(patch)
        else:
            _empty_postgresql(patch)
        yield


def _but_standing(tables: list[str]) -> list[str]:
    return [table for table in tables if table not in STANDING_TABLES]


def _empty_sqlite(patch: pytest.MonkeyPatch) -> None:
    from django.db import connection
    from django.db.backends.sqlite3.operations import DatabaseOperations

    sql_flush = DatabaseOperations.sql_flush

    def flush(self: Any, style: Any, tables: list[str], **kwargs: Any) -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit%'"
            )
            triggers = cursor.fetchall()
        drop = [f"DROP TRIGGER {name}" for name, _ in triggers]
        emptied = sql_flush(self, style, _but_standing(tables), **kwargs)
        return drop + emptied + [sql for _, sql in triggers]

    patch.setattr(DatabaseOperations, "sql_flush", flush)


def _empty_postgresql(patch: pytest.MonkeyPatch) -> None:
    from django.db import connection
    from django.db.backends.postgresql.operations import DatabaseOperations

    sql_flush = DatabaseOperations.sql_flush

    def flush(self: Any, style: Any, tables: list[str], **kwargs: Any) -> list[str]:
        tables = _but_standing(tables)
        with connection.cursor() as cursor:
            cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
            if not cursor.fetchone()[0]:
                return sql_flush(self, style, tables, **kwargs)
        aside = "SET LOCAL session_replication_role = replica"  # foreign keys, too
        return [aside, *(f"DELETE FROM {self.quote_name(table)}" for table in tables)]

    patch.setattr(DatabaseOperations, "sql_flush", flush)
