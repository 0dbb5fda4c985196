"""QuickBooks Online as a ledger: the protocol's questions, each handed to the module that knows."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Literal

from connectors.contract.company import ChartRow, Closed, Company, Cursor, Locks
from connectors.contract.entry import Entry
from connectors.contract.keys import Marker
from connectors.contract.ledger import (
    Attached,
    Call,
    Connection,
    Difference,
    File,
    FileCall,
    Finding,
    Gone,
    Illegible,
    InDoubt,
    NewParty,
    Op,
    Outcome,
    PartyCall,
    Payload,
    Pending,
    Receipt,
    Refused,
    Sought,
    SoughtFile,
    Stored,
)
from connectors.contract.problem import Problems
from connectors.contract.transport import AnswerLost, Transport
from connectors.ledgers.quickbooks_online import (
    attach,
    chart,
    differences,
    illegible,
    lookup,
    outcomes,
    pack,
    parse,
    parties,
    render,
    texts,
    twins,
)
from connectors.ledgers.quickbooks_online.abilities import ABILITIES
from connectors.ledgers.quickbooks_online.client import Client, Page, Select

__all__ = ["ABILITIES", "QuickBooksOnline", "open_ledger"]


def open_ledger(connection: Connection, transport: Transport) -> "QuickBooksOnline":
    """The company `connection.company_id` (the realm), reached through `transport`.

    The transport's base is the API's host; it adds the bearer token. `connection.facts` may be
    the facts of the last `check`: its `home_currency` is what a document without one is in.
    """
    return QuickBooksOnline(connection, transport)


class QuickBooksOnline:
    """Fulfils `connectors.contract.ledger.Ledger`. Keeps nothing between two questions."""

    name = "quickbooks_online"
    abilities = ABILITIES

    def __init__(self, connection: Connection, transport: Transport) -> None:
        if not connection.company_id.isdecimal():
            raise ValueError(f"{connection.company_id!r} is not a QuickBooks company (realm) id")
        self._company_id, self._web_url = connection.company_id, connection.web_url
        self._home_currency = str(connection.facts.get("home_currency") or "")
        self._is_multicurrency = connection.facts.get("multicurrency") is True
        self._client = Client(connection.company_id, transport)

    def check(self) -> Company:
        """The company by one batch of queries, or by two reads.

        Whether CompanyInfo can be queried within a batch is not certain: where it cannot, its own
        address is read. A company whose plan has no tax lists has no tax codes.
        """
        info, preferences, codes, rates = self._client.ask(
            [
                Select("CompanyInfo", is_single=True),
                Select("Preferences", is_single=True),
                Select("TaxCode", chart.ACTIVE_OR_NOT),
                Select("TaxRate", chart.ACTIVE_OR_NOT),
            ]
        )
        own = f"companyinfo/{self._company_id}"
        (about, at), (switches, _) = (
            (answer.rows[0], answer.at)
            if isinstance(answer, Page) and answer.rows
            else self._client.get(tail, name)
            for answer, tail, name in (
                (info, own, "CompanyInfo"),
                (preferences, "preferences", "Preferences"),
            )
        )
        tax_codes = chart.purchase_rates(*map(self._client.whole, (codes, rates)))
        return parse.company(self._company_id, about, switches, tax_codes, at)

    def chart(
        self, kinds: frozenset[str] | None = None, cursor: Cursor | None = None
    ) -> Iterator[ChartRow | Cursor]:
        return chart.chart(self._client, kinds, cursor)

    def locks(self) -> Locks:
        last = parse.closed_through(self._client.get("preferences", "Preferences")[0])
        if last is None:
            return Locks()
        reason = f"QuickBooks' books are closed through {texts.in_words(last)}"
        return Locks((Closed(None, last, reason),))

    def render(
        self, entry: Entry, marker: Marker, facts: Mapping[str, Any], current: Stored | None = None
    ) -> Payload | Problems:
        return render.render(entry, marker, facts, current)

    def pack(self, op: Op, payloads: Sequence[Payload], epoch: str) -> list[Call]:
        return pack.pack(self._company_id, op, payloads, epoch)

    def post(self, call: Call) -> dict[Marker, Outcome]:
        try:
            response = self._client.send(call.request)
        except AnswerLost as lost:
            return dict.fromkeys(call.members, InDoubt(str(lost)))
        return outcomes.outcomes(call, response, self._web_url, self._home_currency)

    def find(self, sought: Sequence[Sought]) -> dict[Marker, Finding]:
        return lookup.find(self._client, sought, self._stored)

    def twins(self, payloads: Sequence[Payload]) -> dict[Marker, tuple[Stored | Illegible, ...]]:
        return twins.twins(self._client, payloads, self._stored)

    def read(
        self, receipts: Sequence[Receipt]
    ) -> dict[Receipt, Stored | Illegible | Gone | Pending]:
        return lookup.read(self._client, receipts, self._stored)

    def scan(self, first: date, last: date) -> Iterator[Stored | Illegible]:
        return lookup.scan(self._client, first, last, self._stored)

    def differences(self, payload: Payload, stored: Stored) -> tuple[Difference, ...]:
        return differences.differences(payload, stored)

    def cancel(self, stored: Stored, how: Literal["void", "delete"], marker: Marker) -> Payload:
        return pack.cancelling(stored, how, marker)

    def named(self, names: Sequence[str]) -> dict[str, tuple[ChartRow, ...]]:
        return parties.named(self._client, names)

    def create(self, party: NewParty, marker: Marker) -> PartyCall | Problems:
        return parties.create(self._company_id, party, marker, self._is_multicurrency)

    def enter_party(self, call: PartyCall) -> ChartRow | Refused | InDoubt:
        try:
            response = self._client.send(call.request)
        except AnswerLost as lost:
            return InDoubt(str(lost))
        return parties.outcome(call, response)

    def attached(self, sought: Sequence[SoughtFile]) -> dict[Marker, Attached]:
        return attach.attached(self._client, sought)

    def attach(self, file: File, receipt: Receipt, marker: Marker, epoch: str) -> FileCall:
        return attach.attach(self._company_id, file, receipt, marker, epoch)

    def post_file(self, call: FileCall) -> Attached | Refused | InDoubt:
        return attach.post_file(self._client, call)

    def _stored(self, entity: str, raw: Mapping[str, Any]) -> Stored | Illegible:
        return illegible.standing(entity, raw, self._web_url, self._home_currency)
