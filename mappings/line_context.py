"""One expense of a report beside the book: what every question about a line needs to know."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from connectors.contract.abilities import KindAbilities
from connectors.contract.problem import Problem
from connectors.contract.report import Expense, Report
from mappings.books import Book
from mappings.rulebook import Case, Rule, Verdict, case_of
from mappings.texts import line_place


@dataclass(frozen=True, slots=True)
class Explained:
    """Why one output of one line is what it is. `line` counts the report's lines from 1.

    output   `account`, `party`, `tax_code` or a dimension; `target` names the member, "" where
             the rule leaves it empty on purpose
    rule_id  None where a policy of the flow decided; `rule_text` says which
    """

    line: int
    transaction_id: str
    output: str
    target: str
    target_id: int | None
    rule_id: int | None
    rule_text: str


@dataclass(frozen=True)
class LineContext:
    """Expense `number` (from 1) of the report, on a document with these abilities."""

    report: Report
    number: int
    expense: Expense
    book: Book
    abilities: KindAbilities

    @cached_property
    def place(self) -> str:
        return line_place(self.number, self.expense, self.report.currency)

    @cached_property
    def case(self) -> Case:
        return case_of(self.report, self.expense)

    @cached_property
    def found(self) -> dict[str, Verdict]:
        return self.book.rulebook.verdicts(self.case)

    def source(self, rule: Rule | None = None) -> str:
        """What of the expense led to the member, as people named it."""
        if rule is not None and rule.tag:
            return f'tag "{rule.tag}" (level {rule.tag_level})'
        return f'category "{self.case.category}"' if rule is None or rule.category else "a rule"

    def explain(
        self, output: str, member: object | None, rule: Rule | None, why: str = ""
    ) -> Explained:
        """`member`: an account, value, party or tax code; None for "left empty on purpose"."""
        return Explained(
            line=self.number,
            transaction_id=self.expense.transaction_id,
            output=output,
            target=member.label if member is not None else "",
            target_id=member.id if member is not None else None,
            rule_id=rule.id if rule is not None else None,
            rule_text=rule.text if rule is not None else why,
        )

    def problem(
        self,
        code: str,
        field: str,
        message: str,
        cure: str,
        subject: str = "",
        facts: Mapping[str, str] | None = None,
    ) -> Problem:
        return Problem(
            code,
            f"expenses[{self.number}].{field}",
            message,
            cure,
            subject,
            {**(facts or {}), "line": str(self.number)},
        )
