"""Which reports of a workspace belong to a flow: by their employee, or by a tag of the expenses.

Several flows may run for one workspace where no report can belong to two of them.
"""

from collections.abc import Iterable, Iterator
from datetime import date

from connectors.contract.problem import Problem
from connectors.contract.report import Report
from mappings.terms import Selector, Terms
from mappings.texts import report_place
from mappings.validate import NOTHING_POSTED


def takes(terms: Terms, report: Report) -> bool:
    """True where the report is this flow's business: all of it, or a part that holds it."""
    if terms.selector is Selector.ALL:
        return True
    return any(_selected(terms, report)) if terms.selector.by_tag else _is_theirs(terms, report)


def is_too_early(terms: Terms, day: date) -> bool:
    """True for what was decided before the flow begins, and in no span that was filled back."""
    return day < terms.starts_on and not any(
        first <= day <= last for first, last in terms.backfills
    )


def why_not(terms: Terms, report: Report) -> str:
    """For a report that the flow doesn't take, in words."""
    if terms.selector.by_tag:
        has = "only expenses with" if terms.selector.is_except else "no expense with"
        return f"It has {has} a tag on level {terms.selector_level} that {_named(terms)}."
    other = "is left to another flow" if terms.selector.is_except else "is not one of its employees"
    return f"This flow takes reports by employee, and {report.employee.label} {other}."


def problems(report: Report, terms: Terms) -> Iterator[Problem]:
    """A report of which only some expenses have the flow's tags belongs to no flow alone."""
    if not terms.selector.by_tag or all(selected := list(_selected(terms, report))):
        return
    others = [str(number) for number, is_ours in enumerate(selected, 1) if not is_ours]
    yield Problem(
        "map.flow.divided",
        "expenses",
        f"{report_place(report)}: this flow takes reports by their tag on level "
        f"{terms.selector_level}, and line{'s' if len(others) > 1 else ''} {', '.join(others)} "
        f"would belong to another flow. A report belongs to exactly one. {NOTHING_POSTED}",
        "Divide the report in Expensify, or give all its expenses tags of one flow.",
        facts={"lines": ", ".join(others)},
    )


def are_disjoint(one: Terms, other: Terms) -> bool:
    """True where no report can belong to both flows of a workspace, whatever it says."""
    pair = (one.selector, other.selector)
    if Selector.ALL in pair or one.selector.by_tag != other.selector.by_tag:
        return False
    if one.selector.by_tag and one.selector_level != other.selector_level:
        return False
    if one.selector.is_except and other.selector.is_except:
        return False  # whoever neither names belongs to both
    if one.selector.is_except or other.selector.is_except:
        rest, named = (one, other) if one.selector.is_except else (other, one)
        return named.selector_names <= rest.selector_names
    return not one.selector_names & other.selector_names


def normal_names(selector: Selector, names: Iterable[str]) -> list[str]:
    """Tags or e-mail addresses as they are compared: without blanks, each once, in order."""
    stripped = (name.strip() for name in names)
    return sorted({name if selector.by_tag else name.lower() for name in stripped if name})


def _selected(terms: Terms, report: Report) -> Iterator[bool]:
    """Per expense whether its tag on the flow's level is the flow's; no tag is none of these."""
    for expense in report.expenses:
        tag = expense.tag(terms.selector_level or 1)
        is_named = tag is not None and tag.name.strip() in terms.selector_names
        yield is_named != terms.selector.is_except


def _is_theirs(terms: Terms, report: Report) -> bool:
    is_named = report.employee.email.strip().lower() in terms.selector_names
    return is_named != terms.selector.is_except


def _named(terms: Terms) -> str:
    names = ", ".join(sorted(terms.selector_names))
    return (
        f"is left to another flow ({names})" if terms.selector.is_except else f"is one of {names}"
    )
