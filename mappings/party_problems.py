"""What is said where nobody in the ledger, or more than one, could be the party of a document."""

from collections.abc import Sequence

from connectors.contract.problem import Problem
from connectors.contract.report import Person, Report
from mappings.books import Book, Party
from mappings.texts import report_place
from mappings.validate import NOTHING_POSTED, kept_in, one_to_one, since

_ANOTHER = "Choose another vendor on the flow's page."


def unset(book: Book) -> Problem:
    return Problem(
        "map.party.unset",
        "flow.fixed_party",
        f"This flow books on one clearing vendor, and none is chosen. {NOTHING_POSTED}",
        "Choose the clearing vendor on the flow's page.",
        subject=f"flow:{book.terms.flow_id}",
    )


def card_unset(report: Report, book: Book) -> Problem:
    return Problem(
        "map.party.card_unset",
        "flow.card_party",
        f"{report_place(report)}: card documents need a vendor in {book.company.ledger_label}, and "
        f"this flow names none for them. {NOTHING_POSTED}",
        "Choose the vendor of card documents on the flow's page.",
        subject=f"flow:{book.terms.flow_id}",
    )


def conflict(what: str, names: Sequence[str]) -> Problem:
    return Problem(
        "map.party.conflict",
        "party",
        f"{what} different parties ({', '.join(names)}), and one document has one. "
        f"{NOTHING_POSTED}",
        "Change the rules or the tags so that all lines name the same party.",
    )


def no_name(report: Report, what: str) -> Problem:
    return Problem(
        "map.party.no_name",
        "party",
        f"{report_place(report)} has {what}, by which this flow finds the vendor. {NOTHING_POSTED}",
        "Complete the report in Expensify, then read it again.",
    )


def named(source: str, name: str, book: Book, hits: Sequence[Party], other: str) -> Problem:
    """A vendor sought by the name that a tag or a field gives."""
    company, ledger = book.company.name, book.company.ledger_label
    subject, facts = f"party_name:{name}", {"party_name": name}
    if len(hits) > 1:
        listed = _listed(hits)
        return Problem(
            "map.party.ambiguous",
            "party",
            f"{source} names the vendor, and {company} has {len(hits)} of this name: {listed}. "
            f"{NOTHING_POSTED}",
            f"Rename all but one of them in {ledger}, then read the lists again.",
            subject,
            facts,
        )
    if other:
        article = "an" if other == "employee" else "a"
        return Problem(
            "map.party.clash",
            "party",
            f'{source} names the vendor, and in {company} "{name}" is {article} {other}. '
            f"{NOTHING_POSTED}",
            f"Give the vendor a name of its own in {ledger} and in Expensify, then read the lists "
            "again.",
            subject,
            facts,
        )
    return Problem(
        "map.party.missing",
        "party",
        f"{source} names the vendor, and {company} has no active vendor of that name. "
        f"{NOTHING_POSTED}",
        f'Add vendor "{name}" in {ledger} and read the lists again, or correct the report in '
        "Expensify.",
        subject,
        facts,
    )


def not_payable(party: Party, employee: Person | None, book: Book) -> Problem:
    return Problem(
        "map.party.not_payable",
        "party",
        f'"{party.name}" is a {party.kind} in {book.company.name} and cannot be owed a report. '
        f"{NOTHING_POSTED}",
        f"Choose a vendor for {who(employee)}." if employee else _ANOTHER,
        subject=f"party:{party.id}",
        facts=_facts(employee) | {"party_id": str(party.id)},
    )


def inactive(party: Party, employee: Person | None, book: Book) -> Problem:
    other_way = f"link {who(employee)} to another vendor." if employee else _ANOTHER.lower()
    return Problem(
        "map.party.inactive",
        "party",
        f'Vendor "{party.name}" is inactive in {book.company.ledger_label}{since(book)}. '
        f"{NOTHING_POSTED}",
        f"Make it active there, or {other_way}",
        subject=f"party:{party.id}",
        facts=_facts(employee) | {"party_id": str(party.id)},
    )


