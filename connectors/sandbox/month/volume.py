"""Ordinary reports without end, made one at a time, so that a hundred thousand need no memory.

Every report can be made from its place alone, and an id tells its place: the simulator serves,
filters and finds them without keeping any.
"""

import random
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from .build import (
    MOST_LINES,
    NUMBERS,
    SPREAD,
    TRANSACTIONS_FROM,
    Expense,
    Report,
    expense,
    later,
    report,
    report_id,
    report_number,
)
from .world import CARDS, MERCHANTS, PEOPLE, TAG_LEVELS, US

# people with an account, a vendor in the ledger and no other role in the month's cases
ORDINARY_PEOPLE = [
    PEOPLE[login]
    for login in (
        "ben.ito",
        "chloe.martin",
        "dan.okafor",
        "emma.larsen",
        "farid.haddad",
        "grace.kim",
        "hugo.silva",
        "jo.wei",
        "kira.novak",
    )
]
DEPARTMENTS = [name for name in TAG_LEVELS["Department"] if name != "Legacy"]
REGIONS, CLIENTS = list(TAG_LEVELS["Region"]), ["Globex", "Initech", "Internal"]
CATEGORY_NAMES = list(MERCHANTS)
CARD_OF = {person.login: digits for digits, person in CARDS.items()}
MOST_REPORTS = 10**8


def ordinary_expenses(
    chance: random.Random, lines: int, last_day: str, card: str = "", card_share: float = 0.0
) -> list[Expense]:
    """Lines that every mapping of the demo takes: active categories, tags and no tax."""
    found = []
    tags = (chance.choice(DEPARTMENTS), chance.choice(REGIONS), chance.choice(CLIENTS))
    for _ in range(lines):
        category = chance.choice(CATEGORY_NAMES)
        merchants, least, most = MERCHANTS[category]
        on = later(f"{last_day} 00:00:00", days=-chance.randint(0, 9))[:10]
        on_card = card if card and chance.random() < card_share else ""
        cents = chance.randint(least, most)
        found.append(expense(on, chance.choice(merchants), category, cents, tags, card=on_card))
    return found


@dataclass(frozen=True)
class Volume:
    """`reports` approved reports of `lines` lines each, approved evenly between two moments (UTC).

    `card_share` is the share of company-card lines with people who have a card.
    """

    reports: int
    lines: int = 5
    seed: int = 7
    policy: str = US
    first: str = "2026-10-01 12:00:00"
    last: str = "2026-10-31 12:00:00"
    card_share: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.reports < MOST_REPORTS:
            raise ValueError(f"reports is from 0 to {MOST_REPORTS - 1}, not {self.reports}")
        if not 1 <= self.lines < MOST_LINES:
            raise ValueError(f"lines is from 1 to {MOST_LINES - 1}, not {self.lines}")
        if self._span < timedelta(0):
            raise ValueError(f"first ({self.first}) is after last ({self.last})")

    @cached_property
    def _start(self) -> datetime:
        return datetime.fromisoformat(self.first)

    @cached_property
    def _span(self) -> timedelta:
        return datetime.fromisoformat(self.last) - self._start

    @property
    def _offset(self) -> int:
        return self.seed % 10**6 * MOST_REPORTS

    def __len__(self) -> int:
        return self.reports

    def __iter__(self) -> Iterator[Report]:
        return (self[place] for place in range(self.reports))

    def id(self, place: int) -> str:
        return report_id(self._offset + place)

    def dates(self, place: int) -> dict[str, str]:
        """When it was approved, submitted and created: what filters ask, without the lines."""
        moment = self._start + self._span * place / max(1, self.reports - 1)
        at = moment.isoformat(" ", "seconds")
        submitted = later(at, hours=-22)
        return {
            "approved": at,
            "submitted": submitted,
            "created": later(submitted, days=-4),
        }

    def places(self, approved_from: str, submitted_from: str, submitted_to: str) -> range:
        """Places approved and submitted within these moments ("" is open); both only ever rise."""
        every = range(self.reports)

        def until(name: str, bound: str) -> int:
            return bisect_left(every, bound, key=lambda place: self.dates(place)[name])

        first = max(until("approved", approved_from), until("submitted", submitted_from))
        last = until("submitted", submitted_to) if submitted_to else self.reports
        return range(first, max(first, last))

    def __getitem__(self, place: int) -> Report:
        """The report at a place; the same one each time."""
        if not 0 <= place < self.reports:
            raise IndexError(place)
        chance = random.Random(f"{self.seed} {place}")
        person = ORDINARY_PEOPLE[place % len(ORDINARY_PEOPLE)]
        dates = self.dates(place)
        card = CARD_OF.get(person.login, "")
        lines = ordinary_expenses(
            chance, self.lines, dates["submitted"][:10], card, self.card_share
        )
        number = self._offset + place
        return report(number, f"Report {place + 1}", person, lines, policy=self.policy, **dates)

    def place_of(self, wanted: str) -> int | None:
        """The place of a report id (either form) or None."""
        if wanted.isdigit():
            place = (int(wanted) - 63_000_000 - self._offset) % 7_000_003
        else:
            number = report_number(wanted)
            place = -1 if number is None else number - self._offset
        return place if 0 <= place < self.reports else None

    def place_of_transaction(self, wanted: str) -> int | None:
        """The place of the report that a transaction was made for, or None."""
        spread = (int(wanted) - TRANSACTIONS_FROM) // MOST_LINES if wanted.isdigit() else -1
        if not 0 <= spread < NUMBERS:
            return None
        place = spread * pow(SPREAD, -1, NUMBERS) % NUMBERS - self._offset
        return place if 0 <= place < self.reports else None

    def parameters(self) -> dict[str, Any]:
        """What `Volume(**...)` takes to make the same one again."""
        return asdict(self)


def volume(n: int, lines: int = 5, seed: int = 7, **more: Any) -> Iterator[Report]:
    """`n` reports as they are asked for; `more` as in `Volume`. Valid for the demo's mapping."""
    return iter(Volume(n, lines, seed, **more))
