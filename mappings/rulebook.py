"""Which rule decides what about an expense, and why: first match by priority wins, per output."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from connectors.contract.report import Expense, Report

ACCOUNT = "account"
PARTY = "party"
TAX_CODE = "tax_code"
# Every other output is the name of a dimension.


@dataclass(frozen=True, slots=True)
class Case:
    """What rules look at in an expense.

    cards, taxes  every name that the card, and the tax, goes by; empty without one: a tax by its
                  code, its name, its rate's name ("Standard"), its percentage, and each name with
                  the percentage ("VAT 20%")
    """

    category: str = ""
    tags: tuple[tuple[int, str], ...] = ()
    employee: str = ""
    cards: frozenset[str] = frozenset()
    reimbursable: bool = True
    expense_type: str = ""
    taxes: frozenset[str] = frozenset()


def case_of(report: Report, expense: Expense) -> Case:
    return Case(
        category=expense.category.strip(),
        tags=tuple((tag.level, tag.name.strip()) for tag in expense.tags if tag.name.strip()),
        employee=report.employee.email.strip().lower(),
        cards=frozenset(filter(None, (expense.card_id, expense.card_number, expense.card_name))),
        reimbursable=expense.reimbursable,
        expense_type=expense.expense_type.strip().lower(),
        taxes=tax_names(
            expense.tax_code, expense.tax_name, expense.tax_rate_name, expense.tax_rate
        ),
    )


def tax_names(code: str, name: str, rate_name: str, percent: Decimal | None) -> frozenset[str]:
    """What a tax is called: `name` is that of all rates of a workspace ("VAT"), `rate_name` that
    of one ("Standard"); each goes with the percentage, too."""
    names = {name.strip(), rate_name.strip()}
    found = {code.strip(), *names}
    if percent is not None:
        rates = (f"{percent.normalize():f}%", f"{percent.normalize():f} %")
        found |= {f"{each} {text}".strip() for each in names for text in rates} | set(rates)
    return frozenset(filter(None, found))


@dataclass(frozen=True, slots=True)
class Rule:
    """Conditions (blank or None: any) and what they decide (None: nothing).

    tag       stands on `tag_level`, which counts from 1
    employee  an e-mail address in lower case
    tax       what the expense's tax is called in Expensify, as in `Case.taxes`: the name alone is
              often that of all rates
    tax_is_cost  the tax is not reclaimed; never together with a tax code
    values    dimension -> row of the value; None leaves that dimension empty on purpose
    """

    id: int
    priority: int
    category: str = ""
    tag_level: int | None = None
    tag: str = ""
    employee: str = ""
    card: str = ""
    reimbursable: bool | None = None
    expense_type: str = ""
    tax: str = ""
    account_id: int | None = None
    party_id: int | None = None
    tax_code_id: int | None = None
    tax_is_cost: bool = False
    values: Mapping[str, int | None] = field(default_factory=dict)

    def misses(self, case: Case) -> str:
        """The first condition that the case does not meet, in words; "" when the rule matches."""
        if self.category and self.category != case.category:
            return f'the category is not "{self.category}"'
        if self.tag and (self.tag_level, self.tag) not in case.tags:
            return f'the tag on level {self.tag_level} is not "{self.tag}"'
        if self.employee and self.employee != case.employee:
            return f"the employee is not {self.employee}"
        if self.card and self.card not in case.cards:
            return f'the card is not "{self.card}"'
        if self.reimbursable is not None and self.reimbursable != case.reimbursable:
            return "it is not reimbursable" if self.reimbursable else "it is reimbursable"
        if self.expense_type and self.expense_type != case.expense_type:
            return f'the expense type is not "{self.expense_type}"'
        if self.tax and self.tax not in case.taxes:
            return f'the tax is not "{self.tax}"'
        return ""

    @property
    def outputs(self) -> Mapping[str, int | None]:
        """What the rule decides: output -> row of the member, None for "leave it empty".

        Tax without a code is cost: of two rules, one with a code and one that says so, the first
        wins, as for every output.
        """
        chosen = {ACCOUNT: self.account_id, PARTY: self.party_id, TAX_CODE: self.tax_code_id}
        found = {name: row for name, row in chosen.items() if row is not None}
        return found | ({TAX_CODE: None} if self.tax_is_cost else {}) | dict(self.values)

    @property
    def text(self) -> str:
        """Its conditions in words."""
        parts = [
            f'category "{self.category}"' if self.category else "",
            f'tag "{self.tag}" on level {self.tag_level}' if self.tag else "",
            f"employee {self.employee}" if self.employee else "",
            f'card "{self.card}"' if self.card else "",
            {None: "", True: "reimbursable", False: "not reimbursable"}[self.reimbursable],
            f'expense type "{self.expense_type}"' if self.expense_type else "",
            f'tax "{self.tax}"' if self.tax else "",
        ]
        return ", ".join(filter(None, parts)) or "every expense"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided about one output, and by which rule."""

    output: str
    target_id: int | None
    rule: Rule


