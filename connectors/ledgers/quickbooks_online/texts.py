"""Numbers and notes of our documents: what is cut, what never is, and where the marker is."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.contract import keys
from connectors.contract.entry import Entry, Kind, Role
from connectors.contract.keys import Marker
from connectors.contract.ledger import Cut
from connectors.ledgers.quickbooks_online.abilities import MARKER_ROOM, TEXT_LENGTH

# Characters that no XML document can hold; QuickBooks answers them with fault 2040.
_UNSUPPORTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_LINK = " | receipt: "
_LASTING_ADDRESS = re.compile(r"https?://[^\s?#@]+")
_LINK_AT_END = re.compile(r"( \| |^\| )receipt: https?://\S+\s*$")
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


def spot(entry: Entry, place: int, amount: Decimal | None = None) -> str:
    """A line in the words of a person: `Line 3 (Taxi, 18.40 EUR)`. Tax stands on no line of its own
    in QuickBooks, so it has no number. `amount`: another than the line's, such as the gross one."""
    line = entry.lines[place]
    shown = line.amount if amount is None else amount
    text = line.text.strip().splitlines()[0][:40].strip() if line.text.strip() else ""
    return (
        f"Line {line_number(entry, place)} ({text or line.account.label}, {shown} {entry.currency})"
    )


def line_number(entry: Entry, place: int) -> int:
    """The number of a line as QuickBooks counts them, from 1; tax has that of the line above it."""
    return sum(one.role is not Role.TAX for one in entry.lines[: place + 1])


def note(
    memo: str, marker: Marker, around: tuple[str, str] = ("", "")
) -> tuple[str, tuple[Cut, ...]]:
    """The PrivateNote: the memo for people, cut where it must be, and the whole marker, in a line.

    `around` is what people wrote before and behind ours: it is never cut, ours makes room for it.
    """
    before, after = around
    room = TEXT_LENGTH - MARKER_ROOM - _units(before) - _units(after)
    text, cuts = fitted("memo", " ".join(memo.splitlines()), room)
    return f"{before}{f'{text} {marker_text(marker)}'.lstrip()}{after}", cuts


def written_around(raw: Mapping[str, Any], marker: Marker) -> tuple[str, str]:
    """What people added to the stored memo: the lines above the one that ends in our marker, and
    all that follows it. Their words within our own line are a difference and never get here."""
    before, found, after = str(raw.get("PrivateNote") or "").partition(marker_text(marker))
    if not found:
        return "", ""
    return before[: before.rfind("\n") + 1], after


def keeps(stored: Any, sent: str) -> bool:
    """True when the memo we sent stands in the stored one as it was, on a line of its own; people
    may write above and behind it. Blanks are of no account: storing may change them."""
    ours, theirs = _words(sent), _words(stored)
    return f"\n{theirs}".find(f"\n{ours}") >= 0


def _words(text: Any) -> str:
    lines = re.split(r"[\r\n]+", str(text or ""))
    return "\n".join(" ".join(line.split()) for line in lines).strip()


def fitted(field: str, text: str, length: int = TEXT_LENGTH) -> tuple[str, tuple[Cut, ...]]:
    """`text` without unsupported characters and within `length`, and the record of what it lost.

    Lengths are counted as QuickBooks' servers count them: a character beyond U+FFFF is two.
    """
    after = _UNSUPPORTED.sub("", text) if length > 0 else ""
    if after and _units(after) > length:
        after = f"{_first(after, length - 1)}…"
    return after, () if after == text else (Cut(field, text, after),)


def with_link(text: str, address: str) -> str:
    """A line's description with the link to its receipt behind it, where there is room for both.

    Only addresses that stay as they are: a signed one is over soon, and another one each time.
    """
    if not _LASTING_ADDRESS.fullmatch(address):
        return text
    linked = f"{text}{_LINK}{address}".lstrip()
    return linked if _units(linked) <= TEXT_LENGTH else text


def without_link(text: str) -> str:
    """A description without the receipt's link, which says nothing about the books."""
    return _LINK_AT_END.sub("", text)


def in_words(day: date) -> str:
    """A date as people write it in any of their orders: 20 Oct 2026."""
    return f"{day.day} {day:%b %Y}"


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _first(text: str, units: int) -> str:
    """The beginning of `text` within so many units; no character is halved."""
    return text.encode("utf-16-le")[: 2 * units].decode("utf-16-le", "ignore")
