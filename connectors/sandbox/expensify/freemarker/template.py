"""FreeMarker templates, as far as an export needs them: text, directives, white space.

The export file is whatever the caller's template prints, so the simulator runs the template it is
given. A missing variable, a boolean printed raw or a wrong type ends the file with the error
block that FreeMarker prints, which is how such mistakes would come back from Expensify.

    Template(text).render({"reports": reports}, file.write)

Known: #if #elseif #else #list #sep #break #continue #assign #local #function #return #t #lt #rt
#nt, comments and ${...}. Anything else is refused with its name when the template is read.
"""

from collections.abc import Callable, Iterator
from typing import Any

from .expressions import Environment, Expression, Loop, Parser
from .source import Piece, pieces_of, without_stripped_space
from .values import (
    Blank,
    MissingProblem,
    SyntaxProblem,
    TemplateProblem,
    is_listable_hash,
    is_sequence,
    kind,
    printed,
    truth,
)

Statement = Callable[[Environment], Any]
SILENT = {"assign", "local", "function"}
BREAK, CONTINUE = object(), object()
ERROR_BLOCK = """
FreeMarker template error (DEBUG mode; use RETHROW in production!):
{message}

----
FTL stack trace ("~" means nesting-related):
\t- Failed at: {where}  [in template "export" at line {line}, column {column}]
----

Java stack trace (for programmers):
----
freemarker.core.{exception}: [... Exception message was already printed; see it above ...]
"""


class Returned:
    __slots__ = ("value",)

    def __init__(self, value: Any):
        self.value = value


class Failure(TemplateProblem):
    """A problem together with the place where FreeMarker noticed it."""

    def __init__(self, problem: TemplateProblem, piece: Piece):
        super().__init__(str(problem))
        self.missing = isinstance(problem, MissingProblem)
        self.piece = piece

    def block(self) -> str:
        return ERROR_BLOCK.format(
            message=self,
            where=self.piece.source,
            line=self.piece.line,
            column=self.piece.column,
            exception="InvalidReferenceException" if self.missing else "_MiscTemplateException",
        )


class Template:
    """A template, read once. Raises SyntaxProblem when it cannot be read."""

    def __init__(self, text: str):
        pieces = without_stripped_space(list(pieces_of(text.replace("\r\n", "\n"))))
        reader = _Reader(pieces)
        self.statements = reader.block(until=())
        self.functions = reader.functions

    def render(self, model: dict[str, Any], write: Callable[[str], Any]) -> bool:
        """Write the output piece by piece. False: it ended in a FreeMarker error block."""
        env = Environment({**model, **self.functions}, write)
        try:
            _run(self.statements, env)
        except Failure as failure:
            write(failure.block())
            return False
        return True

    def rendered(self, model: dict[str, Any]) -> str:
        out: list[str] = []
        self.render(model, out.append)
        return "".join(out)


