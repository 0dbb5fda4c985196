"""Reads the lists of a ledger and of a workspace anew; what is gone there stays here, marked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import models, transaction

from connectors import opening
from connectors import services as connections
from connectors.clock import database_now
from connectors.contract.company import ChartRow, Cursor
from connectors.models import LedgerConnection, Workspace
from connectors.signals import chart_changed, rules_changed, tell
from mappings.models import (
    Card,
    Category,
    Dimension,
    Employee,
    GLAccount,
    Party,
    Pulled,
    Tag,
    TaxCode,
    TaxRate,
    Value,
)

_BATCH = 500


class ListsIncomplete(Exception):
    """What came back cannot be the whole list; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Counted:
    """One list after a pull: members seen, of these new to us, and those not in it any more."""

    name: str
    seen: int
    new: int
    gone: int


def pull_chart(connection: LedgerConnection) -> tuple[Counted, ...]:
    """Company, locks and every list of the ledger; the same pull twice changes nothing.

    All is read before anything is written, so that an answer that breaks off makes nobody
    inactive. Raises VendorError, and ListsIncomplete for a chart without accounts.
    """
    connections.test_connection(connection)
    as_of = database_now()
    ledger = opening.open_ledger(connection)
    names = {"account", "party", "tax_code"}
    names.update(name for kind in ledger.abilities.kinds.values() for name in kind.dimensions)
    by_list: dict[str, list[ChartRow]] = {name: [] for name in sorted(names)}
    for row in ledger.chart(frozenset(names)):
        if not isinstance(row, Cursor):
            by_list[row.list_name].append(row)
    if not by_list["account"]:
        raise ListsIncomplete(
            f"{connection.name} answered with no account at all, which no company has. The lists "
            "were left as they are; read them again."
        )
    with transaction.atomic():
        counted = _store_chart(connection, by_list, as_of)
        LedgerConnection.objects.filter(pk=connection.pk).update(chart_as_of=as_of)
        tell(
            "chart.read",
            subject={"connection_id": connection.pk},
            facts={
                one.name: {"seen": one.seen, "new": one.new, "gone": one.gone} for one in counted
            },
        )
        chart_changed.send(sender=None, connection_id=connection.pk)
    connection.chart_as_of = as_of
    return counted


def pull_workspace(workspace: Workspace) -> tuple[Counted, ...]:
    """Categories, tags, tax rates and employees of the workspace. Raises VendorError."""
    as_of = database_now()
    lists = opening.open_expensify(workspace.account).policy(workspace.policy_id)
    categories = [
        Category(workspace=workspace, name=one.name, gl_code=one.gl_code, active=one.enabled)
        for one in lists.categories
    ]
    tags = [
        Tag(
            workspace=workspace,
            level=level.level,
            level_name=level.name,
            name=one.name,
            gl_code=one.gl_code,
            active=one.enabled,
        )
        for level in lists.tag_levels
        for one in level.values
    ]
    employees = [
        Employee(workspace=workspace, email=one.email.lower(), employee_id=one.employee_id)
        for one in lists.employees
    ]
    tax_rates = [
        TaxRate(
            workspace=workspace,
            rate_id=one.rate_id,
            tax_name=lists.tax_name,
            name=one.name,
            percent=one.rate,
        )
        for one in lists.tax_rates
    ]
    scope = {"workspace": workspace}
    with transaction.atomic():
        counted = (
            _store("categories", Category, scope, categories, as_of),
            _store("tags", Tag, scope, tags, as_of),
            _store("tax rates", TaxRate, scope, tax_rates, as_of),
            _store("employees", Employee, scope, employees, as_of),
        )
        Workspace.objects.filter(pk=workspace.pk).update(lists_as_of=as_of)
        for connection_id, flow_id in workspace.flows.values_list("connection_id", "pk"):
            rules_changed.send(sender=None, connection_id=connection_id, flow_id=flow_id)
    workspace.lists_as_of = as_of
    return counted


def pull_cards(workspace: Workspace, domain: str) -> Counted:
    """The company cards of an e-mail domain; the account must be its admin. Raises VendorError."""
    as_of = database_now()
    found = opening.open_expensify(workspace.account).cards(domain)
    cards = [
        Card(
            workspace=workspace,
            card_id=one.card_id,
            bank=one.bank,
            name=one.name or one.number,
            number=one.number,
            email=one.email.lower(),
        )
        for one in found
    ]
    with transaction.atomic():
        return _store("cards", Card, {"workspace": workspace}, cards, as_of)


def take_in(connection: LedgerConnection, rows: Iterable[ChartRow]) -> list[Party]:
    """Enter single members that were read or created between two pulls; the rest of the lists
    stays as it is. Returns the parties among them. Within the caller's transaction."""
    as_of, parties = database_now(), []
    for row in rows:
        if row.list_name == "party":
            _upsert(Party, {"connection": connection}, [_party(connection, row)], as_of)
            parties.append(
                Party.objects.get(connection=connection, kind=row.kind, ledger_id=row.id)
            )
            continue
        for dimension in Dimension.objects.filter(connection=connection, name=row.list_name):
            _upsert(Value, {"dimension": dimension}, [_value(dimension, row)], as_of)
    return parties