def other_currency(
    party: Party, employee: Person | None, report: Report, book: Book, currency: str
) -> Problem:
    """`currency`: that of the document, the report's own unless the report is converted."""
    converted = f", converted into {currency}" if currency != report.currency else ""
    cure = f"Link {employee.label} to a vendor in {currency}." if employee else _ANOTHER
    return Problem(
        "map.currency.party",
        "party",
        f"{report_place(report)}: the report is in {report.currency}{converted}, vendor "
        f'"{party.name}" is set to {kept_in(party, book)}. {one_to_one(book)}',
        cure,
        subject=f"party:{party.id}",
        facts=_facts(employee) | {"party_id": str(party.id), "currency": currency},
    )


def missing(employee: Person, book: Book) -> Problem:
    return Problem(
        "map.party.missing",
        "party",
        f"{who(employee)} was not found among the vendors of {book.company.name}. {NOTHING_POSTED}",
        f"Link {employee.label} to a vendor, or add a vendor with that e-mail address in "
        f"{book.company.ledger_label} and read the lists again.",
        subject=f"employee:{employee.email.lower()}",
        facts=_facts(employee),
    )


def clash(employee: Person, book: Book, other: str, has_vendor: bool) -> Problem:
    article = "An" if other == "employee" else "A"
    if has_vendor:
        message = (
            f"{who(employee)} is the name of a vendor and of {article.lower()} {other} in "
            f"{book.company.name}, and no e-mail address tells which is meant. {NOTHING_POSTED}"
        )
    else:
        message = (
            f"{who(employee)} was not found among the vendors of {book.company.name}. {article} "
            f"{other} of the same name exists, so none was created. {NOTHING_POSTED}"
        )
    return _taken_name(employee, book, message)


def namesake(employee: Person, book: Book, party: Party, other_email: str) -> Problem:
    """Two people of one name: the vendor of the one is not the other's because of the name."""
    return _taken_name(
        employee,
        book,
        f"{who(employee)} was not found among the vendors of {book.company.name}. Vendor "
        f'"{party.name}" (no. {party.ledger_id}) stands for {other_email}, so it was not taken for '
        f"the same person. {NOTHING_POSTED}",
    )


def _taken_name(employee: Person, book: Book, message: str) -> Problem:
    """The employee's name is somebody else's in the ledger; the cure is a link or another name."""
    proposed = f"{employee.label} (employee)"
    cure, facts = f'Link {employee.label} to a vendor, or create "{proposed}"', _facts(employee)
    if book.can_create_parties:
        facts |= {"proposed_name": proposed}
    else:
        cure += f" in {book.company.ledger_label} and read the lists again"
    return Problem(
        "map.party.clash",
        "party",
        message,
        f"{cure}.",
        subject=f"employee:{employee.email.lower()}",
        facts=facts,
    )


def ambiguous(employee: Person, book: Book, hits: Sequence[Party], how: str) -> Problem:
    return Problem(
        "map.party.ambiguous",
        "party",
        f"{who(employee)}: {len(hits)} vendors {how} exist in {book.company.name}: "
        f"{_listed(hits)}. {NOTHING_POSTED}",
        f"Link {employee.label} to the right one.",
        subject=f"employee:{employee.email.lower()}",
        facts=_facts(employee) | {"party_ids": ", ".join(str(party.id) for party in hits)},
    )


def who(employee: Person) -> str:
    return f"{employee.name} ({employee.email})" if employee.name else employee.email


def _listed(parties: Sequence[Party]) -> str:
    return ", ".join(f'"{party.name}" (no. {party.ledger_id})' for party in parties)


def _facts(employee: Person | None) -> dict[str, str]:
    if employee is None:
        return {}
    return {"employee_email": employee.email, "employee_name": employee.name}
