"""Is everything as it should be? One line for each check, the cure below what is not."""

from collections import Counter
from typing import Any

from audit.doctor import Finding, Verdict, examine
from audit.management.terminal import Answer, AnswerCommand, padded, shown_width, wrapped
from connectors.counting import counted


class Command(AnswerCommand):
    help = (
        "Check settings, database, keys, sign-ins, schedule, polls, postings and the trail. "
        "Writes nothing and calls no vendor (that is `ping`). Exit code 1 unless all is well."
    )
    # What is wrong with the settings is one of the findings, not a reason to say nothing else.
    requires_system_checks = ()

    def answer(self, options: dict[str, Any]) -> Answer:
        found = examine()
        wide = min(32, max(shown_width(one.name) for one in found))
        for one in found:
            self.say(*self._lines(one, wide))
        counts = Counter(one.verdict for one in found)
        closing = (
            f"{counted(len(found), 'check')}: {counts[Verdict.OK]} ok, {counts[Verdict.LOOK]} to "
            f"look at, {counts[Verdict.WRONG]} wrong."
        )
        facts = {"checks": found, "counts": {one.value: counts[one] for one in Verdict}}
        self.say("")
        return Answer(closing, facts, needs_person=counts[Verdict.OK] < len(found))

    def _lines(self, one: Finding, wide: int) -> list[str]:
        colour = {
            Verdict.OK: self.style.SUCCESS,
            Verdict.LOOK: self.style.WARNING,
            Verdict.WRONG: self.style.ERROR,
        }[one.verdict]
        word = one.verdict.value.ljust(5)
        indent = len(word) + wide + 4
        lines = wrapped(one.text, first=f"{word}  {padded(one.name, wide)}  ", indent=indent)
        lines[0] = colour(word) + lines[0][len(word) :]
        if one.cure:
            lines += wrapped(one.cure, first=f"{' ' * (indent - 2)}> ", indent=indent)
        return lines
