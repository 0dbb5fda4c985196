"""What a part of a report is held for before anything is sent, in the words that a person reads."""

from collections.abc import Sequence

from audit.engine.places import report_place
from audit.models import Posting
from connectors.contract.problem import Problem
from mappings.build import BuiltSlice
from mappings.parties import PartyWanted
from mappings.texts import money

WAS_REVERSED = "report.was_reversed"
POLICY_HOLD = "revision.policy_hold"
# An expense of it stands in another document of the same report, which is to be changed first.
ELSEWHERE = "document.elsewhere"
# Holds that only a person's word is missing for: everything was built, and a release sends it.
DECISIONS = frozenset({WAS_REVERSED, POLICY_HOLD, ELSEWHERE})
# A document that others put right already is changed no more, whatever anybody releases.
HAS_CORRECTIONS = "document.has_corrections"


def has_corrections(live: Posting, corrections: Sequence[Posting]) -> Problem:
    numbers = ", ".join(one.number for one in corrections)
    return Problem(
        code=HAS_CORRECTIONS,
        field="document",
        message=f"{report_place(live.report)} changed again, and document {live.number} was put "
        f"right by a further document before ({numbers}). All of them were left as they are.",
        cure="Post the difference, or set this aside.",
    )


def payee_wanted(wanted: PartyWanted) -> Problem:
    """Besides the payee a person's word is missing, and nobody is created before it is given."""
    return Problem(
        code="party.wanted",
        field="party",
        message=f"{wanted.name} ({wanted.email}) is not among the vendors of the ledger yet. "
        "Nothing was posted.",
        cure=f'Link {wanted.name} to a vendor, or add "{wanted.name}" in the ledger and read the '
        "lists again; then replay the report.",
        subject=f"employee:{wanted.email}",
        facts={"employee_email": wanted.email, "employee_name": wanted.name},
    )


def other_part_held(place: str) -> Problem:
    return Problem(
        code="report.other_part_held",
        field="report",
        message=f"{place}: another part of it is held, so this part was not posted either.",
        cure="Settle the other part's problem; this one then goes with it.",
    )


def stands_elsewhere(place: str, live: Posting) -> Problem:
    return Problem(
        code=ELSEWHERE,
        field="document",
        message=f"{place}: an expense of this part stands in document {live.number} still, which "
        "has to be changed first. Nothing was posted.",
        cure="Nothing, where that document is open: this one follows by itself. If that one has to "
        "stay as it is, set this aside.",
    )


def held_by_policy(part: BuiltSlice, live: Posting) -> Problem:
    return Problem(
        code=POLICY_HOLD,
        field="report",
        message=f"{report_place(live.report)} changed after posting "
        f"({money(live.total, live.currency)} -> {money(part.total, live.currency)}). This flow "
        f"holds revised reports, so document {live.number} was left as it is.",
        cure="Release it to amend the document, or set it aside.",
    )


def was_reversed(last: Posting) -> Problem:
    """`last`: the reversal."""
    return Problem(
        code=WAS_REVERSED,
        field="report",
        message=f"{report_place(last.report)}: document {last.number} was reversed, and the report "
        "has changed since. Nothing was posted.",
        cure="Release it to post it again as a new document, or set it aside.",
    )
