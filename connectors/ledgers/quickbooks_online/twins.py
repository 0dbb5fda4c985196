"""Documents of other people that look like one we are about to post: same payee, date, total."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connectors.contract import exact_json
from connectors.contract.entry import Kind
from connectors.contract.keys import Marker
from connectors.contract.ledger import Illegible, Payload, Stored
from connectors.ledgers.quickbooks_online import shape, texts
from connectors.ledgers.quickbooks_online.client import Client, Select, quoted
from connectors.ledgers.quickbooks_online.differences import total_sent
from connectors.ledgers.quickbooks_online.kinds import ENTITIES
from connectors.ledgers.quickbooks_online.parse import amount, reference

# Entities whose TotalAmt can be asked for; the others have no query that is narrow enough.
_ASKED = ("Bill", "Purchase")
_OURS = re.compile(r"mlc:[A-Z2-7]{10}")
_PAYEES = {"Bill": "VendorRef", "Purchase": "EntityRef"}

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Looks:
    """What a look-alike is known by; None for what cannot be read of a stored one."""

    payee: str | None
    day: str | None
    total: Decimal | None
    number: str | None

    def may_be(self, other: "Looks") -> bool:
        """Nothing that can be read of `self` differs from `other`, and something tells them alike.

        Payee, date and total must agree as far as they can be read. Where the payee cannot be
        read, the number must be the same: a date and a total alone are nobody's in particular.
        """
        pairs = ((self.payee, other.payee), (self.day, other.day), (self.total, other.total))
        is_known = self.payee is not None or self.number == other.number
        return is_known and all(mine in (None, theirs) for mine, theirs in pairs)


def twins(
    client: Client,
    payloads: Sequence[Payload],
    as_stored: Callable[[str, Row], Stored | Illegible],
) -> dict[Marker, tuple[Stored | Illegible, ...]]:
    """Per payload the documents without a marker of another of ours that look like it.

    Its own marker counts: such a document lost its number to a person, so no look-up by number saw
    it. One query per kind; payloads without a payee have none.
    """
    found: dict[Marker, tuple[Stored | Illegible, ...]] = {}
    for entity in _ASKED:
        asked = (p for p in payloads if p.kind is not Kind.CARD_CREDIT)
        sent = {p.marker: _sent(p) for p in asked if ENTITIES[p.kind] == entity}
        wanted = {marker: looks for marker, looks in sent.items() if looks.payee}
        if not wanted:
            continue
        rows, _ = client.rows([_select(entity, list(wanted.values()))])
        stands = [(_stored(entity, row), row) for row in rows[0]]
        for marker, looks in wanted.items():
            alike = tuple(
                as_stored(entity, row)
                for one, row in stands
                if one.may_be(looks) and _is_free(row, marker)
            )
            if alike:
                found[marker] = alike
    return found


def _select(entity: str, wanted: Sequence[Looks]) -> Select:
    days = sorted(str(looks.day) for looks in wanted)
    totals = ", ".join(sorted({f"{looks.total:f}" for looks in wanted}))
    span = f"TxnDate >= {quoted(days[0])} AND TxnDate <= {quoted(days[-1])}"
    return Select(entity, f"{span} AND TotalAmt IN ({totals})")


def _sent(payload: Payload) -> Looks:
    body = exact_json.loads(payload.body)
    return Looks(
        reference(body, _PAYEES[ENTITIES[payload.kind]]),
        str(body.get("TxnDate") or ""),
        total_sent(body),
        payload.number,
    )


def _stored(entity: str, row: Row) -> Looks:
    """Date and total were asked for: where they are missing nobody can say that they differ."""
    payee = _PAYEES[entity]
    day, total, number = (row.get(name) for name in ("TxnDate", "TotalAmt", "DocNumber"))
    return Looks(
        reference(row, payee) if shape.fits(payee, row.get(payee)) else None,
        day if day and shape.fits("TxnDate", day) else None,
        amount(total) if total is not None and shape.fits("TotalAmt", total) else None,
        number if isinstance(number, str) else None,
    )


def _is_free(row: Row, marker: Marker) -> bool:
    """No other document of ours: two equal reports are two bills."""
    note = row.get("PrivateNote")
    return texts.carries(row, marker) or not (isinstance(note, str) and _OURS.search(note))