class _Reader:
    """Turns pieces into statements; nesting is checked here."""

    def __init__(self, pieces: list[Piece]):
        self.pieces = pieces
        self.at = 0
        self.functions: dict[str, Function] = {}

    def block(self, until: tuple[str, ...], opened: Piece | None = None) -> list[Statement]:
        """Statements up to one of the pieces named in `until` ("/if", "else"), left in place."""
        found: list[tuple[Piece, Statement]] = []
        while self.at < len(self.pieces):
            piece = self.pieces[self.at]
            label = ("/" if piece.sort == "close" else "") + piece.name
            if piece.sort in ("open", "close") and label in until:
                break
            self.at += 1
            found.append((piece, self.statement(piece)))
        else:
            if opened:
                raise SyntaxProblem(f"<#{opened.name}> of line {opened.line} is never closed")
        return _without_ignorable(found, top_level=opened is None)

    def statement(self, piece: Piece) -> Statement:
        if piece.sort == "text":
            return _text(piece.body)
        if piece.sort == "print":
            return _print(Parser(piece.body).finished(), piece)
        if piece.sort == "comment":
            return lambda env: None
        if piece.sort == "close":
            raise SyntaxProblem(f"Unexpected end tag </#{piece.name}> in line {piece.line}")
        reader = getattr(self, f"read_{piece.name}", None)
        if reader is None:
            raise SyntaxProblem(
                f"Unknown directive: #{piece.name} in line {piece.line} (the sandbox knows no more)"
            )
        return reader(piece)

    def closing(self, name: str) -> None:
        if self.at >= len(self.pieces) or self.pieces[self.at].sort != "close":
            raise SyntaxProblem(f"</#{name}> is missing")
        self.at += 1

    def read_if(self, piece: Piece) -> Statement:
        branches: list[tuple[Expression | None, list[Statement], Piece]] = []
        condition: Expression | None = Parser(piece.body).finished()
        while True:
            body = self.block(("elseif", "else", "/if"), piece)
            branches.append((condition, body, piece))
            turn = self.pieces[self.at]
            if turn.sort == "close":
                break
            self.at += 1
            condition = Parser(turn.body).finished() if turn.name == "elseif" else None
        self.closing("if")

        def statement(env: Environment) -> Any:
            for when, body, at in branches:
                if when is None or _decided(when, env, at):
                    return _run(body, env)
            return None

        return statement

    def read_list(self, piece: Piece) -> Statement:
        parser = Parser(piece.body)
        source = parser.expression()
        parser.take("as")
        name, second = parser.take_name(), ""
        if parser.accept(","):
            second = parser.take_name()
        body = self.block(("else", "/list"), piece)
        otherwise: list[Statement] = []
        if self.pieces[self.at].sort == "open":
            self.at += 1
            otherwise = self.block(("/list",), piece)
        self.closing("list")

        def statement(env: Environment) -> Any:
            members = _members(_valued(source, env, piece), source, bool(second), piece)
            return _loop(env, name, second, members, body, otherwise)

        return statement

    def read_sep(self, piece: Piece) -> Statement:
        body = self.block(("/sep", "/list", "else"), piece)
        if self.pieces[self.at].name == "sep":
            self.at += 1

        def statement(env: Environment) -> Any:
            innermost = next(reversed(env.loops.values()), None)
            return _run(body, env) if innermost and innermost.has_next else None

        return statement

    def read_break(self, piece: Piece) -> Statement:
        return lambda env: BREAK

    def read_continue(self, piece: Piece) -> Statement:
        return lambda env: CONTINUE

    def read_assign(self, piece: Piece) -> Statement:
        return self._assignment(piece, lambda env: env.globals)

    def read_local(self, piece: Piece) -> Statement:
        return self._assignment(piece, lambda env: env.frame)

    def _assignment(self, piece: Piece, place: Callable[[Environment], dict]) -> Statement:
        parser, pairs = Parser(piece.body), []
        while not parser.ended():
            name = parser.take_name()
            if not parser.accept("="):
                raise SyntaxProblem(
                    f"The sandbox knows <#{piece.name} name = value> only (line {piece.line})"
                )
            pairs.append((name, parser.expression()))

        def statement(env: Environment) -> None:
            for name, expression in pairs:
                place(env)[name] = _valued(expression, env, piece)

        return statement

    def read_function(self, piece: Piece) -> Statement:
        parser = Parser(piece.body)
        name, parameters = parser.take_name(), []
        while not parser.ended():
            parser.accept(",")
            parameter, default = parser.take_name(), None
            if parser.accept("="):
                default = parser.unary()
            parameters.append((parameter, default))
        body = self.block(("/function",), piece)
        self.closing("function")
        # FreeMarker hoists functions: they can be called above their definition.
        self.functions[name] = Function(name, parameters, body)
        return lambda env: None

    def read_return(self, piece: Piece) -> Statement:
        if not piece.body.strip():
            return lambda env: Returned(None)
        expression = Parser(piece.body).finished()
        return lambda env: Returned(_valued(expression, env, piece))


def _without_ignorable(found: list[tuple[Piece, Statement]], top_level: bool) -> list[Statement]:
    """Blank text between directives that print nothing (#assign, #function) prints nothing too."""

    def silent(place: int) -> bool:
        if not 0 <= place < len(found):
            return top_level
        return found[place][0].name in SILENT or found[place][0].sort == "comment"

    return [
        statement
        for place, (piece, statement) in enumerate(found)
        if piece.sort != "comment"
        and not (
            piece.sort == "text"
            and not piece.body.strip()
            and silent(place - 1)
            and silent(place + 1)
        )
    ]


