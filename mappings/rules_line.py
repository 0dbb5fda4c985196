"""One line of a file of rules, read over the rule that it is about: what the rule becomes.

A cell that still says what the rule prints stays what it is: nothing is looked up that nobody
changed, so that namesakes and inactive members do no harm.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mappings.books import same_name
from mappings.rulebook import ACCOUNT, PARTY, TAX_CODE, Rule
from mappings.rules_csv import (
    LEFT_EMPTY,
    NO,
    YES,
    Line,
    Lists,
    Member,
    StandingRule,
    cells,
    dimension_column,
)

# Of a mistake: line, column, what is wrong, cure.
Tell = Callable[[Line, str, str, str], None]

_WORDS = {YES: True, "y": True, "true": True, "1": True}
_WORDS |= {NO: False, "n": False, "false": False, "0": False}
_CALLED = {ACCOUNT: "account", PARTY: "payee", TAX_CODE: "tax code"}
_BLANK = StandingRule(Rule(id=0, priority=100))


class Finder:
    """The members of a flow's lists by what people call them."""

    def __init__(self, lists: Lists, labels: Mapping[str, str]) -> None:
        self.lists, self.labels = lists, labels
        self._indexes: dict[str, _Index] = {}

    def word(self, name: str) -> str:
        return _CALLED.get(name) or self.labels[name]

    def of(self, name: str) -> "_Index":
        if name not in self._indexes:
            self._indexes[name] = _Index(self.lists.by_id.get(name, {}).values())
        return self._indexes[name]


class _Index:
    """Members of one list: by their very name, by full and short name as ledgers compare names."""

    def __init__(self, members: Iterable[Member]) -> None:
        self.exact: dict[str, list[Member]] = {}
        self.full: dict[str, list[Member]] = {}
        self.short: dict[str, list[Member]] = {}
        self.numbered: dict[str, list[Member]] = {}
        for one in members:
            self.exact.setdefault(one.name, []).append(one)
            self.full.setdefault(same_name(one.name), []).append(one)
            self.short.setdefault(same_name(one.short), []).append(one)
            self.numbered.setdefault(one.number, []).append(one)

    def called(self, text: str) -> list[Member]:
        folded = same_name(text)
        return self.exact.get(text) or self.full.get(folded) or self.short.get(folded) or []


