"""What commands share: tables that fit a terminal, the same answer for machines, an exit code."""

import getpass
import json
import logging
import sys
import unicodedata
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from connectors.contract import exact_json
from mappings.texts import moment, one_line

WIDTH = 100
GAP = "  "
# What a shell expects of a command that Ctrl-C ended.
STOPPED = 130
# Below this a column says nothing any more.
NARROWEST = 8


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ends.

    closing       one line with counts
    facts         for --json: values that `exact_json.plain` takes
    needs_person  something waits for a decision, or failed: exit code 1
    """

    closing: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    needs_person: bool = False


class AnswerCommand(BaseCommand):
    """A command that answers in lines for people or, with --json, in one document for machines.

    Subclasses write `answer`, which says its lines as they become known. Exit codes: 0 fine,
    1 something needs a person, 2 wrong call. Logs go to stderr, so that stdout is the answer.
    """

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON document, for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        self.is_for_machines = options["json"]
        try:
            with _logs_on_stderr():
                answer = self.answer(options)
        except KeyboardInterrupt:
            self.stderr.write("Stopped. What was under way is taken up by the next call.")
            sys.exit(STOPPED)
        if self.is_for_machines:
            told = {**answer.facts, "closing": answer.closing, "needs_person": answer.needs_person}
            text = json.dumps(exact_json.plain(told), ensure_ascii=False, indent=2)
            self.stdout.write(text)
        else:
            self.stdout.write(answer.closing)
        if answer.needs_person:
            self.stdout.flush()
            sys.exit(1)

    def answer(self, options: dict[str, Any]) -> Answer:
        raise TypeError(f"{type(self).__module__} does not say what it answers")

    def say(self, *lines: str) -> None:
        """Lines for people; machines get the facts at the end."""
        if not self.is_for_machines:
            for line in lines:
                self.stdout.write(line)
            self.stdout.flush()


def wrong_call(text: str) -> CommandError:
    """What the command line says cannot be done: exit code 2."""
    return CommandError(text, returncode=2)


def actor() -> str:
    """Who stands in the trail for what was done on a terminal."""
    try:
        return f"{getpass.getuser()} (terminal)"
    except (KeyError, OSError):  # a container's user without a name
        return "terminal"


def at(when: datetime | None, zone: str = "") -> str:
    """2 Nov 2026 09:12, in the installation's zone unless another is given."""
    return moment(when, zone or settings.TIME_ZONE) if when is not None else "never"


def table(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[str] = (),
    give: Sequence[str] = (),
    indent: int = 0,
) -> list[str]:
    """Aligned lines of at most 100 columns, under a rule.

    `right` names the columns that are ranged right (amounts, counts), `give` those that are
    shortened where the width does not suffice: numbers, names of accounts and amounts never are.
    """
    cells = [[one_line(cell) for cell in row] for row in rows]
    widths = [
        max(shown_width(row[place]) for row in [heads, *cells]) for place in range(len(heads))
    ]
    room = WIDTH - indent - len(GAP) * (len(heads) - 1)
    giving = [place for place, head in enumerate(heads) if head in give]
    while sum(widths) > room and any(widths[place] > NARROWEST for place in giving):
        widest = max(giving, key=lambda place: widths[place])
        widths[widest] -= 1
    places = [head in right for head in heads]
    lines = [_row(heads, widths, places), GAP.join("-" * width for width in widths)]
    lines += [_row(row, widths, places) for row in cells]
    return [f"{' ' * indent}{line}".rstrip() for line in lines]


def facts_table(pairs: Sequence[tuple[str, str]], indent: int = 2) -> list[str]:
    """Labels in one column, what they say in another, wrapped there."""
    wide = max((shown_width(label) for label, _ in pairs), default=0)
    lines: list[str] = []
    for label, text in pairs:
        first = f"{' ' * indent}{padded(label, wide)}{GAP}"
        lines += wrapped(text, first=first, indent=indent + wide + len(GAP))
    return lines


def wrapped(text: str, *, indent: int = 0, first: str | None = None) -> list[str]:
    """A sentence in as many lines as it needs; `first` is what its first line begins with."""
    line = " " * indent if first is None else first
    lines, is_empty = [], True
    for word in one_line(text).split(" "):
        gap = "" if is_empty else " "
        if not is_empty and shown_width(line) + shown_width(gap + word) > WIDTH:
            lines.append(line)
            line, gap = " " * indent, ""
        # Only a word without any blank that is wider than a line: another script, or an address.
        while (room := WIDTH - shown_width(line)) < shown_width(gap + word):
            head = fitting(word, room - len(gap))
            lines.append(line + gap + head)
            line, gap, word = " " * indent, "", word[len(head) :]
        line, is_empty = line + gap + word, False
    return [one.rstrip() for one in [*lines, line]]


def shown_width(text: str) -> int:
    """Columns that a terminal needs for the text: two for wide characters, none for accents."""
    wide = sum(unicodedata.east_asian_width(mark) in "WF" for mark in text)
    return len(text) + wide - sum(bool(unicodedata.combining(mark)) for mark in text)


def padded(text: str, width: int, *, right: bool = False) -> str:
    """The text in exactly `width` columns; what does not fit ends in an ellipsis."""
    if shown_width(text) > width:
        text = fitting(text, width - 1) + "…"
    gap = " " * (width - shown_width(text))
    return gap + text if right else text + gap


def fitting(text: str, width: int) -> str:
    """As much of the text as fits into `width` columns."""
    while shown_width(text) > width:
        text = text[:-1]
    return text


def _row(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    return GAP.join(
        padded(cell, width, right=is_right)
        for cell, width, is_right in zip(cells, widths, right, strict=True)
    )


@contextmanager
def _logs_on_stderr() -> Iterator[None]:
    """The answer may be read by a machine: no line of a log comes between."""
    moved = [
        handler
        for handler in logging.getLogger().handlers
        if type(handler) is logging.StreamHandler and handler.stream is sys.stdout
    ]
    for handler in moved:
        handler.setStream(sys.stderr)
    try:
        yield
    finally:
        for handler in moved:
            handler.setStream(sys.stdout)
