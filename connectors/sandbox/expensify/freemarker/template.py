"""FreeMarker templates, as far as an export needs them: text, directives, white space.

The export file is whatever the caller's template prints, so the simulator runs the template it is
given. A missing variable, a boolean printed raw or a wrong type ends the file with the error
block that FreeMarker prints, which is how such mistakes would come back from Expensify.

    Template(text).render({"reports": reports}, file.write)

Known: #if #elseif #else #list #sep #break #continue #assign #local #function #return #t #lt #rt
#nt, comments and ${...}. Anything else is refused with its name when the template is read.

Reading turns the template into one Python function, because a month of a large firm prints
hundreds of millions of expressions. Each of its lines remembers the piece of the template it
stands for, which is how an error finds its line and column.
"""

import re
from collections.abc import Callable
from types import CodeType
from typing import Any

from .expressions import LoopPlace, Parser, Scope
from .runtime import FILE, FUNCTION, NAMES, Pairs, template_frames
from .source import Piece, pieces_of, without_stripped_space
from .values import MissingProblem, SyntaxProblem, TemplateProblem

__all__ = ["Pairs", "Template"]

Line = tuple[int, str, Piece | None]  # depth, Python, the piece it stands for
SILENT = {"assign", "local", "function"}
ASSIGNED = re.compile(r"(?:^|\s)([A-Za-z_@$][\w@$]*)\s*=(?!=)")
LISTED = re.compile(r"\bas\s+([A-Za-z_@$][\w@$]*)(?:\s*,\s*([A-Za-z_@$][\w@$]*))?\s*$")
PYTHON_NAME = re.compile(r"[A-Za-z_]\w*$", re.ASCII)
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


class Template:
    """A template, read once. Raises SyntaxProblem when it cannot be read."""

    def __init__(self, text: str):
        pieces = without_stripped_space(list(pieces_of(text.replace("\r\n", "\n"))))
        reader = _Reader(pieces)
        lines = reader.program()
        self._pieces = [piece for _, _, piece in lines]
        self._names = NAMES | reader.constants
        exec(_compiled(lines), self._names)  # noqa: S102 - nothing of the template's text but literals
        self._program = self._names["program"]

    def render(self, model: dict[str, Any], write: Callable[[str], Any]) -> bool:
        """Write the output piece by piece, one member of the outermost #list at a time. False: it
        ended in a FreeMarker error block.
        """
        parts: list[str] = []

        def flush() -> None:
            write("".join(parts))
            parts.clear()

        try:
            self._program(dict(model), parts.append, flush)
        except TemplateProblem as problem:
            parts.append(self._block(problem))
            return False
        finally:
            if parts:
                flush()
        return True

    def rendered(self, model: dict[str, Any]) -> str:
        out: list[str] = []
        self.render(model, out.append)
        return "".join(out)

    def _block(self, problem: TemplateProblem) -> str:
        lines = [line for _, line in template_frames(problem.__traceback__)]
        places = [piece for line in lines if (piece := self._pieces[line - 1])]
        piece = places[-1]  # the innermost place that is not between two places
        is_missing = isinstance(problem, MissingProblem)
        return ERROR_BLOCK.format(
            message=problem,
            where=piece.source,
            line=piece.line,
            column=piece.column,
            exception="InvalidReferenceException" if is_missing else "_MiscTemplateException",
        )


def _compiled(lines: list[Line]) -> CodeType:
    source = "\n".join(" " * depth + text for depth, text, _ in lines)
    try:
        return compile(source, FILE, "exec")
    except (SyntaxError, RecursionError, MemoryError) as wrong:
        # all that a sound template can be refused for is depth: Python nests 20 loops at most
        raise SyntaxProblem(f"The sandbox cannot nest that deep: {wrong}") from wrong


