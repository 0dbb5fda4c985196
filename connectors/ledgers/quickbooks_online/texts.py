"""Numbers and notes of our documents: what is cut, what never is, and where the marker is."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from connectors.contract import keys
from connectors.contract.entry import Entry, Kind, Role
from connectors.contract.keys import Marker
from connectors.contract.ledger import Cut
from connectors.ledgers.quickbooks_online.abilities import MARKER_ROOM, TEXT_LENGTH

# Characters that no XML document can hold; QuickBooks answers them with fault 2040.
_UNSUPPORTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_CARD_SLICE = re.compile(r"card:(?P<transaction>[^/]+)")


def marker_text(marker: Marker) -> str:
    """What stands in PrivateNote. Compared case-sensitively, unlike QuickBooks' own queries."""
    return f"mlc:{marker.k(10)}"


def carries(raw: Mapping[str, Any], marker: Marker) -> bool:
    """True when the stored transaction still holds our marker, whatever people wrote around it."""
    text = raw.get("PrivateNote")
    return isinstance(text, str) and marker_text(marker) in text


def number(entry: Entry, marker: Marker) -> str:
    """DocNumber, at most 21 characters, never cut: the same slice always gets the same one."""
    if entry.kind not in (Kind.EXPENSE, Kind.CARD_CREDIT):
        return f"{keys.fitting_id(entry.report_id, 12)}-{marker.k(8)}"
    transaction = _transaction_id(entry)
    if transaction.isascii() and transaction.isdigit():
        transaction = keys.base36(transaction)
    return f"{keys.fitting_id(transaction, 13)}-{marker.k(7)}"


def _transaction_id(entry: Entry) -> str:
    if named := _CARD_SLICE.match(entry.slice_name):
        return named["transaction"]
    first = next((line for line in entry.role(Role.EXPENSE) if line.transaction_id), None)
    return first.transaction_id if first else entry.report_id


def note(memo: str, marker: Marker) -> tuple[str, tuple[Cut, ...]]:
    """The PrivateNote: the memo for people, cut where it must be, and the whole marker."""
    text, cuts = fitted("memo", memo, TEXT_LENGTH - MARKER_ROOM)
    return f"{text} {marker_text(marker)}".lstrip(), cuts


def fitted(field: str, text: str, length: int = TEXT_LENGTH) -> tuple[str, tuple[Cut, ...]]:
    """`text` without unsupported characters and within `length`, and the record of what it lost.

    Lengths are counted as QuickBooks' servers count them: a character beyond U+FFFF is two.
    """
    after = _UNSUPPORTED.sub("", text)
    if _units(after) > length:
        after = after[: length - 1]
        while _units(after) > length - 1:
            after = after[:-1]
        after += "…"
    return after, () if after == text else (Cut(field, text, after),)


def in_words(day: date) -> str:
    """A date as people write it in any of their orders: 20 Oct 2026."""
    return f"{day.day} {day:%b %Y}"


def _units(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)
