"""What a file would make of a flow's rules: added, changed, removed, and what is wrong with it.

A line says which rule it is about by the rule's number, else by its conditions.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from connectors.contract import exact_json, keys
from mappings.rulebook import Rule
from mappings.rules_csv import Layout, Line, Lists, Mistake, Sheet, StandingRule, cells
from mappings.rules_line import Finder, LineReader

_CONDITIONS = ("category", "tag_level", "tag", "employee", "card", "reimbursable")
_CONDITIONS += ("expense_type", "tax")


@dataclass(frozen=True, slots=True)
class Change:
    """One cell: what the rule printed there before and would print after; "" for nothing."""

    heading: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Edit:
    """One rule that becomes another. `was` None: it is new; `now` None: it goes.

    line  of the file, None where the rule goes because no line has it
    """

    line: int | None
    was: StandingRule | None
    now: StandingRule | None
    changes: tuple[Change, ...]

    @property
    def title(self) -> str:
        """The conditions of the rule that stands, or of the one that is new."""
        return (self.was or self.now).rule.text


@dataclass(frozen=True)
class Comparison:
    """With mistakes nothing may be written; the edits are then what could be understood.

    unchanged  lines that say what stands; missing: rules without a line, whether they go or stay
    """

    standing: tuple[StandingRule, ...]
    edits: tuple[Edit, ...]
    unchanged: int
    missing: int
    mistakes: tuple[Mistake, ...] = ()

    @property
    def added(self) -> list[Edit]:
        return [edit for edit in self.edits if edit.was is None]

    @property
    def changed(self) -> list[Edit]:
        return [edit for edit in self.edits if edit.was and edit.now]

    @property
    def removed(self) -> list[Edit]:
        return [edit for edit in self.edits if edit.now is None]

    @cached_property
    def fingerprint(self) -> str:
        """Names what a person was shown: the rules as they stood, and every edit."""
        return keys.content_hash(exact_json.dumps(exact_json.plain([self.standing, self.edits])))


def compared(
    standing: Sequence[StandingRule],
    sheet: Sheet,
    lists: Lists,
    layout: Layout,
    *,
    removes: bool = False,
) -> Comparison:
    """The sheet against the flow's rules. `removes`: rules without a line in the file go."""
    if sheet.mistakes and not sheet.lines:
        return Comparison(tuple(standing), (), 0, 0, sheet.mistakes)
    work = _Comparing(standing, lists, layout)
    edits = [work.edit(line, was) for line, was in work.matched(sheet.lines)]
    left = [one for one in standing if one.rule.id not in work.claimed]
    gone = [Edit(None, one, None, work.changes(one, None)) for one in left] if removes else []
    found = sorted([*sheet.mistakes, *work.mistakes], key=lambda one: one.line or 0)
    return Comparison(
        standing=tuple(standing),
        edits=(*filter(None, edits), *gone),
        unchanged=edits.count(None),
        missing=len(left),
        mistakes=tuple(found),
    )


class _Comparing:
    """One comparison under way. `claimed`: number of a rule -> line that is about it."""

    def __init__(self, standing: Sequence[StandingRule], lists: Lists, layout: Layout) -> None:
        self.by_id = {one.rule.id: one for one in standing}
        self.lists, self.layout = lists, layout
        self.finder = Finder(lists, layout.labels)
        self.claimed: dict[int, int] = {}
        self.mistakes: list[Mistake] = []

    def matched(self, lines: Sequence[Line]) -> list[tuple[Line, StandingRule | None]]:
        """Each line with the rule that it is about; None for one that it adds."""
        numbered = [self._numbered(line) for line in lines]
        told = [self._conditions(*pair) for pair in zip(lines, numbered, strict=True)]
        times = Counter(told)
        unclaimed: dict[tuple, list[StandingRule]] = {}
        for rule_id, one in self.by_id.items():
            if rule_id not in self.claimed:
                unclaimed.setdefault(_conditions_of(one.rule), []).append(one)
        matches = []
        for line, was, conditions in zip(lines, numbered, told, strict=True):
            if not line.cells.get("rule", "").strip():
                hits = unclaimed.get(conditions, [])
                was = self._by_conditions(line, hits, is_alone=times[conditions] == 1)
            matches.append((line, was))
        return matches

    def _numbered(self, line: Line) -> StandingRule | None:
        text = line.cells.get("rule", "").strip()
        if not text:
            return None
        one = self.by_id.get(int(text)) if re.fullmatch(r"[0-9]{1,18}", text) else None
        if one is None:
            what = f"{text} is not the number of a rule of this flow."
            self._wrong(line, "rule", what, "Empty the cell to add the line as a new rule.")
        elif (other := self.claimed.setdefault(one.rule.id, line.number)) != line.number:
            what = f"Rule {text} stands on line {other} already."
            self._wrong(line, "rule", what, "Take one of the lines out, or empty the number.")
        return one

    def _by_conditions(
        self, line: Line, hits: Sequence[StandingRule], *, is_alone: bool
    ) -> StandingRule | None:
        if not is_alone:
            what = "Another line has the same conditions."
            self._wrong(line, "", what, "Put what they decide on one line.")
        elif len(hits) > 1:
            numbers = " and ".join(str(one.rule.id) for one in hits)
            what = f"Rules {numbers} have these conditions."
            self._wrong(line, "rule", what, "Write the number of the one that is meant.")
        elif hits:
            self.claimed[hits[0].rule.id] = line.number
            return hits[0]
        return None

    def _conditions(self, line: Line, was: StandingRule | None) -> tuple:
        """Mistakes in them are told by `edit`, once it is known which rule the line is about."""
        reader = LineReader(line, was, self.finder, lambda *mistake: None)
        return _conditions_of(reader.conditions())

    def edit(self, line: Line, was: StandingRule | None) -> Edit | None:
        """None where the line says what stands."""
        now = LineReader(line, was, self.finder, self._wrong).rule()
        return Edit(line.number, was, now, self.changes(was, now)) if now != was else None

    def changes(self, was: StandingRule | None, now: StandingRule | None) -> tuple[Change, ...]:
        old, new = self._printed(was), self._printed(now)
        columns = dict.fromkeys([*self.layout.headings, *old, *new])
        return tuple(
            Change(self.layout.heading(column), old.get(column, ""), new.get(column, ""))
            for column in columns
            if column != "rule" and old.get(column, "") != new.get(column, "")
        )

    def _printed(self, one: StandingRule | None) -> Mapping[str, str]:
        return cells(one, self.lists) if one is not None else {}

    def _wrong(self, line: Line, column: str, text: str, cure: str) -> None:
        heading = self.layout.heading(column) if column else ""
        self.mistakes.append(Mistake(line.number, heading, text, cure))


def _conditions_of(rule: Rule) -> tuple:
    return tuple(getattr(rule, name) for name in _CONDITIONS)
