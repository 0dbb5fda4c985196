"""FreeMarker expressions, as far as an export template needs them, turned into Python source.

Expensify renders exports with Apache FreeMarker, whose strictness about missing values is what
breaks real templates; so that strictness is kept here, and whatever this subset lacks is refused
when the template is read, never guessed at. Exports ask the same expressions millions of times:
as Python source the usual case costs no call, and `runtime` has the unusual ones.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from .values import BUILTINS, SyntaxProblem, number_from

TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?)
    |(?P<name>[A-Za-z_@$][\w@$]*)
    |(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<op>&&|\|\||==|!=|>=|<=|\?\?|\.\.|[-+*/%!?.()\[\],=<>:{}]))""",
    re.VERBOSE | re.DOTALL,
)
WORD_OPERATORS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
STRING_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "l": "<", "g": ">"}
ENDS_DEFAULT = {")", "]", ",", "}", ":", "==", "!=", "&&", "||", "=", ">", "<", "<=", ">=", "??"}
LOOP_BUILTINS = {
    "index": "{index}",
    "counter": "({index} + 1)",
    "has_next": "{more}",
    "is_first": "({index} == 0)",
    "is_last": "(not {more})",
}
# what a built-in always answers with, so that nobody has to look again
ANSWERS = {
    **dict.fromkeys(
        "is_string is_number is_boolean is_hash is_hash_ex is_sequence is_enumerable is_date_like "
        "matches contains starts_with".split(),
        "bool",
    ),
    **dict.fromkeys("json_string string c join trim upper_case lower_case replace".split(), "str"),
    **dict.fromkeys("size length".split(), "int"),
    **dict.fromkeys("keys values split number".split(), "other"),
}
QUICK_BUILTINS = {
    "is_string": "isinstance({value}, str)",
    "is_boolean": "isinstance({value}, bool)",
    "is_number": "(type(t := {value}) is int or is_number(t))",
    "json_string": ("(escaped_json(t) if type(t := {value}) is str else builtin_json_string(t))"),
    "c": "(str(t) if type(t := {value}) is int else builtin_c(t))",
}


@dataclass(slots=True)
class LoopPlace:
    """A #list around the expression: its variable and the Python names that keep its place."""

    name: str
    index: str
    more: str
    asks_index: bool = False
    asks_more: bool = False


@dataclass
class Scope:
    """The template itself or one of its functions, while it is read.

    `frame_names` are all names that #list, #local and parameters set anywhere: these are looked
    for in the frame (Python locals) before the globals.
    """

    frame_names: dict[str, str]
    functions: dict[str, int]  # name -> number of parameters, of functions never assigned over
    constants: dict[str, Any]
    is_function: bool = False
    loops: list[LoopPlace] = field(default_factory=list)
    used: set[str] = field(default_factory=set)  # Python names to start as None
    made: int = 0

    def fresh(self, letter: str) -> str:
        """A Python name nobody else in this scope has."""
        self.made += 1
        return f"{letter}{self.made}"

    def local(self, name: str) -> str:
        found = self.frame_names[name]
        self.used.add(found)
        return found

    def constant(self, value: Any) -> str:
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name

    def loop_of(self, name: str) -> LoopPlace | None:
        return next((loop for loop in reversed(self.loops) if loop.name == name), None)


@dataclass(slots=True)
class Expression:
    """Python source whose value is None when the FreeMarker value is missing.

    `sort` is what it is known to be (str, bool, int, other: never missing), "" if nothing is.
    """

    source: str
    text: str
    sort: str = ""
    name: str = ""
    tolerant: bool = False

    @property
    def value(self) -> str:
        """Source that refuses a missing value."""
        if self.sort:
            return self.source
        return f"(t if (t := {self.source}) is not None else missing({self.text!r}))"

    @property
    def truth(self) -> str:
        """Source that refuses whatever is no boolean."""
        if self.sort == "bool":
            return self.source
        return f"truth({self.value}, {self.text!r})"

    @property
    def quiet(self) -> str:
        """For `!`, `??` and ?has_content: only the last step may be missing, unless
        parenthesised.
        """
        return f"quiet(lambda: {self.source})" if self.tolerant else self.source


