"""A document as an accountant reads it, in words that no ledger owns: debits and credits.

Each ledger's column translates what it stores into a `Document`; a row of the table says with
`Wanted` what it must be. Both are balanced: debits positive, credits negative.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


def day(text: str) -> date:
    """31 Oct 2026"""
    return datetime.strptime(text, "%d %b %Y").date()  # noqa: DTZ007 - a date, of no zone


# Numbers of the accounts that rows owe something on; no row books an expense there.
OWED_ON = ("1000", "2")


@dataclass(frozen=True)
class Side:
    """One debit or credit. `marks`: "class Sales", "customer Globex", "tax 20%", "billable",
    "for Ben Ito" (the line's own party); `text` its description."""

    account: str
    amount: Decimal
    marks: frozenset[str] = frozenset()
    text: str = ""

    def __str__(self) -> str:
        return f"    {self.account:<34}{self.amount:>12}   {', '.join(sorted(self.marks))}".rstrip()


@dataclass(frozen=True)
class Document:
    """What a ledger stores. `kind`: bill, credit, card charge, card credit, journal.

    at      what the whole document is marked with, as "department New York"
    rate    home units for one unit of its currency, None where the ledger keeps none
    is_ours it carries a marker of ours
    """

    id: str
    kind: str
    party: str
    on: date
    currency: str
    sides: tuple[Side, ...]
    at: frozenset[str] = frozenset()
    due: date | None = None
    memo: str = ""
    number: str = ""
    rate: Decimal | None = None
    is_ours: bool = True
    attachments: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join([self.head, *map(str, self.sides)])

    @property
    def owed(self) -> Decimal:
        """What its credit side owes: liabilities, and the bank that paid for the company."""
        return -sum((s.amount for s in self.sides if s.account.startswith(OWED_ON)), Decimal(0))

    @property
    def head(self) -> str:
        to = f" to {self.party}" if self.party else ""
        at = "".join(f", {mark}" for mark in sorted(self.at))
        return f"{self.kind}{to}, {self.on:%d %b %Y}, {self.currency}{at}"


@dataclass(frozen=True)
class Wanted:
    """What a row expects. Head, accounts, amounts and marks are compared whole; due date, memo,
    line texts, rate and attachments where the row mentions them.

    memo         words that the memo contains
    attachments  words of the files' names, all files in their order
    """

    document: Document
    due: date | None = None
    memo: tuple[str, ...] = ()
    rate: Decimal | None = None
    attachments: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        rest = sum((side.amount for side in self.document.sides), Decimal(0))
        assert not rest, f"the row's own document does not balance: {rest}\n{self.document}"

    def missing(self, stored: Document, filled_in: Callable[[str], str]) -> list[str]:
        """What the row mentions beside the figures and `stored` does not say."""
        found = []
        if self.due is not None and self.due != stored.due:
            found.append(f"due on {stored.due}, not on {self.due}")
        if self.rate is not None and self.rate != stored.rate:
            found.append(f"at rate {stored.rate}, not {self.rate}")
        for words in map(filled_in, self.memo):
            if words not in stored.memo:
                found.append(f"memo lacks {words!r}: {stored.memo}")
        for wanted, side in zip(self.document.sides, stored.sides, strict=True):
            if wanted.text not in side.text:
                found.append(f"line {side.account} lacks {wanted.text!r}: {side.text}")
        if self.attachments is not None and not self._are_attached(stored.attachments):
            found.append(f"attached {stored.attachments}, not {self.attachments}")
        return [f"{stored.head}: {one}" for one in found]

    def _are_attached(self, names: tuple[str, ...]) -> bool:
        pairs = zip(self.attachments or (), names, strict=False)
        return len(names) == len(self.attachments or ()) and all(w in name for w, name in pairs)
