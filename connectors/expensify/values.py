"""Reads single members of Expensify's JSON: every odd one is refused by name, none is guessed."""

import dataclasses
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from html.entities import html5
from typing import Any

from connectors.contract.money import is_whole, minor_units, rounded

# Nothing that a person can file is larger; a number with a huge exponent would stall the sums.
_MAX_CENTS = 10**15

_ENTITY = re.compile(r"&(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_DAY = re.compile(r"\d{4}-\d\d-\d\d|\d{8}", re.ASCII)
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:?\d\d)?", re.ASCII
)
_RATIO = re.compile(r"-?\d{1,12}(?:\.\d{1,20})?(?:E-?\d{1,2})?", re.ASCII)


@dataclasses.dataclass(frozen=True, slots=True)
class Conventions:
    """What Expensify does not say in its files, and nobody has written down for certain.

    zone    in which it prints times (they carry none); expense dates have no zone at all
    scale   decimals that its whole numbers carry: 2 means 1234 is 12.34
    scales  currencies in which that is different, such as {"JPY": 0}
    """

    zone: tzinfo = UTC
    scale: int = 2
    scales: Mapping[str, int] = dataclasses.field(default_factory=dict)

    def scale_of(self, currency: str) -> int:
        return self.scales.get(currency, self.scale)


STANDARD = Conventions()


class Misfit(ValueError):
    """A member that cannot be taken as it is: its code (see codes.py), its place, what is wrong."""

    def __init__(self, code: str, field: str, complaint: str) -> None:
        super().__init__(f"{field}: {complaint}")
        self.code, self.field, self.complaint = code, field, complaint


def rows(value: Any, field: str) -> list[Mapping[str, Any]]:
    """A list of JSON objects; a missing or blank one is empty."""
    if value is None or value == "":
        return []
    if isinstance(value, list) and all(isinstance(member, dict) for member in value):
        return value
    raise Misfit("expensify.shape.unknown", field, "is not a list of JSON objects")


def record(value: Any, field: str) -> Mapping[str, Any]:
    """A JSON object; a missing or blank one is empty."""
    if value is None or value == "":
        return {}
    if isinstance(value, dict):
        return value
    raise Misfit("expensify.shape.unknown", field, "is not a JSON object")


def text(value: Any, field: str) -> str:
    """Text as it stands; "" for a missing one. Numbers become their digits.

    NUL and halves of surrogate pairs, which no database or UTF-8 file takes, are replaced.
    """
    match value:
        case None:
            return ""
        case str():
            return _storable(value)
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Decimal() if abs(value.adjusted()) < 40:
            return format(value, "f")
    raise Misfit("expensify.shape.unknown", field, "is not a text")


def _storable(value: str) -> str:
    if value.isascii():
        return value.replace("\x00", "\ufffd")
    pairs_joined = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return pairs_joined.replace("\x00", "\ufffd")


def identifier(value: Any, field: str) -> str:
    """An id as text, "" for a missing one; Expensify's 0 stands for none as well."""
    found = text(value, field).strip()
    return "" if found == "0" else found


def words(value: Any, field: str) -> str:
    """Text that people wrote, with HTML entities turned back into the characters they stand for."""
    return unescaped(text(value, field))


def name(value: Any, field: str) -> str:
    """Words by which something is looked up again: no blanks around them."""
    return words(value, field).strip()


def unescaped(escaped: str) -> str:
    """Each entity that is really there, replaced once: `&amp;lt;` is `&lt;`, `R&D` and `&copy=1`
    stay. Expensify's own stock template does the same to what it gets."""
    return _ENTITY.sub(_character, escaped) if "&" in escaped else escaped


def _character(entity: re.Match) -> str:
    inner = entity[1]
    if not inner.startswith("#"):
        return html5.get(inner + ";", entity[0])
    point = int(inner[2:], 16) if inner[1] in "xX" else int(inner[1:])
    is_text = point in (9, 10, 13) or (point >= 32 and not 127 <= point < 160)
    if not is_text or 0xD800 <= point < 0xE000 or point > 0x10FFFF:
        return entity[0]
    return chr(point)


def currency(value: Any, field: str) -> str:
    code = text(value, field).strip().upper()
    if re.fullmatch(r"[A-Z]{3}", code):
        return code
    complaint = f"{code[:20]!r} is no currency code such as USD" if code else "is blank"
    raise Misfit("expensify.currency.unreadable", field, complaint)


def amount(value: Any, field: str, code: str, scale: int) -> Decimal | None:
    """`value`, an integer of 10**-scale units of the currency `code`, at the currency's decimals.

    None for a blank; 0 is an amount. Fractions of a cent, and results with more decimals than the
    currency has (a yen amount that is no multiple of 100), are refused: which digit is wrong
    cannot be told from here.
    """
    if value is None or value == "":
        return None
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    if not is_number or abs(value) >= _MAX_CENTS or value != int(value):
        shown = str(value)[:30]
        raise Misfit("expensify.amount.unreadable", field, f"{shown!r} is not a count of cents")
    result = Decimal(int(value)).scaleb(-scale)
    if not is_whole(result, code):
        decimals = minor_units(code)
        raise Misfit(
            "expensify.amount.decimals",
            field,
            f"{result} {code} has more decimals than {code} is written with ({decimals})",
        )
    return rounded(result, code)


def required(amount: Decimal | None, field: str) -> Decimal:
    if amount is None:
        raise Misfit("expensify.amount.missing", field, "is blank")
    return amount


def day(value: Any, field: str) -> date | None:
    """A calendar date as written, never shifted; of a date with a time only the date counts."""
    written = text(value, field).strip()
    if not written:
        return None
    try:
        if _DAY.fullmatch(written):
            return date.fromisoformat(written)
        if _MOMENT.fullmatch(written):
            return datetime.fromisoformat(written).date()
    except ValueError:
        pass  # the right form with a 13th month: refused below like every other wrong date
    raise _no_date(written, field)


def moment(value: Any, field: str, zone: tzinfo) -> datetime | None:
    """A date and time that Expensify prints without a zone, read in `zone`, as UTC.

    A date alone stands for its noon: at midnight, most of the world's zones would see it as the
    day before or after.
    """
    written = text(value, field).strip()
    if not written:
        return None
    try:
        if _MOMENT.fullmatch(written):
            read = datetime.fromisoformat(written)
        elif _DAY.fullmatch(written):
            read = datetime.combine(date.fromisoformat(written), time(12))
        else:
            raise _no_date(written, field)
        return (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)
    except Misfit:
        raise
    except (ValueError, OverflowError):
        raise _no_date(written, field) from None


def _no_date(written: str, field: str) -> Misfit:
    return Misfit("expensify.date.unreadable", field, f"{written[:30]!r} is not a date")


def flag(value: Any, field: str) -> bool | None:
    """Yes, no, or None for a blank. Anything else is refused."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return value
    raise Misfit("expensify.shape.unknown", field, f"{str(value)[:30]!r} is neither yes nor no")


def ratio(value: Any, field: str) -> Decimal | None:
    """A rate or percentage that comes as text, with or without `%`; None for a blank."""
    written = text(value, field).strip().removesuffix("%").strip()
    if not written:
        return None
    if not _RATIO.fullmatch(written):
        raise Misfit("expensify.number.unreadable", field, f"{written[:30]!r} is not a number")
    return Decimal(written)
