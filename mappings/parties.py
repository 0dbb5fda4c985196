"""Whom a document names: a person's decision, then e-mail, then exact name; never a guess."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from connectors.contract.problem import Problem
from connectors.contract.report import Expense, Person, Report
from mappings import party_problems as problems
from mappings.books import Book, Party, same_name
from mappings.terms import PartyPolicy
from mappings.texts import report_place
from mappings.validate import kept_in


@dataclass(frozen=True, slots=True)
class PartyWanted:
    """A vendor that the flow lets us create, because this employee is nobody in the ledger yet.

    currency  that of the document which waits for it: ledgers fix it with the vendor's creation
    """

    name: str
    email: str
    currency: str


Answer = Party | PartyWanted | Problem


def ruled_party(report: Report, book: Book, ruled: Iterable[int | None]) -> Answer | None:
    """The one party that rules give all lines; None where they give none.

    `ruled`: per line the row that a rule names, None for none.
    """
    by_rule = list(dict.fromkeys(ruled))
    if by_rule in ([], [None]):
        return None
    if len(by_rule) > 1:
        names = [book.parties[row].name if row else report.employee.label for row in by_rule]
        return problems.conflict("Rules owe the lines of this report to", names)
    return _usable(book.parties[by_rule[0]], report.employee, book)


def party_by_policy(
    report: Report, expenses: Sequence[Expense], book: Book, currency: str
) -> Answer:
    """Whom the flow owes these expenses to. `currency`: that of the document."""
    terms = book.terms
    match terms.party_policy:
        case PartyPolicy.EMPLOYEE:
            return employee_party(report.employee, book, currency)
        case PartyPolicy.FIXED:
            if terms.fixed_party_id is None:
                return problems.unset(book)
            return _usable(book.parties[terms.fixed_party_id], None, book)
        case PartyPolicy.TAG:
            level = terms.party_tag_level or 1
            named = [tag.name.strip() if (tag := e.tag(level)) else "" for e in expenses]
            names = list({same_name(name): name for name in reversed(named)}.values())[::-1]
            if "" in named:
                return problems.no_name(report, f"an expense without a tag on level {level}")
            if len(names) > 1:
                what = f"the vendor is the tag on level {level}, and the lines name"
                return problems.conflict(f"{report_place(report)}: {what}", names)
            source = f'{report_place(report)}: tag "{names[0]}" (level {level})'
            return _named(source, names[0], book, currency)
        case PartyPolicy.FIELD:
            name = dict(report.fields).get(terms.party_field, "").strip()
            if not name:
                return problems.no_name(report, f'nothing in its field "{terms.party_field}"')
            source = f'{report_place(report)}: field "{terms.party_field}" ("{name}")'
            return _named(source, name, book, currency)


def card_party(book: Book) -> Party | Problem | None:
    """The vendor of card documents. Merchants are not looked up: nobody asked for them."""
    if book.terms.card_party_id is None:
        return None
    return _usable(book.parties[book.terms.card_party_id], None, book)


def employee_party(employee: Person, book: Book, currency: str) -> Answer:
    """The vendor that is this employee, or that may be created for the employee.

    What a person called the vendor takes the place of the employee's own name.
    """
    email = employee.email.strip().lower()
    if (linked := book.links.get(email)) is not None:
        return _usable(book.parties[linked], employee, book)
    chosen = book.party_names.get(email, "")
    if chosen:
        employee = replace(employee, name=chosen)
    hits = _in_currency(book.payees_by_email.get(email, ()), book, currency)
    how, name = "with this e-mail address", same_name(employee.name)
    if not hits and name:
        how = "of this name"
        hits = _in_currency(book.payees_by_name.get(name, ()), book, currency)
        if other := book.names_of_others.get(name):
            return problems.clash(employee, book, other, bool(hits))
        if len(hits) == 1 and (others := book.linked_to.get(hits[0].id)):
            return problems.namesake(employee, book, hits[0], others[0])
    if len(hits) == 1:
        return hits[0]
    if hits:
        return problems.ambiguous(employee, book, hits, how)
    may_create = book.can_create_parties and (book.terms.creates_parties or chosen)
    if not (may_create and name):
        return problems.missing(employee, book)
    if retired := book.retired_payees.get(name):
        return problems.inactive(retired, employee, book)
    return PartyWanted(" ".join(employee.name.split()), email, currency)


def _named(source: str, name: str, book: Book, currency: str) -> Party | Problem:
    hits = _in_currency(book.payees_by_name.get(same_name(name), ()), book, currency)
    other = book.names_of_others.get(same_name(name), "")
    if len(hits) == 1 and not other:
        return hits[0]
    return problems.named(source, name, book, hits, other)


def _in_currency(hits: tuple[Party, ...], book: Book, currency: str) -> tuple[Party, ...]:
    """Of several hits those in the document's currency: a person may have a vendor for each."""
    if len(hits) < 2 or not book.company.is_multicurrency:
        return hits
    return tuple(hit for hit in hits if kept_in(hit, book) == currency) or hits


def _usable(party: Party, employee: Person | None, book: Book) -> Party | Problem:
    """`employee`: for whom the party was chosen, None for one that stands on the flow itself."""
    if not party.is_payable:
        return problems.not_payable(party, employee, book)
    return party if party.active else problems.inactive(party, employee, book)
