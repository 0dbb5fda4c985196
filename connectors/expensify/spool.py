"""Keeps an exported file on disk, checked whole before a line of it is believed.

Expensify gives no length, no checksum and no promise that a template error is told as an error:
the end lines that the template prints, with their counts, are what tells a whole file from a part.
"""

import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.contract import exact_json
from connectors.contract.transport import ContractBroken
from connectors.expensify.answers import described
from connectors.expensify.jobs import Window

_PREFIX = "expensify-"

# A report of 10,000 lines is about 15 MB; beyond this it is not a report, and would be read whole.
LONGEST_LINE = 32 * 1024 * 1024

_TEMPLATE_ERROR = re.compile(
    r"FreeMarker (?:template )?error|Expression \S{1,200} is undefined", re.IGNORECASE
)

_NOTHING_USED = "Nothing of it was taken over. The next poll asks again."


@dataclass(slots=True)
class SpooledFile:
    """A checked export on disk; a context manager that removes it when it is left.

    paths              its parts: one file, or one for each year of a window that is longer
    reports, expenses  what they hold, equal to what their end lines say
    unknown_keys       dotted names that this reader does not know, complete after reading
    """

    paths: tuple[Path, ...]
    window: Window
    reports: int
    expenses: int
    byte_count: int
    unknown_keys: set[str] = field(default_factory=set)

    def __enter__(self) -> "SpooledFile":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        remove(self.paths[0].parent)

    def lines(self) -> Iterator[tuple[int, str]]:
        """(line number in its part, text) of every line that is not blank, one at a time."""
        for path in self.paths:
            for number, line in _lines(path):
                yield number, line.decode("utf-8")


def new_folder(spool_dir: Path) -> Path:
    """A folder for one export that only its owner can enter: exports carry names, trips and card
    numbers, and a transport may write beside a file before it puts it in place."""
    spool_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=_PREFIX, dir=spool_dir))


def new_file(folder: Path, number: int) -> Path:
    path = folder / f"{number}.jsonl"
    path.touch(mode=0o600)
    return path


def remove(folder: Path) -> None:
    """Removes an export with whatever a broken download left beside it."""
    shutil.rmtree(folder, ignore_errors=True)


def remove_leftovers(spool_dir: Path, now: datetime, older_than: timedelta) -> int:
    """Removes exports that a killed process left behind; says how many. `now` is aware."""
    removed = 0
    for own_folder in spool_dir.glob(f"{_PREFIX}*"):
        try:
            age_s = now.timestamp() - own_folder.stat().st_mtime
        except FileNotFoundError:
            # Its own process removed it between the listing and now: that is all we wanted.
            continue
        if age_s > older_than.total_seconds():
            remove(own_folder)
            removed += 1
    return removed


def checked(paths: Sequence[Path], window: Window) -> SpooledFile:
    """The export in the files `paths`, once each is proved whole.

    Raises ContractBroken for a file that breaks off, holds anything but the template's lines, is
    not UTF-8, or does not hold what its end lines say.
    """
    counts = [_counted(path) for path in paths]
    return SpooledFile(
        paths=tuple(paths),
        window=window,
        reports=sum(count.reports for count in counts),
        expenses=sum(count.expenses for count in counts),
        byte_count=sum(path.stat().st_size for path in paths),
    )


def _counted(path: Path) -> "_Count":
    # A transport that puts a finished file in place leaves it with the modes of its own.
    path.chmod(0o600)
    count = _Count()
    for number, line in _lines(path):
        members = _members(line, number, count)
        match members.get("_type"):
            case "report" if isinstance(members.get("expenses"), list):
                count.take_report(len(members["expenses"]))
            case "end":
                count.take_end(members, number)
            case _:
                raise _broken(f"line {number} is none that our template prints")
    count.check()
    return count


@dataclass(slots=True)
class _Count:
    """What was counted, against what the end lines claim. There may be several of them: should
    Expensify render in passes, each prints its own."""

    reports: int = 0
    expenses: int = 0
    claimed_reports: int = 0
    claimed_expenses: int = 0
    is_ended: bool = False

    def take_report(self, expenses: int) -> None:
        self.reports += 1
        self.expenses += expenses
        self.is_ended = False

    def take_end(self, members: dict[str, Any], number: int) -> None:
        claims = members.get("reports"), members.get("expenses")
        if not all(isinstance(claim, int) and claim >= 0 for claim in claims):
            raise _broken(f"the end line (line {number}) does not say how much there should be")
        self.claimed_reports += claims[0]
        self.claimed_expenses += claims[1]
        self.is_ended = True

    def check(self) -> None:
        if not self.is_ended:
            raise _breaks_off(f"after {self.reports:,} reports, before its end line")
        if self.claimed_reports > self.reports:
            raise _breaks_off(f"after {self.reports:,} of {self.claimed_reports:,} reports")
        if (self.reports, self.expenses) != (self.claimed_reports, self.claimed_expenses):
            raise _broken(
                f"it holds {self.reports:,} reports with {self.expenses:,} expenses, but says "
                f"{self.claimed_reports:,} with {self.claimed_expenses:,}"
            )


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Lines end at \\n alone: people's texts may carry the other separators that Unicode has."""
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise _broken(f"line {number} is longer than {LONGEST_LINE // 1024**2} MB")
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if line.strip():
                yield number, line


def _members(line: bytes, number: int, count: _Count) -> dict[str, Any]:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        if not line.endswith(b"\n") and error.reason == "unexpected end of data":
            raise _breaks_off(f"in line {number}, after {count.reports:,} reports") from None
        raise _broken(f"line {number}, byte {error.start + 1} is not UTF-8") from None
    try:
        members = exact_json.loads(text)
    except (ValueError, RecursionError):
        raise _foreign(line, text, number, count) from None
    if not isinstance(members, dict):
        raise _foreign(line, text, number, count)
    if "_type" not in members and "responseCode" in members:
        raise _broken(f"line {number} is an error message instead of a report")
    return members


def _foreign(line: bytes, text: str, number: int, count: _Count) -> ContractBroken:
    """Why a line is not one of ours. FreeMarker prints its errors into the file, in several lines,
    so they are never valid JSON; the same words inside an expense's comment are."""
    if _TEMPLATE_ERROR.search(text):
        return ContractBroken(
            f"Expensify could not fill in our template (FreeMarker template error in line {number} "
            "of its file). Nothing of it was taken over. Report this: the template and Expensify "
            "no longer fit each other."
        )
    if text.lstrip().startswith("{") and not line.endswith(b"\n"):
        return _breaks_off(f"in line {number}, after {count.reports:,} reports")
    if text.lstrip().startswith("<"):
        return _broken(f"line {number} holds {described(line)}")
    return _broken(f"line {number} is not JSON")


def _breaks_off(where: str) -> ContractBroken:
    return ContractBroken(f"Expensify's file breaks off {where}. {_NOTHING_USED}")


def _broken(why: str) -> ContractBroken:
    return ContractBroken(f"Expensify's file cannot be used: {why}. {_NOTHING_USED}")
