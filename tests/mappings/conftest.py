"""A workspace, a connected company and a flow between them, as rows."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from connectors.contract.company import ChartRow, Company, Cursor
from connectors.ledgers.quickbooks_online.abilities import ABILITIES
from connectors.models import Credential, ExpensifyAccount, LedgerConnection, Workspace
from mappings.models import Dimension, Flow, GLAccount, Party, Value

SEEN_AT = datetime(2026, 11, 3, 14, 12, tzinfo=UTC)


@pytest.fixture
def connection(db) -> LedgerConnection:
    return LedgerConnection.objects.create(
        ledger="quickbooks_online",
        name="Books",
        company_id="9341450000000001",
        company_name="Acme Consulting US",
        home_currency="USD",
        has_tax=False,
        is_multicurrency=False,
        chart_as_of=SEEN_AT,
        credential=Credential.objects.create(
            kind="quickbooks_online", secret={"access_token": "t"}
        ),
    )


@pytest.fixture
def workspace(db) -> Workspace:
    account = ExpensifyAccount.objects.create(
        name="Acme", credential=Credential.objects.create(kind="expensify", secret={"user_id": "u"})
    )
    return Workspace.objects.create(
        account=account, policy_id="0810E551A5F2A9C2", name="Acme US", currency="USD"
    )


@pytest.fixture
def payable(connection) -> GLAccount:
    return account_row(connection, "33", "2000", "Accounts Payable (A/P)", "Accounts Payable")


@pytest.fixture
def taxi(connection) -> GLAccount:
    return account_row(connection, "61", "6120", "Ground Transport", "Expense")


@pytest.fixture
def sales(connection) -> Value:
    dimension = Dimension.objects.create(connection=connection, name="class", label="Class")
    return Value.objects.create(
        dimension=dimension, ledger_id="501", name="Sales", full_name="Sales", seen_at=SEEN_AT
    )


@pytest.fixture
def ben(connection) -> Party:
    return Party.objects.create(
        connection=connection,
        ledger_id="56",
        name="Ben Ito",
        email="ben.ito@acme.example",
        seen_at=SEEN_AT,
    )


@pytest.fixture
def flow(workspace, connection, payable) -> Flow:
    return Flow.objects.create(**flow_columns(workspace, connection, payable_account=payable))


def flow_columns(workspace: Workspace, connection: LedgerConnection, **changes: Any) -> dict:
    columns = {
        "workspace": workspace,
        "connection": connection,
        "name": "Acme US to Books",
        "starts_on": date(2026, 10, 1),
        "zone": "America/New_York",
    }
    return columns | changes


def account_row(
    connection: LedgerConnection, ledger_id: str, number: str, name: str, kind: str, **more: Any
) -> GLAccount:
    return GLAccount.objects.create(
        connection=connection,
        ledger_id=ledger_id,
        number=number,
        name=name,
        kind=kind,
        seen_at=SEEN_AT,
        **more,
    )


class ListedLedger:
    """A ledger that answers with given lists; `breaks_after` rows the line goes dead."""

    abilities = ABILITIES

    def __init__(self, rows: list[ChartRow], breaks_after: int | None = None) -> None:
        self.rows, self.breaks_after = rows, breaks_after
        self.closed_through = date(2026, 8, 31)

    def check(self) -> Company:
        return Company(
            company_id="9341450000000001",
            name="Acme Consulting US",
            home_currency="USD",
            country="US",
            has_tax=False,
            is_multicurrency=False,
            closed_through=self.closed_through,
            role="unknown",
            as_of=SEEN_AT,
            facts={"dimension_labels": {"department": "Location"}},
        )

    def chart(self, kinds=None, cursor=None):
        from connectors.contract.transport import Unreachable

        for place, row in enumerate(self.rows):
            if place == self.breaks_after:
                raise Unreachable("the line went dead")
            if kinds is None or row.list_name in kinds:
                yield row
                yield Cursor(str(place))
