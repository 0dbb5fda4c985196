"""Tax outside the United States: net lines plus the exact tax of the receipts, nothing computed."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from connectors.contract.entry import Entry, Kind, Line, Role
from connectors.contract.money import split
from connectors.contract.problem import Problem

# In the United States lines take no other codes than these two, and no tax detail.
_US_CODES = ("TAX", "NON")


def net(entry: Entry, line: Line) -> Decimal:
    """What the expense line costs without tax, signed as in the entry.

    Where the entry has tax lines of their own, the expense line is net already; where it has none,
    the line's amount contains its `tax_amount`.
    """
    return line.amount if entry.role(Role.TAX) else line.amount - line.tax_amount


def fields(entry: Entry, facts: Mapping[str, Any], sign: int) -> dict[str, Any]:
    """GlobalTaxCalculation and TxnTaxDetail of the document; {} where the company has no tax."""
    if facts.get("usa"):
        return {}
    if not _is_taxed(entry):
        # Whether a company with tax takes lines without a code is not certain, so the document
        # says expressly that no tax applies to it.
        return {"GlobalTaxCalculation": "NotApplicable"} if facts.get("tax") else {}
    # Codes without their tax spelled out would make QuickBooks add its own on top, so the detail
    # goes along even where it is zero.
    return {
        "GlobalTaxCalculation": "TaxExcluded",
        "TxnTaxDetail": {
            "TotalTax": sign * sum(_tax_by_code(entry).values(), Decimal(0)),
            "TaxLine": [*_tax_lines(entry, facts, sign)],
        },
    }


def problems(entry: Entry, facts: Mapping[str, Any]) -> Iterator[Problem]:
    """Why the tax of the entry cannot be written as it is on the receipts."""
    if facts.get("usa") is True:
        foreign = [code for code in _codes(entry) if code not in _US_CODES]
        if foreign or entry.role(Role.TAX) or any(line.tax_amount for line in entry.lines):
            yield _problem(
                "qbo.tax_us",
                "QuickBooks has no reclaimable tax on purchases in a company in the United States",
                "Set the flow's tax policy to: tax is cost.",
            )
        return
    if not _is_taxed(entry):
        return
    if entry.kind is Kind.JOURNAL:
        yield _problem(
            "qbo.tax_journal",
            "The exact tax of a receipt cannot be told to QuickBooks in a journal entry",
            "Let the flow post bills, or set its tax policy to: tax is cost.",
        )
        return
    yield from _code_problems(entry, facts)


def _code_problems(entry: Entry, facts: Mapping[str, Any]) -> Iterator[Problem]:
    if any(line.tax_code is None for line in entry.role(Role.EXPENSE)):
        yield _problem(
            "qbo.tax_code_missing",
            "Some lines have a tax code and others none; QuickBooks wants one on every line",
            "Add a rule that gives the lines without tax the company's no-tax code.",
        )
    by_code = _tax_by_code(entry)
    if "" in by_code:
        yield _problem(
            "qbo.tax_code_missing",
            f"Tax of {by_code['']} {entry.currency} has no tax code",
            "Add a tax-code rule for it.",
        )
    stated = sum((line.tax_amount for line in entry.role(Role.EXPENSE)), Decimal(0))
    if entry.role(Role.TAX) and stated and stated != sum(by_code.values(), Decimal(0)):
        yield _problem(
            "qbo.tax_sum",
            f"The expense lines state {stated} {entry.currency} tax, the tax lines add up to "
            f"{sum(by_code.values(), Decimal(0))}",
            "Correct the tax of the report, then replay.",
        )
    for code, amount in by_code.items():
        if code and amount and not _rates(code, facts):
            yield _problem(
                "qbo.tax_rate_missing",
                f"Tax code {_name(entry, code)} has no purchase rate in QuickBooks",
                "Choose a tax code for purchases, or refresh the list of tax codes.",
                subject=f"tax_code:{_name(entry, code)}",
            )


def _problem(code: str, what: str, cure: str, subject: str = "") -> Problem:
    return Problem(code, "tax", f"{what}. Nothing was posted.", cure, subject=subject)


def _is_taxed(entry: Entry) -> bool:
    """Any line has a code or an amount of tax: then all of them are told to QuickBooks."""
    return bool(entry.role(Role.TAX)) or any(
        line.tax_code or line.tax_amount for line in entry.lines
    )


def _codes(entry: Entry) -> list[str]:
    return list(dict.fromkeys(line.tax_code.id for line in entry.lines if line.tax_code))


def _name(entry: Entry, code: str) -> str:
    return next(line.tax_code.label for line in entry.lines if _code(line) == code and code)


def _code(line: Line) -> str:
    return line.tax_code.id if line.tax_code else ""


def _tax_by_code(entry: Entry) -> dict[str, Decimal]:
    """Tax per code, signed as in the entry, zero where a code comes without tax; "" where tax
    comes without a code."""
    tax_lines, expenses = entry.role(Role.TAX), entry.role(Role.EXPENSE)
    amounts = [(_code(line), Decimal(0)) for line in expenses if line.tax_code]
    amounts += [(_code_of_tax_line(entry, line), line.amount) for line in tax_lines] or [
        (_code(line), line.tax_amount) for line in expenses if line.tax_amount
    ]
    sums: dict[str, Decimal] = {}
    for code, amount in amounts:
        sums[code] = sums.get(code, Decimal(0)) + amount
    return sums


def _code_of_tax_line(entry: Entry, line: Line) -> str:
    if line.tax_code or not line.transaction_id:
        return _code(line)
    same = (e for e in entry.role(Role.EXPENSE) if e.transaction_id == line.transaction_id)
    return next((_code(expense) for expense in same if expense.tax_code), "")


def _rates(code: str, facts: Mapping[str, Any]) -> list[Mapping[str, str]]:
    return list((facts.get("tax_codes") or {}).get(code, {}).get("rates") or ())


def _tax_lines(entry: Entry, facts: Mapping[str, Any], sign: int) -> Iterator[dict[str, Any]]:
    """One line per rate. A code of several rates shares its tax out by their percentages."""
    for code, amount in _tax_by_code(entry).items():
        if not (rates := _rates(code, facts)):
            continue  # a code without a rate has no tax, else there is a problem
        taxable = sum(net(entry, e) for e in entry.role(Role.EXPENSE) if _code(e) == code)
        weights = [Decimal(rate.get("percent") or 0) for rate in rates]
        if not any(weights):
            weights = [Decimal(1)] + [Decimal(0)] * (len(rates) - 1)
        for rate, part in zip(rates, split(amount, weights, entry.currency), strict=True):
            yield {
                "Amount": sign * part,
                "DetailType": "TaxLineDetail",
                "TaxLineDetail": {
                    "NetAmountTaxable": sign * taxable,
                    "PercentBased": False,
                    "TaxRateRef": {"value": rate["id"]},
                },
            }
