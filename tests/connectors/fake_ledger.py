"""A ledger that only knows who it is: for tests of connecting, not of posting."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

from connectors.contract.abilities import Abilities
from connectors.contract.company import Company
from connectors.contract.ledger import Connection
from connectors.contract.transport import Request, Transport

ABILITIES = Abilities(
    kinds={},
    batch_size=1,
    find_many=1,
    concurrency=1,
    limits=(),
    visibility_delay=timedelta(0),
    resend_window=timedelta(0),
)

# What the next `check` answers: a Company (or what makes one from the connection), or errors to
# raise, in order; `seen` keeps the tokens that calls would have carried.
script = SimpleNamespace(errors=[], company=None, seen=[])


def reset() -> None:
    script.errors, script.company, script.seen = [], None, []


def company(company_id: str = "9341450000000001", **changes: object) -> Company:
    facts: dict = {
        "company_id": company_id,
        "name": "Acme Consulting US",
        "home_currency": "USD",
        "country": "US",
        "has_tax": False,
        "is_multicurrency": False,
        "closed_through": date(2026, 8, 31),
        "role": "Company admin",
        "as_of": datetime(2026, 11, 2, tzinfo=UTC),
        "facts": {"classes_on": True},
    }
    return Company(**(facts | changes))


class FakeLedger:
    name = "quickbooks_online"
    abilities = ABILITIES

    def __init__(self, connection: Connection, transport: Transport) -> None:
        self.connection, self.transport = connection, transport

    def check(self) -> Company:
        authorise = getattr(unmetered(self.transport), "_authorise", None)
        if authorise is not None:
            script.seen.append(authorise()["Authorization"])
        if script.errors and (error := script.errors.pop(0)):
            raise error
        return script.company or company(self.connection.company_id)

    def call(self) -> None:
        self.transport.send(Request("GET", "/v3/company"))


def unmetered(transport: Transport) -> Transport:
    return getattr(transport, "_transport", transport)


def open_ledger(connection: Connection, transport: Transport) -> FakeLedger:
    return FakeLedger(connection, transport)
