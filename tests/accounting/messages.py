"""What every message that holds a report must be: it names the report, whom or what it is about,
what was not done, and the cure; nothing of the machine shows through.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

NOT_DONE = re.compile(
    r"\bnothing (more )?was (posted|changed|overwritten)\b"
    r"|\bwe posted nothing\b|\bwas left as it is\b|\bwas not (posted|booked|changed|reversed)\b",
    re.IGNORECASE,
)
# `Line 3 (Taxi, 18.40 EUR)`: what an accountant finds on the report.
LINE = re.compile(r"\bline \d+ \([^)]+", re.IGNORECASE)

FORBIDDEN = {
    "a traceback or a class of ours": r"Traceback|\w+Error\b|Exception|object at 0x|\bDecimal\b",
    "a value that nobody filled in": r"\bNone\b|\bnull\b|\bTrue\b|\bFalse\b|\{|\}|\[\]|\(\)",
    "a word of the machine": r"\b(hash|lease|json|payload|slice|quarantined|http|token)\b",
    "a code": r"\b[a-z]+_[a-z_]+\b|\b[a-z]+\.[a-z]+\.[a-z_]+\b|\b(card|line|tag):\S",
    # The text of a document's line begins with such a date, followed by the merchant.
    "a date for machines": r"\b\d{4}-\d\d-\d\d\b(?! \w)|\b\d\d?/\d\d?/\d{2,4}\b",
    "an amount that no currency has": r"\b\d+\.\d{4,}(?= [A-Z]{3}\b| ->)",
    "a slip of the pen": r"  | [.,;:]|\.\.(?!\.)|,,|;;|\?\?",
}
# A number of the ledger or of ours is fine behind the name of what it numbers: "Sam Cole" (no. 56).
NUMBER = re.compile(r"(?P<before>.{0,3})\b(id|no\.|#) ?[\w-]*\d")
LONG_NUMBER = re.compile(r"\d{10,}")


def complaints(
    problem: Mapping[str, Any], reports: Mapping[str, str], documents: Iterable[str] = ()
) -> list[str]:
    """What is wrong with the words of a problem; [] where a person can act on it.

    reports    the ids that it may be about -> the employee's name
    documents  numbers of documents that it may be about
    """
    return list(_complaints(problem, reports, tuple(documents)))


def _complaints(
    problem: Mapping[str, Any], reports: Mapping[str, str], documents: tuple[str, ...]
) -> Iterator[str]:
    message, cure = problem["message"], problem["cure"]
    yield from _named(message, reports, documents)
    if not message.endswith("."):
        yield "it does not end as a sentence"
    if not re.match(r"[A-Z].*\w.*\.$", cure) or len(cure.split()) < 3:
        yield f"its cure is no sentence: {cure!r}"
    for words, name in ((message, "message"), (cure, "cure")):
        for what, pattern in FORBIDDEN.items():
            if found := re.search(pattern, words):
                yield f"its {name} shows {what}: {found.group()!r}"
        yield from (f"its {name} shows {found}" for found in _bare_numbers(words))
    theirs = problem.get("facts", {}).get("vendor_text", "")
    if theirs and list(_named(message.replace(theirs, ""), reports, documents)):
        yield "without the vendor's own words nothing is said"


def _named(message: str, reports: Mapping[str, str], documents: tuple[str, ...]) -> Iterator[str]:
    about = [report_id for report_id in reports if report_id in message]
    if not about:
        yield "it names no report"
    people = [reports[report_id] for report_id in about if reports[report_id]]
    places = [*people, *(number for number in documents if number)]
    if not LINE.search(message) and not any(place in message for place in places):
        yield "it names neither person nor place"
    if not NOT_DONE.search(message):
        yield "it does not say what was not done"


def _bare_numbers(words: str) -> Iterator[str]:
    for found in NUMBER.finditer(words):
        if not re.search(r"[\"”\w)] \($", found["before"]):
            yield f"a number without a name: {found.group()!r}"
    for found in LONG_NUMBER.finditer(words):
        # A card's number is masked; a transaction's stands beside its line.
        if not LINE.search(words):
            yield f"a number without a name: {found.group()!r}"
