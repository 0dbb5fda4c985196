"""What QuickBooks Online cannot express of an entry, found before anything is sent."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from connectors.contract.entry import Entry, Kind, Line, Ref, Role
from connectors.contract.money import is_whole
from connectors.contract.problem import Problem, Problems
from connectors.ledgers.quickbooks_online import tax, texts
from connectors.ledgers.quickbooks_online.abilities import ABILITIES
from connectors.ledgers.quickbooks_online.kinds import WORDS

PAYABLE, RECEIVABLE = "Accounts Payable", "Accounts Receivable"
_BILLABLE_ACCOUNTS = ("Expense", "Other Expense", "Cost of Goods Sold")
_ON_SCREEN = {"department": "location"}
_CENT = Decimal("0.01")


def problems(entry: Entry, facts: Mapping[str, Any]) -> Problems:
    """Everything that stands in the way, all at once; () when the entry can be written."""
    found = [*_header(entry, facts), *_dimensions(entry, facts)]
    for place, line in enumerate(entry.lines):
        found += _line(place, line, entry, facts)
    if entry.kind is Kind.JOURNAL:
        found += _journal(entry)
    return (*found, *tax.problems(entry, facts))


def _header(entry: Entry, facts: Mapping[str, Any]) -> Iterator[Problem]:
    word, home = WORDS[entry.kind], facts.get("home_currency") or ""
    if entry.kind is not Kind.JOURNAL and len(entry.role(Role.OFFSET)) != 1:
        yield Problem(
            "qbo.offset_lines",
            "lines",
            f"A {word} in QuickBooks has exactly one account on its credit side, this one has "
            f"{len(entry.role(Role.OFFSET))}. Nothing was posted.",
            "Choose one account for it in the flow, or let the flow post journal entries.",
        )
    if entry.kind is not Kind.JOURNAL and (-1 if entry.kind.takes_back else 1) * entry.total < 0:
        other = WORDS[ABILITIES.kinds[entry.kind].counter or Kind.JOURNAL]
        yield Problem(
            "qbo.total_sign",
            "total",
            f"The total is {entry.total} {entry.currency}: QuickBooks takes no {word} of the "
            "opposite sign. Nothing was posted.",
            f"Let the flow post a {other} for such totals, or a journal entry.",
        )
    yield from _account_types(entry, word)
    if ABILITIES.kinds[entry.kind].party_required:
        yield from _vendor(entry, word)
    if not facts.get("bills", True) and entry.kind in (Kind.BILL, Kind.CREDIT):
        yield Problem(
            "qbo.bills_off",
            "kind",
            f"Bills are switched off in this QuickBooks company, so the {word} was not posted.",
            "Switch them on in QuickBooks (Account and settings, Expenses), then replay.",
            subject="setting:bills",
        )
    if home and entry.currency != home and facts.get("multicurrency") is False:
        yield Problem(
            "qbo.currency",
            "currency",
            f"The report is in {entry.currency}, the QuickBooks company keeps {home} only. The "
            "figures would be booked one to one, so nothing was posted.",
            "Switch Multicurrency on in QuickBooks, or give the flow a rate table.",
            subject=f"currency:{entry.currency}",
        )
    if entry.due_date and entry.due_date < entry.date and entry.kind is Kind.BILL:
        yield Problem(
            "qbo.due_before_date",
            "due_date",
            f"The due date {texts.in_words(entry.due_date)} lies before the bill's date "
            f"{texts.in_words(entry.date)}, which QuickBooks refuses. Nothing was posted.",
            "Change the days until payment in the flow, or the date that it posts on.",
        )


def _account_types(entry: Entry, word: str) -> Iterator[Problem]:
    """Accounts of a type that would be refused with fault 6430. Unknown types are let through."""
    ability = ABILITIES.kinds[entry.kind]
    allowed = {Role.EXPENSE: ability.line_account_types, Role.OFFSET: ability.offset_account_types}
    wrong = {
        line.account: line.role
        for line in entry.lines
        if line.role in allowed and line.account.kind not in {"", *allowed[line.role]}
    }
    for account, role in wrong.items():
        place = "a line" if role is Role.EXPENSE else "the credit side"
        yield Problem(
            "qbo.account_type",
            "account",
            f"Account {account.label} is of type {account.kind}, which QuickBooks does not take on "
            f"{place} of a {word}. Nothing was posted.",
            "Choose another account by a rule or in the flow.",
            subject=f"account:{account.id}",
        )


def _vendor(entry: Entry, word: str) -> Iterator[Problem]:
    if entry.party is None:
        yield Problem(
            "qbo.party_missing",
            "party",
            f"A {word} in QuickBooks needs a vendor, and this one has none. Nothing was posted.",
            "Link the employee to a vendor, or choose one vendor for the whole flow.",
        )
    elif entry.party.kind not in ("", "vendor"):
        yield Problem(
            "qbo.party_kind",
            "party",
            f"{entry.party.label} is a {entry.party.kind} in QuickBooks; only a vendor can stand "
            f"on a {word}. Nothing was posted.",
            f'Create a vendor such as "{entry.party.label} (V)" and link the employee to it.',
            subject=f"party:{entry.party.label}",
        )


def _dimensions(entry: Entry, facts: Mapping[str, Any]) -> Iterator[Problem]:
    """Dimensions at a place where this kind has none, or which the company has switched off."""
    ability, word = ABILITIES.kinds[entry.kind].dimensions, WORDS[entry.kind]
    places = {("header", d.dimension) for d in entry.dimensions}
    places |= {("line", d.dimension) for line in entry.lines for d in line.dimensions}
    for place, dimension in sorted(places):
        shown = _ON_SCREEN.get(dimension, dimension)
        if ability.get(dimension) != place:
            yield Problem(
                "qbo.dimension_place",
                f"dimensions.{dimension}",
                f"A {word} in QuickBooks has no {shown} on "
                f"{'its lines' if place == 'line' else 'the document as a whole'}, so nothing was "
                "posted.",
                f"Take the {shown} out of the rule, or let the flow post another kind of document.",
                subject=f"dimension:{dimension}",
            )
        elif (setting := _switch(dimension)) and facts.get(setting) in (False, "off"):
            yield Problem(
                "qbo.dimension_off",
                f"dimensions.{dimension}",
                f"The rules give a {shown}, but this QuickBooks company does not track it. It "
                "would be lost, so nothing was posted.",
                f"Switch {shown} tracking on in QuickBooks, or take the {shown} out of the rules.",
                subject=f"dimension:{dimension}",
            )
    classes = {line.dimension("class") for line in entry.role(Role.EXPENSE)}
    if facts.get("classes") == "document" and len(classes) > 1:
        yield Problem(
            "qbo.one_class",
            "dimensions.class",
            f"This QuickBooks company keeps one class for a whole document, but the lines of this "
            f"{word} have {len(classes)} (none counts as one). Nothing was posted.",
            "Let QuickBooks track classes one to each row, or make the rules give the same class.",
            subject="dimension:class",
        )


def _switch(dimension: str) -> str:
    return {"class": "classes", "department": "departments", "customer": "customers"}.get(
        dimension, ""
    )


def _line(place: int, line: Line, entry: Entry, facts: Mapping[str, Any]) -> Iterator[Problem]:
    where = texts.spot(entry, place)
    # Money in QuickBooks has two decimals at most; more would be rounded there, in silence.
    if any(each.quantize(_CENT) != each for each in (line.amount, line.tax_amount)) or not is_whole(
        line.tax_amount, entry.currency
    ):
        yield Problem(
            "qbo.decimals",
            f"lines[{place}].amount",
            f"{where} has more decimals than QuickBooks keeps. Nothing was posted.",
            "Post this report in a currency with two decimals.",
            subject=f"currency:{entry.currency}",
        )
    if not (line.billable and ABILITIES.kinds[entry.kind].carries_billable):
        return
    why = cure = ""
    if line.dimension("customer") is None:
        why, cure = "has no customer", "Give the line a customer by a rule"
    elif facts.get("billable") is False:
        why = "this QuickBooks company does not track billable expenses"
        cure = "Switch it on in QuickBooks (Account and settings, Expenses)"
    elif line.account.kind and line.account.kind not in _BILLABLE_ACCOUNTS:
        why = f"account {line.account.label} is of type {line.account.kind}"
        cure = "Choose an expense account by a rule"
    if why:
        yield Problem(
            "qbo.billable",
            f"lines[{place}].billable",
            f"{where} is billable, but {why}. Nothing was posted.",
            f"{cure}, or let the flow ignore the billable flag.",
        )


def named(entry: Entry, line: Line) -> Ref | None:
    """Who stands on a journal's line: its own party, on the payable whom the entry owes it to.

    Any other account of the credit side is owed to nobody unless the line says so.
    """
    is_owed = line.role is Role.OFFSET and line.account.kind == PAYABLE
    return line.party or (entry.party if is_owed else None)


def _journal(entry: Entry) -> Iterator[Problem]:
    """Each line of a journal has room for one name, and payables and receivables demand one.

    Whether a journal may have several such lines is not certain: they are sent, and where a
    company refuses them (fault 6000) a person decides.
    """
    for place, line in enumerate(entry.lines):
        where, customer = texts.spot(entry, place), line.dimension("customer")
        party = named(entry, line)
        why = cure = ""
        if line.account.kind == PAYABLE and (party is None or party.kind not in ("", "vendor")):
            why, cure = "has no vendor", "Link the employee to a vendor"
        elif line.account.kind == RECEIVABLE and not (
            customer or (party and party.kind == "customer")
        ):
            why, cure = "has no customer", "Give the line a customer by a rule"
        elif party and customer and party.id != customer.id:
            why = f"names both {party.label} and {customer.label}"
            cure = "Take one of the two names out of the rules"
        if why:
            yield Problem(
                "qbo.journal_name",
                f"lines[{place}].party",
                f"{where} on account {line.account.label} {why}; a line of a QuickBooks journal "
                "has exactly one name there. Nothing was posted.",
                f"{cure}, or choose another account.",
            )
