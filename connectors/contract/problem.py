"""A problem is a value that a person reads: what, where, what was not done, and the cure."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something was not posted.

    code     stable, dotted, listed in the room's table of codes: `map.category.missing`
    field    the place, in the words of the report or document: `expenses[3].category`
    message  what happened, where, and what was not done; amounts with currency, names not ids
    cure     what the person does now
    subject  what many reports may wait for together, such as `category:Team events`
    facts    what a screen needs to make the cure a button: names of mappings, ids, suggestions
    """

    code: str
    field: str
    message: str
    cure: str
    subject: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.message} {self.cure}".strip()


Problems = tuple[Problem, ...]
