"""Read, merge, write: a full update that changes our fields and keeps everybody else's.

QuickBooks' updates overwrite the whole transaction: a field left out becomes empty, a line left
out is deleted. So what people added must be sent back with what we change.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.contract.entry import Entry
from connectors.contract.ledger import Stored
from connectors.contract.problem import Problem, Problems
from connectors.ledgers.quickbooks_online import shape
from connectors.ledgers.quickbooks_online.kinds import ENTITIES, WORDS, detail_name

# Written by QuickBooks only. What is called PurchaseEx and the like is internal: not to be sent.
_READ_ONLY = frozenset(
    "Balance HomeBalance HomeTotalAmt LinkedTxn MetaData TotalAmt domain sparse status time".split()
)
_INTERNAL = re.compile(r".+[a-z]Ex$")
_LINE_READ_ONLY = frozenset({"LinkedTxn", "LineNum"})

# Ours, whether the entry has them or not: what it no longer has must vanish from the document.
# ExchangeRate, DueDate and APAccountRef stay as stored where the entry says nothing.
_OURS = frozenset(
    """AccountRef Credit DepartmentRef DocNumber EntityRef GlobalTaxCalculation Line PaymentType
    PrivateNote TxnDate TxnTaxDetail VendorRef""".split()
)
_OURS_IN_DETAIL = frozenset(
    """AccountRef BillableStatus ClassRef CustomerRef DepartmentRef Entity PostingType TaxAmount
    TaxApplicableOn TaxCodeRef TaxInclusiveAmt""".split()
)


def problems(entry: Entry, current: Stored) -> Problems:
    """What in the stored document forbids to overwrite it with the entry."""
    entity, word = ENTITIES[entry.kind], WORDS[entry.kind]
    found = []
    if current.kind is not entry.kind:
        found.append(
            Problem(
                "qbo.amend_kind",
                "kind",
                f"{WORDS[current.kind].capitalize()} {current.number} would now be a {word}. It "
                "was left as it is.",
                "Cancel it and post the new document.",
            )
        )
    for place, line in enumerate(current.raw.get("Line") or ()):
        detail = line.get(detail_name(entity)) or {}
        if detail.get("BillableStatus") == "HasBeenBilled":
            found.append(
                Problem(
                    "qbo.amend_billed",
                    f"lines[{place}]",
                    f"Line {place + 1} of {word} {current.number} has been billed to a customer. "
                    "The document was left as it is.",
                    "Correct the customer's invoice first, or leave it.",
                )
            )
        elif _is_foreign(line, entity) and _number(line.get("Amount")):
            found.append(
                Problem(
                    "qbo.amend_foreign_line",
                    f"lines[{place}]",
                    f"Line {place + 1} of {word} {current.number} ({line.get('Amount')}) was "
                    "entered by a person in a form that we do not write. The document was left as "
                    "it is.",
                    "Remove that line in QuickBooks, or leave the document.",
                )
            )
    return tuple(found)


def merged(ours: Mapping[str, Any], current: Stored) -> dict[str, Any]:
    """The full update: ours over `current.raw`, with the version that was read."""
    entity, raw = ENTITIES[current.kind], _with_numbers(current.raw)
    theirs = {k: v for k, v in raw.items() if k not in _READ_ONLY | _OURS}
    body = {k: v for k, v in theirs.items() if not _INTERNAL.match(k)} | dict(ours)
    if "DueDate" in body and "DueDate" not in ours and body["DueDate"] < str(ours["TxnDate"]):
        # The vendor's terms gave the old one; for the new date QuickBooks computes it afresh.
        del body["DueDate"]
    is_moved = str(ours["TxnDate"]) != raw.get("TxnDate")
    if "ExchangeRate" not in ours and (
        is_moved or ours["CurrencyRef"]["value"] != current.currency
    ):
        # QuickBooks' rate of another day or currency: it takes its own for the new one.
        body.pop("ExchangeRate", None)
    body["Line"] = _merged_lines(ours["Line"], raw.get("Line") or [], entity)
    return body | {"Id": current.id, "SyncToken": current.version}


def _merged_lines(ours: list[dict], stored: list[dict], entity: str) -> list[dict]:
    """Our lines on the stored ones of the same expense; comments of people stay where they were."""
    name = detail_name(entity)
    own = [line for line in stored if not _is_foreign(line, entity)]
    pairs = _pairs(ours, own, name)
    lines = []
    for place, line in enumerate(ours):
        old = own[pairs[place]] if place in pairs else {}
        kept = {k: v for k, v in old.items() if k not in _LINE_READ_ONLY and k != "Description"}
        detail = {k: v for k, v in (old.get(name) or {}).items() if k not in _OURS_IN_DETAIL}
        lines.append(kept | line | {name: detail | line[name]})
    comments = [
        (place, {k: v for k, v in line.items() if k not in _LINE_READ_ONLY})
        for place, line in enumerate(stored)
        if _is_foreign(line, entity)
    ]
    for place, line in comments:
        lines.insert(place, line)
    return lines


def _pairs(ours: list[dict], stored: list[dict], name: str) -> dict[int, int]:
    """Which stored line each of ours was before, each used once.

    Lines carry no id of the expense, so likeness decides: same text, account and amount first,
    then the same text, then the same account and amount.
    """
    likenesses = (
        lambda line: (_text(line), _account(line, name), _number(line.get("Amount"))),
        _text,
        lambda line: (_account(line, name), _number(line.get("Amount"))),
    )
    pairs: dict[int, int] = {}
    for likeness in likenesses:
        for place, line in enumerate(ours):
            if place in pairs or not any(likeness(line) or ()):
                continue
            same = (
                old
                for old, candidate in enumerate(stored)
                if old not in pairs.values() and likeness(candidate) == likeness(line)
            )
            if (old := next(same, None)) is not None:
                pairs[place] = old
    return pairs


def _text(line: Mapping[str, Any]) -> str:
    return str(line.get("Description") or "").strip()


def _account(line: Mapping[str, Any], name: str) -> str:
    return str(((line.get(name) or {}).get("AccountRef") or {}).get("value") or "")


def _is_foreign(line: Mapping[str, Any], entity: str) -> bool:
    return line.get("DetailType") != detail_name(entity)


def _number(amount: Any) -> Decimal:
    return Decimal(str(amount or 0))


def _with_numbers(value: Any, name: str = "") -> Any:
    match value:
        case Mapping():
            return {key: _with_numbers(member, key) for key, member in value.items()}
        case list() | tuple():
            return [_with_numbers(member) for member in value]
        case str() if value and name in shape.NUMBERS and shape.fits(name, value):
            return Decimal(value)
    return value
