"""A ledger in memory that fulfils the contract and misbehaves on order; shipped as a test double.

Documents may stand twice in it: it has no rule against doubled numbers, so that whatever keeps us
from doubling is ours.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from connectors.contract import exact_json, keys
from connectors.contract.abilities import Abilities, KindAbilities
from connectors.contract.company import ChartRow, Closed, Company, Cursor, Locks
from connectors.contract.entry import Entry, Kind, Role
from connectors.contract.keys import Marker
from connectors.contract.ledger import (
    Absent,
    Call,
    Connection,
    Difference,
    Finding,
    Found,
    Gone,
    Illegible,
    Op,
    Outcome,
    Payload,
    Pending,
    Posted,
    Receipt,
    Refused,
    Sought,
    Stored,
    StoredLine,
)
from connectors.contract.problem import Problem, Problems
from connectors.contract.transport import (
    AnswerLost,
    ContractBroken,
    Request,
    Throttled,
    Transport,
    Unreachable,
)
from connectors.guard import no_open_transaction

_KIND = KindAbilities(
    dimensions={"class": "line"},
    text_lengths={"memo": 4000, "line": 4000, "number": 40},
    cancel=frozenset({"delete"}),
)
ABILITIES = Abilities(
    kinds={Kind.BILL: _KIND, Kind.CREDIT: _KIND},
    batch_size=4,
    find_many=4,
    concurrency=2,
    limits=(),
    visibility_delay=timedelta(minutes=2),
    resend_window=timedelta(hours=12),
)

# (list, id, name, number, kind, e-mail): what `chart` tells.
CHART = (
    ("account", "33", "Accounts Payable", "2000", "Accounts Payable", ""),
    ("account", "60", "Airfare", "6100", "Expense", ""),
    ("account", "61", "Ground Transport", "6120", "Expense", ""),
    ("party", "56", "Ben Ito", "", "vendor", "ben.ito@acme.example"),
    ("party", "57", "Chloé Martin", "", "vendor", "chloe.martin@acme.example"),
)

FAULTS = {
    "unreachable": "nothing leaves",
    "throttle": "refused unread",
    "reset": "lost before it was stored",
    "drop": "stored, the answer is lost",
    "late": "the answer is lost, stored when `late_calls_arrive`",
    "garbled": "stored, the answer cannot be read",
    "part": "the first half stored and answered, of the rest not a word",
    "refuse_whole": "the whole batch refused because of one member",
}


@dataclass
class Books:
    """One company's books at the vendor, and the orders for what is to go wrong.

    orders    words of FAULTS for the next calls, "" for a good one
    refused   numbers of documents that are always refused
    illegible ids of documents whose answers cannot be read
    poison    numbers of documents that spoil every call they are in: it is dropped unstored
    before    called with each call before it is looked at: what happens meanwhile elsewhere
    remembers whether a request id is answered as the first time
    """

    documents: dict[str, Stored] = field(default_factory=dict)
    answers: dict[str, dict[Marker, Outcome]] = field(default_factory=dict)
    late: list[Call] = field(default_factory=list)
    orders: deque[str] = field(default_factory=deque)
    refused: set[str] = field(default_factory=set)
    illegible: set[str] = field(default_factory=set)
    poison: set[str] = field(default_factory=set)
    calls: list[tuple[Call, str]] = field(default_factory=list)
    looked_up: int = 0
    times_read: int = 0
    is_slow_to_read: bool = False
    closed_through: date | None = None
    remembers: bool = True
    abilities: Abilities = ABILITIES
    before: Callable[[Call], None] = field(default=lambda call: None)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _next: int = 100

    # -- what people do ------------------------------------------------------------------------
    def change(self, document_id: str, **fields: Any) -> None:
        stored = self.documents[document_id]
        version = str(int(stored.version) + 1)
        self.documents[document_id] = replace(stored, version=version, **fields)

    def delete(self, document_id: str) -> None:
        del self.documents[document_id]

    def cannot_read(self, document_id: str) -> Illegible:
        number = self.documents[document_id].number
        message = f"Document {number} stands in the ledger, and its date cannot be read."
        problem = Problem("fake.illegible", "document", message, "Look at it there.")
        return Illegible(problem, document_id, number)

    def with_marker(self, key: str) -> list[Stored]:
        return [one for one in self.documents.values() if key[:10] in one.markers]

    # -- calls -----------------------------------------------------------------------------------
    def late_calls_arrive(self) -> None:
        with self.lock:
            late, self.late = self.late, []
            for call in late:
                self.carry_out(call)

    def receive(self, call: Call) -> dict[Marker, Outcome]:
        self.before(call)
        with self.lock:
            numbers = {str(body.get("number")) for body in bodies(call)}
            fault = "reset" if numbers & self.poison else ""
            if not fault and self.orders:
                fault = self.orders.popleft()
            self.calls.append((call, fault))
            match fault:
                case "unreachable":
                    raise Unreachable("nobody is there")
                case "throttle":
                    raise Throttled("too many requests", after_s=0)
                case "reset":
                    raise AnswerLost("the connection broke")
                case "late":
                    self.late.append(call)
                    raise AnswerLost("the connection broke")
                case "drop":
                    self.carry_out(call)
                    raise AnswerLost("the connection broke")
                case "garbled":
                    self.carry_out(call)
                    raise ContractBroken("this is not JSON")
                case "part":
                    half = call.members[: max(1, len(call.members) // 2)]
                    return self.carry_out(call, half)
                case "refuse_whole":
                    problem = Problem("fake.batch", "document", "One of these is bad.", "Look.")
                    again = "later" if len(call.members) > 1 else "no"
                    return dict.fromkeys(call.members, Refused((problem,), again))
            return self.carry_out(call)

    def carry_out(self, call: Call, only: Sequence[Marker] = ()) -> dict[Marker, Outcome]:
        """Once per request id: repeated, it is answered as it was."""
        if self.remembers and call.request_id in self.answers:
            return self.answers[call.request_id]
        found: dict[Marker, Outcome] = {}
        for marker, body in zip(call.members, bodies(call), strict=True):
            if not only or marker in only:
                found[marker] = self._one(call.op, marker, body)
        self.answers[call.request_id] = found
        return found

    def _one(self, op: Op, marker: Marker, body: Mapping[str, Any]) -> Outcome:
        if body.get("number") in self.refused:
            return _refused("fake.refused", "This document is refused.")
        standing = self.documents.get(body.get("id") or "")
        if op is not Op.POST and standing is None:
            return _refused("fake.gone", "There is no such document.")
        if standing is not None and standing.version != body["version"]:
            return _refused("fake.stale", "It has changed meanwhile.", "reread")
        if standing is not None and standing.paid:
            return _refused("fake.paid", "It was paid.")
        if op is Op.CANCEL:
            del self.documents[standing.id]
            return Posted(replace(receipt(standing), number=""), None)
        if standing is not None and _identity(standing) != (body["kind"], body["party"]):
            return _refused("fake.other", "A document keeps its kind and its payee.")
        day = date.fromisoformat(body["date"])
        if self.closed_through and day <= self.closed_through:
            return _refused("fake.closed", "The period is closed.")
        if standing is None:
            self._next += 1
            document_id, version = str(self._next), "0"
        else:
            document_id, version = standing.id, str(int(standing.version) + 1)
        self.documents[document_id] = stored = _stored(body, document_id, version)
        return Posted(receipt(stored), stored)


def bodies(call: Call) -> list[dict[str, Any]]:
    return exact_json.loads(call.request.body.decode())


def _refused(code: str, message: str, again: Literal["no", "reread"] = "no") -> Refused:
    return Refused((Problem(code, "document", message, "Look there."),), again)


def _identity(stored: Stored) -> tuple[str, str]:
    return stored.kind.value, stored.party_id


def receipt(stored: Stored) -> Receipt:
    return Receipt(stored.id, stored.number, stored.version, stored.kind, stored.link)


def _stored(body: Mapping[str, Any], document_id: str, version: str) -> Stored:
    return Stored(
        kind=Kind(body["kind"]),
        id=document_id,
        number=body["number"],
        version=version,
        date=date.fromisoformat(body["date"]),
        currency=body["currency"],
        total=Decimal(body["total"]),
        lines=tuple(
            StoredLine(one["account"], Decimal(one["amount"]), text=one["text"])
            for one in body["lines"]
        ),
        markers=(body["marker"],),
        party_id=body["party"],
        raw=dict(body),
    )


@dataclass
class FakeLedger:
    """`connectors.contract.ledger.Ledger` over `Books`."""

    company_id: str
    books: Books
    name: str = "fake"

    @property
    def abilities(self) -> Abilities:
        return self.books.abilities

    def check(self) -> Company:
        no_open_transaction()
        return Company(
            company_id=self.company_id,
            name="Acme in memory",
            home_currency="USD",
            country="US",
            has_tax=False,
            is_multicurrency=False,
            closed_through=self.books.closed_through,
            role="admin",
            as_of=datetime(2026, 11, 2, tzinfo=UTC),
        )

    def chart(
        self, kinds: frozenset[str] | None = None, cursor: Cursor | None = None
    ) -> Iterator[ChartRow | Cursor]:
        for list_name, id_, name, number, kind, email in CHART:
            if kinds is None or list_name in kinds:
                yield ChartRow(list_name, id_, name, number=number, kind=kind, email=email)

    def locks(self) -> Locks:
        no_open_transaction()
        last = self.books.closed_through
        return Locks((Closed(None, last, f"closed through {last}"),) if last else ())

    def render(
        self, entry: Entry, marker: Marker, facts: Mapping[str, Any], current: Stored | None = None
    ) -> Payload | Problems:
        number = f"{entry.report_id}-{marker.k(8)}"
        body = {
            "kind": entry.kind,
            "number": number,
            "marker": marker.k(10),
            "date": entry.date,
            "currency": entry.currency,
            "total": str(entry.total),
            "party": entry.party.id if entry.party else "",
            "lines": [
                {"account": line.account.id, "amount": str(line.amount), "text": line.text}
                for line in entry.role(Role.EXPENSE)
            ],
        }
        if current is None:
            return Payload(entry.kind, Op.POST, marker, exact_json.dumps(body), number)
        body |= {"id": current.id, "version": current.version}
        return Payload(
            entry.kind,
            Op.AMEND,
            marker,
            exact_json.dumps(body),
            number,
            current.id,
            current.version,
        )

    def cancel(self, stored: Stored, how: Literal["void", "delete"], marker: Marker) -> Payload:
        body = exact_json.dumps({"id": stored.id, "version": stored.version, "how": how})
        number, version = stored.number, stored.version
        return Payload(stored.kind, Op.CANCEL, marker, body, number, stored.id, version)

    def pack(self, op: Op, payloads: Sequence[Payload], epoch: str) -> list[Call]:
        body = f"[{','.join(payload.body for payload in payloads)}]".encode()
        return [
            Call(
                op=op,
                members=tuple(payload.marker for payload in payloads),
                request=Request("POST", "/documents", {}, body),
                request_id=keys.request_id(body, epoch, 36),
                resend_window=self.abilities.resend_window,
                is_batch=True,
            )
        ]

    def post(self, call: Call) -> dict[Marker, Outcome]:
        return self.books.receive(call)

    def find(self, sought: Sequence[Sought]) -> dict[Marker, Finding]:
        no_open_transaction()
        self.books.looked_up += 1
        found: dict[Marker, Finding] = {}
        for one in sought:
            known = one.receipt.document_id if one.receipt else ""
            hits = tuple(
                stored
                for stored in self.books.documents.values()
                # Each kind has a list of its own, as in most ledgers.
                if stored.kind == one.kind
                and (stored.id == known or one.marker.k(10) in stored.markers)
            )
            unread = [stored for stored in hits if stored.id in self.books.illegible]
            found[one.marker] = Found(hits) if hits else Absent(datetime.now(UTC))
            if unread:
                found[one.marker] = self.books.cannot_read(unread[0].id)
        return found

    def twins(self, payloads: Sequence[Payload]) -> dict[Marker, tuple[Stored, ...]]:
        no_open_transaction()
        return {}

    def read(
        self, receipts: Sequence[Receipt]
    ) -> dict[Receipt, Stored | Illegible | Gone | Pending]:
        no_open_transaction()
        self.books.times_read += 1
        if self.books.is_slow_to_read:
            return {one: Pending("not yet") for one in receipts}
        return {
            one: self.books.cannot_read(one.document_id)
            if one.document_id in self.books.illegible
            else self.books.documents.get(one.document_id) or Gone()
            for one in receipts
        }

    def scan(self, first: date, last: date) -> Iterator[Stored]:
        no_open_transaction()
        yield from (one for one in self.books.documents.values() if first <= one.date <= last)

    def differences(self, payload: Payload, stored: Stored) -> tuple[Difference, ...]:
        if payload.op is Op.CANCEL:
            return ()
        wanted = _stored(exact_json.loads(payload.body), stored.id, stored.version)
        return tuple(
            Difference(name, str(ours), str(theirs))
            for name in ("kind", "number", "date", "currency", "total", "party_id", "lines")
            if (ours := getattr(wanted, name)) != (theirs := getattr(stored, name))
        )


# The fake companies that there are, by id.
companies: dict[str, Books] = {}


def open_ledger(connection: Connection, transport: Transport) -> FakeLedger:
    return FakeLedger(connection.company_id, companies[connection.company_id])
