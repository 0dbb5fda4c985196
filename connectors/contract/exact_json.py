"""JSON without floats, in one canonical spelling: what is hashed, stored and sent is the same text."""

import json
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from connectors.contract.money import InexactNumber


def loads(text: str | bytes) -> Any:
    """Parse JSON with every fraction as Decimal. NaN and Infinity are refused.

    Raises ValueError (json.JSONDecodeError is one) for anything that is not JSON.
    """
    return json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)


def dumps(value: Any) -> str:
    """The canonical text of `value`: sorted keys, no spaces, Decimals as plain JSON numbers.

    Takes dicts with text keys, lists, tuples, str, int, bool, None, Decimal, date, datetime (ISO
    text), enums (their value) and dataclasses (as dicts). Floats raise InexactNumber.
    """
    return "".join(_written(value))


def plain(value: Any) -> Any:
    """`value` as JSON columns take it: amounts as text, so that no reader makes floats of them."""
    match value:
        case Enum():
            return value.value
        case Decimal():
            return format(value, "f")
        case date():
            return value.isoformat()
        case dict():
            return {str(key): plain(member) for key, member in value.items()}
        case list() | tuple():
            return [plain(member) for member in value]
        case set() | frozenset():
            return sorted(plain(member) for member in value)
        case float():
            raise InexactNumber(f"{value!r} is a float; amounts are Decimals")
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    return value


def _written(value: Any):
    match value:
        case Enum():
            yield from _written(value.value)
        case None | bool() | int() | str():
            yield json.dumps(value, ensure_ascii=False)
        case Decimal():
            yield format(value, "f")
        case datetime() | date():
            yield json.dumps(value.isoformat())
        case dict():
            yield "{"
            for place, key in enumerate(sorted(value)):
                yield ("," if place else "") + json.dumps(key, ensure_ascii=False) + ":"
                yield from _written(value[key])
            yield "}"
        case list() | tuple():
            yield "["
            for place, member in enumerate(value):
                if place:
                    yield ","
                yield from _written(member)
            yield "]"
        case float():
            raise InexactNumber(f"{value!r} is a float; amounts are Decimals")
        case _ if is_dataclass(value) and not isinstance(value, type):
            yield from _written({field.name: getattr(value, field.name) for field in fields(value)})
        case _:
            raise TypeError(f"{type(value).__name__} has no place in JSON: {value!r}")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number that a ledger can hold")
