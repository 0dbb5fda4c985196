"""The API: read-only, for whoever may see the rows, and clear about what it does not understand."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.states import State
from mappings.models import Flow
from tests.audit.builders import (
    NO_VENDOR,
    a_connection,
    a_flow,
    a_held,
    a_person,
    a_posted,
    a_posting,
    a_read_report,
)

REPORTS, POSTINGS = "/api/v1/reports/", "/api/v1/postings/"
AT = datetime(2026, 10, 22, 12, tzinfo=UTC)


@pytest.fixture
def viewer(db: None) -> Client:
    client = Client()
    client.force_login(a_person("vera", group="Viewer"))
    return client


@pytest.fixture
def flow(db: None) -> Flow:
    return a_flow(a_connection(name="Acme US"))


def rows(client: Client, address: str, **query: Any) -> list[dict[str, Any]]:
    answer = client.get(address, query)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


@pytest.mark.parametrize("address", [REPORTS, POSTINGS])
@pytest.mark.parametrize(
    ("method", "who", "status"),
    [
        ("get", None, 403),
        ("get", "nobody", 403),
        ("get", "vera", 200),
        ("post", "boss", 405),
        ("put", "boss", 405),
        ("patch", "boss", 405),
        ("delete", "boss", 405),
    ],
)
def test_reading_needs_the_view_permission_and_writing_is_nobodys(
    db: None, address: str, method: str, who: str | None, status: int
) -> None:
    client = Client()
    if who:
        group = "Viewer" if who == "vera" else ""
        client.force_login(a_person(who, group=group, is_superuser=who == "boss"))
    assert getattr(client, method)(address).status_code == status


def test_a_report_says_where_it_stands_and_why(viewer: Client, flow: Flow) -> None:
    posting = a_held(a_read_report(flow, total=Decimal("412.6")), NO_VENDOR)
    (row,) = rows(viewer, REPORTS)
    assert row["report_id"] == posting.report.report_id
    assert (row["standing"], row["currency"]) == ("held", "USD")
    assert row["total"] == "18.40"
    (problem,) = row["postings"][0]["problems"]
    assert problem["code"] == "map.party.missing" and problem["cure"].startswith("Link Ben Ito")
    assert "facts" not in problem


@pytest.mark.parametrize(
    ("at", "is_ach", "told"),
    [(AT, True, "ach"), (AT, False, "other"), (AT, None, None), (None, False, None)],
)
def test_a_report_says_how_it_was_reimbursed(
    viewer: Client, flow: Flow, at: datetime | None, is_ach: bool | None, told: str | None
) -> None:
    a_read_report(flow, reimbursed_at=at, is_ach_reimbursed=is_ach)
    (row,) = rows(viewer, REPORTS)
    assert row["reimbursement_method"] == told


@pytest.mark.parametrize(
    ("currency", "stored", "shown"),
    [("USD", "412.6", "412.60"), ("JPY", "1400", "1400"), ("KWD", "1.5", "1.500")],
)
def test_amounts_are_texts_with_the_currencys_decimals(
    viewer: Client, flow: Flow, currency: str, stored: str, shown: str
) -> None:
    a_posting(a_read_report(flow), total=Decimal(stored), currency=currency)
    (row,) = rows(viewer, POSTINGS)
    assert row["total"] == shown


def test_nothing_raw_leaves(viewer: Client, flow: Flow) -> None:
    secret = "only the ledger reads this"
    a_posted(a_read_report(flow), payload=secret, stored={"raw": secret, "paid": False})
    for address in (REPORTS, POSTINGS):
        assert secret not in viewer.get(address).content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "held"}, {"held"}),
        ({"status": "held,posted"}, {"held", "posted"}),
        ({"period": "2026-10"}, {"held"}),
        ({"from": "2026-11-01", "to": "2026-11-30"}, {"posted"}),
        ({"from": "2026-11-30"}, {"posted"}),
        ({"to": "2026-10-31"}, {"held"}),
        ({"to": "2026-11-29"}, {"held"}),
        ({"employee": "CHLOE.martin@acme.example"}, {"posted"}),
        ({"flow": "{flow}"}, {"held", "posted"}),
        ({"flow": "999"}, set()),
        ({"connection": "{connection}"}, {"held", "posted"}),
        ({"connection": "999"}, set()),
    ],
)
def test_reports_are_filtered(viewer: Client, flow: Flow, query: dict, found: set) -> None:
    late = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)
    known = {
        "held": a_held(a_read_report(flow)).report,
        "posted": a_posted(
            a_read_report(flow, employee_email="chloe.martin@acme.example", approved_at=late)
        ).report,
    }
    ids = {"flow": flow.pk, "connection": flow.connection_id}
    asked = {name: text.format(**ids) for name, text in query.items()}
    shown = {row["report_id"] for row in rows(viewer, REPORTS, **asked)}
    assert shown == {known[name].report_id for name in found}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "quarantined"}, {"held"}),
        ({"period": "2026-10"}, {"posted"}),
        ({"period": "2026-11"}, {"next"}),
        ({"from": "2026-10-15", "to": "2026-10-15"}, {"posted"}),
        ({"status": "posted", "period": "2026-11"}, {"next"}),
    ],
)
def test_postings_are_filtered(viewer: Client, flow: Flow, query: dict, found: set) -> None:
    known = {
        "held": a_held(a_read_report(flow)),
        "posted": a_posted(a_read_report(flow)),
        "next": a_posted(a_read_report(flow), date=date(2026, 11, 30)),
    }
    shown = {row["id"] for row in rows(viewer, POSTINGS, **query)}
    assert shown == {known[name].pk for name in found}


@pytest.mark.parametrize("address", [REPORTS, POSTINGS])
@pytest.mark.parametrize(
    ("query", "field", "message"),
    [
        ({"status": "hold"}, "status", "Known are: "),
        ({"flow": "first"}, "flow", "ids are whole numbers"),
        ({"connection": "٣"}, "connection", "ids are whole numbers"),
        ({"flow": "9" * 40}, "flow", "ids are whole numbers"),
        ({"period": "October"}, "period", "write it like 2026-10"),
        ({"period": "2026-13"}, "period", "write it like 2026-10"),
        ({"period": "0000-01"}, "period", "write it like 2026-10"),
        ({"from": "31.10.2026"}, "from", "write it like 2026-10-31"),
        ({"to": "9999-12-31"}, "to", "no year"),
        ({"from": "2026-11-02", "to": "2026-11-01"}, "from", "is after"),
        ({"period": "2026-10", "from": "2026-10-01"}, "period", "either a month"),
        ({"emploee": "ben"}, "emploee", "no such filter"),
        ({"status": ["held", "posted"]}, "status", "Give it once"),
    ],
    ids=str,
)
def test_a_filter_that_makes_no_sense_is_refused(
    viewer: Client, address: str, query: dict, field: str, message: str
) -> None:
    answer = viewer.get(address, query)
    assert answer.status_code == 400
    assert message in str(answer.json()[field])


def test_pages_hold_every_row_once_in_a_fixed_order(viewer: Client, flow: Flow) -> None:
    for _ in range(5):
        a_posting(a_read_report(flow))
    seen = []
    address: str | None = f"{POSTINGS}?page_size=2"
    while address:
        answer = viewer.get(address).json()
        seen += [row["id"] for row in answer["results"]]
        address = answer["next"]
    assert seen == sorted(set(seen)) and len(seen) == 5


@pytest.mark.parametrize("address", [REPORTS, POSTINGS])
def test_a_list_costs_the_same_however_many_rows_it_has(
    viewer: Client, flow: Flow, address: str
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(database) as queries:
            viewer.get(address)
        return len(queries)

    a_held(a_read_report(flow))
    few = cost()
    for _ in range(8):
        a_posted(a_read_report(flow))
    assert cost() == few


def test_one_report_is_read_by_its_id(viewer: Client, flow: Flow) -> None:
    report = a_posting(a_read_report(flow), State.READY).report
    assert viewer.get(f"{REPORTS}{report.pk}/").json()["report_id"] == report.report_id
    assert viewer.get(f"{REPORTS}{report.pk + 1}/").status_code == 404
