"""Which rule wins for a made-up expense, in the words of the screen."""

from dataclasses import dataclass

from mappings.books import Book
from mappings.rulebook import ACCOUNT, PARTY, TAX_CODE, Case, Trial

_LABELS = {ACCOUNT: "Account", PARTY: "Vendor", TAX_CODE: "Tax code"}


@dataclass(frozen=True, slots=True)
class Decided:
    """One output: what it is, and the rule that says so."""

    label: str
    target: str
    why: str


@dataclass(frozen=True, slots=True)
class Tried:
    """One rule and how it fared."""

    rule_id: int
    priority: int
    text: str
    outcome: str


def decided(book: Book, case: Case) -> tuple[Decided, ...]:
    found = book.rulebook.verdicts(case)
    return tuple(
        Decided(
            _LABELS.get(output) or book.dimension_label(output),
            _target(book, output, verdict.target_id),
            f"by rule {verdict.rule.id} ({verdict.rule.text})",
        )
        for output, verdict in sorted(found.items(), key=lambda one: _place(one[0]))
    )


def _target(book: Book, output: str, target_id: int | None) -> str:
    if target_id is not None:
        return book.member(output, target_id).label
    return "tax is cost" if output == TAX_CODE else "left empty on purpose"


def _place(output: str) -> tuple[bool, str]:
    """The account first: it is what people look for."""
    return output != ACCOUNT, output


def tried(book: Book, case: Case) -> tuple[Tried, ...]:
    return tuple(
        Tried(one.rule.id, one.rule.priority, one.rule.text, _outcome(one, book))
        for one in book.rulebook.trials(case)
    )


def _outcome(one: Trial, book: Book) -> str:
    if one.misses:
        return f"does not match: {one.misses}"
    if one.wins:
        names = [(_LABELS.get(name) or book.dimension_label(name)).lower() for name in one.wins]
        return f"decides {', '.join(names)}"
    return "matches, but an earlier rule has decided all that it would"
