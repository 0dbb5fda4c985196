"""Acme Consulting US in QuickBooks Online: entries with defaults, and a wire that answers."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connectors.contract import exact_json
from connectors.contract.entry import DimensionRef, Entry, Kind, Line, Ref, Role
from connectors.contract.keys import Marker, marker
from connectors.contract.ledger import Connection, Op, Payload, Receipt, Sought, Stored
from connectors.contract.transport import Request, Response
from connectors.ledgers.quickbooks_online import parse
from connectors.ledgers.quickbooks_online.kinds import ENTITIES
from connectors.ledgers.quickbooks_online.ledger import QuickBooksOnline, open_ledger

REALM = "9341450000000001"
NOW = datetime(2026, 11, 3, 14, 2, tzinfo=UTC)
REPORT = "R00X9oNOn2MO"

PAYABLE = Ref("33", "Accounts Payable (A/P)", "2000", "Accounts Payable")
CARD = Ref("42", "Corporate Card - Visa", "2110", "Credit Card")
CLEARING = Ref("43", "Employee Clearing", "2190", "Other Current Liability")
DUE_FROM = Ref("36", "Due from Employees", "1320", "Other Current Asset")
RECEIVABLE = Ref("37", "Accounts Receivable (A/R)", "1200", "Accounts Receivable")
AIRFARE = Ref("60", "Airfare", "6100", "Expense")
HOTELS = Ref("61", "Hotels", "6110", "Expense")
TAXI = Ref("62", "Ground Transport", "6120", "Expense")
MEALS = Ref("63", "Meals and Entertainment", "6130", "Expense")
EQUIPMENT = Ref("15", "Computer Equipment", "1500", "Fixed Asset")

CONSULTING = DimensionRef("class", Ref("5000000000000142238", "Consulting"))
SALES = DimensionRef("class", Ref("5000000000000142239", "Sales"))
NEW_YORK = DimensionRef("department", Ref("1", "New York"))
BERLIN = DimensionRef("department", Ref("2", "Berlin"))
GLOBEX = DimensionRef("customer", Ref("26", "Globex"))

BEN = Ref("56", "Ben Ito", kind="vendor")
INES = Ref("27", "Ines Duarte", kind="customer")
GRACE = Ref("88", "Grace Kim", kind="employee")
VAT20 = Ref("9", "20.0% S", kind="tax_code")
NO_VAT = Ref("10", "No VAT", kind="tax_code")

US = {
    "country": "US",
    "usa": True,
    "home_currency": "USD",
    "multicurrency": False,
    "classes": "line",
    "departments": True,
    "customers": True,
    "billable": True,
    "bills": True,
    "account_numbers": True,
    "duplicate_numbers": "unknown",
    "tax": False,
    "tax_codes": {},
}
UK = US | {
    "country": "GB",
    "usa": False,
    "home_currency": "GBP",
    "tax": True,
    "tax_codes": {
        "9": {"name": "20.0% S", "rates": [{"id": "18", "percent": "20"}]},
        "10": {"name": "No VAT", "rates": []},
        "11": {
            "name": "GST/PST",
            "rates": [{"id": "21", "percent": "5"}, {"id": "22", "percent": "7"}],
        },
    },
}


def mark(number: int = 1, slice_name: str = "reimbursable") -> Marker:
    return marker(f"quickbooks_online:{REALM}", f"R{number}", slice_name, 1)


def expense(amount: str, account: Ref = TAXI, *dimensions: DimensionRef, **changes: Any) -> Line:
    facts = {"text": f"{account.name}", "transaction_id": "4056343049275634494"}
    return Line(account, Decimal(amount), dimensions=dimensions, **(facts | changes))


def offset(amount: str, account: Ref = PAYABLE, **changes: Any) -> Line:
    return Line(account, Decimal(amount), role=Role.OFFSET, **changes)


def tax_line(amount: str, code: Ref | None = VAT20, **changes: Any) -> Line:
    account = Ref("70", "VAT Control", "2200", "Other Current Liability")
    return Line(account, Decimal(amount), role=Role.TAX, tax_code=code, **changes)


def entry(*lines: Line, kind: Kind = Kind.BILL, **changes: Any) -> Entry:
    """A bill of one taxi unless told; the credit side is added where no line has it."""
    lines = lines or (expense("18.40"),)
    if not any(line.role is Role.OFFSET for line in lines):
        account = CARD if kind in (Kind.EXPENSE, Kind.CARD_CREDIT) else PAYABLE
        lines = (*lines, offset(str(-sum(line.amount for line in lines)), account))
    facts: dict[str, Any] = {
        "kind": kind,
        "report_id": REPORT,
        "slice_name": "reimbursable",
        "date": date(2026, 10, 20),
        "currency": "USD",
        "lines": lines,
        "party": BEN,
        "memo": "EXP R00X9oNOn2MO October trip, Ben Ito",
    }
    return Entry(**(facts | changes))


def payload(number: int = 1, **changes: Any) -> Payload:
    """A bill's payload under `mark(number)`; every number is another document."""
    made = ledger().render(entry(report_id=f"R{number}", **changes), mark(number), US)
    assert isinstance(made, Payload), made
    return made


