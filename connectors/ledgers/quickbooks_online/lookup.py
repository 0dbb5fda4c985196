"""Finding documents again: by number and marker, by id, or else by date and marker."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from connectors.contract import exact_json
from connectors.contract.keys import Marker
from connectors.contract.ledger import (
    Absent,
    Finding,
    Found,
    Gone,
    Illegible,
    Pending,
    Receipt,
    Sought,
    Stored,
)
from connectors.ledgers.quickbooks_online import illegible, shape, texts
from connectors.ledgers.quickbooks_online.client import Client, Select, among, quoted, row_key
from connectors.ledgers.quickbooks_online.kinds import ENTITIES, TRANSACTIONS
from connectors.ledgers.quickbooks_online.pack import parts

# One query instead of several in a batch, whose address has a far lower limit. How long a list may
# be is documented nowhere.
IN_LIST = 150

Row = Mapping[str, Any]
Read = Callable[[str, Row], Stored | Illegible]


def find(client: Client, sought: Sequence[Sought], read: Read) -> dict[Marker, Finding]:
    """Each marker Found with its documents, Illegible, or Absent as of the ledger's clock.

    Our number alone is proof: it ends in a part of the marker that nobody has by chance. So a
    document whose memo a person typed over is found, and what is missing in it is a difference.
    QuickBooks compares texts without regard to case, so they are compared again here.
    """
    findings: dict[Marker, Finding] = {
        s.marker: Pending("neither number nor id is known to look it up by")
        for s in sought
        if not (_number(s) or s.receipt)
    }
    known = [s for s in sought if s.marker not in findings]
    if not known:
        return findings
    by_entity, as_of = _collect(client, [*_by_number(known), *_by_id(known)])
    hits = {s.marker: _hits(s, by_entity.get(ENTITIES[s.kind], ())) for s in known}
    # Somebody may have changed the number of a document whose answer we never saw: PrivateNote
    # cannot be asked for, so the documents of its date are read and the marker sought in them.
    # Only what may have been sent is worth that.
    dated = {s.marker: day for s in known if s.sent_at and not hits[s.marker] and (day := _date(s))}
    if dated:
        same_day, _ = _collect(client, _by_date(known, dated))
        for s in known:
            if s.marker in dated:
                rows = same_day.get(ENTITIES[s.kind], ())
                hits[s.marker] = [row for row in rows if _may_carry(row, s.marker)]
    for s in known:
        found = [read(ENTITIES[s.kind], row) for row in hits[s.marker]]
        findings[s.marker] = illegible.together(found) or (
            Found(tuple(found)) if found else Absent(as_of)
        )
    return findings


def read(
    client: Client, receipts: Sequence[Receipt], as_stored: Read
) -> dict[Receipt, Stored | Illegible | Gone]:
    """The documents as they stand; a deleted one is no longer answered to queries.

    A row without an id that can be read may be any of those that are missing: none is called gone.
    """
    selects = list(_ids((ENTITIES[r.kind], r.document_id) for r in receipts))
    if not selects:
        return {}
    by_entity, _ = _collect(client, selects)
    by_id = {(entity, shape.row_id(row)): row for entity, rows in by_entity.items() for row in rows}
    standing: dict[Receipt, Stored | Illegible | Gone] = {}
    for r in receipts:
        entity = ENTITIES[r.kind]
        row = by_id.get((entity, r.document_id)) or by_id.get((entity, ""))
        standing[r] = as_stored(entity, row) if row is not None else Gone()
    return standing


def scan(client: Client, first: date, last: date, as_stored: Read) -> Iterator[Stored | Illegible]:
    """Every bill, purchase, vendor credit and journal entry dated in the span."""
    span = f"TxnDate >= '{first.isoformat()}' AND TxnDate <= '{last.isoformat()}'"
    for entity in TRANSACTIONS:
        for page in client.pages(Select(entity, span)):
            for row in page.rows:
                yield as_stored(entity, row)


def _collect(client: Client, selects: Sequence[Select]):
    found, at = client.rows(selects)
    by_entity: dict[str, dict[str, Row]] = {}
    for select, rows in zip(selects, found, strict=True):
        # The same document may come by its number and by its id.
        by_entity.setdefault(select.entity, {}).update({row_key(row): row for row in rows})
    return {entity: tuple(rows.values()) for entity, rows in by_entity.items()}, at


def _hits(sought: Sought, rows: Iterable[Row]) -> list[Row]:
    document_id, number = sought.receipt.document_id if sought.receipt else "", _number(sought)
    hits = [
        row
        for row in rows
        # The id of a receipt is proof by itself, whatever people did to number and memo.
        if (document_id and shape.row_id(row) == document_id)
        or (number and row.get("DocNumber") == number)
        # It came because its number is one of those asked for, and nobody can read which.
        or (not shape.is_text(row.get("DocNumber")) and _may_carry(row, sought.marker))
    ]
    # One without an id that can be read may be the one asked for by its id.
    return hits or [row for row in rows if document_id and not shape.row_id(row)]


def _may_carry(row: Row, marker: Marker) -> bool:
    """Our marker stands in the document, or a memo that cannot be read may hold it."""
    return texts.carries(row, marker) or not shape.is_text(row.get("PrivateNote"))


def _by_number(sought: Sequence[Sought]) -> Iterator[Select]:
    for entity in TRANSACTIONS:
        numbers = {_number(s): None for s in sought if ENTITIES[s.kind] == entity and _number(s)}
        for part in parts(list(numbers), IN_LIST):
            yield Select(entity, among("DocNumber", part))


def _by_id(sought: Sequence[Sought]) -> Iterator[Select]:
    return _ids((ENTITIES[s.kind], s.receipt.document_id) for s in sought if s.receipt)


def _ids(wanted: Iterable[tuple[str, str]]) -> Iterator[Select]:
    pairs = list(dict.fromkeys(wanted))
    for entity in TRANSACTIONS:
        for part in parts([document_id for name, document_id in pairs if name == entity], IN_LIST):
            yield Select(entity, among("Id", part))


def _by_date(sought: Sequence[Sought], dated: Mapping[Marker, str]) -> list[Select]:
    wanted = {(ENTITIES[s.kind], dated[s.marker]): None for s in sought if s.marker in dated}
    return [Select(entity, f"TxnDate = {quoted(day)}") for entity, day in wanted]


def _number(sought: Sought) -> str:
    from_receipt = sought.receipt.number if sought.receipt else ""
    return (sought.payload.number if sought.payload else "") or from_receipt


def _date(sought: Sought) -> str:
    body = exact_json.loads(sought.payload.body) if sought.payload else {}
    return str(body.get("TxnDate") or "")
