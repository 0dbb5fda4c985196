"""What a rule could be, proposed to a person: equal codes and equal names, never used unasked."""

from dataclasses import dataclass

from mappings.books import Account, Book, Value, same_name


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A member of the ledger and the reason why it is proposed."""

    target: Account | Value
    why: str


def account_for(category: str, gl_code: str, book: Book) -> Suggestion | None:
    """The one active account whose number is the category's GL code, else the one of its name."""
    if (code := gl_code.strip()) and len(hits := book.accounts_by_number.get(code, ())) == 1:
        return Suggestion(hits[0], f"its number is the category's GL code {code}")
    named = [
        a for a in book.accounts.values() if a.active and same_name(a.name) == same_name(category)
    ]
    return Suggestion(named[0], "it has the same name") if len(named) == 1 else None


def values_for(tag: str, dimension: str, book: Book) -> Suggestion | None:
    """The one active member of the dimension that has the tag's name.

    Tags have GL codes too, but dimensions have no codes to compare them with.
    """
    wanted = same_name(tag)
    named = [
        value
        for value in book.values.values()
        if value.dimension == dimension and value.active and same_name(value.name) == wanted
    ]
    return Suggestion(named[0], "it has the same name") if len(named) == 1 else None
