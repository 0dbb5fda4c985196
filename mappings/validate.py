"""What speaks against posting: one function a question, each answering with all that it finds.

Messages follow one manner: what and where, what was not done; the cure is a person's next step.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from connectors.contract.entry import Kind
from connectors.contract.problem import Problem, Problems
from connectors.contract.report import Expense, Report
from mappings.books import Account, Book, Party
from mappings.terms import ExportedPolicy
from mappings.texts import is_written, line_place, moment, money, printed_day, report_place

NOTHING_POSTED = "Nothing was posted."


def report_problems(report: Report, book: Book) -> Iterator[Problem]:
    """Whether the report itself can be trusted, whatever it becomes."""
    if book.read_at is None:
        yield Problem(
            "map.chart.unread",
            "connection",
            f"The accounts and vendors of {book.company.name} have not been read from "
            f"{book.company.ledger_label} yet. {NOTHING_POSTED}",
            "Read the lists on the connection's page.",
            subject=f"chart:{book.company.ledger}:{book.company.company_id}",
        )
    yield from _total(report)
    yield from _exported(report, book)
    seen: set[str] = set()
    for number, expense in enumerate(report.expenses, 1):
        place = line_place(number, expense, report.currency)
        field = f"expenses[{number}]"
        if expense.transaction_id in seen:
            yield Problem(
                "report.expense.repeated",
                field,
                f"{place}: expense {expense.transaction_id} stands in this report more than once. "
                f"{NOTHING_POSTED}",
                "Read the report again; if it stays, delete one of them in Expensify.",
            )
        seen.add(expense.transaction_id)
        yield from _amount(report, expense, place, field)
        if expense.has_unknown_flag:
            yield Problem(
                "report.flag.unknown",
                f"{field}.reimbursable",
                f"{place}: Expensify doesn't say whether this expense is reimbursable or billable. "
                f"{NOTHING_POSTED}",
                "Set both on the expense in Expensify, then read the report again.",
            )


def _total(report: Report) -> Iterator[Problem]:
    amounts = [expense.amount for expense in report.expenses]
    if None in amounts:
        return  # told of that very line; a sum without it would say nothing
    added = sum(filter(None, amounts), Decimal(0))
    if added != report.total:
        yield Problem(
            "report.total.mismatch",
            "total",
            f"{report_place(report)}: the lines add up to {money(added, '')}, Expensify's total "
            f"says {money(report.total, '')}. {NOTHING_POSTED.removesuffix('.')}, because we never "
            "spread a difference.",
            "Correct the report in Expensify, then read it again.",
        )


# Words of the history by which Expensify's own accounting connection tells of itself. A CSV file
# that somebody downloaded books nothing.
_EXPORTS = frozenset({"EXPORTINTEGRATION", "EXPORTED"})


def _exported(report: Report, book: Book) -> Iterator[Problem]:
    exports = [one for one in report.actions if one.action.upper() in _EXPORTS]
    if exports and book.terms.exported_policy is ExportedPolicy.HOLD:
        yield Problem(
            "report.exported_before",
            "actions",
            f"{report_place(report)} was already exported by Expensify's own connection on "
            f"{printed_day(exports[-1].at)}. To avoid booking it twice we posted nothing.",
            "Set it aside if it is in the books; if it isn't, let the flow post such reports.",
        )


def _amount(report: Report, expense: Expense, place: str, field: str) -> Iterator[Problem]:
    if expense.amount is None:
        yield Problem(
            "report.expense.unconverted",
            f"{field}.amount",
            f"{place}: Expensify gave no amount in {report.currency} for this "
            f"{expense.original_currency} expense. {NOTHING_POSTED}",
            "Open the expense in Expensify so that it is converted, then read the report again.",
        )
    elif not is_written(expense.amount, report.currency):
        yield Problem(
            "report.amount.decimals",
            f"{field}.amount",
            f"{place}: no ledger can hold such an amount of {report.currency}. {NOTHING_POSTED}",
            "Correct the amount in Expensify, then read the report again.",
        )


# --- the document as a whole ---------------------------------------------------------------------


def kind_problems(
    report: Report, book: Book, kind: Kind, total: Decimal, amounts: Sequence[Decimal]
) -> Iterator[Problem]:
    """Whether the ledger has such a document; `total` and `amounts` in the report's currency."""
    label, place = book.company.ledger_label, report_place(report)
    abilities = book.kinds.get(kind)
    if abilities is None:
        if kind.takes_back:
            code, why = "map.kind.no_credit", f"the total is negative, and {label} has no credit"
        else:
            code, why = "map.kind.unsupported", f"{label} has no document of the kind {kind.value}"
        yield Problem(
            code,
            "total",
            f"{place}: {why} that we could post. {NOTHING_POSTED}",
            "Let the flow post journals, or book this report by hand and set it aside.",
        )
        return
    if total == 0 and not abilities.zero_total:
        yield Problem(
            "map.kind.no_zero",
            "total",
            f"{place}: its lines net to zero, and {label} takes no {kind.value} of 0.00. "
            f"{NOTHING_POSTED}",
            "Book the lines by hand, then set the report aside.",
        )
    against = [a for a in amounts if (a > 0 if kind.takes_back else a < 0)]
    if against and not abilities.negative_lines:
        yield Problem(
            "map.kind.negative_line",
            "expenses",
            f"{place}: {label} takes no line of {money(against[0], report.currency)} on a "
            f"{kind.value}. {NOTHING_POSTED}",
            "Let the flow post journals, or book this report by hand and set it aside.",
        )


def kept_in(member: Account | Party, book: Book) -> str:
    """The currency of an account or party; those without one are in the home currency."""
    return member.currency or book.company.home_currency


def one_to_one(book: Book) -> str:
    """The end of every message about two currencies that meet."""
    return f"{book.company.ledger_label} would book the figures one to one, so nothing was posted."


def since(book: Book) -> str:
    """ " since the list was read on ...": what we know of the ledger is as old as that."""
    if book.read_at is None:
        return ""
    return f" since the list was read on {moment(book.read_at, book.terms.zone)}"


# --- all at once, each once ----------------------------------------------------------------------


def gathered(report: Report, problems: Iterable[Problem]) -> Problems:
    """The problems in order, each with its report; what several lines wait for alike becomes one
    that names them all."""
    groups: dict[tuple, list[Problem]] = {}
    for place, problem in enumerate(problems):
        # Without a subject nothing says that two problems have the same cure.
        key = (problem.code, problem.subject) if problem.subject else (problem.code, place)
        groups.setdefault(key, []).append(problem)
    return tuple(_placed(report, _one(group)) for group in groups.values())


def _placed(report: Report, problem: Problem) -> Problem:
    """The problem with its report before it: it is read in mails and lists, too."""
    message, place = problem.message, report_place(report)
    if report.report_id in message:
        return problem
    if message.startswith("Line "):
        return replace(problem, message=f"{place}, l{message[1:]}")
    return replace(problem, message=f"{place}: {message}")


def _one(group: list[Problem]) -> Problem:
    first = group[0]
    lines = list(dict.fromkeys(p.facts["line"] for p in group if "line" in p.facts))
    if not lines:
        return first
    facts = {key: text for key, text in first.facts.items() if key != "line"}
    message = first.message
    if len(lines) > 1 and message.startswith("Line "):
        others = ", ".join(lines[1:])
        message += f" The same holds for line{'s' if len(lines) > 2 else ''} {others}."
    return replace(first, message=message, facts=facts | {"lines": ", ".join(lines)})