class Function:
    """A #function of the template. What its body prints goes nowhere."""

    def __init__(
        self,
        name: str,
        parameters: list[tuple[str, Expression | None]],
        body: list[Statement],
    ):
        self.name, self.parameters, self.body = name, parameters, body

    def __call__(self) -> None:
        raise TypeError("a template function runs through call(env, arguments)")

    def call(self, env: Environment, given: list[Any]) -> Any:
        if len(given) > len(self.parameters):
            raise TemplateProblem(
                f'Function "{self.name}" only accepts {len(self.parameters)} parameters, '
                f"but got {len(given)}."
            )
        frame: dict[str, Any] = {}
        caller = env.frame, env.loops, env.write
        env.frame, env.loops, env.write = frame, {}, _nowhere
        try:
            for place, (parameter, default) in enumerate(self.parameters):
                argument = given[place] if place < len(given) else None
                if argument is None and default is not None:
                    argument = default.value(env)
                if argument is None:
                    raise TemplateProblem(
                        f'When calling function "{self.name}", required parameter "{parameter}" '
                        f"(parameter #{place + 1}) was not specified."
                    )
                frame[parameter] = argument
            ended = _run(self.body, env)
        finally:
            env.frame, env.loops, env.write = caller
        return ended.value if isinstance(ended, Returned) else None


# -- running -----------------------------------------------------------------------------------
def _run(statements: list[Statement], env: Environment) -> Any:
    for statement in statements:
        ended = statement(env)
        if ended is not None:
            return ended
    return None


def _nowhere(text: str) -> None:
    return None


def _text(body: str) -> Statement:
    def statement(env: Environment) -> None:
        env.write(body)

    return statement


def _print(expression: Expression, piece: Piece) -> Statement:
    def statement(env: Environment) -> None:
        found = _valued(expression, env, piece)
        try:
            env.write(found if isinstance(found, str) else printed(found, expression.text))
        except Failure:
            raise
        except TemplateProblem as problem:
            raise Failure(problem, piece) from problem

    return statement


def _valued(expression: Expression, env: Environment, piece: Piece) -> Any:
    try:
        return expression.value(env)
    except Failure:
        raise
    except TemplateProblem as problem:
        raise Failure(problem, piece) from problem


def _decided(expression: Expression, env: Environment, piece: Piece) -> bool:
    try:
        return truth(expression.value(env), expression.text)
    except Failure:
        raise
    except TemplateProblem as problem:
        raise Failure(problem, piece) from problem


def _members(found: Any, source: Expression, pairs: bool, piece: Piece) -> Iterator[tuple]:
    if isinstance(found, Blank):
        return iter(())
    if pairs and is_listable_hash(found):
        return iter(found.items())
    if pairs and isinstance(found, Pairs):
        return iter(found)
    if is_sequence(found) and not pairs:
        return ((member, None) for member in found)
    raise Failure(
        TemplateProblem(
            f"Expected a sequence or collection, but this has evaluated to a {kind(found)}:\n"
            f"==> {source.text}"
        ),
        piece,
    )


class Pairs(list):
    """A hash whose keys are not text (cards -> reports): listable with `as key, value` only."""


def _loop(
    env: Environment,
    name: str,
    second: str,
    members: Iterator[tuple],
    body: list[Statement],
    otherwise: list[Statement],
) -> Any:
    frame, loops, loop = env.frame, env.loops, Loop()
    before = frame.get(name), frame.get(second), loops.pop(name, None)
    loops[name] = loop
    ended, last = None, object()
    member = next(members, last)
    if member is last:
        ended = _run(otherwise, env)
    while member is not last:
        following = next(members, last)
        loop.index += 1
        loop.has_next = following is not last
        frame[name] = member[0]
        if second:
            frame[second] = member[1]
        ended = _run(body, env)
        if ended is BREAK:
            ended = None
            break
        if ended is CONTINUE:
            ended = None
        elif ended is not None:
            break
        member = following
    frame[name], loops[name] = before[0], before[2]
    if second:
        frame[second] = before[1]
    if before[2] is None:
        del loops[name]
    return ended
