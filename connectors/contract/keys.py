"""Names that are made, not given: the same report always finds the same document again."""

import hashlib
import re
from base64 import b32encode
from dataclasses import dataclass

_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
_PART = re.compile(r"/part-\d+$")
# Not \d and isdigit(), which know other scripts' digits and powers as well.
_DECIMAL = re.compile(r"[0-9]+")
_ONE_SPELLING = re.compile(r"0|[1-9][0-9]*")
_SHORTEST_HASH = 8


@dataclass(frozen=True, slots=True, order=True)
class Marker:
    """K of one document: 52 characters of base32 (A-Z, 2-7). Compare case-sensitively."""

    key: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Z2-7]{52}", self.key):
            raise ValueError(f"{self.key!r} is not a marker")

    def k(self, length: int) -> str:
        """Its first `length` characters, as far as the document's field has room."""
        if length < 1:
            raise ValueError(f"a marker of {length} characters would be found everywhere")
        return self.key[:length]

    def __str__(self) -> str:
        return self.key


def marker(company: str, report_id: str, slice_name: str, generation: int) -> Marker:
    """K = base32(sha256(connection, report id, slice, generation)). Never of the revision.

    `company` is the connection's name in the world (`quickbooks_online:<realm>`), not a row number
    of ours, so that a database that was restored, or set up anew, finds what it posted before.
    """
    if generation < 1 or not (company and report_id and slice_name):
        raise ValueError("a marker needs company, report, slice and a generation from 1")
    parts = (company, report_id, slice_name, str(generation))
    # Lengths go in too: without them ("ab", "c") and ("a", "bc") would share a name.
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return Marker(b32encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("="))


def file_marker(document: Marker, transaction_id: str, receipt_id: str) -> Marker:
    """K of one receipt on one document: another receipt of the same expense is another file."""
    if not transaction_id:
        raise ValueError("a receipt belongs to an expense, and this one has no id")
    return marker(document.key, transaction_id, receipt_id or "-", 1)


def card_slice(transaction_id: str) -> str:
    """The slice of one card transaction. Blank ids are refused: they would all be one document."""
    if not transaction_id:
        raise ValueError("a card transaction without an id cannot have a slice of its own")
    return f"card:{transaction_id}"


def part_slice(slice_name: str, number: int) -> str:
    """The name of part `number` (from 1) of a slice too large for one document."""
    if _PART.search(slice_name) or number < 1:
        raise ValueError(f"{slice_name!r} cannot be divided into part {number}")
    return f"{slice_name}/part-{number}"


def whole_slice(name: str) -> str:
    """The slice that a part belongs to; the name itself where it is not divided."""
    return _PART.sub("", name)


def base36(number: str | int) -> str:
    """A decimal id in base 36: 19 digits become at most 13 characters."""
    if not _DECIMAL.fullmatch(str(number)):
        raise ValueError(f"{number!r}: only ids of decimal digits can be written in base 36")
    number = int(number)
    digits = ""
    while True:
        number, digit = divmod(number, 36)
        digits = _BASE36[digit] + digits
        if not number:
            return digits


def fitting_id(vendor_id: str, length: int) -> str:
    """`vendor_id` within `length` characters: as it is, else in base 36, else a hash; never cut.

    Base 36 only for ids with one spelling: 007 and 07 are two ids and one number. Raises
    ValueError where there is no room for a hash of 8 characters, too few to tell ids apart.
    """
    if len(vendor_id) <= length:
        return vendor_id
    if _ONE_SPELLING.fullmatch(vendor_id) and len(short := base36(vendor_id)) <= length:
        return short
    if length < _SHORTEST_HASH:
        raise ValueError(f"{vendor_id!r} cannot be told from others in {length} characters")
    digest = b32encode(hashlib.sha256(vendor_id.encode()).digest()).decode().rstrip("=")
    return digest[:length]


def content_hash(canonical: str | bytes) -> str:
    """Hex SHA-256 of a canonical text: the name of a revision, a payload, an event."""
    text = canonical.encode() if isinstance(canonical, str) else canonical
    return hashlib.sha256(text).hexdigest()


def request_id(body: bytes, epoch: str, length: int) -> str:
    """A request id from the exact bytes and `epoch`: same bytes, same id; a new try of a new call
    (after the resend window) passes a new epoch."""
    return hashlib.sha256(epoch.encode() + b"\x00" + body).hexdigest()[:length]
