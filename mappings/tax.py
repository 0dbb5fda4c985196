"""What becomes of the tax inside an expense: part of the cost, or reclaimed with a tax code."""

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from connectors.contract.entry import Ref
from connectors.contract.money import quantum, rounded
from connectors.contract.problem import Problem
from connectors.contract.report import Expense
from mappings.books import TaxCode
from mappings.line_context import Explained, LineContext
from mappings.rulebook import TAX_CODE, Rule
from mappings.terms import ReceiptPolicy, TaxMismatchPolicy, TaxPolicy
from mappings.texts import money
from mappings.validate import NOTHING_POSTED, since

_NO_TAX_CODE = "the flow's tax code for lines without tax"
_COST = "part of the cost"


@dataclass(frozen=True, slots=True)
class LineTax:
    """`amount`: what is reclaimed, in the report's currency, contained in the line's amount."""

    code: Ref | None = None
    amount: Decimal = Decimal(0)
    problems: tuple[Problem, ...] = ()
    explained: tuple[Explained, ...] = ()
    notes: tuple[str, ...] = ()


def line_tax(line: LineContext) -> LineTax:
    """The line's tax code and tax by the flow's policy; everything else stays in the amount."""
    book, policy = line.book, line.book.terms.tax_policy
    if not book.company.has_tax:
        code, rule = _by_rule(line)
        return LineTax() if code is not None and code.percent else _coded(line, code, rule)
    if policy is TaxPolicy.COST:
        return _coded(line, *_without_tax(line))
    if policy is TaxPolicy.UNSET:
        if line.expense.tax_amount:
            return LineTax(problems=(_undecided(line),))
        return _untaxed(line)
    return _reclaimed(line)


def tax_in_report(line: LineContext) -> Decimal | None:
    """The expense's tax in the report's currency; None where it cannot be converted.

    It is converted as the expense was, and what rounding leaves stays in the net amount.
    """
    expense, currency = line.expense, line.report.currency
    if not expense.tax_amount:
        return Decimal(0)
    if expense.original_currency == currency:
        return expense.tax_amount
    if not expense.original_amount or expense.amount is None:
        return None
    exactly = Fraction(expense.tax_amount) * Fraction(expense.amount)
    units = round(exactly / Fraction(expense.original_amount) / Fraction(quantum(currency)))
    return units * quantum(currency)


_Chosen = tuple[TaxCode | None, Rule | None]


def _by_rule(line: LineContext) -> _Chosen:
    verdict = line.found.get(TAX_CODE)
    if verdict is None:
        return None, None
    is_cost = verdict.target_id is None
    return (None if is_cost else line.book.tax_codes[verdict.target_id]), verdict.rule


def _without_tax(line: LineContext) -> _Chosen:
    row = line.book.terms.no_tax_code_id
    return (line.book.tax_codes[row] if row is not None else None), None


def _coded(
    line: LineContext,
    code: TaxCode | None,
    rule: Rule | None,
    amount: Decimal = Decimal(0),
    notes: tuple[str, ...] = (),
) -> LineTax:
    if code is None:
        return LineTax(None, amount, notes=notes)
    explained = (line.explain(TAX_CODE, code, rule, _NO_TAX_CODE),)
    problems = () if code.active else (_inactive(line, code, rule),)
    return LineTax(code.ref, amount, problems, explained, notes)


def _reclaimed(line: LineContext) -> LineTax:
    expense, terms = line.expense, line.book.terms
    code, rule = _by_rule(line)
    if rule is not None and rule.tax_is_cost:
        return _cost(line, rule)
    tax = tax_in_report(line)
    if not expense.tax_amount or (_is_counted(line) and not (rule and rule.expense_type)):
        # Mileage, per diem and time: nobody was billed tax, unless a rule says so of their type.
        return _untaxed(line)
    if expense.amount is None:
        return LineTax()  # told elsewhere; nothing can be said about its tax
    if tax is None or abs(tax) > abs(expense.amount) or tax * expense.amount < 0:
        return LineTax(problems=(_impossible(line),))
    if expense.receipt is None and terms.receipt_policy is not ReceiptPolicy.POST:
        if terms.receipt_policy is ReceiptPolicy.HOLD:
            return LineTax(problems=(_no_receipt(line),))
        note = f"{line.place}: posted gross, because it has no receipt, as the flow says."
        return _coded(line, *_without_tax(line), notes=(note,))
    if code is None:
        return LineTax(problems=(_no_code(line),))
    mismatch = _mismatch(line, code)
    if mismatch and terms.tax_mismatch_policy is TaxMismatchPolicy.HOLD:
        return LineTax(problems=(mismatch,))
    return _coded(line, code, rule, tax)


def _cost(line: LineContext, rule: Rule) -> LineTax:
    """A rule keeps the tax in the amount, whatever it is: it is neither checked nor converted."""
    if not line.expense.tax_amount:
        return _untaxed(line)
    code, _ = _without_tax(line)
    made = _coded(line, code, None)
    target = f"{_COST}, with {code.label}" if code else _COST
    return replace(made, explained=(replace(line.explain(TAX_CODE, code, rule), target=target),))


def _untaxed(line: LineContext) -> LineTax:
    """The code of a line without tax: a rule's, if it has no rate, else the flow's."""
    code, rule = _by_rule(line)
    if code is None or (code.percent and line.book.terms.no_tax_code_id is not None):
        code, rule = _without_tax(line)
    if code is not None and code.percent:
        return LineTax(problems=(_code_without_amount(line, code),))
    return _coded(line, code, rule)


