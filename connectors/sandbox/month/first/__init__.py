"""October 2026 at Acme: about forty reports, among them one for every rule that can bite.

The cases' figures are fixed; ids and the ordinary reports around them come from the seed.
"""

from ..more.lines import Case
from . import amounts, cards_and_holds, dates, europe, rich
from .rich import unreported

__all__ = ["cases", "unreported"]


def cases() -> list[Case]:
    """In the order of the report ids: a new case goes to the end of `more`."""
    return [
        *amounts.amounts(),
        *cards_and_holds.cards(),
        *cards_and_holds.held(),
        *dates.states_and_dates(),
        *rich.rich(),
        *europe.europe(),
    ]
