"""Whom a report is owed to: a person's decision, then e-mail, then exact name; never a guess."""

from collections.abc import Iterable

from connectors.contract.problem import Problem
from connectors.contract.report import Person, Report
from mappings.books import Book, Party, same_name
from mappings.terms import PartyPolicy
from mappings.validate import NOTHING_POSTED, since


def party_of(report: Report, book: Book, ruled: Iterable[int | None]) -> Party | Problem:
    """The party of one document. `ruled`: per line the row that a rule names, None for none."""
    by_rule = list(dict.fromkeys(ruled))
    if by_rule == [None] or not by_rule:
        return by_policy(report, book)
    if len(by_rule) > 1:
        names = [book.parties[row].name if row else report.employee.label for row in by_rule]
        return Problem(
            "map.party.conflict",
            "party",
            f"Rules owe the lines of this report to different parties ({', '.join(names)}), and "
            f"one document has one. {NOTHING_POSTED}",
            "Change the rules so that all lines name the same party.",
        )
    return _usable(book.parties[by_rule[0]], report.employee, book)


def by_policy(report: Report, book: Book) -> Party | Problem:
    if book.terms.party_policy is PartyPolicy.FIXED:
        if book.terms.fixed_party_id is None:
            return Problem(
                "map.party.unset",
                "flow.fixed_party",
                f"This flow books on one clearing vendor, and none is chosen. {NOTHING_POSTED}",
                "Choose the clearing vendor on the flow's page.",
                subject=f"flow:{book.terms.flow_id}",
            )
        return _usable(book.parties[book.terms.fixed_party_id], report.employee, book)
    return employee_party(report.employee, book)


def employee_party(employee: Person, book: Book) -> Party | Problem:
    """The vendor that is this employee."""
    email = employee.email.strip().lower()
    if (linked := book.links.get(email)) is not None:
        return _usable(book.parties[linked], employee, book)
    hits = book.payees_by_email.get(email, ())
    how = "with this e-mail address"
    if not hits and employee.name.strip():
        name, how = same_name(employee.name), "of this name"
        hits = book.payees_by_name.get(name, ())
        if other := book.names_of_others.get(name):
            return _clash(employee, book, other, bool(hits))
    if len(hits) == 1:
        return hits[0]
    return _ambiguous(employee, book, hits, how) if hits else _missing(employee, book)


def _usable(party: Party, employee: Person, book: Book) -> Party | Problem:
    if not party.is_payable:
        return Problem(
            "map.party.not_payable",
            "party",
            f'"{party.name}" is a {party.kind} in {book.company.name} and cannot be owed a report. '
            f"{NOTHING_POSTED}",
            f"Choose a vendor for {_who(employee)}.",
            subject=f"party:{party.id}",
            facts=_facts(employee) | {"party_id": str(party.id)},
        )
    if not party.active:
        return Problem(
            "map.party.inactive",
            "party",
            f'Vendor "{party.name}" is inactive in {book.company.ledger_label}{since(book)}. '
            f"{NOTHING_POSTED}",
            f"Make it active there, or link {_who(employee)} to another vendor.",
            subject=f"party:{party.id}",
            facts=_facts(employee) | {"party_id": str(party.id)},
        )
    return party


def _missing(employee: Person, book: Book) -> Problem:
    return Problem(
        "map.party.missing",
        "party",
        f"{_who(employee)} was not found among the vendors of {book.company.name}. "
        f"{NOTHING_POSTED}",
        f"Link {employee.label} to a vendor, or add a vendor with that e-mail address in "
        f"{book.company.ledger_label} and read the lists again.",
        subject=f"employee:{employee.email.lower()}",
        facts=_facts(employee),
    )


def _clash(employee: Person, book: Book, other: str, has_vendor: bool) -> Problem:
    article = "An" if other == "employee" else "A"
    if has_vendor:
        message = (
            f"{_who(employee)} is the name of a vendor and of {article.lower()} {other} in "
            f"{book.company.name}, and no e-mail address tells which is meant. {NOTHING_POSTED}"
        )
    else:
        message = (
            f"{_who(employee)} was not found among the vendors of {book.company.name}. {article} "
            f"{other} of the same name exists, so none was created. {NOTHING_POSTED}"
        )
    return Problem(
        "map.party.clash",
        "party",
        message,
        f'Link {employee.label} to a vendor, or create "{employee.label} (employee)" in '
        f"{book.company.ledger_label} and read the lists again.",
        subject=f"employee:{employee.email.lower()}",
        facts=_facts(employee) | {"proposed_name": f"{employee.label} (employee)"},
    )


def _ambiguous(employee: Person, book: Book, hits: tuple[Party, ...], how: str) -> Problem:
    names = ", ".join(f'"{party.name}" (no. {party.ledger_id})' for party in hits)
    return Problem(
        "map.party.ambiguous",
        "party",
        f"{_who(employee)}: {len(hits)} vendors {how} exist in {book.company.name}: {names}. "
        f"{NOTHING_POSTED}",
        f"Link {employee.label} to the right one.",
        subject=f"employee:{employee.email.lower()}",
        facts=_facts(employee) | {"party_ids": ", ".join(str(party.id) for party in hits)},
    )


def _who(employee: Person) -> str:
    return f"{employee.name} ({employee.email})" if employee.name else employee.email


def _facts(employee: Person) -> dict[str, str]:
    return {"employee_email": employee.email, "employee_name": employee.name}