def _is_counted(line: LineContext) -> bool:
    return line.expense.units is not None or line.case.expense_type in _COUNTED


_COUNTED = frozenset({"distance", "time", "perdiem", "per diem", "per_diem"})


def _expected(line: LineContext, percent: Decimal) -> Decimal:
    """What the percentage makes of the gross amount, in the expense's own currency."""
    expense = line.expense
    return rounded(expense.original_amount * percent / (100 + percent), expense.original_currency)


def _tax(line: LineContext) -> str:
    amount = money(line.expense.tax_amount or Decimal(0), line.expense.original_currency)
    return f"{amount} {_tax_label(line.expense) or 'tax'}"


def _tax_label(expense: Expense) -> str:
    """`VAT Standard 20 %`: one name stands for all rates of a workspace, and each rate may have
    one of its own. A name may tell its percentage itself."""
    names, rate = (expense.tax_name.strip(), expense.tax_rate_name.strip()), expense.tax_rate
    name = " ".join(filter(None, dict.fromkeys(names)))
    if rate is None or _PERCENTAGE.search(name):
        return name
    return f"{name or 'tax'} {rate.normalize():f} %"


_PERCENTAGE = re.compile(r"\d\s*%")


def _exact_tax(expense: Expense) -> str:
    """The condition of a rule that means this rate and no other, as far as Expensify tells them
    apart: code and rate name are the rate's own, the name is that of all rates."""
    name, rate = expense.tax_name.strip(), expense.tax_rate
    if own := expense.tax_code.strip() or expense.tax_rate_name.strip():
        return own
    return name if rate is None else f"{name} {rate.normalize():f}%".strip()


# --- what is said --------------------------------------------------------------------------------


def _mismatch(line: LineContext, code: TaxCode) -> Problem | None:
    percent = code.percent if code.percent is not None else line.expense.tax_rate
    if percent is None:
        return None
    expected, currency = _expected(line, percent), line.expense.original_currency
    if abs(expected - line.expense.tax_amount) <= quantum(currency):
        return None
    gross = money(line.expense.original_amount, currency)
    percent_text, rounded_text = f"{percent.normalize():f}", money(expected, "")
    return line.problem(
        "map.tax.mismatch",
        "tax_amount",
        f'{line.place} contains {_tax(line)}, but tax code "{code.name}" has {percent_text}%, '
        f"which is {rounded_text} of {gross}. {NOTHING_POSTED}",
        "Correct the tax in Expensify, give it another tax code by a rule, or let the flow post "
        "what the receipts say.",
        facts={"tax_code_id": str(code.id)},
    )


def _undecided(line: LineContext) -> Problem:
    return line.problem(
        "map.tax.undecided",
        "tax_amount",
        f"{line.place} contains {_tax(line)}, and this flow has not been told what to do with tax. "
        f"{NOTHING_POSTED}",
        "Say on the flow's page whether tax is reclaimed with a tax code, or booked as cost.",
        f"flow:{line.book.terms.flow_id}:tax",
    )


def _inactive(line: LineContext, code: TaxCode, rule: Rule | None) -> Problem:
    source = line.source(rule) if rule else "the flow"
    return line.problem(
        "map.tax_code.inactive",
        "tax_code",
        f'{line.place}: {source} points to tax code "{code.name}", inactive in '
        f"{line.book.company.ledger_label}{since(line.book)}. {NOTHING_POSTED}",
        "Make it active there, or choose another tax code.",
        f"tax_code:{code.id}",
        {"tax_code_id": str(code.id)},
    )


def _no_code(line: LineContext) -> Problem:
    expense = line.expense
    label, exact = _tax_label(expense), _exact_tax(expense)
    named = f'tax "{label or exact}"' if label or exact else "this tax"
    if label and exact == expense.tax_code.strip():
        # The code tells apart what goes by the same name; alone nobody can read it.
        named += f" (code {exact} in Expensify)"
    facts = {"tax": exact, "tax_name": label or exact, "tax_category": line.case.category}
    return line.problem(
        "map.tax.no_code",
        "tax_amount",
        f"{line.place} contains {_tax(line)}, and no rule gives it a tax code of "
        f"{line.book.company.ledger_label}. {NOTHING_POSTED}",
        f"Add a rule that gives {named} its tax code, or says that it is cost.",
        f"tax:{' '.join(filter(None, (label, expense.tax_code.strip()))) or 'tax'}",
        {name: text for name, text in facts.items() if text},
    )


def _code_without_amount(line: LineContext, code: TaxCode) -> Problem:
    return line.problem(
        "map.tax.no_amount",
        "tax_amount",
        f'{line.place}: {line.source(_by_rule(line)[1])} gives tax code "{code.name}" '
        f"({code.percent.normalize():f}%), but the expense contains no tax. {NOTHING_POSTED}",
        "Enter the tax in Expensify, or choose the flow's tax code for lines without tax.",
        facts={"tax_code_id": str(code.id)},
    )


def _impossible(line: LineContext) -> Problem:
    return line.problem(
        "map.tax.impossible",
        "tax_amount",
        f"{line.place}: its tax is {_tax(line)}, which the amount cannot contain. {NOTHING_POSTED}",
        "Correct the tax in Expensify, then read the report again.",
    )


def _no_receipt(line: LineContext) -> Problem:
    return line.problem(
        "map.tax.no_receipt",
        "receipt",
        f"{line.place} contains {_tax(line)} and has no receipt, without which this flow reclaims "
        f"no tax. {NOTHING_POSTED}",
        "Add the receipt in Expensify, or let the flow post such lines gross.",
    )
