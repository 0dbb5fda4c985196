"""What many tests begin with, made once: our rows and the vendors' state, put back as they were."""

import pickle
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import time
from typing import Any

from django.apps import apps
from django.db import connection, transaction

ROOMS = ("connectors", "mappings", "audit")
Rows = dict[str, dict[Any, tuple[Any, ...]]]  # table -> primary key -> the row's columns


@dataclass(frozen=True)
class Snapshot:
    """`found` is what the maker returned, pickled: models travel as their columns."""

    found: bytes
    columns: dict[str, list[str]]  # of each table, its primary key first
    rows: Rows
    vendors: bytes


_taken: dict[Hashable, Snapshot] = {}


def once(key: Hashable, sandbox: Any, make: Callable[[], Any]) -> Any:
    """What `make()` returns, with the rows and the sandbox's state (if there is one) that it leaves
    behind.

    Only the first test of a process that asks for `key` lets it run; it must begin, as every
    test does, with an empty database and the sandbox's seed.
    """
    taken = _taken.get(key)
    if taken is None:
        _, before = _rows()
        found = make()
        columns, after = _rows()
        fresh = {
            table: {pk: row for pk, row in rows.items() if before[table].get(pk) != row}
            for table, rows in after.items()
        }
        vendors = {name: one.dump_all() for name, one in _vendors(sandbox).items()}
        _taken[key] = Snapshot(pickle.dumps(found), columns, fresh, pickle.dumps(vendors))
        return found
    with transaction.atomic(), connection.cursor() as cursor:
        for table, rows in taken.rows.items():
            _put_back(cursor, table, taken.columns[table], rows)
    for name, state in pickle.loads(taken.vendors).items():
        _vendors(sandbox)[name].load_all(state)
    return pickle.loads(taken.found)


def _vendors(sandbox: Any) -> dict[str, Any]:
    return sandbox.running.house.vendors if sandbox else {}


def _rows() -> tuple[dict[str, list[str]], Rows]:
    columns, rows = {}, {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            if model._meta.app_label not in ROOMS:
                continue
            table, key = model._meta.db_table, model._meta.pk.column
            others = [one.column for one in model._meta.local_concrete_fields if one.column != key]
            columns[table] = [key, *others]
            cursor.execute(f'SELECT {_quoted(columns[table])} FROM "{table}"')
            rows[table] = {row[0]: tuple(map(_plain, row)) for row in cursor.fetchall()}
    return columns, rows


def _put_back(cursor: Any, table: str, columns: list[str], rows: dict[Any, tuple]) -> None:
    """Rows that migrations made are there already, and some have changed since."""
    if not rows:
        return
    places = ", ".join(["%s"] * len(columns))
    changes = ", ".join(f'"{column}" = excluded."{column}"' for column in columns[1:])
    cursor.executemany(
        f'INSERT INTO "{table}" ({_quoted(columns)}) VALUES ({places}) '
        f'ON CONFLICT ("{columns[0]}") DO UPDATE SET {changes}',
        list(rows.values()),
    )


def _plain(content: Any) -> Any:
    """SQLite's driver reads a time of day and cannot write one."""
    return content.isoformat() if isinstance(content, time) else content


def _quoted(columns: list[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
