"""In which currency a document is posted, and what it becomes where the books lack the report's.

A ledger that is handed figures of a currency which party or account doesn't have books them one
to one. So: the report's own currency where all of them have it, else the home currency by the
flow's rate table, else nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from connectors.contract.entry import Kind
from connectors.contract.money import rounded
from connectors.contract.problem import Problem
from connectors.contract.report import Report
from mappings import party_problems
from mappings.books import Account, Book, Party, Rate
from mappings.liabilities import Purse, liability
from mappings.lines import MeantLine
from mappings.parties import Answer, PartyWanted, card_party, party_by_policy, ruled_party
from mappings.slices import ANY_KIND, Slice
from mappings.terms import CurrencyPolicy, PartyPolicy
from mappings.texts import month, report_place
from mappings.validate import NOTHING_POSTED, kept_in


@dataclass(frozen=True, slots=True)
class Counterparts:
    """What a document stands against, in `currency`.

    party     whom the document names; None where it names nobody, or nobody could be found
    owed_by   the party of lines that are owed by whoever filed the report
    accounts  purse -> account of the credit side
    wanted    a vendor that must be created before anything can be posted
    """

    currency: str
    party: Party | None
    owed_by: Party | None
    card_party: Party | None
    accounts: Mapping[Purse, Account]
    wanted: PartyWanted | None
    problems: tuple[Problem, ...]
    currency_problems: tuple[Problem, ...]


def counterparts(
    report: Report, part: Slice, lines: Sequence[MeantLine], book: Book
) -> Counterparts:
    """In the report's currency, or in the home currency where only that one is possible."""
    found = _in_currency(report, part, lines, book, report.currency)
    home = book.company.home_currency
    if (
        found.currency_problems
        and report.currency != home
        and book.terms.currency_policy is CurrencyPolicy.RATES
    ):
        return _in_currency(report, part, lines, book, home)
    return found


def _in_currency(
    report: Report, part: Slice, lines: Sequence[MeantLine], book: Book, currency: str
) -> Counterparts:
    problems: list[Problem] = []
    mismatches: list[Problem] = list(_company(report, book, currency))
    abilities = book.kinds.get(part.kind)
    accounts: dict[Purse, Account] = {}
    seen: set[Purse] = set()
    for number, expense in part.lines:
        found = liability(report, number, expense, book, abilities, currency)
        if found.purse in seen:
            continue
        seen.add(found.purse)
        if found.account is not None:
            accounts[found.purse] = found.account
        problems += found.problems
        mismatches += found.currency_problems
    people = _Parties(report, part, lines, book, currency)
    party, owed_by, on_card = people.named(), people.owed_by(), people.on_card()
    needs_party = (abilities or ANY_KIND).party_required
    if needs_party and not part.owes_person and party is None and not people.problems:
        people.problems.append(party_problems.card_unset(report, book))
    if not mismatches or book.company.is_multicurrency:
        mismatches += people.mismatches
    return Counterparts(
        currency,
        party,
        owed_by,
        on_card,
        accounts,
        people.wanted,
        tuple(problems + people.problems),
        tuple(mismatches),
    )


class _Parties:
    """The parties of one document, with what speaks against them."""

    def __init__(
        self, report: Report, part: Slice, lines: Sequence[MeantLine], book: Book, currency: str
    ) -> None:
        self.report, self.part, self.lines, self.book = report, part, lines, book
        self.currency = currency
        self.wanted: PartyWanted | None = None
        self.problems: list[Problem] = []
        self.mismatches: list[Problem] = []

    def named(self) -> Party | None:
        """Whom the document names."""
        if self.part.owes_person:
            owing = [line for line in self.lines if line.expense.reimbursable]
            ruled = ruled_party(self.report, self.book, [line.party_id for line in owing])
            return self._taken(ruled, is_employee=True) if ruled else self._by_policy()
        if self.part.kind is Kind.JOURNAL:
            return self.on_card()  # its lines have names of their own
        if any(line.is_owed_by_party for line in self.lines):
            return self.owed_by()
        ruled = ruled_party(self.report, self.book, [line.party_id for line in self.lines])
        return self._taken(ruled, is_employee=False) if ruled else self.on_card()

    def owed_by(self) -> Party | None:
        if not any(line.is_owed_by_party for line in self.lines):
            return None
        return self._by_policy()

    def on_card(self) -> Party | None:
        if all(expense.reimbursable for expense in self.part.expenses):
            return None
        return self._taken(card_party(self.book), is_employee=False)

    def _by_policy(self) -> Party | None:
        owing = [expense for expense in self.part.expenses if expense.reimbursable]
        expenses = owing or self.part.expenses
        answer = party_by_policy(self.report, expenses, self.book, self.currency)
        is_employee = self.book.terms.party_policy is PartyPolicy.EMPLOYEE
        return self._taken(answer, is_employee=is_employee)

    def _taken(self, answer: Answer | None, *, is_employee: bool) -> Party | None:
        """The party that can be used; the rest is noted down, each thing once."""
        match answer:
            case Problem():
                if answer not in self.problems:
                    self.problems.append(answer)
                return None
            case PartyWanted():
                self.wanted = answer
                return None
            case Party() if kept_in(answer, self.book) != self.currency:
                employee = self.report.employee if is_employee else None
                problem = party_problems.other_currency(
                    answer, employee, self.report, self.book, self.currency
                )
                if problem not in self.mismatches:
                    self.mismatches.append(problem)
        return answer


def _company(report: Report, book: Book, currency: str) -> list[Problem]:
    company = book.company
    if currency == company.home_currency or company.is_multicurrency:
        return []
    return [
        Problem(
            "map.currency.company",
            "currency",
            f"{report_place(report)}: the report is in {report.currency}, {company.name} keeps its "
            f"books in {company.home_currency} alone. {company.ledger_label} would book the "
            "figures one to one, so nothing was posted.",
            f"Turn on several currencies in {company.ledger_label} and read the lists again, let "
            "the flow convert by a rate table, or book this report by hand and set it aside.",
            subject=f"currency:{report.currency}",
        )
    ]


# --- converting ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Conversion:
    """The report's amounts in the document's currency; `rate` is None where they stay as they are.

    Amounts are rounded to the document's currency one by one; what that leaves over is the
    entry's to place.
    """

    currency: str
    rate: Rate | None = None

    def of(self, amount: Decimal) -> Decimal:
        return amount if self.rate is None else rounded(amount * self.rate.rate, self.currency)


def conversion(report: Report, currency: str, on: date, book: Book) -> Conversion | Problem:
    """How a document of `currency`, dated `on`, is made from the report."""
    if currency == report.currency:
        return Conversion(currency)
    rate = book.rate_of(report.currency, on)
    if rate is not None:
        return Conversion(currency, rate)
    return Problem(
        "map.rate.missing",
        "currency",
        f"{report_place(report)}: the rate table has no rate from {report.currency} into "
        f"{currency} for {month(on)}. {NOTHING_POSTED}",
        "Enter the month's rate in the rate table of the connection.",
        subject=f"rate:{report.currency}:{on:%Y-%m}",
        facts={"currency": report.currency, "month": on.replace(day=1).isoformat()},
    )
