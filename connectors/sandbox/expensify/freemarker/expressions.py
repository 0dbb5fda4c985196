"""FreeMarker expressions, as far as an export template needs them, compiled to Python functions.

Expensify renders exports with Apache FreeMarker, whose strictness about missing values is what
breaks real templates; so that strictness is kept here, and whatever this subset lacks is refused
when the template is read, never guessed at.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .values import (
    BUILTINS,
    Blank,
    MissingProblem,
    SyntaxProblem,
    TemplateProblem,
    added,
    calculated,
    compared,
    has_content,
    is_sequence,
    kind,
    number_from,
    truth,
)

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


class Environment:
    """Variables while a template runs: one global namespace, one frame per function call."""

    def __init__(self, model: dict[str, Any], write: Callable[[str], Any]):
        self.globals = dict(model)
        self.frame: dict[str, Any] = {}
        self.loops: dict[str, Any] = {}
        self.write = write


class Loop:
    """Where a #list stands, for ?index and its kin."""

    __slots__ = ("has_next", "index")

    def __init__(self) -> None:
        self.index = -1
        self.has_next = False


@dataclass(slots=True)
class Expression:
    """A compiled expression; `evaluate` answers None for a missing value."""

    evaluate: Callable[[Environment], Any]
    text: str
    name: str = ""
    tolerant: bool = False

    def value(self, env: Environment) -> Any:
        found = self.evaluate(env)
        if found is None:
            raise MissingProblem(
                f"The following has evaluated to null or missing:\n==> {self.text}\n"
                f"Expression {self.text} is undefined"
            )
        return found


LOOP_BUILTINS: dict[str, Callable[[Loop], Any]] = {
    "index": lambda loop: loop.index,
    "counter": lambda loop: loop.index + 1,
    "has_next": lambda loop: loop.has_next,
    "is_first": lambda loop: loop.index == 0,
    "is_last": lambda loop: not loop.has_next,
}


