"""A flow's rules as a file for spreadsheets: what a line says, how it is written and read back.

Texts only: what a text means for the rules is decided in `rules_compared`. What `written` makes,
`read` gives back letter by letter.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from mappings.rulebook import Rule

MAX_BYTES = 1_000_000
DELIMITERS = (",", ";")
ENCODING = "utf-8-sig"  # with a byte order mark: Excel takes UTF-8 for something else without it
YES, NO = "yes", "no"
# A rule may leave a dimension empty on purpose, which is not the same as not deciding it.
LEFT_EMPTY = "(left empty)"

_BEFORE_TAGS = {
    "rule": "Rule",
    "priority": "Priority",
    "active": "Active",
    "note": "Note",
    "category": "Category",
}
_AFTER_TAGS = {
    "employee": "Employee",
    "card": "Card",
    "reimbursable": "Reimbursable",
    "expense_type": "Expense type",
    "tax": "Tax",
    "account_number": "Account number",
    "account": "Account",
    "party": "Party",
    "tax_code": "Tax code",
    "tax_is_cost": "Tax is cost",
}
_TAG = re.compile(r"tag level ([1-9]\d?)(:|$)")
# What a spreadsheet would calculate instead of showing it, also in the wide letters of Asia.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_GUARDED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a file. `line` counts from 1 as an editor does, None for all of it;
    `column` is the heading, "" for the whole line."""

    line: int | None
    column: str
    text: str
    cure: str


@dataclass(frozen=True, slots=True)
class Member:
    """An account, party, tax code or value that a rule can name.

    name     in full, with its parents; `short` without them
    why_not  why no rule may be given it: "is inactive in the ledger"; "" for most
    """

    id: int
    name: str
    number: str = ""
    short: str = ""
    why_not: str = ""


@dataclass(frozen=True)
class Lists:
    """Everything that rules of the flow can name; `values` by dimension."""

    accounts: tuple[Member, ...] = ()
    parties: tuple[Member, ...] = ()
    tax_codes: tuple[Member, ...] = ()
    values: Mapping[str, tuple[Member, ...]] = field(default_factory=dict)

    @cached_property
    def by_id(self) -> dict[str, dict[int, Member]]:
        """List -> row number -> member."""
        lists = {"account": self.accounts, "party": self.parties, "tax_code": self.tax_codes}
        return {
            name: {member.id: member for member in members}
            for name, members in (lists | dict(self.values)).items()
        }


@dataclass(frozen=True, slots=True)
class StandingRule:
    """A rule as it stands, with what only people look at."""

    rule: Rule
    is_active: bool = True
    note: str = ""


@dataclass(frozen=True)
class Layout:
    """The columns of a flow's file.

    levels  level of tags -> what the workspace calls it, "" if it doesn't say
    labels  dimension -> what the ledger calls it
    needed  columns that rules of the flow use: a file without them would empty them unseen
    """

    levels: Mapping[int, str]
    labels: Mapping[str, str]
    needed: frozenset[str] = frozenset()

    @cached_property
    def headings(self) -> dict[str, str]:
        """Column -> its heading, in the order of the file."""
        tags = {tag_column(n): tag_heading(n, name) for n, name in sorted(self.levels.items())}
        labels = [label.casefold() for label in self.labels.values()]
        places = {
            dimension_column(name): f"Dimension: {label}"
            + (f" [{name}]" if labels.count(label.casefold()) > 1 else "")
            for name, label in sorted(self.labels.items())
        }
        return _BEFORE_TAGS | tags | _AFTER_TAGS | places

    def heading(self, column: str) -> str:
        """The heading of a column, also of a level of tags that the workspace doesn't have."""
        return self.headings.get(column) or tag_heading(int(column.partition(":")[2]))

    @cached_property
    def obligatory(self) -> frozenset[str]:
        return frozenset(_BEFORE_TAGS | _AFTER_TAGS) | self.needed

    def column(self, heading: str) -> str | None:
        """The column with this heading, however it is spelled; None for one that we don't know."""
        wanted = heading.strip().casefold()
        if tag := _TAG.match(wanted):
            return tag_column(int(tag[1]))
        return self._by_heading.get(wanted)

    @cached_property
    def _by_heading(self) -> dict[str, str]:
        named = {f"dimension: {name}".casefold(): dimension_column(name) for name in self.labels}
        return named | {text.casefold(): column for column, text in self.headings.items()}


def tag_column(level: int) -> str:
    return f"tag:{level}"


def dimension_column(name: str) -> str:
    return f"dimension:{name}"


def tag_heading(level: int, name: str = "") -> str:
    return f"Tag level {level}: {name}" if name else f"Tag level {level}"


# --- out -----------------------------------------------------------------------------------------


def cells(standing: StandingRule, lists: Lists) -> dict[str, str]:
    """Column -> text, for columns that the rule fills; all others are empty."""
    rule = standing.rule
    account = lists.by_id["account"][rule.account_id] if rule.account_id else None
    filled = {
        "rule": str(rule.id) if rule.id else "",
        "priority": str(rule.priority),
        "active": YES if standing.is_active else NO,
        "note": standing.note,
        "category": rule.category,
        "employee": rule.employee,
        "card": rule.card,
        "reimbursable": {None: "", True: YES, False: NO}[rule.reimbursable],
        "expense_type": rule.expense_type,
        "tax": rule.tax,
        "account_number": account.number if account else "",
        "account": account.name if account else "",
        "tax_is_cost": YES if rule.tax_is_cost else "",
    }
    if rule.tag and rule.tag_level:
        filled[tag_column(rule.tag_level)] = rule.tag
    for name, row in (("party", rule.party_id), ("tax_code", rule.tax_code_id)):
        if row is not None:
            filled[name] = lists.by_id[name][row].name
    for name, row in rule.values.items():
        text = LEFT_EMPTY if row is None else lists.by_id[name][row].name
        filled[dimension_column(name)] = text
    return {column: text for column, text in filled.items() if text}