class Parser:
    """Recursive descent over one expression (or the inside of one tag)."""

    def __init__(self, text: str, scope: Scope):
        self.text = text
        self.scope = scope
        self.tokens: list[tuple[str, str, int, int]] = []
        at = 0
        while text[at:].strip():
            match = TOKEN.match(text, at)
            if not match:
                raise SyntaxProblem(f"Lexical error: encountered {text[at:].strip()[:12]!r}")
            sort = str(match.lastgroup)
            value = match.group(sort)
            if sort == "name" and value in WORD_OPERATORS:
                sort, value = "op", WORD_OPERATORS[value]
            self.tokens.append((sort, value, match.start(sort), match.end()))
            at = match.end()
        self.at = 0

    # -- tokens ------------------------------------------------------------------------------
    def peek(self, ahead: int = 0) -> str:
        """The next token's text; strings and the end answer "" so that they match no operator."""
        place = self.at + ahead
        if place >= len(self.tokens) or self.tokens[place][0] == "string":
            return ""
        return self.tokens[place][1]

    def ended(self) -> bool:
        return self.at >= len(self.tokens)

    def take(self, wanted: str = "") -> str:
        if self.ended():
            raise SyntaxProblem(f"Unexpected end of expression in: {self.text}")
        sort, value, _, _ = self.tokens[self.at]
        if wanted and (sort == "string" or value != wanted):
            raise SyntaxProblem(f'Encountered "{value}", but was expecting "{wanted}": {self.text}')
        self.at += 1
        return value

    def take_name(self) -> str:
        if self.ended() or self.tokens[self.at][0] != "name":
            raise SyntaxProblem(f"Was expecting a name in: {self.text}")
        return self.take()

    def accept(self, wanted: str) -> bool:
        if self.peek() == wanted and not self.ended():
            self.at += 1
            return True
        return False

    def since(self, start: int) -> str:
        return self.text[self.tokens[start][2] : self.tokens[self.at - 1][3]]

    # -- grammar, loosest first ---------------------------------------------------------------
    def expression(self) -> Expression:
        return self.either()

    def finished(self) -> Expression:
        found = self.expression()
        if not self.ended():
            raise SyntaxProblem(f'Encountered "{self.take()}", not expected there: {self.text}')
        return found

    def either(self) -> Expression:
        start, left = self.at, self.both()
        while self.accept("||"):
            right = self.both()
            left = Expression(f"({left.truth} or {right.truth})", self.since(start), "bool")
        return left

    def both(self) -> Expression:
        start, left = self.at, self.equality()
        while self.accept("&&"):
            right = self.equality()
            left = Expression(f"({left.truth} and {right.truth})", self.since(start), "bool")
        return left

    def equality(self) -> Expression:
        return self._comparison(("==", "!=", "="), self.relation)

    def relation(self) -> Expression:
        return self._comparison((">", ">=", "<", "<="), self.span)

    def _comparison(
        self, symbols: tuple[str, ...], tighter: Callable[[], Expression]
    ) -> Expression:
        start, left = self.at, tighter()
        if self.peek() not in symbols or self.ended():
            return left
        symbol = self.take().replace("=", "==") if self.peek() == "=" else self.take()
        right = tighter()
        source = f"compared({symbol!r}, {left.value}, {right.value})"
        alike = right.sort == "int" or (right.sort == "str" and symbol in ("==", "!="))
        if alike and _is_literal(right):
            source = (
                f"(t {symbol} {right.source} if type(t := {left.value}) is {right.sort} "
                f"else compared({symbol!r}, t, {right.source}))"
            )
        return Expression(source, self.since(start), "bool")

    def span(self) -> Expression:
        start, left = self.at, self.sum()
        if not self.accept(".."):
            return left
        right = self.sum()
        source = f"span({left.value}, {right.value})"
        return Expression(source, self.since(start), "other")

    def sum(self) -> Expression:
        start, left = self.at, self.product()
        while self.peek() in ("+", "-"):
            left = self._arithmetic(self.take(), left, self.product(), start)
        return left

    def product(self) -> Expression:
        start, left = self.at, self.unary()
        while self.peek() in ("*", "/", "%"):
            left = self._arithmetic(self.take(), left, self.unary(), start)
        return left

    def _arithmetic(
        self, symbol: str, left: Expression, right: Expression, start: int
    ) -> Expression:
        text = self.since(start)
        if symbol != "+":
            source = f"calculated({symbol!r}, {left.value}, {right.value})"
            return Expression(source, text, "other")
        if left.sort == right.sort == "str":
            return Expression(f"{left.source} + {right.source}", text, "str")
        if right.sort in ("str", "int") and _is_literal(right):
            source = (
                f"(t + {right.source} if type(t := {left.value}) is {right.sort} "
                f"else added(t, {right.source}, {text!r}))"
            )
            return Expression(source, text, "other")
        return Expression(f"added({left.value}, {right.value}, {text!r})", text, "other")

    def unary(self) -> Expression:
        start = self.at
        if self.accept("!"):
            no = self.unary()
            return Expression(f"(not {no.truth})", self.since(start), "bool")
        if self.accept("-"):
            inner = self.unary()
            return Expression(f"calculated('-', 0, {inner.value})", self.since(start), "other")
        self.accept("+")
        return self.postfix()

    def postfix(self) -> Expression:
        start, left = self.at, self.primary()
        while not self.ended():
            symbol = self.peek()
            if symbol == "." and self.take():
                left = self._key(left, self.take_name(), start)
            elif symbol == "[" and self.take():
                key = self.expression()
                self.take("]")
                left = self._subscript(left, key, start)
            elif symbol == "(" and self.take():
                left = self._call(left, self.arguments(), start)
            elif symbol == "??" and self.take():
                left = Expression(f"({left.quiet} is not None)", self.since(start), "bool")
            elif symbol == "!" and self.take():
                left = self._default(left, start)
            elif symbol == "?" and self.take():
                left = self._builtin(left, self.take_name(), start)
            else:
                break
        return left

    def arguments(self) -> list[Expression]:
        """The opening parenthesis is already taken."""
        found: list[Expression] = []
        while not self.accept(")"):
            found.append(self.expression())
            if self.peek() != ")":
                self.take(",")
        return found

    def primary(self) -> Expression:
        start = self.at
        if self.ended():
            raise SyntaxProblem(f"Unexpected end of expression in: {self.text}")
        sort, value, _, _ = self.tokens[self.at]
        if sort == "op" and value == "(":
            self.take()
            inner = self.expression()
            self.take(")")
            return Expression(f"({inner.source})", self.since(start), inner.sort, tolerant=True)
        if sort == "op" and value in "[{":
            self.take()
            return self.literal_sequence(start) if value == "[" else self.literal_hash(start)
        if sort == "op":
            raise SyntaxProblem(f'Encountered "{value}", not expected there: {self.text}')
        self.take()
        if sort == "number":
            number = number_from(value)
            if isinstance(number, Decimal):
                return Expression(self.scope.constant(number), value, "other")
            return Expression(repr(number), value, "int")
        if sort == "string":
            return Expression(repr(unquoted(value)), value, "str")
        if value in ("true", "false"):
            return Expression(value.title(), value, "bool")
        return self._lookup(value)

    def _lookup(self, name: str) -> Expression:
        found = f"G_get({name!r})"
        if name in self.scope.frame_names:
            local = self.scope.local(name)
            found = f"({local} if {local} is not None else {found})"
        return Expression(found, name, name=name)

    def literal_sequence(self, start: int) -> Expression:
        parts: list[Expression] = []
        while not self.accept("]"):
            parts.append(self.expression())
            if self.peek() != "]":
                self.take(",")
        source = ", ".join(part.value for part in parts)
        return Expression(f"[{source}]", self.since(start), "other")

    def literal_hash(self, start: int) -> Expression:
        pairs: list[str] = []
        while not self.accept("}"):
            key = self.expression()
            self.take(":")
            pairs.append(f"{key.value}: {self.expression().value}")
            if self.peek() != "}":
                self.take(",")
        return Expression(f"{{{', '.join(pairs)}}}", self.since(start), "other")

    # -- steps --------------------------------------------------------------------------------
    def _key(self, left: Expression, key: str, start: int) -> Expression:
        source = (
            f"(t.get({key!r}) if type(t := {left.source}) is dict "
            f"else key_of(t, {key!r}, {left.text!r}))"
        )
        return Expression(source, self.since(start))

    def _subscript(self, left: Expression, key: Expression, start: int) -> Expression:
        owner, wanted = self.scope.fresh("u"), self.scope.fresh("u")
        source = (
            f"({owner}.get({wanted}) if (type({owner} := {left.value}) is dict) & "
            f"(type({wanted} := {key.value}) is str) "
            f"else member_of({owner}, {wanted}, {left.text!r}))"
        )
        return Expression(source, self.since(start))

    def _call(self, left: Expression, args: list[Expression], start: int) -> Expression:
        given = ", ".join(arg.source for arg in args)
        if len(args) <= self.scope.functions.get(left.name, -1):
            return Expression(f"F_{left.name}({given})", self.since(start))
        return Expression(f"called({left.value}, {left.text!r}, [{given}])", self.since(start))

    def _default(self, left: Expression, start: int) -> Expression:
        # FreeMarker takes all that follows as the default: a!b + c is a!(b + c).
        bare = self.ended() or self.peek() in ENDS_DEFAULT or self.peek() in ("as", "?")
        if bare and not (not self.ended() and self.tokens[self.at][0] == "string"):
            other = "BLANK"
        else:
            other = self.expression().value
        source = f"(t if (t := {left.quiet}) is not None else {other})"
        return Expression(source, self.since(start), "other")

    def _builtin(self, left: Expression, name: str, start: int) -> Expression:
        if name in LOOP_BUILTINS:
            return self._loop_builtin(left, name, start)
        if name == "has_content":
            return Expression(f"has_content({left.quiet})", self.since(start), "bool")
        if name not in BUILTINS:
            raise SyntaxProblem(f'Unknown built-in: "{name}" (as far as the sandbox goes)')
        _, least, most = BUILTINS[name]
        args = self.arguments() if most and self.accept("(") else []
        if not least <= len(args) <= most:
            raise SyntaxProblem(f"?{name}(...) expects {least} to {most} arguments: {self.text}")
        if not args and name in QUICK_BUILTINS:
            source = QUICK_BUILTINS[name].format(value=left.value)
        else:
            given = ", ".join([left.value, *(arg.value for arg in args)])
            source = f"builtin_{name}({given})"
        return Expression(source, self.since(start), ANSWERS.get(name, ""))

    def _loop_builtin(self, left: Expression, name: str, start: int) -> Expression:
        loop = self.scope.loop_of(left.name)
        if loop is None:
            return Expression(f"not_a_loop({left.text!r}, {name!r})", self.since(start))
        loop.asks_index |= name in ("index", "counter", "is_first")
        loop.asks_more |= name in ("has_next", "is_last")
        source = LOOP_BUILTINS[name].format(index=loop.index, more=loop.more)
        sort = "other" if name in ("index", "counter") else "bool"
        return Expression(source, self.since(start), sort)


def _is_literal(expression: Expression) -> bool:
    return expression.source[0] in "'\"0123456789"


def unquoted(literal: str) -> str:
    """A string literal's text. Interpolation inside literals is beyond this subset."""
    body = literal[1:-1]
    if "${" in body or "#{" in body:
        raise SyntaxProblem(f"The sandbox does not interpolate inside string literals: {literal}")

    def escape(match: re.Match[str]) -> str:
        code = match.group(1)
        if code.startswith("x"):
            return chr(int(code[1:], 16))
        return STRING_ESCAPES.get(code, code)

    return re.sub(r"\\(x[0-9A-Fa-f]{1,4}|.)", escape, body, flags=re.DOTALL)