class _Reader:
    """Turns pieces into lines of Python; nesting is checked here."""

    def __init__(self, pieces: list[Piece]):
        self.pieces = pieces
        self.at = 0
        self.constants: dict[str, Any] = {}
        self.functions: list[Line] = []
        frame_names, function_names = _declared(pieces)
        self.scope = Scope(frame_names, function_names, self.constants)

    def program(self) -> list[Line]:
        """`program(G, P, flush)`: G the globals, P takes a text, flush ends an outermost member."""
        body = self.block(until=(), depth=2)
        return [
            (0, "def program(G, P, flush):", None),
            (1, "G_get = G.get", None),
            *self.functions,
            (1, "def main():", None),
            *self._beginning(self.scope, depth=2),
            *(body or [(2, "pass", None)]),
            (1, "main()", None),
        ]

    def _beginning(self, scope: Scope, depth: int, given: tuple[str, ...] = ()) -> list[Line]:
        return [(depth, f"{name} = None", None) for name in sorted(scope.used - set(given))]

    def parser(self, piece: Piece) -> Parser:
        return Parser(piece.body, self.scope)

    def block(self, until: tuple[str, ...], depth: int, opened: Piece | None = None) -> list[Line]:
        """Lines up to one of the pieces named in `until` ("/if", "else"), left in place."""
        found: list[tuple[Piece, list[Line]]] = []
        while self.at < len(self.pieces):
            piece = self.pieces[self.at]
            label = ("/" if piece.sort == "close" else "") + piece.name
            if piece.sort in ("open", "close") and label in until:
                break
            self.at += 1
            found.append((piece, self.statement(piece, depth)))
        else:
            if opened:
                raise SyntaxProblem(f"<#{opened.name}> of line {opened.line} is never closed")
        return _without_ignorable(found, top_level=opened is None)

    def filled(self, until: tuple[str, ...], depth: int, opened: Piece) -> list[Line]:
        """A block that Python can indent: an empty one passes."""
        return self.block(until, depth, opened) or [(depth, "pass", None)]

    def statement(self, piece: Piece, depth: int) -> list[Line]:
        if piece.sort == "text":
            # what a function's body prints goes nowhere
            return [] if self.scope.is_function else [(depth, f"P({piece.body!r})", piece)]
        if piece.sort == "print":
            return [(depth, self._print(piece), piece)]
        if piece.sort == "comment":
            return []
        if piece.sort == "close":
            raise SyntaxProblem(f"Unexpected end tag </#{piece.name}> in line {piece.line}")
        reader = getattr(self, f"read_{piece.name}", None)
        if reader is None:
            raise SyntaxProblem(
                f"Unknown directive: #{piece.name} in line {piece.line} (the sandbox knows no more)"
            )
        return reader(piece, depth)

    def _print(self, piece: Piece) -> str:
        found = self.parser(piece).finished()
        shown = found.source
        if found.sort != "str":
            shown = f"(t if type(t := {found.source}) is str else printed("
            shown += f"t if t is not None else missing({found.text!r}), {found.text!r}))"
        return shown if self.scope.is_function else f"P({shown})"

    def closing(self, name: str) -> None:
        if self.at >= len(self.pieces) or self.pieces[self.at].sort != "close":
            raise SyntaxProblem(f"</#{name}> is missing")
        self.at += 1

    def read_if(self, piece: Piece, depth: int) -> list[Line]:
        lines: list[Line] = [(depth, f"if {self.parser(piece).finished().truth}:", piece)]
        while True:
            lines += self.filled(("elseif", "else", "/if"), depth + 1, piece)
            turn = self.pieces[self.at]
            if turn.sort == "close":
                break
            self.at += 1
            if turn.name == "elseif":
                lines.append((depth, f"elif {self.parser(turn).finished().truth}:", piece))
            else:
                lines.append((depth, "else:", None))
        self.closing("if")
        return lines

    def read_list(self, piece: Piece, depth: int) -> list[Line]:
        parser, scope = self.parser(piece), self.scope
        source = parser.expression()
        parser.take("as")
        name, second = parser.take_name(), ""
        if parser.accept(","):
            second = parser.take_name()
        loop = LoopPlace(name, scope.fresh("i"), scope.fresh("m"))
        scope.loops.append(loop)
        body = self.filled(("else", "/list"), depth + 1, piece)
        scope.loops.pop()
        otherwise: list[Line] = []
        if self.pieces[self.at].sort == "open":
            self.at += 1
            otherwise = self.filled(("/list",), depth + 1, piece)
        self.closing("list")
        if depth == 2 and not scope.is_function:
            body.append((depth + 1, "flush()", None))
        listed = f"{'pairs' if second else 'members'}({source.value}, {source.text!r})"
        taken = [scope.local(each) for each in (name, second) if each]
        return self._loop(loop, listed, taken, body, otherwise, piece, depth)

    def _loop(
        self,
        loop: LoopPlace,
        listed: str,
        taken: list[str],
        body: list[Line],
        otherwise: list[Line],
        piece: Piece,
        depth: int,
    ) -> list[Line]:
        kept = [self.scope.fresh("b") for _ in taken]
        target = ", ".join(taken)
        lines: list[Line] = [
            (depth, f"{before} = {now}", None) for before, now in zip(kept, taken, strict=True)
        ]
        if loop.asks_more:
            target, listed = f"({target}), {loop.more}", f"ahead({listed})"
        if loop.asks_index or otherwise:
            lines.append((depth, f"{loop.index} = -1", None))
            body = [(depth + 1, f"{loop.index} += 1", None), *body]
        lines += [(depth, f"for {target} in {listed}:", piece), *body]
        lines += [
            (depth, f"{now} = {before}", None) for before, now in zip(kept, taken, strict=True)
        ]
        if otherwise:
            lines += [(depth, f"if {loop.index} < 0:", None), *otherwise]
        return lines

    def read_sep(self, piece: Piece, depth: int) -> list[Line]:
        body = self.filled(("/sep", "/list", "else"), depth + 1, piece)
        if self.pieces[self.at].name == "sep":
            self.at += 1
        if not self.scope.loops:
            return []
        innermost = self.scope.loops[-1]
        innermost.asks_more = True
        return [(depth, f"if {innermost.more}:", None), *body]

    def read_break(self, piece: Piece, depth: int) -> list[Line]:
        return [(depth, "break" if self.scope.loops else "return", piece)]

    def read_continue(self, piece: Piece, depth: int) -> list[Line]:
        return [(depth, "continue" if self.scope.loops else "return", piece)]

    def read_assign(self, piece: Piece, depth: int) -> list[Line]:
        return self._assignment(piece, depth, lambda name: f"G[{name!r}]")

    def read_local(self, piece: Piece, depth: int) -> list[Line]:
        return self._assignment(piece, depth, self.scope.local)

    def _assignment(self, piece: Piece, depth: int, place: Callable[[str], str]) -> list[Line]:
        parser, lines = self.parser(piece), []
        while not parser.ended():
            name = parser.take_name()
            if not parser.accept("="):
                raise SyntaxProblem(
                    f"The sandbox knows <#{piece.name} name = value> only (line {piece.line})"
                )
            lines.append((depth, f"{place(name)} = {parser.expression().value}", piece))
        return lines

    def read_function(self, piece: Piece, depth: int) -> list[Line]:
        outer, self.scope = (
            self.scope,
            Scope(self.scope.frame_names, self.scope.functions, self.constants, is_function=True),
        )
        parser = self.parser(piece)
        name, parameters, lines = parser.take_name(), [], []
        while not parser.ended():
            parser.accept(",")
            parameter = parser.take_name()
            local = self.scope.local(parameter)
            parameters.append(local)
            lines.append((2, f"if {local} is None:", None))
            # both are the caller's mistake, so these lines stand for no piece
            if parser.accept("="):
                lines.append((3, f"{local} = {parser.unary().value}", None))
            else:
                place = len(parameters)
                lines.append((3, f"not_given({name!r}, {parameter!r}, {place})", None))
        lines += self.block(("/function",), 2, piece)
        self.closing("function")
        lines = [*self._beginning(self.scope, 2, tuple(parameters)), *lines]
        self._hoist(name, parameters, lines)
        self.scope = outer
        return []

    def _hoist(self, name: str, parameters: list[str], lines: list[Line]) -> None:
        # FreeMarker hoists functions: they can be called above their definition.
        python = (
            f"{FUNCTION}{name}" if PYTHON_NAME.match(name) else f"{FUNCTION}{len(self.functions)}"
        )
        head = ", ".join(f"{each}=None" for each in parameters)
        value = f"Function({name!r}, {len(parameters)}, {python})"
        self.functions += [
            (1, f"def {python}({head}):", None),
            *(lines or [(2, "pass", None)]),
            (1, f"G[{name!r}] = {value}", None),
        ]

    def read_return(self, piece: Piece, depth: int) -> list[Line]:
        if not piece.body.strip():
            return [(depth, "return", piece)]
        return [(depth, f"return {self.parser(piece).finished().value}", piece)]