def written(
    standing: Iterable[StandingRule], lists: Lists, layout: Layout, delimiter: str = ","
) -> bytes:
    """The file, one line a rule in the given order."""
    page = io.StringIO(newline="")
    table = csv.writer(page, delimiter=delimiter)
    table.writerow(map(guarded, layout.headings.values()))
    for one in standing:
        filled = cells(one, lists)
        table.writerow(guarded(filled.get(column, "")) for column in layout.headings)
    return page.getvalue().encode(ENCODING)


def guarded(text: str) -> str:
    """The text with an apostrophe before what would be a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(text: str) -> str:
    return text[1:] if _GUARDED.match(text) else text


# --- in ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file: where it begins, counted from 1, and column -> text."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file as it was read; with mistakes, no more of it may be used than to find others."""

    lines: tuple[Line, ...] = ()
    mistakes: tuple[Mistake, ...] = ()


_SAVE_AS = "Save it as CSV in UTF-8 (Excel: CSV UTF-8), then upload it again."
_ONE_TABLE = "Download the rules of today, change that file, and upload it again."


def read(raw: bytes, layout: Layout) -> Sheet:
    """The lines of an uploaded file, commas or semicolons between its cells."""
    if len(raw) > MAX_BYTES:
        return _refused(f"The file is larger than {MAX_BYTES // 1000:,} kB.", "Split it in two.")
    if raw.startswith(b"PK"):
        return _refused("This is a workbook, not a CSV file.", _SAVE_AS)
    try:
        text = raw.decode(ENCODING)
    except UnicodeDecodeError as failure:
        line = raw.count(b"\n", 0, failure.start) + 1
        return Sheet((), (Mistake(line, "", "The file is not written in UTF-8.", _SAVE_AS),))
    if "\0" in text:
        return _refused("The file is not a text.", _SAVE_AS)
    if not text.strip():
        return _refused("The file is empty.", _ONE_TABLE)
    tables = [_Table(text, delimiter, layout) for delimiter in DELIMITERS]
    return max(tables, key=lambda table: table.known).sheet()


def _refused(text: str, cure: str) -> Sheet:
    return Sheet((), (Mistake(None, "", text, cure),))


class _Table:
    """A text taken apart at one of the delimiters; the one that finds more headings is right."""

    def __init__(self, text: str, delimiter: str, layout: Layout) -> None:
        self.layout = layout
        # newline="": what stands between quotation marks stays as it is.
        self.rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        self.mistakes: list[Mistake] = []
        _, found = next(self._numbered(), (1, []))
        self.headings = [unguarded(heading) for heading in _without_tail(found, 0)]
        self.columns = [layout.column(heading) for heading in self.headings]
        self.known = sum(column is not None for column in self.columns)

    def sheet(self) -> Sheet:
        self._check_headings()
        if self.mistakes:
            return Sheet((), tuple(self.mistakes))
        lines = tuple(self._lines())
        return Sheet(lines, tuple(self.mistakes))

    def _check_headings(self) -> None:
        if not self.known:
            self._found(1, "", "The first line has none of the headings of a rule.", _ONE_TABLE)
            return
        for heading, column in zip(self.headings, self.columns, strict=True):
            if column is None and heading.strip():
                what = f'No column is called "{heading}".'
                self._found(1, heading, what, "Correct the heading, or take the column out.")
            elif column is None:
                self._found(1, "", "A column has no heading.", "Give it one, or take it out.")
        for column in sorted({c for c in self.columns if c and self.columns.count(c) > 1}):
            heading = self.layout.heading(column)
            self._found(1, heading, "This column is there twice.", "Take one of them out.")
        for column in self.layout.headings:
            if column in self.layout.obligatory and column not in self.columns:
                heading = self.layout.heading(column)
                self._found(1, heading, "This column is missing.", _ONE_TABLE)

    def _lines(self) -> Iterator[Line]:
        for number, row in self._numbered():
            row = _without_tail(row, len(self.columns))
            if not any(text.strip() for text in row):
                continue
            if len(row) != len(self.columns):
                what = f"The line has {len(row)} cells, the headings are {len(self.columns)}."
                self._found(number, "", what, "Put texts with commas in quotation marks.")
                continue
            texts = zip(self.columns, map(unguarded, row), strict=True)
            yield Line(number, {column: text for column, text in texts if column and text})

    def _numbered(self) -> Iterator[tuple[int, Sequence[str]]]:
        """Rows with the line on which each begins, as far as the text can be read."""
        while True:
            begins = self.rows.line_num + 1
            try:
                row = next(self.rows)
            except StopIteration:
                return
            except csv.Error as failure:
                what = f"From here on the file cannot be read ({failure})."
                self._found(begins, "", what, "Look at the quotation marks of this line.")
                return
            yield begins, row

    def _found(self, line: int, column: str, text: str, cure: str) -> None:
        self.mistakes.append(Mistake(line, column, text, cure))


def _without_tail(row: Sequence[str], keep: int) -> list[str]:
    """The row without empty cells at its end, which some spreadsheets add; `keep` always stay."""
    kept = list(row)
    while len(kept) > keep and not kept[-1].strip():
        kept.pop()
    return kept
