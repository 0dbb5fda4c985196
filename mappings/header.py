"""Dimensions that a document carries once, while expenses have tags one by one."""

from collections.abc import Mapping, Sequence

from connectors.contract.entry import DimensionRef
from connectors.contract.problem import Problem
from connectors.contract.report import Report
from mappings.books import Book, Value
from mappings.lines import MeantLine
from mappings.terms import HeaderPolicy
from mappings.texts import report_place
from mappings.validate import NOTHING_POSTED


def header_dimensions(
    report: Report, lines: Sequence[MeantLine], book: Book
) -> tuple[tuple[DimensionRef, ...], list[Problem]]:
    """What the document carries once: every line must say the same, or the report is held."""
    refs: list[DimensionRef] = []
    problems: list[Problem] = []
    for name in dict.fromkeys(name for line in lines for name in line.header):
        said = {line.number: line.header.get(name) for line in lines}
        values = {value.id: value for value in said.values() if value is not None}
        silent = [number for number, value in said.items() if value is None]
        follows = book.terms.header_policy is HeaderPolicy.FOLLOW
        if len(values) == 1 and (not silent or follows):
            refs.append(DimensionRef(name, next(iter(values.values())).ref))
            continue
        problems.append(_header_conflict(report, name, said, book))
    return tuple(refs), problems


def _header_conflict(
    report: Report, name: str, said: Mapping[int, Value | None], book: Book
) -> Problem:
    label = book.dimension_label(name).lower()
    by_name: dict[str, list[str]] = {}
    for number, value in said.items():
        by_name.setdefault(f'"{value.name}"' if value else f"no {label}", []).append(str(number))
    listed = "; ".join(
        f"line{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}: {value}"
        for value, numbers in by_name.items()
    )
    return Problem(
        "map.header.conflict",
        name,
        f"{report_place(report)}: {book.company.ledger_label} has one {label} per document, and "
        f"the lines disagree ({listed}). {NOTHING_POSTED}",
        f"Give all expenses the same {label} in Expensify, or divide the report; lines that say "
        "nothing can follow the others if the flow says so.",
        facts={"dimension": name},
    )
