"""A template's text in pieces, with the white space gone that FreeMarker strips."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .values import SyntaxProblem

TAG = re.compile(r"<#--|</?#([a-z]+)|\$\{|#\{|<@")
TRIMS = {"t", "lt", "rt", "nt"}


@dataclass(slots=True)
class Piece:
    """Part of the template text: `sort` is text, print, open, close or comment."""

    sort: str
    name: str
    body: str
    line: int
    column: int

    @property
    def source(self) -> str:
        if self.sort == "print":
            return "${" + self.body + "}"
        return f"#{self.name} {self.body}".rstrip()


def pieces_of(text: str) -> Iterator[Piece]:
    at = 0
    while match := TAG.search(text, at):
        if match.start() > at:
            yield _piece(text, at, "text", "", text[at : match.start()])
        opening = match.group()
        if opening in ("#{", "<@"):
            raise SyntaxProblem(f"The sandbox does not know {opening}...: write ${{...}} instead")
        if opening == "<#--":
            end = text.find("-->", match.end())
            sort, name, body, at = "comment", "", "", end + 3
        else:
            end = _end_of_tag(text, match.end(), "}" if opening == "${" else ">")
            sort = {"${": "print"}.get(opening, "close" if opening[1] == "/" else "open")
            name, body = match.group(1) or "", text[match.end() : end]
            at = end + 1
        if end < 0:
            line = text.count("\n", 0, match.start()) + 1
            raise SyntaxProblem(f"Unclosed {opening} in line {line}")
        yield _piece(text, match.start(), sort, name, body)
    if at < len(text):
        yield _piece(text, at, "text", "", text[at:])


def _piece(text: str, at: int, sort: str, name: str, body: str) -> Piece:
    column = at - text.rfind("\n", 0, at)
    return Piece(sort, name, body, text.count("\n", 0, at) + 1, column)


def _end_of_tag(text: str, at: int, closer: str) -> int:
    """Where the tag ends: `>` counts only outside strings and brackets, as in FreeMarker."""
    depth, quote = 0, ""
    while at < len(text):
        char = text[at]
        if quote:
            if char == "\\":
                at += 1
            elif char == quote:
                quote = ""
        elif char in "\"'":
            quote = char
        elif char == closer and depth == 0:
            return at
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        at += 1
    return -1


def without_stripped_space(pieces: list[Piece]) -> list[Piece]:
    """White-space stripping and #t/#lt/#rt, line by line of the source."""
    kept: list[Piece] = []
    for line in _lines(pieces):
        trims = {piece.name for piece in line if piece.sort == "open" and piece.name in TRIMS}
        tags = any(piece.sort in ("open", "close", "comment") for piece in line)
        shows = any(piece.sort == "print" or _visible(piece) for piece in line)
        left = bool(trims & {"t", "lt"}) or (tags and not shows and not trims)
        right = bool(trims & {"t", "rt"}) or (tags and not shows and not trims)
        if left and line[0].sort == "text":
            line[0].body = line[0].body.lstrip(" \t")
        if right and line[-1].sort == "text":
            line[-1].body = line[-1].body.rstrip()
        kept += [piece for piece in line if piece.name not in TRIMS or piece.sort != "open"]
    return _merged(kept)


def _merged(pieces: list[Piece]) -> list[Piece]:
    """Neighbouring texts as one, empty ones left out."""
    merged: list[Piece] = []
    for piece in pieces:
        if piece.sort == "text" and merged and merged[-1].sort == "text":
            merged[-1].body += piece.body
        elif piece.sort != "text" or piece.body:
            merged.append(piece)
    return merged


def _visible(piece: Piece) -> bool:
    return piece.sort == "text" and bool(piece.body.strip())


def _lines(pieces: list[Piece]) -> Iterator[list[Piece]]:
    line: list[Piece] = []
    for piece in pieces:
        if piece.sort != "text":
            line.append(piece)
            continue
        for number, part in enumerate(re.findall(r"[^\n]*\n|[^\n]+", piece.body)):
            line.append(Piece("text", "", part, piece.line + number, 1))
            if part.endswith("\n"):
                yield line
                line = []
    if line:
        yield line
