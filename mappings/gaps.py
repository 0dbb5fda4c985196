"""What would be held before any report arrives: the workspace's lists against rules and chart."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from mappings.books import Account, Book
from mappings.lines import UNCATEGORISED
from mappings.rulebook import ACCOUNT, TAX_CODE, Case, Rule, tax_names
from mappings.suggestions import Suggestion, account_for, values_for
from mappings.terms import TaxPolicy


@dataclass(frozen=True, slots=True)
class ListedCategory:
    """An enabled category of the workspace."""

    name: str
    gl_code: str = ""


@dataclass(frozen=True, slots=True)
class ListedTag:
    """An enabled tag of the workspace; levels count from 1."""

    level: int
    name: str
    level_name: str = ""


@dataclass(frozen=True, slots=True)
class ListedTaxRate:
    """A rate of the workspace's tax: `name` is its own, `tax_name` that of all rates."""

    code: str
    tax_name: str
    name: str
    percent: Decimal

    @property
    def names(self) -> frozenset[str]:
        return tax_names(self.code, self.tax_name, self.name, self.percent)

    def called(self, listed: "Sequence[ListedTaxRate]") -> str:
        """What a rule's condition says to mean this one of the listed rates: a name that no other
        has, or the code."""
        return [one.name for one in listed].count(self.name) == 1 and self.name or self.code


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that would hold a report.

    kind    missing: no rule decides it; partial: only rules with further conditions do;
            inactive: a rule decides it, for a member that is inactive or gone
    output  `account`, a dimension or `tax_code`
    percent   of a tax rate, whose `name` is what a rule's condition calls it
    """

    subject: Literal["category", "tag", "tax"]
    name: str
    level: int | None
    output: str
    kind: Literal["missing", "partial", "inactive"]
    text: str
    suggestion: Suggestion | None = None
    percent: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PolicyCheck:
    """`uncarried`: levels of tags that no rule knows, so that they don't reach the books.
    `tax_remarks`: what stands in the way of rules by which tax is cost, a sentence each."""

    gaps: tuple[Gap, ...]
    uncarried: tuple[str, ...]
    tax_remarks: tuple[str, ...] = ()


def check(
    book: Book,
    categories: Iterable[ListedCategory],
    tags: Iterable[ListedTag],
    tax_rates: Iterable[ListedTaxRate] = (),
) -> PolicyCheck:
    tags, tax_rates = tuple(tags), tuple(tax_rates)
    gaps = [gap for category in categories for gap in _category_gaps(book, category)]
    gaps += [gap for tag in tags for gap in _tag_gaps(book, tag)]
    if _reclaims(book):
        gaps += [gap for rate in tax_rates for gap in _tax_gaps(book, rate, tax_rates)]
    levels = {tag.level: tag.level_name or f"Level {tag.level}" for tag in tags}
    uncarried = [name for level, name in levels.items() if level not in book.mapped_dimensions]
    return PolicyCheck(tuple(gaps), tuple(uncarried), tuple(_tax_remarks(book)))


def _category_gaps(book: Book, category: ListedCategory) -> Iterator[Gap]:
    if category.name.strip().lower() in UNCATEGORISED:
        return  # held always, which no rule changes
    suggestion = account_for(category.name, category.gl_code, book)
    found = [
        book.rulebook.verdicts(Case(category=category.name, reimbursable=is_reimbursable))
        for is_reimbursable in _taken(book)
    ]
    if all(ACCOUNT in verdicts for verdicts in found):
        for account in dict.fromkeys(book.accounts[one[ACCOUNT].target_id] for one in found):
            if not account.active:
                yield _gap(category, "inactive", f"{account.label} is inactive", suggestion)
        return
    if book.terms.use_gl_codes and _has_account_of_code(book, category):
        return
    if any(rule.account_id and rule.category in ("", category.name) for rule in book.rules):
        yield _gap(category, "partial", "only some of its expenses have an account", suggestion)
    else:
        yield _gap(category, "missing", "it has no account", suggestion)


def _taken(book: Book) -> list[bool]:
    """Whether expenses are reimbursable, for those that the flow takes: rules may tell them."""
    terms = book.terms
    return [True] * terms.takes_reimbursable + [False] * terms.takes_cards


def _has_account_of_code(book: Book, category: ListedCategory) -> bool:
    return len(book.accounts_by_number.get(category.gl_code.strip(), ())) == 1


def _gap(category: ListedCategory, kind: str, text: str, suggestion: Suggestion | None) -> Gap:
    if suggestion is not None and not isinstance(suggestion.target, Account):
        raise TypeError("a category is given an account")
    return Gap("category", category.name, None, ACCOUNT, kind, text, suggestion)


def _tag_gaps(book: Book, tag: ListedTag) -> Iterator[Gap]:
    expected = book.mapped_dimensions.get(tag.level)
    if not expected:
        return
    by_flag = [
        book.rulebook.verdicts(Case(tags=((tag.level, tag.name),), reimbursable=is_reimbursable))
        for is_reimbursable in _taken(book)
    ]
    for dimension in sorted(expected):
        label = book.dimension_label(dimension).lower()
        suggestion = values_for(tag.name, dimension, book)
        verdicts = [found.get(dimension) for found in by_flag]
        gone = [
            book.values[verdict.target_id]
            for verdict in verdicts
            if verdict
            and verdict.target_id is not None
            and not book.values[verdict.target_id].active
        ]
        if None in verdicts:
            kind, text = "missing", f"it has no {label}"
            if any(_touches(rule, tag, dimension) for rule in book.rules):
                kind, text = "partial", f"only some of its expenses have a {label}"
        elif gone:
            kind, text = "inactive", f'{label} "{gone[0].name}" is inactive'
        else:
            continue
        yield Gap("tag", tag.name, tag.level, dimension, kind, text, suggestion)


def _touches(rule: Rule, tag: ListedTag, dimension: str) -> bool:
    return dimension in rule.values and (
        not rule.tag or (rule.tag_level, rule.tag) == (tag.level, tag.name)
    )


def _reclaims(book: Book) -> bool:
    return book.company.has_tax and book.terms.tax_policy is TaxPolicy.RECLAIM


def _tax_gaps(book: Book, rate: ListedTaxRate, listed: tuple[ListedTaxRate, ...]) -> Iterator[Gap]:
    if not rate.percent:
        return  # no tax is charged by it, so there is nothing to reclaim
    called = rate.called(listed)
    found = [
        book.rulebook.verdicts(Case(taxes=rate.names, reimbursable=is_reimbursable)).get(TAX_CODE)
        for is_reimbursable in _taken(book)
    ]
    if None in found:
        kind, text = "missing", "no rule gives it a tax code, or says that it is cost"
        if any(_touches_tax(rule, rate) for rule in book.rules):
            kind, text = "partial", "only some of its expenses have a tax code"
        yield Gap("tax", called, None, TAX_CODE, kind, text, percent=rate.percent)
        return
    for target in dict.fromkeys(verdict.target_id for verdict in found):
        if target is not None and not (code := book.tax_codes[target]).active:
            text = f'tax code "{code.name}" is inactive'
            yield Gap("tax", called, None, TAX_CODE, "inactive", text, percent=rate.percent)


def _touches_tax(rule: Rule, rate: ListedTaxRate) -> bool:
    return TAX_CODE in rule.outputs and (not rule.tax or rule.tax in rate.names)


def _tax_remarks(book: Book) -> Iterator[str]:
    if not _reclaims(book):
        return
    costs = [place for place, rule in enumerate(book.rules) if rule.tax_is_cost]
    if costs and book.terms.no_tax_code_id is None:
        yield (
            "Rules say that tax is cost, and the flow has no tax code for lines without tax: "
            f"{book.company.ledger_label} may want one. Choose it under Tax."
        )
    for place in costs:
        cost = book.rules[place]
        earlier = [r for r in book.rules[:place] if r.tax_code_id and _can_meet(r, cost)]
        if earlier:
            yield (
                f"R{_named(cost)[1:]} says that tax is cost, but {_named(earlier[0])} "
                "is tried before it and gives a tax code. Where both match, tax is reclaimed: "
                f"give rule {cost.id} a lower number as its priority."
            )


def _named(rule: Rule) -> str:
    return f"rule {rule.id} ({rule.text})"


def _can_meet(one: Rule, other: Rule) -> bool:
    """Whether an expense may match both. Cards and taxes go by several names, so two different
    ones may be the same."""
    for name in ("category", "employee", "expense_type", "reimbursable"):
        wanted = {getattr(one, name), getattr(other, name)} - {"", None}
        if len(wanted) > 1:
            return False
    return one.tag_level != other.tag_level or one.tag == other.tag
