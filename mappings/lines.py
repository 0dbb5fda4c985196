"""What one expense becomes: account, dimensions, party and tax, or why it cannot."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from connectors.contract.abilities import KindAbilities
from connectors.contract.entry import DimensionRef
from connectors.contract.problem import Problem
from connectors.contract.report import Expense, Report
from mappings.books import Account, Book, Value
from mappings.line_context import Explained, LineContext
from mappings.rulebook import ACCOUNT, PARTY, TAX_CODE, Rule
from mappings.tax import LineTax, line_tax
from mappings.terms import BillablePolicy, TagPolicy
from mappings.texts import report_place
from mappings.validate import NOTHING_POSTED, since

UNCATEGORISED = frozenset({"", "uncategorized", "uncategorised"})
_BY_GL_CODE = "GL code of the category"


@dataclass(frozen=True, slots=True)
class MeantLine:
    """A line as far as it could be decided; `header` has what the document carries once.

    account   None where a problem stands in the way
    party_id  whom a rule names, by our row
    is_owed_by_party  personal, or an advance: it stands on what employees owe
    """

    number: int
    expense: Expense
    account: Account | None
    dimensions: tuple[DimensionRef, ...]
    header: Mapping[str, Value | None]
    party_id: int | None
    tax: LineTax
    billable: bool
    is_owed_by_party: bool
    problems: tuple[Problem, ...]
    explained: tuple[Explained, ...]
    notes: tuple[str, ...] = ()


def meant(
    report: Report, number: int, expense: Expense, book: Book, abilities: KindAbilities
) -> MeantLine:
    """Expense `number` (from 1) of the report, on a document with these abilities."""
    made = _Making(LineContext(report, number, expense, book, abilities))
    problems = tuple(made.run())
    return MeantLine(
        number=number,
        expense=expense,
        account=made.account,
        dimensions=tuple(made.dimensions),
        header=made.header,
        party_id=made.party_id,
        tax=made.tax,
        billable=made.billable,
        is_owed_by_party=made.account is not None and made.account.id == book.terms.due_from_id,
        problems=problems,
        explained=tuple(made.explained),
        notes=tuple(made.notes),
    )


class _Making:
    """One line under way: `run` yields the problems and fills in what could be decided."""

    def __init__(self, line: LineContext) -> None:
        self.line, self.book, self.abilities = line, line.book, line.abilities
        self.account: Account | None = None
        self.party_id: int | None = None
        self.tax = LineTax()
        self.billable = False
        self.dimensions: list[DimensionRef] = []
        self.header: dict[str, Value | None] = {}
        self.explained: list[Explained] = []
        self.notes: list[str] = []

    def run(self) -> Iterator[Problem]:
        yield from self._account()
        yield from self._dimensions()
        yield from self._tags()
        self.tax = line_tax(self.line)
        self.explained += self.tax.explained
        self.notes += self.tax.notes
        yield from self.tax.problems
        yield from self._billable()
        if verdict := self.line.found.get(PARTY):
            self.party_id = verdict.target_id
            self._explain(PARTY, self.book.parties[verdict.target_id], verdict.rule)

    def _account(self) -> Iterator[Problem]:
        category = self.line.case.category
        if category.lower() in UNCATEGORISED:
            yield self.line.problem(
                "map.category.uncategorised",
                "category",
                f"{self.line.place} has no category. {NOTHING_POSTED}",
                "Categorise the expense in Expensify, then read the report again.",
            )
            return
        if verdict := self.line.found.get(ACCOUNT):
            account = self.book.accounts[verdict.target_id]
            self._explain(ACCOUNT, account, verdict.rule)
        elif (account := self._by_gl_code()) and self.book.terms.use_gl_codes:
            self._explain(ACCOUNT, account, None, f"{_BY_GL_CODE}: {account.number}")
        else:
            yield self._no_account(account)
            return
        problems = list(self._account_problems(account))
        self.account = None if problems else account
        yield from problems

    def _by_gl_code(self) -> Account | None:
        code = self.line.expense.category_gl_code.strip()
        hits = self.book.accounts_by_number.get(code, ()) if code else ()
        return hits[0] if len(hits) == 1 else None

    def _no_account(self, proposed: Account | None) -> Problem:
        category = self.line.case.category
        facts = {"category": category}
        cure = "Choose an account."
        if proposed is not None:
            facts |= {"suggested_account_id": str(proposed.id)}
            cure = f"Choose an account; the category's GL code proposes {proposed.label}."
        return self.line.problem(
            "map.category.missing",
            "category",
            f'{report_place(self.line.report)}: category "{category}" has no account in '
            f"{self.book.company.ledger_label}. {NOTHING_POSTED}",
            cure,
            f"category:{category}",
            facts,
        )

    def _account_problems(self, account: Account) -> Iterator[Problem]:
        subject, facts = f"account:{account.id}", {"account_id": str(account.id)}
        ledger, points_to = (
            self.book.company.ledger_label,
            f"{self.line.source()} points to account",
        )
        if not account.active:
            yield self.line.problem(
                "map.account.inactive",
                "category",
                f"{self.line.place}: {points_to} {account.label}, inactive in {ledger}"
                f"{since(self.book)}. {NOTHING_POSTED}",
                "Make it active there, or choose another account.",
                subject,
                facts,
            )
        allowed = self.abilities.line_account_types
        if allowed and account.kind not in allowed:
            yield self.line.problem(
                "map.account.kind",
                "category",
                f"{self.line.place}: {points_to} {account.label} of the type "
                f"{account.kind or '(none)'}, which {ledger} refuses on a line. {NOTHING_POSTED}",
                "Choose another account.",
                subject,
                facts,
            )
        home = self.book.company.home_currency
        if account.currency not in ("", home, self.line.report.currency):
            yield self.line.problem(
                "map.account.currency",
                "category",
                f"{self.line.place}: {points_to} {account.label}, kept in {account.currency}. The "
                f"report is in {self.line.report.currency}. {NOTHING_POSTED}",
                "Choose another account.",
                subject,
                facts,
            )

    def _dimensions(self) -> Iterator[Problem]:
        for name, verdict in self.line.found.items():
            if name in (ACCOUNT, PARTY, TAX_CODE):
                continue
            where = self.abilities.dimensions.get(name)
            value = None if verdict.target_id is None else self.book.values[verdict.target_id]
            self._explain(name, value, verdict.rule)
            if value is None:
                continue
            if not value.active:
                yield self._inactive_value(name, value, verdict.rule)
            elif where is None:
                yield self._not_carried(name, value)
            elif where == "header":
                self.header[name] = value
            else:
                self.dimensions.append(DimensionRef(name, value.ref))

    def _inactive_value(self, name: str, value: Value, rule: Rule) -> Problem:
        label = self.book.dimension_label(name).lower()
        return self.line.problem(
            "map.value.inactive",
            name,
            f'{self.line.place}: {self.line.source(rule)} points to {label} "{value.name}", '
            f"inactive in {self.book.company.ledger_label}{since(self.book)}. {NOTHING_POSTED}",
            "Make it active there, or point the rule elsewhere.",
            f"value:{value.id}",
            {"value_id": str(value.id), "dimension": name, "rule_id": str(rule.id)},
        )

    def _not_carried(self, name: str, value: Value) -> Problem:
        label = self.book.dimension_label(name).lower()
        return self.line.problem(
            "map.dimension.not_carried",
            name,
            f'{self.line.place}: {label} "{value.name}" has no place on this document in '
            f"{self.book.company.ledger_label}. {NOTHING_POSTED}",
            f"Let the rule leave the {label} out, or book this report by hand and set it aside.",
            f"dimension:{name}",
            {"dimension": name},
        )

    def _tags(self) -> Iterator[Problem]:
        if self.book.terms.tag_policy is TagPolicy.IGNORE:
            return
        for level, tag in self.line.case.tags:
            expected = self.book.mapped_dimensions.get(level, frozenset())
            for name in sorted(expected - self.line.found.keys()):
                label = self.book.dimension_label(name).lower()
                yield self.line.problem(
                    "map.tag.missing",
                    f"tags[{level}]",
                    f'{self.line.place}: tag "{tag}" (level {level}) has no {label} in '
                    f"{self.book.company.ledger_label}. {NOTHING_POSTED}",
                    f"Choose a {label} for it, or a rule that leaves the {label} empty.",
                    f"tag:{level}:{tag}:{name}",
                    {"tag": tag, "tag_level": str(level), "dimension": name},
                )

    def _billable(self) -> Iterator[Problem]:
        if not self.line.expense.billable:
            return
        has_customer = any(d.dimension == "customer" for d in self.dimensions)
        carried = self.abilities.carries_billable
        self.billable = has_customer and carried
        if self.billable:
            return
        if self.book.terms.billable_policy is BillablePolicy.IGNORE:
            self.notes.append(f"{self.line.place}: posted as not billable, as the flow says.")
        elif carried:
            yield self.line.problem(
                "map.billable.no_customer",
                "billable",
                f"{self.line.place} is billable, and no rule says to which customer. "
                f"{NOTHING_POSTED}",
                "Add a rule that gives its tags a customer, or let the flow post such expenses as "
                "not billable.",
            )
        else:
            yield self.line.problem(
                "map.billable.not_carried",
                "billable",
                f"{self.line.place} is billable, which this document in "
                f"{self.book.company.ledger_label} cannot say. {NOTHING_POSTED}",
                "Let the flow post such expenses as not billable, or clear the flag in Expensify.",
                f"flow:{self.book.terms.flow_id}:billable",
            )

    def _explain(
        self, output: str, member: object | None, rule: Rule | None, why: str = ""
    ) -> None:
        self.explained.append(self.line.explain(output, member, rule, why))
