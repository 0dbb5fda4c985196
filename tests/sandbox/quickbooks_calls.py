"""Builders for the QuickBooks Online tests: a connected client of the sandbox and bodies with
defaults.
"""

import json
from typing import Any
from urllib.parse import quote, urlencode

REALM = "9341450000000001"
VENDOR = "quickbooks_online"


class Books:
    """The API of one company as a client sees it, with a minted token."""

    def __init__(self, sandbox: Any, realm: str = REALM) -> None:
        self.sandbox = sandbox
        self.realm = realm
        self.minted = self.control("tokens", {"company": realm})
        self.token = self.minted["access_token"]

    def control(self, verb: str, body: Any = None, method: str | None = None) -> Any:
        return self.sandbox.control(VENDOR, verb, body, method)

    def settings(self, **switches: Any) -> None:
        self.control("settings", switches)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        content_type: str = "application/json",
        **query: str,
    ) -> Any:
        """One request below /v3/company/{realm}; returns the Answer."""
        target = f"/{VENDOR}/v3/company/{self.realm}/{path}"
        if query:
            target += "?" + urlencode(query)
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = content_type
        if isinstance(body, dict):
            body = json.dumps(body, default=float)
        return self.sandbox.request(method, target, body, headers)

    def post(self, entity: str, body: Any, **query: str) -> Any:
        """The stored object; AssertionError with the answer when it is refused."""
        answer = self.call("POST", entity, body, **query)
        assert answer.status == 200, answer.text
        [found] = [value for name, value in answer.json().items() if name != "time"]
        return found

    def refused(self, entity: str, body: Any, **query: str) -> tuple[str, str]:
        """(code, detail) of the fault."""
        answer = self.call("POST", entity, body, **query)
        assert answer.status == 400, answer.text
        error = answer.json()["Fault"]["Error"][0]
        return error["code"], error["Detail"]

    def read(self, entity: str, id: str) -> Any:
        answer = self.call("GET", f"{entity}/{id}")
        assert answer.status == 200, answer.text
        [found] = [value for name, value in answer.json().items() if name != "time"]
        return found

    def query(self, statement: str) -> Any:
        answer = self.call("GET", f"query?query={quote(statement)}")
        assert answer.status == 200, answer.text
        return answer.json()["QueryResponse"]

    def named(self, entity: str, name: str) -> str:
        """The Id of a list member, inactive ones too."""
        label = "DisplayName" if entity in ("Vendor", "Customer", "Employee") else "Name"
        text = name.replace("'", "\\'")
        statement = f"select * from {entity} where {label} = '{text}' and Active in (true, false)"
        return self.query(statement)[entity][0]["Id"]

    # -- bodies ----------------------------------------------------------------------------------
    def line(self, amount: Any = "18.45", account: str = "Hotels", **detail: Any) -> dict[str, Any]:
        kind = "AccountBasedExpenseLineDetail"
        ref = {"AccountRef": {"value": self.named("Account", account)}}
        return {
            "Amount": float(amount),
            "Description": "2026-10-21 a hotel",
            "DetailType": kind,
            kind: ref | detail,
        }

    def bill(self, *lines: dict[str, Any], vendor: str = "Ben Ito", **more: Any) -> dict[str, Any]:
        body = {
            "VendorRef": {"value": self.named("Vendor", vendor)},
            "TxnDate": "2026-10-28",
            "Line": list(lines) or [self.line()],
        }
        return {name: value for name, value in (body | more).items() if value is not None}

    def purchase(self, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
        body = {
            "PaymentType": "CreditCard",
            "AccountRef": {"value": self.named("Account", "Corporate Card - Visa")},
            "TxnDate": "2026-10-21",
            "Line": list(lines) or [self.line("96.20")],
        }
        return {name: value for name, value in (body | more).items() if value is not None}

    def journal(self, *sides: tuple[str, str, Any], **more: Any) -> dict[str, Any]:
        chosen = sides or (("Debit", "Airfare", "10.00"), ("Credit", "Employee Clearing", "10.00"))
        lines = [self.journal_line(*side) for side in chosen]
        return {"TxnDate": "2026-10-31", "Line": lines} | more

    def journal_line(self, side: str, account: str, amount: Any, **detail: Any) -> dict[str, Any]:
        ref = {"AccountRef": {"value": self.named("Account", account)}, "PostingType": side}
        return {
            "Amount": float(amount),
            "DetailType": "JournalEntryLineDetail",
            "JournalEntryLineDetail": ref | detail,
        }

    def payment(self, *bills: dict[str, Any], **more: Any) -> dict[str, Any]:
        total = sum(float(bill["Balance"]) for bill in bills)
        return {
            "VendorRef": {"value": bills[0]["VendorRef"]["value"]},
            "PayType": "Check",
            "CheckPayment": {"BankAccountRef": {"value": self.named("Account", "Checking")}},
            "TotalAmt": total,
            "Line": [
                {
                    "Amount": float(bill["Balance"]),
                    "LinkedTxn": [{"TxnId": bill["Id"], "TxnType": "Bill"}],
                }
                for bill in bills
            ],
        } | more


def fault(answer: Any) -> dict[str, Any]:
    """The first error of a refusal."""
    assert answer.status == 400, answer.text
    return answer.json()["Fault"]["Error"][0]


def batch(books: Books, *members: dict[str, Any], **query: str) -> dict[str, Any]:
    """What each member is answered, by its bId."""
    answer = books.call("POST", "batch", {"BatchItemRequest": list(members)}, **query)
    assert answer.status == 200, answer.text
    return {one["bId"]: one for one in answer.json()["BatchItemResponse"]}


PDF = b"%PDF-1.4\nbytes \x00\xff\r\n--not the end"


def upload(books: Books, body: bytes, boundary: str = "mlb1") -> list[dict[str, Any]]:
    kind = f"multipart/form-data; boundary={boundary}"
    answer = books.call("POST", "upload", body, content_type=kind)
    assert answer.status == 200, answer.text
    return answer.json()["AttachableResponse"]


def file_of(
    document_id: str, name: str = "receipt-1.pdf", content: bytes = PDF, entity: str = "Bill"
) -> bytes:
    """The body of an upload as the documentation has it."""
    about = {
        "AttachableRef": [
            {"EntityRef": {"type": entity, "value": document_id}, "IncludeOnSend": False}
        ],
        "FileName": name,
        "ContentType": "application/pdf",
    }
    return (
        b'--mlb1\r\nContent-Disposition: form-data; name="file_metadata_01"\r\n'
        b"Content-Type: application/json\r\n\r\n" + json.dumps(about).encode() + b"\r\n--mlb1\r\n"
        b'Content-Disposition: form-data; name="file_content_01"; filename="r.pdf"\r\n'
        b"Content-Type: application/pdf\r\n\r\n" + content + b"\r\n--mlb1--\r\n"
    )


# What webhooks are signed with, as the vendor's own vector has it.
TOKEN = "7a2d6f0e-3b1c-4d8e-9f55-0c1b2a3d4e5f"
