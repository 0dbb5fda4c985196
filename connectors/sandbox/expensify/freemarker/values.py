"""FreeMarker's values: what they are, how they print, compare and add up, and the built-ins.

Values: str, bool, int/Decimal, datetime, dict (hash), list or any sized iterable (sequence),
callables (methods of the model). None means missing.
"""

import operator
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

DATE_PARTS = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}


class TemplateProblem(Exception):
    """What FreeMarker would stop at; the text is what it would print about it."""


class MissingProblem(TemplateProblem):
    """A value that is not there and has no default."""


class SyntaxProblem(TemplateProblem):
    """The template cannot be read at all (or uses what this subset does not know)."""


class Blank(str):
    """What `x!` without a right side gives: an empty string, sequence and hash at once."""


def is_number(value: Any) -> bool:
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def is_sequence(value: Any) -> bool:
    return hasattr(value, "__len__") and not isinstance(value, (str, Mapping))


class Unlistable(dict):
    """A hash whose keys cannot be listed (a Java bean): `.name` works, ?keys and #list do not."""


def is_listable_hash(value: Any) -> bool:
    return isinstance(value, Mapping) and not isinstance(value, Unlistable)


def kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if is_number(value):
        return "number"
    if isinstance(value, Mapping):
        return "hash"
    if isinstance(value, datetime):
        return "date"
    return "sequence" if is_sequence(value) else "method"


