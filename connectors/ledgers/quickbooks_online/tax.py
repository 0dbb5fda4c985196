"""Tax outside the United States: net lines plus the exact tax of the receipts, nothing computed."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from connectors.contract.entry import Entry, Kind, Line, Role
from connectors.contract.ledger import Cut
from connectors.contract.money import minor_units, split
from connectors.contract.problem import Problem
from connectors.ledgers.quickbooks_online import texts

# In the United States lines take no other codes than these two, and no tax detail.
_US_CODES = ("TAX", "NON")
_MOST_DECIMALS = 2


def net(entry: Entry, line: Line) -> Decimal:
    """What the expense line costs without tax, signed as in the entry.

    Where the entry has tax lines of their own, the expense line is net already; where it has none,
    the line's amount contains its `tax_amount`.
    """
    return line.amount if entry.role(Role.TAX) else line.amount - line.tax_amount


def fields(entry: Entry, facts: Mapping[str, Any], sign: int) -> dict[str, Any]:
    """GlobalTaxCalculation and TxnTaxDetail of the document; {} where the company has no tax.

    A journal entry has no such field, and a code on its line would demand an amount of tax.
    """
    if facts.get("usa") or entry.kind is Kind.JOURNAL:
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
    is_journal, has_tax = entry.kind is Kind.JOURNAL, _has_tax(entry)
    if facts.get("usa") is True:
        # A journal says no code at all.
        said = () if is_journal else entry.lines
        foreign = [line for line in said if _code(line) not in ("", *_US_CODES)]
        if has_tax or foreign:
            yield _problem(
                "qbo.tax_us",
                entry,
                [*_with_tax(entry), *foreign],
                "QuickBooks has no reclaimable tax on purchases in a company in the United States",
                "Let the flow book tax as cost.",
            )
    elif is_journal and has_tax:
        yield _problem(
            "qbo.tax_journal",
            entry,
            _with_tax(entry),
            "the exact tax of a receipt cannot be told to QuickBooks in a journal entry",
            "Let the flow post bills or book tax as cost, or add a rule by which this tax is cost.",
        )
    elif not is_journal and _is_taxed(entry):
        yield from _code_problems(entry, facts)


def left_out(entry: Entry) -> tuple[Cut, ...]:
    """Codes without any tax on the lines of a journal, which it does not say."""
    codes = {code: _name(entry, code) for code in _codes(entry)}
    if entry.kind is not Kind.JOURNAL or not codes:
        return ()
    return (Cut("lines.tax_code", ", ".join(codes.values()), ""),)


def _code_problems(entry: Entry, facts: Mapping[str, Any]) -> Iterator[Problem]:
    if bare := [line for line in entry.role(Role.EXPENSE) if line.tax_code is None]:
        yield _problem(
            "qbo.tax_code_missing",
            entry,
            bare,
            "QuickBooks wants a tax code on every line where other lines have one",
            "Choose the flow's tax code for lines without tax.",
        )
    by_code = _tax_by_code(entry)
    if "" in by_code:
        yield _problem(
            "qbo.tax_code_missing",
            entry,
            [line for line in _with_tax(entry) if not _code(line)],
            "QuickBooks takes no tax without a code",
            "Add a rule that gives this tax its tax code, or says that it is cost.",
        )
    stated = sum((line.tax_amount for line in entry.role(Role.EXPENSE)), Decimal(0))
    if entry.role(Role.TAX) and stated and stated != sum(by_code.values(), Decimal(0)):
        yield _problem(
            "qbo.tax_sum",
            entry,
            [line for line in entry.lines if line.tax_amount],
            f"all lines together state {stated} {entry.currency} tax, and what is booked as tax "
            f"adds up to {sum(by_code.values(), Decimal(0))} {entry.currency}",
            "Correct the tax of the report, then replay.",
        )
    for code, amount in by_code.items():
        if code and amount and not _rates(code, facts):
            yield _problem(
                "qbo.tax_rate_missing",
                entry,
                [line for line in _with_tax(entry) if _code(line) == code]
                or [line for line in entry.lines if _code(line) == code],
                f'tax code "{_name(entry, code)}" has no rate for purchases in QuickBooks',
                "Choose a tax code for purchases, or refresh the list of tax codes.",
                subject=f"tax_code:{_name(entry, code)}",
            )


def _problem(
    code: str, entry: Entry, lines: Sequence[Line], why: str, cure: str, subject: str = ""
) -> Problem:
    """What the tax of the first of these lines is, and which others are concerned.

    The entry doesn't know whose report it is: who stores the problem puts report, person and total
    before the line.
    """
    chosen = set(map(id, lines or entry.lines))
    places = [n for n, line in enumerate(entry.lines) if id(line) in chosen]
    first = entry.lines[places[0]]
    where = texts.spot(entry, places[0], _gross(entry, first))
    said = f"{where} {_told(entry, first)}, but {why}. Nothing was posted."
    others = list(dict.fromkeys(texts.line_number(entry, n) for n in places[1:]))
    if others:
        more = ", ".join(map(str, others))
        said += f" The same holds for line{'s' if len(others) > 1 else ''} {more}."
    return Problem(code, "tax", said, cure, subject=subject)


def _told(entry: Entry, line: Line) -> str:
    """`contains 1.00 GBP tax (tax code "20.0% S")`, or what else the line says of its tax."""
    tax, code = _tax_of(entry, line), _code(line)
    coded = f'tax code "{line.tax_code.label}"' if code else "no tax code"
    return f"contains {tax} {entry.currency} tax ({coded})" if tax else f"has {coded}"


def _tax_of(entry: Entry, line: Line) -> Decimal:
    """The tax of an expense line, wherever the entry says it."""
    if line.role is Role.TAX:
        return line.amount
    beside = (t.amount for t in entry.role(Role.TAX) if t.transaction_id == line.transaction_id)
    return line.tax_amount or (sum(beside, Decimal(0)) if line.transaction_id else Decimal(0))


def _gross(entry: Entry, line: Line) -> Decimal:
    """What the receipt says, as people know it from Expensify."""
    is_net = line.role is Role.EXPENSE and entry.role(Role.TAX)
    return line.amount + _tax_of(entry, line) if is_net else line.amount


def _with_tax(entry: Entry) -> list[Line]:
    """The expense lines that contain tax, or the tax line of one that is not to be found."""
    taxed = {line.transaction_id for line in entry.role(Role.TAX)}
    expenses = [
        line
        for line in entry.role(Role.EXPENSE)
        if line.tax_amount or (line.transaction_id and line.transaction_id in taxed)
    ]
    known = {line.transaction_id for line in expenses}
    lost = [line for line in entry.role(Role.TAX) if line.transaction_id not in known]
    others = [line for line in entry.role(Role.OFFSET) if line.tax_amount]
    return [*expenses, *lost, *others]


def _is_taxed(entry: Entry) -> bool:
    """Any line has a code or an amount of tax: then all of them are told to QuickBooks."""
    return _has_tax(entry) or bool(_codes(entry))


def _has_tax(entry: Entry) -> bool:
    return bool(entry.role(Role.TAX)) or any(line.tax_amount for line in entry.lines)


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
    """One line per rate, over all codes that have it. A code of several rates shares its tax out by
    their percentages."""
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for code, amount in _tax_by_code(entry).items():
        if not (rates := _rates(code, facts)):
            continue  # a code without a rate has no tax, else there is a problem
        nets = (net(entry, e) for e in entry.role(Role.EXPENSE) if _code(e) == code)
        taxable = sum(nets, Decimal(0))
        weights = [Decimal(rate.get("percent") or 0) for rate in rates]
        if not any(weights):
            weights = [Decimal(1)] + [Decimal(0)] * (len(rates) - 1)
        for rate, part in zip(rates, split(amount, weights, _decimals(entry)), strict=True):
            tax, base = sums.get(rate["id"], (Decimal(0), Decimal(0)))
            sums[rate["id"]] = tax + part, base + taxable
    for rate_id, (tax, base) in sums.items():
        yield {
            "Amount": sign * tax + Decimal(0),
            "DetailType": "TaxLineDetail",
            "TaxLineDetail": {
                "NetAmountTaxable": sign * base + Decimal(0),
                "PercentBased": False,
                "TaxRateRef": {"value": rate_id},
            },
        }


def _decimals(entry: Entry) -> str:
    """A currency with the decimals that money in QuickBooks can have: two at most."""
    return entry.currency if minor_units(entry.currency) < _MOST_DECIMALS else "USD"