class LineReader:
    """A line over the rule `was`; None for a line that adds one. `tell` hears of mistakes, after
    which the part concerned stays as it was."""

    def __init__(self, line: Line, was: StandingRule | None, finder: Finder, tell: Tell) -> None:
        self.line, self.finder, self.tell = line, finder, tell
        self.before = was or _BLANK
        self.printed = cells(was, finder.lists) if was else {}
        self.is_new = was is None

    def rule(self) -> StandingRule:
        before = self.before.rule
        return StandingRule(
            rule=replace(
                self.conditions(),
                priority=self._priority(),
                account_id=self._account(),
                party_id=self._member(PARTY, PARTY, before.party_id),
                **self._tax(),
                values=dict(self._values()),
            ),
            is_active=self._yes_or_no("active", self.before.is_active, blank=True),
            note=self._text("note", self.before.note),
        )

    def conditions(self) -> Rule:
        """The rule as far as its conditions go; the rest is that of before."""
        before = self.before.rule
        level, tag = self._tag()
        return replace(
            before,
            category=self._text("category", before.category),
            tag_level=level,
            tag=tag,
            employee=self._text("employee", before.employee, lower=True),
            card=self._text("card", before.card),
            reimbursable=self._yes_or_no("reimbursable", before.reimbursable, blank=None),
            expense_type=self._text("expense_type", before.expense_type, lower=True),
            tax=self._text("tax", before.tax),
        )

    def _is_untouched(self, *columns: str) -> bool:
        told, printed = self.line.cells, self.printed
        return not self.is_new and all(told.get(c, "") == printed.get(c, "") for c in columns)

    def _cell(self, column: str) -> str:
        return self.line.cells.get(column, "").strip()

    def _wrong(self, column: str, text: str, cure: str) -> None:
        self.tell(self.line, column, text, cure)

    # -- plain cells -------------------------------------------------------------------------------

    def _text(self, column: str, before: str, *, lower: bool = False) -> str:
        if self._is_untouched(column):
            return before
        text = self._cell(column)
        return text.lower() if lower else text

    def _tag(self) -> tuple[int | None, str]:
        columns = sorted(c for c in {*self.line.cells, *self.printed} if c.startswith("tag:"))
        if self._is_untouched(*columns):
            return self.before.rule.tag_level, self.before.rule.tag
        filled = [column for column in columns if self._cell(column)]
        if len(filled) > 1:
            what = "A rule looks at one tag, and this line names several."
            self._wrong(filled[1], what, "Keep one of them, or write a line for each.")
        if not filled:
            return None, ""
        return int(filled[0].partition(":")[2]), self._cell(filled[0])

    def _priority(self) -> int:
        text = self._cell("priority")
        if self._is_untouched("priority"):
            return self.before.rule.priority
        if not text:
            return _BLANK.rule.priority
        if re.fullmatch(r"[+-]?[0-9]{1,9}", text):
            return int(text)
        self._wrong("priority", f'"{text}" is no whole number.', "Write one such as 100.")
        return self.before.rule.priority

    def _yes_or_no(self, column: str, before: bool | None, blank: bool | None) -> bool | None:
        text = self._cell(column)
        if self._is_untouched(column):
            return before
        if not text:
            return blank
        if text.lower() not in _WORDS:
            self._wrong(column, f'"{text}" is neither yes nor no.', "Write yes or no.")
        return _WORDS.get(text.lower(), before)

    # -- members of the ledger's lists -------------------------------------------------------------

    def _tax(self) -> dict[str, Any]:
        """A tax code, or that the tax is cost."""
        before = self.before.rule
        code = self._member(TAX_CODE, TAX_CODE, before.tax_code_id)
        is_cost = self._yes_or_no("tax_is_cost", before.tax_is_cost, blank=False)
        if code is not None and is_cost:
            what = "Tax is either cost or reclaimed with a tax code, and this line says both."
            self._wrong("tax_is_cost", what, "Empty one of the two cells.")
            code, is_cost = before.tax_code_id, before.tax_is_cost
        return {"tax_code_id": code, "tax_is_cost": is_cost}

    def _account(self) -> int | None:
        """By number and name; either may be left out where the other one is enough."""
        before = self.before.rule.account_id
        if self._is_untouched("account_number", "account"):
            return before
        number, name = self._cell("account_number"), self._cell("account")
        if not number:
            return self._found("account", ACCOUNT, before)
        hits = self.finder.of(ACCOUNT).numbered.get(number, [])
        if not hits:
            what = f"No account has the number {number}."
            self._wrong("account_number", what, "Correct it, or read the connection's lists.")
            return before
        named = [one for one in hits if not name or same_name(name) in _names(one)]
        if not named:
            what = f'Account {number} is "{hits[0].name}", not "{name}".'
            self._wrong("account", what, "Correct one of the two cells, or empty one.")
            return before
        return self._chosen("account", ACCOUNT, f"{number} {name}".strip(), named, before)

    def _values(self) -> Iterator[tuple[str, int | None]]:
        before = self.before.rule.values
        for name in self.finder.labels:
            column = dimension_column(name)
            if self._is_untouched(column):
                if name in before:
                    yield name, before[name]
            elif self._cell(column).casefold() == LEFT_EMPTY:
                yield name, None
            elif (row := self._found(column, name, None)) is not None:
                yield name, row

    def _member(self, column: str, name: str, before: int | None) -> int | None:
        return before if self._is_untouched(column) else self._found(column, name, before)

    def _found(self, column: str, name: str, before: int | None) -> int | None:
        text = self._cell(column)
        if not text:
            return None
        hits = self.finder.of(name).called(text)
        if not hits:
            what = f'The ledger\'s lists have no {self.finder.word(name)} "{text}".'
            self._wrong(column, what, "Correct the name, or read the connection's lists.")
            return before
        return self._chosen(column, name, text, hits, before)

    def _chosen(
        self, column: str, name: str, text: str, hits: Sequence[Member], before: int | None
    ) -> Any:
        """The one that can be used; of an inactive and an active namesake the active one."""
        word = self.finder.word(name)
        usable = [one for one in hits if not one.why_not] or list(hits)
        if len(usable) > 1:
            named = ", ".join(f"{one.number} {one.name}".strip() for one in usable[:5])
            what = f'"{text}" could be any of {len(usable)}: {named}.'
            full = "number and full name" if name == ACCOUNT else "full name"
            cure = f"Write the {full}; where that is not enough, choose it on the rule's page."
        elif usable[0].why_not:
            what, cure = f"{usable[0].name} {usable[0].why_not}.", f"Name another {word}."
        else:
            return usable[0].id
        self._wrong(column, what, cure)
        return before


def _names(member: Member) -> tuple[str, str]:
    return same_name(member.name), same_name(member.short)
