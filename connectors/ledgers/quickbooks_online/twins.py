"""Documents of other people that look like one we are about to post: same payee, date, total."""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from connectors.contract import exact_json
from connectors.contract.entry import Kind
from connectors.contract.keys import Marker
from connectors.contract.ledger import Payload, Stored
from connectors.ledgers.quickbooks_online.client import Client, Select, quoted
from connectors.ledgers.quickbooks_online.differences import total_sent
from connectors.ledgers.quickbooks_online.kinds import ENTITIES
from connectors.ledgers.quickbooks_online.parse import amount, reference

# Entities whose TotalAmt can be asked for; the others have no query that is narrow enough.
_ASKED = ("Bill", "Purchase")
_OURS = re.compile(r"mlc:[A-Z2-7]{10}")
_PAYEES = {"Bill": "VendorRef", "Purchase": "EntityRef"}

Place = tuple[str, str, str, Decimal]


def twins(
    client: Client,
    payloads: Sequence[Payload],
    as_stored: Callable[[str, Mapping[str, Any]], Stored],
) -> dict[Marker, tuple[Stored, ...]]:
    """Per payload the documents without any marker of ours that have its payee, date and total.

    One query per kind; payloads without a payee have none.
    """
    places = {payload.marker: _place(payload) for payload in payloads}
    found: dict[Place, list[Stored]] = {}
    for entity in _ASKED:
        wanted = sorted({place for place in places.values() if place and place[0] == entity})
        if not wanted:
            continue
        rows, _ = client.rows([_select(entity, wanted)])
        for row in rows[0]:
            if not _OURS.search(str(row.get("PrivateNote") or "")):
                found.setdefault(_where(entity, row), []).append(as_stored(entity, row))
    return {
        marker: tuple(found[place])
        for marker, place in places.items()
        if place is not None and place in found
    }


def _select(entity: str, wanted: Sequence[Place]) -> Select:
    days = sorted(day for _, day, _, _ in wanted)
    totals = ", ".join(sorted({f"{total:f}" for *_, total in wanted}))
    span = f"TxnDate >= {quoted(days[0])} AND TxnDate <= {quoted(days[-1])}"
    return Select(entity, f"{span} AND TotalAmt IN ({totals})")


def _place(payload: Payload) -> Place | None:
    entity = ENTITIES[payload.kind]
    if entity not in _ASKED or payload.kind is Kind.CARD_CREDIT:
        return None
    body = exact_json.loads(payload.body)
    payee = reference(body, _PAYEES[entity])
    if not payee:
        return None
    return entity, str(body.get("TxnDate") or ""), payee, total_sent(body).normalize()


def _where(entity: str, row: Mapping[str, Any]) -> Place:
    return (
        entity,
        str(row.get("TxnDate") or ""),
        reference(row, _PAYEES[entity]),
        amount(row.get("TotalAmt")).normalize(),
    )
