"""The table's columns, one class a ledger: it connects the companies of the firm, plays its screen,
and tells what is stored in the table's words. A new ledger is a class and its place in
LEDGERS; rows of what it cannot do say `not_at`.
"""

from collections.abc import Container, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.models import LedgerConnection
from tests.accounting.documents import Document, Side
from tests.audit import town as towns


class QuickBooksOnline:
    """`control(verb, body)` is the sandbox's control interface for this vendor."""

    name = "quickbooks_online"
    label = "QuickBooks Online"
    realms = {
        "US": "9341450000000001",
        "UK": "9341450000000002",
        "Europe": "9341450000000003",
    }
    # The table's name of a tax code -> QuickBooks'.
    tax_codes = {
        "UK": {"20%": "20.0% S", "5%": "5.0% R", "0%": "0.0% Z", "no VAT": "No VAT"},
        "Europe": {"19%": "19% VSt", "7%": "7% VSt", "no VAT": "Keine USt"},
        "US": {},
    }
    _kinds = {"bill": "bill", "vendorcredit": "credit", "journalentry": "journal"}

    def __init__(self, sandbox: Any) -> None:
        self.sandbox = sandbox
        self.control("settings", {"limits": False})

    def control(self, verb: str, body: Any = None) -> Any:
        return self.sandbox.control(self.name, verb, body)

    @staticmethod
    def urls(url: str) -> Mapping[str, str]:
        """settings.VENDOR_URLS of this ledger."""
        root = f"{url}/quickbooks_online"
        return {
            "api": root,
            "authorize": f"{root}/connect/oauth2",
            "token": f"{root}/oauth2/v1/tokens/bearer",
            "revoke": f"{root}/v2/oauth2/tokens/revoke",
            "app": f"{root}/app",
        }

    def connect(self, company: str) -> LedgerConnection:
        return towns.connect_company(self.sandbox, self.realms[company], f"Acme {company}")

    # -- what it stores --------------------------------------------------------------------------
    def documents(self, company: str, but: Container[str] = ()) -> list[Document]:
        """What stands there, payments left out, and the documents of the ids `but`."""
        rows = self.control(f"documents?company={self.realms[company]}&status=active")
        codes = {theirs: ours for ours, theirs in self.tax_codes[company].items()}
        return [
            self._document(row, codes)
            for row in rows
            if row["kind"] != "billpayment" and row["id"] not in but
        ]

    def _document(self, row: Mapping[str, Any], codes: Mapping[str, str]) -> Document:
        sides = [_side(line, codes) for line in row["lines"]]
        for tax in row["tax_lines"]:
            if Decimal(tax["amount"]):
                sides.append(Side(f"Tax {codes[tax['rate']]}", Decimal(tax["amount"])))
        if row["credit_account"]:
            sides.append(Side(row["credit_account"], -Decimal(row["total"])))
        kind = self._kinds.get(row["kind"])
        if kind is None:
            kind = "card credit" if Decimal(row["total"]) < 0 else "card charge"
        return Document(
            id=row["id"],
            kind=kind,
            party=row["party"] or "",
            on=date.fromisoformat(row["date"]),
            currency=row["currency"],
            sides=tuple(sides),
            at=frozenset(_marks(row["dimensions"])),
            due=date.fromisoformat(row["due_date"]) if row["due_date"] else None,
            memo=row["markers"]["PrivateNote"] or "",
            number=row["number"] or "",
            rate=Decimal(row["rate"]) if row["rate"] else None,
            is_ours="mlc:" in (row["markers"]["PrivateNote"] or ""),
            attachments=tuple(row["attachments"]),
        )

    @staticmethod
    def rate_of(stored: Mapping[str, Any]) -> Decimal:
        """The rate in the document as our book keeps it."""
        return Decimal(str(stored["raw"]["ExchangeRate"]))

    # -- its screen ------------------------------------------------------------------------------
    def pay(self, company: str, found: Document, amount: str = "") -> None:
        self._act(company, found, {"action": "pay"} | ({"amount": amount} if amount else {}))

    def unpay(self, company: str, found: Document) -> None:
        self._act(company, found, {"action": "unpay"})

    def match(self, company: str, found: Document) -> None:
        """With a line of the bank's feed."""
        self._act(company, found, {"action": "match"})

    def invoice(self, company: str, found: Document) -> None:
        """Bill its billable lines on to their customer."""
        self._act(company, found, {"action": "bill"})

    def renumber(self, company: str, found: Document, number: str) -> None:
        self._act(company, found, {"action": "edit", "fields": {"DocNumber": number}})

    def postpone(self, company: str, found: Document, due: date) -> None:
        """Change the due date, which is none of our fields."""
        self._act(company, found, {"action": "edit", "fields": {"DueDate": due.isoformat()}})

    def delete(self, company: str, found: Document) -> None:
        self._act(company, found, {"action": "delete"})

    def enter(self, company: str, wanted: Document, number: str) -> str:
        """What a person enters by hand; returns its id."""
        lines, owed = wanted.sides[:-1], wanted.sides[-1]
        body = {
            "company": self.realms[company],
            "kind": wanted.kind,
            "number": number,
            "date": wanted.on.isoformat(),
            "party": wanted.party,
            "credit_account": owed.account,
            "lines": [{"account": one.account, "amount": str(one.amount)} for one in lines],
        }
        return self.control("documents", body)["id"]

    def close_books(self, company: str, through: date | None) -> None:
        body = {"company": self.realms[company], "date": through and through.isoformat()}
        self.control("period_lock", body)

    closed_at_first = date(2026, 8, 31)

    def archive(self, company: str, kind: str, name: str) -> str:
        """Make a member of a list inactive; returns its id, by which it is restored."""
        return self._chart(company, {"kind": kind, "action": "archive", "name": name})["Id"]

    def restore(self, company: str, kind: str, member: str) -> None:
        self._chart(company, {"kind": kind, "action": "restore", "id": member})

    def add(self, company: str, kind: str, name: str, email: str = "") -> str:
        fields = {"PrimaryEmailAddr": {"Address": email}} if email else {}
        body = {"kind": kind, "action": "add", "name": name, "fields": fields}
        return self._chart(company, body)["Id"]

    def vendor(self, company: str, name: str) -> dict[str, Any]:
        found = self._chart(company, {"kind": "vendor", "action": "edit", "name": name})
        mail = found.get("PrimaryEmailAddr", {}).get("Address", "")
        return {"email": mail, "is_1099": found["Vendor1099"]}

    def agree_terms(self, company: str, vendor: str, terms: str) -> None:
        """Such as "Net 30"."""
        term = self._chart(company, {"kind": "term", "action": "edit", "name": terms})["Id"]
        fields = {"TermRef": {"value": term}}
        body = {"kind": "vendor", "action": "edit", "name": vendor, "fields": fields}
        self._chart(company, body)

    def prefer(self, company: str, **preferences: Any) -> None:
        self.control(f"companies/{self.realms[company]}", preferences)

    def _chart(self, company: str, body: Mapping[str, Any]) -> Any:
        return self.control("chart", {"company": self.realms[company], **body})

    def _act(self, company: str, found: Document, body: Mapping[str, Any]) -> None:
        self.control(f"documents/{found.id}", {"company": self.realms[company], **body})


def _side(line: Mapping[str, Any], codes: Mapping[str, str]) -> Side:
    marks = set(_marks(line["dimensions"]))
    # A line without tax has a code in QuickBooks all the same: NON in the United States.
    if line["tax"] not in (None, "NON"):
        marks.add(f"tax {codes[line['tax']]}")
    if line["billable"]:
        marks.add("billable")
    if line["party"] and line["party"] != line["dimensions"].get("customer"):
        marks.add(f"for {line['party']}")
    return Side(line["account"], Decimal(line["amount"]), frozenset(marks), line["text"] or "")


def _marks(dimensions: Mapping[str, str | None]) -> Iterable[str]:
    return (f"{name} {value}" for name, value in dimensions.items())


LEDGERS = {one.name: one for one in (QuickBooksOnline,)}