def as_stored(sent: Payload, document_id: str = "1207", version: str = "0") -> dict[str, Any]:
    """What QuickBooks would keep of the payload: its own fields added, names filled in."""
    body = exact_json.loads(sent.body)
    lines = [
        {"Id": str(number), "LineNum": number, "LinkedTxn": [], **line}
        for number, line in enumerate(body["Line"], 1)
    ]
    total = sum(line["Amount"] for line in lines)
    return body | {
        "Id": document_id,
        "SyncToken": version,
        "domain": "QBO",
        "sparse": False,
        "MetaData": {
            "CreateTime": "2026-11-02T01:15:30-08:00",
            "LastUpdatedTime": "2026-11-02T01:15:30-08:00",
        },
        "CurrencyRef": {"value": "USD", "name": "United States Dollar"},
        "LinkedTxn": [],
        "Line": lines,
        "TotalAmt": total,
        "Balance": total,
    }


def document(sent: Payload, **changes: Any) -> Stored:
    """The stored document of a payload; `changes` are fields of QuickBooks' own."""
    return parse.stored(
        ENTITIES[sent.kind], as_stored(sent) | changes, "https://qbo.example", "USD"
    )


def answer(body: Any = "", status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer of QuickBooks: JSON from dicts, else the text or bytes as they are."""
    if isinstance(body, dict | list):
        body = exact_json.dumps(body)
    content = body if isinstance(body, bytes) else body.encode()
    return Response(status, {"intuit_tid": "1-abc", **(headers or {})}, content, NOW)


def fault(code: str, detail: str = "", message: str = "", kind: str = "ValidationFault") -> dict:
    error = {"Message": message, "Detail": detail, "code": code, "element": ""}
    return {"Fault": {"Error": [error], "type": kind}}


def found(entity: str, *rows: Mapping[str, Any]) -> dict:
    """The body of a query's answer."""
    inner = {entity: list(rows), "startPosition": 1, "maxResults": len(rows)} if rows else {}
    return {"QueryResponse": inner, "time": "2026-11-03T06:02:00.000-08:00"}


class Wire:
    """A transport that answers with its list in order (or asks a function) and keeps what came."""

    def __init__(self, *answers: Response | Exception | Callable[[Request], Response]) -> None:
        self.answers, self.requests = list(answers), []

    def send(self, request: Request) -> Response:
        self.requests.append(request)
        one = self.answers[0] if callable(self.answers[0]) else self.answers.pop(0)
        if isinstance(one, Exception):
            raise one
        return one(request) if callable(one) else one

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(request.body) for request in self.requests]


def ledger(*answers: Any, facts: Mapping[str, Any] | None = None) -> QuickBooksOnline:
    connection = Connection(REALM, "https://qbo.example/app", facts or {"home_currency": "USD"})
    return open_ledger(connection, Wire(*answers))


def wired(*answers: Any) -> tuple[QuickBooksOnline, Wire]:
    wire = Wire(*answers)
    return open_ledger(
        Connection(REALM, "https://qbo.example", {"home_currency": "USD"}), wire
    ), wire


def amend_of(sent: Payload) -> Payload:
    """The same document as an amend, for what only the operation makes different."""
    return Payload(sent.kind, Op.AMEND, sent.marker, sent.body, sent.number, "1207", "0")


def statements(wire: Wire) -> Iterator[str]:
    """Every query that was sent, in order, from addresses and batches alike."""
    for request in wire.requests:
        yield from queries(request)


def queries(request: Request) -> list[str]:
    query = parse_qs(urlsplit(request.path).query).get("query")
    return query or [
        one["Query"] for one in json.loads(request.body or "{}").get("BatchItemRequest", ())
    ]


def query_batch(*members: Mapping[str, Any]) -> Response:
    """The answer to a batch of queries, in their order."""
    return answer({"BatchItemResponse": [one | {"bId": f"q{n}"} for n, one in enumerate(members)]})


def sought(
    number: int = 1,
    sent_at: datetime | None = None,
    receipt: Receipt | None = None,
    **changes: Any,
) -> Sought:
    """What a look-up of `payload(number)` asks for."""
    made = payload(number, **changes)
    return Sought(mark(number), made.kind, made, sent_at, receipt)
