"""What one expense becomes: account, dimensions, tax code and text, or why it cannot."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from connectors.contract.entry import DimensionRef, Line, Ref
from connectors.contract.ledger import KindAbilities
from connectors.contract.problem import Problem
from connectors.contract.report import Expense, Report
from mappings.books import Account, Book, Value
from mappings.rulebook import ACCOUNT, PARTY, TAX_CODE, Rule, Verdict, case_of
from mappings.terms import BillablePolicy, TagPolicy, TaxPolicy
from mappings.texts import line_place, line_text, money, report_place
from mappings.validate import NOTHING_POSTED, since

UNCATEGORISED = frozenset({"", "uncategorized", "uncategorised"})
_BY_GL_CODE = "GL code of the category"


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


@dataclass(frozen=True, slots=True)
class MeantLine:
    """A line as far as it could be decided; `header` has what the document carries once.

    `account` is None, and so is `line`, where a problem stands in the way.
    """

    number: int
    line: Line | None
    header: Mapping[str, Value | None]
    party_id: int | None
    problems: tuple[Problem, ...]
    explained: tuple[Explained, ...]
    notes: tuple[str, ...] = ()


def meant(
    report: Report, number: int, expense: Expense, book: Book, abilities: KindAbilities
) -> MeantLine:
    """Expense `number` (from 1) of the report, on a document with these abilities."""
    made = _Making(report, number, expense, book, abilities)
    problems = tuple(made.run())
    line = None
    if made.account is not None and expense.amount is not None:
        line = Line(
            account=made.account.ref,
            amount=expense.amount,
            text=line_text(expense, report),
            dimensions=tuple(made.dimensions),
            transaction_id=expense.transaction_id,
            tax_code=made.tax_code,
            billable=made.billable,
            receipt_url=expense.receipt.url if expense.receipt else "",
        )
    return MeantLine(
        number, line, made.header, made.party_id, problems, tuple(made.explained), tuple(made.notes)
    )


class _Making:
    """One line under way: `run` yields the problems and fills in what could be decided."""

    def __init__(
        self, report: Report, number: int, expense: Expense, book: Book, abilities: KindAbilities
    ) -> None:
        self.report, self.number, self.expense = report, number, expense
        self.book, self.abilities = book, abilities
        self.place = line_place(number, expense, report.currency)
        self.field = f"expenses[{number}]"
        self.case = case_of(report, expense)
        self.found: dict[str, Verdict] = book.rulebook.verdicts(self.case)
        self.account: Account | None = None
        self.tax_code: Ref | None = None
        self.party_id: int | None = None
        self.billable = False
        self.dimensions: list[DimensionRef] = []
        self.header: dict[str, Value | None] = {}
        self.explained: list[Explained] = []
        self.notes: list[str] = []

    def run(self) -> Iterator[Problem]:
        yield from self._account()
        yield from self._dimensions()
        yield from self._tags()
        yield from self._tax()
        yield from self._billable()
        if verdict := self.found.get(PARTY):
            self.party_id = verdict.target_id
            self._explain(PARTY, self.book.parties[verdict.target_id], verdict.rule)

    def _account(self) -> Iterator[Problem]:
        category = self.case.category
        if category.lower() in UNCATEGORISED:
            yield self._problem(
                "map.category.uncategorised",
                "category",
                f"{self.place} has no category. {NOTHING_POSTED}",
                "Categorise the expense in Expensify, then read the report again.",
            )
            return
        if verdict := self.found.get(ACCOUNT):
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
        code = self.expense.category_gl_code.strip()
        hits = self.book.accounts_by_number.get(code, ()) if code else ()
        return hits[0] if len(hits) == 1 else None

    def _no_account(self, proposed: Account | None) -> Problem:
        category = self.case.category
        facts = {"category": category}
        cure = "Choose an account."
        if proposed is not None:
            facts |= {"suggested_account_id": str(proposed.id)}
            cure = f"Choose an account; the category's GL code proposes {proposed.label}."
        return self._problem(
            "map.category.missing",
            "category",
            f'{report_place(self.report)}: category "{category}" has no account in '
            f"{self.book.company.ledger_label}. {NOTHING_POSTED}",
            cure,
            f"category:{category}",
            facts,
        )

    def _account_problems(self, account: Account) -> Iterator[Problem]:
        subject, facts = f"account:{account.id}", {"account_id": str(account.id)}
        ledger, points_to = self.book.company.ledger_label, f"{self._source()} points to account"
        if not account.active:
            yield self._problem(
                "map.account.inactive",
                "category",
                f"{self.place}: {points_to} {account.label}, inactive in {ledger}"
                f"{since(self.book)}. {NOTHING_POSTED}",
                "Make it active there, or choose another account.",
                subject,
                facts,
            )
        allowed = self.abilities.line_account_types
        if allowed and account.kind not in allowed:
            yield self._problem(
                "map.account.kind",
                "category",
                f"{self.place}: {points_to} {account.label} of the type "
                f"{account.kind or '(none)'}, which {ledger} refuses on a line. {NOTHING_POSTED}",
                "Choose another account.",
                subject,
                facts,
            )
        home = self.book.company.home_currency
        if account.currency not in ("", home, self.report.currency):
            yield self._problem(
                "map.account.currency",
                "category",
                f"{self.place}: {points_to} {account.label}, kept in {account.currency}. The "
                f"report is in {self.report.currency}. {NOTHING_POSTED}",
                "Choose another account.",
                subject,
                facts,
            )

    def _dimensions(self) -> Iterator[Problem]:
        for name, verdict in self.found.items():
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
        return self._problem(
            "map.value.inactive",
            name,
            f'{self.place}: {self._source(rule)} points to {label} "{value.name}", inactive in '
            f"{self.book.company.ledger_label}{since(self.book)}. {NOTHING_POSTED}",
            "Make it active there, or point the rule elsewhere.",
            f"value:{value.id}",
            {"value_id": str(value.id), "dimension": name, "rule_id": str(rule.id)},
        )

    def _not_carried(self, name: str, value: Value) -> Problem:
        label = self.book.dimension_label(name).lower()
        return self._problem(
            "map.dimension.not_carried",
            name,
            f'{self.place}: {label} "{value.name}" has no place on this document in '
            f"{self.book.company.ledger_label}. {NOTHING_POSTED}",
            f"Let the rule leave the {label} out, or book this report by hand and set it aside.",
            f"dimension:{name}",
            {"dimension": name},
        )

    def _tags(self) -> Iterator[Problem]:
        if self.book.terms.tag_policy is TagPolicy.IGNORE:
            return
        for level, tag in self.case.tags:
            expected = self.book.mapped_dimensions.get(level, frozenset())
            for name in sorted(expected - self.found.keys()):
                label = self.book.dimension_label(name).lower()
                yield self._problem(
                    "map.tag.missing",
                    f"tags[{level}]",
                    f'{self.place}: tag "{tag}" (level {level}) has no {label} in '
                    f"{self.book.company.ledger_label}. {NOTHING_POSTED}",
                    f"Choose a {label} for it, or a rule that leaves the {label} empty.",
                    f"tag:{level}:{tag}:{name}",
                    {"tag": tag, "tag_level": str(level), "dimension": name},
                )

    def _tax(self) -> Iterator[Problem]:
        expense, book = self.expense, self.book
        if verdict := self.found.get(TAX_CODE):
            code = book.tax_codes[verdict.target_id]
            self._explain(TAX_CODE, code, verdict.rule)
            self.tax_code = code.ref
            if not code.active:
                yield self._problem(
                    "map.tax_code.inactive",
                    "tax_code",
                    f'{self.place}: {self._source(verdict.rule)} points to tax code "{code.name}", '
                    f"inactive in {book.company.ledger_label}{since(book)}. {NOTHING_POSTED}",
                    "Make it active there, or point the rule elsewhere.",
                    f"tax_code:{code.id}",
                    {"tax_code_id": str(code.id)},
                )
        if expense.tax_amount and book.company.has_tax and book.terms.tax_policy is TaxPolicy.UNSET:
            tax = money(expense.tax_amount, expense.original_currency)
            yield self._problem(
                "map.tax.undecided",
                "tax_amount",
                f"{self.place} contains {tax} {expense.tax_name or 'tax'}, and this flow has not "
                f"been told what to do with tax. {NOTHING_POSTED}",
                "Say on the flow's page that tax is booked as cost.",
                f"flow:{book.terms.flow_id}:tax",
            )

    def _billable(self) -> Iterator[Problem]:
        if not self.expense.billable:
            return
        has_customer = any(d.dimension == "customer" for d in self.dimensions)
        carried = self.abilities.carries_billable
        self.billable = has_customer and carried
        if self.billable:
            return
        if self.book.terms.billable_policy is BillablePolicy.IGNORE:
            self.notes.append(f"{self.place}: posted as not billable, as the flow says.")
        elif carried:
            yield self._problem(
                "map.billable.no_customer",
                "billable",
                f"{self.place} is billable, and no rule says to which customer. {NOTHING_POSTED}",
                "Add a rule that gives its tags a customer, or let the flow post such expenses as "
                "not billable.",
            )
        else:
            yield self._problem(
                "map.billable.not_carried",
                "billable",
                f"{self.place} is billable, which this document in "
                f"{self.book.company.ledger_label} cannot say. {NOTHING_POSTED}",
                "Let the flow post such expenses as not billable, or clear the flag in Expensify.",
                f"flow:{self.book.terms.flow_id}:billable",
            )

    def _source(self, rule: Rule | None = None) -> str:
        """What of the expense led to the member, as people named it."""
        if rule is not None and rule.tag:
            return f'tag "{rule.tag}" (level {rule.tag_level})'
        return f'category "{self.case.category}"' if rule is None or rule.category else "a rule"

    def _explain(
        self, output: str, member: object | None, rule: Rule | None, why: str = ""
    ) -> None:
        self.explained.append(
            Explained(
                line=self.number,
                transaction_id=self.expense.transaction_id,
                output=output,
                target=member.label if member is not None else "",
                target_id=member.id if member is not None else None,
                rule_id=rule.id if rule is not None else None,
                rule_text=rule.text if rule is not None else why,
            )
        )

    def _problem(
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
            f"{self.field}.{field}",
            message,
            cure,
            subject,
            {**(facts or {}), "line": str(self.number)},
        )