def in_order(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Rules as they are tried: by priority, the older one first where it is the same."""
    return tuple(sorted(rules, key=lambda rule: (rule.priority, rule.id)))


@dataclass(frozen=True, slots=True)
class Trial:
    """How one rule fared: `misses` says why it did not match, `wins` which outputs it decided."""

    rule: Rule
    misses: str
    wins: tuple[str, ...]


class Rulebook:
    """Rules in the order in which they are tried.

    A workspace may have a tag for every project and a rule for every tag; so rules are found by
    the narrowest of their conditions instead of being tried one after the other on every line.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = in_order(rules)
        self._shelves: dict[tuple, list[int]] = {}
        self._decides: list[tuple[Verdict, ...]] = []
        for place, rule in enumerate(self.rules):
            self._shelves.setdefault(_shelf(rule), []).append(place)
            self._decides.append(
                tuple(Verdict(output, target, rule) for output, target in rule.outputs.items())
            )

    def verdicts(self, case: Case) -> dict[str, Verdict]:
        """Per output the first rule that matches and decides it."""
        found: dict[str, Verdict] = {}
        for place in self._possible(case):
            if self.rules[place].misses(case):
                continue
            for verdict in self._decides[place]:
                found.setdefault(verdict.output, verdict)
        return found

    def trials(self, case: Case) -> tuple[Trial, ...]:
        """Every rule in the order in which it is tried, for people who ask why."""
        won = self.verdicts(case)
        return tuple(
            Trial(
                rule,
                rule.misses(case),
                tuple(name for name, verdict in won.items() if verdict.rule.id == rule.id),
            )
            for rule in self.rules
        )

    def _possible(self, case: Case) -> list[int]:
        shelves = [("tag", level, name) for level, name in dict.fromkeys(case.tags)]
        shelves += [("category", case.category), ("employee", case.employee), ()]
        return sorted(place for shelf in shelves for place in self._shelves.get(shelf, ()))


def _shelf(rule: Rule) -> tuple:
    if rule.tag:
        return ("tag", rule.tag_level, rule.tag)
    if rule.category:
        return ("category", rule.category)
    return ("employee", rule.employee) if rule.employee else ()


def mapped_dimensions(rules: Iterable[Rule]) -> dict[int, frozenset[str]]:
    """Tag level -> dimensions that rules on that level decide.

    A tag on such a level that finds no member is a gap in the rules; a level that no rule knows
    is one that the flow does not carry into the books, which the flow's page says.
    """
    levels: dict[int, set[str]] = {}
    for rule in rules:
        if rule.tag and rule.tag_level is not None and rule.values:
            levels.setdefault(rule.tag_level, set()).update(rule.values)
    return {level: frozenset(names) for level, names in levels.items()}
