"""JSON without floats in one canonical spelling: what is hashed, stored, sent is the same text."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache
from json.encoder import encode_basestring as _quoted
from typing import Any

from connectors.contract.money import InexactNumber

# `dumps` writes exponents out: 1e999999999, eleven characters, would become a gigabyte.
_MOST_DIGITS = 1000


def loads(text: str | bytes) -> Any:
    """Parse JSON with every fraction as Decimal. NaN, Infinity and numbers of a thousand digits
    are refused.

    Raises ValueError (json.JSONDecodeError is one) for anything that is not JSON.
    """
    try:
        return json.loads(text, parse_float=_fraction, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply to be read") from None


def dumps(value: Any) -> str:
    """The canonical text of `value`: sorted keys, no spaces, Decimals as plain JSON numbers.

    Takes mappings with text keys, lists, tuples, str, int, bool, None, Decimal, date, datetime
    (ISO text), enums (their value) and dataclasses (as dicts). Floats, and Decimals that are not
    finite, raise InexactNumber; anything else TypeError.
    """
    return _text(value)


def plain(value: Any) -> Any:
    """`value` as JSON columns take it: amounts as text, so that no reader makes floats of them.

    Takes what `dumps` takes, sets too (sorted), and refuses the same. Keys become texts.
    """
    if type(value) in _AS_THEY_ARE:
        return value
    match value:
        case Enum():
            return plain(value.value)
        case bool() | int() | str():
            return value
        case Decimal():
            return _digits(value)
        case date():
            return value.isoformat()
        case Mapping():
            return {str(plain(key)): plain(member) for key, member in value.items()}
        case list() | tuple():
            return [plain(member) for member in value]
        case set() | frozenset():
            return sorted(plain(member) for member in value)
        case float():
            raise InexactNumber(f"{value!r} is a float; amounts are Decimals")
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(getattr(value, name)) for name in _field_names(type(value))}
    raise TypeError(f"{type(value).__name__} has no place in JSON: {value!r}")


def _text(value: Any) -> str:
    # By exact type first: nearly everything is one of these, and a report has hundreds.
    if write := _WRITERS.get(type(value)):
        return write(value)
    match value:
        case Enum():
            return _text(value.value)
        case bool() | int() | str():
            return json.dumps(value, ensure_ascii=False)
        case Decimal():
            return _digits(value)
        case date():
            return json.dumps(value.isoformat())
        case Mapping():
            return _object(value)
        case list() | tuple():
            return _array(value)
        case float():
            raise InexactNumber(f"{value!r} is a float; amounts are Decimals")
    if is_dataclass(value) and not isinstance(value, type):
        return _object({name: getattr(value, name) for name in _field_names(type(value))})
    raise TypeError(f"{type(value).__name__} has no place in JSON: {value!r}")


def _object(value: Mapping[str, Any]) -> str:
    if strangers := [key for key in value if not isinstance(key, str)]:
        raise TypeError(f"JSON has text keys only, not {strangers[0]!r}")
    members = (f"{_quoted(str(key))}:{_text(value[key])}" for key in sorted(value))
    return "{" + ",".join(members) + "}"


def _array(value: list | tuple) -> str:
    return "[" + ",".join(map(_text, value)) + "]"


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def _digits(number: Decimal) -> str:
    if not number.is_finite():
        raise InexactNumber(f"{number!r} is not a finite number")
    # JSON reads -0 as the integer 0: with its sign the text would not survive being read.
    return format(number if number else number.copy_abs(), "f")


def _fraction(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError("an exponent is beyond every number that a ledger can hold") from None
    if abs(number.adjusted()) > _MOST_DIGITS:
        raise ValueError(f"{number} is not a number that a ledger can hold")
    return number


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number that a ledger can hold")


_AS_THEY_ARE = frozenset((type(None), bool, int, str))
_WRITERS = {
    str: _quoted,
    int: str,
    bool: {True: "true", False: "false"}.get,
    type(None): lambda _: "null",
    Decimal: _digits,
    dict: _object,
    list: _array,
    tuple: _array,
}