def _declared(pieces: list[Piece]) -> tuple[dict[str, str], dict[str, int]]:
    """(names that stand in a frame somewhere -> their Python names, functions that keep their name
    -> number of parameters).
    """
    frames: list[str] = []
    assigned: list[str] = []
    functions: dict[str, int] = {}
    twice: set[str] = set()
    for piece in pieces:
        if piece.sort != "open":
            continue
        if piece.name in ("assign", "local"):
            (frames if piece.name == "local" else assigned).extend(ASSIGNED.findall(piece.body))
        elif piece.name == "list" and (listed := LISTED.search(piece.body)):
            frames += [name for name in listed.groups() if name]
        elif piece.name == "function":
            name, *parameters = _signature(piece.body)
            twice |= {name} & set(functions)
            functions[name] = len(parameters)
            frames += parameters
    over = {*frames, *assigned, *twice}
    kept = {
        name: count
        for name, count in functions.items()
        if name not in over and PYTHON_NAME.match(name)
    }
    return {name: f"v{place}" for place, name in enumerate(dict.fromkeys(frames))}, kept


def _signature(body: str) -> list[str]:
    """The names in `f a b=2`: the function's and its parameters'."""
    scope = Scope({}, {}, {})
    parser = Parser(body, scope)
    names = [parser.take_name()]
    while not parser.ended():
        parser.accept(",")
        names.append(parser.take_name())
        if parser.accept("="):
            parser.unary()
    return names


def _without_ignorable(found: list[tuple[Piece, list[Line]]], top_level: bool) -> list[Line]:
    """Blank text between directives that print nothing (#assign, #function) prints nothing too."""

    def silent(place: int) -> bool:
        if not 0 <= place < len(found):
            return top_level
        return found[place][0].name in SILENT or found[place][0].sort == "comment"

    return [
        line
        for place, (piece, lines) in enumerate(found)
        if not (
            piece.sort == "text"
            and not piece.body.strip()
            and silent(place - 1)
            and silent(place + 1)
        )
        for line in lines
    ]
