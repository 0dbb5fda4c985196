"""The words that rows of the table are written in.

A row is its number in ACCOUNTING.md, a sentence, and steps: what is given (a flow, rules, reports,
what people do in Expensify, in the ledger, at our screens), then what must follow (documents, the
held message). Before each group of expectations the flow polls, prepares and posts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.accounting.documents import Document, Side, Wanted, day

# --- rows ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """A method of the stage with what it is called with; `stage.py` has them all."""

    verb: str
    words: tuple[Any, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)

    def play(self, stage: Any) -> None:
        getattr(stage, self.verb)(*self.words, **self.more)


class Given(Step):
    """Something that is so, or that somebody does."""


class Expected(Step):
    """Something that must follow."""


# Steps that expect a message: whole, or by its code where the words stand in another row.
HOLDS = ("expect_held", "holds")


@dataclass(frozen=True)
class Row:
    """One row of the table.

    line      the numbered line of ACCOUNTING.md, "1.1"
    company   whose books: "US" (dollars, no tax), "UK" (pounds, VAT), "Europe" (euros, German tax,
              several currencies)
    not_at    ledger -> what holds the report there instead
    """

    line: str
    says: str
    steps: tuple[Step, ...]
    company: str = "US"
    not_at: Mapping[str, Expected] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.line} {self.says}"

    @property
    def is_held(self) -> bool:
        return bool(self.not_at) or any(step.verb in HOLDS for step in self.steps)

    def steps_at(self, ledger: str) -> tuple[Step, ...]:
        """The steps; where the ledger cannot do it, up to the first expectation and its hold."""
        if ledger not in self.not_at:
            return self.steps
        first = next(i for i, step in enumerate(self.steps) if isinstance(step, Expected))
        return (*self.steps[:first], self.not_at[ledger])


def row(line: str, says: str, *steps: Step, **more: Any) -> Row:
    return Row(line, says, steps, **more)


# --- given ---------------------------------------------------------------------------------------


class _Verbs:
    """`when.paid("10.00")` is the step that calls the stage's `paid` with these words."""

    def __init__(self, kind: type[Step]) -> None:
        self._kind = kind

    def __getattr__(self, verb: str) -> Any:
        return lambda *words, **more: self._kind(verb, words, more)


when = _Verbs(Given)  # what people do, what the vendors do
then = _Verbs(Expected)  # what must follow, beside documents and holds


def flow(**columns: Any) -> Given:
    """The flow's choices, by the names of its form. Accounts are named by their number."""
    return Given("choose", (), columns)


def rule(**columns: Any) -> Given:
    """A rule beside the usual ones. `values`: dimension -> name of its value, None for empty."""
    return Given("add_rule", (), columns)


def report(*lines: dict[str, Any], **more: Any) -> Given:
    """A report given to Expensify: its lines, then what is not usual about it.

    by        the employee's name, whose e-mail address it gives unless `email` does
    approved  "20 Oct 2026", or with an hour of UTC: "31 Oct 2026 at 23:30"
    total     Expensify's own, where it is not the lines' sum
    """
    return Given("give_report", lines, more)


def spent(
    category: str,
    amount: str,
    merchant: str = "City Cab",
    *,
    on: str = "12 Oct 2026",
    posted: str | None = None,
    tax: str = "",
    receipt: bool = False,
    **more: Any,
) -> dict[str, Any]:
    """An expense as Expensify keeps it. `amount` in its own `currency`, the report's unless named;
    with `rate` it is converted into the report's.

    posted  the bank's posting date of a card transaction, two days later unless told; "" for none
    tax     "Standard 20% 2.00": name, percentage and the tax inside the amount
    more    tags, card (its last four digits), reimbursable, billable, comment, currency, rate, and
            whatever else the control interface takes
    """
    line = {
        "category": category,
        "amount": cents(amount),
        "merchant": merchant,
        "created": day(on).isoformat(),
        **more,
    }
    if "card" in more:
        line["posted"] = (day(on) + timedelta(days=2)).isoformat()
    if posted is not None:
        line["posted"] = day(posted).isoformat() if posted else ""
    if receipt:
        line["receiptObject"] = {"type": "jpg"}
    if tax:
        name, percent, contained = tax.split()
        line |= {"hasTax": True, "taxAmount": cents(contained), "taxName": name, "taxRate": percent}
    return line


def counted(kind: str, count: str, rate: str, unit: str) -> dict[str, Any]:
    """What mileage, per diem and time carry beside their amount."""
    return {"type": kind, "units": {"count": count, "rate": rate, "unit": unit, "name": ""}}


def cents(amount: str) -> int:
    """Expensify's whole numbers: hundredths, of yen too."""
    return int(Decimal(amount) * 100)


def moment(text: str) -> str:
    """ "20 Oct 2026" (at half past three) or "31 Oct 2026 at 23:30", as Expensify keeps it: UTC."""
    on, _, clock = text.partition(" at ")
    at = datetime.strptime(f"{on} {clock or '15:30'}", "%d %b %Y %H:%M")  # noqa: DTZ007
    return at.isoformat(" ")


# --- expected ------------------------------------------------------------------------------------

THE_DAY_OF_POSTING = "31 Dec 9999"  # whichever it is; the stage puts it in


def books(*wanted: Wanted) -> Expected:
    """All documents that the row's reports have in the ledger."""
    return Expected("expect_documents", wanted)


def held(message: str, cure: str) -> Expected:
    """A message that holds the report, whole, and its cure.

    {report} stands for the report's id, {document} for the number of its document in the ledger,
    {ledger} for the ledger's name.
    """
    return Expected("expect_held", (message, cure))


def side(text: str) -> Side:
    """ "6120 Ground Transport | 12.50 | class Sales, billable | City Cab": account, amount, marks,
    words of the description."""
    account, amount, marks, words = ([cell.strip() for cell in text.split("|", 3)] + ["", ""])[:4]
    named = frozenset(mark.strip() for mark in marks.split(",") if mark.strip())
    return Side(account, Decimal(amount), named, words)


def document(
    kind: str,
    party: str,
    on: str,
    *lines: str,
    currency: str = "USD",
    at: str = "",
    due: str = "",
    memo: Sequence[str] = (),
    rate: str = "",
    attachments: Sequence[str] | None = None,
) -> Wanted:
    return Wanted(
        Document(
            id="",
            kind=kind,
            party=party,
            on=day(on),
            currency=currency,
            sides=tuple(map(side, lines)),
            at=frozenset([at] if at else []),
        ),
        due=day(due) if due else None,
        memo=tuple(memo),
        rate=Decimal(rate) if rate else None,
        attachments=None if attachments is None else tuple(attachments),
    )


def bill(party: str, on: str, *lines: str, **more: Any) -> Wanted:
    return document("bill", party, on, *lines, **more)


def credit(party: str, on: str, *lines: str, **more: Any) -> Wanted:
    return document("credit", party, on, *lines, **more)


def charge(on: str, *lines: str, to: str = "", **more: Any) -> Wanted:
    """One transaction of a card."""
    return document("card charge", to, on, *lines, **more)


def card_credit(on: str, *lines: str, to: str = "", **more: Any) -> Wanted:
    return document("card credit", to, on, *lines, **more)


def journal(on: str, *lines: str, **more: Any) -> Wanted:
    return document("journal", "", on, *lines, **more)
