"""Ada Quist files reports and is nobody in QuickBooks; Ines Duarte has a customer's name."""

import time
from datetime import date
from typing import Any

import pytest

from audit.engine import prepare
from audit.models import PartyWish, Posting
from audit.states import State
from connectors import opening
from connectors.ledgers.quickbooks_online.ledger import QuickBooksOnline
from connectors.models import Channel
from mappings.models import Flow
from tests.audit import town as towns
from tests.audit.town import Town

QBO = "quickbooks_online"
ADA, INES = "ada.quist@acme.example", "ines.duarte@acme.example"
CREATE = {"method": "POST", "path": "/vendor?"}


def quiet_firm(sandbox: Any) -> Town:
    """The town's company, after the month that the sandbox comes with; its flow creates vendors."""
    town = towns.connect(sandbox, creates_parties=True, starts_on=date(2026, 11, 1))
    sandbox.control(QBO, "requests", method="DELETE")
    return town


def filed(town: Town, name: str = "October", who: str = ADA, *lines: dict, **more: Any) -> str:
    """An approved report of a taxi over 18.40 unless told; returns its id."""
    report_id = f"R00{len(name):02}{sum(name.encode()):07}"
    given = {
        "reportID": report_id,
        "reportName": name,
        "accountEmail": who,
        "status": "Approved",
        "submitted": "2026-11-02 10:00:00",
        "approved": "2026-11-03 10:00:00",
        "expenses": list(lines) or [spent()],
    }
    town.sandbox.control("expensify", "reports", given | more)
    return report_id


def spent(cents: int = 1840, category: str = "Taxi & Rideshare", **more: Any) -> dict:
    line = {"created": "2026-10-12", "merchant": "City Cab", "category": category}
    return line | {"amount": cents} | more


def order(town: Town, kind: str, **more: Any) -> None:
    town.sandbox.control(QBO, "faults", {"kind": kind, "match": CREATE, **more})


def creations(town: Town) -> list[dict]:
    """Requests that were to create a vendor, whatever became of them."""
    asked = town.sandbox.control(QBO, "requests")
    return [one for one in asked if is_creation(one)]


def is_creation(request: dict) -> bool:
    return request["method"] == "POST" and request["path"].partition("?")[0].endswith("/vendor")


def vendors(town: Town, name: str = "Ada Quist") -> list[Any]:
    """Who has the name in QuickBooks, by its own word."""
    return list(opening.open_ledger(town.connection).named([name])[name])


def quiet(town: Town, seconds: float = 6.0) -> None:
    """Drain until nothing is open but what needs a person."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for flow in Flow.objects.all():
            prepare.prepare(flow.pk)
        town.drain()
        closed = [State.POSTED, State.QUARANTINED, State.SUPERSEDED, State.WITHDRAWN]
        if not Posting.objects.exclude(state__in=closed).exists():
            return
        Channel.objects.update(not_before=None, breaker_until=None)
        time.sleep(0.02)
    left = list(Posting.objects.exclude(state__in=closed).values_list("state", "number"))
    raise AssertionError(f"still open: {left}, {list(PartyWish.objects.values())}")


def wish() -> PartyWish:
    return PartyWish.objects.get()


def codes(posting: Posting) -> list[str]:
    return [problem["code"] for problem in posting.problems]


def one_vendor_is_owed(town: Town, *report_ids: str, name: str = "Ada Quist") -> None:
    """Exactly one vendor of the name, and a bill of it for each of these reports."""
    (vendor,) = vendors(town, name)
    assert (vendor.kind, vendor.active) == ("vendor", True)
    bills = town.ours()
    assert sorted(bill["report_id"] for bill in bills) == sorted(report_ids)
    assert {bill["party_id"] for bill in bills} == {vendor.id}
    for report_id in report_ids:
        assert town.posting(report_id).state == State.POSTED


# --- with and without the look-up ----------------------------------------------------------------

with_and_without = pytest.mark.parametrize(
    "guard", [True, False], ids=["with the look-up", "without it"]
)


def without_look_up(monkeypatch: Any) -> None:
    monkeypatch.setattr(QuickBooksOnline, "named", lambda self, names: dict.fromkeys(names, ()))
