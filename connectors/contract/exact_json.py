"""JSON without floats in one canonical spelling: what is hashed, stored, sent is the same text."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import Enum
from json.encoder import encode_basestring as _quoted
from operator import attrgetter
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
    (ISO text), enums (their value), dataclasses (as dicts) and Written. Floats, and Decimals that
    are not finite, raise InexactNumber; anything else TypeError.
    """
    return _WRITERS[type(value)](value)


@dataclass(frozen=True, slots=True)
class Written:
    """A value whose canonical text is known already; `dumps` takes the text as it is."""

    text: str


def plain(value: Any) -> Any:
    """`value` as JSON columns take it: amounts as text, so that no reader makes floats of them.

    Takes what `dumps` takes, sets too (sorted), and refuses the same. Keys become texts.
    """
    return _PLAINERS[type(value)](value)


class _ByType(dict[type, Callable[[Any], Any]]):
    """What to do with a value of a type; found out once for each type, since isinstance costs more
    than all the rest."""

    def __init__(self, known: dict, of: Callable[[type], Callable[[Any], Any]]) -> None:
        super().__init__(known)
        self._of = of

    def __missing__(self, kind: type) -> Callable[[Any], Any]:
        self[kind] = found = self._of(kind)
        return found


def _writer(kind: type) -> Callable[[Any], str]:
    if issubclass(kind, Enum):
        return lambda value: dumps(value.value)
    if issubclass(kind, str):
        return lambda value: _quoted(str.__str__(value))
    if issubclass(kind, int):
        return int.__repr__
    if issubclass(kind, Decimal):
        return _digits
    if issubclass(kind, date):
        return lambda value: _quoted(value.isoformat())
    if issubclass(kind, Mapping):
        return _object
    if issubclass(kind, list | tuple):
        return _array
    if is_dataclass(kind):
        members = [(f"{_quoted(name)}:", attrgetter(name)) for name in sorted(_field_names(kind))]
        return lambda value: (
            "{" + ",".join([key + dumps(member(value)) for key, member in members]) + "}"
        )
    return _refuse


def _plainer(kind: type) -> Callable[[Any], Any]:
    if issubclass(kind, Enum):
        return lambda value: plain(value.value)
    if issubclass(kind, int | str):
        return _as_it_is
    if issubclass(kind, Decimal):
        return _digits
    if issubclass(kind, date):
        return lambda value: value.isoformat()
    if issubclass(kind, Mapping):
        return lambda value: {str(plain(key)): plain(member) for key, member in value.items()}
    if issubclass(kind, list | tuple):
        return _plain_list
    if issubclass(kind, set | frozenset):
        return lambda value: sorted(_plain_list(value))
    if is_dataclass(kind):
        members = [(name, attrgetter(name)) for name in _field_names(kind)]
        return lambda value: {name: plain(member(value)) for name, member in members}
    return _refuse


def _refuse(value: Any) -> Any:
    if isinstance(value, float):
        raise InexactNumber(f"{value!r} is a float; amounts are Decimals")
    raise TypeError(f"{type(value).__name__} has no place in JSON: {value!r}")


def _object(value: Mapping[str, Any]) -> str:
    writers = _WRITERS
    try:
        members = [
            _quoted(key) + ":" + writers[type(member := value[key])](member)
            for key in sorted(value)
        ]
    except TypeError:
        if strangers := [key for key in value if not isinstance(key, str)]:
            raise TypeError(f"JSON has text keys only, not {strangers[0]!r}") from None
        raise
    return "{" + ",".join(members) + "}"


def _array(value: list | tuple) -> str:
    return "[" + ",".join(map(dumps, value)) + "]"


def _plain_list(value: Iterable[Any]) -> list[Any]:
    return [plain(member) for member in value]


def _as_it_is(value: Any) -> Any:
    return value


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


_WRITERS = _ByType(
    {
        str: _quoted,
        int: str,
        bool: {True: "true", False: "false"}.__getitem__,
        type(None): lambda _: "null",
        Written: attrgetter("text"),
    },
    _writer,
)
_PLAINERS = _ByType({type(None): _as_it_is}, _plainer)