def computer_number(number: int | Decimal) -> str:
    """`?c`: no grouping, no exponent, at most 16 decimals."""
    if isinstance(number, int):
        return str(number)
    text = format(number.quantize(Decimal(10) ** -16, ROUND_HALF_EVEN), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def shown_number(number: int | Decimal) -> str:
    """What `${n}` prints in an English locale: 1,234.568 - the trap of templates without ?c."""
    if isinstance(number, int):
        return f"{number:,}"
    text = format(number.quantize(Decimal("0.001"), ROUND_HALF_EVEN), ",f")
    text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def shown_date(moment: datetime, pattern: str) -> str:
    """`?string("yyyy-MM-dd HH:mm:ss")`, numeric parts of Java's patterns only."""
    text = pattern
    for java, python in DATE_PARTS.items():
        text = text.replace(java, python)
    if re.search(r"(?<!%)[A-Za-z]", text):
        raise TemplateProblem(f'date pattern "{pattern}" has letters the sandbox does not know')
    return moment.strftime(text)


def printed(value: Any, text: str) -> str:
    """A value as `${...}` and `+` turn it into text; booleans and containers refuse."""
    if isinstance(value, str):
        return value
    if is_number(value):
        return shown_number(value)
    if isinstance(value, datetime):
        return value.strftime("%b %-d, %Y %-I:%M:%S %p")
    if isinstance(value, bool):
        raise TemplateProblem(
            f'Can\'t convert boolean to string automatically, because the "boolean_format" '
            f'setting was "true,false", which is the legacy default format:\n==> {text}'
        )
    raise TemplateProblem(
        f"Expected a string or something automatically convertible to string (number, date or "
        f"boolean), but this has evaluated to a {kind(value)}:\n==> {text}"
    )


def truth(value: Any, text: str) -> bool:
    if isinstance(value, bool):
        return value
    raise TemplateProblem(
        f"Expected a boolean, but this has evaluated to a {kind(value)}:\n==> {text}"
    )


def json_string(text: str) -> str:
    """FreeMarker's ?json_string: JSON escapes plus its guards against closing tags and CDATA."""
    out = []
    for at, char in enumerate(text):
        before, after = text[max(0, at - 2) : at], text[at + 1 : at + 2]
        if char in '"\\':
            out.append("\\" + char)
        elif char in "\n\r\t\f\b":
            out.append("\\" + "nrtfb"["\n\r\t\f\b".index(char)])
        elif char == "/" and before[-1:] in ("", "<"):
            out.append("\\/")
        elif (
            ord(char) < 0x20
            or 0x7F <= ord(char) <= 0x9F
            or char in "\u2028\u2029"
            or (char == ">" and before in ("", "]", "-", "]]", "--"))
            or (char == "<" and after in ("", "!", "?"))
        ):
            out.append(f"\\u{ord(char):04X}")
        else:
            out.append(char)
    return "".join(out)


PLAIN_TEXT = re.compile(r"[^\"\\\x00-\x1f\x7f-\x9f\u2028\u2029/<>]*")


def escaped_json(text: str) -> str:
    """The quick way for the usual text without anything to escape."""
    return text if PLAIN_TEXT.fullmatch(text) else json_string(text)


def has_content(value: Any) -> bool:
    if value is None:
        return False
    return bool(len(value)) if hasattr(value, "__len__") else True


def _expect(wanted: str, value: Any, builtin: str) -> Any:
    if kind(value) != wanted:
        raise TemplateProblem(
            f'For "?{builtin}" left-hand operand: Expected a {wanted}, but this has evaluated '
            f"to a {kind(value)}"
        )
    return value


def _listable(value: Any, builtin: str) -> Any:
    if is_listable_hash(value):
        return value
    raise TemplateProblem(
        f'For "?{builtin}" left-hand operand: Expected an extended hash, but this has evaluated '
        f"to a {kind(value)}"
    )


def _c(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return computer_number(_expect("number", value, "c"))


def _string(value: Any, *forms: str) -> str:
    if len(forms) == 2:
        return forms[0] if _expect("boolean", value, "string") else forms[1]
    if forms and isinstance(value, datetime):
        return shown_date(value, forms[0])
    if forms:
        raise TemplateProblem(f'number format "{forms[0]}" is not known to the sandbox: use ?c')
    if isinstance(value, bool):
        return "true" if value else "false"
    return printed(value, "?string")


def _matches(value: Any, pattern: str) -> bool:
    return re.fullmatch(pattern, _expect("string", value, "matches")) is not None


def _size(value: Any) -> int:
    if isinstance(value, str) or not hasattr(value, "__len__"):
        raise TemplateProblem(
            f'For "?size" left-hand operand: Expected a sequence or extended hash, but this has '
            f"evaluated to a {kind(value)}"
        )
    return len(value)


def number_from(value: Any) -> int | Decimal:
    try:
        number = Decimal(str(value).strip())
    except ArithmeticError as wrong:
        raise TemplateProblem(f"Can't convert this string to number: {value!r}") from wrong
    return int(number) if number == number.to_integral_value() else number


def _text(builtin: str, change: Callable[..., Any]) -> Callable[..., Any]:
    return lambda value, *args: change(_expect("string", value, builtin), *args)


# name -> (function, least, most number of arguments)
BUILTINS: dict[str, tuple[Callable[..., Any], int, int]] = {
    "is_string": (lambda v: isinstance(v, str), 0, 0),
    "is_number": (is_number, 0, 0),
    "is_boolean": (lambda v: isinstance(v, bool), 0, 0),
    "is_hash": (lambda v: isinstance(v, (Mapping, Blank)), 0, 0),
    "is_hash_ex": (lambda v: is_listable_hash(v) or isinstance(v, Blank), 0, 0),
    "is_sequence": (lambda v: is_sequence(v) or isinstance(v, Blank), 0, 0),
    "is_enumerable": (lambda v: is_sequence(v) or isinstance(v, Blank), 0, 0),
    "is_date_like": (lambda v: isinstance(v, datetime), 0, 0),
    "json_string": (_text("json_string", escaped_json), 0, 0),
    "string": (_string, 0, 2),
    "c": (_c, 0, 0),
    "matches": (_matches, 1, 1),
    "keys": (lambda v: list(_listable(v, "keys")), 0, 0),
    "values": (lambda v: list(_listable(v, "values").values()), 0, 0),
    "size": (_size, 0, 0),
    "first": (lambda v: next(iter(_expect("sequence", v, "first")), None), 0, 0),
    "join": (lambda v, sep: sep.join(printed(x, "?join") for x in v), 1, 1),
    "then": (lambda v, yes, no: yes if truth(v, "?then") else no, 2, 2),
    "number": (number_from, 0, 0),
    "length": (_text("length", len), 0, 0),
    "trim": (_text("trim", str.strip), 0, 0),
    "upper_case": (_text("upper_case", str.upper), 0, 0),
    "lower_case": (_text("lower_case", str.lower), 0, 0),
    "replace": (_text("replace", str.replace), 2, 2),
    "contains": (_text("contains", lambda v, part: part in v), 1, 1),
    "starts_with": (_text("starts_with", str.startswith), 1, 1),
    "split": (_text("split", str.split), 1, 1),
}


def compared(symbol: str, left: Any, right: Any) -> bool:
    if kind(left) != kind(right) or kind(left) not in ("string", "number", "boolean"):
        raise TemplateProblem(
            f"Can't compare values of these types. Allowed comparisons are between two numbers, "
            f"two strings, two dates, or two booleans.\nLeft hand operand is a {kind(left)}.\n"
            f"Right hand operand is a {kind(right)}."
        )
    if symbol not in ("==", "!=") and not is_number(left):
        raise TemplateProblem(f'Can\'t use operator "{symbol}" on {kind(left)} values.')
    compare = {
        "==": operator.eq,
        "!=": operator.ne,
        ">": operator.gt,
        ">=": operator.ge,
        "<": operator.lt,
        "<=": operator.le,
    }
    return bool(compare[symbol](left, right))


def added(left: Any, right: Any, text: str) -> Any:
    if type(left) is str:
        if type(right) is str:
            return left + right
        if type(right) is int:
            return left + shown_number(right)
    if is_number(left) and is_number(right):
        return left + right
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return {**left, **right}
    if is_sequence(left) and is_sequence(right):
        return [*left, *right]
    return printed(left, text) + printed(right, text)


def calculated(symbol: str, left: Any, right: Any) -> int | Decimal:
    if not (is_number(left) and is_number(right)):
        raise TemplateProblem(f'Operator "{symbol}" expects numbers on both sides')
    if symbol == "/":
        if right == 0:
            raise TemplateProblem("Arithmetic operation failed: / by zero")
        exact = (Decimal(left) / Decimal(right)).quantize(Decimal("1e-12"), ROUND_HALF_UP)
        return int(exact) if exact == exact.to_integral_value() else exact
    if symbol == "%":
        return int(left) - int(right) * int(Decimal(int(left)) / Decimal(int(right)))
    return left - right if symbol == "-" else left * right