def summary(counted: tuple[Counted, ...]) -> str:
    """What a pull found, for people: `accounts 36 (2 new, 1 gone), class 5`."""
    return ", ".join(_one(one) for one in counted)


def _one(one: Counted) -> str:
    news = ", ".join(f"{n} {word}" for n, word in ((one.new, "new"), (one.gone, "gone")) if n)
    return f"{one.name} {one.seen}{f' ({news})' if news else ''}"


def _store_chart(
    connection: LedgerConnection, by_list: dict[str, list[ChartRow]], as_of: datetime
) -> tuple[Counted, ...]:
    scope = {"connection": connection}
    accounts = [
        GLAccount(**scope, **_common(row), **_facts(row, "number", "full_name", "kind", "currency"))
        for row in by_list.pop("account")
    ]
    parties = [_party(connection, row) for row in by_list.pop("party")]
    codes = [
        TaxCode(**scope, **_common(row), percent=_percent(row)) for row in by_list.pop("tax_code")
    ]
    counted = [
        _store("accounts", GLAccount, scope, accounts, as_of),
        _store("parties", Party, scope, parties, as_of),
        _store("tax codes", TaxCode, scope, codes, as_of),
    ]
    for name, dimension in _dimensions(connection, by_list).items():
        values = [_value(dimension, row) for row in by_list[name]]
        counted.append(_store(name, Value, {"dimension": dimension}, values, as_of))
    return tuple(counted)


def _dimensions(connection: LedgerConnection, names: Iterable[str]) -> dict[str, Dimension]:
    """Rows for the dimensions, named as the ledger names them where it told us."""
    labels = connection.facts.get("dimension_labels", {})
    Dimension.objects.bulk_create(
        [
            Dimension(
                connection=connection,
                name=name,
                label=labels.get(name) or name.replace("_", " ").capitalize(),
            )
            for name in names
        ],
        update_conflicts=True,
        unique_fields=("connection", "name"),
        update_fields=("label",),
    )
    rows = Dimension.objects.filter(connection=connection, name__in=list(names)).order_by("name")
    return {row.name: row for row in rows}


def _common(row: ChartRow) -> dict[str, Any]:
    return {"ledger_id": row.id, "name": row.name, "active": row.active}


def _percent(row: ChartRow) -> Decimal | None:
    """The sum of a tax code's rates for purchases; None where the ledger tells none, or not all."""
    rates = row.facts.get("purchase_percents")
    if rates is None:
        return None
    try:
        return sum((Decimal(rate) for rate in rates.split(",")), Decimal(0))
    except InvalidOperation:
        return None


def _facts(row: ChartRow, *names: str) -> dict[str, str]:
    return {name: getattr(row, name) for name in names}


def _party(connection: LedgerConnection, row: ChartRow) -> Party:
    return Party(
        connection=connection,
        **_common(row),
        **_facts(row, "kind", "email", "currency"),
        terms_id=row.facts.get("term", ""),
    )


def _value(dimension: Dimension, row: ChartRow) -> Value:
    return Value(dimension=dimension, **_common(row), **_facts(row, "full_name"))


# What makes a member the same member within its list, and what else is read of it.
_COLUMNS: dict[type[Pulled], tuple[tuple[str, ...], tuple[str, ...]]] = {
    GLAccount: (("ledger_id",), ("name", "number", "full_name", "kind", "currency")),
    Party: (("kind", "ledger_id"), ("name", "email", "currency", "terms_id")),
    TaxCode: (("ledger_id",), ("name", "percent")),
    Value: (("ledger_id",), ("name", "full_name")),
    Category: (("name",), ("gl_code",)),
    Tag: (("level", "name"), ("level_name", "gl_code")),
    TaxRate: (("rate_id",), ("name", "tax_name", "percent")),
    # Expensify tells no names here; the ones that reports told stay.
    Employee: (("email",), ("employee_id",)),
    Card: (("bank", "card_id"), ("name", "number", "email")),
}


def _store(
    name: str,
    model: type[Pulled],
    scope: dict[str, models.Model],
    rows: Sequence[Pulled],
    as_of: datetime,
) -> Counted:
    """Write one whole list; what is not in it any more is gone."""
    known = model.objects.filter(**scope)
    before = known.count()
    seen = _upsert(model, scope, rows, as_of)
    missing = known.filter(seen_at__lt=as_of, gone_at__isnull=True)
    gone = missing.update(active=False, gone_at=as_of)
    return Counted(name, seen, known.count() - before, gone)


def _upsert(
    model: type[Pulled], scope: dict[str, models.Model], rows: Sequence[Pulled], as_of: datetime
) -> int:
    """Write members of a list; returns how many. One that a page boundary showed twice counts once,
    as last seen."""
    key, columns = _COLUMNS[model]
    by_key = {tuple(getattr(row, part) for part in key): row for row in rows}
    for row in by_key.values():
        row.seen_at, row.gone_at = as_of, None
    model.objects.bulk_create(
        list(by_key.values()),
        batch_size=_BATCH,
        update_conflicts=True,
        unique_fields=(*scope, *key),
        update_fields=(*columns, "active", "seen_at", "gone_at"),
    )
    return len(by_key)