class Parser:
    """Recursive descent over one expression (or the inside of one tag)."""

    def __init__(self, text: str):
        self.text = text
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
            left = self._lazy(left, self.both(), True, start)
        return left

    def both(self) -> Expression:
        start, left = self.at, self.equality()
        while self.accept("&&"):
            left = self._lazy(left, self.equality(), False, start)
        return left

    def _lazy(self, left: Expression, right: Expression, stops: bool, start: int) -> Expression:
        def evaluate(env: Environment) -> bool:
            if truth(left.value(env), left.text) is stops:
                return stops
            return truth(right.value(env), right.text)

        return Expression(evaluate, self.since(start))

    def equality(self) -> Expression:
        return self._comparison(("==", "!=", "="), self.relation)

    def relation(self) -> Expression:
        return self._comparison((">", ">=", "<", "<="), self.span)

    def _comparison(
        self, symbols: tuple[str, ...], tighter: Callable[[], Expression]
    ) -> Expression:
        start, left = self.at, tighter()
        if self.peek() in symbols and not self.ended():
            symbol = self.take().replace("=", "==") if self.peek() == "=" else self.take()
            right = tighter()
            first, second = left, right
            return Expression(
                lambda env: compared(symbol, first.value(env), second.value(env)),
                self.since(start),
            )
        return left

    def span(self) -> Expression:
        start, left = self.at, self.sum()
        if self.accept(".."):
            right = self.sum()

            def evaluate(env: Environment) -> list[int]:
                first, last = int(left.value(env)), int(right.value(env))
                step = 1 if last >= first else -1
                return list(range(first, last + step, step))

            return Expression(evaluate, self.since(start))
        return left

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
        if symbol == "+":
            return Expression(lambda env: added(left.value(env), right.value(env), text), text)
        return Expression(lambda env: calculated(symbol, left.value(env), right.value(env)), text)

    def unary(self) -> Expression:
        start = self.at
        if self.accept("!"):
            no = self.unary()
            return Expression(lambda env: not truth(no.value(env), no.text), self.since(start))
        if self.accept("-"):
            inner = self.unary()
            return Expression(lambda env: calculated("-", 0, inner.value(env)), self.since(start))
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
                found = left
                left = Expression(lambda env, x=found: quiet(x, env) is not None, self.since(start))
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
            return Expression(inner.evaluate, self.since(start), tolerant=True)
        if sort == "op" and value in "[{":
            self.take()
            return self.literal_sequence(start) if value == "[" else self.literal_hash(start)
        if sort == "op":
            raise SyntaxProblem(f'Encountered "{value}", not expected there: {self.text}')
        self.take()
        if sort == "number":
            number = number_from(value)
            return Expression(lambda env: number, value)
        if sort == "string":
            literal = unquoted(value)
            return Expression(lambda env: literal, value)
        if value in ("true", "false"):
            return Expression(lambda env: value == "true", value)
        return Expression(_lookup(value), value, name=value)

    def literal_sequence(self, start: int) -> Expression:
        parts: list[Expression] = []
        while not self.accept("]"):
            parts.append(self.expression())
            if self.peek() != "]":
                self.take(",")
        return Expression(lambda env: [part.value(env) for part in parts], self.since(start))

    def literal_hash(self, start: int) -> Expression:
        pairs: list[tuple[Expression, Expression]] = []
        while not self.accept("}"):
            key = self.expression()
            self.take(":")
            pairs.append((key, self.expression()))
            if self.peek() != "}":
                self.take(",")
        return Expression(
            lambda env: {key.value(env): found.value(env) for key, found in pairs},
            self.since(start),
        )

    # -- steps --------------------------------------------------------------------------------
    def _key(self, left: Expression, key: str, start: int) -> Expression:
        def evaluate(env: Environment) -> Any:
            hash_ = left.value(env)
            if isinstance(hash_, Mapping):
                return hash_.get(key)
            if isinstance(hash_, Blank):
                return None
            raise TemplateProblem(
                f'For "." left-hand operand: Expected a hash, but this has evaluated to a '
                f"{kind(hash_)}:\n==> {left.text}"
            )

        return Expression(evaluate, self.since(start))

    def _subscript(self, left: Expression, key: Expression, start: int) -> Expression:
        def evaluate(env: Environment) -> Any:
            owner, wanted = left.value(env), key.value(env)
            if isinstance(owner, Mapping) and isinstance(wanted, str):
                return owner.get(wanted)
            if is_sequence(owner) and isinstance(wanted, int):
                return owner[wanted] if 0 <= wanted < len(owner) else None
            raise TemplateProblem(
                f"Expected a sequence or string or something automatically convertible to "
                f"string, but this has evaluated to a {kind(owner)}:\n==> {left.text}"
            )

        return Expression(evaluate, self.since(start))

    def _call(self, left: Expression, args: list[Expression], start: int) -> Expression:
        def evaluate(env: Environment) -> Any:
            function = left.value(env)
            if not callable(function):
                raise TemplateProblem(
                    f"Expected a method or function, but this has evaluated to a "
                    f"{kind(function)}:\n==> {left.text}"
                )
            given = [arg.evaluate(env) for arg in args]
            return function.call(env, given) if hasattr(function, "call") else function(*given)

        return Expression(evaluate, self.since(start))

    def _default(self, left: Expression, start: int) -> Expression:
        # FreeMarker takes all that follows as the default: a!b + c is a!(b + c).
        bare = self.ended() or self.peek() in ENDS_DEFAULT or self.peek() in ("as", "?")
        if bare and not (not self.ended() and self.tokens[self.at][0] == "string"):
            return Expression(
                lambda env: Blank() if (found := quiet(left, env)) is None else found,
                self.since(start),
            )
        other = self.expression()
        return Expression(
            lambda env: other.value(env) if (found := quiet(left, env)) is None else found,
            self.since(start),
        )

    def _builtin(self, left: Expression, name: str, start: int) -> Expression:
        if name in LOOP_BUILTINS:
            variable, answer = left.name, LOOP_BUILTINS[name]

            def position(env: Environment) -> Any:
                if variable not in env.loops:
                    raise TemplateProblem(f"{left.text} is not a loop variable, ?{name} needs one")
                return answer(env.loops[variable])

            return Expression(position, self.since(start))
        if name == "has_content":
            return Expression(lambda env: has_content(quiet(left, env)), self.since(start))
        if name not in BUILTINS:
            raise SyntaxProblem(f'Unknown built-in: "{name}" (as far as the sandbox goes)')
        function, least, most = BUILTINS[name]
        args = self.arguments() if most and self.accept("(") else []
        if not least <= len(args) <= most:
            raise SyntaxProblem(f"?{name}(...) expects {least} to {most} arguments: {self.text}")
        if not args:  # nearly all of them, and an export asks for millions
            return Expression(lambda env: function(left.value(env)), self.since(start))
        return Expression(
            lambda env: function(left.value(env), *[arg.value(env) for arg in args]),
            self.since(start),
        )


def quiet(expression: Expression, env: Environment) -> Any:
    """For `!`, `??` and ?has_content: only the last step may be missing, unless parenthesised."""
    if not expression.tolerant:
        return expression.evaluate(env)
    try:
        return expression.evaluate(env)
    except MissingProblem:
        return None


def _lookup(name: str) -> Callable[[Environment], Any]:
    def evaluate(env: Environment) -> Any:
        found = env.frame.get(name)
        return env.globals.get(name) if found is None else found

    return evaluate


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
